/* SPDX-License-Identifier: ISC */
/* Segments that lie: RFC 5961, PAWS, ICMP, bad checksums, bad options, bad addresses. */
#include "stack/tcp/tcp_lab.h"

#define PEER (PEER_ISS + 1)
#define UNA (LAB_ISS + 1)

static void start(struct lab *lab, const struct tcp_config *c)
{
	lab_init(lab, c);
	lab_establish(lab, 1000);
}

/* RFC 5961 section 7: ten in five seconds, and the flow lives. */
START_TEST(challenge_acks_are_throttled)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50; i++)
			lab_inject(&lab, i % 2 ? TCP_RST : TCP_SYN, PEER + 7, 0, "");
		for (int i = 0; i < 10; i++)
			lab_expect(&lab, TCP_ACK, UNA, PEER, 0);
		lab_expect_silence(&lab);
		net_run(&lab.net, 5 * SEC);
	}
	ck_assert_int_eq(lab.closed, 0);
	lab_fini(&lab);
}
END_TEST

/* Two ends that disagree about sequence numbers may not bounce ACKs for ever. */
START_TEST(ack_war_ends)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	for (int i = 0; i < 100; i++)
		lab_inject(&lab, TCP_ACK, PEER + 200000, UNA, "");
	unsigned n = 0;
	while (lab_next(&lab))
		n++;
	ck_assert_uint_eq(n, 10);
	lab_fini(&lab);
}
END_TEST

/* --- timestamps ------------------------------------------------------------------------------------------- */

static void start_with_timestamps(struct lab *lab)
{
	struct tcp_config c = lab_config();
	c.timestamps = true;
	lab_init(lab, &c);
	lab->ts_val = 1000;
	lab_establish(lab, 1000);
}

START_TEST(paws)
{
	struct lab lab;
	start_with_timestamps(&lab);
	lab.ts_val = 2000;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "new");
	lab.ts_val = 1999;
	lab_inject(&lab, TCP_ACK, PEER + 3, UNA, "old"); /* in the window, but from another round: ACK and drop */
	lab_expect(&lab, TCP_ACK, UNA, PEER + 3, 0);
	ck_assert_uint_eq(lab_counter(&lab, "drop.paws"), 1);
	lab_inject(&lab, TCP_RST, PEER + 3, 0, ""); /* R1 excepts RST */
	ck_assert_int_eq(lab.error, -ECONNRESET);
	lab_fini(&lab);
}
END_TEST

/* RFC 7323 section 4.3: TSecr is of the segment that moved the left edge, not of one beyond a hole. */
START_TEST(timestamp_echo)
{
	struct lab lab;
	start_with_timestamps(&lab);
	lab.ts_val = 2000;
	lab_inject(&lab, TCP_ACK, PEER + 10, UNA, "beyond");
	const struct seen *s = lab_next(&lab);
	ck_assert(s->h.opt.has_timestamp);
	ck_assert_uint_eq(s->h.opt.ts_ecr, 1000);
	lab.ts_val = 2001;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "0123456789");
	s = lab_next(&lab);
	ck_assert_uint_eq(s->h.ack, PEER + 16);
	ck_assert_uint_eq(s->h.opt.ts_ecr, 2001);
	lab_fini(&lab);
}
END_TEST

/* RFC 7323 section 3.2: once agreed on, a segment without is dropped in silence. */
START_TEST(missing_timestamp)
{
	struct lab lab;
	start_with_timestamps(&lab);
	lab.ts_val = 0;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "bare");
	net_run(&lab.net, 1 * SEC);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(lab_counter(&lab, "drop.no_timestamp"), 1);
	lab_fini(&lab);
}
END_TEST

/* One that was not agreed on is ignored. */
START_TEST(uninvited_timestamp)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	start(&lab, &c);
	lab.ts_val = 5;
	lab_inject(&lab, TCP_ACK, PEER, UNA, "text");
	ck_assert_int_eq(lab.readable, 1);
	lab_fini(&lab);
}
END_TEST

