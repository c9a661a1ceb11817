/* SPDX-License-Identifier: ISC */
/* What the files of DIRECT TCP share. Nothing outside stack/tcp includes this. */
#ifndef STACK_TCP_TCP_INTERNAL_H
#define STACK_TCP_TCP_INTERNAL_H

#include "stack/base/demux.h"
#include "stack/tcp/tcp_cc.h"
#include "stack/tcp/tcp_direct.h"
#include "stack/tcp/tcp_queues.h"
#include "stack/wire/tcp.h"

#define TCP_FACES_MAX 4

#define TCP_COUNTERS(X) \
	X(rx, "rx") \
	X(tx, "tx") \
	X(tx_failed, "tx.failed") \
	X(tx_rst, "tx.rst") \
	X(rx_rst, "rx.rst") \
	X(rx_out_of_order, "rx.out_of_order") \
	X(rx_duplicate, "rx.duplicate") \
	X(rx_dup_ack, "rx.dup_ack") \
	X(rx_urgent, "rx.urgent") \
	X(rx_bad_options, "rx.bad_options") \
	X(active_opens, "active_opens") \
	X(passive_opens, "passive_opens") \
	X(established, "established") \
	X(time_wait_reused, "time_wait.reused") \
	X(retransmits, "retransmits") \
	X(fast_retransmits, "fast_retransmits") \
	X(timeouts, "timeouts") \
	X(probes, "probes") \
	X(keepalives, "keepalives") \
	X(challenge_acks, "challenge_acks") \
	X(delayed_acks, "delayed_acks") \
	X(icmp_errors, "icmp_errors") \
	X(mtu_lowered, "mtu_lowered") \
	X(gave_up, "gave_up") \
	X(drop_short, "drop.short") \
	X(drop_checksum, "drop.checksum") \
	X(drop_address, "drop.address") \
	X(drop_land, "drop.land") \
	X(drop_no_port, "drop.no_port") \
	X(drop_no_memory, "drop.no_memory") \
	X(drop_backlog, "drop.backlog") \
	X(drop_flows, "drop.flows") \
	X(drop_listen_rst, "drop.listen_rst") \
	X(drop_listen_ack, "drop.listen_ack") \
	X(drop_listen_flags, "drop.listen_flags") \
	X(drop_syn_sent_ack, "drop.syn_sent_ack") \
	X(drop_syn_sent_flags, "drop.syn_sent_flags") \
	X(drop_paws, "drop.paws") \
	X(drop_no_timestamp, "drop.no_timestamp") \
	X(drop_window, "drop.window") \
	X(drop_rst, "drop.rst") \
	X(drop_syn, "drop.syn") \
	X(drop_no_ack, "drop.no_ack") \
	X(drop_ack_range, "drop.ack_range") \
	X(drop_text_after_fin, "drop.text_after_fin") \
	X(drop_reassembly, "drop.reassembly_full") \
	X(drop_icmp, "drop.icmp") \
	X(drop_challenge, "drop.challenge_throttled")

struct tcp_counters {
	TCP_COUNTERS(COUNTER_FIELD)
};

struct face {
	struct tcp_direct *tcp;
	struct ip *ip;
};

struct listener {
	struct tcp_listener face;
	struct listener *next; /* same port, another address */
	struct ip_addr local;  /* family 0: any */
	uint16_t port;
	unsigned backlog;
	unsigned n_pending;   /* flows in SYN-RECEIVED */
	struct flow *pending; /* linked by next_pending */
	tcp_accept_fn *accept;
	void *arg;
	struct listener *prev_all, *next_all;
};

/* A segment that arrived while TCP was busy: an IP layer that delivers to itself calls back from within send. */
struct deferred {
	struct buf *b;
	struct ip_rx rx;
	struct face *via;
};

struct tcp_direct {
	struct tcp face;
	struct env *env;
	struct tcp_config config;
	struct tcp_counters counters;
	const struct tcp_cc_ops *cc_ops;
	struct face faces[TCP_FACES_MAX];
	unsigned n_faces;

	struct flow **buckets; /* by 4-tuple */
	uint32_t n_buckets;    /* power of two */
	uint32_t n_flows;      /* in the table */
	uint64_t hash_key[4];
	struct flow *first, *last; /* every flow, in order of creation */
	uint32_t n_all;

