/* SPDX-License-Identifier: ISC */
/* UDP over faces made of nothing but a table of callbacks: it needs no more of IP than that, in either family. */
#include "stack/base/unit.h"
#include "stack/udp/udp_direct.h"
#include "stack/wire/udp.h"

#include <errno.h>

struct fake_ip {
	struct ip face;
	struct ip_addr own;
	ip_rx_fn *rx;
	ip_error_fn *error;
	void *arg;
	int route_error;
	unsigned n_sent;
	struct ip_tx tx;
	uint32_t len;
	uint8_t sent[70000];
	uint32_t too_big_mtu;
};

static int fake_bind(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg)
{
	struct fake_ip *f = (struct fake_ip *)ip;
	ck_assert_uint_eq(protocol, 17);
	if (f->rx)
		return -EADDRINUSE;
	f->rx = rx;
	f->error = error;
	f->arg = arg;
	return 0;
}

static int fake_unbind(struct ip *ip, uint8_t protocol)
{
	(void)protocol;
	((struct fake_ip *)ip)->rx = NULL;
	return 0;
}

static int fake_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	struct fake_ip *f = (struct fake_ip *)ip;
	f->n_sent++;
	f->tx = *tx;
	f->len = b->len;
	memcpy(f->sent, b->data, b->len);
	buf_free(b);
	return 0;
}

static int fake_route(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path)
{
	const struct fake_ip *f = (struct fake_ip *)ip;
	(void)dst;
	if (src && !ip_equal(src, &f->own))
		return -EADDRNOTAVAIL;
	*path = (struct ip_path){ .src = f->own, .mtu = 1500, .header_len = f->face.family == 4 ? 20 : 40 };
	return f->route_error;
}

static bool fake_is_local(struct ip *ip, const struct ip_addr *addr)
{
	return ip_equal(addr, &((struct fake_ip *)ip)->own);
}

static bool fake_is_broadcast(struct ip *ip, const struct ip_addr *addr)
{
	(void)ip;
	return addr->family == 4 && addr->b[3] == 255;
}

static void fake_too_big(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	(void)dst;
	(void)packet_len;
	((struct fake_ip *)ip)->too_big_mtu = mtu;
}

static const struct ip_ops fake_ops = {
	.bind = fake_bind,
	.unbind = fake_unbind,
	.send = fake_send,
	.route = fake_route,
	.is_local = fake_is_local,
	.is_broadcast = fake_is_broadcast,
	.too_big = fake_too_big,
};

struct client {
	unsigned n, n_errors;
	uint32_t len;
	uint8_t bytes[2000];
	struct udp_rx rx;
	int err;
	struct udp_port **unbinds; /* NULL-terminated: unbound in the callback */
};

static struct buf_pool *pool;
static struct env env;
static struct fake_ip v4, v6;
static struct udp_direct *udp;
static struct udp *face;
static struct client one, two, three;
static unsigned n_unclaimed;
static const struct ip_addr peer4 = { 4, { 10, 0, 0, 2 } }, peer6 = { 6, { 0xfd, [15] = 2 } }, unspecified4 = { .family = 4 };

static void on_datagram(struct buf *b, const struct udp_rx *rx, void *arg)
{
	struct client *c = arg;
	c->n++;
	c->rx = *rx;
	c->len = b->len;
	memcpy(c->bytes, b->data, b->len < sizeof(c->bytes) ? b->len : sizeof(c->bytes));
	buf_free(b);
	for (struct udp_port **p = c->unbinds; p && *p; p++)
		udp_unbind(*p);
}

static void on_error(int err, const struct ip_addr *peer, uint16_t peer_port, void *arg)
{
	struct client *c = arg;
	ck_assert(ip_equal(peer, &peer4));
	ck_assert_uint_eq(peer_port, 2000);
	c->err = err;
	c->n_errors++;
}

static void on_unclaimed(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg)
{
	ck_assert_ptr_eq(arg, &n_unclaimed);
	ck_assert(ip == &v4.face || ip == &v6.face);
	ck_assert_uint_eq(rx->protocol, 17);
	ck_assert_uint_ge(b->len, UDP_HDR_LEN);
	n_unclaimed++;
	buf_free(b);
}

