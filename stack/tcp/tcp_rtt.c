/* SPDX-License-Identifier: ISC */
/* The retransmission timeout: RFC 6298 section 2, with the clock's granularity of 1 ns as G. */
#include "stack/tcp/tcp_internal.h"

static uint64_t clamp_rto(const struct flow *f, uint64_t rto_ns)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	uint64_t min_ns = c->min_rto_ms * NS_PER_MS, max_ns = c->max_rto_ms * NS_PER_MS;
	if (rto_ns < min_ns)
		rto_ns = min_ns;
	return rto_ns > max_ns ? max_ns : rto_ns;
}

/* (2.1) */
void tcp_rtt_init(struct flow *f)
{
	f->srtt_ns = f->rttvar_ns = f->min_rtt_ns = 0;
	f->rto_ns = flow_tcp(f)->config.initial_rto_ms * NS_PER_MS;
}

/* (2.2), (2.3), (2.4), (2.5) */
void tcp_rtt_sample(struct flow *f, uint64_t rtt_ns)
{
	if (!f->min_rtt_ns || rtt_ns < f->min_rtt_ns)
		f->min_rtt_ns = rtt_ns ? rtt_ns : 1;
	if (!f->srtt_ns) {
		f->srtt_ns = rtt_ns ? rtt_ns : 1;
		f->rttvar_ns = rtt_ns / 2;
	} else {
		uint64_t error = f->srtt_ns > rtt_ns ? f->srtt_ns - rtt_ns : rtt_ns - f->srtt_ns;
		f->rttvar_ns = f->rttvar_ns - f->rttvar_ns / 4 + error / 4;
		f->srtt_ns = f->srtt_ns - f->srtt_ns / 8 + rtt_ns / 8;
	}
	f->rto_ns = clamp_rto(f, f->srtt_ns + (f->rttvar_ns ? 4 * f->rttvar_ns : 1));
}

/* Karn's rule, section 3. */
void tcp_rtt_spoil(struct flow *f)
{
	f->rtt_timing = false;
	if (f->rtt_lost)
		return;
	f->rtt_lost = true;
	f->rtt_lost_ts = tcp_ts_now(f);
}

/* (5.5) */
void tcp_rtt_back_off(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	f->rto_ns = f->rto_ns * 2 > c->max_rto_ms * NS_PER_MS ? c->max_rto_ms * NS_PER_MS : f->rto_ns * 2;
}
