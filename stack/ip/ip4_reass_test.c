/* SPDX-License-Identifier: ISC */
#include "stack/base/unit.h"
#include "stack/ip/ip4_reass.h"

#include <errno.h>

static struct buf_pool *pool;
static struct env env;
static struct ip4_reass *reass;
static uint32_t dropped[IP4_REASS_DROPS];
static unsigned n_timeouts;
static uint32_t timeout_len;

static void on_drop(enum ip4_reass_drop why, uint32_t n, void *arg)
{
	(void)arg;
	dropped[why] += n;
}

static void on_timeout(const uint8_t *first, uint32_t len, unsigned ifindex, void *arg)
{
	(void)arg;
	ck_assert_uint_eq(ifindex, 3);
	ck_assert_uint_eq(first[0] >> 4, 4);
	n_timeouts++;
	timeout_len = len;
}

static void start(const struct ip4_reass_config *config)
{
	struct ip4_reass_hooks hooks = { on_drop, on_timeout, NULL };
	pool = buf_pool_create();
	env_init(&env, 1, "reass_test", pool);
	memset(dropped, 0, sizeof(dropped));
	n_timeouts = 0;
	ck_assert_int_eq(ip4_reass_create(&env, config, &hooks, &reass), 0);
}

static void setup(void)
{
	struct ip4_reass_config config = ip4_reass_config_default();
	start(&config);
}

static void teardown(void)
{
	ip4_reass_destroy(reass);
	ck_assert_uint_eq(env.timers.reserved, 0);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static uint8_t byte_at(uint32_t offset)
{
	return (uint8_t)(offset * 31 + offset / 256);
}

struct piece {
	uint16_t id, offset, len;
	bool more;
	uint8_t tos, protocol, flip; /* protocol 0: UDP; flip: changes the payload */
};

static struct buf *add(struct piece p)
{
	struct ip4_hdr h = {
		.version = 4,
		.header_len = 20,
		.total_len = (uint16_t)(20 + p.len),
		.id = p.id,
		.mf = p.more,
		.offset = p.offset,
		.ttl = 64,
		.protocol = p.protocol ? p.protocol : IPPROTO_NUM_UDP,
		.tos = p.tos,
		.src = { { 10, 0, 0, 2 } },
		.dst = { { 10, 0, 0, 1 } },
	};
	struct buf *b = buf_alloc(pool, 0, 20u + p.len);
	ip4_hdr_emit(&h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, 20);
	for (uint32_t i = 0; i < p.len; i++)
		b->data[20 + i] = byte_at(p.offset + i) ^ p.flip;
	return ip4_reass_add(reass, b, &h, 3);
}

static void expect_whole(struct buf *b, uint32_t len)
{
	struct ip4_hdr h;
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(b->len, 20 + len);
	ck_assert_int_eq(ip4_hdr_parse(&h, b->data, b->len), 20);
	ck_assert_uint_eq(h.total_len, 20 + len);
	ck_assert(!h.mf && h.offset == 0);
	ck_assert(ip4_hdr_checksum_ok(b->data, 20));
	for (uint32_t i = 0; i < len; i++)
		ck_assert_uint_eq(b->data[20 + i], byte_at(i));
	buf_free(b);
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 0);
	ck_assert_uint_eq(ip4_reass_bytes(reass), 0);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
}

static const struct piece four[] = {
	{ .offset = 0, .len = 16, .more = true },
	{ .offset = 16, .len = 800, .more = true },
	{ .offset = 816, .len = 8, .more = true },
	{ .offset = 824, .len = 5 },
};

/* _i counts the permutations of four in the factorial number system. */
START_TEST(any_order_of_four_completes)
{
	int left[] = { 0, 1, 2, 3 }, code = _i;
	for (int n = 4; n > 0; n--) {
		int k = code % n;
		code /= n;
		struct buf *whole = add(four[left[k]]);
		memmove(left + k, left + k + 1, (size_t)(n - k - 1) * sizeof(int));
		if (n > 1)
			ck_assert_ptr_null(whole);
		else
			expect_whole(whole, 829);
	}
}
END_TEST

/* Each fragment twice, the copy right behind: dropped without harm. */
START_TEST(exact_copies_do_no_harm)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_null(add(four[3 - i]));
		ck_assert_ptr_null(add(four[3 - i]));
	}
	ck_assert_uint_eq(dropped[IP4_REASS_DUPLICATE], 3);
	expect_whole(add(four[0]), 829);
}
END_TEST

