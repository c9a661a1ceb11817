/* SPDX-License-Identifier: ISC */
/* The shapes of the delays, and that they are the same numbers on every machine. */
#include "sim/link/jitter.h"
#include "stack/base/unit.h"

#include <math.h>

#define N 100000
#define DELAY UINT64_C(1000000000)
#define JITTER UINT64_C(1000000)

static int64_t sample[N];

static void draw(enum jitter_kind kind)
{
	struct random_stream r;
	random_init(&r, 1, "jitter test");
	for (int i = 0; i < N; i++)
		sample[i] = (int64_t)jitter_delay_ns(kind, DELAY, JITTER, &r) - (int64_t)DELAY;
}

static double mean(void)
{
	double sum = 0;
	for (int i = 0; i < N; i++)
		sum += (double)sample[i];
	return sum / N;
}

static double share_above(double x)
{
	int n = 0;
	for (int i = 0; i < N; i++)
		n += (double)sample[i] > x;
	return (double)n / N;
}

static void check_near(double got, double expected, double tolerance)
{
	ck_assert_msg(fabs(got - expected) <= tolerance, "%g, expected %g within %g", got, expected, tolerance);
}

START_TEST(uniform_jitter_is_even_on_both_sides)
{
	draw(JITTER_UNIFORM);
	check_near(mean(), 0, 0.01 * JITTER);
	check_near(share_above(0), 0.5, 0.006);
	check_near(share_above(0.8 * JITTER), 0.1, 0.004);
	ck_assert(share_above(JITTER) == 0);
	check_near(share_above(-(double)JITTER - 1), 1, 0);
}
END_TEST

START_TEST(normal_jitter_has_the_bell_curves_shares)
{
	draw(JITTER_NORMAL);
	check_near(mean(), 0, 0.01 * JITTER);
	check_near(share_above(0), 0.5, 0.006);
	check_near(share_above(1.0 * JITTER), 0.1587, 0.006);
	check_near(share_above(-1.0 * JITTER), 0.8413, 0.006);
	check_near(share_above(2.0 * JITTER), 0.0228, 0.003);
	check_near(share_above(3.0 * JITTER), 0.00135, 0.0006);
}
END_TEST

START_TEST(pareto_jitter_has_a_long_tail_above_only)
{
	draw(JITTER_PARETO);
	check_near(mean(), JITTER, 0.03 * JITTER);
	check_near(share_above(-1), 1, 0);
	/* P(tail > x) = (1 + x / m)^-3 with m twice the mean */
	check_near(share_above(1.0 * JITTER), pow(1.5, -3), 0.006);
	check_near(share_above(2.0 * JITTER), 0.125, 0.004);
	check_near(share_above(18.0 * JITTER), 0.001, 0.0004);
}
END_TEST

START_TEST(delays_never_go_below_zero)
{
	struct random_stream r;
	unsigned zero = 0;
	random_init(&r, 1, "jitter test");
	for (int i = 0; i < 10000; i++) {
		uint64_t d = jitter_delay_ns(i % 2 ? JITTER_NORMAL : JITTER_UNIFORM, 100, 1000, &r);
		ck_assert_uint_le(d, 7000);
		zero += d == 0;
	}
	ck_assert_uint_gt(zero, 4000);
}
END_TEST

START_TEST(the_largest_values_do_not_overflow)
{
	struct random_stream r;
	random_init(&r, 1, "jitter test");
	for (int i = 0; i < 100000; i++) {
		for (enum jitter_kind kind = JITTER_UNIFORM; kind <= JITTER_PARETO; kind++)
			ck_assert_uint_le(jitter_delay_ns(kind, IMPAIR_MAX_NS, IMPAIR_MAX_NS, &r), IMPAIR_MAX_NS * 1000);
	}
}
END_TEST

START_TEST(the_numbers_are_those_of_any_machine)
{
	struct random_stream r;
	static const uint64_t expected[3][3] = {
		{ 999932662, 999669882, 999814817 },
		{ 1000131707, 1000567279, 1000751861 },
		{ 1000281454, 1000104917, 1002750957 },
	};
	random_init(&r, 42, "jitter test");
	for (enum jitter_kind kind = JITTER_UNIFORM; kind <= JITTER_PARETO; kind++) {
		for (int i = 0; i < 3; i++)
			ck_assert_uint_eq(jitter_delay_ns(kind, DELAY, JITTER, &r), expected[kind - 1][i]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jitter");
	TCase *t = tcase_create("jitter");
	tcase_add_test(t, uniform_jitter_is_even_on_both_sides);
	tcase_add_test(t, normal_jitter_has_the_bell_curves_shares);
	tcase_add_test(t, pareto_jitter_has_a_long_tail_above_only);
	tcase_add_test(t, delays_never_go_below_zero);
	tcase_add_test(t, the_largest_values_do_not_overflow);
	tcase_add_test(t, the_numbers_are_those_of_any_machine);
	suite_add_tcase(s, t);
	return unit_main(s);
}
