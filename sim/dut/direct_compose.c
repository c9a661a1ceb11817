/* SPDX-License-Identifier: ISC */
/*
 * The composition root: every layer this stack is made of, and every wire between them, in one place of plain calls.
 *
 *        tcp   udp ──(port unreachable)──▶ icmp4
 *          ╲    │        ╭──(protocol unreachable, reports)──╯
 *           ╲── ip4 ─────╯
 *                │  ip4_eth: 0x0800, next hops
 *          arp ─ eth          one of each per interface
 */
#include "sim/dut/direct_stack.h"

#include <errno.h>

/* What a layer stands on. */
static const struct {
	unsigned layer, below;
	const char *why;
} foundations[] = {
	{ DUT_LAYER_ARP, DUT_LAYER_ETHERNET, "the layer arp needs ethernet" },
	{ DUT_LAYER_IPV4, DUT_LAYER_ARP, "the layer ipv4 needs arp" },
	{ DUT_LAYER_ICMPV4, DUT_LAYER_IPV4, "the layer icmpv4 needs ipv4" },
	{ DUT_LAYER_UDP, DUT_LAYER_IPV4, "the layer udp needs ipv4" },
	{ DUT_LAYER_TCP, DUT_LAYER_IPV4, "the layer tcp needs ipv4" },
};

static const char *check_interface(const struct dut_interface *f)
{
	if (f->mtu < IP4_MTU_MIN)
		return "an MTU below 68 is too small for IPv4 (RFC 791 section 3.2)";
	if (f->n_addrs > DUT_MAX_ADDRS)
		return "an interface has at most 4 addresses";
	for (unsigned i = 0; i < f->n_addrs; i++) {
		if (f->addrs[i].addr.family != 4 || f->addrs[i].len > 32)
			return "direct takes IPv4 addresses only";
	}
	return NULL;
}

static const char *check(const struct direct *d, const struct dut_config *config)
{
	const char *why;
	if (d->layers & (DUT_LAYER_IPV6 | DUT_LAYER_ICMPV6))
		return "direct has no IPv6 yet";
	if (!(d->layers & DUT_LAYER_ETHERNET))
		return "a stack needs the layer ethernet";
	for (size_t i = 0; i < sizeof(foundations) / sizeof(foundations[0]); i++) {
		if (d->layers & foundations[i].layer && !(d->layers & foundations[i].below))
			return foundations[i].why;
	}
	if (!config->n_interfaces)
		return "a stack needs an interface";
	for (unsigned i = 0; i < config->n_interfaces; i++) {
		if ((why = check_interface(&config->interfaces[i])))
			return why;
	}
	for (unsigned i = 0; i < config->n_routes; i++) {
		const struct dut_route *r = &config->routes[i];
		if (r->to.len > 32 || (r->via.family != 0 && r->via.family != 4) || r->ifindex >= config->n_interfaces)
			return "a route is not an IPv4 route over one of the interfaces";
	}
	return NULL;
}

static int step(int err, const char *what, const char **why)
{
	if (err < 0 && err != -ENOMEM)
		*why = what;
	return err;
}

static void transmit(struct buf *frame, void *arg)
{
	struct direct_interface *f = arg;
	f->stack->host.frame_out(f->stack->host.arg, f->index, frame->data, frame->len);
	buf_free(frame);
}

static int add_address(struct direct *d, struct direct_interface *f, const struct dut_prefix *p)
{
	struct ip_addr ip = direct_ip(&p->addr);
	if (f->joint)
		return ip4_eth_address_add(f->joint, ip_to_ip4(&ip), p->len);
	return d->layers & DUT_LAYER_ARP ? arp_add_address(f->arp, ip_to_ip4(&ip)) : 0;
}

/* The interface's own layers: eth, arp, and its joint with ip4. */
static int compose_interface(struct direct *d, const struct dut_interface *config, const struct direct_config *tuned, const char **why)
{
	struct direct_interface *f = &d->interfaces[d->n_interfaces];
	struct mac mac;
	memcpy(mac.b, config->mac, sizeof(mac.b));
	struct eth_config eth = eth_config_default(mac);
	eth.mtu = config->mtu;
	*f = (struct direct_interface){ .stack = d, .index = d->n_interfaces };
	int err = step(eth_create(&d->env, &eth, transmit, f, &f->eth), "the interface's MAC address or MTU is out of range", why);
	if (err < 0)
		return err;
	d->n_interfaces++;
	if (d->layers & DUT_LAYER_ARP)
		err = step(arp_create(&d->env, f->eth, &tuned->arp, &f->arp), "an arp option is out of range", why);
	if (!err && d->ip4)
		err = step(ip4_eth_attach(d->ip4, f->eth, f->arp, &f->joint, &f->ip_index), "too many interfaces for ip4", why);
	for (unsigned i = 0; !err && i < config->n_addrs; i++) {
		err = step(add_address(d, f, &config->addrs[i]), "an interface's address is not usable or given twice", why);
		f->addrs[f->n_addrs++] = config->addrs[i];
	}
	return err;
}

