/* SPDX-License-Identifier: ISC */
#include "stack/wire/icmp4.h"
#include "stack/wire/checksum.h"
#include "stack/wire/wire_test.h"

#define AT (14 + 20) /* behind Ethernet and IPv4 */

static struct icmp4_hdr both_ways(const char *name, const char *line)
{
	uint8_t bytes[2048], out[ICMP4_HDR_LEN];
	size_t len = golden_bytes(name, AT, bytes, sizeof(bytes));
	ck_assert_uint_eq(checksum_finish(checksum_add(0, bytes, len)), 0);
	struct icmp4_hdr h, short_h;
	ck_assert_int_eq(icmp4_hdr_parse(&h, bytes, len), ICMP4_HDR_LEN);
	ck_assert_int_eq(icmp4_hdr_emit(&h, out, sizeof(out)), ICMP4_HDR_LEN);
	ck_assert_mem_eq(out, bytes, sizeof(out));
	ASSERT_PRINTS(icmp4_hdr_print, &h, line);
	ASSERT_PREFIXES(icmp4_hdr_parse, &short_h, bytes, ICMP4_HDR_LEN, -EBADMSG);
	ASSERT_NO_SPACE(icmp4_hdr_emit, &h, ICMP4_HDR_LEN);
	return h;
}

START_TEST(messages_both_ways)
{
	struct icmp4_hdr h = both_ways("icmp_echo", "ICMP echo request, id 119, seq 3");
	ck_assert(h.type == 8 && h.code == 0 && h.checksum == 0x2ab5 && h.id == 0x77 && h.seq == 3 && h.mtu == 0);
	h = both_ways("icmp_frag", "ICMP unreachable - need to frag (mtu 1400)");
	ck_assert(h.type == 3 && h.code == 4 && h.mtu == 1400 && h.id == 0 && h.seq == 0);
	h = both_ways("icmp_redir", "ICMP redirect host to 10.0.0.253");
	ck_assert(ip4_u32(h.gateway) == 0x0a0000fd && h.mtu == 0 && h.id == 0);
	h = both_ways("icmp_param", "ICMP parameter problem - octet 20");
	ck_assert(h.pointer == 20 && ip4_u32(h.gateway) == 0);
}
END_TEST

START_TEST(each_type_has_its_own_fields)
{
	static const uint8_t id_types[] = { 0, 8, 13, 14, 15, 16, 17, 18 };
	for (unsigned type = 0; type < 256; type++) {
		bool has_id = memchr(id_types, (int)type, sizeof(id_types));
		uint8_t bytes[] = { (uint8_t)type, 4, 0, 0, 0x11, 0x22, 0x33, 0x44 };
		struct icmp4_hdr h;
		icmp4_hdr_parse(&h, bytes, sizeof(bytes));
		ck_assert_uint_eq(h.id, has_id ? 0x1122 : 0);
		ck_assert_uint_eq(h.seq, has_id ? 0x3344 : 0);
		ck_assert_uint_eq(h.mtu, type == 3 ? 0x3344 : 0);
		ck_assert_uint_eq(h.pointer, type == 12 ? 0x11 : 0);
		ck_assert_uint_eq(ip4_u32(h.gateway), type == 5 ? 0x11223344 : 0);
	}
	uint8_t bytes[] = { 3, 1, 0, 0, 0x11, 0x22, 0x33, 0x44 };
	struct icmp4_hdr h;
	icmp4_hdr_parse(&h, bytes, sizeof(bytes));
	ck_assert_uint_eq(h.mtu, 0);
}
END_TEST

START_TEST(errors_are_told_from_queries)
{
	/* RFC 1122 section 3.2.2 */
	for (unsigned type = 0; type < 256; type++)
		ck_assert_int_eq(icmp4_is_error((uint8_t)type), type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}
END_TEST

START_TEST(lines)
{
	static const struct {
		struct icmp4_hdr h;
		const char *line;
	} cases[] = {
		{ { .type = 0, .id = 1, .seq = 2 }, "ICMP echo reply, id 1, seq 2" },
		{ { .type = 3, .code = 0 }, "ICMP net unreachable" },
		{ { .type = 3, .code = 1 }, "ICMP host unreachable" },
		{ { .type = 3, .code = 2 }, "ICMP protocol unreachable" },
		{ { .type = 3, .code = 3 }, "ICMP port unreachable" },
		{ { .type = 3, .code = 4 }, "ICMP unreachable - need to frag" },
		{ { .type = 3, .code = 5 }, "ICMP unreachable - source route failed" },
		{ { .type = 3, .code = 15 }, "ICMP unreachable - precedence cutoff" },
		{ { .type = 3, .code = 16 }, "ICMP unreachable - code 16" },
		{ { .type = 4 }, "ICMP source quench" },
		{ { .type = 5, .code = 0, .gateway = { { 1, 2, 3, 4 } } }, "ICMP redirect net to 1.2.3.4" },
		{ { .type = 11, .code = 0 }, "ICMP time exceeded in-transit" },
		{ { .type = 11, .code = 1 }, "ICMP ip reassembly time exceeded" },
		{ { .type = 11, .code = 2 }, "ICMP time exceeded-#2" },
		{ { .type = 13, .id = 1, .seq = 2 }, "ICMP time stamp query id 1 seq 2" },
		{ { .type = 14, .id = 1, .seq = 2 }, "ICMP time stamp reply id 1 seq 2" },
		{ { .type = 42, .code = 7 }, "ICMP type-#42 code 7" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ASSERT_PRINTS(icmp4_hdr_print, &cases[i].h, cases[i].line);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("icmp4");
	TCase *tc = tcase_create("icmp4");
	tcase_add_test(tc, messages_both_ways);
	tcase_add_test(tc, each_type_has_its_own_fields);
	tcase_add_test(tc, errors_are_told_from_queries);
	tcase_add_test(tc, lines);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
