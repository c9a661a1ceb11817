/* SPDX-License-Identifier: ISC */
/* A host for tests: Ethernet, ARP, IPv4, ICMPv4 and UDP composed as a program would, its frames kept or handed to a peer. */
#ifndef STACK_UDP_HOST_TEST_H
#define STACK_UDP_HOST_TEST_H

#include "stack/base/unit.h"
#include "stack/ip/icmp4.h"
#include "stack/ip/ip4_eth.h"
#include "stack/udp/udp_direct.h"

struct test_host {
	struct env env;
	struct eth *eth;
	struct arp *arp;
	struct ip4 *ip4;
	struct ip4_eth *joint;
	struct icmp4 *icmp4;
	struct udp_direct *udp;
	unsigned ifindex;
	struct buf *out, **out_end; /* frames sent */
};

static inline void test_host_frame(struct buf *frame, void *arg)
{
	struct test_host *h = arg;
	frame->next = NULL;
	*h->out_end = frame;
	h->out_end = &frame->next;
}

/* The composition root: plain calls, each layer registering with the one below. */
static inline void test_host_create(struct test_host *h, struct buf_pool *pool, const char *name, uint8_t last)
{
	struct mac mac = { { 2, 0, 0, 0, 0, last } };
	struct ip4_addr addr = { { 10, 0, 0, last } };
	struct eth_config eth = eth_config_default(mac);
	struct arp_config arp = arp_config_default();
	struct ip4_config ip4 = ip4_config_default();
	struct icmp4_config icmp4 = icmp4_config_default();
	struct udp_direct_config udp = udp_direct_config_default();
	h->out = NULL;
	h->out_end = &h->out;
	env_init(&h->env, 1, name, pool);
	ck_assert_int_eq(eth_create(&h->env, &eth, test_host_frame, h, &h->eth), 0);
	ck_assert_int_eq(arp_create(&h->env, h->eth, &arp, &h->arp), 0);
	ck_assert_int_eq(ip4_create(&h->env, &ip4, &h->ip4), 0);
	ck_assert_int_eq(ip4_eth_attach(h->ip4, h->eth, h->arp, &h->joint, &h->ifindex), 0);
	ck_assert_int_eq(ip4_eth_address_add(h->joint, addr, 24), 0);
	ck_assert_int_eq(icmp4_create(&h->env, h->ip4, &icmp4, &h->icmp4), 0);
	ip4_set_unclaimed(h->ip4, icmp4_protocol_unreachable, h->icmp4);
	ip4_set_report(h->ip4, icmp4_report, h->icmp4);
	ck_assert_int_eq(udp_direct_create(&h->env, &udp, &h->udp), 0);
	ck_assert_int_eq(udp_direct_attach(h->udp, ip4_face(h->ip4)), 0);
	udp_direct_set_unclaimed(h->udp, icmp4_port_unreachable, h->icmp4);
}

static inline struct buf *test_host_take(struct test_host *h)
{
	struct buf *b = h->out;
	if (!b)
		return NULL;
	h->out = b->next;
	if (!h->out)
		h->out_end = &h->out;
	b->next = NULL;
	return b;
}

static inline void test_host_destroy(struct test_host *h)
{
	udp_direct_destroy(h->udp);
	icmp4_destroy(h->icmp4);
	ip4_eth_detach(h->joint);
	ip4_destroy(h->ip4);
	arp_destroy(h->arp);
	eth_destroy(h->eth);
	ck_assert_uint_eq(h->env.timers.reserved, 0);
	env_fini(&h->env);
	for (struct buf *b; (b = test_host_take(h));)
		buf_free(b);
}

/* Carries frames to and fro until both are silent. Returns how many. */
static inline unsigned test_hosts_exchange(struct test_host *a, struct test_host *b)
{
	unsigned n = 0;
	for (;; n++) {
		struct buf *frame = test_host_take(a);
		if (frame) {
			eth_input(b->eth, frame);
			continue;
		}
		frame = test_host_take(b);
		if (!frame)
			return n;
		eth_input(a->eth, frame);
	}
}

/* The counter called name; fails the test when there is none. */
static inline uint64_t test_counter(struct counter_set set, const char *name)
{
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("%s has no counter %s", set.layer, name);
}

#endif
