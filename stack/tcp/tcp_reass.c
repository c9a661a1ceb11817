/* SPDX-License-Identifier: ISC */
/*
 * Out-of-order text as an array of runs sorted by sequence number: found by binary search, contiguous segments share
 * a run. All sequence numbers lie within one receive window, so comparisons modulo 2^32 are a total order here.
 */
#include "stack/tcp/tcp_queues.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Index of the first run that ends at or behind seq. */
static uint32_t find(const struct tcp_reass *r, uint32_t seq)
{
	uint32_t low = 0, high = r->n;
	if (high && seq_lt(r->runs[high - 1].to, seq))
		return high;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (seq_lt(r->runs[mid].to, seq))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint32_t footprint_of(const struct buf *b)
{
	uint32_t sum = 0;
	for (; b; b = b->next)
		sum += buf_footprint(b);
	return sum;
}

/* Storage that a small segment came in may be large: move the text to the smallest that holds it. */
static struct buf *compact(struct buf *b)
{
	if (b->len >= buf_footprint(b) / 2)
		return b;
	struct buf *small = buf_alloc(buf_pool_of(b), 0, b->len);
	if (!small)
		return b;
	if (buf_footprint(small) >= buf_footprint(b)) {
		buf_free(small);
		return b;
	}
	memcpy(small->data, b->data, b->len);
	buf_free(b);
	return small;
}

static int reserve(struct tcp_reass *r)
{
	if (r->n < r->capacity)
		return 0;
	uint32_t capacity = r->capacity ? r->capacity * 2 : 8;
	struct tcp_run *runs = realloc(r->runs, capacity * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	r->runs = runs;
	r->capacity = capacity;
	return 0;
}

static void remove_runs(struct tcp_reass *r, uint32_t at, uint32_t n)
{
	memmove(r->runs + at, r->runs + at + n, (r->n - at - n) * sizeof(*r->runs));
	r->n -= n;
}

static void drop_run(struct tcp_reass *r, uint32_t i)
{
	r->footprint -= footprint_of(r->runs[i].head);
	buf_free_all(r->runs[i].head);
	remove_runs(r, i, 1);
}

/* Appends b to run i, copying into the last buffer's room when b is small. */
static void append(struct tcp_reass *r, uint32_t i, struct buf *b)
{
	struct tcp_run *run = &r->runs[i];
	run->to += b->len;
	if (b->len < buf_footprint(b) / 2 && buf_tailroom(run->tail) >= b->len) {
		memcpy(buf_put(run->tail, b->len), b->data, b->len);
		buf_free(b);
		return;
	}
	b = compact(b);
	r->footprint += buf_footprint(b);
	run->tail->next = b;
	run->tail = b;
}

static void merge_with_next(struct tcp_reass *r, uint32_t i)
{
	struct tcp_run *run = &r->runs[i];
	if (i + 1 >= r->n || run->to != run[1].from)
		return;
	run->tail->next = run[1].head;
	run->tail = run[1].tail;
	run->to = run[1].to;
	remove_runs(r, i + 1, 1);
}

int tcp_reass_insert(struct tcp_reass *r, uint32_t seq, struct buf *b, uint32_t max_runs, uint32_t max_footprint)
{
	uint32_t i = find(r, seq), end = seq + b->len;
	if (r->footprint > max_footprint) {
		buf_free(b);
		return -ENOSPC;
	}
	r->latest = seq;
	if (i < r->n && seq_leq(r->runs[i].from, seq)) { /* begins inside run i, or touches its end */
		uint32_t held = r->runs[i].to - seq;
		if (held >= b->len) {
			buf_free(b);
			return 0;
		}
		buf_pull(b, held);
		seq += held;
	}
	while (i < r->n && seq_geq(r->runs[i].from, seq) && seq_leq(r->runs[i].to, end))
		drop_run(r, i); /* covered as a whole: the new text replaces it */
	bool joins = i < r->n && r->runs[i].to == seq;
	uint32_t after = i + joins;
	while (joins && after < r->n && seq_leq(r->runs[after].to, end))
		drop_run(r, after);
	if (after < r->n && seq_lt(r->runs[after].from, end))
		buf_trim(b, r->runs[after].from - seq);
	if (!joins) {
		int err = r->n >= max_runs ? -ENOSPC : reserve(r);
		if (err) { /* then no run was dropped above */
			buf_free(b);
			return err;
		}
		b = compact(b);
		memmove(r->runs + i + 1, r->runs + i, (r->n - i) * sizeof(*r->runs));
		r->runs[i] = (struct tcp_run){ seq, seq + b->len, b, b };
		r->footprint += buf_footprint(b);
		r->n++;
	} else {
		append(r, i, b);
	}
	merge_with_next(r, i);
	return 0;
}

bool tcp_reass_take(struct tcp_reass *r, uint32_t *next, struct tcp_recvq *q)
{
	bool moved = false;
	while (r->n && seq_leq(r->runs[0].from, *next)) {
		struct tcp_run run = r->runs[0];
		r->footprint -= footprint_of(run.head);
		remove_runs(r, 0, 1);
		uint32_t old = *next - run.from; /* bytes that came again in order meanwhile */
		for (struct buf *b = run.head, *after; b; b = after) {
			after = b->next;
			b->next = NULL;
			uint32_t cut = old < b->len ? old : b->len;
			buf_pull(b, cut);
			old -= cut;
			if (!b->len) {
				buf_free(b);
				continue;
			}
			*next += b->len;
			moved = true;
			tcp_recvq_append(q, b);
		}
	}
	if (!r->n && r->capacity > 8) { /* a rare burst of losses: give the memory back */
		free(r->runs);
		r->runs = NULL;
		r->capacity = 0;
	}
	return moved;
}

unsigned tcp_reass_sack(const struct tcp_reass *r, struct tcp_sack *blocks, unsigned max)
{
	if (!r->n || !max)
		return 0;
	unsigned n = 0;
	uint32_t first = find(r, r->latest);
	if (first < r->n && r->runs[first].to == r->latest && first + 1 < r->n && r->runs[first + 1].from == r->latest)
		first++;
	if (first < r->n && seq_leq(r->runs[first].from, r->latest))
		blocks[n++] = (struct tcp_sack){ r->runs[first].from, r->runs[first].to };
	else
		first = r->n;
	for (uint32_t i = r->n; i-- > 0 && n < max;) {
		if (i != first)
			blocks[n++] = (struct tcp_sack){ r->runs[i].from, r->runs[i].to };
	}
	return n;
}

void tcp_reass_free(struct tcp_reass *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		buf_free_all(r->runs[i].head);
	free(r->runs);
	*r = (struct tcp_reass){ 0 };
}
