/* SPDX-License-Identifier: ISC */
/* Quantities as people write them ("10 ms", "64 KiB", "20 Mbit/s", "1 %"): read exactly, written briefly. */
#ifndef SIM_SCENARIO_UNITS_H
#define SIM_SCENARIO_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum unit {
	UNIT_COUNT, /* a plain number */
	UNIT_TIME,  /* ns */
	UNIT_SIZE,  /* bytes */
	UNIT_RATE,  /* bits per second */
	UNIT_SHARE, /* parts per thousand million: "1 %" or a fraction from 0 to 1 */
};

#define SHARE_ONE UINT64_C(1000000000)
#define UNIT_STRLEN 40

/* What an error message says was expected: "a time like 10 ms". */
const char *unit_expected(enum unit unit);
/* 0; -EINVAL unless text is a number and a unit of this kind (0 needs none); -ERANGE when it does not fit or is not whole. */
int unit_parse(enum unit unit, const char *text, uint64_t *value);
/* Writes the value with a unit that suits its size, at most four significant digits after rounding; returns s. */
char *unit_format(enum unit unit, uint64_t value, char s[UNIT_STRLEN]);

#endif
