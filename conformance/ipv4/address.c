/* SPDX-License-Identifier: ISC */
/* Who a datagram may be from and for: RFC 1122 sections 3.2.1.3, 3.3.6. */
#include "conformance/ipv4/ipv4.h"

static const struct mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

CASE(ipv4, other_destination_dropped, MUST, "RFC 1122 section 3.2.1.3", "A datagram that is not for this host is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM(.dst = IP(t->other_ip)), PAYLOAD(PATTERN(10)));
	ipv4_dropped(t, sock);
	SEND(t, DGRAM(.dst = IP(t->far_ip)), PAYLOAD(PATTERN(10)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, does_not_forward, MUST, "RFC 1122 section 3.1", "A host never forwards a datagram unless it is configured as a gateway.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, IP4(.dst = IP(t->far_ip), .protocol = EQ(254)), PAYLOAD(PATTERN(10)));
	SEND(t, IP4(.dst = IP(t->other_ip), .src = IP(t->far_ip), .protocol = EQ(254)), PAYLOAD(PATTERN(10)));
	EXPECT_SILENCE(t, SECONDS(5));
	ipv4_alive(t, sock);
}

CASE(ipv4, limited_broadcast_accepted, MUST, "RFC 1122 section 3.3.6", "255.255.255.255 is recognised as a broadcast address.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(ip4_from_u32(UINT32_MAX))), PAYLOAD(PATTERN(30)));
	tester_delivered(t, sock, 30);
}

CASE(ipv4, directed_broadcast_accepted, MUST, "RFC 1122 section 3.3.6", "The broadcast address of the attached network is recognised.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(t->net_broadcast)), PAYLOAD(PATTERN(30)));
	tester_delivered(t, sock, 30);
}

CASE(ipv4, zero_broadcast_accepted, SHOULD, "RFC 1122 section 3.3.6", "The old broadcast forms with 0 in the place of -1 are recognised.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(ip4_from_u32(0))), PAYLOAD(PATTERN(30)));
	tester_delivered(t, sock, 30);
	SEND(t, ETH(.dst = HW(broadcast_mac)), DGRAM(.dst = IP(ip4_from_u32(ip4_u32(t->net_broadcast) & ~UINT32_C(255)))), PAYLOAD(PATTERN(31)));
	tester_delivered(t, sock, 31);
}

CASE(ipv4, link_broadcast_of_unicast_dropped, SHOULD, "RFC 1122 section 3.3.6",
	"A datagram that came as a link-layer broadcast but is not for an IP broadcast or multicast address is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, ETH(.dst = HW(broadcast_mac)), DGRAM(), PAYLOAD(PATTERN(30)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}

/* A datagram from an address that no host may have is dropped. */
#define DROPPED_FROM(t, sock, address) \
	do { \
		SEND(t, DGRAM(.src = IP(ip4_from_u32(address))), PAYLOAD(PATTERN(30))); \
		ipv4_dropped(t, sock); \
	} while (0)

CASE(ipv4, broadcast_source_dropped, MUST, "RFC 1122 section 3.2.1.3", "A datagram whose source is a broadcast address is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	DROPPED_FROM(t, sock, UINT32_MAX);
	DROPPED_FROM(t, sock, ip4_u32(t->net_broadcast));
	ipv4_alive(t, sock);
}

CASE(ipv4, multicast_source_dropped, MUST, "RFC 1122 section 3.2.1.3", "A datagram whose source is a multicast address is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	DROPPED_FROM(t, sock, 0xe0000001);
	DROPPED_FROM(t, sock, 0xefffffff);
	ipv4_alive(t, sock);
}

CASE(ipv4, loopback_source_dropped, MUST, "RFC 1122 section 3.2.1.3 (g)",
	"Addresses 127/8 never appear outside a host: a datagram from one is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	DROPPED_FROM(t, sock, 0x7f000001);
	ipv4_alive(t, sock);
}

CASE(ipv4, loopback_destination_dropped, MUST, "RFC 1122 section 3.2.1.3 (g)", "A datagram for 127/8 that comes from the wire is silently discarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	SEND(t, DGRAM(.dst = IP(ip4_from_u32(0x7f000001))), PAYLOAD(PATTERN(30)));
	ipv4_dropped(t, sock);
	ipv4_alive(t, sock);
}
