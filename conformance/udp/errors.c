/* SPDX-License-Identifier: ISC */
/* UDP and ICMP: RFC 1122 sections 3.2.2.1, 4.1.3.1, 4.1.3.3. */
#include "conformance/udp/udp.h"

#include <errno.h>

static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
static const struct mac all_hosts_mac = { { 0x01, 0x00, 0x5e, 0, 0, 1 } };

#define PORT_UNREACHABLE ICMP4(.type = EQ(ICMP4_UNREACHABLE), .code = EQ(ICMP4_UNREACH_PORT))

CASE(udp, port_unreachable_sent, SHOULD, "RFC 1122 section 4.1.3.1",
	"A datagram for a port nobody listens on is answered with an ICMP port unreachable that quotes it.")
{
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	SEND(t, UDP(.dst_port = EQ(9)), PAYLOAD(PATTERN(20)));
	EXPECT(t, SECONDS(2), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)), PORT_UNREACHABLE,
		PAYLOAD(STARTS(t->sent.l3, IP4_HDR_LEN + UDP_HDR_LEN)));
}

CASE(udp, no_port_unreachable_for_broadcast, MUST, "RFC 1122 section 3.2.2",
	"A broadcast to a port nobody listens on never causes an error (fraggle).")
{
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(t->net_broadcast)), UDP(.dst_port = EQ(7)), PAYLOAD(PATTERN(20)));
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(ip4_from_u32(UINT32_MAX))), UDP(.dst_port = EQ(7)), PAYLOAD(PATTERN(20)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), IP4(.dst = IP(t->net_broadcast)), UDP(.dst_port = EQ(7)), PAYLOAD(PATTERN(20)));
	EXPECT_SILENCE(t, SECONDS(2));
	udp_alive(t);
}

CASE(udp, no_port_unreachable_for_multicast, MUST, "RFC 1122 section 3.2.2", "A multicast to a port nobody listens on never causes an error.")
{
	SEND(t, ETH(.dst = HW(all_hosts_mac)), IP4(.dst = IP(ip4_from_u32(0xe0000001))), UDP(.dst_port = EQ(7)), PAYLOAD(PATTERN(20)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), IP4(.dst = IP(ip4_from_u32(0xe0000001))), UDP(.dst_port = EQ(7)), PAYLOAD(PATTERN(20)));
	EXPECT_SILENCE(t, SECONDS(2));
	udp_alive(t);
}

CASE(udp, no_port_unreachable_for_bad_checksum, MUST, "RFC 1122 section 4.1.3.4",
	"A datagram with a bad checksum is discarded silently, even when nobody listens on its port.")
{
	SEND(t, UDP(.dst_port = EQ(9), .checksum = EQ(0x1234)), PAYLOAD(PATTERN(20)));
	EXPECT_SILENCE(t, SECONDS(2));
	udp_alive(t);
}

/* The DUT's socket, connected to my_ip:my_port, has sent; t->got is what it sent. */
static int connected_sender(struct tester *t)
{
	int sock = tester_udp_socket(t, t->dut_port);
	struct dut_sockaddr peer = tester_sockaddr(t->my_ip, t->my_port);
	if (host_connect(t->dut, sock, &peer) < 0)
		tester_skip(t, "the variant cannot connect a UDP socket");
	if (host_send(t->dut, sock, "hello", 5, NULL) != 5)
		tester_fail(t, "the connected socket did not send");
	EXPECT(t, SECONDS(2), UDP(.src_port = EQ(t->dut_port)));
	return sock;
}

CASE(udp, error_passed_to_application, MUST, "RFC 1122 section 4.1.3.3", "An ICMP error about a datagram is passed to the application that sent it.")
{
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	int sock = connected_sender(t);
	uint8_t quote[IP4_HDR_LEN + UDP_HDR_LEN];
	memcpy(quote, t->got.l3, sizeof(quote));
	SEND(t, PORT_UNREACHABLE, PAYLOAD(BYTES(quote, sizeof(quote))));
	tester_run(t, MILLISECONDS(1));
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, sock), -ECONNREFUSED);
}

CASE(udp, error_about_another_ignored, MUST, "RFC 1122 section 4.1.3.3; RFC 5927 section 4",
	"An ICMP error that quotes a datagram the socket did not send is not passed to it.")
{
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	int sock = connected_sender(t);
	uint8_t quote[IP4_HDR_LEN + UDP_HDR_LEN];
	memcpy(quote, t->got.l3, sizeof(quote));
	put_be16(quote + IP4_HDR_LEN, (uint16_t)(t->dut_port + 1));
	SEND(t, PORT_UNREACHABLE, PAYLOAD(BYTES(quote, sizeof(quote))));
	SEND(t, PORT_UNREACHABLE, PAYLOAD(BYTES(quote, 12)));
	tester_run(t, MILLISECONDS(1));
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, sock), 0);
	SEND(t, UDP(), PAYLOAD(PATTERN(10)));
	tester_delivered(t, sock, 10);
}

CASE(udp, source_quench_ignored, MUST, "RFC 6633 section 4", "A source quench is silently discarded by the transport.")
{
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	int sock = connected_sender(t);
	uint8_t quote[IP4_HDR_LEN + UDP_HDR_LEN];
	memcpy(quote, t->got.l3, sizeof(quote));
	SEND(t, ICMP4(.type = EQ(ICMP4_SOURCE_QUENCH)), PAYLOAD(BYTES(quote, sizeof(quote))));
	tester_run(t, MILLISECONDS(1));
	REQUIRE_EQ(t, "error of the socket", host_error(t->dut, sock), 0);
}

CASE(udp, connected_socket_hears_its_peer_only, MUST, "POSIX.1-2017, connect()",
	"A socket connected to a peer is given nothing from another address or port.")
{
	int sock = connected_sender(t);
	SEND(t, IP4(.src = IP(t->other_ip)), UDP(), PAYLOAD(PATTERN(9)));
	SEND(t, UDP(.src_port = EQ(t->my_port + 1)), PAYLOAD(PATTERN(9)));
	tester_not_delivered(t, sock);
	SEND(t, UDP(), PAYLOAD(PATTERN(10)));
	tester_delivered(t, sock, 10);
}
