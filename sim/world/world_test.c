/* SPDX-License-Identifier: ISC */
#include "sim/world/world.h"
#include "stack/base/unit.h"

#include <string.h>

struct note {
	struct world *w;
	world_event ev;
	char name;
	uint64_t again_ns; /* 0: once */
	bool stops;
};

static struct {
	char text[64];
	uint64_t at_ns[64];
	size_t n;
} run_log;

static void write_down(void *arg)
{
	struct note *n = arg;
	run_log.text[run_log.n] = n->name;
	run_log.at_ns[run_log.n++] = world_now(n->w);
	if (n->again_ns)
		world_in(n->w, &n->ev, n->again_ns);
	if (n->stops)
		world_stop(n->w);
}

static struct world *new_world(struct note *notes, size_t n)
{
	struct world *w = world_create(1);
	ck_assert_ptr_nonnull(w);
	memset(&run_log, 0, sizeof(run_log));
	for (size_t i = 0; i < n; i++) {
		notes[i] = (struct note){ .w = w, .name = (char)('a' + i) };
		ck_assert_int_eq(world_event_init(w, &notes[i].ev, write_down, &notes[i]), 0);
	}
	return w;
}

START_TEST(earliest_first_and_ties_in_order_of_scheduling)
{
	struct note n[5];
	struct world *w = new_world(n, 5);
	world_at(w, &n[0].ev, 30);
	world_at(w, &n[1].ev, 10);
	world_at(w, &n[2].ev, 20);
	world_at(w, &n[3].ev, 10);
	world_at(w, &n[4].ev, 10);
	world_at(w, &n[1].ev, 10); /* scheduled anew: goes behind the others of its time */
	ck_assert_uint_eq(world_next(w), 10);
	world_run(w, WORLD_NEVER);
	ck_assert_str_eq(run_log.text, "debca");
	ck_assert_uint_eq(world_now(w), 30);
	ck_assert_uint_eq(world_events(w), 5);
	ck_assert_uint_eq(world_next(w), WORLD_NEVER);
	ck_assert(!world_step(w));
	world_destroy(w);
}
END_TEST

START_TEST(many_ties_keep_their_order)
{
	enum { N = 60 };
	struct note n[N];
	struct world *w = new_world(n, N);
	for (int i = 0; i < N; i++)
		world_at(w, &n[i].ev, 7);
	world_run(w, 7);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq((uint8_t)run_log.text[i], 'a' + i);
	world_destroy(w);
}
END_TEST

START_TEST(cancelled_events_do_not_run)
{
	struct note n[3];
	struct world *w = new_world(n, 3);
	for (int i = 0; i < 3; i++)
		world_at(w, &n[i].ev, 10 + (uint64_t)i);
	world_cancel(w, &n[1].ev);
	world_cancel(w, &n[1].ev);
	world_event_fini(w, &n[0].ev);
	world_run(w, 100);
	ck_assert_str_eq(run_log.text, "c");
	world_destroy(w);
}
END_TEST

START_TEST(run_sets_the_clock_to_its_end)
{
	struct note n[2];
	struct world *w = new_world(n, 2);
	world_at(w, &n[0].ev, 100);
	world_at(w, &n[1].ev, 101);
	world_run(w, 100);
	ck_assert_str_eq(run_log.text, "a");
	ck_assert_uint_eq(world_now(w), 100);
	world_run(w, 50); /* the clock never goes back */
	ck_assert_uint_eq(world_now(w), 100);
	world_run(w, 5000);
	ck_assert_str_eq(run_log.text, "ab");
	ck_assert_uint_eq(world_now(w), 5000);
	world_destroy(w);
}
END_TEST

START_TEST(stop_ends_the_run_at_the_event_that_called_it)
{
	struct note n[2];
	struct world *w = new_world(n, 2);
	n[0].again_ns = 10;
	world_at(w, &n[0].ev, 10);
	n[1].stops = true;
	world_at(w, &n[1].ev, 25);
	world_run(w, 1000);
	ck_assert_str_eq(run_log.text, "aab");
	ck_assert_uint_eq(world_now(w), 25);
	world_run(w, 40); /* a stop does not outlast its run */
	ck_assert_str_eq(run_log.text, "aabaa");
	ck_assert_uint_eq(world_now(w), 40);
	world_destroy(w);
}
END_TEST

START_TEST(past_means_now_and_never_is_never)
{
	struct note n[3];
	struct world *w = new_world(n, 3);
	world_run(w, 1000);
	world_at(w, &n[0].ev, 5);
	world_at(w, &n[1].ev, WORLD_NEVER);
	world_in(w, &n[2].ev, WORLD_NEVER - 1); /* would wrap */
	world_run(w, WORLD_NEVER);
	ck_assert_str_eq(run_log.text, "a");
	ck_assert_uint_eq(run_log.at_ns[0], 1000);
	ck_assert_uint_eq(world_now(w), 1000);
	world_destroy(w);
}
END_TEST

START_TEST(streams_depend_on_seed_and_name_only)
{
	struct world *a = world_create(7), *b = world_create(7), *c = world_create(8);
	struct random_stream s;
	uint8_t x[32], y[32];
	ck_assert_uint_eq(world_seed(c), 8);
	world_random(a, &s, "other");
	world_random(a, &s, "link/one");
	random_bytes(&s, x, sizeof(x));
	world_random(b, &s, "link/one");
	random_bytes(&s, y, sizeof(y));
	ck_assert_mem_eq(x, y, sizeof(x));
	world_random(c, &s, "link/one");
	random_bytes(&s, y, sizeof(y));
	ck_assert_mem_ne(x, y, sizeof(x));
	world_destroy(a);
	world_destroy(b);
	world_destroy(c);
}
END_TEST

START_TEST(packet_memory_is_the_worlds)
{
	struct world *w = world_create(1);
	struct buf *b = buf_from(world_pool(w), "x", 1);
	ck_assert_uint_eq(buf_pool_live(world_pool(w)), 1);
	buf_free(b);
	world_destroy(w);
	world_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("world");
	TCase *t = tcase_create("world");
	tcase_add_test(t, earliest_first_and_ties_in_order_of_scheduling);
	tcase_add_test(t, many_ties_keep_their_order);
	tcase_add_test(t, cancelled_events_do_not_run);
	tcase_add_test(t, run_sets_the_clock_to_its_end);
	tcase_add_test(t, stop_ends_the_run_at_the_event_that_called_it);
	tcase_add_test(t, past_means_now_and_never_is_never);
	tcase_add_test(t, streams_depend_on_seed_and_name_only);
	tcase_add_test(t, packet_memory_is_the_worlds);
	suite_add_tcase(s, t);
	return unit_main(s);
}
