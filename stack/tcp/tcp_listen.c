/* SPDX-License-Identifier: ISC */
/* LISTEN: RFC 9293 section 3.10.7.2. A listener stays what it is; each SYN makes a flow in SYN-RECEIVED. */
#include "stack/tcp/tcp_internal.h"

static void pending_add(struct listener *l, struct flow *f)
{
	f->listener = l;
	f->next_pending = l->pending;
	if (l->pending)
		l->pending->prev_pending = f;
	l->pending = f;
	l->n_pending++;
}

static void accept_syn(struct flow *f, struct segment *s, uint32_t min_iss)
{
	if (flow_open(f, s->opt) < 0) {
		flow_close(f, 0);
		return;
	}
	if (min_iss && seq_lt(f->iss, min_iss)) { /* RFC 9293 section 3.6.1 (1) */
		f->iss = f->snd_una = f->snd_nxt = f->snd_max = f->recover = min_iss;
		f->send_base = f->iss + 1;
	}
	f->passive = true;
	f->state = TCP_STATE_SYN_RECEIVED;
	f->segments_received++;
	f->irs = s->seq;
	f->rcv_nxt = f->rcv_adv = f->last_ack_sent = s->seq + 1;
	f->snd_wnd = f->max_snd_wnd = s->window; /* never scaled in a SYN */
	f->snd_wl1 = s->seq;
	f->snd_wl2 = 0;
	s->seq++;
	s->flags &= (uint16_t)~TCP_SYN;
	tcp_send_syn(f);
	tcp_queue_early(f, s);
}

void tcp_input_listen(struct tcp_direct *tcp, struct listener *l, struct segment *s, uint32_t min_iss)
{
	/* First, check for a RST. */
	if (s->flags & TCP_RST) {
		tcp->counters.drop_listen_rst++;
		return;
	}
	/* Second, check for an ACK. */
	if (s->flags & TCP_ACK) {
		tcp->counters.drop_listen_ack++;
		tcp_reset_segment(tcp, s);
		return;
	}
	/* Third, check for a SYN; fourth, anything else. */
	if (!(s->flags & TCP_SYN)) {
		tcp->counters.drop_listen_flags++;
		return;
	}
	if (s->src_port == s->dst_port && ip_equal(&s->rx->src, &s->rx->dst)) {
		tcp->counters.drop_land++;
		return;
	}
	if (l->n_pending >= l->backlog) {
		tcp->counters.drop_backlog++;
		return;
	}
	struct flow *f = flow_create(tcp, s->via, &s->rx->dst, s->dst_port, &s->rx->src, s->src_port);
	if (!f) {
		tcp->counters.drop_flows++;
		return;
	}
	tcp->counters.passive_opens++;
	pending_add(l, f);
	flow_enter(f);
	f->state = TCP_STATE_LISTEN;
	accept_syn(f, s, min_iss);
	flow_leave(f);
}
