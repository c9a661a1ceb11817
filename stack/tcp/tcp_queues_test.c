/* SPDX-License-Identifier: ISC */
/* The queues against a plain array of bytes. */
#include "stack/base/random.h"
#include "stack/base/unit.h"
#include "stack/tcp/tcp_queues.h"

#include <errno.h>
#include <stdlib.h>

#define SPACE 20000u

static uint8_t byte_at(uint32_t seq)
{
	return (uint8_t)(seq * 2654435761u >> 24);
}

/* One assertion for many bytes: each costs a message to the runner. */
static bool is_text(const uint8_t *bytes, uint32_t seq, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (bytes[i] != byte_at(seq + i))
			return false;
	}
	return true;
}

static struct buf *text(struct buf_pool *pool, uint32_t seq, uint32_t len)
{
	struct buf *b = buf_alloc(pool, BUF_HEADROOM, len);
	for (uint32_t i = 0; i < len; i++)
		b->data[i] = byte_at(seq + i);
	return b;
}

START_TEST(sendq_is_a_byte_stream)
{
	struct random_stream r;
	struct ring_cache cache = { 0 };
	struct tcp_sendq q = { 0 };
	uint8_t in[5000], out[5000];
	uint32_t first = 0, end = 0, limit = 30000;
	random_init(&r, (uint64_t)_i, "sendq");
	for (int step = 0; step < 1000; step++) {
		uint32_t n = (uint32_t)random_below(&r, sizeof(in));
		for (uint32_t i = 0; i < n; i++)
			in[i] = byte_at(end + i);
		uint32_t took = tcp_sendq_append(&q, &cache, in, n, limit);
		ck_assert_uint_eq(took, n < limit - (end - first) ? n : limit - (end - first));
		end += took;
		ck_assert_uint_eq(q.len, end - first);
		uint32_t off = (uint32_t)random_below(&r, q.len + 1), len = (uint32_t)random_below(&r, q.len - off + 1);
		if (len > sizeof(out))
			len = sizeof(out);
		checksum_sum sum = tcp_sendq_copy(&q, off, out, len);
		ck_assert(is_text(out, first + off, len));
		ck_assert_uint_eq(checksum_finish(sum), checksum_finish(checksum_add(0, out, len)));
		uint32_t drop = random_below(&r, 8) ? (uint32_t)random_below(&r, q.len / 2 + 1) : q.len;
		tcp_sendq_drop(&q, &cache, drop);
		first += drop;
		ck_assert(q.len || !q.ring); /* an empty queue holds no ring */
	}
	tcp_sendq_free(&q, &cache);
	ring_cache_fini(&cache);
}
END_TEST

START_TEST(recvq_keeps_order_and_counts_memory)
{
	struct random_stream r;
	struct buf_pool *pool = buf_pool_create();
	struct tcp_recvq q = { 0 };
	uint32_t first = 0, end = 0;
	uint8_t out[4000];
	random_init(&r, (uint64_t)_i, "recvq");
	for (int step = 0; step < 1000; step++) {
		uint32_t n = 1 + (uint32_t)random_below(&r, random_below(&r, 2) ? 40 : 2000);
		tcp_recvq_append(&q, text(pool, end, n));
		end += n;
		uint32_t memory = 0;
		for (struct buf *b = q.head; b; b = b->next)
			memory += buf_footprint(b);
		ck_assert_uint_eq(memory, q.footprint);
		ck_assert_uint_le(q.footprint, 3 * q.len + 8192);
		if (random_below(&r, 2))
			continue;
		uint32_t want = (uint32_t)random_below(&r, sizeof(out)), got = tcp_recvq_read(&q, out, want);
		ck_assert_uint_eq(got, want < end - first ? want : end - first);
		ck_assert(is_text(out, first, got));
		first += got;
		ck_assert_uint_eq(q.len, end - first);
	}
	tcp_recvq_free(&q);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}
END_TEST

static bool all(const bool *held, uint32_t from, uint32_t to, bool value)
{
	for (uint32_t i = from; i < to; i++) {
		if (held[i] != value)
			return false;
	}
	return true;
}

static void check_runs(const struct tcp_reass *r, const bool *held, uint32_t base)
{
	uint32_t memory = 0, at = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tcp_run *run = &r->runs[i];
		const struct buf *last = NULL;
		uint32_t len = 0;
		for (const struct buf *b = run->head; b; b = b->next) {
			len += b->len;
			memory += buf_footprint(b);
			last = b;
		}
		ck_assert_ptr_eq(last, run->tail);
		ck_assert_uint_eq(len, run->to - run->from);
		ck_assert(all(held, at, run->from - base, false));
		ck_assert(all(held, run->from - base, run->to - base, true));
		at = run->to - base;
		if (i)
			ck_assert(seq_gt(run->from, run[-1].to)); /* touching runs are one */
	}
	ck_assert(all(held, at, SPACE, false));
	ck_assert_uint_eq(memory, r->footprint);
}

