/* SPDX-License-Identifier: ISC */
/* From the outside in. f->payload is the place reached so far: each step parses there and moves it on. */
#include "stack/wire/frame.h"
#include "stack/wire/checksum.h"

#include <errno.h>

#define SNAP_LEN 8

static void take(struct frame *f, size_t n)
{
	f->payload += n;
	f->payload_len -= n;
}

static void trim(struct frame *f, size_t len)
{
	if (len < f->payload_len)
		f->payload_len = len;
}

static enum frame_checksum verdict(bool ok)
{
	return ok ? CHECKSUM_OK : CHECKSUM_BAD;
}

/* --- transport ------------------------------------------------------------------------------- */

/* Only a whole packet can be verified. */
static bool is_whole(const struct frame *f)
{
	return !f->fragment && !f->truncated;
}

static void dissect_tcp(struct frame *f, const struct ip_addr *dst)
{
	f->l4_checksum = CHECKSUM_UNKNOWN;
	int n = tcp_hdr_parse(&f->tcp, f->l4, f->l4_len);
	if (n < 0) {
		f->error = f->l4_len < TCP_HDR_LEN           ? "TCP header cut short"
			   : f->tcp.header_len < TCP_HDR_LEN ? "TCP data offset below 5"
							     : "TCP data offset past the end";
		return;
	}
	f->layers |= FRAME_TCP;
	take(f, (size_t)n);
	if (is_whole(f))
		f->l4_checksum = verdict(tcp_checksum_ok(&f->src, dst, f->l4, f->l4_len));
}

static void dissect_udp(struct frame *f, const struct ip_addr *dst)
{
	f->l4_checksum = CHECKSUM_UNKNOWN;
	int n = udp_hdr_parse(&f->udp, f->l4, f->l4_len);
	if (n < 0) {
		f->error = "UDP header cut short";
		return;
	}
	f->layers |= FRAME_UDP;
	take(f, (size_t)n);
	if (f->udp.checksum == 0)
		f->l4_checksum = f->src.family == 4 ? CHECKSUM_ABSENT : CHECKSUM_BAD;
	/* RFC 2675 section 4: 0 in a jumbogram means "up to the end" */
	size_t len = f->udp.len == 0 && f->l4_len > UINT16_MAX ? f->l4_len : f->udp.len;
	if (len < UDP_HDR_LEN) {
		f->error = "UDP length below 8";
		return;
	}
	trim(f, len - UDP_HDR_LEN);
	if (!is_whole(f))
		return;
	if (len > f->l4_len)
		f->error = "UDP length past the end";
	else if (f->udp.checksum != 0)
		f->l4_checksum = verdict(udp_checksum_ok(&f->src, dst, f->l4, len));
}

static void dissect_icmp4(struct frame *f)
{
	f->l4_checksum = CHECKSUM_UNKNOWN;
	int n = icmp4_hdr_parse(&f->icmp4, f->l4, f->l4_len);
	if (n < 0) {
		f->error = "ICMP header cut short";
		return;
	}
	f->layers |= FRAME_ICMP4;
	take(f, (size_t)n);
	if (is_whole(f))
		f->l4_checksum = verdict(checksum_finish(checksum_add(0, f->l4, f->l4_len)) == 0);
}

static void dissect_icmp6(struct frame *f, const struct ip_addr *dst)
{
	f->l4_checksum = CHECKSUM_UNKNOWN;
	int n = icmp6_hdr_parse(&f->icmp6, f->l4, f->l4_len);
	if (n < 0) {
		f->error = "ICMPv6 header cut short";
		return;
	}
	f->layers |= FRAME_ICMP6;
	take(f, (size_t)n);
	if (is_whole(f)) {
		checksum_sum pseudo = checksum_pseudo(&f->src, dst, IPPROTO_NUM_ICMP6, (uint32_t)f->l4_len);
		f->l4_checksum = verdict(checksum_finish(checksum_add(pseudo, f->l4, f->l4_len)) == 0);
	}
}

