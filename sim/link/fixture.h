/* SPDX-License-Identifier: ISC */
/* What the link's unit tests share: a world, a link, ports that write down what arrives. Included once by each test. */
#ifndef SIM_LINK_FIXTURE_H
#define SIM_LINK_FIXTURE_H

#include "sim/link/link.h"
#include "stack/base/unit.h"

#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 8
#define ARRIVALS_MAX 20000
#define TRAIN 10000u

struct arrival {
	uint64_t at_ns;
	uint32_t id; /* number() of the frame */
	uint32_t len;
	uint8_t port;
};

struct net {
	struct world *w;
	struct link *l;
	struct link_port *port[PORTS_MAX];
	unsigned n_ports;
	struct receiver {
		struct net *net;
		uint8_t port;
	} receiver[PORTS_MAX];
	struct arrival arrivals[ARRIVALS_MAX];
	unsigned n;
	uint8_t last[70000]; /* bytes of the last frame that arrived */
};

/* Test frames carry a number behind the Ethernet header. */
static inline uint32_t number(const uint8_t *p, size_t len)
{
	return len < 18 ? UINT32_MAX : (uint32_t)p[14] << 24 | (uint32_t)p[15] << 16 | (uint32_t)p[16] << 8 | p[17];
}

static void net_receive(struct buf *frame, void *arg)
{
	struct receiver *r = arg;
	struct net *net = r->net;
	ck_assert_uint_lt(net->n, ARRIVALS_MAX);
	net->arrivals[net->n++] = (struct arrival){ world_now(net->w), number(frame->data, frame->len), frame->len, r->port };
	memcpy(net->last, frame->data, frame->len);
	buf_free(frame);
}

static struct net *net_create(uint64_t seed, enum link_kind kind, unsigned n_ports)
{
	static const char *const names[PORTS_MAX] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	struct net *net = calloc(1, sizeof(*net));
	net->w = world_create(seed);
	net->l = link_create(net->w, "test", kind);
	for (unsigned i = 0; i < n_ports; i++) {
		net->receiver[i] = (struct receiver){ net, (uint8_t)i };
		ck_assert_int_eq(link_attach(net->l, names[i], net_receive, &net->receiver[i], &net->port[i]), 0);
	}
	net->n_ports = n_ports;
	return net;
}

static void net_destroy(struct net *net)
{
	link_destroy(net->l);
	ck_assert_uint_eq(buf_pool_live(world_pool(net->w)), 0);
	world_destroy(net->w);
	free(net);
}

static inline void net_impair(struct net *net, unsigned port, struct impairments imp)
{
	const char *wrong = impairments_check(&imp);
	ck_assert_msg(!wrong, "%s", wrong);
	ck_assert_int_eq(link_impair(net->port[port], LINK_FROM_HOST, &imp), 0);
}

/* A frame of len bytes from port's own address 02::<port> to 02::<to> (0xff: broadcast), carrying id. */
static inline struct buf *net_frame(struct net *net, unsigned port, unsigned to, uint32_t id, uint32_t len)
{
	struct buf *b = buf_alloc(world_pool(net->w), 0, len);
	memset(b->data, 0, len);
	memcpy(b->data, to == 0xff ? (uint8_t[]){ 255, 255, 255, 255, 255, 255 } : (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)to }, 6);
	memcpy(b->data + 6, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)port, 0x88, 0xb5 }, 8);
	memcpy(b->data + 14, (uint8_t[]){ (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id }, 4);
	return b;
}

static inline void net_send(struct net *net, unsigned port, unsigned to, uint32_t id, uint32_t len)
{
	link_send(net->port[port], net_frame(net, port, to, id, len));
}

/* n frames of len bytes from port 0 to port 1, numbered from 1, gap_ns apart; then everything arrives. */
static inline void net_train(struct net *net, unsigned n, uint32_t len, uint64_t gap_ns)
{
	for (unsigned i = 1; i <= n; i++) {
		net_send(net, 0, 1, i, len);
		world_run(net->w, world_now(net->w) + gap_ns);
	}
	world_run(net->w, WORLD_NEVER);
}

static inline const struct link_counters *net_counters(struct net *net, unsigned port)
{
	return link_counters(net->port[port], LINK_FROM_HOST);
}

/* TRAIN frames 1 µs apart over a wire with these impairments. */
static inline struct net *train(uint64_t seed, struct impairments imp)
{
	struct net *net = net_create(seed, LINK_WIRE, 2);
	net_impair(net, 0, imp);
	net_train(net, TRAIN, 100, 1000);
	return net;
}

/* Which ids arrived how often. */
static inline void count_ids(const struct net *net, uint8_t times[TRAIN + 1])
{
	memset(times, 0, TRAIN + 1);
	for (unsigned i = 0; i < net->n; i++) {
		if (net->arrivals[i].id <= TRAIN)
			times[net->arrivals[i].id]++;
	}
}

#endif
