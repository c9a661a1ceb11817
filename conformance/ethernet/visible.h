/* SPDX-License-Identifier: ISC */
/*
 * Whether the DUT takes a frame shows in different ways: at a packet socket where it has those, else by its answer to an ARP
 * request inside. Cases say what the Ethernet header is like and leave the rest to this.
 */
#ifndef CONFORMANCE_ETHERNET_VISIBLE_H
#define CONFORMANCE_ETHERNET_VISIBLE_H

#include "conformance/tester/tester.h"

struct visible {
	int sock; /* packet socket; -1: by ARP */
};

/* Ends the case as SKIP when neither way exists. */
struct visible visible_open(struct tester *t);
/* Sends a frame with this Ethernet header (and padding, trailer, cut, SNAP) whose taking shows. */
void visible_send(struct tester *t, const struct visible *v, struct packet_eth eth);
/* True when the last one was taken. */
bool visible_arrived(struct tester *t, const struct visible *v);

/* An Ethernet header for visible_send. */
#define HEADER(...) ((struct packet_eth){ .on = true, __VA_ARGS__ })

#endif
