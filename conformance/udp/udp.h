/* SPDX-License-Identifier: ISC */
/* What the UDP cases share. */
#ifndef CONFORMANCE_UDP_UDP_H
#define CONFORMANCE_UDP_UDP_H

#include "conformance/tester/case.h"

/* The DUT's socket gets exactly one datagram of len pattern bytes. */
#define udp_delivered(t, sock, len) (udp_delivered)(HERE(t), (sock), (len))
/* It gets nothing. */
#define udp_dropped(t, sock) (udp_dropped)(HERE(t), (sock))
/* A good datagram to a socket of its own still gets through: what came before did no harm, and no silence was that of a dead stack. */
#define udp_alive(t) (udp_alive)(HERE(t))
void (udp_delivered)(struct tester *t, int sock, size_t len);
void (udp_dropped)(struct tester *t, int sock);
void (udp_alive)(struct tester *t);

#endif
