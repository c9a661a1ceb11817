/* SPDX-License-Identifier: ISC */
#include "stack/base/unit.h"
#include "stack/link/eth.h"
#include "stack/link/vlan.h"

#include <errno.h>

static const struct mac own = { { 2, 0, 0, 0, 0, 1 } }, peer = { { 2, 0, 0, 0, 0, 2 } };
static const struct mac everyone = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }, group = { { 1, 0, 0x5e, 0, 0, 1 } };
static struct buf_pool *pool;
static struct env env;
static struct eth *eth;
static struct buf *sent;

struct inbox {
	unsigned n;
	uint32_t len;
	uint8_t bytes[2000];
	struct eth_rx rx;
};
static struct inbox inbox, other;

static void transmit(struct buf *frame, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(sent);
	sent = frame;
}

static void take(struct buf *b, const struct eth_rx *rx, void *arg)
{
	struct inbox *in = arg;
	in->n++;
	in->rx = *rx;
	in->len = b->len;
	memcpy(in->bytes, b->data, b->len);
	buf_free(b);
}

static void setup(void)
{
	struct eth_config config = eth_config_default(own);
	pool = buf_pool_create();
	env_init(&env, 1, "eth_test", pool);
	ck_assert_int_eq(eth_create(&env, &config, transmit, NULL, &eth), 0);
	inbox = other = (struct inbox){ 0 };
	sent = NULL;
}

static void teardown(void)
{
	buf_free(sent);
	eth_destroy(eth);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static void arrive(struct mac dst, struct mac src, uint16_t type, const void *payload, uint32_t len)
{
	struct buf *b = buf_alloc(pool, 0, ETH_HDR_LEN + len);
	eth_hdr_emit(&(struct eth_hdr){ dst, src, type }, b->data, b->len);
	memcpy(b->data + ETH_HDR_LEN, payload, len);
	eth_input(eth, b);
}

static uint64_t count_in(struct counter_set set, const char *name)
{
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

static uint64_t count(const char *name)
{
	return count_in(eth_counters(eth), name);
}

START_TEST(each_type_goes_to_its_layer)
{
	ck_assert_int_eq(eth_register(eth, 0x88b5, take, &inbox), 0);
	ck_assert_int_eq(eth_register(eth, 0x88b6, take, &other), 0);
	arrive(own, peer, 0x88b5, "for one", 7);
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_uint_eq(other.n, 0);
	ck_assert_mem_eq(inbox.bytes, "for one", 7);
	ck_assert_uint_eq(inbox.rx.type, 0x88b5);
	ck_assert(mac_equal(inbox.rx.src, peer) && mac_equal(inbox.rx.dst, own));
}
END_TEST

START_TEST(registration_refuses_and_releases)
{
	ck_assert_int_eq(eth_register(eth, 0x88b5, take, &inbox), 0);
	ck_assert_int_eq(eth_register(eth, 0x88b5, take, &other), -EADDRINUSE);
	ck_assert_int_eq(eth_register(eth, 0x05ff, take, &other), -EINVAL);
	ck_assert_int_eq(eth_register(eth, 0x88b6, NULL, &other), -EINVAL);
	arrive(own, peer, 0x88b5, "x", 1);
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_int_eq(eth_unregister(eth, 0x88b5), 0);
	ck_assert_int_eq(eth_unregister(eth, 0x88b5), -ENOENT);
	arrive(own, peer, 0x88b5, "x", 1);
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_uint_eq(count("drop.unclaimed"), 1);
	eth_set_unclaimed(eth, take, &other);
	arrive(own, peer, 0x88b5, "x", 1);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_uint_eq(count("unclaimed"), 2);
	ck_assert_uint_eq(count("drop.unclaimed"), 1);
}
END_TEST

START_TEST(only_frames_for_us_come_in)
{
	eth_register(eth, 0x88b5, take, &inbox);
	arrive(own, peer, 0x88b5, "x", 1);
	arrive(everyone, peer, 0x88b5, "x", 1);
	arrive(group, peer, 0x88b5, "x", 1);
	ck_assert_uint_eq(inbox.n, 3);
	arrive(peer, peer, 0x88b5, "x", 1);
	ck_assert_uint_eq(inbox.n, 3);
	ck_assert_uint_eq(count("drop.not_for_us"), 1);
	arrive(own, group, 0x88b5, "x", 1);
	ck_assert_uint_eq(inbox.n, 3);
	ck_assert_uint_eq(count("drop.multicast_source"), 1);
}
END_TEST

START_TEST(short_and_oversize_frames_are_dropped)
{
	static const uint8_t payload[1600];
	eth_register(eth, 0x88b5, take, &inbox);
	for (uint32_t len = 0; len < ETH_HDR_LEN; len++)
		eth_input(eth, buf_from(pool, payload, len));
	ck_assert_uint_eq(count("drop.short"), ETH_HDR_LEN);
	arrive(own, peer, 0x88b5, payload, 0);
	arrive(own, peer, 0x88b5, payload, 1504);
	ck_assert_uint_eq(inbox.n, 2);
	arrive(own, peer, 0x88b5, payload, 1505);
	ck_assert_uint_eq(inbox.n, 2);
	ck_assert_uint_eq(count("drop.oversize"), 1);
}
END_TEST

/* RFC 1042: length, then AA-AA-03-00-00-00, then the EtherType. */
START_TEST(snap_frames_are_accepted)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0xb5, 'd', 'a', 't', 'a', 0, 0, 0 };
	eth_register(eth, 0x88b5, take, &inbox);
	arrive(own, peer, 12, snap, sizeof(snap));
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_uint_eq(inbox.rx.type, 0x88b5);
	ck_assert_uint_eq(inbox.len, 4); /* padding cut by the length */
	ck_assert_mem_eq(inbox.bytes, "data", 4);
	arrive(own, peer, sizeof(snap) + 1, snap, sizeof(snap));
	arrive(own, peer, 1501, snap, sizeof(snap));
	ck_assert_uint_eq(count("drop.length"), 2);
	for (uint16_t len = 0; len < 8; len++)
		arrive(own, peer, len, snap, sizeof(snap));
	arrive(own, peer, 12,
		"\xaa\xaa\x03\0\0\x01\x88\xb5"
		"data",
		12); /* another organisation's code */
	arrive(own, peer, 12,
		"\x42\x42\x03\0\0\0\x88\xb5"
		"data",
		12); /* spanning tree */
	arrive(own, peer, 12,
		"\xaa\xaa\x03\0\0\0\x05\xff"
		"data",
		12);
	ck_assert_uint_eq(count("drop.llc"), 11);
	ck_assert_uint_eq(inbox.n, 1);
}
END_TEST

