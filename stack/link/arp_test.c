/* SPDX-License-Identifier: ISC */
#include "stack/base/unit.h"
#include "stack/link/arp.h"

#include <errno.h>

static const struct mac own = { { 2, 0, 0, 0, 0, 1 } }, peer = { { 2, 0, 0, 0, 0, 2 } }, third = { { 2, 0, 0, 0, 0, 3 } };
static const struct mac everyone = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
static const struct ip4_addr own_ip = { { 10, 0, 0, 1 } }, peer_ip = { { 10, 0, 0, 2 } }, zero_ip;
static struct buf_pool *pool;
static struct env env;
static struct eth *eth;
static struct arp *arp;
static struct buf *sent, **sent_end;
static unsigned n_failed;

static void transmit(struct buf *frame, void *arg)
{
	(void)arg;
	*sent_end = frame;
	sent_end = &frame->next;
}

static void failed(struct buf *b, struct ip4_addr next_hop, uint16_t ethertype, void *arg)
{
	ck_assert_ptr_eq(arg, &n_failed);
	ck_assert(ip4_equal(next_hop, peer_ip));
	ck_assert_uint_eq(ethertype, 0x88b5);
	ck_assert_uint_eq(b->data[0], 'a' + n_failed);
	n_failed++;
	buf_free(b);
}

static void start(const struct arp_config *config)
{
	struct eth_config eth_config = eth_config_default(own);
	pool = buf_pool_create();
	env_init(&env, 1, "arp_test", pool);
	sent = NULL;
	sent_end = &sent;
	n_failed = 0;
	ck_assert_int_eq(eth_create(&env, &eth_config, transmit, NULL, &eth), 0);
	ck_assert_int_eq(arp_create(&env, eth, config, &arp), 0);
	ck_assert_int_eq(arp_add_address(arp, own_ip), 0);
	arp_set_failed(arp, failed, &n_failed);
}

static struct arp_config small(void)
{
	struct arp_config config = arp_config_default();
	config.max_entries = 4;
	config.queue_packets = 3;
	return config;
}

static void setup(void)
{
	struct arp_config config = small();
	start(&config);
}

static void teardown(void)
{
	arp_destroy(arp);
	ck_assert_uint_eq(env.timers.reserved, 0);
	eth_destroy(eth);
	buf_free_all(sent);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static uint64_t count(const char *name)
{
	struct counter_set set = arp_counters(arp);
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

/* The oldest frame sent, into bytes; its length, 0 for none. */
static uint32_t take_sent(uint8_t bytes[2000])
{
	struct buf *b = sent;
	if (!b)
		return 0;
	sent = b->next;
	if (!sent)
		sent_end = &sent;
	uint32_t len = b->len;
	memcpy(bytes, b->data, len);
	b->next = NULL;
	buf_free(b);
	return len;
}

static void expect_arp(struct mac dst, uint16_t op, struct ip4_addr spa, struct mac tha, struct ip4_addr tpa)
{
	uint8_t f[2000];
	struct eth_hdr h;
	struct arp_pkt a;
	ck_assert_uint_eq(take_sent(f), 60);
	eth_hdr_parse(&h, f, 60);
	ck_assert_uint_eq(h.type, ETHERTYPE_ARP);
	ck_assert(mac_equal(h.dst, dst) && mac_equal(h.src, own));
	ck_assert_int_eq(arp_pkt_parse(&a, f + 14, 46), ARP_LEN);
	ck_assert_uint_eq(a.op, op);
	ck_assert(mac_equal(a.sha, own) && mac_equal(a.tha, tha));
	ck_assert(ip4_equal(a.spa, spa) && ip4_equal(a.tpa, tpa));
}

static void expect_data(struct mac dst, char letter)
{
	uint8_t f[2000];
	ck_assert_uint_eq(take_sent(f), 60);
	ck_assert_mem_eq(f, dst.b, 6);
	ck_assert_uint_eq(get_be16(f + 12), 0x88b5);
	ck_assert_uint_eq(f[14], letter);
}

static void expect_silence(void)
{
	ck_assert_ptr_null(sent);
}

static void arrive_raw(struct mac dst, const struct arp_pkt *a)
{
	struct buf *b = buf_alloc(pool, 0, 60);
	memset(b->data, 0, 60);
	eth_hdr_emit(&(struct eth_hdr){ dst, a->sha.b[0] & 1 ? peer : a->sha, ETHERTYPE_ARP }, b->data, 60);
	arp_pkt_emit(a, b->data + 14, 46);
	eth_input(eth, b);
}

static void arrive(uint16_t op, struct mac sha, struct ip4_addr spa, struct ip4_addr tpa)
{
	struct arp_pkt a = { 1, 0x0800, 6, 4, op, sha, { { 0 } }, spa, tpa };
	arrive_raw(op == ARP_OP_REPLY ? own : everyone, &a);
}

static int send_letter(char letter)
{
	return arp_send(arp, buf_from(pool, &letter, 1), peer_ip, 0x88b5);
}

static bool knows(struct ip4_addr addr, struct mac want)
{
	struct mac mac;
	return arp_lookup(arp, addr, &mac) == 0 && mac_equal(mac, want);
}

static const struct mac zero;

START_TEST(resolving_sends_what_waited_in_order)
{
	ck_assert_int_eq(send_letter('a'), 0);
	ck_assert_int_eq(send_letter('b'), 0);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, peer_ip);
	expect_silence();
	arrive(ARP_OP_REPLY, peer, peer_ip, own_ip);
	expect_data(peer, 'a');
	expect_data(peer, 'b');
	ck_assert_int_eq(send_letter('c'), 0);
	expect_data(peer, 'c');
}
END_TEST

START_TEST(the_queue_keeps_the_latest)
{
	for (char c = 'a'; c < 'a' + 5; c++)
		send_letter(c);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, peer_ip);
	arrive(ARP_OP_REPLY, peer, peer_ip, own_ip);
	expect_data(peer, 'c');
	expect_data(peer, 'd');
	expect_data(peer, 'e');
	expect_silence();
	ck_assert_uint_eq(count("drop.queue_full"), 2);
}
END_TEST

