/* SPDX-License-Identifier: ISC */
/*
 * What a stack gets from outside: time, timers, randomness, memory for packets.
 * Whoever embeds the stack owns the env and moves its clock; layers only read it.
 */
#ifndef STACK_BASE_ENV_H
#define STACK_BASE_ENV_H

#include "stack/base/buf.h"
#include "stack/base/random.h"
#include "stack/base/timer.h"

struct env {
	uint64_t now_ns; /* never goes back */
	struct timers timers;
	struct random_stream random;
	struct buf_pool *pool; /* not owned */
};

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* name tells this env's random stream from others of the same seed. */
void env_init(struct env *env, uint64_t seed, const char *name, struct buf_pool *pool);
void env_fini(struct env *env);

/* Moves the clock to now_ns; each timer due on the way runs with the clock at its own deadline. A past now_ns is ignored. */
void env_advance(struct env *env, uint64_t now_ns);

/* Arms t to run delay_ns from now. */
static inline void env_timer_in(struct env *env, struct timer *t, uint64_t delay_ns)
{
	timer_set(&env->timers, t, env->now_ns + delay_ns);
}

#endif
