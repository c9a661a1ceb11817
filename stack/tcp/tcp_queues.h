/* SPDX-License-Identifier: ISC */
/* The three queues of a flow: bytes to send, bytes to read, and what arrived out of order. */
#ifndef STACK_TCP_TCP_QUEUES_H
#define STACK_TCP_TCP_QUEUES_H

#include "stack/base/buf.h"
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"

/* --- send queue: a ring that grows by doubling and is given back when empty ----------------- */

#define RING_MIN_SHIFT 11 /* 2 KiB */
#define RING_CLASSES 20
#define RING_CACHE_MAX (4u << 20)

/* Rings not in use, by size, so that a flow which empties and fills again allocates nothing. */
struct ring_cache {
	void *free[RING_CLASSES]; /* linked through their first bytes */
	uint32_t bytes;           /* at most RING_CACHE_MAX */
};
void ring_cache_fini(struct ring_cache *cache);

struct tcp_sendq {
	uint8_t *ring;
	uint32_t size; /* power of two, 0 without ring */
	uint32_t head; /* index of the first byte */
	uint32_t len;
};

/* Takes up to len bytes while the queue holds fewer than limit. Bytes taken; 0 when full or out of memory. */
uint32_t tcp_sendq_append(struct tcp_sendq *q, struct ring_cache *cache, const void *bytes, size_t len, uint32_t limit);
/* Copies n bytes from offset off and returns their checksum sum. off + n <= len. */
checksum_sum tcp_sendq_copy(const struct tcp_sendq *q, uint32_t off, void *to, uint32_t n);
/* Drops n <= len bytes from the front. */
void tcp_sendq_drop(struct tcp_sendq *q, struct ring_cache *cache, uint32_t n);
void tcp_sendq_free(struct tcp_sendq *q, struct ring_cache *cache);

/* --- receive queue: payload buffers by reference, small ones gathered ------------------------ */

struct tcp_recvq {
	struct buf *head, *tail;
	uint32_t len;       /* bytes to read */
	uint32_t footprint; /* bytes of memory they keep busy */
};

/* Takes the buffer. A buffer that would waste more than half its storage is copied behind the last one instead. */
void tcp_recvq_append(struct tcp_recvq *q, struct buf *b);
/* Bytes copied out. */
uint32_t tcp_recvq_read(struct tcp_recvq *q, void *to, size_t len);
void tcp_recvq_free(struct tcp_recvq *q);

/* --- reassembly: runs of contiguous bytes, sorted by sequence number ------------------------- */

struct tcp_run {
	uint32_t from, to; /* [from, to) */
	struct buf *head, *tail;
};

struct tcp_reass {
	struct tcp_run *runs;
	uint32_t n, capacity;
	uint32_t footprint;
	uint32_t latest; /* a sequence number of the run that last grew: first in SACK */
	bool fin_seen;
	uint32_t fin_seq; /* where the FIN stands */
};

/*
 * Takes the buffer: text at seq, all of it beyond the next expected byte. Where it overlaps a run, the bytes held win;
 * a run it covers as a whole is replaced. 0; -ENOSPC when max_runs or max_footprint would be passed; -ENOMEM. After an
 * error what was held is as it was.
 */
int tcp_reass_insert(struct tcp_reass *r, uint32_t seq, struct buf *b, uint32_t max_runs, uint32_t max_footprint);
/* Moves what has become in order at *next into q and advances *next. True when something moved. */
bool tcp_reass_take(struct tcp_reass *r, uint32_t *next, struct tcp_recvq *q);
/* Fills up to max blocks, the latest first (RFC 2018 section 4). Blocks written. */
unsigned tcp_reass_sack(const struct tcp_reass *r, struct tcp_sack *blocks, unsigned max);
void tcp_reass_free(struct tcp_reass *r);

#endif
