/* SPDX-License-Identifier: ISC */
#include "stack/base/random.h"
#include "stack/base/unit.h"

#include <string.h>

/* Computed apart from random.c: ChaCha20 keyed by BLAKE2b(key = seed in 32 bytes, name), nonce = number of the 256-byte block. */
static const struct {
	uint64_t seed;
	const char *name;
	uint8_t first[16], second_block[16];
} golden[] = {
	{ 1, "link.loss", { 0x09, 0x50, 0xe1, 0xf2, 0xc9, 0x0f, 0x43, 0xdc, 0x1d, 0x19, 0xfa, 0x00, 0x17, 0x94, 0x56, 0x19 },
		{ 0x60, 0xe2, 0xd0, 0xf8, 0xd1, 0x54, 0x16, 0x72, 0xf9, 0xad, 0x9f, 0xa5, 0xe1, 0xbf, 0x8a, 0x8c } },
	{ 2, "link.loss", { 0x8f, 0xfb, 0xef, 0x57, 0x0a, 0xef, 0xde, 0x1d, 0x6f, 0x71, 0xb1, 0x46, 0xdd, 0x79, 0xc4, 0x7e },
		{ 0xc5, 0x01, 0x63, 0x69, 0x6b, 0xcc, 0xb4, 0x86, 0xd7, 0x40, 0x7e, 0xee, 0xb4, 0x82, 0x03, 0x24 } },
	{ 1, "link.delay", { 0x16, 0x83, 0xe7, 0xda, 0x83, 0x59, 0xae, 0xbb, 0x69, 0x5c, 0x3b, 0x3b, 0xd4, 0x21, 0x8d, 0xc7 },
		{ 0xac, 0xb9, 0xd4, 0xa4, 0xa6, 0xf8, 0x0b, 0x8f, 0x75, 0x89, 0x11, 0x02, 0x82, 0x99, 0xcc, 0x9b } },
};

START_TEST(streams_have_their_golden_values)
{
	struct random_stream r;
	uint8_t out[272];
	random_init(&r, golden[_i].seed, golden[_i].name);
	random_bytes(&r, out, sizeof(out));
	ck_assert_mem_eq(out, golden[_i].first, 16);
	ck_assert_mem_eq(out + 256, golden[_i].second_block, 16);
}
END_TEST

START_TEST(how_a_stream_is_read_does_not_matter)
{
	struct random_stream whole, pieces;
	uint8_t want[1000], got[1000];
	random_init(&whole, 9, "x");
	random_init(&pieces, 9, "x");
	random_bytes(&whole, want, sizeof(want));
	for (size_t at = 0, n = 1; at < sizeof(got); at += n, n = n % 13 + 1)
		random_bytes(&pieces, got + at, n < sizeof(got) - at ? n : sizeof(got) - at);
	ck_assert_mem_eq(got, want, sizeof(want));
}
END_TEST

START_TEST(reading_one_stream_leaves_others_alone)
{
	struct random_stream a, b, alone;
	random_init(&a, 5, "a");
	random_init(&b, 5, "b");
	random_init(&alone, 5, "b");
	for (int i = 0; i < 100; i++) {
		random_u64(&a);
		ck_assert_uint_eq(random_u32(&b), random_u32(&alone));
		random_unit(&a);
	}
}
END_TEST

START_TEST(integers_are_little_endian)
{
	struct random_stream r;
	random_init(&r, 1, "link.loss");
	ck_assert_uint_eq(random_u32(&r), 0xf2e15009u);
	random_init(&r, 1, "link.loss");
	ck_assert_uint_eq(random_u64(&r), UINT64_C(0xdc430fc9f2e15009));
}
END_TEST

START_TEST(below_is_even_and_in_range)
{
	struct random_stream r;
	unsigned seen[6] = { 0 };
	random_init(&r, 3, "dice");
	ck_assert_uint_eq(random_below(&r, 0), 0);
	ck_assert_uint_eq(random_below(&r, 1), 0);
	for (int i = 0; i < 60000; i++) {
		uint64_t v = random_below(&r, 6);
		ck_assert_uint_lt(v, 6);
		seen[v]++;
	}
	for (int i = 0; i < 6; i++)
		ck_assert(seen[i] > 9500 && seen[i] < 10500); /* five sigma */
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_lt(random_below(&r, UINT64_C(0xc000000000000000)), UINT64_C(0xc000000000000000));
}
END_TEST

START_TEST(unit_is_in_range_with_the_right_mean)
{
	struct random_stream r;
	double sum = 0;
	random_init(&r, 4, "unit");
	for (int i = 0; i < 100000; i++) {
		double v = random_unit(&r);
		ck_assert(v >= 0 && v < 1);
		sum += v;
	}
	ck_assert(sum > 49500 && sum < 50500);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("random");
	TCase *tc = tcase_create("random");
	tcase_add_loop_test(tc, streams_have_their_golden_values, 0, 3);
	tcase_add_test(tc, how_a_stream_is_read_does_not_matter);
	tcase_add_test(tc, reading_one_stream_leaves_others_alone);
	tcase_add_test(tc, integers_are_little_endian);
	tcase_add_test(tc, below_is_even_and_in_range);
	tcase_add_test(tc, unit_is_in_range_with_the_right_mean);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
