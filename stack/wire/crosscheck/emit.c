/* SPDX-License-Identifier: ISC */
/*
 * Frames made by emit alone, and the values they were made from: every field at its bounds and at spread values, options in all
 * combinations that fit. Whoever reads the line parses the bytes by other means and compares.
 */
#include "stack/wire/crosscheck/fields.h"
#include "stack/wire/checksum.h"

#include <stdio.h>

#define ROUNDS 64
#define PAYLOAD_MAX 40

/* The value of field k in round i: the same bound everywhere first, then spread. */
static uint32_t value(unsigned i, unsigned k)
{
	static const uint32_t bounds[] = { 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX, 0x01020304, 0x0000ffff, 0x00010000 };
	if (i < sizeof(bounds) / sizeof(bounds[0]))
		return bounds[i];
	uint32_t x = (i * 64 + k) * 2654435761u;
	x = (x ^ x >> 15) * 2246822519u;
	return x ^ x >> 13;
}

static void fill(uint8_t *p, size_t len, unsigned i, unsigned k)
{
	for (size_t b = 0; b < len; b++)
		p[b] = (uint8_t)value(i, k + (unsigned)b / 4) >> b % 4;
}

/* A frame under construction: headers go into f, their bytes into out. */
struct making {
	struct frame f;
	unsigned round;
	uint8_t out[256];
	size_t len;
	size_t l3, l4;
};

static void put(struct making *m, int n)
{
	if (n > 0)
		m->len += (size_t)n;
}

static size_t room(const struct making *m)
{
	return sizeof(m->out) - m->len;
}

static void start(struct making *m, unsigned round, uint16_t type)
{
	*m = (struct making){ .round = round };
	m->f.layers = FRAME_ETH;
	m->f.eth.type = type;
	fill(m->f.eth.dst.b, 6, round, 1);
	fill(m->f.eth.src.b, 6, round, 3);
	put(m, eth_hdr_emit(&m->f.eth, m->out, room(m)));
	m->l3 = m->len;
}

static void put_bytes(struct making *m, size_t n)
{
	fill(m->out + m->len, n, m->round, 50);
	m->f.payload_len = n;
	m->len += n;
}

static void put_payload(struct making *m)
{
	put_bytes(m, m->round % PAYLOAD_MAX);
}

static void finish(struct making *m, const char *group)
{
	printf("%s\t", group);
	for (size_t i = 0; i < m->len; i++)
		printf("%02x", m->out[i]);
	fields_write(&m->f, 0);
	printf("\n");
}

/* --- IP -------------------------------------------------------------------------------------- */

static void add_ip4(struct making *m, uint8_t protocol, const uint8_t *options, uint8_t options_len)
{
	struct ip4_hdr *h = &m->f.ip4;
	unsigned i = m->round;
	*h = (struct ip4_hdr){ .version = 4,
		.header_len = (uint8_t)(IP4_HDR_LEN + options_len),
		.tos = (uint8_t)value(i, 10),
		.id = (uint16_t)value(i, 11),
		.df = i & 1,
		.ttl = (uint8_t)value(i, 12),
		.protocol = protocol,
		.options_len = options_len };
	if (options_len)
		memcpy(h->options, options, options_len);
	fill(h->src.b, 4, i, 13);
	fill(h->dst.b, 4, i, 14);
	m->f.src = ip_from_ip4(h->src);
	m->f.dst = ip_from_ip4(h->dst);
	m->f.layers |= FRAME_IP4;
	m->len += h->header_len; /* written by close_ip4, when the length is known */
	m->l4 = m->len;
}

static void close_ip4(struct making *m)
{
	struct ip4_hdr *h = &m->f.ip4;
	h->total_len = (uint16_t)(m->len - m->l3);
	ip4_hdr_emit(h, m->out + m->l3, sizeof(m->out) - m->l3);
	ip4_hdr_set_checksum(m->out + m->l3, h->header_len);
	h->checksum = get_be16(m->out + m->l3 + 10);
	m->f.ip_checksum = CHECKSUM_OK;
}

