/* SPDX-License-Identifier: ISC */
/* What every variant must do, run over all of them: two hosts of it on a wire talk through their sockets. */
#include "sim/dut/pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/base/unit.h"

START_TEST(describes_itself)
{
	const struct dut_ops *ops = variant(_i);
	ck_assert_uint_eq(ops->abi, DUT_ABI);
	ck_assert_msg(!ops->unavailable || !ops->unavailable(), "%s", ops->unavailable());
	ck_assert_str_ne(ops->version(), "");
	ck_assert_str_ne(ops->description, "");
	unsigned must = DUT_CAP_FRAMES | DUT_CAP_SOCKETS | DUT_CAP_VIRTUAL_TIME | DUT_CAP_IPV4 | DUT_CAP_TCP | DUT_CAP_UDP;
	ck_assert_uint_eq(ops->capabilities() & must, must);
	ck_assert(!(ops->capabilities() & DUT_CAP_COUNTERS) == !ops->counters);
}
END_TEST

/* --- ping, UDP, raw --------------------------------------------------------------------------- */

START_TEST(pings)
{
	struct pair p;
	uint8_t request[40] = { 8, 0, 0, 0, 0, 0, 0, 7 }, reply[64];
	struct dut_sockaddr to = pair_peer(2, 0), from;
	pair_open(&p, variant(_i), 1);
	for (int i = 8; i < 40; i++)
		request[i] = (uint8_t)i;
	int s = host_socket(p.a, 4, DUT_SOCK_PING, 0), other = host_socket(p.a, 4, DUT_SOCK_PING, 0);
	ck_assert_int_ge(s, 0);
	ck_assert_int_ge(other, 0);
	uint64_t start = world_now(p.world);
	ck_assert_int_eq(host_send(p.a, s, request, sizeof(request), &to), sizeof(request));
	ck_assert_int_eq(host_recv(p.a, s, reply, sizeof(reply), &from), -EAGAIN);
	while (!(host_ready(p.a, s) & DUT_READABLE) && world_now(p.world) < start + NS_PER_S)
		ck_assert(world_step(p.world));
	ck_assert_uint_eq(world_now(p.world) - start, 4 * NS_PER_MS); /* ARP both ways, echo both ways */
	ck_assert_int_eq(host_recv(p.a, s, reply, sizeof(reply), &from), sizeof(request));
	ck_assert_uint_eq(reply[0], 0);
	ck_assert_mem_eq(reply + 6, request + 6, sizeof(request) - 6);
	ck_assert_mem_eq(&from.addr, &to.addr, sizeof(to.addr));
	ck_assert_int_eq(host_recv(p.a, other, reply, sizeof(reply), &from), -EAGAIN); /* another id */
	ck_assert_int_eq(host_send(p.a, s, request, 7, &to), -EINVAL);
	pair_close(&p);
}
END_TEST

static int bound_udp(struct host *h, uint16_t port)
{
	struct dut_sockaddr any = { .port = port };
	int s = host_socket(h, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_ge(s, 0);
	ck_assert_int_eq(host_bind(h, s, &any), 0);
	return s;
}

START_TEST(datagrams_pass_both_ways)
{
	struct pair p;
	uint8_t sent[4000], got[5000];
	struct dut_sockaddr to = pair_peer(2, 53), from;
	static const size_t sizes[] = { 0, 1, 1472, 4000 }; /* the last is fragmented */
	pair_open(&p, variant(_i), 2);
	int a = bound_udp(p.a, 1000), b = bound_udp(p.b, 53);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		ck_assert_int_eq(host_send(p.a, a, sent, sizes[n], &to), (long)sizes[n]);
		pair_run(&p, 100 * NS_PER_MS);
		ck_assert_uint_ne(host_ready(p.b, b) & DUT_READABLE, 0);
		ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), (long)sizes[n]);
		ck_assert_mem_eq(got, sent, sizes[n]);
		ck_assert_uint_eq(from.port, 1000);
		ck_assert_int_eq(host_send(p.b, b, got, sizes[n], &from), (long)sizes[n]);
		pair_run(&p, 100 * NS_PER_MS);
		ck_assert_int_eq(host_recv(p.a, a, got, sizeof(got), &from), (long)sizes[n]);
		ck_assert_uint_eq(from.port, 53);
	}
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), -EAGAIN);
	/* A reader's short buffer cuts the datagram and leaves the next one whole. */
	host_send(p.a, a, sent, 10, &to);
	host_send(p.a, a, sent + 10, 10, &to);
	pair_run(&p, 100 * NS_PER_MS);
	ck_assert_int_eq(host_recv(p.b, b, got, 4, &from), 4);
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), 10);
	ck_assert_mem_eq(got, sent + 10, 10);
	pair_close(&p);
}
END_TEST

