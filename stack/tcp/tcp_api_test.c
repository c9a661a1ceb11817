/* SPDX-License-Identifier: ISC */
/* Listeners, opens, callbacks that call back, and what strangers may not do. */
#include "stack/tcp/tcp_lab.h"

#define PEER (PEER_ISS + 1)
#define UNA (LAB_ISS + 1)

/* --- listeners ------------------------------------------------------------------------------------------- */

static int hits[2];

static void hit(struct tcp_flow *f, void *arg)
{
	hits[(uintptr_t)arg]++;
	tcp_release(f);
}

static void syn_from(struct lab *lab, uint16_t port)
{
	uint8_t header[TCP_HDR_MAX];
	struct tcp_hdr h = { .src_port = port, .dst_port = LAB_PORT, .flags = TCP_SYN, .seq = PEER_ISS, .window = 65535 };
	int n = tcp_hdr_emit(&h, header, sizeof(header));
	struct buf *b = buf_from(lab->net.pool, header, (uint32_t)n);
	put_be16(b->data + 16, tcp_checksum(&lab->net.side[1].addr, &lab->net.side[0].addr, b->data, b->len));
	lab_arrive(&lab->net, 0, b);
	lab_settle(lab);
}

START_TEST(listeners_by_address)
{
	struct tcp_config c = lab_config();
	struct tcp_listener *any, *one, *other;
	struct lab lab;
	hits[0] = hits[1] = 0;
	lab_init(&lab, &c);
	struct tcp_listen l = { .port = LAB_PORT, .accept = hit, .arg = (void *)0 };
	ck_assert_int_eq(tcp_listen(lab.face, &l, &any), 0);
	ck_assert_int_eq(tcp_listen(lab.face, &l, &other), -EADDRINUSE);
	l.local = lab.net.side[0].addr;
	l.arg = (void *)1;
	ck_assert_int_eq(tcp_listen(lab.face, &l, &one), 0);
	ck_assert_int_eq(tcp_listen(lab.face, &l, &other), -EADDRINUSE);
	l.local = lab_addr(99);
	ck_assert_int_eq(tcp_listen(lab.face, &l, &other), -EADDRNOTAVAIL);
	l.local = (struct ip_addr){ .family = 6 };
	ck_assert_int_eq(tcp_listen(lab.face, &l, &other), -EAFNOSUPPORT);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	ck_assert_int_eq(hits[0], 0);
	ck_assert_int_eq(hits[1], 1); /* the specific address wins */
	tcp_unlisten(one);
	ck_assert_uint_eq(tcp_listener_port(any), LAB_PORT);
	tcp_unlisten(any);
	lab_inject(&lab, TCP_SYN, 5, 0, "");
	struct tcp_listen eph = { .accept = hit };
	ck_assert_int_eq(tcp_listen(lab.face, &eph, &any), 0);
	ck_assert_uint_ge(tcp_listener_port(any), 49152);
	lab_fini(&lab); /* with a listener left: destroy frees it */
}
END_TEST

START_TEST(backlog_is_bounded)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	struct tcp_listen l = { .port = LAB_PORT, .backlog = 3, .accept = lab_accept, .arg = &lab };
	ck_assert_int_eq(tcp_listen(lab.face, &l, &lab.listener), 0);
	for (uint16_t i = 0; i < 10; i++)
		syn_from(&lab, (uint16_t)(2000 + i));
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 3);
	ck_assert_uint_eq(lab_counter(&lab, "drop.backlog"), 7);
	lab.net.next_seen = lab.net.n_seen;
	tcp_unlisten(lab.listener); /* those not yet accepted are reset */
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(lab_next(&lab)->h.flags, TCP_RST);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(flows_are_bounded)
{
	struct tcp_config c = lab_config();
	c.max_flows = 5;
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	for (uint16_t i = 0; i < 10; i++)
		syn_from(&lab, (uint16_t)(2000 + i));
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 5);
	ck_assert_uint_eq(lab_counter(&lab, "drop.flows"), 5);
	lab_fini(&lab);
}
END_TEST

