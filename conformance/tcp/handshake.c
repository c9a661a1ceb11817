/* SPDX-License-Identifier: ISC */
/* Opening a connection: RFC 9293 sections 3.5, 3.10.1, 3.10.7.1 to 3.10.7.3. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

#define SYN_ACK (TCP_SYN | TCP_ACK)

/* The listener still serves: a SYN from a port of its own is answered. */
#define SERVES(t) serves(HERE(t))
static void serves(struct tester *t)
{
	struct tcp_peer peer;
	(tcp_peer_init)(t, &peer, &(struct tcp_peer_setup){ .my_port = 43210 });
	tcp_peer_send_syn(&peer, TCP_SYN);
	tester_expect(t, SECONDS(1), &(struct packet){ FROM_DUT(&peer, .flags = EQ(SYN_ACK), .ack = EQ(peer.iss + 1)) });
}

CASE(tcp, syn_answered, MUST, "RFC 9293 section 3.10.7.2", "A SYN to a listening port is answered with SYN and ACK that acknowledges it.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)), FROM_DUT(&peer, .flags = EQ(SYN_ACK), .ack = EQ(peer.iss + 1)),
		PAYLOAD(NOTHING));
}

CASE(tcp, accepts_connection, MUST, "RFC 9293 section 3.10.7.4",
	"The ACK of its SYN makes a passive open ESTABLISHED: the application gets the connection and its data.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	tcp_peer_send_data(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt)));
	tcp_peer_dut_read(&peer, 100);
}

CASE(tcp, connects, MUST, "RFC 9293 section 3.10.1", "An active open sends a SYN; the answer's ACK makes it ESTABLISHED, and data flows.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer, .dut_connects = true);
	tcp_peer_dut_write(&peer, 200);
	tcp_peer_expect_data(&peer, 200, SECONDS(1));
}

CASE(tcp, data_with_the_last_ack, MUST, "RFC 9293 section 3.10.7.4", "Data that comes with the ACK of the handshake is not lost.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	int listener = tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
	tcp_peer_took_syn(&peer);
	tcp_peer_send_data(&peer, 50);
	peer.sock = tester_accept(t, listener);
	tcp_peer_dut_read(&peer, 50);
}

CASE(tcp, syn_to_closed_port_reset, MUST, "RFC 9293 section 3.10.7.1",
	"A SYN to a closed port is answered with a reset of sequence number 0 that acknowledges it.")
{
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(TCP_SYN), .dst_port = EQ(9)));
	EXPECT(t, SECONDS(1), TCP(.src_port = EQ(9), .flags = EQ(TCP_RST | TCP_ACK), .seq = EQ(0), .ack = EQ(1001)));
}

CASE(tcp, reset_acknowledges_syn_data_and_fin, MUST, "RFC 9293 sections 3.4, 3.10.7.1",
	"SYN and FIN each count as one: the reset for a segment with both and ten bytes acknowledges twelve.")
{
	SEND(t, TCP(.seq = EQ(2000), .flags = EQ(TCP_SYN | TCP_FIN), .dst_port = EQ(9)), PAYLOAD(PATTERN(10)));
	EXPECT(t, SECONDS(1), TCP(.src_port = EQ(9), .flags = EQ(TCP_RST | TCP_ACK), .seq = EQ(0), .ack = EQ(2012)));
}

CASE(tcp, ack_to_closed_port_reset, MUST, "RFC 9293 section 3.10.7.1",
	"A segment with ACK to a closed port is answered with a reset, without ACK, whose sequence number is what it acknowledged.")
{
	SEND(t, TCP(.seq = EQ(1000), .ack = EQ(777777), .flags = EQ(TCP_ACK), .dst_port = EQ(9)), PAYLOAD(PATTERN(10)));
	EXPECT(t, SECONDS(1), TCP(.src_port = EQ(9), .flags = EQ(TCP_RST), .seq = EQ(777777)));
}

CASE(tcp, reset_never_answered, MUST, "RFC 9293 section 3.10.7.1", "A reset is never answered with a reset.")
{
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(TCP_RST), .dst_port = EQ(9)));
	SEND(t, TCP(.seq = EQ(1000), .ack = EQ(5), .flags = EQ(TCP_RST | TCP_ACK), .dst_port = EQ(9)));
	tester_tcp_listener(t, t->dut_port);
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(TCP_RST)));
	EXPECT_SILENCE(t, SECONDS(5));
	SERVES(t);
}

