/* SPDX-License-Identifier: ISC */
#include "stack/wire/checksum.h"
#include "stack/wire/wire_test.h"

#include "stack/base/random.h"

/* RFC 1071 section 4.1, word by word in network order. */
static uint16_t naive(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

START_TEST(the_example_of_rfc_1071)
{
	/* Section 3: the sum of these is ddf2. */
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	ck_assert_uint_eq(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), (uint16_t)~0xddf2);
	ck_assert_uint_eq(checksum_finish(0), 0xffff);
	ck_assert_uint_eq(checksum_finish(checksum_add(0, bytes, 0)), 0xffff);
	ck_assert_uint_eq(checksum_finish(checksum_add(0, "\x12", 1)), (uint16_t)~0x1200);
}
END_TEST

START_TEST(every_length_and_alignment_agrees_with_the_naive_sum)
{
	struct random_stream r;
	random_init(&r, 1, "checksum_test");
	for (size_t len = 0; len < 300; len++) {
		for (size_t align = 0; align < 8; align++) {
			uint8_t *store = malloc(align + len + 1), *p = store + align;
			random_bytes(&r, store, align + len);
			uint8_t *tight = exact_copy(p, len), to[8 + 300];
			ck_assert_uint_eq(checksum_finish(checksum_add(0, p, len)), naive(p, len));
			ck_assert_uint_eq(checksum_finish(checksum_add(0, tight, len)), naive(p, len));
			memset(to, 0xee, sizeof(to));
			ck_assert_uint_eq(checksum_finish(checksum_copy(0, to + align, tight, len)), naive(p, len));
			ck_assert(memcmp(to + align, p, len) == 0);
			ck_assert(to[align + len] == 0xee && (align == 0 || to[align - 1] == 0xee));
			exact_free(tight, len);
			free(store);
		}
	}
}
END_TEST

START_TEST(random_lengths_up_to_a_datagram)
{
	struct random_stream r;
	random_init(&r, 2, "checksum_test");
	static uint8_t bytes[65535 + 8], to[65535];
	random_bytes(&r, bytes, sizeof(bytes));
	for (int i = 0; i < 300; i++) {
		size_t len = random_below(&r, 65536), align = random_below(&r, 8);
		ck_assert_uint_eq(checksum_finish(checksum_add(0, bytes + align, len)), naive(bytes + align, len));
		ck_assert_uint_eq(checksum_finish(checksum_copy(0, to, bytes + align, len)), naive(bytes + align, len));
		ck_assert(memcmp(to, bytes + align, len) == 0);
	}
}
END_TEST

START_TEST(all_ones_carry_to_the_end)
{
	static uint8_t ones[65535];
	memset(ones, 0xff, sizeof(ones));
	for (size_t len = 0; len < 200; len++)
		ck_assert_uint_eq(checksum_finish(checksum_add(0, ones, len)), naive(ones, len));
	ck_assert_uint_eq(checksum_finish(checksum_add(0, ones, sizeof(ones))), naive(ones, sizeof(ones)));
	ck_assert_uint_eq(checksum_finish(UINT64_MAX), 0);
	/* A full accumulator still takes the carry of what follows. */
	ck_assert_uint_eq(checksum_finish(checksum_add(UINT64_MAX, "\x00\x01\x00\x01\x00\x01\x00\x01", 8)), (uint16_t)~4);
}
END_TEST

START_TEST(pieces_add_up)
{
	struct random_stream r;
	random_init(&r, 3, "checksum_test");
	uint8_t bytes[257], to[257];
	random_bytes(&r, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= 256; cut += 2) {
		size_t rest = sizeof(bytes) - cut;
		checksum_sum a = checksum_add(0, bytes, cut), b = checksum_add(0, bytes + cut, rest);
		ck_assert_uint_eq(checksum_finish(checksum_add(a, bytes + cut, rest)), naive(bytes, sizeof(bytes)));
		ck_assert_uint_eq(checksum_finish(checksum_add_sum(a, b)), naive(bytes, sizeof(bytes)));
		ck_assert_uint_eq(checksum_finish(checksum_copy(a, to, bytes + cut, rest)), naive(bytes, sizeof(bytes)));
	}
}
END_TEST

START_TEST(data_with_its_checksum_sums_to_zero)
{
	struct random_stream r;
	random_init(&r, 4, "checksum_test");
	for (int i = 0; i < 1000; i++) {
		uint8_t bytes[100];
		random_bytes(&r, bytes, sizeof(bytes));
		put_be16(bytes + 10, 0);
		put_be16(bytes + 10, checksum_finish(checksum_add(0, bytes, sizeof(bytes))));
		ck_assert_uint_eq(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0);
		bytes[i % 100] ^= (uint8_t)(1 << i % 8);
		ck_assert_uint_ne(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0);
	}
}
END_TEST

START_TEST(pseudo_headers_of_both_families)
{
	struct ip_addr a, b;
	ip_parse_str(&a, "192.0.2.1");
	ip_parse_str(&b, "198.51.100.255");
	static const uint8_t four[] = { 192, 0, 2, 1, 198, 51, 100, 255, 0, 17, 0xfe, 0xdc }; /* RFC 9293 section 3.1 */
	ck_assert_uint_eq(checksum_finish(checksum_pseudo(&a, &b, 17, 0xfedc)), naive(four, sizeof(four)));
	ip_parse_str(&a, "2001:db8::1");
	ip_parse_str(&b, "ff02::1:ff00:2");
	uint8_t six[40] = { [32] = 0x00, 0x01, 0x02, 0x03, 0, 0, 0, 58 }; /* RFC 8200 section 8.1 */
	memcpy(six, a.b, 16);
	memcpy(six + 16, b.b, 16);
	ck_assert_uint_eq(checksum_finish(checksum_pseudo(&a, &b, 58, 0x10203)), naive(six, sizeof(six)));
}
END_TEST

START_TEST(an_update_equals_a_new_sum)
{
	/* RFC 1624 section 4: the case that eqn. 2 gets wrong. */
	ck_assert_uint_eq(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
	struct random_stream r;
	random_init(&r, 5, "checksum_test");
	for (int i = 0; i < 10000; i++) {
		uint8_t bytes[20];
		random_bytes(&r, bytes, sizeof(bytes));
		uint16_t before = naive(bytes, sizeof(bytes)), old = get_be16(bytes + 8);
		uint16_t new_value = (uint16_t)random_u32(&r);
		put_be16(bytes + 8, new_value);
		ck_assert_uint_eq(checksum_update(before, old, new_value), naive(bytes, sizeof(bytes)));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("checksum");
	TCase *tc = tcase_create("checksum");
	tcase_add_test(tc, the_example_of_rfc_1071);
	tcase_add_test(tc, every_length_and_alignment_agrees_with_the_naive_sum);
	tcase_add_test(tc, random_lengths_up_to_a_datagram);
	tcase_add_test(tc, all_ones_carry_to_the_end);
	tcase_add_test(tc, pieces_add_up);
	tcase_add_test(tc, data_with_its_checksum_sums_to_zero);
	tcase_add_test(tc, pseudo_headers_of_both_families);
	tcase_add_test(tc, an_update_equals_a_new_sum);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
