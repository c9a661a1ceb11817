/* SPDX-License-Identifier: ISC */
/* What a host sends: RFC 791, RFC 1122 sections 3.2.1, 3.3.1, 3.3.6. */
#include "conformance/ipv4/ipv4.h"

CASE(ipv4, sends_sound_header, MUST, "RFC 791 section 3.1; RFC 1122 sections 3.2.1.3, 3.2.1.7",
	"What is sent has version 4, a right checksum, the host's own address and never a TTL of 0.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	tester_dut_send(t, sock, 100, t->my_ip, 0);
	EXPECT(t, SECONDS(2), ETH(.src = HW(t->dut_mac), .dst = HW(t->my_mac)),
		DGRAM(.version = EQ(4), .header_len = EQ(20), .total_len = EQ(120), .src = IP(t->dut_ip), .dst = IP(t->my_ip), .ttl = AT_LEAST(1),
			.reserved = EQ(0), .mf = EQ(0), .offset = EQ(0), .ok = EQ(1)),
		PAYLOAD(PATTERN(100)));
}

CASE(ipv4, default_ttl_reaches_the_internet, SHOULD, "RFC 1122 section 3.2.1.7",
	"The default TTL is at least as large as the diameter of the Internet, 64 as recommended by RFC 1700.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	tester_dut_send(t, sock, 10, t->my_ip, 0);
	EXPECT(t, SECONDS(2), DGRAM(.ttl = AT_LEAST(64)));
}

CASE(ipv4, on_link_destination_asked_for, MUST, "RFC 1122 section 3.3.1.1", "A destination on the attached network is resolved itself.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	tester_answer_arp(t, false);
	tester_dut_send(t, sock, 10, t->other_ip, 0);
	EXPECT(t, SECONDS(2), ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->other_ip)));
}

CASE(ipv4, off_link_destination_through_gateway, MUST, "RFC 1122 section 3.3.1.1",
	"A destination beyond the attached network goes to the gateway's hardware address, with its own IP address.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	tester_answer_arp(t, false);
	tester_dut_send(t, sock, 10, t->far_ip, 0);
	EXPECT(t, SECONDS(2), ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->gateway_ip)));
	SEND(t, ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->other_mac), .spa = IP(t->gateway_ip)));
	EXPECT(t, SECONDS(2), ETH(.dst = HW(t->other_mac)), DGRAM(.dst = IP(t->far_ip), .src = IP(t->dut_ip)));
}

CASE(ipv4, limited_broadcast_as_link_broadcast, MUST, "RFC 1122 section 3.3.6", "An IP broadcast is sent as a link-layer broadcast.")
{
	static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	int sock = tester_raw_socket(t, EXPERIMENT);
	host_set_option(t->dut, sock, DUT_SO_BROADCAST, 1);
	tester_dut_send(t, sock, 40, ip4_from_u32(UINT32_MAX), 0);
	EXPECT(t, SECONDS(2), ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(ip4_from_u32(UINT32_MAX)), .src = IP(t->dut_ip)));
	tester_dut_send(t, sock, 40, t->net_broadcast, 0);
	EXPECT(t, SECONDS(2), ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(t->net_broadcast), .src = IP(t->dut_ip)));
}

CASE(ipv4, multicast_mapped_to_link, MUST, "RFC 1112 section 6.4", "A multicast datagram goes to 01-00-5E with the low 23 bits of its group.")
{
	static const struct mac group_mac = { { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 } };
	int sock = tester_raw_socket(t, EXPERIMENT);
	tester_dut_send(t, sock, 40, ip4_from_u32(0xef810203), 0);
	EXPECT(t, SECONDS(2), ETH(.dst = HW(group_mac)), DGRAM(.dst = IP(ip4_from_u32(0xef810203))));
}

/* Collects the fragments of one datagram the DUT sends; returns how many. They must fit the MTU and cover [0, len) exactly. */
static unsigned collect(struct tester *t, unsigned len, uint16_t *id)
{
	unsigned at = 0, n = 0;
	while (at < len) {
		EXPECT(t, SECONDS(2), DGRAM(.offset = EQ(at), .total_len = AT_MOST(ETH_MTU), .ok = EQ(1)));
		const struct ip4_hdr *h = &t->got.ip4;
		unsigned payload = (unsigned)h->total_len - h->header_len;
		REQUIRE(t, n == 0 || h->id == *id, "fragment at %u has identification %u, the first had %u", at, h->id, *id);
		for (unsigned i = 0; i < payload; i++)
			REQUIRE(t, t->got.l3[h->header_len + i] == packet_pattern(at + i), "byte %u of the datagram is wrong", at + i);
		*id = h->id;
		at += payload;
		n++;
		REQUIRE(t, h->mf == (at < len), "the fragment that ends at %u of %u says %s", at, len, h->mf ? "more" : "last");
		REQUIRE(t, !h->mf || payload % 8 == 0, "a fragment that is not the last carries %u bytes, no multiple of 8", payload);
	}
	return n;
}

CASE(ipv4, fragments_what_exceeds_the_mtu, MAY, "RFC 1122 section 3.3.3",
	"A datagram larger than the MTU is fragmented: every fragment fits, offsets are exact, the identification is shared.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint16_t id = 0;
	tester_dut_send(t, sock, 4000, t->my_ip, 0);
	unsigned n = collect(t, 4000, &id);
	REQUIRE(t, n > 1, "4000 bytes came in one piece");
}

CASE(ipv4, identification_not_repeated, MUST, "RFC 6864 section 4.3",
	"Two datagrams that are fragmented never share source, destination, protocol and identification within the time they may live.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint16_t ids[20];
	for (unsigned i = 0; i < 20; i++) {
		tester_dut_send(t, sock, 2000, t->my_ip, 0);
		collect(t, 2000, &ids[i]);
		for (unsigned k = 0; k < i; k++)
			REQUIRE(t, ids[i] != ids[k], "datagrams %u and %u both have identification %u", k, i, ids[i]);
	}
}

CASE(ipv4, transport_sets_ttl, MUST, "RFC 1122 section 3.2.1.7", "The layer above can set the TTL of what it sends.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	REQUIRE_EQ(t, "setting the TTL", host_set_option(t->dut, sock, DUT_SO_TTL, 7), 0);
	tester_dut_send(t, sock, 10, t->my_ip, 0);
	EXPECT(t, SECONDS(2), DGRAM(.ttl = EQ(7)));
}

CASE(ipv4, transport_sets_tos, MUST, "RFC 1122 section 3.2.1.6", "The layer above can set the type of service of what it sends.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	REQUIRE_EQ(t, "setting the type of service", host_set_option(t->dut, sock, DUT_SO_TOS, 0xb8), 0);
	tester_dut_send(t, sock, 10, t->my_ip, 0);
	EXPECT(t, SECONDS(2), DGRAM(.tos = EQ(0xb8)));
}
