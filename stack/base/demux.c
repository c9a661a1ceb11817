/* SPDX-License-Identifier: ISC */
#include "stack/base/demux.h"

#include <errno.h>
#include <stdlib.h>

void demux_init(struct demux *d, uint32_t max)
{
	*d = (struct demux){ .max = max };
}

void demux_fini(struct demux *d)
{
	free(d->slots);
	*d = (struct demux){ 0 };
}

static uint32_t home(const struct demux *d, uint32_t key)
{
	return (key * UINT32_C(2654435769) >> 7) & (d->capacity - 1); /* Fibonacci hashing */
}

static uint32_t probe(const struct demux *d, uint32_t key)
{
	uint32_t i = home(d, key);
	while (d->slots[i].fn && d->slots[i].key != key)
		i = (i + 1) & (d->capacity - 1);
	return i;
}

static int grow(struct demux *d)
{
	struct demux old = *d;
	uint32_t capacity = old.capacity ? old.capacity * 2 : 8;
	struct demux_entry *slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	d->slots = slots;
	d->capacity = capacity;
	for (uint32_t i = 0; i < old.capacity; i++) {
		if (old.slots[i].fn)
			slots[probe(d, old.slots[i].key)] = old.slots[i];
	}
	free(old.slots);
	return 0;
}

int demux_bind(struct demux *d, uint32_t key, demux_fn *fn, void *arg)
{
	if (!fn)
		return -EINVAL;
	if (demux_find(d, key))
		return -EADDRINUSE;
	if (d->used == d->max)
		return -ENOSPC;
	if (d->used >= d->capacity / 2) { /* at most half full: short probes */
		int err = grow(d);
		if (err)
			return err;
	}
	d->slots[probe(d, key)] = (struct demux_entry){ key, fn, arg };
	d->used++;
	return 0;
}

int demux_unbind(struct demux *d, uint32_t key)
{
	if (!demux_find(d, key))
		return -ENOENT;
	uint32_t hole = probe(d, key), mask = d->capacity - 1;
	/* Close the hole: move back each follower whose home lies at or before it. */
	for (uint32_t i = (hole + 1) & mask; d->slots[i].fn; i = (i + 1) & mask) {
		uint32_t h = home(d, d->slots[i].key);
		if (((i - h) & mask) >= ((i - hole) & mask)) {
			d->slots[hole] = d->slots[i];
			hole = i;
		}
	}
	d->slots[hole] = (struct demux_entry){ 0 };
	d->used--;
	return 0;
}

const struct demux_entry *demux_find(const struct demux *d, uint32_t key)
{
	if (!d->capacity)
		return NULL;
	const struct demux_entry *e = &d->slots[probe(d, key)];
	return e->fn ? e : NULL;
}