	struct demux ports; /* port → first struct listener */
	struct listener *listeners;
	uint32_t n_listeners;

	uint8_t isn_key[16], ts_key[16];
	struct ring_cache rings;

	unsigned entered;          /* calls into TCP under way */
	struct deferred *deferred; /* FIFO: n from at */
	uint32_t deferred_at, n_deferred, deferred_capacity;
	bool draining;
};

enum { DUE_RETRANSMIT, DUE_PERSIST, DUE_DELAYED_ACK, DUE_KEEPALIVE, DUE_LINGER, N_DUE };
enum { EVENT_ACCEPT = 1, EVENT_CONNECTED = 2, EVENT_READABLE = 4, EVENT_WRITABLE = 8, EVENT_CLOSED = 16 };

/* The transmission control block. Sequence variables as RFC 9293 section 3.3.1 names them, but for snd_nxt and snd_max. */
struct flow {
	struct tcp_flow face;
	struct flow *hash_next;
	struct flow *prev, *next;
	uint32_t hash;
	uint16_t local_port, remote_port;
	struct ip_addr local, remote;
	struct face *via;
	const struct tcp_events *events;
	void *arg;
	struct listener *listener; /* passive and not yet accepted, else NULL */
	struct flow *prev_pending, *next_pending;

	uint8_t state;   /* enum tcp_state */
	uint8_t hold;    /* calls on this flow under way: not freed meanwhile */
	uint8_t pending; /* EVENT_… to be told */
	bool owned;      /* someone holds the pointer and has not released it */
	bool in_table, passive, told_closed, want_writable;
	bool fin_queued, fin_sent, fin_received, ack_now;
	bool nodelay, keepalive, use_timestamps, use_sack, use_scaling;
	bool in_recovery, first_partial, cwnd_limited, rtt_timing, rtt_lost, syn_lost, forced;
	uint8_t send_scale, receive_scale;
	int error, soft_error; /* negative errno */

	/* Sending */
	uint32_t iss, snd_una;
	uint32_t snd_nxt; /* next to be sent: goes back to SND.UNA on a timeout */
	uint32_t snd_max; /* one past the highest ever sent: the RFC's SND.NXT */
	uint32_t snd_wnd, snd_wl1, snd_wl2, max_snd_wnd;
	uint32_t send_base;            /* sequence number of sendq's first byte */
	uint32_t recover;              /* RFC 6582 */
	uint32_t dup_acks, dup_flight; /* dup_flight: outstanding at the first of them */
	uint32_t peer_mss;             /* the MSS option received, or the default */
	uint32_t mms_s;                /* largest IP payload we may send */
	uint32_t ip_header_len;
	uint32_t smss;           /* data bytes of a full segment without SACK blocks */
	uint32_t restart_window; /* RFC 5681 section 4.1: the initial window */
	uint32_t last_advance;   /* bytes the last ACK of new data acknowledged: RFC 6582 section 4.1 */
	struct tcp_sendq sendq;
	struct tcp_cc cc;

	/* Receiving */
	uint32_t irs, rcv_nxt, rcv_adv; /* rcv_adv: right edge offered, never moves left */
	uint32_t last_ack_sent;
	uint32_t rmss;         /* announced */
	uint32_t peer_segment; /* largest data segment seen: what "full-sized" means */
	uint32_t ts_recent, ts_offset;
	uint64_t ts_recent_ns;
	struct tcp_recvq recvq;
	struct tcp_reass reass;

	/* Time */
	struct timer timer;
	uint64_t due[N_DUE]; /* absolute ns, TIMER_NEVER: idle */
	uint64_t srtt_ns, rttvar_ns, rto_ns, min_rtt_ns;
	uint64_t rtt_start_ns; /* of the segment being timed, which ends at rtt_seq */
	uint32_t rtt_seq;
	uint32_t rtt_lost_ts; /* timestamp clock when rtt_lost was set: retransmissions bear this or later */
	uint64_t progress_ns; /* when the peer last acknowledged, or data went out with none outstanding */
	uint64_t last_rx_ns, last_data_ns;
	uint64_t challenge_ns; /* start of the interval that challenge_count counts in */
	uint32_t challenge_count;
	uint8_t retries, persist_shift, probes_unanswered, keepalive_probes;

