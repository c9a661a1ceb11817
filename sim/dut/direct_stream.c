/* SPDX-License-Identifier: ISC */
/* TCP sockets over the face of TCP. */
#include "sim/dut/direct_stack.h"

#include <errno.h>
#include <stdlib.h>

static struct tcp *face(const struct direct_sock *s)
{
	return tcp_direct_face(s->stack->tcp);
}

/* --- events of a flow: they record, and tell the owner of the socket ---------------------------- */

static void on_connected(struct tcp_flow *flow, void *arg)
{
	struct direct_sock *s = arg;
	(void)flow;
	s->connecting = false;
	s->connected = true;
	direct_sock_changed(s);
}

static void on_readable(struct tcp_flow *flow, void *arg)
{
	(void)flow;
	direct_sock_changed(arg);
}

static void on_writable(struct tcp_flow *flow, void *arg)
{
	struct direct_sock *s = arg;
	(void)flow;
	s->write_cut = false;
	direct_sock_changed(s);
}

static void on_closed(struct tcp_flow *flow, int err, void *arg)
{
	struct direct_sock *s = arg;
	(void)flow;
	s->connecting = false;
	s->over = true;
	s->err = err;
	direct_sock_changed(s);
}

static const struct tcp_events events = { .connected = on_connected, .readable = on_readable, .writable = on_writable, .closed = on_closed };

/* --- options ------------------------------------------------------------------------------------ */

static int option_of(enum dut_socket_option option)
{
	switch (option) {
	case DUT_SO_NODELAY:
		return TCP_NODELAY_OPT;
	case DUT_SO_KEEPALIVE:
		return TCP_KEEPALIVE_OPT;
	case DUT_SO_KEEPALIVE_IDLE_MS:
		return TCP_KEEPALIVE_IDLE_MS;
	case DUT_SO_KEEPALIVE_INTERVAL_MS:
		return TCP_KEEPALIVE_INTERVAL_MS;
	case DUT_SO_KEEPALIVE_COUNT:
		return TCP_KEEPALIVE_COUNT;
	case DUT_SO_USER_TIMEOUT_MS:
		return TCP_USER_TIMEOUT_MS;
	case DUT_SO_SEND_BUFFER:
		return TCP_SEND_BUFFER;
	case DUT_SO_RECEIVE_BUFFER:
		return TCP_RECEIVE_BUFFER;
	default:
		return -EOPNOTSUPP;
	}
}

/* Options given before there was a flow, or to the listener it came from. */
static int apply_options(struct direct_sock *s, const struct direct_sock *from)
{
	for (unsigned i = 0; i < DIRECT_N_OPTIONS; i++) {
		int err = from->option_set[i] ? tcp_set_option(s->flow, (enum tcp_option)option_of(i), from->options[i]) : 0;
		if (err < 0)
			return err;
	}
	return 0;
}

int direct_stream_set_option(struct direct_sock *s, enum dut_socket_option option, int64_t value)
{
	int tcp_option = option_of(option);
	if (tcp_option < 0)
		return tcp_option;
	if (s->flow)
		return tcp_set_option(s->flow, (enum tcp_option)tcp_option, value);
	if (value < 0)
		return -EINVAL;
	s->option_set[option] = true;
	s->options[option] = value;
	return 0;
}

/* --- the calls ---------------------------------------------------------------------------------- */

int direct_stream_bind(struct direct_sock *s, const struct dut_sockaddr *local)
{
	struct ip_addr ip = direct_ip(&local->addr);
	bool any = ip_equal(&ip, &(struct ip_addr){ .family = ip.family });
	if (s->bound || s->flow || s->listener)
		return -EINVAL;
	if (!any && !ip_is_local(ip4_face(s->stack->ip4), &ip))
		return -EADDRNOTAVAIL;
	s->local = (struct dut_sockaddr){ .port = local->port };
	if (!any)
		s->local.addr = local->addr;
	s->bound = true;
	return 0;
}

static void on_accept(struct tcp_flow *flow, void *arg)
{
	struct direct_sock *listener = arg;
	/* Left without an owner the flow is aborted: the queue is full. */
	struct direct_sock *s = listener->n_accepted < listener->backlog ? direct_sock_new(listener->stack, DUT_SOCK_STREAM) : NULL;
	if (!s)
		return;
	struct ip_addr here, there;
	uint16_t my_port, peer_port;
	tcp_endpoints(flow, &here, &my_port, &there, &peer_port);
	s->flow = flow;
	s->connected = s->bound = true;
	s->local = direct_name(&here, my_port);
	s->peer = direct_name(&there, peer_port);
	tcp_set_events(flow, &events, s);
	apply_options(s, listener);
	if (listener->accepted)
		listener->accepted_last->next = s;
	else
		listener->accepted = s;
	listener->accepted_last = s;
	listener->n_accepted++;
	direct_sock_changed(listener);
}

int direct_stream_listen(struct direct_sock *s, unsigned backlog)
{
	if (s->flow)
		return -EINVAL;
	s->backlog = backlog ? backlog : 1;
	if (s->listener)
		return 0;
	struct tcp_listen l = {
		.local = direct_ip(&s->local.addr),
		.port = s->local.port,
		.backlog = s->backlog,
		.accept = on_accept,
		.arg = s,
	};
	return tcp_listen(face(s), &l, &s->listener);
}

