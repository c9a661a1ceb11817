/* SPDX-License-Identifier: ISC */
/* Receiving data: RFC 9293 sections 3.4, 3.8.6, 3.10.7.4; RFC 5681 section 4.2. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

/* Bytes [from, to) of our stream, counted from snd_nxt, which stays. */
#define SEND_PART(t, peer, from, to) send_part(HERE(t), (peer), (from), (to))
static void send_part(struct tester *t, struct tcp_peer *peer, size_t from, size_t to)
{
	uint8_t data[2000];
	tcp_peer_data(peer, from, data, to - from);
	tester_send(t, &(struct packet){ SEG(peer, .seq = EQ((uint32_t)(peer->snd_nxt + from))), PAYLOAD(BYTES(data, to - from)) });
}

CASE(tcp, data_acknowledged_and_delivered, MUST, "RFC 9293 section 3.10.7.4", "Data in order is acknowledged and delivered, byte for byte.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < 20; i++) {
		tcp_peer_send_data(&peer, 1 + i * 70);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt), .seq = EQ(peer.rcv_nxt)));
		tcp_peer_dut_read(&peer, 1 + i * 70);
	}
}

CASE(tcp, ack_not_delayed_half_a_second, MUST, "RFC 9293 section 3.8.6.3 (MUST-40)", "An acknowledgment is delayed less than 0.5 seconds.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tester_run(t, SECONDS(10));
	tester_flush(t);
	uint64_t start = tester_now(t);
	tcp_peer_send_data(&peer, 10);
	EXPECT(t, SECONDS(2), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	REQUIRE(t, t->got_ns - start < MILLISECONDS(500), "the ACK came after %llu ms", (unsigned long long)((t->got_ns - start) / NS_PER_MS));
}

CASE(tcp, every_second_segment_acknowledged, SHOULD, "RFC 9293 section 3.8.6.3 (SHLD-19)",
	"At least every second full-sized segment is acknowledged without delay.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < 6; i++) {
		tcp_peer_send_data(&peer, 2u * peer.dut_mss);
		EXPECT(t, MILLISECONDS(20), FROM_DUT(&peer, .ack = BETWEEN(peer.snd_nxt - peer.dut_mss, peer.snd_nxt)));
		tester_run(t, SECONDS(1));
		tester_flush(t);
		tcp_peer_dut_read(&peer, 2u * peer.dut_mss);
	}
}

CASE(tcp, out_of_order_acknowledged_at_once, SHOULD, "RFC 5681 section 4.2", "A segment behind a hole causes a duplicate ACK at once.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND_PART(t, &peer, 100, 200);
	EXPECT(t, MILLISECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
	SEND_PART(t, &peer, 200, 300);
	EXPECT(t, MILLISECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
}

CASE(tcp, filled_hole_acknowledged_at_once, SHOULD, "RFC 5681 section 4.2", "A segment that fills a hole is acknowledged at once.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND_PART(t, &peer, 100, 200);
	EXPECT(t, MILLISECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	SEND_PART(t, &peer, 0, 100);
	EXPECT(t, MILLISECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 200)));
}

CASE(tcp, out_of_order_queued, SHOULD, "RFC 9293 section 3.10.7.4 (SHLD-31)",
	"Segments behind a hole are kept: when it is filled, everything is acknowledged and delivered in order.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (int i = 9; i >= 0; i--)
		SEND_PART(t, &peer, (size_t)i * 100, (size_t)i * 100 + 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 1000)));
	tcp_peer_dut_read(&peer, 1000);
}

CASE(tcp, duplicate_acknowledged_again, MUST, "RFC 9293 section 3.10.7.4",
	"A segment that was received before is answered with an ACK of what is expected, and dropped.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	peer.snd_nxt -= 100;
	SEND_PART(t, &peer, 0, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt + 100)));
	tcp_peer_dut_read(&peer, 100);
	REQUIRE_EQ(t, "more data", tester_dut_recv(t, peer.sock, NULL, 0, NULL), -EAGAIN);
}

