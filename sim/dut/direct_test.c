/* SPDX-License-Identifier: ISC */
/* What only the variant direct can do: fewer layers, packet sockets, options, counters, forwarding. */
#include "sim/dut/direct.h"
#include "sim/dut/pair.h"

#include <errno.h>
#include <string.h>

#include "stack/base/unit.h"

#define UP_TO_ARP (DUT_LAYER_ETHERNET | DUT_LAYER_ARP)
#define UP_TO_IPV4 (UP_TO_ARP | DUT_LAYER_IPV4)

static struct world *w;
static struct link *wire;
static const char *why;

static void set_up(void)
{
	w = world_create(1);
	wire = link_create(w, "wire", LINK_WIRE);
}

static void tear_down(void)
{
	link_destroy(wire);
	ck_assert_uint_eq(buf_pool_live(world_pool(w)), 0);
	world_destroy(w);
}

static int try(unsigned layers, const struct dut_option *option, unsigned last, struct host **h)
{
	struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, (uint8_t)last }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(last), 24 } } };
	struct dut_config config = {
		.abi = DUT_ABI,
		.name = last == 1 ? "a" : "b",
		.seed = 1,
		.layers = layers,
		.n_interfaces = 1,
		.interfaces = &eth0,
		.n_options = option ? 1 : 0,
		.options = option,
	};
	return host_create(w, &dut_direct, &config, h, &why);
}

static struct host *composed(unsigned layers, unsigned last)
{
	struct host *h;
	int err = try(layers, NULL, last, &h);
	ck_assert_msg(err == 0, "%d %s", err, why);
	ck_assert_int_eq(host_attach(h, 0, wire), 0);
	return h;
}

static void run(uint64_t for_ns)
{
	world_run(w, world_now(w) + for_ns);
}

START_TEST(a_layer_needs_what_it_stands_on)
{
	static const struct {
		unsigned layers;
		const char *why;
	} cases[] = {
		{ DUT_LAYER_ARP, "needs the layer ethernet" },
		{ DUT_LAYER_ETHERNET | DUT_LAYER_IPV4, "ipv4 needs arp" },
		{ UP_TO_ARP | DUT_LAYER_ICMPV4, "icmpv4 needs ipv4" },
		{ UP_TO_ARP | DUT_LAYER_UDP, "udp needs ipv4" },
		{ UP_TO_ARP | DUT_LAYER_TCP, "tcp needs ipv4" },
		{ UP_TO_IPV4 | DUT_LAYER_IPV6, "no IPv6" },
	};
	struct host *h;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(try(cases[i].layers, NULL, 1, &h), -EINVAL);
		ck_assert_msg(strstr(why, cases[i].why), "%s", why);
	}
}
END_TEST

/* Which socket types each composition offers: bits of enum dut_socket_type. */
#define TYPE(t) (1u << (t))
static const struct {
	unsigned layers, types;
} compositions[] = {
	{ DUT_LAYER_ETHERNET, TYPE(DUT_SOCK_PACKET) },
	{ UP_TO_ARP, TYPE(DUT_SOCK_PACKET) },
	{ UP_TO_IPV4, TYPE(DUT_SOCK_PACKET) | TYPE(DUT_SOCK_RAW) },
	{ UP_TO_IPV4 | DUT_LAYER_ICMPV4, TYPE(DUT_SOCK_PACKET) | TYPE(DUT_SOCK_RAW) | TYPE(DUT_SOCK_PING) },
	{ UP_TO_IPV4 | DUT_LAYER_UDP, TYPE(DUT_SOCK_PACKET) | TYPE(DUT_SOCK_RAW) | TYPE(DUT_SOCK_DGRAM) },
	{ UP_TO_IPV4 | DUT_LAYER_TCP, TYPE(DUT_SOCK_PACKET) | TYPE(DUT_SOCK_RAW) | TYPE(DUT_SOCK_STREAM) },
	{ UP_TO_IPV4 | DUT_LAYER_ICMPV4 | DUT_LAYER_UDP | DUT_LAYER_TCP, 0x1f },
};

