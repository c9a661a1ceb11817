/* SPDX-License-Identifier: ISC */
/* Retransmission timers: SYN, data, back-off, giving up. */
#include "stack/tcp/tcp_lab_time.h"

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
	tcase_add_test(tc, after_fifty_days);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
