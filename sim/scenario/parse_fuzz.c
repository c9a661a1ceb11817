/* SPDX-License-Identifier: ISC */
/* Any bytes as a scenario file: accepted or refused with one line, never a crash or a leak. */
#include "sim/scenario/scenario.h"
#include "stack/base/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario *s;
	char error[SCN_ERROR_MAX] = "";
	int err = scenario_parse("fuzz.yaml", (const char *)data, size, &s, error);
	MUST((err != 0) == (error[0] != 0) && !strchr(error, '\n'));
	scenario_free(s);
	return 0;
}
