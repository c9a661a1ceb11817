/* SPDX-License-Identifier: ISC */
/* What comes in: the checks in the order of RFC 1812 section 5.2.2, then ours, someone else's, or nobody's. */
#include "stack/ip/ip4_private.h"

#include <errno.h>

void ip4_report(struct ip4 *ip4, enum ip4_report what, uint32_t info, const struct ip_rx *rx)
{
	if (ip4->report)
		ip4->report(what, info, rx, ip4->report_arg);
}

void ip4_fill_rx(const struct ip4 *ip4, struct ip_rx *rx, const struct ip4_hdr *h, const uint8_t *packet, uint32_t len, unsigned ifindex)
{
	bool ours = ip4_own_find(ip4, h->dst) != NULL;
	*rx = (struct ip_rx){
		.src = ip_from_ip4(h->src),
		.dst = ip_from_ip4(h->dst),
		.protocol = h->protocol,
		.ttl = h->ttl,
		.tos = h->tos,
		.dst_broadcast = !ours && ip4_is_broadcast_on(ip4, ifindex, h->dst),
		.dst_multicast = ip4_is_multicast(h->dst),
		.packet = packet,
		.packet_len = len,
		.ifindex = ifindex,
	};
}

/* The header and its lengths. NULL, or the counter of the drop. Cuts link padding off. */
static uint64_t *check_header(struct ip4 *ip4, struct buf *b, struct ip4_hdr *h)
{
	int n = ip4_hdr_parse(h, b->data, b->len);
	if (n == -EPROTONOSUPPORT)
		return &ip4->count.drop_version;
	if (n < 0)
		return b->len >= IP4_HDR_LEN && (b->data[0] & 0xf) < 5 ? &ip4->count.drop_header_length : &ip4->count.drop_short;
	if (!ip4_hdr_checksum_ok(b->data, h->header_len))
		return &ip4->count.drop_checksum;
	if (h->total_len < h->header_len)
		return &ip4->count.drop_total_length;
	if (h->total_len > b->len)
		return &ip4->count.drop_truncated;
	buf_trim(b, h->total_len);
	return NULL;
}

/* RFC 1122 section 3.2.1.3: what may not be a source, and what may not come from a wire. */
static uint64_t *check_addresses(struct ip4 *ip4, const struct ip4_hdr *h, unsigned ifindex)
{
	bool to_all = ip4_is_broadcast(h->dst) || ip4_is_multicast(h->dst);
	if (ip4_is_multicast(h->src) || ip4_is_broadcast(h->src))
		return &ip4->count.drop_source;
	if (h->src.b[0] == 0 && !(ip4_is_unspecified(h->src) && to_all)) /* network 0: only a host that learns its address */
		return &ip4->count.drop_source;
	if (ifindex == IP4_IFINDEX_LOOPBACK)
		return NULL;
	if (ip4_is_loopback(h->src) || ip4_is_loopback(h->dst))
		return &ip4->count.drop_loopback_address;
	if (ip4_own_find(ip4, h->src) || (!ip4_is_unspecified(h->src) && ip4_is_broadcast_on(ip4, ifindex, h->src)))
		return &ip4->count.drop_source;
	return NULL;
}

enum options { OPTIONS_FINE, OPTIONS_MALFORMED, OPTIONS_ROUTE_LEFT, OPTIONS_ROUTE_DONE };

/* Only source routes matter to us; what else is well-formed is ignored (RFC 1122 section 3.2.1.8). *at: the option meant. */
static enum options check_options(const struct ip4_hdr *h, uint32_t *at)
{
	enum options verdict = OPTIONS_FINE;
	struct ip4_option opt;
	size_t next = 0;
	int more;
	for (*at = IP4_HDR_LEN; (more = ip4_option_next(h->options, h->options_len, &next, &opt)) == 1; *at = IP4_HDR_LEN + (uint32_t)next) {
		if (opt.kind != IP4_OPT_LSRR && opt.kind != IP4_OPT_SSRR)
			continue;
		if (opt.len < 3 || opt.data[0] < 4)
			return OPTIONS_MALFORMED;
		if (verdict != OPTIONS_ROUTE_LEFT)
			verdict = opt.data[0] > opt.len ? OPTIONS_ROUTE_DONE : OPTIONS_ROUTE_LEFT;
	}
	return more < 0 ? OPTIONS_MALFORMED : verdict;
}

