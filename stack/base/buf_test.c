/* SPDX-License-Identifier: ISC */
#include "stack/base/buf.h"
#include "stack/base/random.h"
#include "stack/base/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct buf_pool *pool;

static void setup(void)
{
	pool = buf_pool_create();
}

static void teardown(void)
{
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

START_TEST(pushes_use_headroom_in_place)
{
	struct buf *b = buf_from(pool, "payload", 7);
	uint8_t *before = b->data;
	ck_assert_ptr_eq(buf_push(b, BUF_HEADROOM), before - BUF_HEADROOM);
	ck_assert_uint_eq(b->len, 7 + BUF_HEADROOM);
	ck_assert_mem_eq(b->data + BUF_HEADROOM, "payload", 7);
	buf_free(b);
}
END_TEST

START_TEST(push_beyond_headroom_moves_the_bytes)
{
	struct buf *b = buf_alloc(pool, 2, 5);
	memcpy(b->data, "hello", 5);
	ck_assert_ptr_nonnull(buf_push(b, 3));
	memcpy(b->data, "abc", 3);
	ck_assert_mem_eq(b->data, "abchello", 8);
	ck_assert_ptr_nonnull(buf_push(b, 300)); /* more than any headroom, into a larger storage */
	ck_assert_uint_eq(b->len, 308);
	ck_assert_mem_eq(b->data + 300, "abchello", 8);
	buf_free(b);
}
END_TEST

START_TEST(writers_to_shared_storage_get_their_own)
{
	struct buf *a = buf_from(pool, "hello", 5), *b = buf_share(a), *c = buf_share(a), *d = buf_share(a);
	ck_assert_ptr_eq(a->data, b->data);
	ck_assert_int_eq(buf_own(b), 0);
	b->data[0] = 'j';
	memcpy(buf_push(c, 2), "oh", 2);
	memcpy(buf_put(d, 1), "!", 1);
	ck_assert_mem_eq(a->data, "hello", 5);
	ck_assert_mem_eq(b->data, "jello", 5);
	ck_assert_mem_eq(c->data, "ohhello", 7);
	ck_assert_mem_eq(d->data, "hello!", 6);
	uint8_t *alone = a->data; /* the last view of its storage again */
	ck_assert_int_eq(buf_own(a), 0);
	ck_assert_ptr_eq(a->data, alone);
	buf_free(a);
	ck_assert_mem_eq(b->data, "jello", 5);
	buf_free(b);
	buf_free(c);
	buf_free(d);
}
END_TEST

START_TEST(largest_datagram_takes_its_headers)
{
	struct buf *b = buf_alloc(pool, 0, 65535);
	ck_assert_ptr_nonnull(b);
	memset(b->data, 0x5a, b->len);
	ck_assert_ptr_nonnull(buf_push(b, 18));
	ck_assert_uint_eq(b->data[18], 0x5a);
	ck_assert_uint_eq(b->data[b->len - 1], 0x5a);
	buf_free(b);
	ck_assert_ptr_null(buf_alloc(pool, 1, BUF_MAX));
	ck_assert_ptr_null(buf_alloc(pool, UINT32_MAX, 2));
	ck_assert_ptr_null(buf_alloc(pool, 2, UINT32_MAX));
}
END_TEST

START_TEST(a_refused_push_or_put_changes_nothing)
{
	struct buf *b = buf_alloc(pool, 0, 65535);
	uint8_t *data = b->data;
	ck_assert_ptr_null(buf_push(b, 1000));
	ck_assert_ptr_null(buf_put(b, 1000));
	ck_assert_ptr_null(buf_put(b, UINT32_MAX));
	ck_assert_ptr_null(buf_push(b, UINT32_MAX));
	ck_assert_ptr_eq(b->data, data);
	ck_assert_uint_eq(b->len, 65535);
	buf_free(b);
}
END_TEST

START_TEST(room_freed_in_front_serves_the_end)
{
	struct buf *b = buf_alloc(pool, 0, 65535);
	b->data[65534] = 0x77;
	buf_pull(b, 65000);
	ck_assert_ptr_nonnull(buf_put(b, 20000));
	ck_assert_uint_eq(b->len, 20535);
	ck_assert_uint_eq(b->data[534], 0x77);
	buf_free(b);
}
END_TEST

START_TEST(pull_and_trim_shrink_the_view)
{
	struct buf *b = buf_from(pool, "hello", 5);
	buf_pull(b, 1);
	buf_trim(b, 100);
	ck_assert_uint_eq(b->len, 4);
	buf_trim(b, 3);
	ck_assert_uint_eq(b->len, 3);
	ck_assert_mem_eq(b->data, "ell", 3);
	buf_free(b);
	buf_free(NULL);
	buf_free_all(NULL);
}
END_TEST

START_TEST(a_steady_flow_allocates_nothing)
{
	static const uint32_t sizes[] = { 60, 1514, 9000, 65535 };
	for (int i = 0; i < 4; i++)
		buf_free(buf_alloc(pool, 0, sizes[i]));
	uint64_t before = buf_pool_allocations(pool);
	for (int i = 0; i < 1000; i++)
		buf_free(buf_alloc(pool, 0, sizes[i % 4]));
	ck_assert_uint_eq(buf_pool_allocations(pool), before);
}
END_TEST

/* Against plain arrays: whatever is done to one view, no other changes. */
START_TEST(random_operations_keep_views_apart)
{
	enum { VIEWS = 8, MOST = 4000 };
	static uint8_t want[VIEWS][MOST];
	struct buf *view[VIEWS] = { 0 };
	struct random_stream r;
	random_init(&r, (uint64_t)_i, "buf_test");
	for (int step = 0; step < 4000; step++) {
		uint64_t i = random_below(&r, VIEWS), j = random_below(&r, VIEWS);
		uint32_t n = (uint32_t)random_below(&r, 200);
		struct buf *b = view[i];
		uint8_t *p = NULL;
		if (!b) {
			view[i] = b = buf_alloc(pool, (uint32_t)random_below(&r, 64), n);
			memset(b->data, step, n);
			memset(want[i], step, n);
		} else if (step % 7 == 0) {
			buf_free(b);
			view[i] = NULL;
			continue;
		} else if (step % 7 == 1 && !view[j]) {
			view[j] = buf_share(b);
			memcpy(want[j], want[i], b->len);
		} else if (step % 7 < 4 && b->len + n < MOST) {
			memmove(want[i] + n, want[i], b->len);
			memset(want[i], step, n);
			p = buf_push(b, n);
		} else if (step % 7 < 6 && b->len + n < MOST) {
			memset(want[i] + b->len, step, n);
			p = buf_put(b, n);
		} else if (n <= b->len) {
			memmove(want[i], want[i] + n, b->len - n);
			buf_pull(b, n);
		}
		if (p)
			memset(p, step, n);
		for (int k = 0; k < VIEWS; k++)
			ck_assert(!view[k] || memcmp(view[k]->data, want[k], view[k]->len) == 0);
	}
	for (int k = 0; k < VIEWS; k++)
		buf_free(view[k]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pushes_use_headroom_in_place);
	tcase_add_test(tc, push_beyond_headroom_moves_the_bytes);
	tcase_add_test(tc, writers_to_shared_storage_get_their_own);
	tcase_add_test(tc, largest_datagram_takes_its_headers);
	tcase_add_test(tc, a_refused_push_or_put_changes_nothing);
	tcase_add_test(tc, room_freed_in_front_serves_the_end);
	tcase_add_test(tc, pull_and_trim_shrink_the_view);
	tcase_add_test(tc, a_steady_flow_allocates_nothing);
	tcase_add_loop_test(tc, random_operations_keep_views_apart, 0, 4);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
