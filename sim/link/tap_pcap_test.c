/* SPDX-License-Identifier: ISC */
#include "sim/link/fixture.h"
#include "sim/link/tap_pcap.h"

#include <unistd.h>

static char dir[] = "/tmp/tap-pcap-test-XXXXXX";
static char path[3][64];

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%d.pcap", dir, i);
}

static void remove_dir(void)
{
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	rmdir(dir);
}

/* "time:number " for each frame. */
static void check_file(const char *file, const char *expected)
{
	char error[CAPTURE_ERROR_MAX], text[400] = "";
	struct capture_frame f;
	struct capture_reader *r = capture_open(file, error);
	ck_assert_msg(r != NULL, "%s", error);
	while (capture_next(r, &f, error) == 1)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u:%u ", (unsigned)f.time_ns, number(f.bytes, f.len));
	capture_close(r);
	ck_assert_str_eq(text, expected);
}

START_TEST(a_port_has_what_its_host_sent_and_received)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	char error[CAPTURE_ERROR_MAX];
	net_impair(net, 0, (struct impairments){ .delay_ns = 100, .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 2 }, .loss_list_len = 1 });
	struct tap_pcap *tap[3];
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(tap[i] = tap_pcap_open(net->l, i < 2 ? net->port[i] : NULL, path[i], error));
	net_send(net, 0, 1, 1, 60);
	world_run(net->w, 50);
	net_send(net, 1, 0, 9, 60);
	net_send(net, 0, 1, 2, 60); /* lost */
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(tap_pcap_frames(tap[0]), 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(tap_pcap_finish(tap[i], error), 0);
	net_send(net, 0, 1, 3, 60); /* after the end of the captures */
	world_run(net->w, WORLD_NEVER);
	check_file(path[0], "0:1 50:2 50:9 ");
	check_file(path[1], "50:9 100:1 ");
	check_file(path[2], "0:1 50:9 50:2 ");
	net_destroy(net);
}
END_TEST

START_TEST(equal_runs_give_equal_files)
{
	static uint8_t bytes[2][100000];
	size_t len[2];
	char error[CAPTURE_ERROR_MAX];
	for (unsigned run = 0; run < 2; run++) {
		struct net *net = net_create(4, LINK_SWITCH, 4);
		net_impair(net, 0,
			(struct impairments){ .delay_ns = 100,
				.jitter = JITTER_NORMAL,
				.jitter_ns = 50,
				.jitter_reorders = true,
				.loss = LOSS_BERNOULLI,
				.loss_rate = 0.1,
				.corrupt_rate = 0.1 });
		struct tap_pcap *tap = tap_pcap_open(net->l, net->port[1], path[run], error);
		net_train(net, 500, 80, 20);
		ck_assert_int_eq(tap_pcap_finish(tap, error), 0);
		net_destroy(net);
		FILE *f = fopen(path[run], "rb");
		len[run] = fread(bytes[run], 1, sizeof(bytes[run]), f);
		fclose(f);
	}
	ck_assert_uint_gt(len[0], 20000);
	ck_assert_uint_eq(len[0], len[1]);
	ck_assert_mem_eq(bytes[0], bytes[1], len[0]);
}
END_TEST

START_TEST(failures_are_told_at_the_end)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	char error[CAPTURE_ERROR_MAX];
	ck_assert_ptr_null(tap_pcap_open(net->l, NULL, "/nonexistent/x.pcap", error));
	struct tap_pcap *t = tap_pcap_open(net->l, NULL, "/dev/full", error);
	net_train(net, 10, 60, 1);
	ck_assert_int_lt(tap_pcap_finish(t, error), 0);
	ck_assert_str_eq(error, "/dev/full: cannot be written: No space left on device");
	t = tap_pcap_open(net->l, NULL, path[0], error);
	net_train(net, 10, 60, 1);
	tap_pcap_discard(t);
	tap_pcap_discard(NULL);
	ck_assert_int_ne(access(path[0], F_OK), 0);
	net_train(net, 1, 60, 1);
	net_destroy(net);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tap_pcap");
	TCase *t = tcase_create("tap_pcap");
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, a_port_has_what_its_host_sent_and_received);
	tcase_add_test(t, equal_runs_give_equal_files);
	tcase_add_test(t, failures_are_told_at_the_end);
	suite_add_tcase(s, t);
	return unit_main(s);
}
