/* SPDX-License-Identifier: ISC */
/* Ports, kinds of links, taps, counters, fingerprints. */
#include "sim/link/fixture.h"
#include "sim/link/mac_table.h"

#include <errno.h>

START_TEST(a_wire_delivers_after_its_delay)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .delay_ns = 1000 });
	net_send(net, 0, 1, 7, 60);
	ck_assert_uint_eq(net->n, 0);
	net_send(net, 1, 0, 8, 60); /* the other direction has no delay, and yet nothing arrives inside link_send() */
	ck_assert_uint_eq(net->n, 0);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 2);
	ck_assert(net->arrivals[0].port == 0 && net->arrivals[0].id == 8 && net->arrivals[0].at_ns == 0);
	ck_assert(net->arrivals[1].port == 1 && net->arrivals[1].id == 7 && net->arrivals[1].at_ns == 1000);
	ck_assert_uint_eq(net_counters(net, 0)->frames, 1);
	ck_assert_uint_eq(net_counters(net, 0)->bytes, 60);
	ck_assert_uint_eq(net_counters(net, 0)->sent_bytes, 60);
	net_destroy(net);
}
END_TEST

START_TEST(ports_are_named_and_counted)
{
	struct net *net = net_create(1, LINK_WIRE, 1);
	struct link_port *p;
	ck_assert_int_eq(link_attach(net->l, "a", net_receive, NULL, &p), -EEXIST);
	ck_assert_int_eq(link_attach(net->l, "b", net_receive, NULL, &p), 0);
	ck_assert_int_eq(link_attach(net->l, "c", net_receive, NULL, &p), -ENOSPC);
	ck_assert_str_eq(link_port_name(p), "b");
	ck_assert_str_eq(link_name(net->l), "test");
	net_destroy(net);
}
END_TEST

START_TEST(a_wire_with_one_end_loses_frames)
{
	struct net *net = net_create(1, LINK_WIRE, 1);
	net_send(net, 0, 1, 1, 60);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net_counters(net, 0)->drop_unknown, 1);
	net_destroy(net);
}
END_TEST

struct seen {
	char text[400];
};

static void note(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);
	snprintf(s->text + len, sizeof(s->text) - len, "%u:%s%s%u%s%s ", (unsigned)now_ns, link_port_name(port), towards_host ? "<" : ">",
		(unsigned)number(frame->data, frame->len), drop ? "!" : "", drop ? drop : "");
}

START_TEST(taps_see_entry_delivery_and_drops)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	struct seen s = { "" };
	ck_assert_int_eq(link_tap(net->l, note, &s), 0);
	net_impair(net, 0, (struct impairments){ .delay_ns = 5, .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 2 }, .loss_list_len = 1 });
	net_train(net, 3, 60, 1);
	ck_assert_str_eq(s.text, "0:a>1 1:a>2 1:a>2!loss 2:a>3 5:b<1 7:b<3 ");
	net_destroy(net);
}
END_TEST

START_TEST(taps_of_a_switch_see_each_copy_once)
{
	struct net *net = net_create(1, LINK_SWITCH, 3);
	struct seen s = { "" };
	ck_assert_int_eq(link_tap(net->l, note, &s), 0);
	ck_assert_int_eq(link_impair(net->port[2], LINK_TO_HOST, &(struct impairments){ .down = true }), 0);
	net_send(net, 0, 0xff, 1, 60);
	world_run(net->w, WORLD_NEVER);
	ck_assert_str_eq(s.text, "0:a>1 0:c<1!down 0:b<1 ");
	net_destroy(net);
}
END_TEST

static void check_ports(struct net *net, const char *expected)
{
	char got[PORTS_MAX * 4] = "";
	world_run(net->w, world_now(net->w) + 1);
	for (unsigned i = 0; i < net->n; i++)
		strcat(got, (const char *[]){ "a", "b", "c", "d", "e" }[net->arrivals[i].port]);
	ck_assert_str_eq(got, expected);
	net->n = 0;
}

START_TEST(a_hub_repeats_to_everyone_else)
{
	struct net *net = net_create(1, LINK_HUB, 4);
	net_send(net, 1, 0, 1, 60);
	check_ports(net, "acd");
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "bcd");
	net_destroy(net);
}
END_TEST

