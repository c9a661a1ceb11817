/* SPDX-License-Identifier: ISC */
#include "stack/wire/ip6.h"
#include "stack/wire/eth.h"
#include "stack/wire/wire_test.h"

START_TEST(header_both_ways)
{
	uint8_t bytes[2048], out[IP6_HDR_LEN];
	size_t len = golden_bytes("ip6_tcp", ETH_HDR_LEN, bytes, sizeof(bytes));
	struct ip6_hdr h;
	ck_assert_int_eq(ip6_hdr_parse(&h, bytes, len), IP6_HDR_LEN);
	ck_assert(h.version == 6 && h.traffic_class == 2 && h.flow_label == 0x12345 && h.next_header == 6 && h.hop_limit == 64);
	ck_assert_uint_eq(h.payload_len, len - IP6_HDR_LEN);
	ck_assert(h.src.b[0] == 0x20 && h.src.b[15] == 1 && h.dst.b[15] == 2);
	ck_assert_int_eq(ip6_hdr_emit(&h, out, sizeof(out)), IP6_HDR_LEN);
	ck_assert_mem_eq(out, bytes, sizeof(out));
	ASSERT_PRINTS(
		ip6_hdr_print, &h, "IP6 (class 0x02, flowlabel 0x12345, hlim 64, next-header TCP (6) payload length: 24) 2001:db8::1 > 2001:db8::2");
	ASSERT_NO_SPACE(ip6_hdr_emit, &h, IP6_HDR_LEN);
	ASSERT_PREFIXES(ip6_hdr_parse, &h, bytes, IP6_HDR_LEN, -EBADMSG);
}
END_TEST

START_TEST(version_is_judged_and_the_first_word_whole)
{
	uint8_t bytes[IP6_HDR_LEN] = { 0 }, out[IP6_HDR_LEN];
	struct ip6_hdr h;
	for (unsigned v = 0; v < 16; v++) {
		bytes[0] = (uint8_t)(v << 4);
		ck_assert_int_eq(ip6_hdr_parse(&h, bytes, sizeof(bytes)), v == 6 ? IP6_HDR_LEN : -EPROTONOSUPPORT);
	}
	for (unsigned bit = 0; bit < 28; bit++) {
		put_be32(bytes, 0x60000000u | 1u << bit);
		ip6_hdr_parse(&h, bytes, sizeof(bytes));
		ck_assert_uint_eq(h.flow_label, bit < 20 ? 1u << bit : 0);
		ck_assert_uint_eq(h.traffic_class, bit < 20 ? 0 : 1u << (bit - 20));
		ip6_hdr_emit(&h, out, sizeof(out));
		ck_assert_mem_eq(out, bytes, sizeof(out));
	}
}
END_TEST

START_TEST(extension_chain)
{
	uint8_t bytes[2048];
	size_t len = golden_bytes("ext", ETH_HDR_LEN + IP6_HDR_LEN, bytes, sizeof(bytes));
	static const struct {
		uint8_t kind, next;
		int len;
		const char *line;
	} steps[] = {
		{ IP6_NEXT_HOPOPTS, IP6_NEXT_DSTOPTS, 8, "HBH (len=8)" },
		{ IP6_NEXT_DSTOPTS, IP6_NEXT_ROUTING, 16, "DSTOPT (len=16)" },
		{ IP6_NEXT_ROUTING, 17, 24, "srcrt (len=24, type=0, segleft=1)" },
	};
	const uint8_t *p = bytes;
	for (size_t i = 0; i < 3; i++) {
		struct ip6_ext e;
		ck_assert_int_eq(ip6_ext_parse(&e, steps[i].kind, p, len - (size_t)(p - bytes)), steps[i].len);
		ck_assert(e.kind == steps[i].kind && e.next_header == steps[i].next && e.len == steps[i].len);
		ASSERT_PRINTS(ip6_ext_print, &e, steps[i].line);
		for (int n = 0; n < steps[i].len; n++) {
			uint8_t *copy = exact_copy(p, (size_t)n);
			ck_assert_int_eq(ip6_ext_parse(&e, steps[i].kind, copy, (size_t)n), -EBADMSG);
			exact_free(copy, (size_t)n);
		}
		p += steps[i].len;
	}
}
END_TEST

START_TEST(fragment_header_both_ways)
{
	uint8_t bytes[2048], out[8];
	struct ip6_ext e;
	size_t len = golden_bytes("frag6_1", ETH_HDR_LEN + IP6_HDR_LEN, bytes, sizeof(bytes));
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_FRAGMENT, bytes, len), 8);
	ck_assert(e.next_header == 17 && e.offset == 0 && e.more && e.id == 0xdeadbeef);
	ASSERT_PRINTS(ip6_ext_print, &e, "frag (0xdeadbeef:0|more)");
	ck_assert_int_eq(ip6_fragment_emit(&e, out, sizeof(out)), 8);
	ck_assert_mem_eq(out, bytes, 8);
	ASSERT_NO_SPACE(ip6_fragment_emit, &e, 8);
	len = golden_bytes("frag6_2", ETH_HDR_LEN + IP6_HDR_LEN, bytes, sizeof(bytes));
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_FRAGMENT, bytes, len), 8);
	ck_assert(e.offset == 24 && !e.more);
	ASSERT_PRINTS(ip6_ext_print, &e, "frag (0xdeadbeef:24|last)");
	/* RFC 8200 section 4.5: what the length byte would be is reserved and ignored, and so are two bits beside the flag. */
	bytes[1] = 0xff;
	put_be16(bytes + 2, 0xffff);
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_FRAGMENT, bytes, 8), 8);
	ck_assert(e.offset == 65528 && e.more && e.len == 8);
}
END_TEST

START_TEST(lengths_at_their_bounds)
{
	static uint8_t bytes[2048] = { [0] = 59, [1] = 255 };
	struct ip6_ext e;
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_DSTOPTS, bytes, 2047), -EBADMSG);
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_DSTOPTS, bytes, 2048), 2048);
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_AH, bytes, 1028), 1028);
	bytes[1] = 4; /* AH with a 96-bit check value: RFC 4302 section 2.2 */
	ck_assert_int_eq(ip6_ext_parse(&e, IP6_NEXT_AH, bytes, 2048), 24);
	ASSERT_PRINTS(ip6_ext_print, &e, "AH (len=24)");
	for (unsigned kind = 0; kind < 256; kind++) {
		bool ext = kind == 0 || kind == 43 || kind == 44 || kind == 51 || kind == 60;
		ck_assert_int_eq(ip6_is_ext((uint8_t)kind), ext);
		if (!ext)
			ck_assert_int_eq(ip6_ext_parse(&e, (uint8_t)kind, bytes, 2048), -EPROTONOSUPPORT);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ip6");
	TCase *tc = tcase_create("ip6");
	tcase_add_test(tc, header_both_ways);
	tcase_add_test(tc, version_is_judged_and_the_first_word_whole);
	tcase_add_test(tc, extension_chain);
	tcase_add_test(tc, fragment_header_both_ways);
	tcase_add_test(tc, lengths_at_their_bounds);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
