/* SPDX-License-Identifier: ISC */
/* The glue, seen from both sides: a DUT that writes down what it is told, and a wire. */
#include "sim/host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/base/unit.h"

/* A stack that echoes frames with the addresses swapped, and has one timer. */
struct fake {
	struct dut_host host;
	uint64_t now_ns, at_ns;
	unsigned frames, fired;
	bool inside;
};
static struct fake *last;

static int fake_create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	if (config->n_options) {
		*why = "no options";
		return -EINVAL;
	}
	struct fake *f = calloc(1, sizeof(*f));
	f->host = *host;
	f->at_ns = DUT_NEVER;
	last = f;
	*dut = f;
	return 0;
}

static void fake_frame_in(void *dut, unsigned ifindex, const uint8_t *frame, size_t len)
{
	struct fake *f = dut;
	uint8_t reply[2048];
	f->inside = true;
	f->frames++;
	memcpy(reply, frame, len);
	memcpy(reply, frame + 6, 6);
	memcpy(reply + 6, frame, 6);
	if (reply[12] == 0x88)
		f->host.frame_out(f->host.arg, ifindex, reply, len);
	f->host.socket_event(f->host.arg, 3);
	f->inside = false;
}

static uint64_t fake_deadline(void *dut)
{
	return ((struct fake *)dut)->at_ns;
}

static void fake_advance(void *dut, uint64_t now_ns)
{
	struct fake *f = dut;
	ck_assert_uint_ge(now_ns, f->now_ns);
	f->now_ns = now_ns;
	if (now_ns >= f->at_ns) {
		f->fired++;
		f->at_ns = f->fired < 3 ? now_ns + NS_PER_S : DUT_NEVER;
		f->host.socket_event(f->host.arg, 5);
	}
}

static unsigned fake_ready(void *dut, int sock)
{
	(void)dut;
	return (unsigned)sock;
}

/* Arms the timer. */
static int fake_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value)
{
	struct fake *f = dut;
	(void)sock;
	(void)option;
	f->at_ns = value < 0 ? DUT_NEVER : (uint64_t)value;
	return 0;
}

static int fake_close(void *dut, int sock)
{
	(void)dut;
	(void)sock;
	return 0;
}

static const char *not_here(void)
{
	return "not on this machine";
}

static unsigned no_capabilities(void)
{
	return 0;
}

static const struct dut_ops fake_ops = {
	.abi = DUT_ABI,
	.name = "fake",
	.create = fake_create,
	.destroy = free,
	.frame_in = fake_frame_in,
	.deadline = fake_deadline,
	.advance = fake_advance,
	.ready = fake_ready,
	.set_option = fake_set_option,
	.close = fake_close,
	.capabilities = no_capabilities,
};

static struct world *w;
static struct link *wire;
static struct host *h;
static struct link_port *peer;
static unsigned got_frames;
static uint64_t got_ns;

static void on_peer_rx(struct buf *frame, void *arg)
{
	(void)arg;
	got_frames++;
	got_ns = world_now(w);
	ck_assert_mem_eq(frame->data, "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", 14);
	buf_free(frame);
}

static const struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500 };

static void set_up(void)
{
	struct dut_config config = { .abi = DUT_ABI, .name = "dut", .n_interfaces = 1, .interfaces = &eth0 };
	struct impairments imp = { .delay_ns = NS_PER_MS };
	const char *why;
	w = world_create(1);
	wire = link_create(w, "wire", LINK_WIRE);
	ck_assert_int_eq(host_create(w, &fake_ops, &config, &h, &why), 0);
	ck_assert_int_eq(host_attach(h, 0, wire), 0);
	ck_assert_int_eq(host_attach(h, 0, wire), -EINVAL);
	ck_assert_int_eq(host_attach(h, 1, wire), -EINVAL);
	ck_assert_ptr_null(host_port(h, 1));
	ck_assert_int_eq(link_attach(wire, "peer", on_peer_rx, NULL, &peer), 0);
	link_impair(host_port(h, 0), LINK_FROM_HOST, &imp);
	link_impair(peer, LINK_FROM_HOST, &imp);
	got_frames = 0;
}

