/* SPDX-License-Identifier: ISC */
/* When errors are sent, what they quote, and when there must be none: RFC 792, RFC 1122 section 3.2.2. */
#include "conformance/tester/case.h"

#define UNCLAIMED 253 /* a protocol nobody has registered for */
#define STRAY(...) IP4(.protocol = EQ(UNCLAIMED), __VA_ARGS__)
#define UNREACHABLE(...) ICMP4(.type = EQ(ICMP4_UNREACHABLE), __VA_ARGS__)

static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
static const struct mac all_hosts_mac = { { 0x01, 0x00, 0x5e, 0, 0, 1 } };

/* Nothing is sent for that long; then a stray that deserves an error gets one, so that the silence was not that of a stack without errors. */
#define NO_ERROR(t, for_ns) no_error(HERE(t), (for_ns))
static void no_error(struct tester *t, uint64_t for_ns)
{
	tester_expect_silence(t, for_ns, &(struct packet){ 0 });
	tester_send(t, &(struct packet){ STRAY(.id = EQ(0xa11e)), PAYLOAD(PATTERN(8)) });
	tester_expect(t, SECONDS(2), &(struct packet){ UNREACHABLE(.code = EQ(ICMP4_UNREACH_PROTOCOL)) });
}

CASE(icmpv4, protocol_unreachable, SHOULD, "RFC 1122 section 3.2.2.1",
	"A datagram for a protocol that is not there is answered with destination unreachable, code 2.")
{
	SEND(t, STRAY(), PAYLOAD(PATTERN(40)));
	EXPECT(t, SECONDS(2), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)), UNREACHABLE(.code = EQ(ICMP4_UNREACH_PROTOCOL), .ok = EQ(1)));
}

CASE(icmpv4, error_quotes_header_and_8_octets, MUST, "RFC 1122 section 3.2.2",
	"An error quotes the Internet header and at least the first 8 octets of the datagram, exactly as received.")
{
	SEND(t, STRAY(.id = EQ(0xbeef), .tos = EQ(0), .ttl = EQ(9)), PAYLOAD(PATTERN(40)));
	EXPECT(t, SECONDS(2), UNREACHABLE(.code = EQ(ICMP4_UNREACH_PROTOCOL)), PAYLOAD(STARTS(t->sent.l3, IP4_HDR_LEN + 8)));
}

CASE(icmpv4, error_quotes_options, MUST, "RFC 1122 section 3.2.2", "The quoted header has the options the datagram had.")
{
	static const uint8_t options[8] = { 0x5e, 7, 1, 2, 3, 4, 5, 0 };
	SEND(t, STRAY(.options = BYTES(options, 8)), PAYLOAD(PATTERN(40)));
	EXPECT(t, SECONDS(2), UNREACHABLE(.code = EQ(ICMP4_UNREACH_PROTOCOL)), PAYLOAD(STARTS(t->sent.l3, 28 + 8)));
}

CASE(icmpv4, error_quotes_at_most_576, SHOULD, "RFC 1812 section 4.3.2.3", "However large the datagram, an error about it has at most 576 bytes.")
{
	SEND(t, STRAY(), PAYLOAD(PATTERN(1400)));
	EXPECT(t, SECONDS(2), IP4(.total_len = AT_MOST(576)), UNREACHABLE());
}

CASE(icmpv4, error_of_short_datagram_quotes_no_more, MUST, "RFC 1122 section 3.2.2", "An error never quotes bytes the datagram did not have.")
{
	SEND(t, STRAY(), PAYLOAD(PATTERN(3)));
	EXPECT(t, SECONDS(2), IP4(.total_len = EQ(IP4_HDR_LEN + ICMP4_HDR_LEN + IP4_HDR_LEN + 3)), UNREACHABLE(),
		PAYLOAD(BYTES(t->sent.l3, IP4_HDR_LEN + 3)));
}

