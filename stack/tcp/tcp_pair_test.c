/* SPDX-License-Identifier: ISC */
/* Two DIRECT TCPs over a link that loses, reorders and duplicates: what goes in one end comes out of the other. */
#include "stack/tcp/tcp_lab.h"

struct end {
	struct tcp_direct *tcp;
	struct tcp_flow *flow;
	struct random_stream data, expected;
	uint64_t to_send, sent, received, to_receive;
	bool shut, connected, eof, closed;
	int error;
	uint32_t chunk;
};

struct pair {
	struct net net;
	struct end end[2];
	struct tcp_listener *listener;
	struct random_stream faults;
	double loss, duplicate, reorder;
};

static void pump(struct end *e)
{
	uint8_t bytes[8192];
	while (e->sent < e->to_send) {
		struct random_stream before = e->data;
		size_t n = e->to_send - e->sent < e->chunk ? (size_t)(e->to_send - e->sent) : e->chunk;
		random_bytes(&e->data, bytes, n);
		long took = tcp_write(e->flow, bytes, n);
		if (took < (long)n) {
			e->data = before;
			if (took > 0) {
				random_bytes(&e->data, bytes, (size_t)took);
				e->sent += (uint64_t)took;
			}
			return;
		}
		e->sent += (uint64_t)took;
	}
	if (!e->shut)
		e->shut = tcp_shutdown(e->flow) == 0;
}

static void on_connected(struct tcp_flow *f, void *arg)
{
	struct end *e = arg;
	e->flow = f;
	e->connected = true;
	pump(e);
}

static void on_readable(struct tcp_flow *f, void *arg)
{
	struct end *e = arg;
	uint8_t got[5000], want[5000];
	long n;
	while ((n = tcp_read(f, got, sizeof(got))) > 0) {
		random_bytes(&e->expected, want, (size_t)n);
		ck_assert_mem_eq(got, want, (size_t)n);
		e->received += (uint64_t)n;
	}
	if (n == 0)
		e->eof = true;
}

static void on_writable(struct tcp_flow *f, void *arg)
{
	(void)f;
	pump(arg);
}

static void on_closed(struct tcp_flow *f, int err, void *arg)
{
	struct end *e = arg;
	ck_assert(!e->closed);
	e->closed = true;
	e->error = err;
	on_readable(f, arg);
	tcp_release(f);
	e->flow = NULL;
}

static const struct tcp_events events = { on_connected, on_readable, on_writable, on_closed };

static void on_accept(struct tcp_flow *f, void *arg)
{
	tcp_set_events(f, &events, arg);
	on_connected(f, arg);
}

static struct fate faulty(struct net *net, unsigned from, const struct tcp_hdr *h, uint32_t len, void *arg)
{
	(void)net;
	(void)from;
	(void)h;
	(void)len;
	struct pair *p = arg;
	struct fate fate = { .copies = 1 };
	if (random_unit(&p->faults) < p->loss)
		fate.copies = 0;
	else if (random_unit(&p->faults) < p->duplicate)
		fate.copies = 2;
	for (int i = 0; i < 2; i++) {
		if (random_unit(&p->faults) < p->reorder)
			fate.extra_ns[i] = random_below(&p->faults, 30 * MS);
	}
	return fate;
}

static void pair_init(struct pair *p, const struct tcp_config *config, uint64_t seed, uint64_t there, uint64_t back)
{
	*p = (struct pair){ 0 };
	net_init(&p->net, seed);
	random_init(&p->faults, seed, "faults");
	p->net.fate = faulty;
	p->net.fate_arg = p;
	for (int i = 0; i < 2; i++) {
		struct end *e = &p->end[i];
		e->chunk = 8192;
		e->to_send = i ? back : there;
		e->to_receive = i ? there : back;
		random_init(&e->data, seed, i ? "back" : "there");
		random_init(&e->expected, seed, i ? "there" : "back");
		ck_assert_int_eq(tcp_direct_create(&p->net.env, config, &e->tcp), 0);
		ck_assert_int_eq(tcp_direct_attach(e->tcp, &p->net.side[i].ip), 0);
	}
}

static void pair_open(struct pair *p)
{
	struct tcp_listen l = { .port = 80, .accept = on_accept, .arg = &p->end[1] };
	ck_assert_int_eq(tcp_listen(tcp_direct_face(p->end[1].tcp), &l, &p->listener), 0);
	struct tcp_connect c = { .remote = p->net.side[1].addr, .remote_port = 80, .events = &events, .arg = &p->end[0] };
	ck_assert_int_eq(tcp_connect(tcp_direct_face(p->end[0].tcp), &c, &p->end[0].flow), 0);
}

