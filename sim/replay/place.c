/* SPDX-License-Identifier: ISC */
#include "sim/replay/place.h"

#include <errno.h>

static const struct mac made_up_mac = { { 0x02, 0, 0, 0, 0, 0x01 } }, made_up_peer = { { 0x02, 0, 0, 0, 0, 0x02 } };
static const struct mac everybody = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

bool place_owns(const struct place *p, const struct ip_addr *addr)
{
	for (unsigned i = 0; i < p->n_addrs; i++) {
		if (ip_equal(&p->addrs[i], addr))
			return true;
	}
	return false;
}

static uint32_t u32(const struct ip_addr *a)
{
	return get_be32(a->b);
}

static uint32_t host_bits(uint8_t prefix_len)
{
	return prefix_len >= 32 ? 0 : UINT32_MAX >> prefix_len;
}

static bool on_link(const struct place *p, const struct ip_addr *a)
{
	return a->family == 4 && ((u32(a) ^ u32(&p->addrs[0])) & ~host_bits(p->prefix_len)) == 0;
}

/* --- addresses ------------------------------------------------------------------------------------ */

/* Other addresses the same machine answers ARP for are its own, too. */
static void find_addresses(struct place *p, const struct hosts *hs, const struct replay_host *h)
{
	p->addrs[p->n_addrs++] = h->addr;
	if (!h->own_mac || p->made_up_macs)
		return;
	for (size_t i = 0; i < hs->n && p->n_addrs < DUT_MAX_ADDRS; i++) {
		const struct replay_host *o = hs->list[i];
		if (o != h && o->own_mac && mac_equal(o->mac, h->mac) && !hosts_unfit(o))
			p->addrs[p->n_addrs++] = o->addr;
	}
}

static uint8_t common_bits(uint32_t a, uint32_t b)
{
	return a == b ? 32 : (uint8_t)__builtin_clz(a ^ b);
}

/* Shortens the prefix to one that a neighbour met in ARP fits in. */
static void fit_neighbour(struct place *p, const struct frame *f)
{
	struct ip_addr spa = ip_from_ip4(f->arp.spa), tpa = ip_from_ip4(f->arp.tpa);
	const struct ip_addr *other = ip_equal(&spa, &p->addrs[0]) ? &tpa : ip_equal(&tpa, &p->addrs[0]) ? &spa : NULL;
	if (!other || !other->b[0])
		return;
	uint8_t len = common_bits(u32(other), u32(&p->addrs[0]));
	if (len >= 8 && len < p->prefix_len)
		p->prefix_len = len;
}

/* A directed broadcast tells the prefix exactly: 192.0.2.255 has as many host bits as trailing ones. */
static uint8_t directed_broadcast(const struct place *p, const struct frame *f)
{
	if (!(f->layers & FRAME_IP4) || !mac_is_broadcast(f->eth.dst) || ip4_is_broadcast(f->ip4.dst))
		return 0;
	uint32_t d = ip4_u32(f->ip4.dst);
	uint8_t bits = d & 1 ? (uint8_t)__builtin_ctz(~d) : 0;
	uint8_t len = (uint8_t)(32 - bits);
	return bits > 1 && len >= 8 && common_bits(d, u32(&p->addrs[0])) >= len ? len : 0;
}

/* A host's own bits are neither all zeros nor all ones (RFC 1122 section 3.2.1.3). */
static void keep_a_host(struct place *p)
{
	uint32_t bits = u32(&p->addrs[0]) & host_bits(p->prefix_len);
	while (p->prefix_len > 1 && (bits == 0 || bits == host_bits(p->prefix_len) || p->prefix_len > 30)) {
		p->prefix_len--;
		bits = u32(&p->addrs[0]) & host_bits(p->prefix_len);
	}
}

