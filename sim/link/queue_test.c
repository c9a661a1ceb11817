/* SPDX-License-Identifier: ISC */
/* Serialisation to the nanosecond, bounded queues, ECN marking, CoDel. */
#include "sim/link/fixture.h"
#include "stack/wire/ip4.h"

static struct net *with(struct impairments imp)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	net_impair(net, 0, imp);
	return net;
}

static void burst(struct net *net, uint32_t first, uint32_t n, uint32_t len)
{
	for (uint32_t i = 0; i < n; i++)
		net_send(net, 0, 1, first + i, len);
}

/* --- rate ------------------------------------------------------------------------------------ */

START_TEST(frames_take_their_bits_time)
{
	struct net *net = with((struct impairments){ .rate_bps = 10000000, .delay_ns = 3000000 });
	burst(net, 1, 3, 1514);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->arrivals[0].at_ns, 1211200 + 3000000);
	ck_assert_uint_eq(net->arrivals[1].at_ns, 2 * 1211200 + 3000000);
	ck_assert_uint_eq(net->arrivals[2].at_ns, 3 * 1211200 + 3000000);
	burst(net, 4, 1, 60); /* long idle: begins at once */
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->arrivals[3].at_ns, 3 * 1211200 + 3000000 + 48000 + 3000000);
	net_destroy(net);
}
END_TEST

static uint64_t train_ns(uint64_t rate_bps, uint32_t n, uint32_t len)
{
	struct net *net = with((struct impairments){ .rate_bps = rate_bps, .queue_bytes = UINT32_MAX });
	burst(net, 1, n, len);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, n);
	uint64_t at_ns = net->arrivals[n - 1].at_ns;
	net_destroy(net);
	return at_ns;
}

START_TEST(trains_lose_no_fraction_of_a_nanosecond)
{
	/* 60 bytes at 7 Gbit/s take 68.571… ns: 7000 of them 480 000 ns, not 7000 * 68 */
	ck_assert_uint_eq(train_ns(7000000000, 7000, 60), 480000);
	/* 64 bytes at 1 Tbit/s take 0.512 ns */
	ck_assert_uint_eq(train_ns(1000000000000, 10000, 64), 5120);
	ck_assert_uint_eq(train_ns(1000000000000, 1, 64), 0);
	/* the largest frame at the lowest rate, and at the highest */
	ck_assert_uint_eq(train_ns(1, 2, BUF_MAX), 2 * 526336 * NS_PER_S);
	ck_assert_uint_eq(train_ns(1000000000000, 1000, BUF_MAX), 526336);
}
END_TEST

START_TEST(fractions_are_not_kept_over_idle_times)
{
	struct net *net = with((struct impairments){ .rate_bps = 7000000000 });
	net_train(net, 100, 60, 69); /* just idle between any two */
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(net->arrivals[i].at_ns, i * 69 + 68);
	net_destroy(net);
}
END_TEST

START_TEST(a_new_rate_holds_from_the_next_frame)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000 });
	burst(net, 1, 4, 100); /* 100 µs each */
	world_run(net->w, 150000);
	net_impair(net, 0, (struct impairments){ .rate_bps = 80000000 });
	world_run(net->w, 205000);
	net_impair(net, 0, (struct impairments){ 0 }); /* infinite: what waits leaves at once */
	burst(net, 5, 1, 100);                         /* and is not overtaken */
	world_run(net->w, WORLD_NEVER);
	static const uint64_t at_ns[] = { 100000, 200000, 210000, 210000, 210000 };
	ck_assert_uint_eq(net->n, 5);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(net->arrivals[i].id, i + 1);
		ck_assert_uint_eq(net->arrivals[i].at_ns, at_ns[i]);
	}
	net_destroy(net);
}
END_TEST

START_TEST(fractions_do_not_outlast_their_rate)
{
	struct net *net = with((struct impairments){ .rate_bps = 999999999999 });
	burst(net, 1, 1, 64);
	net_impair(net, 0, (struct impairments){ .rate_bps = 8000 });
	burst(net, 2, 1, 100); /* right behind; what the first left over would be a minute of the new rate */
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->arrivals[1].at_ns, 100 * NS_PER_MS);
	net_destroy(net);
}
END_TEST

static void send_the_third(void *arg)
{
	net_send(arg, 0, 1, 3, 100);
}

