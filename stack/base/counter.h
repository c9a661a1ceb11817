/* SPDX-License-Identifier: ISC */
/*
 * Named counters. A layer lists them once:
 *
 *     #define ETH_COUNTERS(X) X(rx, "rx") X(drop_short, "drop.short")
 *     struct eth_counters { ETH_COUNTERS(COUNTER_FIELD) };
 *     static const char *const names[] = { ETH_COUNTERS(COUNTER_NAME) };
 *
 * Names that start "drop." say why a packet was dropped, in the words that
 * failure messages and replay reports show.
 */
#ifndef STACK_BASE_COUNTER_H
#define STACK_BASE_COUNTER_H

#include <stdint.h>

#define COUNTER_FIELD(field, name) uint64_t field;
#define COUNTER_NAME(field, name) name,

/* One layer's counters, for whoever reports them. */
struct counter_set {
	const char *layer;        /* "eth", "arp", "ip4", … */
	const char *const *names; /* n names */
	const uint64_t *values;   /* n values, live */
	unsigned n;
};

#endif
