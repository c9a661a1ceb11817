/* SPDX-License-Identifier: ISC */
/* What goes wrong with a frame's bytes. Each gives 1 when the frame changed, 0 when there was nothing to change, -ENOMEM. */
#ifndef SIM_LINK_DAMAGE_H
#define SIM_LINK_DAMAGE_H

#include "stack/base/buf.h"
#include "stack/base/random.h"

#define DAMAGE_MAX_BITS 64u

/* Flips bits (1 to DAMAGE_MAX_BITS) different bits, or every bit of a frame that has fewer. */
int damage_flip(struct buf *frame, uint32_t bits, struct random_stream *r);
/* Cuts the frame to 1 … len - 1 bytes. */
int damage_truncate(struct buf *frame, struct random_stream *r);
/* Appends bytes random bytes. */
int damage_pad(struct buf *frame, uint32_t bytes, struct random_stream *r);

#endif
