/* SPDX-License-Identifier: ISC */
/* Everything that happens because time passed, to the nanosecond. */
#include "stack/tcp/tcp_lab.h"

#define PEER (PEER_ISS + 1)
#define UNA (LAB_ISS + 1)

static uint64_t now(const struct lab *lab)
{
	return lab->net.env.now_ns;
}

/* Runs until the next segment and checks that it is sent after_ns after from_ns. */
static const struct seen *expect_at(struct lab *lab, uint64_t from_ns, uint64_t after_ns)
{
	struct net *net = &lab->net;
	while (net->next_seen == net->n_seen) {
		uint64_t next = timers_next(&net->env.timers);
		ck_assert_msg(next != TIMER_NEVER, "nothing is ever sent");
		env_advance(&net->env, next);
	}
	const struct seen *s = &net->seen[net->next_seen++];
	ck_assert_msg(
		s->at_ns == from_ns + after_ns, "sent after %.9f s, expected %.9f s", (double)(s->at_ns - from_ns) / 1e9, (double)after_ns / 1e9);
	return s;
}

static void start(struct lab *lab, const struct tcp_config *config)
{
	lab_init(lab, config);
	lab_establish(lab, 1000);
}

/* --- SYN ------------------------------------------------------------------------------------------------ */

/* RFC 9293 MUST-23: at least three minutes. 1+2+4+8+16+32+60+60 s with the defaults. */
START_TEST(syn_backs_off_and_gives_up)
{
	static const uint64_t gaps[] = { 1, 2, 4, 8, 16, 32, 60 };
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_connect(&lab);
	lab_expect(&lab, TCP_SYN, LAB_ISS, 0, 0);
	uint64_t t = now(&lab);
	for (int i = 0; i < 7; i++) {
		const struct seen *s = expect_at(&lab, t, gaps[i] * SEC);
		ck_assert_uint_eq(s->h.seq, LAB_ISS);
		ck_assert_uint_eq(s->h.flags, TCP_SYN);
		t = s->at_ns;
	}
	ck_assert_int_eq(lab.net.side[0].advice[0], 1); /* R1 passed: negative advice to IP, once */
	net_run(&lab.net, 60 * SEC - 1);
	ck_assert_int_eq(lab.closed, 0);
	net_run(&lab.net, 1);
	ck_assert_int_eq(lab.closed, 1);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	ck_assert_uint_ge(now(&lab), 180 * SEC);
	lab_fini(&lab);
}
END_TEST

/* RFC 6298 (5.7): after a lost SYN the data timer starts at 3 s. RFC 6928: one lost SYN does not shrink the window. */
START_TEST(a_lost_syn_makes_the_first_rto_three_seconds)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_connect(&lab);
	lab_expect(&lab, TCP_SYN, LAB_ISS, 0, 0);
	expect_at(&lab, now(&lab), 1 * SEC);
	lab_inject(&lab, TCP_SYN | TCP_ACK, PEER_ISS, UNA, "");
	lab_expect(&lab, TCP_ACK, UNA, PEER, 0);
	struct tcp_info info;
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.rto_ns, 3 * SEC);
	ck_assert_uint_eq(info.srtt_ns, 0); /* Karn */
	ck_assert_uint_eq(info.cwnd, 5360);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	uint64_t t = now(&lab);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 1);
	expect_at(&lab, t, 3 * SEC);
	lab_fini(&lab);
}
END_TEST

START_TEST(syn_ack_is_retransmitted)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER, 0);
	const struct seen *s = expect_at(&lab, 0, 1 * SEC);
	ck_assert_uint_eq(s->h.flags, TCP_SYN | TCP_ACK);
	expect_at(&lab, 0, 3 * SEC);
	net_run(&lab.net, 300 * SEC);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* --- retransmission ------------------------------------------------------------------------------------------ */

