/* SPDX-License-Identifier: ISC */
/*
 * ARP for IPv4 over Ethernet: RFC 826, RFC 1122 section 2.3.2, and of RFC 5227 answering and defending an address (section 2.4 (c)).
 * The cache is bounded; the least recently used entry makes room.
 */
#ifndef STACK_LINK_ARP_H
#define STACK_LINK_ARP_H

#include "stack/link/eth.h"
#include "stack/wire/arp.h"

struct arp;

struct arp_config {
	uint32_t max_entries;   /* default 256 */
	uint32_t max_addresses; /* own addresses; default 16 */
	uint32_t
		queue_packets; /* kept per unresolved address, at least 1 (RFC 1122 section 2.3.2.2); the oldest goes first; default 64: the fragments of one large datagram */
	uint64_t timeout_ns;          /* life of an entry since it was last confirmed (section 2.3.2.1); default 60 s */
	uint32_t polls;               /* unicast requests to an entry in use before it expires (section 2.3.2.1 (2)); default 2 */
	uint64_t request_interval_ns; /* first wait for an answer, doubled at each retry; the least time between two requests for one
	                               * address, recommended 1 s (section 2.3.2.1); default 1 s */
	uint32_t requests;            /* broadcast requests, at least 1, before the queued packets are given up; default 3 */
	uint32_t announcements;       /* of each own address when it is added, 2 s apart (RFC 5227 section 2.3); default 0 */
};
struct arp_config arp_config_default(void);

/* An address could not be resolved: called for each packet that waited for it. Takes the buffer (the payload given to arp_send). */
typedef void arp_failed_fn(struct buf *b, struct ip4_addr next_hop, uint16_t ethertype, void *arg);

/* 0 and *arp; -EADDRINUSE when the interface's 0x0806 is taken; -EINVAL; -ENOMEM. eth outlives it. */
int arp_create(struct env *env, struct eth *eth, const struct arp_config *config, struct arp **arp);
/* Frees queued packets silently. NULL is allowed. */
void arp_destroy(struct arp *arp);
/* NULL: such packets are only counted. */
void arp_set_failed(struct arp *arp, arp_failed_fn *fn, void *arg);

/* An own address, answered for. 0; -EEXIST; -EINVAL unless unicast; -ENOSPC. */
int arp_add_address(struct arp *arp, struct ip4_addr addr);
/* 0, or -ENOENT. */
int arp_remove_address(struct arp *arp, struct ip4_addr addr);

/*
 * Sends to a neighbour, resolving it first. Takes the buffer, whatever it returns.
 * 0 (sent or queued); -EINVAL for a next hop that is not unicast; -ENOBUFS when every entry is being resolved; eth_send's errors.
 */
int arp_send(struct arp *arp, struct buf *b, struct ip4_addr next_hop, uint16_t ethertype);
/*
 * The same for an IPv4 packet to any next hop, in the form ip4.h wants: broadcast and multicast are mapped
 * (RFC 1112 section 6.4), unicast is resolved. Takes the buffer.
 */
int arp_output_ip4(struct buf *b, struct ip4_addr next_hop, void *arp);

/* 0 and *mac when resolved; -ENOENT. Does not count as use. */
int arp_lookup(const struct arp *arp, struct ip4_addr addr, struct mac *mac);
/* An entry that neither expires nor changes. 0; -EINVAL; -ENOSPC. */
int arp_add_static(struct arp *arp, struct ip4_addr addr, struct mac mac);
/* 0, or -ENOENT. Queued packets are given up. */
int arp_remove(struct arp *arp, struct ip4_addr addr);
/* The neighbour seems dead (RFC 1122 section 2.3.2.1 (4)): it is polled now and dropped if silent. At most once a second each. */
void arp_suspect(struct arp *arp, struct ip4_addr addr);
/* Sends one ARP announcement (RFC 5227 section 3) for an own address. 0, -ENOENT, or eth_send's errors. */
int arp_announce(struct arp *arp, struct ip4_addr addr);

/* The group's MAC address (RFC 1112 section 6.4). */
struct mac arp_multicast_mac(struct ip4_addr group);
struct counter_set arp_counters(const struct arp *arp);

#endif
