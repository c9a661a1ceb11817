/* SPDX-License-Identifier: ISC */
/* The run itself: start the flows, let the world go until all is over, settle, judge. */
#include "sim/scenario/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_EVENTS 16384u /* between two calls of progress() */

/* --- what drivers call ---------------------------------------------------------------------- */

static void over(struct run_flow *rf)
{
	if (rf->r.over)
		return;
	rf->r.over = true;
	rf->run->flows_open--;
}

void flow_finished(struct run_flow *rf)
{
	if (rf->r.over)
		return;
	rf->r.finished = true;
	rf->r.finished_ns = world_now(rf->run->w);
	over(rf);
}

void flow_failed(struct run_flow *rf, int err)
{
	if (!rf->r.error)
		rf->r.error = err;
	over(rf);
}

void flow_add_rtt(struct flow_result *r, uint64_t rtt_ns)
{
	if (!r->rtt_n || rtt_ns < r->rtt_min_ns)
		r->rtt_min_ns = rtt_ns;
	if (rtt_ns > r->rtt_max_ns)
		r->rtt_max_ns = rtt_ns;
	r->rtt_sum_ns += rtt_ns;
	r->rtt_n++;
}

/* A stack without an option goes on without it: scenarios state what they need in expect. */
void flow_set_options(struct host *h, int sock, const struct scn_sockopts *o)
{
	for (unsigned i = 0; i <= DUT_SO_DONT_FRAGMENT; i++) {
		if (o->set & 1u << i)
			host_set_option(h, sock, (enum dut_socket_option)i, o->value[i]);
	}
}

/* --- life of a run -------------------------------------------------------------------------- */

static void start_flow(void *arg)
{
	struct run_flow *rf = arg;
	rf->r.started = true;
	rf->r.started_ns = world_now(rf->run->w);
	int err = rf->ops->start(rf);
	if (err)
		flow_failed(rf, err);
}

static int init_flows(struct run *run)
{
	static const struct flow_ops *const drivers[] = { &flow_tcp, &flow_udp, &flow_ping };
	const struct scenario *s = run->s;
	run->flows = calloc(s->n_flows + 1, sizeof(*run->flows));
	if (!run->flows)
		return -ENOMEM;
	run->flows_open = s->n_flows;
	for (unsigned i = 0; i < s->n_flows; i++) {
		struct run_flow *rf = &run->flows[i];
		rf->run = run;
		rf->f = &s->flows[i];
		rf->from = run->hosts[rf->f->from];
		rf->to = run->hosts[rf->f->to];
		rf->ops = drivers[rf->f->type];
		int err = world_event_init(run->w, &rf->start, start_flow, rf);
		if (err)
			return err;
		world_at(run->w, &rf->start, rf->f->start_ns);
	}
	return 0;
}

static void report_progress(const struct run *run)
{
	uint64_t received = 0, expected = 0;
	for (unsigned i = 0; i < run->s->n_flows; i++) {
		received += run->flows[i].r.bytes_received;
		expected += run->s->flows[i].bytes * (run->s->flows[i].direction == FLOW_BOTH ? 2 : 1);
	}
	run->options.progress(run->options.progress_arg, world_now(run->w), received, expected);
}

static bool work_left(const struct run *run)
{
	return run->flows_open || run->next_event < run->s->n_events;
}

/* Until every flow is over and the timeline is through, then the settling time; never beyond the duration. */
static void let_go(struct run *run)
{
	uint64_t end = run->s->duration_ns;
	bool settling = false;
	for (uint64_t n = 1;; n++) {
		if (!settling && !work_left(run)) {
			settling = true;
			uint64_t settled = world_now(run->w) + run->s->settle_ns;
			end = settled < end ? settled : end;
		}
		uint64_t next = world_next(run->w);
		if (next > end || (next == WORLD_NEVER && !settling))
			break;
		world_step(run->w);
		if (run->options.progress && n % PROGRESS_EVENTS == 0)
			report_progress(run);
	}
	run->capped = !settling && world_next(run->w) != WORLD_NEVER;
	if (run->capped || settling)
		world_run(run->w, end);
	run->end_ns = world_now(run->w);
}

static int finish_pcaps(struct run *run, struct scn_error *e)
{
	int err = 0;
	for (unsigned l = 0; run->pcaps && l < run->s->n_links; l++) {
		if (!run->pcaps[l])
			continue;
		char line[CAPTURE_ERROR_MAX];
		int failed = tap_pcap_finish(run->pcaps[l], line);
		run->pcaps[l] = NULL;
		if (failed && !err) {
			snprintf(e->text, sizeof(e->text), "%s", line);
			err = failed;
		}
	}
	return err;
}

static int build_and_run(struct run *run, struct scn_error *e)
{
	int err = run_build(run, e);
	if (err || run->skip[0])
		return err;
	err = init_flows(run);
	if (!err)
		err = observe_init(run);
	if (!err)
		err = timeline_init(run);
	if (err)
		return err;
	let_go(run);
	for (unsigned i = 0; i < run->s->n_flows; i++) {
		struct run_flow *rf = &run->flows[i];
		if (rf->state)
			rf->ops->finish(rf);
		rf->r.retransmits = rf->watch[0].retransmits + rf->watch[1].retransmits;
	}
	err = run_judge(run);
	return err ? err : finish_pcaps(run, e);
}

int scenario_run(const struct scenario *s, const struct run_options *options, struct run **out, char error[SCN_ERROR_MAX])
{
	struct scn_error e = { .file = s->file };
	struct run *run = calloc(1, sizeof(*run));
	*out = NULL;
	int err = run ? 0 : -ENOMEM;
	if (!err) {
		run->s = s;
		run->options = *options;
		run->seed = options->has_seed ? options->seed : s->seed;
		err = build_and_run(run, &e);
	}
	if (!err) {
		*out = run;
		return 0;
	}
	scn_fail(&e, (struct scn_pos){ 0 }, "cannot run: %s", strerror(-err));
	memcpy(error, e.text, sizeof(e.text));
	run_free(run);
	return err;
}

void run_free(struct run *run)
{
	if (!run)
		return;
	const struct scenario *s = run->s;
	for (unsigned i = 0; run->flows && i < s->n_flows; i++) {
		struct run_flow *rf = &run->flows[i];
		if (rf->state)
			rf->ops->destroy(rf);
		world_event_fini(run->w, &rf->start);
		free(rf->points);
	}
	for (unsigned l = 0; run->pcaps && l < s->n_links; l++)
		tap_pcap_discard(run->pcaps[l]);
	for (unsigned h = 0; run->hosts && h < s->n_hosts; h++)
		host_destroy(run->hosts[h]);
	for (unsigned l = 0; run->links && l < s->n_links; l++)
		link_destroy(run->links[l]);
	if (run->w) {
		world_event_fini(run->w, &run->timeline);
		world_destroy(run->w);
	}
	free(run->flows);
	free(run->pcaps);
	free(run->taps);
	free(run->links);
	free(run->hosts);
	free(run->specs);
	free(run->by_port);
	free(run->verdicts);
	free(run);
}

enum run_outcome run_outcome(const struct run *run)
{
	return run->skip[0] ? RUN_SKIP : run->n_failed ? RUN_FAIL : RUN_PASS;
}