/* RFC 6298 section 2 on an RTT that goes from 100 ms to 180 ms, with a low floor. */
START_TEST(rto_follows_the_formulas)
{
	struct tcp_config c = lab_config();
	c.min_rto_ms = 1;
	struct lab lab;
	struct tcp_info info;
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	net_run(&lab.net, 100 * MS);
	lab_inject(&lab, TCP_ACK, PEER, UNA, ""); /* R = 100 ms: (2.2) */
	uint64_t srtt = 100 * MS, rttvar = 50 * MS;
	for (uint32_t i = 1; i < 5; i++) {
		tcp_info(lab.flow, &info);
		ck_assert_uint_eq(info.srtt_ns, srtt);
		ck_assert_uint_eq(info.rttvar_ns, rttvar);
		ck_assert_uint_eq(info.rto_ns, srtt + 4 * rttvar);
		ck_assert_uint_eq(info.min_rtt_ns, 100 * MS);
		ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
		net_run(&lab.net, 180 * MS);
		lab_inject(&lab, TCP_ACK, PEER, UNA + i, ""); /* R' = 180 ms: (2.3) */
		rttvar = rttvar - rttvar / 4 + (180 * MS - srtt) / 4;
		srtt = srtt - srtt / 8 + 180 * MS / 8;
	}
	lab_fini(&lab);
}
END_TEST

/* (5.5), (5.6), R1 and R2. */
START_TEST(data_backs_off_and_gives_up)
{
	struct tcp_config c = lab_config();
	c.retries = 8;
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 4);
	uint64_t t = now(&lab), gap = 1;
	for (int i = 0; i < 8; i++) {
		const struct seen *s = expect_at(&lab, t, gap * SEC);
		ck_assert_uint_eq(s->h.seq, UNA);
		ck_assert_uint_eq(s->len, 4);
		t = s->at_ns;
		gap = gap * 2 > 60 ? 60 : gap * 2;
		ck_assert_int_eq(lab.net.side[0].advice[0], i >= 2);
	}
	net_run(&lab.net, 60 * SEC);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* Karn: an ACK of what was retransmitted is no sample, and the backed-off RTO stays until there is one. */
START_TEST(karn)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info;
	start(&lab, &c);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 4);
	expect_at(&lab, 0, 1 * SEC);
	net_run(&lab.net, 500 * MS);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 4, "");
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.srtt_ns, 1); /* the handshake's */
	ck_assert_uint_eq(info.rto_ns, 2 * SEC);
	ck_assert_int_eq(tcp_write(lab.flow, "more", 4), 4);
	net_run(&lab.net, 40 * MS);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 8, "");
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.rto_ns, 1 * SEC);
	lab_fini(&lab);
}
END_TEST

/* RFC 6298 (5.3): an ACK of new data restarts the timer; (5.2): the last one stops it. */
START_TEST(the_timer_restarts_with_progress)
{
	struct tcp_config c = lab_config();
	uint8_t bytes[2000] = { 0 };
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 2000), 2000);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 1000);
	lab_expect(&lab, TCP_ACK, UNA + 1000, PEER, 1000);
	net_run(&lab.net, 700 * MS);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 1000, "");
	struct tcp_info info;
	tcp_info(lab.flow, &info);
	const struct seen *s = expect_at(&lab, now(&lab), info.rto_ns);
	ck_assert_uint_eq(s->h.seq, UNA + 1000);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 2000, "");
	net_run(&lab.net, 1000 * SEC);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* R2 as time, exactly (RFC 9293 section 3.10.8, RFC 5482). */
START_TEST(user_timeout)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_USER_TIMEOUT_MS, 5000), 0);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	net_run(&lab.net, 5 * SEC - 1);
	ck_assert_int_eq(lab.closed, 0);
	net_run(&lab.net, 1);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	lab_fini(&lab);
}
END_TEST

/* What a router said is the better reason in the end; it does not end the flow (MUST-56). */
START_TEST(a_soft_error_is_reported_at_the_end)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_connect(&lab);
	uint8_t quoted[8];
	put_be16(quoted, LAB_PORT);
	put_be16(quoted + 2, PEER_PORT);
	put_be32(quoted + 4, LAB_ISS);
	struct ip_error err = {
		.kind = IP_ERROR_UNREACHABLE_HOST, .src = lab.net.side[0].addr, .dst = lab.net.side[1].addr, .payload = quoted, .payload_len = 8
	};
	lab.net.side[0].error(&err, lab.net.side[0].arg);
	ck_assert_int_eq(lab.closed, 0);
	net_run(&lab.net, 200 * SEC);
	ck_assert_int_eq(lab.error, -EHOSTUNREACH);
	lab_fini(&lab);
}
END_TEST

/* --- zero window ----------------------------------------------------------------------------------------------- */

static void close_window(struct lab *lab, uint32_t ack, uint16_t window)
{
	struct tcp_hdr h = { .flags = TCP_ACK, .seq = PEER, .ack = ack, .window = window };
	lab_inject_hdr(lab, h, NULL, 0);
}

