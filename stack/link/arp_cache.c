/* SPDX-License-Identifier: ISC */
/* The table of the ARP cache: a fixed set of entries, chained by hash and by last use. */
#include "stack/link/arp_private.h"

#include <errno.h>
#include <stdlib.h>

int arp_cache_init(struct arp_cache *c, uint32_t n_entries)
{
	*c = (struct arp_cache){ .n_entries = n_entries, .n_buckets = 8 };
	while (c->n_buckets < n_entries)
		c->n_buckets *= 2;
	c->entries = calloc(n_entries, sizeof(*c->entries));
	c->buckets = calloc(c->n_buckets, sizeof(struct arp_entry *));
	if (!c->entries || !c->buckets) {
		arp_cache_fini(c);
		return -ENOMEM;
	}
	for (uint32_t i = n_entries; i-- > 0;) {
		c->entries[i].chain = c->free;
		c->free = &c->entries[i];
	}
	return 0;
}

void arp_cache_fini(struct arp_cache *c)
{
	free(c->entries);
	free(c->buckets);
	*c = (struct arp_cache){ 0 };
}

static struct arp_entry **bucket(const struct arp_cache *c, struct ip4_addr addr)
{
	return &c->buckets[(ip4_u32(addr) * UINT32_C(2654435769) >> 7) & (c->n_buckets - 1)];
}

struct arp_entry *arp_cache_find(const struct arp_cache *c, struct ip4_addr addr)
{
	struct arp_entry *e = *bucket(c, addr);
	while (e && !ip4_equal(e->addr, addr))
		e = e->chain;
	return e;
}

static void link_newest(struct arp_cache *c, struct arp_entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	if (c->newest)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
}

static void unlink_use(struct arp_cache *c, struct arp_entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

struct arp_entry *arp_cache_add(struct arp_cache *c, struct ip4_addr addr)
{
	struct arp_entry *e = c->free;
	if (!e)
		return NULL;
	c->free = e->chain;
	e->addr = addr;
	e->queue = NULL;
	e->queue_end = &e->queue;
	e->queued = e->tries = 0;
	e->used = e->asked = false;
	struct arp_entry **head = bucket(c, addr);
	e->chain = *head;
	*head = e;
	link_newest(c, e);
	return e;
}

void arp_cache_remove(struct arp_cache *c, struct arp_entry *e)
{
	struct arp_entry **at = bucket(c, e->addr);
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_use(c, e);
	e->state = ARP_FREE;
	e->chain = c->free;
	c->free = e;
}

void arp_cache_touch(struct arp_cache *c, struct arp_entry *e)
{
	if (c->newest == e)
		return;
	unlink_use(c, e);
	link_newest(c, e);
}