CASE(tcp, overlap_trimmed, MUST, "RFC 9293 section 3.10.7.4",
	"Of a segment that repeats bytes only the new ones count, at its front, at its end and inside.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND_PART(t, &peer, 0, 100);
	SEND_PART(t, &peer, 50, 150);
	SEND_PART(t, &peer, 250, 300);
	SEND_PART(t, &peer, 240, 320);
	SEND_PART(t, &peer, 150, 270);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 320)));
	tcp_peer_dut_read(&peer, 320);
}

CASE(tcp, every_overlap_in_order, MUST, "RFC 9293 section 3.4; CVE-2018-5390",
	"Whatever the order and overlap of its segments, the stream comes out right.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < 400; i++) {
		unsigned from = (unsigned)random_below(&t->random, 2900), len = 1 + (unsigned)random_below(&t->random, 100);
		SEND_PART(t, &peer, from, from + len);
	}
	for (unsigned at = 0; at < 3000; at += 500)
		SEND_PART(t, &peer, at, at + 500);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 3000)));
	tcp_peer_dut_read(&peer, 3000);
}

CASE(tcp, beyond_window_dropped, MUST, "RFC 9293 section 3.10.7.4", "A segment beyond the window is dropped and answered with an ACK.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 0x20000000)), PAYLOAD(PATTERN(100)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 0x20000000)), PAYLOAD(PATTERN(100)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	tcp_peer_send_data(&peer, 10);
	tcp_peer_dut_read(&peer, 10);
}

CASE(tcp, bad_checksum_dropped, MUST, "RFC 9293 section 3.1 (MUST-3)", "A segment with a wrong checksum is dropped without any change of state.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	uint8_t frame[200], data[100];
	tcp_peer_data(&peer, 0, data, sizeof(data));
	size_t len = BUILD(t, frame, sizeof(frame), SEG(&peer), PAYLOAD(BYTES(data, sizeof(data))));
	for (size_t at = ETH_HDR_LEN + IP4_HDR_LEN; at < len; at++) {
		frame[at] ^= 0x04;
		tester_send_bytes(t, frame, len);
		frame[at] ^= 0x04;
	}
	EXPECT_SILENCE(t, SECONDS(1));
	tester_send_bytes(t, frame, len);
	tcp_peer_dut_read(&peer, 100);
}

CASE(tcp, header_length_checked, MUST, "RFC 9293 section 3.1", "A segment whose data offset is below 5 or beyond its end does no harm.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned len = 0; len < 20; len += 4)
		SEND(t, SEG(&peer, .header_len = EQ(len)), PAYLOAD(PATTERN(10)));
	SEND(t, SEG(&peer, .header_len = EQ(60)), PAYLOAD(PATTERN(10)));
	EXPECT_SILENCE(t, SECONDS(1));
	tcp_peer_send_data(&peer, 10);
	tcp_peer_dut_read(&peer, 10);
}

CASE(tcp, sequence_wraps, MUST, "RFC 9293 section 3.4",
	"Sequence numbers are compared modulo 2^32: a stream that crosses 0 is received, holes and all.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .iss = 0xffffff00);
	for (unsigned i = 0; i < 5; i++)
		tcp_peer_send_data(&peer, 40);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	SEND_PART(t, &peer, 100, 200);
	SEND_PART(t, &peer, 0, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 200)));
	tcp_peer_dut_read(&peer, 400);
}

CASE(tcp, right_edge_never_moves_left, SHOULD, "RFC 9293 section 3.8.6 (SHLD-14)", "The right edge of the window offered is never moved to the left.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	uint32_t edge = 0;
	for (unsigned i = 0; i < 30; i++) {
		tcp_peer_send_data(&peer, 700);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
		uint32_t now = t->got.tcp.ack + ((uint32_t)t->got.tcp.window << peer.dut_shift);
		REQUIRE(t, i == 0 || seq_geq(now, edge), "the right edge moved %u bytes to the left", edge - now);
		edge = now;
	}
}

