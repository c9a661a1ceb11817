/* SPDX-License-Identifier: ISC */
/* What happens while nothing else does: probes, delayed ACKs, keep-alives, TIME-WAIT. */
#include "stack/tcp/tcp_lab_time.h"

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

int main(void)
{
	Suite *s = suite_create("tcp_idle");
	TCase *tc = tcase_create("idle");
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
	suite_add_tcase(s, tc);
	return unit_main(s);
}