static void count(void *arg, const char *layer, const char *name, uint64_t value)
{
	unsigned *layers = arg;
	static const struct {
		const char *name;
		unsigned layer;
	} known[] = {
		{ "eth", DUT_LAYER_ETHERNET },
		{ "arp", DUT_LAYER_ARP },
		{ "ip4", DUT_LAYER_IPV4 },
		{ "icmp4", DUT_LAYER_ICMPV4 },
		{ "udp", DUT_LAYER_UDP },
		{ "tcp", DUT_LAYER_TCP },
	};
	(void)value;
	ck_assert_str_ne(name, "");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(layer, known[i].name)) {
			*layers |= known[i].layer;
			return;
		}
	}
	ck_abort_msg("unknown layer %s", layer);
}

START_TEST(a_composition_offers_its_sockets_and_counters)
{
	static const unsigned numbers[] = { [DUT_SOCK_RAW] = 253, [DUT_SOCK_PACKET] = 0x88b5 };
	struct host *h = composed(compositions[_i].layers, 1);
	for (unsigned type = DUT_SOCK_STREAM; type <= DUT_SOCK_PACKET; type++) {
		int s = host_socket(h, 4, (enum dut_socket_type)type, numbers[type]);
		if (compositions[_i].types & TYPE(type))
			ck_assert_msg(s >= 0, "type %u: %d", type, s);
		else
			ck_assert_int_eq(s, -EPROTONOSUPPORT);
	}
	unsigned counted = 0;
	host_counters(h, count, &counted);
	ck_assert_uint_eq(counted, compositions[_i].layers);
	host_destroy(h);
}
END_TEST

START_TEST(a_taken_slot_is_refused)
{
	struct host *h = composed(0, 1);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_RAW, 6), -EADDRINUSE);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_RAW, 1), -EADDRINUSE);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_PACKET, 0x0806), -EADDRINUSE);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_PACKET, 0x0800), -EADDRINUSE);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_PACKET, 0x10000), -EINVAL);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_RAW, 0), -EINVAL);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_RAW, 256), -EINVAL);
	ck_assert_int_eq(host_socket(h, 6, DUT_SOCK_DGRAM, 0), -EAFNOSUPPORT);
	int s = host_socket(h, 4, DUT_SOCK_RAW, 253);
	ck_assert_int_eq(host_socket(h, 4, DUT_SOCK_RAW, 253), -EADDRINUSE);
	ck_assert_int_eq(host_close(h, s), 0);
	ck_assert_int_ge(host_socket(h, 4, DUT_SOCK_RAW, 253), 0);
	host_destroy(h);
}
END_TEST

START_TEST(packets_go_by_arp_or_broadcast)
{
	struct host *a = composed(UP_TO_ARP, 1), *b = composed(UP_TO_ARP, 2);
	struct dut_sockaddr to = pair_peer(2, 0), nobody = pair_peer(9, 0), all = { .port = 0 };
	uint8_t got[100];
	int s = host_socket(a, 0, DUT_SOCK_PACKET, 0x88b5), t = host_socket(b, 0, DUT_SOCK_PACKET, 0x88b5);
	ck_assert_int_eq(host_send(a, s, "to the neighbour", 16, &to), 16);
	run(NS_PER_S);
	ck_assert_int_eq(host_recv(b, t, got, sizeof(got), NULL), 46); /* padded by Ethernet */
	ck_assert_mem_eq(got, "to the neighbour", 17);
	ck_assert_int_eq(host_send(a, s, "to all", 6, &all), 6);
	run(NS_PER_S);
	ck_assert_int_eq(host_recv(b, t, got, sizeof(got), NULL), 46);
	ck_assert_mem_eq(got, "to all", 7);
	ck_assert_int_eq(host_send(a, s, "to nobody", 9, &nobody), 9);
	run(10 * NS_PER_S);
	ck_assert_int_eq(host_recv(b, t, got, sizeof(got), NULL), -EAGAIN);
	ck_assert_int_eq(host_send(a, s, got, 70000, &to), -EMSGSIZE);
	ck_assert_int_eq(host_send(a, s, "x", 1, NULL), -EDESTADDRREQ);
	host_destroy(a);
	host_destroy(b);
}
END_TEST

