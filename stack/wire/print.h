/* SPDX-License-Identifier: ISC */
/* Building a line piece by piece, with snprintf's rules for a short buffer. Private to wire/. */
#ifndef STACK_WIRE_PRINT_H
#define STACK_WIRE_PRINT_H

#include <stddef.h>

struct print {
	char *s; /* may be NULL when cap is 0 */
	size_t cap;
	int n; /* characters the whole line has, written or not */
};

__attribute__((format(printf, 2, 3))) void print_add(struct print *p, const char *format, ...);
/* Where the next piece goes and how much room it has, for printers that return what snprintf would. */
char *print_at(const struct print *p);
size_t print_room(const struct print *p);

#endif
