/* SPDX-License-Identifier: ISC */
#include "sim/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stack/base/unit.h"

static const char *const good_numbers[] = { "0", "42", "0x2a", "18446744073709551615" };
static const uint64_t good_values[] = { 0, 42, 42, UINT64_MAX };

START_TEST(reads_numbers)
{
	ck_assert_uint_eq(cli_u64("--seed", good_numbers[_i]), good_values[_i]);
}
END_TEST

/* Each of these must exit with CLI_USAGE: Check runs a test per fork and compares the exit status. */
static const char *const bad_numbers[] = { "", "-1", " 1", "1x", "0x", "18446744073709551616", "ten" };
START_TEST(refuses_numbers)
{
	cli_u64("--seed", bad_numbers[_i]);
}
END_TEST

static const char *const bad_seeds[] = { "-1", "9223372036854775808", "18446744073709551615" };
START_TEST(refuses_seeds)
{
	cli_seed("--seed", bad_seeds[_i]);
}
END_TEST
START_TEST(reads_seeds)
{
	ck_assert_uint_eq(cli_seed("--seed", "9223372036854775807"), INT64_MAX);
}
END_TEST

static const char *const bad_ranges[] = { "0", "65", "-3", "", "3 " };
START_TEST(refuses_out_of_range)
{
	ck_assert_uint_eq(cli_unsigned("--jobs", "1", 1, 64), 1);
	ck_assert_uint_eq(cli_unsigned("--jobs", "64", 1, 64), 64);
	cli_unsigned("--jobs", bad_ranges[_i], 1, 64);
}
END_TEST

START_TEST(knows_its_folder)
{
	char path[PATH_MAX + 16];
	cli_folder(path);
	strcat(path, "/cli_test");
	ck_assert_int_eq(access(path, X_OK), 0);
}
END_TEST

START_TEST(output_check_leaves_no_file)
{
	char dir[] = "/tmp/cli_test.XXXXXX", path[64];
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/out", dir);
	cli_check_output_file("--results", path);
	ck_assert_int_ne(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/sub", dir);
	cli_check_output_dir("--pcap", path);
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	rmdir(path);
	rmdir(dir);
}
END_TEST

static const char *const bad_outputs[] = { "/nonexistent/out", "/", "", "/dev/null/out" };
START_TEST(refuses_outputs)
{
	cli_check_output_file("--results", bad_outputs[_i]);
}
END_TEST

static const char *const bad_dirs[] = { "/nonexistent/out", "/dev/null", "" };
START_TEST(refuses_dirs)
{
	cli_check_output_dir("--pcap", bad_dirs[_i]);
}
END_TEST

static const struct option longs[] = { CLI_COMMON_OPTIONS, { "seed", required_argument, NULL, CLI_FIRST_OPTION }, { 0 } };
static int parse(const char *arg)
{
	char *argv[] = { "program", (char *)arg, NULL };
	return cli_getopt(2, argv, longs, "usage: program\n");
}
START_TEST(reads_options)
{
	ck_assert_int_eq(parse("--seed=7"), CLI_FIRST_OPTION);
	ck_assert_str_eq(optarg, "7");
	optind = 1;
	ck_assert_int_eq(parse("word"), -1);
}
END_TEST

static const char *const ending_options[] = { "--help", "--version" };
START_TEST(answers_common_options)
{
	parse(ending_options[_i]);
	_exit(99);
}
END_TEST

static const char *const bad_options[] = { "--sed", "-x", "--seed", "--help=7", "--nothing=1" };
START_TEST(refuses_options)
{
	parse(bad_options[_i]);
	_exit(99);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("cli");
	tcase_add_loop_test(t, reads_numbers, 0, COUNT(good_numbers));
	tcase_add_loop_exit_test(t, refuses_numbers, CLI_USAGE, 0, COUNT(bad_numbers));
	tcase_add_loop_exit_test(t, refuses_out_of_range, CLI_USAGE, 0, COUNT(bad_ranges));
	tcase_add_loop_exit_test(t, refuses_seeds, CLI_USAGE, 0, COUNT(bad_seeds));
	tcase_add_test(t, reads_seeds);
	tcase_add_test(t, knows_its_folder);
	tcase_add_test(t, output_check_leaves_no_file);
	tcase_add_loop_exit_test(t, refuses_outputs, CLI_USAGE, 0, COUNT(bad_outputs));
	tcase_add_loop_exit_test(t, refuses_dirs, CLI_USAGE, 0, COUNT(bad_dirs));
	tcase_add_test(t, reads_options);
	tcase_add_loop_exit_test(t, answers_common_options, CLI_OK, 0, COUNT(ending_options));
	tcase_add_loop_exit_test(t, refuses_options, CLI_USAGE, 0, COUNT(bad_options));
	suite_add_tcase(s, t);
	return unit_main(s);
}
