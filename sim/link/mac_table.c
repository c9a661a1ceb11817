/* SPDX-License-Identifier: ISC */
#include "sim/link/mac_table.h"

#include <stdlib.h>

struct entry {
	struct mac addr;
	bool used;
	unsigned port;
	uint64_t heard_ns;
};

struct mac_table {
	struct entry entries[MAC_TABLE_BUCKETS][MAC_TABLE_WAYS];
};

struct mac_table *mac_table_create(void)
{
	return calloc(1, sizeof(struct mac_table));
}

void mac_table_destroy(struct mac_table *t)
{
	free(t);
}

static unsigned bucket(struct mac addr)
{
	uint32_t h = get_be32(addr.b) ^ (uint32_t)get_be16(addr.b + 4) << 13;
	return (h * UINT32_C(2654435769) >> 24) & (MAC_TABLE_BUCKETS - 1); /* Fibonacci hashing */
}

static bool fresh(const struct entry *e, uint64_t now_ns)
{
	return e->used && now_ns - e->heard_ns <= MAC_TABLE_AGE_NS;
}

/* The entry of addr, else a free one, else the one heard longest ago. */
static struct entry *place(struct entry *way, struct mac addr)
{
	struct entry *best = &way[0];
	for (unsigned i = 0; i < MAC_TABLE_WAYS; i++) {
		if (way[i].used && mac_equal(way[i].addr, addr))
			return &way[i];
		if (best->used && (!way[i].used || way[i].heard_ns < best->heard_ns))
			best = &way[i];
	}
	return best;
}

bool mac_table_learn(struct mac_table *t, struct mac addr, unsigned port, uint64_t now_ns)
{
	struct entry *e = place(t->entries[bucket(addr)], addr);
	bool displaced = fresh(e, now_ns) && !mac_equal(e->addr, addr);
	*e = (struct entry){ addr, true, port, now_ns };
	return displaced;
}

int mac_table_find(const struct mac_table *t, struct mac addr, uint64_t now_ns)
{
	const struct entry *way = t->entries[bucket(addr)];
	for (unsigned i = 0; i < MAC_TABLE_WAYS; i++) {
		if (fresh(&way[i], now_ns) && mac_equal(way[i].addr, addr))
			return (int)way[i].port;
	}
	return -1;
}
