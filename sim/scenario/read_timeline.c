/* SPDX-License-Identifier: ISC */
/* timeline: what changes during the run. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EVENTS 2000

static int read_link_key(struct reader *r, const struct yaml_node *node, struct scn_event *e)
{
	const struct yaml_node *link = yaml_get(node, "link");
	if (!link)
		return R_FAIL(r, node, "%s needs \"link\"", node->key->text);
	return read_link_ref(r, link, &e->link);
}

/* impair: {link: wire, from: client, loss: 1 %} */
static int read_impair_action(struct reader *r, const struct yaml_node *node, void *event)
{
	static const struct field keys[] = {
		{ .key = "link", .type = FIELD_CUSTOM },
		{ .key = "from", .type = FIELD_CUSTOM },
		{ .key = "to", .type = FIELD_CUSTOM },
		IMPAIR_FIELDS,
	};
	struct scn_event *e = event;
	e->action = ACTION_IMPAIR;
	int err = read_map(r, node, "impair", FIELDS(keys), &e->impair.patch, &e->impair.patch.set);
	if (!err)
		err = read_link_key(r, node, e);
	if (err)
		return err;
	const struct scn_link *l = &r->s->links[e->link];
	const struct yaml_node *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
	if (from && to)
		return R_FAIL(r, to->key, "give either \"from\" or \"to\"");
	if (to && l->kind == LINK_WIRE)
		return R_FAIL(r, to->key, "a wire has no \"to\": use \"from\" with the other host");
	e->impair.end = SCN_NONE;
	e->impair.direction = to ? LINK_TO_HOST : from || l->kind == LINK_WIRE ? LINK_FROM_HOST : LINK_BOTH;
	return from || to ? read_end_ref(r, from ? from : to, l, &e->impair.end) : 0;
}

static int read_up_or_down(struct reader *r, const struct yaml_node *node, struct scn_event *e, bool down)
{
	e->action = ACTION_IMPAIR;
	e->impair.end = SCN_NONE;
	e->impair.patch.set = PATCH_DOWN;
	e->impair.patch.v.down = down;
	int err = read_link_ref(r, node, &e->link);
	if (!err)
		e->impair.direction = r->s->links[e->link].kind == LINK_WIRE ? LINK_FROM_HOST : LINK_BOTH;
	return err;
}

static int read_down(struct reader *r, const struct yaml_node *node, void *event)
{
	return read_up_or_down(r, node, event, true);
}

static int read_up(struct reader *r, const struct yaml_node *node, void *event)
{
	return read_up_or_down(r, node, event, false);
}

/* partition: {link: lan, groups: [[a, b], [c]]} */
static int read_partition(struct reader *r, const struct yaml_node *node, void *event)
{
	static const struct field keys[] = { { .key = "link", .type = FIELD_CUSTOM }, { .key = "groups", .type = FIELD_CUSTOM } };
	struct scn_event *e = event;
	e->action = ACTION_PARTITION;
	int err = read_keys(r, node, "partition", FIELDS(keys));
	if (!err)
		err = read_link_key(r, node, e);
	const struct yaml_node *groups = yaml_get(node, "groups");
	if (!err && !groups)
		return R_FAIL(r, node, "partition needs \"groups\"");
	return err ? err : read_groups(r, groups, &r->s->links[e->link], &e->groups);
}

static int read_heal(struct reader *r, const struct yaml_node *node, void *event)
{
	struct scn_event *e = event;
	e->action = ACTION_PARTITION;
	return read_link_ref(r, node, &e->link);
}

static int read_stop(struct reader *r, const struct yaml_node *node, void *event)
{
	struct scn_event *e = event;
	e->action = ACTION_STOP;
	return read_flow_ref(r, node, &e->flow);
}

static int read_abort(struct reader *r, const struct yaml_node *node, void *event)
{
	struct scn_event *e = event;
	e->action = ACTION_ABORT;
	int err = read_flow_ref(r, node, &e->flow);
	if (!err && r->s->flows[e->flow].type != FLOW_TCP)
		return R_FAIL(r, node, "only a tcp flow can be aborted (stop ends any)");
	return err;
}

struct raw_set {
	struct scn_sockopts options; /* first: SOCKOPT_FIELDS */
};

/* set: {flow: chat, keepalive: no} */
static int read_set(struct reader *r, const struct yaml_node *node, void *event)
{
	static const struct field keys[] = { { .key = "flow", .type = FIELD_CUSTOM }, SOCKOPT_FIELDS };
	struct scn_event *e = event;
	struct raw_set raw = { 0 };
	e->action = ACTION_SET;
	int err = read_map(r, node, "set", FIELDS(keys), &raw, NULL);
	e->options = raw.options;
	const struct yaml_node *flow = yaml_get(node, "flow");
	if (!err && !flow)
		return R_FAIL(r, node, "set needs \"flow\"");
	return err ? err : read_flow_ref(r, flow, &e->flow);
}

static const struct field event_fields[] = {
	{ .key = "at", .type = FIELD_TIME, .offset = offsetof(struct scn_event, at_ns) },
	{ .key = "impair", .type = FIELD_CUSTOM, .read = read_impair_action },
	{ .key = "down", .type = FIELD_CUSTOM, .read = read_down },
	{ .key = "up", .type = FIELD_CUSTOM, .read = read_up },
	{ .key = "partition", .type = FIELD_CUSTOM, .read = read_partition },
	{ .key = "heal", .type = FIELD_CUSTOM, .read = read_heal },
	{ .key = "stop", .type = FIELD_CUSTOM, .read = read_stop },
	{ .key = "abort", .type = FIELD_CUSTOM, .read = read_abort },
	{ .key = "set", .type = FIELD_CUSTOM, .read = read_set },
};

static int read_event(struct reader *r, const struct yaml_node *node, struct scn_event *e)
{
	e->pos = node->pos;
	int err = read_keys(r, node, "timeline item", FIELDS(event_fields));
	if (!err && !yaml_get(node, "at"))
		return R_FAIL(r, node, "a timeline item needs \"at\"");
	if (!err && node->n != 2)
		return R_FAIL(r, node, "a timeline item is \"at\" and one action");
	if (!err)
		err = read_map(r, node, "timeline item", FIELDS(event_fields), e, NULL);
	const struct yaml_node *action = err ? NULL : strcmp(node->first->key->text, "at") == 0 ? node->first->next : node->first;
	if (action)
		snprintf(e->text, sizeof(e->text), "%s %s", action->key->text,
			e->action == ACTION_IMPAIR || e->action == ACTION_PARTITION ? r->s->links[e->link].name : r->s->flows[e->flow].name);
	return err;
}

/* Stable: the file's order decides between equal times. */
static void sort_by_time(struct scn_event *e, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct scn_event x = e[i];
		unsigned k = i;
		for (; k && e[k - 1].at_ns > x.at_ns; k--)
			e[k] = e[k - 1];
		e[k] = x;
	}
}

int read_timeline(struct reader *r, const struct yaml_node *node)
{
	struct scenario *s = r->s;
	int err = node ? read_is_list(r, node, "timeline items") : 0;
	if (!node || err)
		return err;
	if (node->n > MAX_EVENTS)
		return R_FAIL(r, node, "more than %d timeline items", MAX_EVENTS);
	s->events = read_alloc(r, node->n, sizeof(*s->events));
	if (!s->events)
		return -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		err = read_event(r, n, &s->events[s->n_events]);
		s->n_events += !err;
	}
	sort_by_time(s->events, s->n_events);
	return err;
}
