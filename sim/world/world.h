/* SPDX-License-Identifier: ISC */
/*
 * The world: a virtual clock, one event queue, named random streams, packet memory.
 * It pops the earliest event; ties run in the order they were scheduled. Nothing else decides what happens next.
 */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include "stack/base/buf.h"
#include "stack/base/env.h" /* NS_PER_… */
#include "stack/base/random.h"
#include "stack/base/timer.h"

#define WORLD_NEVER TIMER_NEVER

struct world;

/* An event is a timer of the world's queue; embed it where it belongs. */
typedef struct timer world_event;

/* NULL when out of memory. */
struct world *world_create(uint64_t seed);
/* Everything that lives in the world is destroyed before it. */
void world_destroy(struct world *w);

uint64_t world_now(const struct world *w); /* ns */
uint64_t world_seed(const struct world *w);
struct buf_pool *world_pool(struct world *w);
/* Events run so far. */
uint64_t world_events(const struct world *w);
/* A stream that depends on the world's seed and the name only. */
void world_random(const struct world *w, struct random_stream *r, const char *name);

/* 0 or -ENOMEM; a prepared event can be scheduled without failing. */
int world_event_init(struct world *w, world_event *ev, timer_fn *fn, void *arg);
void world_event_fini(struct world *w, world_event *ev);
/* Schedules, or moves, ev to at_ns; a past time means now, WORLD_NEVER that it never runs. */
void world_at(struct world *w, world_event *ev, uint64_t at_ns);
void world_in(struct world *w, world_event *ev, uint64_t delay_ns);
/* The place among events of the same time, taken now for an event scheduled later: see timer_take_order(). */
uint64_t world_take_order(struct world *w);
void world_at_ordered(struct world *w, world_event *ev, uint64_t at_ns, uint64_t order);
void world_cancel(struct world *w, world_event *ev);

/* Time of the next event, WORLD_NEVER when none. */
uint64_t world_next(struct world *w);
/* Runs one event; false when none is left. */
bool world_step(struct world *w);
/*
 * Runs every event up to and including until_ns, then sets the clock there. WORLD_NEVER: until no event is left, the clock
 * stays at the last one. When world_stop() is called meanwhile, returns after the event that called it, clock at that event.
 */
void world_run(struct world *w, uint64_t until_ns);
/* Ends the running world_run() after the current event. */
void world_stop(struct world *w);

#endif
