/* SPDX-License-Identifier: ISC */
/*
 * Initial sequence numbers (RFC 6528 section 3, RFC 9293 section 3.4.1): a 4 µs clock plus a keyed function of the
 * 4-tuple. Timestamps start at an offset of the same kind (RFC 7323 section 5.4), so that a later incarnation of a
 * connection continues the clock of the former. The function is SipHash-2-4; the keys come from env's random stream.
 */
#include "stack/tcp/tcp_internal.h"

#include <sodium.h>

_Static_assert(crypto_shorthash_KEYBYTES == 16, "key size");

void tcp_isn_init(struct tcp_direct *tcp)
{
	random_bytes(&tcp->env->random, tcp->isn_key, sizeof(tcp->isn_key));
	random_bytes(&tcp->env->random, tcp->ts_key, sizeof(tcp->ts_key));
}

static uint32_t keyed(const struct flow *f, const uint8_t *key)
{
	uint8_t in[1 + 16 + 16 + 2 + 2], out[crypto_shorthash_BYTES];
	in[0] = f->local.family;
	memcpy(in + 1, f->local.b, 16);
	memcpy(in + 17, f->remote.b, 16);
	put_be16(in + 33, f->local_port);
	put_be16(in + 35, f->remote_port);
	crypto_shorthash(out, in, sizeof(in), key);
	return get_be32(out);
}

uint32_t tcp_isn(const struct flow *f)
{
	const struct tcp_direct *tcp = flow_tcp(f);
	if (tcp->config.isn_fixed)
		return tcp->config.isn;
	return (uint32_t)(tcp->env->now_ns / (4 * NS_PER_US)) + keyed(f, tcp->isn_key);
}

uint32_t tcp_ts_offset(const struct flow *f)
{
	return keyed(f, flow_tcp(f)->ts_key);
}

/* The timestamp clock ticks every millisecond (RFC 7323 section 5.4: 1 ms to 1 s). */
uint32_t tcp_ts_now(const struct flow *f)
{
	return (uint32_t)(flow_now(f) / NS_PER_MS) + f->ts_offset;
}
