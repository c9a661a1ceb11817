/* SPDX-License-Identifier: ISC */
#include "sim/link/link.h"

#include "sim/link/channel.h"
#include "sim/link/mac_table.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link_port {
	struct link *link;
	unsigned index; /* order of attachment */
	char *name;
	link_rx_fn *rx;
	void *arg;
	struct channel in;  /* from the host */
	struct channel out; /* to the host; idle on a wire */
};

struct tap {
	link_tap_fn *fn;
	void *arg;
};

struct link {
	struct world *w;
	char *name;
	enum link_kind kind;
	struct link_port **ports;
	unsigned n_ports;
	struct tap *taps;
	unsigned n_taps;
	struct mac_table *macs; /* of a switch */
	struct flight_pool flights;
	bool fingerprinting;
	crypto_generichash_state *digest; /* wants 64-byte alignment */
};

/* --- coming and going ---------------------------------------------------------------------- */

struct link *link_create(struct world *w, const char *name, enum link_kind kind)
{
	struct link *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->w = w;
	l->kind = kind;
	l->flights.w = w;
	l->fingerprinting = true;
	l->name = strdup(name);
	l->digest = aligned_alloc(64, (sizeof(*l->digest) + 63) / 64 * 64);
	if (kind == LINK_SWITCH)
		l->macs = mac_table_create();
	if (!l->name || !l->digest || (kind == LINK_SWITCH && !l->macs)) {
		link_destroy(l);
		return NULL;
	}
	crypto_generichash_init(l->digest, NULL, 0, 16);
	return l;
}

static void port_free(struct link_port *p)
{
	channel_fini(&p->in);
	channel_fini(&p->out);
	free(p->name);
	free(p);
}

void link_destroy(struct link *l)
{
	if (!l)
		return;
	flight_pool_fini(&l->flights);
	for (unsigned i = 0; i < l->n_ports; i++)
		port_free(l->ports[i]);
	free(l->ports);
	free(l->taps);
	mac_table_destroy(l->macs);
	free(l->digest);
	free(l->name);
	free(l);
}

const char *link_name(const struct link *l)
{
	return l->name;
}

const char *link_port_name(const struct link_port *p)
{
	return p->name;
}

/* --- frames -------------------------------------------------------------------------------- */

static void run_taps(const struct link_port *p, bool towards_host, const struct buf *frame, const char *drop)
{
	const struct link *l = p->link;
	for (unsigned i = 0; i < l->n_taps; i++)
		l->taps[i].fn(world_now(l->w), p, towards_host, frame, drop, l->taps[i].arg);
}