static void find_prefix_and_mtu(struct place *p, const struct trace *t)
{
	uint8_t exact = 0;
	p->prefix_len = 24;
	p->mtu = ETH_MTU;
	for (size_t i = 0; i < t->n_frames; i++) {
		struct frame f;
		frame_dissect(&f, trace_bytes(t, &t->frames[i]), t->frames[i].len);
		if (f.layers & FRAME_ARP && !f.error)
			fit_neighbour(p, &f);
		uint8_t len = directed_broadcast(p, &f);
		exact = len > exact ? len : exact;
		bool ours = f.layers & FRAME_IP4 && (place_owns(p, &f.src) || place_owns(p, &f.dst));
		if (ours && f.ip4.total_len > p->mtu && f.ip4.total_len <= f.l3_len)
			p->mtu = f.ip4.total_len;
	}
	if (exact)
		p->prefix_len = exact;
	keep_a_host(p);
}

/* --- the way out --------------------------------------------------------------------------------- */

/* An address of the prefix nobody uses. */
static struct ip_addr unused_address(const struct place *p, const struct hosts *hs)
{
	uint32_t network = u32(&p->addrs[0]) & ~host_bits(p->prefix_len);
	struct ip_addr a = { 0 };
	for (uint32_t n = host_bits(p->prefix_len) - 1; n > 0; n--) {
		a = ip_from_ip4(ip4_from_u32(network | n));
		if (!hosts_get(hs, &a) && !place_owns(p, &a))
			break;
	}
	return a;
}

static void find_gateway(struct place *p, const struct hosts *hs)
{
	uint64_t most = 0;
	p->gateway_mac = made_up_peer;
	for (size_t i = 0; i < hs->n; i++) {
		const struct replay_host *h = hs->list[i];
		uint64_t weight = h->sent + h->received;
		if (h->addr.family == 4 && !on_link(p, &h->addr) && h->mac_weight && !mac_equal(h->mac, p->mac) && weight > most) {
			p->gateway_mac = h->mac;
			most = weight;
		}
	}
	for (size_t i = 0; i < hs->n; i++) {
		const struct replay_host *h = hs->list[i];
		if (on_link(p, &h->addr) && h->own_mac && mac_equal(h->mac, p->gateway_mac) && !place_owns(p, &h->addr) && !hosts_unfit(h)) {
			p->gateway = h->addr;
			return;
		}
	}
	p->gateway = unused_address(p, hs);
}

bool place_neighbour(const struct place *p, const struct hosts *hs, const struct ip_addr *addr, struct mac *mac)
{
	if (place_owns(p, addr))
		return false;
	const struct replay_host *h = hosts_get(hs, addr);
	if (ip_equal(addr, &p->gateway))
		*mac = p->gateway_mac;
	else if (h && h->mac_weight && !mac_equal(h->mac, p->mac))
		*mac = h->mac;
	else if (h && !h->mac_weight && h->sent)
		*mac = made_up_peer;
	else
		return false;
	return true;
}

/* --- ports ---------------------------------------------------------------------------------------- */