CASE(icmpv4, error_has_default_tos, SHOULD, "RFC 1122 section 3.2.2",
	"An error is sent with normal TOS bits, 0 (RFC 1812 section 4.3.2.5 allows precedence 6 or 7 as well).")
{
	SEND(t, STRAY(.tos = EQ(0x10)), PAYLOAD(PATTERN(40)));
	EXPECT(t, SECONDS(2), UNREACHABLE());
	uint8_t tos = t->got.ip4.tos;
	REQUIRE(t, tos == 0 || tos == 0xc0 || tos == 0xe0, "TOS of the error is 0x%02x, expected 0x00 (or precedence 6 or 7)", tos);
}

CASE(icmpv4, no_error_about_error, MUST, "RFC 1122 section 3.2.2",
	"An ICMP error is never answered with an error, not even one that makes no sense or has bad options.")
{
	static const uint8_t types[] = { ICMP4_UNREACHABLE, ICMP4_SOURCE_QUENCH, ICMP4_REDIRECT, ICMP4_TIME_EXCEEDED, ICMP4_PARAMETER };
	static const uint8_t bad_options[4] = { 131, 3, 0, 0 };
	for (unsigned i = 0; i < sizeof(types); i++) {
		SEND(t, ICMP4(.type = EQ(types[i]), .code = EQ(99)), PAYLOAD(PATTERN(60)));
		SEND(t, ICMP4(.type = EQ(types[i])), PAYLOAD(PATTERN(2)));
		SEND(t, IP4(.options = BYTES(bad_options, sizeof(bad_options))), ICMP4(.type = EQ(types[i])), PAYLOAD(PATTERN(60)));
	}
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, no_error_about_incomplete_error, MUST, "RFC 1122 section 3.2.2",
	"An ICMP error of which only the first fragment comes is never answered with a time exceeded.")
{
	SEND(t, IP4(.id = EQ(5), .mf = EQ(1)), ICMP4(.type = EQ(ICMP4_UNREACHABLE), .code = EQ(ICMP4_UNREACH_PORT)), PAYLOAD(PATTERN(56)));
	NO_ERROR(t, MINUTES(5));
}

