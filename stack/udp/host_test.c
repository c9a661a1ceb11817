/* SPDX-License-Identifier: ISC */
/* The layers together: two hosts over a wire, and subsets composed without the rest. */
#include "stack/udp/host_test.h"

#include <errno.h>

static struct buf_pool *pool;
static struct test_host a, b;
static uint8_t got[70000];
static uint32_t got_len, got_n;
static int got_error;

static void setup(void)
{
	pool = buf_pool_create();
	test_host_create(&a, pool, "a", 1);
	test_host_create(&b, pool, "b", 2);
	got_len = got_n = 0;
	got_error = 0;
}

static void teardown(void)
{
	test_host_destroy(&a);
	test_host_destroy(&b);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static void keep(struct buf *buf)
{
	got_n++;
	got_len = buf->len;
	memcpy(got, buf->data, buf->len);
	buf_free(buf);
}

static void on_pong(struct buf *buf, const struct icmp4_ping_rx *rx, void *arg)
{
	ck_assert_uint_eq(rx->seq, 7);
	ck_assert_uint_eq(rx->src.b[3], 2);
	ck_assert_ptr_eq(arg, &a);
	keep(buf);
}

static void on_own_pong(struct buf *buf, const struct icmp4_ping_rx *rx, void *arg)
{
	(void)rx;
	(void)arg;
	keep(buf);
}

static void on_ping_error(int err, struct ip4_addr peer, uint16_t seq, void *arg)
{
	(void)arg;
	ck_assert_uint_eq(peer.b[3], 99);
	ck_assert_uint_eq(seq, 7);
	got_error = err;
}

static struct buf *pattern(uint32_t len)
{
	struct buf *buf = buf_alloc(pool, BUF_HEADROOM, len);
	for (uint32_t i = 0; i < len; i++)
		buf->data[i] = (uint8_t)(i * 7 + i / 256);
	return buf;
}

static void ck_pattern(uint32_t len)
{
	struct buf *want = pattern(len);
	ck_assert_uint_eq(got_len, len);
	ck_assert_int_eq(memcmp(got, want->data, len), 0);
	buf_free(want);
}

static struct ip_addr addr_of(uint8_t last)
{
	return ip_from_ip4((struct ip4_addr){ { 10, 0, 0, last } });
}

START_TEST(ping_resolves_and_returns_the_data)
{
	static const uint32_t lengths[] = { 0, 1, 56, 1472, 1473, 9000, 65507 };
	uint32_t len = lengths[_i];
	uint16_t id;
	struct ip_tx tx = { .dst = addr_of(2) };
	ck_assert_int_eq(icmp4_ping_open(a.icmp4, on_pong, NULL, &a, &id), 0);
	ck_assert_int_eq(icmp4_ping_send(a.icmp4, id, 7, pattern(len), &tx), 0);
	test_hosts_exchange(&a, &b);
	ck_assert_uint_eq(got_n, 1);
	ck_pattern(len);
	ck_assert_int_eq(icmp4_ping_close(a.icmp4, id), 0);
	ck_assert_int_eq(icmp4_ping_send(a.icmp4, id, 7, pattern(len), &tx), -ENOENT);
}
END_TEST

START_TEST(silent_neighbour_is_reported)
{
	uint16_t id;
	struct ip_tx tx = { .dst = addr_of(99) };
	ck_assert_int_eq(icmp4_ping_open(a.icmp4, on_pong, on_ping_error, &a, &id), 0);
	ck_assert_int_eq(icmp4_ping_send(a.icmp4, id, 7, pattern(10), &tx), 0);
	env_advance(&a.env, 6999 * NS_PER_MS); /* requests at 0, 1 and 3 s; given up at 7 s */
	ck_assert_int_eq(got_error, 0);
	env_advance(&a.env, 7 * NS_PER_S);
	ck_assert_int_eq(got_error, -EHOSTUNREACH);
	ck_assert_uint_eq(test_counter(arp_counters(a.arp), "tx.request"), 3);
	ck_assert_uint_eq(test_counter(arp_counters(a.arp), "drop.unresolved"), 1);
}
END_TEST

START_TEST(loopback_comes_back_later_and_never_touches_the_wire)
{
	static const struct ip_addr local[] = { { 4, { 127, 0, 0, 1 } }, { 4, { 10, 0, 0, 1 } } };
	uint16_t id;
	struct ip_tx tx = { .dst = local[_i] };
	ck_assert_int_eq(icmp4_ping_open(a.icmp4, on_own_pong, NULL, NULL, &id), 0);
	ck_assert_int_eq(icmp4_ping_send(a.icmp4, id, 1, pattern(3000), &tx), 0);
	ck_assert_uint_eq(got_n, 0);
	env_advance(&a.env, 0);
	ck_assert_uint_eq(got_n, 1);
	ck_pattern(3000);
	ck_assert_ptr_null(a.out);
}
END_TEST

static void on_datagram(struct buf *buf, const struct udp_rx *rx, void *arg)
{
	ck_assert_uint_eq(rx->dst_port, 53);
	*(uint16_t *)arg = rx->src_port;
	keep(buf);
}

static void on_udp_error(int err, const struct ip_addr *peer, uint16_t peer_port, void *arg)
{
	(void)arg;
	ck_assert_uint_eq(peer->b[3], 2);
	ck_assert_uint_eq(peer_port, 54);
	got_error = err;
}

START_TEST(udp_crosses_and_a_closed_port_answers)
{
	uint16_t from = 0;
	struct udp_bind server = { .port = 53, .rx = on_datagram, .arg = &from }, client = { .error = on_udp_error };
	struct udp_port *s, *c;
	ck_assert_int_eq(udp_bind(udp_direct_face(b.udp), &server, &s), 0);
	ck_assert_int_eq(udp_bind(udp_direct_face(a.udp), &client, &c), 0);
	struct udp_send to = { .dst = addr_of(2), .dst_port = 53 };
	ck_assert_int_eq(udp_send(c, pattern(5000), &to), 0);
	test_hosts_exchange(&a, &b);
	ck_assert_uint_eq(got_n, 1);
	ck_pattern(5000);
	ck_assert_uint_eq(from, udp_port_number(c));
	ck_assert_uint_ge(from, 49152);
	to.dst_port = 54;
	ck_assert_int_eq(udp_send(c, pattern(5000), &to), 0);
	test_hosts_exchange(&a, &b);
	ck_assert_int_eq(got_error, -ECONNREFUSED);
	ck_assert_uint_eq(test_counter(icmp4_counters(b.icmp4), "tx.error"), 1);
}
END_TEST

/* UDP without ICMP: a closed port is silent. ICMP without UDP: protocol 17 is unreachable. Neither knows of the other. */
START_TEST(any_subset_composes)
{
	struct udp_port *c;
	struct udp_bind client = { .error = on_udp_error };
	struct udp_send to = { .dst = addr_of(2), .dst_port = 54 };
	ck_assert_int_eq(udp_bind(udp_direct_face(a.udp), &client, &c), 0);
	udp_direct_set_unclaimed(b.udp, NULL, NULL);
	udp_send(c, pattern(10), &to);
	test_hosts_exchange(&a, &b);
	ck_assert_int_eq(got_error, 0);
	ck_assert_uint_eq(test_counter(udp_direct_counters(b.udp), "drop.unclaimed"), 1);
	udp_direct_destroy(b.udp);
	b.udp = NULL;
	udp_send(c, pattern(10), &to);
	test_hosts_exchange(&a, &b);
	ck_assert_int_eq(got_error, -ENOPROTOOPT);
	ip4_set_unclaimed(b.ip4, NULL, NULL);
	ip4_set_report(b.ip4, NULL, NULL);
	icmp4_destroy(b.icmp4);
	b.icmp4 = NULL;
	got_error = 0;
	udp_send(c, pattern(10), &to);
	test_hosts_exchange(&a, &b);
	ck_assert_int_eq(got_error, 0);
	ck_assert_uint_eq(test_counter(ip4_counters(b.ip4), "drop.unclaimed"), 1);
}
END_TEST

START_TEST(taken_slots_are_refused)
{
	struct arp *arp;
	struct icmp4 *icmp4;
	struct udp_direct *udp;
	struct ip4_eth *joint;
	unsigned ifindex;
	struct arp_config arp_config = arp_config_default();
	struct icmp4_config icmp4_config = icmp4_config_default();
	struct udp_direct_config udp_config = udp_direct_config_default();
	ck_assert_int_eq(arp_create(&a.env, a.eth, &arp_config, &arp), -EADDRINUSE);
	ck_assert_int_eq(ip4_eth_attach(a.ip4, a.eth, a.arp, &joint, &ifindex), -EADDRINUSE);
	ck_assert_int_eq(icmp4_create(&a.env, a.ip4, &icmp4_config, &icmp4), -EADDRINUSE);
	ck_assert_int_eq(udp_direct_create(&a.env, &udp_config, &udp), 0);
	ck_assert_int_eq(udp_direct_attach(udp, ip4_face(a.ip4)), -EADDRINUSE);
	ck_assert_int_eq(udp_direct_attach(a.udp, ip4_face(a.ip4)), -EEXIST);
	udp_direct_destroy(udp); /* must not take the other's registration along */
	ck_assert_int_eq(udp_direct_detach(a.udp, ip4_face(a.ip4)), 0);
	ck_assert_int_eq(udp_direct_attach(a.udp, ip4_face(a.ip4)), 0);
}
END_TEST

START_TEST(steady_flow_allocates_nothing)
{
	uint16_t from;
	struct udp_bind server = { .port = 53, .rx = on_datagram, .arg = &from }, client = { 0 };
	struct udp_port *s, *c;
	struct udp_send to = { .dst = addr_of(2), .dst_port = 53 };
	ck_assert_int_eq(udp_bind(udp_direct_face(b.udp), &server, &s), 0);
	ck_assert_int_eq(udp_bind(udp_direct_face(a.udp), &client, &c), 0);
	for (int i = 0; i < 4; i++) {
		udp_send(c, pattern(i % 2 ? 4000 : 1000), &to);
		test_hosts_exchange(&a, &b);
	}
	uint64_t before = buf_pool_allocations(pool);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(udp_send(c, pattern(i % 2 ? 4000 : 1000), &to), 0);
		test_hosts_exchange(&a, &b);
	}
	ck_assert_uint_eq(got_n, 1004);
	ck_assert_uint_eq(buf_pool_allocations(pool), before);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host");
	TCase *tc = tcase_create("host");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, ping_resolves_and_returns_the_data, 0, 7);
	tcase_add_test(tc, silent_neighbour_is_reported);
	tcase_add_loop_test(tc, loopback_comes_back_later_and_never_touches_the_wire, 0, 2);
	tcase_add_test(tc, udp_crosses_and_a_closed_port_answers);
	tcase_add_test(tc, any_subset_composes);
	tcase_add_test(tc, taken_slots_are_refused);
	tcase_add_test(tc, steady_flow_allocates_nothing);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