static void tear_down(void)
{
	host_destroy(h);
	link_destroy(wire);
	ck_assert_uint_eq(buf_pool_live(world_pool(w)), 0);
	world_destroy(w);
}

static void send_frame(const char *ethertype)
{
	uint8_t frame[60] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	memcpy(frame + 12, ethertype, 2);
	link_send(peer, buf_from(world_pool(w), frame, sizeof(frame)));
}

START_TEST(carries_frames_both_ways)
{
	send_frame("\x88\xb5");
	world_run(w, 10 * NS_PER_MS);
	ck_assert_uint_eq(last->frames, 1);
	ck_assert_uint_eq(last->now_ns, NS_PER_MS);
	ck_assert_uint_eq(got_frames, 1);
	ck_assert_uint_eq(got_ns, 2 * NS_PER_MS);
}
END_TEST

START_TEST(a_steady_flow_allocates_nothing)
{
	for (int i = 0; i < 10; i++)
		send_frame("\x88\xb5");
	world_run(w, 10 * NS_PER_MS);
	uint64_t before = buf_pool_allocations(world_pool(w));
	for (int i = 0; i < 10; i++)
		send_frame("\x88\xb5");
	world_run(w, 20 * NS_PER_MS);
	ck_assert_uint_eq(got_frames, 20);
	ck_assert_uint_eq(buf_pool_allocations(world_pool(w)), before);
}
END_TEST

static unsigned seen;
static void on_frame(unsigned ifindex, const uint8_t *frame, size_t len, void *arg)
{
	ck_assert_uint_eq(ifindex, 0);
	ck_assert_uint_eq(len, 60);
	ck_assert_uint_eq(frame[12], 0x88);
	ck_assert_ptr_eq(arg, &seen);
	seen++;
}

START_TEST(shows_frames_to_the_hook)
{
	uint8_t frame[60] = { [12] = 0x88, 0xb5 };
	struct impairments down = { .down = true };
	link_impair(host_port(h, 0), LINK_FROM_HOST, &down);
	seen = 0;
	host_on_frame(h, on_frame, &seen);
	host_frame_in(h, 0, frame, sizeof(frame));
	ck_assert_uint_eq(seen, 1);
	host_on_frame(h, NULL, NULL);
	host_frame_in(h, 0, frame, sizeof(frame));
	ck_assert_uint_eq(seen, 1);
}
END_TEST

START_TEST(the_deadline_is_kept_to_the_nanosecond)
{
	host_set_option(h, 0, DUT_SO_TTL, 1234567891);
	ck_assert_uint_eq(world_next(w), 1234567891);
	world_run(w, 1234567890);
	ck_assert_uint_eq(last->fired, 0);
	world_run(w, 1234567891);
	ck_assert_uint_eq(last->fired, 1);
	ck_assert_uint_eq(last->now_ns, 1234567891);
	uint64_t events = world_events(w);
	world_run(w, 100 * NS_PER_S);
	ck_assert_uint_eq(last->fired, 3);
	ck_assert_uint_eq(world_events(w) - events, 2);
	ck_assert_uint_eq(world_next(w), WORLD_NEVER);
	/* Moved earlier, and taken back. */
	host_set_option(h, 0, DUT_SO_TTL, (int64_t)(200 * NS_PER_S));
	host_set_option(h, 0, DUT_SO_TTL, (int64_t)(150 * NS_PER_S));
	ck_assert_uint_eq(world_next(w), 150 * NS_PER_S);
	host_set_option(h, 0, DUT_SO_TTL, -1);
	ck_assert_uint_eq(world_next(w), WORLD_NEVER);
}
END_TEST