	/* Options of the flow */
	uint32_t send_limit, receive_limit;
	uint32_t keepalive_idle_ms, keepalive_interval_ms, user_timeout_ms;
	uint32_t keepalive_count;

	uint64_t bytes_sent, bytes_acked, bytes_received, segments_sent, segments_received;
	uint64_t retransmits, fast_retransmits, timeouts;
};

/* A segment on its way in, cut down step by step to what is new and inside the window. */
struct segment {
	struct buf *b; /* view on the text; NULL once queued */
	uint32_t seq, ack;
	uint32_t text_len;
	uint16_t flags, window, urgent;
	bool has_timestamp;
	bool had_syn;      /* taken off; the window is not scaled all the same (RFC 7323 section 2.2) */
	bool cut;          /* text or FIN taken off at our closed window: no pure ACK */
	bool at_left_edge; /* SEG.SEQ =< Last.ACK.sent: RFC 7323 section 4.3 (2) */
	uint32_t ts_val, ts_ecr;
	const struct tcp_options *opt;
	const struct ip_rx *rx;
	struct face *via;
	uint16_t src_port, dst_port;
};

static inline struct tcp_direct *flow_tcp(const struct flow *f)
{
	return (struct tcp_direct *)f->face.tcp;
}
static inline uint64_t flow_now(const struct flow *f)
{
	return flow_tcp(f)->env->now_ns;
}
static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}
static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}
/* Sequence space a segment takes: SEG.LEN. */
static inline uint32_t segment_len(const struct segment *s)
{
	return s->text_len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
}
/* SEG.WND in bytes. */
static inline uint32_t segment_window(const struct flow *f, const struct segment *s)
{
	return (uint32_t)s->window << (s->had_syn ? 0 : f->send_scale);
}
/* Received a SYN and sent one: RFC 9293 section 3.5.1 names the states from ESTABLISHED on synchronized. */
static inline bool flow_synchronized(const struct flow *f)
{
	return f->state >= TCP_STATE_ESTABLISHED;
}
/* Nobody will read or write this flow any more. */
static inline bool flow_orphan(const struct flow *f)
{
	return !f->owned && !f->listener;
}
static inline bool fin_acked(const struct flow *f)
{
	return f->fin_sent && f->snd_una == f->send_base + f->sendq.len + 1;
}

/* tcp_direct.c */
struct listener *tcp_find_listener(const struct tcp_direct *tcp, const struct ip_addr *local, uint16_t port);

/* tcp_flow.c: table and life */
int tcp_table_init(struct tcp_direct *tcp);
void tcp_table_fini(struct tcp_direct *tcp);
struct flow *tcp_table_find(
	const struct tcp_direct *tcp, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port);
/* A flow in CLOSED with its 4-tuple in the table. NULL when out of memory or at max_flows. */
struct flow *flow_create(struct tcp_direct *tcp, struct face *via, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
	uint16_t remote_port);
/* Each entry from outside is bracketed by these; the outermost leave tells events, sends what is due and frees dead flows. */
void flow_enter(struct flow *f);
void flow_leave(struct flow *f);
/* The same for what concerns no flow. */
void tcp_enter(struct tcp_direct *tcp);
void tcp_leave(struct tcp_direct *tcp);
/* CLOSED: out of the table, queues flushed but for what the reader may still read; err is what closed tells. */
void flow_close(struct flow *f, int err);
void flow_destroy(struct flow *f); /* at once, without a word */
void flow_pending_remove(struct flow *f);
void flow_established(struct flow *f);
void flow_enter_time_wait(struct flow *f);
void flow_enter_fin_wait_2(struct flow *f);
/* Chooses ISS, timestamp offset and window scale; everything a new TCB needs before its SYN. 0 or -ENETUNREACH … */
int flow_open(struct flow *f, const struct tcp_options *peer);
/* What a SYN's options settle. */
void flow_negotiate(struct flow *f, const struct tcp_options *opt);
/* Asks IP for the path and derives smss. 0 or a negative errno. */
int flow_update_path(struct flow *f);
void flow_set_mms(struct flow *f, uint32_t mms_s);

