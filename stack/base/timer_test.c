/* SPDX-License-Identifier: ISC */
#include "stack/base/random.h"
#include "stack/base/timer.h"
#include "stack/base/unit.h"

#define N 40

/* The obvious implementation to compare with: a flat array, searched each time. */
struct model {
	uint64_t at_ns[N], order[N], next_order;
	bool armed[N];
};

static int model_first(const struct model *m)
{
	int best = -1;
	for (int i = 0; i < N; i++) {
		if (!m->armed[i])
			continue;
		if (best < 0 || m->at_ns[i] < m->at_ns[best] || (m->at_ns[i] == m->at_ns[best] && m->order[i] < m->order[best]))
			best = i;
	}
	return best;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void check_next(struct timers *ts, const struct model *m)
{
	int first = model_first(m);
	ck_assert_uint_eq(timers_next(ts), first < 0 ? TIMER_NEVER : m->at_ns[first]);
}

static void check_pop(struct timers *ts, struct timer *t, struct model *m, uint64_t now)
{
	int first = model_first(m);
	struct timer *popped = timers_pop(ts, now);
	if (first < 0 || m->at_ns[first] > now) {
		ck_assert_ptr_null(popped);
		return;
	}
	ck_assert_ptr_eq(popped, &t[first]);
	ck_assert(!timer_armed(popped));
	m->armed[first] = false;
}

/* Few distinct deadlines, so that ties, and timers pushed later onto ties, abound. */
START_TEST(random_operations_agree_with_the_model)
{
	struct timers ts;
	struct timer t[N];
	struct model m = { 0 };
	struct random_stream r;
	uint64_t now = 0;
	random_init(&r, (uint64_t)_i, "timer_test");
	timers_init(&ts);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(timer_init(&ts, &t[i], nothing, NULL), 0);
	for (int step = 0; step < 20000; step++) {
		uint64_t i = random_below(&r, N), what = random_below(&r, 10);
		if (what < 6) {
			m.at_ns[i] = now + random_below(&r, 12);
			m.order[i] = m.next_order++;
			m.armed[i] = true;
			timer_set(&ts, &t[i], m.at_ns[i]);
		} else if (what == 6) {
			m.armed[i] = false;
			timer_cancel(&ts, &t[i]);
		} else {
			now += random_below(&r, 3);
			check_pop(&ts, t, &m, now);
		}
		ck_assert_int_eq(timer_armed(&t[i]), m.armed[i]);
		if (step % 3 == 0) /* timers_next() settles the heap: leave it unsettled most of the time */
			check_next(&ts, &m);
	}
	while (model_first(&m) >= 0)
		check_pop(&ts, t, &m, UINT64_MAX);
	ck_assert_ptr_null(timers_pop(&ts, UINT64_MAX));
	for (int i = 0; i < N; i++)
		timer_fini(&ts, &t[i]);
	ck_assert_uint_eq(ts.reserved, 0);
	timers_fini(&ts);
}
END_TEST

START_TEST(rearming_at_the_same_time_goes_to_the_back_of_the_tie)
{
	struct timers ts;
	struct timer a, b;
	timers_init(&ts);
	timer_init(&ts, &a, nothing, NULL);
	timer_init(&ts, &b, nothing, NULL);
	timer_set(&ts, &a, 5);
	timer_set(&ts, &b, 5);
	timer_set(&ts, &a, 5);
	ck_assert_ptr_eq(timers_pop(&ts, 5), &b);
	ck_assert_ptr_eq(timers_pop(&ts, 5), &a);
	timer_fini(&ts, &a);
	timer_fini(&ts, &b);
	timers_fini(&ts);
}
END_TEST

START_TEST(an_order_taken_early_keeps_its_place)
{
	struct timers ts;
	struct timer a, b;
	timers_init(&ts);
	timer_init(&ts, &a, nothing, NULL);
	timer_init(&ts, &b, nothing, NULL);
	uint64_t early = timer_take_order(&ts);
	timer_set(&ts, &b, 5);
	timer_set_ordered(&ts, &a, 5, early);
	ck_assert_ptr_eq(timers_pop(&ts, 5), &a);
	ck_assert_ptr_eq(timers_pop(&ts, 5), &b);
	early = timer_take_order(&ts);
	timer_set(&ts, &b, 9);
	timer_set(&ts, &a, 9);
	timer_set_ordered(&ts, &a, 9, early); /* the slot it has is too late now */
	ck_assert_ptr_eq(timers_pop(&ts, 9), &a);
	timer_fini(&ts, &a);
	timer_fini(&ts, &b);
	timers_fini(&ts);
}
END_TEST

START_TEST(finishing_an_armed_or_zeroed_timer_is_safe)
{
	struct timers ts;
	struct timer a, zero = { 0 };
	timers_init(&ts);
	timer_init(&ts, &a, nothing, NULL);
	timer_set(&ts, &a, 5);
	timer_fini(&ts, &a);
	timer_fini(&ts, &a);
	timer_fini(&ts, &zero);
	ck_assert_uint_eq(ts.reserved, 0);
	ck_assert_uint_eq(timers_next(&ts), TIMER_NEVER);
	timers_fini(&ts);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timer");
	TCase *tc = tcase_create("timer");
	tcase_add_loop_test(tc, random_operations_agree_with_the_model, 0, 8);
	tcase_add_test(tc, rearming_at_the_same_time_goes_to_the_back_of_the_tie);
	tcase_add_test(tc, an_order_taken_early_keeps_its_place);
	tcase_add_test(tc, finishing_an_armed_or_zeroed_timer_is_safe);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
