/* SPDX-License-Identifier: ISC */
#include "stack/wire/crosscheck/fields.h"

#include <stdio.h>

static void number(const char *name, uint32_t value)
{
	printf("\t%s=%u", name, value);
}

static void mac(const char *name, struct mac a)
{
	char s[MAC_STRLEN];
	printf("\t%s=%s", name, mac_str(a, s));
}

static void ip4(const char *name, struct ip4_addr a)
{
	char s[IP_STRLEN];
	printf("\t%s=%s", name, ip4_str(a, s));
}

static void ip6(const char *name, struct ip6_addr a)
{
	char s[IP_STRLEN];
	printf("\t%s=%s", name, ip6_str(a, s));
}

static void verdict(const char *name, enum frame_checksum c)
{
	static const char *const words[] = {
		[CHECKSUM_ABSENT] = "absent", [CHECKSUM_OK] = "good", [CHECKSUM_BAD] = "bad", [CHECKSUM_UNKNOWN] = "unknown"
	};
	printf("\t%s=%s", name, words[c]);
}

static void write_link(const struct frame *f)
{
	if (f->layers & FRAME_ETH) {
		mac("eth.dst", f->eth.dst);
		mac("eth.src", f->eth.src);
		number(f->eth.type < ETH_TYPE_MIN ? "eth.len" : "eth.type", f->eth.type);
	}
	if (f->layers & FRAME_VLAN) {
		number("vlan.id", f->vlan.vid);
		number("vlan.priority", f->vlan.pcp);
		number("vlan.dei", f->vlan.dei);
		if (f->vlan.type >= ETH_TYPE_MIN)
			number("vlan.etype", f->vlan.type);
	}
}

static void write_arp(const struct frame *f)
{
	const struct arp_pkt *a = &f->arp;
	number("arp.hw.type", a->htype);
	number("arp.proto.type", a->ptype);
	number("arp.hw.size", a->hlen);
	number("arp.proto.size", a->plen);
	number("arp.opcode", a->op);
	if (f->error)
		return;
	mac("arp.src.hw_mac", a->sha);
	ip4("arp.src.proto_ipv4", a->spa);
	mac("arp.dst.hw_mac", a->tha);
	ip4("arp.dst.proto_ipv4", a->tpa);
}

static void write_ip4(const struct frame *f)
{
	const struct ip4_hdr *h = &f->ip4;
	number("ip.version", h->version);
	number("ip.hdr_len", h->header_len);
	number("ip.dsfield", h->tos);
	number("ip.len", h->total_len);
	number("ip.id", h->id);
	number("ip.flags.rb", h->reserved);
	number("ip.flags.df", h->df);
	number("ip.flags.mf", h->mf);
	number("ip.frag_offset", h->offset);
	number("ip.ttl", h->ttl);
	number("ip.proto", h->protocol);
	number("ip.checksum", h->checksum);
	verdict("ip.checksum.status", f->ip_checksum);
	ip4("ip.src", h->src);
	ip4("ip.dst", h->dst);
	struct ip4_option o;
	const char *before = "\tip.opt.type=";
	for (size_t at = 0; ip4_option_next(h->options, h->options_len, &at, &o) > 0; before = ",")
		printf("%s%u", before, o.kind);
}

static void write_ip6(const struct frame *f)
{
	const struct ip6_hdr *h = &f->ip6;
	number("ipv6.version", h->version);
	number("ipv6.tclass", h->traffic_class);
	number("ipv6.flow", h->flow_label);
	number("ipv6.plen", h->payload_len);
	number("ipv6.nxt", h->next_header);
	number("ipv6.hlim", h->hop_limit);
	ip6("ipv6.src", h->src);
	ip6("ipv6.dst", h->dst);
	if (!f->ip6_frag.kind)
		return;
	number("ipv6.fraghdr.nxt", f->ip6_frag.next_header);
	number("ipv6.fraghdr.offset", f->ip6_frag.offset);
	number("ipv6.fraghdr.more", f->ip6_frag.more);
	number("ipv6.fraghdr.ident", f->ip6_frag.id);
}

