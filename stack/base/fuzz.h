/* SPDX-License-Identifier: ISC */
/* What libFuzzer targets share: the entry point they define, and a check that says what was wrong before it stops. */
#ifndef STACK_BASE_FUZZ_H
#define STACK_BASE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; the value is always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#endif
