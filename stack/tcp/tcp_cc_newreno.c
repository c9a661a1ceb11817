/* SPDX-License-Identifier: ISC */
/* NewReno: RFC 5681 with the recovery of RFC 6582. */
#include "stack/tcp/tcp_cc.h"

#include <string.h>

#define CWND_MAX (1u << 30) /* the largest window there is: RFC 7323 section 2.3 */

static uint32_t add(uint32_t a, uint32_t b)
{
	return a > CWND_MAX - b ? CWND_MAX : a + b;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void init(struct tcp_cc *cc, uint32_t window)
{
	cc->cwnd = window;
	cc->ssthresh = UINT32_MAX;
	cc->acked = 0;
}

/* RFC 5681 section 3.1: equation (2) in slow start; else one SMSS for each cwnd of acknowledged bytes. */
static void on_ack(struct tcp_cc *cc, uint32_t acked)
{
	if (cc->cwnd < cc->ssthresh) {
		cc->cwnd = add(cc->cwnd, min(acked, cc->smss));
		return;
	}
	cc->acked = add(cc->acked, acked);
	if (cc->acked >= cc->cwnd) {
		cc->acked -= cc->cwnd;
		cc->cwnd = add(cc->cwnd, cc->smss);
	}
}

/* RFC 5681 equation (4). */
static uint32_t half(const struct tcp_cc *cc, uint32_t flight)
{
	return max(flight / 2, 2 * cc->smss);
}

/* RFC 5681 section 3.2, steps 2 and 3. */
static void on_enter_recovery(struct tcp_cc *cc, uint32_t flight, uint32_t dup_acks)
{
	cc->ssthresh = half(cc, flight);
	cc->cwnd = add(cc->ssthresh, dup_acks * cc->smss);
	cc->acked = 0;
}

/* Step 4. */
static void on_dup_ack(struct tcp_cc *cc)
{
	cc->cwnd = add(cc->cwnd, cc->smss);
}

/* RFC 6582 section 3.2, step 3: partial window deflation. */
static void on_partial_ack(struct tcp_cc *cc, uint32_t acked)
{
	cc->cwnd -= min(acked, cc->cwnd);
	if (acked >= cc->smss)
		cc->cwnd = add(cc->cwnd, cc->smss);
	cc->cwnd = max(cc->cwnd, cc->smss);
}

/* RFC 6582 section 3.2, step 3, option (1): no burst when little is outstanding. */
static void on_exit_recovery(struct tcp_cc *cc, uint32_t flight)
{
	cc->cwnd = min(cc->ssthresh, add(max(flight, cc->smss), cc->smss));
}

/* RFC 5681 section 3.1: ssthresh is held constant when the same segment times out again. */
static void on_timeout(struct tcp_cc *cc, uint32_t flight, bool first)
{
	if (first)
		cc->ssthresh = half(cc, flight);
	cc->cwnd = cc->smss;
	cc->acked = 0;
}

static void on_idle(struct tcp_cc *cc, uint32_t window)
{
	cc->cwnd = min(window, cc->cwnd);
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = init,
	.on_ack = on_ack,
	.on_enter_recovery = on_enter_recovery,
	.on_dup_ack = on_dup_ack,
	.on_partial_ack = on_partial_ack,
	.on_exit_recovery = on_exit_recovery,
	.on_timeout = on_timeout,
	.on_idle = on_idle,
};

static const struct tcp_cc_ops *const all[] = { &tcp_cc_newreno };

const struct tcp_cc_ops *tcp_cc_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(all[i]->name, name))
			return all[i];
	}
	return NULL;
}
