/* SPDX-License-Identifier: ISC */
/* What the IPv4 cases share: a protocol of their own above the layer under test, seen through a raw socket. */
#ifndef CONFORMANCE_IPV4_IPV4_H
#define CONFORMANCE_IPV4_IPV4_H

#include "conformance/tester/case.h"

#define EXPERIMENT 253 /* a protocol number for experiments, RFC 3692 */
#define DGRAM(...) IP4(.protocol = EQ(EXPERIMENT), __VA_ARGS__)

/* The protocol above gets nothing, and nothing is sent. */
#define ipv4_dropped(t, sock) (ipv4_dropped)(HERE(t), (sock))
/* A good datagram still gets through: what came before did no harm. */
#define ipv4_alive(t, sock) (ipv4_alive)(HERE(t), (sock))
void(ipv4_dropped)(struct tester *t, int sock);
void(ipv4_alive)(struct tester *t, int sock);
/* Reads and forgets whatever the protocol above got. */
void ipv4_drain(struct tester *t, int sock);

/* Sends bytes [from, to) of a datagram of pattern bytes as a fragment; more: whether it says that more follow. */
#define FRAGMENT(t, id, from, to, more) ipv4_fragment(HERE(t), (id), (from), (to), (more))
void ipv4_fragment(struct tester *t, uint16_t id, unsigned from, unsigned to, bool more);
/* Fills n bytes with the tester's pattern from byte from on. */
void ipv4_pattern(uint8_t *bytes, size_t from, size_t n);

#endif
