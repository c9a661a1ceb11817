/* SPDX-License-Identifier: ISC */
/* Segment sizes, Nagle, silly windows on both sides, window scale, reassembly. */
#include "stack/tcp/tcp_lab_stream.h"

/* --- Nagle, silly windows, segment sizes --------------------------------------------------------------------------- */

START_TEST(nagle)
{
	struct lab lab;
	start(&lab, lab_config(), 10);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 10);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 10), 10);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 10), 10);
	lab_expect_silence(&lab);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 1000), 1000); /* a full segment may go */
	lab_expect(&lab, TCP_ACK, UNA + 10, PEER, 1000);
	lab_expect_silence(&lab);
	ack(&lab, 1010);
	lab_expect(&lab, TCP_ACK, UNA + 1010, PEER, 20);
	lab_fini(&lab);
}
END_TEST

START_TEST(nodelay)
{
	struct lab lab;
	start(&lab, lab_config(), 10);
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_NODELAY_OPT, 1), 0);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 10), 10);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 10);
	lab_expect(&lab, TCP_ACK, UNA + 10, PEER, 10);
	lab_fini(&lab);
}
END_TEST

/* Turning Nagle off lets out what it held. */
START_TEST(nodelay_flushes)
{
	struct lab lab;
	start(&lab, lab_config(), 10);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 10), 10);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 10);
	lab_expect_silence(&lab);
	ck_assert_int_eq(tcp_set_option(lab.flow, TCP_NODELAY_OPT, 1), 0);
	lab_expect(&lab, TCP_ACK, UNA + 10, PEER, 10);
	lab_fini(&lab);
}
END_TEST

/* MUST-61: PSH on the segment that empties the buffer, and only there. */
START_TEST(push_marks_the_last_segment)
{
	struct lab lab;
	start(&lab, lab_config(), 2500);
	for (int i = 0; i < 3; i++) {
		const struct seen *s = lab_next(&lab);
		if (i == 2) { /* held by Nagle until then */
			ck_assert_ptr_null(s);
			ack(&lab, 2000);
			s = lab_next(&lab);
		}
		ck_assert_uint_eq((s->h.flags & TCP_PSH) != 0, i == 2);
	}
	lab_fini(&lab);
}
END_TEST

START_TEST(the_peers_window_is_respected)
{
	struct lab lab;
	struct tcp_hdr h = { .flags = TCP_ACK, .seq = PEER, .ack = UNA, .window = 2500 };
	start(&lab, lab_config(), 0);
	lab_inject_hdr(&lab, h, NULL, 0);
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 9000), 9000);
	expect_data(&lab, 0, 2);
	lab_expect_silence(&lab); /* 500 bytes more would fit: silly */
	h.window = 500;           /* shrunk below what is in flight: nothing new, and no harm (MUST-34) */
	lab_inject_hdr(&lab, h, NULL, 0);
	lab_expect_silence(&lab);
	h.window = 4000;
	lab_inject_hdr(&lab, h, NULL, 0);
	expect_data(&lab, 2000, 2);
	lab_fini(&lab);
}
END_TEST

/* SND.WL1, SND.WL2: an old segment does not change the window. */
START_TEST(old_window_updates_are_ignored)
{
	struct lab lab;
	struct tcp_hdr h = { .flags = TCP_ACK, .seq = PEER + 1, .ack = UNA, .window = 0 };
	start(&lab, lab_config(), 0);
	lab_inject_hdr(&lab, (struct tcp_hdr){ .flags = TCP_ACK, .seq = PEER + 4, .ack = UNA, .window = 5000 }, NULL, 0);
	lab_inject_hdr(&lab, h, NULL, 0);
	ck_assert_uint_eq(info_of(&lab).send_window, 5000);
	lab_fini(&lab);
}
END_TEST

/* RFC 9293 section 3.7.1. */
static const struct {
	uint16_t peer_mss, config_mss;
	uint32_t mtu, announced, sent;
	bool timestamps;
} sizes[] = {
	{ 0, 0, 1500, 1460, 536, false },
	{ 1460, 0, 1500, 1460, 1460, false },
	{ 1460, 0, 1500, 1460, 1448, true },
	{ 9000, 0, 1500, 1460, 1460, false },
	{ 1460, 0, 576, 536, 536, false },
	{ 100, 0, 1500, 1460, 100, false },
	{ 1, 0, 1500, 1460, 88, false },
	{ 1460, 700, 1500, 700, 1460, false },
};