START_TEST(an_unwanted_flow_is_reset)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab.refuse = true;
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	lab_expect(&lab, TCP_RST, UNA, 0, 0);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* A hundred thousand flows through one table, and none is lost or slow. */
START_TEST(many_flows)
{
	struct tcp_config c = lab_config();
	c.backlog = 100000;
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	for (uint32_t host = 0; host < 2; host++) {
		lab.net.side[1].addr = lab_addr((uint8_t)(2 + host));
		for (uint32_t i = 0; i < 50000; i++) {
			syn_from(&lab, (uint16_t)(1 + i));
			lab.net.n_seen = lab.net.next_seen = 0;
		}
	}
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 100000);
	lab_fini(&lab);
}
END_TEST

/* --- active open ------------------------------------------------------------------------------------------- */

START_TEST(connect_errors)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_flow *f;
	lab_init(&lab, &c);
	struct tcp_connect good = { .remote = lab.net.side[1].addr, .remote_port = 80, .events = &lab_events, .arg = &lab };
	struct tcp_connect bad = good;
	bad.remote_port = 0;
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -EINVAL);
	bad = good;
	bad.remote = ip_from_ip4((struct ip4_addr){ { 192, 168, 0, 1 } });
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -ENETUNREACH);
	bad.remote = lab_addr(255); /* MUST-46 */
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -EADDRNOTAVAIL);
	bad.remote = ip_from_ip4((struct ip4_addr){ { 224, 0, 0, 1 } });
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -EADDRNOTAVAIL);
	bad.remote = (struct ip_addr){ .family = 6, .b = { 1 } };
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -EAFNOSUPPORT);
	bad = good;
	bad.local = lab_addr(77);
	ck_assert_int_eq(tcp_connect(lab.face, &bad, &f), -EADDRNOTAVAIL);
	good.local_port = 5555;
	ck_assert_int_eq(tcp_connect(lab.face, &good, &f), 0);
	struct tcp_flow *again;
	ck_assert_int_eq(tcp_connect(lab.face, &good, &again), -EADDRINUSE);
	good.remote_port = 81; /* another 4-tuple may use the port */
	ck_assert_int_eq(tcp_connect(lab.face, &good, &again), 0);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 2);
	tcp_release(f);
	tcp_release(again);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(ephemeral_ports_run_out_honestly)
{
	struct tcp_config c = lab_config();
	c.port_min = 50000;
	c.port_max = 50009;
	struct lab lab;
	struct tcp_flow *f;
	lab_init(&lab, &c);
	struct tcp_connect to = { .remote = lab.net.side[1].addr, .remote_port = 80, .events = &lab_events, .arg = &lab };
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(tcp_connect(lab.face, &to, &f), 0);
	ck_assert_int_eq(tcp_connect(lab.face, &to, &f), -EADDRINUSE);
	to.remote_port = 81;
	ck_assert_int_eq(tcp_connect(lab.face, &to, &f), 0);
	lab_fini(&lab);
}
END_TEST

/* RFC 6528: another ISS for another tuple; the clock moves it by 250 000 a second. */
START_TEST(isn_follows_clock_and_tuple)
{
	struct tcp_config c = lab_config();
	c.isn_fixed = false;
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	syn_from(&lab, 2000);
	uint32_t first = lab_next(&lab)->h.seq;
	syn_from(&lab, 2001);
	ck_assert_uint_ne(lab_next(&lab)->h.seq, first);
	lab_inject(&lab, TCP_RST, 0, 0, "");
	net_run(&lab.net, 1000 * SEC); /* both gave up */
	lab.net.next_seen = lab.net.n_seen;
	syn_from(&lab, 2000);
	ck_assert_uint_eq(lab_next(&lab)->h.seq - first, 250000000);
	lab_fini(&lab);
}
END_TEST

/* --- callbacks that call back -------------------------------------------------------------------------------- */

static int deaths;

static void release_in_readable(struct tcp_flow *f, void *arg)
{
	(void)arg;
	tcp_release(f);
}
static void abort_and_release(struct tcp_flow *f, void *arg)
{
	(void)arg;
	tcp_abort(f);
	tcp_release(f);
}
static void count_death(struct tcp_flow *f, int err, void *arg)
{
	(void)arg;
	ck_assert_int_eq(err, -ECONNABORTED);
	deaths++;
	tcp_shutdown(f);
	tcp_abort(f);
}
static const struct tcp_events rude[] = {
	{ .readable = release_in_readable },
	{ .readable = abort_and_release, .closed = count_death },
};