CASE(icmpv4, unknown_type_ignored, MUST, "RFC 1122 section 3.2.2", "A message of unknown type is silently discarded.")
{
	static const uint8_t types[] = { 1, 2, 7, 19, 42, 44, 200, 255 };
	for (unsigned i = 0; i < sizeof(types); i++)
		SEND(t, ICMP4(.type = EQ(types[i])), PAYLOAD(PATTERN(40)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, no_error_about_broadcast, MUST, "RFC 1122 section 3.2.2", "A datagram to an IP broadcast address never causes an error.")
{
	SEND(t, ETH(.dst = HW(broadcast_mac)), STRAY(.dst = IP(ip4_from_u32(UINT32_MAX))), PAYLOAD(PATTERN(40)));
	SEND(t, ETH(.dst = HW(broadcast_mac)), STRAY(.dst = IP(t->net_broadcast)), PAYLOAD(PATTERN(40)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), STRAY(.dst = IP(t->net_broadcast)), PAYLOAD(PATTERN(40)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, no_error_about_multicast, MUST, "RFC 1122 section 3.2.2", "A datagram to an IP multicast address never causes an error.")
{
	SEND(t, ETH(.dst = HW(all_hosts_mac)), STRAY(.dst = IP(ip4_from_u32(0xe0000001))), PAYLOAD(PATTERN(40)));
	SEND(t, ETH(.dst = HW(t->dut_mac)), STRAY(.dst = IP(ip4_from_u32(0xe0000001))), PAYLOAD(PATTERN(40)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, no_error_about_link_broadcast, MUST, "RFC 1122 section 3.2.2", "A datagram that came as a link-layer broadcast never causes an error.")
{
	SEND(t, ETH(.dst = HW(broadcast_mac)), STRAY(), PAYLOAD(PATTERN(40)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, no_error_about_later_fragment, MUST, "RFC 1122 section 3.2.2", "A fragment that is not the first never causes an error.")
{
	SEND(t, STRAY(.offset = EQ(80)), PAYLOAD(PATTERN(40)));
	NO_ERROR(t, MINUTES(5));
}

CASE(icmpv4, no_error_to_impossible_source, MUST, "RFC 1122 section 3.2.2",
	"A datagram whose source does not name a single host never causes an error.")
{
	static const uint32_t sources[] = { 0, 0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff };
	for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		SEND(t, STRAY(.src = IP(ip4_from_u32(sources[i]))), PAYLOAD(PATTERN(40)));
	SEND(t, STRAY(.src = IP(t->net_broadcast)), PAYLOAD(PATTERN(40)));
	EXPECT_SILENCE(t, SECONDS(2), ICMP4());
	NO_ERROR(t, 0);
}

CASE(icmpv4, reassembly_timeout_reported, MUST, "RFC 1122 section 3.3.2",
	"When reassembly times out and the first fragment came, its source is sent a time exceeded, code 1, that quotes it.")
{
	SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP), .id = EQ(5), .mf = EQ(1)), PAYLOAD(PATTERN(80)));
	EXPECT(t, MINUTES(3), IP4(.dst = IP(t->my_ip)), ICMP4(.type = EQ(ICMP4_TIME_EXCEEDED), .code = EQ(1)),
		PAYLOAD(STARTS(t->sent.l3, IP4_HDR_LEN + 8)));
}

CASE(icmpv4, reassembly_timeout_in_range, SHOULD, "RFC 1122 section 3.3.2", "The reassembly time-out lies between 60 and 120 seconds.")
{
	uint64_t start = tester_now(t);
	SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP), .id = EQ(5), .mf = EQ(1)), PAYLOAD(PATTERN(80)));
	EXPECT(t, MINUTES(10), ICMP4(.type = EQ(ICMP4_TIME_EXCEEDED), .code = EQ(1)));
	uint64_t after = t->got_ns - start;
	REQUIRE(t, after >= SECONDS(60) && after <= SECONDS(120), "the time-out came after %llu ms, expected 60 to 120 s",
		(unsigned long long)(after / NS_PER_MS));
}

CASE(icmpv4, reassembly_timeout_silent_without_first, MUST, "RFC 1122 sections 3.2.2, 3.3.2",
	"When reassembly times out and the first fragment never came, nothing is sent.")
{
	SEND(t, IP4(.protocol = EQ(IPPROTO_NUM_ICMP), .id = EQ(5), .offset = EQ(80)), PAYLOAD(PATTERN(80)));
	NO_ERROR(t, MINUTES(5));
}

CASE(icmpv4, host_sends_no_redirect, SHOULD, "RFC 1122 section 3.2.2.2", "A host never sends a redirect.")
{
	SEND(t, IP4(.dst = IP(t->far_ip), .protocol = EQ(UNCLAIMED)), PAYLOAD(PATTERN(20)));
	SEND(t, IP4(.dst = IP(t->other_ip), .protocol = EQ(UNCLAIMED)), PAYLOAD(PATTERN(20)));
	EXPECT_SILENCE(t, SECONDS(2), ICMP4(.type = EQ(ICMP4_REDIRECT)));
	tester_flush(t);
	NO_ERROR(t, 0);
}

CASE(icmpv4, address_mask_request_ignored, MUST, "RFC 1122 section 3.2.2.9",
	"A host that is not an authoritative agent never answers an address mask request.")
{
	SEND(t, ICMP4(.type = EQ(17)), PAYLOAD(PATTERN(4)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, information_request_ignored, SHOULD, "RFC 1122 section 3.2.2.7", "Information requests are not implemented: nothing is sent.")
{
	SEND(t, ICMP4(.type = EQ(15)));
	NO_ERROR(t, SECONDS(2));
}

CASE(icmpv4, errors_are_limited, MAY, "RFC 1812 section 4.3.2.8",
	"The rate of errors is limited, as a router's should be: ten thousand stray datagrams at once do not cause ten thousand errors.")
{
	tester_resolve(t); /* else it is the queue of the unresolved address that limits them */
	for (unsigned i = 0; i < 10000; i++)
		SEND(t, STRAY(.id = EQ(i)), PAYLOAD(PATTERN(8)));
	unsigned n = 0;
	while (n < 10000 && SAW(t, 0, UNREACHABLE()))
		n++;
	REQUIRE(t, n > 0, "no error was sent at all");
	REQUIRE(t, n < 10000, "every one of 10000 datagrams caused an error");
}
