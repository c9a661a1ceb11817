/* SPDX-License-Identifier: ISC */
#include "stack/base/timer.h"

#include <errno.h>
#include <stdlib.h>

void timers_init(struct timers *ts)
{
	*ts = (struct timers){ 0 };
}

void timers_fini(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

int timer_init(struct timers *ts, struct timer *t, timer_fn *fn, void *arg)
{
	*t = (struct timer){ 0 };
	if (ts->reserved == ts->capacity) {
		uint32_t capacity = ts->capacity ? ts->capacity * 2 : 16;
		struct timer_slot *heap = realloc(ts->heap, capacity * sizeof(*heap));
		if (!heap)
			return -ENOMEM;
		ts->heap = heap;
		ts->capacity = capacity;
	}
	ts->reserved++;
	t->fn = fn;
	t->arg = arg;
	return 0;
}

void timer_fini(struct timers *ts, struct timer *t)
{
	if (!t->fn)
		return;
	timer_cancel(ts, t);
	ts->reserved--;
	t->fn = NULL;
}

static bool before(const struct timer_slot *a, const struct timer_slot *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct timers *ts, uint32_t i, struct timer_slot s)
{
	ts->heap[i] = s;
	s.timer->place = i + 1;
}

static void sift_up(struct timers *ts, uint32_t i)
{
	struct timer_slot s = ts->heap[i];
	while (i > 0) {
		uint32_t parent = (i - 1) / 4;
		if (!before(&s, &ts->heap[parent]))
			break;
		place(ts, i, ts->heap[parent]);
		i = parent;
	}
	place(ts, i, s);
}

static void sift_down(struct timers *ts, uint32_t i)
{
	struct timer_slot s = ts->heap[i];
	for (;;) {
		uint32_t first = 4 * i + 1, best = first;
		if (first >= ts->n)
			break;
		for (uint32_t c = first + 1; c < first + 4 && c < ts->n; c++) {
			if (before(&ts->heap[c], &ts->heap[best]))
				best = c;
		}
		if (!before(&ts->heap[best], &s))
			break;
		place(ts, i, ts->heap[best]);
		i = best;
	}
	place(ts, i, s);
}

static void reposition(struct timers *ts, uint32_t i)
{
	if (i > 0 && before(&ts->heap[i], &ts->heap[(i - 1) / 4]))
		sift_up(ts, i);
	else
		sift_down(ts, i);
}

uint64_t timer_take_order(struct timers *ts)
{
	return ts->next_order++;
}

void timer_set(struct timers *ts, struct timer *t, uint64_t at_ns)
{
	timer_set_ordered(ts, t, at_ns, timer_take_order(ts));
}

void timer_set_ordered(struct timers *ts, struct timer *t, uint64_t at_ns, uint64_t order)
{
	struct timer_slot slot = { at_ns, order, t };
	t->at_ns = at_ns;
	t->order = order;
	uint32_t i = t->place ? t->place - 1 : ts->n++;
	if (t->place && !before(&slot, &ts->heap[i]))
		return; /* the slot is early; settle() moves it when it reaches the top */
	ts->heap[i] = slot;
	sift_up(ts, i);
}

void timer_cancel(struct timers *ts, struct timer *t)
{
	if (!t->place)
		return;
	uint32_t i = t->place - 1;
	t->place = 0;
	ts->n--;
	if (i == ts->n)
		return;
	place(ts, i, ts->heap[ts->n]);
	reposition(ts, i);
}

/* Moves timers that were pushed later down from the top, until the top is exact. */
static void settle(struct timers *ts)
{
	while (ts->n > 0) {
		const struct timer *t = ts->heap[0].timer;
		if (t->order == ts->heap[0].order)
			return;
		ts->heap[0].at_ns = t->at_ns;
		ts->heap[0].order = t->order;
		sift_down(ts, 0);
	}
}

uint64_t timers_next(struct timers *ts)
{
	settle(ts);
	return ts->n ? ts->heap[0].at_ns : TIMER_NEVER;
}

struct timer *timers_pop(struct timers *ts, uint64_t now_ns)
{
	if (timers_next(ts) > now_ns || !ts->n)
		return NULL;
	struct timer *t = ts->heap[0].timer;
	timer_cancel(ts, t);
	return t;
}
