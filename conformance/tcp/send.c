/* SPDX-License-Identifier: ISC */
/* Sending data: RFC 9293 sections 3.7.4, 3.8.6, 3.9.1.2; RFC 5681. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#define DATA PAYLOAD_LEN(AT_LEAST(1))

/* Data segments from byte from of the DUT's stream on that come within within_ns; *bytes: what they carry. */
static unsigned count_data(struct tester *t, struct tcp_peer *peer, uint64_t within_ns, size_t *bytes)
{
	unsigned n = 0;
	*bytes = 0;
	tester_run(t, within_ns);
	while (SAW(t, 0, FROM_DUT(peer), DATA)) {
		n++;
		*bytes += t->got.payload_len;
	}
	return n;
}

CASE(tcp, segments_are_full_sized, SHOULD, "RFC 9293 section 3.9.1.2 (SHLD-28)", "Maximum-sized segments are sent whenever there is data for them.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 4 * 1460);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(1460)));
		tcp_peer_took(&peer);
	}
}

CASE(tcp, last_segment_pushed, MUST, "RFC 9293 section 3.9.1.2 (MUST-61)", "PSH is set on the last segment of what was buffered.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 2000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
	tcp_peer_took(&peer);
	tcp_peer_ack(&peer);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt), .flags = EQ(TCP_ACK | TCP_PSH)), PAYLOAD_LEN(EQ(540)));
}

CASE(tcp, nagle, SHOULD, "RFC 9293 section 3.7.4 (SHLD-7)", "While data is unacknowledged, small segments wait: the Nagle algorithm.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 10);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(10)));
	tcp_peer_took(&peer);
	for (unsigned i = 0; i < 5; i++)
		tcp_peer_dut_write(&peer, 10);
	EXPECT_SILENCE(t, MILLISECONDS(100), FROM_DUT(&peer), DATA);
	tcp_peer_ack(&peer);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(50)));
}

CASE(tcp, nagle_can_be_disabled, MUST, "RFC 9293 section 3.7.4 (MUST-17)", "An application can turn the Nagle algorithm off for a connection.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	REQUIRE(t, host_set_option(t->dut, peer.sock, DUT_SO_NODELAY, 1) == 0, "the option was refused");
	for (unsigned i = 0; i < 3; i++) {
		tcp_peer_dut_write(&peer, 10);
		EXPECT(t, MILLISECONDS(10), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(10)));
		tcp_peer_took(&peer);
	}
}

CASE(tcp, window_respected, MUST, "RFC 9293 section 3.8.6", "No more is sent than the peer's window allows.")
{
	struct tcp_peer peer;
	size_t bytes;
	tcp_peer_open(t, &peer, .window = 2000);
	tcp_peer_dut_write(&peer, 10000);
	count_data(t, &peer, MILLISECONDS(900), &bytes);
	REQUIRE(t, bytes >= 1460 && bytes <= 2000, "%zu bytes were sent into a window of 2000", bytes);
}

CASE(tcp, window_is_unsigned, MUST, "RFC 9293 section 3.1 (MUST-1)", "A window of 32768 or more is never read as negative.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .window = 65535);
	tcp_peer_dut_write(&peer, 3000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(1460)));
}

CASE(tcp, shrunk_window_survived, MUST, "RFC 9293 section 3.8.6 (MUST-34)",
	"A peer that takes back window it had offered does not upset the sender: the stream arrives.")
{
	struct tcp_peer peer;
	size_t bytes;
	tcp_peer_open(t, &peer, .window = 4000);
	tcp_peer_dut_write(&peer, 8000);
	count_data(t, &peer, MILLISECONDS(100), &bytes);
	SEND(t, SEG(&peer, .window = EQ(500)));
	count_data(t, &peer, MILLISECONDS(100), &bytes);
	peer.window = 65535;
	tcp_peer_ack(&peer);
	tcp_peer_expect_data(&peer, 8000, SECONDS(20));
}

/* The peer closes its window as it should: what comes is acknowledged, and the right edge does not move until it is reached. 3000 bytes more wait. */
static void close_window(struct tester *t, struct tcp_peer *peer)
{
	enum { WINDOW = 2 * 1460 };
	(tcp_peer_open)(t, peer, &(struct tcp_peer_setup){ .window = WINDOW });
	(tcp_peer_dut_write)(peer, WINDOW + 3000);
	while (peer->window > 0) {
		tester_expect(t, SECONDS(5), &(struct packet){ FROM_DUT(peer, .seq = EQ(peer->rcv_nxt)), PAYLOAD_LEN(BETWEEN(1, peer->window)) });
		peer->window -= (uint32_t)t->got.payload_len;
		tcp_peer_took(peer);
		tester_send(t, &(struct packet){ SEG(peer) });
	}
	tester_run(t, MILLISECONDS(1));
	tester_flush(t);
}

/* A probe: one byte, or none, at the edge of the closed window. */
#define PROBE(peer) \
	FROM_DUT(peer, .seq = BETWEEN((peer)->rcv_nxt - 1, (peer)->rcv_nxt), .flags = BITS(TCP_SYN | TCP_RST | TCP_FIN, 0)), PAYLOAD_LEN(AT_MOST(1))

