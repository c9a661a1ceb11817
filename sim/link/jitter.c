/* SPDX-License-Identifier: ISC */
#include "sim/link/jitter.h"

typedef unsigned __int128 uint128;

static uint64_t shifted(uint64_t delay_ns, int64_t by_ns)
{
	if (by_ns >= 0)
		return delay_ns + (uint64_t)by_ns;
	return delay_ns > (uint64_t)-by_ns ? delay_ns - (uint64_t)-by_ns : 0;
}

static int64_t uniform_ns(uint64_t jitter_ns, struct random_stream *r)
{
	return (int64_t)random_below(r, 2 * jitter_ns + 1) - (int64_t)jitter_ns;
}

/* Twelve uniform numbers have mean 6 and variance 1. */
static int64_t normal_ns(uint64_t deviation_ns, struct random_stream *r)
{
	int64_t z = -6 * (INT64_C(1) << 32); /* in 2^-32 */
	for (int i = 0; i < 12; i++)
		z += random_u32(r);
	return (int64_t)((__int128)z * (int64_t)deviation_ns / (INT64_C(1) << 32));
}

static uint64_t cube_root(uint128 v) /* v <= 2^108 */
{
	uint64_t root = 0;
	for (int bit = 36; bit >= 0; bit--) {
		uint64_t t = root | UINT64_C(1) << bit;
		if ((uint128)t * t * t <= v)
			root = t;
	}
	return root;
}

/*
 * The tail of a Pareto distribution of shape 3 beyond its minimum m has mean m / 2, and is m * (u^(-1/3) - 1) for u uniform in (0, 1].
 * u = k / 2^48, so u^(-1/3) is the cube root of 2^108 / k in units of 2^-20.
 */
static uint64_t pareto_ns(uint64_t mean_ns, struct random_stream *r)
{
	uint64_t k = (random_u64(r) >> 16) + 1;
	uint64_t root = cube_root(((uint128)1 << 108) / k);
	return (uint64_t)((uint128)(2 * mean_ns) * (root - (UINT64_C(1) << 20)) >> 20);
}

uint64_t jitter_delay_ns(enum jitter_kind kind, uint64_t delay_ns, uint64_t jitter_ns, struct random_stream *r)
{
	switch (kind) {
	case JITTER_UNIFORM:
		return shifted(delay_ns, uniform_ns(jitter_ns, r));
	case JITTER_NORMAL:
		return shifted(delay_ns, normal_ns(jitter_ns, r));
	case JITTER_PARETO:
		return delay_ns + pareto_ns(jitter_ns, r);
	default:
		return delay_ns;
	}
}
