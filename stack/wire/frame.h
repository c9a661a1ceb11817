/* SPDX-License-Identifier: ISC */
/*
 * A whole frame dissected: every header found, where its payload starts, and which checksums are right.
 * One pass, no allocation, never fails: what cannot be parsed ends the dissection and is named in error.
 */
#ifndef STACK_WIRE_FRAME_H
#define STACK_WIRE_FRAME_H

#include "stack/wire/arp.h"
#include "stack/wire/eth.h"
#include "stack/wire/icmp4.h"
#include "stack/wire/icmp6.h"
#include "stack/wire/ip4.h"
#include "stack/wire/ip6.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"

enum { /* bits of frame.layers */
	FRAME_ETH = 1 << 0,
	FRAME_VLAN = 1 << 1,
	FRAME_ARP = 1 << 2,
	FRAME_IP4 = 1 << 3,
	FRAME_IP6 = 1 << 4,
	FRAME_ICMP4 = 1 << 5,
	FRAME_ICMP6 = 1 << 6,
	FRAME_UDP = 1 << 7,
	FRAME_TCP = 1 << 8,
};

enum frame_checksum { CHECKSUM_ABSENT, CHECKSUM_OK, CHECKSUM_BAD, CHECKSUM_UNKNOWN }; /* UNKNOWN: fragment or truncated */

struct frame {
	unsigned layers;   /* FRAME_… found */
	const char *error; /* why dissection stopped early, or NULL */
	struct eth_hdr eth;
	struct vlan_tag vlan; /* innermost tag (EtherType 0x8100 or 0x88a8) */
	uint16_t ethertype;   /* of what lies behind tags and LLC/SNAP (RFC 1042); below ETH_TYPE_MIN: 802.3 without one */
	struct arp_pkt arp;
	struct ip4_hdr ip4;
	struct ip6_hdr ip6;
	bool fragment;           /* an IPv4 or IPv6 fragment (first ones included; not IPv6 atomic ones, RFC 6946) */
	bool later_fragment;     /* offset > 0: no transport header */
	bool truncated;          /* the IP length says more than there is */
	struct ip6_ext ip6_frag; /* IPv6 with a fragment header, atomic ones included: kind is IP6_NEXT_FRAGMENT; else zero */
	uint8_t protocol;        /* transport protocol behind all extension headers */
	struct icmp4_hdr icmp4;
	struct icmp6_hdr icmp6;
	struct udp_hdr udp;
	struct tcp_hdr tcp;
	struct ip_addr src, dst; /* of the IP header, either family; family 0 without */
	enum frame_checksum ip_checksum, l4_checksum;
	const uint8_t *l3;      /* start of the IP header or ARP packet; NULL without */
	size_t l3_len;          /* bytes from there, link padding removed where a length says so */
	const uint8_t *l4;      /* start of the transport header; NULL without, and in later fragments */
	size_t l4_len;          /* bytes from there to the end of the IP payload */
	const uint8_t *payload; /* behind the last header parsed */
	size_t payload_len;
};

/* An Ethernet frame of len bytes. f points into bytes. */
void frame_dissect(struct frame *f, const uint8_t *bytes, size_t len);
/* An IPv4 or IPv6 packet without link header. */
void frame_dissect_ip(struct frame *f, const uint8_t *bytes, size_t len);
/*
 * One line, as tcpdump -n would say it: "IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S], …", "ARP, Request who-has …". Tags come in front
 * as with -e, fragments end in "(frag ID:SIZE@OFFSET+)", what is wrong in brackets. Returns what snprintf would.
 */
int frame_print(const struct frame *f, char *s, size_t cap);

#endif
