/* SPDX-License-Identifier: ISC */
/*
 * From a partial packet to bytes. Written byte by byte and not with wire/'s emitters: a tester has to be able to send what they
 * rightly refuse, and a fault in one of them must not hide itself.
 */
#include "conformance/tester/fields.h"

#include "stack/wire/checksum.h"

#include <errno.h>

#define SNAP_LEN 8 /* LLC 3, SNAP 5 */

struct builder {
	struct packet p; /* everything merged in */
	uint8_t *out;
	size_t at, cap;
	int error;
	struct ip4_addr src, dst; /* as sent, for pseudo-headers */
};

/* Room for n zeroed bytes; NULL, and an error to end with, when there is none. */
static uint8_t *put(struct builder *b, size_t n)
{
	if (b->error || n > b->cap - b->at) {
		b->error = b->error ? b->error : -ENOSPC;
		return NULL;
	}
	uint8_t *p = b->out + b->at;
	memset(p, 0, n);
	b->at += n;
	return p;
}

/* The number to send, which must fit the field. */
static uint64_t number(struct builder *b, const struct want *w, uint64_t otherwise, unsigned bits)
{
	uint64_t v = w->how == WANT_EQ ? w->a : otherwise;
	if (w->how == WANT_EQ && bits < 64 && v >> bits != 0)
		b->error = -EINVAL;
	return v;
}

static uint16_t number16(struct builder *b, const struct want *w, uint64_t otherwise)
{
	return (uint16_t)number(b, w, otherwise, 16);
}

static uint8_t number8(struct builder *b, const struct want *w, uint64_t otherwise)
{
	return (uint8_t)number(b, w, otherwise, 8);
}

static struct mac mac_of(const struct want_mac *w, struct mac otherwise)
{
	return w->how == WANT_EQ ? w->v : otherwise;
}

static struct ip4_addr ip4_of(const struct want_ip4 *w)
{
	return w->how == WANT_EQ ? w->v : (struct ip4_addr){ { 0 } };
}

static void put_bytes(struct builder *b, const struct want_bytes *w)
{
	uint8_t *p = put(b, w->len);
	for (size_t i = 0; p && i < w->len; i++)
		p[i] = w->bytes ? ((const uint8_t *)w->bytes)[i] : packet_pattern(i);
}

static void build_payload(struct builder *b)
{
	const struct packet_payload *w = &b->p.payload;
	if (!w->on)
		return;
	if (w->is.how == WANT_EQ) {
		put_bytes(b, &w->is);
	} else {
		uint64_t len = number(b, &w->len, 0, 16);
		put_bytes(b, &(struct want_bytes)PATTERN(len));
	}
}

static void build_arp(struct builder *b)
{
	const struct packet_arp *w = &b->p.arp;
	uint8_t *p = put(b, ARP_LEN);
	if (!p)
		return;
	put_be16(p, number16(b, &w->htype, ARP_HTYPE_ETHERNET));
	put_be16(p + 2, number16(b, &w->ptype, ETHERTYPE_IP4));
	p[4] = number8(b, &w->hlen, 6);
	p[5] = number8(b, &w->plen, 4);
	put_be16(p + 6, number16(b, &w->op, ARP_OP_REQUEST));
	memcpy(p + 8, mac_of(&w->sha, (struct mac){ { 0 } }).b, 6);
	memcpy(p + 14, ip4_of(&w->spa).b, 4);
	memcpy(p + 18, mac_of(&w->tha, (struct mac){ { 0 } }).b, 6);
	memcpy(p + 24, ip4_of(&w->tpa).b, 4);
}

/* The checksum of everything from start on, with the pseudo-header of the addresses sent. */
static uint16_t l4_checksum(const struct builder *b, size_t start, uint8_t protocol)
{
	struct ip_addr src = ip_from_ip4(b->src), dst = ip_from_ip4(b->dst);
	checksum_sum sum = checksum_pseudo(&src, &dst, protocol, (uint32_t)(b->at - start));
	return checksum_finish(checksum_add(sum, b->out + start, b->at - start));
}

static void build_icmp4(struct builder *b)
{
	const struct packet_icmp4 *w = &b->p.icmp4;
	size_t start = b->at;
	uint8_t *p = put(b, ICMP4_HDR_LEN);
	if (!p)
		return;
	p[0] = number8(b, &w->type, ICMP4_ECHO);
	p[1] = number8(b, &w->code, 0);
	put_be16(p + 4, number16(b, &w->id, 0));
	put_be16(p + 6, number16(b, &w->seq, 0));
	if (w->mtu.how == WANT_EQ)
		put_be16(p + 6, number16(b, &w->mtu, 0));
	if (w->pointer.how == WANT_EQ)
		p[4] = number8(b, &w->pointer, 0);
	if (w->gateway.how == WANT_EQ)
		memcpy(p + 4, w->gateway.v.b, 4);
	build_payload(b);
	put_be16(p + 2, number16(b, &w->checksum, checksum_finish(checksum_add(0, p, b->at - start))));
}

