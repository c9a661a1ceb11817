/* SPDX-License-Identifier: ISC */
/* What each impairment does to a train of frames, and that it can change on the way. */
#include "sim/link/fixture.h"

#include <errno.h>
#include <math.h>

static bool in_order(const struct net *net)
{
	for (unsigned i = 1; i < net->n; i++) {
		if (net->arrivals[i].id < net->arrivals[i - 1].id || net->arrivals[i].at_ns < net->arrivals[i - 1].at_ns)
			return false;
	}
	return true;
}

static void check_near(double got, double expected, double tolerance)
{
	ck_assert_msg(fabs(got - expected) <= tolerance, "%g, expected %g within %g", got, expected, tolerance);
}

START_TEST(a_perfect_cable_changes_nothing)
{
	struct net *net = train(1, (struct impairments){ 0 });
	ck_assert_uint_eq(net->n, TRAIN);
	ck_assert(in_order(net));
	for (unsigned i = 0; i < TRAIN; i++)
		ck_assert_uint_eq(net->arrivals[i].at_ns, i * 1000);
	net_destroy(net);
}
END_TEST

START_TEST(bernoulli_loss_loses_its_share)
{
	struct net *net = train(1, (struct impairments){ .loss = LOSS_BERNOULLI, .loss_rate = 0.1 });
	check_near((double)net_counters(net, 0)->drop_loss, 1000, 100); /* over three standard deviations of 30 */
	ck_assert_uint_eq(net->n + net_counters(net, 0)->drop_loss, TRAIN);
	ck_assert(in_order(net));
	net_destroy(net);
	net = train(1, (struct impairments){ .loss = LOSS_BERNOULLI, .loss_rate = 1 });
	ck_assert_uint_eq(net->n, 0);
	net_destroy(net);
}
END_TEST

START_TEST(gilbert_loss_comes_in_bursts)
{
	uint8_t times[TRAIN + 1];
	struct impairments imp = { .loss = LOSS_GILBERT, .gilbert_bad_rate = 1, .gilbert_to_bad = 0.01, .gilbert_to_good = 0.2 };
	struct net *net = train(1, imp);
	unsigned bursts = 0, lost = (unsigned)net_counters(net, 0)->drop_loss;
	count_ids(net, times);
	for (unsigned i = 1; i <= TRAIN; i++)
		bursts += !times[i] && (i == 1 || times[i - 1]);
	check_near(lost, TRAIN * 0.01 / 0.21, 130);      /* share of time in the bad state */
	check_near((double)lost / bursts, 1 / 0.2, 0.9); /* mean length of a stay there */
	net_destroy(net);
	imp = (struct impairments){ .loss = LOSS_GILBERT, .loss_rate = 0.3, .gilbert_bad_rate = 1 }; /* never bad */
	net = train(1, imp);
	check_near((double)net_counters(net, 0)->drop_loss, 3000, 150);
	net_destroy(net);
}
END_TEST

START_TEST(a_loss_list_names_the_frames)
{
	uint8_t times[TRAIN + 1];
	struct net *net = train(1, (struct impairments){ .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 1, 3, 4, TRAIN }, .loss_list_len = 4 });
	count_ids(net, times);
	ck_assert_uint_eq(net->n, TRAIN - 4);
	ck_assert(!times[1] && times[2] && !times[3] && !times[4] && times[5] && !times[TRAIN]);
	net_destroy(net);
}
END_TEST

START_TEST(a_loss_list_counts_matching_frames_from_when_it_is_set)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	struct impairments imp = { .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 2 }, .loss_list_len = 1, .loss_match = { .ethertype = 0x88b5 } };
	net_train(net, 3, 60, 1);
	net_impair(net, 0, imp);
	struct buf *other = net_frame(net, 0, 1, 99, 60);
	other->data[12] = 8;
	link_send(net->port[0], other); /* does not match, is not counted */
	net_send(net, 0, 1, 4, 60);
	imp.delay_ns = 1; /* another value changes: the count goes on */
	net_impair(net, 0, imp);
	net_send(net, 0, 1, 5, 60);
	net_send(net, 0, 1, 6, 60);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 6);
	ck_assert_uint_eq(net->arrivals[3].id, 99);
	ck_assert_uint_eq(net->arrivals[4].id, 4);
	ck_assert_uint_eq(net->arrivals[5].id, 6);
	net_destroy(net);
}
END_TEST