/* RFC 9293 section 3.8.6.1: first probe after one RTO, doubling, for ever while answered. */
START_TEST(zero_window_is_probed_for_ever)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	close_window(&lab, UNA, 0);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	lab_expect_silence(&lab);
	uint64_t t = now(&lab), gap = 1;
	for (int i = 0; i < 500; i++) {
		const struct seen *s = expect_at(&lab, t, gap * SEC);
		ck_assert_uint_eq(s->h.seq, UNA);
		ck_assert_uint_eq(s->len, 1);
		t = s->at_ns;
		gap = gap * 2 > 60 ? 60 : gap * 2;
		close_window(&lab, UNA, 0);
		lab_expect_silence(&lab);
	}
	ck_assert_int_eq(lab.closed, 0);
	close_window(&lab, UNA, 1000);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 4);
	lab_fini(&lab);
}
END_TEST

START_TEST(unanswered_probes_count_towards_r2)
{
	struct tcp_config c = lab_config();
	c.retries = 5;
	struct lab lab;
	start(&lab, &c);
	close_window(&lab, UNA, 0);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	net_run(&lab.net, (1 + 2 + 4 + 8 + 16 + 32) * SEC - 1);
	ck_assert_int_eq(lab.closed, 0);
	net_run(&lab.net, 1);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	lab_fini(&lab);
}
END_TEST

/* A probe whose byte the peer took moves on. */
START_TEST(an_accepted_probe_advances)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	close_window(&lab, UNA, 0);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	expect_at(&lab, 0, 1 * SEC);
	close_window(&lab, UNA + 1, 0);
	const struct seen *s = expect_at(&lab, 1 * SEC, 2 * SEC);
	ck_assert_uint_eq(s->h.seq, UNA + 1);
	ck_assert_int_eq(s->text[0], 'a');
	lab_fini(&lab);
}
END_TEST

/* MUST-35: a window that shrinks to zero under data in flight is probed, and nobody times out. */
START_TEST(a_window_shrunk_to_zero_is_probed)
{
	struct tcp_config c = lab_config();
	c.retries = 3;
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_write(lab.flow, "data", 4), 4);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 4);
	close_window(&lab, UNA, 0);
	uint64_t t = now(&lab), gap = 1;
	for (int i = 0; i < 12; i++) {
		const struct seen *probe = expect_at(&lab, t, gap * SEC);
		ck_assert_uint_eq(probe->h.seq, UNA);
		ck_assert_uint_eq(probe->len, 1);
		t = probe->at_ns;
		gap = gap * 2 > 60 ? 60 : gap * 2;
		close_window(&lab, UNA, 0);
	}
	ck_assert_int_eq(lab.closed, 0);
	ck_assert_uint_ge(lab_counter(&lab, "probes"), 10);
	ck_assert_uint_eq(lab_counter(&lab, "timeouts"), 0);
	close_window(&lab, UNA, 1000);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 4);
	lab_fini(&lab);
}
END_TEST

/* A FIN alone waits for the window as well, and probes with itself. */
START_TEST(a_fin_probes_a_zero_window)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	close_window(&lab, UNA, 0);
	ck_assert_int_eq(tcp_shutdown(lab.flow), 0);
	lab_expect_silence(&lab);
	const struct seen *s = expect_at(&lab, 0, 1 * SEC);
	ck_assert_uint_eq(s->h.flags & TCP_FIN, TCP_FIN);
	close_window(&lab, UNA + 1, 0);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_FIN_WAIT_2);
	lab_fini(&lab);
}
END_TEST

/* RFC 9293 section 3.8.6.2.1 (4): a window too small to be worth it is used after the override timeout. */
START_TEST(sws_override)
{
	struct tcp_config c = lab_config();
	uint8_t bytes[500] = { 0 };
	struct lab lab;
	start(&lab, &c);
	close_window(&lab, UNA, 100);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 500), 500);
	lab_expect_silence(&lab);
	const struct seen *s = expect_at(&lab, 0, 500 * MS);
	ck_assert_uint_eq(s->len, 100);
	lab_fini(&lab);
}
END_TEST

/* --- delayed ACK -------------------------------------------------------------------------------------------------- */

START_TEST(a_single_segment_is_acknowledged_after_200_ms)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "hello");
	lab_expect_silence(&lab);
	const struct seen *s = expect_at(&lab, 0, 200 * MS);
	ck_assert_uint_eq(s->h.ack, PEER + 5);
	net_run(&lab.net, 10 * SEC);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

