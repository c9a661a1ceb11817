/* SPDX-License-Identifier: ISC */
/* Building one segment: window field, options, header, payload copied and summed in one pass. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

/* The largest window: what the buffer holds and the field can say. */
static uint32_t largest_window(const struct flow *f)
{
	return min_u32(f->receive_limit, (uint32_t)UINT16_MAX << f->receive_scale);
}

static uint32_t receive_space(const struct flow *f)
{
	return f->receive_limit > f->recvq.len ? min_u32(f->receive_limit - f->recvq.len, largest_window(f)) : 0;
}

/* RFC 9293 section 3.8.6.2.2: the right edge moves in steps worth having. */
static uint32_t right_edge(const struct flow *f)
{
	uint32_t edge = f->rcv_nxt + receive_space(f);
	uint32_t step = min_u32(f->receive_limit / 2, f->rmss);
	return seq_geq(edge, f->rcv_adv + step) ? edge : f->rcv_adv;
}

/*
 * The window field. Rounding to the scale goes up while the buffer has the few bytes to spare, so that the edge
 * does not move left by rounding (RFC 7323 section 2.4).
 */
static uint16_t window_field(struct flow *f, bool syn)
{
	uint32_t edge = right_edge(f), space = receive_space(f);
	uint32_t window = seq_gt(edge, f->rcv_nxt) ? edge - f->rcv_nxt : 0;
	unsigned scale = syn ? 0 : f->receive_scale;
	uint32_t unit = UINT32_C(1) << scale;
	uint32_t field = window >> scale;
	if (field << scale < window && (field + 1) << scale <= space + unit - 1)
		field++;
	field = min_u32(field, UINT16_MAX);
	if (seq_gt(f->rcv_nxt + (field << scale), f->rcv_adv))
		f->rcv_adv = f->rcv_nxt + (field << scale);
	return (uint16_t)field;
}

bool tcp_window_worth_telling(const struct flow *f)
{
	if (!flow_synchronized(f) || f->fin_received)
		return false;
	uint32_t gain = right_edge(f) - f->rcv_adv, window = flow_receive_window(f), largest = largest_window(f);
	return gain >= largest / 2 || (gain && window < max_u32(largest / 4, 2 * f->rmss));
}

/* SACK blocks that fit besides the timestamps (RFC 2018 section 3). */
static unsigned sack_room(const struct flow *f)
{
	if (!f->use_sack || !f->reass.n)
		return 0;
	return min_u32(f->reass.n, f->use_timestamps ? 3 : 4);
}

uint32_t tcp_segment_room(const struct flow *f)
{
	unsigned blocks = sack_room(f);
	uint32_t sack = blocks ? 4 + 8 * blocks : 0;
	return f->smss > sack + 8 ? f->smss - sack : f->smss;
}

static void put_timestamp(const struct flow *f, struct tcp_options *opt, bool echo)
{
	opt->has_timestamp = true;
	opt->ts_val = tcp_ts_now(f);
	opt->ts_ecr = echo ? f->ts_recent : 0;
}

static void syn_options(struct flow *f, struct tcp_options *opt, bool ack)
{
	opt->has_mss = true;
	opt->mss = (uint16_t)f->rmss;
	if (f->use_scaling) {
		opt->has_wscale = true;
		opt->wscale = f->receive_scale;
	}
	opt->has_sack_ok = f->use_sack;
	if (f->use_timestamps)
		put_timestamp(f, opt, ack);
}

/* Most segments carry no option, or timestamps alone in the layout of RFC 7323 appendix A. */
static uint32_t emit(struct flow *f, struct tcp_hdr *h, uint8_t *p, uint32_t len)
{
	if (h->flags & TCP_SYN)
		syn_options(f, &h->opt, h->flags & TCP_ACK);
	else if (f->use_timestamps)
		put_timestamp(f, &h->opt, h->flags & TCP_ACK);
	if (!(h->flags & (TCP_SYN | TCP_RST)) && f->smss >= len + 12)
		h->opt.n_sack = (uint8_t)tcp_reass_sack(&f->reass, h->opt.sack, min_u32(sack_room(f), (f->smss - len - 4) / 8));
	return (uint32_t)tcp_hdr_emit(h, p, TCP_HDR_MAX);
}

/* Hands a finished segment to IP. */
static int transmit(struct flow *f, struct buf *b)
{
	struct tcp_direct *tcp = flow_tcp(f);
	struct ip_tx tx = {
		.src = f->local,
		.dst = f->remote,
		.protocol = 6,
		.ttl = tcp->config.ttl,
		.tos = tcp->config.tos,
		.dont_fragment = tcp->config.path_mtu_discovery,
	};
	return ip_send(f->via->ip, b, &tx);
}

/* Bookkeeping for what takes sequence space: RFC 6298 (5.1), Karn's rule, SND.NXT. */
static void account_sequence(struct flow *f, uint32_t seq, uint32_t end, uint32_t len)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (f->snd_una == f->snd_max)
		f->progress_ns = flow_now(f);
	if (seq_lt(seq, f->snd_max)) {
		f->retransmits++;
		tcp->counters.retransmits++;
		if (f->rtt_timing && seq_lt(seq, f->rtt_seq))
			tcp_rtt_spoil(f);
	} else if (!f->rtt_timing) {
		f->rtt_timing = true;
		f->rtt_seq = end;
		f->rtt_start_ns = flow_now(f);
	}
	if (seq_gt(end, f->snd_max))
		f->snd_max = end;
	f->bytes_sent += len;
	f->last_data_ns = flow_now(f);
	if (f->due[DUE_RETRANSMIT] == TIMER_NEVER)
		flow_due_retransmit(f);
}

