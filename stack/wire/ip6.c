/* SPDX-License-Identifier: ISC */
#include "stack/wire/ip6.h"
#include "stack/wire/ip4.h"
#include "stack/wire/print.h"

#include <errno.h>

#define FRAGMENT_LEN 8

int ip6_hdr_parse(struct ip6_hdr *h, const uint8_t *p, size_t len)
{
	*h = (struct ip6_hdr){ 0 };
	if (len < IP6_HDR_LEN)
		return -EBADMSG;
	uint32_t first = get_be32(p);
	h->version = (uint8_t)(first >> 28);
	if (h->version != 6)
		return -EPROTONOSUPPORT;
	h->traffic_class = (uint8_t)(first >> 20);
	h->flow_label = first & 0xfffff;
	h->payload_len = get_be16(p + 4);
	h->next_header = p[6];
	h->hop_limit = p[7];
	memcpy(h->src.b, p + 8, 16);
	memcpy(h->dst.b, p + 24, 16);
	return IP6_HDR_LEN;
}

int ip6_hdr_emit(const struct ip6_hdr *h, uint8_t *p, size_t cap)
{
	if (cap < IP6_HDR_LEN)
		return -ENOSPC;
	put_be32(p, (uint32_t)h->version << 28 | (uint32_t)h->traffic_class << 20 | (h->flow_label & 0xfffff));
	put_be16(p + 4, h->payload_len);
	p[6] = h->next_header;
	p[7] = h->hop_limit;
	memcpy(p + 8, h->src.b, 16);
	memcpy(p + 24, h->dst.b, 16);
	return IP6_HDR_LEN;
}

static const char *header_name(uint8_t kind)
{
	switch (kind) {
	case IP6_NEXT_HOPOPTS:
		return "HBH";
	case IP6_NEXT_ROUTING:
		return "RT6";
	case IP6_NEXT_FRAGMENT:
		return "frag";
	case IP6_NEXT_AH:
		return "AH";
	case IP6_NEXT_NONE:
		return "no next header";
	case IP6_NEXT_DSTOPTS:
		return "DSTOPT";
	case IPPROTO_NUM_TCP:
		return "TCP";
	case IPPROTO_NUM_UDP:
		return "UDP";
	case IPPROTO_NUM_ICMP6:
		return "ICMPv6";
	default:
		return "unknown";
	}
}

int ip6_hdr_print(const struct ip6_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char src[IP_STRLEN], dst[IP_STRLEN];
	print_add(&out, "IP6 (");
	if (h->traffic_class)
		print_add(&out, "class 0x%02x, ", h->traffic_class);
	if (h->flow_label)
		print_add(&out, "flowlabel 0x%05x, ", h->flow_label);
	print_add(&out, "hlim %u, next-header %s (%u) payload length: %u) %s > %s", h->hop_limit, header_name(h->next_header), h->next_header,
		h->payload_len, ip6_str(h->src, src), ip6_str(h->dst, dst));
	return out.n;
}

bool ip6_is_ext(uint8_t next_header)
{
	return next_header == IP6_NEXT_HOPOPTS || next_header == IP6_NEXT_ROUTING || next_header == IP6_NEXT_FRAGMENT || next_header == IP6_NEXT_AH ||
	       next_header == IP6_NEXT_DSTOPTS;
}

/* The second byte counts in 8-byte units without the first, but in 4-byte units without two for AH (RFC 4302 section 2.2). */
static uint16_t ext_len(uint8_t kind, uint8_t len_field)
{
	if (kind == IP6_NEXT_FRAGMENT)
		return FRAGMENT_LEN;
	return (uint16_t)(kind == IP6_NEXT_AH ? (len_field + 2) * 4 : (len_field + 1) * 8);
}

int ip6_ext_parse(struct ip6_ext *e, uint8_t kind, const uint8_t *p, size_t len)
{
	*e = (struct ip6_ext){ .kind = kind };
	if (!ip6_is_ext(kind))
		return -EPROTONOSUPPORT;
	if (len < 8)
		return -EBADMSG;
	e->next_header = p[0];
	e->len = ext_len(kind, p[1]);
	if (e->len > len)
		return -EBADMSG;
	if (kind == IP6_NEXT_FRAGMENT) {
		e->offset = get_be16(p + 2) & 0xfff8;
		e->more = p[3] & 1;
		e->id = get_be32(p + 4);
	} else if (kind == IP6_NEXT_ROUTING) {
		e->routing_type = p[2];
		e->segments_left = p[3];
	}
	return e->len;
}

int ip6_fragment_emit(const struct ip6_ext *e, uint8_t *p, size_t cap)
{
	if (cap < FRAGMENT_LEN)
		return -ENOSPC;
	p[0] = e->next_header;
	p[1] = 0;
	put_be16(p + 2, (uint16_t)((e->offset & 0xfff8) | e->more));
	put_be32(p + 4, e->id);
	return FRAGMENT_LEN;
}

int ip6_ext_print(const struct ip6_ext *e, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	if (e->kind == IP6_NEXT_FRAGMENT)
		print_add(&out, "frag (0x%08x:%u|%s)", e->id, e->offset, e->more ? "more" : "last");
	else if (e->kind == IP6_NEXT_ROUTING)
		print_add(&out, "srcrt (len=%u, type=%u, segleft=%u)", e->len, e->routing_type, e->segments_left);
	else
		print_add(&out, "%s (len=%u)", header_name(e->kind), e->len);
	return out.n;
}
