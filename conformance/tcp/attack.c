/* SPDX-License-Identifier: ISC */
/* Segments and errors that should not do what they seem to say: RFC 9293 section 3.10.7.4, RFC 5961, RFC 5927, RFC 9293 section 3.9.2.2. */
#include "conformance/tester/case.h"
#include "conformance/tester/tcp_peer.h"

#include <errno.h>

/* The connection lives: data passes. */
#define ALIVE(t, peer) alive(HERE(t), (peer))
static void alive(struct tester *t, struct tcp_peer *peer)
{
	tester_run(t, MILLISECONDS(600)); /* a delayed ACK, if one is under way */
	tester_flush(t);
	tcp_peer_send_data(peer, 10);
	tester_expect(t, SECONDS(1), &(struct packet){ FROM_DUT(peer, .flags = EQ(TCP_ACK), .ack = EQ(peer->snd_nxt)) });
	(tcp_peer_dut_read)(peer, 10);
}

CASE(tcp, exact_reset_accepted, MUST, "RFC 9293 section 3.10.7.4",
	"A reset with exactly the next sequence number ends the connection: the application is told, nothing is answered.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST)));
	EXPECT_SILENCE(t, SECONDS(5), TCP());
	REQUIRE(t, host_ready(t->dut, peer.sock) & DUT_CLOSED, "the socket is not closed");
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, peer.sock), -ECONNRESET);
}

CASE(tcp, reset_with_data_accepted, SHOULD, "RFC 9293 section 3.5.3 (SHLD-2)", "A reset may carry data.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST | TCP_ACK)), PAYLOAD(TEXT("go away")));
	tester_run(t, MILLISECONDS(1));
	REQUIRE(t, host_ready(t->dut, peer.sock) & DUT_CLOSED, "the socket is not closed");
}

CASE(tcp, reset_outside_window_ignored, MUST, "RFC 9293 section 3.10.7.4", "A reset outside the window is silently dropped.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 1), .flags = EQ(TCP_RST)));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 0x10000000), .flags = EQ(TCP_RST)));
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt - 0x10000000), .flags = EQ(TCP_RST | TCP_ACK)));
	EXPECT_SILENCE(t, SECONDS(1), FROM_DUT(&peer));
	ALIVE(t, &peer);
}

CASE(tcp, reset_in_window_challenged, SHOULD, "RFC 5961 section 3.2; RFC 9293 section 3.10.7.4",
	"A reset inside the window but not at its left edge is answered with a challenge ACK: the connection lives.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 100), .flags = EQ(TCP_RST)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	ALIVE(t, &peer);
}

CASE(tcp, reset_with_closed_window_accepted, MUST, "RFC 9293 section 3.4 (MUST-66)", "A reset is acted on even when the receive window is closed.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	uint32_t window = 1;
	for (size_t sent = 0; window > 0 && sent < (16u << 20); sent += peer.dut_mss) {
		tcp_peer_send_data(&peer, window > peer.dut_mss || sent == 0 ? peer.dut_mss : window);
		EXPECT(t, SECONDS(2), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
		window = (uint32_t)t->got.tcp.window << peer.dut_shift;
	}
	SEND(t, SEG(&peer, .flags = EQ(TCP_RST)));
	tester_run(t, MILLISECONDS(1));
	SEND(t, SEG(&peer), PAYLOAD(PATTERN(1)));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = BITS(TCP_RST, TCP_RST)));
}

CASE(tcp, syn_in_window_challenged, SHOULD, "RFC 5961 section 4.2; RFC 9293 section 3.10.7.4",
	"A SYN on an open connection is answered with a challenge ACK, whatever its sequence number: the connection lives.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	static const uint32_t offsets[] = { 100, 0, 0x20000000, 0xe0000000 };
	for (unsigned i = 0; i < 4; i++) {
		tester_run(t, SECONDS(10)); /* challenge ACKs are throttled */
		SEND(t, SEG(&peer, .seq = EQ((uint32_t)(peer.snd_nxt + offsets[i])), .flags = EQ(TCP_SYN)));
		EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .seq = EQ(peer.rcv_nxt), .ack = EQ(peer.snd_nxt)));
	}
	ALIVE(t, &peer);
}

CASE(tcp, challenge_acks_throttled, SHOULD, "RFC 5961 section 7",
	"Challenge ACKs are limited: a thousand resets in the window do not cause a thousand of them.")
{
	struct tcp_peer peer;
	tcp_peer_open(t, &peer);
	for (unsigned i = 0; i < 1000; i++)
		SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + 100 + i), .flags = EQ(TCP_RST)));
	tester_run(t, MILLISECONDS(100));
	unsigned n = 0;
	while (SAW(t, 0, FROM_DUT(&peer)))
		n++;
	REQUIRE(t, n > 0, "no reset caused a challenge ACK");
	REQUIRE(t, n < 1000, "every one of 1000 resets caused a challenge ACK");
	ALIVE(t, &peer);
}

CASE(tcp, data_with_old_ack_dropped, MAY, "RFC 5961 section 5.2; RFC 9293 section 3.10.7.4 (MAY-12)",
	"Data whose ACK is older than anything in the peer's largest window is not accepted.")
{
	struct tcp_peer peer;
	uint8_t byte;
	tcp_peer_open(t, &peer);
	SEND(t, SEG(&peer, .ack = EQ(peer.rcv_nxt - 0x40000000)), PAYLOAD(PATTERN(10)));
	tester_run(t, SECONDS(1));
	REQUIRE_EQ(t, "recv", tester_dut_recv(t, peer.sock, &byte, 1, NULL), -EAGAIN);
	ALIVE(t, &peer);
}

