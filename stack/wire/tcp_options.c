/* SPDX-License-Identifier: ISC */
/* TCP options by meaning: RFC 9293 section 3.2, RFC 7323, RFC 2018, RFC 5482, RFC 7413. */
#include "stack/wire/tcp.h"

#include <errno.h>

static void parse_sack(struct tcp_options *o, const uint8_t *data, size_t len)
{
	if (len < 8 || len % 8)
		return;
	o->n_sack = (uint8_t)(len / 8 < TCP_SACK_MAX ? len / 8 : TCP_SACK_MAX);
	for (unsigned i = 0; i < o->n_sack; i++)
		o->sack[i] = (struct tcp_sack){ get_be32(data + 8 * i), get_be32(data + 8 * i + 4) };
}

static void parse_fast_open(struct tcp_options *o, const uint8_t *data, size_t len)
{
	if (len > sizeof(o->fast_open))
		return;
	o->has_fast_open = true;
	o->fast_open_len = (uint8_t)len;
	memset(o->fast_open, 0, sizeof(o->fast_open));
	memcpy(o->fast_open, data, len);
}

/* One option of len data bytes. A known kind with a length it cannot have is skipped like an unknown one. */
static void parse_one(struct tcp_options *o, uint8_t kind, const uint8_t *data, size_t len)
{
	switch (kind) {
	case TCP_OPT_MSS:
		if (len == 2) {
			o->has_mss = true;
			o->mss = get_be16(data);
		}
		break;
	case TCP_OPT_WSCALE:
		if (len == 1) {
			o->has_wscale = true;
			o->wscale = data[0];
		}
		break;
	case TCP_OPT_SACK_OK:
		o->has_sack_ok |= len == 0;
		break;
	case TCP_OPT_SACK:
		parse_sack(o, data, len);
		break;
	case TCP_OPT_TIMESTAMP:
		if (len == 8) {
			o->has_timestamp = true;
			o->ts_val = get_be32(data);
			o->ts_ecr = get_be32(data + 4);
		}
		break;
	case TCP_OPT_USER_TIMEOUT:
		if (len == 2) {
			o->has_user_timeout = true;
			o->user_timeout = get_be16(data);
		}
		break;
	case TCP_OPT_FAST_OPEN:
		parse_fast_open(o, data, len);
		break;
	case TCP_OPT_MD5:
		o->has_md5 = true;
		break;
	case TCP_OPT_AO:
		o->has_ao = true;
		break;
	case TCP_OPT_MPTCP:
		o->has_mptcp = true;
		break;
	}
}

int tcp_options_parse(struct tcp_options *o, const uint8_t *p, size_t len)
{
	*o = (struct tcp_options){ 0 };
	while (len > 0 && p[0] != TCP_OPT_EOL) {
		size_t n = 1;
		if (p[0] != TCP_OPT_NOP) {
			if (len < 2 || p[1] < 2 || p[1] > len) {
				o->malformed = true;
				return -EBADMSG;
			}
			n = p[1];
			parse_one(o, p[0], p + 2, n - 2);
		}
		p += n;
		len -= n;
	}
	return 0;
}

int tcp_options_len(const struct tcp_options *o)
{
	if (o->n_sack > TCP_SACK_MAX || o->fast_open_len > sizeof(o->fast_open))
		return -EINVAL;
	int n = (o->has_mss ? 4 : 0) + (o->has_wscale ? 4 : 0) + (o->n_sack ? 4 + 8 * o->n_sack : 0) + (o->has_user_timeout ? 4 : 0);
	if (o->has_timestamp)
		n += 12; /* SACK-permitted takes the place of its two NOPs */
	else if (o->has_sack_ok)
		n += 4;
	if (o->has_fast_open)
		n += (2 + o->fast_open_len + 3) / 4 * 4;
	return n <= TCP_OPTIONS_MAX ? n : -ENOSPC;
}

static uint8_t *emit_start(uint8_t *p, unsigned nops, uint8_t kind, unsigned len)
{
	memset(p, TCP_OPT_NOP, nops);
	p[nops] = kind;
	p[nops + 1] = (uint8_t)len;
	return p + nops + 2;
}

static uint8_t *emit_sack(const struct tcp_options *o, uint8_t *p)
{
	p = emit_start(p, 2, TCP_OPT_SACK, 2 + 8u * o->n_sack);
	for (unsigned i = 0; i < o->n_sack; i++, p += 8) {
		put_be32(p, o->sack[i].from);
		put_be32(p + 4, o->sack[i].to);
	}
	return p;
}

static void emit_fast_open(const struct tcp_options *o, uint8_t *p)
{
	unsigned len = 2 + (unsigned)o->fast_open_len;
	p = emit_start(p, 0, TCP_OPT_FAST_OPEN, len);
	memcpy(p, o->fast_open, o->fast_open_len);
	memset(p + o->fast_open_len, TCP_OPT_NOP, -len % 4);
}

static void emit_options(const struct tcp_options *o, uint8_t *p)
{
	if (o->has_mss) {
		p = emit_start(p, 0, TCP_OPT_MSS, 4);
		put_be16(p, o->mss);
		p += 2;
	}
	if (o->has_sack_ok)
		p = emit_start(p, o->has_timestamp ? 0 : 2, TCP_OPT_SACK_OK, 2);
	if (o->has_timestamp) {
		p = emit_start(p, o->has_sack_ok ? 0 : 2, TCP_OPT_TIMESTAMP, 10);
		put_be32(p, o->ts_val);
		put_be32(p + 4, o->ts_ecr);
		p += 8;
	}
	if (o->has_wscale) {
		p = emit_start(p, 1, TCP_OPT_WSCALE, 3);
		*p++ = o->wscale;
	}
	if (o->n_sack)
		p = emit_sack(o, p);
	if (o->has_user_timeout) {
		p = emit_start(p, 0, TCP_OPT_USER_TIMEOUT, 4);
		put_be16(p, o->user_timeout);
		p += 2;
	}
	if (o->has_fast_open)
		emit_fast_open(o, p);
}

int tcp_hdr_emit(const struct tcp_hdr *h, uint8_t *p, size_t cap)
{
	uint8_t options[TCP_OPTIONS_MAX];
	int n = tcp_options_len(&h->opt);
	if (n < 0)
		return n;
	emit_options(&h->opt, options);
	return tcp_hdr_emit_raw(h, options, (size_t)n, p, cap);
}
