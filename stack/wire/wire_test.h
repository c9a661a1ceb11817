/* SPDX-License-Identifier: ISC */
/* What the tests of the formats share. */
#ifndef STACK_WIRE_WIRE_TEST_H
#define STACK_WIRE_WIRE_TEST_H

#include "stack/base/unit.h"
#include "stack/wire/golden.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bytes from hex digits; returns how many. */
static inline size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;
	unsigned byte;
	for (; *hex; hex += 2) {
		ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
		ck_assert_uint_lt(n, cap);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static inline const struct golden *golden_named(const char *name)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		if (strcmp(golden[i].name, name) == 0)
			return &golden[i];
	ck_abort_msg("no golden frame %s", name);
	return NULL;
}

/* The named golden frame from byte offset on. */
static inline size_t golden_bytes(const char *name, size_t offset, uint8_t *out, size_t cap)
{
	uint8_t all[2048];
	size_t n = unhex(golden_named(name)->hex, all, sizeof(all)) - offset;
	ck_assert_uint_le(n, cap);
	memcpy(out, all + offset, n);
	return n;
}

/* A copy that ends where its allocation ends, so that the address sanitizer sees a read past it. */
static inline uint8_t *exact_copy(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, n);
	return n ? copy : copy + 1;
}

static inline void exact_free(uint8_t *copy, size_t n)
{
	free(n ? copy : copy - 1);
}

/* Every prefix shorter than n bytes gives the error. */
#define ASSERT_PREFIXES(parse, header, bytes, n, error) \
	do { \
		for (size_t prefix_ = 0; prefix_ < (size_t)(n); prefix_++) { \
			uint8_t *copy_ = exact_copy((bytes), prefix_); \
			ck_assert_int_eq(parse((header), copy_, prefix_), (error)); \
			exact_free(copy_, prefix_); \
		} \
	} while (0)

/* Every capacity smaller than n bytes is refused. */
#define ASSERT_NO_SPACE(emit, header, n) \
	do { \
		for (size_t cap_ = 0; cap_ < (size_t)(n); cap_++) { \
			uint8_t *room_ = exact_copy((const uint8_t[256]){ 0 }, cap_); \
			ck_assert_int_eq(emit((header), room_, cap_), -ENOSPC); \
			exact_free(room_, cap_); \
		} \
	} while (0)

/* print gives line, and the same count and a cut line when the buffer is short. */
#define ASSERT_PRINTS(print, header, line) \
	do { \
		char text_[512]; \
		int n_ = print((header), text_, sizeof(text_)); \
		ck_assert_str_eq(text_, (line)); \
		ck_assert_int_eq(n_, (int)strlen(line)); \
		for (size_t cap_ = 0; cap_ <= (size_t)n_; cap_++) { \
			char *cut_ = malloc(cap_ + 1); \
			ck_assert_int_eq(print((header), cap_ ? cut_ : NULL, cap_), n_); \
			if (cap_) \
				ck_assert(strlen(cut_) == cap_ - 1 && strncmp(cut_, text_, cap_ - 1) == 0); \
			free(cut_); \
		} \
	} while (0)

#endif
