/* SPDX-License-Identifier: ISC */
#include "sim/scenario/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct scale {
	const char *name;
	uint64_t factor;
};

static const struct scale times[] = { { "ns", 1 }, { "us", 1000 }, { "µs", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	{ "min", UINT64_C(60000000000) }, { "h", UINT64_C(3600000000000) }, { 0 } };
static const struct scale sizes[] = { { "B", 1 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 },
	{ "GiB", 1 << 30 }, { 0 } };
static const struct scale rates[] = { { "bit/s", 1 }, { "kbit/s", 1000 }, { "Mbit/s", 1000000 }, { "Gbit/s", 1000000000 }, { 0 } };
static const struct scale shares[] = { { "%", SHARE_ONE / 100 }, { "", SHARE_ONE }, { 0 } };
static const struct scale counts[] = { { "", 1 }, { 0 } };

static const struct scale *const scales[] = { counts, times, sizes, rates, shares };

const char *unit_expected(enum unit unit)
{
	static const char *const expected[] = { "a whole number", "a time like 10 ms (ns, us, ms, s, min, h)",
		"a size like 64 KiB (B, kB, MB, GB, KiB, MiB, GiB)", "a rate like 20 Mbit/s (bit/s, kbit/s, Mbit/s, Gbit/s)",
		"a share like 1 % or 0.01" };
	return expected[unit];
}

/* A decimal number: digits of its mantissa, and how many of them stand behind the point. */
static int read_number(const char **text, uint64_t *mantissa, unsigned *decimals)
{
	const char *p = *text;
	unsigned digits = 0;
	*mantissa = *decimals = 0;
	for (bool point = false; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		digits++;
		*decimals += point;
		if (__builtin_mul_overflow(*mantissa, 10, mantissa) || __builtin_add_overflow(*mantissa, (uint64_t)(*p - '0'), mantissa))
			return -ERANGE;
	}
	if (!digits || p[-1] == '.')
		return -EINVAL;
	*text = p;
	return 0;
}

static const struct scale *find_scale(enum unit unit, const char *name)
{
	for (const struct scale *s = scales[unit]; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

int unit_parse(enum unit unit, const char *text, uint64_t *value)
{
	uint64_t mantissa;
	unsigned decimals;
	int err = read_number(&text, &mantissa, &decimals);
	if (err)
		return err;
	while (*text == ' ')
		text++;
	const struct scale *s = find_scale(unit, text);
	if (!s && !*text && mantissa == 0) {
		*value = 0;
		return 0;
	}
	if (!s)
		return -EINVAL;
	unsigned __int128 v = (unsigned __int128)mantissa * s->factor;
	for (; decimals; decimals--) {
		if (v % 10)
			return -ERANGE;
		v /= 10;
	}
	if (v > INT64_MAX)
		return -ERANGE;
	*value = (uint64_t)v;
	return 0;
}

/* Three decimals at most, none that are zero at the end. */
static void format_scaled(char *s, double v, const char *name)
{
	char number[24];
	snprintf(number, sizeof(number), "%.*f", v >= 1000 ? 0 : v >= 100 ? 1 : v >= 10 ? 2 : 3, v);
	if (strchr(number, '.')) {
		char *end = number + strlen(number);
		while (end[-1] == '0')
			*--end = 0;
		if (end[-1] == '.')
			*--end = 0;
	}
	snprintf(s, UNIT_STRLEN, "%s%s%s", number, *name ? " " : "", name);
}

static void format_largest(const struct scale *list, uint64_t value, char *s)
{
	const struct scale *best = list;
	for (const struct scale *l = list; l->name; l++) {
		if (value >= l->factor && l->factor >= best->factor)
			best = l;
	}
	format_scaled(s, (double)value / (double)best->factor, best->name);
}

char *unit_format(enum unit unit, uint64_t value, char s[UNIT_STRLEN])
{
	static const struct scale out_times[] = { { "ns", 1 }, { "µs", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "h", UINT64_C(3600000000000) }, { 0 } };
	static const struct scale out_sizes[] = { { "B", 1 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { 0 } };
	switch (unit) {
	case UNIT_COUNT:
		snprintf(s, UNIT_STRLEN, "%llu", (unsigned long long)value);
		break;
	case UNIT_TIME:
		format_largest(out_times, value, s);
		break;
	case UNIT_SIZE:
		format_largest(out_sizes, value, s);
		break;
	case UNIT_RATE:
		format_largest(rates, value, s);
		break;
	case UNIT_SHARE:
		format_scaled(s, (double)value / (SHARE_ONE / 100), "%");
		break;
	}
	return s;
}