CASE(tcp, zero_window_probed, MUST, "RFC 9293 section 3.8.6.1 (MUST-36)",
	"A closed window is probed, so that a lost window update does not end the stream.")
{
	struct tcp_peer peer;
	close_window(HERE(t), &peer);
	EXPECT(t, SECONDS(10), PROBE(&peer));
	EXPECT_SILENCE(t, SECONDS(2), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(2)));
	tester_flush(t);
	peer.window = 65535;
	tcp_peer_ack(&peer);
	tcp_peer_expect_data(&peer, 3000, SECONDS(20));
}

CASE(tcp, probes_back_off, SHOULD, "RFC 9293 section 3.8.6.1 (SHLD-30)", "The interval between probes of a closed window grows exponentially.")
{
	struct tcp_peer peer;
	uint64_t when[5];
	close_window(HERE(t), &peer);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT(t, SECONDS(100), PROBE(&peer));
		when[i] = t->got_ns;
		tcp_peer_ack(&peer);
	}
	uint64_t first = when[1] - when[0], last = when[4] - when[3];
	REQUIRE(t, last >= first * 4, "the fourth interval is %llu ms, the first %llu ms: not even four times as long",
		(unsigned long long)(last / NS_PER_MS), (unsigned long long)(first / NS_PER_MS));
}

CASE(tcp, closed_window_endured, MUST, "RFC 9293 section 3.8.6.1 (MUST-37)",
	"As long as probes are acknowledged, the connection stays open, for hours.")
{
	struct tcp_peer peer;
	close_window(HERE(t), &peer);
	uint64_t end = tester_now(t) + HOURS(3);
	while (tester_now(t) < end) {
		EXPECT(t, MINUTES(5), PROBE(&peer));
		tcp_peer_ack(&peer);
	}
	tester_run(t, MILLISECONDS(1));
	tester_flush(t);
	peer.window = 65535;
	tcp_peer_ack(&peer);
	tcp_peer_expect_data(&peer, 3000, MINUTES(3));
}

CASE(tcp, window_taken_back_obeyed, SHOULD, "RFC 9293 section 3.8.6 (SHLD-15), section 3.10.7.4",
	"A peer should not take window back, but when it does, no new data is sent beyond the new edge.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	peer.window = 0;
	tcp_peer_ack(&peer);
	tester_run(t, MILLISECONDS(1));
	tcp_peer_dut_write(&peer, 3000);
	EXPECT_SILENCE(t, SECONDS(10), FROM_DUT(&peer), PAYLOAD_LEN(AT_LEAST(2)));
	tester_flush(t);
	peer.window = 65535;
	tcp_peer_ack(&peer);
	tcp_peer_expect_data(&peer, 3000, SECONDS(20));
}

CASE(tcp, small_window_increase_not_used, MUST, "RFC 9293 section 3.8.6.2.1 (MUST-38)",
	"A window that opens by a few bytes is not filled with a tiny segment at once: silly-window avoidance.")
{
	struct tcp_peer peer;
	size_t bytes;
	tcp_peer_open(t, &peer, .window = 1460);
	tcp_peer_dut_write(&peer, 10000);
	count_data(t, &peer, MILLISECONDS(50), &bytes);
	peer.rcv_nxt += (uint32_t)bytes;
	SEND(t, SEG(&peer, .window = EQ(20)));
	EXPECT_SILENCE(t, MILLISECONDS(90), FROM_DUT(&peer), PAYLOAD_LEN(BETWEEN(1, 100))); /* the override time-out is 0.1 to 1 s */
}

CASE(tcp, initial_window_bounded, MUST, "RFC 6928 section 2; RFC 5681 section 3.1",
	"Before the first ACK at most ten segments and 14600 bytes are sent.")
{
	struct tcp_peer peer;
	size_t bytes;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 30000);
	unsigned n = count_data(t, &peer, MILLISECONDS(500), &bytes);
	REQUIRE(t, n >= 1 && n <= 10 && bytes <= 14600, "%u segments with %zu bytes were sent before any ACK", n, bytes);
}

CASE(tcp, slow_start, MUST, "RFC 9293 section 3.8.2 (MUST-19); RFC 5681 section 3.1",
	"In slow start each round trip at most doubles what is in flight, and does let it grow.")
{
	struct tcp_peer peer;
	size_t first, second;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 60000);
	count_data(t, &peer, MILLISECONDS(100), &first);
	for (size_t at = 0; at < first; at += 1460) { /* an ACK for every segment */
		peer.rcv_nxt += 1460;
		tcp_peer_ack(&peer);
	}
	count_data(t, &peer, MILLISECONDS(100), &second);
	REQUIRE(t, second <= 2 * first && (second > first || first + second == 60000), "%zu bytes in the first round trip, %zu in the second", first,
		second);
}

CASE(tcp, ack_of_unsent_data_answered, MUST, "RFC 9293 section 3.10.7.4", "An ACK of what was never sent is answered with an ACK and ignored.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .ack = EQ(peer.rcv_nxt + 5000)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	tcp_peer_dut_write(&peer, 100);
	tcp_peer_expect_data(&peer, 100, SECONDS(1));
}

CASE(tcp, one_address_per_connection, MUST, "RFC 9293 section 3.9.1.1 (MUST-45)", "Every segment of a connection has the local address of the first.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .dut_connects = true);
	tcp_peer_dut_write(&peer, 3000);
	tester_run(t, SECONDS(5));
	unsigned n = 0;
	while (SAW(t, 0, TCP(.dst_port = EQ(peer.my_port)))) {
		n++;
		REQUIRE(t, ip4_equal(t->got.ip4.src, t->dut_ip), "a segment came from another address");
	}
	REQUIRE(t, n > 1, "no segments came");
}