START_TEST(duplicates_come_right_behind)
{
	uint8_t times[TRAIN + 1];
	struct net *net = train(1, (struct impairments){ .duplicate_rate = 0.2 });
	unsigned twice = 0;
	count_ids(net, times);
	for (unsigned i = 1; i <= TRAIN; i++) {
		ck_assert(times[i] == 1 || times[i] == 2);
		twice += times[i] == 2;
	}
	ck_assert_uint_eq(twice, net_counters(net, 0)->duplicated);
	check_near(twice, 2000, 130);
	ck_assert(in_order(net));
	net_destroy(net);
}
END_TEST

START_TEST(reordered_frames_are_passed_by_the_next)
{
	struct net *net = train(1, (struct impairments){ .delay_ns = 500, .reorder_rate = 0.05, .reorder_ns = 2500 });
	unsigned late = 0, highest = 0;
	for (unsigned i = 0; i < net->n; i++) {
		struct arrival *a = &net->arrivals[i];
		uint64_t sent_ns = (a->id - 1) * 1000ull;
		ck_assert(a->at_ns == sent_ns + 500 || a->at_ns == sent_ns + 3000);
		late += a->id < highest;
		highest = a->id > highest ? a->id : highest;
	}
	ck_assert_uint_eq(net->n, TRAIN);
	check_near((double)net_counters(net, 0)->reordered, 500, 70);
	ck_assert_uint_le(late, net_counters(net, 0)->reordered);
	ck_assert_uint_ge(late + 30, net_counters(net, 0)->reordered); /* two or three held in a row may keep their order */
	net_destroy(net);
}
END_TEST

static uint64_t changed;
static uint32_t changed_bits;

static void compare_with_zeros(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg)
{
	(void)now_ns, (void)port, (void)drop, (void)arg;
	uint32_t bits = 0;
	for (uint32_t i = 0; i < frame->len; i++)
		bits += (uint32_t)__builtin_popcount(frame->data[i]);
	ck_assert(towards_host || bits == 0); /* damage never reaches what was seen before, though storage is shared */
	changed += bits > 0;
	changed_bits += bits;
}

static struct net *zeros(struct impairments imp, unsigned n, uint32_t len)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	changed = changed_bits = 0;
	ck_assert_int_eq(link_tap(net->l, compare_with_zeros, NULL), 0);
	net_impair(net, 0, imp);
	for (unsigned i = 0; i < n; i++) {
		struct buf *b = buf_alloc(world_pool(net->w), 0, len);
		memset(b->data, 0, len);
		struct buf *kept = buf_share(b);
		link_send(net->port[0], b);
		world_run(net->w, WORLD_NEVER);
		for (uint32_t at = 0; at < len; at++)
			ck_assert_uint_eq(kept->data[at], 0);
		buf_free(kept);
	}
	return net;
}

START_TEST(a_corrupted_frame_differs_in_as_many_bits)
{
	struct net *net = zeros((struct impairments){ .corrupt_rate = 0.3, .duplicate_rate = 0.1 }, 2000, 100);
	ck_assert_uint_eq(changed, net_counters(net, 0)->corrupted);
	ck_assert_uint_eq(changed_bits, changed);
	check_near((double)changed, 660, 70);
	net_destroy(net);
	net = zeros((struct impairments){ .corrupt_rate = 1, .corrupt_bits = 64 }, 500, 9);
	ck_assert_uint_eq(changed, 500);
	ck_assert_uint_eq(changed_bits, 500 * 64); /* never the same bit twice */
	net_destroy(net);
	net = zeros((struct impairments){ .corrupt_rate = 1, .corrupt_bits = 64 }, 5, 1);
	ck_assert_uint_eq(changed_bits, 5 * 8);
	net_destroy(net);
	net = zeros((struct impairments){ .corrupt_rate = 1 }, 5, 0);
	ck_assert_uint_eq(net_counters(net, 0)->corrupted, 0);
	net_destroy(net);
}
END_TEST