static void write_icmp(const struct frame *f)
{
	if (f->layers & FRAME_ICMP4) {
		const struct icmp4_hdr *h = &f->icmp4;
		number("icmp.type", h->type);
		number("icmp.code", h->code);
		number("icmp.checksum", h->checksum);
		verdict("icmp.checksum.status", f->l4_checksum);
		if (h->type == ICMP4_ECHO || h->type == ICMP4_ECHO_REPLY || h->type == ICMP4_TIMESTAMP || h->type == ICMP4_TIMESTAMP_REPLY) {
			number("icmp.ident", h->id);
			number("icmp.seq", h->seq);
		} else if (h->type == ICMP4_REDIRECT) {
			ip4("icmp.redir_gw", h->gateway);
		} else if (h->type == ICMP4_UNREACHABLE && h->code == ICMP4_UNREACH_FRAG_NEEDED) {
			number("icmp.mtu", h->mtu);
		} else if (h->type == ICMP4_PARAMETER) {
			number("icmp.pointer", h->pointer);
		}
	}
	if (f->layers & FRAME_ICMP6) {
		const struct icmp6_hdr *h = &f->icmp6;
		number("icmpv6.type", h->type);
		number("icmpv6.code", h->code);
		number("icmpv6.checksum", h->checksum);
		verdict("icmpv6.checksum.status", f->l4_checksum);
		if (h->type == ICMP6_ECHO || h->type == ICMP6_ECHO_REPLY) {
			number("icmpv6.echo.identifier", h->id);
			number("icmpv6.echo.sequence_number", h->seq);
		} else if (h->type == ICMP6_TOO_BIG) {
			number("icmpv6.mtu", h->word);
		} else if (h->type == ICMP6_NS) {
			ip6("icmpv6.nd.ns.target_address", h->target);
		} else if (h->type == ICMP6_NA) {
			ip6("icmpv6.nd.na.target_address", h->target);
		} else if (h->type == ICMP6_REDIRECT) {
			ip6("icmpv6.rd.na.target_address", h->target);
			ip6("icmpv6.rd.na.destination_address", h->destination);
		}
	}
}

static void write_udp(const struct frame *f)
{
	number("udp.srcport", f->udp.src_port);
	number("udp.dstport", f->udp.dst_port);
	number("udp.length", f->udp.len);
	number("udp.checksum", f->udp.checksum);
	verdict("udp.checksum.status", f->l4_checksum);
}

static void write_tcp_options(const struct tcp_options *o)
{
	if (o->has_mss)
		number("tcp.options.mss_val", o->mss);
	if (o->has_wscale)
		number("tcp.options.wscale.shift", o->wscale);
	if (o->has_sack_ok)
		printf("\ttcp.options.sack_perm=1");
	if (o->has_timestamp) {
		number("tcp.options.timestamp.tsval", o->ts_val);
		number("tcp.options.timestamp.tsecr", o->ts_ecr);
	}
	for (unsigned i = 0; i < o->n_sack; i++)
		printf("%s%u", i ? "," : "\ttcp.options.sack_le=", o->sack[i].from);
	for (unsigned i = 0; i < o->n_sack; i++)
		printf("%s%u", i ? "," : "\ttcp.options.sack_re=", o->sack[i].to);
	if (o->has_user_timeout)
		number("tcp.options.user_to_val", o->user_timeout & 0x7fff);
	for (unsigned i = 0; i < o->fast_open_len; i++)
		printf("%s%02x", i ? "" : "\ttcp.options.tfo.cookie=", o->fast_open[i]);
}

static void write_tcp(const struct frame *f, size_t uncaptured)
{
	const struct tcp_hdr *h = &f->tcp;
	number("tcp.srcport", h->src_port);
	number("tcp.dstport", h->dst_port);
	number("tcp.seq_raw", h->seq);
	number("tcp.ack_raw", h->ack);
	number("tcp.hdr_len", h->header_len);
	number("tcp.flags", (uint32_t)h->reserved << 9 | h->flags);
	number("tcp.window_size_value", h->window);
	number("tcp.checksum", h->checksum);
	verdict("tcp.checksum.status", f->l4_checksum);
	number("tcp.urgent_pointer", h->urgent);
	number("tcp.len", (uint32_t)(f->payload_len + uncaptured));
	write_tcp_options(&h->opt);
	if (h->opt.malformed)
		printf("\t-malformed=1");
}

void fields_write(const struct frame *f, size_t uncaptured)
{
	write_link(f);
	if (f->layers & FRAME_ARP)
		write_arp(f);
	if (f->layers & FRAME_IP4)
		write_ip4(f);
	if (f->layers & FRAME_IP6)
		write_ip6(f);
	write_icmp(f);
	if (f->layers & FRAME_UDP)
		write_udp(f);
	if (f->layers & FRAME_TCP)
		write_tcp(f, uncaptured);
}
