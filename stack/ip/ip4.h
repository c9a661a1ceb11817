/* SPDX-License-Identifier: ISC */
/*
 * IPv4 (RFC 791, RFC 1122 section 3, RFC 6864; RFC 1812 section 5 when it forwards). Implements struct ip.
 * It knows neither ARP nor Ethernet nor ICMP: each interface has an output callback, and what ICMP would report
 * goes to hooks. Hosts are weak end systems (RFC 1122 section 3.3.4.2).
 */
#ifndef STACK_IP_IP4_H
#define STACK_IP_IP4_H

#include "stack/base/counter.h"
#include "stack/base/env.h"
#include "stack/ip/ip.h"
#include "stack/ip/ip4_reass.h"
#include "stack/ip/route4.h"
#include "stack/wire/ip4.h"

struct ip4;

#define IP4_MTU_MIN 68                  /* RFC 791 section 3.2 */
#define IP4_IFINDEX_LOOPBACK UINT32_MAX /* ip_rx.ifindex of what we sent to ourselves */

struct ip4_config {
	uint8_t default_ttl;     /* default 64 */
	bool router;             /* forwards between interfaces; default false */
	uint32_t max_interfaces; /* default 16 */
	uint32_t max_addresses;  /* of all interfaces; default 64 */
	uint32_t max_groups;     /* multicast groups joined; default 64 */
	uint32_t max_routes;     /* default 256 */
	uint32_t max_protocols;  /* default 16 */
	uint32_t max_loopback;   /* packets to ourselves under way; default 1024 */
	uint32_t max_paths;      /* destinations with a path MTU of their own; the oldest makes room; default 256 */
	uint64_t path_mtu_ns;    /* after which a path MTU is forgotten (RFC 1191 section 6.3); default 10 min */
	struct ip4_reass_config reass;
};
struct ip4_config ip4_config_default(void);

/*
 * Takes a packet for next_hop: a neighbour's address, a multicast group, or 255.255.255.255 for every kind of broadcast.
 * 0 or -errno, which the sender gets.
 */
typedef int ip4_output_fn(struct buf *b, struct ip4_addr next_hop, void *arg);
/* A transport suspects the way over next_hop to be dead (RFC 1122 section 3.3.1.4): resolve it again. */
typedef void ip4_suspect_fn(struct ip4_addr next_hop, void *arg);

struct ip4_interface {
	uint32_t mtu; /* bytes, 68–65535 */
	ip4_output_fn *output;
	ip4_suspect_fn *suspect; /* may be NULL */
	void *arg;
};

int ip4_create(struct env *env, const struct ip4_config *config, struct ip4 **ip4);
/* Layers above are destroyed first. NULL is allowed. */
void ip4_destroy(struct ip4 *ip4);
/* What transports attach to. */
struct ip *ip4_face(struct ip4 *ip4);

/* 0 and *ifindex (0, 1, …); -EINVAL; -ENOSPC. */
int ip4_interface_add(struct ip4 *ip4, const struct ip4_interface *interface, unsigned *ifindex);
/* What is sent to the interface from now on gets -ENETDOWN; its callbacks are not called again. */
void ip4_interface_disable(struct ip4 *ip4, unsigned ifindex);
/* An own address and the route to its prefix. 0; -EINVAL; -EEXIST; -ENOSPC. */
int ip4_address_add(struct ip4 *ip4, unsigned ifindex, struct ip4_addr addr, uint8_t prefix_len);
int ip4_address_remove(struct ip4 *ip4, struct ip4_addr addr);
/* 0; -EEXIST; -EINVAL (no such interface, bits behind the prefix); -ENOSPC. */
int ip4_route_add(struct ip4 *ip4, const struct route4 *route);
int ip4_route_remove(struct ip4 *ip4, struct ip4_addr prefix, uint8_t len);
/* Receive a multicast group on an interface; 224.0.0.1 is always received. No IGMP is spoken. 0; -EINVAL; -EEXIST; -ENOSPC. */
int ip4_group_join(struct ip4 *ip4, unsigned ifindex, struct ip4_addr group);
int ip4_group_leave(struct ip4 *ip4, unsigned ifindex, struct ip4_addr group);

/* A packet from the link; bytes behind its total length are link padding. Takes the buffer. */
void ip4_input(struct ip4 *ip4, unsigned ifindex, struct buf *b, bool link_multicast);
/* A packet the link could not deliver (no answer to ARP): its transport, or for a forwarded one its source, is told. Takes the buffer. */
void ip4_output_failed(struct ip4 *ip4, unsigned ifindex, struct buf *b);

/* Datagrams for us whose protocol nobody bound (ICMP protocol unreachable). NULL: dropped. Counted either way. */
void ip4_set_unclaimed(struct ip4 *ip4, ip_unclaimed_fn *fn, void *arg);

/* What the layer would have its peer know; icmp4 turns these into ICMP errors. */
enum ip4_report {
	IP4_REPORT_TTL,         /* exceeded in transit */
	IP4_REPORT_REASSEMBLY,  /* timeout; rx->packet is fragment zero */
	IP4_REPORT_FRAG_NEEDED, /* info: the next hop's MTU */
	IP4_REPORT_NO_ROUTE,
	IP4_REPORT_NO_NEIGHBOUR,
	IP4_REPORT_SOURCE_ROUTE, /* failed */
	IP4_REPORT_PARAMETER,    /* info: the octet's index */
};
/* rx describes the packet; nothing in it outlives the call. */
typedef void ip4_report_fn(enum ip4_report what, uint32_t info, const struct ip_rx *rx, void *arg);
void ip4_set_report(struct ip4 *ip4, ip4_report_fn *fn, void *arg);

/* Hands an ICMP error to the transport bound to protocol. 0, or -ENOENT when none takes errors. */
int ip4_deliver_error(struct ip4 *ip4, uint8_t protocol, const struct ip_error *err);

struct counter_set ip4_counters(const struct ip4 *ip4);

#endif
