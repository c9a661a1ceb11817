/* SPDX-License-Identifier: ISC */
#include "stack/wire/eth.h"
#include "stack/wire/wire_test.h"

START_TEST(ethernet_header_both_ways)
{
	uint8_t bytes[2048], out[ETH_HDR_LEN];
	golden_bytes("ethx", 0, bytes, sizeof(bytes));
	struct eth_hdr h;
	ck_assert_int_eq(eth_hdr_parse(&h, bytes, ETH_HDR_LEN), ETH_HDR_LEN);
	ck_assert_mem_eq(h.dst.b, "\x02\0\0\0\0\x02", 6);
	ck_assert_mem_eq(h.src.b, "\x02\0\0\0\0\x01", 6);
	ck_assert_uint_eq(h.type, ETHERTYPE_EXPERIMENTAL);
	ck_assert_int_eq(eth_hdr_emit(&h, out, sizeof(out)), ETH_HDR_LEN);
	ck_assert_mem_eq(out, bytes, ETH_HDR_LEN);
	ASSERT_PREFIXES(eth_hdr_parse, &h, bytes, ETH_HDR_LEN, -EBADMSG);
	ASSERT_NO_SPACE(eth_hdr_emit, &h, ETH_HDR_LEN);
}
END_TEST

START_TEST(ethernet_header_prints_as_tcpdump_e)
{
	static const struct {
		uint16_t type;
		const char *line;
	} cases[] = {
		{ ETHERTYPE_IP4, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype IPv4 (0x0800)" },
		{ ETHERTYPE_ARP, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806)" },
		{ ETHERTYPE_IP6, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype IPv6 (0x86dd)" },
		{ ETHERTYPE_VLAN, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype 802.1Q (0x8100)" },
		{ ETHERTYPE_QINQ, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype 802.1Q-QinQ (0x88a8)" },
		{ ETH_TYPE_MIN, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype Unknown (0x0600)" },
		{ ETH_TYPE_MIN - 1, "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, 802.3, length 1535" },
	};
	struct eth_hdr h = { .dst = { { 255, 255, 255, 255, 255, 255 } }, .src = { { 2, 0, 0, 0, 0, 1 } } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		h.type = cases[i].type;
		ASSERT_PRINTS(eth_hdr_print, &h, cases[i].line);
	}
}
END_TEST

START_TEST(vlan_tag_both_ways)
{
	uint8_t bytes[2048], out[VLAN_TAG_LEN];
	golden_bytes("vlan", ETH_HDR_LEN, bytes, sizeof(bytes));
	struct vlan_tag t;
	ck_assert_int_eq(vlan_tag_parse(&t, bytes, VLAN_TAG_LEN), VLAN_TAG_LEN);
	ck_assert(t.pcp == 3 && t.dei && t.vid == 5 && t.type == ETHERTYPE_IP4);
	ck_assert_int_eq(vlan_tag_emit(&t, out, sizeof(out)), VLAN_TAG_LEN);
	ck_assert_mem_eq(out, bytes, VLAN_TAG_LEN);
	ASSERT_PRINTS(vlan_tag_print, &t, "vlan 5, p 3, DEI, ethertype IPv4 (0x0800)");
	ASSERT_PREFIXES(vlan_tag_parse, &t, bytes, VLAN_TAG_LEN, -EBADMSG);
	ASSERT_NO_SPACE(vlan_tag_emit, &t, VLAN_TAG_LEN);
}
END_TEST

START_TEST(every_tag_survives_the_round_trip)
{
	for (uint32_t tci = 0; tci < 65536; tci++) {
		uint8_t in[VLAN_TAG_LEN], out[VLAN_TAG_LEN];
		put_be16(in, (uint16_t)tci);
		put_be16(in + 2, 0x1234);
		struct vlan_tag t;
		vlan_tag_parse(&t, in, sizeof(in));
		ck_assert(t.pcp == tci >> 13 && t.dei == (tci >> 12 & 1) && t.vid == (tci & 0xfff));
		vlan_tag_emit(&t, out, sizeof(out));
		ck_assert_mem_eq(in, out, sizeof(in));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("eth");
	TCase *tc = tcase_create("eth");
	tcase_add_test(tc, ethernet_header_both_ways);
	tcase_add_test(tc, ethernet_header_prints_as_tcpdump_e);
	tcase_add_test(tc, vlan_tag_both_ways);
	tcase_add_test(tc, every_tag_survives_the_round_trip);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
