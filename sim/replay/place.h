/* SPDX-License-Identifier: ISC */
/* The place of a recorded host: what the stack that takes it must be told, and which frames of the capture were sent there. */
#ifndef SIM_REPLAY_PLACE_H
#define SIM_REPLAY_PLACE_H

#include "sim/dut/dut.h"
#include "sim/replay/hosts.h"

enum {                          /* what the capture tells about a port of the host */
	PLACE_ASKED = 1 << 0,   /* a SYN or a unicast datagram came for it */
	PLACE_HEARD = 1 << 1,   /* a broadcast or multicast datagram came for it */
	PLACE_USED = 1 << 2,    /* the host answered with a SYN-ACK, or sent a datagram from it */
	PLACE_REFUSED = 1 << 3, /* the host answered with a RST or port unreachable */
};

struct place {
	struct mac mac;
	unsigned n_addrs;
	struct ip_addr addrs[DUT_MAX_ADDRS];
	uint8_t prefix_len;
	uint16_t mtu;
	bool made_up_macs;      /* the capture has none: mac and gateway_mac are ours */
	struct ip_addr gateway; /* default route; its MAC is that of the peers outside the prefix */
	struct mac gateway_mac;
	uint8_t tcp[65536], udp[65536]; /* PLACE_… by port */
};

/* Fills *p for the host, which hosts_unfit() has nothing against. */
void place_find(struct place *p, const struct trace *t, const struct hosts *hs, const struct replay_host *h);
bool place_owns(const struct place *p, const struct ip_addr *addr);
/* True when the frame was sent to the host: to its MAC (and no other host's address behind it), to a group or to everybody. */
bool place_receives(const struct place *p, const struct hosts *hs, const struct frame *f);
/* The frame as the stack gets it: where the capture has no MACs, with made-up ones. frame is changed in place. */
void place_address(const struct place *p, uint8_t *frame, const struct frame *f);
/* The MAC that answers ARP requests for addr, in *mac; false when nobody would. */
bool place_neighbour(const struct place *p, const struct hosts *hs, const struct ip_addr *addr, struct mac *mac);
/* Whether a port with these PLACE_… bits has to be open before the first frame. */
bool place_tcp_open(uint8_t port);
bool place_udp_open(uint8_t port);

#endif
