/* SPDX-License-Identifier: ISC */
/* Where two rules meet: the persist timer and acknowledgments, SYN flags and the window, timestamps and what is refused. */
#include "stack/tcp/tcp_lab.h"

#define UNA (LAB_ISS + 1)
#define PEER (PEER_ISS + 1)

static void inject_window(struct lab *lab, uint16_t flags, uint32_t seq, uint32_t ack, uint16_t window, const char *text)
{
	struct tcp_hdr h = { .flags = flags, .seq = seq, .ack = ack, .window = window };
	lab_inject_hdr(lab, h, text, (uint32_t)strlen(text));
}

static void drop_seen(struct lab *lab)
{
	lab_settle(lab);
	lab->net.next_seen = lab->net.n_seen;
}

static void start(struct lab *lab, const struct tcp_config *c)
{
	lab_init(lab, c);
	lab_establish(lab, 1460);
}

/* --- nothing left to probe with ----------------------------------------------------------------------- */

/* The probe took the last byte and the window stays shut: there is nothing to ask for any more. */
START_TEST(the_last_byte_went_with_a_probe)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	inject_window(&lab, TCP_ACK, PEER, UNA, 0, "");
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	net_run(&lab.net, 1 * SEC);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 1);
	inject_window(&lab, TCP_ACK, PEER, UNA + 1, 0, "");
	net_run(&lab.net, 24 * 3600 * SEC);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(tcp_write(lab.flow, "y", 1), 1); /* and probing starts anew */
	net_run(&lab.net, 1 * SEC);
	lab_expect(&lab, TCP_ACK, UNA + 1, PEER, 1);
	lab_fini(&lab);
}
END_TEST

START_TEST(the_fin_went_with_a_probe)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	inject_window(&lab, TCP_ACK, PEER, UNA, 0, "");
	ck_assert_int_eq(tcp_shutdown(lab.flow), 0);
	net_run(&lab.net, 1 * SEC);
	lab_expect(&lab, TCP_ACK | TCP_FIN, UNA, PEER, 0);
	inject_window(&lab, TCP_ACK, PEER, UNA + 1, 0, "");
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_FIN_WAIT_2);
	net_run(&lab.net, 24 * 3600 * SEC);
	lab_expect_silence(&lab);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_FIN_WAIT_2);
	lab_fini(&lab);
}
END_TEST

/* R2 as time counts from the first probe, not from when the peer was last heard of. */
START_TEST(user_timeout_after_an_idle_time)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	c.user_timeout_ms = 10000;
	start(&lab, &c);
	inject_window(&lab, TCP_ACK, PEER, UNA, 0, "");
	net_run(&lab.net, 60 * SEC);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	net_run(&lab.net, 9 * SEC);
	ck_assert_int_eq(lab.closed, 0);
	net_run(&lab.net, 2 * SEC);
	ck_assert_int_eq(lab.error, -ETIMEDOUT);
	lab_fini(&lab);
}
END_TEST

/* --- a SYN's window is never scaled: RFC 7323 section 2.2 ----------------------------------------------- */

START_TEST(simultaneous_open_with_scaling)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info;
	c.window_scaling = true;
	lab_init(&lab, &c);
	lab_connect(&lab);
	struct tcp_hdr syn = { .flags = TCP_SYN, .seq = PEER_ISS, .window = 3000, .opt = { .has_wscale = true, .wscale = 7 } };
	lab_inject_hdr(&lab, syn, NULL, 0);
	syn.flags |= TCP_ACK;
	syn.ack = UNA;
	lab_inject_hdr(&lab, syn, NULL, 0);
	ck_assert_int_eq(lab.connected, 1);
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.send_window, 3000);
	inject_window(&lab, TCP_ACK, PEER, UNA, 3000, "");
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.send_window, 3000 << 7);
	lab_fini(&lab);
}
END_TEST

/* Its text beyond the window is cut like anybody's. */
START_TEST(simultaneous_open_with_much_text)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info;
	char text[3000];
	memset(text, 'x', sizeof(text));
	c.receive_buffer = 2048;
	lab_init(&lab, &c);
	lab_connect(&lab);
	struct tcp_hdr syn = { .flags = TCP_SYN, .seq = PEER_ISS, .window = 3000 };
	lab_inject_hdr(&lab, syn, NULL, 0);
	syn.flags |= TCP_ACK;
	syn.ack = UNA;
	lab_inject_hdr(&lab, syn, text, sizeof(text));
	ck_assert_int_eq(lab.connected, 1);
	tcp_info(lab.flow, &info);
	ck_assert_uint_le(info.unread, 2048);
	lab_fini(&lab);
}
END_TEST

