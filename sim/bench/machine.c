/* SPDX-License-Identifier: ISC */
/* The bare world, and the bound that moving and checking bytes sets. */
#include "sim/bench/bench.h"
#include "sim/world/world.h"
#include "stack/wire/checksum.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define CLOCK_TICK_S 1e-6 /* nothing measured is shorter, so every rate is finite */
#define TIMERS 1000u
#define DELAYS 4096u
#define BUFFER_BYTES (256u * 1024) /* a socket buffer's worth: stays in the cache as a stack's does */

static double seconds(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct bench_clock bench_clock_now(bool of_children)
{
	struct bench_clock c = { .wall_s = seconds(CLOCK_MONOTONIC) };
	struct rusage u;
	if (of_children && getrusage(RUSAGE_CHILDREN, &u) == 0)
		c.cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
	else
		c.cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID);
	return c;
}

void bench_clock_stop(const struct bench_clock *start, bool of_children, struct bench_run *run)
{
	struct bench_clock end = bench_clock_now(of_children);
	run->cpu_s = fmax(end.cpu_s - start->cpu_s, CLOCK_TICK_S);
	run->wall_s = fmax(end.wall_s - start->wall_s, CLOCK_TICK_S);
}

struct ticker {
	struct world *w;
	world_event ev;
	const uint32_t *delays;
	unsigned at;
};

static void tick(void *arg)
{
	struct ticker *t = arg;
	world_in(t->w, &t->ev, t->delays[t->at++ % DELAYS]);
}

/* A thousand timers, each armed anew for a random time when it fires. */
int bench_world(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	static const char name[] = "bench/delays";
	struct world *w = world_create(1);
	struct ticker *t = calloc(TIMERS, sizeof(*t));
	uint32_t *delays = calloc(DELAYS, sizeof(*delays));
	struct random_stream r;
	(void)stack, (void)reason;
	if (!w || !t || !delays)
		abort();
	world_random(w, &r, name);
	for (unsigned i = 0; i < DELAYS; i++)
		delays[i] = random_u32(&r) % 1000000;
	for (unsigned i = 0; i < TIMERS; i++) {
		t[i] = (struct ticker){ .w = w, .delays = delays, .at = i * 7 };
		if (world_event_init(w, &t[i].ev, tick, &t[i]) < 0)
			abort();
		tick(&t[i]);
	}
	struct bench_clock start = bench_clock_now(false);
	while (world_events(w) < o->events)
		world_step(w);
	bench_clock_stop(&start, false, run);
	run->amount = world_events(w);
	world_destroy(w);
	free(t);
	free(delays);
	return 0;
}

int bench_bound(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	uint8_t *from = malloc(BUFFER_BYTES), *to = malloc(BUFFER_BYTES);
	uint64_t done = 0;
	uint32_t at = 0;
	unsigned wrong = 0;
	(void)stack;
	if (!from || !to)
		abort();
	for (uint32_t i = 0; i < BUFFER_BYTES; i++)
		from[i] = (uint8_t)(i * 2654435761u >> 24);
	struct bench_clock start = bench_clock_now(false);
	while (done < o->stream_bytes) {
		if (at + BENCH_SEGMENT > BUFFER_BYTES)
			at = 0;
		uint16_t sent = checksum_finish(checksum_add(0, from + at, BENCH_SEGMENT));
		memcpy(to + at, from + at, BENCH_SEGMENT);
		wrong += checksum_finish(checksum_add(0, to + at, BENCH_SEGMENT)) != sent;
		at += BENCH_SEGMENT;
		done += BENCH_SEGMENT;
	}
	bench_clock_stop(&start, false, run);
	run->amount = done;
	free(from);
	free(to);
	if (!wrong)
		return 0;
	snprintf(reason, BENCH_REASON_MAX, "%u of the copies differ", wrong);
	return -EIO;
}
