/* SPDX-License-Identifier: ISC */
/* Who speaks in a capture: hosts by address, the MAC each is reached at, and on which side of its conversations it stands. */
#ifndef SIM_REPLAY_HOSTS_H
#define SIM_REPLAY_HOSTS_H

#include "sim/replay/trace.h"
#include "stack/wire/frame.h"

struct replay_host {
	struct ip_addr addr;
	struct mac mac;          /* the one most of its frames carry */
	uint64_t mac_weight;     /* 0: no frame told one */
	bool own_mac;            /* it says so itself, in ARP; else it may be behind a router */
	bool without_mac;        /* seen in frames that have none: a link type without, or all zeros */
	uint64_t first_frame;    /* the number of the frame that first names it */
	uint64_t sent, received; /* frames; received: unicast only */
	uint64_t asked;          /* frames that want an answer: SYN, FIN, data, datagram, echo and ARP request */
	uint64_t as_client;      /* frames it received in conversations it opened */
	uint64_t as_server;      /* … in conversations opened towards it */
	uint64_t handshaken;     /* … in TCP connections it accepted with a SYN-ACK */
	struct replay_host *next_in_bucket;
};

struct hosts {
	struct replay_host **list; /* n, in the order of appearance */
	size_t n, cap;
	struct replay_host **buckets;
	size_t n_buckets;
};

enum replay_role { REPLAY_BUSIEST, REPLAY_CLIENT, REPLAY_SERVER };

/* 0 or -ENOMEM. */
int hosts_find(struct hosts *hs, const struct trace *t);
void hosts_free(struct hosts *hs);
/* NULL when the capture does not name it. */
struct replay_host *hosts_get(const struct hosts *hs, const struct ip_addr *addr);

/* NULL when a stack can be put in its place, else why not. */
const char *hosts_unfit(const struct replay_host *h);
/*
 * The host to be replaced. BUSIEST: the server with most frames in handshaken TCP connections, else whoever is asked most,
 * else whoever receives most.
 * NULL when nobody fits the role.
 */
struct replay_host *hosts_choose(const struct hosts *hs, enum replay_role role);

#endif