START_TEST(ethernet_alone_resolves_nothing)
{
	struct host *a = composed(DUT_LAYER_ETHERNET, 1);
	struct dut_sockaddr to = pair_peer(2, 0);
	int s = host_socket(a, 0, DUT_SOCK_PACKET, 0x88b5);
	ck_assert_int_eq(host_send(a, s, "x", 1, &to), -EAFNOSUPPORT);
	host_destroy(a);
}
END_TEST

START_TEST(unclaimed_datagrams_are_answered_by_icmp_if_there_is_one)
{
	for (int with_icmp = 0; with_icmp <= 1; with_icmp++) {
		struct pair p;
		int err;
		pair_open(&p, &dut_direct, 1);
		host_destroy(p.b);
		link_destroy(p.wire);
		p.wire = link_create(p.world, "wire", LINK_WIRE);
		host_destroy(p.a);
		p.a = pair_host(p.world, &dut_direct, "a", 1, &err, &why);
		struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(2), 24 } } };
		struct dut_config config = {
			.abi = DUT_ABI,
			.name = "b",
			.layers = UP_TO_IPV4 | DUT_LAYER_UDP | (with_icmp ? DUT_LAYER_ICMPV4 : 0),
			.n_interfaces = 1,
			.interfaces = &eth0,
		};
		ck_assert_int_eq(host_create(p.world, &dut_direct, &config, &p.b, &why), 0);
		host_attach(p.a, 0, p.wire);
		host_attach(p.b, 0, p.wire);
		struct dut_sockaddr port = pair_peer(2, 9), host = pair_peer(2, 0);
		int udp = host_socket(p.a, 4, DUT_SOCK_DGRAM, 0), raw = host_socket(p.a, 4, DUT_SOCK_RAW, 253);
		host_send(p.a, udp, "x", 1, &port);
		host_send(p.a, raw, "12345678", 8, &host);
		pair_run(&p, NS_PER_S);
		ck_assert_int_eq(host_error(p.a, udp), with_icmp ? -ECONNREFUSED : 0);
		ck_assert_int_eq(host_error(p.a, raw), with_icmp ? -ENOPROTOOPT : 0);
		pair_close(&p);
	}
}
END_TEST

START_TEST(broadcast_needs_permission)
{
	struct host *a = composed(0, 1), *b = composed(0, 2);
	struct dut_sockaddr to = { .addr = { .family = 4, .b = { 255, 255, 255, 255 } }, .port = 7 }, any = { .port = 7 };
	uint8_t got[8];
	int s = host_socket(a, 4, DUT_SOCK_DGRAM, 0), t = host_socket(b, 4, DUT_SOCK_DGRAM, 0);
	host_bind(b, t, &any);
	ck_assert_int_eq(host_send(a, s, "x", 1, &to), -EACCES);
	ck_assert_int_eq(host_set_option(a, s, DUT_SO_BROADCAST, 2), -EINVAL);
	ck_assert_int_eq(host_set_option(a, s, DUT_SO_TTL, 0), -EINVAL);
	ck_assert_int_eq(host_set_option(a, s, DUT_SO_TTL, 256), -EINVAL);
	ck_assert_int_eq(host_set_option(a, s, DUT_SO_NODELAY, 1), -EOPNOTSUPP);
	ck_assert_int_eq(host_set_option(a, s, DUT_SO_BROADCAST, 1), 0);
	ck_assert_int_eq(host_send(a, s, "x", 1, &to), 1);
	run(NS_PER_S);
	ck_assert_int_eq(host_recv(b, t, got, sizeof(got), NULL), 1);
	host_destroy(a);
	host_destroy(b);
}
END_TEST