START_TEST(padding_is_zeros)
{
	struct buf *dirty = buf_alloc(pool, BUF_HEADROOM, 200);
	memset(dirty->data - BUF_HEADROOM, 0xee, BUF_HEADROOM + 200);
	buf_free(dirty); /* the next buffer reuses this storage */
	struct buf *b = buf_alloc(pool, BUF_HEADROOM, 3);
	memcpy(b->data, "abc", 3);
	ck_assert_int_eq(eth_send(eth, b, peer, 0x88b5), 0);
	ck_assert_uint_eq(sent->len, 60);
	ck_assert_mem_eq(sent->data,
		"\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5"
		"abc",
		17);
	for (uint32_t i = 17; i < 60; i++)
		ck_assert_uint_eq(sent->data[i], 0);
}
END_TEST

START_TEST(sending_keeps_the_mtu)
{
	ck_assert_int_eq(eth_send(eth, buf_alloc(pool, BUF_HEADROOM, 1501), peer, 0x88b5), -EMSGSIZE);
	ck_assert_int_eq(eth_send(eth, buf_alloc(pool, BUF_HEADROOM, 100), peer, 0x0599), -EINVAL);
	ck_assert_ptr_null(sent);
	ck_assert_int_eq(eth_send(eth, buf_alloc(pool, BUF_HEADROOM, 1500), peer, 0x88b5), 0);
	ck_assert_uint_eq(sent->len, 1514);
}
END_TEST

START_TEST(configurations_out_of_range_are_refused)
{
	struct eth *none;
	struct eth_config multicast = eth_config_default(group), tiny = eth_config_default(own), huge = tiny;
	tiny.mtu = 45;
	huge.mtu = 65536;
	ck_assert_int_eq(eth_create(&env, &multicast, transmit, NULL, &none), -EINVAL);
	ck_assert_int_eq(eth_create(&env, &tiny, transmit, NULL, &none), -EINVAL);
	ck_assert_int_eq(eth_create(&env, &huge, transmit, NULL, &none), -EINVAL);
	tiny.mtu = 1500;
	ck_assert_int_eq(eth_create(&env, &tiny, NULL, NULL, &none), -EINVAL);
}
END_TEST

