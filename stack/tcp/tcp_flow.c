/* SPDX-License-Identifier: ISC */
/* The table of flows by 4-tuple, and a flow's life from creation to its last breath. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>
#include <stdlib.h>

#define TABLE_MIN 64u

/* --- table ------------------------------------------------------------------------------------ */

int tcp_table_init(struct tcp_direct *tcp)
{
	random_bytes(&tcp->env->random, tcp->hash_key, sizeof(tcp->hash_key));
	tcp->buckets = calloc(TABLE_MIN, sizeof(*tcp->buckets));
	tcp->n_buckets = TABLE_MIN;
	return tcp->buckets ? 0 : -ENOMEM;
}

void tcp_table_fini(struct tcp_direct *tcp)
{
	while (tcp->first)
		flow_destroy(tcp->first);
	free(tcp->buckets);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Keyed multiply-and-fold: peers cannot aim at one bucket, and it costs a tenth of SipHash. */
static uint32_t hash_of(
	const struct tcp_direct *tcp, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port)
{
	const uint64_t *k = tcp->hash_key;
	uint64_t r[2], l[2], ports = (uint64_t)local_port << 16 | remote_port | (uint64_t)local->family << 32;
	memcpy(r, remote->b, 16);
	memcpy(l, local->b, 16);
	uint64_t h = fold(r[0] ^ k[0], l[0] ^ k[1]) ^ fold(r[1] ^ k[2], l[1] ^ k[3]);
	return (uint32_t)fold(h ^ k[1], ports ^ k[2]);
}

static bool is_tuple(const struct flow *f, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port)
{
	return f->local_port == local_port && f->remote_port == remote_port && ip_equal(&f->remote, remote) && ip_equal(&f->local, local);
}

struct flow *tcp_table_find(
	const struct tcp_direct *tcp, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote, uint16_t remote_port)
{
	uint32_t hash = hash_of(tcp, local, local_port, remote, remote_port);
	struct flow *f = tcp->buckets[hash & (tcp->n_buckets - 1)];
	while (f && !(f->hash == hash && is_tuple(f, local, local_port, remote, remote_port)))
		f = f->hash_next;
	return f;
}

/* Doubles the table; without memory it just gets slower. */
static void table_grow(struct tcp_direct *tcp)
{
	uint32_t n = tcp->n_buckets * 2;
	struct flow **buckets = calloc(n, sizeof(struct flow *));
	if (!buckets)
		return;
	for (uint32_t i = 0; i < tcp->n_buckets; i++) {
		for (struct flow *f = tcp->buckets[i], *next; f; f = next) {
			next = f->hash_next;
			f->hash_next = buckets[f->hash & (n - 1)];
			buckets[f->hash & (n - 1)] = f;
		}
	}
	free(tcp->buckets);
	tcp->buckets = buckets;
	tcp->n_buckets = n;
}

static void table_add(struct tcp_direct *tcp, struct flow *f)
{
	if (tcp->n_flows >= tcp->n_buckets)
		table_grow(tcp);
	f->hash = hash_of(tcp, &f->local, f->local_port, &f->remote, f->remote_port);
	struct flow **bucket = &tcp->buckets[f->hash & (tcp->n_buckets - 1)];
	f->hash_next = *bucket;
	*bucket = f;
	f->in_table = true;
	tcp->n_flows++;
}

static void table_remove(struct tcp_direct *tcp, struct flow *f)
{
	if (!f->in_table)
		return;
	struct flow **at = &tcp->buckets[f->hash & (tcp->n_buckets - 1)];
	while (*at != f)
		at = &(*at)->hash_next;
	*at = f->hash_next;
	f->in_table = false;
	tcp->n_flows--;
}

/* --- birth and death -------------------------------------------------------------------------- */

struct flow *flow_create(struct tcp_direct *tcp, struct face *via, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
	uint16_t remote_port)
{
	if (tcp->n_flows >= tcp->config.max_flows)
		return NULL;
	struct flow *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	if (timer_init(&tcp->env->timers, &f->timer, flow_timer_fire, f) < 0) {
		free(f);
		return NULL;
	}
	f->face.tcp = &tcp->face;
	f->via = via;
	f->local = *local;
	f->local_port = local_port;
	f->remote = *remote;
	f->remote_port = remote_port;
	f->nodelay = !tcp->config.nagle;
	f->keepalive = tcp->config.keepalive;
	f->keepalive_idle_ms = tcp->config.keepalive_idle_ms;
	f->keepalive_interval_ms = tcp->config.keepalive_interval_ms;
	f->keepalive_count = tcp->config.keepalive_count;
	f->user_timeout_ms = tcp->config.user_timeout_ms;
	f->send_limit = tcp->config.send_buffer;
	f->receive_limit = tcp->config.receive_buffer;
	f->progress_ns = f->last_rx_ns = f->last_data_ns = tcp->env->now_ns;
	for (int i = 0; i < N_DUE; i++)
		f->due[i] = TIMER_NEVER;
	tcp_rtt_init(f);
	f->prev = tcp->last;
	if (tcp->last)
		tcp->last->next = f;
	else
		tcp->first = f;
	tcp->last = f;
	tcp->n_all++;
	table_add(tcp, f);
	return f;
}

void flow_pending_remove(struct flow *f)
{
	struct listener *l = f->listener;
	if (!l)
		return;
	if (f->prev_pending)
		f->prev_pending->next_pending = f->next_pending;
	else
		l->pending = f->next_pending;
	if (f->next_pending)
		f->next_pending->prev_pending = f->prev_pending;
	f->prev_pending = f->next_pending = NULL;
	l->n_pending--;
	f->listener = NULL;
}

static void flush(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	tcp_sendq_free(&f->sendq, &tcp->rings);
	tcp_reass_free(&f->reass);
}

void flow_destroy(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	flow_pending_remove(f);
	table_remove(tcp, f);
	flush(f);
	tcp_recvq_free(&f->recvq);
	timer_fini(&tcp->env->timers, &f->timer);
	if (f->prev)
		f->prev->next = f->next;
	else
		tcp->first = f->next;
	if (f->next)
		f->next->prev = f->prev;
	else
		tcp->last = f->prev;
	tcp->n_all--;
	free(f);
}

void flow_close(struct flow *f, int err)
{
	if (f->state == TCP_STATE_CLOSED)
		return;
	f->state = TCP_STATE_CLOSED;
	flow_pending_remove(f);
	table_remove(flow_tcp(f), f);
	flush(f);
	for (int i = 0; i < N_DUE; i++)
		flow_due_never(f, i);
	f->pending &= (uint8_t)~EVENT_ACCEPT;
	f->ack_now = false;
	if (!f->told_closed) {
		f->error = err;
		f->told_closed = true;
		f->pending |= EVENT_CLOSED;
	}
}

/* --- events ----------------------------------------------------------------------------------- */

/* The listener's owner takes the flow, or it is aborted. */
static void tell_accept(struct flow *f)
{
	struct listener *l = f->listener;
	if (!l)
		return;
	tcp_accept_fn *accept = l->accept;
	void *arg = l->arg;
	flow_pending_remove(f);
	f->owned = true;
	if (accept)
		accept(&f->face, arg);
	if (f->owned && !f->events) {
		f->owned = false;
		if (f->state == TCP_STATE_CLOSED) /* its owner aborted it */
			return;
		tcp_send_rst(f);
		flow_close(f, -ECONNABORTED);
	}
}

static void tell(struct flow *f, uint8_t event)
{
	if (event == EVENT_ACCEPT) {
		tell_accept(f);
		return;
	}
	const struct tcp_events *e = f->owned ? f->events : NULL;
	if (!e)
		return;
	if (event == EVENT_CONNECTED && e->connected)
		e->connected(&f->face, f->arg);
	else if (event == EVENT_READABLE && e->readable)
		e->readable(&f->face, f->arg);
	else if (event == EVENT_WRITABLE && e->writable)
		e->writable(&f->face, f->arg);
	else if (event == EVENT_CLOSED && e->closed)
		e->closed(&f->face, f->error, f->arg);
}

static void tell_all(struct flow *f)
{
	while (f->pending) {
		uint8_t event = f->pending & (uint8_t)-f->pending; /* in the order of the enumeration */
		f->pending &= (uint8_t)~event;
		tell(f, event);
	}
}

/* What arrived while TCP was sending: in order, once the outermost call is over. */
static void drain_deferred(struct tcp_direct *tcp)
{
	if (tcp->draining)
		return;
	tcp->draining = true;
	while (tcp->n_deferred) {
		struct deferred d = tcp->deferred[tcp->deferred_at++];
		if (!--tcp->n_deferred)
			tcp->deferred_at = 0;
		tcp_segment_arrives(tcp, d.via, d.b, &d.rx);
	}
	tcp->draining = false;
}

void tcp_enter(struct tcp_direct *tcp)
{
	tcp->entered++;
}

void tcp_leave(struct tcp_direct *tcp)
{
	if (!--tcp->entered && tcp->n_deferred)
		drain_deferred(tcp);
}

void flow_enter(struct flow *f)
{
	f->hold++;
	tcp_enter(flow_tcp(f));
}

void flow_leave(struct flow *f)
{
	struct tcp_direct *tcp = flow_tcp(f);
	if (f->hold == 1) {
		do {
			tell_all(f);
			if (f->state != TCP_STATE_CLOSED)
				tcp_output(f);
		} while (f->pending);
		flow_timer_update(f);
	}
	if (!--f->hold && f->state == TCP_STATE_CLOSED && !f->owned)
		flow_destroy(f);
	tcp_leave(tcp);
}

/* --- transitions ------------------------------------------------------------------------------ */

/* RFC 6928 section 2 with the number of segments configured; one segment after more than one lost SYN. */
static uint32_t initial_window(const struct flow *f)
{
	uint32_t n = flow_tcp(f)->config.initial_window;
	if (f->retries > 1)
		return f->smss;
	return min_u32(n * f->smss, max_u32(2 * f->smss, n * 1460));
}

void flow_established(struct flow *f)
{
	f->state = TCP_STATE_ESTABLISHED;
	flow_tcp(f)->counters.established++;
	f->pending |= f->passive ? EVENT_ACCEPT : EVENT_CONNECTED;
	if (f->want_writable)
		f->pending |= EVENT_WRITABLE;
	f->want_writable = false;
	f->cc.ops = flow_tcp(f)->cc_ops;
	f->cc.smss = f->smss;
	f->cc.ops->init(&f->cc, initial_window(f));
	f->restart_window = f->cc.cwnd;
	if (f->syn_lost && flow_tcp(f)->config.initial_rto_ms < 3000)
		f->rto_ns = 3 * NS_PER_S; /* RFC 6298 (5.7): also down to it */
	if (f->keepalive)
		flow_due_in(f, DUE_KEEPALIVE, f->keepalive_idle_ms * NS_PER_MS);
	if (f->fin_queued) /* closed in SYN-RECEIVED */
		f->state = TCP_STATE_FIN_WAIT_1;
}

/* Over for the owner: both directions are closed. The TCB stays for 2 MSL. */
void flow_enter_time_wait(struct flow *f)
{
	f->state = TCP_STATE_TIME_WAIT;
	for (int i = 0; i < N_DUE; i++)
		flow_due_never(f, i);
	flow_due_in(f, DUE_LINGER, 2 * NS_PER_MS * flow_tcp(f)->config.msl_ms);
	if (!f->told_closed) {
		f->told_closed = true;
		f->pending |= EVENT_CLOSED;
	}
}

void flow_enter_fin_wait_2(struct flow *f)
{
	f->state = TCP_STATE_FIN_WAIT_2;
	uint32_t longest_ms = flow_tcp(f)->config.fin_wait_2_ms;
	if (flow_orphan(f) && longest_ms)
		flow_due_in(f, DUE_LINGER, longest_ms * NS_PER_MS);
}

/* --- what a connection agrees on ---------------------------------------------------------------- */

/* RFC 9293 section 3.7.1: Eff.snd.MSS, with the options every segment carries. */
void flow_set_mms(struct flow *f, uint32_t mms_s)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	uint32_t options = f->use_timestamps ? 12 : 0;
	uint32_t segment = min_u32(f->peer_mss + TCP_HDR_LEN, mms_s);
	segment = max_u32(segment, c->min_mss + TCP_HDR_LEN);
	f->mms_s = mms_s;
	f->smss = segment - TCP_HDR_LEN - options;
	f->cc.smss = f->smss;
	if (f->cc.cwnd < f->smss)
		f->cc.cwnd = f->smss;
}

