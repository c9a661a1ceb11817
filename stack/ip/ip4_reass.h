/* SPDX-License-Identifier: ISC */
/*
 * IPv4 reassembly (RFC 791 section 3.2, RFC 1122 section 3.3.2).
 * Overlaps: a fragment that shares bytes with another and is not its exact copy condemns the whole datagram, what is
 * still to come included, as RFC 5722 asks for IPv6. Exact copies are dropped without harm.
 */
#ifndef STACK_IP_IP4_REASS_H
#define STACK_IP_IP4_REASS_H

#include "stack/base/env.h"
#include "stack/wire/ip4.h"

struct ip4_reass;

struct ip4_reass_config {
	uint64_t timeout_ns;    /* from the first fragment to arrive; default 60 s (RFC 1122 section 3.3.2: 60–120 s) */
	uint32_t max_datagrams; /* being reassembled; the oldest makes room; default 64 */
	uint32_t max_bytes;     /* held in all, 384 for each fragment added; the oldest datagram makes room; default 1 MiB */
	uint32_t max_fragments; /* of one datagram; default 1400: enough for 65 535 bytes at MTU 68 */
};
struct ip4_reass_config ip4_reass_config_default(void);

/* Why fragments were dropped; counted by the caller. */
enum ip4_reass_drop {
	IP4_REASS_MALFORMED, /* empty, or not the last and no multiple of 8 */
	IP4_REASS_TOO_LONG,  /* the datagram would exceed 65 535 bytes ("ping of death") */
	IP4_REASS_TINY,      /* a TCP header cut before its flags (RFC 1858 section 3, RFC 3128) */
	IP4_REASS_OVERLAP,
	IP4_REASS_DUPLICATE,
	IP4_REASS_INCONSISTENT, /* beyond the end, or two ends */
	IP4_REASS_CONDEMNED,    /* its datagram was condemned before */
	IP4_REASS_ECN,          /* CE and Not-ECT mixed (RFC 3168 section 5.3) */
	IP4_REASS_EVICTED,
	IP4_REASS_TIMEOUT,
	IP4_REASS_NO_MEMORY,
	IP4_REASS_DROPS, /* number of reasons */
};

struct ip4_reass_hooks {
	/* n fragments were dropped. */
	void (*drop)(enum ip4_reass_drop why, uint32_t n, void *arg);
	/* A datagram timed out and fragment zero had come: its bytes, borrowed, and the interface it came by. NULL allowed. */
	void (*timeout)(const uint8_t *first, uint32_t len, unsigned ifindex, void *arg);
	void *arg;
};

int ip4_reass_create(struct env *env, const struct ip4_reass_config *config, const struct ip4_reass_hooks *hooks, struct ip4_reass **r);
void ip4_reass_destroy(struct ip4_reass *r);
/*
 * Takes a fragment: b is the whole packet, h its parsed header, b->len == h->total_len. Returns the datagram when it is
 * complete, with the first fragment's header made whole (total_len, MF, checksum), else NULL.
 */
struct buf *ip4_reass_add(struct ip4_reass *r, struct buf *b, const struct ip4_hdr *h, unsigned ifindex);
/* Datagrams under way, condemned ones included, and bytes held. */
uint32_t ip4_reass_datagrams(const struct ip4_reass *r);
uint32_t ip4_reass_bytes(const struct ip4_reass *r);

#endif
