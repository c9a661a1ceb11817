/* SPDX-License-Identifier: ISC */
/*
 * Ethernet: one interface. Layers above register per EtherType; nobody owns the rest.
 * Sends Ethernet II (RFC 894); receives that, and 802.3 with LLC/SNAP as well (RFC 1042, RFC 1122 section 2.3.3).
 */
#ifndef STACK_LINK_ETH_H
#define STACK_LINK_ETH_H

#include "stack/base/counter.h"
#include "stack/base/env.h"
#include "stack/wire/eth.h"

struct eth;

/* Takes the frame: header and padding included, no FCS. */
typedef void eth_transmit_fn(struct buf *frame, void *arg);

/* What eth says about a frame it delivers. */
struct eth_rx {
	struct mac dst, src;
	uint16_t type; /* EtherType, also of a SNAP frame */
};
/* Takes the buffer: its view is the payload, padding included (each layer above knows its own length). */
typedef void eth_rx_fn(struct buf *b, const struct eth_rx *rx, void *arg);

struct eth_config {
	struct mac mac;       /* unicast */
	uint32_t mtu;         /* bytes of payload we send, 46–65535; default 1500 */
	uint32_t receive_max; /* bytes of payload we accept, a VLAN tag included; 0: the larger of mtu and 1500, and 4 */
	uint32_t max_types;   /* EtherTypes that may be registered at once; default 16 */
	bool promiscuous;     /* takes frames for other stations, too; default false */
};
struct eth_config eth_config_default(struct mac mac);

/* 0 and *eth; -EINVAL for a configuration out of range; -ENOMEM. env and whatever arg points to outlive the interface. */
int eth_create(struct env *env, const struct eth_config *config, eth_transmit_fn *transmit, void *arg, struct eth **eth);
/* Layers above are destroyed first. NULL is allowed. */
void eth_destroy(struct eth *eth);

/* 0; -EADDRINUSE when the type is taken; -EINVAL below 0x0600 or without fn; -ENOSPC; -ENOMEM. */
int eth_register(struct eth *eth, uint16_t ethertype, eth_rx_fn *fn, void *arg);
/* 0, or -ENOENT. Allowed in a callback. */
int eth_unregister(struct eth *eth, uint16_t ethertype);
/* Gets what no layer claimed; NULL: dropped and counted. */
void eth_set_unclaimed(struct eth *eth, eth_rx_fn *fn, void *arg);

/* A frame from the wire. Takes the buffer. */
void eth_input(struct eth *eth, struct buf *frame);
/* Dispatches a payload by rx->type as if it had come in untagged: for tag layers (vlan.h). Takes the buffer. */
void eth_deliver(struct eth *eth, struct buf *b, const struct eth_rx *rx);
/* Takes the buffer (the payload). Pads to 60 bytes with zeros. 0; -EMSGSIZE over the MTU; -EINVAL for a type below 0x0600; -ENOMEM. */
int eth_send(struct eth *eth, struct buf *b, struct mac dst, uint16_t ethertype);
/* A frame with its header, as it should go out. Takes the buffer. */
void eth_transmit(struct eth *eth, struct buf *frame);

struct mac eth_mac(const struct eth *eth);
uint32_t eth_mtu(const struct eth *eth);
struct counter_set eth_counters(const struct eth *eth);

#endif