START_TEST(vlans_are_interfaces_of_their_own)
{
	struct vlan *vlan, *second;
	struct eth *five, *six;
	ck_assert_int_eq(vlan_create(&env, eth, 2, &vlan), 0);
	ck_assert_int_eq(vlan_create(&env, eth, 2, &second), -EADDRINUSE);
	ck_assert_int_eq(vlan_add(vlan, 5, 3, &five), 0);
	ck_assert_int_eq(vlan_add(vlan, 5, 0, &six), -EADDRINUSE);
	ck_assert_int_eq(vlan_add(vlan, 0, 0, &six), -EINVAL);
	ck_assert_int_eq(vlan_add(vlan, 4095, 0, &six), -EINVAL);
	ck_assert_int_eq(vlan_add(vlan, 6, 0, &six), 0);
	ck_assert_int_eq(eth_register(five, 0x88b5, take, &inbox), 0);
	ck_assert_int_eq(eth_register(eth, 0x88b5, take, &other), 0);
	arrive(own, peer, ETHERTYPE_VLAN,
		"\xe0\x05\x88\xb5"
		"tagged",
		10);
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_mem_eq(inbox.bytes, "tagged", 6);
	arrive(own, peer, ETHERTYPE_VLAN,
		"\0\6\x88\xb5"
		"nobody",
		10); /* VLAN 6 has no such layer */
	arrive(own, peer, ETHERTYPE_VLAN,
		"\0\7\x88\xb5"
		"unknown",
		11);
	arrive(own, peer, ETHERTYPE_VLAN, "\0\5\x88", 3);
	ck_assert_uint_eq(inbox.n, 1);
	ck_assert_uint_eq(count_in(eth_counters(six), "drop.unclaimed"), 1);
	ck_assert_uint_eq(count_in(vlan_counters(vlan), "drop.unknown_vid"), 1);
	ck_assert_uint_eq(count_in(vlan_counters(vlan), "drop.short"), 1);
	ck_assert_uint_eq(other.n, 0);
	ck_assert_int_eq(eth_send(five, buf_from(pool, "out", 3), peer, 0x88b5), 0);
	ck_assert_mem_eq(sent->data, "\2\0\0\0\0\2\2\0\0\0\0\1\x81\0\x60\5\x88\xb5out", 21);
	ck_assert_int_eq(vlan_remove(vlan, 6), 0);
	ck_assert_int_eq(vlan_remove(vlan, 6), -ENOENT);
	vlan_destroy(vlan);
	ck_assert_int_eq(vlan_create(&env, eth, 2, &vlan), 0); /* the slot is free again */
	vlan_destroy(vlan);
}
END_TEST

START_TEST(priority_tagged_frames_are_untagged_ones)
{
	struct vlan *vlan;
	ck_assert_int_eq(vlan_create(&env, eth, 1, &vlan), 0);
	eth_register(eth, 0x88b5, take, &other);
	arrive(own, peer, ETHERTYPE_VLAN,
		"\xa0\0\x88\xb5"
		"hello",
		9);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_mem_eq(other.bytes, "hello", 5);
	arrive(own, peer, ETHERTYPE_VLAN, "\xa0\0\x81\0\0\0\x88\xb5", 8); /* must not go round and round */
	ck_assert_uint_eq(count_in(vlan_counters(vlan), "drop.type"), 1);
	vlan_destroy(vlan);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("eth");
	TCase *tc = tcase_create("eth");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_type_goes_to_its_layer);
	tcase_add_test(tc, registration_refuses_and_releases);
	tcase_add_test(tc, only_frames_for_us_come_in);
	tcase_add_test(tc, short_and_oversize_frames_are_dropped);
	tcase_add_test(tc, snap_frames_are_accepted);
	tcase_add_test(tc, padding_is_zeros);
	tcase_add_test(tc, sending_keeps_the_mtu);
	tcase_add_test(tc, configurations_out_of_range_are_refused);
	tcase_add_test(tc, vlans_are_interfaces_of_their_own);
	tcase_add_test(tc, priority_tagged_frames_are_untagged_ones);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
