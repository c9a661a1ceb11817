/* SPDX-License-Identifier: ISC */
#include "sim/world/world.h"

#include <sodium.h>
#include <stdlib.h>

struct world {
	uint64_t now_ns;
	uint64_t seed;
	uint64_t events;
	bool stopped;
	struct timers queue;
	struct buf_pool *pool;
};

struct world *world_create(uint64_t seed)
{
	if (sodium_init() < 0)
		return NULL;
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->pool = buf_pool_create();
	if (!w->pool) {
		free(w);
		return NULL;
	}
	w->seed = seed;
	timers_init(&w->queue);
	return w;
}

void world_destroy(struct world *w)
{
	if (!w)
		return;
	timers_fini(&w->queue);
	buf_pool_destroy(w->pool);
	free(w);
}

uint64_t world_now(const struct world *w)
{
	return w->now_ns;
}

uint64_t world_seed(const struct world *w)
{
	return w->seed;
}

struct buf_pool *world_pool(struct world *w)
{
	return w->pool;
}

uint64_t world_events(const struct world *w)
{
	return w->events;
}

void world_random(const struct world *w, struct random_stream *r, const char *name)
{
	random_init(r, w->seed, name);
}

int world_event_init(struct world *w, world_event *ev, timer_fn *fn, void *arg)
{
	return timer_init(&w->queue, ev, fn, arg);
}

void world_event_fini(struct world *w, world_event *ev)
{
	timer_fini(&w->queue, ev);
}

void world_at(struct world *w, world_event *ev, uint64_t at_ns)
{
	timer_set(&w->queue, ev, at_ns > w->now_ns ? at_ns : w->now_ns);
}

uint64_t world_take_order(struct world *w)
{
	return timer_take_order(&w->queue);
}

void world_at_ordered(struct world *w, world_event *ev, uint64_t at_ns, uint64_t order)
{
	timer_set_ordered(&w->queue, ev, at_ns > w->now_ns ? at_ns : w->now_ns, order);
}

void world_in(struct world *w, world_event *ev, uint64_t delay_ns)
{
	timer_set(&w->queue, ev, delay_ns < WORLD_NEVER - w->now_ns ? w->now_ns + delay_ns : WORLD_NEVER);
}

void world_cancel(struct world *w, world_event *ev)
{
	timer_cancel(&w->queue, ev);
}

uint64_t world_next(struct world *w)
{
	return timers_next(&w->queue);
}

/* Runs the first event if it is due by until_ns. What is set for WORLD_NEVER is never due. */
static bool run_one(struct world *w, uint64_t until_ns)
{
	struct timer *ev = timers_pop(&w->queue, until_ns < WORLD_NEVER ? until_ns : WORLD_NEVER - 1);
	if (!ev)
		return false;
	w->now_ns = ev->at_ns;
	w->events++;
	ev->fn(ev->arg);
	return true;
}

bool world_step(struct world *w)
{
	return run_one(w, WORLD_NEVER);
}

void world_run(struct world *w, uint64_t until_ns)
{
	w->stopped = false;
	while (!w->stopped && run_one(w, until_ns))
		;
	if (!w->stopped && until_ns != WORLD_NEVER && until_ns > w->now_ns)
		w->now_ns = until_ns;
}

void world_stop(struct world *w)
{
	w->stopped = true;
}
