/* SPDX-License-Identifier: ISC */
/* For tests of what happens because time passed, to the nanosecond. */
#ifndef STACK_TCP_TCP_LAB_TIME_H
#define STACK_TCP_TCP_LAB_TIME_H

#include "stack/tcp/tcp_lab.h"

#define PEER (PEER_ISS + 1)
#define UNA (LAB_ISS + 1)

static inline uint64_t now(const struct lab *lab)
{
	return lab->net.env.now_ns;
}

/* Runs until the next segment and checks that it is sent after_ns after from_ns. */
static inline const struct seen *expect_at(struct lab *lab, uint64_t from_ns, uint64_t after_ns)
{
	struct net *net = &lab->net;
	while (net->next_seen == net->n_seen) {
		uint64_t next = timers_next(&net->env.timers);
		ck_assert_msg(next != TIMER_NEVER, "nothing is ever sent");
		env_advance(&net->env, next);
	}
	const struct seen *s = &net->seen[net->next_seen++];
	ck_assert_msg(
		s->at_ns == from_ns + after_ns, "sent after %.9f s, expected %.9f s", (double)(s->at_ns - from_ns) / 1e9, (double)after_ns / 1e9);
	return s;
}

static inline void start(struct lab *lab, const struct tcp_config *config)
{
	lab_init(lab, config);
	lab_establish(lab, 1000);
}

#endif
