/* SPDX-License-Identifier: ISC */
#include "stack/base/env.h"
#include "stack/base/unit.h"

struct alarm {
	struct env *env;
	struct timer timer;
	uint64_t ran_at_ns;
	uint64_t again_in_ns;
	unsigned runs;
};

static void ring(void *arg)
{
	struct alarm *a = arg;
	a->ran_at_ns = a->env->now_ns;
	a->runs++;
	if (a->again_in_ns)
		env_timer_in(a->env, &a->timer, a->again_in_ns);
}

static struct env env;
static struct alarm one, two;

static void setup(void)
{
	env_init(&env, 1, "env_test", NULL);
	one = (struct alarm){ .env = &env };
	two = (struct alarm){ .env = &env };
	timer_init(&env.timers, &one.timer, ring, &one);
	timer_init(&env.timers, &two.timer, ring, &two);
}

static void teardown(void)
{
	timer_fini(&env.timers, &one.timer);
	timer_fini(&env.timers, &two.timer);
	env_fini(&env);
}

START_TEST(each_timer_sees_its_own_time)
{
	env_timer_in(&env, &one.timer, 10);
	env_timer_in(&env, &two.timer, 25);
	env_advance(&env, 24);
	ck_assert_uint_eq(one.ran_at_ns, 10);
	ck_assert_uint_eq(two.runs, 0);
	ck_assert_uint_eq(env.now_ns, 24);
	env_advance(&env, 100);
	ck_assert_uint_eq(two.ran_at_ns, 25);
	ck_assert_uint_eq(env.now_ns, 100);
}
END_TEST

START_TEST(timers_armed_on_the_way_run_on_the_way)
{
	one.again_in_ns = 10;
	env_timer_in(&env, &one.timer, 10);
	env_advance(&env, 55);
	ck_assert_uint_eq(one.runs, 5);
	ck_assert_uint_eq(one.ran_at_ns, 50);
}
END_TEST

START_TEST(the_clock_never_goes_back)
{
	env_advance(&env, 100);
	env_advance(&env, 50);
	ck_assert_uint_eq(env.now_ns, 100);
	timer_set(&env.timers, &one.timer, 30); /* overdue: runs now, not in the past */
	env_advance(&env, 100);
	ck_assert_uint_eq(one.ran_at_ns, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("env");
	TCase *tc = tcase_create("env");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_timer_sees_its_own_time);
	tcase_add_test(tc, timers_armed_on_the_way_run_on_the_way);
	tcase_add_test(tc, the_clock_never_goes_back);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