START_TEST(datagram_sockets_refuse_bad_calls)
{
	struct pair p;
	static uint8_t big[65536];
	struct dut_sockaddr taken = { .port = 53 }, to = pair_peer(2, 53), nowhere = { .addr = { .family = 4, .b = { 203, 0, 113, 1 } }, .port = 9 };
	struct dut_sockaddr port0 = pair_peer(2, 0), ip6 = { .addr.family = 6, .port = 1 };
	pair_open(&p, variant(_i), 3);
	int s = bound_udp(p.a, 53), t = host_socket(p.a, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_eq(host_bind(p.a, t, &taken), -EADDRINUSE);
	ck_assert_int_eq(host_send(p.a, t, big, 65508, &to), -EMSGSIZE);
	ck_assert_int_eq(host_send(p.a, t, big, 1, NULL), -EDESTADDRREQ);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &nowhere), -ENETUNREACH);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &port0), -EINVAL);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &ip6), -EAFNOSUPPORT);
	ck_assert_int_eq(host_listen(p.a, t, 1), -EOPNOTSUPP);
	ck_assert_int_eq(host_close(p.a, s), 0);
	ck_assert_int_eq(host_close(p.a, s), -EBADF);
	ck_assert_int_eq(host_recv(p.a, s, big, 1, NULL), -EBADF);
	ck_assert_int_eq(host_close(p.a, -1), -EBADF);
	ck_assert_int_eq(host_close(p.a, 100000), -EBADF);
	t = host_socket(p.a, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_eq(host_bind(p.a, t, &taken), 0); /* free again */
	/* A connected socket needs no address and hears its peer only. */
	int b = bound_udp(p.b, 53), c = bound_udp(p.b, 54);
	ck_assert_int_eq(host_connect(p.a, t, &to), 0);
	ck_assert_int_eq(host_send(p.a, t, big, 3, NULL), 3);
	struct dut_sockaddr back = pair_peer(1, 53);
	ck_assert_int_eq(host_send(p.b, c, big, 5, &back), 5);
	ck_assert_int_eq(host_send(p.b, b, big, 4, &back), 4);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.b, b, big, sizeof(big), NULL), 3);
	ck_assert_int_eq(host_recv(p.a, t, big, sizeof(big), NULL), 4);
	ck_assert_int_eq(host_recv(p.a, t, big, sizeof(big), NULL), -EAGAIN);
	pair_close(&p);
}
END_TEST

START_TEST(raw_sockets_exchange_payload)
{
	struct pair p;
	uint8_t got[64];
	struct dut_sockaddr to = pair_peer(2, 0), from;
	pair_open(&p, variant(_i), 4);
	int a = host_socket(p.a, 4, DUT_SOCK_RAW, 253), b = host_socket(p.b, 4, DUT_SOCK_RAW, 253);
	ck_assert_int_eq(host_send(p.a, a, "experiment", 10, &to), 10);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), 10);
	ck_assert_mem_eq(got, "experiment", 10);
	ck_assert_uint_eq(from.addr.b[3], 1);
	pair_close(&p);
}
END_TEST

START_TEST(a_host_reaches_itself)
{
	struct pair p;
	uint8_t got[8];
	struct dut_sockaddr self = pair_peer(1, 7);
	pair_open(&p, variant(_i), 5);
	int s = bound_udp(p.a, 7), t = bound_udp(p.a, 8);
	ck_assert_int_eq(host_send(p.a, t, "self", 4, &self), 4);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.a, s, got, sizeof(got), NULL), 4);
	ck_assert_uint_eq(link_counters(host_port(p.a, 0), LINK_FROM_HOST)->sent_bytes % 42, 0); /* nothing but ARP on the wire */
	pair_close(&p);
}
END_TEST

/* --- the clock, and life and death -------------------------------------------------------------- */

