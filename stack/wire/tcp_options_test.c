/* SPDX-License-Identifier: ISC */
#include "stack/wire/tcp.h"
#include "stack/wire/wire_test.h"

/* Parses hex from a buffer of exactly its length. */
static struct tcp_options parse(const char *hex, int expect)
{
	uint8_t bytes[256];
	size_t n = unhex(hex, bytes, sizeof(bytes));
	uint8_t *copy = exact_copy(bytes, n);
	struct tcp_options o;
	ck_assert_msg(tcp_options_parse(&o, copy, n) == expect, "%s", hex);
	ck_assert_int_eq(o.malformed, expect < 0);
	exact_free(copy, n);
	return o;
}

/* Emits o as the options of a header; they must read hex and parse to o again. */
static void assert_emits(const struct tcp_options *o, const char *hex)
{
	uint8_t out[TCP_HDR_MAX], want[TCP_OPTIONS_MAX];
	size_t n = unhex(hex, want, sizeof(want));
	struct tcp_hdr h = { .opt = *o }, back;
	ck_assert_int_eq(tcp_options_len(o), (int)n);
	ck_assert_int_eq(tcp_hdr_emit(&h, out, sizeof(out)), (int)(TCP_HDR_LEN + n));
	ck_assert_mem_eq(out + TCP_HDR_LEN, want, n);
	ck_assert_int_eq(tcp_hdr_parse(&back, out, sizeof(out)), (int)(TCP_HDR_LEN + n));
	ck_assert(memcmp(&back.opt, o, sizeof(*o)) == 0);
}

START_TEST(each_kind_alone)
{
	assert_emits(&(struct tcp_options){ .has_mss = true, .mss = 1460 }, "020405b4");
	assert_emits(&(struct tcp_options){ .has_wscale = true, .wscale = 255 }, "010303ff");
	assert_emits(&(struct tcp_options){ .has_sack_ok = true }, "01010402");
	assert_emits(&(struct tcp_options){ .has_timestamp = true, .ts_val = 0x01020304, .ts_ecr = 0xf1f2f3f4 }, "0101080a01020304f1f2f3f4");
	assert_emits(&(struct tcp_options){ .n_sack = 1, .sack = { { 0xfffffff0, 16 } } }, "0101050afffffff000000010");
	assert_emits(&(struct tcp_options){ .n_sack = 4, .sack = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } } },
		"010105220000000100000002000000030000000400000005000000060000000700000008");
	assert_emits(&(struct tcp_options){ .has_user_timeout = true, .user_timeout = 0x8005 }, "1c048005");
	assert_emits(&(struct tcp_options){ .has_fast_open = true }, "22020101");
	assert_emits(&(struct tcp_options){ .has_fast_open = true, .fast_open_len = 6, .fast_open = { 1, 2, 3, 4, 5, 6 } }, "2208010203040506");
	assert_emits(&(struct tcp_options){ .has_fast_open = true, .fast_open_len = 16, .fast_open = { [15] = 9 } },
		"2212000000000000000000000000000000090101");
	assert_emits(&(struct tcp_options){ 0 }, "");
}
END_TEST

/* Turns the bits of mask into options; the bytes they take as Linux pads them (tcp_options_write). */
static unsigned build(unsigned mask, struct tcp_options *o)
{
	*o = (struct tcp_options){ 0 };
	unsigned n = 0;
	if ((o->has_mss = mask & 1))
		o->mss = 1400, n += 4;
	if ((o->has_wscale = mask & 2))
		o->wscale = 3, n += 4;
	if ((o->has_timestamp = mask & 4))
		o->ts_val = 77, o->ts_ecr = 88, n += 12;
	if ((o->has_sack_ok = mask & 8))
		n += mask & 4 ? 0 : 4;
	if ((o->has_user_timeout = mask & 16))
		o->user_timeout = 300, n += 4;
	o->n_sack = (uint8_t)(mask >> 5 & 7);
	for (unsigned i = 0; i < o->n_sack && i < TCP_SACK_MAX; i++)
		o->sack[i] = (struct tcp_sack){ 1000 * i, 1000 * i + 500 };
	n += o->n_sack ? 4 + 8u * o->n_sack : 0;
	unsigned cookie = mask >> 8; /* 0: none, 1: a request, then a cookie of 2, 3 … 16 bytes */
	if (cookie) {
		o->has_fast_open = true;
		o->fast_open_len = (uint8_t)(cookie == 1 ? 0 : cookie);
		memset(o->fast_open, 0xc0, o->fast_open_len);
		n += (2u + o->fast_open_len + 3) / 4 * 4;
	}
	return n;
}

START_TEST(every_combination_that_fits_survives_and_no_other_is_sent)
{
	unsigned fit = 0, refused = 0;
	for (unsigned mask = 0; mask < 17 << 8; mask++) {
		struct tcp_options o;
		unsigned n = build(mask, &o);
		struct tcp_hdr h = { .opt = o }, back;
		uint8_t out[TCP_HDR_MAX];
		int rc = tcp_hdr_emit(&h, out, sizeof(out));
		if (o.n_sack > TCP_SACK_MAX) {
			ck_assert_int_eq(rc, -EINVAL);
		} else if (n > TCP_OPTIONS_MAX) {
			ck_assert_int_eq(rc, -ENOSPC);
			ck_assert_int_eq(tcp_options_len(&o), -ENOSPC);
			refused++;
		} else {
			ck_assert_int_eq(rc, (int)(TCP_HDR_LEN + n));
			ck_assert_int_eq(tcp_hdr_parse(&back, out, (size_t)rc), rc);
			ck_assert(memcmp(&back.opt, &o, sizeof(o)) == 0);
			fit++;
		}
	}
	ck_assert_uint_gt(fit, 500);
	ck_assert_uint_gt(refused, 500);
}
END_TEST