START_TEST(a_switch_learns_where_hosts_are)
{
	struct net *net = net_create(1, LINK_SWITCH, 4);
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "bcd"); /* unknown: flooded */
	net_send(net, 1, 0, 1, 60);
	check_ports(net, "a");
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "b");
	net_send(net, 0, 0xff, 1, 60);
	check_ports(net, "bcd");
	net_send(net, 2, 2, 1, 60); /* to a station on the same port: nobody else wants it */
	check_ports(net, "");
	ck_assert_uint_eq(net_counters(net, 2)->drop_unknown, 1);
	link_send(net->port[3], net_frame(net, 1, 0, 1, 60)); /* host b moved to port d */
	check_ports(net, "a");
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "d");
	net_destroy(net);
}
END_TEST

START_TEST(a_switch_forgets_after_300_s)
{
	struct net *net = net_create(1, LINK_SWITCH, 3);
	net_send(net, 1, 0, 1, 60);
	check_ports(net, "ac");
	world_run(net->w, 300 * NS_PER_S);
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "b");
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "bc");
	net_destroy(net);
}
END_TEST

START_TEST(multicast_sources_and_runts_teach_nothing)
{
	struct net *net = net_create(1, LINK_SWITCH, 3);
	struct buf *b = net_frame(net, 1, 0, 1, 60);
	b->data[6] = 3;
	link_send(net->port[1], b);
	check_ports(net, "ac");
	b = net_frame(net, 0, 1, 1, 60);
	b->data[0] = 3;
	link_send(net->port[0], b);
	check_ports(net, "bc");
	b = net_frame(net, 0, 1, 1, 60);
	buf_trim(b, 11);
	link_send(net->port[0], b);
	check_ports(net, "");
	ck_assert_uint_eq(net_counters(net, 0)->drop_unknown, 1);
	net_destroy(net);
}
END_TEST

START_TEST(the_mac_table_is_bounded)
{
	struct mac_table *t = mac_table_create();
	unsigned displaced = 0, found = 0, old = 0, n = 2 * MAC_TABLE_MAX;
	struct mac addr = { { 2 } };
	for (unsigned i = 0; i < n; i++) {
		put_be32(addr.b + 2, i);
		displaced += mac_table_learn(t, addr, i, i);
		ck_assert_int_eq(mac_table_find(t, addr, i), (int)i);
		ck_assert(!mac_table_learn(t, addr, i, i));
	}
	for (unsigned i = 0; i < n; i++) {
		put_be32(addr.b + 2, i);
		found += mac_table_find(t, addr, n) == (int)i;
		old += i < n / 4 && mac_table_find(t, addr, n) >= 0;
	}
	ck_assert_uint_lt(old, n / 10); /* it was the oldest that made room */
	ck_assert_uint_le(found, MAC_TABLE_MAX);
	ck_assert_uint_gt(found, MAC_TABLE_MAX / 2);
	ck_assert_uint_eq(displaced, n - found);
	ck_assert_int_eq(mac_table_find(t, addr, n - 1 + MAC_TABLE_AGE_NS), (int)n - 1);
	ck_assert_int_eq(mac_table_find(t, addr, n + MAC_TABLE_AGE_NS), -1);
	mac_table_destroy(t);
}
END_TEST

START_TEST(partitions_split_every_kind_of_link)
{
	static const enum link_kind kinds[] = { LINK_HUB, LINK_SWITCH };
	for (unsigned k = 0; k < 2; k++) {
		struct net *net = net_create(1, kinds[k], 4);
		net_impair(net, 0, (struct impairments){ .partition_groups = 1 });
		net_impair(net, 1, (struct impairments){ .partition_groups = 2 });
		net_impair(net, 2, (struct impairments){ .partition_groups = 3 });
		net_send(net, 0, 0xff, 1, 60);
		check_ports(net, "cd");
		net_send(net, 1, 0xff, 1, 60);
		check_ports(net, "cd");
		net_send(net, 3, 0xff, 1, 60);
		check_ports(net, "abc");
		ck_assert_uint_eq(link_counters(net->port[1], LINK_TO_HOST)->drop_partition, 1);
		net_destroy(net);
	}
	struct net *net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .partition_groups = 1 });
	net_impair(net, 1, (struct impairments){ .partition_groups = 2 });
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "");
	ck_assert_uint_eq(net_counters(net, 0)->drop_partition, 1);
	net_impair(net, 1, (struct impairments){ 0 }); /* healed */
	net_send(net, 0, 1, 1, 60);
	check_ports(net, "b");
	net_destroy(net);
}
END_TEST

