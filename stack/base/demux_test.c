/* SPDX-License-Identifier: ISC */
#include "stack/base/demux.h"
#include "stack/base/unit.h"

#include <errno.h>

static void handler_a(void)
{
}
static void handler_b(void)
{
}

START_TEST(a_taken_key_is_refused_and_kept)
{
	struct demux d;
	int x, y;
	demux_init(&d, 4);
	ck_assert_int_eq(demux_bind(&d, 80, handler_a, &x), 0);
	ck_assert_int_eq(demux_bind(&d, 80, handler_b, &y), -EADDRINUSE);
	ck_assert(demux_find(&d, 80)->fn == handler_a);
	ck_assert_ptr_eq(demux_find(&d, 80)->arg, &x);
	ck_assert_ptr_null(demux_find(&d, 81));
	demux_fini(&d);
}
END_TEST

START_TEST(the_bound_is_kept)
{
	struct demux d;
	demux_init(&d, 2);
	ck_assert_int_eq(demux_bind(&d, 1, handler_a, NULL), 0);
	ck_assert_int_eq(demux_bind(&d, 2, handler_a, NULL), 0);
	ck_assert_int_eq(demux_bind(&d, 3, handler_a, NULL), -ENOSPC);
	ck_assert_int_eq(demux_unbind(&d, 1), 0);
	ck_assert_int_eq(demux_bind(&d, 3, handler_a, NULL), 0);
	ck_assert_int_eq(demux_bind(&d, 4, NULL, NULL), -EINVAL);
	demux_fini(&d);
}
END_TEST

START_TEST(every_key_survives_removal_of_others)
{
	struct demux d;
	demux_init(&d, 70000);
	ck_assert_int_eq(demux_unbind(&d, 1), -ENOENT);
	for (uint32_t k = 0; k < 65536; k++)
		ck_assert_int_eq(demux_bind(&d, k, handler_a, NULL), 0);
	for (uint32_t k = 0; k < 65536; k += 3)
		ck_assert_int_eq(demux_unbind(&d, k), 0);
	for (uint32_t k = 0; k < 65536; k++)
		ck_assert_int_eq(demux_find(&d, k) != NULL, k % 3 != 0);
	ck_assert_uint_eq(d.used, 65536 - 21846);
	demux_fini(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("demux");
	TCase *tc = tcase_create("demux");
	tcase_add_test(tc, a_taken_key_is_refused_and_kept);
	tcase_add_test(tc, the_bound_is_kept);
	tcase_add_test(tc, every_key_survives_removal_of_others);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
