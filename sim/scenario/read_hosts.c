/* SPDX-License-Identifier: ISC */
/* hosts: names, interfaces, options. Routes wait for the links, see read_addr.c. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MTU 1500
#define MTU_MIN 68 /* RFC 791 section 3.2: every module forwards 68 bytes without fragmentation */
#define MTU_MAX 65535

/* The short forms of a host with one interface. */
struct raw_host {
	struct scn_host *host;
	uint32_t mtu;
	struct dut_prefix address;
};

struct raw_interface {
	struct scn_interface *interface;
	uint32_t mtu;
};

static int add_address(struct reader *r, const struct yaml_node *node, struct scn_interface *i)
{
	if (i->dut.n_addrs == DUT_MAX_ADDRS)
		return R_FAIL(r, node, "an interface has at most %d addresses", DUT_MAX_ADDRS);
	return read_prefix(r, node, &i->dut.addrs[i->dut.n_addrs++]);
}

static int read_interface_address(struct reader *r, const struct yaml_node *node, void *target)
{
	struct raw_interface *raw = target;
	if (node->kind != YAML_LIST)
		return add_address(r, node, raw->interface);
	int err = 0;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next)
		err = add_address(r, n, raw->interface);
	return err;
}

static int read_interface_name(struct reader *r, const struct yaml_node *node, void *target)
{
	struct raw_interface *raw = target;
	return read_name(r, node, &raw->interface->name);
}

static const struct field interface_fields[] = {
	{ .key = "name", .type = FIELD_CUSTOM, .read = read_interface_name },
	{ .key = "address", .type = FIELD_CUSTOM, .read = read_interface_address },
	{ .key = "mtu", .type = FIELD_BYTES32, .offset = offsetof(struct raw_interface, mtu), .min = MTU_MIN, .max = MTU_MAX },
};

static unsigned find_interface(const struct scn_host *h, const char *name)
{
	for (unsigned i = 0; i < h->n_interfaces; i++) {
		if (strcmp(h->interfaces[i].name, name) == 0)
			return i;
	}
	return SCN_NONE;
}

static int name_interface(struct reader *r, struct scn_host *h, struct scn_interface *i)
{
	char name[16];
	snprintf(name, sizeof(name), "eth%u", h->n_interfaces);
	i->name = arena_text(&r->s->arena, name, strlen(name));
	return i->name ? 0 : read_no_memory(r);
}

static int read_interface(struct reader *r, const struct yaml_node *node, struct scn_host *h)
{
	struct scn_interface *i = &h->interfaces[h->n_interfaces];
	struct raw_interface raw = { .interface = i };
	*i = (struct scn_interface){ .pos = node->pos, .link = SCN_NONE, .end = SCN_NONE };
	int err = read_map(r, node, "interface", FIELDS(interface_fields), &raw, NULL);
	if (!err && !i->name)
		err = name_interface(r, h, i);
	if (!err && find_interface(h, i->name) != SCN_NONE)
		return R_FAIL(r, node, "host %s has two interfaces named \"%s\"", h->name, i->name);
	i->dut.mtu = (uint16_t)raw.mtu;
	h->n_interfaces++;
	return err;
}

static int read_interfaces(struct reader *r, const struct yaml_node *node, void *target)
{
	struct raw_host *raw = target;
	int err = read_is_list(r, node, "interfaces");
	if (!err && node->n > SCN_MAX_INTERFACES)
		return R_FAIL(r, node, "a host has at most %d interfaces", SCN_MAX_INTERFACES);
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next)
		err = read_interface(r, n, raw->host);
	raw->host->declared = true;
	return err;
}

static int read_address(struct reader *r, const struct yaml_node *node, void *target)
{
	struct raw_host *raw = target;
	return read_prefix(r, node, &raw->address);
}

static int read_options(struct reader *r, const struct yaml_node *node, void *target)
{
	struct scn_host *h = ((struct raw_host *)target)->host;
	int err = read_is_map(r, node, "options");
	if (err)
		return err;
	h->options = read_alloc(r, node->n, sizeof(*h->options));
	if (!h->options)
		return -ENOMEM;
	h->options_pos = node->pos;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		h->options[h->n_options++] = (struct dut_option){ n->key->text, n->text };
		err = read_is_scalar(r, n, "a value");
	}
	return err;
}