CASE(tcp, small_segment_flood_bounded, MUST, "CVE-2018-5390 (SegmentSmack)",
	"Thousands of one-byte segments behind holes do no harm: the stream still comes out right.")
{
	struct tcp_peer peer;
	uint8_t data[1460];
	tcp_peer_open(t, &peer);
	tcp_peer_data(&peer, 0, data, sizeof(data));
	for (unsigned round = 0; round < 10; round++)
		for (unsigned at = 1; at < sizeof(data); at += 2)
			SEND(t, SEG(&peer, .seq = EQ(peer.snd_nxt + at)), PAYLOAD(BYTES(data + at, 1)));
	tester_run(t, MILLISECONDS(1));
	tester_flush(t);
	tcp_peer_send_data(&peer, sizeof(data));
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .ack = EQ(peer.snd_nxt)));
	tcp_peer_dut_read(&peer, sizeof(data));
}

CASE(tcp, listener_disturbs_nothing, MUST, "RFC 9293 section 3.9.1.1 (MUST-41)",
	"A passive open on a port never disturbs a connection that exists there.")
{
	struct tcp_peer first, second;
	tcp_peer_open(t, &first);
	int again = host_socket(t->dut, 4, DUT_SOCK_STREAM, 0); /* a second passive open: it may be refused */
	REQUIRE(t, again >= 0, "no second socket");
	if (host_bind(t->dut, again, &(struct dut_sockaddr){ .port = first.dut_port }) == 0)
		host_listen(t->dut, again, 8);
	ALIVE(t, &first);
	host_close(t->dut, again);
	tcp_peer_open(t, &second, .my_port = 41000, .same_listener = &first);
	ALIVE(t, &first);
	ALIVE(t, &second);
}

/* An ICMP error about the connection that quotes what the DUT sent last (in t->got), or another sequence number. */
static void icmp_about(struct tester *t, uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq_shift)
{
	uint8_t quote[IP4_HDR_LEN + 8];
	memcpy(quote, t->got.l3, sizeof(quote));
	put_be32(quote + IP4_HDR_LEN + 4, t->got.tcp.seq + seq_shift);
	tester_send(t, &(struct packet){ ICMP4(.type = EQ(type), .code = EQ(code), .mtu = EQ(mtu)), PAYLOAD(BYTES(quote, sizeof(quote))) });
	tester_run(t, MILLISECONDS(1));
}

CASE(tcp, soft_errors_do_not_abort, MUST, "RFC 9293 section 3.9.2.2 (MUST-56)",
	"Net, host or source route unreachable, time exceeded and parameter problem never abort a connection.")
{
	struct tcp_peer peer;
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(100)));
	icmp_about(HERE(t), ICMP4_UNREACHABLE, 0, 0, 0);
	icmp_about(HERE(t), ICMP4_UNREACHABLE, 1, 0, 0);
	icmp_about(HERE(t), ICMP4_UNREACHABLE, 5, 0, 0);
	icmp_about(HERE(t), ICMP4_TIME_EXCEEDED, 0, 0, 0);
	icmp_about(HERE(t), ICMP4_PARAMETER, 0, 0, 0);
	tcp_peer_expect_data(&peer, 100, SECONDS(10));
	ALIVE(t, &peer);
}

CASE(tcp, source_quench_ignored, MUST, "RFC 9293 section 3.9.2.2 (MUST-55)", "A source quench is silently discarded.")
{
	struct tcp_peer peer;
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(100)));
	icmp_about(HERE(t), ICMP4_SOURCE_QUENCH, 0, 0, 0);
	tcp_peer_took(&peer);
	tcp_peer_ack(&peer);
	tcp_peer_dut_write(&peer, 3 * 1460);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(1460)));
	EXPECT(t, MILLISECONDS(100), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt + 1460)), PAYLOAD_LEN(EQ(1460)));
}

CASE(tcp, hard_error_on_open_connection_is_soft, MAY, "RFC 5927 section 5.2; CVE-2004-0790",
	"Protocol and port unreachable do not abort a connection in a synchronised state: anyone could send them.")
{
	struct tcp_peer peer;
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 100);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(100)));
	icmp_about(HERE(t), ICMP4_UNREACHABLE, ICMP4_UNREACH_PROTOCOL, 0, 0);
	icmp_about(HERE(t), ICMP4_UNREACHABLE, ICMP4_UNREACH_PORT, 0, 0);
	tcp_peer_expect_data(&peer, 100, SECONDS(10));
	ALIVE(t, &peer);
}

CASE(tcp, forged_too_big_ignored, SHOULD, "RFC 5927 section 7; CVE-2004-1060",
	"A fragmentation needed that quotes a sequence number not in flight, or claims an MTU of 68, does not shrink segments to nothing.")
{
	struct tcp_peer peer;
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	tcp_peer_open(t, &peer);
	tcp_peer_dut_write(&peer, 1460);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer), PAYLOAD_LEN(EQ(1460)));
	icmp_about(HERE(t), ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED, 600, 0x20000000);
	icmp_about(HERE(t), ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED, 68, 0x20000000);
	tcp_peer_expect_data(&peer, 1460, SECONDS(10));
	tcp_peer_dut_write(&peer, 1460);
	EXPECT(t, SECONDS(1), FROM_DUT(&peer, .seq = EQ(peer.rcv_nxt)), PAYLOAD_LEN(EQ(1460)));
}
