/* SPDX-License-Identifier: ISC */
/*
 * The face of TCP: listeners with a callback per port, flows that read and write with back-pressure.
 * DIRECT (tcp_direct.h) runs over ip faces; SOCKET runs on the host kernel behind the same calls.
 * Errors are negative errno values. Callbacks may call any function of this face, tcp_release included.
 */
#ifndef STACK_TCP_TCP_H
#define STACK_TCP_TCP_H

#include "stack/wire/addr.h"

struct tcp;
struct tcp_flow;
struct tcp_listener;

/* RFC 9293 section 3.3.2. */
enum tcp_state {
	TCP_STATE_CLOSED,
	TCP_STATE_LISTEN,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECEIVED,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT_1,
	TCP_STATE_FIN_WAIT_2,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_CLOSING,
	TCP_STATE_LAST_ACK,
	TCP_STATE_TIME_WAIT,
};

/* What a flow tells its owner. Any may be NULL. */
struct tcp_events {
	void (*connected)(struct tcp_flow *flow, void *arg); /* our connect succeeded */
	void (*readable)(struct tcp_flow *flow, void *arg);  /* data, or the peer's FIN, after there was none */
	void (*writable)(struct tcp_flow *flow, void *arg);  /* room, after a write was cut short */
	/*
	 * The connection is over: 0 closed normally in both directions; -ECONNREFUSED; -ECONNRESET; -ETIMEDOUT;
	 * -EHOSTUNREACH; -ENETUNREACH; -ECONNABORTED (own abort). Called once. Unread data can still be read.
	 */
	void (*closed)(struct tcp_flow *flow, int err, void *arg);
};

/* A new connection in ESTABLISHED. Set events with tcp_set_events; returning with none set and not released aborts it. */
typedef void tcp_accept_fn(struct tcp_flow *flow, void *arg);

struct tcp_listen {
	struct ip_addr local; /* family 0: any address of any attached family */
	uint16_t port;        /* 0: an ephemeral one */
	unsigned backlog;     /* connections not yet established; 0: the implementation's default */
	tcp_accept_fn *accept;
	void *arg;
};

struct tcp_connect {
	struct ip_addr local; /* family 0: selected */
	uint16_t local_port;  /* 0: ephemeral (RFC 6056) */
	struct ip_addr remote;
	uint16_t remote_port;
	const struct tcp_events *events; /* must outlive the flow */
	void *arg;
};

enum tcp_option {
	TCP_NODELAY_OPT,       /* 0 or 1: Nagle off (RFC 9293 section 3.7.4) */
	TCP_KEEPALIVE_OPT,     /* 0 or 1; off by default (section 3.8.4) */
	TCP_KEEPALIVE_IDLE_MS, /* default 7 200 000 */
	TCP_KEEPALIVE_INTERVAL_MS,
	TCP_KEEPALIVE_COUNT,
	TCP_USER_TIMEOUT_MS, /* R2 in time (section 3.8.3); 0: by number of retransmissions */
	TCP_SEND_BUFFER,     /* bytes */
	TCP_RECEIVE_BUFFER,  /* bytes */
};

/* A read-out like Linux's tcp_info. */
struct tcp_info {
	enum tcp_state state;
	uint64_t srtt_ns, rttvar_ns, rto_ns; /* 0 before the first sample */
	uint64_t min_rtt_ns;
	uint32_t smss;                        /* bytes of payload we may send in a segment */
	uint32_t rmss;                        /* we announced */
	uint32_t cwnd, ssthresh;              /* bytes; ssthresh UINT32_MAX: not yet set */
	uint32_t send_window, receive_window; /* bytes */
	uint8_t send_scale, receive_scale;
	bool timestamps, sack, window_scaling;
	uint64_t bytes_sent, bytes_acked, bytes_received; /* payload */
	uint64_t segments_sent, segments_received;
	uint64_t retransmits, fast_retransmits, timeouts;
	uint32_t unacked, unread, unsent; /* bytes in flight, waiting for the reader, waiting to be sent */
};

