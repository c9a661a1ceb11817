/* SPDX-License-Identifier: ISC */
#include "stack/base/env.h"

void env_init(struct env *env, uint64_t seed, const char *name, struct buf_pool *pool)
{
	env->now_ns = 0;
	timers_init(&env->timers);
	random_init(&env->random, seed, name);
	env->pool = pool;
}

void env_fini(struct env *env)
{
	timers_fini(&env->timers);
}

void env_advance(struct env *env, uint64_t now_ns)
{
	struct timer *t;
	while ((t = timers_pop(&env->timers, now_ns))) {
		if (t->at_ns > env->now_ns)
			env->now_ns = t->at_ns;
		t->fn(t->arg);
	}
	if (now_ns > env->now_ns)
		env->now_ns = now_ns;
}
