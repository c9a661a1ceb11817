/* SPDX-License-Identifier: ISC */
/* Loss recovery and congestion control: RFC 6298, RFC 5681, RFC 6582, RFC 9293 section 3.8. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

#define DATA PAYLOAD_LEN(AT_LEAST(1))
#define MSS 1460u

CASE(tcp, rto_backs_off, MUST, "RFC 6298 section 5.5; RFC 9293 section 3.8.2 (MUST-19)",
	"Each time-out doubles the one before: exponential back-off.")
{
	struct tcp_peer peer;
	uint64_t when[5];
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT(t, SECONDS(70), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(100)));
		when[i] = t->got_ns;
	}
	for (unsigned i = 2; i < 5; i++) {
		uint64_t before = when[i - 1] - when[i - 2], after = when[i] - when[i - 1];
		REQUIRE(t, after * 10 >= before * 17 && after * 10 <= before * 23,
			"retransmission %u came %llu ms after the one before it, that one after %llu ms: not doubled", i,
			(unsigned long long)(after / NS_PER_MS), (unsigned long long)(before / NS_PER_MS));
	}
}

CASE(tcp, rto_at_least_one_second, SHOULD, "RFC 6298 section 2.4", "The retransmission time-out is never below one second.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < 5; i++) { /* round trips of no time at all */
		tcp_peer_dut_write(&peer, 100);
		tcp_peer_expect_data(&peer, 100, SECONDS(1));
	}
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
	uint64_t sent = t->got_ns;
	EXPECT(t, SECONDS(70), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
	REQUIRE(t, t->got_ns - sent >= SECONDS(1), "the retransmission came after %llu ms", (unsigned long long)((t->got_ns - sent) / NS_PER_MS));
}

CASE(tcp, retransmission_has_the_same_bytes, MUST, "RFC 9293 section 3.8", "What is retransmitted is what was sent.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 1000);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(1000)));
	tcp_peer_expect_data(&peer, 1000, SECONDS(10));
}

CASE(tcp, retransmission_stops_when_acknowledged, MUST, "RFC 6298 section 5.2", "When everything is acknowledged nothing is retransmitted.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 5000);
	tcp_peer_expect_data(&peer, 5000, SECONDS(1));
	EXPECT_SILENCE(t, MINUTES(5), FROM_DUT(&peer));
}

CASE(tcp, retransmits_for_100_seconds, SHOULD, "RFC 9293 section 3.8.3 (SHLD-11)",
	"Data that is not acknowledged is retransmitted for at least 100 seconds before the connection is given up.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	tester_run(t, SECONDS(100));
	REQUIRE(t, !(host_ready(t->dut, peer.sock) & DUT_CLOSED), "the connection was given up within 100 seconds");
	tester_flush(t);
	tcp_peer_expect_data(&peer, 100, SECONDS(100));
}

CASE(tcp, gives_up_at_last, MUST, "RFC 9293 section 3.8.3 (MUST-20)",
	"Data that is never acknowledged ends the connection with an error for the application.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	tester_run(t, HOURS(2));
	REQUIRE(t, host_ready(t->dut, peer.sock) & DUT_CLOSED, "after two hours the connection is still open");
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, peer.sock), -ETIMEDOUT);
}

/* The DUT has n full segments in flight, all of them seen; nothing is acknowledged. */
static void in_flight(struct tester *t, struct tcp_peer *peer, unsigned n)
{
	/* Acknowledge one segment after another until the congestion window lets n out at once. */
	for (unsigned round = 0; round < 6; round++) {
		(tcp_peer_dut_write)(peer, 4 * MSS);
		(tcp_peer_expect_data)(peer, 4 * MSS, SECONDS(1));
	}
	(tcp_peer_dut_write)(peer, n * MSS);
	for (unsigned i = 0; i < n; i++)
		tester_expect(t, MILLISECONDS(10),
			&(struct packet){ FROM_DUT(peer, .seq = EQ((uint32_t)(peer->rcv_nxt + i * MSS))), PAYLOAD_LEN(EQ(MSS)) });
}

CASE(tcp, fast_retransmit, SHOULD, "RFC 5681 section 3.2",
	"The third duplicate ACK causes the retransmission of what seems lost, without waiting for the time-out.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	in_flight(HERE(t), &peer, 6);
	for (unsigned i = 0; i < 3; i++)
		tcp_peer_ack(&peer);
	EXPECT(t, MILLISECONDS(10), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(MSS)));
}