CASE(tcp, ack_to_listener_reset, MUST, "RFC 9293 section 3.10.7.2",
	"An ACK that arrives in LISTEN is answered with a reset, without ACK, whose sequence number is what it acknowledged.")
{
	tester_tcp_listener(t, t->dut_port);
	SEND(t, TCP(.seq = EQ(1000), .ack = EQ(4711), .flags = EQ(TCP_ACK)));
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_RST), .seq = EQ(4711)));
}

CASE(tcp, stray_segment_to_listener_dropped, MUST, "RFC 9293 section 3.10.7.2", "A segment to LISTEN with neither RST, ACK nor SYN is dropped.")
{
	tester_tcp_listener(t, t->dut_port);
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(TCP_FIN)));
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(TCP_PSH)), PAYLOAD(PATTERN(10)));
	SEND(t, TCP(.seq = EQ(1000), .flags = EQ(0)));
	EXPECT_SILENCE(t, SECONDS(5));
	SERVES(t);
}

CASE(tcp, syn_sent_wrong_ack_reset, MUST, "RFC 9293 section 3.10.7.3",
	"In SYN-SENT a segment that acknowledges what was not sent is answered with a reset of that number, without ACK, and the open goes on.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_connect(t, peer.my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(peer.my_port)));
	tcp_peer_took_syn(&peer);
	SEND(t, SEG(&peer, .flags = EQ(SYN_ACK), .ack = EQ(peer.irs + 100)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_RST), .seq = EQ(peer.irs + 100)));
	tcp_peer_send_syn(&peer, SYN_ACK);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.irs + 1), .ack = EQ(peer.iss + 1)));
}

CASE(tcp, refused, MUST, "RFC 9293 section 3.10.7.3", "A reset that acknowledges the SYN ends the open: the application is told that it was refused.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	int sock = tester_tcp_connect(t, peer.my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(peer.my_port)));
	tcp_peer_took_syn(&peer);
	SEND(t, SEG(&peer, .seq = EQ(0), .flags = EQ(TCP_RST | TCP_ACK)));
	tester_run(t, MILLISECONDS(1));
	REQUIRE(t, host_ready(t->dut, sock) & DUT_CLOSED, "the socket is not closed");
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, sock), -ECONNREFUSED);
	EXPECT_SILENCE(t, MINUTES(2), TCP());
}

CASE(tcp, blind_reset_in_syn_sent_ignored, MUST, "RFC 9293 section 3.10.7.3", "In SYN-SENT a reset that does not acknowledge the SYN is dropped.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_connect(t, peer.my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(peer.my_port)));
	tcp_peer_took_syn(&peer);
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST), .ack = EQ(0)));
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST | TCP_ACK), .ack = EQ(peer.irs + 77)));
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST | TCP_ACK), .ack = EQ(peer.irs)));
	tcp_peer_send_syn(&peer, SYN_ACK);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.iss + 1)));
}

CASE(tcp, ack_field_without_ack_means_nothing, MUST, "RFC 9293 sections 3.1, 3.10.7.3",
	"Without the ACK bit the acknowledgment number is not significant: in SYN-SENT such a reset is dropped, whatever stands there.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_connect(t, peer.my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(peer.my_port)));
	tcp_peer_took_syn(&peer);
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST), .ack = EQ(peer.irs + 1)));
	tcp_peer_send_syn(&peer, SYN_ACK);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.iss + 1)));
}

CASE(tcp, simultaneous_open, MUST, "RFC 9293 section 3.5 (MUST-10)", "Two SYNs that cross make one connection.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	peer.sock = tester_tcp_connect(t, peer.my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(peer.my_port)));
	tcp_peer_took_syn(&peer);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK), .seq = EQ(peer.irs), .ack = EQ(peer.iss + 1)));
	SEND(t, SEG(&peer, .seq = EQ(peer.iss), .flags = EQ(SYN_ACK)));
	tester_run(t, MILLISECONDS(10));
	tcp_peer_dut_write(&peer, 20);
	tcp_peer_expect_data(&peer, 20, SECONDS(5));
}

CASE(tcp, reset_returns_to_listen, MUST, "RFC 9293 section 3.10.7.4 (MUST-11)",
	"A reset in SYN-RECEIVED after a passive open goes back to LISTEN: nobody is told, the next SYN is served.")
{
	struct tcp_peer peer, next;
	tcp_peer_init(t, &peer);
	int listener = tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
	SEND(t, SEG(&peer, .seq = EQ(peer.iss + 1), .flags = EQ(TCP_RST)));
	EXPECT_SILENCE(t, SECONDS(30), FROM_DUT(&peer));
	REQUIRE_EQ(t, "accept", host_accept(t->dut, listener, NULL), -EAGAIN);
	tcp_peer_init(t, &next, .my_port = 41000);
	tcp_peer_send_syn(&next, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&next, .flags = EQ(SYN_ACK), .ack = EQ(next.iss + 1)));
}

