/* SPDX-License-Identifier: ISC */
/*
 * ICMP for IPv4 (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3): answers echo, sends errors when asked by the
 * hooks of other layers, and hands received errors to the transport that owns the quoted packet.
 */
#ifndef STACK_IP_ICMP4_H
#define STACK_IP_ICMP4_H

#include "stack/ip/ip4.h"
#include "stack/wire/icmp4.h"

struct icmp4;

struct icmp4_config {
	bool echo;             /* answers echo requests; default true */
	bool broadcast_echo;   /* also those sent to broadcast and multicast (RFC 1122 section 3.2.2.6 lets us choose); default false */
	uint32_t error_bytes;  /* size of the errors we send, IP header included; 96–576; default 576 (RFC 1812 section 4.3.2.3) */
	uint32_t errors_per_s; /* token bucket (RFC 1812 section 4.3.2.8); 0: none are sent; default 100 */
	uint32_t errors_burst; /* its depth; default 50 */
	uint32_t max_pings;    /* echo clients; default 64 */
};
struct icmp4_config icmp4_config_default(void);

/* Binds protocol 1. 0 and *icmp4; -EADDRINUSE when taken; -EINVAL; -ENOMEM. ip4 outlives it. */
int icmp4_create(struct env *env, struct ip4 *ip4, const struct icmp4_config *config, struct icmp4 **icmp4);
/* Hooks set to it are cleared first by whoever set them. NULL is allowed. */
void icmp4_destroy(struct icmp4 *icmp4);

/*
 * Sends an error about the packet rx describes, unless RFC 1122 section 3.2.2 forbids it (counted). word: bytes 4–7 of the
 * header: 0, the MTU, or the pointer in its top byte. 0; -EPERM when forbidden; -EAGAIN when limited; ip_send's errors.
 */
int icmp4_send_error(struct icmp4 *icmp4, uint8_t type, uint8_t code, uint32_t word, const struct ip_rx *rx);

/* Hooks that fit other layers; arg is the struct icmp4. Each takes the buffer. */
void icmp4_protocol_unreachable(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg); /* ip4_set_unclaimed */
void icmp4_port_unreachable(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg);     /* udp_direct_set_unclaimed */
void icmp4_report(enum ip4_report what, uint32_t info, const struct ip_rx *rx, void *arg);        /* ip4_set_report */

/* An echo reply. */
struct icmp4_ping_rx {
	struct ip4_addr src, dst;
	uint16_t id, seq;
	uint8_t ttl, tos;
};
/* Takes the buffer: the data behind the ICMP header. */
typedef void icmp4_ping_fn(struct buf *b, const struct icmp4_ping_rx *rx, void *arg);
/* An error about an echo request of ours: errno value as udp_error_fn's. */
typedef void icmp4_ping_error_fn(int err, struct ip4_addr peer, uint16_t seq, void *arg);

/* Opens an echo client with an identifier chosen at random. 0 and *id; -EINVAL; -ENOSPC; -ENOMEM. error may be NULL. */
int icmp4_ping_open(struct icmp4 *icmp4, icmp4_ping_fn *fn, icmp4_ping_error_fn *error, void *arg, uint16_t *id);
/* No callback runs afterwards. 0, or -ENOENT. */
int icmp4_ping_close(struct icmp4 *icmp4, uint16_t id);
/* Takes the buffer (the data). tx: dst, and src, ttl, tos, dont_fragment, broadcast_ok when wanted. 0; -ENOENT; -EMSGSIZE; ip_send's errors. */
int icmp4_ping_send(struct icmp4 *icmp4, uint16_t id, uint16_t seq, struct buf *b, const struct ip_tx *tx);

struct counter_set icmp4_counters(const struct icmp4 *icmp4);

#endif
