/* SPDX-License-Identifier: ISC */
/* Closing: RFC 9293 sections 3.6, 3.10.4, 3.10.5, 3.10.7.4; RFC 1337. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

#define FIN_ACK (TCP_FIN | TCP_ACK)
#define FIN_SET BITS(TCP_FIN | TCP_RST, TCP_FIN)

/* The DUT closes and sends its FIN; rcv_nxt is behind it. */
static void dut_closes(struct tester *t, struct tcp_peer *peer)
{
	host_close(t->dut, peer->sock);
	tester_expect(t, SECONDS(1), &(struct packet){ FROM_DUT(peer, .flags = FIN_SET, .seq = EQ(peer->rcv_nxt)) });
	tcp_peer_took(peer);
}

/* Our FIN; snd_nxt is behind it. */
static void peer_fin(struct tester *t, struct tcp_peer *peer)
{
	tester_send(t, &(struct packet){ SEG(peer, .flags = EQ(FIN_ACK)) });
	peer->snd_nxt++;
}

/* Through both FINs into TIME-WAIT on the DUT's side. */
static void into_time_wait(struct tester *t, struct tcp_peer *peer)
{
	dut_closes(t, peer);
	tester_send(t, &(struct packet){ SEG(peer) });
	peer_fin(t, peer);
	tester_expect(t, SECONDS(1), &(struct packet){ FROM_DUT(peer, .flags = EQ(TCP_ACK), .ack = EQ(peer->snd_nxt)) });
}

CASE(tcp, active_close, MUST, "RFC 9293 section 3.6, case 1", "A close sends a FIN; the peer's FIN is acknowledged.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	EXPECT_SILENCE(t, MINUTES(10), TCP());
}

CASE(tcp, passive_close, MUST, "RFC 9293 section 3.6, case 2",
	"The peer's FIN is acknowledged and told to the application; after its close and our ACK the connection is gone.")
{
	struct tcp_peer peer;
	uint8_t byte;
	tcp_peer_open(t, &peer);
	peer_fin(HERE(t), &peer);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
	REQUIRE_EQ(t, "recv at the end of the stream", tester_dut_recv(t, peer.sock, &byte, 1, NULL), 0);
	dut_closes(HERE(t), &peer);
	tcp_peer_ack(&peer);
	tester_run(t, MILLISECONDS(10));
	SEND(t, SEG(&peer), PAYLOAD(PATTERN(1)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST)));
}

CASE(tcp, data_before_fin_delivered, MUST, "RFC 9293 section 3.10.7.4",
	"Data that comes in the segment with the FIN is delivered before the end of the stream.")
{
	struct tcp_peer peer;
	uint8_t data[30];
	tcp_peer_open(t, &peer);
	tcp_peer_data(&peer, 0, data, sizeof(data));
	SEND(t, SEG(&peer, .flags = EQ(FIN_ACK)), PAYLOAD(BYTES(data, sizeof(data))));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt + 31)));
	tcp_peer_dut_read(&peer, 30);
	REQUIRE_EQ(t, "recv at the end of the stream", tester_dut_recv(t, peer.sock, data, 1, NULL), 0);
}

CASE(tcp, fin_waits_for_its_turn, MUST, "RFC 9293 section 3.10.7.4", "A FIN behind a hole is processed when the hole is filled, not before.")
{
	struct tcp_peer peer;
	uint8_t byte;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 100), .flags = EQ(FIN_ACK)));
	tester_run(t, SECONDS(1));
	REQUIRE_EQ(t, "recv before the hole is filled", tester_dut_recv(t, peer.sock, &byte, 1, NULL), -EAGAIN);
	tester_flush(t);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = BETWEEN(peer.snd_nxt, peer.snd_nxt + 1)));
	tcp_peer_dut_read(&peer, 100);
	if (t->got.tcp.ack == peer.snd_nxt) /* the FIN was not kept: allowed (SHLD-31), it comes again */
		peer_fin(HERE(t), &peer);
	REQUIRE_EQ(t, "recv at the end of the stream", tester_dut_recv(t, peer.sock, &byte, 1, NULL), 0);
}

CASE(tcp, half_closed_still_receives, MUST, "RFC 9293 section 3.6", "After it has shut down its sending side, the application still receives.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	REQUIRE_EQ(t, "shutdown", host_shutdown(t->dut, peer.sock), 0);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = FIN_SET));
	tcp_peer_took(&peer);
	tcp_peer_ack(&peer);
	for (unsigned i = 0; i < 5; i++) {
		tester_run(t, MINUTES(1));
		tcp_peer_send_data(&peer, 500);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
		tcp_peer_dut_read(&peer, 500);
	}
}