static int add_route(struct direct *d, const struct dut_route *r)
{
	struct ip_addr to = direct_ip(&r->to.addr), via = direct_ip(&r->via);
	struct route4 route = {
		.prefix = ip_to_ip4(&to),
		.len = r->to.len,
		.via = ip_to_ip4(&via),
		.ifindex = d->interfaces[r->ifindex].ip_index,
	};
	return ip4_route_add(d->ip4, &route);
}

static int compose_icmp4(struct direct *d, const struct direct_config *tuned, const char **why)
{
	int err = step(icmp4_create(&d->env, d->ip4, &tuned->icmp4, &d->icmp4), "an icmp4 option is out of range", why);
	if (err < 0)
		return err;
	ip4_set_unclaimed(d->ip4, icmp4_protocol_unreachable, d->icmp4);
	ip4_set_report(d->ip4, icmp4_report, d->icmp4);
	return 0;
}

static int compose_udp(struct direct *d, const struct direct_config *tuned, const char **why)
{
	int err = step(udp_direct_create(&d->env, &tuned->udp, &d->udp), "a udp option is out of range", why);
	if (!err)
		err = step(udp_direct_attach(d->udp, ip4_face(d->ip4)), "udp cannot attach to ip4", why);
	if (!err && d->icmp4)
		udp_direct_set_unclaimed(d->udp, icmp4_port_unreachable, d->icmp4);
	return err;
}

static int compose_tcp(struct direct *d, const struct direct_config *tuned, const char **why)
{
	int err = step(tcp_direct_create(&d->env, &tuned->tcp, &d->tcp), "a tcp option is out of range", why);
	return err ? err : step(tcp_direct_attach(d->tcp, ip4_face(d->ip4)), "tcp cannot attach to ip4", why);
}

int direct_compose(struct direct *d, const struct dut_config *config, const char **why)
{
	struct direct_config tuned;
	const char *problem = check(d, config);
	direct_config_default(&tuned);
	tuned.ip4.router = config->router;
	for (unsigned i = 0; !problem && i < config->n_options; i++)
		problem = direct_config_set(&tuned, &config->options[i]);
	if (problem) {
		*why = problem;
		return -EINVAL;
	}
	int err = 0;
	if (d->layers & DUT_LAYER_IPV4)
		err = step(ip4_create(&d->env, &tuned.ip4, &d->ip4), "an ip4 option is out of range", why);
	for (unsigned i = 0; !err && i < config->n_interfaces; i++)
		err = compose_interface(d, &config->interfaces[i], &tuned, why);
	for (unsigned i = 0; !err && d->ip4 && i < config->n_routes; i++)
		err = step(add_route(d, &config->routes[i]), "a route is given twice or has bits behind its prefix", why);
	if (!err && d->layers & DUT_LAYER_ICMPV4)
		err = compose_icmp4(d, &tuned, why);
	if (!err && d->layers & DUT_LAYER_UDP)
		err = compose_udp(d, &tuned, why);
	if (!err && d->layers & DUT_LAYER_TCP)
		err = compose_tcp(d, &tuned, why);
	return err;
}

void direct_decompose(struct direct *d)
{
	tcp_direct_destroy(d->tcp);
	udp_direct_destroy(d->udp);
	if (d->icmp4) {
		ip4_set_unclaimed(d->ip4, NULL, NULL);
		ip4_set_report(d->ip4, NULL, NULL);
	}
	icmp4_destroy(d->icmp4);
	for (unsigned i = 0; i < d->n_interfaces; i++)
		ip4_eth_detach(d->interfaces[i].joint);
	ip4_destroy(d->ip4);
	for (unsigned i = 0; i < d->n_interfaces; i++) {
		arp_destroy(d->interfaces[i].arp);
		eth_destroy(d->interfaces[i].eth);
	}
}

/* One layer's counters, those of all interfaces added up. */
static void count_set(const struct counter_set *sets, unsigned n_sets, dut_counter_fn *fn, void *arg)
{
	for (unsigned i = 0; i < sets[0].n; i++) {
		uint64_t sum = 0;
		for (unsigned k = 0; k < n_sets; k++)
			sum += sets[k].values[i];
		fn(arg, sets[0].layer, sets[0].names[i], sum);
	}
}

void direct_count(struct direct *d, dut_counter_fn *fn, void *arg)
{
	struct counter_set eth[d->n_interfaces], arp[d->n_interfaces], one;
	for (unsigned i = 0; i < d->n_interfaces; i++) {
		eth[i] = eth_counters(d->interfaces[i].eth);
		if (d->layers & DUT_LAYER_ARP)
			arp[i] = arp_counters(d->interfaces[i].arp);
	}
	count_set(eth, d->n_interfaces, fn, arg);
	if (d->layers & DUT_LAYER_ARP)
		count_set(arp, d->n_interfaces, fn, arg);
	if (d->ip4)
		count_set((one = ip4_counters(d->ip4), &one), 1, fn, arg);
	if (d->icmp4)
		count_set((one = icmp4_counters(d->icmp4), &one), 1, fn, arg);
	if (d->udp)
		count_set((one = udp_direct_counters(d->udp), &one), 1, fn, arg);
	if (d->tcp)
		count_set((one = tcp_direct_counters(d->tcp), &one), 1, fn, arg);
}