START_TEST(every_second_full_segment_is_acknowledged_at_once)
{
	struct tcp_config c = lab_config();
	char text[1001];
	struct lab lab;
	memset(text, 'x', 1000);
	text[1000] = 0;
	start(&lab, &c);
	for (uint32_t i = 0; i < 10; i += 2) {
		lab_inject(&lab, TCP_ACK, PEER + i * 1000, UNA, text);
		lab_expect_silence(&lab);
		lab_inject(&lab, TCP_ACK, PEER + (i + 1) * 1000, UNA, text);
		lab_expect(&lab, TCP_ACK, UNA, PEER + (i + 2) * 1000, 0);
	}
	lab_fini(&lab);
}
END_TEST

START_TEST(data_carries_the_delayed_ack)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "hello");
	ck_assert_int_eq(tcp_write(lab.flow, "reply", 5), 5);
	lab_expect(&lab, TCP_ACK, UNA, PEER + 5, 5);
	lab_inject(&lab, TCP_ACK, PEER + 5, UNA + 5, "");
	net_run(&lab.net, 10 * SEC);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* --- keep-alive ------------------------------------------------------------------------------------------------------ */

START_TEST(keepalive_is_off_by_default)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	net_run(&lab.net, 100 * 3600 * SEC);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab.closed, 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(keepalive_after_two_hours)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_KEEPALIVE_OPT, 1), 0);
	for (uint64_t i = 1; i < 20; i++) { /* answered for ever */
		const struct seen *s = expect_at(&lab, 0, i * 7200 * SEC);
		ck_assert_uint_eq(s->h.seq, UNA - 1);
		ck_assert_uint_eq(s->len, 0);
		ck_assert_uint_eq(s->h.flags, TCP_ACK);
		lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	}
	/* Then silence: 9 probes 75 s apart, and the end 75 s after the last. */
	for (uint64_t i = 0; i < 9; i++)
		expect_at(&lab, 20 * 7200 * SEC, i * 75 * SEC);
	ck_assert_int_eq(lab.closed, 0);
	const struct seen *s = expect_at(&lab, 20 * 7200 * SEC, 9 * 75 * SEC);
	ck_assert_uint_eq(s->h.flags, TCP_RST);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	lab_fini(&lab);
}
END_TEST

/* MUST-26: only when nothing was heard for the interval. */
START_TEST(keepalive_is_put_off_by_traffic)
{
	struct tcp_config c = lab_config();
	c.keepalive = true;
	struct lab lab;
	start(&lab, &c);
	net_run(&lab.net, 7000 * SEC);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	lab_expect_silence(&lab);
	expect_at(&lab, 7000 * SEC, 7200 * SEC);
	lab_fini(&lab);
}
END_TEST

START_TEST(a_peers_keepalive_is_answered)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	lab_inject(&lab, TCP_ACK, PEER - 1, UNA, "");
	lab_expect(&lab, TCP_ACK, UNA, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER - 1, UNA, "x"); /* with the garbage octet */
	lab_expect(&lab, TCP_ACK, UNA, PEER, 0);
	lab_fini(&lab);
}
END_TEST

/* --- ends ---------------------------------------------------------------------------------------------------------------- */

static void time_wait(struct lab *lab, const struct tcp_config *c)
{
	start(lab, c);
	ck_assert_int_eq(tcp_shutdown(lab->flow), 0);
	lab_expect(lab, TCP_FIN | TCP_ACK, UNA, PEER, 0);
	lab_inject(lab, TCP_FIN | TCP_ACK, PEER, UNA + 1, "");
	lab_expect(lab, TCP_ACK, UNA + 1, PEER + 1, 0);
	ck_assert_int_eq(lab->closed, 1);
	ck_assert_int_eq(lab->error, 0);
}

START_TEST(time_wait_lasts_two_msl)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	time_wait(&lab, &c);
	tcp_release(lab.flow);
	net_run(&lab.net, 100 * SEC);
	lab_inject(&lab, TCP_FIN | TCP_ACK, PEER, UNA + 1, ""); /* the FIN again: acknowledged, and 2 MSL from now */
	lab_expect(&lab, TCP_ACK, UNA + 1, PEER + 1, 0);
	net_run(&lab.net, 240 * SEC - 1);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 1);
	net_run(&lab.net, 1);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* RFC 1337: a RST does not end TIME-WAIT, unless configured so. */
START_TEST(time_wait_assassination)
{
	struct tcp_config c = lab_config();
	c.time_wait_rst_ignored = _i;
	struct lab lab;
	time_wait(&lab, &c);
	tcp_release(lab.flow);
	lab_inject(&lab, TCP_RST, PEER + 1, 0, "");
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), (uint32_t)_i);
	lab_fini(&lab);
}
END_TEST