/* dst: as the pseudo-header has it. */
static void dissect_transport(struct frame *f, const struct ip_addr *dst)
{
	if (f->later_fragment || f->protocol == IP6_NEXT_NONE)
		return;
	f->l4 = f->payload;
	f->l4_len = f->payload_len;
	if (f->protocol == IPPROTO_NUM_TCP)
		dissect_tcp(f, dst);
	else if (f->protocol == IPPROTO_NUM_UDP)
		dissect_udp(f, dst);
	else if (f->protocol == IPPROTO_NUM_ICMP && f->src.family == 4)
		dissect_icmp4(f);
	else if (f->protocol == IPPROTO_NUM_ICMP6 && f->src.family == 6)
		dissect_icmp6(f, dst);
}

/* --- IPv4 ------------------------------------------------------------------------------------ */

static const char *ip4_error(const struct frame *f, int rc)
{
	if (rc == -EPROTONOSUPPORT)
		return "IPv4 version is not 4";
	if (f->l3_len < IP4_HDR_LEN)
		return "IPv4 header cut short";
	return f->ip4.header_len < IP4_HDR_LEN ? "IPv4 header length below 20" : "IPv4 header length past the end";
}

/*
 * A source route not yet at its end: the pseudo-header has the ultimate destination (RFC 9293 section 3.9.2.1), the last address
 * of the route. The pointer counts from the option's first byte, starting at 1 (RFC 791 section 3.1).
 */
static void ip4_final_destination(const struct ip4_hdr *h, struct ip_addr *dst)
{
	struct ip4_option o;
	for (size_t at = 0; ip4_option_next(h->options, h->options_len, &at, &o) > 0;) {
		if ((o.kind == IP4_OPT_LSRR || o.kind == IP4_OPT_SSRR) && o.len >= 7 && o.data[0] <= o.len)
			memcpy(dst->b, o.data + o.len - 6, 4);
	}
}

static void dissect_ip4(struct frame *f)
{
	f->l3 = f->payload;
	f->l3_len = f->payload_len;
	f->ip_checksum = CHECKSUM_UNKNOWN;
	int n = ip4_hdr_parse(&f->ip4, f->l3, f->l3_len);
	if (n < 0) {
		f->error = ip4_error(f, n);
		return;
	}
	f->layers |= FRAME_IP4;
	f->ip_checksum = verdict(ip4_hdr_checksum_ok(f->l3, (size_t)n));
	f->src = ip_from_ip4(f->ip4.src);
	f->dst = ip_from_ip4(f->ip4.dst);
	f->protocol = f->ip4.protocol;
	f->later_fragment = f->ip4.offset > 0;
	f->fragment = f->later_fragment || f->ip4.mf;
	f->truncated = f->ip4.total_len > f->l3_len;
	if (f->ip4.total_len < n) {
		take(f, (size_t)n);
		f->error = "IPv4 total length below its header length";
		return;
	}
	trim(f, f->ip4.total_len);
	f->l3_len = f->payload_len;
	take(f, (size_t)n);
	struct ip_addr dst = f->dst;
	ip4_final_destination(&f->ip4, &dst);
	dissect_transport(f, &dst);
}

/* --- IPv6 ------------------------------------------------------------------------------------ */

/*
 * A routing header with segments left: the pseudo-header has the last stop (RFC 8200 section 8.1), which types 0 and 2 list
 * last and type 4 (RFC 8754 section 2) lists first.
 */
static void ip6_final_destination(const struct ip6_ext *e, const uint8_t *p, struct ip_addr *dst)
{
	if (e->segments_left == 0 || e->len < 24)
		return;
	if (e->routing_type == 0 || e->routing_type == 2)
		memcpy(dst->b, p + e->len - 16, 16);
	else if (e->routing_type == 4)
		memcpy(dst->b, p + 8, 16);
}

/* Each round takes at least 8 bytes, so the chain ends. False when it cannot be followed. */
static bool dissect_ip6_chain(struct frame *f, struct ip_addr *dst)
{
	f->protocol = f->ip6.next_header;
	while (ip6_is_ext(f->protocol) && !f->later_fragment) {
		struct ip6_ext e;
		int n = ip6_ext_parse(&e, f->protocol, f->payload, f->payload_len);
		if (n < 0) {
			f->error = "IPv6 extension header cut short";
			return false;
		}
		if (e.kind == IP6_NEXT_ROUTING)
			ip6_final_destination(&e, f->payload, dst);
		if (e.kind == IP6_NEXT_FRAGMENT) {
			f->ip6_frag = e;
			f->later_fragment = e.offset > 0;
			f->fragment = f->fragment || e.offset > 0 || e.more;
		}
		take(f, (size_t)n);
		f->protocol = e.next_header;
	}
	return true;
}

