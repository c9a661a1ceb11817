/* SPDX-License-Identifier: ISC */
/* Echo: RFC 792, RFC 1122 section 3.2.2.6. */
#include "conformance/tester/case.h"

static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

#define PING(...) ICMP4(.type = EQ(ICMP4_ECHO), __VA_ARGS__)
#define PONG(...) ICMP4(.type = EQ(ICMP4_ECHO_REPLY), .code = EQ(0), __VA_ARGS__)

/* A good request is answered still: what came before did no harm, and the silence was not that of a dead stack. */
#define STILL_ANSWERS(t) still_answers(HERE(t))
static void still_answers(struct tester *t)
{
	tester_send(t, &(struct packet){ PING(.id = EQ(0xa11e), .seq = EQ(99)), PAYLOAD(PATTERN(20)) });
	tester_expect(t, SECONDS(2), &(struct packet){ PONG(.id = EQ(0xa11e), .seq = EQ(99)), PAYLOAD(PATTERN(20)) });
}

CASE(icmpv4, echo_answered, MUST, "RFC 1122 section 3.2.2.6",
	"An echo request is answered with an echo reply of the same identifier, sequence number and data.")
{
	SEND(t, PING(.id = EQ(0x1234), .seq = EQ(7)), PAYLOAD(PATTERN(56)));
	EXPECT(t, SECONDS(2), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)), PONG(.id = EQ(0x1234), .seq = EQ(7), .ok = EQ(1)),
		PAYLOAD(PATTERN(56)));
}

CASE(icmpv4, echo_answered_once, MUST, "RFC 792, Echo", "An echo request gets one reply.")
{
	SEND(t, PING(.id = EQ(1), .seq = EQ(1)), PAYLOAD(PATTERN(8)));
	EXPECT(t, SECONDS(2), PONG(.seq = EQ(1)));
	EXPECT_SILENCE(t, SECONDS(10));
}

CASE(icmpv4, echo_of_any_length, MUST, "RFC 1122 section 3.2.2.6",
	"The data of an echo request comes back whole, whatever its length, odd ones and none included.")
{
	static const unsigned lengths[] = { 0, 1, 2, 3, 17, 18, 19, 511, 1471, 1472 };
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		SEND(t, PING(.seq = EQ(i)), PAYLOAD(PATTERN(lengths[i])));
		EXPECT(t, SECONDS(2), PONG(.seq = EQ(i), .ok = EQ(1)), PAYLOAD(PATTERN(lengths[i])));
	}
}

CASE(icmpv4, echo_of_reassembled_datagram, MUST, "RFC 1122 section 3.2.2.6",
	"An echo request that came in fragments is reassembled and answered whole.")
{
	uint8_t frame[2100];
	size_t len = BUILD(t, frame, sizeof(frame), PING(.id = EQ(9), .seq = EQ(3)), PAYLOAD(PATTERN(1400)));
	const uint8_t *icmp = frame + ETH_HDR_LEN + IP4_HDR_LEN;
	size_t icmp_len = len - ETH_HDR_LEN - IP4_HDR_LEN;
	SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP), .id = EQ(5), .mf = EQ(1)), PAYLOAD(BYTES(icmp, 800)));
	SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP), .id = EQ(5), .offset = EQ(800)), PAYLOAD(BYTES(icmp + 800, icmp_len - 800)));
	EXPECT(t, SECONDS(2), PONG(.id = EQ(9), .seq = EQ(3)), PAYLOAD(PATTERN(1400)));
}

CASE(icmpv4, echo_bad_checksum_ignored, MUST, "RFC 792, Echo", "A message with a wrong checksum is silently discarded.")
{
	SEND(t, PING(.seq = EQ(1), .checksum = EQ(0x1111)), PAYLOAD(PATTERN(56)));
	EXPECT_SILENCE(t, SECONDS(2));
	STILL_ANSWERS(t);
}