static void pair_done(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct end *e = &p->end[i];
		ck_assert(e->connected && e->closed && e->eof);
		ck_assert_int_eq(e->error, 0);
		ck_assert_uint_eq(e->received, e->to_receive);
	}
	net_run(&p->net, 600 * SEC);
	ck_assert_uint_eq(tcp_direct_flows(p->end[0].tcp), 0);
	ck_assert_uint_eq(tcp_direct_flows(p->end[1].tcp), 0);
	ck_assert_uint_eq(buf_pool_live(p->net.pool), 0);
	ck_assert(!p->net.flying);
}

static void pair_fini(struct pair *p)
{
	tcp_direct_destroy(p->end[0].tcp);
	tcp_direct_destroy(p->end[1].tcp);
	net_fini(&p->net);
}

START_TEST(bytes_go_both_ways_and_both_ends_close)
{
	struct pair p;
	pair_init(&p, NULL, 1, 1000000, 300000);
	pair_open(&p);
	net_run(&p.net, 60 * SEC);
	pair_done(&p);
	pair_fini(&p);
}
END_TEST

/* Slow start doubles from 10 segments: 1 MB at 20 ms RTT without loss takes about log2(73) round trips. */
START_TEST(a_clean_link_needs_no_retransmission)
{
	struct pair p;
	pair_init(&p, NULL, 2, 1000000, 0);
	pair_open(&p);
	net_run(&p.net, 350 * MS);
	ck_assert(p.end[0].closed || p.end[1].eof);
	struct counter_set set = tcp_direct_counters(p.end[0].tcp);
	for (unsigned i = 0; i < set.n; i++) {
		if (!strcmp(set.names[i], "retransmits") || !strcmp(set.names[i], "timeouts"))
			ck_assert_uint_eq(set.values[i], 0);
	}
	net_run(&p.net, 60 * SEC);
	pair_done(&p);
	pair_fini(&p);
}
END_TEST

/* Every mixture of faults, options, buffer sizes and ISS near the wrap. */
START_TEST(soak)
{
	struct random_stream r;
	random_init(&r, (uint64_t)_i, "soak");
	struct tcp_config c = tcp_config_default();
	c.timestamps = random_below(&r, 2);
	c.window_scaling = random_below(&r, 2);
	c.sack = random_below(&r, 2);
	c.nagle = random_below(&r, 2);
	c.delayed_ack = random_below(&r, 4) != 0;
	c.receive_buffer = (uint32_t)(2048 + random_below(&r, 300000));
	c.send_buffer = (uint32_t)(2048 + random_below(&r, 300000));
	c.mss = random_below(&r, 2) ? (uint32_t)(64 + random_below(&r, 1400)) : 0;
	c.reassembly_ranges = (uint32_t)random_below(&r, 3) * 20;
	c.min_rto_ms = 200;
	c.isn_fixed = true;
	c.isn = (uint32_t)(0 - random_below(&r, 200000));
	struct pair p;
	pair_init(&p, &c, (uint64_t)_i, random_below(&r, 300000), random_below(&r, 300000));
	p.loss = random_unit(&r) * 0.08;
	p.duplicate = random_unit(&r) * 0.1;
	p.reorder = random_unit(&r) * 0.2;
	p.end[0].chunk = (uint32_t)(1 + random_below(&r, 8192));
	p.end[1].chunk = (uint32_t)(1 + random_below(&r, 8192));
	pair_open(&p);
	net_run(&p.net, 6000 * SEC);
	pair_done(&p);
	pair_fini(&p);
}
END_TEST

/* In steady state nothing is allocated per segment. */
START_TEST(steady_state_allocates_nothing)
{
	struct pair p;
	pair_init(&p, NULL, 3, 30000000, 0);
	pair_open(&p);
	net_run(&p.net, 1 * SEC);
	uint64_t before = buf_pool_allocations(p.net.pool);
	net_run(&p.net, 1 * SEC);
	ck_assert_uint_gt(p.end[1].received, 10000000);
	ck_assert_uint_lt(p.end[1].received, 30000000);
	ck_assert_uint_eq(buf_pool_allocations(p.net.pool), before);
	pair_fini(&p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_pair");
	TCase *tc = tcase_create("pair");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, bytes_go_both_ways_and_both_ends_close);
	tcase_add_test(tc, a_clean_link_needs_no_retransmission);
	tcase_add_loop_test(tc, soak, 0, 60);
	tcase_add_test(tc, steady_state_allocates_nothing);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