CASE(tcp, two_duplicates_are_no_loss, MUST, "RFC 5681 sections 3, 3.2",
	"One or two duplicate ACKs are never taken for a loss: segments may have been reordered.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	in_flight(HERE(t), &peer, 6);
	for (unsigned i = 0; i < 2; i++)
		tcp_peer_ack(&peer);
	EXPECT_SILENCE(t, MILLISECONDS(100), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
}

CASE(tcp, window_update_is_no_duplicate, MUST, "RFC 5681 sections 2, 3.2",
	"ACKs that open the window further are no duplicate ACKs: no fast retransmit.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .window = 30000);
	in_flight(HERE(t), &peer, 6);
	for (unsigned i = 0; i < 5; i++)
		SEND(t, SEG(&peer, .window = EQ(31000 + i * 1000)));
	EXPECT_SILENCE(t, MILLISECONDS(100), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
}

CASE(tcp, partial_ack_retransmits_next, SHOULD, "RFC 6582 section 3.2",
	"During fast recovery an ACK of some of the data causes the next hole to be retransmitted at once.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	in_flight(HERE(t), &peer, 8);
	for (unsigned i = 0; i < 4; i++)
		tcp_peer_ack(&peer);
	EXPECT(t, MILLISECONDS(10), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
	peer.rcv_nxt += 3 * MSS; /* the fourth segment is missing, too */
	tcp_peer_ack(&peer);
	EXPECT(t, MILLISECONDS(10), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
}

CASE(tcp, loss_window_after_timeout, MUST, "RFC 5681 section 3.1", "After a time-out at most one full segment is sent until an ACK comes.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	in_flight(HERE(t), &peer, 6);
	EXPECT(t, SECONDS(70), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), DATA);
	unsigned more = 0;
	while (SAW(t, MILLISECONDS(200), FROM_DUT(&peer), DATA))
		more++;
	REQUIRE(t, more == 0, "%u more segments were sent at the time-out", more);
}

CASE(tcp, optimistic_ack_gains_nothing, MUST, "RFC 9293 section 3.10.7.4; RFC 5681 section 3.1",
	"ACKs of data that was not sent never open the congestion window.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 60000);
	tester_run(t, MILLISECONDS(10));
	unsigned before = 0, after = 0;
	while (SAW(t, 0, FROM_DUT(&peer), DATA))
		before++;
	for (unsigned i = 0; i < 20; i++)
		SEND(t, SEG(&peer, .ack = EQ(peer.rcv_nxt + 100000 + i * MSS)));
	tester_run(t, MILLISECONDS(10));
	while (SAW(t, 0, FROM_DUT(&peer), DATA))
		after++;
	REQUIRE(t, after == 0, "%u segments in flight became %u more through ACKs of unsent data", before, after);
}

CASE(tcp, keepalive_off_by_default, MUST, "RFC 9293 section 3.8.4 (MUST-25)",
	"Keep-alives are off by default: an idle connection is silent and stays.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	EXPECT_SILENCE(t, HOURS(24), TCP());
	tcp_peer_send_data(&peer, 10);
	tcp_peer_dut_read(&peer, 10);
}

/* Turns keep-alives on; skips when the DUT cannot. */
static void keepalive_on(struct tester *t, struct tcp_peer *peer)
{
	if (host_set_option(t->dut, peer->sock, DUT_SO_KEEPALIVE, 1) < 0)
		tester_skip(t, "the variant does not do keep-alives");
}

CASE(tcp, keepalive_after_two_hours, MUST, "RFC 9293 section 3.8.4 (MUST-28)",
	"The keep-alive interval is two hours or more by default, and the probe is outside the window.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	keepalive_on(HERE(t), &peer);
	EXPECT_SILENCE(t, HOURS(2) - SECONDS(10), TCP());
	EXPECT(t, HOURS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt - 1), .flags = BITS(TCP_RST | TCP_FIN | TCP_SYN, 0)));
}

CASE(tcp, keepalive_survives_one_lost_probe, MUST, "RFC 9293 section 3.8.4 (MUST-29)",
	"A keep-alive that is not answered once does not end the connection; when answered, it goes on for another interval.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	keepalive_on(HERE(t), &peer);
	EXPECT(t, HOURS(3), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt - 1)));
	EXPECT(t, HOURS(3), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt - 1)));
	tcp_peer_ack(&peer);
	EXPECT_SILENCE(t, HOURS(1), TCP());
	tcp_peer_send_data(&peer, 10);
	tcp_peer_dut_read(&peer, 10);
}

CASE(tcp, keepalive_detects_dead_peer, MUST, "RFC 9293 section 3.8.4",
	"A peer that never answers keep-alives is given up, and the application is told.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	keepalive_on(HERE(t), &peer);
	tester_run(t, HOURS(6));
	REQUIRE(t, host_ready(t->dut, peer.sock) & DUT_CLOSED, "after six hours the connection to a dead peer is still open");
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, peer.sock), -ETIMEDOUT);
}