static int read_host_stack(struct reader *r, const struct yaml_node *node, void *target)
{
	struct scn_host *h = ((struct raw_host *)target)->host;
	h->stack = node->text;
	h->stack_pos = node->pos;
	return read_is_scalar(r, node, "a stack like direct or lwip");
}

static int read_router(struct reader *r, const struct yaml_node *node, void *target)
{
	return read_bool(r, node, &((struct raw_host *)target)->host->router);
}

static int read_host_name(struct reader *r, const struct yaml_node *node, void *target)
{
	return read_name(r, node, &((struct raw_host *)target)->host->name);
}

static const struct field host_fields[] = {
	{ .key = "name", .type = FIELD_CUSTOM, .read = read_host_name },
	{ .key = "stack", .type = FIELD_CUSTOM, .read = read_host_stack },
	{ .key = "address", .type = FIELD_CUSTOM, .read = read_address },
	{ .key = "mtu", .type = FIELD_BYTES32, .offset = offsetof(struct raw_host, mtu), .min = MTU_MIN, .max = MTU_MAX },
	{ .key = "interfaces", .type = FIELD_CUSTOM, .read = read_interfaces },
	{ .key = "gateway", .type = FIELD_CUSTOM },
	{ .key = "routes", .type = FIELD_CUSTOM },
	{ .key = "router", .type = FIELD_CUSTOM, .read = read_router },
	{ .key = "options", .type = FIELD_CUSTOM, .read = read_options },
};

/* The short forms address: and mtu: of a host. */
static int apply_short_forms(struct reader *r, const struct yaml_node *node, struct raw_host *raw)
{
	struct scn_host *h = raw->host;
	if (raw->address.addr.family && h->declared)
		return R_FAIL(r, yaml_get(node, "address"), "host %s lists interfaces: give the address there", h->name);
	if (raw->address.addr.family) {
		struct scn_interface *i = &h->interfaces[h->n_interfaces];
		*i = (struct scn_interface){ .pos = node->pos, .link = SCN_NONE, .end = SCN_NONE };
		i->dut.addrs[i->dut.n_addrs++] = raw->address;
		int err = name_interface(r, h, i);
		if (err)
			return err;
		h->n_interfaces++;
	}
	for (unsigned i = 0; i < SCN_MAX_INTERFACES; i++) {
		if (!h->interfaces[i].dut.mtu)
			h->interfaces[i].dut.mtu = (uint16_t)(raw->mtu ? raw->mtu : DEFAULT_MTU);
	}
	return 0;
}

static int read_host(struct reader *r, const struct yaml_node *node, struct scn_host *h)
{
	struct raw_host raw = { .host = h };
	h->pos = node->pos;
	h->node = node;
	h->interfaces = read_alloc(r, SCN_MAX_INTERFACES, sizeof(*h->interfaces));
	if (!h->interfaces)
		return -ENOMEM;
	int err = node->kind == YAML_SCALAR ? read_name(r, node, &h->name) : read_map(r, node, "host", FIELDS(host_fields), &raw, NULL);
	if (!err && !h->name)
		return R_FAIL(r, node, "a host needs a \"name\"");
	const struct yaml_node *name = node->kind == YAML_SCALAR ? node : yaml_get(node, "name");
	unsigned twice = err ? SCN_NONE : scenario_host(r->s, h->name);
	if (twice != SCN_NONE)
		return R_FAIL(r, name, "host \"%s\" named twice (first in line %u)", h->name, r->s->hosts[twice].pos.line);
	if (!err && h->n_options && !h->stack)
		return scn_fail(r->error, h->options_pos, "options are a stack's own: host %s needs a \"stack\"", h->name);
	return err ? err : apply_short_forms(r, node, &raw);
}

int read_hosts(struct reader *r, const struct yaml_node *node)
{
	struct scenario *s = r->s;
	int err = read_is_list(r, node, "hosts");
	if (!err && (!node->n || node->n > SCN_MAX_HOSTS))
		return R_FAIL(r, node, "expected 1 to %d hosts", SCN_MAX_HOSTS);
	if (err)
		return err;
	s->hosts = read_alloc(r, node->n, sizeof(*s->hosts));
	if (!s->hosts)
		return -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		err = read_host(r, n, &s->hosts[s->n_hosts]);
		s->n_hosts += !err;
	}
	return err;
}