/* Random text in random places, then the holes are filled; base is near the wrap. */
START_TEST(reass_is_a_set_of_bytes)
{
	struct random_stream r;
	struct buf_pool *pool = buf_pool_create();
	struct tcp_reass reass = { 0 };
	struct tcp_recvq q = { 0 };
	bool held[SPACE] = { false };
	uint32_t base = (uint32_t)(0 - SPACE / 2), next = base;
	random_init(&r, (uint64_t)_i, "reass");
	uint32_t longest = _i % 2 ? 30 : 3000;
	for (int step = 0; step < 300; step++) {
		uint32_t off = 1 + (uint32_t)random_below(&r, SPACE - 3001), len = 1 + (uint32_t)random_below(&r, longest);
		int err = tcp_reass_insert(&reass, base + off, text(pool, base + off, len), 40, UINT32_MAX);
		if (!err)
			memset(held + off, true, len);
		else
			ck_assert_int_eq(err, -ENOSPC);
		ck_assert_uint_le(reass.n, 40);
		check_runs(&reass, held, base);
		struct tcp_sack sack[4];
		unsigned n = tcp_reass_sack(&reass, sack, 4);
		ck_assert_uint_eq(n, reass.n < 4 ? reass.n : 4);
		if (!err)
			ck_assert(seq_leq(sack[0].from, base + off) && seq_geq(sack[0].to, base + off + len));
		for (unsigned i = 0; i < n; i++)
			for (unsigned j = 0; j < i; j++)
				ck_assert_uint_ne(sack[i].from, sack[j].from);
	}
	/* What is in order comes out; the in-order text overlaps what waits. */
	while (reass.n) {
		uint32_t len = reass.runs[0].from - next + (uint32_t)random_below(&r, reass.runs[0].to - reass.runs[0].from + 1);
		if (len)
			tcp_recvq_append(&q, text(pool, next, len));
		next += len;
		tcp_reass_take(&reass, &next, &q);
	}
	ck_assert_uint_eq(reass.footprint, 0);
	ck_assert_uint_eq(q.len, next - base);
	uint8_t out[SPACE];
	tcp_recvq_read(&q, out, q.len);
	ck_assert(is_text(out, base, next - base));
	tcp_reass_free(&reass);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}
END_TEST

/* Bytes held win where new text overlaps a run. */
START_TEST(reass_keeps_the_first_copy)
{
	struct buf_pool *pool = buf_pool_create();
	struct tcp_reass reass = { 0 };
	struct tcp_recvq q = { 0 };
	uint32_t next = 0;
	char out[8];
	ck_assert_int_eq(tcp_reass_insert(&reass, 2, buf_from(pool, "CD", 2), 9, UINT32_MAX), 0);
	ck_assert_int_eq(tcp_reass_insert(&reass, 3, buf_from(pool, "def", 3), 9, UINT32_MAX), 0);
	ck_assert_int_eq(tcp_reass_insert(&reass, 1, buf_from(pool, "bc", 2), 9, UINT32_MAX), 0);
	tcp_recvq_append(&q, buf_from(pool, "a", 1));
	next = 1;
	ck_assert(tcp_reass_take(&reass, &next, &q));
	ck_assert_uint_eq(tcp_recvq_read(&q, out, 8), 6);
	ck_assert_mem_eq(out, "abCDef", 6);
	tcp_reass_free(&reass);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}
END_TEST

START_TEST(reass_is_bounded_by_memory)
{
	struct buf_pool *pool = buf_pool_create();
	struct tcp_reass reass = { 0 };
	uint32_t refused = 0;
	for (uint32_t i = 10000; i > 10; i--) /* backwards: nothing to gather behind */
		refused += tcp_reass_insert(&reass, i, text(pool, i, 1), 1000000, 100000) == -ENOSPC;
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_le(reass.footprint, 101000);
	tcp_reass_free(&reass);
	buf_pool_destroy(pool);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_queues");
	TCase *tc = tcase_create("queues");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, sendq_is_a_byte_stream, 0, 4);
	tcase_add_loop_test(tc, recvq_keeps_order_and_counts_memory, 0, 4);
	tcase_add_loop_test(tc, reass_is_a_set_of_bytes, 0, 20);
	tcase_add_test(tc, reass_keeps_the_first_copy);
	tcase_add_test(tc, reass_is_bounded_by_memory);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