struct tcp_ops {
	int (*listen)(struct tcp *tcp, const struct tcp_listen *l, struct tcp_listener **listener);
	void (*unlisten)(struct tcp_listener *listener);
	uint16_t (*listener_port)(const struct tcp_listener *listener);
	int (*connect)(struct tcp *tcp, const struct tcp_connect *c, struct tcp_flow **flow);
	void (*set_events)(struct tcp_flow *flow, const struct tcp_events *events, void *arg);
	long (*write)(struct tcp_flow *flow, const void *bytes, size_t len);
	long (*read)(struct tcp_flow *flow, void *bytes, size_t len);
	int (*shutdown)(struct tcp_flow *flow);
	void (*release)(struct tcp_flow *flow);
	void (*abort)(struct tcp_flow *flow);
	int (*set_option)(struct tcp_flow *flow, enum tcp_option option, int64_t value);
	int (*get_option)(const struct tcp_flow *flow, enum tcp_option option, int64_t *value);
	void (*info)(const struct tcp_flow *flow, struct tcp_info *info);
	void (*endpoints)(const struct tcp_flow *flow, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port);
};

struct tcp {
	const struct tcp_ops *ops;
};
/* What every implementation's flow and listener start with. */
struct tcp_flow {
	struct tcp *tcp;
};
struct tcp_listener {
	struct tcp *tcp;
};

/* 0; -EADDRINUSE; -EADDRNOTAVAIL; -EAFNOSUPPORT; -ENOMEM. */
static inline int tcp_listen(struct tcp *tcp, const struct tcp_listen *l, struct tcp_listener **listener)
{
	return tcp->ops->listen(tcp, l, listener);
}
/* Connections not yet accepted are aborted; accepted ones live on. */
static inline void tcp_unlisten(struct tcp_listener *listener)
{
	listener->tcp->ops->unlisten(listener);
}
static inline uint16_t tcp_listener_port(const struct tcp_listener *listener)
{
	return listener->tcp->ops->listener_port(listener);
}
/* 0: under way, connected or closed tells the end. -EADDRINUSE; -EADDRNOTAVAIL; -ENETUNREACH; -EAFNOSUPPORT; -EINVAL (port 0); -ENOMEM. */
static inline int tcp_connect(struct tcp *tcp, const struct tcp_connect *c, struct tcp_flow **flow)
{
	return tcp->ops->connect(tcp, c, flow);
}
static inline void tcp_set_events(struct tcp_flow *flow, const struct tcp_events *events, void *arg)
{
	flow->tcp->ops->set_events(flow, events, arg);
}
/* Bytes taken (maybe fewer than len); -EAGAIN when the buffer is full or not connected yet; -EPIPE after shutdown; the closed error after the end. */
static inline long tcp_write(struct tcp_flow *flow, const void *bytes, size_t len)
{
	return flow->tcp->ops->write(flow, bytes, len);
}
/* Bytes read; 0 at the peer's FIN; -EAGAIN; the closed error once all data is read. */
static inline long tcp_read(struct tcp_flow *flow, void *bytes, size_t len)
{
	return flow->tcp->ops->read(flow, bytes, len);
}
/* No more writes: FIN after what is buffered. 0, or -ENOTCONN. */
static inline int tcp_shutdown(struct tcp_flow *flow)
{
	return flow->tcp->ops->shutdown(flow);
}
/*
 * The owner is done with the flow: no callback runs and the pointer is dead afterwards. An open connection is closed
 * in the background (RST if unread data is lost, RFC 9293 section 3.6.1 and RFC 2525 section 2.17), TIME-WAIT included.
 */
static inline void tcp_release(struct tcp_flow *flow)
{
	flow->tcp->ops->release(flow);
}
/* RST now; closed(-ECONNABORTED) is called. The pointer stays until tcp_release. */
static inline void tcp_abort(struct tcp_flow *flow)
{
	flow->tcp->ops->abort(flow);
}
/* 0; -EINVAL for a value out of range. */
static inline int tcp_set_option(struct tcp_flow *flow, enum tcp_option option, int64_t value)
{
	return flow->tcp->ops->set_option(flow, option, value);
}
static inline int tcp_get_option(const struct tcp_flow *flow, enum tcp_option option, int64_t *value)
{
	return flow->tcp->ops->get_option(flow, option, value);
}
static inline void tcp_info(const struct tcp_flow *flow, struct tcp_info *info)
{
	flow->tcp->ops->info(flow, info);
}
static inline void tcp_endpoints(
	const struct tcp_flow *flow, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port)
{
	flow->tcp->ops->endpoints(flow, local, local_port, remote, remote_port);
}

#endif