static void build_udp(struct builder *b)
{
	const struct packet_udp *w = &b->p.udp;
	size_t start = b->at;
	uint8_t *p = put(b, UDP_HDR_LEN);
	if (!p)
		return;
	put_be16(p, number16(b, &w->src_port, 0));
	put_be16(p + 2, number16(b, &w->dst_port, 0));
	build_payload(b);
	put_be16(p + 4, number16(b, &w->len, b->at - start));
	uint16_t right = l4_checksum(b, start, IPPROTO_NUM_UDP);
	put_be16(p + 6, number16(b, &w->checksum, right ? right : 0xffff)); /* RFC 768: 0 means none */
}

static void put_option(struct builder *b, uint8_t kind, uint8_t len)
{
	uint8_t *p = put(b, 2);
	if (p) {
		p[0] = kind;
		p[1] = len;
	}
}

static void put_option32(struct builder *b, const struct want *w)
{
	uint8_t *p = put(b, 4);
	uint32_t v = (uint32_t)number(b, w, 0, 32);
	if (p)
		put_be32(p, v);
}

static void build_tcp_options(struct builder *b)
{
	const struct packet_tcp *w = &b->p.tcp;
	size_t start = b->at;
	if (w->options.how == WANT_EQ) {
		put_bytes(b, &w->options);
		return;
	}
	if (w->mss.how == WANT_EQ && !(w->has_mss.how == WANT_EQ && w->has_mss.a == 0)) {
		put_option(b, TCP_OPT_MSS, 4);
		uint8_t *p = put(b, 2);
		uint16_t mss = number16(b, &w->mss, 0);
		if (p)
			put_be16(p, mss);
	}
	if (w->sack_ok.how == WANT_EQ && w->sack_ok.a)
		put_option(b, TCP_OPT_SACK_OK, 2);
	if ((w->ts_val.how == WANT_EQ || w->ts_ecr.how == WANT_EQ) && !(w->has_timestamp.how == WANT_EQ && w->has_timestamp.a == 0)) {
		put_option(b, TCP_OPT_TIMESTAMP, 10);
		put_option32(b, &w->ts_val);
		put_option32(b, &w->ts_ecr);
	}
	if (w->wscale.how == WANT_EQ && !(w->has_wscale.how == WANT_EQ && w->has_wscale.a == 0)) {
		put_option(b, TCP_OPT_WSCALE, 3);
		uint8_t *p = put(b, 1);
		uint8_t shift = number8(b, &w->wscale, 0);
		if (p)
			*p = shift;
	}
	if (w->sack_from.how == WANT_EQ) {
		put_option(b, TCP_OPT_SACK, 10);
		put_option32(b, &w->sack_from);
		put_option32(b, &w->sack_to);
	}
	while (!b->error && (b->at - start) % 4) {
		uint8_t *p = put(b, 1);
		if (p)
			*p = TCP_OPT_NOP;
	}
}

static void build_tcp(struct builder *b)
{
	const struct packet_tcp *w = &b->p.tcp;
	size_t start = b->at;
	uint8_t *p = put(b, TCP_HDR_LEN);
	if (!p)
		return;
	put_be16(p, number16(b, &w->src_port, 0));
	put_be16(p + 2, number16(b, &w->dst_port, 0));
	put_be32(p + 4, (uint32_t)number(b, &w->seq, 0, 32));
	put_be32(p + 8, (uint32_t)number(b, &w->ack, 0, 32));
	build_tcp_options(b);
	uint64_t header_len = number(b, &w->header_len, b->at - start, 6); /* 4 bits of 32-bit words */
	uint64_t flags = number(b, &w->flags, 0, 12);
	p[12] = (uint8_t)(header_len / 4 << 4 | flags >> 8);
	p[13] = (uint8_t)flags;
	put_be16(p + 14, number16(b, &w->window, 65535));
	put_be16(p + 18, number16(b, &w->urgent, 0));
	build_payload(b);
	put_be16(p + 16, number16(b, &w->checksum, l4_checksum(b, start, IPPROTO_NUM_TCP)));
}

static void build_above_ip4(struct builder *b)
{
	if (b->p.icmp4.on)
		build_icmp4(b);
	else if (b->p.udp.on)
		build_udp(b);
	else if (b->p.tcp.on)
		build_tcp(b);
	else
		build_payload(b);
}