CASE(tcp, duplicate_syn_answered, MUST, "RFC 9293 section 3.10.7.4",
	"A SYN that comes again in SYN-RECEIVED is acknowledged again, and the connection comes about.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	int listener = tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
	tcp_peer_took_syn(&peer);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(5), FROM_DUT(&peer, .flags = BITS(TCP_ACK | TCP_RST, TCP_ACK), .ack = EQ(peer.iss + 1)));
	SEND(t, SEG(&peer));
	tester_accept(t, listener);
}

CASE(tcp, wrong_ack_in_syn_received_reset, MUST, "RFC 9293 section 3.10.7.4",
	"In SYN-RECEIVED an ACK of what was not sent is answered with a reset of that number, without ACK.")
{
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
	tcp_peer_took_syn(&peer);
	SEND(t, SEG(&peer, .ack = EQ(peer.irs + 1000)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_RST), .seq = EQ(peer.irs + 1000)));
}

CASE(tcp, syn_to_broadcast_dropped, MUST, "RFC 9293 section 3.9.2.3 (MUST-57)", "A SYN to a broadcast or multicast address is silently discarded.")
{
	static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	tester_tcp_listener(t, t->dut_port);
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(t->net_broadcast)), TCP(.flags = EQ(TCP_SYN)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), IP4(.dst = IP(t->net_broadcast)), TCP(.flags = EQ(TCP_SYN)));
	SEND(t, IP4(.dst = IP(ip4_from_u32(0xe0000001))), TCP(.flags = EQ(TCP_SYN)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), IP4(.dst = IP(ip4_from_u32(0xe0000001))), TCP(.flags = EQ(TCP_SYN)));
	EXPECT_SILENCE(t, SECONDS(5));
	SERVES(t);
}

CASE(tcp, syn_from_invalid_source_dropped, MUST, "RFC 9293 section 3.9.2.3 (MUST-63)", "A SYN from a source that cannot be a host is ignored.")
{
	tester_tcp_listener(t, t->dut_port);
	SEND(t, IP4(.src = IP(t->net_broadcast)), TCP(.flags = EQ(TCP_SYN)));
	SEND(t, IP4(.src = IP(ip4_from_u32(0xe0000001))), TCP(.flags = EQ(TCP_SYN)));
	SEND(t, IP4(.src = IP(ip4_from_u32(UINT32_MAX))), TCP(.flags = EQ(TCP_SYN)));
	EXPECT_SILENCE(t, SECONDS(5));
	SERVES(t);
}

CASE(tcp, land_survived, MUST, "CVE-1999-0016; RFC 9293 section 3.9.2.3",
	"A SYN that claims to come from the host itself never makes it talk to itself for ever.")
{
	tester_tcp_listener(t, t->dut_port);
	SEND(t, IP4(.src = IP(t->dut_ip)), TCP(.flags = EQ(TCP_SYN), .src_port = EQ(t->dut_port)));
	EXPECT_SILENCE(t, MINUTES(1), TCP());
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
}

CASE(tcp, isn_driven_by_a_clock, MUST, "RFC 9293 section 3.4.1 (MUST-8)",
	"A later incarnation of the same connection starts at a higher sequence number.")
{
	uint32_t last = 0;
	tester_tcp_listener(t, t->dut_port);
	for (unsigned i = 0; i < 4; i++) {
		struct tcp_peer peer;
		tcp_peer_init(t, &peer);
		tcp_peer_send_syn(&peer, TCP_SYN);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
		uint32_t isn = t->got.tcp.seq;
		REQUIRE(t, i == 0 || (isn != last && seq_geq(isn, last)), "ten seconds after %u the connection starts at %u", last, isn);
		last = isn;
		SEND(t, SEG(&peer, .seq = EQ(peer.iss + 1), .flags = EQ(TCP_RST)));
		tester_run(t, SECONDS(10));
	}
}

CASE(tcp, isn_not_predictable, SHOULD, "RFC 9293 section 3.4.1 (SHLD-1)",
	"Initial sequence numbers cannot be guessed from those of other connections: their differences look random.")
{
	enum { N = 16 };
	uint32_t isn[N];
	unsigned close = 0;
	for (unsigned i = 0; i < N; i++) {
		struct tcp_peer peer;
		tcp_peer_init(t, &peer, .my_port = (uint16_t)(42000 + i));
		if (i == 0)
			tester_tcp_listener(t, peer.dut_port);
		tcp_peer_send_syn(&peer, TCP_SYN);
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK)));
		isn[i] = t->got.tcp.seq;
		SEND(t, SEG(&peer, .seq = EQ(peer.iss + 1), .flags = EQ(TCP_RST)));
		close += i && isn[i] - isn[i - 1] + (1u << 20) < 1u << 21;
	}
	REQUIRE(t, close < 3, "%u of %u numbers lie within a million of the one before", close, N - 1);
}

