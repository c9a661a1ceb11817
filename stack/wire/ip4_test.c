/* SPDX-License-Identifier: ISC */
#include "stack/wire/ip4.h"
#include "stack/wire/eth.h"
#include "stack/wire/wire_test.h"

/* Parses the golden frame's header, checks what is said of it, and emits it again. */
static struct ip4_hdr both_ways(const char *name, const char *line)
{
	uint8_t bytes[2048], out[IP4_HDR_MAX];
	size_t len = golden_bytes(name, ETH_HDR_LEN, bytes, sizeof(bytes));
	struct ip4_hdr h;
	int n = ip4_hdr_parse(&h, bytes, len);
	ck_assert_int_eq(n, h.header_len);
	ck_assert_uint_eq(h.total_len, len);
	ck_assert(ip4_hdr_checksum_ok(bytes, (size_t)n));
	ASSERT_PRINTS(ip4_hdr_print, &h, line);
	ck_assert_int_eq(ip4_hdr_emit(&h, out, sizeof(out)), n);
	ck_assert_mem_eq(out, bytes, (size_t)n);
	h.checksum = 0;
	ip4_hdr_emit(&h, out, sizeof(out));
	ck_assert(!ip4_hdr_checksum_ok(out, (size_t)n));
	ip4_hdr_set_checksum(out, (size_t)n);
	ck_assert_mem_eq(out, bytes, (size_t)n);
	ASSERT_NO_SPACE(ip4_hdr_emit, &h, n);
	struct ip4_hdr short_h;
	ASSERT_PREFIXES(ip4_hdr_parse, &short_h, bytes, n, -EBADMSG);
	return h;
}

START_TEST(headers_both_ways)
{
	struct ip4_hdr h = both_ways("tcp_syn", "IP (tos 0x0, ttl 64, id 4660, offset 0, flags [DF], proto TCP (6), length 60) 10.0.0.1 > 10.0.0.2");
	ck_assert(h.version == 4 && h.header_len == 20 && h.tos == 0 && h.id == 0x1234 && h.df && !h.mf && !h.reserved && h.offset == 0);
	ck_assert(h.ttl == 64 && h.protocol == 6 && ip4_u32(h.src) == 0x0a000001 && ip4_u32(h.dst) == 0x0a000002 && h.options_len == 0);
	both_ways("tcp_data", "IP (tos 0x2,ECT(0), ttl 64, id 2, offset 0, flags [none], proto TCP (6), length 57) 10.0.0.1 > 10.0.0.2");
	h = both_ways("frag1", "IP (tos 0x0, ttl 64, id 153, offset 0, flags [+], proto UDP (17), length 44) 10.0.0.1 > 10.0.0.2");
	ck_assert(h.mf && !h.df && h.offset == 0);
	h = both_ways("frag2", "IP (tos 0x0, ttl 64, id 153, offset 24, flags [none], proto UDP (17), length 28) 10.0.0.1 > 10.0.0.2");
	ck_assert(!h.mf && h.offset == 24);
	h = both_ways(
		"ip_opts", "IP (tos 0x0, ttl 64, id 10, offset 0, flags [none], proto ICMP (1), length 40, options (RR,EOL)) 10.0.0.1 > 10.0.0.2");
	ck_assert(h.header_len == 32 && h.options_len == 12 && h.options[0] == IP4_OPT_RR);
	both_ways("proto", "IP (tos 0x0, ttl 64, id 11, offset 0, flags [none], proto unknown (253), length 24) 10.0.0.1 > 10.0.0.2");
}
END_TEST

START_TEST(version_and_header_length_are_judged)
{
	uint8_t bytes[2048];
	golden_bytes("tcp_syn", ETH_HDR_LEN, bytes, sizeof(bytes));
	for (unsigned first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		struct ip4_hdr h;
		int rc = ip4_hdr_parse(&h, bytes, 60);
		if (first >> 4 != 4)
			ck_assert_int_eq(rc, -EPROTONOSUPPORT);
		else
			ck_assert_int_eq(rc, (first & 15) < 5 ? -EBADMSG : (int)(first & 15) * 4);
	}
}
END_TEST

START_TEST(fragment_fields_use_every_bit)
{
	uint8_t bytes[2048], out[IP4_HDR_LEN];
	golden_bytes("tcp_syn", ETH_HDR_LEN, bytes, sizeof(bytes));
	for (uint32_t frag = 0; frag < 65536; frag++) {
		put_be16(bytes + 6, (uint16_t)frag);
		struct ip4_hdr h;
		ck_assert_int_eq(ip4_hdr_parse(&h, bytes, IP4_HDR_LEN), IP4_HDR_LEN);
		ck_assert(h.reserved == frag >> 15 && h.df == (frag >> 14 & 1) && h.mf == (frag >> 13 & 1) && h.offset == (frag & 0x1fff) * 8);
		ip4_hdr_emit(&h, out, sizeof(out));
		ck_assert_mem_eq(out, bytes, IP4_HDR_LEN);
	}
}
END_TEST

