/* SPDX-License-Identifier: ISC */
#include "stack/wire/tcp.h"
#include "stack/wire/wire_test.h"

#define AT (14 + 20)

static int print_empty(const struct tcp_hdr *h, char *s, size_t cap)
{
	return tcp_hdr_print(h, 0, s, cap);
}

static int print_five(const struct tcp_hdr *h, char *s, size_t cap)
{
	return tcp_hdr_print(h, 5, s, cap);
}

static struct tcp_hdr both_ways(const char *name)
{
	uint8_t bytes[2048], out[TCP_HDR_MAX];
	size_t len = golden_bytes(name, AT, bytes, sizeof(bytes));
	struct ip_addr src, dst;
	ip_parse_str(&src, "10.0.0.1");
	ip_parse_str(&dst, "10.0.0.2");
	struct tcp_hdr h, short_h;
	int n = tcp_hdr_parse(&h, bytes, len);
	ck_assert_int_eq(n, h.header_len);
	ck_assert_int_eq(tcp_hdr_emit(&h, out, sizeof(out)), n);
	ck_assert_mem_eq(out, bytes, (size_t)n);
	ASSERT_PREFIXES(tcp_hdr_parse, &short_h, bytes, n, -EBADMSG);
	ASSERT_NO_SPACE(tcp_hdr_emit, &h, n);
	ck_assert_uint_eq(tcp_checksum(&src, &dst, bytes, len), h.checksum);
	for (size_t bit = 0; bit < len * 8; bit++) {
		ck_assert(tcp_checksum_ok(&src, &dst, bytes, len));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!tcp_checksum_ok(&src, &dst, bytes, len));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t i = 0; i < TCP_HDR_LEN; i++)
		ck_assert(!tcp_checksum_ok(&src, &dst, bytes, i));
	return h;
}

START_TEST(segments_both_ways)
{
	struct tcp_hdr h = both_ways("tcp_syn");
	ck_assert(h.src_port == 40000 && h.dst_port == 80 && h.seq == 1000 && h.ack == 0 && h.flags == TCP_SYN && h.window == 64240);
	ck_assert(h.opt.has_mss && h.opt.mss == 1460 && h.opt.has_sack_ok && h.opt.has_timestamp && h.opt.ts_val == 100 && h.opt.ts_ecr == 0 &&
		  h.opt.has_wscale && h.opt.wscale == 7 && !h.opt.malformed && h.opt.n_sack == 0);
	ASSERT_PRINTS(print_empty, &h, "Flags [S], seq 1000, win 64240, options [mss 1460,sackOK,TS val 100 ecr 0,wscale 7], length 0");
	h = both_ways("tcp_data");
	ck_assert(h.flags == (TCP_PSH | TCP_ACK) && h.seq == 5000 && h.ack == 1001);
	ASSERT_PRINTS(print_five, &h, "Flags [P.], seq 5000:5005, ack 1001, win 502, options [TS val 300 ecr 200], length 5");
	h = both_ways("tcp_sack");
	ck_assert(h.opt.n_sack == 2 && h.opt.sack[0].from == 2000 && h.opt.sack[0].to == 3000 && h.opt.sack[1].to == 5000);
	ASSERT_PRINTS(print_empty, &h, "Flags [.], ack 1001, win 502, options [sack 2 {2000:3000}{4000:5000}], length 0");
	h = both_ways("tcp_rst");
	ASSERT_PRINTS(print_empty, &h, "Flags [R.], seq 0, ack 1001, win 0, length 0");
	h = both_ways("tcp_urg");
	ck_assert_uint_eq(h.urgent, 3);
	ASSERT_PRINTS(print_five, &h, "Flags [P.UEW], seq 9:14, ack 1001, win 1, urg 3, length 5");
}
END_TEST

START_TEST(flags_and_reserved_bits_survive)
{
	uint8_t bytes[TCP_HDR_LEN] = { 0 }, out[TCP_HDR_LEN];
	for (unsigned low = 0; low < 4096; low++) {
		put_be16(bytes + 12, (uint16_t)(0x5000 | low));
		struct tcp_hdr h;
		ck_assert_int_eq(tcp_hdr_parse(&h, bytes, sizeof(bytes)), TCP_HDR_LEN);
		ck_assert(h.flags == (low & 0x1ff) && h.reserved == low >> 9);
		ck_assert_int_eq(tcp_hdr_emit(&h, out, sizeof(out)), TCP_HDR_LEN);
		ck_assert_mem_eq(out, bytes, sizeof(out));
	}
	struct tcp_hdr h = { .flags = 0x1ff };
	ASSERT_PRINTS(print_empty, &h, "Flags [FSRP.UEWe], seq 0, ack 0, win 0, urg 0, length 0");
	h.flags = 0;
	ASSERT_PRINTS(print_empty, &h, "Flags [none], win 0, length 0");
	h.seq = 0xfffffffe;
	ASSERT_PRINTS(print_five, &h, "Flags [none], seq 4294967294:3, win 0, length 5");
}
END_TEST

START_TEST(data_offset_is_judged)
{
	uint8_t bytes[TCP_HDR_MAX] = { 0 };
	for (unsigned words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4);
		struct tcp_hdr h;
		ck_assert_int_eq(tcp_hdr_parse(&h, bytes, sizeof(bytes)), words < 5 ? -EBADMSG : (int)words * 4);
		if (words > 5)
			ck_assert_int_eq(tcp_hdr_parse(&h, bytes, words * 4 - 1), -EBADMSG);
	}
}
END_TEST

START_TEST(raw_options_are_written_as_given)
{
	uint8_t out[TCP_HDR_MAX], options[TCP_OPTIONS_MAX + 4];
	memset(options, 0xa5, sizeof(options));
	struct tcp_hdr h = { .header_len = 60, .opt = { .has_mss = true } };
	for (size_t n = 0; n <= sizeof(options); n++) {
		int rc = tcp_hdr_emit_raw(&h, options, n, out, sizeof(out));
		ck_assert_int_eq(rc, n % 4 || n > 40 ? -EINVAL : (int)(20 + n));
		if (rc > 0)
			ck_assert(out[12] >> 4 == rc / 4 && memcmp(out + 20, options, n) == 0);
	}
	ck_assert_int_eq(tcp_hdr_emit_raw(&h, options, 8, out, 27), -ENOSPC);
	ck_assert_int_eq(tcp_hdr_emit_raw(&h, NULL, 0, out, 20), 20);
}
END_TEST

START_TEST(sequence_numbers_compare_modulo_2_to_the_32)
{
	ck_assert(seq_lt(0xffffffff, 0) && !seq_lt(0, 0xffffffff) && seq_gt(0, 0xffffffff) && !seq_lt(5, 5));
	ck_assert(seq_leq(5, 5) && seq_geq(5, 5) && seq_leq(0xfffffff0, 0x10) && seq_geq(0x10, 0xfffffff0));
	ck_assert(seq_lt(0, 0x7fffffff) && !seq_lt(0, 0x80000001));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp");
	TCase *tc = tcase_create("tcp");
	tcase_add_test(tc, segments_both_ways);
	tcase_add_test(tc, flags_and_reserved_bits_survive);
	tcase_add_test(tc, data_offset_is_judged);
	tcase_add_test(tc, raw_options_are_written_as_given);
	tcase_add_test(tc, sequence_numbers_compare_modulo_2_to_the_32);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