/* RFC 9293 section 3.6.1: a SYN beyond the old sequence space reopens, an older one does not. */
START_TEST(time_wait_is_reopened_by_a_newer_syn)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	time_wait(&lab, &c);
	tcp_release(lab.flow);
	lab_inject(&lab, TCP_SYN, PEER_ISS - 5, 0, "");
	lab_expect(&lab, TCP_ACK, UNA + 1, PEER + 1, 0);
	lab_inject(&lab, TCP_SYN, PEER + 1000, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, UNA + 2, PEER + 1001, 0); /* ISS beyond the last number used */
	lab_inject(&lab, TCP_ACK, PEER + 1001, UNA + 3, "");
	ck_assert_int_eq(lab.accepted, 2);
	lab_fini(&lab);
}
END_TEST

START_TEST(an_orphan_leaves_fin_wait_2)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	tcp_release(lab.flow);
	lab_expect(&lab, TCP_FIN | TCP_ACK, UNA, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 1, "");
	net_run(&lab.net, 60 * SEC - 1);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 1);
	net_run(&lab.net, 1);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* Millisecond clocks of 32 bits wrap after 49.7 days; nothing here does. */
START_TEST(after_fifty_days)
{
	struct tcp_config c = lab_config();
	c.timestamps = true;
	struct lab lab;
	lab_init(&lab, &c);
	net_run(&lab.net, UINT64_C(4294967) * SEC);
	lab.ts_val = UINT32_MAX;
	lab_listen(&lab);
	struct tcp_hdr syn = { .flags = TCP_SYN, .seq = PEER_ISS, .window = 65535 };
	lab_inject_hdr(&lab, syn, NULL, 0);
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER, 0);
	lab.ts_val = 1; /* wrapped, and newer */
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	ck_assert_int_eq(lab.accepted, 1);
	uint64_t t = now(&lab);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 1);
	expect_at(&lab, t, 1 * SEC);
	lab_fini(&lab);
}
END_TEST

/* Karn again: the SYN,ACK went twice, so the ACK tells nothing about the round trip. */
START_TEST(a_repeated_syn_ack_is_no_sample)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info;
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	net_run(&lab.net, 100 * MS);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	net_run(&lab.net, 50 * MS);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.srtt_ns, 0);
	lab_fini(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_timers");
	TCase *tc = tcase_create("timers");
	tcase_add_test(tc, syn_backs_off_and_gives_up);
	tcase_add_test(tc, a_lost_syn_makes_the_first_rto_three_seconds);
	tcase_add_test(tc, syn_ack_is_retransmitted);
	tcase_add_test(tc, rto_follows_the_formulas);
	tcase_add_test(tc, data_backs_off_and_gives_up);
	tcase_add_test(tc, karn);
	tcase_add_test(tc, a_repeated_syn_ack_is_no_sample);
	tcase_add_test(tc, the_timer_restarts_with_progress);
	tcase_add_test(tc, user_timeout);
	tcase_add_test(tc, a_soft_error_is_reported_at_the_end);
	tcase_add_test(tc, zero_window_is_probed_for_ever);
	tcase_add_test(tc, unanswered_probes_count_towards_r2);
	tcase_add_test(tc, an_accepted_probe_advances);
	tcase_add_test(tc, a_window_shrunk_to_zero_is_probed);
	tcase_add_test(tc, a_fin_probes_a_zero_window);
	tcase_add_test(tc, sws_override);
	tcase_add_test(tc, a_single_segment_is_acknowledged_after_200_ms);
	tcase_add_test(tc, every_second_full_segment_is_acknowledged_at_once);
	tcase_add_test(tc, data_carries_the_delayed_ack);
	tcase_add_test(tc, keepalive_is_off_by_default);
	tcase_add_test(tc, keepalive_after_two_hours);
	tcase_add_test(tc, keepalive_is_put_off_by_traffic);
	tcase_add_test(tc, a_peers_keepalive_is_answered);
	tcase_add_test(tc, time_wait_lasts_two_msl);
	tcase_add_loop_test(tc, time_wait_assassination, 0, 2);
	tcase_add_test(tc, time_wait_is_reopened_by_a_newer_syn);
	tcase_add_test(tc, an_orphan_leaves_fin_wait_2);
	tcase_add_test(tc, after_fifty_days);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
