/* SPDX-License-Identifier: ISC */
/* Options: RFC 9293 sections 3.1, 3.2, 3.7.1; RFC 7323; RFC 2018. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

#define SYN_ACK (TCP_SYN | TCP_ACK)

CASE(tcp, announces_mss, MUST, "RFC 9293 section 3.7.1 (MUST-14, MUST-67)",
	"The SYN,ACK announces an MSS of no more than the MTU less 40: on Ethernet 1460.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK), .mss = BETWEEN(1, 1460)));
}

CASE(tcp, active_open_announces_mss, SHOULD, "RFC 9293 section 3.7.1 (SHLD-5)",
	"The SYN of an active open carries the MSS option when the MSS is not the default.")
{
	tester_tcp_connect(t, t->my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .mss = BETWEEN(1, 1460)));
}

CASE(tcp, default_mss_without_option, MUST, "RFC 9293 section 3.7.1 (MUST-15)",
	"Without an MSS option from the peer, segments carry at most 536 bytes.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .no_mss = true);
	tcp_peer_dut_write(&peer, 3000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(BETWEEN(1, 536)));
	EXPECT_SILENCE(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(537)));
}

CASE(tcp, peer_mss_honoured, MUST, "RFC 9293 section 3.7.1 (MUST-16)", "Segments are never larger than the peer's MSS, IP and TCP options included.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .mss = 700, .timestamps = true);
	tcp_peer_dut_write(&peer, 4000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(1)));
	REQUIRE(t, t->got.payload_len + t->got.tcp.header_len <= 700 + TCP_HDR_LEN,
		"a segment has %zu bytes of data and %d of options, together more than the MSS of 700", t->got.payload_len,
		t->got.tcp.header_len - TCP_HDR_LEN);
	EXPECT_SILENCE(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(701)));
}

CASE(tcp, tiny_mss_floored, MAY, "CVE-2019-11479; RFC 1122 section 3.3.2",
	"A peer that announces an MSS of 1, though every host reassembles 576 bytes, does not get the stream in one-byte segments.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .mss = 1);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(24)));
}

CASE(tcp, no_mss_outside_syn, MUST, "RFC 9293 section 3.2 (MUST-65)", "The MSS option is never sent on a segment without SYN.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .has_mss = EQ(0), .has_wscale = EQ(0), .has_sack_ok = EQ(0)), PAYLOAD_LEN(EQ(100)));
}

/* A data segment with these raw options is accepted. */
#define ACCEPTED_WITH(t, peer, ...) \
	do { \
		static const uint8_t options_[] = { __VA_ARGS__ }; \
		uint8_t data_[10]; \
		tcp_peer_data(&peer, 0, data_, sizeof(data_)); \
		SEND(t, SEG(&peer, .options = BYTES(options_, sizeof(options_))), PAYLOAD(BYTES(data_, sizeof(data_)))); \
		peer.snd_nxt += sizeof(data_); \
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt))); \
	} while (0)

CASE(tcp, option_in_any_segment, MUST, "RFC 9293 section 3.1 (MUST-5)",
	"An option may come in any segment, those that belong in a SYN included: the segment is accepted.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	ACCEPTED_WITH(t, peer, 2, 4, 0x02, 0x18); /* MSS 536 */
	ACCEPTED_WITH(t, peer, 1, 3, 3, 14);      /* window scale 14 */
}

CASE(tcp, mss_outside_syn_ignored, MAY, "RFC 9293 section 3.2 (MUST-65)",
	"An MSS option on a segment without SYN, where nobody may send it, changes nothing (what a receiver does is left open).")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	ACCEPTED_WITH(t, peer, 2, 4, 0x02, 0x18);
	tcp_peer_dut_write(&peer, 1000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(1000)));
}