START_TEST(options_reach_their_layer)
{
	static const struct dut_option off = { "icmp4.echo", "off" }, on = { "icmp4.echo", "true" };
	struct host *a = composed(0, 1), *b;
	struct dut_sockaddr to = pair_peer(2, 0);
	uint8_t echo[8] = { 8 };
	int s = host_socket(a, 4, DUT_SOCK_PING, 0);
	ck_assert_int_eq(try(0, &on, 2, &b), 0);
	host_destroy(b);
	ck_assert_int_eq(try(0, &off, 2, &b), 0);
	host_attach(b, 0, wire);
	ck_assert_int_eq(host_send(a, s, echo, sizeof(echo), &to), sizeof(echo));
	run(NS_PER_S);
	ck_assert_int_eq(host_recv(a, s, echo, sizeof(echo), NULL), -EAGAIN);
	host_destroy(a);
	host_destroy(b);
}
END_TEST

/* a ──── router ──── b: 192.0.2.1, 192.0.2.254 | 198.51.100.254, 198.51.100.1 */
START_TEST(a_router_forwards)
{
	static const struct dut_addr far = { .family = 4, .b = { 198, 51, 100, 1 } }, far_gw = { .family = 4, .b = { 198, 51, 100, 254 } };
	struct dut_interface if_a = { .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(1), 24 } } };
	struct dut_interface if_b = { .mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500, .n_addrs = 1, .addrs = { { far, 24 } } };
	struct dut_interface if_r[2] = {
		{ .mac = { 2, 0, 0, 0, 0, 3 }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(254), 24 } } },
		{ .mac = { 2, 0, 0, 0, 0, 4 }, .mtu = 1500, .n_addrs = 1, .addrs = { { far_gw, 24 } } },
	};
	struct dut_route to_r = { .via = pair_addr(254) }, back = { .via = far_gw };
	struct dut_config a = { .abi = DUT_ABI, .name = "a", .n_interfaces = 1, .interfaces = &if_a, .n_routes = 1, .routes = &to_r };
	struct dut_config b = { .abi = DUT_ABI, .name = "b", .n_interfaces = 1, .interfaces = &if_b, .n_routes = 1, .routes = &back };
	struct dut_config r = { .abi = DUT_ABI, .name = "r", .n_interfaces = 2, .interfaces = if_r, .router = true };
	const struct dut_ops *ops = dut_variants[_i];
	struct host *ha, *hb, *hr;
	struct link *second = link_create(w, "second", LINK_WIRE);
	uint8_t echo[8] = { 8 };
	struct dut_sockaddr to = { .addr = far };
	ck_assert_int_eq(host_create(w, ops, &a, &ha, &why), 0);
	ck_assert_int_eq(host_create(w, ops, &b, &hb, &why), 0);
	ck_assert_int_eq(host_create(w, ops, &r, &hr, &why), 0);
	host_attach(ha, 0, wire);
	host_attach(hr, 0, wire);
	host_attach(hr, 1, second);
	host_attach(hb, 0, second);
	int s = host_socket(ha, 4, DUT_SOCK_PING, 0);
	ck_assert_int_eq(host_send(ha, s, echo, sizeof(echo), &to), sizeof(echo));
	run(10 * NS_PER_S);
	ck_assert_int_eq(host_recv(ha, s, echo, sizeof(echo), NULL), sizeof(echo));
	ck_assert_uint_eq(echo[0], 0);
	host_destroy(ha);
	host_destroy(hr);
	host_destroy(hb);
	link_destroy(second);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("direct");
	TCase *t = tcase_create("direct");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_layer_needs_what_it_stands_on);
	tcase_add_loop_test(t, a_composition_offers_its_sockets_and_counters, 0, (int)(sizeof(compositions) / sizeof(compositions[0])));
	tcase_add_test(t, a_taken_slot_is_refused);
	tcase_add_test(t, packets_go_by_arp_or_broadcast);
	tcase_add_test(t, ethernet_alone_resolves_nothing);
	tcase_add_test(t, unclaimed_datagrams_are_answered_by_icmp_if_there_is_one);
	tcase_add_test(t, broadcast_needs_permission);
	tcase_add_test(t, options_reach_their_layer);
	tcase_add_loop_test(t, a_router_forwards, 0, 2); /* lwip is a router as well */
	suite_add_tcase(s, t);
	return unit_main(s);
}
