/* SPDX-License-Identifier: ISC */
#include "sim/results/results.h"
#include "sim/cli/cli.h"
#include "stack/base/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/plumbline-results-XXXXXX";
static char path[PATH_MAX], part[PATH_MAX], error[RESULTS_ERROR_MAX];

static void setup(void)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r.jsonl", dir);
	snprintf(part, sizeof(part), "%s/r.jsonl.part", dir);
}

static void teardown(void)
{
	unlink(path);
	unlink(part);
	rmdir(dir);
}

static bool exists(const char *p)
{
	return access(p, F_OK) == 0;
}

START_TEST(a_file_appears_only_when_complete_and_in_order)
{
	static const char want[] = "{\"kind\":\"meta\",\"schema\":\"plumbline.results/1\",\"program\":\"run\",\"version\":\"" PLUMBLINE_VERSION
				   "\",\"stack\":\"direct\",\"seed\":7,\"command\":\"plumbline run x.yaml\"}\n"
				   "{\"kind\":\"scenario\",\"z\":1,\"a\":\"µs\",\"r\":0.1}\n"
				   "{\"kind\":\"end\",\"passed\":1,\"failed\":2,\"skipped\":3,\"xfailed\":4,\"xpassed\":5,\"errors\":6}\n";
	struct results *r;
	ck_assert_int_eq(results_open(path, "run", "direct", 7, "plumbline run x.yaml", &r, error), 0);
	results_write(r, json_pack("{s:s, s:i, s:s, s:f}", "kind", "scenario", "z", 1, "a", "µs", "r", 0.1));
	ck_assert(exists(part));
	ck_assert(!exists(path));
	struct results_counts counts = { 1, 2, 3, 4, 5, 6 };
	ck_assert_int_eq(results_end(r, &counts, error), 0);
	ck_assert(!exists(part));

	char got[1024] = "";
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = 0;
	fclose(f);
	ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(no_path_means_no_work)
{
	struct results *r = (struct results *)1;
	struct results_counts counts = { 0 };
	ck_assert_int_eq(results_open(NULL, "run", "direct", 1, "", &r, error), 0);
	ck_assert_ptr_null(r);
	results_write(r, json_object());
	results_discard(r);
	ck_assert_int_eq(results_end(r, &counts, error), 0);
}
END_TEST

START_TEST(an_unwritable_path_is_said_at_once)
{
	struct results *r;
	ck_assert_int_eq(results_open("/nonexistent/r.jsonl", "run", "direct", 1, "", &r, error), -ENOENT);
	ck_assert_str_eq(error, "/nonexistent/r.jsonl: cannot write results: No such file or directory");
	ck_assert_ptr_null(r);
	ck_assert_int_eq(results_open(dir, "run", "direct", 1, "", &r, error), -EISDIR);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
	struct results *r;
	ck_assert_int_eq(results_open("/dev/full", "run", "direct", 1, "", &r, error), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(error, "No space left"));
}
END_TEST

START_TEST(an_object_that_could_not_be_made_fails_the_file)
{
	struct results *r;
	struct results_counts counts = { 0 };
	ck_assert_int_eq(results_open(path, "run", "direct", 1, "", &r, error), 0);
	results_write(r, NULL);
	ck_assert_int_eq(results_end(r, &counts, error), -ENOMEM);
	ck_assert(!exists(path));
	ck_assert(!exists(part));
}
END_TEST

START_TEST(giving_up_leaves_nothing)
{
	struct results *r;
	ck_assert_int_eq(results_open(path, "run", "direct", 1, "", &r, error), 0);
	results_discard(r);
	ck_assert(!exists(path));
	ck_assert(!exists(part));
}
END_TEST

START_TEST(a_command_reads_back)
{
	char *argv[] = { "/opt/x y/plumbline-run", "a b.yaml", "it's", "", "--seed=1" };
	char *line = results_command(5, argv);
	ck_assert_str_eq(line, "plumbline run 'a b.yaml' 'it'\\''s' '' --seed=1");
	free(line);
}
END_TEST

START_TEST(a_rerun_names_the_dispatcher_beside_this_program)
{
	char *argv[] = { "run", "a b.yaml" }, exe[4096], want[4200];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	ck_assert_int_gt(n, 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	char *folder = strrchr(exe, '/') + 1;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(i == 0 ? chdir("/") : i == 1 ? chdir(exe) || chdir("..") : chdir(folder), 0);
		snprintf(want, sizeof(want), "%s/plumbline run 'a b.yaml'", i == 0 ? exe : i == 1 ? folder : ".");
		char *line = results_rerun(2, argv);
		ck_assert_str_eq(line, want);
		free(line);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("results");
	TCase *tc = tcase_create("results");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_appears_only_when_complete_and_in_order);
	tcase_add_test(tc, no_path_means_no_work);
	tcase_add_test(tc, an_unwritable_path_is_said_at_once);
	tcase_add_test(tc, a_full_disk_is_an_error);
	tcase_add_test(tc, an_object_that_could_not_be_made_fails_the_file);
	tcase_add_test(tc, giving_up_leaves_nothing);
	tcase_add_test(tc, a_command_reads_back);
	tcase_add_test(tc, a_rerun_names_the_dispatcher_beside_this_program);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