/* --- what is refused must not leave a trace --------------------------------------------------------------- */

static void start_with_timestamps(struct lab *lab)
{
	struct tcp_config c = lab_config();
	c.timestamps = true;
	lab_init(lab, &c);
	lab->ts_val = 1000;
	lab_listen(lab);
	lab_inject(lab, TCP_SYN, PEER_ISS, 0, "");
	drop_seen(lab);
	lab_inject(lab, TCP_ACK, PEER, UNA, "");
	drop_seen(lab);
	ck_assert_int_eq(lab_state(lab), TCP_STATE_ESTABLISHED);
}

static uint32_t echoed(struct lab *lab)
{
	const struct seen *s = lab_next(lab);
	ck_assert(s && s->h.opt.has_timestamp);
	return s->h.opt.ts_ecr;
}

/* CVE-2005-0356: a guess that the later checks refuse must not move TS.Recent, or the peer's own segments fail PAWS. */
START_TEST(refused_segments_do_not_move_ts_recent)
{
	static const struct {
		uint16_t flags;
		uint32_t seq, ack;
		const char *text;
	} lies[] = {
		{ TCP_RST, PEER - 1, 0, "ab" },
		{ TCP_SYN, PEER, 0, "" },
		{ TCP_ACK, PEER, UNA + 70000, "text" },
		{ TCP_ACK, PEER, UNA - 700000, "text" },
		{ 0, PEER, 0, "text" },
	};
	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct lab lab;
		start_with_timestamps(&lab);
		lab.ts_val = 0x40000000;
		lab_inject(&lab, lies[i].flags, lies[i].seq, lies[i].ack, lies[i].text);
		drop_seen(&lab);
		lab.ts_val = 1001;
		lab_inject(&lab, TCP_ACK | TCP_FIN, PEER, UNA, "truth");
		ck_assert_uint_eq(echoed(&lab), 1001);
		ck_assert_int_eq(lab_state(&lab), TCP_STATE_CLOSE_WAIT);
		lab_fini(&lab);
	}
}
END_TEST

/* A peer that lost its state and now does without timestamps: silence (RFC 7323 section 3.2) would keep it out for ever. */
START_TEST(a_syn_without_timestamp_is_challenged)
{
	struct lab lab;
	start_with_timestamps(&lab);
	lab.ts_val = 0;
	lab_inject(&lab, TCP_SYN, PEER + 5000000, 0, "");
	lab_expect(&lab, TCP_ACK, UNA, PEER, 0);
	lab_inject(&lab, TCP_RST, PEER, 0, "");
	ck_assert_int_eq(lab.error, -ECONNRESET);
	lab_fini(&lab);
}
END_TEST

/* Only the peer's own FIN restarts the 2 MSL: a stranger's must not keep the connection there for ever. */
START_TEST(a_stray_fin_does_not_prolong_time_wait)
{
	for (unsigned stray = 0; stray < 2; stray++) {
		struct tcp_config c = lab_config();
		struct lab lab;
		start(&lab, &c);
		ck_assert_int_eq(tcp_shutdown(lab.flow), 0);
		lab_inject(&lab, TCP_ACK | TCP_FIN, PEER, UNA + 1, "");
		ck_assert_int_eq(lab_state(&lab), TCP_STATE_TIME_WAIT);
		net_run(&lab.net, 200 * SEC);
		lab_inject(&lab, TCP_ACK | TCP_FIN, stray ? PEER - 1000 : PEER, UNA + 1, "");
		net_run(&lab.net, 50 * SEC);
		ck_assert_int_eq(lab_state(&lab), stray ? TCP_STATE_CLOSED : TCP_STATE_TIME_WAIT);
		lab_fini(&lab);
	}
}
END_TEST