CASE(tcp, unknown_options_skipped, MUST, "RFC 9293 section 3.1 (MUST-6)", "Options that are not implemented are skipped by their length.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	ACCEPTED_WITH(t, peer, 253, 4, 0xaa, 0xbb);
	ACCEPTED_WITH(t, peer, 30, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	ACCEPTED_WITH(t, peer, 19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

CASE(tcp, options_of_any_alignment, MUST, "RFC 9293 section 3.2 (MUST-64)", "Options are understood whether or not they begin on a word boundary.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	int listener = tester_tcp_listener(t, peer.dut_port);
	static const uint8_t options[8] = { 1, 2, 4, 0x02, 0x58, 1, 1, 0 }; /* NOP, MSS 600 */
	SEND(t, SEG(&peer, .seq = EQ(peer.iss), .ack = EQ(0), .flags = EQ(TCP_SYN), .options = BYTES(options, 8)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
	tcp_peer_took_syn(&peer);
	peer.snd_nxt = peer.iss + 1;
	SEND(t, SEG(&peer));
	peer.sock = tester_accept(t, listener);
	tcp_peer_dut_write(&peer, 1500);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(600)));
}

CASE(tcp, malformed_options_survived, MUST, "RFC 9293 section 3.1 (MUST-7)", "An option of length 0, 1 or past the header does no harm.")
{
	struct tcp_peer peer;
	static const uint8_t bad[][4] = { { 2, 0, 5, 0xb4 }, { 2, 1, 5, 0xb4 }, { 2, 40, 5, 0xb4 }, { 1, 1, 1, 2 }, { 254, 255, 0, 0 },
		{ 8, 10, 0, 0 }, { 5, 2, 0, 0 }, { 5, 4, 0, 0 }, { 3, 2, 0, 0 }, { 34, 3, 0, 0 } };
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		SEND(t, SEG(&peer, .options = BYTES(bad[i], 4)));
		SEND(t, TCP(.src_port = EQ(1000 + i), .flags = EQ(TCP_SYN), .seq = EQ(1), .options = BYTES(bad[i], 4)));
	}
	tester_run(t, MILLISECONDS(10));
	tester_flush(t);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	tcp_peer_dut_read(&peer, 100);
}

CASE(tcp, no_scaling_unless_offered, MUST, "RFC 7323 section 2.2",
	"A SYN without window scale is never answered with one, and windows are then not scaled.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK), .has_wscale = EQ(0)));
}

CASE(tcp, scaled_window_used, MUST, "RFC 7323 section 2.3",
	"When both sides offered window scale, the peer's window is its field shifted by its scale.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .use_wscale = true, .wscale = 4, .window = 3000);
	if (!peer.my_shift)
		SKIP(t, "the variant does not scale windows");
	SEND(t, SEG(&peer, .window = EQ(100))); /* 1600 bytes */
	tester_run(t, MILLISECONDS(1));
	tcp_peer_dut_write(&peer, 4000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(1460)));
	EXPECT_SILENCE(t, MILLISECONDS(900), FROM_DUT(&peer, .seq = BETWEEN(peer.rcv_nxt + 1600, peer.rcv_nxt + 4000)), PAYLOAD_LEN(AT_LEAST(1)));
}

CASE(tcp, no_timestamps_unless_offered, MUST, "RFC 7323 section 3.2", "A SYN without timestamps is never answered with them.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .has_timestamp = EQ(0)), PAYLOAD_LEN(EQ(100)));
}

/* Opens with timestamps; skips when the DUT does not have them. */
static void open_with_timestamps(struct tester *t, struct tcp_peer *peer)
{
	(tcp_peer_open)(t, peer, &(struct tcp_peer_setup){ .timestamps = true });
	if (!peer->timestamps)
		tester_skip(t, "the variant does not do timestamps");
}

CASE(tcp, timestamps_on_every_segment, MUST, "RFC 7323 section 3.2",
	"Once agreed on, timestamps are on every segment but resets, and echo the peer's latest.")
{
	struct tcp_peer peer;
	open_with_timestamps(HERE(t), &peer);
	tester_run(t, SECONDS(3));
	tcp_peer_send_data(&peer, 100);
	uint32_t mine = t->sent.tcp.opt.ts_val;
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt), .ts_ecr = EQ(mine)));
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ts_ecr = EQ(mine), .has_timestamp = EQ(1)), PAYLOAD_LEN(EQ(100)));
}

CASE(tcp, paws_rejects_old_segment, MUST, "RFC 7323 section 5.3 (R1)",
	"A segment whose timestamp is older than the last valid one is not accepted, and answered with an ACK.")
{
	struct tcp_peer peer;
	open_with_timestamps(HERE(t), &peer);
	tester_run(t, SECONDS(3));
	tcp_peer_send_data(&peer, 10);
	uint32_t recent = t->sent.tcp.opt.ts_val, next = peer.snd_nxt;
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(next)));
	uint8_t data[10];
	tcp_peer_data(&peer, 0, data, sizeof(data));
	SEND(t, SEG(&peer, .ts_val = EQ(recent - 1000), .ts_ecr = EQ(0)), PAYLOAD(BYTES(data, sizeof(data))));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(next)));
	EXPECT_SILENCE(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(next + 10)));
	tcp_peer_send_data(&peer, 10);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(next + 10)));
}

CASE(tcp, timestamp_not_poisoned, MUST, "RFC 7323 section 4.3; CVE-2005-0356",
	"A segment outside the window never sets the timestamp that later segments are judged by.")
{
	struct tcp_peer peer;
	open_with_timestamps(HERE(t), &peer);
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 0x10000000), .ts_val = EQ(0x70000000), .ts_ecr = EQ(0)), PAYLOAD(PATTERN(10)));
	tester_run(t, MILLISECONDS(10));
	tester_flush(t);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
}

CASE(tcp, sack_reports_hole, SHOULD, "RFC 2018 section 4",
	"When SACK was agreed on, the ACK of a segment behind a hole names it, the latest block first.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .sack = true);
	if (!peer.sack)
		SKIP(t, "the variant does not do SACK");
	uint8_t data[300];
	tcp_peer_data(&peer, 0, data, sizeof(data));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 100)), PAYLOAD(BYTES(data + 100, 50)));
	EXPECT(t, SECONDS(1),
		FROM_DUT(&peer, .ack = EQ(peer.snd_nxt), .n_sack = EQ(1), .sack_from = EQ(peer.snd_nxt + 100), .sack_to = EQ(peer.snd_nxt + 150)));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 200)), PAYLOAD(BYTES(data + 200, 50)));
	EXPECT(t, SECONDS(1),
		FROM_DUT(&peer, .ack = EQ(peer.snd_nxt), .n_sack = EQ(2), .sack_from = EQ(peer.snd_nxt + 200), .sack_to = EQ(peer.snd_nxt + 250)));
}

CASE(tcp, no_sack_unless_permitted, MUST, "RFC 2018 section 2", "SACK blocks are never sent to a peer that did not permit them.")
{
	struct tcp_peer peer;
	uint8_t data[300];
	tcp_peer_open(t, &peer);
	tcp_peer_data(&peer, 0, data, sizeof(data));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 100)), PAYLOAD(BYTES(data + 100, 50)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt), .n_sack = EQ(0)));
}
