/* SPDX-License-Identifier: ISC */
#include "sim/cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stack/base/unit.h"

static char dir[] = "/tmp/output-test-XXXXXX", path[64], part[64];

static void setup(void)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(part, sizeof(part), "%s/out.part", dir);
}

static void teardown(void)
{
	unlink(path);
	unlink(part);
	rmdir(dir);
}

static void expect_text(const char *text)
{
	char got[64] = "";
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	ck_assert_str_eq(got, text);
}

START_TEST(appears_whole)
{
	struct output o;
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(output_open(&o, path), 0);
		fputs("whole\n", o.file);
		fflush(o.file);
		ck_assert_int_eq(access(path, F_OK), again ? 0 : -1);
		ck_assert_int_eq(output_finish(&o), 0);
		ck_assert_int_ne(access(part, F_OK), 0);
		expect_text("whole\n");
	}
}
END_TEST

START_TEST(keeps_the_old_file_when_discarded)
{
	struct output o;
	ck_assert_int_eq(output_open(&o, path), 0);
	fputs("old\n", o.file);
	ck_assert_int_eq(output_finish(&o), 0);
	ck_assert_int_eq(output_open(&o, path), 0);
	fputs("new\n", o.file);
	output_discard(&o);
	ck_assert_int_ne(access(part, F_OK), 0);
	expect_text("old\n");
}
END_TEST

START_TEST(writes_devices_in_place)
{
	struct output o;
	struct stat st;
	ck_assert_int_eq(output_open(&o, "/dev/null"), 0);
	fputs("text", o.file);
	ck_assert_int_eq(output_finish(&o), 0);
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

/* The error shows in fputs(), in fflush() or at the end only: told in each case. */
START_TEST(tells_a_full_disk)
{
	struct output o;
	ck_assert_int_eq(output_open(&o, "/dev/full"), 0);
	fputs("text", o.file);
	if (_i)
		fflush(o.file);
	int err = output_finish(&o);
	ck_assert_msg(err == -ENOSPC || (_i && err == -EIO), "%d", err);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	struct output o;
	ck_assert_int_eq(output_open(&o, "/tmp"), -EISDIR);
	ck_assert_int_eq(output_open(&o, "/nonexistent/out"), -ENOENT);
	ck_assert_int_eq(output_open(&o, ""), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("output");
	TCase *t = tcase_create("output");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, appears_whole);
	tcase_add_test(t, keeps_the_old_file_when_discarded);
	tcase_add_test(t, writes_devices_in_place);
	tcase_add_loop_test(t, tells_a_full_disk, 0, 2);
	tcase_add_test(t, refuses_what_is_no_file);
	suite_add_tcase(s, t);
	return unit_main(s);
}
