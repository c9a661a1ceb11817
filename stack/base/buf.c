/* SPDX-License-Identifier: ISC */
#include "stack/base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sizes chosen for what a stack handles: ACKs, full Ethernet frames, jumbo frames, whole datagrams. */
static const uint32_t class_size[] = { 384, 2048, 16384, BUF_MAX };
#define N_CLASSES (sizeof(class_size) / sizeof(class_size[0]))

struct buf_store {
	struct buf_pool *pool;
	struct buf_store *next_free;
	uint32_t refs;
	uint32_t size_class;
	uint8_t bytes[];
};

struct buf_pool {
	struct buf *free_views;
	struct buf_store *free_stores[N_CLASSES];
	size_t live;
	uint64_t allocations;
};

struct buf_pool *buf_pool_create(void)
{
	return calloc(1, sizeof(struct buf_pool));
}

void buf_pool_destroy(struct buf_pool *pool)
{
	if (!pool)
		return;
	for (struct buf *v = pool->free_views, *next; v; v = next) {
		next = v->next;
		free(v);
	}
	for (size_t c = 0; c < N_CLASSES; c++) {
		for (struct buf_store *s = pool->free_stores[c], *next; s; s = next) {
			next = s->next_free;
			free(s);
		}
	}
	free(pool);
}

size_t buf_pool_live(const struct buf_pool *pool)
{
	return pool->live;
}

uint64_t buf_pool_allocations(const struct buf_pool *pool)
{
	return pool->allocations;
}

struct buf_pool *buf_pool_of(const struct buf *b)
{
	return b->store->pool;
}

static struct buf_store *store_get(struct buf_pool *pool, uint32_t size)
{
	uint32_t c = 0;
	while (class_size[c] < size)
		c++;
	struct buf_store *s = pool->free_stores[c];
	if (s) {
		pool->free_stores[c] = s->next_free;
	} else {
		s = malloc(sizeof(*s) + class_size[c]);
		if (!s)
			return NULL;
		pool->allocations++;
		s->pool = pool;
		s->size_class = c;
	}
	s->refs = 1;
	return s;
}

static void store_put(struct buf_store *s)
{
	if (--s->refs > 0)
		return;
	s->next_free = s->pool->free_stores[s->size_class];
	s->pool->free_stores[s->size_class] = s;
}

static struct buf *view_get(struct buf_pool *pool)
{
	struct buf *v = pool->free_views;
	if (v) {
		pool->free_views = v->next;
	} else {
		v = malloc(sizeof(*v));
		if (!v)
			return NULL;
		pool->allocations++;
	}
	v->next = NULL;
	pool->live++;
	return v;
}

static void view_put(struct buf_pool *pool, struct buf *v)
{
	v->next = pool->free_views;
	pool->free_views = v;
	pool->live--;
}

struct buf *buf_alloc(struct buf_pool *pool, uint32_t headroom, uint32_t len)
{
	if (headroom > BUF_MAX || len > BUF_MAX - headroom)
		return NULL;
	struct buf *b = view_get(pool);
	if (!b)
		return NULL;
	b->store = store_get(pool, headroom + len);
	if (!b->store) {
		view_put(pool, b);
		return NULL;
	}
	b->data = b->store->bytes + headroom;
	b->len = len;
	return b;
}

struct buf *buf_from(struct buf_pool *pool, const void *bytes, uint32_t len)
{
	struct buf *b = buf_alloc(pool, BUF_HEADROOM, len);
	if (b && len)
		memcpy(b->data, bytes, len);
	return b;
}

struct buf *buf_share(const struct buf *b)
{
	struct buf *v = view_get(b->store->pool);
	if (!v)
		return NULL;
	v->data = b->data;
	v->len = b->len;
	v->store = b->store;
	v->store->refs++;
	return v;
}

void buf_free(struct buf *b)
{
	if (!b)
		return;
	struct buf_pool *pool = b->store->pool;
	store_put(b->store);
	view_put(pool, b);
}

void buf_free_all(struct buf *b)
{
	while (b) {
		struct buf *next = b->next;
		buf_free(b);
		b = next;
	}
}

/* Moves the view onto fresh storage with room for head bytes before and tail bytes after it. */
static int move(struct buf *b, uint32_t head, uint32_t tail)
{
	if (b->len > BUF_MAX || head > BUF_MAX - b->len || tail > BUF_MAX - b->len - head)
		return -ENOMEM;
	struct buf_store *s = store_get(b->store->pool, head + b->len + tail);
	if (!s)
		return -ENOMEM;
	memcpy(s->bytes + head, b->data, b->len);
	store_put(b->store);
	b->store = s;
	b->data = s->bytes + head;
	return 0;
}

static uint32_t headroom(const struct buf *b)
{
	return (uint32_t)(b->data - b->store->bytes);
}

static uint32_t tailroom(const struct buf *b)
{
	return class_size[b->store->size_class] - headroom(b) - b->len;
}

uint32_t buf_tailroom(const struct buf *b)
{
	return b->store->refs > 1 ? 0 : tailroom(b);
}

uint32_t buf_footprint(const struct buf *b)
{
	return (uint32_t)(sizeof(*b) + sizeof(*b->store)) + class_size[b->store->size_class];
}

int buf_own(struct buf *b)
{
	return b->store->refs == 1 ? 0 : move(b, headroom(b), 0);
}

uint8_t *buf_push(struct buf *b, uint32_t n)
{
	if ((b->store->refs > 1 || headroom(b) < n) && move(b, n > BUF_HEADROOM ? n : BUF_HEADROOM, 0) < 0)
		return NULL;
	b->data -= n;
	b->len += n;
	return b->data;
}

uint8_t *buf_put(struct buf *b, uint32_t n)
{
	uint32_t head = headroom(b) < BUF_HEADROOM ? headroom(b) : BUF_HEADROOM; /* bytes pulled away need no room */
	if ((b->store->refs > 1 || tailroom(b) < n) && move(b, head, n) < 0)
		return NULL;
	b->len += n;
	return b->data + b->len - n;
}
