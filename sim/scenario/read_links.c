/* SPDX-License-Identifier: ISC */
/* links: who is joined to whom, and what the channels do to frames. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct raw_link {
	struct scn_patch patch; /* first: IMPAIR_FIELDS */
	struct scn_link *link;
	int kind;
};

static int read_link_name(struct reader *r, const struct yaml_node *node, void *target)
{
	return read_name(r, node, &((struct raw_link *)target)->link->name);
}

static const char *const kinds[] = { "wire", "switch", "hub", NULL };

static const struct field link_fields[] = {
	{ .key = "name", .type = FIELD_CUSTOM, .read = read_link_name },
	{ .key = "kind", .type = FIELD_WORD, .offset = offsetof(struct raw_link, kind), .words = kinds },
	{ .key = "ends", .type = FIELD_CUSTOM },
	{ .key = "from", .type = FIELD_CUSTOM },
	{ .key = "to", .type = FIELD_CUSTOM },
	{ .key = "partition", .type = FIELD_CUSTOM },
	IMPAIR_FIELDS,
};

/* The interface an end joins: the one named, else the host's next free one, else a new one. */
static int pick_interface(struct reader *r, const struct yaml_node *node, struct scn_host *h, const char *name, unsigned *out)
{
	for (unsigned i = 0; i < h->n_interfaces; i++) {
		if (name ? strcmp(h->interfaces[i].name, name) != 0 : h->interfaces[i].link != SCN_NONE)
			continue;
		if (h->interfaces[i].link != SCN_NONE)
			return R_FAIL(r, node, "%s is already joined to link %s", node->text, r->s->links[h->interfaces[i].link].name);
		*out = i;
		return 0;
	}
	if (name)
		return R_FAIL(r, node, "host %s has no interface \"%.60s\"", h->name, name);
	if (h->declared)
		return R_FAIL(r, node, "host %s has no free interface: all %u it lists are joined to links", h->name, h->n_interfaces);
	if (h->n_interfaces == SCN_MAX_INTERFACES)
		return R_FAIL(r, node, "host %s is joined to more than %d links", h->name, SCN_MAX_INTERFACES);
	char text[16];
	snprintf(text, sizeof(text), "eth%u", h->n_interfaces);
	*out = h->n_interfaces++;
	h->interfaces[*out].name = arena_text(&r->s->arena, text, strlen(text));
	return h->interfaces[*out].name ? 0 : read_no_memory(r);
}

/* "host" or "host.interface" */
static int split_end(struct reader *r, const struct yaml_node *node, unsigned *host, const char **interface)
{
	int err = read_is_scalar(r, node, "a host, or host.interface");
	if (err)
		return err;
	const char *dot = strchr(node->text, '.');
	*interface = dot ? dot + 1 : NULL;
	char *name = arena_text(&r->s->arena, node->text, dot ? (size_t)(dot - node->text) : strlen(node->text));
	if (!name)
		return read_no_memory(r);
	*host = scenario_host(r->s, name);
	return *host == SCN_NONE ? R_FAIL(r, node, "unknown host \"%.60s\"", name) : 0;
}

static int read_end(struct reader *r, const struct yaml_node *node, struct scn_link *l)
{
	struct scn_end *end = &l->ends[l->n_ends];
	const char *interface;
	int err = split_end(r, node, &end->host, &interface);
	if (!err)
		err = pick_interface(r, node, &r->s->hosts[end->host], interface, &end->interface);
	if (err)
		return err;
	for (unsigned e = 0; e < l->n_ends; e++) {
		if (l->ends[e].host == end->host)
			return R_FAIL(r, node, "host %s is on link %s twice", r->s->hosts[end->host].name, l->name);
	}
	struct scn_interface *i = &r->s->hosts[end->host].interfaces[end->interface];
	i->link = r->s->n_links;
	i->end = l->n_ends++;
	return 0;
}

static int read_ends(struct reader *r, const struct yaml_node *node, struct scn_link *l)
{
	int err = read_is_list(r, node, "hosts");
	if (!err && (node->n < 2 || node->n > SCN_MAX_PORTS))
		return R_FAIL(r, node, "a link joins 2 to %d hosts, not %u", SCN_MAX_PORTS, node->n);
	if (!err && l->kind == LINK_WIRE && node->n != 2)
		return R_FAIL(r, node, "a wire joins 2 hosts, not %u (kind: switch joins any number)", node->n);
	l->ends = err ? NULL : read_alloc(r, node->n, sizeof(*l->ends));
	if (!l->ends)
		return err ? err : -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next)
		err = read_end(r, n, l);
	return err;
}

static int find_end(struct reader *r, const struct yaml_node *node, const char *name, const struct scn_link *l, unsigned *end)
{
	for (unsigned e = 0; e < l->n_ends; e++) {
		if (strcmp(r->s->hosts[l->ends[e].host].name, name) == 0) {
			*end = e;
			return 0;
		}
	}
	return R_FAIL(r, node, "\"%.60s\" is not on link %s", name, l->name);
}