START_TEST(a_wire_has_no_channel_to_its_host)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	struct impairments imp = { .delay_ns = 9 };
	ck_assert_int_eq(link_impair(net->port[0], LINK_TO_HOST, &imp), -EINVAL);
	ck_assert_int_eq(link_impair(net->port[0], LINK_BOTH, &imp), 0);
	ck_assert_uint_eq(link_impairments(net->port[0], LINK_FROM_HOST)->delay_ns, 9);
	ck_assert_uint_eq(link_impairments(net->port[1], LINK_FROM_HOST)->delay_ns, 0);
	net_destroy(net);
}
END_TEST

static void fingerprint_of(uint64_t seed, uint64_t delay_ns, uint8_t byte, char hex[33])
{
	struct net *net = net_create(seed, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .delay_ns = delay_ns, .loss = LOSS_BERNOULLI, .loss_rate = 0.5 });
	for (unsigned i = 0; i < 100; i++) {
		struct buf *b = net_frame(net, 0, 1, i, 60);
		b->data[59] = byte;
		link_send(net->port[0], b);
	}
	world_run(net->w, WORLD_NEVER);
	link_fingerprint(net->l, hex);
	net_destroy(net);
}

START_TEST(equal_traffic_has_equal_fingerprints)
{
	char a[33], b[33];
	fingerprint_of(1, 10, 0, a);
	fingerprint_of(1, 10, 0, b);
	ck_assert_uint_eq(strlen(a), 32);
	ck_assert_str_eq(a, b);
	fingerprint_of(2, 10, 0, b); /* other frames lost */
	ck_assert_str_ne(a, b);
	fingerprint_of(1, 11, 0, b); /* other times */
	ck_assert_str_ne(a, b);
	fingerprint_of(1, 10, 1, b); /* other bytes */
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(the_fingerprint_is_that_of_any_machine)
{
	char hex[33];
	fingerprint_of(1, 10, 0, hex);
	ck_assert_str_eq(hex, "357fef5f620aa0c23150c2b15208c806");
}
END_TEST

START_TEST(frames_under_way_are_freed_with_the_link)
{
	struct net *net = net_create(1, LINK_SWITCH, 3);
	net_impair(net, 0, (struct impairments){ .delay_ns = 100, .rate_bps = 1000 });
	for (unsigned i = 0; i < 5; i++)
		net_send(net, 0, 1, i, 100);
	world_run(net->w, 50);
	net_destroy(net); /* checks that no buffer is left */
}
END_TEST

START_TEST(a_steady_flow_allocates_nothing)
{
	struct net *net = net_create(1, LINK_SWITCH, 4);
	net_impair(net, 0, (struct impairments){ .delay_ns = 10, .rate_bps = 1000000000, .duplicate_rate = 0.1, .corrupt_rate = 0.1 });
	net_train(net, 500, 1000, 20000);
	uint64_t before = buf_pool_allocations(world_pool(net->w));
	net_train(net, 2000, 1000, 20000);
	ck_assert_uint_eq(buf_pool_allocations(world_pool(net->w)), before);
	net_destroy(net);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("link");
	TCase *t = tcase_create("link");
	tcase_add_test(t, a_wire_delivers_after_its_delay);
	tcase_add_test(t, ports_are_named_and_counted);
	tcase_add_test(t, a_wire_with_one_end_loses_frames);
	tcase_add_test(t, taps_see_entry_delivery_and_drops);
	tcase_add_test(t, taps_of_a_switch_see_each_copy_once);
	tcase_add_test(t, a_hub_repeats_to_everyone_else);
	tcase_add_test(t, a_switch_learns_where_hosts_are);
	tcase_add_test(t, a_switch_forgets_after_300_s);
	tcase_add_test(t, multicast_sources_and_runts_teach_nothing);
	tcase_add_test(t, the_mac_table_is_bounded);
	tcase_add_test(t, partitions_split_every_kind_of_link);
	tcase_add_test(t, a_wire_has_no_channel_to_its_host);
	tcase_add_test(t, equal_traffic_has_equal_fingerprints);
	tcase_add_test(t, the_fingerprint_is_that_of_any_machine);
	tcase_add_test(t, frames_under_way_are_freed_with_the_link);
	tcase_add_test(t, a_steady_flow_allocates_nothing);
	suite_add_tcase(s, t);
	return unit_main(s);
}