/* RFC 7323 section 5.2: a RST carries a timestamp where the segment or the connection does; TSval is zero when it answers. */
START_TEST(resets_carry_timestamps)
{
	struct lab lab;
	start_with_timestamps(&lab);
	tcp_abort(lab.flow);
	const struct seen *s = lab_next(&lab);
	ck_assert_uint_eq(s->h.flags, TCP_RST);
	ck_assert(s->h.opt.has_timestamp);
	lab.ts_val = 2000;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "late");
	s = lab_next(&lab);
	ck_assert_uint_eq(s->h.flags, TCP_RST);
	ck_assert(s->h.opt.has_timestamp && !s->h.opt.ts_val);
	ck_assert_uint_eq(s->h.opt.ts_ecr, 2000);
	lab.ts_val = 0;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "late");
	ck_assert(!lab_next(&lab)->h.opt.has_timestamp);
	lab_fini(&lab);
}
END_TEST

/* --- acknowledgments ---------------------------------------------------------------------------------------- */

/* The peer's probes of our closed window carry the same ACK each time, and are no sign of a loss (RFC 5681 section 2: "no data"). */
START_TEST(probes_are_no_duplicate_acks)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	char text[1025];
	c.receive_buffer = 2048;
	start(&lab, &c);
	memset(text, 'x', 1024);
	text[1024] = 0;
	for (unsigned i = 0; i < 2; i++)
		lab_inject(&lab, TCP_ACK, PEER + 1024 * i, UNA, text);
	drop_seen(&lab);
	ck_assert_int_eq(tcp_write(lab.flow, text, 1000), 1000);
	for (unsigned i = 0; i < 5; i++)
		lab_inject(&lab, TCP_ACK, PEER + 2048, UNA, "p");
	ck_assert_uint_eq(lab_counter(&lab, "fast_retransmits"), 0);
	ck_assert_uint_eq(lab_counter(&lab, "rx.dup_ack"), 0);
	lab_fini(&lab);
}
END_TEST

/* A buffer larger than the window field can say moves no edge: reading it sends nothing of its own. */
START_TEST(reading_without_scaling)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	char text[1461], got[2000];
	start(&lab, &c); /* 262 144 bytes of buffer, 65 535 of window */
	memset(text, 'x', 1460);
	text[1460] = 0;
	for (unsigned i = 0; i < 10; i++) {
		lab_inject(&lab, TCP_ACK, PEER + 1460 * i, UNA, text);
		ck_assert_int_eq(tcp_read(lab.flow, got, sizeof(got)), 1460);
		if (i % 2)
			lab_expect(&lab, TCP_ACK, UNA, PEER + 1460 * (i + 1), 0);
		else
			lab_expect_silence(&lab);
	}
	lab_fini(&lab);
}
END_TEST

/* --- recovery ------------------------------------------------------------------------------------------------- */

/* RFC 6298 (5.7): three seconds, however far the SYN's own timer had backed off. */
START_TEST(rto_after_many_lost_syns)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info;
	lab_init(&lab, &c);
	lab_connect(&lab);
	net_run(&lab.net, 31 * SEC + 500 * MS); /* sent at 0, 1, 3, 7, 15, 31 */
	drop_seen(&lab);
	lab_inject(&lab, TCP_SYN | TCP_ACK, PEER_ISS, UNA, "");
	ck_assert_int_eq(lab.connected, 1);
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.rto_ns, 3 * SEC);
	lab_fini(&lab);
}
END_TEST

/*
 * The peer had the data, its ACKs were lost: what answers our retransmission echoes the first transmission (RFC 7323 section 5.3,
 * R2 before R3). The time-out is no round trip; taken for one, RTO and sample would drive each other up to the limit.
 */
START_TEST(an_echo_from_before_the_retransmission_is_no_sample)
{
	struct lab lab;
	struct tcp_info info;
	start_with_timestamps(&lab);
	tcp_info(lab.flow, &info);
	uint64_t srtt_ns = info.srtt_ns;
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	uint32_t first = lab_next(&lab)->h.opt.ts_val;
	net_run(&lab.net, 3 * SEC);
	drop_seen(&lab);
	struct tcp_hdr ack = { .flags = TCP_ACK, .seq = PEER, .ack = UNA + 1, .window = 65535 };
	ack.opt.has_timestamp = true;
	ack.opt.ts_val = 1001;
	ack.opt.ts_ecr = first;
	lab_inject_hdr(&lab, ack, NULL, 0);
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.unacked, 0);
	ck_assert_uint_eq(info.srtt_ns, srtt_ns);
	ck_assert_uint_eq(info.rto_ns, 4 * SEC); /* RFC 6298 section 3: backed off until there is a sample */
	ck_assert_int_eq(tcp_write(lab.flow, "y", 1), 1);
	net_run(&lab.net, 80 * MS);
	ack.ack++;
	ack.opt.ts_ecr = 12345; /* a new segment is timed by our own clock */
	lab_inject_hdr(&lab, ack, NULL, 0);
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.rto_ns, 1 * SEC);
	lab_fini(&lab);
}
END_TEST