static void build_ip4(struct builder *b)
{
	const struct packet_ip4 *w = &b->p.ip4;
	const struct packet *p4 = &b->p;
	size_t start = b->at;
	uint8_t *p = put(b, IP4_HDR_LEN);
	if (!p)
		return;
	b->src = ip4_of(&w->src);
	b->dst = ip4_of(&w->dst);
	if (w->options.how == WANT_EQ)
		put_bytes(b, &w->options);
	size_t header = b->at - start;
	build_above_ip4(b);
	unsigned usual = p4->icmp4.on ? IPPROTO_NUM_ICMP : p4->udp.on ? IPPROTO_NUM_UDP : p4->tcp.on ? IPPROTO_NUM_TCP : 253 /* RFC 3692 */;
	p[0] = (uint8_t)(number(b, &w->version, 4, 4) << 4 | number(b, &w->header_len, header, 6) / 4);
	p[1] = number8(b, &w->tos, 0);
	put_be16(p + 2, number16(b, &w->total_len, b->at - start));
	put_be16(p + 4, number16(b, &w->id, 0));
	put_be16(p + 6, (uint16_t)(number(b, &w->reserved, 0, 1) << 15 | number(b, &w->df, 0, 1) << 14 | number(b, &w->mf, 0, 1) << 13 |
				   number16(b, &w->offset, 0) / 8));
	p[8] = number8(b, &w->ttl, 64);
	p[9] = number8(b, &w->protocol, usual);
	memcpy(p + 12, b->src.b, 4);
	memcpy(p + 16, b->dst.b, 4);
	put_be16(p + 10, number16(b, &w->checksum, checksum_finish(checksum_add(0, p, header))));
}

static void build_vlan(struct builder *b, uint16_t type)
{
	const struct packet_vlan *w = &b->p.vlan;
	uint8_t *p = put(b, VLAN_TAG_LEN);
	if (!p)
		return;
	put_be16(p, (uint16_t)(number(b, &w->pcp, 0, 3) << 13 | number(b, &w->dei, 0, 1) << 12 | number(b, &w->vid, 1, 12)));
	put_be16(p + 2, number16(b, &w->type, type));
}

/* LLC of SAP 0xaa both ways, unnumbered information, then SNAP with organisation 0: the EtherType follows (RFC 1042). */
static void build_snap(struct builder *b, uint16_t type)
{
	uint8_t *p = put(b, SNAP_LEN);
	if (!p)
		return;
	memcpy(p, "\xaa\xaa\x03\x00\x00\x00", 6);
	put_be16(p + 6, type);
}

static void pad(struct builder *b)
{
	const struct packet_eth *w = &b->p.eth;
	size_t least = w->pad_to ? w->pad_to : w->no_pad ? 0 : ETH_MIN_FRAME;
	if (w->trailer.how == WANT_EQ)
		put_bytes(b, &w->trailer);
	if (b->at < least)
		put(b, least - b->at);
}

static void build_eth(struct builder *b)
{
	const struct packet_eth *w = &b->p.eth;
	bool is_ip4 = b->p.ip4.on;
	uint16_t type = is_ip4 ? ETHERTYPE_IP4 : b->p.arp.on ? ETHERTYPE_ARP : ETHERTYPE_EXPERIMENTAL;
	uint8_t *p = put(b, ETH_HDR_LEN);
	if (!p)
		return;
	memcpy(p, mac_of(&w->dst, (struct mac){ { 0 } }).b, 6);
	memcpy(p + 6, mac_of(&w->src, (struct mac){ { 0 } }).b, 6);
	if (b->p.vlan.on)
		build_vlan(b, type);
	if (w->snap)
		build_snap(b, type);
	if (is_ip4)
		build_ip4(b);
	else if (b->p.arp.on)
		build_arp(b);
	else
		build_payload(b);
	if (w->cut && b->at > ETH_HDR_LEN + (size_t)w->cut)
		b->at = ETH_HDR_LEN + (size_t)w->cut;
	uint64_t usual = b->p.vlan.on ? ETHERTYPE_VLAN : w->snap ? b->at - ETH_HDR_LEN : type;
	put_be16(p + 12, number16(b, &w->type, usual));
	pad(b);
}

static bool only_eq(const struct packet *p)
{
	for (const struct field *fd = packet_fields; fd->layer; fd++)
		if (field_how(p, fd) > WANT_EQ)
			return false;
	return true;
}

int packet_build(const struct packet *p, const struct packet *defaults, uint8_t *frame, size_t cap)
{
	struct builder b = { .p = *p, .out = frame, .cap = cap };
	for (const struct packet *base = p->base; base; base = base->base)
		packet_merge(&b.p, base, true);
	if (!only_eq(&b.p))
		return -EINVAL;
	if (defaults)
		packet_merge(&b.p, defaults, false);
	b.p.ip4.on |= b.p.icmp4.on || b.p.udp.on || b.p.tcp.on;
	if (b.p.raw.how == WANT_EQ)
		put_bytes(&b, &b.p.raw);
	else
		build_eth(&b);
	return b.error ? b.error : (int)b.at;
}
