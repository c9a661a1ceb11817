/* SPDX-License-Identifier: ISC */
#include "stack/wire/arp.h"
#include "stack/wire/eth.h"
#include "stack/wire/wire_test.h"

START_TEST(request_both_ways)
{
	uint8_t bytes[2048], out[ARP_LEN];
	size_t n = golden_bytes("arp_req", ETH_HDR_LEN, bytes, sizeof(bytes));
	ck_assert_uint_eq(n, ETH_MIN_FRAME - ETH_HDR_LEN);
	struct arp_pkt a;
	ck_assert_int_eq(arp_pkt_parse(&a, bytes, n), ARP_LEN);
	ck_assert(a.htype == 1 && a.ptype == 0x0800 && a.hlen == 6 && a.plen == 4 && a.op == ARP_OP_REQUEST);
	ck_assert_mem_eq(a.sha.b, "\x02\0\0\0\0\x01", 6);
	ck_assert_mem_eq(a.tha.b, "\0\0\0\0\0\0", 6);
	ck_assert_uint_eq(ip4_u32(a.spa), 0x0a000001);
	ck_assert_uint_eq(ip4_u32(a.tpa), 0x0a000002);
	ck_assert_int_eq(arp_pkt_emit(&a, out, sizeof(out)), ARP_LEN);
	ck_assert_mem_eq(out, bytes, ARP_LEN);
	ASSERT_PRINTS(arp_pkt_print, &a, "ARP, Request who-has 10.0.0.2 tell 10.0.0.1");
	ASSERT_PREFIXES(arp_pkt_parse, &a, bytes, ARP_LEN, -EBADMSG);
	ASSERT_NO_SPACE(arp_pkt_emit, &a, ARP_LEN);
}
END_TEST

START_TEST(reply_both_ways)
{
	uint8_t bytes[2048], out[ARP_LEN];
	size_t n = golden_bytes("arp_rep", ETH_HDR_LEN, bytes, sizeof(bytes));
	struct arp_pkt a;
	ck_assert_int_eq(arp_pkt_parse(&a, bytes, n), ARP_LEN);
	ck_assert_mem_eq(a.tha.b, "\x02\0\0\0\0\x01", 6);
	ASSERT_PRINTS(arp_pkt_print, &a, "ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02");
	ck_assert_int_eq(arp_pkt_emit(&a, out, sizeof(out)), ARP_LEN);
	ck_assert_mem_eq(out, bytes, ARP_LEN);
	a.op = 9;
	ASSERT_PRINTS(arp_pkt_print, &a, "ARP, op 9, 10.0.0.2 at 02:00:00:00:00:02, target 10.0.0.1");
}
END_TEST

START_TEST(foreign_kinds_are_told_apart)
{
	uint8_t good[2048], bad[ARP_LEN];
	golden_bytes("arp_req", ETH_HDR_LEN, good, sizeof(good));
	for (size_t at = 0; at < 6; at++) { /* htype, ptype, hlen, plen */
		memcpy(bad, good, sizeof(bad));
		bad[at] ^= 0x10;
		struct arp_pkt a;
		ck_assert_int_eq(arp_pkt_parse(&a, bad, sizeof(bad)), -EPROTONOSUPPORT);
		ck_assert(a.htype == get_be16(bad) && a.ptype == get_be16(bad + 2) && a.hlen == bad[4] && a.plen == bad[5] && a.op == 1);
		ck_assert_uint_eq(ip4_u32(a.spa), 0);
		uint8_t out[ARP_LEN];
		ck_assert_int_eq(arp_pkt_emit(&a, out, sizeof(out)), ARP_LEN);
		ck_assert_mem_eq(out, bad, 8);
	}
	struct arp_pkt a = { .htype = 6, .ptype = 0x0800, .hlen = 8, .plen = 4, .op = 1 };
	ASSERT_PRINTS(arp_pkt_print, &a, "ARP, hardware 6 (len 8), protocol 0x0800 (len 4), op 1");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arp");
	TCase *tc = tcase_create("arp");
	tcase_add_test(tc, request_both_ways);
	tcase_add_test(tc, reply_both_ways);
	tcase_add_test(tc, foreign_kinds_are_told_apart);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
