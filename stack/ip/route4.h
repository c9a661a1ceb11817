/* SPDX-License-Identifier: ISC */
/* IPv4 routes: longest prefix first (RFC 1122 section 3.3.1, RFC 1812 section 5.2.4.3). */
#ifndef STACK_IP_ROUTE4_H
#define STACK_IP_ROUTE4_H

#include "stack/wire/addr.h"

struct route4 {
	struct ip4_addr prefix;
	uint8_t len;         /* bits, 0–32; 0: default */
	struct ip4_addr via; /* 0.0.0.0: on link */
	unsigned ifindex;
};

struct route4_table {
	struct route4 *routes; /* longest prefix first */
	uint32_t n, max;
};

/* 0 or -ENOMEM. max: most routes. */
int route4_init(struct route4_table *t, uint32_t max);
void route4_fini(struct route4_table *t);
/* 0; -EEXIST for a prefix already routed; -EINVAL for bits behind the prefix or len over 32; -ENOSPC. */
int route4_add(struct route4_table *t, const struct route4 *route);
/* 0, or -ENOENT. */
int route4_remove(struct route4_table *t, struct ip4_addr prefix, uint8_t len);
/* NULL when no route matches. Valid until the table changes. */
const struct route4 *route4_find(const struct route4_table *t, struct ip4_addr dst);

/* The mask of a prefix length, host order. */
static inline uint32_t route4_mask(uint8_t len)
{
	return len ? UINT32_MAX << (32 - len) : 0;
}

#endif