/* RFC 6298 section 3: with timestamps even a retransmitted segment gives a sample. */
START_TEST(timestamps_resolve_karn)
{
	struct lab lab;
	struct tcp_info info;
	start_with_timestamps(&lab);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	net_run(&lab.net, 1 * SEC);
	lab_next(&lab);
	const struct seen *again = lab_next(&lab);
	net_run(&lab.net, 80 * MS);
	lab_inject_hdr(&lab,
		(struct tcp_hdr){ .flags = TCP_ACK,
			.seq = PEER,
			.ack = UNA + 1,
			.window = 65535,
			.opt = { .has_timestamp = true, .ts_val = 1001, .ts_ecr = again->h.opt.ts_val } },
		NULL, 0);
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.srtt_ns, 1 + 80 * MS / 8);
	ck_assert_uint_eq(info.rto_ns, 1 * SEC);
	lab_fini(&lab);
}
END_TEST

/* --- ICMP ---------------------------------------------------------------------------------------------------- */

static void icmp(struct lab *lab, enum ip_error_kind kind, uint32_t seq, uint32_t mtu)
{
	uint8_t quoted[8];
	put_be16(quoted, LAB_PORT);
	put_be16(quoted + 2, PEER_PORT);
	put_be32(quoted + 4, seq);
	struct ip_error err = {
		.kind = kind, .mtu = mtu, .src = lab->net.side[0].addr, .dst = lab->net.side[1].addr, .payload = quoted, .payload_len = 8
	};
	lab->net.side[0].error(&err, lab->net.side[0].arg);
}

START_TEST(hard_errors_refuse_only_an_attempt)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	lab_init(&lab, &c);
	lab_connect(&lab);
	icmp(&lab, IP_ERROR_UNREACHABLE_PORT, LAB_ISS + 1, 0); /* not in flight */
	ck_assert_int_eq(lab.closed, 0);
	icmp(&lab, IP_ERROR_UNREACHABLE_PORT, LAB_ISS, 0);
	ck_assert_int_eq(lab.error, -ECONNREFUSED);
	lab_fini(&lab);
	start(&lab, &c);
	ck_assert_int_eq(tcp_write(lab.flow, "x", 1), 1);
	for (int kind = 0; kind <= IP_ERROR_SOURCE_QUENCH; kind++)
		icmp(&lab, (enum ip_error_kind)kind, UNA, 0);
	ck_assert_int_eq(lab.closed, 0);
	lab_fini(&lab);
}
END_TEST

static void narrow(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	(void)dst;
	ck_assert_uint_eq(packet_len, 1040);
	((struct side *)ip)->mtu = mtu;
}

/* RFC 1191 section 6.4, RFC 5927 section 7: believed only about what is in flight; then smaller segments at once. */
START_TEST(too_big_lowers_the_segment_size)
{
	struct tcp_config c = lab_config();
	struct ip_ops own = lab_ip_ops;
	uint8_t bytes[3000] = { 0 };
	struct lab lab;
	start(&lab, &c);
	own.too_big = narrow;
	lab.net.side[0].ip.ops = &own;
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 3000), 3000);
	for (int i = 0; i < 3; i++)
		lab_expect(&lab, TCP_ACK, UNA + (uint32_t)i * 1000, PEER, 1000);
	icmp(&lab, IP_ERROR_TOO_BIG, UNA + 3000, 576);
	lab_expect_silence(&lab);
	icmp(&lab, IP_ERROR_TOO_BIG, UNA, 576);
	for (uint32_t at = 0; at < 3000; at += 536)
		lab_expect(&lab, TCP_ACK, UNA + at, PEER, 3000 - at < 536 ? 3000 - at : 536);
	lab_expect_silence(&lab);
	struct tcp_info info;
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.ssthresh, UINT32_MAX); /* no congestion */
	lab_fini(&lab);
}
END_TEST

/* Our own IP refuses a segment as too big: the path is asked again and the data goes in smaller ones. */
START_TEST(own_path_got_narrower)
{
	struct tcp_config c = lab_config();
	uint8_t bytes[1000] = { 0 };
	struct lab lab;
	start(&lab, &c);
	lab.net.side[0].mtu = 576;
	ck_assert_int_eq(tcp_write(lab.flow, bytes, 1000), 1000);
	lab_expect(&lab, TCP_ACK, UNA, PEER, 536);
	lab_inject(&lab, TCP_ACK, PEER, UNA + 536, "");
	lab_expect(&lab, TCP_ACK, UNA + 536, PEER, 464);
	lab_fini(&lab);
}
END_TEST

