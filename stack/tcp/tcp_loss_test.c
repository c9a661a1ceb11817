/* SPDX-License-Identifier: ISC */
/* The congestion window, and how losses are found and mended. */
#include "stack/tcp/tcp_cc.h"
#include "stack/tcp/tcp_lab_stream.h"

/* --- congestion window ---------------------------------------------------------------------------------- */

/* RFC 6928, then RFC 5681 section 3.1: one SMSS per ACK at most, and per cwnd of bytes above ssthresh. */
START_TEST(slow_start)
{
	struct lab lab;
	start(&lab, lab_config(), 100000);
	expect_data(&lab, 0, 10);
	lab_expect_silence(&lab);
	ack(&lab, 1000);
	expect_data(&lab, 10000, 2);
	ack(&lab, 3000); /* two segments with one ACK: cwnd grows by one SMSS */
	expect_data(&lab, 12000, 3);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).cwnd, 12000);
	ck_assert_uint_eq(info_of(&lab).ssthresh, UINT32_MAX);
	lab_fini(&lab);
}
END_TEST

START_TEST(initial_window_is_configurable)
{
	struct tcp_config c = lab_config();
	c.initial_window = 3;
	struct lab lab;
	start(&lab, c, 100000);
	expect_data(&lab, 0, 3);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* After a timeout: one segment, then slow start up to half of what was in flight, then one SMSS per round trip. */
START_TEST(timeout_then_congestion_avoidance)
{
	struct lab lab;
	start(&lab, lab_config(), 100000);
	expect_data(&lab, 0, 10);
	net_run(&lab.net, 1 * SEC);
	expect_data(&lab, 0, 1);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).cwnd, 1000);
	ck_assert_uint_eq(info_of(&lab).ssthresh, 5000);
	for (uint32_t i = 1; i <= 4; i++) { /* slow start: go back to what is unacknowledged */
		ack(&lab, i * 1000);
		while (lab_next(&lab))
			;
		ck_assert_uint_eq(info_of(&lab).cwnd, 1000 + i * 1000);
	}
	uint32_t at = 4000;
	for (int round = 0; round < 3; round++) { /* congestion avoidance: +1 SMSS for each cwnd */
		uint32_t cwnd = info_of(&lab).cwnd;
		for (uint32_t got = 0; got < cwnd; got += 1000) {
			ck_assert_uint_eq(info_of(&lab).cwnd, cwnd);
			ack(&lab, at += 1000);
			while (lab_next(&lab))
				;
		}
		ck_assert_uint_eq(info_of(&lab).cwnd, cwnd + 1000);
	}
	lab_fini(&lab);
}
END_TEST

/* A cumulative ACK after the timeout skips what the receiver already had. */
START_TEST(timeout_resends_only_what_is_missing)
{
	struct lab lab;
	start(&lab, lab_config(), 10000);
	expect_data(&lab, 0, 10);
	net_run(&lab.net, 1 * SEC);
	expect_data(&lab, 0, 1);
	ack(&lab, 9000);
	expect_data(&lab, 9000, 1);
	ack(&lab, 10000);
	net_run(&lab.net, 100 * SEC);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).retransmits, 2);
	lab_fini(&lab);
}
END_TEST

START_TEST(window_restarts_after_idle)
{
	struct tcp_config c = lab_config();
	c.idle_restart = _i;
	struct lab lab;
	start(&lab, c, 20000);
	expect_data(&lab, 0, 10);
	for (uint32_t i = 1; i <= 20; i++)
		ack(&lab, i * 1000);
	while (lab_next(&lab))
		;
	ck_assert_uint_gt(info_of(&lab).cwnd, 15000);
	net_run(&lab.net, 5 * SEC);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 50000), 50000);
	unsigned n = 0;
	while (lab_next(&lab))
		n++;
	if (_i)
		ck_assert_uint_eq(n, 10);
	else
		ck_assert_uint_gt(n, 10);
	lab_fini(&lab);
}
END_TEST

/* A writer that never fills the window does not make it grow without bound. */
START_TEST(unused_window_does_not_grow)
{
	struct lab lab;
	start(&lab, lab_config(), 0);
	for (uint32_t i = 1; i <= 100; i++) {
		ck_assert_int_eq(tcp_write(lab.flow, bytes, 1000), 1000);
		ack(&lab, i * 1000);
	}
	ck_assert_uint_eq(info_of(&lab).cwnd, 10000);
	lab_fini(&lab);
}
END_TEST

/* --- loss ------------------------------------------------------------------------------------------------------ */

/* RFC 3042, RFC 5681 section 3.2, RFC 6582: limited transmit, third duplicate, inflation, full ACK. */
START_TEST(fast_retransmit_and_recovery)
{
	struct lab lab;
	start(&lab, lab_config(), 50000);
	expect_data(&lab, 0, 10);
	ack(&lab, 0);
	expect_data(&lab, 10000, 1); /* limited transmit */
	ack(&lab, 0);
	expect_data(&lab, 11000, 1);
	lab_expect_silence(&lab);
	ack(&lab, 0);
	expect_data(&lab, 0, 1);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).ssthresh, 5000); /* half of 10 segments: what limited transmit added does not count */
	ck_assert_uint_eq(info_of(&lab).cwnd, 8000);
	for (int i = 0; i < 4; i++)
		ack(&lab, 0); /* 12 000 in flight: the first four only inflate */
	lab_expect_silence(&lab);
	ack(&lab, 0);
	expect_data(&lab, 12000, 1);
	ack(&lab, 12000);                            /* full ACK */
	ck_assert_uint_eq(info_of(&lab).cwnd, 2000); /* min(ssthresh, max(FlightSize, SMSS) + SMSS) */
	ck_assert_uint_eq(info_of(&lab).fast_retransmits, 1);
	ck_assert_uint_eq(info_of(&lab).retransmits, 1);
	ck_assert_uint_eq(info_of(&lab).timeouts, 0);
	lab_fini(&lab);
}
END_TEST

