/* SPDX-License-Identifier: ISC */
/* Receiving: RFC 768, RFC 1122 section 4.1. */
#include "conformance/udp/udp.h"

static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

CASE(udp, delivers_to_port, MUST, "RFC 768, User Interface",
	"A datagram is delivered to the port it names, with its data and its source address and port.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, UDP(.src_port = EQ(4321)), PAYLOAD(PATTERN(100)));
	uint8_t got[200];
	struct dut_sockaddr from;
	REQUIRE_EQ(t, "length of the datagram", tester_dut_recv(t, sock, got, sizeof(got), &from), 100);
	REQUIRE(t, memcmp(from.addr.b, t->my_ip.b, 4) == 0, "the source address given to the application is wrong");
	REQUIRE_EQ(t, "source port given to the application", from.port, 4321);
	SEND(t, UDP(), PAYLOAD(PATTERN(100)));
	tester_delivered(t, sock, 100);
}

CASE(udp, other_port_not_delivered, MUST, "RFC 768, Fields", "A datagram is never delivered to another port than the one it names.")
{
	int sock = tester_udp_socket(t, t->dut_port), neighbour = tester_udp_socket(t, (uint16_t)(t->dut_port + 1));
	SEND(t, UDP(.dst_port = EQ(t->dut_port + 1)), PAYLOAD(PATTERN(10)));
	tester_not_delivered(t, sock);
	tester_delivered(t, neighbour, 10);
}

CASE(udp, empty_datagram_delivered, MUST, "RFC 768, Fields",
	"The minimum length is eight: a datagram without data is delivered as one of zero bytes.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, UDP());
	tester_delivered(t, sock, 0);
}

CASE(udp, source_port_zero_accepted, MUST, "RFC 768, Fields", "The source port is optional: a datagram with 0 there is delivered.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, UDP(.src_port = EQ(0)), PAYLOAD(PATTERN(10)));
	tester_delivered(t, sock, 10);
}

CASE(udp, boundaries_kept, MUST, "RFC 768", "Datagrams are delivered one by one, never joined or split.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	uint8_t got[500];
	for (unsigned i = 1; i <= 8; i++)
		SEND(t, UDP(), PAYLOAD(PATTERN(i * 50)));
	for (unsigned i = 1; i <= 8; i++)
		REQUIRE_EQ(t, "length of the datagram", tester_dut_recv(t, sock, got, sizeof(got), NULL), i * 50);
	tester_not_delivered(t, sock);
}

CASE(udp, reassembled_datagram_delivered, MUST, "RFC 1122 section 3.3.2",
	"A datagram that came in fragments is delivered whole, and its checksum is verified over the whole.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	uint8_t frame[1600];
	size_t len = BUILD(t, frame, sizeof(frame), UDP(), PAYLOAD(PATTERN(1400))) - ETH_HDR_LEN - IP4_HDR_LEN;
	uint8_t *datagram = frame + ETH_HDR_LEN + IP4_HDR_LEN;
	for (int good = 0; good <= 1; good++) {
		datagram[1000] ^= (uint8_t)!good;
		SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_UDP), .id = EQ(9 + good), .offset = EQ(800)), PAYLOAD(BYTES(datagram + 800, len - 800)));
		SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_UDP), .id = EQ(9 + good), .mf = EQ(1)), PAYLOAD(BYTES(datagram, 800)));
		datagram[1000] ^= (uint8_t)!good;
		if (good)
			tester_delivered(t, sock, 1400);
		else
			tester_not_delivered(t, sock);
	}
}

CASE(udp, bad_checksum_dropped, MUST, "RFC 1122 section 4.1.3.4", "A datagram whose checksum is not zero and not right is silently discarded.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	uint8_t frame[128];
	size_t len = BUILD(t, frame, sizeof(frame), UDP(), PAYLOAD(PATTERN(51)));
	static const unsigned places[] = { 4, 6, 8, 58 }; /* length, checksum, first and last byte of data */
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint8_t *byte = frame + ETH_HDR_LEN + IP4_HDR_LEN + places[i];
		*byte ^= 0x20;
		tester_send_bytes(t, frame, len);
		*byte ^= 0x20;
	}
	tester_not_delivered(t, sock);
	EXPECT_SILENCE(t, SECONDS(2));
	tester_send_bytes(t, frame, len);
	tester_delivered(t, sock, 51);
}

CASE(udp, checksum_covers_addresses, MUST, "RFC 768, Pseudo Header",
	"The checksum covers the pseudo-header: a datagram delivered to the wrong address is discarded.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	uint8_t frame[128];
	size_t len = BUILD(t, frame, sizeof(frame), UDP(), PAYLOAD(PATTERN(20)));
	memcpy(frame + ETH_HDR_LEN + 12, t->other_ip.b, 4); /* the IP checksum is made right again, UDP's is not */
	ip4_hdr_set_checksum(frame + ETH_HDR_LEN, IP4_HDR_LEN);
	tester_send_bytes(t, frame, len);
	tester_not_delivered(t, sock);
	udp_alive(t);
}

