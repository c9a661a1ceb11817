/* SPDX-License-Identifier: ISC */
#include "stack/base/random.h"

#include <sodium.h>
#include <string.h>

static void put_le64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

void random_init(struct random_stream *r, uint64_t seed, const char *name)
{
	uint8_t seed_key[crypto_generichash_KEYBYTES] = { 0 };
	put_le64(seed_key, seed);
	memset(r, 0, sizeof(*r));
	crypto_generichash(r->key, sizeof(r->key), (const uint8_t *)name, strlen(name), seed_key, sizeof(seed_key));
	r->used = sizeof(r->out);
}

static void refill(struct random_stream *r)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	put_le64(nonce, r->block++);
	crypto_stream_chacha20(r->out, sizeof(r->out), nonce, r->key);
	r->used = 0;
}

void random_bytes(struct random_stream *r, void *out, size_t len)
{
	uint8_t *p = out;
	while (len > 0) {
		if (r->used == sizeof(r->out))
			refill(r);
		size_t n = sizeof(r->out) - r->used;
		if (n > len)
			n = len;
		memcpy(p, r->out + r->used, n);
		r->used += (uint32_t)n;
		p += n;
		len -= n;
	}
}

uint32_t random_u32(struct random_stream *r)
{
	uint8_t b[4];
	random_bytes(r, b, sizeof(b));
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint64_t random_u64(struct random_stream *r)
{
	uint8_t b[8];
	random_bytes(r, b, sizeof(b));
	return get_le64(b);
}

uint64_t random_below(struct random_stream *r, uint64_t n)
{
	if (n == 0)
		return 0;
	uint64_t floor = -n % n, v; /* 2^64 mod n: values below it would bias the result */
	do {
		v = random_u64(r);
	} while (v < floor);
	return v % n;
}

double random_unit(struct random_stream *r)
{
	return (double)(random_u64(r) >> 11) * 0x1p-53;
}