static void add_ip6(struct making *m, uint8_t next_header)
{
	struct ip6_hdr *h = &m->f.ip6;
	unsigned i = m->round;
	*h = (struct ip6_hdr){ .version = 6,
		.traffic_class = (uint8_t)value(i, 10),
		.flow_label = value(i, 11) & 0xfffff,
		.next_header = next_header,
		.hop_limit = (uint8_t)value(i, 12) };
	fill(h->src.b, 16, i, 13);
	fill(h->dst.b, 16, i, 17);
	m->f.src = ip_from_ip6(h->src);
	m->f.dst = ip_from_ip6(h->dst);
	m->f.layers |= FRAME_IP6;
	m->len += IP6_HDR_LEN;
	m->l4 = m->len;
}

static void close_ip6(struct making *m)
{
	m->f.ip6.payload_len = (uint16_t)(m->len - m->l3 - IP6_HDR_LEN);
	ip6_hdr_emit(&m->f.ip6, m->out + m->l3, sizeof(m->out) - m->l3);
}

static void start_ip(struct making *m, unsigned round, bool six, uint8_t protocol)
{
	start(m, round, six ? ETHERTYPE_IP6 : ETHERTYPE_IP4);
	if (six)
		add_ip6(m, protocol);
	else
		add_ip4(m, protocol, NULL, 0);
}

static void close_ip(struct making *m)
{
	if (m->f.layers & FRAME_IP4)
		close_ip4(m);
	else
		close_ip6(m);
}

/* --- groups ---------------------------------------------------------------------------------- */

static void emit_ethernet(void)
{
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		start(&m, i, ETHERTYPE_EXPERIMENTAL);
		put_payload(&m);
		finish(&m, "ethernet");
		start(&m, i, ETHERTYPE_VLAN);
		m.f.layers |= FRAME_VLAN;
		m.f.vlan = (struct vlan_tag){
			.pcp = value(i, 5) & 7, .dei = value(i, 6) & 1, .vid = value(i, 7) & 0xfff, .type = ETHERTYPE_EXPERIMENTAL
		};
		put(&m, vlan_tag_emit(&m.f.vlan, m.out + m.len, room(&m)));
		put_payload(&m);
		finish(&m, "vlan");
		start(&m, i, ETHERTYPE_ARP);
		m.f.layers |= FRAME_ARP;
		m.f.arp = (struct arp_pkt){
			.htype = ARP_HTYPE_ETHERNET, .ptype = ETHERTYPE_IP4, .hlen = 6, .plen = 4, .op = (uint16_t)(1 + value(i, 8) % 2)
		};
		fill(m.f.arp.sha.b, 6, i, 20);
		fill(m.f.arp.tha.b, 6, i, 22);
		fill(m.f.arp.spa.b, 4, i, 24);
		fill(m.f.arp.tpa.b, 4, i, 25);
		put(&m, arp_pkt_emit(&m.f.arp, m.out + m.len, room(&m)));
		finish(&m, "arp");
	}
}

static void emit_ip4(void)
{
	static const struct {
		uint8_t len;
		uint8_t bytes[IP4_OPTIONS_MAX];
	} options[] = {
		{ 4, { IP4_OPT_RA, 4, 0, 0 } },
		{ 8, { IP4_OPT_NOP, IP4_OPT_LSRR, 7, 8, 192, 0, 2, 1 } },
		{ 8, { IP4_OPT_SSRR, 7, 8, 192, 0, 2, 1, IP4_OPT_EOL } },
		{ 40, { IP4_OPT_RR, 39, 4, [39] = IP4_OPT_EOL } },
		{ 8, { IP4_OPT_TS, 8, 5, 0 } },
	};
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		start(&m, i, ETHERTYPE_IP4);
		add_ip4(&m, 253, NULL, 0);
		put_payload(&m);
		m.f.ip4.reserved = i & 2;
		m.f.ip4.mf = i & 4;
		m.f.ip4.offset = (uint16_t)(value(i, 30) & 0xfff8);
		close_ip4(&m);
		finish(&m, "ip4");
		start(&m, i, ETHERTYPE_IP4);
		unsigned k = i % (sizeof(options) / sizeof(options[0]));
		add_ip4(&m, 253, options[k].bytes, options[k].len);
		put_payload(&m);
		close_ip4(&m);
		finish(&m, "ip4-options");
	}
}