START_TEST(requests_back_off_and_end)
{
	static const uint64_t at_s[] = { 0, 1, 3 };
	send_letter('a');
	send_letter('b');
	for (int i = 0; i < 3; i++) {
		if (i)
			env_advance(&env, at_s[i] * NS_PER_S - 1);
		if (i)
			expect_silence();
		env_advance(&env, at_s[i] * NS_PER_S);
		expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, peer_ip);
	}
	env_advance(&env, 7 * NS_PER_S - 1);
	ck_assert_uint_eq(n_failed, 0);
	env_advance(&env, 7 * NS_PER_S);
	ck_assert_uint_eq(n_failed, 2);
	ck_assert_uint_eq(count("drop.unresolved"), 2);
	expect_silence();
	ck_assert_uint_eq(timers_next(&env.timers), TIMER_NEVER);
}
END_TEST

/* RFC 1122 section 2.3.2.1: at most one request a second for one destination, however much is sent. */
START_TEST(requests_never_flood)
{
	uint8_t f[2000];
	unsigned requests = 0;
	arp_set_failed(arp, NULL, NULL);
	for (uint64_t ms = 0; ms < 60000; ms += 10) {
		env_advance(&env, ms * NS_PER_MS);
		send_letter('a');
		while (take_sent(f))
			requests++;
	}
	ck_assert_uint_le(requests, 60);
	ck_assert_uint_ge(requests, 20);
}
END_TEST

START_TEST(requests_for_us_are_answered_and_learned)
{
	arrive(ARP_OP_REQUEST, peer, peer_ip, own_ip);
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, peer_ip);
	ck_assert(knows(peer_ip, peer));
	arrive(ARP_OP_REQUEST, third, (struct ip4_addr){ { 10, 0, 0, 3 } }, peer_ip); /* not for us: not learned */
	expect_silence();
	ck_assert(!knows((struct ip4_addr){ { 10, 0, 0, 3 } }, third));
	ck_assert_uint_eq(count("drop.not_for_us"), 1);
}
END_TEST

START_TEST(probes_are_answered_but_not_learned)
{
	arrive(ARP_OP_REQUEST, peer, zero_ip, own_ip);
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, zero_ip);
	ck_assert(!knows(zero_ip, peer));
}
END_TEST

START_TEST(unsolicited_packets_update_but_never_create)
{
	arrive(ARP_OP_REPLY, peer, peer_ip, own_ip);
	ck_assert(!knows(peer_ip, peer));
	ck_assert_uint_eq(count("drop.unsolicited"), 1);
	arrive(ARP_OP_REQUEST, peer, peer_ip, peer_ip); /* gratuitous */
	ck_assert(!knows(peer_ip, peer));
	arrive(ARP_OP_REQUEST, peer, peer_ip, own_ip);
	ck_assert(knows(peer_ip, peer));
	arrive(ARP_OP_REQUEST, third, peer_ip, peer_ip);
	ck_assert(knows(peer_ip, third));
	arrive(ARP_OP_REPLY, peer, peer_ip, peer_ip);
	ck_assert(knows(peer_ip, peer));
}
END_TEST