START_TEST(what_comes_just_when_the_line_is_free_stays_behind_what_waits)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000 });
	world_event third;
	ck_assert_int_eq(world_event_init(net->w, &third, send_the_third, net), 0);
	world_at(net->w, &third, 100000); /* scheduled first, so it runs before the end of the first transmission */
	burst(net, 1, 2, 100);
	world_run(net->w, WORLD_NEVER);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(net->arrivals[i].id, i + 1);
	world_event_fini(net->w, &third);
	net_destroy(net);
}
END_TEST

/* --- drop-tail --------------------------------------------------------------------------------- */

START_TEST(the_queue_bounds_what_waits)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000, .queue_bytes = 250 });
	burst(net, 1, 4, 100); /* one in transmission, two wait, the fourth is too much */
	ck_assert_uint_eq(net_counters(net, 0)->drop_queue, 1);
	ck_assert_uint_eq(net_counters(net, 0)->queue_high_bytes, 200);
	burst(net, 5, 1, 50); /* exactly full */
	burst(net, 6, 1, 18);
	ck_assert_uint_eq(net_counters(net, 0)->drop_queue, 2);
	ck_assert_uint_eq(net_counters(net, 0)->queue_high_bytes, 250);
	world_run(net->w, 100000); /* one more left the queue */
	burst(net, 7, 1, 100);
	burst(net, 8, 1, 18);
	ck_assert_uint_eq(net_counters(net, 0)->drop_queue, 3);
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 5);
	burst(net, 9, 1, 1000); /* larger than the queue, but the line is free */
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net->n, 6);
	burst(net, 10, 2, 1000);
	ck_assert_uint_eq(net_counters(net, 0)->drop_queue, 4);
	net_destroy(net);
}
END_TEST

START_TEST(the_queue_holds_256_KiB_unless_told)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000 });
	burst(net, 1, 300, 1024);
	ck_assert_uint_eq(net_counters(net, 0)->queue_high_bytes, 256 * 1024);
	ck_assert_uint_eq(net_counters(net, 0)->drop_queue, 300 - 257);
	net_destroy(net);
}
END_TEST

/* --- ECN --------------------------------------------------------------------------------------- */

/* An IPv4 or IPv6 packet of 100 bytes with the given ECN bits, numbered in its Ethernet source address. */
static void send_ip(struct net *net, unsigned version, unsigned ecn)
{
	struct buf *b = net_frame(net, 0, 1, 0, 114);
	uint8_t *p = b->data + 14;
	memset(p, 0, 100);
	if (version == 4) {
		memcpy(b->data + 12, "\x08\0", 2);
		memcpy(p, "\x45\xb8\0\x64\x12\x34\x40\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2", 20);
		p[1] |= (uint8_t)ecn;
		ip4_hdr_set_checksum(p, 20);
	} else {
		memcpy(b->data + 12, "\x86\xdd", 2);
		memcpy(p, "\x6b\x8f\xff\xff\0\x3c\x11\x40", 8);
		p[1] |= (uint8_t)(ecn << 4);
	}
	link_send(net->port[0], b);
}

static void next_arrival(struct net *net)
{
	unsigned n = net->n;
	while (net->n == n)
		ck_assert(world_step(net->w));
}

START_TEST(ecn_marks_above_the_threshold)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000, .queue = QUEUE_ECN, .ecn_threshold_bytes = 114 });
	send_ip(net, 4, 2); /* in transmission */
	send_ip(net, 4, 2); /* 0 wait before it */
	send_ip(net, 4, 2); /* 114: not more than the threshold */
	ck_assert_uint_eq(net_counters(net, 0)->ecn_marked, 0);
	send_ip(net, 4, 2);
	send_ip(net, 4, 1);
	send_ip(net, 6, 1);
	send_ip(net, 4, 3); /* marked before */
	ck_assert_uint_eq(net_counters(net, 0)->ecn_marked, 4);
	send_ip(net, 4, 0);
	send_ip(net, 6, 0);
	net_send(net, 0, 1, 1, 60); /* not IP */
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 3);
	static const uint8_t tos[] = { 0xba, 0xba, 0xba, 0xbb, 0xbb };
	for (unsigned i = 0; i < sizeof(tos); i++) {
		next_arrival(net);
		ck_assert_uint_eq(net->last[15], tos[i]);
		ck_assert(ip4_hdr_checksum_ok(net->last + 14, 20));
	}
	next_arrival(net);
	ck_assert_mem_eq(net->last + 14, "\x6b\xbf\xff\xff", 4); /* DSCP and flow label as they were */
	net_destroy(net);
}
END_TEST

