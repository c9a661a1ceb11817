/* SPDX-License-Identifier: ISC */
/* For tests of a stream the flow under test sends: who writes, who acknowledges, what must come. */
#ifndef STACK_TCP_TCP_LAB_STREAM_H
#define STACK_TCP_TCP_LAB_STREAM_H

#include "stack/tcp/tcp_lab.h"

#define PEER (PEER_ISS + 1)
#define UNA (LAB_ISS + 1)

static uint8_t bytes[200000];

/* ESTABLISHED, SMSS 1000, an initial window of 10 segments, n bytes written. */
static inline void start(struct lab *lab, struct tcp_config c, long n)
{
	lab_init(lab, &c);
	lab_establish(lab, 1000);
	if (n)
		ck_assert_int_eq(tcp_write(lab->flow, bytes, (size_t)n), n);
}

static inline void ack(struct lab *lab, uint32_t at)
{
	lab_inject(lab, TCP_ACK, PEER, UNA + at, "");
}

/* Segments at from, from + 1000, … */
static inline void expect_data(struct lab *lab, uint32_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lab_expect(lab, TCP_ACK, UNA + from + i * 1000, PEER, 1000);
}

static inline struct tcp_info info_of(const struct lab *lab)
{
	struct tcp_info info;
	tcp_info(lab->flow, &info);
	return info;
}

#endif
