/* SPDX-License-Identifier: ISC */
/* SEGMENT ARRIVES: RFC 9293 section 3.10.7, step by step in its order. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>
#include <stdlib.h>

#define CHALLENGE_INTERVAL_NS (5 * NS_PER_S)     /* RFC 5961 section 7 */
#define TS_RECENT_AGE_NS (24 * 86400 * NS_PER_S) /* RFC 7323 section 5.5 */

/* Each flow has its own budget: a shared one would tell strangers about connections (CVE-2016-5696). */
void tcp_challenge(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	uint32_t bound = tcp->config.challenge_acks;
	if (bound) {
		if (!f->challenge_count || flow_now(f) - f->challenge_ns >= CHALLENGE_INTERVAL_NS) {
			f->challenge_ns = flow_now(f);
			f->challenge_count = 0;
		}
		if (f->challenge_count >= bound) {
			tcp->counters.drop_challenge++;
			return;
		}
		f->challenge_count++;
	}
	tcp->counters.challenge_acks++;
	f->ack_now = true;
}

/* --- CLOSED: section 3.10.7.1 -------------------------------------------------------------------- */

static void input_closed(struct tcp_direct *tcp, const struct segment *s)
{
	tcp->counters.drop_no_port++;
	if (tcp->config.reset_unclaimed)
		tcp_reset_segment(tcp, s);
}

/* --- SYN-SENT: section 3.10.7.3 ------------------------------------------------------------------ */

static void syn_received_options(struct flow *f, const struct segment *s)
{
	f->irs = s->seq;
	f->rcv_nxt = f->last_ack_sent = s->seq + 1;
	f->rcv_adv = f->rcv_nxt;
	flow_negotiate(f, s->opt);
	f->snd_wnd = f->max_snd_wnd = s->window; /* never scaled in a SYN */
	f->snd_wl1 = s->seq;
	f->snd_wl2 = s->ack;
}

static void strip_syn(struct segment *s)
{
	s->seq++;
	s->flags &= (uint16_t)~TCP_SYN;
	s->had_syn = true;
}

static void input_syn_sent(struct flow *f, struct segment *s)
{
	struct tcp_direct *tcp = flow_tcp(f);
	/* First, check the ACK bit. */
	if ((s->flags & TCP_ACK) && (seq_leq(s->ack, f->iss) || seq_gt(s->ack, f->snd_max))) {
		tcp->counters.drop_syn_sent_ack++;
		tcp_reset_segment(tcp, s);
		return;
	}
	/* Second, check the RST bit. */
	if (s->flags & TCP_RST) {
		if (s->flags & TCP_ACK)
			flow_close(f, -ECONNREFUSED);
		else
			tcp->counters.drop_rst++;
		return;
	}
	/* Fourth, check the SYN bit; fifth, neither SYN nor RST. */
	if (!(s->flags & TCP_SYN)) {
		tcp->counters.drop_syn_sent_flags++;
		return;
	}
	syn_received_options(f, s);
	strip_syn(s);
	if (s->flags & TCP_ACK) {
		flow_established(f);
		tcp_ack_new(f, s);
		f->ack_now = true;
		tcp_check_urg(f, s);
		tcp_process_text(f, s);
		tcp_check_fin(f);
		return;
	}
	f->state = TCP_STATE_SYN_RECEIVED; /* simultaneous open */
	tcp_send_syn(f);
	tcp_queue_early(f, s);
}

/* --- other states: section 3.10.7.4 --------------------------------------------------------------- */

/*
 * RFC 7323 section 5.3 R1 and section 3.2: before the sequence number is looked at. A SYN without timestamp is not of this
 * connection: it gets the challenge of RFC 5961 section 4, lest a peer that lost its state be shut out for ever.
 */
static bool check_timestamp(struct flow *f, struct segment *s)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (!f->use_timestamps || (s->flags & TCP_RST) || (!s->has_timestamp && (s->flags & TCP_SYN)))
		return true;
	if (!s->has_timestamp) {
		tcp->counters.drop_no_timestamp++;
		return false;
	}
	if (seq_geq(s->ts_val, f->ts_recent) || flow_now(f) - f->ts_recent_ns > TS_RECENT_AGE_NS)
		return true;
	tcp->counters.drop_paws++;
	if (segment_len(s))
		f->ack_now = true;
	else
		tcp_challenge(f);
	return false;
}

/* Table 6; a segment that straddles the whole window is as good as one that ends inside. */
static bool acceptable(const struct flow *f, const struct segment *s)
{
	uint32_t window = flow_receive_window(f), len = segment_len(s);
	if (!len)
		return window ? s->seq - f->rcv_nxt < window : s->seq == f->rcv_nxt;
	return window && seq_lt(s->seq, f->rcv_adv) && seq_gt(s->seq + len, f->rcv_nxt);
}

