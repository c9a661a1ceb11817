/* SPDX-License-Identifier: ISC */
/*
 * Named random streams. A stream's numbers depend on the seed and its name only,
 * so adding a link or a host changes no other stream. ChaCha20 keyed by
 * BLAKE2b(seed, name), both from libsodium: fit for ISNs and ports as well.
 */
#ifndef STACK_BASE_RANDOM_H
#define STACK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_stream {
	uint8_t key[32];
	uint64_t block; /* next block of the key stream */
	uint32_t used;  /* bytes of out already given */
	uint8_t out[256];
};

void random_init(struct random_stream *r, uint64_t seed, const char *name);
void random_bytes(struct random_stream *r, void *out, size_t len);
uint32_t random_u32(struct random_stream *r);
uint64_t random_u64(struct random_stream *r);
/* Uniform in [0, n), without modulo bias; 0 when n is 0. */
uint64_t random_below(struct random_stream *r, uint64_t n);
/* Uniform in [0, 1), 53 bits. */
double random_unit(struct random_stream *r);

#endif