START_TEST(segment_sizes)
{
	struct tcp_config c = lab_config();
	c.timestamps = sizes[_i].timestamps;
	c.mss = sizes[_i].config_mss;
	struct lab lab;
	lab_init(&lab, &c);
	lab.net.side[0].mtu = sizes[_i].mtu;
	lab.ts_val = c.timestamps;
	lab_listen(&lab);
	struct tcp_hdr syn = {
		.flags = TCP_SYN, .seq = PEER_ISS, .window = 65535, .opt = { .has_mss = sizes[_i].peer_mss != 0, .mss = sizes[_i].peer_mss }
	};
	lab_inject_hdr(&lab, syn, NULL, 0);
	const struct seen *s = lab_next(&lab);
	ck_assert(s && s->h.opt.has_mss);
	ck_assert_uint_eq(s->h.opt.mss, sizes[_i].announced);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 20000), 20000);
	s = lab_next(&lab);
	ck_assert_uint_eq(s->len, sizes[_i].sent);
	ck_assert(!s->h.opt.has_mss); /* MUST-65 */
	lab_fini(&lab);
}
END_TEST

/* --- receiver's window ------------------------------------------------------------------------------------------------ */

static uint32_t window_of(const struct seen *s)
{
	return s->h.window;
}

/* The right edge never moves left, and not in silly steps to the right (RFC 9293 sections 3.8.6, 3.8.6.2.2). */
START_TEST(receiver_avoids_silly_windows)
{
	struct tcp_config c = lab_config();
	c.receive_buffer = 8000;
	char text[1001];
	uint8_t got[8000];
	memset(text, 'x', 1000);
	text[1000] = 0;
	struct lab lab;
	start(&lab, c, 0);
	uint32_t edge = PEER + 8000;
	for (uint32_t i = 0; i < 8; i += 2) {
		lab_inject(&lab, TCP_ACK, PEER + i * 1000, UNA, text);
		lab_inject(&lab, TCP_ACK, PEER + i * 1000 + 1000, UNA, text);
		const struct seen *s = lab_next(&lab);
		ck_assert_uint_eq(s->h.ack + window_of(s), edge);
	}
	ck_assert_int_eq(tcp_read(lab.flow, got, 1000), 1000); /* 1000 < min(4000, RMSS 1460): not told */
	lab_expect_silence(&lab);
	ck_assert_int_eq(tcp_read(lab.flow, got, 1000), 1000);
	const struct seen *s = lab_next(&lab);
	ck_assert(s != NULL);
	ck_assert_uint_eq(window_of(s), 2000);
	ck_assert_int_eq(tcp_read(lab.flow, got, 8000), 6000);
	s = lab_next(&lab);
	ck_assert_uint_eq(window_of(s), 8000);
	lab_fini(&lab);
}
END_TEST

/* A segment sent into a closed window is refused with an ACK, but its own ACK counts. */
START_TEST(probe_into_our_closed_window)
{
	struct tcp_config c = lab_config();
	c.receive_buffer = 2048;
	char text[2049];
	memset(text, 'x', 2048);
	text[2048] = 0;
	struct lab lab;
	start(&lab, c, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA, text);
	while (lab_next(&lab))
		;
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 10), 10);
	lab_expect(&lab, TCP_ACK, UNA, PEER + 2048, 10);
	lab_inject(&lab, TCP_ACK, PEER + 2048, UNA + 10, "p");
	lab_expect(&lab, TCP_ACK, UNA + 10, PEER + 2048, 0);
	ck_assert_uint_eq(info_of(&lab).unacked, 0);
	lab_inject(&lab, TCP_RST, PEER + 2048, 0, ""); /* MUST-66 */
	ck_assert_int_eq(lab.error, -ECONNRESET);
	ck_assert_int_eq(tcp_read(lab.flow, text, 2048), 2048); /* what came before can still be read */
	ck_assert_int_eq(tcp_read(lab.flow, text, 2048), -ECONNRESET);
	lab_fini(&lab);
}
END_TEST

