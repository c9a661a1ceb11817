/* SPDX-License-Identifier: ISC */
/* What to send and when: windows, Nagle, silly-window avoidance, the FIN, and the ACK if nothing else carried it. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

/* What stands at SND.NXT. */
struct offer {
	uint32_t avail;  /* bytes queued from there on */
	uint32_t len;    /* of them, what windows and segment size let out now */
	bool fin_waits;  /* a FIN is still to be sent */
	bool fin;        /* it goes with this segment */
	bool cwnd_bound; /* the congestion window is what limits len */
};

static uint32_t usable(uint32_t edge, uint32_t next)
{
	return seq_gt(edge, next) ? edge - next : 0;
}

/* RFC 3042: two segments beyond cwnd for the first two duplicate ACKs, new data only. */
static uint32_t limited_transmit(const struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	if (!c->limited_transmit || f->in_recovery || f->snd_nxt != f->snd_max || f->dup_acks >= c->dupack_threshold)
		return 0;
	return min_u32(f->dup_acks, 2) * f->smss;
}

static struct offer look(const struct flow *f)
{
	struct offer o = { 0 };
	uint32_t off = f->snd_nxt - f->send_base, room = tcp_segment_room(f);
	o.avail = off < f->sendq.len ? f->sendq.len - off : 0;
	o.fin_waits = f->fin_queued && off <= f->sendq.len;
	uint32_t window = usable(f->snd_una + f->snd_wnd, f->snd_nxt);
	uint32_t cwnd = usable(f->snd_una + f->cc.cwnd + limited_transmit(f), f->snd_nxt);
	o.len = min_u32(o.avail, min_u32(room, min_u32(window, cwnd)));
	o.cwnd_bound = cwnd < window && cwnd < min_u32(room, o.avail);
	o.fin = o.fin_waits && o.len == o.avail && window > o.len;
	return o;
}

/* RFC 9293 section 3.8.6.2.1, in its order; section 3.7.4 is the bracketed condition. */
static bool worth_sending(const struct flow *f, const struct offer *o)
{
	bool quiet = f->nodelay || f->snd_una == f->snd_max;
	if (o->len && o->len == tcp_segment_room(f))
		return true;
	if (o->fin)
		return true;
	if (!o->len)
		return false;
	if (seq_lt(f->snd_nxt, f->snd_max)) /* a retransmission */
		return true;
	if (quiet && o->len == o->avail)
		return true;
	if (quiet && !o->cwnd_bound && o->len >= f->max_snd_wnd / 2)
		return true;
	return f->forced;
}

/* 0, or -EMSGSIZE when the path turned out narrower: smss is then smaller and the segment was not sent. */
static int send_one(struct flow *f, const struct offer *o)
{
	uint16_t flags = TCP_ACK;
	if (o->len && o->len == o->avail)
		flags |= TCP_PSH; /* MUST-61 */
	if (o->fin)
		flags |= TCP_FIN;
	if (tcp_send_segment(f, f->snd_nxt, o->len, flags) == -EMSGSIZE) {
		uint32_t before = f->smss;
		if (flow_update_path(f) == 0 && f->smss < before)
			return -EMSGSIZE;
		if (f->due[DUE_RETRANSMIT] == TIMER_NEVER)
			flow_due_retransmit(f);
		return -EAGAIN;
	}
	f->snd_nxt += o->len + o->fin;
	if (o->fin) {
		f->fin_sent = true;
		if (f->state == TCP_STATE_CLOSE_WAIT)
			f->state = TCP_STATE_LAST_ACK;
	}
	return 0;
}

/* RFC 5681 section 4.1 */
static void restart_after_idle(struct flow *f)
{
	if (flow_tcp(f)->config.idle_restart && f->snd_una == f->snd_max && f->sendq.len && flow_now(f) - f->last_data_ns > f->rto_ns)
		f->cc.ops->on_idle(&f->cc, f->restart_window);
}

static void send_data(struct flow *f)
{
	if (!f->sendq.len && !f->fin_queued)
		return;
	restart_after_idle(f);
	for (;;) {
		struct offer o = look(f);
		f->cwnd_limited = o.cwnd_bound;
		if (!o.avail && !o.fin_waits)
			break;
		if (!worth_sending(f, &o)) {
			if (f->due[DUE_RETRANSMIT] == TIMER_NEVER && f->due[DUE_PERSIST] == TIMER_NEVER) {
				f->progress_ns = flow_now(f); /* from here on the peer is asked for something */
				flow_due_persist(f);
			}
			break;
		}
		f->forced = false;
		if (send_one(f, &o) == -EAGAIN)
			break;
	}
}

void tcp_output(struct flow *f)
{
	if (flow_synchronized(f) && f->state != TCP_STATE_TIME_WAIT)
		send_data(f);
	f->forced = false;
	if (f->ack_now && f->state >= TCP_STATE_SYN_RECEIVED)
		tcp_send_ack(f);
}

void tcp_retransmit_head(struct flow *f)
{
	uint32_t sent = min_u32(f->sendq.len, f->snd_max - f->snd_una);
	uint32_t len = min_u32(sent, min_u32(tcp_segment_room(f), f->snd_wnd));
	bool fin = f->fin_sent && len == f->sendq.len;
	if (!len && !fin)
		return;
	tcp_rtt_spoil(f);
	tcp_send_segment(f, f->snd_una, len, (uint16_t)(TCP_ACK | (fin ? TCP_FIN : 0) | (len == f->sendq.len ? TCP_PSH : 0)));
}
