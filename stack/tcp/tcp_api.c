/* SPDX-License-Identifier: ISC */
/* The user calls on flows: RFC 9293 sections 3.10.2 to 3.10.6. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>
#include <limits.h>

static struct flow *flow_of(struct tcp_flow *flow)
{
	return (struct flow *)flow;
}

static const struct flow *flow_of_const(const struct tcp_flow *flow)
{
	return (const struct flow *)flow;
}

void tcp_api_set_events(struct tcp_flow *flow, const struct tcp_events *events, void *arg)
{
	struct flow *f = flow_of(flow);
	f->events = events;
	f->arg = arg;
}

/* SEND */
long tcp_api_write(struct tcp_flow *flow, const void *bytes, size_t len)
{
	struct flow *f = flow_of(flow);
	if (f->state == TCP_STATE_CLOSED)
		return f->error ? f->error : -EPIPE;
	if (f->fin_queued)
		return -EPIPE;
	if (!flow_synchronized(f)) {
		f->want_writable = true;
		return -EAGAIN;
	}
	if (!len)
		return 0;
	flow_enter(f);
	uint32_t n = tcp_sendq_append(&f->sendq, &flow_tcp(f)->rings, bytes, len, f->send_limit);
	if (n < len)
		f->want_writable = true;
	flow_leave(f);
	return n ? (long)n : -EAGAIN;
}

/* RECEIVE */
long tcp_api_read(struct tcp_flow *flow, void *bytes, size_t len)
{
	struct flow *f = flow_of(flow);
	if (f->recvq.len) {
		if (len > LONG_MAX)
			len = LONG_MAX;
		flow_enter(f);
		uint32_t n = tcp_recvq_read(&f->recvq, bytes, len);
		if (tcp_window_worth_telling(f))
			f->ack_now = true;
		flow_leave(f);
		return (long)n;
	}
	if (f->fin_received)
		return 0;
	if (f->state == TCP_STATE_CLOSED)
		return f->error;
	return -EAGAIN;
}

/* Our FIN follows what is queued. */
static void queue_fin(struct flow *f)
{
	f->fin_queued = true;
	if (f->state == TCP_STATE_ESTABLISHED)
		f->state = TCP_STATE_FIN_WAIT_1;
	/* CLOSE-WAIT becomes LAST-ACK when the FIN is sent, SYN-RECEIVED becomes FIN-WAIT-1 once established. */
}

/* CLOSE */
int tcp_api_shutdown(struct tcp_flow *flow)
{
	struct flow *f = flow_of(flow);
	if (f->state == TCP_STATE_CLOSED || f->state == TCP_STATE_SYN_SENT)
		return -ENOTCONN;
	if (f->fin_queued)
		return 0;
	flow_enter(f);
	queue_fin(f);
	flow_leave(f);
	return 0;
}

static void close_in_background(struct flow *f)
{
	if (f->state == TCP_STATE_SYN_SENT) {
		flow_close(f, 0);
	} else if (f->recvq.len && !f->told_closed) { /* unread data is lost */
		tcp_send_rst(f);
		flow_close(f, 0);
	} else if (f->state == TCP_STATE_FIN_WAIT_2) {
		flow_enter_fin_wait_2(f); /* bounded from now on */
	} else if (!f->fin_queued && f->state != TCP_STATE_CLOSED) {
		queue_fin(f);
	}
}

void tcp_api_release(struct tcp_flow *flow)
{
	struct flow *f = flow_of(flow);
	flow_enter(f);
	f->owned = false;
	f->events = NULL;
	f->pending = 0;
	close_in_background(f);
	tcp_recvq_free(&f->recvq);
	flow_leave(f);
}

/* ABORT */
void tcp_api_abort(struct tcp_flow *flow)
{
	struct flow *f = flow_of(flow);
	flow_enter(f);
	switch (f->state) {
	case TCP_STATE_SYN_RECEIVED:
	case TCP_STATE_ESTABLISHED:
	case TCP_STATE_FIN_WAIT_1:
	case TCP_STATE_FIN_WAIT_2:
	case TCP_STATE_CLOSE_WAIT:
		tcp_send_rst(f);
		break;
	default:
		break;
	}
	flow_close(f, -ECONNABORTED);
	flow_leave(f);
}

static void set_receive_limit(struct flow *f, uint32_t limit)
{
	f->receive_limit = limit;
	if (flow_synchronized(f) && tcp_window_worth_telling(f))
		f->ack_now = true;
}

static void set_keepalive(struct flow *f, bool on)
{
	f->keepalive = on;
	f->keepalive_probes = 0;
	if (on && flow_synchronized(f))
		flow_due_in(f, DUE_KEEPALIVE, f->keepalive_idle_ms * NS_PER_MS);
	else
		flow_due_never(f, DUE_KEEPALIVE);
}

