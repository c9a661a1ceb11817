/* SPDX-License-Identifier: ISC */
#include "stack/base/random.h"
#include "stack/base/unit.h"
#include "stack/ip/route4.h"

#include <errno.h>

static struct route4 route(uint32_t prefix, uint8_t len, unsigned ifindex)
{
	return (struct route4){ .prefix = ip4_from_u32(prefix), .len = len, .ifindex = ifindex };
}

START_TEST(the_longest_prefix_wins)
{
	struct route4_table t;
	struct route4 routes[] = { route(0, 0, 0), route(0x0a000000, 8, 1), route(0x0a010000, 16, 2), route(0x0a010203, 32, 3) };
	ck_assert_int_eq(route4_init(&t, 4), 0);
	ck_assert_ptr_null(route4_find(&t, ip4_from_u32(0x0a010203)));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(route4_add(&t, &routes[(i * 3 + 2) % 4]), 0);
	ck_assert_uint_eq(route4_find(&t, ip4_from_u32(0x0a010203))->ifindex, 3);
	ck_assert_uint_eq(route4_find(&t, ip4_from_u32(0x0a010204))->ifindex, 2);
	ck_assert_uint_eq(route4_find(&t, ip4_from_u32(0x0a020304))->ifindex, 1);
	ck_assert_uint_eq(route4_find(&t, ip4_from_u32(0xc0a80001))->ifindex, 0);
	ck_assert_int_eq(route4_remove(&t, ip4_from_u32(0), 0), 0);
	ck_assert_ptr_null(route4_find(&t, ip4_from_u32(0xc0a80001)));
	route4_fini(&t);
}
END_TEST

START_TEST(bad_routes_are_refused)
{
	struct route4_table t;
	struct route4 stray = route(0x0a000001, 24, 0), longer = route(0, 33, 0), good = route(0x0a000000, 24, 0), more = route(0x0b000000, 24, 0);
	ck_assert_int_eq(route4_init(&t, 1), 0);
	ck_assert_int_eq(route4_add(&t, &stray), -EINVAL);
	ck_assert_int_eq(route4_add(&t, &longer), -EINVAL);
	ck_assert_int_eq(route4_add(&t, &good), 0);
	ck_assert_int_eq(route4_add(&t, &good), -EEXIST);
	ck_assert_int_eq(route4_add(&t, &more), -ENOSPC);
	ck_assert_int_eq(route4_remove(&t, more.prefix, 24), -ENOENT);
	ck_assert_int_eq(route4_remove(&t, good.prefix, 25), -ENOENT);
	ck_assert_int_eq(route4_remove(&t, good.prefix, 24), 0);
	route4_fini(&t);
}
END_TEST

/* Against a search of every route, while routes come and go. */
START_TEST(random_tables_agree_with_a_plain_search)
{
	enum { N = 60 };
	struct route4_table t;
	struct route4 all[N];
	bool in[N] = { false };
	struct random_stream r;
	random_init(&r, 1, "route4_test");
	ck_assert_int_eq(route4_init(&t, N), 0);
	for (int i = 0; i < N; i++) {
		uint8_t len = (uint8_t)random_below(&r, 33);
		all[i] = route(random_u32(&r) & 0x0f0f0f0f & route4_mask(len), len, (unsigned)i);
	}
	for (int step = 0; step < 5000; step++) {
		uint64_t i = random_below(&r, N);
		bool twin = false;
		for (uint64_t j = 0; j < N; j++)
			twin |= j != i && in[j] && all[j].len == all[i].len && ip4_equal(all[j].prefix, all[i].prefix);
		if (in[i]) {
			ck_assert_int_eq(route4_remove(&t, all[i].prefix, all[i].len), 0);
			in[i] = false;
		} else {
			ck_assert_int_eq(route4_add(&t, &all[i]), twin ? -EEXIST : 0);
			in[i] = !twin;
		}
		uint32_t dst = random_u32(&r) & 0x0f0f0f0f;
		int best = -1;
		for (int j = 0; j < N; j++) {
			if (in[j] && (dst & route4_mask(all[j].len)) == ip4_u32(all[j].prefix) && (best < 0 || all[j].len > all[best].len))
				best = j;
		}
		const struct route4 *found = route4_find(&t, ip4_from_u32(dst));
		ck_assert_int_eq(found ? (int)found->ifindex : -1, best);
	}
	route4_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("route4");
	TCase *tc = tcase_create("route4");
	tcase_add_test(tc, the_longest_prefix_wins);
	tcase_add_test(tc, bad_routes_are_refused);
	tcase_add_test(tc, random_tables_agree_with_a_plain_search);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