static void note_received(struct place *p, const struct frame *f)
{
	bool unicast = place_owns(p, &f->dst);
	if (f->layers & FRAME_TCP && unicast && (f->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		p->tcp[f->tcp.dst_port] |= PLACE_ASKED;
	if (f->layers & FRAME_UDP)
		p->udp[f->udp.dst_port] |= unicast ? PLACE_ASKED : PLACE_HEARD;
}

/* The port a port-unreachable of ours quotes, -1 for other messages. */
static int refused_port(const struct frame *f)
{
	if (f->icmp4.type != ICMP4_UNREACHABLE || f->icmp4.code != ICMP4_UNREACH_PORT)
		return -1;
	struct frame quoted;
	frame_dissect_ip(&quoted, f->payload, f->payload_len);
	return quoted.layers & FRAME_UDP ? quoted.udp.dst_port : -1;
}

static void note_sent(struct place *p, const struct frame *f)
{
	if (f->layers & FRAME_TCP) {
		uint16_t flags = f->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST);
		if (flags == (TCP_SYN | TCP_ACK))
			p->tcp[f->tcp.src_port] |= PLACE_USED;
		if (flags & TCP_RST)
			p->tcp[f->tcp.src_port] |= PLACE_REFUSED;
	}
	if (f->layers & FRAME_UDP)
		p->udp[f->udp.src_port] |= PLACE_USED;
	if (f->layers & FRAME_ICMP4) {
		int port = refused_port(f);
		if (port >= 0)
			p->udp[port] |= PLACE_REFUSED;
	}
}

bool place_tcp_open(uint8_t port)
{
	return port & PLACE_USED || (port & (PLACE_ASKED | PLACE_REFUSED)) == PLACE_ASKED;
}

bool place_udp_open(uint8_t port)
{
	return (port & PLACE_USED && port & (PLACE_ASKED | PLACE_HEARD)) || (port & (PLACE_ASKED | PLACE_REFUSED)) == PLACE_ASKED;
}

static void find_ports(struct place *p, const struct trace *t, const struct hosts *hs)
{
	for (size_t i = 0; i < t->n_frames; i++) {
		struct frame f;
		frame_dissect(&f, trace_bytes(t, &t->frames[i]), t->frames[i].len);
		if (!(f.layers & FRAME_IP4))
			continue;
		if (place_owns(p, &f.src))
			note_sent(p, &f);
		else if (place_receives(p, hs, &f))
			note_received(p, &f);
	}
}

/* --- frames --------------------------------------------------------------------------------------- */

static bool is_group(const struct place *p, const struct ip_addr *dst)
{
	if (dst->family == 6)
		return dst->b[0] == 0xff;
	return dst->b[0] >= 224 || (on_link(p, dst) && (u32(dst) & host_bits(p->prefix_len)) == host_bits(p->prefix_len));
}

bool place_receives(const struct place *p, const struct hosts *hs, const struct frame *f)
{
	if (f->src.family && place_owns(p, &f->src))
		return false;
	if (p->made_up_macs)
		return f->dst.family && (place_owns(p, &f->dst) || is_group(p, &f->dst));
	if (mac_equal(f->eth.src, p->mac))
		return false;
	if (mac_is_multicast(f->eth.dst))
		return true;
	if (!mac_equal(f->eth.dst, p->mac))
		return false;
	struct ip_addr dst = f->layers & FRAME_ARP ? ip_from_ip4(f->arp.tpa) : f->dst;
	const struct replay_host *other = dst.family == 4 && !place_owns(p, &dst) ? hosts_get(hs, &dst) : NULL;
	return !other || !other->sent;
}

void place_address(const struct place *p, uint8_t *frame, const struct frame *f)
{
	if (!p->made_up_macs)
		return;
	struct mac dst = p->mac;
	if (f->dst.family == 4 && ip4_is_multicast(ip_to_ip4(&f->dst))) /* RFC 1112 section 6.4 */
		dst = (struct mac){ { 0x01, 0x00, 0x5e, f->dst.b[1] & 0x7f, f->dst.b[2], f->dst.b[3] } };
	else if (f->dst.family == 6 && f->dst.b[0] == 0xff) /* RFC 2464 section 7 */
		dst = (struct mac){ { 0x33, 0x33, f->dst.b[12], f->dst.b[13], f->dst.b[14], f->dst.b[15] } };
	else if (f->dst.family && !place_owns(p, &f->dst))
		dst = everybody;
	memcpy(frame, dst.b, 6);
	memcpy(frame + 6, made_up_peer.b, 6);
}

void place_find(struct place *p, const struct trace *t, const struct hosts *hs, const struct replay_host *h)
{
	*p = (struct place){ .mac = h->mac };
	p->made_up_macs = !h->mac_weight;
	if (p->made_up_macs)
		p->mac = made_up_mac;
	find_addresses(p, hs, h);
	find_prefix_and_mtu(p, t);
	find_gateway(p, hs);
	find_ports(p, t, hs);
}
