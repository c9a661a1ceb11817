/* SPDX-License-Identifier: ISC */
/* No impairment disturbs another, no link another; equal seeds give equal traffic. */
#include "sim/link/channel.h"
#include "sim/link/fixture.h"

/* What the impairment under test chose, per frame. */
static void choices(struct impairments imp, uint8_t times[TRAIN + 1])
{
	struct net *net = train(3, imp);
	count_ids(net, times);
	net_destroy(net);
}

START_TEST(switching_one_impairment_on_shifts_no_other)
{
	uint8_t alone[TRAIN + 1], with[TRAIN + 1];
	struct impairments loss = { .loss = LOSS_BERNOULLI, .loss_rate = 0.1 };
	choices(loss, alone);
	struct impairments all = loss;
	all.duplicate_rate = 0.3;
	all.truncate_rate = 0.2;
	all.reorder_rate = 0.1;
	all.reorder_ns = 5000;
	all.jitter = JITTER_NORMAL;
	all.jitter_ns = 3000;
	choices(all, with);
	unsigned survived = 0;
	for (unsigned i = 1; i <= TRAIN; i++) {
		ck_assert(alone[i] || !with[i]); /* the same frames are lost */
		survived += with[i] > 0;
	}
	ck_assert_uint_gt(survived, TRAIN * 8 / 10);

	struct impairments duplicates = { .duplicate_rate = 0.3 };
	choices(duplicates, alone);
	duplicates.loss = LOSS_BERNOULLI;
	duplicates.loss_rate = 0.5;
	choices(duplicates, with);
	for (unsigned i = 1; i <= TRAIN; i++)
		ck_assert(with[i] == 0 || with[i] == alone[i]); /* of those not lost, the same are doubled */
}
END_TEST

/* Length of the first frame of each number that arrived. */
static void lengths(struct impairments imp, uint32_t len[TRAIN + 1])
{
	struct net *net = train(3, imp);
	memset(len, 0, (TRAIN + 1) * sizeof(*len));
	for (unsigned i = 0; i < net->n; i++) {
		uint32_t id = net->arrivals[i].id;
		if (id <= TRAIN && !len[id])
			len[id] = net->arrivals[i].len;
	}
	net_destroy(net);
}

START_TEST(copies_have_streams_of_their_own)
{
	static uint32_t alone[TRAIN + 1], with[TRAIN + 1];
	struct impairments imp = { .truncate_rate = 0.2 };
	lengths(imp, alone);
	imp.duplicate_rate = 0.3;
	lengths(imp, with);
	unsigned same = 0, cut = 0;
	for (unsigned i = 1; i <= TRAIN; i++) {
		same += (alone[i] == 100) == (with[i] == 100);
		cut += alone[i] != 100;
	}
	/* Where the original was cut below its number, the first to arrive whole is the copy. */
	ck_assert_uint_gt(cut, TRAIN / 10);
	ck_assert_uint_ge(same, TRAIN * 97 / 100);
}
END_TEST

START_TEST(all_streams_differ)
{
	struct world *w = world_create(1);
	struct channel ch = { .w = w };
	uint64_t first[2 * N_STREAMS];
	ck_assert_int_eq(channel_init(&ch, "link/x/y/from-host/"), 0);
	for (unsigned i = 0; i < 2 * N_STREAMS; i++) {
		first[i] = random_u64(channel_stream(&ch, i < N_STREAMS ? &ch.own : &ch.copy, i % N_STREAMS));
		for (unsigned k = 0; k < i; k++)
			ck_assert_uint_ne(first[i], first[k]);
	}
	struct random_stream named;
	world_random(w, &named, "link/x/y/from-host/loss"); /* the name the documentation gives */
	ck_assert_uint_eq(random_u64(&named), first[STREAM_LOSS]);
	channel_fini(&ch);
	world_destroy(w);
}
END_TEST

static void two_links(bool second_loses, char fingerprint[33])
{
	struct net *net = net_create(9, LINK_WIRE, 2);
	struct link *other = link_create(net->w, "other", LINK_WIRE);
	struct receiver r[2] = { { net, 6 }, { net, 7 } };
	struct link_port *p[2];
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(link_attach(other, i ? "y" : "x", net_receive, &r[i], &p[i]), 0);
	if (second_loses)
		ck_assert_int_eq(link_impair(p[0], LINK_BOTH, &(struct impairments){ .loss = LOSS_BERNOULLI, .loss_rate = 0.5 }), 0);
	net_impair(net, 0, (struct impairments){ .delay_ns = 7, .loss = LOSS_BERNOULLI, .loss_rate = 0.5, .corrupt_rate = 0.1 });
	for (unsigned i = 0; i < 500; i++) {
		link_send(p[0], net_frame(net, 0, 1, i, 60));
		net_send(net, 0, 1, i, 60);
		world_run(net->w, world_now(net->w) + 5);
	}
	world_run(net->w, WORLD_NEVER);
	link_fingerprint(net->l, fingerprint);
	link_destroy(other);
	net_destroy(net);
}

START_TEST(loss_on_another_link_does_not_change_this_one)
{
	char a[33], b[33];
	two_links(false, a);
	two_links(true, b);
	ck_assert_str_eq(a, b);
}
END_TEST

START_TEST(everything_at_once_is_repeatable)
{
	struct impairments imp = {
		.delay_ns = 20000,
		.jitter = JITTER_PARETO,
		.jitter_ns = 4000,
		.jitter_reorders = true,
		.loss = LOSS_GILBERT,
		.loss_rate = 0.01,
		.gilbert_bad_rate = 0.5,
		.gilbert_to_bad = 0.02,
		.gilbert_to_good = 0.2,
		.duplicate_rate = 0.05,
		.reorder_rate = 0.05,
		.reorder_ns = 3000,
		.corrupt_rate = 0.05,
		.corrupt_bits = 3,
		.truncate_rate = 0.02,
		.pad_rate = 0.02,
		.pad_bytes = 20,
		.rate_bps = 700000000,
		.queue = QUEUE_CODEL,
		.queue_bytes = 20000,
	};
	char a[33], b[33];
	struct net *net = train(5, imp);
	link_fingerprint(net->l, a);
	net_destroy(net);
	net = train(5, imp);
	link_fingerprint(net->l, b);
	net_destroy(net);
	ck_assert_str_eq(a, b);
	net = train(6, imp);
	link_fingerprint(net->l, b);
	net_destroy(net);
	ck_assert_str_ne(a, b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("independence");
	TCase *t = tcase_create("independence");
	tcase_add_test(t, switching_one_impairment_on_shifts_no_other);
	tcase_add_test(t, copies_have_streams_of_their_own);
	tcase_add_test(t, all_streams_differ);
	tcase_add_test(t, loss_on_another_link_does_not_change_this_one);
	tcase_add_test(t, everything_at_once_is_repeatable);
	suite_add_tcase(s, t);
	return unit_main(s);
}