int tcp_send_segment(struct flow *f, uint32_t seq, uint32_t len, uint16_t flags)
{
	struct tcp_direct *tcp = flow_tcp(f);
	struct tcp_hdr h = {
		.src_port = f->local_port,
		.dst_port = f->remote_port,
		.seq = seq,
		.ack = flags & TCP_ACK ? f->rcv_nxt : 0,
		.flags = flags,
	};
	uint8_t header[TCP_HDR_MAX];
	h.window = flags & TCP_RST ? 0 : window_field(f, flags & TCP_SYN);
	uint32_t header_len = emit(f, &h, header, len);
	struct buf *b = buf_alloc(tcp->env->pool, BUF_HEADROOM, header_len + len);
	int err = -ENOMEM;
	if (b) {
		memcpy(b->data, header, header_len);
		checksum_sum sum = checksum_pseudo(&f->local, &f->remote, 6, b->len);
		sum = checksum_add_sum(sum, tcp_sendq_copy(&f->sendq, seq - f->send_base, b->data + header_len, len));
		put_be16(b->data + 16, checksum_finish(checksum_add(sum, b->data, header_len)));
		err = transmit(f, b);
	}
	if (err == -EMSGSIZE)
		return err;
	if (err)
		tcp->counters.tx_failed++; /* lost like any other: the retransmission timer sees to it */
	tcp->counters.tx++;
	f->segments_sent++;
	if (flags & TCP_ACK) {
		f->ack_now = false;
		f->last_ack_sent = f->rcv_nxt;
		flow_due_never(f, DUE_DELAYED_ACK);
	}
	uint32_t end = seq + len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	if (end != seq)
		account_sequence(f, seq, end, len);
	return err;
}

int tcp_send_syn(struct flow *f)
{
	uint16_t flags = f->state == TCP_STATE_SYN_RECEIVED ? TCP_SYN | TCP_ACK : TCP_SYN;
	int err = tcp_send_segment(f, f->iss, 0, flags);
	f->snd_nxt = f->iss + 1;
	return err;
}

/* SEQ = SND.NXT, but never beyond the peer's window: an ACK there would be refused (RFC 9293 appendix A.2). */
static uint32_t ack_seq(const struct flow *f)
{
	uint32_t edge = f->snd_una + f->snd_wnd;
	return flow_synchronized(f) && seq_lt(edge, f->snd_max) ? edge : f->snd_max;
}

void tcp_send_ack(struct flow *f)
{
	tcp_send_segment(f, ack_seq(f), 0, TCP_ACK);
}

/* RFC 9293 section 3.8.4: SEG.SEQ = SND.NXT-1, no data (SHLD-12). */
void tcp_send_keepalive(struct flow *f)
{
	tcp_send_segment(f, f->snd_max - 1, 0, TCP_ACK);
}

/* One byte, or the FIN, at the window's closed edge. It is no retransmission to the congestion control. */
void tcp_send_probe(struct flow *f)
{
	flow_tcp(f)->counters.probes++;
	uint32_t len = min_u32(f->sendq.len, 1);
	bool fin = !f->sendq.len && f->fin_queued;
	if (!len && !fin)
		return;
	tcp_send_segment(f, f->snd_una, len, (uint16_t)(TCP_ACK | (fin ? TCP_FIN : TCP_PSH)));
	if (fin) {
		f->fin_sent = true;
		if (f->state == TCP_STATE_CLOSE_WAIT)
			f->state = TCP_STATE_LAST_ACK;
	}
	f->rtt_timing = false;
	flow_due_never(f, DUE_RETRANSMIT);
}

void tcp_send_rst(struct flow *f)
{
	flow_tcp(f)->counters.tx_rst++;
	tcp_send_segment(f, ack_seq(f), 0, TCP_RST);
}

void tcp_reset_segment(struct tcp_direct *tcp, const struct segment *s)
{
	if (s->flags & TCP_RST)
		return;
	struct tcp_hdr h = { .src_port = s->dst_port, .dst_port = s->src_port, .flags = TCP_RST };
	if (s->flags & TCP_ACK) {
		h.seq = s->ack;
	} else {
		h.flags |= TCP_ACK;
		h.ack = s->seq + segment_len(s);
	}
	if (s->has_timestamp) { /* RFC 7323 section 5.2 */
		h.opt.has_timestamp = true;
		h.opt.ts_ecr = s->ts_val;
	}
	uint8_t header[TCP_HDR_MAX];
	int len = tcp_hdr_emit(&h, header, sizeof(header));
	struct buf *b = buf_from(tcp->env->pool, header, (uint32_t)len);
	if (!b)
		return;
	put_be16(b->data + 16, tcp_checksum(&s->rx->dst, &s->rx->src, b->data, b->len));
	struct ip_tx tx = { .src = s->rx->dst, .dst = s->rx->src, .protocol = 6, .ttl = tcp->config.ttl, .tos = tcp->config.tos };
	tcp->counters.tx++;
	tcp->counters.tx_rst++;
	tcp_enter(tcp); /* an IP layer that delivers to itself must not get back in */
	if (ip_send(s->via->ip, b, &tx) < 0)
		tcp->counters.tx_failed++;
	tcp_leave(tcp);
}
