/* SPDX-License-Identifier: ISC */
#include "stack/wire/frame.h"
#include "stack/wire/print.h"

static void print_address(struct print *out, const struct frame *f, const struct ip_addr *a, bool is_src)
{
	char s[IP_STRLEN];
	print_add(out, "%s", ip_str(a, s));
	if (f->layers & FRAME_TCP)
		print_add(out, ".%u", is_src ? f->tcp.src_port : f->tcp.dst_port);
	else if (f->layers & FRAME_UDP)
		print_add(out, ".%u", is_src ? f->udp.src_port : f->udp.dst_port);
}

static void print_transport(struct print *out, const struct frame *f)
{
	if (f->layers & FRAME_TCP) {
		out->n += tcp_hdr_print(&f->tcp, f->payload_len, print_at(out), print_room(out));
	} else if (f->layers & FRAME_UDP) {
		out->n += udp_hdr_print(&f->udp, print_at(out), print_room(out));
	} else if (f->layers & FRAME_ICMP4) {
		out->n += icmp4_hdr_print(&f->icmp4, print_at(out), print_room(out));
		print_add(out, ", length %zu", f->l4_len);
	} else if (f->layers & FRAME_ICMP6) {
		out->n += icmp6_hdr_print(&f->icmp6, print_at(out), print_room(out));
		print_add(out, ", length %zu", f->l4_len);
	} else {
		print_add(out, "ip-proto-%u, length %zu", f->protocol, f->payload_len);
	}
}

/* "(frag ID:SIZE@OFFSET+)", + for more to come: how tcpdump has long shown one. */
static void print_fragment(struct print *out, const struct frame *f)
{
	bool ip4 = f->layers & FRAME_IP4;
	size_t size = f->later_fragment ? f->payload_len : f->l4_len;
	print_add(out, " (frag %u:%zu@%u%s)", ip4 ? f->ip4.id : f->ip6_frag.id, size, ip4 ? f->ip4.offset : f->ip6_frag.offset,
		(ip4 ? f->ip4.mf : f->ip6_frag.more) ? "+" : "");
}

static void print_ip(struct print *out, const struct frame *f)
{
	print_add(out, f->layers & FRAME_IP6 ? "IP6 " : "IP ");
	print_address(out, f, &f->src, true);
	print_add(out, " > ");
	print_address(out, f, &f->dst, false);
	print_add(out, ": ");
	print_transport(out, f);
	if (f->fragment)
		print_fragment(out, f);
	if (f->ip_checksum == CHECKSUM_BAD)
		print_add(out, " [bad IP checksum]");
	if (f->l4_checksum == CHECKSUM_BAD)
		print_add(out, " [bad checksum]");
}

int frame_print(const struct frame *f, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	if (cap)
		*s = '\0';
	if (f->layers & FRAME_VLAN)
		print_add(&out, "vlan %u, p %u%s, ", f->vlan.vid, f->vlan.pcp, f->vlan.dei ? ", DEI" : "");
	if (f->layers & (FRAME_IP4 | FRAME_IP6)) {
		print_ip(&out, f);
	} else if (f->layers & FRAME_ARP) {
		out.n += arp_pkt_print(&f->arp, print_at(&out), print_room(&out));
		print_add(&out, ", length %zu", f->l3_len);
	} else if (f->layers & FRAME_ETH) {
		out.n += eth_hdr_print(&f->eth, print_at(&out), print_room(&out));
		if (f->eth.type >= ETH_TYPE_MIN)
			print_add(&out, ", length %zu", ETH_HDR_LEN + f->payload_len);
	}
	if (f->error)
		print_add(&out, "%s[%s]", out.n ? " " : "", f->error);
	return out.n;
}
