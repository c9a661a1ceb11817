/* SPDX-License-Identifier: ISC */
/* What every unit test's main is: run the suite, end with the line the gate adds up. */
#ifndef STACK_BASE_UNIT_H
#define STACK_BASE_UNIT_H

#include <check.h>
#include <stdio.h>

static inline int unit_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	printf("%d passed, %d failed\n", run - failed, failed);
	return failed != 0;
}

#endif