CASE(udp, zero_checksum_accepted, MUST, "RFC 768, Fields", "A checksum of zero means that the sender made none: the datagram is delivered.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, UDP(.checksum = EQ(0)), PAYLOAD(PATTERN(30)));
	tester_delivered(t, sock, 30);
}

CASE(udp, length_below_header_dropped, SHOULD, "RFC 768, Fields; RFC 1122 section 1.2.2",
	"The minimum length is eight: what claims less is no user datagram and is not delivered.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	for (unsigned len = 0; len < 8; len++)
		SEND(t, UDP(.len = EQ(len), .checksum = EQ(0)), PAYLOAD(PATTERN(30)));
	tester_not_delivered(t, sock);
	udp_alive(t);
}

static const unsigned lengths_beyond[] = { 39, 100, 1400, 65535 }; /* of 38 */
#define N_BEYOND (sizeof(lengths_beyond) / sizeof(lengths_beyond[0]))

CASE(udp, length_beyond_datagram_not_believed, MUST, "RFC 768, Fields; RFC 1122 section 1.2.2",
	"With a length beyond the IP payload never more is delivered than arrived: it would be other memory.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	static uint8_t got[65536];
	for (unsigned i = 0; i < N_BEYOND; i++) {
		SEND(t, UDP(.len = EQ(lengths_beyond[i]), .checksum = EQ(0)), PAYLOAD(PATTERN(30)));
		long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
		REQUIRE(t, n <= 30, "%ld bytes were delivered, but 30 arrived", n);
	}
	tester_not_delivered(t, sock);
	udp_alive(t);
}

CASE(udp, length_beyond_datagram_dropped, SHOULD, "RFC 768, Fields; RFC 1122 section 1.2.2",
	"A datagram with a length beyond the IP payload has lost its end: it is not delivered.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	for (unsigned i = 0; i < N_BEYOND; i++)
		SEND(t, UDP(.len = EQ(lengths_beyond[i]), .checksum = EQ(0)), PAYLOAD(PATTERN(30)));
	tester_not_delivered(t, sock);
	udp_alive(t);
}

CASE(udp, length_within_datagram_honoured, MUST, "RFC 768, Fields",
	"The length says where the data ends: bytes of the IP payload behind it are never delivered.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, UDP(.len = EQ(8 + 10), .checksum = EQ(0)), PAYLOAD(PATTERN(30)));
	uint8_t got[100];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	REQUIRE(t, n < 0 || n == 10, "%ld bytes were delivered, expected the 10 the length says (or a drop)", n);
	udp_alive(t);
}

CASE(udp, truncated_header_survived, MUST, "RFC 768", "An IP payload shorter than the UDP header does no harm.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	static const uint8_t header[8] = { 0x9c, 0x40, 0x1e, 0x61, 0, 8, 0, 0 };
	for (unsigned len = 0; len < 8; len++)
		SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_UDP)), PAYLOAD(BYTES(header, len)));
	tester_not_delivered(t, sock);
	SEND(t, UDP(), PAYLOAD(PATTERN(10)));
	tester_delivered(t, sock, 10);
}

CASE(udp, broadcast_delivered, MUST, "RFC 1122 sections 3.3.6, 4.1.4", "A datagram to a broadcast address is delivered to the port.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(t->net_broadcast)), UDP(), PAYLOAD(PATTERN(12)));
	tester_delivered(t, sock, 12);
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(ip4_from_u32(UINT32_MAX))), UDP(), PAYLOAD(PATTERN(13)));
	tester_delivered(t, sock, 13);
}

CASE(udp, invalid_source_dropped, MUST, "RFC 1122 section 4.1.3.6", "A datagram from a broadcast or multicast address is discarded.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	SEND(t, IP4(.src = IP(ip4_from_u32(UINT32_MAX))), UDP(), PAYLOAD(PATTERN(12)));
	SEND(t, IP4(.src = IP(t->net_broadcast)), UDP(), PAYLOAD(PATTERN(12)));
	SEND(t, IP4(.src = IP(ip4_from_u32(0xe0000005))), UDP(), PAYLOAD(PATTERN(12)));
	tester_not_delivered(t, sock);
	udp_alive(t);
}

CASE(udp, flood_survived, MUST, "RFC 1122 section 1.2.2",
	"Thousands of datagrams nobody reads do no harm: what is read later is whole, and the next one gets through.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	for (unsigned i = 0; i < 5000; i++)
		SEND(t, UDP(), PAYLOAD(PATTERN(1000)));
	uint8_t got[1500];
	unsigned read = 0;
	for (long n; (n = tester_dut_recv(t, sock, got, sizeof(got), NULL)) >= 0; read++)
		REQUIRE_EQ(t, "length of the datagram", n, 1000);
	REQUIRE(t, read > 0, "none of 5000 datagrams was delivered");
	SEND(t, UDP(), PAYLOAD(PATTERN(10)));
	tester_delivered(t, sock, 10);
}
