/* SPDX-License-Identifier: ISC */
/* What changes during the run: one world event that walks the timeline. */
#include "sim/scenario/run.h"

#include <errno.h>

static struct link_port *port_of(const struct run *run, unsigned link, unsigned end)
{
	const struct scn_end *e = &run->s->links[link].ends[end];
	return host_port(run->hosts[e->host], e->interface);
}

static int impair_channel(struct link_port *p, enum link_direction direction, const struct scn_patch *patch)
{
	struct impairments imp = *link_impairments(p, direction);
	scn_patch_apply(patch, &imp);
	return link_impair(p, direction, &imp);
}

int run_apply_impair(struct run *run, unsigned link, const struct scn_impair *i)
{
	int err = 0;
	for (unsigned e = 0; e < run->s->links[link].n_ends && !err; e++) {
		if (i->end != SCN_NONE && i->end != e)
			continue;
		if (i->direction & LINK_FROM_HOST)
			err = impair_channel(port_of(run, link, e), LINK_FROM_HOST, &i->patch);
		if (!err && i->direction & LINK_TO_HOST)
			err = impair_channel(port_of(run, link, e), LINK_TO_HOST, &i->patch);
	}
	return err;
}

int run_apply_groups(struct run *run, unsigned link, const uint64_t *groups)
{
	int err = 0;
	for (unsigned e = 0; e < run->s->links[link].n_ends && !err; e++) {
		struct link_port *p = port_of(run, link, e);
		struct impairments imp = *link_impairments(p, LINK_FROM_HOST);
		imp.partition_groups = groups ? groups[e] : 0;
		err = link_impair(p, LINK_FROM_HOST, &imp);
	}
	return err;
}

static void act(struct run *run, const struct scn_event *ev)
{
	struct run_flow *rf = ev->action == ACTION_STOP || ev->action == ACTION_ABORT || ev->action == ACTION_SET ? &run->flows[ev->flow] : NULL;
	if (rf && !rf->state)
		return; /* it never started, or failed to */
	switch (ev->action) {
	case ACTION_IMPAIR:
		run_apply_impair(run, ev->link, &ev->impair);
		break;
	case ACTION_PARTITION:
		run_apply_groups(run, ev->link, ev->groups);
		break;
	case ACTION_STOP:
		rf->ops->stop(rf);
		break;
	case ACTION_ABORT:
		rf->ops->abort(rf);
		break;
	case ACTION_SET:
		rf->ops->set(rf, &ev->options);
		break;
	}
}

static void step(void *arg)
{
	struct run *run = arg;
	const struct scenario *s = run->s;
	while (run->next_event < s->n_events && s->events[run->next_event].at_ns <= world_now(run->w))
		act(run, &s->events[run->next_event++]);
	if (run->next_event < s->n_events)
		world_at(run->w, &run->timeline, s->events[run->next_event].at_ns);
}

int timeline_init(struct run *run)
{
	int err = world_event_init(run->w, &run->timeline, step, run);
	if (!err && run->s->n_events)
		world_at(run->w, &run->timeline, run->s->events[0].at_ns);
	return err;
}