START_TEST(emit_writes_wrong_values_as_given)
{
	struct ip4_hdr h = { .version = 5, .header_len = 16, .total_len = 7, .checksum = 0xbeef };
	uint8_t out[IP4_HDR_LEN];
	ck_assert_int_eq(ip4_hdr_emit(&h, out, sizeof(out)), IP4_HDR_LEN);
	ck_assert(out[0] == 0x54 && get_be16(out + 2) == 7 && get_be16(out + 10) == 0xbeef);
	uint8_t big[128];
	h.options_len = 3;
	ck_assert_int_eq(ip4_hdr_emit(&h, big, sizeof(big)), -EINVAL);
	h.options_len = 44;
	ck_assert_int_eq(ip4_hdr_emit(&h, big, sizeof(big)), -EINVAL);
	h.options_len = 40;
	ck_assert_int_eq(ip4_hdr_emit(&h, big, sizeof(big)), IP4_HDR_MAX);
}
END_TEST

/* The kinds found, as "131(9) 1(1)", and "!" for a bad length. */
static const char *walk(const char *hex, char *s)
{
	uint8_t bytes[IP4_OPTIONS_MAX];
	size_t n = unhex(hex, bytes, sizeof(bytes)), at = 0;
	uint8_t *copy = exact_copy(bytes, n);
	struct ip4_option o;
	int rc;
	char *p = s;
	*p = '\0';
	while ((rc = ip4_option_next(copy, n, &at, &o)) > 0) {
		p += sprintf(p, "%s%u(%u)", p == s ? "" : " ", o.kind, o.len);
		ck_assert(o.len == 1 ? o.data == NULL : o.data[-2] == o.kind && o.data + o.len - 2 <= copy + n);
	}
	if (rc < 0) {
		ck_assert_int_eq(rc, -EBADMSG);
		strcpy(p, "!");
	}
	exact_free(copy, n);
	return s;
}

START_TEST(options_are_walked)
{
	char s[600];
	ck_assert_str_eq(walk("", s), "");
	ck_assert_str_eq(walk("01010101", s), "1(1) 1(1) 1(1) 1(1)");
	ck_assert_str_eq(walk("94040000", s), "148(4)");
	ck_assert_str_eq(walk("8307040a00000100", s), "131(7) 0(1)");
	ck_assert_str_eq(walk("0001ffff", s), "0(1)");
	ck_assert_str_eq(walk("440c0500000000000000000001890300", s), "68(12) 1(1) 137(3)");
	ck_assert_str_eq(walk("de020100", s), "222(2) 1(1) 0(1)"); /* unknown: its length is enough */
	ck_assert_str_eq(walk("07", s), "!");
	ck_assert_str_eq(walk("0700", s), "!");
	ck_assert_str_eq(walk("0701", s), "!");
	ck_assert_str_eq(walk("0702", s), "7(2)");
	ck_assert_str_eq(walk("0105070500", s), "1(1)!");
	ck_assert_str_eq(walk("94050000", s), "!");
}
END_TEST

START_TEST(a_bad_option_is_printed)
{
	struct ip4_hdr h = { .version = 4,
		.header_len = 24,
		.total_len = 24,
		.ttl = 1,
		.df = true,
		.mf = true,
		.reserved = true,
		.tos = 3,
		.protocol = 17,
		.options_len = 4,
		.options = { 0x94, 9 } };
	ASSERT_PRINTS(ip4_hdr_print, &h,
		"IP (tos 0x3,CE, ttl 1, id 0, offset 0, flags [reserved, DF, MF], proto UDP (17), length 24, options ([bad length])) 0.0.0.0 > 0.0.0.0");
	memcpy(h.options, "\xde\x03\x00\x01", 4);
	ASSERT_PRINTS(ip4_hdr_print, &h,
		"IP (tos 0x3,CE, ttl 1, id 0, offset 0, flags [reserved, DF, MF], proto UDP (17), length 24, options (unknown 222,NOP)) 0.0.0.0 > 0.0.0.0");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ip4");
	TCase *tc = tcase_create("ip4");
	tcase_add_test(tc, headers_both_ways);
	tcase_add_test(tc, version_and_header_length_are_judged);
	tcase_add_test(tc, fragment_fields_use_every_bit);
	tcase_add_test(tc, emit_writes_wrong_values_as_given);
	tcase_add_test(tc, options_are_walked);
	tcase_add_test(tc, a_bad_option_is_printed);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