static void emit_ip6(void)
{
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		start(&m, i, ETHERTYPE_IP6);
		add_ip6(&m, 253);
		put_payload(&m);
		close_ip6(&m);
		finish(&m, "ip6");
		start(&m, i, ETHERTYPE_IP6);
		add_ip6(&m, IP6_NEXT_FRAGMENT);
		m.f.ip6_frag = (struct ip6_ext){ .kind = IP6_NEXT_FRAGMENT,
			.next_header = 253,
			.offset = (uint16_t)(value(i, 30) & 0xfff8),
			.more = value(i, 31) & 1,
			.id = value(i, 32) };
		put(&m, ip6_fragment_emit(&m.f.ip6_frag, m.out + m.len, room(&m)));
		put_payload(&m);
		close_ip6(&m);
		finish(&m, "ip6-fragment");
	}
}

static void emit_icmp4(void)
{
	static const uint8_t types[][2] = { { 0, 0 }, { 8, 0 }, { 3, 1 }, { 3, 4 }, { 5, 1 }, { 11, 0 }, { 12, 0 }, { 13, 0 }, { 14, 0 } };
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const uint8_t *t = types[i % (sizeof(types) / sizeof(types[0]))];
		start_ip(&m, i, false, IPPROTO_NUM_ICMP);
		struct icmp4_hdr *h = &m.f.icmp4;
		*h = (struct icmp4_hdr){ .type = t[0],
			.code = t[1],
			.id = (uint16_t)value(i, 40),
			.seq = (uint16_t)value(i, 41),
			.mtu = (uint16_t)value(i, 42),
			.pointer = (uint8_t)value(i, 43) };
		fill(h->gateway.b, 4, i, 44);
		put(&m, icmp4_hdr_emit(h, m.out + m.len, room(&m)));
		if (h->type == ICMP4_TIMESTAMP || h->type == ICMP4_TIMESTAMP_REPLY)
			put_bytes(&m, 12);
		else
			put_payload(&m);
		h->checksum = checksum_finish(checksum_add(0, m.out + m.l4, m.len - m.l4));
		icmp4_hdr_emit(h, m.out + m.l4, sizeof(m.out) - m.l4);
		m.f.layers |= FRAME_ICMP4;
		m.f.l4_checksum = CHECKSUM_OK;
		close_ip(&m);
		finish(&m, "icmp4");
	}
}

static void emit_icmp6(void)
{
	static const uint8_t types[] = { 128, 129, 1, 2, 3, 4, 133, 135, 136, 137 };
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		start_ip(&m, i, true, IPPROTO_NUM_ICMP6);
		struct icmp6_hdr *h = &m.f.icmp6;
		*h = (struct icmp6_hdr){
			.type = types[i % sizeof(types)], .word = value(i, 40), .id = (uint16_t)value(i, 41), .seq = (uint16_t)value(i, 42)
		};
		fill(h->target.b, 16, i, 43);
		fill(h->destination.b, 16, i, 47);
		put(&m, icmp6_hdr_emit(h, m.out + m.len, room(&m)));
		if (h->type < 5 || h->type == ICMP6_ECHO || h->type == ICMP6_ECHO_REPLY)
			put_payload(&m);
		checksum_sum pseudo = checksum_pseudo(&m.f.src, &m.f.dst, IPPROTO_NUM_ICMP6, (uint32_t)(m.len - m.l4));
		h->checksum = checksum_finish(checksum_add(pseudo, m.out + m.l4, m.len - m.l4));
		icmp6_hdr_emit(h, m.out + m.l4, sizeof(m.out) - m.l4);
		m.f.layers |= FRAME_ICMP6;
		m.f.l4_checksum = CHECKSUM_OK;
		close_ip(&m);
		finish(&m, "icmp6");
	}
}