/* Takes the buffer, whose view starts with the header. */
static void deliver(struct ip4 *ip4, struct buf *b, uint32_t header_len, const struct ip_rx *rx)
{
	const struct demux_entry *e = demux_find(&ip4->protocols, rx->protocol);
	buf_pull(b, header_len);
	if (e) {
		ip4->count.delivered++;
		((ip_rx_fn *)e->fn)(b, rx, e->arg);
		return;
	}
	ip4->count.unclaimed++;
	if (ip4->unclaimed)
		ip4->unclaimed(b, rx, &ip4->face, ip4->unclaimed_arg);
	else
		ip4_drop(b, &ip4->count.drop_unclaimed);
}

static void local(struct ip4 *ip4, struct buf *b, const struct ip4_hdr *h, struct ip_rx *rx)
{
	struct ip4_hdr whole;
	if (!h->mf && !h->offset) {
		deliver(ip4, b, h->header_len, rx);
		return;
	}
	ip4->count.fragments_received++;
	b = ip4_reass_add(ip4->reass, b, h, rx->ifindex);
	if (!b || ip4_hdr_parse(&whole, b->data, b->len) < 0)
		return;
	ip4->count.reassembled++;
	bool link_multicast = rx->link_multicast;
	ip4_fill_rx(ip4, rx, &whole, b->data, b->len, rx->ifindex);
	rx->link_multicast = link_multicast;
	deliver(ip4, b, whole.header_len, rx);
}

static bool is_for_us(const struct ip4 *ip4, const struct ip4_hdr *h, const struct ip_rx *rx)
{
	return rx->dst_broadcast || (rx->dst_multicast && ip4_group_joined(ip4, rx->ifindex, h->dst)) || ip4_is_ours(ip4, h->dst);
}

void ip4_receive(struct ip4 *ip4, unsigned ifindex, struct buf *b, bool link_multicast)
{
	struct ip4_hdr h;
	struct ip_rx rx;
	uint32_t at;
	uint64_t *dropped = check_header(ip4, b, &h);
	if (!dropped)
		dropped = check_addresses(ip4, &h, ifindex);
	if (dropped) {
		ip4_drop(b, dropped);
		return;
	}
	ip4_fill_rx(ip4, &rx, &h, b->data, b->len, ifindex);
	rx.link_multicast = link_multicast;
	if (link_multicast && !rx.dst_broadcast && !rx.dst_multicast) { /* RFC 1122 section 3.3.6 */
		ip4_drop(b, &ip4->count.drop_link_broadcast);
		return;
	}
	bool for_us = is_for_us(ip4, &h, &rx);
	if (!for_us && (!ip4->config.router || rx.dst_multicast)) {
		ip4_drop(b, &ip4->count.drop_not_for_us);
		return;
	}
	enum options options = h.options_len ? check_options(&h, &at) : OPTIONS_FINE;
	if (options == OPTIONS_MALFORMED) {
		ip4_report(ip4, IP4_REPORT_PARAMETER, at, &rx);
		ip4_drop(b, &ip4->count.drop_options);
	} else if (!for_us) {
		ip4_forward(ip4, b, &h, &rx, options != OPTIONS_FINE);
	} else if (options == OPTIONS_ROUTE_LEFT) { /* RFC 1122 section 3.3.5, RFC 7126 section 4.3 */
		ip4_report(ip4, IP4_REPORT_SOURCE_ROUTE, 0, &rx);
		ip4_drop(b, &ip4->count.drop_source_route);
	} else {
		local(ip4, b, &h, &rx);
	}
}

void ip4_input(struct ip4 *ip4, unsigned ifindex, struct buf *b, bool link_multicast)
{
	ip4->count.rx++;
	ip4_receive(ip4, ifindex, b, link_multicast);
}
