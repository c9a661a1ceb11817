/* SPDX-License-Identifier: ISC */
/* What programs read: the "scenario" line of a result file (reports/SCHEMA.md). */
#include "sim/scenario/run.h"

#include <stdlib.h>
#include <string.h>

#define MAX_POINTS 4000u

static json_t *integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *expectations(const struct run *run)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < run->s->n_expects; i++) {
		const struct verdict *v = &run->verdicts[i];
		char source[4200];
		const char *base = strrchr(run->s->file, '/');
		snprintf(source, sizeof(source), "%s:%u:%u", base ? base + 1 : run->s->file, v->x->pos.line, v->x->pos.column);
		if (v->skipped)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:s}", "what", v->x->what, "expected", v->expected, "got", v->got, "ok",
						    v->ok, "source", source));
	}
	return list;
}

static void add_rtt(json_t *o, const struct flow_result *r)
{
	if (!r->rtt_n)
		return;
	json_object_set_new(o, "rtt_min_ns", integer(r->rtt_min_ns));
	json_object_set_new(o, "rtt_avg_ns", integer(r->rtt_sum_ns / r->rtt_n));
	json_object_set_new(o, "rtt_max_ns", integer(r->rtt_max_ns));
}

static json_t *flow(const struct run_flow *rf)
{
	static const char *const types[] = { "tcp", "udp", "ping" };
	const struct flow_result *r = &rf->r;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "name", rf->f->name, "type", types[rf->f->type], "from", host_name(rf->from),
		"to", host_name(rf->to), "bytes", (json_int_t)rf->f->bytes, "bytes_received", (json_int_t)r->bytes_received, "intact", r->intact);
	if (!o)
		return NULL;
	if (r->sha256[0])
		json_object_set_new(o, "sha256", json_string(r->sha256));
	if (r->started)
		json_object_set_new(o, "started_ns", integer(r->started_ns));
	if (r->finished)
		json_object_set_new(o, "finished_ns", integer(r->finished_ns));
	if (rf->f->type != FLOW_PING)
		json_object_set_new(o, "goodput_bps", integer(flow_goodput_bps(rf)));
	add_rtt(o, r);
	if (rf->f->type == FLOW_TCP) {
		json_object_set_new(o, "retransmits", integer(r->retransmits));
		if (r->has_timeouts)
			json_object_set_new(o, "timeouts", integer(r->timeouts));
	} else {
		json_object_set_new(o, "sent", integer(r->sent));
		json_object_set_new(o, "received", integer(r->received));
	}
	if (r->error)
		json_object_set_new(o, "error", json_string(flow_error_name(r->error)));
	return o;
}

static json_t *drops(const struct link_counters *c)
{
	const struct {
		const char *reason;
		uint64_t n;
	} all[] = { { "loss", c->drop_loss }, { "queue", c->drop_queue }, { "down", c->drop_down }, { "mtu", c->drop_mtu },
		{ "partition", c->drop_partition }, { "aqm", c->drop_aqm }, { "unknown", c->drop_unknown } };
	json_t *o = json_object();
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].n)
			json_object_set_new(o, all[i].reason, integer(all[i].n));
	}
	return o;
}

static json_t *link_object(const struct run *run, unsigned index)
{
	struct link_counters c;
	char fingerprint[33];
	run_link_counters(run, index, SCN_NONE, LINK_BOTH, &c);
	link_fingerprint(run->links[index], fingerprint);
	return json_pack("{s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:s}", "name", run->s->links[index].name, "frames", (json_int_t)c.frames, "bytes",
		(json_int_t)c.bytes, "drops", drops(&c), "duplicated", (json_int_t)c.duplicated, "reordered", (json_int_t)c.reordered, "corrupted",
		(json_int_t)c.corrupted, "fingerprint", fingerprint);
}

static void add_counter(void *arg, const char *layer, const char *name, uint64_t value)
{
	char key[100];
	snprintf(key, sizeof(key), "%s.%s", layer, name);
	if (value)
		json_object_set_new(arg, key, integer(value));
}

static json_t *counters(const struct run *run)
{
	json_t *all = json_object();
	for (unsigned h = 0; h < run->s->n_hosts; h++) {
		json_t *o = json_object();
		host_counters(run->hosts[h], add_counter, o);
		json_object_set_new(all, run->s->hosts[h].name, o);
	}
	return all;
}

/* Every retransmission if there is room for them, and evenly spaced others. */
static json_t *series(const struct run_flow *rf)
{
	static const char *const kinds[] = { "seq", "ack", "retransmit" };
	json_t *points = json_array();
	size_t again = 0;
	for (size_t i = 0; i < rf->n_points; i++)
		again += rf->points[i].kind == POINT_RETRANSMIT;
	bool keep = again <= MAX_POINTS / 2;
	size_t room = MAX_POINTS - (keep ? again : 0), every = (rf->n_points + room - 1) / room;
	for (size_t i = 0; i < rf->n_points; i++) {
		const struct seq_point *p = &rf->points[i];
		if (i % every == 0 || (keep && p->kind == POINT_RETRANSMIT))
			json_array_append_new(points, json_pack("[I, I, s]", (json_int_t)p->t_ns, (json_int_t)p->value, kinds[p->kind]));
	}
	return json_pack("{s:s, s:o}", "flow", rf->f->name, "points", points);
}

json_t *run_record(const struct run *run)
{
	const struct scenario *s = run->s;
	static const char *const outcomes[] = { "pass", "fail", "skip" };
	char path[4200];
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "kind", "scenario", "id", s->id, "file", s->file, "title", s->title, "stack",
		run_stack(s, &run->options), "outcome", outcomes[run_outcome(run)], "seed", (json_int_t)run->seed);
	if (!o)
		return NULL;
	json_t *flows = json_array(), *links = json_array(), *all_series = json_array(), *pcaps = json_array();
	json_object_set_new(o, "virtual_ns", integer(run->end_ns));
	json_object_set_new(o, "frames", integer(run->frames));
	json_object_set_new(o, "events", integer(run->w ? world_events(run->w) : 0));
	char *rerun = run_rerun(s, &run->options);
	json_object_set_new(o, "rerun", json_string(rerun));
	free(rerun);
	if (run->skip[0])
		json_object_set_new(o, "message", json_string(run->skip));
	for (unsigned i = 0; i < s->n_flows && !run->skip[0]; i++) {
		json_array_append_new(flows, flow(&run->flows[i]));
		if (run->flows[i].n_points)
			json_array_append_new(all_series, series(&run->flows[i]));
	}
	for (unsigned i = 0; i < s->n_links && !run->skip[0]; i++) {
		json_array_append_new(links, link_object(run, i));
		if (run->options.pcap_dir)
			json_array_append_new(pcaps, json_string(run_pcap_path(s, run->options.pcap_dir, &s->links[i], path, sizeof(path))));
	}
	json_object_set_new(o, "expectations", run->skip[0] ? json_array() : expectations(run));
	json_object_set_new(o, "flows", flows);
	json_object_set_new(o, "links", links);
	json_object_set_new(o, "counters", run->skip[0] ? json_object() : counters(run));
	json_object_set_new(o, "series", all_series);
	json_object_set_new(o, "pcaps", pcaps);
	return o;
}