START_TEST(marks_do_not_reach_shared_copies)
{
	struct net *net = with((struct impairments){ .rate_bps = 8000000, .queue = QUEUE_ECN, .duplicate_rate = 1 });
	send_ip(net, 4, 2);
	send_ip(net, 4, 2); /* its two copies wait: the second finds something waiting and is marked */
	uint8_t tos[4];
	for (unsigned i = 0; i < 4; i++) {
		next_arrival(net);
		tos[i] = net->last[15];
	}
	ck_assert_mem_eq(tos, "\xba\xba\xbb\xbb", 4);
	net_destroy(net);
}
END_TEST

/* --- CoDel ------------------------------------------------------------------------------------- */

/* Frames of 1000 bytes each ms into a line that takes 1 ms for each, with a standing queue of depth frames before. */
static struct net *standing_queue(struct impairments imp, unsigned depth, unsigned ms, bool ect)
{
	imp.rate_bps = 8000000;
	imp.queue = QUEUE_CODEL;
	struct net *net = with(imp);
	burst(net, 1, depth + 1, 1000);
	for (unsigned i = 0; i < ms; i++) {
		world_run(net->w, world_now(net->w) + NS_PER_MS);
		struct buf *b = net_frame(net, 0, 1, depth + 2 + i, 1000);
		if (ect) {
			memcpy(b->data + 12, "\x08\0\x45\2", 4);
			ip4_hdr_set_checksum(b->data + 14, 20);
		}
		link_send(net->port[0], b);
	}
	return net;
}

static uint64_t drop_at_ns[100];
static unsigned drops;

static void note_drop(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg)
{
	(void)port, (void)towards_host, (void)frame, (void)arg;
	if (!drop)
		return;
	ck_assert_str_eq(drop, "aqm");
	drop_at_ns[drops++] = now_ns;
}

START_TEST(codel_leaves_short_and_passing_queues_alone)
{
	struct net *net = standing_queue((struct impairments){ 0 }, 4, 1000, false); /* 4 ms, below the target of 5 */
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 0);
	net_destroy(net);
	net = standing_queue((struct impairments){ 0 }, 80, 0, false); /* a burst that is gone within the interval */
	world_run(net->w, WORLD_NEVER);
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 0);
	ck_assert_uint_eq(net->n, 81);
	net_destroy(net);
}
END_TEST

/* One frame of 1000 bytes a ms, on top of what is sent besides. */
static void load(struct net *net, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		world_run(net->w, world_now(net->w) + NS_PER_MS);
		net_send(net, 0, 1, 0, 1000);
	}
}

static struct net *watched_codel(void)
{
	struct net *net = net_create(1, LINK_WIRE, 2);
	drops = 0;
	ck_assert_int_eq(link_tap(net->l, note_drop, NULL), 0);
	net_impair(net, 0, (struct impairments){ .rate_bps = 8000000, .queue = QUEUE_CODEL });
	return net;
}

START_TEST(codel_drops_faster_while_the_queue_stands)
{
	struct net *net = watched_codel();
	burst(net, 1, 21, 1000);
	load(net, 500);
	/*
	 * The sixth to wait leaves after 5 ms, the first at target: first drop 100 ms later. Then 100, 100 / sqrt 2, 100 / sqrt 3, … ms
	 * later, counted from when each was due, and carried out on the next frame to leave, one each ms.
	 */
	static const unsigned at_ms[] = { 105, 205, 276, 334, 384, 429, 469 };
	ck_assert_uint_eq(drops, 7);
	for (unsigned i = 0; i < 7; i++)
		ck_assert_uint_eq(drop_at_ns[i], at_ms[i] * NS_PER_MS);
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, drops);
	net_destroy(net);
}
END_TEST

START_TEST(codel_empties_a_standing_queue_and_lets_go)
{
	struct net *net = watched_codel();
	burst(net, 1, 31, 1000);
	load(net, 3000);
	ck_assert_uint_eq(drops, 26); /* 30 waited; the last 4 wait less than 5 ms */
	load(net, 1000);
	ck_assert_uint_eq(drops, 26);
	net_destroy(net);
}
END_TEST

