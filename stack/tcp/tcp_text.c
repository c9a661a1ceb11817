/* SPDX-License-Identifier: ISC */
/* Steps six to eight of RFC 9293 section 3.10.7.4: urgent pointer, text, FIN; and when to acknowledge. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

/* Sixth. Urgent data is delivered in line, as RFC 6093 section 6 advises; the face has no urgent mode to enter. */
void tcp_check_urg(struct flow *f, const struct segment *s)
{
	if ((s->flags & TCP_URG) && f->state <= TCP_STATE_FIN_WAIT_2)
		flow_tcp(f)->counters.rx_urgent++;
}

/* RFC 9293 section 3.8.6.3, RFC 5681 section 4.2. */
static void schedule_ack(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	if (!c->delayed_ack || f->rcv_nxt - f->last_ack_sent >= c->delayed_ack_segments * f->peer_segment)
		f->ack_now = true;
	else if (f->due[DUE_DELAYED_ACK] == TIMER_NEVER)
		flow_due_in(f, DUE_DELAYED_ACK, c->delayed_ack_ms * NS_PER_MS);
}

static void tell_reader(struct flow *f, uint32_t before)
{
	if (!before && f->recvq.len)
		f->pending |= EVENT_READABLE;
}

static void in_order(struct flow *f, struct segment *s)
{
	uint32_t before = f->recvq.len;
	f->rcv_nxt += s->text_len;
	f->bytes_received += s->text_len;
	tcp_recvq_append(&f->recvq, s->b);
	s->b = NULL;
	if (f->reass.n) { /* fills a gap, or stands before one */
		uint32_t from = f->rcv_nxt;
		tcp_reass_take(&f->reass, &f->rcv_nxt, &f->recvq);
		f->bytes_received += f->rcv_nxt - from;
		f->ack_now = true;
	} else {
		schedule_ack(f);
	}
	tell_reader(f, before);
}

static void out_of_order(struct flow *f, struct segment *s)
{
	struct tcp_direct *tcp = flow_tcp(f);
	tcp->counters.rx_out_of_order++;
	f->ack_now = true;
	uint32_t memory = max_u32(f->receive_limit, 65536) * 2;
	if (tcp_reass_insert(&f->reass, s->seq, s->b, tcp->config.reassembly_ranges, memory) < 0)
		tcp->counters.drop_reassembly++;
	s->b = NULL;
}

/* Where the peer's stream ends, once known; nothing counts behind it. */
static void note_fin(struct flow *f, struct segment *s)
{
	struct tcp_reass *r = &f->reass;
	if (!r->fin_seen && (s->flags & TCP_FIN)) {
		r->fin_seen = true;
		r->fin_seq = s->seq + s->text_len;
	}
	if (r->fin_seen && seq_gt(s->seq + s->text_len, r->fin_seq)) {
		s->text_len = seq_lt(s->seq, r->fin_seq) ? r->fin_seq - s->seq : 0;
		buf_trim(s->b, s->text_len);
	}
}

/* Seventh. */
void tcp_process_text(struct flow *f, struct segment *s)
{
	if (!s->text_len && !(s->flags & TCP_FIN))
		return;
	if (f->state != TCP_STATE_ESTABLISHED && f->state != TCP_STATE_FIN_WAIT_1 && f->state != TCP_STATE_FIN_WAIT_2) {
		if (s->text_len)
			flow_tcp(f)->counters.drop_text_after_fin++;
		return;
	}
	if (seq_lt(s->seq, f->rcv_nxt)) { /* text that waited from the SYN on was just delivered */
		uint32_t old = min_u32(f->rcv_nxt - s->seq, s->text_len);
		buf_pull(s->b, old);
		s->text_len -= old;
		s->seq += old;
	}
	note_fin(f, s);
	if (!s->text_len) {
		if (s->seq != f->rcv_nxt)
			f->ack_now = true;
		return;
	}
	if (flow_orphan(f)) { /* nobody will read it (SHLD-3, RFC 2525 section 2.17) */
		tcp_send_rst(f);
		flow_close(f, -ECONNRESET);
		return;
	}
	f->peer_segment = max_u32(f->peer_segment, min_u32(s->text_len, f->rmss));
	if (s->seq == f->rcv_nxt)
		in_order(f, s);
	else
		out_of_order(f, s);
}

void tcp_queue_early(struct flow *f, struct segment *s)
{
	uint32_t room = flow_receive_window(f);
	if (s->text_len + !!(s->flags & TCP_FIN) > room) {
		s->text_len = min_u32(s->text_len, room);
		buf_trim(s->b, s->text_len);
		s->flags &= (uint16_t)~TCP_FIN;
	}
	note_fin(f, s);
	if (s->text_len) {
		out_of_order(f, s);
		f->ack_now = false;
	}
}

void tcp_deliver_early(struct flow *f)
{
	uint32_t from = f->rcv_nxt, before = f->recvq.len;
	if (tcp_reass_take(&f->reass, &f->rcv_nxt, &f->recvq)) {
		f->bytes_received += f->rcv_nxt - from;
		f->ack_now = true;
		tell_reader(f, before);
	}
	tcp_check_fin(f);
}

/* Eighth. */
void tcp_check_fin(struct flow *f)
{
	if (f->fin_received || !f->reass.fin_seen || f->rcv_nxt != f->reass.fin_seq || !flow_synchronized(f))
		return;
	f->fin_received = true;
	f->rcv_nxt++;
	f->ack_now = true;
	f->pending |= EVENT_READABLE;
	switch (f->state) {
	case TCP_STATE_ESTABLISHED:
		f->state = TCP_STATE_CLOSE_WAIT;
		break;
	case TCP_STATE_FIN_WAIT_1: /* had our FIN been acknowledged, step five would have moved on */
		f->state = TCP_STATE_CLOSING;
		break;
	case TCP_STATE_FIN_WAIT_2:
		flow_enter_time_wait(f);
		break;
	default:
		break;
	}
}
