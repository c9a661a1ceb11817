/* SPDX-License-Identifier: ISC */
/* The ARP cache, shared by arp.c (packets and timers) and arp_cache.c (the table). */
#ifndef STACK_LINK_ARP_PRIVATE_H
#define STACK_LINK_ARP_PRIVATE_H

#include "stack/link/arp.h"

enum arp_state {
	ARP_FREE,
	ARP_INCOMPLETE, /* asked, packets wait */
	ARP_REACHABLE,
	ARP_POLLING,    /* usable, being asked again */
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
	bool used;                       /* since it was last confirmed */
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

#endif