CASE(tcp, half_closed_by_peer_still_sends, MUST, "RFC 9293 section 3.6", "After the peer's FIN the application can still send.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	peer_fin(HERE(t), &peer);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	tester_run(t, MINUTES(1));
	tcp_peer_dut_write(&peer, 5000);
	tcp_peer_expect_data(&peer, 5000, SECONDS(1));
}

CASE(tcp, buffered_data_sent_before_fin, MUST, "RFC 9293 section 3.10.4", "A close sends what was buffered first, then the FIN.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .window = 1000);
	tcp_peer_dut_write(&peer, 5000);
	host_close(t->dut, peer.sock);
	tcp_peer_expect_data(&peer, 4000, SECONDS(20));
	peer.window = 2000;
	tcp_peer_expect_data(&peer, 1000, SECONDS(20));
	if (!(t->got.tcp.flags & TCP_FIN))
		EXPECT(t, SECONDS(20), FROM_DUT(&peer, .flags = FIN_SET, .seq = EQ(peer.rcv_nxt)));
}

CASE(tcp, simultaneous_close, MUST, "RFC 9293 section 3.6, case 3", "FINs that cross are both acknowledged.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	uint32_t before = peer.rcv_nxt;
	dut_closes(HERE(t), &peer);
	SEND(t, SEG(&peer, .flags = EQ(FIN_ACK), .ack = EQ(before))); /* sent before the DUT's FIN came */
	peer.snd_nxt++;
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_ACK | TCP_RST, TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	tcp_peer_ack(&peer);
	EXPECT_SILENCE(t, MINUTES(10), TCP());
}

CASE(tcp, fin_retransmitted, MUST, "RFC 6298 section 5", "A FIN that is not acknowledged is sent again.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	dut_closes(HERE(t), &peer);
	EXPECT(t, SECONDS(10), FROM_DUT(&peer, .flags = FIN_SET, .seq = EQ(peer.rcv_nxt - 1)));
	tcp_peer_ack(&peer);
	EXPECT_SILENCE(t, SECONDS(30), FROM_DUT(&peer, .flags = FIN_SET));
}

CASE(tcp, time_wait_answers_fin, MUST, "RFC 9293 section 3.10.7.4", "In TIME-WAIT a FIN that comes again is acknowledged again.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	tester_run(t, SECONDS(20));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 1), .flags = EQ(FIN_ACK)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
}

CASE(tcp, time_wait_ends, MUST, "RFC 9293 section 3.6.1 (MUST-13)", "TIME-WAIT ends, and the connection is gone.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	tester_run(t, MINUTES(5));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 1), .flags = EQ(FIN_ACK)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST)));
}

/* The MSL is "an engineering choice": less than two minutes is a choice that departs from the specification's, not a fault. */
CASE(tcp, time_wait_lasts_four_minutes, SHOULD, "RFC 9293 section 3.6.1 (MUST-13), section 3.4.2",
	"TIME-WAIT lasts twice the MSL, which the specification takes to be two minutes.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	tester_run(t, SECONDS(235));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 1), .flags = EQ(FIN_ACK)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
}

CASE(tcp, time_wait_not_assassinated, MAY, "RFC 1337 section 3 (F1)", "A reset does not end TIME-WAIT early.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST)));
	tester_run(t, SECONDS(1));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 1), .flags = EQ(FIN_ACK)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
}

CASE(tcp, time_wait_reopened_by_new_syn, MAY, "RFC 9293 section 3.6.1 (MAY-2)",
	"A SYN with a higher sequence number opens a new connection from TIME-WAIT.")
{
	struct tcp_peer peer, again;
	tcp_peer_open(t, &peer);
	into_time_wait(HERE(t), &peer);
	tcp_peer_init(t, &again, .iss = peer.snd_nxt + 100000);
	tcp_peer_send_syn(&again, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&again, .flags = EQ(TCP_SYN | TCP_ACK), .ack = EQ(again.iss + 1)));
}

CASE(tcp, close_with_unread_data_resets, SHOULD, "RFC 9293 section 3.6.1 (SHLD-3); RFC 2525 section 2.17",
	"A close while received data is unread sends a reset: the peer learns that data was lost.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_send_data(&peer, 100);
	tester_run(t, SECONDS(1));
	host_close(t->dut, peer.sock);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST)));
}

CASE(tcp, data_after_close_reset, SHOULD, "RFC 9293 section 3.6.1 (SHLD-3)",
	"Data that arrives after the application has closed both sides is answered with a reset.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	dut_closes(HERE(t), &peer);
	tcp_peer_ack(&peer);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST)));
}

CASE(tcp, abort_resets, MUST, "RFC 9293 section 3.10.5", "An abort sends a reset the peer accepts, and nothing more.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	REQUIRE_EQ(t, "abort", host_abort(t->dut, peer.sock), 0);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST), .seq = EQ(peer.rcv_nxt)));
	EXPECT_SILENCE(t, MINUTES(5), TCP());
}