/* Against fragments [0,64) and [128,192): every other fragment on an 8-byte grid overlaps, copies, or fits. */
START_TEST(every_overlap_condemns)
{
	for (uint16_t from = 0; from < 192; from = (uint16_t)(from + 8)) {
		for (uint16_t to = (uint16_t)(from + 8); to <= 192; to = (uint16_t)(to + 8)) {
			uint16_t id = (uint16_t)(from * 256 + to);
			bool copy = (from == 0 && to == 64) || (from == 128 && to == 192), fits = from >= 64 && to <= 128;
			memset(dropped, 0, sizeof(dropped));
			add((struct piece){ .id = id, .offset = 0, .len = 64, .more = true });
			add((struct piece){ .id = id, .offset = 128, .len = 64, .more = true });
			ck_assert_ptr_null(add((struct piece){ .id = id, .offset = from, .len = (uint16_t)(to - from), .more = true }));
			ck_assert_uint_eq(dropped[IP4_REASS_OVERLAP], copy || fits ? 0 : 3);
			ck_assert_uint_eq(dropped[IP4_REASS_DUPLICATE], copy);
			/* What is still to come goes as well. */
			ck_assert_ptr_null(add((struct piece){ .id = id, .offset = 200, .len = 8 }));
			ck_assert_uint_eq(dropped[IP4_REASS_CONDEMNED], copy || fits ? 0 : 1);
			env_advance(&env, env.now_ns + 60 * NS_PER_S);
			ck_assert_uint_eq(ip4_reass_datagrams(reass), 0);
			ck_assert_uint_eq(ip4_reass_bytes(reass), 0);
		}
	}
}
END_TEST

START_TEST(a_copy_with_other_bytes_is_an_overlap)
{
	add(four[1]);
	struct piece other = four[1];
	other.flip = 1;
	ck_assert_ptr_null(add(other));
	ck_assert_uint_eq(dropped[IP4_REASS_OVERLAP], 2);
	for (int i = 0; i < 4; i++)
		ck_assert_ptr_null(add(four[i]));
	ck_assert_uint_eq(dropped[IP4_REASS_CONDEMNED], 4);
}
END_TEST

START_TEST(holes_keep_it_waiting)
{
	for (int missing = 0; missing < 4; missing++) {
		for (int i = 0; i < 4; i++) {
			struct piece p = four[i];
			p.id = (uint16_t)missing;
			if (i != missing)
				ck_assert_ptr_null(add(p));
		}
	}
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 4);
}
END_TEST

START_TEST(timeouts_report_only_with_fragment_zero)
{
	add(four[0]);
	add(four[2]);
	add((struct piece){ .id = 1, .offset = 8, .len = 8, .more = true });
	env_advance(&env, 30 * NS_PER_S);
	add(four[1]); /* the timer runs from the first to come: RFC 1122 section 3.3.2 */
	env_advance(&env, 60 * NS_PER_S - 1);
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 2);
	env_advance(&env, 60 * NS_PER_S);
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 0);
	ck_assert_uint_eq(n_timeouts, 1);
	ck_assert_uint_eq(timeout_len, 36);
	ck_assert_uint_eq(dropped[IP4_REASS_TIMEOUT], 4);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
}
END_TEST

START_TEST(datagrams_beyond_64k_are_dropped)
{
	ck_assert_ptr_null(add((struct piece){ .offset = 65512, .len = 8, .more = true }));
	ck_assert_uint_eq(dropped[IP4_REASS_TOO_LONG], 1);
	ck_assert_ptr_null(add((struct piece){ .offset = 65528, .len = 1480 }));
	ck_assert_uint_eq(dropped[IP4_REASS_TOO_LONG], 2);
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 0);
	for (uint32_t at = 0; at < 65512; at += 1480)
		ck_assert_ptr_null(
			add((struct piece){ .offset = (uint16_t)at, .len = (uint16_t)(65512 - at < 1480 ? 65512 - at : 1480), .more = true }));
	expect_whole(add((struct piece){ .offset = 65512, .len = 3 }), 65515); /* the longest there is */
}
END_TEST

START_TEST(malformed_fragments_are_dropped)
{
	add((struct piece){ .offset = 0, .len = 0, .more = true });
	add((struct piece){ .offset = 8, .len = 0 });
	add((struct piece){ .offset = 0, .len = 9, .more = true });
	ck_assert_uint_eq(dropped[IP4_REASS_MALFORMED], 3);
	add((struct piece){ .offset = 0, .len = 8, .more = true, .protocol = IPPROTO_NUM_TCP }); /* ports only, flags behind */
	add((struct piece){ .offset = 8, .len = 8, .more = true, .protocol = IPPROTO_NUM_TCP });
	ck_assert_uint_eq(dropped[IP4_REASS_TINY], 2);
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 0);
}
END_TEST