int read_end_ref(struct reader *r, const struct yaml_node *node, const struct scn_link *l, unsigned *end)
{
	int err = read_is_scalar(r, node, "a host on the link");
	return err ? err : find_end(r, node, node->text, l, end);
}

/* from: {client: {loss: 1 %}} */
static int read_directed(struct reader *r, const struct yaml_node *map, struct scn_link *l, unsigned direction)
{
	static const struct field keys[] = { IMPAIR_FIELDS };
	if (!map)
		return 0;
	if (direction == LINK_TO_HOST && l->kind == LINK_WIRE)
		return R_FAIL(r, map->key, "a wire has no \"to\": use \"from\" with the other host");
	int err = read_is_map(r, map, map->key->text);
	for (const struct yaml_node *n = err ? NULL : map->first; n && !err; n = n->next) {
		struct scn_impair *i = &l->impairs[l->n_impairs++];
		i->direction = direction;
		err = find_end(r, n->key, n->key->text, l, &i->end);
		if (!err)
			err = read_map(r, n, n->key->text, FIELDS(keys), &i->patch, &i->patch.set);
	}
	return err;
}

static int read_impairs(struct reader *r, const struct yaml_node *node, struct scn_link *l, const struct scn_patch *all)
{
	const struct yaml_node *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
	l->impairs = read_alloc(r, 1 + (from ? from->n : 0) + (to ? to->n : 0), sizeof(*l->impairs));
	if (!l->impairs)
		return -ENOMEM;
	l->impairs[l->n_impairs++] = (struct scn_impair){ SCN_NONE, l->kind == LINK_WIRE ? LINK_FROM_HOST : LINK_BOTH, *all };
	int err = read_directed(r, from, l, LINK_FROM_HOST);
	return err ? err : read_directed(r, to, l, LINK_TO_HOST);
}

int read_groups(struct reader *r, const struct yaml_node *node, const struct scn_link *l, uint64_t **groups)
{
	if (l->kind == LINK_WIRE)
		return R_FAIL(r, node, "link %s is a wire: only a switch or hub can be partitioned (use down)", l->name);
	int err = read_is_list(r, node, "groups, like [[a, b], [c]]");
	if (!err && (node->n < 1 || node->n > 64))
		return R_FAIL(r, node, "expected 1 to 64 groups");
	uint64_t *mask = *groups = err ? NULL : read_alloc(r, l->n_ends, sizeof(*mask));
	if (!mask)
		return err ? err : -ENOMEM;
	unsigned bit = 0;
	for (const struct yaml_node *g = node->first; g && !err; g = g->next, bit++) {
		err = read_is_list(r, g, "hosts, like [a, b]");
		for (const struct yaml_node *n = err ? NULL : g->first; n && !err; n = n->next) {
			unsigned end = 0;
			err = read_end_ref(r, n, l, &end);
			mask[end] |= err ? 0 : UINT64_C(1) << bit;
		}
	}
	for (unsigned e = 0; e < l->n_ends && !err; e++) {
		if (!mask[e])
			return R_FAIL(r, node, "host %s is in no group", r->s->hosts[l->ends[e].host].name);
	}
	return err;
}

static int read_link(struct reader *r, const struct yaml_node *node, struct scn_link *l)
{
	struct raw_link raw = { .link = l };
	char name[16];
	int err = read_map(r, node, "link", FIELDS(link_fields), &raw, &raw.patch.set);
	if (err)
		return err;
	l->pos = node->pos;
	l->kind = (enum link_kind)raw.kind;
	snprintf(name, sizeof(name), "link%u", r->s->n_links + 1);
	if (!l->name && !(l->name = arena_text(&r->s->arena, name, strlen(name))))
		return read_no_memory(r);
	unsigned twice = scenario_link(r->s, l->name);
	if (twice != SCN_NONE)
		return R_FAIL(r, node, "link \"%s\" named twice (first in line %u)", l->name, r->s->links[twice].pos.line);
	const struct yaml_node *ends = yaml_get(node, "ends"), *partition = yaml_get(node, "partition");
	if (!ends)
		return R_FAIL(r, node, "a link needs \"ends\"");
	err = read_ends(r, ends, l);
	if (!err)
		err = read_impairs(r, node, l, &raw.patch);
	if (!err && partition)
		err = read_groups(r, partition, l, &l->groups);
	return err;
}

int read_links(struct reader *r, const struct yaml_node *node)
{
	struct scenario *s = r->s;
	int err = read_is_list(r, node, "links");
	if (!err && (!node->n || node->n > SCN_MAX_LINKS))
		return R_FAIL(r, node, "expected 1 to %d links", SCN_MAX_LINKS);
	s->links = err ? NULL : read_alloc(r, node->n, sizeof(*s->links));
	if (!s->links)
		return err ? err : -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		err = read_link(r, n, &s->links[s->n_links]);
		s->n_links += !err;
	}
	return err;
}