static void start(const struct udp_direct_config *config)
{
	pool = buf_pool_create();
	env_init(&env, 1, "udp_test", pool);
	v4 = (struct fake_ip){ .face = { &fake_ops, 4 }, .own = { 4, { 10, 0, 0, 1 } } };
	v6 = (struct fake_ip){ .face = { &fake_ops, 6 }, .own = { 6, { 0xfd, [15] = 1 } } };
	one = two = three = (struct client){ 0 };
	n_unclaimed = 0;
	ck_assert_int_eq(udp_direct_create(&env, config, &udp), 0);
	face = udp_direct_face(udp);
	ck_assert_int_eq(udp_direct_attach(udp, &v4.face), 0);
	ck_assert_int_eq(udp_direct_attach(udp, &v6.face), 0);
	udp_direct_set_unclaimed(udp, on_unclaimed, &n_unclaimed);
}

static void setup(void)
{
	struct udp_direct_config config = udp_direct_config_default();
	start(&config);
}

static void teardown(void)
{
	udp_direct_destroy(udp);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static uint64_t count(const char *name)
{
	struct counter_set set = udp_direct_counters(udp);
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

static int bind_to(struct client *c, const struct ip_addr *local, uint16_t port, struct udp_port **out)
{
	struct udp_bind b = { .port = port, .rx = on_datagram, .error = on_error, .arg = c };
	if (local)
		b.local = *local;
	return udp_bind(face, &b, out);
}

static void input(struct fake_ip *f, struct buf *b, const struct ip_addr *dst, bool broadcast)
{
	struct ip_rx rx = {
		.src = f == &v4 ? peer4 : peer6,
		.dst = dst ? *dst : f->own,
		.protocol = 17,
		.ttl = 9,
		.tos = 3,
		.dst_broadcast = broadcast,
		.packet = b->data,
		.packet_len = b->len,
	};
	f->rx(b, &rx, f->arg);
}

/* "hello" from port 2000, with the right checksum. */
static struct buf *datagram(struct fake_ip *f, const struct ip_addr *dst, uint16_t port)
{
	struct buf *b = buf_alloc(pool, 0, 13);
	struct udp_hdr h = { 2000, port, 13, 0 };
	memcpy(b->data + 8, "hello", 5);
	udp_hdr_emit(&h, b->data, b->len);
	h.checksum = udp_checksum(f == &v4 ? &peer4 : &peer6, dst ? dst : &f->own, b->data, b->len);
	udp_hdr_emit(&h, b->data, b->len);
	return b;
}

static void arrive(struct fake_ip *f, uint16_t port)
{
	input(f, datagram(f, NULL, port), NULL, false);
}

START_TEST(a_wildcard_port_hears_both_families)
{
	struct udp_port *p;
	ck_assert_int_eq(bind_to(&one, NULL, 53, &p), 0);
	ck_assert_uint_eq(udp_port_number(p), 53);
	arrive(&v4, 53);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_eq(one.len, 5);
	ck_assert_mem_eq(one.bytes, "hello", 5);
	ck_assert_uint_eq(one.rx.src_port, 2000);
	ck_assert_uint_eq(one.rx.dst_port, 53);
	ck_assert_uint_eq(one.rx.ttl, 9);
	ck_assert_uint_eq(one.rx.tos, 3);
	ck_assert(ip_equal(&one.rx.src, &peer4) && ip_equal(&one.rx.dst, &v4.own));
	arrive(&v6, 53);
	ck_assert_uint_eq(one.n, 2);
	ck_assert(ip_equal(&one.rx.src, &peer6));
}
END_TEST

START_TEST(the_closest_binding_wins)
{
	struct udp_port *any, *family, *exact;
	ck_assert_int_eq(bind_to(&one, &v4.own, 53, &exact), 0);
	ck_assert_int_eq(bind_to(&two, &unspecified4, 53, &family), 0);
	ck_assert_int_eq(bind_to(&three, NULL, 53, &any), -EADDRINUSE); /* would share IPv4 with the family's wildcard */
	ck_assert_int_eq(bind_to(&three, &v4.own, 53, &any), -EADDRINUSE);
	ck_assert_int_eq(bind_to(&three, &v6.own, 53, &any), 0);
	arrive(&v4, 53);
	arrive(&v6, 53);
	ck_assert(one.n == 1 && two.n == 0 && three.n == 1);
	udp_unbind(exact);
	arrive(&v4, 53);
	ck_assert(one.n == 1 && two.n == 1 && three.n == 1);
	udp_unbind(family);
	arrive(&v4, 53);
	ck_assert_uint_eq(n_unclaimed, 1);
	udp_unbind(any);
	arrive(&v6, 53);
	ck_assert_uint_eq(n_unclaimed, 2);
}
END_TEST

START_TEST(impossible_bindings_are_refused)
{
	struct udp_port *p;
	struct ip_addr group = { 4, { 239, 0, 0, 1 } }, broadcast = { 4, { 10, 0, 0, 255 } };
	ck_assert_int_eq(bind_to(&one, &peer4, 53, &p), -EADDRNOTAVAIL);
	ck_assert_int_eq(udp_direct_detach(udp, &v6.face), 0);
	ck_assert_int_eq(udp_direct_detach(udp, &v6.face), -ENOENT);
	ck_assert_int_eq(bind_to(&one, &v6.own, 53, &p), -EAFNOSUPPORT);
	ck_assert_int_eq(bind_to(&one, &group, 53, &p), 0);
	ck_assert_int_eq(bind_to(&one, &broadcast, 53, &p), 0);
	ck_assert_int_eq(udp_direct_detach(udp, &v4.face), 0);
	ck_assert_int_eq(bind_to(&one, NULL, 54, &p), -EAFNOSUPPORT);
}
END_TEST

START_TEST(ephemeral_ports_are_random_and_run_out)
{
	struct udp_direct_config config = udp_direct_config_default();
	struct udp_port *p;
	unsigned in_order = 0, last = 0;
	config.ephemeral_first = 50000;
	config.ephemeral_last = 50099;
	teardown();
	start(&config);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(bind_to(&one, NULL, 0, &p), 0);
		ck_assert(udp_port_number(p) >= 50000 && udp_port_number(p) <= 50099);
		in_order += udp_port_number(p) == last + 1;
		last = udp_port_number(p);
	}
	ck_assert_uint_lt(in_order, 60);
	ck_assert_int_eq(bind_to(&one, NULL, 0, &p), -EADDRINUSE);
	config.ephemeral_last = 49999;
	struct udp_direct *none;
	ck_assert_int_eq(udp_direct_create(&env, &config, &none), -EINVAL);
}
END_TEST

START_TEST(ports_are_bounded)
{
	struct udp_direct_config config = udp_direct_config_default();
	struct udp_port *p[3];
	config.max_ports = 2;
	teardown();
	start(&config);
	ck_assert_int_eq(bind_to(&one, NULL, 1, &p[0]), 0);
	ck_assert_int_eq(bind_to(&one, &v4.own, 1, &p[1]), 0);
	ck_assert_int_eq(bind_to(&one, NULL, 2, &p[2]), -ENOMEM);
	udp_unbind(p[0]);
	ck_assert_int_eq(bind_to(&one, NULL, 2, &p[2]), 0);
}
END_TEST

START_TEST(broadcasts_reach_every_match)
{
	static struct ip_addr all = { 4, { 10, 0, 0, 255 } };
	struct udp_port *p[3];
	bind_to(&one, &unspecified4, 53, &p[0]);
	bind_to(&two, &all, 53, &p[1]);
	bind_to(&three, &v4.own, 53, &p[2]);
	input(&v4, datagram(&v4, &all, 53), &all, true);
	ck_assert(one.n == 1 && two.n == 1 && three.n == 0);
	input(&v4, datagram(&v4, &all, 54), &all, true);
	ck_assert_uint_eq(n_unclaimed, 1);
}
END_TEST

/* Whoever hears a broadcast first unbinds everyone: nobody else is called, nothing is freed too early. */
START_TEST(callbacks_may_unbind_anyone)
{
	static struct ip_addr all = { 4, { 10, 0, 0, 255 } };
	struct udp_port *p[3] = { 0 };
	bind_to(&one, &unspecified4, 53, &p[0]);
	bind_to(&two, &all, 53, &p[1]);
	one.unbinds = two.unbinds = p;
	input(&v4, datagram(&v4, &all, 53), &all, true);
	ck_assert_uint_eq(one.n + two.n, 1);
	arrive(&v4, 53);
	ck_assert_uint_eq(n_unclaimed, 1);
	ck_assert_int_eq(bind_to(&three, NULL, 53, &p[0]), 0);
	arrive(&v4, 53);
	ck_assert_uint_eq(three.n, 1);
}
END_TEST

START_TEST(bad_datagrams_are_dropped)
{
	struct udp_port *p;
	bind_to(&one, NULL, 53, &p);
	for (uint32_t len = 0; len < 13; len++) {
		struct buf *b = datagram(&v4, NULL, 53);
		buf_trim(b, len);
		input(&v4, b, NULL, false);
	}
	ck_assert_uint_eq(count("drop.short"), 8);
	ck_assert_uint_eq(count("drop.length"), 5);
	for (int bit = 0; bit < 13 * 8; bit++) {
		struct buf *b = datagram(&v4, NULL, 53);
		b->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		input(&v4, b, NULL, false);
	}
	struct buf *b = datagram(&v4, NULL, 53);
	put_be16(b->data + 4, 7);
	input(&v4, b, NULL, false);
	ck_assert_uint_eq(one.n, 0);
	ck_assert_uint_eq(n_unclaimed, 0);
	ck_assert_uint_eq(count("drop.length") + count("drop.checksum"), 5 + 104 + 1);
}
END_TEST

START_TEST(bytes_behind_the_length_are_cut)
{
	struct udp_port *p;
	struct buf *b = datagram(&v4, NULL, 53);
	bind_to(&one, NULL, 53, &p);
	memset(buf_put(b, 9), 0xee, 9);
	input(&v4, b, NULL, false);
	ck_assert_uint_eq(one.len, 5);
}
END_TEST

/* RFC 768: zero means none, over IPv4; RFC 8200 section 8.1: not over IPv6. */
START_TEST(absent_checksums_depend_on_the_family)
{
	struct udp_port *p;
	bind_to(&one, NULL, 53, &p);
	struct buf *b4 = datagram(&v4, NULL, 53), *b6 = datagram(&v6, NULL, 53);
	put_be16(b4->data + 6, 0);
	put_be16(b6->data + 6, 0);
	input(&v4, b4, NULL, false);
	ck_assert_uint_eq(one.n, 1);
	input(&v6, b6, NULL, false);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_eq(count("drop.checksum"), 1);
}
END_TEST

START_TEST(sent_datagrams_carry_the_right_header)
{
	struct udp_port *p;
	struct udp_send to = { .dst = peer4, .dst_port = 2000, .ttl = 3, .tos = 0xb8, .dont_fragment = true };
	bind_to(&one, NULL, 53, &p);
	ck_assert_int_eq(udp_send(p, buf_from(pool, "hello", 5), &to), 0);
	ck_assert_uint_eq(v4.len, 13);
	ck_assert_mem_eq(v4.sent, "\0\x35\x07\xd0\0\x0d", 6);
	ck_assert_mem_eq(v4.sent + 8, "hello", 5);
	ck_assert(udp_checksum_ok(&v4.own, &peer4, v4.sent, 13));
	ck_assert_uint_ne(get_be16(v4.sent + 6), 0);
	ck_assert(ip_equal(&v4.tx.src, &v4.own) && v4.tx.ttl == 3 && v4.tx.tos == 0xb8 && v4.tx.dont_fragment && v4.tx.protocol == 17);
	to.dst = peer6;
	ck_assert_int_eq(udp_send(p, buf_from(pool, "hello", 5), &to), 0);
	ck_assert(udp_checksum_ok(&v6.own, &peer6, v6.sent, 13));
	ck_assert_uint_eq(v4.n_sent, 1);
}
END_TEST

/* RFC 768: a checksum that comes out as zero is sent as ones. Some two-byte payload makes it so. */
START_TEST(a_zero_checksum_is_sent_as_ones)
{
	struct udp_port *p;
	struct udp_send to = { .dst = peer4, .dst_port = 2000 };
	unsigned ones = 0;
	bind_to(&one, NULL, 53, &p);
	for (unsigned v = 0; v < 65536; v++) {
		uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };
		udp_send(p, buf_from(pool, bytes, 2), &to);
		ck_assert_uint_ne(get_be16(v4.sent + 6), 0);
		ones += get_be16(v4.sent + 6) == 0xffff;
	}
	ck_assert_uint_ge(ones, 1);
}
END_TEST