START_TEST(impossible_senders_are_refused)
{
	static const struct {
		struct mac sha;
		struct ip4_addr spa;
		const char *counter;
	} bad[] = {
		{ { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }, { { 10, 0, 0, 2 } }, "drop.sender_mac" },
		{ { { 1, 0, 0x5e, 0, 0, 1 } }, { { 10, 0, 0, 2 } }, "drop.sender_mac" },
		{ { { 0 } }, { { 10, 0, 0, 2 } }, "drop.sender_mac" },
		{ { { 2, 0, 0, 0, 0, 1 } }, { { 10, 0, 0, 2 } }, "drop.looped" },
		{ { { 2, 0, 0, 0, 0, 2 } }, { { 224, 0, 0, 1 } }, "drop.sender_ip" },
		{ { { 2, 0, 0, 0, 0, 2 } }, { { 255, 255, 255, 255 } }, "drop.sender_ip" },
		{ { { 2, 0, 0, 0, 0, 2 } }, { { 127, 0, 0, 1 } }, "drop.sender_ip" },
	};
	struct mac mac;
	uint64_t before = count(bad[_i].counter);
	struct arp_pkt a = { 1, 0x0800, 6, 4, ARP_OP_REQUEST, bad[_i].sha, { { 0 } }, bad[_i].spa, own_ip };
	arrive_raw(everyone, &a);
	ck_assert_uint_eq(count(bad[_i].counter), before + 1);
	ck_assert_int_eq(arp_lookup(arp, bad[_i].spa, &mac), -ENOENT);
	expect_silence();
}
END_TEST

START_TEST(own_address_is_defended_once)
{
	struct arp_pkt a = { 1, 0x0800, 6, 4, ARP_OP_REPLY, peer, { { 0 } }, own_ip, peer_ip };
	struct mac mac;
	arrive_raw(everyone, &a);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, own_ip);
	env_advance(&env, 10 * NS_PER_S - 1); /* RFC 5227 section 2.4: each conflict within DEFEND_INTERVAL of the last is endured */
	arrive_raw(everyone, &a);
	env_advance(&env, 20 * NS_PER_S - 2);
	arrive_raw(everyone, &a);
	expect_silence();
	env_advance(&env, 30 * NS_PER_S - 2);
	arrive_raw(everyone, &a);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, own_ip);
	ck_assert_uint_eq(count("conflict"), 4);
	ck_assert_int_eq(arp_lookup(arp, own_ip, &mac), -ENOENT);
}
END_TEST

START_TEST(other_kinds_of_packet_are_refused)
{
	struct arp_pkt good = { 1, 0x0800, 6, 4, ARP_OP_REQUEST, peer, { { 0 } }, peer_ip, own_ip };
	struct arp_pkt bad[5] = { good, good, good, good, good };
	bad[0].htype = 6;
	bad[1].ptype = 0x86dd;
	bad[2].hlen = 8;
	bad[3].plen = 16;
	bad[4].op = 3; /* RARP */
	for (int i = 0; i < 5; i++)
		arrive_raw(everyone, &bad[i]);
	ck_assert_uint_eq(count("drop.type"), 4);
	ck_assert_uint_eq(count("drop.op"), 1);
	uint8_t bytes[14 + ARP_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6 };
	arp_pkt_emit(&good, bytes + 14, ARP_LEN);
	for (uint32_t len = 0; len < ARP_LEN; len++)
		eth_input(eth, buf_from(pool, bytes, 14 + len));
	ck_assert_uint_eq(count("drop.short"), ARP_LEN);
	expect_silence();
	eth_input(eth, buf_from(pool, bytes, sizeof(bytes)));
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, peer_ip);
}
END_TEST

START_TEST(unused_entries_expire)
{
	arrive(ARP_OP_REQUEST, peer, peer_ip, own_ip);
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, peer_ip);
	env_advance(&env, 60 * NS_PER_S - 1);
	ck_assert(knows(peer_ip, peer));
	env_advance(&env, 60 * NS_PER_S);
	ck_assert(!knows(peer_ip, peer));
	expect_silence();
}
END_TEST

