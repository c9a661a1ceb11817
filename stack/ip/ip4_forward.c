/* SPDX-License-Identifier: ISC */
/* A router's part: RFC 1812 section 5.2 and 5.3, without redirects, without source routes (RFC 7126 sections 4.3 and 4.4). */
#include "stack/ip/ip4_private.h"
#include "stack/wire/checksum.h"

/* RFC 1812 section 5.3.7; what a host refuses was refused before. */
static bool is_martian(const struct ip4_hdr *h)
{
	return (h->src.b[0] & 0xf0) == 0xf0 || h->src.b[0] == 0 || (h->dst.b[0] & 0xf0) == 0xf0 || h->dst.b[0] == 0;
}

/* RFC 1624: one field changed, so the checksum is patched, and an error in the rest of the header stays visible. */
static void decrement_ttl(uint8_t *p)
{
	uint16_t before = get_be16(p + 8);
	p[8]--;
	put_be16(p + 10, checksum_update(get_be16(p + 10), before, get_be16(p + 8)));
}

/* Why the packet goes no further: its counter, and the report its source gets. NULL when it goes. */
static uint64_t *check(struct ip4 *ip4, const struct ip4_hdr *h, const struct ip_rx *rx, bool source_routed, struct ip4_hop *hop)
{
	if (source_routed)
		return &ip4->count.drop_source_route;
	if (is_martian(h))
		return &ip4->count.drop_martian;
	if (h->offset + h->total_len - h->header_len > UINT16_MAX)
		return &ip4->count.drop_frag_too_long;
	if (h->ttl <= 1) {
		ip4_report(ip4, IP4_REPORT_TTL, 0, rx);
		return &ip4->count.drop_ttl;
	}
	if (ip4_find_hop(ip4, h->dst, NULL, hop) < 0) {
		ip4_report(ip4, IP4_REPORT_NO_ROUTE, 0, rx);
		return &ip4->count.drop_no_route;
	}
	if (hop->kind != IP4_UNICAST) /* directed broadcasts end here (RFC 2644) */
		return &ip4->count.drop_martian;
	hop->mtu = ip4->interfaces[hop->ifindex].mtu; /* path MTUs are for what we originate */
	if (h->total_len > hop->mtu && h->df) {
		ip4_report(ip4, IP4_REPORT_FRAG_NEEDED, hop->mtu, rx);
		return &ip4->count.drop_frag_needed;
	}
	return NULL;
}

void ip4_forward(struct ip4 *ip4, struct buf *b, const struct ip4_hdr *h, const struct ip_rx *rx, bool source_routed)
{
	struct ip4_hop hop;
	uint64_t *dropped = check(ip4, h, rx, source_routed, &hop);
	if (!dropped && buf_own(b) < 0)
		dropped = &ip4->count.drop_no_memory;
	if (dropped) {
		ip4_drop(b, dropped);
		return;
	}
	ip4->count.forwarded++;
	if (h->total_len > hop.mtu) {
		struct ip4_hdr less = *h;
		less.ttl--;
		ip4_fragment(ip4, &hop, &less, b->data + h->header_len, b->len - h->header_len);
		buf_free(b);
		return;
	}
	decrement_ttl(b->data);
	ip4_transmit(ip4, &hop, b);
}
