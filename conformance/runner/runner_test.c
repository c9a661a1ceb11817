/* SPDX-License-Identifier: ISC */
/* The runner on cases that end in every way there is. They are registered beside the real ones, and chosen by filter. */
#include "conformance/runner/runner.h"

#include "conformance/tester/case.h"
#include "stack/base/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_VARIANT (dut_variants[0]->name)

CASE(arp, runner_test_a_passes, MUST, "none", "Passes.")
{
	tester_run(t, SECONDS(1));
}

CASE(arp, runner_test_b_fails, SHOULD, "none", "Fails.")
{
	tester_fail(HERE(t), "as it should");
}

CASE(arp, runner_test_c_skips, MAY, "none", "Skips.")
{
	SKIP(t, "no reason");
}

CASE(arp, runner_test_d_crashes, MUST, "none", "Crashes.")
{
	(void)t;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

CASE(arp, runner_test_e_exits, MUST, "none", "Exits.")
{
	(void)t;
	_exit(3);
}

CASE(arp, runner_test_f_hangs, MUST, "none", "Hangs.")
{
	for (;;)
		pause();
	(void)t;
}

CASE_NEEDS(arp, runner_test_g_unknown_option, MUST, 0, "no.such.option=1", "none", "Wants an option nobody has.")
{
	(void)t;
}

CASE_NEEDS(arp, runner_test_h_needs_more, MUST, DUT_CAP_IPV6 << 10, NULL, "none", "Wants what nobody has.")
{
	(void)t;
}

CASE(arp, runner_test_i_passes, MUST, "none", "Passes after all that.")
{
	(void)t;
}

static void make_plan(struct plan *plan, char *filter, uint64_t seed)
{
	*plan = (struct plan){ .timeout_s = 2, .program = "plumbline conform" };
	char *suites[] = { "arp" };
	plan_cases(plan, suites, 1, &filter, 1);
	plan_stacks(plan, FIRST_VARIANT, suites, 1);
	plan_jobs(plan, seed, 1);
}

static void free_plan(struct plan *plan)
{
	free(plan->all);
	free(plan->cases);
	free(plan->stacks);
	free(plan->jobs);
}

static struct {
	size_t n;
	enum outcome outcomes[16];
	char messages[16][256];
	const char *reason; /* of every case, when set */
	const struct plan *plan;
} seen;

static void note(size_t index, json_t *details, const char *crash, void *arg)
{
	struct record r;
	(void)arg;
	ck_assert_uint_eq(index, seen.n);
	record_make(&r, seen.plan, &seen.plan->jobs[index], details, crash, seen.reason);
	seen.outcomes[seen.n] = r.outcome;
	snprintf(seen.messages[seen.n++], 256, "%s", r.message ? r.message : "");
	record_free(&r);
}

static void check_all_outcomes(unsigned workers)
{
	struct plan plan;
	make_plan(&plan, "arp.runner_test_*", 1);
	memset(&seen, 0, sizeof(seen));
	seen.plan = &plan;
	ck_assert_uint_eq(plan.n_jobs, 9);
	pool_run(&plan, workers, note, NULL);
	ck_assert_uint_eq(seen.n, 9);
	static const enum outcome expected[] = { OUTCOME_PASS, OUTCOME_FAIL, OUTCOME_SKIP, OUTCOME_ERROR, OUTCOME_ERROR, OUTCOME_ERROR, OUTCOME_SKIP,
		OUTCOME_SKIP, OUTCOME_PASS };
	static const char *const words[] = { "", "as it should", "no reason", "signal 11", "return value 3", "timeout", "no.such.option=1", "", "" };
	for (size_t i = 0; i < 9; i++) {
		ck_assert_msg(seen.outcomes[i] == expected[i], "%s: %s", plan.jobs[i].pc->id, outcome_name(seen.outcomes[i]));
		ck_assert_msg(strstr(seen.messages[i], words[i]) != NULL, "%s: %s", plan.jobs[i].pc->id, seen.messages[i]);
	}
	free_plan(&plan);
}

START_TEST(every_outcome)
{
	check_all_outcomes(1);
}
END_TEST

START_TEST(every_outcome_on_three_workers)
{
	check_all_outcomes(3);
}
END_TEST

START_TEST(known_failures)
{
	struct plan plan;
	make_plan(&plan, "arp.runner_test_[abcd]*", 1);
	memset(&seen, 0, sizeof(seen));
	seen.plan = &plan;
	seen.reason = "because";
	pool_run(&plan, 2, note, NULL);
	ck_assert_int_eq(seen.outcomes[0], OUTCOME_XPASS);
	ck_assert_int_eq(seen.outcomes[1], OUTCOME_XFAIL);
	ck_assert_int_eq(seen.outcomes[2], OUTCOME_SKIP);
	ck_assert_int_eq(seen.outcomes[3], OUTCOME_XFAIL);
	ck_assert(outcome_is_bad(OUTCOME_XPASS) && !outcome_is_bad(OUTCOME_XFAIL));
	free_plan(&plan);
}
END_TEST

START_TEST(seeds_depend_on_case_and_run_alone)
{
	struct plan all, one, other;
	make_plan(&all, "arp.runner_test_*", 5);
	make_plan(&one, "arp.runner_test_i*", 5);
	make_plan(&other, "arp.runner_test_i*", 6);
	ck_assert_uint_eq(all.jobs[8].seed, one.jobs[0].seed);
	ck_assert_uint_ne(all.jobs[0].seed, one.jobs[0].seed);
	ck_assert_uint_ne(other.jobs[0].seed, one.jobs[0].seed);
	free_plan(&all);
	free_plan(&one);
	free_plan(&other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("runner");
	TCase *c = tcase_create("runner");
	tcase_set_timeout(c, 60);
	tcase_add_test(c, every_outcome);
	tcase_add_test(c, every_outcome_on_three_workers);
	tcase_add_test(c, known_failures);
	tcase_add_test(c, seeds_depend_on_case_and_run_alone);
	suite_add_tcase(s, c);
	return unit_main(s);
}