START_TEST(order_and_padding_are_those_of_linux)
{
	struct tcp_options o = { .has_mss = true,
		.mss = 1460,
		.has_sack_ok = true,
		.has_timestamp = true,
		.ts_val = 1,
		.ts_ecr = 2,
		.has_wscale = true,
		.wscale = 7,
		.has_fast_open = true,
		.fast_open_len = 8,
		.fast_open = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	assert_emits(&o, "020405b40402080a000000010000000201030307"
			 "220a01020304050607080101");
	o = (struct tcp_options){ .has_timestamp = true, .ts_val = 1, .ts_ecr = 2, .n_sack = 3, .sack = { { 1, 2 }, { 3, 4 }, { 5, 6 } } };
	assert_emits(&o, "0101080a00000001000000020101051a000000010000000200000003000000040000000500000006");
}
END_TEST

START_TEST(counts_past_their_arrays_are_refused)
{
	uint8_t out[TCP_HDR_MAX];
	struct tcp_hdr h = { .opt = { .n_sack = 5 } };
	ck_assert_int_eq(tcp_hdr_emit(&h, out, sizeof(out)), -EINVAL);
	h.opt = (struct tcp_options){ .has_fast_open = true, .fast_open_len = 17 };
	ck_assert_int_eq(tcp_hdr_emit(&h, out, sizeof(out)), -EINVAL);
}
END_TEST

START_TEST(a_bad_length_ends_parsing_there)
{
	static const char *const bad[] = { "020405b402", "020405b40200", "020405b40201", "020405b4020405", "020405b4ff", "020405b40102ff01",
		"020405b4080a", "020405b40501" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tcp_options o = parse(bad[i], -EBADMSG);
		ck_assert(o.has_mss && o.mss == 1460 && !o.has_timestamp);
	}
	ck_assert(!parse("0800020405b4", -EBADMSG).has_mss); /* what follows is not looked at */
}
END_TEST

START_TEST(a_known_kind_of_wrong_length_is_skipped)
{
	static const char *const odd[] = { "020305", "0202", "02050505b4", "0302", "03040707", "040300", "0502", "0506000000ff",
		"050b0000000000000000ff", "080900000000000000", "080b000000000000000000", "1c02", "1c03ff", "1c05800500",
		"22130000000000000000000000000000000000" };
	static const struct tcp_options none;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct tcp_options o = parse(odd[i], 0);
		ck_assert_msg(memcmp(&o, &none, sizeof(o)) == 0, "%s is taken", odd[i]);
		char both[128];
		snprintf(both, sizeof(both), "%s03030a", odd[i]);
		o = parse(both, 0);
		ck_assert_msg(o.has_wscale && o.wscale == 10, "what follows %s is lost", odd[i]);
	}
}
END_TEST

START_TEST(unknown_kinds_are_skipped_and_eol_ends)
{
	struct tcp_options o = parse("fd04f989fe02060300030307", 0);
	ck_assert(o.has_wscale && o.wscale == 7 && !o.has_fast_open);
	o = parse("01000303070200", 0);
	ck_assert(!o.has_wscale);
	o = parse("1312000102030405060708090a0b0c0d0e0f1d1000000000000000000000000000001e0300", 0);
	ck_assert(o.has_md5 && o.has_ao && o.has_mptcp && !o.has_mss);
	char line[200];
	struct tcp_hdr h = { .opt = o };
	tcp_hdr_print(&h, 0, line, sizeof(line));
	ck_assert_str_eq(line, "Flags [none], win 0, options [md5,tcp-ao,mptcp], length 0");
	o = parse("020405b4020400ff", 0);
	ck_assert_uint_eq(o.mss, 255); /* the last of two */
}
END_TEST

START_TEST(more_sack_blocks_than_fit_are_cut_to_four)
{
	struct tcp_options o = parse("052a00000001000000020000000300000004000000050000000600000007000000080000000900000010", 0);
	ck_assert_uint_eq(o.n_sack, 4);
	ck_assert(o.sack[0].from == 1 && o.sack[3].from == 7 && o.sack[3].to == 8 && !o.has_mss);
}
END_TEST

START_TEST(lines)
{
	char line[512];
	struct tcp_hdr h = { .flags = TCP_ACK, .opt = { .has_user_timeout = true, .user_timeout = 0x8005, .has_fast_open = true } };
	tcp_hdr_print(&h, 0, line, sizeof(line));
	ck_assert_str_eq(line, "Flags [.], ack 0, win 0, options [uto 0x8005,tfo cookiereq], length 0");
	h.opt = (struct tcp_options){ .has_fast_open = true, .fast_open_len = 4, .fast_open = { 0xde, 0xad, 0xbe, 0xef }, .malformed = true };
	tcp_hdr_print(&h, 0, line, sizeof(line));
	ck_assert_str_eq(line, "Flags [.], ack 0, win 0, options [tfo cookie deadbeef,[bad opt]], length 0");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_options");
	TCase *tc = tcase_create("tcp_options");
	tcase_add_test(tc, each_kind_alone);
	tcase_add_test(tc, every_combination_that_fits_survives_and_no_other_is_sent);
	tcase_add_test(tc, order_and_padding_are_those_of_linux);
	tcase_add_test(tc, counts_past_their_arrays_are_refused);
	tcase_add_test(tc, a_bad_length_ends_parsing_there);
	tcase_add_test(tc, a_known_kind_of_wrong_length_is_skipped);
	tcase_add_test(tc, unknown_kinds_are_skipped_and_eol_ends);
	tcase_add_test(tc, more_sack_blocks_than_fit_are_cut_to_four);
	tcase_add_test(tc, lines);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