static int check_option(enum tcp_option option, int64_t value)
{
	static const struct {
		int64_t min, max;
	} range[] = {
		[TCP_NODELAY_OPT] = { 0, 1 },
		[TCP_KEEPALIVE_OPT] = { 0, 1 },
		[TCP_KEEPALIVE_IDLE_MS] = { 1000, INT64_C(1) << 31 },
		[TCP_KEEPALIVE_INTERVAL_MS] = { 1000, INT64_C(1) << 31 },
		[TCP_KEEPALIVE_COUNT] = { 2, 255 },
		[TCP_USER_TIMEOUT_MS] = { 0, UINT32_MAX },
		[TCP_SEND_BUFFER] = { 2048, 1 << 30 },
		[TCP_RECEIVE_BUFFER] = { 2048, 1 << 30 },
	};
	if ((unsigned)option >= sizeof(range) / sizeof(range[0]) || value < range[option].min || value > range[option].max)
		return -EINVAL;
	return 0;
}

int tcp_api_set_option(struct tcp_flow *flow, enum tcp_option option, int64_t value)
{
	struct flow *f = flow_of(flow);
	if (check_option(option, value) < 0)
		return -EINVAL;
	if (f->state == TCP_STATE_CLOSED)
		return 0;
	flow_enter(f);
	switch (option) {
	case TCP_NODELAY_OPT:
		f->nodelay = value;
		break;
	case TCP_KEEPALIVE_OPT:
		set_keepalive(f, value);
		break;
	case TCP_KEEPALIVE_IDLE_MS:
		f->keepalive_idle_ms = (uint32_t)value;
		if (f->keepalive)
			set_keepalive(f, true);
		break;
	case TCP_KEEPALIVE_INTERVAL_MS:
		f->keepalive_interval_ms = (uint32_t)value;
		break;
	case TCP_KEEPALIVE_COUNT:
		f->keepalive_count = (uint32_t)value;
		break;
	case TCP_USER_TIMEOUT_MS:
		f->user_timeout_ms = (uint32_t)value;
		break;
	case TCP_SEND_BUFFER:
		f->send_limit = (uint32_t)value;
		break;
	case TCP_RECEIVE_BUFFER:
		set_receive_limit(f, (uint32_t)value);
		break;
	}
	flow_leave(f);
	return 0;
}

int tcp_api_get_option(const struct tcp_flow *flow, enum tcp_option option, int64_t *value)
{
	const struct flow *f = flow_of_const(flow);
	switch (option) {
	case TCP_NODELAY_OPT:
		*value = f->nodelay;
		return 0;
	case TCP_KEEPALIVE_OPT:
		*value = f->keepalive;
		return 0;
	case TCP_KEEPALIVE_IDLE_MS:
		*value = f->keepalive_idle_ms;
		return 0;
	case TCP_KEEPALIVE_INTERVAL_MS:
		*value = f->keepalive_interval_ms;
		return 0;
	case TCP_KEEPALIVE_COUNT:
		*value = f->keepalive_count;
		return 0;
	case TCP_USER_TIMEOUT_MS:
		*value = f->user_timeout_ms;
		return 0;
	case TCP_SEND_BUFFER:
		*value = f->send_limit;
		return 0;
	case TCP_RECEIVE_BUFFER:
		*value = f->receive_limit;
		return 0;
	}
	return -EINVAL;
}

/* STATUS */
void tcp_api_info(const struct tcp_flow *flow, struct tcp_info *info)
{
	const struct flow *f = flow_of_const(flow);
	*info = (struct tcp_info){
		.state = (enum tcp_state)f->state,
		.srtt_ns = f->srtt_ns,
		.rttvar_ns = f->rttvar_ns,
		.rto_ns = f->rto_ns,
		.min_rtt_ns = f->min_rtt_ns,
		.smss = f->smss,
		.rmss = f->rmss,
		.cwnd = f->cc.cwnd,
		.ssthresh = f->cc.ops ? f->cc.ssthresh : UINT32_MAX,
		.send_window = f->snd_wnd,
		.receive_window = flow_receive_window(f),
		.send_scale = f->send_scale,
		.receive_scale = f->receive_scale,
		.timestamps = f->use_timestamps,
		.sack = f->use_sack,
		.window_scaling = f->use_scaling,
		.bytes_sent = f->bytes_sent,
		.bytes_acked = f->bytes_acked,
		.bytes_received = f->bytes_received,
		.segments_sent = f->segments_sent,
		.segments_received = f->segments_received,
		.retransmits = f->retransmits,
		.fast_retransmits = f->fast_retransmits,
		.timeouts = f->timeouts,
		.unacked = f->snd_max - f->snd_una,
		.unread = f->recvq.len,
	};
	uint32_t sent = f->snd_max - f->send_base;
	if (flow_synchronized(f) && sent < f->sendq.len)
		info->unsent = f->sendq.len - sent;
}

void tcp_api_endpoints(const struct tcp_flow *flow, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port)
{
	const struct flow *f = flow_of_const(flow);
	*local = f->local;
	*local_port = f->local_port;
	*remote = f->remote;
	*remote_port = f->remote_port;
}