static unsigned told;
static void on_ready(struct host *host, int sock, unsigned ready, void *arg)
{
	ck_assert_ptr_eq(host, h);
	ck_assert_ptr_eq(arg, &told);
	ck_assert_int_eq(sock, 3);
	ck_assert_uint_eq(ready, 3);
	ck_assert(!last->inside);
	told++;
}

START_TEST(watchers_are_told_once_outside_the_dut)
{
	told = 0;
	ck_assert_int_eq(host_watch(h, 3, on_ready, &told), 0);
	ck_assert_uint_eq(told, 0);
	world_run(w, 0);
	ck_assert_uint_eq(told, 1); /* the level when the watch began */
	send_frame("\x88\xb5");
	send_frame("\x88\xb5");
	world_run(w, 10 * NS_PER_MS);
	ck_assert_uint_le(told, 3);
	ck_assert_uint_ge(told, 2);
	/* Closed between change and notification: nobody is told. */
	unsigned before = told;
	uint8_t frame[60] = { 0 };
	host_frame_in(h, 0, frame, sizeof(frame));
	host_close(h, 3);
	world_run(w, 20 * NS_PER_MS);
	ck_assert_uint_eq(told, before);
	ck_assert_int_eq(host_watch(h, -1, on_ready, &told), -EBADF);
}
END_TEST

static int order[8], n_order;
static void on_chain(struct host *host, int sock, unsigned ready, void *arg)
{
	(void)ready;
	(void)arg;
	ck_assert_int_lt(n_order, 8);
	order[n_order++] = sock;
	if (sock == 3)
		host_close(host, 5); /* the one behind is gone */
	if (sock == 7)
		host_watch(host, 1000, on_chain, NULL); /* grows the table under the queue */
}

START_TEST(watchers_may_watch_and_close)
{
	n_order = 0;
	host_watch(h, 3, on_chain, NULL);
	host_watch(h, 5, on_chain, NULL);
	host_watch(h, 7, on_chain, NULL);
	host_watch(h, 9, on_chain, NULL);
	world_run(w, NS_PER_MS);
	ck_assert_int_eq(n_order, 4);
	static const int want[] = { 3, 7, 9, 1000 };
	ck_assert_mem_eq(order, want, sizeof(want));
}
END_TEST

START_TEST(refuses_what_cannot_run)
{
	struct dut_config config = { .abi = DUT_ABI, .name = "x", .n_interfaces = 1, .interfaces = &eth0 };
	struct dut_ops away = fake_ops, old = fake_ops;
	struct dut_option option = { "a", "b" };
	struct host *none;
	const char *why;
	away.unavailable = not_here;
	ck_assert_int_eq(host_create(w, &away, &config, &none, &why), -ENOSYS);
	ck_assert_str_eq(why, "not on this machine");
	ck_assert_ptr_null(none);
	old.abi = DUT_ABI + 1;
	ck_assert_int_eq(host_create(w, &old, &config, &none, &why), -EINVAL);
	config.n_options = 1;
	config.options = &option;
	ck_assert_int_eq(host_create(w, &fake_ops, &config, &none, &why), -EINVAL);
	ck_assert_str_eq(why, "no options");
	host_destroy(NULL);
	host_counters(h, NULL, NULL); /* a variant without counters */
	ck_assert_str_eq(host_name(h), "dut");
	ck_assert_ptr_eq(host_ops(h), &fake_ops);
	ck_assert_ptr_eq(host_world(h), w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host");
	TCase *t = tcase_create("host");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, carries_frames_both_ways);
	tcase_add_test(t, a_steady_flow_allocates_nothing);
	tcase_add_test(t, shows_frames_to_the_hook);
	tcase_add_test(t, the_deadline_is_kept_to_the_nanosecond);
	tcase_add_test(t, watchers_are_told_once_outside_the_dut);
	tcase_add_test(t, watchers_may_watch_and_close);
	tcase_add_test(t, refuses_what_cannot_run);
	suite_add_tcase(s, t);
	return unit_main(s);
}
