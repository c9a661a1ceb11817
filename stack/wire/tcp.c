/* SPDX-License-Identifier: ISC */
#include "stack/wire/tcp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ip4.h"
#include "stack/wire/print.h"

#include <errno.h>

#define FLAGS 0x1ff

int tcp_hdr_parse(struct tcp_hdr *h, const uint8_t *p, size_t len)
{
	*h = (struct tcp_hdr){ 0 };
	if (len < TCP_HDR_LEN)
		return -EBADMSG;
	h->src_port = get_be16(p);
	h->dst_port = get_be16(p + 2);
	h->seq = get_be32(p + 4);
	h->ack = get_be32(p + 8);
	h->header_len = (uint8_t)((p[12] >> 4) * 4);
	h->reserved = p[12] >> 1 & 7;
	h->flags = get_be16(p + 12) & FLAGS;
	h->window = get_be16(p + 14);
	h->checksum = get_be16(p + 16);
	h->urgent = get_be16(p + 18);
	if (h->header_len < TCP_HDR_LEN || h->header_len > len)
		return -EBADMSG;
	tcp_options_parse(&h->opt, p + TCP_HDR_LEN, h->header_len - TCP_HDR_LEN);
	return h->header_len;
}

static void emit_fixed(const struct tcp_hdr *h, uint8_t *p, size_t header_len)
{
	put_be16(p, h->src_port);
	put_be16(p + 2, h->dst_port);
	put_be32(p + 4, h->seq);
	put_be32(p + 8, h->ack);
	put_be16(p + 12, (uint16_t)(header_len / 4 << 12 | (h->reserved & 7) << 9 | (h->flags & FLAGS)));
	put_be16(p + 14, h->window);
	put_be16(p + 16, h->checksum);
	put_be16(p + 18, h->urgent);
}

int tcp_hdr_emit_raw(const struct tcp_hdr *h, const uint8_t *options, size_t options_len, uint8_t *p, size_t cap)
{
	if (options_len > TCP_OPTIONS_MAX || options_len % 4)
		return -EINVAL;
	if (cap < TCP_HDR_LEN + options_len)
		return -ENOSPC;
	emit_fixed(h, p, TCP_HDR_LEN + options_len);
	if (options_len)
		memcpy(p + TCP_HDR_LEN, options, options_len);
	return (int)(TCP_HDR_LEN + options_len);
}

uint16_t tcp_checksum(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len)
{
	checksum_sum sum = checksum_pseudo(src, dst, IPPROTO_NUM_TCP, (uint32_t)len);
	return checksum_finish(checksum_add(checksum_add(sum, p, 16), p + 18, len - 18));
}

bool tcp_checksum_ok(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len)
{
	if (len < TCP_HDR_LEN)
		return false;
	return checksum_finish(checksum_add(checksum_pseudo(src, dst, IPPROTO_NUM_TCP, (uint32_t)len), p, len)) == 0;
}

static void print_flags(struct print *out, uint16_t flags)
{
	/* tcpdump's letters and order */
	static const struct {
		uint16_t bit;
		char letter;
	} names[] = { { TCP_FIN, 'F' }, { TCP_SYN, 'S' }, { TCP_RST, 'R' }, { TCP_PSH, 'P' }, { TCP_ACK, '.' }, { TCP_URG, 'U' }, { TCP_ECE, 'E' },
		{ TCP_CWR, 'W' }, { TCP_AE, 'e' } };
	print_add(out, "Flags [");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			print_add(out, "%c", names[i].letter);
	print_add(out, "%s]", flags ? "" : "none");
}

static void print_sack(struct print *out, const struct tcp_options *o)
{
	print_add(out, ",sack %u ", o->n_sack);
	for (unsigned i = 0; i < o->n_sack && i < TCP_SACK_MAX; i++)
		print_add(out, "{%u:%u}", o->sack[i].from, o->sack[i].to);
}

static void print_fast_open(struct print *out, const struct tcp_options *o)
{
	print_add(out, ",tfo %s", o->fast_open_len ? "cookie " : "cookiereq");
	for (unsigned i = 0; i < o->fast_open_len && i < sizeof(o->fast_open); i++)
		print_add(out, "%02x", o->fast_open[i]);
}

static void print_options(struct print *all, const struct tcp_options *o)
{
	char text[400];
	struct print out = { text, sizeof(text), 0 };
	if (o->has_mss)
		print_add(&out, ",mss %u", o->mss);
	if (o->has_sack_ok)
		print_add(&out, ",sackOK");
	if (o->has_timestamp)
		print_add(&out, ",TS val %u ecr %u", o->ts_val, o->ts_ecr);
	if (o->has_wscale)
		print_add(&out, ",wscale %u", o->wscale);
	if (o->n_sack)
		print_sack(&out, o);
	if (o->has_user_timeout)
		print_add(&out, ",uto 0x%x", o->user_timeout);
	if (o->has_fast_open)
		print_fast_open(&out, o);
	if (o->has_md5)
		print_add(&out, ",md5");
	if (o->has_ao)
		print_add(&out, ",tcp-ao");
	if (o->has_mptcp)
		print_add(&out, ",mptcp");
	if (o->malformed)
		print_add(&out, ",[bad opt]");
	if (out.n)
		print_add(all, ", options [%s]", text + 1);
}

int tcp_hdr_print(const struct tcp_hdr *h, size_t payload_len, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	print_flags(&out, h->flags);
	if (payload_len > 0)
		print_add(&out, ", seq %u:%u", h->seq, h->seq + (uint32_t)payload_len);
	else if (h->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		print_add(&out, ", seq %u", h->seq);
	if (h->flags & TCP_ACK)
		print_add(&out, ", ack %u", h->ack);
	print_add(&out, ", win %u", h->window);
	if (h->flags & TCP_URG)
		print_add(&out, ", urg %u", h->urgent);
	print_options(&out, &h->opt);
	print_add(&out, ", length %zu", payload_len);
	return out.n;
}