/* Two standing queues, pause_ms between them: how long after the first drop of the second the next one comes. */
static uint64_t second_gap_ns(unsigned pause_ms)
{
	struct net *net = watched_codel();
	burst(net, 1, 21, 1000);
	load(net, 400);
	ck_assert_uint_eq(drops, 5);
	world_run(net->w, world_now(net->w) + pause_ms * NS_PER_MS);
	burst(net, 1, 21, 1000);
	load(net, 250);
	ck_assert_uint_ge(drops, 7);
	net_destroy(net);
	return drop_at_ns[6] - drop_at_ns[5];
}

START_TEST(codel_remembers_its_rate_for_a_while)
{
	ck_assert_uint_eq(second_gap_ns(100), 50 * NS_PER_MS); /* it had come to interval / sqrt 5, that is 4 more than it began with */
	ck_assert_uint_eq(second_gap_ns(1300), 50 * NS_PER_MS);
	ck_assert_uint_eq(second_gap_ns(1700), 100 * NS_PER_MS); /* 16 intervals after the next drop was due all is forgotten */
}
END_TEST

START_TEST(codel_spares_a_queue_of_one_frame)
{
	struct net *net = watched_codel();
	net_impair(net, 0, (struct impairments){ .rate_bps = 80000, .queue = QUEUE_CODEL });
	burst(net, 1, 2, 1000); /* one waits 100 ms, always */
	for (unsigned i = 0; i < 50; i++) {
		world_run(net->w, world_now(net->w) + 100 * NS_PER_MS);
		net_send(net, 0, 1, 3 + i, 1000);
	}
	ck_assert_uint_eq(drops, 0);
	net_destroy(net);
}
END_TEST

START_TEST(codel_takes_target_and_interval)
{
	struct impairments imp = { .codel_target_ns = 15 * NS_PER_MS, .codel_interval_ns = 40 * NS_PER_MS };
	struct net *net = standing_queue(imp, 20, 54, false);
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 0);
	world_run(net->w, 55 * NS_PER_MS);
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 1);
	net_destroy(net);
}
END_TEST

START_TEST(codel_marks_instead_of_dropping)
{
	struct net *net = standing_queue((struct impairments){ .codel_ecn = true }, 20, 400, true);
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 0);
	ck_assert_uint_eq(net_counters(net, 0)->ecn_marked, 5);
	net_destroy(net);
	net = standing_queue((struct impairments){ .codel_ecn = true }, 20, 400, false); /* not ECN-capable */
	ck_assert_uint_eq(net_counters(net, 0)->drop_aqm, 5);
	ck_assert_uint_eq(net_counters(net, 0)->ecn_marked, 0);
	net_destroy(net);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("rate");
	tcase_add_test(t, frames_take_their_bits_time);
	tcase_add_test(t, trains_lose_no_fraction_of_a_nanosecond);
	tcase_add_test(t, fractions_are_not_kept_over_idle_times);
	tcase_add_test(t, fractions_do_not_outlast_their_rate);
	tcase_add_test(t, what_comes_just_when_the_line_is_free_stays_behind_what_waits);
	tcase_add_test(t, a_new_rate_holds_from_the_next_frame);
	tcase_add_test(t, the_queue_bounds_what_waits);
	tcase_add_test(t, the_queue_holds_256_KiB_unless_told);
	suite_add_tcase(s, t);
	t = tcase_create("active queue management");
	tcase_add_test(t, ecn_marks_above_the_threshold);
	tcase_add_test(t, marks_do_not_reach_shared_copies);
	tcase_add_test(t, codel_leaves_short_and_passing_queues_alone);
	tcase_add_test(t, codel_drops_faster_while_the_queue_stands);
	tcase_add_test(t, codel_empties_a_standing_queue_and_lets_go);
	tcase_add_test(t, codel_remembers_its_rate_for_a_while);
	tcase_add_test(t, codel_spares_a_queue_of_one_frame);
	tcase_add_test(t, codel_takes_target_and_interval);
	tcase_add_test(t, codel_marks_instead_of_dropping);
	suite_add_tcase(s, t);
	return unit_main(s);
}
