/* SPDX-License-Identifier: ISC */
/*
 * The virtual link layer. A link joins ports: a wire joins two, a switch or hub any number. Every port has two
 * directions, each an independent channel with its own impairments and its own random stream:
 *
 *     host ──(in: towards the link)──▶ [ wire | switch | hub ] ──(out: towards the host)──▶ host
 *
 * On a wire the impairments of a direction A→B apply once, on A's way in. On a switch each host's cable has
 * its own channel per direction.
 */
#ifndef SIM_LINK_LINK_H
#define SIM_LINK_LINK_H

#include "sim/link/impair.h"
#include "sim/world/world.h"

struct link;
struct link_port;

enum link_kind { LINK_WIRE, LINK_SWITCH, LINK_HUB };

/* A frame arrives at the port's owner; takes the buffer. Always from the event queue, never inside link_send(). */
typedef void link_rx_fn(struct buf *frame, void *arg);
/*
 * A tap sees every frame that enters a port (before impairments) and every frame delivered out of one (after them).
 * drop: NULL, or the reason why the frame ends in this port's channel: "loss" "queue-full" "aqm" "down" "mtu" "partition"
 * "no-port" "runt" "no-memory"; a frame dropped on its way from the host was seen entering before. Borrows the buffer.
 */
typedef void link_tap_fn(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg);

/* name is unique in the world: it names the random streams. NULL when out of memory. */
struct link *link_create(struct world *w, const char *name, enum link_kind kind);
void link_destroy(struct link *l);
const char *link_name(const struct link *l);

/* Adds a port; name is unique on the link (the host's name). 0; -ENOSPC for a third port of a wire, -EEXIST, -ENOMEM. */
int link_attach(struct link *l, const char *name, link_rx_fn *rx, void *arg, struct link_port **port);
const char *link_port_name(const struct link_port *p);
/* Sends a frame into the link at p; takes the buffer. */
void link_send(struct link_port *p, struct buf *frame);

enum link_direction { LINK_FROM_HOST = 1, LINK_TO_HOST = 2, LINK_BOTH = 3 };
/*
 * Sets the impairments of the port's channel(s) from now on; frames under way keep their delays, frames that wait leave at the new rate.
 * Loss lists and burst states start anew only when the loss settings differ. On a wire only LINK_FROM_HOST exists, and LINK_BOTH
 * means that. 0; -EINVAL, nothing changed, when a value is out of range (impairments_check says which).
 */
int link_impair(struct link_port *p, enum link_direction direction, const struct impairments *imp);
const struct impairments *link_impairments(const struct link_port *p, enum link_direction direction);

/* Any number of taps; they run in the order added. 0 or -ENOMEM. */
int link_tap(struct link *l, link_tap_fn *fn, void *arg);
/* Removes the tap; not from inside one. */
void link_untap(struct link *l, link_tap_fn *fn, void *arg);

/* Per port and direction. */
struct link_counters {
	uint64_t frames, bytes;                                                                      /* delivered */
	uint64_t sent_frames, sent_bytes;                                                            /* handed in */
	uint64_t drop_loss, drop_queue, drop_down, drop_mtu, drop_partition, drop_aqm, drop_unknown; /* unknown: no port wants it */
	uint64_t duplicated, reordered, corrupted, truncated, padded, ecn_marked;
	uint64_t mac_displaced;    /* addresses a full switch table forgot to learn one from here */
	uint32_t queue_high_bytes; /* most that ever waited */
};
/* direction is one of the two. What a wire's ports receive counts at the other port's LINK_FROM_HOST. */
const struct link_counters *link_counters(const struct link_port *p, enum link_direction direction);

/* Fingerprints are on unless switched off, which saves about a nanosecond a byte. */
void link_set_fingerprint(struct link *l, bool on);
/* BLAKE2b over (time, port, bytes) of every delivered frame: equal fingerprints mean equal traffic. Hex, 32 digits and NUL. */
void link_fingerprint(const struct link *l, char hex[33]);

#endif
