/* SPDX-License-Identifier: ISC */
/*
 * UDP over any set of struct ip (RFC 768, RFC 1122 section 4.1, RFC 8085): the DIRECT implementation of udp.h.
 * It knows no ICMP: datagrams to a port nobody bound go to the unclaimed hook.
 */
#ifndef STACK_UDP_UDP_DIRECT_H
#define STACK_UDP_UDP_DIRECT_H

#include "stack/base/counter.h"
#include "stack/base/env.h"
#include "stack/ip/ip.h"
#include "stack/udp/udp.h"

struct udp_direct;

struct udp_direct_config {
	uint32_t max_ports;       /* bound at once; default 4096 */
	uint16_t ephemeral_first; /* default 49152 (RFC 6056 section 3.2 would have 1024; IANA's dynamic range collides with no service) */
	uint16_t ephemeral_last;  /* default 65535 */
	bool checksum;            /* over IPv4 as well (RFC 1122 section 4.1.3.4: on by default); default true */
};
struct udp_direct_config udp_direct_config_default(void);

int udp_direct_create(struct env *env, const struct udp_direct_config *config, struct udp_direct **udp);
/* Detaches, and unbinds every port. NULL is allowed. */
void udp_direct_destroy(struct udp_direct *udp);
struct udp *udp_direct_face(struct udp_direct *udp);

/* Registers for protocol 17. 0; -EADDRINUSE when the protocol is taken; -EEXIST when a face of that family is attached. */
int udp_direct_attach(struct udp_direct *udp, struct ip *ip);
/* 0, or -ENOENT. */
int udp_direct_detach(struct udp_direct *udp, struct ip *ip);
/* Datagrams to a port nobody bound; the view is the datagram from the UDP header on. NULL: dropped. Counted either way. */
void udp_direct_set_unclaimed(struct udp_direct *udp, ip_unclaimed_fn *fn, void *arg);

struct counter_set udp_direct_counters(const struct udp_direct *udp);

#endif
