/* SPDX-License-Identifier: ISC */
/* Path MTUs (RFC 1191): a bounded table of destinations that take less than their interface. */
#include "stack/ip/ip4_private.h"

static struct ip4_path *find(const struct ip4 *ip4, struct ip4_addr dst)
{
	for (uint32_t i = 0; i < ip4->n_paths; i++) {
		if (ip4_equal(ip4->paths[i].dst, dst))
			return &ip4->paths[i];
	}
	return NULL;
}

uint32_t ip4_path_mtu(const struct ip4 *ip4, struct ip4_addr dst, uint32_t mtu)
{
	const struct ip4_path *path = find(ip4, dst);
	return path && path->expires_ns > ip4->env->now_ns && path->mtu < mtu ? path->mtu : mtu;
}

/* RFC 1191 section 7, table 7-1. */
static uint32_t plateau_below(uint32_t len)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };
	for (unsigned i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++) {
		if (plateaus[i] < len)
			return plateaus[i];
	}
	return IP4_MTU_MIN;
}

void ip4_path_lower(struct ip4 *ip4, struct ip4_addr dst, uint32_t mtu, uint32_t packet_len)
{
	struct ip4_hop hop;
	if (ip4_find_hop(ip4, dst, NULL, &hop) < 0 || hop.kind != IP4_UNICAST)
		return;
	if (mtu == 0)
		mtu = plateau_below(packet_len);
	if (mtu < IP4_MTU_MIN) /* RFC 1191 section 3: never below */
		mtu = IP4_MTU_MIN;
	if (mtu >= hop.mtu)
		return;
	struct ip4_path *path = find(ip4, dst);
	if (!path) {
		path = &ip4->paths[ip4->next_path];
		ip4->next_path = (ip4->next_path + 1) % ip4->config.max_paths;
		if (ip4->n_paths < ip4->config.max_paths)
			ip4->n_paths++;
	}
	*path = (struct ip4_path){ dst, mtu, ip4->env->now_ns + ip4->config.path_mtu_ns };
	ip4->count.path_mtu_lowered++;
}
