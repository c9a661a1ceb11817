/* SPDX-License-Identifier: ISC */
/*
 * The family-neutral face of an IP layer. UDP and TCP attach to any set of these; ip4 (and ip6) implement it.
 * A layer registers for its protocol number by itself; nobody above sees who else is registered.
 */
#ifndef STACK_IP_IP_H
#define STACK_IP_IP_H

#include "stack/base/buf.h"
#include "stack/wire/addr.h"

#include <errno.h>

struct ip;

/* What an IP layer says about a datagram it delivers. The buffer's view is the payload. */
struct ip_rx {
	struct ip_addr src, dst;
	uint8_t protocol, ttl, tos; /* tos: DSCP << 2 | ECN (traffic class for IPv6) */
	bool link_multicast;        /* arrived as link-layer broadcast or multicast */
	bool dst_broadcast;         /* dst is a broadcast address (IPv4) */
	bool dst_multicast;
	const uint8_t *packet; /* the IP header on, as received, for quoting in ICMP errors; valid during the callback */
	uint32_t packet_len;
	unsigned ifindex;
};

/* What a layer above asks for when it sends. */
struct ip_tx {
	struct ip_addr src; /* family 0: the layer selects (RFC 1122 section 3.3.4.3) */
	struct ip_addr dst;
	uint8_t protocol;
	uint8_t ttl; /* 0: the layer's default */
	uint8_t tos;
	bool dont_fragment;
	bool broadcast_ok; /* else a broadcast dst is -EACCES */
};

/* An error a layer or a router reported about a datagram we sent (RFC 1122 section 3.2.2). */
enum ip_error_kind {
	IP_ERROR_UNREACHABLE_NET, /* soft, also host, source route failed, TTL exceeded … : kind says which */
	IP_ERROR_UNREACHABLE_HOST,
	IP_ERROR_UNREACHABLE_PROTOCOL, /* hard */
	IP_ERROR_UNREACHABLE_PORT,     /* hard */
	IP_ERROR_TOO_BIG,              /* mtu is set */
	IP_ERROR_SOURCE_ROUTE,
	IP_ERROR_PROHIBITED, /* administratively prohibited (RFC 1812 section 5.2.7.1) */
	IP_ERROR_TTL,
	IP_ERROR_REASSEMBLY,
	IP_ERROR_PARAMETER,
	IP_ERROR_SOURCE_QUENCH, /* ignored by transports: RFC 6633 */
};
struct ip_error {
	enum ip_error_kind kind;
	uint32_t mtu;            /* TOO_BIG: next-hop MTU, 0 when the router gave none */
	uint32_t packet_len;     /* bytes of the quoted datagram when it was whole, by its header */
	struct ip_addr src, dst; /* of the quoted datagram: src is ours */
	struct ip_addr reporter;
	const uint8_t *payload; /* the quoted datagram's payload: at least 8 bytes */
	uint32_t payload_len;
};

/* What an application is told of an error of this kind: a negative errno, -EHOSTUNREACH where no other fits. */
static inline int ip_error_errno(enum ip_error_kind kind)
{
	switch (kind) {
	case IP_ERROR_UNREACHABLE_NET:
		return -ENETUNREACH;
	case IP_ERROR_UNREACHABLE_PROTOCOL:
		return -ENOPROTOOPT;
	case IP_ERROR_UNREACHABLE_PORT:
		return -ECONNREFUSED;
	case IP_ERROR_TOO_BIG:
		return -EMSGSIZE;
	case IP_ERROR_PARAMETER:
		return -EPROTO;
	default:
		return -EHOSTUNREACH;
	}
}

/* Takes the buffer. */
typedef void ip_rx_fn(struct buf *b, const struct ip_rx *rx, void *arg);
typedef void ip_error_fn(const struct ip_error *err, void *arg);
/* A datagram a layer could not hand on, for whoever sends ICMP errors about it (rx->packet is what to quote). Takes the buffer. */
typedef void ip_unclaimed_fn(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg);

/* Where a datagram to dst would go. */
struct ip_path {
	struct ip_addr src;  /* the source address that would be used */
	uint32_t mtu;        /* bytes of IP packet, header included, path MTU applied */
	uint32_t header_len; /* of the IP header this family puts in front: 20 or 40 */
	uint32_t mms_r;      /* largest payload we can receive: RFC 1122 section 3.3.2 */
	bool local;          /* dst is one of our own addresses */
};

struct ip_ops {
	/* -EADDRINUSE when the protocol is taken, -EINVAL, -ENOMEM. error may be NULL. */
	int (*bind)(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg);
	int (*unbind)(struct ip *ip, uint8_t protocol);
	/* Takes the buffer, whatever it returns. 0; -ENETUNREACH; -EACCES; -EMSGSIZE (dont_fragment); -EADDRNOTAVAIL (src is not ours); -ENOMEM. */
	int (*send)(struct ip *ip, struct buf *b, const struct ip_tx *tx);
	/* 0 and *path; -ENETUNREACH; -EADDRNOTAVAIL when src is given and not ours. */
	int (*route)(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path);
	bool (*is_local)(struct ip *ip, const struct ip_addr *addr);
	/* True for a broadcast address of an interface, or the limited one. */
	bool (*is_broadcast)(struct ip *ip, const struct ip_addr *addr);
	/* A transport tells that the path to dst seems dead or fine (RFC 1122 sections 3.3.1.4, 4.2.3.5). */
	void (*advise)(struct ip *ip, const struct ip_addr *dst, bool alive);
	/*
	 * A transport believes an IP_ERROR_TOO_BIG: it quotes something really in flight (RFC 5927 section 7). mtu as reported;
	 * 0: the next lower plateau (RFC 1191 section 7.1) below packet_len, the quoted datagram's length. Never raises the path MTU.
	 */
	void (*too_big)(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len);
};

struct ip {
	const struct ip_ops *ops;
	uint8_t family; /* 4 or 6 */
};

static inline int ip_bind(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg)
{
	return ip->ops->bind(ip, protocol, rx, error, arg);
}
static inline int ip_unbind(struct ip *ip, uint8_t protocol)
{
	return ip->ops->unbind(ip, protocol);
}
static inline int ip_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	return ip->ops->send(ip, b, tx);
}
static inline int ip_route(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path)
{
	return ip->ops->route(ip, dst, src, path);
}
static inline bool ip_is_local(struct ip *ip, const struct ip_addr *addr)
{
	return ip->ops->is_local(ip, addr);
}
static inline bool ip_is_broadcast(struct ip *ip, const struct ip_addr *addr)
{
	return ip->ops->is_broadcast(ip, addr);
}
static inline void ip_advise(struct ip *ip, const struct ip_addr *dst, bool alive)
{
	ip->ops->advise(ip, dst, alive);
}
static inline void ip_too_big(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	ip->ops->too_big(ip, dst, mtu, packet_len);
}

#endif
