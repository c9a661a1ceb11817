/* SPDX-License-Identifier: ISC */
/*
 * The dispatch table every layer owns: key (EtherType, protocol, port) → callback.
 * Layers above register one at a time; a taken key is refused, never overwritten.
 */
#ifndef STACK_BASE_DEMUX_H
#define STACK_BASE_DEMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each layer casts to and from its own callback type. */
typedef void demux_fn(void);

struct demux_entry {
	uint32_t key;
	demux_fn *fn; /* NULL: a free slot */
	void *arg;
};

struct demux {
	struct demux_entry *slots; /* open addressing, power of two */
	uint32_t capacity;
	uint32_t used; /* bound keys */
	uint32_t max;  /* bound on used */
};

/* max: most keys that may be bound at once. */
void demux_init(struct demux *d, uint32_t max);
void demux_fini(struct demux *d);

/* 0, -EADDRINUSE when the key is taken, -ENOSPC at the bound, -EINVAL for a NULL fn, -ENOMEM. */
int demux_bind(struct demux *d, uint32_t key, demux_fn *fn, void *arg);
/* 0, or -ENOENT when nothing is bound. */
int demux_unbind(struct demux *d, uint32_t key);
/* The entry, valid until the next bind or unbind; NULL when nothing is bound. */
const struct demux_entry *demux_find(const struct demux *d, uint32_t key);

#endif