START_TEST(every_bit_may_be_hit)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	uint8_t hit[8] = { 0 };
	net_impair(net, 0, (struct impairments){ .corrupt_rate = 1, .corrupt_bits = 3 });
	for (unsigned i = 0; i < 300; i++) {
		link_send(net->port[0], buf_from(world_pool(net->w), "\0\0\0\0\0\0\0", 8));
		world_run(net->w, WORLD_NEVER);
		for (unsigned k = 0; k < 8; k++)
			hit[k] |= net->last[k];
	}
	ck_assert_mem_eq(hit, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	net_destroy(net);
}
END_TEST

START_TEST(truncated_frames_are_shorter)
{
	struct net *net = train(1, (struct impairments){ .truncate_rate = 0.1 });
	unsigned shorter = 0, shortest = 100, longest = 0;
	for (unsigned i = 0; i < net->n; i++) {
		uint32_t len = net->arrivals[i].len;
		if (len == 100)
			continue;
		shorter++;
		shortest = len < shortest ? len : shortest;
		longest = len > longest ? len : longest;
	}
	ck_assert_uint_eq(shorter, net_counters(net, 0)->truncated);
	check_near(shorter, 1000, 100);
	ck_assert_uint_eq(shortest, 1);
	ck_assert_uint_eq(longest, 99);
	net_destroy(net);
}
END_TEST

START_TEST(padded_frames_are_longer)
{
	struct net *net = train(1, (struct impairments){ .pad_rate = 0.1, .pad_bytes = 46 });
	unsigned longer = 0;
	for (unsigned i = 0; i < net->n; i++) {
		ck_assert(net->arrivals[i].len == 100 || net->arrivals[i].len == 146);
		longer += net->arrivals[i].len == 146;
	}
	ck_assert_uint_eq(longer, net_counters(net, 0)->padded);
	check_near(longer, 1000, 100);
	net_destroy(net);
	net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .pad_rate = 1, .pad_bytes = BUF_MAX }); /* more than a buffer takes */
	net_send(net, 0, 1, 1, 60);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->arrivals[0].len, 60);
	ck_assert_uint_eq(net_counters(net, 0)->padded, 0);
	net_destroy(net);
}
END_TEST

START_TEST(jitter_keeps_the_order_unless_told_otherwise)
{
	static const enum jitter_kind kinds[] = { JITTER_UNIFORM, JITTER_NORMAL, JITTER_PARETO };
	for (unsigned k = 0; k < 3; k++) {
		struct impairments imp = { .delay_ns = 50000, .jitter = kinds[k], .jitter_ns = 5000 };
		struct net *net = train(1, imp);
		ck_assert_uint_eq(net->n, TRAIN);
		ck_assert(in_order(net));
		ck_assert_uint_eq(net_counters(net, 0)->reordered, 0);
		net_destroy(net);
		imp.jitter_reorders = true;
		net = train(1, imp);
		ck_assert_uint_eq(net->n, TRAIN);
		ck_assert(!in_order(net));
		ck_assert_uint_gt(net_counters(net, 0)->reordered, TRAIN / 10);
		net_destroy(net);
	}
}
END_TEST

START_TEST(mtu_counts_behind_the_ethernet_header_and_tag)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .mtu = 100 });
	net_send(net, 0, 1, 1, 114);
	net_send(net, 0, 1, 2, 115);
	for (uint32_t len = 118; len <= 119; len++) {
		struct buf *tagged = net_frame(net, 0, 1, 3, len);
		memcpy(tagged->data + 12, "\x81\0", 2);
		link_send(net->port[0], tagged);
	}
	net_send(net, 0, 1, 4, 5);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 3);
	ck_assert_uint_eq(net->arrivals[1].len, 118);
	ck_assert_uint_eq(net_counters(net, 0)->drop_mtu, 2);
	net_destroy(net);
}
END_TEST

