/* SPDX-License-Identifier: ISC */
/* What arp.c (packets, entries), arp_cache.c (the table of entries) and arp_own.c (our addresses) share. Nobody else includes this. */
#ifndef STACK_LINK_ARP_PRIVATE_H
#define STACK_LINK_ARP_PRIVATE_H

#include "stack/link/arp.h"

enum arp_state {
	ARP_FREE,
	ARP_INCOMPLETE, /* asked, packets wait */
	ARP_REACHABLE,
	ARP_POLLING, /* usable, being asked again */
	ARP_STATIC,
};

struct arp_entry {
	struct arp *arp;
	struct arp_entry *chain;         /* in its bucket, or in the list of free entries */
	struct arp_entry *newer, *older; /* by use */
	struct buf *queue, **queue_end;  /* each packet preceded by its EtherType */
	uint64_t wait_ns;                /* until the next request */
	uint64_t asked_ns;               /* time of the last request */
	struct timer timer;
	uint32_t queued, tries;
	enum arp_state state;
	bool used; /* since it was last confirmed */
	bool asked;
	struct ip4_addr addr;
	struct mac mac;
};

struct arp_cache {
	struct arp_entry *entries;
	struct arp_entry **buckets; /* power of two */
	struct arp_entry *free, *newest, *oldest;
	uint32_t n_entries, n_buckets;
};

#define ARP_COUNTERS(X) \
	X(rx, "rx") \
	X(tx_request, "tx.request") \
	X(tx_reply, "tx.reply") \
	X(learned, "learned") \
	X(updated, "updated") \
	X(expired, "expired") \
	X(evicted, "evicted") \
	X(failed, "failed") \
	X(conflict, "conflict") \
	X(drop_short, "drop.short") \
	X(drop_type, "drop.type") \
	X(drop_op, "drop.op") \
	X(drop_looped, "drop.looped") \
	X(drop_sender_mac, "drop.sender_mac") \
	X(drop_sender_ip, "drop.sender_ip") \
	X(drop_not_for_us, "drop.not_for_us") \
	X(drop_unsolicited, "drop.unsolicited") \
	X(drop_queue, "drop.queue_full") \
	X(drop_failed, "drop.unresolved") \
	X(drop_full, "drop.table_full") \
	X(drop_no_memory, "drop.no_memory")

struct arp_counts {
	ARP_COUNTERS(COUNTER_FIELD)
};
struct arp_own {
	struct arp *arp;
	struct ip4_addr addr;
	uint32_t announcements_left;
	struct timer timer;
	uint64_t contested_ns; /* the last conflicting packet, if contested */
	bool taken, contested;
};

struct arp {
	struct env *env;
	struct eth *eth;
	struct arp_config config;
	struct arp_cache cache;
	struct arp_own *own;
	arp_failed_fn *failed;
	void *failed_arg;
	struct arp_counts count;
};

/* 0 or -ENOMEM. Timers of the entries are left to the caller. */
int arp_cache_init(struct arp_cache *c, uint32_t n_entries);
void arp_cache_fini(struct arp_cache *c);
struct arp_entry *arp_cache_find(const struct arp_cache *c, struct ip4_addr addr);
/* Links a free entry under addr; NULL when none is free. */
struct arp_entry *arp_cache_add(struct arp_cache *c, struct ip4_addr addr);
/* Unlinks: the entry is free. */
void arp_cache_remove(struct arp_cache *c, struct arp_entry *e);
/* Marks e as the last used. */
void arp_cache_touch(struct arp_cache *c, struct arp_entry *e);

struct arp_own *arp_own_find(const struct arp *arp, struct ip4_addr addr);
/* The own address that shares the longest prefix with addr; 0.0.0.0 without any. */
struct ip4_addr arp_own_near(const struct arp *arp, struct ip4_addr addr);
/* Deals with a packet from another host that claims own. Returns the counter of its drop. */
uint64_t *arp_own_conflict(struct arp_own *own);
/* 0 or -ENOMEM; arp_own_fini cleans up either way. */
int arp_own_init(struct arp *arp);
void arp_own_fini(struct arp *arp);

/* arp.c: a packet with our MAC address and the fixed fields set, and how to send it. */
struct arp_pkt arp_packet(const struct arp *arp, uint16_t op);
int arp_transmit(struct arp *arp, const struct arp_pkt *pkt, struct mac dst);

static inline bool arp_is_unicast(struct ip4_addr a)
{
	return !ip4_is_multicast(a) && !ip4_is_broadcast(a) && !ip4_is_unspecified(a) && !ip4_is_loopback(a);
}

#endif
