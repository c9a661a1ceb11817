/* SPDX-License-Identifier: ISC */
/*
 * Congestion control behind an ops table. TCP finds losses and asks; the algorithm only moves cwnd and ssthresh.
 * All in bytes.
 */
#ifndef STACK_TCP_TCP_CC_H
#define STACK_TCP_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_cc_ops;

struct tcp_cc {
	const struct tcp_cc_ops *ops;
	uint32_t cwnd, ssthresh; /* ssthresh UINT32_MAX: not yet set */
	uint32_t smss;           /* TCP keeps it current */
	uint32_t acked;          /* bytes acknowledged since cwnd last grew in congestion avoidance */
};

struct tcp_cc_ops {
	const char *name;
	/* A connection starts; window is the initial window. */
	void (*init)(struct tcp_cc *cc, uint32_t window);
	/* New data acknowledged outside recovery, while cwnd was what limited the sender. */
	void (*on_ack)(struct tcp_cc *cc, uint32_t acked);
	/* Fast retransmit: flight was outstanding before limited transmit added to it, dup_acks segments left the network. */
	void (*on_enter_recovery)(struct tcp_cc *cc, uint32_t flight, uint32_t dup_acks);
	/* Another duplicate ACK in recovery. */
	void (*on_dup_ack)(struct tcp_cc *cc);
	void (*on_partial_ack)(struct tcp_cc *cc, uint32_t acked);
	void (*on_exit_recovery)(struct tcp_cc *cc, uint32_t flight);
	/* The retransmission timer fired; first: for the first time for this segment. */
	void (*on_timeout)(struct tcp_cc *cc, uint32_t flight, bool first);
	/* Nothing was sent for longer than one RTO; window is the restart window. */
	void (*on_idle)(struct tcp_cc *cc, uint32_t window);
};

/* NULL when there is none of that name. */
const struct tcp_cc_ops *tcp_cc_find(const char *name);

extern const struct tcp_cc_ops tcp_cc_newreno;

#endif
