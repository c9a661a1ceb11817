/* SPDX-License-Identifier: ISC */
#include "stack/wire/udp.h"
#include "stack/wire/wire_test.h"

static void addresses(int family, struct ip_addr *src, struct ip_addr *dst)
{
	ck_assert_int_eq(ip_parse_str(src, family == 4 ? "10.0.0.1" : "2001:db8::1"), 0);
	ck_assert_int_eq(ip_parse_str(dst, family == 4 ? "10.0.0.2" : "2001:db8::2"), 0);
}

static void both_ways(const char *name, int family)
{
	uint8_t bytes[2048], out[UDP_HDR_LEN];
	struct ip_addr src, dst;
	addresses(family, &src, &dst);
	size_t len = golden_bytes(name, family == 4 ? 34 : 54, bytes, sizeof(bytes));
	struct udp_hdr h, short_h;
	ck_assert_int_eq(udp_hdr_parse(&h, bytes, len), UDP_HDR_LEN);
	ck_assert(h.src_port == 1234 && h.dst_port == 4321 && h.len == 11 && h.len == len);
	ck_assert_int_eq(udp_hdr_emit(&h, out, sizeof(out)), UDP_HDR_LEN);
	ck_assert_mem_eq(out, bytes, UDP_HDR_LEN);
	ASSERT_PRINTS(udp_hdr_print, &h, "UDP, length 3");
	ASSERT_PREFIXES(udp_hdr_parse, &short_h, bytes, UDP_HDR_LEN, -EBADMSG);
	ASSERT_NO_SPACE(udp_hdr_emit, &h, UDP_HDR_LEN);
	ck_assert_uint_eq(udp_checksum(&src, &dst, bytes, len), h.checksum);
	ck_assert(udp_checksum_ok(&src, &dst, bytes, len));
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!udp_checksum_ok(&src, &dst, bytes, len));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < UDP_HDR_LEN; n++)
		ck_assert(!udp_checksum_ok(&src, &dst, bytes, n));
}

START_TEST(datagrams_both_ways)
{
	both_ways("udp", 4);
	both_ways("ip6_udp", 6);
}
END_TEST

START_TEST(zero_means_no_checksum_in_ip4_alone)
{
	uint8_t bytes[2048];
	struct ip_addr src, dst;
	size_t len = golden_bytes("udp_nock", 34, bytes, sizeof(bytes));
	addresses(4, &src, &dst);
	ck_assert(udp_checksum_ok(&src, &dst, bytes, len));
	addresses(6, &src, &dst);
	ck_assert(!udp_checksum_ok(&src, &dst, bytes, len));
}
END_TEST

START_TEST(a_sum_of_zero_is_sent_as_ones)
{
	/* RFC 768: the two data bytes are chosen so that the sum comes to 0xffff. */
	struct ip_addr src, dst;
	addresses(4, &src, &dst);
	uint8_t bytes[UDP_HDR_LEN + 2];
	struct udp_hdr h = { .src_port = 1, .dst_port = 2, .len = sizeof(bytes) };
	for (unsigned data = 0, zeros = 0; data < 65536; data++) {
		udp_hdr_emit(&h, bytes, sizeof(bytes));
		put_be16(bytes + 8, (uint16_t)data);
		uint16_t c = udp_checksum(&src, &dst, bytes, sizeof(bytes));
		ck_assert_uint_ne(c, 0);
		put_be16(bytes + 6, c);
		ck_assert(udp_checksum_ok(&src, &dst, bytes, sizeof(bytes)));
		zeros += c == 0xffff;
		if (data == 65535)
			ck_assert_uint_ge(zeros, 1);
	}
}
END_TEST

START_TEST(a_length_below_the_header_is_printed_as_bad)
{
	struct udp_hdr h = { .len = 7 };
	ASSERT_PRINTS(udp_hdr_print, &h, "UDP, bad length 7");
	h.len = 8;
	ASSERT_PRINTS(udp_hdr_print, &h, "UDP, length 0");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("udp");
	TCase *tc = tcase_create("udp");
	tcase_add_test(tc, datagrams_both_ways);
	tcase_add_test(tc, zero_means_no_checksum_in_ip4_alone);
	tcase_add_test(tc, a_sum_of_zero_is_sent_as_ones);
	tcase_add_test(tc, a_length_below_the_header_is_printed_as_bad);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
