/* SPDX-License-Identifier: ISC */
/* Which headers are taken and which are not: RFC 791 section 3.1, RFC 1122 section 3.2.1. */
#include "conformance/ipv4/ipv4.h"

CASE(ipv4, delivers_to_protocol, MUST, "RFC 791 section 3.1", "A datagram for us is delivered to the protocol its header names, without the header.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM(), PAYLOAD(PATTERN(100)));
	tester_delivered(t, sock, 100);
	ipv4_dropped(t, sock);
}

CASE(ipv4, other_protocol_not_delivered, MUST, "RFC 791 section 3.1", "A datagram is never delivered to a protocol its header does not name.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, IP4(.protocol = EQ(254)), PAYLOAD(PATTERN(10)));
	REQUIRE(t, tester_dut_recv(t, sock, NULL, 0, NULL) < 0, "protocol 253 got a datagram of protocol 254");
	ipv4_alive(t, sock);
}

CASE(ipv4, link_padding_removed, MUST, "RFC 894, Frame Format", "Padding of the link is never taken for data: the total length ends the datagram.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, ETH(.trailer = TEXT("padding that is not zero")), DGRAM(), PAYLOAD(PATTERN(3)));
	tester_delivered(t, sock, 3);
}

CASE(ipv4, empty_payload, MUST, "RFC 791 section 3.1", "A datagram that is a header only is delivered as zero bytes.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM());
	tester_delivered(t, sock, 0);
}

CASE(ipv4, wrong_version_dropped, MUST, "RFC 1122 section 3.2.1.1", "A datagram whose version is not 4 is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	static const int versions[] = { 0, 3, 5, 6, 15 };
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		SEND(t, DGRAM(.version = EQ(versions[i])), PAYLOAD(PATTERN(40)));
		ipv4_dropped(t, sock);
	}
	ipv4_alive(t, sock);
}

CASE(ipv4, bad_checksum_dropped, MUST, "RFC 1122 section 3.2.1.2",
	"The header checksum is verified on every datagram; a bad one is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t frame[128];
	size_t len = BUILD(t, frame, sizeof(frame), DGRAM(), PAYLOAD(PATTERN(40)));
	uint8_t *checksum = frame + ETH_HDR_LEN + 10;
	for (int bit = 0; bit < 16; bit++) {
		checksum[bit / 8] ^= (uint8_t)(1 << bit % 8);
		tester_send_bytes(t, frame, len);
		checksum[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, header_too_short_dropped, MUST, "RFC 791 section 3.1", "The minimum header length is five words: a shorter one is never processed.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (int len = 0; len < 20; len += 4)
		SEND(t, DGRAM(.header_len = EQ(len)), PAYLOAD(PATTERN(40)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, header_beyond_datagram_dropped, MUST, "RFC 791 section 3.1", "A header longer than the datagram's total length is never processed.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM(.header_len = EQ(60), .total_len = EQ(40)), PAYLOAD(PATTERN(60)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, total_length_beyond_frame_dropped, MUST, "RFC 791 section 3.1",
	"A datagram that claims more bytes than arrived is never delivered: other memory would fill it.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	static const unsigned lengths[] = { 20 + 60 + 1, 1500, 65535 };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		SEND(t, DGRAM(.total_len = EQ(lengths[i])), PAYLOAD(PATTERN(60)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, total_length_below_header_dropped, MUST, "RFC 791 section 3.1", "A total length that does not even cover the header is never processed.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (unsigned len = 0; len < 20; len++)
		SEND(t, DGRAM(.total_len = EQ(len)), PAYLOAD(PATTERN(60)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, every_truncation_survived, MUST, "RFC 791 section 3.1", "A frame cut anywhere in the header is dropped without harm.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (unsigned cut = 1; cut < 20; cut++)
		SEND(t, ETH(.cut = cut, .no_pad = true), DGRAM(), PAYLOAD(PATTERN(8)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, small_ttl_accepted, MUST, "RFC 1122 section 3.2.1.7", "A datagram is never discarded just because it arrives with a TTL below 2.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM(.ttl = EQ(1)), PAYLOAD(PATTERN(20)));
	tester_delivered(t, sock, 20);
	SEND(t, DGRAM(.ttl = EQ(0)), PAYLOAD(PATTERN(21)));
	tester_delivered(t, sock, 21);
}

CASE(ipv4, any_tos_accepted, SHOULD, "RFC 2474 section 3", "A packet with a DSCP that is not recognised is treated as if it were the default.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	for (unsigned tos = 0; tos < 256; tos += 5) {
		SEND(t, DGRAM(.tos = EQ(tos)), PAYLOAD(PATTERN(20)));
		tester_delivered(t, sock, 20);
	}
}
