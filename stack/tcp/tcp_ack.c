/* SPDX-License-Identifier: ISC */
/* The fifth step of RFC 9293 section 3.10.7.4: acknowledgments, the send window, loss recovery. */
#include "stack/tcp/tcp_internal.h"

/* --- round-trip time ------------------------------------------------------------------------------- */

/*
 * One segment at a time is timed with the full resolution of the clock. Where a retransmission spoiled that (Karn),
 * timestamps tell which transmission was acknowledged (RFC 6298 section 3, RFC 7323 section 4.1). One older than the
 * retransmission says nothing: a peer that has the data already, its ACKs lost, still echoes the first transmission
 * (RFC 7323 section 5.3 R2 before R3), and the time-out itself would pass for a round trip.
 */
static void take_rtt(struct flow *f, const struct segment *s)
{
	if (f->rtt_timing) {
		if (seq_lt(s->ack, f->rtt_seq))
			return;
		f->rtt_timing = false;
		f->rtt_lost = false;
		tcp_rtt_sample(f, flow_now(f) - f->rtt_start_ns);
	} else if (f->rtt_lost && f->use_timestamps && s->has_timestamp && flow_synchronized(f) && !f->syn_lost) {
		uint32_t ticks = tcp_ts_now(f) - s->ts_ecr;
		if (ticks > tcp_ts_now(f) - f->rtt_lost_ts)
			return;
		f->rtt_lost = false;
		tcp_rtt_sample(f, (ticks ? ticks : 1) * NS_PER_MS);
	}
}

/* --- congestion control and recovery ----------------------------------------------------------------- */

/* RFC 6582 section 3.2 step 3. True for a partial ACK. */
static bool recover_more(struct flow *f, uint32_t acked)
{
	if (seq_geq(f->snd_una, f->recover)) {
		f->in_recovery = false;
		f->dup_acks = 0;
		f->cc.ops->on_exit_recovery(&f->cc, f->snd_max - f->snd_una);
		return false;
	}
	f->cc.ops->on_partial_ack(&f->cc, acked);
	tcp_retransmit_head(f);
	return true;
}

/* RFC 5681: the window grows when it was what limited the sender. In slow start using half of it is enough. */
static void grow_cwnd(struct flow *f, uint32_t acked, uint32_t flight)
{
	f->dup_acks = 0;
	if (acked && (f->cwnd_limited || (f->cc.cwnd < f->cc.ssthresh && flight > f->cc.cwnd / 2)))
		f->cc.ops->on_ack(&f->cc, acked);
}

static void made_progress(struct flow *f)
{
	if (f->retries >= flow_tcp(f)->config.r1)
		ip_advise(f->via->ip, &f->remote, true);
	f->retries = 0;
	f->soft_error = 0;
	f->progress_ns = flow_now(f);
}

/* Room for a writer that was cut short: a quarter of the buffer at a time. */
static void tell_writer(struct flow *f)
{
	if (!f->want_writable || f->send_limit - min_u32(f->sendq.len, f->send_limit) < f->send_limit / 4)
		return;
	f->want_writable = false;
	f->pending |= EVENT_WRITABLE;
}

/* The window may stay shut for ever once there is nothing left that waits for it. */
static void stop_probing(struct flow *f)
{
	if (f->sendq.len || (f->fin_queued && !fin_acked(f)))
		return;
	flow_due_never(f, DUE_PERSIST);
	f->persist_shift = 0;
}

/* SND.UNA < SEG.ACK =< SND.NXT */
void tcp_ack_new(struct flow *f, const struct segment *s)
{
	uint32_t flight = f->snd_max - f->snd_una, syn = f->send_base - f->snd_una == 1;
	take_rtt(f, s);
	uint32_t data = min_u32(s->ack - f->snd_una - syn, f->sendq.len);
	tcp_sendq_drop(&f->sendq, &flow_tcp(f)->rings, data);
	f->last_advance = s->ack - f->snd_una;
	f->send_base += data;
	f->bytes_acked += data;
	f->snd_una = s->ack;
	if (seq_lt(f->snd_nxt, f->snd_una))
		f->snd_nxt = f->snd_una;
	if (syn)
		f->syn_lost = false;
	made_progress(f);
	stop_probing(f);
	bool partial = false;
	if (f->in_recovery) {
		partial = recover_more(f, data);
	} else {
		if (seq_gt(f->snd_una, f->recover))
			f->recover = f->snd_una - 1; /* so that it stays within reach of comparisons modulo 2^32 */
		grow_cwnd(f, data, flight);
	}
	if (f->snd_una == f->snd_max)
		flow_due_never(f, DUE_RETRANSMIT); /* RFC 6298 (5.2) */
	else if (!partial || f->first_partial)
		flow_due_retransmit(f); /* (5.3) */
	if (partial)
		f->first_partial = false;
	tell_writer(f);
}

/*
 * RFC 6582 section 3.2 step 2: no fast retransmit for duplicates of what was sent before the last recovery or timeout,
 * unless the jump before them was small (section 4.1): then the retransmission itself was lost.
 */