START_TEST(checksums_can_be_left_out_over_ipv4_only)
{
	struct udp_direct_config config = udp_direct_config_default();
	struct udp_port *p;
	struct udp_send to = { .dst = peer4, .dst_port = 2000 };
	config.checksum = false;
	teardown();
	start(&config);
	bind_to(&one, NULL, 53, &p);
	udp_send(p, buf_from(pool, "hello", 5), &to);
	ck_assert_uint_eq(get_be16(v4.sent + 6), 0);
	to.dst = peer6;
	udp_send(p, buf_from(pool, "hello", 5), &to);
	ck_assert(udp_checksum_ok(&v6.own, &peer6, v6.sent, 13));
}
END_TEST

START_TEST(impossible_sends_are_refused)
{
	struct udp_port *p;
	struct udp_send to = { .dst = peer4, .dst_port = 2000 };
	bind_to(&one, NULL, 53, &p);
	ck_assert_int_eq(udp_send(p, buf_alloc(pool, 100, 65508), &to), -EMSGSIZE);
	ck_assert_int_eq(udp_send(p, buf_alloc(pool, 100, 65507), &to), 0);
	to.dst_port = 0;
	ck_assert_int_eq(udp_send(p, buf_from(pool, "x", 1), &to), -EINVAL);
	to.dst_port = 2000;
	to.src = peer4;
	ck_assert_int_eq(udp_send(p, buf_from(pool, "x", 1), &to), -EADDRNOTAVAIL);
	to.src = v6.own;
	ck_assert_int_eq(udp_send(p, buf_from(pool, "x", 1), &to), -EINVAL);
	to.src.family = 0;
	v4.route_error = -ENETUNREACH;
	ck_assert_int_eq(udp_send(p, buf_from(pool, "x", 1), &to), -ENETUNREACH);
	udp_direct_detach(udp, &v4.face);
	ck_assert_int_eq(udp_send(p, buf_from(pool, "x", 1), &to), -EAFNOSUPPORT);
	ck_assert_uint_eq(v4.n_sent, 1);
	ck_assert_uint_eq(count("drop.tx"), 6);
}
END_TEST