int direct_stream_accept(struct direct_sock *listener, struct dut_sockaddr *peer)
{
	struct direct_sock *s = listener->accepted;
	if (!listener->listener)
		return -EINVAL;
	if (!s)
		return -EAGAIN;
	int handle = direct_sock_give_handle(s);
	if (handle < 0)
		return handle;
	listener->accepted = s->next;
	listener->n_accepted--;
	s->next = NULL;
	if (peer)
		*peer = s->peer;
	return handle;
}

int direct_stream_connect(struct direct_sock *s, const struct dut_sockaddr *peer)
{
	if (s->listener)
		return -EINVAL;
	if (s->flow)
		return s->connecting ? -EALREADY : -EISCONN;
	struct tcp_connect c = {
		.local = direct_ip(&s->local.addr),
		.local_port = s->local.port,
		.remote = direct_ip(&peer->addr),
		.remote_port = peer->port,
		.events = &events,
		.arg = s,
	};
	s->connecting = true; /* its callbacks may come before it returns */
	int err = tcp_connect(face(s), &c, &s->flow);
	if (err < 0) {
		s->connecting = false;
		s->flow = NULL;
		return err;
	}
	s->peer = *peer;
	err = apply_options(s, s);
	return err < 0 ? err : -EINPROGRESS;
}

long direct_stream_send(struct direct_sock *s, const void *bytes, size_t len)
{
	if (!s->flow)
		return -ENOTCONN;
	if (s->over)
		return s->err ? direct_sock_take_error(s) : -EPIPE;
	long n = tcp_write(s->flow, bytes, len);
	if (n == -EAGAIN || (n >= 0 && (size_t)n < len))
		s->write_cut = true;
	return n;
}

long direct_stream_recv(struct direct_sock *s, void *bytes, size_t len)
{
	if (!s->flow)
		return -ENOTCONN;
	long n = tcp_read(s->flow, bytes, len);
	/* The reason of the end is told once; after it the stream is at its end. */
	return n < 0 && s->over ? direct_sock_take_error(s) : n;
}

int direct_stream_shutdown(struct direct_sock *s)
{
	if (!s->flow || s->connecting || s->over)
		return -ENOTCONN;
	int err = s->shut ? 0 : tcp_shutdown(s->flow);
	if (!err)
		s->shut = true;
	return err;
}

void direct_stream_close(struct direct_sock *s, bool reset)
{
	if (s->listener)
		tcp_unlisten(s->listener);
	while (s->accepted) {
		struct direct_sock *a = s->accepted;
		s->accepted = a->next;
		direct_stream_close(a, true);
	}
	if (s->flow && reset)
		tcp_abort(s->flow);
	if (s->flow)
		tcp_release(s->flow);
	direct_sock_free(s);
}

static bool peer_finished(enum tcp_state state)
{
	switch (state) {
	case TCP_STATE_CLOSE_WAIT:
	case TCP_STATE_CLOSING:
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_TIME_WAIT:
		return true;
	default:
		return false;
	}
}

unsigned direct_stream_ready(struct direct_sock *s)
{
	if (s->listener)
		return s->accepted ? DUT_ACCEPTABLE : 0;
	if (!s->flow)
		return 0;
	struct tcp_info info;
	tcp_info(s->flow, &info);
	bool readable = info.unread || s->over || peer_finished(info.state);
	bool writable = s->connected && !s->over && !s->shut && !s->write_cut;
	return (readable ? DUT_READABLE : 0u) | (writable ? DUT_WRITABLE : 0u) | (s->connected ? DUT_CONNECTED : 0u) | (s->over ? DUT_CLOSED : 0u);
}

int direct_stream_local_name(struct direct_sock *s, struct dut_sockaddr *local)
{
	struct ip_addr here, there;
	uint16_t my_port, peer_port;
	*local = s->local;
	if (s->flow) {
		tcp_endpoints(s->flow, &here, &my_port, &there, &peer_port);
		*local = direct_name(&here, my_port);
	} else if (s->listener) {
		local->port = tcp_listener_port(s->listener);
	}
	return 0;
}

static const char *const state_names[] = {
	[TCP_STATE_CLOSED] = "CLOSED",
	[TCP_STATE_LISTEN] = "LISTEN",
	[TCP_STATE_SYN_SENT] = "SYN-SENT",
	[TCP_STATE_SYN_RECEIVED] = "SYN-RECEIVED",
	[TCP_STATE_ESTABLISHED] = "ESTABLISHED",
	[TCP_STATE_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCP_STATE_FIN_WAIT_2] = "FIN-WAIT-2",
	[TCP_STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_STATE_CLOSING] = "CLOSING",
	[TCP_STATE_LAST_ACK] = "LAST-ACK",
	[TCP_STATE_TIME_WAIT] = "TIME-WAIT",
};

int direct_stream_info(struct direct_sock *s, struct dut_tcp_info *info)
{
	struct tcp_info t = { .state = s->listener ? TCP_STATE_LISTEN : TCP_STATE_CLOSED };
	if (s->flow)
		tcp_info(s->flow, &t);
	*info = (struct dut_tcp_info){
		.state = state_names[t.state],
		.srtt_ns = t.srtt_ns,
		.rto_ns = t.rto_ns,
		.min_rtt_ns = t.min_rtt_ns,
		.smss = t.smss,
		.cwnd = t.cwnd,
		.ssthresh = t.ssthresh,
		.retransmits = t.retransmits,
		.timeouts = t.timeouts,
		.bytes_acked = t.bytes_acked,
		.bytes_received = t.bytes_received,
		.segments_sent = t.segments_sent,
		.segments_received = t.segments_received,
	};
	return 0;
}