START_TEST(contradicting_ends_condemn)
{
	add((struct piece){ .id = 1, .offset = 64, .len = 8 });
	add((struct piece){ .id = 1, .offset = 72, .len = 8, .more = true }); /* behind the end */
	ck_assert_uint_eq(dropped[IP4_REASS_INCONSISTENT], 2);
	add((struct piece){ .id = 2, .offset = 64, .len = 8 });
	add((struct piece){ .id = 2, .offset = 128, .len = 8 }); /* a second end */
	ck_assert_uint_eq(dropped[IP4_REASS_INCONSISTENT], 4);
	add((struct piece){ .id = 3, .offset = 64, .len = 8, .more = true });
	add((struct piece){ .id = 3, .offset = 8, .len = 8 }); /* an end before what came */
	ck_assert_uint_eq(dropped[IP4_REASS_INCONSISTENT], 6);
}
END_TEST

/* RFC 3168 section 5.3: congestion marks survive; Not-ECT mixed with CE drops the datagram. */
START_TEST(ecn_marks_are_merged)
{
	static const struct {
		uint8_t tos[2];
		int want; /* tos of the whole, -1: dropped */
	} cases[] = { { { 2, 2 }, 2 }, { { 2, 3 }, 3 }, { { 3, 2 }, 3 }, { { 3, 3 }, 3 }, { { 0, 0 }, 0 }, { { 0, 3 }, -1 }, { { 3, 0 }, -1 },
		{ { 0xb9, 0xb9 }, 0xb9 } };
	add((struct piece){ .offset = 0, .len = 8, .more = true, .tos = cases[_i].tos[0] });
	struct buf *b = add((struct piece){ .offset = 8, .len = 8, .tos = cases[_i].tos[1] });
	if (cases[_i].want < 0) {
		ck_assert_ptr_null(b);
		ck_assert_uint_eq(dropped[IP4_REASS_ECN], 2);
	} else {
		ck_assert_int_eq(b->data[1], cases[_i].want);
		expect_whole(b, 16);
	}
}
END_TEST

START_TEST(datagrams_are_told_apart)
{
	ck_assert_ptr_null(add((struct piece){ .id = 1, .offset = 0, .len = 8, .more = true }));
	ck_assert_ptr_null(add((struct piece){ .id = 2, .offset = 8, .len = 8 }));
	ck_assert_ptr_null(add((struct piece){ .id = 1, .offset = 8, .len = 8, .protocol = 99 }));
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 3);
	buf_free(add((struct piece){ .id = 1, .offset = 8, .len = 8 }));
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 2);
}
END_TEST

START_TEST(bounds_evict_the_oldest)
{
	struct ip4_reass_config config = { .timeout_ns = NS_PER_S, .max_datagrams = 3, .max_bytes = 4000, .max_fragments = 5 };
	teardown();
	start(&config);
	for (uint16_t id = 0; id < 4; id++)
		add((struct piece){ .id = id, .offset = 0, .len = 8, .more = true });
	ck_assert_uint_eq(ip4_reass_datagrams(reass), 3);
	ck_assert_uint_eq(dropped[IP4_REASS_EVICTED], 1);
	ck_assert_ptr_null(add((struct piece){ .id = 0, .offset = 8, .len = 8 }));                  /* number 0 is gone, so this evicts 1 */
	ck_assert_ptr_null(add((struct piece){ .id = 9, .offset = 0, .len = 3000, .more = true })); /* bytes: evicts until it fits */
	ck_assert_uint_le(ip4_reass_bytes(reass), 4000);
	ck_assert_ptr_null(add((struct piece){ .id = 9, .offset = 3000, .len = 3000, .more = true })); /* never fits: condemned */
	ck_assert_uint_eq(ip4_reass_bytes(reass), 0);
	for (uint16_t i = 0; i < 6; i++)
		ck_assert_ptr_null(add((struct piece){ .id = 10, .offset = (uint16_t)(8 * i), .len = 8, .more = i < 5 })); /* too many */
	ck_assert_uint_eq(ip4_reass_bytes(reass), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ip4_reass");
	TCase *tc = tcase_create("ip4_reass");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, any_order_of_four_completes, 0, 24);
	tcase_add_test(tc, exact_copies_do_no_harm);
	tcase_add_test(tc, every_overlap_condemns);
	tcase_add_test(tc, a_copy_with_other_bytes_is_an_overlap);
	tcase_add_test(tc, holes_keep_it_waiting);
	tcase_add_test(tc, timeouts_report_only_with_fragment_zero);
	tcase_add_test(tc, datagrams_beyond_64k_are_dropped);
	tcase_add_test(tc, malformed_fragments_are_dropped);
	tcase_add_test(tc, contradicting_ends_condemn);
	tcase_add_loop_test(tc, ecn_marks_are_merged, 0, 8);
	tcase_add_test(tc, datagrams_are_told_apart);
	tcase_add_test(tc, bounds_evict_the_oldest);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