static void emit_udp(bool six)
{
	struct making m;
	for (unsigned i = 0; i < ROUNDS; i++) {
		start_ip(&m, i, six, IPPROTO_NUM_UDP);
		struct udp_hdr *h = &m.f.udp;
		*h = (struct udp_hdr){
			.src_port = (uint16_t)value(i, 40), .dst_port = (uint16_t)value(i, 41), .len = (uint16_t)(UDP_HDR_LEN + i % PAYLOAD_MAX)
		};
		put(&m, udp_hdr_emit(h, m.out + m.len, room(&m)));
		put_payload(&m);
		h->checksum = udp_checksum(&m.f.src, &m.f.dst, m.out + m.l4, m.len - m.l4);
		udp_hdr_emit(h, m.out + m.l4, sizeof(m.out) - m.l4);
		m.f.layers |= FRAME_UDP;
		m.f.l4_checksum = CHECKSUM_OK;
		close_ip(&m);
		finish(&m, six ? "udp-ip6" : "udp");
	}
}

static void emit_segment(unsigned i, bool six, const struct tcp_options *opt, const char *group)
{
	struct making m;
	start_ip(&m, i, six, IPPROTO_NUM_TCP);
	struct tcp_hdr *h = &m.f.tcp;
	*h = (struct tcp_hdr){ .src_port = (uint16_t)value(i, 40),
		.dst_port = (uint16_t)value(i, 41),
		.seq = value(i, 42),
		.ack = value(i, 43),
		.reserved = value(i, 44) & 7,
		.flags = value(i, 45) & 0x1ff,
		.window = (uint16_t)value(i, 46),
		.urgent = (uint16_t)value(i, 47),
		.opt = *opt };
	int n = tcp_hdr_emit(h, m.out + m.len, room(&m));
	if (n < 0)
		return;
	h->header_len = (uint8_t)n;
	put(&m, n);
	put_payload(&m);
	h->checksum = tcp_checksum(&m.f.src, &m.f.dst, m.out + m.l4, m.len - m.l4);
	tcp_hdr_emit(h, m.out + m.l4, sizeof(m.out) - m.l4);
	m.f.layers |= FRAME_TCP;
	m.f.l4_checksum = CHECKSUM_OK;
	close_ip(&m);
	finish(&m, group);
}

static void emit_tcp(void)
{
	static const struct tcp_options none;
	for (unsigned i = 0; i < 4 * ROUNDS; i++)
		emit_segment(i, i % 2, &none, i % 2 ? "tcp-ip6" : "tcp");
}

/* Every combination; emit refuses those that do not fit. */
static void emit_tcp_options(void)
{
	for (unsigned mask = 0; mask < 1 << 10; mask++) {
		struct tcp_options o = { .has_mss = mask & 1,
			.has_wscale = mask & 2,
			.has_timestamp = mask & 4,
			.has_sack_ok = mask & 8,
			.has_user_timeout = mask & 16,
			.n_sack = mask >> 5 & 7 };
		o.mss = o.has_mss ? (uint16_t)value(mask, 1) : 0;
		o.wscale = o.has_wscale ? (uint8_t)(value(mask, 2) % 15) : 0;
		o.ts_val = o.has_timestamp ? value(mask, 3) : 0;
		o.ts_ecr = o.has_timestamp ? value(mask, 4) : 0;
		o.user_timeout = o.has_user_timeout ? value(mask, 5) & 0x7fff : 0;
		for (unsigned s = 0; s < o.n_sack && s < TCP_SACK_MAX; s++)
			o.sack[s] = (struct tcp_sack){ value(mask, 10 + s), value(mask, 20 + s) };
		o.has_fast_open = mask >> 8;
		o.fast_open_len = (uint8_t)(mask >> 8 == 2 ? 8 : mask >> 8 == 3 ? 14 : 0);
		fill(o.fast_open, o.fast_open_len, mask, 30);
		emit_segment(8 + mask, false, &o, "tcp-options");
	}
}

void emit_table(void)
{
	emit_ethernet();
	emit_ip4();
	emit_ip6();
	emit_icmp4();
	emit_icmp6();
	emit_udp(false);
	emit_udp(true);
	emit_tcp();
	emit_tcp_options();
}