int flow_update_path(struct flow *f)
{
	struct ip_path path;
	int err = ip_route(f->via->ip, &f->remote, &f->local, &path);
	if (err < 0)
		return err;
	if (path.mtu < path.header_len + TCP_HDR_LEN)
		return -EMSGSIZE;
	f->ip_header_len = path.header_len;
	flow_set_mms(f, min_u32(path.mtu - path.header_len, UINT16_MAX));
	return 0;
}

/* The MSS option: the effective MTU without fixed headers, at most MMS_R - 20 (MUST-67). */
static int choose_rmss(struct flow *f)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	struct ip_path path;
	int err = ip_route(f->via->ip, &f->remote, &f->local, &path);
	if (err < 0)
		return err;
	if (path.mtu < path.header_len + 2 * TCP_HDR_LEN)
		return -EMSGSIZE;
	f->rmss = min_u32(path.mtu - path.header_len - TCP_HDR_LEN, 65495);
	if (path.mms_r > TCP_HDR_LEN)
		f->rmss = min_u32(f->rmss, path.mms_r - TCP_HDR_LEN);
	if (c->mss)
		f->rmss = min_u32(f->rmss, c->mss);
	return 0;
}

int flow_open(struct flow *f, const struct tcp_options *peer)
{
	const struct tcp_config *c = &flow_tcp(f)->config;
	int err = choose_rmss(f);
	if (err < 0)
		return err;
	f->peer_mss = f->via->ip->family == 4 ? 536 : 1220; /* MUST-15 */
	f->use_timestamps = c->timestamps;
	f->use_scaling = c->window_scaling;
	f->use_sack = c->sack;
	if (f->use_scaling) {
		while (f->receive_scale < 14 && UINT32_C(65535) << f->receive_scale < f->receive_limit)
			f->receive_scale++;
	}
	f->ts_offset = tcp_ts_offset(f);
	f->iss = tcp_isn(f);
	f->snd_una = f->snd_nxt = f->snd_max = f->recover = f->iss;
	f->send_base = f->iss + 1;
	if (peer)
		flow_negotiate(f, peer);
	return flow_update_path(f);
}

void flow_negotiate(struct flow *f, const struct tcp_options *opt)
{
	if (opt->has_mss)
		f->peer_mss = max_u32(opt->mss, flow_tcp(f)->config.min_mss);
	f->use_timestamps = f->use_timestamps && opt->has_timestamp;
	f->use_scaling = f->use_scaling && opt->has_wscale;
	f->use_sack = f->use_sack && opt->has_sack_ok;
	f->send_scale = f->use_scaling ? (opt->wscale > 14 ? 14 : opt->wscale) : 0; /* RFC 7323 section 2.3 */
	if (!f->use_scaling)
		f->receive_scale = 0;
	if (f->use_timestamps) {
		f->ts_recent = opt->ts_val;
		f->ts_recent_ns = flow_now(f);
	}
	if (f->mms_s)
		flow_set_mms(f, f->mms_s);
}
