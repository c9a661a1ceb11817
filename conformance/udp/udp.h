/* SPDX-License-Identifier: ISC */
/* What the UDP cases share. */
#ifndef CONFORMANCE_UDP_UDP_H
#define CONFORMANCE_UDP_UDP_H

#include "conformance/tester/case.h"

/* A good datagram to a socket of its own still gets through: what came before did no harm, and no silence was that of a dead stack. */
#define udp_alive(t) (udp_alive)(HERE(t))
void(udp_alive)(struct tester *t);

#endif