/* Three holes in one window: each partial ACK resends the next hole at once. */
START_TEST(partial_acks_fill_hole_after_hole)
{
	struct lab lab;
	start(&lab, lab_config(), 10000);
	expect_data(&lab, 0, 10);
	for (int i = 0; i < 3; i++)
		ack(&lab, 0);
	expect_data(&lab, 0, 1);
	ack(&lab, 3000);
	expect_data(&lab, 3000, 1);
	ack(&lab, 7000);
	expect_data(&lab, 7000, 1);
	lab_expect_silence(&lab);
	ack(&lab, 10000);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).retransmits, 3);
	ck_assert_uint_eq(info_of(&lab).timeouts, 0);
	lab_fini(&lab);
}
END_TEST

/* RFC 6582 section 3.2: the first partial ACK restarts the timer, later ones do not. */
START_TEST(impatient_timer)
{
	struct lab lab;
	start(&lab, lab_config(), 10000);
	expect_data(&lab, 0, 10);
	for (int i = 0; i < 3; i++)
		ack(&lab, 0);
	expect_data(&lab, 0, 1);
	net_run(&lab.net, 400 * MS);
	ack(&lab, 2000);
	expect_data(&lab, 2000, 1);
	net_run(&lab.net, 400 * MS);
	ack(&lab, 4000);
	expect_data(&lab, 4000, 1);
	net_run(&lab.net, 600 * MS - 1);
	lab_expect_silence(&lab);
	net_run(&lab.net, 1);
	lab_expect(&lab, TCP_ACK, UNA + 4000, PEER, 1000);
	lab_fini(&lab);
}
END_TEST

/* Two duplicates, or duplicates with data or another window, are no loss. */
START_TEST(what_is_no_duplicate)
{
	struct lab lab;
	struct tcp_hdr h = { .flags = TCP_ACK, .seq = PEER, .ack = UNA };
	start(&lab, lab_config(), 10000);
	expect_data(&lab, 0, 10);
	ack(&lab, 0);
	ack(&lab, 0);
	for (uint16_t i = 0; i < 8; i++) {
		h.window = (uint16_t)(30000 + i);
		lab_inject_hdr(&lab, h, NULL, 0);
	}
	lab_inject(&lab, TCP_ACK, PEER, UNA, "text");
	ck_assert_uint_eq(info_of(&lab).fast_retransmits, 0);
	lab_fini(&lab);
}
END_TEST

START_TEST(threshold_zero_turns_fast_retransmit_off)
{
	struct tcp_config c = lab_config();
	c.dupack_threshold = 0;
	struct lab lab;
	start(&lab, c, 10000);
	expect_data(&lab, 0, 10);
	for (int i = 0; i < 9; i++)
		ack(&lab, 0);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* RFC 6582 section 3.2 step 4 and section 4: duplicates of what a timeout resends do not start a recovery. */
START_TEST(no_fast_retransmit_after_a_timeout)
{
	struct lab lab;
	start(&lab, lab_config(), 10000);
	expect_data(&lab, 0, 10);
	net_run(&lab.net, 1 * SEC);
	expect_data(&lab, 0, 1);
	for (int i = 0; i < 9; i++)
		ack(&lab, 0);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(info_of(&lab).fast_retransmits, 0);
	lab_fini(&lab);
}
END_TEST

/* RFC 5681 section 3.1: bytes beyond a full cwnd count towards the next step. */
START_TEST(congestion_avoidance_keeps_the_remainder)
{
	struct tcp_cc cc = { .ops = tcp_cc_find("newreno"), .cwnd = 5000, .ssthresh = 5000, .smss = 1000 };
	static const uint32_t want[] = { 5000, 6000, 7000, 7000, 8000 };
	for (int i = 0; i < 5; i++) {
		cc.ops->on_ack(&cc, 4000);
		ck_assert_uint_eq(cc.cwnd, want[i]);
	}
	ck_assert_ptr_null(tcp_cc_find("vegas"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_loss");
	TCase *tc = tcase_create("loss");
	tcase_add_test(tc, slow_start);
	tcase_add_test(tc, initial_window_is_configurable);
	tcase_add_test(tc, timeout_then_congestion_avoidance);
	tcase_add_test(tc, congestion_avoidance_keeps_the_remainder);
	tcase_add_test(tc, timeout_resends_only_what_is_missing);
	tcase_add_loop_test(tc, window_restarts_after_idle, 0, 2);
	tcase_add_test(tc, unused_window_does_not_grow);
	tcase_add_test(tc, fast_retransmit_and_recovery);
	tcase_add_test(tc, partial_acks_fill_hole_after_hole);
	tcase_add_test(tc, impatient_timer);
	tcase_add_test(tc, what_is_no_duplicate);
	tcase_add_test(tc, threshold_zero_turns_fast_retransmit_off);
	tcase_add_test(tc, no_fast_retransmit_after_a_timeout);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