static void put_le(uint8_t *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void add_to_digest(struct link_port *p, const struct buf *frame)
{
	uint8_t head[16];
	put_le(head, world_now(p->link->w), 8);
	put_le(head + 8, p->index, 4);
	put_le(head + 12, frame->len, 4);
	crypto_generichash_update(p->link->digest, head, sizeof(head));
	crypto_generichash_update(p->link->digest, frame->data, frame->len);
}

/* The frame reaches the host on port p. */
static void deliver_to_host(struct link_port *p, struct buf *frame)
{
	if (p->link->fingerprinting)
		add_to_digest(p, frame);
	run_taps(p, true, frame, NULL);
	p->rx(frame, p->arg);
}

static bool share_a_group(const struct link_port *a, const struct link_port *b)
{
	uint64_t of_a = a->in.imp.partition_groups, of_b = b->in.imp.partition_groups;
	return !of_a || !of_b || (of_a & of_b);
}

static void forward(struct link_port *to, const struct link_port *from, struct buf *frame)
{
	if (share_a_group(from, to))
		channel_send(&to->out, frame);
	else
		channel_drop(&to->out, frame, &to->out.counters.drop_partition, "partition");
}

static void flood(struct link_port *from, struct buf *frame)
{
	struct link *l = from->link;
	for (unsigned i = 0; i < l->n_ports; i++) {
		struct buf *copy = l->ports[i] == from ? NULL : buf_share(frame);
		if (copy)
			forward(l->ports[i], from, copy);
	}
	if (l->n_ports > 1)
		buf_free(frame);
	else
		channel_drop(&from->in, frame, &from->in.counters.drop_unknown, "no-port");
}

static void switch_frame(struct link_port *from, struct buf *frame)
{
	struct link *l = from->link;
	struct mac dst, src;
	if (frame->len < sizeof(dst) + sizeof(src)) {
		channel_drop(&from->in, frame, &from->in.counters.drop_unknown, "runt");
		return;
	}
	memcpy(&dst, frame->data, sizeof(dst));
	memcpy(&src, frame->data + sizeof(dst), sizeof(src));
	if (!mac_is_multicast(src) && mac_table_learn(l->macs, src, from->index, world_now(l->w)))
		from->in.counters.mac_displaced++;
	int to = mac_is_multicast(dst) ? -1 : mac_table_find(l->macs, dst, world_now(l->w));
	if (to < 0)
		flood(from, frame);
	else if ((unsigned)to != from->index)
		forward(l->ports[to], from, frame);
	else
		channel_drop(&from->in, frame, &from->in.counters.drop_unknown, "no-port"); /* its receiver heard it already */
}

static void wire_frame(struct link_port *from, struct buf *frame)
{
	struct link *l = from->link;
	if (l->n_ports == 2)
		deliver_to_host(l->ports[1 - from->index], frame);
	else
		channel_drop(&from->in, frame, &from->in.counters.drop_unknown, "no-port");
}

static void into_the_link(struct channel *ch, struct buf *frame)
{
	switch (ch->port->link->kind) {
	case LINK_WIRE:
		wire_frame(ch->port, frame);
		break;
	case LINK_SWITCH:
		switch_frame(ch->port, frame);
		break;
	case LINK_HUB:
		flood(ch->port, frame);
		break;
	}
}

static void out_of_the_link(struct channel *ch, struct buf *frame)
{
	deliver_to_host(ch->port, frame);
}

static void dropped(struct channel *ch, const struct buf *frame, const char *reason)
{
	run_taps(ch->port, ch->towards_host, frame, reason);
}

void link_send(struct link_port *p, struct buf *frame)
{
	run_taps(p, false, frame, NULL);
	channel_send(&p->in, frame);
}

/* --- ports --------------------------------------------------------------------------------- */

static int open_channel(struct channel *ch, struct link_port *p, bool towards_host)
{
	char *prefix;
	ch->w = p->link->w;
	ch->flights = &p->link->flights;
	ch->port = p;
	ch->towards_host = towards_host;
	ch->deliver = towards_host ? out_of_the_link : into_the_link;
	ch->dropped = dropped;
	if (asprintf(&prefix, "link/%s/%s/%s/", p->link->name, p->name, towards_host ? "to-host" : "from-host") < 0)
		return -ENOMEM;
	int err = channel_init(ch, prefix);
	free(prefix);
	return err;
}

static int port_create(struct link *l, const char *name, link_rx_fn *rx, void *arg, struct link_port **port)
{
	struct link_port *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->link = l;
	p->index = l->n_ports;
	p->rx = rx;
	p->arg = arg;
	p->name = strdup(name);
	if (!p->name || open_channel(&p->in, p, false) < 0)
		goto no_memory;
	if (open_channel(&p->out, p, true) < 0) {
		channel_fini(&p->in);
		goto no_memory;
	}
	*port = p;
	return 0;
no_memory:
	free(p->name);
	free(p);
	return -ENOMEM;
}

static void update_partition(struct link *l)
{
	if (l->kind == LINK_WIRE && l->n_ports == 2)
		l->ports[0]->in.partitioned = l->ports[1]->in.partitioned = !share_a_group(l->ports[0], l->ports[1]);
}

int link_attach(struct link *l, const char *name, link_rx_fn *rx, void *arg, struct link_port **port)
{
	if (l->kind == LINK_WIRE && l->n_ports == 2)
		return -ENOSPC;
	for (unsigned i = 0; i < l->n_ports; i++) {
		if (!strcmp(l->ports[i]->name, name))
			return -EEXIST;
	}
	struct link_port **ports = reallocarray(l->ports, l->n_ports + 1, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	l->ports = ports;
	int err = port_create(l, name, rx, arg, port);
	if (err < 0)
		return err;
	l->ports[l->n_ports++] = *port;
	update_partition(l);
	return 0;
}

int link_impair(struct link_port *p, enum link_direction direction, const struct impairments *imp)
{
	bool wire = p->link->kind == LINK_WIRE;
	if (impairments_check(imp) || (wire && direction == LINK_TO_HOST))
		return -EINVAL;
	if (direction & LINK_FROM_HOST)
		channel_impair(&p->in, imp);
	if (direction & LINK_TO_HOST && !wire)
		channel_impair(&p->out, imp);
	update_partition(p->link);
	return 0;
}

const struct impairments *link_impairments(const struct link_port *p, enum link_direction direction)
{
	return direction == LINK_TO_HOST ? &p->out.imp : &p->in.imp;
}

int link_tap(struct link *l, link_tap_fn *fn, void *arg)
{
	struct tap *taps = reallocarray(l->taps, l->n_taps + 1, sizeof(*taps));
	if (!taps)
		return -ENOMEM;
	l->taps = taps;
	l->taps[l->n_taps++] = (struct tap){ fn, arg };
	return 0;
}

void link_untap(struct link *l, link_tap_fn *fn, void *arg)
{
	for (unsigned i = 0; i < l->n_taps; i++) {
		if (l->taps[i].fn != fn || l->taps[i].arg != arg)
			continue;
		l->n_taps--;
		memmove(&l->taps[i], &l->taps[i + 1], (l->n_taps - i) * sizeof(*l->taps));
		return;
	}
}

const struct link_counters *link_counters(const struct link_port *p, enum link_direction direction)
{
	return direction == LINK_TO_HOST ? &p->out.counters : &p->in.counters;
}

void link_set_fingerprint(struct link *l, bool on)
{
	l->fingerprinting = on;
}

void link_fingerprint(const struct link *l, char hex[33])
{
	uint8_t digest[16];
	crypto_generichash_state state;
	memcpy(&state, l->digest, sizeof(state));
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(hex, 33, digest, sizeof(digest));
}