CASE(icmpv4, truncated_message_ignored, MUST, "RFC 792", "A message shorter than its header does no harm and gets no answer.")
{
	static const uint8_t echo[8] = { ICMP4_ECHO, 0, 0xf7, 0xff };
	for (unsigned len = 0; len < 8; len++)
		SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP)), PAYLOAD(BYTES(echo, len)));
	EXPECT_SILENCE(t, SECONDS(2));
	STILL_ANSWERS(t);
}

CASE(icmpv4, echo_never_leaks, MUST, "CVE-2003-0001; RFC 1122 section 3.2.2.6",
	"A reply never has a byte that was not in the request: padding of a short frame, if there is any, is zero, and a claimed length is not believed.")
{
	SEND(t, PING(.seq = EQ(1)), PAYLOAD(PATTERN(1)));
	EXPECT(t, SECONDS(2), ETH(.zero_padding = EQ(1)), PONG(.seq = EQ(1)), PAYLOAD(PATTERN(1)));
	SEND(t, IP4(.total_len = EQ(1400)), PING(.seq = EQ(2)), PAYLOAD(PATTERN(10)));
	EXPECT_SILENCE(t, SECONDS(2), PONG());
	STILL_ANSWERS(t);
}

CASE(icmpv4, broadcast_echo_discarded, MAY, "RFC 1122 section 3.2.2.6",
	"An echo request to a broadcast address is discarded (the safe choice: smurf).")
{
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(t->net_broadcast)), PING());
	SEND(t, ETH(.dst = HW(broadcast_mac)), IP4(.dst = IP(ip4_from_u32(UINT32_MAX))), PING());
	EXPECT_SILENCE(t, SECONDS(2));
	STILL_ANSWERS(t);
}

CASE(icmpv4, multicast_echo_discarded, MAY, "RFC 1122 section 3.2.2.6", "An echo request to a multicast address is discarded.")
{
	static const struct mac all_hosts = { { 0x01, 0x00, 0x5e, 0, 0, 1 } };
	SEND(t, ETH(.dst = HW(all_hosts)), IP4(.dst = IP(ip4_from_u32(0xe0000001))), PING());
	EXPECT_SILENCE(t, SECONDS(2));
	STILL_ANSWERS(t);
}

CASE(icmpv4, unsolicited_reply_ignored, MUST, "RFC 792, Echo Reply", "An echo reply nobody asked for gets no answer.")
{
	SEND(t, PONG(.id = EQ(77), .seq = EQ(1)), PAYLOAD(PATTERN(56)));
	EXPECT_SILENCE(t, SECONDS(2));
	STILL_ANSWERS(t);
}

CASE(icmpv4, echo_client, SHOULD, "RFC 1122 section 3.2.2.6", "An application can send echo requests.")
{
	int sock = tester_ping_socket(t);
	tester_dut_ping(t, sock, 5, 40, t->my_ip);
	EXPECT(t, SECONDS(2), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)), PING(.code = EQ(0), .seq = EQ(5), .ok = EQ(1)), PAYLOAD(PATTERN(40)));
}

CASE(icmpv4, reply_passed_up, MUST, "RFC 1122 section 3.2.2.6", "An echo reply is passed to the application that asked, and to no other.")
{
	int sock = tester_ping_socket(t);
	tester_dut_ping(t, sock, 5, 40, t->my_ip);
	EXPECT(t, SECONDS(2), PING(.seq = EQ(5)));
	uint16_t id = t->got.icmp4.id;
	SEND(t, PONG(.id = EQ((uint16_t)(id + 1)), .seq = EQ(5)), PAYLOAD(PATTERN(40)));
	REQUIRE(t, tester_dut_recv(t, sock, NULL, 0, NULL) < 0, "a reply to another identifier was passed up");
	SEND(t, PONG(.id = EQ(id), .seq = EQ(5)), PAYLOAD(PATTERN(40)));
	uint8_t got[100];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	REQUIRE_EQ(t, "length of the message passed up", n, ICMP4_HDR_LEN + 40);
	REQUIRE_EQ(t, "sequence number passed up", get_be16(got + 6), 5);
}