/* "Trimming off any portions that lie outside the window (including SYN and FIN)". */
static void trim(struct flow *f, struct segment *s)
{
	if (seq_lt(s->seq, f->rcv_nxt)) {
		uint32_t old = min_u32(f->rcv_nxt - s->seq, s->text_len);
		buf_pull(s->b, old);
		s->text_len -= old;
		s->seq += old;
		if (old)
			f->ack_now = true;
	}
	uint32_t room = f->rcv_adv - s->seq;
	if (segment_len(s) > room) {
		s->flags &= (uint16_t)~TCP_FIN;
		s->text_len = min_u32(s->text_len, room);
		buf_trim(s->b, s->text_len);
		f->ack_now = true;
	}
}

/* The answer to a segment outside the window. */
static void unacceptable(struct flow *f, const struct segment *s)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (s->flags & TCP_RST) {
		tcp->counters.drop_rst++;
		return;
	}
	if (s->text_len && seq_lt(s->seq, f->rcv_nxt))
		tcp->counters.rx_duplicate++;
	else
		tcp->counters.drop_window++;
	if (f->state == TCP_STATE_TIME_WAIT && (s->flags & TCP_FIN) && s->seq + segment_len(s) == f->rcv_nxt) /* our ACK of it was lost */
		flow_due_in(f, DUE_LINGER, 2 * NS_PER_MS * tcp->config.msl_ms);
	if (s->text_len || (s->flags & TCP_FIN))
		f->ack_now = true;
	else
		tcp_challenge(f);
}

/* The peer's SYN again. */
static bool syn_again(const struct flow *f, const struct segment *s)
{
	return f->state == TCP_STATE_SYN_RECEIVED && (s->flags & (TCP_SYN | TCP_RST)) == TCP_SYN && s->seq == f->irs;
}

/* First. True when there is something to process. */
static bool check_sequence(struct flow *f, struct segment *s)
{
	if (syn_again(f, s)) {
		if (!(s->flags & TCP_ACK)) { /* our SYN,ACK was lost */
			tcp_send_syn(f);
			return false;
		}
		strip_syn(s); /* the SYN,ACK of a simultaneous open */
		f->ack_now = true;
	}
	s->at_left_edge = f->use_timestamps && s->has_timestamp && seq_leq(s->seq, f->last_ack_sent);
	if (acceptable(f, s)) {
		if (!(s->flags & (TCP_RST | TCP_SYN)))
			trim(f, s);
		return true;
	}
	if (flow_receive_window(f) == 0 && s->seq == f->rcv_nxt && !(s->flags & TCP_SYN)) {
		/* Special allowance at a zero window for valid ACKs, URGs and RSTs (MUST-66): all but the text and FIN. */
		if (!(s->flags & TCP_RST))
			f->ack_now = true;
		s->cut = true; /* without text it would have been acceptable */
		s->flags &= (uint16_t)~TCP_FIN;
		s->text_len = 0;
		buf_trim(s->b, 0);
		return true;
	}
	unacceptable(f, s);
	return false;
}

/* The connection ends by the peer's RST. */
static void reset_by_peer(struct flow *f)
{
	switch (f->state) {
	case TCP_STATE_SYN_RECEIVED:
		flow_close(f, -ECONNREFUSED); /* a passive one has no owner yet: back to LISTEN without a word */
		break;
	case TCP_STATE_TIME_WAIT:
		if (!flow_tcp(f)->config.time_wait_rst_ignored) /* RFC 1337 section 3, fix F1 */
			flow_close(f, 0);
		break;
	default:
		flow_close(f, -ECONNRESET);
		break;
	}
}

/* Second. False when the segment is done with. RFC 5961 section 3.2. */
static bool check_rst(struct flow *f, const struct segment *s)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (!(s->flags & TCP_RST))
		return true;
	if (s->seq == f->rcv_nxt) {
		tcp->counters.rx_rst++;
		reset_by_peer(f);
	} else {
		tcp->counters.drop_rst++;
		tcp_challenge(f);
	}
	return false;
}

/* Fourth. RFC 5961 section 4.2. */
static bool check_syn(struct flow *f, const struct segment *s)
{
	if (!(s->flags & TCP_SYN))
		return true;
	flow_tcp(f)->counters.drop_syn++;
	if (f->state == TCP_STATE_SYN_RECEIVED && f->passive)
		flow_close(f, -ECONNREFUSED); /* back to LISTEN */
	else
		tcp_challenge(f);
	return false;
}

static void input_other(struct flow *f, struct segment *s)
{
	if (!check_timestamp(f, s) || !check_sequence(f, s)) /* First */
		return;
	if (!check_rst(f, s)) /* Second; third, security and compartment, are not supported by anybody */
		return;
	if (!check_syn(f, s)) /* Fourth */
		return;
	if (!tcp_check_ack(f, s)) /* Fifth */
		return;
	tcp_check_urg(f, s);    /* Sixth */
	tcp_process_text(f, s); /* Seventh */
	tcp_check_fin(f);       /* Eighth */
}

/* --- demultiplexing --------------------------------------------------------------------------------- */

/* RFC 9293 section 3.6.1 and RFC 6191: a SYN that cannot be an old duplicate reopens the connection. */
static bool reopens(const struct flow *f, const struct segment *s)
{
	if (f->state != TCP_STATE_TIME_WAIT || !flow_tcp(f)->config.time_wait_reuse)
		return false;
	if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return false;
	if (f->use_timestamps && s->has_timestamp && s->ts_val != f->ts_recent)
		return seq_gt(s->ts_val, f->ts_recent);
	return seq_gt(s->seq, f->rcv_nxt);
}

