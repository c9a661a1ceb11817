/* SPDX-License-Identifier: ISC */
#include "stack/wire/print.h"

#include <stdarg.h>
#include <stdio.h>

size_t print_room(const struct print *p)
{
	return (size_t)p->n < p->cap ? p->cap - (size_t)p->n : 0;
}

char *print_at(const struct print *p)
{
	return print_room(p) ? p->s + p->n : NULL;
}

void print_add(struct print *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(print_at(p), print_room(p), format, args);
	va_end(args);
	if (n > 0)
		p->n += n;
}
