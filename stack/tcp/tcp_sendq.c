/* SPDX-License-Identifier: ISC */
#include "stack/tcp/tcp_queues.h"

#include <stdlib.h>
#include <string.h>

static unsigned class_of(uint32_t size)
{
	unsigned c = 0;
	while (UINT32_C(1) << (RING_MIN_SHIFT + c) < size)
		c++;
	return c;
}

static uint8_t *ring_get(struct ring_cache *cache, uint32_t size)
{
	void **ring = cache->free[class_of(size)];
	if (!ring)
		return malloc(size);
	cache->free[class_of(size)] = *ring;
	cache->bytes -= size;
	return (uint8_t *)ring;
}

static void ring_put(struct ring_cache *cache, uint8_t *ring, uint32_t size)
{
	if (!ring)
		return;
	if (size > RING_CACHE_MAX - cache->bytes) {
		free(ring);
		return;
	}
	void **link = (void **)(void *)ring;
	*link = cache->free[class_of(size)];
	cache->free[class_of(size)] = link;
	cache->bytes += size;
}

void ring_cache_fini(struct ring_cache *cache)
{
	for (unsigned c = 0; c < RING_CLASSES; c++) {
		for (void **ring = cache->free[c], **next; ring; ring = next) {
			next = *ring;
			free(ring);
		}
	}
	*cache = (struct ring_cache){ 0 };
}

static bool grow(struct tcp_sendq *q, struct ring_cache *cache, uint32_t need)
{
	uint32_t size = UINT32_C(1) << (RING_MIN_SHIFT + class_of(need));
	uint8_t *ring = ring_get(cache, size);
	if (!ring)
		return false;
	uint32_t first = q->size - q->head;
	if (first > q->len)
		first = q->len;
	if (q->len) {
		memcpy(ring, q->ring + q->head, first);
		memcpy(ring + first, q->ring, q->len - first);
	}
	ring_put(cache, q->ring, q->size);
	q->ring = ring;
	q->size = size;
	q->head = 0;
	return true;
}

uint32_t tcp_sendq_append(struct tcp_sendq *q, struct ring_cache *cache, const void *bytes, size_t len, uint32_t limit)
{
	if (q->len >= limit || !len)
		return 0;
	uint32_t n = limit - q->len;
	if (len < n)
		n = (uint32_t)len;
	if (n > q->size - q->len && !grow(q, cache, q->len + n)) {
		n = q->size - q->len; /* out of memory: take what still fits */
		if (!n)
			return 0;
	}
	uint32_t at = (q->head + q->len) & (q->size - 1);
	uint32_t first = q->size - at < n ? q->size - at : n;
	memcpy(q->ring + at, bytes, first);
	memcpy(q->ring, (const uint8_t *)bytes + first, n - first);
	q->len += n;
	return n;
}

checksum_sum tcp_sendq_copy(const struct tcp_sendq *q, uint32_t off, void *to, uint32_t n)
{
	if (!n)
		return 0;
	uint32_t at = (q->head + off) & (q->size - 1);
	uint32_t first = q->size - at;
	if (first >= n)
		return checksum_copy(0, to, q->ring + at, n);
	uint8_t *rest = (uint8_t *)to + first;
	if (first & 1) { /* pieces of a sum have even length */
		memcpy(to, q->ring + at, first);
		memcpy(rest, q->ring, n - first);
		return checksum_add(0, to, n);
	}
	return checksum_copy(checksum_copy(0, to, q->ring + at, first), rest, q->ring, n - first);
}

void tcp_sendq_drop(struct tcp_sendq *q, struct ring_cache *cache, uint32_t n)
{
	if (!n)
		return;
	q->len -= n;
	q->head = (q->head + n) & (q->size - 1);
	if (!q->len)
		tcp_sendq_free(q, cache);
}

void tcp_sendq_free(struct tcp_sendq *q, struct ring_cache *cache)
{
	ring_put(cache, q->ring, q->size);
	*q = (struct tcp_sendq){ 0 };
}
