/* SPDX-License-Identifier: ISC */
#include "sim/scenario/jobs.h"
#include "stack/base/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINE, CRASHES, HANGS, FAILS, SILENT };
static const int deeds[] = { FINE, CRASHES, FINE, HANGS, FAILS, SILENT, FINE };
#define N (sizeof(deeds) / sizeof(deeds[0]))

struct seen {
	unsigned next, stop_after;
	struct job jobs[N];
	char text[N][64];
};

static int work(void *arg, unsigned i, int fd)
{
	char text[64];
	(void)arg;
	snprintf(text, sizeof(text), "job %u", i);
	if (deeds[i] != SILENT)
		job_say(fd, JOB_TEXT, text, strlen(text));
	if (deeds[i] == CRASHES)
		raise(SIGSEGV);
	if (deeds[i] == HANGS)
		pause();
	return deeds[i] == FAILS ? 3 : 0;
}

static bool done(void *arg, unsigned i, const struct job *job)
{
	struct seen *seen = arg;
	ck_assert_uint_eq(i, seen->next++);
	seen->jobs[i] = *job;
	if (job->part[JOB_TEXT])
		snprintf(seen->text[i], sizeof(seen->text[i]), "%s", job->part[JOB_TEXT]);
	return seen->next != seen->stop_after;
}

/* In order whatever the number at once; a crash or a hang is one job's affair. */
START_TEST(each_job_has_its_own_end)
{
	struct seen seen = { 0 };
	struct jobs jobs = { .n = N, .parallel = (unsigned)_i, .limit_s = 1, .work = work, .done = done, .arg = &seen };
	ck_assert_int_eq(jobs_run(&jobs), 0);
	ck_assert_uint_eq(seen.next, N);
	for (unsigned i = 0; i < N; i++) {
		char want[64];
		snprintf(want, sizeof(want), deeds[i] == SILENT ? "" : "job %u", i);
		ck_assert_str_eq(seen.text[i], want);
		ck_assert_int_eq(seen.jobs[i].too_long, deeds[i] == HANGS);
		int status = deeds[i] == FAILS ? 3 : deeds[i] == HANGS ? -1 : 0;
		if (deeds[i] == CRASHES)
			ck_assert_int_ne(seen.jobs[i].status, 0);
		else
			ck_assert_int_eq(seen.jobs[i].status, status);
	}
}
END_TEST

START_TEST(stopping_kills_what_is_at_work)
{
	struct seen seen = { .stop_after = 1 };
	struct jobs jobs = { .n = N, .parallel = N, .limit_s = 0, .work = work, .done = done, .arg = &seen };
	ck_assert_int_eq(jobs_run(&jobs), 0);
	ck_assert_uint_eq(seen.next, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jobs");
	TCase *tc = tcase_create("jobs");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, each_job_has_its_own_end, 1, 4);
	tcase_add_test(tc, stopping_kills_what_is_at_work);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
