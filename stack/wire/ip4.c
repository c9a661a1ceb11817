/* SPDX-License-Identifier: ISC */
#include "stack/wire/ip4.h"
#include "stack/wire/checksum.h"
#include "stack/wire/print.h"

#include <errno.h>

#define RESERVED 0x8000
#define DF 0x4000
#define MF 0x2000
#define OFFSET 0x1fff

int ip4_hdr_parse(struct ip4_hdr *h, const uint8_t *p, size_t len)
{
	*h = (struct ip4_hdr){ 0 };
	if (len < IP4_HDR_LEN)
		return -EBADMSG;
	h->version = p[0] >> 4;
	if (h->version != 4)
		return -EPROTONOSUPPORT;
	h->header_len = (uint8_t)((p[0] & 0xf) * 4);
	h->tos = p[1];
	h->total_len = get_be16(p + 2);
	h->id = get_be16(p + 4);
	uint16_t frag = get_be16(p + 6);
	h->reserved = frag & RESERVED;
	h->df = frag & DF;
	h->mf = frag & MF;
	h->offset = (uint16_t)((frag & OFFSET) * 8);
	h->ttl = p[8];
	h->protocol = p[9];
	h->checksum = get_be16(p + 10);
	memcpy(h->src.b, p + 12, 4);
	memcpy(h->dst.b, p + 16, 4);
	if (h->header_len < IP4_HDR_LEN || h->header_len > len)
		return -EBADMSG;
	h->options_len = (uint8_t)(h->header_len - IP4_HDR_LEN);
	memcpy(h->options, p + IP4_HDR_LEN, h->options_len);
	return h->header_len;
}

int ip4_hdr_emit(const struct ip4_hdr *h, uint8_t *p, size_t cap)
{
	size_t n = IP4_HDR_LEN + (size_t)h->options_len;
	if (h->options_len > IP4_OPTIONS_MAX || h->options_len % 4)
		return -EINVAL;
	if (cap < n)
		return -ENOSPC;
	p[0] = (uint8_t)(h->version << 4 | (h->header_len / 4 & 0xf));
	p[1] = h->tos;
	put_be16(p + 2, h->total_len);
	put_be16(p + 4, h->id);
	put_be16(p + 6, (uint16_t)((h->reserved ? RESERVED : 0) | (h->df ? DF : 0) | (h->mf ? MF : 0) | h->offset / 8));
	p[8] = h->ttl;
	p[9] = h->protocol;
	put_be16(p + 10, h->checksum);
	memcpy(p + 12, h->src.b, 4);
	memcpy(p + 16, h->dst.b, 4);
	memcpy(p + IP4_HDR_LEN, h->options, h->options_len);
	return (int)n;
}

void ip4_hdr_set_checksum(uint8_t *p, size_t header_len)
{
	put_be16(p + 10, 0);
	put_be16(p + 10, checksum_finish(checksum_add(0, p, header_len)));
}

bool ip4_hdr_checksum_ok(const uint8_t *p, size_t header_len)
{
	return checksum_finish(checksum_add(0, p, header_len)) == 0;
}

int ip4_option_next(const uint8_t *options, size_t options_len, size_t *at, struct ip4_option *opt)
{
	if (*at >= options_len)
		return 0;
	const uint8_t *p = options + *at;
	size_t left = options_len - *at;
	opt->kind = p[0];
	opt->len = 1;
	opt->data = NULL;
	if (p[0] == IP4_OPT_EOL) {
		*at = options_len;
		return 1;
	}
	if (p[0] != IP4_OPT_NOP) {
		if (left < 2 || p[1] < 2 || p[1] > left)
			return -EBADMSG;
		opt->len = p[1];
		opt->data = p + 2;
	}
	*at += opt->len;
	return 1;
}

static void print_options(struct print *out, const struct ip4_hdr *h)
{
	struct ip4_option o;
	size_t at = 0;
	int rc;
	const char *sep = ", options (";
	while ((rc = ip4_option_next(h->options, h->options_len, &at, &o)) > 0) {
		const char *name = o.kind == IP4_OPT_EOL    ? "EOL"
				   : o.kind == IP4_OPT_NOP  ? "NOP"
				   : o.kind == IP4_OPT_RR   ? "RR"
				   : o.kind == IP4_OPT_TS   ? "timestamp"
				   : o.kind == IP4_OPT_LSRR ? "LSRR"
				   : o.kind == IP4_OPT_SSRR ? "SSRR"
				   : o.kind == IP4_OPT_RA   ? "RA"
							    : NULL;
		if (name)
			print_add(out, "%s%s", sep, name);
		else
			print_add(out, "%sunknown %u", sep, o.kind);
		sep = ",";
	}
	print_add(out, "%s%s)", rc < 0 ? sep : "", rc < 0 ? "[bad length]" : "");
}

int ip4_hdr_print(const struct ip4_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char src[IP_STRLEN], dst[IP_STRLEN];
	const char *name = h->protocol == IPPROTO_NUM_ICMP  ? "ICMP"
			   : h->protocol == IPPROTO_NUM_TCP ? "TCP"
			   : h->protocol == IPPROTO_NUM_UDP ? "UDP"
							    : "unknown";
	const char *flags = h->df ? h->mf ? "DF, MF" : "DF" : h->mf ? "+" : "none";
	static const char *const ecn[] = { "", ",ECT(1)", ",ECT(0)", ",CE" };
	print_add(&out, "IP (tos 0x%x%s, ttl %u, id %u, offset %u, flags [%s%s], proto %s (%u), length %u", h->tos, ecn[h->tos & 3], h->ttl, h->id,
		h->offset, h->reserved ? "reserved, " : "", flags, name, h->protocol, h->total_len);
	if (h->options_len)
		print_options(&out, h);
	print_add(&out, ") %s > %s", ip4_str(h->src, src), ip4_str(h->dst, dst));
	return out.n;
}
