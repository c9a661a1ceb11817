/* SPDX-License-Identifier: ISC */
/*
 * Timers: an intrusive 4-ary heap ordered by deadline, ties by order of arming.
 * Arming and cancelling cost O(log n); pushing an armed timer later is O(1).
 */
#ifndef STACK_BASE_TIMER_H
#define STACK_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

typedef void timer_fn(void *arg);

struct timer {
	uint64_t at_ns; /* deadline */
	uint64_t order; /* breaks ties: the order of arming */
	uint32_t place; /* index in the heap plus one; 0 when idle */
	timer_fn *fn;
	void *arg;
};

struct timer_slot {
	uint64_t at_ns, order;
	struct timer *timer;
};

struct timers {
	struct timer_slot *heap;
	uint32_t n;        /* armed */
	uint32_t capacity; /* slots allocated */
	uint32_t reserved; /* timers initialised and not yet finished */
	uint64_t next_order;
};

void timers_init(struct timers *ts);
void timers_fini(struct timers *ts);

/* Prepares a timer and reserves its slot, so that arming cannot fail. 0 or -ENOMEM. */
int timer_init(struct timers *ts, struct timer *t, timer_fn *fn, void *arg);
/* Cancels the timer and gives its slot back. A zeroed timer is allowed. */
void timer_fini(struct timers *ts, struct timer *t);

/* Arms, or re-arms, for at_ns. */
void timer_set(struct timers *ts, struct timer *t, uint64_t at_ns);
/*
 * The same in two steps: the place among ties is taken now, the timer armed with it later. A queue of deadlines that
 * never decrease needs only its head in the heap, and still runs in the order its members were queued.
 */
uint64_t timer_take_order(struct timers *ts);
void timer_set_ordered(struct timers *ts, struct timer *t, uint64_t at_ns, uint64_t order);
void timer_cancel(struct timers *ts, struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return t->place != 0;
}

/* The earliest deadline, TIMER_NEVER when nothing is armed. */
uint64_t timers_next(struct timers *ts);
/* Disarms and returns the timer due first if its deadline is <= now_ns, else NULL. The caller calls its fn. */
struct timer *timers_pop(struct timers *ts, uint64_t now_ns);

#endif
