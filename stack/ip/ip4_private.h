/* SPDX-License-Identifier: ISC */
/* What the files of ip4 share. Nobody else includes this. */
#ifndef STACK_IP_IP4_PRIVATE_H
#define STACK_IP_IP4_PRIVATE_H

#include "stack/base/demux.h"
#include "stack/ip/ip4.h"

#define IP4_COUNTERS(X) \
	X(rx, "rx") \
	X(delivered, "delivered") \
	X(forwarded, "forwarded") \
	X(tx, "tx") \
	X(tx_loopback, "tx.loopback") \
	X(fragments_created, "fragments.created") \
	X(fragments_received, "fragments.received") \
	X(reassembled, "reassembled") \
	X(unclaimed, "unclaimed") \
	X(errors_delivered, "errors.delivered") \
	X(path_mtu_lowered, "path_mtu.lowered") \
	X(drop_short, "drop.short") \
	X(drop_version, "drop.version") \
	X(drop_header_length, "drop.header_length") \
	X(drop_checksum, "drop.checksum") \
	X(drop_total_length, "drop.total_length") \
	X(drop_truncated, "drop.truncated") \
	X(drop_source, "drop.source") \
	X(drop_loopback_address, "drop.loopback_address") \
	X(drop_link_broadcast, "drop.link_broadcast") \
	X(drop_not_for_us, "drop.not_for_us") \
	X(drop_options, "drop.options") \
	X(drop_source_route, "drop.source_route") \
	X(drop_unclaimed, "drop.unclaimed") \
	X(drop_frag_malformed, "drop.fragment_malformed") \
	X(drop_frag_too_long, "drop.fragment_too_long") \
	X(drop_frag_tiny, "drop.fragment_tiny") \
	X(drop_frag_overlap, "drop.fragment_overlap") \
	X(drop_frag_duplicate, "drop.fragment_duplicate") \
	X(drop_frag_inconsistent, "drop.fragment_inconsistent") \
	X(drop_frag_condemned, "drop.fragment_condemned") \
	X(drop_frag_ecn, "drop.fragment_ecn") \
	X(drop_frag_evicted, "drop.fragment_evicted") \
	X(drop_frag_timeout, "drop.fragment_timeout") \
	X(drop_frag_no_memory, "drop.fragment_no_memory") \
	X(drop_ttl, "drop.ttl") \
	X(drop_martian, "drop.martian") \
	X(drop_no_route, "drop.no_route") \
	X(drop_frag_needed, "drop.fragmentation_needed") \
	X(drop_no_neighbour, "drop.no_neighbour") \
	X(drop_output, "drop.output") \
	X(drop_loopback_full, "drop.loopback_full") \
	X(drop_no_memory, "drop.no_memory")

struct ip4_counts {
	IP4_COUNTERS(COUNTER_FIELD)
};

struct ip4_own {
	struct ip4_addr addr;
	uint8_t prefix_len;
	unsigned ifindex;
};

struct ip4_group {
	struct ip4_addr addr;
	unsigned ifindex;
};

struct ip4_path {
	struct ip4_addr dst;
	uint32_t mtu;
	uint64_t expires_ns;
};

struct ip4 {
	struct ip face; /* first: a face is its ip4 */
	struct env *env;
	struct ip4_config config;
	struct demux protocols, errors; /* protocol → receiver, protocol → taker of errors */
	struct ip4_interface *interfaces;
	struct ip4_own *own;
	struct ip4_group *groups;
	struct ip4_path *paths; /* oldest overwritten first */
	uint32_t n_interfaces, n_own, n_groups, n_paths, next_path;
	struct route4_table routes;
	struct ip4_reass *reass;
	struct buf *loopback, **loopback_end;
	uint32_t n_loopback;
	struct timer loopback_timer;
	uint16_t id_counter;
	uint8_t id_rounds[4][256];
	ip_unclaimed_fn *unclaimed;
	void *unclaimed_arg;
	ip4_report_fn *report;
	void *report_arg;
	struct ip4_counts count;
};

enum ip4_kind { IP4_UNICAST, IP4_LOCAL, IP4_BROADCAST, IP4_MULTICAST };

/* Where a packet goes. */
struct ip4_hop {
	enum ip4_kind kind;
	unsigned ifindex; /* IP4_IFINDEX_LOOPBACK when local */
	struct ip4_addr next_hop;
	struct ip4_addr src;
	uint32_t mtu; /* path MTU applied */
};

/* ip4_addr.c */
const struct ip4_own *ip4_own_find(const struct ip4 *ip4, struct ip4_addr addr);
/* Own unicast address, or 127/8. */
bool ip4_is_ours(const struct ip4 *ip4, struct ip4_addr addr);
/* A broadcast address on an interface, by the prefixes of its addresses; the old forms with zeros count (RFC 1122 section 3.3.6). */
bool ip4_is_broadcast_on(const struct ip4 *ip4, unsigned ifindex, struct ip4_addr addr);
bool ip4_is_any_broadcast(const struct ip4 *ip4, struct ip4_addr addr);
bool ip4_group_joined(const struct ip4 *ip4, unsigned ifindex, struct ip4_addr group);
/* 0; -ENETUNREACH; -EADDRNOTAVAIL. src: NULL to select. */
int ip4_find_hop(const struct ip4 *ip4, struct ip4_addr dst, const struct ip4_addr *src, struct ip4_hop *hop);

/* ip4_path.c */
uint32_t ip4_path_mtu(const struct ip4 *ip4, struct ip4_addr dst, uint32_t mtu);
void ip4_path_lower(struct ip4 *ip4, struct ip4_addr dst, uint32_t mtu, uint32_t packet_len);

/* ip4_input.c */
void ip4_receive(struct ip4 *ip4, unsigned ifindex, struct buf *b, bool link_multicast);
void ip4_fill_rx(const struct ip4 *ip4, struct ip_rx *rx, const struct ip4_hdr *h, const uint8_t *packet, uint32_t len, unsigned ifindex);
void ip4_report(struct ip4 *ip4, enum ip4_report what, uint32_t info, const struct ip_rx *rx);

/* ip4_output.c */
int ip4_send(struct ip *ip, struct buf *b, const struct ip_tx *tx);
/* Sends payload in fragments that fit mtu, with h (its offset and mf included) in front. 0 or the first error. */
int ip4_fragment(struct ip4 *ip4, const struct ip4_hop *hop, const struct ip4_hdr *h, const uint8_t *payload, uint32_t len);
int ip4_transmit(struct ip4 *ip4, const struct ip4_hop *hop, struct buf *b);
void ip4_loopback_run(void *ip4);

/* ip4_forward.c */
void ip4_forward(struct ip4 *ip4, struct buf *b, const struct ip4_hdr *h, const struct ip_rx *rx, bool source_routed);

static inline void ip4_drop(struct buf *b, uint64_t *counter)
{
	++*counter;
	buf_free(b);
}

#endif