/* --- garbage --------------------------------------------------------------------------------------------------- */

static void raw(struct lab *lab, uint8_t *p, uint32_t len, const struct ip_rx *rx, bool checksum)
{
	struct buf *b = buf_from(lab->net.pool, p, len);
	if (checksum && len >= 18)
		put_be16(b->data + 16, tcp_checksum(&rx->src, &rx->dst, b->data, b->len));
	lab->net.side[0].rx(b, rx, lab->net.side[0].arg);
	lab_settle(lab);
}

START_TEST(bad_checksums_and_short_segments)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	uint8_t syn[20] = { 1000 >> 8, 1000 & 255, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, TCP_SYN, 0xff, 0xff, 0x12, 0x34 };
	lab_init(&lab, &c);
	lab_listen(&lab);
	struct ip_rx rx = { .src = lab.net.side[1].addr, .dst = lab.net.side[0].addr, .protocol = 6 };
	raw(&lab, syn, 20, &rx, false);
	ck_assert_uint_eq(lab_counter(&lab, "drop.checksum"), 1);
	for (uint32_t len = 0; len < 20; len++)
		raw(&lab, syn, len, &rx, true);
	ck_assert_uint_eq(lab_counter(&lab, "drop.short"), 20);
	syn[12] = 0xf0; /* header longer than the segment */
	raw(&lab, syn, 20, &rx, true);
	syn[12] = 0x40; /* shorter than a header */
	raw(&lab, syn, 20, &rx, true);
	ck_assert_uint_eq(lab_counter(&lab, "drop.short"), 22);
	lab_expect_silence(&lab);
	ck_assert_uint_eq(tcp_direct_flows(lab.tcp), 0);
	lab_fini(&lab);
}
END_TEST

/* MUST-57, MUST-63, RFC 1122 section 4.2.3.10; LAND. */
START_TEST(bad_addresses)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	uint8_t syn[20] = { 1000 >> 8, 1000 & 255, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, TCP_SYN, 0xff, 0xff };
	lab_init(&lab, &c);
	lab_listen(&lab);
	struct ip_rx good = { .src = lab.net.side[1].addr, .dst = lab.net.side[0].addr, .protocol = 6 }, rx = good;
	rx.dst_broadcast = true;
	raw(&lab, syn, 20, &rx, true);
	rx = good;
	rx.dst_multicast = true;
	raw(&lab, syn, 20, &rx, true);
	rx = good;
	rx.link_multicast = true;
	raw(&lab, syn, 20, &rx, true);
	rx = good;
	rx.src = lab_addr(255);
	raw(&lab, syn, 20, &rx, true);
	rx.src = ip_from_ip4((struct ip4_addr){ { 239, 1, 2, 3 } });
	raw(&lab, syn, 20, &rx, true);
	rx.src = ip_from_ip4((struct ip4_addr){ { 0, 0, 0, 0 } });
	raw(&lab, syn, 20, &rx, true);
	ck_assert_uint_eq(lab_counter(&lab, "drop.address"), 6);
	rx = good;
	rx.src = rx.dst;
	put_be16(syn, LAB_PORT);
	raw(&lab, syn, 20, &rx, true);
	ck_assert_uint_eq(lab_counter(&lab, "drop.land"), 1);
	lab_expect_silence(&lab);
	lab_fini(&lab);
}
END_TEST

