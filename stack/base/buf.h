/* SPDX-License-Identifier: ISC */
/*
 * Packet buffers: a view (data, len) on refcounted storage with headroom.
 *
 * Exactly one owner holds each view; several views may share one storage
 * (buf_share), so a frame flooded to a hundred ports is stored once. Whoever
 * writes calls buf_own() first, which copies only if the storage is shared.
 * Storage and views come from free lists, so a steady flow allocates nothing.
 */
#ifndef STACK_BASE_BUF_H
#define STACK_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest payload a buffer holds: an IP datagram of 65 535 bytes and its link headers. */
#define BUF_MAX 65792u
/* Headroom that fits every header this stack prepends: Ethernet, 802.1Q, IPv6, TCP with options. */
#define BUF_HEADROOM 128u

struct buf_pool;
struct buf_store;

struct buf {
	uint8_t *data;           /* first byte of the view */
	uint32_t len;            /* bytes in the view */
	struct buf_store *store; /* shared storage; private to buf.c */
	struct buf *next;        /* for the owner's queue; NULL when handed over */
};

/* A pool must outlive every buffer taken from it. NULL when out of memory. */
struct buf_pool *buf_pool_create(void);
void buf_pool_destroy(struct buf_pool *pool);
/* Views handed out and not yet freed: 0 at a clean end. */
size_t buf_pool_live(const struct buf_pool *pool);
/* Calls made to the C library's allocator so far: flat in steady state. */
uint64_t buf_pool_allocations(const struct buf_pool *pool);

/* A buffer of len uninitialised bytes behind at least headroom free ones; NULL when out of memory or headroom + len > BUF_MAX. */
struct buf *buf_alloc(struct buf_pool *pool, uint32_t headroom, uint32_t len);
/* A buffer with BUF_HEADROOM and a copy of len bytes; NULL as buf_alloc. */
struct buf *buf_from(struct buf_pool *pool, const void *bytes, uint32_t len);
/* A second view on the same storage; NULL when out of memory. */
struct buf *buf_share(const struct buf *b);
/* Frees the view, and the storage with its last view. NULL is allowed. */
void buf_free(struct buf *b);
/* Frees a chain linked by next. */
void buf_free_all(struct buf *b);

/* Makes the bytes exclusive to this view, copying if shared. 0 or -ENOMEM (view unchanged). */
int buf_own(struct buf *b);
/* Extends the view by n bytes in front, moving the bytes if shared or short of headroom; NULL when out of memory (view unchanged). */
uint8_t *buf_push(struct buf *b, uint32_t n);
/* Extends the view by n bytes at the end (uninitialised); NULL when out of memory (view unchanged). */
uint8_t *buf_put(struct buf *b, uint32_t n);
/* The pool the view came from. */
struct buf_pool *buf_pool_of(const struct buf *b);
/* Bytes buf_put can add in place: 0 when the storage is shared. */
uint32_t buf_tailroom(const struct buf *b);
/* Bytes of memory the view keeps busy, its storage included: what a queue that must be bounded counts. */
uint32_t buf_footprint(const struct buf *b);

/* Drops n <= len bytes from the front. */
static inline void buf_pull(struct buf *b, uint32_t n)
{
	b->data += n;
	b->len -= n;
}

/* Cuts the view to at most len bytes. */
static inline void buf_trim(struct buf *b, uint32_t len)
{
	if (len < b->len)
		b->len = len;
}

#endif