START_TEST(window_scale)
{
	struct tcp_config c = lab_config();
	c.window_scaling = true;
	c.receive_buffer = 1 << 20;
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	struct tcp_hdr syn = { .flags = TCP_SYN, .seq = PEER_ISS, .window = 1000, .opt = { .has_wscale = true, .wscale = (uint8_t)(_i ? 200 : 3) } };
	lab_inject_hdr(&lab, syn, NULL, 0);
	const struct seen *s = lab_next(&lab);
	ck_assert(s->h.opt.has_wscale);
	ck_assert_uint_eq(s->h.opt.wscale, 5); /* 65 535 << 4 is short of 1 MiB */
	ck_assert_uint_eq(s->h.window, 65535); /* never scaled in a SYN */
	lab_inject_hdr(&lab, (struct tcp_hdr){ .flags = TCP_ACK, .seq = PEER, .ack = UNA, .window = 1000 }, NULL, 0);
	ck_assert_uint_eq(info_of(&lab).send_window, _i ? 1000u << 14 : 8000); /* RFC 7323 section 2.3: at most 14 */
	lab_inject(&lab, TCP_ACK, PEER, UNA, "xy");
	lab_inject(&lab, TCP_ACK, PEER + 2, UNA, "xy");
	s = lab_next(&lab);
	ck_assert_uint_eq((uint32_t)s->h.window << 5, (1 << 20));
	lab_fini(&lab);
}
END_TEST

/* --- out of order ------------------------------------------------------------------------------------------------------- */

/* Immediate duplicate ACKs with SACK, an immediate ACK when the gap is filled (RFC 5681 section 4.2, RFC 2018 section 4). */
START_TEST(gaps_are_reported_and_filled)
{
	struct tcp_config c = lab_config();
	c.sack = true;
	struct lab lab;
	char text[16];
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject_hdr(&lab, (struct tcp_hdr){ .flags = TCP_SYN, .seq = PEER_ISS, .window = 65535, .opt = { .has_sack_ok = true } }, NULL, 0);
	ck_assert(lab_next(&lab)->h.opt.has_sack_ok);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	lab_inject(&lab, TCP_ACK, PEER + 4, UNA, "efgh");
	const struct seen *s = lab_next(&lab);
	ck_assert_uint_eq(s->h.ack, PEER);
	ck_assert_uint_eq(s->h.opt.n_sack, 1);
	ck_assert_uint_eq(s->h.opt.sack[0].from, PEER + 4);
	ck_assert_uint_eq(s->h.opt.sack[0].to, PEER + 8);
	lab_inject(&lab, TCP_ACK, PEER + 10, UNA, "kl");
	s = lab_next(&lab);
	ck_assert_uint_eq(s->h.opt.n_sack, 2);
	ck_assert_uint_eq(s->h.opt.sack[0].from, PEER + 10);
	ck_assert_uint_eq(s->h.opt.sack[1].from, PEER + 4);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "abcd");
	s = lab_next(&lab);
	ck_assert_uint_eq(s->h.ack, PEER + 8);
	ck_assert_uint_eq(s->h.opt.n_sack, 1);
	lab_inject(&lab, TCP_FIN | TCP_ACK, PEER + 12, UNA, ""); /* the FIN waits for its turn */
	s = lab_next(&lab);
	ck_assert_uint_eq(s->h.ack, PEER + 8);
	lab_inject(&lab, TCP_ACK, PEER + 6, UNA, "ghij"); /* overlaps on both sides */
	lab_expect(&lab, TCP_ACK, UNA, PEER + 13, 0);
	ck_assert_int_eq(tcp_read(lab.flow, text, 16), 12);
	ck_assert_mem_eq(text, "abcdefghijkl", 12);
	ck_assert_int_eq(tcp_read(lab.flow, text, 16), 0);
	lab_fini(&lab);
}
END_TEST