START_TEST(a_link_goes_down_and_up)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	struct impairments imp = { .delay_ns = 10000, .rate_bps = 800000000 }; /* 1 µs for 100 bytes */
	net_impair(net, 0, imp);
	for (unsigned i = 1; i <= 4; i++)
		net_send(net, 0, 1, i, 100);
	world_run(net->w, 1500); /* 1 is on the cable, 2 in transmission, 3 and 4 wait */
	imp.down = true;
	net_impair(net, 0, imp);
	ck_assert_uint_eq(net_counters(net, 0)->drop_down, 2);
	net_send(net, 0, 1, 5, 100);
	world_run(net->w, 20000);
	imp.down = false;
	net_impair(net, 0, imp);
	net_send(net, 0, 1, 6, 100);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 3);
	ck_assert_uint_eq(net->arrivals[1].id, 2);
	ck_assert_uint_eq(net->arrivals[2].id, 6);
	ck_assert_uint_eq(net->arrivals[2].at_ns, 31000);
	ck_assert_uint_eq(net_counters(net, 0)->drop_down, 3);
	net_destroy(net);
}
END_TEST

START_TEST(a_shorter_delay_does_not_let_later_frames_overtake)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, (struct impairments){ .delay_ns = 1000 });
	net_send(net, 0, 1, 1, 60);
	net_impair(net, 0, (struct impairments){ .delay_ns = 10 });
	net_send(net, 0, 1, 2, 60);
	world_run(net->w, 2000);
	net_send(net, 0, 1, 3, 60);
	world_run(net->w, WORLD_NEVER);
	ck_assert(in_order(net));
	ck_assert_uint_eq(net->arrivals[0].at_ns, 1000); /* under way: keeps its delay */
	ck_assert_uint_eq(net->arrivals[1].at_ns, 1000);
	ck_assert_uint_eq(net->arrivals[2].at_ns, 2010);
	net_destroy(net);
}
END_TEST

START_TEST(out_of_range_values_change_nothing)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	ck_assert_int_eq(link_impair(net->port[0], LINK_FROM_HOST, &(struct impairments){ .delay_ns = 5, .corrupt_rate = NAN }), -EINVAL);
	ck_assert_uint_eq(link_impairments(net->port[0], LINK_FROM_HOST)->delay_ns, 0);
	net_destroy(net);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("channel");
	TCase *t = tcase_create("impairments");
	tcase_add_test(t, a_perfect_cable_changes_nothing);
	tcase_add_test(t, bernoulli_loss_loses_its_share);
	tcase_add_test(t, gilbert_loss_comes_in_bursts);
	tcase_add_test(t, a_loss_list_names_the_frames);
	tcase_add_test(t, a_loss_list_counts_matching_frames_from_when_it_is_set);
	tcase_add_test(t, duplicates_come_right_behind);
	tcase_add_test(t, reordered_frames_are_passed_by_the_next);
	tcase_add_test(t, a_corrupted_frame_differs_in_as_many_bits);
	tcase_add_test(t, every_bit_may_be_hit);
	tcase_add_test(t, truncated_frames_are_shorter);
	tcase_add_test(t, padded_frames_are_longer);
	tcase_add_test(t, jitter_keeps_the_order_unless_told_otherwise);
	tcase_add_test(t, mtu_counts_behind_the_ethernet_header_and_tag);
	tcase_add_test(t, a_link_goes_down_and_up);
	tcase_add_test(t, a_shorter_delay_does_not_let_later_frames_overtake);
	tcase_add_test(t, out_of_range_values_change_nothing);
	suite_add_tcase(s, t);
	return unit_main(s);
}