START_TEST(an_idle_day_is_cheap)
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 18);
	pair_connect(&p, &client, &server, &listener);
	uint64_t before = world_events(p.world);
	pair_run(&p, 86400 * NS_PER_S);
	/* 100 ms is the finest clockwork of an idle stack; two hosts, three wheels. */
	ck_assert_uint_lt(world_events(p.world) - before, 6 * 864000);
	ck_assert_uint_ne(host_ready(p.a, client) & DUT_CONNECTED, 0);
	pair_close(&p);
}
END_TEST

START_TEST(a_deadline_lies_ahead)
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 19);
	pair_connect(&p, &client, &server, &listener);
	host_send(p.a, client, "data", 4, NULL);
	uint64_t same = 0, last = 0;
	for (int i = 0; i < 20000 && world_step(p.world); i++) {
		same = world_now(p.world) == last ? same + 1 : 0;
		last = world_now(p.world);
		ck_assert_uint_lt(same, 50);
	}
	pair_close(&p);
}
END_TEST

START_TEST(hosts_come_and_go)
{
	for (unsigned i = 0; i < 100; i++) {
		struct pair p;
		int client, server, listener;
		pair_open(&p, variant(_i), i);
		pair_connect(&p, &client, &server, &listener);
		ck_assert_int_eq(host_send(p.a, client, "left behind", 11, NULL), 11);
		pair_run(&p, NS_PER_S);
		pair_close(&p);
	}
}
END_TEST

START_TEST(twenty_hosts_share_a_switch)
{
	enum { N = 20 };
	struct world *w = world_create(20);
	struct link *l = link_create(w, "lan", LINK_SWITCH);
	struct host *hosts[N];
	int socks[N], err;
	const char *why;
	uint8_t got[8];
	for (unsigned i = 0; i < N; i++) {
		char name[8];
		snprintf(name, sizeof(name), "h%u", i);
		hosts[i] = pair_host(w, variant(_i), name, i + 1, &err, &why);
		ck_assert_msg(hosts[i], "host %u: %d %s", i, err, why);
		ck_assert_int_eq(host_attach(hosts[i], 0, l), 0);
		socks[i] = bound_udp(hosts[i], 7);
	}
	for (unsigned i = 0; i < N; i++) {
		struct dut_sockaddr to = pair_peer((i + 7) % N + 1, 7);
		uint8_t b = (uint8_t)i;
		ck_assert_int_eq(host_send(hosts[i], socks[i], &b, 1, &to), 1);
	}
	world_run(w, 2 * NS_PER_S);
	for (unsigned i = 0; i < N; i++) {
		struct dut_sockaddr from;
		ck_assert_int_eq(host_recv(hosts[i], socks[i], got, sizeof(got), &from), 1);
		ck_assert_uint_eq(got[0], (i + N - 7) % N);
		ck_assert_uint_eq(from.addr.b[3], got[0] + 1u);
	}
	for (unsigned i = 0; i < N; i++)
		host_destroy(hosts[(i * 3) % N]); /* not in the order they came */
	link_destroy(l);
	world_destroy(w);
}
END_TEST

START_TEST(bad_configurations_say_why)
{
	struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(1), 24 } } }, bad = eth0;
	struct dut_option option = { "no.such", "1" };
	struct dut_config config = { .abi = DUT_ABI, .name = "a", .n_interfaces = 1, .interfaces = &eth0 }, c = config;
	struct world *w = world_create(1);
	struct host *h;
	const char *why = NULL;
	c.n_options = 1;
	c.options = &option;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "option"));
	ck_assert_ptr_null(h);
	c = config;
	c.interfaces = &bad;
	bad.mtu = 60;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "MTU"));
	c = config;
	c.abi = DUT_ABI + 1;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_int_eq(host_create(w, variant(_i), &config, &h, &why), 0);
	host_destroy(h);
	world_destroy(w);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		describes_itself,
		pings,
		datagrams_pass_both_ways,
		datagram_sockets_refuse_bad_calls,
		raw_sockets_exchange_payload,
		a_host_reaches_itself,
		an_idle_day_is_cheap,
		a_deadline_lies_ahead,
		hosts_come_and_go,
		twenty_hosts_share_a_switch,
		bad_configurations_say_why,
	};
	return unit_main(suite_of_variants("dut", tests, sizeof(tests) / sizeof(tests[0])));
}
