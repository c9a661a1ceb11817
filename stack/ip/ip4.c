/* SPDX-License-Identifier: ISC */
/* The layer's life, its tables, and the face it shows to transports. */
#include "stack/ip/ip4_private.h"

#include <errno.h>
#include <stdlib.h>

static const char *const counter_names[] = { IP4_COUNTERS(COUNTER_NAME) };

struct ip4_config ip4_config_default(void)
{
	return (struct ip4_config){
		.default_ttl = 64,
		.max_interfaces = 16,
		.max_addresses = 64,
		.max_groups = 64,
		.max_routes = 256,
		.max_protocols = 16,
		.max_loopback = 1024,
		.max_paths = 256,
		.path_mtu_ns = 600 * NS_PER_S,
		.reass = ip4_reass_config_default(),
	};
}

/* --- the face --------------------------------------------------------------------------------- */

static int face_bind(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg)
{
	struct ip4 *ip4 = (struct ip4 *)ip;
	int err = demux_bind(&ip4->protocols, protocol, (demux_fn *)rx, arg);
	if (!err && error) {
		err = demux_bind(&ip4->errors, protocol, (demux_fn *)error, arg);
		if (err)
			demux_unbind(&ip4->protocols, protocol);
	}
	return err;
}

static int face_unbind(struct ip *ip, uint8_t protocol)
{
	struct ip4 *ip4 = (struct ip4 *)ip;
	demux_unbind(&ip4->errors, protocol);
	return demux_unbind(&ip4->protocols, protocol);
}

static int face_route(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path)
{
	const struct ip4 *ip4 = (struct ip4 *)ip;
	struct ip4_hop hop;
	struct ip4_addr wanted;
	if (dst->family != 4)
		return -ENETUNREACH;
	if (src && src->family)
		wanted = ip_to_ip4(src);
	int err = ip4_find_hop(ip4, ip_to_ip4(dst), src && src->family ? &wanted : NULL, &hop);
	if (err)
		return err;
	*path = (struct ip_path){
		.src = ip_from_ip4(hop.src),
		.mtu = hop.mtu,
		.header_len = IP4_HDR_LEN,
		.mms_r = UINT16_MAX - IP4_HDR_LEN,
		.local = hop.kind == IP4_LOCAL,
	};
	return 0;
}

static bool face_is_local(struct ip *ip, const struct ip_addr *addr)
{
	return addr->family == 4 && ip4_is_ours((struct ip4 *)ip, ip_to_ip4(addr));
}

static bool face_is_broadcast(struct ip *ip, const struct ip_addr *addr)
{
	return addr->family == 4 && ip4_is_any_broadcast((struct ip4 *)ip, ip_to_ip4(addr));
}

static void face_advise(struct ip *ip, const struct ip_addr *dst, bool alive)
{
	const struct ip4 *ip4 = (struct ip4 *)ip;
	struct ip4_hop hop;
	if (alive || dst->family != 4 || ip4_find_hop(ip4, ip_to_ip4(dst), NULL, &hop) < 0 || hop.kind != IP4_UNICAST)
		return;
	const struct ip4_interface *i = &ip4->interfaces[hop.ifindex];
	if (i->suspect)
		i->suspect(hop.next_hop, i->arg);
}

static void face_too_big(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	if (dst->family == 4)
		ip4_path_lower((struct ip4 *)ip, ip_to_ip4(dst), mtu, packet_len);
}

static const struct ip_ops face_ops = {
	.bind = face_bind,
	.unbind = face_unbind,
	.send = ip4_send,
	.route = face_route,
	.is_local = face_is_local,
	.is_broadcast = face_is_broadcast,
	.advise = face_advise,
	.too_big = face_too_big,
};

struct ip *ip4_face(struct ip4 *ip4)
{
	return &ip4->face;
}

/* --- tables ----------------------------------------------------------------------------------- */

int ip4_interface_add(struct ip4 *ip4, const struct ip4_interface *interface, unsigned *ifindex)
{
	if (!interface->output || interface->mtu < IP4_MTU_MIN || interface->mtu > UINT16_MAX)
		return -EINVAL;
	if (ip4->n_interfaces == ip4->config.max_interfaces)
		return -ENOSPC;
	*ifindex = ip4->n_interfaces;
	ip4->interfaces[ip4->n_interfaces++] = *interface;
	return 0;
}

static int send_nowhere(struct buf *b, struct ip4_addr next_hop, void *arg)
{
	(void)next_hop;
	(void)arg;
	buf_free(b);
	return -ENETDOWN;
}

void ip4_interface_disable(struct ip4 *ip4, unsigned ifindex)
{
	if (ifindex < ip4->n_interfaces)
		ip4->interfaces[ifindex] = (struct ip4_interface){ .mtu = ip4->interfaces[ifindex].mtu, .output = send_nowhere };
}