START_TEST(errors_reach_the_sender)
{
	static const struct {
		enum ip_error_kind kind;
		int err;
	} cases[] = {
		{ IP_ERROR_UNREACHABLE_PORT, -ECONNREFUSED }, { IP_ERROR_UNREACHABLE_NET, -ENETUNREACH },
		{ IP_ERROR_UNREACHABLE_HOST, -EHOSTUNREACH }, { IP_ERROR_UNREACHABLE_PROTOCOL, -ENOPROTOOPT }, { IP_ERROR_TOO_BIG, -EMSGSIZE },
		{ IP_ERROR_PARAMETER, -EPROTO }, { IP_ERROR_TTL, -EHOSTUNREACH }, { IP_ERROR_SOURCE_QUENCH, 0 }, /* RFC 6633 */
	};
	struct udp_port *p;
	uint8_t quoted[8];
	struct ip_error err = { .kind = cases[_i].kind, .mtu = 1300, .src = v4.own, .dst = peer4, .payload = quoted, .payload_len = 8 };
	bind_to(&one, NULL, 53, &p);
	udp_hdr_emit(&(struct udp_hdr){ 53, 2000, 100, 0 }, quoted, 8);
	v4.error(&err, v4.arg);
	ck_assert_int_eq(one.err, cases[_i].err);
	ck_assert_uint_eq(v4.too_big_mtu, cases[_i].kind == IP_ERROR_TOO_BIG ? 1300 : 0);
	one.err = 0;
	udp_hdr_emit(&(struct udp_hdr){ 54, 2000, 100, 0 }, quoted, 8); /* nobody's port: not believed */
	v4.too_big_mtu = 0;
	v4.error(&err, v4.arg);
	ck_assert_int_eq(one.err, 0);
	ck_assert_uint_eq(v4.too_big_mtu, 0);
	ck_assert_uint_ge(count("drop.error"), 1);
}
END_TEST