static bool may_recover(const struct flow *f)
{
	if (seq_gt(f->snd_una, f->recover))
		return true;
	return f->cc.cwnd > f->smss && f->last_advance <= 4 * f->smss;
}

/* RFC 5681 section 3.2. */
static void duplicate_ack(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	flow_tcp(f)->counters.rx_dup_ack++;
	if (f->in_recovery) {
		f->cc.ops->on_dup_ack(&f->cc);
		return;
	}
	if (++f->dup_acks == 1)
		f->dup_flight = f->snd_max - f->snd_una; /* what limited transmit adds does not count: step 2 */
	if (f->dup_acks != c->dupack_threshold || !may_recover(f))
		return;
	f->recover = f->snd_max;
	f->in_recovery = f->first_partial = true;
	f->fast_retransmits++;
	flow_tcp(f)->counters.fast_retransmits++;
	f->cc.ops->on_enter_recovery(&f->cc, f->dup_flight, f->dup_acks);
	tcp_retransmit_head(f);
	flow_due_retransmit(f);
}

/* RFC 5681 section 2: the five conditions. Answers to zero-window probes tell of no loss. */
static bool is_duplicate_ack(const struct flow *f, const struct segment *s)
{
	return f->snd_una != f->snd_max && f->snd_wnd && !s->text_len && !(s->flags & TCP_FIN) && !s->cut && s->ack == f->snd_una &&
	       segment_window(f, s) == f->snd_wnd;
}

/* --- the window ---------------------------------------------------------------------------------------- */

void tcp_update_send_window(struct flow *f, const struct segment *s)
{
	if (!seq_lt(f->snd_wl1, s->seq) && !(f->snd_wl1 == s->seq && seq_leq(f->snd_wl2, s->ack)))
		return;
	uint32_t window = segment_window(f, s);
	f->snd_wl1 = s->seq;
	f->snd_wl2 = s->ack;
	if (window > f->snd_wnd) {
		flow_due_never(f, DUE_PERSIST);
		f->persist_shift = 0;
	}
	f->snd_wnd = window;
	f->max_snd_wnd = max_u32(f->max_snd_wnd, window);
}

/* --- the step ------------------------------------------------------------------------------------------- */

static bool syn_received_ack(struct flow *f, const struct segment *s)
{
	if (seq_leq(s->ack, f->snd_una) || seq_gt(s->ack, f->snd_max)) {
		flow_tcp(f)->counters.drop_ack_range++;
		tcp_reset_segment(flow_tcp(f), s);
		return false;
	}
	f->snd_wnd = segment_window(f, s);
	f->max_snd_wnd = max_u32(f->max_snd_wnd, f->snd_wnd);
	f->snd_wl1 = s->seq;
	f->snd_wl2 = s->ack;
	flow_established(f);
	return true;
}

/* RFC 5961 section 5.2; ACKs of what was never sent are refused in any case. */
static bool in_range(struct flow *f, const struct segment *s)
{
	uint32_t oldest = f->snd_una - f->max_snd_wnd;
	if (seq_leq(s->ack, f->snd_max) && (!flow_tcp(f)->config.ack_check || seq_geq(s->ack, oldest)))
		return true;
	flow_tcp(f)->counters.drop_ack_range++;
	tcp_challenge(f);
	return false;
}

/* What an acknowledged FIN means, per state. False when the connection is over. */
static bool fin_is_acked(struct flow *f)
{
	switch (f->state) {
	case TCP_STATE_FIN_WAIT_1:
		flow_enter_fin_wait_2(f);
		return true;
	case TCP_STATE_CLOSING:
		flow_enter_time_wait(f);
		return true;
	case TCP_STATE_LAST_ACK:
		flow_close(f, 0);
		return false;
	default:
		return true;
	}
}

bool tcp_check_ack(struct flow *f, struct segment *s)
{
	if (!(s->flags & TCP_ACK)) {
		flow_tcp(f)->counters.drop_no_ack++;
		return false;
	}
	bool was_syn_received = f->state == TCP_STATE_SYN_RECEIVED;
	if (was_syn_received ? !syn_received_ack(f, s) : !in_range(f, s))
		return false;
	if (s->at_left_edge) { /* only now: what the checks before refuse must not move it (CVE-2005-0356) */
		f->ts_recent = s->ts_val;
		f->ts_recent_ns = flow_now(f);
	}
	f->probes_unanswered = 0;
	if (f->due[DUE_PERSIST] != TIMER_NEVER)
		f->progress_ns = flow_now(f);
	if (seq_gt(s->ack, f->snd_una))
		tcp_ack_new(f, s);
	else if (is_duplicate_ack(f, s))
		duplicate_ack(f);
	if (seq_geq(s->ack, f->snd_una))
		tcp_update_send_window(f, s);
	if (was_syn_received)
		tcp_deliver_early(f);
	if (f->state == TCP_STATE_TIME_WAIT) {
		if (s->flags & TCP_FIN) {
			f->ack_now = true;
			flow_due_in(f, DUE_LINGER, 2 * NS_PER_MS * flow_tcp(f)->config.msl_ms);
		}
		return false;
	}
	return fin_acked(f) ? fin_is_acked(f) : true;
}