/* Times of the first n transmissions of a segment, the first included; each must come within a minute and a half. */
static void transmissions(struct tester *t, const struct packet *p, uint64_t *when, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		tester_expect(t, SECONDS(90), p);
		when[i] = t->got_ns;
	}
}

static void require_doubling(struct tester *t, const uint64_t *when, unsigned n)
{
	for (unsigned i = 2; i < n; i++) {
		uint64_t before = when[i - 1] - when[i - 2], after = when[i] - when[i - 1];
		REQUIRE(t, after * 10 >= before * 17 && after * 10 <= before * 23,
			"retransmission %u came %llu ms after the one before it, that one after %llu ms: not doubled", i,
			(unsigned long long)(after / NS_PER_MS), (unsigned long long)(before / NS_PER_MS));
	}
}

CASE(tcp, syn_retransmitted, MUST, "RFC 9293 section 3.8.3 (MUST-22); RFC 6298 section 5",
	"A SYN that is not answered is sent again, with the time-out doubled each time.")
{
	uint64_t when[4];
	tester_tcp_connect(t, t->my_port);
	struct packet syn = { TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(t->my_port)) };
	transmissions(HERE(t), &syn, when, 4);
	REQUIRE(t, when[1] - when[0] >= MILLISECONDS(900), "the first retransmission came after %llu ms, expected 1 s or more (RFC 6298 section 2.1)",
		(unsigned long long)((when[1] - when[0]) / NS_PER_MS));
	require_doubling(t, when, 4);
}

CASE(tcp, syn_ack_retransmitted, MUST, "RFC 6298 section 5", "A SYN,ACK that is not acknowledged is sent again, with the time-out doubled each time.")
{
	uint64_t when[3]; /* a stack may soon give up what others have begun */
	struct tcp_peer peer;
	tcp_peer_init(t, &peer);
	tester_tcp_listener(t, peer.dut_port);
	tcp_peer_send_syn(&peer, TCP_SYN);
	struct packet syn_ack = { FROM_DUT(&peer, .flags = EQ(SYN_ACK)) };
	transmissions(HERE(t), &syn_ack, when, 3);
	require_doubling(t, when, 3);
}

CASE(tcp, syn_tried_for_three_minutes, MUST, "RFC 9293 section 3.8.3 (MUST-23)", "An open without an answer is not given up before three minutes.")
{
	int sock = tester_tcp_connect(t, t->my_port);
	EXPECT(t, SECONDS(1), TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(t->my_port)));
	tester_run(t, MINUTES(1));
	tester_flush(t);
	tester_run(t, MINUTES(2) - SECONDS(1));
	REQUIRE(t, SAW(t, 0, TCP(.flags = EQ(TCP_SYN), .dst_port = EQ(t->my_port))), "no SYN was sent in the second and third minute");
	REQUIRE(t, !(host_ready(t->dut, sock) & DUT_CLOSED), "the open was given up before three minutes");
}

CASE(tcp, open_gives_up, MUST, "RFC 9293 section 3.8.3 (MUST-20)", "An open that is never answered ends with an error for the application.")
{
	int sock = tester_tcp_connect(t, t->my_port);
	tester_run(t, MINUTES(30));
	REQUIRE(t, host_ready(t->dut, sock) & DUT_CLOSED, "after half an hour the socket is still connecting");
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, sock), -ETIMEDOUT);
}

CASE(tcp, syn_flood_survived, MUST, "RFC 4987 section 3",
	"Thousands of SYNs that lead nowhere do not end service: when they have timed out, a connection comes about.")
{
	struct tcp_peer peer;
	tester_tcp_listener(t, t->dut_port);
	for (unsigned i = 0; i < 5000; i++)
		SEND(t, IP4(.src = IP(ip4_from_u32(0xc6336402 + i % 200))),
			TCP(.src_port = EQ(1024 + i), .seq = EQ(i * 1000003u), .flags = EQ(TCP_SYN), .mss = EQ(1460)));
	tester_run(t, MINUTES(5));
	tester_flush(t);
	tcp_peer_init(t, &peer);
	tcp_peer_send_syn(&peer, TCP_SYN);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(SYN_ACK), .ack = EQ(peer.iss + 1)));
}