START_TEST(send_only_ports_drop_and_count)
{
	struct udp_port *p;
	struct udp_bind b = { .port = 53 };
	ck_assert_int_eq(udp_bind(face, &b, &p), 0);
	arrive(&v4, 53);
	ck_assert_uint_eq(count("drop.send_only"), 1);
	ck_assert_uint_eq(n_unclaimed, 0);
}
END_TEST

START_TEST(port_zero_is_nobodys)
{
	struct udp_port *p;
	bind_to(&one, NULL, 0, &p);
	arrive(&v4, 0);
	ck_assert_uint_eq(n_unclaimed, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("udp_direct");
	TCase *tc = tcase_create("udp_direct");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_wildcard_port_hears_both_families);
	tcase_add_test(tc, the_closest_binding_wins);
	tcase_add_test(tc, impossible_bindings_are_refused);
	tcase_add_test(tc, ephemeral_ports_are_random_and_run_out);
	tcase_add_test(tc, ports_are_bounded);
	tcase_add_test(tc, broadcasts_reach_every_match);
	tcase_add_test(tc, callbacks_may_unbind_anyone);
	tcase_add_test(tc, bad_datagrams_are_dropped);
	tcase_add_test(tc, bytes_behind_the_length_are_cut);
	tcase_add_test(tc, absent_checksums_depend_on_the_family);
	tcase_add_test(tc, sent_datagrams_carry_the_right_header);
	tcase_add_test(tc, a_zero_checksum_is_sent_as_ones);
	tcase_add_test(tc, checksums_can_be_left_out_over_ipv4_only);
	tcase_add_test(tc, impossible_sends_are_refused);
	tcase_add_loop_test(tc, errors_reach_the_sender, 0, 8);
	tcase_add_test(tc, send_only_ports_drop_and_count);
	tcase_add_test(tc, port_zero_is_nobodys);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
