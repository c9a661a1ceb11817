/* SPDX-License-Identifier: ISC */
/*
 * The face of UDP. An implementation is reached through struct udp only: DIRECT (udp_direct.h, over ip faces)
 * now, SOCKET (the host kernel) behind the same calls. Errors are negative errno values.
 */
#ifndef STACK_UDP_UDP_H
#define STACK_UDP_UDP_H

#include "stack/base/buf.h"
#include "stack/wire/addr.h"

struct udp;
struct udp_port; /* a bound port: what a listener or an unconnected sender holds */

struct udp_rx {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
	uint8_t ttl, tos;
};

/* A datagram's payload; takes the buffer. */
typedef void udp_rx_fn(struct buf *b, const struct udp_rx *rx, void *arg);
/* err: -ECONNREFUSED, -EHOSTUNREACH, -ENETUNREACH, -EMSGSIZE, -EPROTO … for a datagram sent to peer. */
typedef void udp_error_fn(int err, const struct ip_addr *peer, uint16_t peer_port, void *arg);

struct udp_bind {
	struct ip_addr local; /* family 0: any address of any attached family */
	uint16_t port;        /* 0: an ephemeral one is chosen (RFC 6056) */
	udp_rx_fn *rx;        /* NULL: send only, what arrives is dropped and counted */
	udp_error_fn *error;  /* NULL: errors are dropped and counted */
	void *arg;
};
struct udp_send {
	struct ip_addr dst;
	uint16_t dst_port;
	struct ip_addr src; /* family 0: the bound address, else selected */
	uint8_t ttl, tos;   /* 0: default */
	bool broadcast_ok, dont_fragment;
};

struct udp_ops {
	int (*bind)(struct udp *udp, const struct udp_bind *bind, struct udp_port **port);
	void (*unbind)(struct udp_port *port);
	int (*send)(struct udp_port *port, struct buf *b, const struct udp_send *to);
	uint16_t (*port_number)(const struct udp_port *port);
};

struct udp {
	const struct udp_ops *ops;
};
/* The part of a port every implementation starts with. */
struct udp_port {
	struct udp *udp;
};

/* 0 and *port; -EADDRINUSE; -EADDRNOTAVAIL; -EAFNOSUPPORT (no attached IP of that family); -ENOMEM. */
static inline int udp_bind(struct udp *udp, const struct udp_bind *bind, struct udp_port **port)
{
	return udp->ops->bind(udp, bind, port);
}
/* No callback runs afterwards. */
static inline void udp_unbind(struct udp_port *port)
{
	port->udp->ops->unbind(port);
}
/* Takes the buffer, whatever it returns. 0; -EMSGSIZE; -ENETUNREACH; -EHOSTUNREACH; -EACCES (broadcast); -EINVAL (port 0); -EAFNOSUPPORT; -ENOMEM. */
static inline int udp_send(struct udp_port *port, struct buf *b, const struct udp_send *to)
{
	return port->udp->ops->send(port, b, to);
}
static inline uint16_t udp_port_number(const struct udp_port *port)
{
	return port->udp->ops->port_number(port);
}

#endif