static bool is_host_address(struct ip4_addr a)
{
	return !ip4_is_multicast(a) && !ip4_is_broadcast(a) && !ip4_is_loopback(a) && a.b[0] != 0;
}

int ip4_address_add(struct ip4 *ip4, unsigned ifindex, struct ip4_addr addr, uint8_t prefix_len)
{
	if (ifindex >= ip4->n_interfaces || prefix_len > 32 || !is_host_address(addr))
		return -EINVAL;
	if (ip4_own_find(ip4, addr))
		return -EEXIST;
	if (ip4->n_own == ip4->config.max_addresses)
		return -ENOSPC;
	struct route4 on_link = { .prefix = ip4_from_u32(ip4_u32(addr) & route4_mask(prefix_len)), .len = prefix_len, .ifindex = ifindex };
	int err = route4_add(&ip4->routes, &on_link);
	if (err && err != -EEXIST) /* a second address in the same network shares its route */
		return err;
	ip4->own[ip4->n_own++] = (struct ip4_own){ addr, prefix_len, ifindex };
	return 0;
}

int ip4_address_remove(struct ip4 *ip4, struct ip4_addr addr)
{
	const struct ip4_own *own = ip4_own_find(ip4, addr);
	if (!own)
		return -ENOENT;
	struct ip4_own gone = *own;
	uint32_t i = (uint32_t)(own - ip4->own), mask = route4_mask(gone.prefix_len);
	ip4->n_own--;
	memmove(&ip4->own[i], &ip4->own[i + 1], (ip4->n_own - i) * sizeof(*ip4->own));
	for (i = 0; i < ip4->n_own; i++) {
		if (ip4->own[i].prefix_len == gone.prefix_len && ((ip4_u32(ip4->own[i].addr) ^ ip4_u32(addr)) & mask) == 0)
			return 0; /* another address keeps the route */
	}
	route4_remove(&ip4->routes, ip4_from_u32(ip4_u32(addr) & mask), gone.prefix_len);
	return 0;
}

int ip4_route_add(struct ip4 *ip4, const struct route4 *route)
{
	return route->ifindex < ip4->n_interfaces ? route4_add(&ip4->routes, route) : -EINVAL;
}

int ip4_route_remove(struct ip4 *ip4, struct ip4_addr prefix, uint8_t len)
{
	return route4_remove(&ip4->routes, prefix, len);
}

int ip4_group_join(struct ip4 *ip4, unsigned ifindex, struct ip4_addr group)
{
	if (ifindex >= ip4->n_interfaces || !ip4_is_multicast(group))
		return -EINVAL;
	if (ip4_group_joined(ip4, ifindex, group))
		return -EEXIST;
	if (ip4->n_groups == ip4->config.max_groups)
		return -ENOSPC;
	ip4->groups[ip4->n_groups++] = (struct ip4_group){ group, ifindex };
	return 0;
}

int ip4_group_leave(struct ip4 *ip4, unsigned ifindex, struct ip4_addr group)
{
	for (uint32_t i = 0; i < ip4->n_groups; i++) {
		if (ip4->groups[i].ifindex == ifindex && ip4_equal(ip4->groups[i].addr, group)) {
			ip4->groups[i] = ip4->groups[--ip4->n_groups];
			return 0;
		}
	}
	return -ENOENT;
}

void ip4_set_unclaimed(struct ip4 *ip4, ip_unclaimed_fn *fn, void *arg)
{
	ip4->unclaimed = fn;
	ip4->unclaimed_arg = arg;
}

void ip4_set_report(struct ip4 *ip4, ip4_report_fn *fn, void *arg)
{
	ip4->report = fn;
	ip4->report_arg = arg;
}

/* --- errors ----------------------------------------------------------------------------------- */

int ip4_deliver_error(struct ip4 *ip4, uint8_t protocol, const struct ip_error *err)
{
	const struct demux_entry *e = demux_find(&ip4->errors, protocol);
	if (!e)
		return -ENOENT;
	ip4->count.errors_delivered++;
	((ip_error_fn *)e->fn)(err, e->arg);
	return 0;
}

void ip4_output_failed(struct ip4 *ip4, unsigned ifindex, struct buf *b)
{
	struct ip4_hdr h;
	int n = ip4_hdr_parse(&h, b->data, b->len);
	ip4->count.drop_no_neighbour++;
	if (n > 0 && !ip4_own_find(ip4, h.src)) {
		struct ip_rx rx;
		ip4_fill_rx(ip4, &rx, &h, b->data, b->len, ifindex);
		ip4_report(ip4, IP4_REPORT_NO_NEIGHBOUR, 0, &rx);
	} else if (n > 0 && h.offset == 0 && b->len - (uint32_t)n >= 8) {
		struct ip_error err = {
			.kind = IP_ERROR_UNREACHABLE_HOST,
			.packet_len = h.total_len,
			.src = ip_from_ip4(h.src),
			.dst = ip_from_ip4(h.dst),
			.reporter = ip_from_ip4(h.src),
			.payload = b->data + n,
			.payload_len = b->len - (uint32_t)n,
		};
		ip4_deliver_error(ip4, h.protocol, &err);
	}
	buf_free(b);
}