/* tcp_input.c, tcp_listen.c, tcp_ack.c, tcp_text.c, tcp_icmp.c */
void tcp_rx(struct buf *b, const struct ip_rx *rx, void *arg);
void tcp_segment_arrives(struct tcp_direct *tcp, struct face *via, struct buf *b, const struct ip_rx *rx);
void tcp_input_listen(struct tcp_direct *tcp, struct listener *l, struct segment *s, uint32_t min_iss);
bool tcp_check_ack(struct flow *f, struct segment *s);
void tcp_ack_new(struct flow *f, const struct segment *s);
void tcp_update_send_window(struct flow *f, const struct segment *s);
void tcp_check_urg(struct flow *f, const struct segment *s);
void tcp_process_text(struct flow *f, struct segment *s);
void tcp_check_fin(struct flow *f);
/* Text and FIN that came with a SYN wait here until ESTABLISHED. */
void tcp_queue_early(struct flow *f, struct segment *s);
void tcp_deliver_early(struct flow *f);
void tcp_error(const struct ip_error *err, void *arg);
/* Sends a challenge or corrective ACK unless the flow's budget is spent (RFC 5961 section 7). */
void tcp_challenge(struct flow *f);

/* tcp_output.c, tcp_segment.c */
void tcp_output(struct flow *f);
int tcp_send_syn(struct flow *f);
void tcp_send_ack(struct flow *f);
void tcp_send_probe(struct flow *f);
void tcp_send_keepalive(struct flow *f);
void tcp_send_rst(struct flow *f);
void tcp_retransmit_head(struct flow *f);
/* The RST of RFC 9293 section 3.10.7.1 in answer to s. */
void tcp_reset_segment(struct tcp_direct *tcp, const struct segment *s);
/* Emits one segment of len bytes from seq. 0 or a negative errno of ip_send. */
int tcp_send_segment(struct flow *f, uint32_t seq, uint32_t len, uint16_t flags);
/* Data bytes of a full segment sent now, SACK blocks counted. */
uint32_t tcp_segment_room(const struct flow *f);
/* The right edge may advance (RFC 9293 section 3.8.6.2.2): called after the reader took data. */
bool tcp_window_worth_telling(const struct flow *f);
/* RCV.WND: what the peer was offered and has not used. */
static inline uint32_t flow_receive_window(const struct flow *f)
{
	return seq_gt(f->rcv_adv, f->rcv_nxt) ? f->rcv_adv - f->rcv_nxt : 0;
}

/* tcp_timer.c, tcp_rtt.c */
void flow_timer_fire(void *arg);
void flow_timer_update(struct flow *f);
void flow_due_in(struct flow *f, int which, uint64_t delay_ns);
void flow_due_never(struct flow *f, int which);
void flow_due_retransmit(struct flow *f);
void flow_due_persist(struct flow *f);
void tcp_rtt_init(struct flow *f);
void tcp_rtt_sample(struct flow *f, uint64_t rtt_ns);
void tcp_rtt_back_off(struct flow *f);
/* A retransmission makes what was being timed ambiguous. */
void tcp_rtt_spoil(struct flow *f);

/* tcp_isn.c, tcp_port.c */
void tcp_isn_init(struct tcp_direct *tcp);
uint32_t tcp_isn(const struct flow *f);
uint32_t tcp_ts_offset(const struct flow *f);
uint32_t tcp_ts_now(const struct flow *f);
int tcp_port_for_connect(struct tcp_direct *tcp, const struct ip_addr *local, const struct ip_addr *remote, uint16_t remote_port, uint16_t *port);
int tcp_port_for_listen(struct tcp_direct *tcp, uint16_t *port);

/* tcp_api.c: what the face's calls on flows do */
long tcp_api_write(struct tcp_flow *flow, const void *bytes, size_t len);
long tcp_api_read(struct tcp_flow *flow, void *bytes, size_t len);
int tcp_api_shutdown(struct tcp_flow *flow);
void tcp_api_release(struct tcp_flow *flow);
void tcp_api_abort(struct tcp_flow *flow);
int tcp_api_set_option(struct tcp_flow *flow, enum tcp_option option, int64_t value);
int tcp_api_get_option(const struct tcp_flow *flow, enum tcp_option option, int64_t *value);
void tcp_api_info(const struct tcp_flow *flow, struct tcp_info *info);
void tcp_api_endpoints(const struct tcp_flow *flow, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port);
void tcp_api_set_events(struct tcp_flow *flow, const struct tcp_events *events, void *arg);

/* tcp_config.c */
bool tcp_config_valid(const struct tcp_config *config);

#endif