/* Fills the DUT's receive window, which nobody reads from, and returns the bytes it took. */
static size_t fill_window(struct tester *t, struct tcp_peer *peer)
{
	size_t sent = 0;
	uint32_t window = 1;
	while (window > 0 && sent < (16u << 20)) {
		size_t n = window > peer->dut_mss || sent == 0 ? peer->dut_mss : window;
		tcp_peer_send_data(peer, n);
		sent += n;
		EXPECT(t, SECONDS(2), FROM_DUT(peer, .ack = EQ(peer->snd_nxt)));
		window = (uint32_t)t->got.tcp.window << peer->dut_shift;
	}
	return sent;
}

CASE(tcp, closed_window_opens_in_steps, MUST, "RFC 9293 section 3.8.6.2.2 (MUST-39)",
	"When little was read from a full buffer, no small window is offered: silly-window avoidance.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	fill_window(t, &peer);
	tester_run(t, SECONDS(2));
	tester_flush(t);
	tcp_peer_dut_read(&peer, 1);
	EXPECT_SILENCE(t, SECONDS(2), FROM_DUT(&peer, .window = BETWEEN(1, 500)));
	SEND_PART(t, &peer, 0, 1); /* a probe asks for the window */
	EXPECT(t, SECONDS(1), FROM_DUT(&peer));
	REQUIRE(t, t->got.tcp.window == 0 || t->got.tcp.window >= 500, "after one byte was read a window of %u is offered", t->got.tcp.window);
}

CASE(tcp, reading_opens_the_window, MUST, "RFC 9293 section 3.8.6", "When the application reads, the peer is told that the window is open again.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	size_t sent = fill_window(t, &peer);
	tcp_peer_dut_read(&peer, sent);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt), .window = AT_LEAST(1)));
	tcp_peer_send_data(&peer, 100);
	tcp_peer_dut_read(&peer, 100);
}

CASE(tcp, probe_of_closed_window_answered, MUST, "RFC 9293 sections 3.8.6.1, 3.10.7.4",
	"With a closed window a probe is answered with an ACK that says so, and the byte is not taken.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	size_t sent = fill_window(t, &peer);
	for (unsigned i = 0; i < 5; i++) {
		tester_run(t, SECONDS(10));
		tester_flush(t);
		SEND(t, SEG(&peer), PAYLOAD(PATTERN(1)));
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt), .window = EQ(0)));
	}
	tcp_peer_dut_read(&peer, sent);
}

CASE(tcp, urgent_data_survived, MUST, "RFC 9293 section 3.8.5 (MUST-30, MUST-31); CVE-2019-12255",
	"Segments with URG are received whatever their urgent pointer says; what follows is right.")
{
	struct tcp_peer peer;
	uint8_t data[10], got[100];
	static const unsigned pointers[] = { 0, 1, 5, 10, 11, 1000, 65535 };
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		tcp_peer_data(&peer, 0, data, sizeof(data));
		SEND(t, SEG(&peer, .flags = EQ(TCP_ACK | TCP_URG), .urgent = EQ(pointers[i])), PAYLOAD(BYTES(data, sizeof(data))));
		peer.snd_nxt += sizeof(data);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	}
	while (tester_dut_recv(t, peer.sock, got, sizeof(got), NULL) > 0)
		continue;
	SEND(t, SEG(&peer), PAYLOAD(TEXT("after")));
	peer.snd_nxt += 5;
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	REQUIRE_EQ(t, "bytes read after the urgent ones", tester_dut_recv(t, peer.sock, got, sizeof(got), NULL), 5);
	REQUIRE(t, memcmp(got, "after", 5) == 0, "what was sent after the urgent data came out wrong");
}

CASE(tcp, segment_without_ack_dropped, MUST, "RFC 9293 section 3.10.7.4", "In ESTABLISHED a segment without ACK is dropped.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	uint8_t data[10];
	tcp_peer_data(&peer, 0, data, sizeof(data));
	SEND(t, SEG(&peer, .flags = EQ(TCP_PSH)), PAYLOAD(BYTES(data, sizeof(data))));
	tester_run(t, SECONDS(1));
	REQUIRE_EQ(t, "data", tester_dut_recv(t, peer.sock, NULL, 0, NULL), -EAGAIN);
	tcp_peer_send_data(&peer, 10);
	tcp_peer_dut_read(&peer, 10);
}