static void dissect_ip6(struct frame *f)
{
	f->l3 = f->payload;
	f->l3_len = f->payload_len;
	int n = ip6_hdr_parse(&f->ip6, f->l3, f->l3_len);
	if (n < 0) {
		f->error = n == -EPROTONOSUPPORT ? "IPv6 version is not 6" : "IPv6 header cut short";
		return;
	}
	f->layers |= FRAME_IP6;
	f->src = ip_from_ip6(f->ip6.src);
	f->dst = ip_from_ip6(f->ip6.dst);
	size_t len = IP6_HDR_LEN + (size_t)f->ip6.payload_len;
	if (f->ip6.payload_len == 0 && f->ip6.next_header == IP6_NEXT_HOPOPTS)
		len = f->payload_len; /* a jumbogram (RFC 2675 section 3) */
	f->truncated = len > f->l3_len;
	trim(f, len);
	f->l3_len = f->payload_len;
	take(f, (size_t)n);
	struct ip_addr dst = f->dst;
	if (dissect_ip6_chain(f, &dst))
		dissect_transport(f, &dst);
}

/* --- link ------------------------------------------------------------------------------------ */

static void dissect_arp(struct frame *f)
{
	f->l3 = f->payload;
	int n = arp_pkt_parse(&f->arp, f->payload, f->payload_len);
	if (n == -EBADMSG) {
		f->l3_len = f->payload_len;
		f->error = "ARP packet cut short";
		return;
	}
	if (n == -EPROTONOSUPPORT)
		f->error = "ARP for something other than IPv4 over Ethernet";
	trim(f, 8 + 2 * ((size_t)f->arp.hlen + f->arp.plen));
	f->l3_len = f->payload_len;
	f->layers |= FRAME_ARP;
	take(f, n > 0 ? (size_t)n : 8);
}

/* What an 802.3 length field is followed by: LLC/SNAP with an EtherType (RFC 1042), or something else. False for the latter. */
static bool dissect_snap(struct frame *f)
{
	trim(f, f->ethertype);
	if (f->payload_len < SNAP_LEN || memcmp(f->payload, "\xaa\xaa\x03\0\0\0", 6) != 0)
		return false;
	f->ethertype = get_be16(f->payload + 6);
	take(f, SNAP_LEN);
	return true;
}

static void dissect_ethertype(struct frame *f)
{
	while (f->ethertype == ETHERTYPE_VLAN || f->ethertype == ETHERTYPE_QINQ) {
		int n = vlan_tag_parse(&f->vlan, f->payload, f->payload_len);
		if (n < 0) {
			f->error = "802.1Q tag cut short";
			return;
		}
		f->layers |= FRAME_VLAN;
		f->ethertype = f->vlan.type;
		take(f, (size_t)n);
	}
	if (f->ethertype < ETH_TYPE_MIN && !dissect_snap(f))
		return;
	if (f->ethertype == ETHERTYPE_IP4)
		dissect_ip4(f);
	else if (f->ethertype == ETHERTYPE_IP6)
		dissect_ip6(f);
	else if (f->ethertype == ETHERTYPE_ARP)
		dissect_arp(f);
}

void frame_dissect(struct frame *f, const uint8_t *bytes, size_t len)
{
	*f = (struct frame){ .payload = bytes, .payload_len = len };
	int n = eth_hdr_parse(&f->eth, bytes, len);
	if (n < 0) {
		f->error = "Ethernet header cut short";
		return;
	}
	f->layers |= FRAME_ETH;
	f->ethertype = f->eth.type;
	take(f, (size_t)n);
	dissect_ethertype(f);
}

void frame_dissect_ip(struct frame *f, const uint8_t *bytes, size_t len)
{
	*f = (struct frame){ .payload = bytes, .payload_len = len };
	if (len == 0)
		f->error = "empty packet";
	else if (bytes[0] >> 4 == 4)
		dissect_ip4(f);
	else if (bytes[0] >> 4 == 6)
		dissect_ip6(f);
	else
		f->error = "IP version is neither 4 nor 6";
}