/* RFC 6582's recover is compared modulo 2^32: it must not be left behind by more than half of that. */
START_TEST(fast_retransmit_after_two_gigabytes)
{
	static uint8_t bytes[60000];
	struct tcp_config c = lab_config();
	struct lab lab;
	struct tcp_info info = { 0 };
	lab_init(&lab, &c);
	lab.net.side[0].mtu = 65535;
	lab_establish(&lab, 6000);
	while (info.bytes_acked < (UINT64_C(1) << 31) + 100000) {
		tcp_write(lab.flow, bytes, sizeof(bytes));
		lab_settle(&lab);
		lab.net.n_seen = lab.net.next_seen = 0;
		tcp_info(lab.flow, &info);
		lab_inject(&lab, TCP_ACK, PEER, UNA + (uint32_t)info.bytes_sent, "");
	}
	tcp_info(lab.flow, &info);
	uint32_t una = UNA + (uint32_t)info.bytes_acked;
	ck_assert_uint_gt(info.unacked, 6000 * 4);
	drop_seen(&lab);
	for (unsigned i = 0; i < 3; i++)
		lab_inject(&lab, TCP_ACK, PEER, una, "");
	ck_assert_uint_eq(lab_counter(&lab, "fast_retransmits"), 1);
	lab_fini(&lab);
}
END_TEST

/* A retransmission repeats what was sent; what Nagle holds back stays back. */
START_TEST(a_fast_retransmission_sends_nothing_new)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_NODELAY_OPT, 1), 0);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(tcp_write(lab.flow, "0123456789", 10), 10);
		lab_expect(&lab, TCP_ACK, UNA + 10 * i, PEER, 10);
	}
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_NODELAY_OPT, 0), 0);
	ck_assert_int_eq(tcp_write(lab.flow, "more", 4), 4);
	lab_expect_silence(&lab);
	for (unsigned i = 0; i < 3; i++)
		lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	lab_expect(&lab, TCP_ACK, UNA, PEER, 50);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

/* --- abort in accept ---------------------------------------------------------------------------------------------- */

static void abort_at_once(struct tcp_flow *f, void *arg)
{
	(void)arg;
	tcp_abort(f);
}

START_TEST(aborted_in_accept)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	struct tcp_listen l = { .port = LAB_PORT, .accept = abort_at_once, .arg = &lab };
	ck_assert_int_eq(tcp_listen(lab.face, &l, &lab.listener), 0);
	lab_inject(&lab, TCP_SYN, PEER_ISS, 0, "");
	drop_seen(&lab);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	lab_expect(&lab, TCP_RST, UNA, 0, 0);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tcp corners");
	TCase *t = tcase_create("corners");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_last_byte_went_with_a_probe);
	tcase_add_test(t, the_fin_went_with_a_probe);
	tcase_add_test(t, user_timeout_after_an_idle_time);
	tcase_add_test(t, simultaneous_open_with_scaling);
	tcase_add_test(t, simultaneous_open_with_much_text);
	tcase_add_test(t, refused_segments_do_not_move_ts_recent);
	tcase_add_test(t, a_syn_without_timestamp_is_challenged);
	tcase_add_test(t, a_stray_fin_does_not_prolong_time_wait);
	tcase_add_test(t, resets_carry_timestamps);
	tcase_add_test(t, probes_are_no_duplicate_acks);
	tcase_add_test(t, reading_without_scaling);
	tcase_add_test(t, rto_after_many_lost_syns);
	tcase_add_test(t, an_echo_from_before_the_retransmission_is_no_sample);
	tcase_add_test(t, fast_retransmit_after_two_gigabytes);
	tcase_add_test(t, a_fast_retransmission_sends_nothing_new);
	tcase_add_test(t, aborted_in_accept);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