START_TEST(release_and_abort_from_a_callback)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	deaths = 0;
	lab_establish(&lab, 1000);
	tcp_set_events(lab.flow, &rude[_i], NULL);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "text");
	lab_expect(&lab, TCP_RST, UNA, 0, 0); /* released with unread text: lost data is shown (SHLD-3) */
	lab_expect_silence(&lab);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	ck_assert_int_eq(deaths, 0); /* no callback after the release */
	lab_fini(&lab);
}
END_TEST

START_TEST(abort_tells_once)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	deaths = 0;
	lab_establish(&lab, 1000);
	tcp_set_events(lab.flow, &rude[1], NULL);
	tcp_abort(lab.flow);
	tcp_abort(lab.flow);
	ck_assert_int_eq(deaths, 1);
	lab_expect(&lab, TCP_RST, UNA, 0, 0);
	lab_expect_silence(&lab);
	tcp_release(lab.flow);
	lab_fini(&lab);
}
END_TEST

static void unlisten_in_accept(struct tcp_flow *f, void *arg)
{
	struct lab *lab = arg;
	tcp_unlisten(lab->listener);
	lab->flow = f;
	tcp_set_events(f, &lab_events, lab);
}

START_TEST(unlisten_from_accept)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	struct tcp_listen l = { .port = LAB_PORT, .accept = unlisten_in_accept, .arg = &lab };
	ck_assert_int_eq(tcp_listen(lab.face, &l, &lab.listener), 0);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "text");
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_ESTABLISHED); /* accepted ones live on */
	ck_assert_int_eq(lab.readable, 1);
	tcp_release(lab.flow);
	lab_fini(&lab);
}
END_TEST

/* Data for a flow that its owner released is answered with a RST (SHLD-3). */
START_TEST(data_after_release)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_establish(&lab, 1000);
	tcp_release(lab.flow);
	lab_expect(&lab, TCP_FIN | TCP_ACK, UNA, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 1, "late");
	lab_expect(&lab, TCP_RST, UNA + 1, 0, 0);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* An IP layer that delivers to itself calls back from within send: both ends on one TCP. */
static int self_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	struct side *s = (struct side *)ip;
	struct ip_rx rx = { .src = tx->src, .dst = tx->dst, .protocol = 6, .ttl = 64 };
	s->rx(b, &rx, s->arg);
	return 0;
}

START_TEST(both_ends_on_one_tcp)
{
	struct lab lab;
	struct ip_ops own = lab_ip_ops;
	struct tcp_flow *client;
	char text[8];
	own.send = self_send;
	lab_init(&lab, NULL);
	lab.net.side[0].ip.ops = &own;
	lab_listen(&lab);
	struct tcp_connect c = { .remote = lab.net.side[0].addr, .remote_port = LAB_PORT, .events = &lab_events, .arg = &lab };
	ck_assert_int_eq(tcp_connect(lab.face, &c, &client), 0);
	ck_assert_int_eq(lab.connected, 1);
	ck_assert_int_eq(lab.accepted, 1);
	ck_assert_int_eq(tcp_write(client, "hello", 5), 5);
	ck_assert_int_eq(tcp_read(lab.flow, text, 8), 5);
	tcp_release(client);
	ck_assert_int_eq(tcp_read(lab.flow, text, 8), 0);
	tcp_release(lab.flow);
	net_run(&lab.net, 300 * SEC);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_api");
	TCase *tc = tcase_create("api");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, listeners_by_address);
	tcase_add_test(tc, backlog_is_bounded);
	tcase_add_test(tc, flows_are_bounded);
	tcase_add_test(tc, an_unwanted_flow_is_reset);
	tcase_add_test(tc, many_flows);
	tcase_add_test(tc, connect_errors);
	tcase_add_test(tc, ephemeral_ports_run_out_honestly);
	tcase_add_test(tc, isn_follows_clock_and_tuple);
	tcase_add_loop_test(tc, release_and_abort_from_a_callback, 0, 2);
	tcase_add_test(tc, abort_tells_once);
	tcase_add_test(tc, unlisten_from_accept);
	tcase_add_test(tc, data_after_release);
	tcase_add_test(tc, both_ends_on_one_tcp);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
