/* SPDX-License-Identifier: ISC */
#include "sim/link/damage.h"

#include <errno.h>

static bool chosen(const uint32_t *at, uint32_t n, uint32_t bit)
{
	for (uint32_t i = 0; i < n; i++) {
		if (at[i] == bit)
			return true;
	}
	return false;
}

/* Floyd's sampling: n different numbers below total with exactly n draws, so a frame never comes out as it was. */
int damage_flip(struct buf *frame, uint32_t bits, struct random_stream *r)
{
	uint32_t at[DAMAGE_MAX_BITS], total = frame->len * 8, n = 0;
	if (bits > DAMAGE_MAX_BITS)
		bits = DAMAGE_MAX_BITS;
	if (bits > total)
		bits = total;
	if (!bits)
		return 0;
	int err = buf_own(frame);
	if (err < 0)
		return err;
	for (uint32_t last = total - bits; last < total; last++) {
		uint32_t bit = (uint32_t)random_below(r, (uint64_t)last + 1);
		at[n] = chosen(at, n, bit) ? last : bit;
		frame->data[at[n] / 8] ^= (uint8_t)(1u << at[n] % 8);
		n++;
	}
	return 1;
}

int damage_truncate(struct buf *frame, struct random_stream *r)
{
	if (frame->len < 2)
		return 0;
	buf_trim(frame, 1 + (uint32_t)random_below(r, frame->len - 1));
	return 1;
}

int damage_pad(struct buf *frame, uint32_t bytes, struct random_stream *r)
{
	if (!bytes)
		return 0;
	uint8_t *p = buf_put(frame, bytes);
	if (!p)
		return -ENOMEM;
	random_bytes(r, p, bytes);
	return 1;
}