static void count_fragments(enum ip4_reass_drop why, uint32_t n, void *arg)
{
	struct ip4 *ip4 = arg;
	uint64_t *const counters[IP4_REASS_DROPS] = {
		[IP4_REASS_MALFORMED] = &ip4->count.drop_frag_malformed,
		[IP4_REASS_TOO_LONG] = &ip4->count.drop_frag_too_long,
		[IP4_REASS_TINY] = &ip4->count.drop_frag_tiny,
		[IP4_REASS_OVERLAP] = &ip4->count.drop_frag_overlap,
		[IP4_REASS_DUPLICATE] = &ip4->count.drop_frag_duplicate,
		[IP4_REASS_INCONSISTENT] = &ip4->count.drop_frag_inconsistent,
		[IP4_REASS_CONDEMNED] = &ip4->count.drop_frag_condemned,
		[IP4_REASS_ECN] = &ip4->count.drop_frag_ecn,
		[IP4_REASS_EVICTED] = &ip4->count.drop_frag_evicted,
		[IP4_REASS_TIMEOUT] = &ip4->count.drop_frag_timeout,
		[IP4_REASS_NO_MEMORY] = &ip4->count.drop_frag_no_memory,
	};
	*counters[why] += n;
}

static void reassembly_timeout(const uint8_t *first, uint32_t len, unsigned ifindex, void *arg)
{
	struct ip4 *ip4 = arg;
	struct ip4_hdr h;
	struct ip_rx rx;
	if (ip4_hdr_parse(&h, first, len) < 0)
		return;
	ip4_fill_rx(ip4, &rx, &h, first, len, ifindex);
	ip4_report(ip4, IP4_REPORT_REASSEMBLY, 0, &rx);
}

/* --- life ------------------------------------------------------------------------------------- */

static int init(struct ip4 *ip4)
{
	const struct ip4_config *c = &ip4->config;
	struct ip4_reass_hooks hooks = { count_fragments, reassembly_timeout, ip4 };
	ip4->interfaces = calloc(c->max_interfaces, sizeof(*ip4->interfaces));
	ip4->own = calloc(c->max_addresses, sizeof(*ip4->own));
	ip4->groups = calloc(c->max_groups + 1, sizeof(*ip4->groups));
	ip4->paths = calloc(c->max_paths, sizeof(*ip4->paths));
	if (!ip4->interfaces || !ip4->own || !ip4->groups || !ip4->paths || route4_init(&ip4->routes, c->max_routes) < 0)
		return -ENOMEM;
	int err = ip4_reass_create(ip4->env, &c->reass, &hooks, &ip4->reass);
	return err ? err : timer_init(&ip4->env->timers, &ip4->loopback_timer, ip4_loopback_run, ip4);
}

int ip4_create(struct env *env, const struct ip4_config *config, struct ip4 **out)
{
	if (!config->default_ttl || !config->max_interfaces || !config->max_addresses || !config->max_routes || !config->max_paths)
		return -EINVAL;
	struct ip4 *ip4 = calloc(1, sizeof(*ip4));
	if (!ip4)
		return -ENOMEM;
	ip4->face = (struct ip){ &face_ops, 4 };
	ip4->env = env;
	ip4->config = *config;
	ip4->loopback_end = &ip4->loopback;
	demux_init(&ip4->protocols, config->max_protocols);
	demux_init(&ip4->errors, config->max_protocols);
	ip4->id_counter = (uint16_t)random_u32(&env->random);
	random_bytes(&env->random, ip4->id_rounds, sizeof(ip4->id_rounds));
	int err = init(ip4);
	if (err) {
		ip4_destroy(ip4);
		return err;
	}
	*out = ip4;
	return 0;
}

void ip4_destroy(struct ip4 *ip4)
{
	if (!ip4)
		return;
	timer_fini(&ip4->env->timers, &ip4->loopback_timer);
	buf_free_all(ip4->loopback);
	ip4_reass_destroy(ip4->reass);
	route4_fini(&ip4->routes);
	demux_fini(&ip4->protocols);
	demux_fini(&ip4->errors);
	free(ip4->interfaces);
	free(ip4->own);
	free(ip4->groups);
	free(ip4->paths);
	free(ip4);
}

struct counter_set ip4_counters(const struct ip4 *ip4)
{
	return (struct counter_set){ "ip4", counter_names, (const uint64_t *)&ip4->count, sizeof(ip4->count) / sizeof(uint64_t) };
}