START_TEST(used_entries_are_polled_by_unicast)
{
	arrive(ARP_OP_REQUEST, peer, peer_ip, own_ip);
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, peer_ip);
	send_letter('a');
	expect_data(peer, 'a');
	env_advance(&env, 60 * NS_PER_S);
	expect_arp(peer, ARP_OP_REQUEST, own_ip, peer, peer_ip);
	send_letter('b'); /* still usable */
	expect_data(peer, 'b');
	arrive(ARP_OP_REPLY, third, peer_ip, own_ip); /* the neighbour got another card */
	ck_assert(knows(peer_ip, third));
	send_letter('c');
	expect_data(third, 'c');
	env_advance(&env, 120 * NS_PER_S);
	expect_arp(third, ARP_OP_REQUEST, own_ip, third, peer_ip);
	env_advance(&env, 121 * NS_PER_S);
	expect_arp(third, ARP_OP_REQUEST, own_ip, third, peer_ip);
	env_advance(&env, 122 * NS_PER_S);
	expect_silence();
	ck_assert(!knows(peer_ip, third));
	ck_assert_uint_eq(count("expired"), 1);
}
END_TEST

START_TEST(suspicion_polls_at_most_once_a_second)
{
	arp_suspect(arp, peer_ip); /* unknown: nothing to do */
	expect_silence();
	arrive(ARP_OP_REQUEST, peer, peer_ip, own_ip);
	expect_arp(peer, ARP_OP_REPLY, own_ip, peer, peer_ip);
	arp_suspect(arp, peer_ip);
	arp_suspect(arp, peer_ip);
	expect_arp(peer, ARP_OP_REQUEST, own_ip, peer, peer_ip);
	arrive(ARP_OP_REPLY, peer, peer_ip, own_ip);
	arp_suspect(arp, peer_ip);
	expect_silence();
	env_advance(&env, NS_PER_S);
	arp_suspect(arp, peer_ip);
	expect_arp(peer, ARP_OP_REQUEST, own_ip, peer, peer_ip);
}
END_TEST

START_TEST(the_table_is_bounded_and_drops_the_least_used)
{
	for (uint8_t i = 2; i < 6; i++)
		arrive(ARP_OP_REQUEST, (struct mac){ { 2, 0, 0, 0, 0, i } }, (struct ip4_addr){ { 10, 0, 0, i } }, own_ip);
	buf_free_all(sent);
	sent = NULL;
	sent_end = &sent;
	send_letter('a'); /* 10.0.0.2 is the last used now, 10.0.0.3 the least */
	expect_data(peer, 'a');
	arrive(ARP_OP_REQUEST, (struct mac){ { 2, 0, 0, 0, 0, 6 } }, (struct ip4_addr){ { 10, 0, 0, 6 } }, own_ip);
	ck_assert(knows(peer_ip, peer));
	ck_assert(!knows((struct ip4_addr){ { 10, 0, 0, 3 } }, third));
	ck_assert(knows((struct ip4_addr){ { 10, 0, 0, 6 } }, (struct mac){ { 2, 0, 0, 0, 0, 6 } }));
	ck_assert_uint_eq(count("evicted"), 1);
}
END_TEST

START_TEST(entries_just_asked_for_and_static_ones_stay)
{
	ck_assert_int_eq(arp_add_static(arp, peer_ip, peer), 0);
	ck_assert_int_eq(arp_add_static(arp, peer_ip, everyone), -EINVAL);
	arp_set_failed(arp, NULL, NULL);
	for (uint8_t i = 10; i < 13; i++)
		ck_assert_int_eq(arp_send(arp, buf_from(pool, "x", 1), (struct ip4_addr){ { 10, 0, 0, i } }, 0x88b5), 0);
	ck_assert_int_eq(arp_send(arp, buf_from(pool, "x", 1), (struct ip4_addr){ { 10, 0, 0, 20 } }, 0x88b5), -ENOBUFS);
	ck_assert_uint_eq(count("drop.table_full"), 1);
	arrive(ARP_OP_REQUEST, third, peer_ip, own_ip);
	ck_assert(knows(peer_ip, peer));
	env_advance(&env, 3600 * NS_PER_S);
	ck_assert(knows(peer_ip, peer));
	ck_assert_int_eq(arp_remove(arp, peer_ip), 0);
	ck_assert_int_eq(arp_remove(arp, peer_ip), -ENOENT);
}
END_TEST