static const struct {
	const char *options;
	uint32_t len, mss;
} odd_options[] = {
	{ "\x02\x04\x02\x00\x02\x00\x00\x00", 8, 512 }, /* MSS, then a length of 0 */
	{ "\x02\x04\x02\x00\xfe\x01\x00\x00", 8, 512 }, /* a length of 1 */
	{ "\x02\x04\x02\x00\xfe\x09\x00\x00", 8, 512 }, /* past the end */
	{ "\xfe\x03\xff\x02\x04\x02\x00\x00", 8, 512 }, /* an unknown option, MSS unaligned (MUST-6, MUST-64) */
	{ "\x01\x01\x01\x01\x02\x04\x02\x00", 8, 512 }, { "\x00\x02\x04\x02\x00\x00\x00\x00", 8, 536 }, /* behind EOL nothing counts */
};

START_TEST(odd_options_are_survived)
{
	struct tcp_config c = lab_config();
	struct lab lab;
	uint8_t syn[28] = { 1000 >> 8, 1000 & 255, 0, 80, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x70, TCP_SYN, 0xff, 0xff };
	memcpy(syn + 20, odd_options[_i].options, odd_options[_i].len);
	lab_init(&lab, &c);
	lab_listen(&lab);
	struct ip_rx rx = { .src = lab.net.side[1].addr, .dst = lab.net.side[0].addr, .protocol = 6 };
	raw(&lab, syn, 28, &rx, true);
	lab_expect(&lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER, 0);
	lab_inject(&lab, TCP_ACK, PEER, UNA, "");
	struct tcp_info info;
	tcp_info(lab.flow, &info);
	ck_assert_uint_eq(info.smss, odd_options[_i].mss);
	lab_fini(&lab);
}
END_TEST

/* Urgent data stays in the stream, whatever the pointer says. */
START_TEST(urgent_data_is_delivered_in_line)
{
	static const uint16_t pointers[] = { 0, 1, 4, 5, 65535 };
	struct tcp_config c = lab_config();
	char text[8];
	struct lab lab;
	start(&lab, &c);
	struct tcp_hdr h = { .flags = TCP_ACK | TCP_URG, .seq = PEER, .ack = UNA, .window = 65535, .urgent = pointers[_i] };
	lab_inject_hdr(&lab, h, "text", 4);
	ck_assert_int_eq(tcp_read(lab.flow, text, 8), 4);
	ck_assert_mem_eq(text, "text", 4);
	lab_fini(&lab);
}
END_TEST

/* Sequence numbers wrap in the middle of everything. */
START_TEST(wrap)
{
	struct tcp_config c = lab_config();
	c.isn = 0xfffffffe;
	struct lab lab;
	lab_init(&lab, &c);
	lab_listen(&lab);
	lab_inject(&lab, TCP_SYN, 0xfffffffd, 0, "");
	lab_expect(&lab, TCP_SYN | TCP_ACK, 0xfffffffe, 0xfffffffe, 0);
	lab_inject(&lab, TCP_ACK, 0xfffffffe, 0xffffffff, "hello");
	ck_assert_int_eq(tcp_write(lab.flow, "hello", 5), 5);
	lab_expect(&lab, TCP_ACK, 0xffffffff, 3, 5);
	lab_inject(&lab, TCP_FIN | TCP_ACK, 3, 4, "");
	lab_expect(&lab, TCP_ACK, 4, 4, 0);
	ck_assert_int_eq(lab_state(&lab), TCP_STATE_CLOSE_WAIT);
	lab_fini(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_attacks");
	TCase *tc = tcase_create("attacks");
	tcase_add_test(tc, challenge_acks_are_throttled);
	tcase_add_test(tc, ack_war_ends);
	tcase_add_test(tc, paws);
	tcase_add_test(tc, timestamp_echo);
	tcase_add_test(tc, missing_timestamp);
	tcase_add_test(tc, uninvited_timestamp);
	tcase_add_test(tc, timestamps_resolve_karn);
	tcase_add_test(tc, hard_errors_refuse_only_an_attempt);
	tcase_add_test(tc, too_big_lowers_the_segment_size);
	tcase_add_test(tc, own_path_got_narrower);
	tcase_add_test(tc, bad_checksums_and_short_segments);
	tcase_add_test(tc, bad_addresses);
	tcase_add_loop_test(tc, odd_options_are_survived, 0, 6);
	tcase_add_loop_test(tc, urgent_data_is_delivered_in_line, 0, 5);
	tcase_add_test(tc, wrap);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
