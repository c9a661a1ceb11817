/* SPDX-License-Identifier: ISC */
/*
 * Any bytes: the dissection stays within them, every line is printed, and what was parsed emits the same bytes again
 * where the format keeps every bit; elsewhere one more round changes nothing.
 */
#include "stack/base/fuzz.h"
#include "stack/wire/frame.h"

/* emit(header) gives the bytes at p. */
#define MUST_EMIT(emit, header, p) \
	do { \
		uint8_t out_[128]; \
		int n_ = emit((header), out_, sizeof(out_)); \
		MUST(n_ > 0 && memcmp(out_, (p), (size_t)n_) == 0); \
	} while (0)

/* emit gives bytes that parse to a header that emits them again. */
#define MUST_SETTLE(emit, parse, header) \
	do { \
		uint8_t once_[128], twice_[128]; \
		int n_ = emit((header), once_, sizeof(once_)); \
		MUST(n_ > 0 && parse(&again, once_, (size_t)n_) == n_); \
		MUST(emit(&again, twice_, sizeof(twice_)) == n_ && memcmp(once_, twice_, (size_t)n_) == 0); \
	} while (0)

static void check_bounds(const struct frame *f, const uint8_t *p, size_t len)
{
	MUST(f->payload >= p && f->payload + f->payload_len <= p + len);
	MUST(!f->l3 || (f->l3 >= p && f->l3 + f->l3_len <= p + len));
	MUST(!f->l4 || (f->l4 >= f->l3 && f->l4 + f->l4_len <= f->l3 + f->l3_len));
	MUST(!(f->layers & (FRAME_TCP | FRAME_UDP | FRAME_ICMP4 | FRAME_ICMP6)) || f->l4);
	MUST(f->l4_checksum != CHECKSUM_OK || (!f->truncated && !f->fragment));
}

static void check_print(const struct frame *f)
{
	char whole[2048], cut[40];
	int n = frame_print(f, whole, sizeof(whole));
	MUST(n > 0 && (size_t)n < sizeof(whole) && strlen(whole) == (size_t)n);
	MUST(frame_print(f, cut, sizeof(cut)) == n && strncmp(whole, cut, sizeof(cut) - 1) == 0);
	MUST(frame_print(f, NULL, 0) == n);
	if (f->layers & FRAME_IP4)
		ip4_hdr_print(&f->ip4, whole, sizeof(whole));
	if (f->layers & FRAME_IP6)
		ip6_hdr_print(&f->ip6, whole, sizeof(whole));
	if (f->layers & FRAME_VLAN)
		vlan_tag_print(&f->vlan, whole, sizeof(whole));
	if (f->ip6_frag.kind)
		ip6_ext_print(&f->ip6_frag, whole, sizeof(whole));
}

static void check_ip(const struct frame *f)
{
	if (f->layers & FRAME_IP4) {
		struct ip4_option option;
		size_t at = 0;
		while (ip4_option_next(f->ip4.options, f->ip4.options_len, &at, &option) > 0)
			MUST(at <= f->ip4.options_len);
		MUST_EMIT(ip4_hdr_emit, &f->ip4, f->l3);
	}
	if (f->layers & FRAME_IP6)
		MUST_EMIT(ip6_hdr_emit, &f->ip6, f->l3);
	if (f->ip6_frag.kind) {
		uint8_t out[8], twice[8];
		struct ip6_ext again;
		MUST(ip6_fragment_emit(&f->ip6_frag, out, 8) == 8 && ip6_ext_parse(&again, IP6_NEXT_FRAGMENT, out, 8) == 8);
		MUST(ip6_fragment_emit(&again, twice, 8) == 8 && memcmp(out, twice, 8) == 0);
	}
}

static void check_tcp(const struct frame *f)
{
	uint8_t out[TCP_HDR_MAX];
	size_t options_len = f->tcp.header_len - TCP_HDR_LEN;
	MUST(tcp_hdr_emit_raw(&f->tcp, f->l4 + TCP_HDR_LEN, options_len, out, sizeof(out)) == f->tcp.header_len);
	MUST(memcmp(out, f->l4, f->tcp.header_len) == 0);
	struct tcp_hdr again;
	if (tcp_options_len(&f->tcp.opt) >= 0)
		MUST_SETTLE(tcp_hdr_emit, tcp_hdr_parse, &f->tcp);
}

static void check_icmp(const struct frame *f)
{
	if (f->layers & FRAME_ICMP4) {
		struct icmp4_hdr again;
		MUST_SETTLE(icmp4_hdr_emit, icmp4_hdr_parse, &f->icmp4);
	}
	if (f->layers & FRAME_ICMP6)
		MUST_EMIT(icmp6_hdr_emit, &f->icmp6, f->l4);
}

static void check(const struct frame *f, const uint8_t *bytes, size_t len)
{
	check_bounds(f, bytes, len);
	check_print(f);
	if (f->layers & FRAME_ETH)
		MUST_EMIT(eth_hdr_emit, &f->eth, bytes);
	MUST(!(f->layers & FRAME_VLAN) || f->eth.type == ETHERTYPE_VLAN || f->eth.type == ETHERTYPE_QINQ);
	if (f->layers & FRAME_ARP && !f->error)
		MUST_EMIT(arp_pkt_emit, &f->arp, f->l3);
	if (f->layers & FRAME_UDP)
		MUST_EMIT(udp_hdr_emit, &f->udp, f->l4);
	if (f->layers & FRAME_TCP)
		check_tcp(f);
	check_ip(f);
	check_icmp(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct frame f;
	frame_dissect(&f, bytes, len);
	check(&f, bytes, len);
	frame_dissect_ip(&f, bytes, len);
	check(&f, bytes, len);
	return 0;
}
