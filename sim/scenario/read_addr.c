/* SPDX-License-Identifier: ISC */
/* What the file leaves open: hardware addresses, IP addresses by order, the route to a lone router; then the routes it names. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <string.h>

/* 02:00:00:HH:HH:II, locally administered: host and interface can be read from it. */
static void give_mac(struct dut_interface *i, unsigned host, unsigned interface)
{
	const uint8_t mac[6] = { 2, 0, 0, (uint8_t)((host + 1) >> 8), (uint8_t)(host + 1), (uint8_t)interface };
	memcpy(i->mac, mac, sizeof(mac));
}

/* The K-th end of the N-th link is 10.N.0.K/24. */
static void give_address(struct scn_interface *i)
{
	if (i->dut.n_addrs || i->link == SCN_NONE)
		return;
	i->dut.n_addrs = 1;
	i->dut.addrs[0] = (struct dut_prefix){ { 4, { 10, (uint8_t)(i->link + 1), 0, (uint8_t)(i->end + 1) } }, 24 };
}

static bool prefix_holds(const struct dut_prefix *p, const struct dut_addr *a)
{
	if (p->addr.family != a->family)
		return false;
	for (unsigned bit = 0; bit < p->len; bit++) {
		if ((p->addr.b[bit / 8] ^ a->b[bit / 8]) & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

/* The interface whose own network holds the address. */
static unsigned interface_towards(const struct scn_host *h, const struct dut_addr *via)
{
	for (unsigned i = 0; i < h->n_interfaces; i++) {
		for (unsigned k = 0; k < h->interfaces[i].dut.n_addrs; k++) {
			if (prefix_holds(&h->interfaces[i].dut.addrs[k], via))
				return i;
		}
	}
	return SCN_NONE;
}

/* A next hop: an address, or the name of a host that shares a link with this one. */
static int read_via(struct reader *r, const struct yaml_node *node, const struct scn_host *h, struct dut_route *route)
{
	int err = read_is_scalar(r, node, "an address or a host's name");
	if (err)
		return err;
	unsigned other = scenario_host(r->s, node->text);
	if (other == SCN_NONE) {
		err = read_addr(r, node, &route->via);
		route->ifindex = err ? 0 : interface_towards(h, &route->via);
		if (!err && route->ifindex == SCN_NONE)
			return R_FAIL(r, node, "%s is on no network of host %s", node->text, h->name);
		return err;
	}
	for (unsigned i = 0; i < h->n_interfaces; i++) {
		const struct scn_host *o = &r->s->hosts[other];
		for (unsigned k = 0; k < o->n_interfaces && h->interfaces[i].link != SCN_NONE; k++) {
			if (o != h && o->interfaces[k].link == h->interfaces[i].link && o->interfaces[k].dut.n_addrs) {
				route->ifindex = i;
				route->via = o->interfaces[k].dut.addrs[0].addr;
				return 0;
			}
		}
	}
	return R_FAIL(r, node, "hosts %s and %s share no link", h->name, node->text);
}

static void add_route(struct scn_host *h, struct dut_route route, struct scn_pos pos)
{
	if (!route.to.addr.family)
		route.to.addr.family = route.via.family;
	h->routes[h->n_routes++] = (struct scn_route){ pos, route };
}

static int read_route(struct reader *r, const struct yaml_node *node, struct scn_host *h)
{
	static const struct field keys[] = { { .key = "to" }, { .key = "via" } };
	struct dut_route route = { 0 };
	int err = read_keys(r, node, "route", FIELDS(keys));
	const struct yaml_node *to = yaml_get(node, "to"), *via = yaml_get(node, "via");
	if (!err && (!to || !via))
		return R_FAIL(r, node, "a route needs \"to\" and \"via\"");
	if (!err && !(to->kind == YAML_SCALAR && strcmp(to->text, "default") == 0))
		err = read_prefix(r, to, &route.to);
	if (!err)
		err = read_via(r, via, h, &route);
	if (!err)
		add_route(h, route, node->pos);
	return err;
}

/* A host with one interface, no routes of its own, and one router on its link: everything else is behind that router. */
static void route_to_lone_router(struct scenario *s, struct scn_host *h)
{
	const struct scn_interface *own = h->interfaces, *router = NULL;
	if (h->router || h->n_interfaces != 1 || own->link == SCN_NONE)
		return;
	const struct scn_link *l = &s->links[own->link];
	for (unsigned e = 0; e < l->n_ends; e++) {
		const struct scn_host *o = &s->hosts[l->ends[e].host];
		if (!o->router)
			continue;
		if (router)
			return;
		router = &o->interfaces[l->ends[e].interface];
	}
	if (router && router->dut.n_addrs)
		add_route(h, (struct dut_route){ .via = router->dut.addrs[0].addr }, h->pos);
}

static int read_routes(struct reader *r, struct scn_host *h)
{
	const struct yaml_node *gateway = yaml_get(h->node, "gateway"), *routes = yaml_get(h->node, "routes");
	int err = routes ? read_is_list(r, routes, "routes") : 0;
	if (err)
		return err;
	h->routes = read_alloc(r, (routes ? routes->n : 0) + 1, sizeof(*h->routes));
	if (!h->routes)
		return -ENOMEM;
	struct dut_route route = { 0 };
	err = gateway ? read_via(r, gateway, h, &route) : 0;
	if (gateway && !err)
		add_route(h, route, gateway->pos);
	for (const struct yaml_node *n = routes ? routes->first : NULL; n && !err; n = n->next)
		err = read_route(r, n, h);
	if (!err && !gateway && !routes)
		route_to_lone_router(r->s, h);
	return err;
}

/* One address belongs to one host: an ARP fight is no scenario anyone means. */
static int check_addresses_differ(struct reader *r, const struct scn_host *h, const struct scn_interface *i)
{
	for (const struct scn_host *o = r->s->hosts; o <= h; o++) {
		for (const struct scn_interface *k = o->interfaces; k < o->interfaces + o->n_interfaces && k != i; k++) {
			for (unsigned a = 0; a < i->dut.n_addrs * k->dut.n_addrs; a++) {
				const struct dut_addr *x = &i->dut.addrs[a / k->dut.n_addrs].addr, *y = &k->dut.addrs[a % k->dut.n_addrs].addr;
				if (memcmp(x, y, sizeof(*x)) == 0)
					return scn_fail(
						r->error, i->pos.line ? i->pos : h->pos, "hosts %s and %s have the same address", o->name, h->name);
			}
		}
	}
	return 0;
}

int read_addresses(struct reader *r)
{
	struct scenario *s = r->s;
	for (unsigned h = 0; h < s->n_hosts; h++) {
		for (unsigned i = 0; i < s->hosts[h].n_interfaces; i++) {
			give_mac(&s->hosts[h].interfaces[i].dut, h, i);
			give_address(&s->hosts[h].interfaces[i]);
		}
	}
	int err = 0;
	for (unsigned h = 0; h < s->n_hosts && !err; h++) {
		for (unsigned i = 0; i < s->hosts[h].n_interfaces && !err; i++)
			err = check_addresses_differ(r, &s->hosts[h], &s->hosts[h].interfaces[i]);
		if (!err)
			err = read_routes(r, &s->hosts[h]);
	}
	return err;
}