START_TEST(only_unicast_next_hops_are_resolved)
{
	static const struct ip4_addr bad[] = { { { 224, 0, 0, 1 } }, { { 255, 255, 255, 255 } }, { { 0 } }, { { 127, 0, 0, 1 } } };
	ck_assert_int_eq(arp_send(arp, buf_from(pool, "x", 1), bad[_i], 0x88b5), -EINVAL);
	ck_assert_int_eq(arp_add_address(arp, bad[_i]), -EINVAL);
	expect_silence();
}
END_TEST

START_TEST(ipv4_broadcast_and_multicast_are_mapped)
{
	uint8_t f[2000];
	ck_assert_int_eq(arp_output_ip4(buf_from(pool, "x", 1), (struct ip4_addr){ { 255, 255, 255, 255 } }, arp), 0);
	ck_assert_uint_eq(take_sent(f), 60);
	ck_assert_mem_eq(f, everyone.b, 6);
	ck_assert_int_eq(arp_output_ip4(buf_from(pool, "x", 1), (struct ip4_addr){ { 239, 129, 2, 3 } }, arp), 0);
	ck_assert_uint_eq(take_sent(f), 60);
	ck_assert_mem_eq(f, "\1\0\x5e\1\2\3", 6); /* 23 bits: RFC 1112 section 6.4 */
	ck_assert_uint_eq(get_be16(f + 12), 0x0800);
}
END_TEST

START_TEST(requests_come_from_the_nearest_own_address)
{
	struct ip4_addr near = { { 192, 168, 1, 1 } }, far_peer = { { 192, 168, 1, 9 } };
	ck_assert_int_eq(arp_add_address(arp, near), 0);
	ck_assert_int_eq(arp_add_address(arp, near), -EEXIST);
	arp_send(arp, buf_from(pool, "x", 1), far_peer, 0x88b5);
	expect_arp(everyone, ARP_OP_REQUEST, near, zero, far_peer);
	ck_assert_int_eq(arp_remove_address(arp, near), 0);
	ck_assert_int_eq(arp_remove_address(arp, near), -ENOENT);
	arrive(ARP_OP_REQUEST, peer, peer_ip, near);
	expect_silence();
}
END_TEST

START_TEST(addresses_are_announced_when_configured)
{
	expect_silence();
	ck_assert_int_eq(arp_announce(arp, own_ip), 0);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, own_ip);
	ck_assert_int_eq(arp_announce(arp, peer_ip), -ENOENT);
	teardown();
	struct arp_config config = small();
	config.announcements = 2; /* RFC 5227 section 2.3 */
	start(&config);
	env_advance(&env, 0);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, own_ip);
	env_advance(&env, 2 * NS_PER_S - 1);
	expect_silence();
	env_advance(&env, 2 * NS_PER_S);
	expect_arp(everyone, ARP_OP_REQUEST, own_ip, zero, own_ip);
	ck_assert_uint_eq(timers_next(&env.timers), TIMER_NEVER);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arp");
	TCase *tc = tcase_create("arp");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, resolving_sends_what_waited_in_order);
	tcase_add_test(tc, the_queue_keeps_the_latest);
	tcase_add_test(tc, requests_back_off_and_end);
	tcase_add_test(tc, requests_never_flood);
	tcase_add_test(tc, requests_for_us_are_answered_and_learned);
	tcase_add_test(tc, probes_are_answered_but_not_learned);
	tcase_add_test(tc, unsolicited_packets_update_but_never_create);
	tcase_add_loop_test(tc, impossible_senders_are_refused, 0, 7);
	tcase_add_test(tc, own_address_is_defended_once);
	tcase_add_test(tc, other_kinds_of_packet_are_refused);
	tcase_add_test(tc, unused_entries_expire);
	tcase_add_test(tc, used_entries_are_polled_by_unicast);
	tcase_add_test(tc, suspicion_polls_at_most_once_a_second);
	tcase_add_test(tc, the_table_is_bounded_and_drops_the_least_used);
	tcase_add_test(tc, entries_just_asked_for_and_static_ones_stay);
	tcase_add_loop_test(tc, only_unicast_next_hops_are_resolved, 0, 4);
	tcase_add_test(tc, ipv4_broadcast_and_multicast_are_mapped);
	tcase_add_test(tc, requests_come_from_the_nearest_own_address);
	tcase_add_test(tc, addresses_are_announced_when_configured);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
