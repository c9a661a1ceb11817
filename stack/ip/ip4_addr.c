/* SPDX-License-Identifier: ISC */
/* Which addresses are ours, which are broadcast, and where a destination lies. */
#include "stack/ip/ip4_private.h"

#include <errno.h>

const struct ip4_own *ip4_own_find(const struct ip4 *ip4, struct ip4_addr addr)
{
	for (uint32_t i = 0; i < ip4->n_own; i++) {
		if (ip4_equal(ip4->own[i].addr, addr))
			return &ip4->own[i];
	}
	return NULL;
}

bool ip4_is_ours(const struct ip4 *ip4, struct ip4_addr addr)
{
	return ip4_is_loopback(addr) || ip4_own_find(ip4, addr);
}

static bool is_directed_broadcast(const struct ip4_own *own, struct ip4_addr addr)
{
	uint32_t mask = route4_mask(own->prefix_len), host = ip4_u32(addr) & ~mask;
	if (own->prefix_len > 30 || (ip4_u32(addr) & mask) != (ip4_u32(own->addr) & mask)) /* RFC 3021: no broadcast on /31 */
		return false;
	return host == ~mask || host == 0;
}

bool ip4_is_broadcast_on(const struct ip4 *ip4, unsigned ifindex, struct ip4_addr addr)
{
	if (ip4_is_broadcast(addr) || ip4_is_unspecified(addr))
		return true;
	for (uint32_t i = 0; i < ip4->n_own; i++) {
		if (ip4->own[i].ifindex == ifindex && is_directed_broadcast(&ip4->own[i], addr))
			return true;
	}
	return false;
}

bool ip4_is_any_broadcast(const struct ip4 *ip4, struct ip4_addr addr)
{
	if (ip4_is_broadcast(addr))
		return true;
	for (uint32_t i = 0; i < ip4->n_own; i++) {
		if (is_directed_broadcast(&ip4->own[i], addr))
			return true;
	}
	return false;
}

bool ip4_group_joined(const struct ip4 *ip4, unsigned ifindex, struct ip4_addr group)
{
	if (ip4_u32(group) == 0xe0000001) /* all hosts: RFC 1112 section 7.2 */
		return true;
	for (uint32_t i = 0; i < ip4->n_groups; i++) {
		if (ip4->groups[i].ifindex == ifindex && ip4_equal(ip4->groups[i].addr, group))
			return true;
	}
	return false;
}

/* RFC 1122 section 3.3.4.3: an address of the outgoing interface, on the next hop's network if there is one. */
static const struct ip4_own *select_source(const struct ip4 *ip4, unsigned ifindex, struct ip4_addr next_hop)
{
	const struct ip4_own *on_interface = NULL;
	for (uint32_t i = 0; i < ip4->n_own; i++) {
		const struct ip4_own *own = &ip4->own[i];
		if (own->ifindex != ifindex)
			continue;
		if (((ip4_u32(own->addr) ^ ip4_u32(next_hop)) & route4_mask(own->prefix_len)) == 0)
			return own;
		if (!on_interface)
			on_interface = own;
	}
	return on_interface ? on_interface : ip4->n_own ? &ip4->own[0] : NULL; /* an unnumbered interface borrows */
}

/* Limited broadcast and multicast go out where the source lives, else by route, else by the first interface. */
static int pick_interface(const struct ip4 *ip4, struct ip4_addr dst, const struct ip4_addr *src, unsigned *ifindex)
{
	const struct ip4_own *own = src ? ip4_own_find(ip4, *src) : NULL;
	const struct route4 *route = route4_find(&ip4->routes, dst);
	if (!own && !route && !ip4->n_interfaces)
		return -ENETUNREACH;
	*ifindex = own ? own->ifindex : route ? route->ifindex : 0;
	return 0;
}

static int find_remote(const struct ip4 *ip4, struct ip4_addr dst, const struct ip4_addr *src, struct ip4_hop *hop)
{
	hop->next_hop = dst;
	if (ip4_is_multicast(dst) || ip4_is_broadcast(dst)) {
		hop->kind = ip4_is_multicast(dst) ? IP4_MULTICAST : IP4_BROADCAST;
		return pick_interface(ip4, dst, src, &hop->ifindex);
	}
	const struct route4 *route = ip4_is_unspecified(dst) ? NULL : route4_find(&ip4->routes, dst);
	if (!route)
		return -ENETUNREACH;
	hop->ifindex = route->ifindex;
	if (!ip4_is_unspecified(route->via)) {
		hop->next_hop = route->via;
	} else if (ip4_is_broadcast_on(ip4, route->ifindex, dst)) {
		hop->kind = IP4_BROADCAST;
		hop->next_hop = ip4_from_u32(UINT32_MAX);
	}
	return 0;
}

int ip4_find_hop(const struct ip4 *ip4, struct ip4_addr dst, const struct ip4_addr *src, struct ip4_hop *hop)
{
	*hop = (struct ip4_hop){ .kind = IP4_UNICAST };
	if (src && !ip4_is_ours(ip4, *src))
		return -EADDRNOTAVAIL;
	if (ip4_is_ours(ip4, dst)) {
		*hop = (struct ip4_hop){ IP4_LOCAL, IP4_IFINDEX_LOOPBACK, dst, src ? *src : dst, UINT16_MAX };
		return 0;
	}
	int err = src && ip4_is_loopback(*src) ? -EADDRNOTAVAIL : find_remote(ip4, dst, src, hop);
	if (err)
		return err;
	const struct ip4_own *own = src ? NULL : select_source(ip4, hop->ifindex, hop->next_hop);
	if (!src && !own)
		return -EADDRNOTAVAIL;
	hop->src = src ? *src : own->addr;
	hop->mtu = ip4->interfaces[hop->ifindex].mtu;
	if (hop->kind == IP4_UNICAST)
		hop->mtu = ip4_path_mtu(ip4, dst, hop->mtu);
	return 0;
}
