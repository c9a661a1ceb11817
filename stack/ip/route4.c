/* SPDX-License-Identifier: ISC */
#include "stack/ip/route4.h"

#include <errno.h>
#include <stdlib.h>

int route4_init(struct route4_table *t, uint32_t max)
{
	*t = (struct route4_table){ .max = max };
	t->routes = calloc(max ? max : 1, sizeof(*t->routes));
	return t->routes ? 0 : -ENOMEM;
}

void route4_fini(struct route4_table *t)
{
	free(t->routes);
	*t = (struct route4_table){ 0 };
}

/* The place of prefix/len in the table, or where it would go: by length, longest first, then by prefix. */
static uint32_t position(const struct route4_table *t, uint32_t prefix, uint8_t len)
{
	uint32_t lo = 0, hi = t->n;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		const struct route4 *r = &t->routes[mid];
		if (r->len > len || (r->len == len && ip4_u32(r->prefix) < prefix))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_at(const struct route4_table *t, uint32_t i, uint32_t prefix, uint8_t len)
{
	return i < t->n && t->routes[i].len == len && ip4_u32(t->routes[i].prefix) == prefix;
}

int route4_add(struct route4_table *t, const struct route4 *route)
{
	if (route->len > 32 || (ip4_u32(route->prefix) & ~route4_mask(route->len)))
		return -EINVAL;
	uint32_t prefix = ip4_u32(route->prefix), i = position(t, prefix, route->len);
	if (is_at(t, i, prefix, route->len))
		return -EEXIST;
	if (t->n == t->max)
		return -ENOSPC;
	memmove(&t->routes[i + 1], &t->routes[i], (t->n - i) * sizeof(*t->routes));
	t->routes[i] = *route;
	t->n++;
	return 0;
}

int route4_remove(struct route4_table *t, struct ip4_addr addr, uint8_t len)
{
	uint32_t prefix = ip4_u32(addr), i = position(t, prefix, len);
	if (!is_at(t, i, prefix, len))
		return -ENOENT;
	t->n--;
	memmove(&t->routes[i], &t->routes[i + 1], (t->n - i) * sizeof(*t->routes));
	return 0;
}

const struct route4 *route4_find(const struct route4_table *t, struct ip4_addr dst)
{
	uint32_t addr = ip4_u32(dst);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct route4 *r = &t->routes[i];
		if ((addr & route4_mask(r->len)) == ip4_u32(r->prefix))
			return r;
	}
	return NULL;
}
