/* SPDX-License-Identifier: ISC */
/* Our own addresses: announced when added, defended when another host claims one (RFC 5227). */
#include "stack/link/arp_private.h"

#include <errno.h>
#include <stdlib.h>

#define ANNOUNCE_INTERVAL_NS (2 * NS_PER_S) /* RFC 5227 section 1.1 */
#define DEFEND_INTERVAL_NS (10 * NS_PER_S)  /* likewise */

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

struct arp_own *arp_own_find(const struct arp *arp, struct ip4_addr addr)
{
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		if (arp->own[i].taken && ip4_equal(arp->own[i].addr, addr))
			return &arp->own[i];
	}
	return NULL;
}

struct ip4_addr arp_own_near(const struct arp *arp, struct ip4_addr addr)
{
	struct ip4_addr best = { { 0 } };
	uint32_t best_distance = UINT32_MAX;
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		uint32_t distance = ip4_u32(arp->own[i].addr) ^ ip4_u32(addr);
		if (arp->own[i].taken && distance < best_distance) {
			best_distance = distance;
			best = arp->own[i].addr;
		}
	}
	return best;
}

static int announce(struct arp_own *own)
{
	struct arp_pkt pkt = arp_packet(own->arp, ARP_OP_REQUEST);
	pkt.spa = pkt.tpa = own->addr;
	own->arp->count.tx_request++;
	return arp_transmit(own->arp, &pkt, broadcast);
}

/* Another host uses our address (RFC 5227 section 2.4 (c)): neither learned nor answered, but claimed once in DEFEND_INTERVAL. */
uint64_t *arp_own_conflict(struct arp_own *own)
{
	uint64_t now_ns = own->arp->env->now_ns;
	bool recent = own->contested && now_ns - own->contested_ns < DEFEND_INTERVAL_NS;
	own->contested = true;
	own->contested_ns = now_ns;
	if (!recent)
		announce(own);
	return &own->arp->count.conflict;
}

static void announce_timer(void *arg)
{
	struct arp_own *own = arg;
	announce(own);
	if (--own->announcements_left)
		env_timer_in(own->arp->env, &own->timer, ANNOUNCE_INTERVAL_NS);
}

int arp_announce(struct arp *arp, struct ip4_addr addr)
{
	struct arp_own *own = arp_own_find(arp, addr);
	return own ? announce(own) : -ENOENT;
}

int arp_add_address(struct arp *arp, struct ip4_addr addr)
{
	if (!arp_is_unicast(addr))
		return -EINVAL;
	if (arp_own_find(arp, addr))
		return -EEXIST;
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		struct arp_own *own = &arp->own[i];
		if (own->taken)
			continue;
		own->taken = true;
		own->addr = addr;
		own->contested = false;
		own->announcements_left = arp->config.announcements;
		if (own->announcements_left)
			env_timer_in(arp->env, &own->timer, 0);
		return 0;
	}
	return -ENOSPC;
}

int arp_remove_address(struct arp *arp, struct ip4_addr addr)
{
	struct arp_own *own = arp_own_find(arp, addr);
	if (!own)
		return -ENOENT;
	timer_cancel(&arp->env->timers, &own->timer);
	own->taken = false;
	return 0;
}

int arp_own_init(struct arp *arp)
{
	int err = 0;
	arp->own = calloc(arp->config.max_addresses, sizeof(*arp->own));
	if (!arp->own)
		return -ENOMEM;
	for (uint32_t i = 0; i < arp->config.max_addresses && !err; i++) {
		arp->own[i].arp = arp;
		err = timer_init(&arp->env->timers, &arp->own[i].timer, announce_timer, &arp->own[i]);
	}
	return err;
}

void arp_own_fini(struct arp *arp)
{
	for (uint32_t i = 0; arp->own && i < arp->config.max_addresses; i++)
		timer_fini(&arp->env->timers, &arp->own[i].timer);
	free(arp->own);
}