/* Thousands of one-byte segments with gaps: bounded memory, and the stream still comes together. */
START_TEST(segment_smack)
{
	struct tcp_config c = lab_config();
	c.receive_buffer = 65535;
	c.reassembly_ranges = 100;
	struct lab lab;
	start(&lab, c, 0);
	for (uint32_t i = 1; i < 20000; i += 2) {
		lab_inject(&lab, TCP_ACK, PEER + i, UNA, "x");
		lab.net.n_seen = lab.net.next_seen = 0;
	}
	ck_assert_uint_le(buf_pool_live(lab.net.pool), 101);
	ck_assert_uint_eq(lab_counter(&lab, "drop.reassembly_full"), 9900);
	for (uint32_t i = 0; i < 300; i++) {
		lab_inject(&lab, TCP_ACK, PEER + i, UNA, "x");
		lab.net.n_seen = lab.net.next_seen = 0;
	}
	char text[400];
	ck_assert_int_eq(tcp_read(lab.flow, text, sizeof(text)), 300);
	lab_fini(&lab);
}
END_TEST

/* One-byte segments in order may not hold a 2 KiB buffer each. */
START_TEST(small_segments_share_buffers)
{
	struct lab lab;
	start(&lab, lab_config(), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		lab_inject(&lab, TCP_ACK, PEER + i, UNA, "x");
		lab.net.n_seen = lab.net.next_seen = 0;
	}
	ck_assert_uint_eq(info_of(&lab).unread, 20000);
	ck_assert_uint_le(buf_pool_live(lab.net.pool), 100);
	lab_fini(&lab);
}
END_TEST

/* RFC 9293 appendix A.2: an ACK beyond the peer's shrunk window would be refused, so it carries the edge. */
START_TEST(acks_stay_inside_a_shrunk_window)
{
	struct lab lab;
	start(&lab, lab_config(), 2000);
	expect_data(&lab, 0, 2);
	lab_inject_hdr(&lab, (struct tcp_hdr){ .flags = TCP_ACK, .seq = PEER, .ack = UNA, .window = 500 }, NULL, 0);
	lab_inject_hdr(&lab, (struct tcp_hdr){ .flags = TCP_ACK, .seq = PEER + 5, .ack = UNA, .window = 500 }, "gap", 3);
	lab_expect(&lab, TCP_ACK, UNA + 500, PEER, 0);
	lab_fini(&lab);
}
END_TEST

/* What does not fit the window is cut off, and the FIN behind it with it. */
START_TEST(a_fin_beyond_the_window_waits)
{
	struct tcp_config c = lab_config();
	c.receive_buffer = 2048;
	char text[3001];
	memset(text, 'x', 3000);
	text[3000] = 0;
	struct lab lab;
	start(&lab, c, 0);
	lab_inject(&lab, TCP_FIN | TCP_ACK, PEER, UNA, text);
	lab_expect(&lab, TCP_ACK, UNA, PEER + 2048, 0);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_ESTABLISHED);
	ck_assert_int_eq(tcp_read(lab.flow, text, 3000), 2048);
	ck_assert(lab_next(&lab) != NULL); /* the window update */
	lab_inject(&lab, TCP_FIN | TCP_ACK, PEER + 2048, UNA, text + 2048);
	lab_expect(&lab, TCP_ACK, UNA, PEER + 3001, 0);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_CLOSE_WAIT);
	lab_fini(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_window");
	TCase *tc = tcase_create("window");
	tcase_add_test(tc, nagle);
	tcase_add_test(tc, nodelay);
	tcase_add_test(tc, nodelay_flushes);
	tcase_add_test(tc, push_marks_the_last_segment);
	tcase_add_test(tc, the_peers_window_is_respected);
	tcase_add_test(tc, old_window_updates_are_ignored);
	tcase_add_loop_test(tc, segment_sizes, 0, 8);
	tcase_add_test(tc, receiver_avoids_silly_windows);
	tcase_add_test(tc, probe_into_our_closed_window);
	tcase_add_test(tc, acks_stay_inside_a_shrunk_window);
	tcase_add_test(tc, a_fin_beyond_the_window_waits);
	tcase_add_loop_test(tc, window_scale, 0, 2);
	tcase_add_test(tc, gaps_are_reported_and_filled);
	tcase_add_test(tc, segment_smack);
	tcase_add_test(tc, small_segments_share_buffers);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
