/* SPDX-License-Identifier: ISC */
#include "stack/tcp/tcp_queues.h"

#include <string.h>

#define GATHER 2048u /* a buffer size class: small segments are collected in buffers of this size */

/* Bytes of storage that hold fewer bytes of text than this are copied together: memory stays below twice the text. */
static bool wasteful(const struct buf *b)
{
	return b->len < buf_footprint(b) / 2;
}

static void link_buf(struct tcp_recvq *q, struct buf *b)
{
	b->next = NULL;
	if (q->tail)
		q->tail->next = b;
	else
		q->head = b;
	q->tail = b;
	q->footprint += buf_footprint(b);
}

/* A buffer for this text and what may follow it; NULL: keep the original, it is no worse. */
static struct buf *gather_start(struct buf *b)
{
	struct buf *g = buf_alloc(buf_pool_of(b), 0, b->len > GATHER ? b->len : GATHER);
	if (!g)
		return NULL;
	if (buf_footprint(g) >= buf_footprint(b)) {
		buf_free(g);
		return NULL;
	}
	memcpy(g->data, b->data, b->len);
	buf_trim(g, b->len);
	return g;
}

void tcp_recvq_append(struct tcp_recvq *q, struct buf *b)
{
	q->len += b->len;
	if (wasteful(b)) {
		if (q->tail && buf_tailroom(q->tail) >= b->len) {
			memcpy(buf_put(q->tail, b->len), b->data, b->len);
			buf_free(b);
			return;
		}
		struct buf *g = gather_start(b);
		if (g) {
			buf_free(b);
			b = g;
		}
	}
	link_buf(q, b);
}

static void pop(struct tcp_recvq *q)
{
	struct buf *b = q->head;
	q->head = b->next;
	if (!q->head)
		q->tail = NULL;
	q->footprint -= buf_footprint(b);
	b->next = NULL;
	buf_free(b);
}

uint32_t tcp_recvq_read(struct tcp_recvq *q, void *to, size_t len)
{
	uint8_t *p = to;
	uint32_t total = 0;
	while (q->head && len > 0) {
		uint32_t n = q->head->len < len ? q->head->len : (uint32_t)len;
		memcpy(p, q->head->data, n);
		p += n;
		len -= n;
		total += n;
		buf_pull(q->head, n);
		if (!q->head->len)
			pop(q);
	}
	q->len -= total;
	return total;
}

void tcp_recvq_free(struct tcp_recvq *q)
{
	buf_free_all(q->head);
	*q = (struct tcp_recvq){ 0 };
}
