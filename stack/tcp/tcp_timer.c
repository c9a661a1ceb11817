/* SPDX-License-Identifier: ISC */
/* One timer per flow stands for five deadlines; it is moved once at the end of each event. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

void flow_due_in(struct flow *f, int which, uint64_t delay_ns)
{
	f->due[which] = flow_now(f) + delay_ns;
}

void flow_due_never(struct flow *f, int which)
{
	f->due[which] = TIMER_NEVER;
}

void flow_timer_update(struct flow *f)
{
	struct timers *ts = &flow_tcp(f)->env->timers;
	uint64_t first = TIMER_NEVER;
	for (int i = 0; i < N_DUE; i++) {
		if (f->due[i] < first)
			first = f->due[i];
	}
	if (first == TIMER_NEVER)
		timer_cancel(ts, &f->timer);
	else if (!timer_armed(&f->timer) || f->timer.at_ns != first)
		timer_set(ts, &f->timer, first);
}

/* R2 as time: no wait is longer than what is left of the user timeout (RFC 9293 section 3.8.3). */
static uint64_t capped_by_user_timeout(const struct flow *f, uint64_t at_ns)
{
	if (!f->user_timeout_ms)
		return at_ns;
	uint64_t end_ns = f->progress_ns + f->user_timeout_ms * NS_PER_MS;
	return at_ns < end_ns ? at_ns : end_ns;
}

void flow_due_retransmit(struct flow *f)
{
	f->due[DUE_RETRANSMIT] = capped_by_user_timeout(f, flow_now(f) + f->rto_ns);
	flow_due_never(f, DUE_PERSIST);
}

/* RFC 9293 section 3.8.6.1: after one RTO, then at doubling intervals. A window that is only too small: the override timeout. */
void flow_due_persist(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	uint64_t wait_ns = f->rto_ns, max_ns = c->max_rto_ms * NS_PER_MS;
	if (f->snd_wnd > 0)
		wait_ns = c->sws_override_ms * NS_PER_MS;
	else
		wait_ns = f->persist_shift < 32 && wait_ns << f->persist_shift < max_ns ? wait_ns << f->persist_shift : max_ns;
	f->due[DUE_PERSIST] = capped_by_user_timeout(f, flow_now(f) + wait_ns);
}

static bool user_timeout_over(const struct flow *f)
{
	return f->user_timeout_ms && flow_now(f) >= f->progress_ns + f->user_timeout_ms * NS_PER_MS;
}

/* R2 reached. What routers said meanwhile is the better reason (RFC 9293 section 3.9.2.2). */
static void give_up(struct flow *f)
{
	flow_tcp(f)->counters.gave_up++;
	flow_close(f, f->soft_error ? f->soft_error : -ETIMEDOUT);
}

/* R1 and R2 of RFC 9293 section 3.8.3. True when the flow was given up. */
static bool retransmitted_too_often(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	uint32_t r2 = flow_synchronized(f) ? c->retries : c->syn_retries;
	if (f->user_timeout_ms ? user_timeout_over(f) : f->retries >= r2) {
		give_up(f);
		return true;
	}
	if (f->retries < UINT8_MAX)
		f->retries++;
	if (f->retries == c->r1)
		ip_advise(f->via->ip, &f->remote, false);
	return false;
}

static void syn_timeout(struct flow *f)
{
	f->syn_lost = true;
	f->rtt_timing = false;
	tcp_rtt_back_off(f);
	tcp_send_syn(f);
	flow_due_retransmit(f);
}

/* Window probes that are answered go on for ever (MUST-37); unanswered ones count towards R2. */
static void persist_timeout(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	if (f->user_timeout_ms ? user_timeout_over(f) : f->probes_unanswered >= c->retries) {
		give_up(f);
		return;
	}
	if (f->snd_wnd > 0) {
		f->forced = true; /* RFC 9293 section 3.8.6.2.1 (4): tcp_output sends what fits */
		return;
	}
	if (f->probes_unanswered < UINT8_MAX)
		f->probes_unanswered++;
	if (f->persist_shift < 32)
		f->persist_shift++;
	tcp_send_probe(f);
	flow_due_persist(f);
}

/* RFC 6298 (5.4) to (5.6), RFC 5681 section 3.1, RFC 6582 section 3.2 step 4. */
static void retransmit_timeout(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (flow_synchronized(f) && f->snd_wnd == 0) { /* the window shrank to zero: probe it (MUST-35) */
		f->snd_nxt = f->snd_una;
		f->rtt_timing = false;
		f->persist_shift = 0;
		persist_timeout(f);
		return;
	}
	if (retransmitted_too_often(f))
		return;
	f->timeouts++;
	tcp->counters.timeouts++;
	if (!flow_synchronized(f)) {
		syn_timeout(f);
		return;
	}
	f->cc.ops->on_timeout(&f->cc, f->snd_max - f->snd_una, f->retries == 1);
	f->recover = f->snd_max;
	f->in_recovery = false;
	f->dup_acks = 0;
	f->rtt_lost = false; /* earlier retransmissions are as ambiguous */
	tcp_rtt_spoil(f);
	f->snd_nxt = f->snd_una; /* cwnd of one segment lets just one out */
	tcp_rtt_back_off(f);
	flow_due_retransmit(f);
}

static bool idle(const struct flow *f)
{
	return f->snd_una == f->snd_max && !f->sendq.len;
}

/* RFC 9293 section 3.8.4. The deadline is moved lazily: most of the time the peer was heard of since it was set. */
static void keepalive_timeout(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (!f->keepalive || f->state < TCP_STATE_ESTABLISHED || f->state == TCP_STATE_TIME_WAIT)
		return;
	uint64_t idle_ns = f->keepalive_idle_ms * NS_PER_MS, heard_ns = flow_now(f) - f->last_rx_ns;
	if (!idle(f) || heard_ns < idle_ns) {
		flow_due_in(f, DUE_KEEPALIVE, heard_ns < idle_ns ? idle_ns - heard_ns : idle_ns);
		return;
	}
	if (f->keepalive_probes >= f->keepalive_count) {
		tcp_send_rst(f);
		give_up(f);
		return;
	}
	f->keepalive_probes++;
	tcp->counters.keepalives++;
	tcp_send_keepalive(f);
	flow_due_in(f, DUE_KEEPALIVE, f->keepalive_interval_ms * NS_PER_MS);
}

static void run(struct flow *f, int which)
{
	switch (which) {
	case DUE_RETRANSMIT:
		retransmit_timeout(f);
		break;
	case DUE_PERSIST:
		persist_timeout(f);
		break;
	case DUE_DELAYED_ACK:
		flow_tcp(f)->counters.delayed_acks++;
		f->ack_now = true;
		break;
	case DUE_KEEPALIVE:
		keepalive_timeout(f);
		break;
	default: /* DUE_LINGER: 2 MSL over, or an orphan stayed in FIN-WAIT-2 */
		flow_close(f, 0);
		break;
	}
}

void flow_timer_fire(void *arg)
{
	struct flow *f = arg;
	flow_enter(f);
	for (int i = 0; i < N_DUE && f->state != TCP_STATE_CLOSED; i++) {
		if (f->due[i] > flow_now(f))
			continue;
		flow_due_never(f, i);
		run(f, i);
	}
	flow_leave(f);
}