static void input_flow(struct flow *f, struct segment *s)
{
	flow_enter(f);
	f->last_rx_ns = flow_now(f);
	f->segments_received++;
	if (f->keepalive_probes) {
		f->keepalive_probes = 0;
		flow_due_in(f, DUE_KEEPALIVE, f->keepalive_idle_ms * NS_PER_MS);
	}
	if (f->state == TCP_STATE_SYN_SENT)
		input_syn_sent(f, s);
	else
		input_other(f, s);
	flow_leave(f);
}

static void dispatch(struct tcp_direct *tcp, struct segment *s)
{
	struct flow *f = tcp_table_find(tcp, &s->rx->dst, s->dst_port, &s->rx->src, s->src_port);
	struct listener *l = f && !reopens(f, s) ? NULL : tcp_find_listener(tcp, &s->rx->dst, s->dst_port);
	uint32_t min_iss = 0;
	if (f && l) {
		tcp->counters.time_wait_reused++;
		min_iss = f->snd_max + 1;
		flow_enter(f);
		flow_close(f, 0);
		flow_leave(f);
		f = NULL;
	}
	if (f)
		input_flow(f, s);
	else if (l)
		tcp_input_listen(tcp, l, s, min_iss);
	else
		input_closed(tcp, s);
}

/* RFC 1122 section 4.2.3.10, RFC 9293 MUST-57 and MUST-63: never to or from more than one host. */
static bool addresses_ok(const struct ip_rx *rx, struct ip *ip)
{
	const uint8_t *src = rx->src.b;
	if (rx->link_multicast || rx->dst_broadcast || rx->dst_multicast)
		return false;
	if (rx->src.family == 4)
		return !ip4_is_multicast(ip_to_ip4(&rx->src)) && !ip4_is_unspecified(ip_to_ip4(&rx->src)) && !ip_is_broadcast(ip, &rx->src);
	return src[0] != 0xff && memcmp(src, (const uint8_t[16]){ 0 }, 16) != 0;
}

void tcp_segment_arrives(struct tcp_direct *tcp, struct face *via, struct buf *b, const struct ip_rx *rx)
{
	struct tcp_hdr h;
	uint64_t *drop = NULL;
	tcp->counters.rx++;
	int header_len = tcp_hdr_parse(&h, b->data, b->len);
	if (header_len < 0)
		drop = &tcp->counters.drop_short;
	else if (!addresses_ok(rx, via->ip))
		drop = &tcp->counters.drop_address;
	else if (tcp->config.verify_checksum && !tcp_checksum_ok(&rx->src, &rx->dst, b->data, b->len))
		drop = &tcp->counters.drop_checksum;
	if (drop) {
		++*drop;
		buf_free(b);
		return;
	}
	buf_pull(b, (uint32_t)header_len);
	if (h.opt.malformed)
		tcp->counters.rx_bad_options++; /* MUST-7: what came before them counts */
	struct segment s = {
		.b = b,
		.seq = h.seq,
		.ack = h.ack,
		.text_len = b->len,
		.flags = h.flags,
		.window = h.window,
		.urgent = h.urgent,
		.has_timestamp = h.opt.has_timestamp,
		.ts_val = h.opt.ts_val,
		.ts_ecr = h.opt.ts_ecr,
		.opt = &h.opt,
		.rx = rx,
		.via = via,
		.src_port = h.src_port,
		.dst_port = h.dst_port,
	};
	dispatch(tcp, &s);
	buf_free(s.b);
}

/* Keeps a segment that arrived from within TCP's own send until that is done. */
static void defer(struct tcp_direct *tcp, struct face *via, struct buf *b, const struct ip_rx *rx)
{
	if (tcp->deferred_at > tcp->n_deferred) { /* a queue that never runs dry must not creep through memory */
		memmove(tcp->deferred, tcp->deferred + tcp->deferred_at, tcp->n_deferred * sizeof(*tcp->deferred));
		tcp->deferred_at = 0;
	}
	uint32_t end = tcp->deferred_at + tcp->n_deferred;
	if (end == tcp->deferred_capacity) {
		uint32_t capacity = end ? end * 2 : 16;
		struct deferred *more = realloc(tcp->deferred, capacity * sizeof(*more));
		if (!more) {
			tcp->counters.drop_no_memory++;
			buf_free(b);
			return;
		}
		tcp->deferred = more;
		tcp->deferred_capacity = capacity;
	}
	tcp->deferred[end] = (struct deferred){ b, *rx, via };
	tcp->deferred[end].rx.packet = NULL;
	tcp->deferred[end].rx.packet_len = 0;
	tcp->n_deferred++;
}

void tcp_rx(struct buf *b, const struct ip_rx *rx, void *arg)
{
	struct face *via = arg;
	if (via->tcp->entered)
		defer(via->tcp, via, b, rx);
	else
		tcp_segment_arrives(via->tcp, via, b, rx);
}
