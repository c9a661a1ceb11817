/* SPDX-License-Identifier: ISC */
/* What a person reads. */
#include "sim/results/results.h"
#include "sim/scenario/run.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = { "tcp", "udp", "ping" };

static int widest_name(const struct scenario *s)
{
	size_t width = 0;
	for (unsigned i = 0; i < s->n_flows; i++)
		width = strlen(s->flows[i].name) > width ? strlen(s->flows[i].name) : width;
	for (unsigned i = 0; i < s->n_links; i++)
		width = strlen(s->links[i].name) > width ? strlen(s->links[i].name) : width;
	return (int)width;
}

static void print_rtt(const struct flow_result *r, FILE *out)
{
	char low[UNIT_STRLEN], mean[UNIT_STRLEN], high[UNIT_STRLEN];
	if (!r->rtt_n)
		return;
	unit_format(UNIT_TIME, r->rtt_min_ns, low);
	unit_format(UNIT_TIME, r->rtt_sum_ns / r->rtt_n, mean);
	unit_format(UNIT_TIME, r->rtt_max_ns, high);
	fprintf(out, ", RTT %s / %s / %s", low, mean, high);
}

static void print_ending(const struct run_flow *rf, FILE *out)
{
	const struct flow_result *r = &rf->r;
	char took[UNIT_STRLEN];
	if (!r->started)
		fputs("never started", out);
	else if (r->finished)
		fprintf(out, "in %s", unit_format(UNIT_TIME, r->finished_ns - r->started_ns, took));
	else if (!r->error)
		fputs("not finished", out);
	else
		fputs("ended early", out);
	if (r->error)
		fprintf(out, " (%s)", flow_error_name(r->error));
}

static void print_tcp(const struct run_flow *rf, FILE *out)
{
	const struct flow_result *r = &rf->r;
	char bytes[UNIT_STRLEN], goodput[UNIT_STRLEN];
	fprintf(out, "%s ", unit_format(UNIT_SIZE, r->bytes_received, bytes));
	print_ending(rf, out);
	if (flow_goodput_bps(rf))
		fprintf(out, ", goodput %s", unit_format(UNIT_RATE, flow_goodput_bps(rf), goodput));
	print_rtt(r, out);
	fprintf(out, ", %llu retransmitted", (unsigned long long)r->retransmits);
	if (r->has_timeouts)
		fprintf(out, " (%llu timeouts)", (unsigned long long)r->timeouts);
	fprintf(out, ", digest %s", r->intact ? "equal" : "DIFFERS");
}

static void print_datagrams(const struct run_flow *rf, FILE *out)
{
	const struct flow_result *r = &rf->r;
	char lost[UNIT_STRLEN];
	fprintf(out, "%llu of %llu ", (unsigned long long)r->received, (unsigned long long)r->sent);
	print_ending(rf, out);
	print_rtt(r, out);
	if (r->sent > r->received)
		fprintf(out, ", %s lost", unit_format(UNIT_SHARE, (r->sent - r->received) * SHARE_ONE / r->sent, lost));
	if (r->duplicates)
		fprintf(out, ", %llu twice", (unsigned long long)r->duplicates);
	if (r->out_of_order)
		fprintf(out, ", %llu out of order", (unsigned long long)r->out_of_order);
}

static void print_flow(const struct run_flow *rf, int width, FILE *out)
{
	const struct scn_flow *f = rf->f;
	static const char *const arrows[] = { "", "→", "←", "↔" };
	fprintf(out, "  %-*s  %s %s %s %s: ", width, f->name, type_names[f->type], host_name(rf->from), arrows[f->direction], host_name(rf->to));
	if (f->type == FLOW_TCP)
		print_tcp(rf, out);
	else
		print_datagrams(rf, out);
	fputc('\n', out);
}

static void print_link(const struct run *run, unsigned index, int width, FILE *out)
{
	static const char *const kinds[] = { "wire", "switch", "hub" };
	struct link_counters c;
	char bytes[UNIT_STRLEN];
	run_link_counters(run, index, SCN_NONE, LINK_BOTH, &c);
	fprintf(out, "  %-*s  %s: %llu frames, %s", width, run->s->links[index].name, kinds[run->s->links[index].kind], (unsigned long long)c.frames,
		unit_format(UNIT_SIZE, c.bytes, bytes));
	const struct {
		const char *name;
		uint64_t n;
	} parts[] = { { "lost", c.drop_loss }, { "dropped by the queue", c.drop_queue }, { "dropped by AQM", c.drop_aqm },
		{ "dropped while down", c.drop_down }, { "bigger than the MTU", c.drop_mtu }, { "cut off by a partition", c.drop_partition },
		{ "for nobody", c.drop_unknown }, { "duplicated", c.duplicated }, { "reordered", c.reordered }, { "corrupted", c.corrupted },
		{ "truncated", c.truncated }, { "padded", c.padded }, { "ECN-marked", c.ecn_marked } };
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n)
			fprintf(out, ", %llu %s", (unsigned long long)parts[i].n, parts[i].name);
	}
	fputc('\n', out);
}

/* Subject, verb, bound, noun make a sentence: "wire loses at least 20 frames". */
struct claim {
	const char *verb, *noun;
};

static const struct claim claims[] = {
	[METRIC_INTACT] = { "arrives intact", "" },
	[METRIC_FINISHED] = { "finishes", "" },
	[METRIC_FINISHED_WITHIN] = { "takes", "" },
	[METRIC_DURATION] = { "takes", "" },
	[METRIC_GOODPUT] = { "has a goodput", "" },
	[METRIC_RTT_MIN] = { "has a shortest RTT", "" },
	[METRIC_RTT_AVG] = { "has a mean RTT", "" },
	[METRIC_RTT_MAX] = { "has a longest RTT", "" },
	[METRIC_RETRANSMITS] = { "retransmits", " segments" },
	[METRIC_TIMEOUTS] = { "has", " retransmission timeouts" },
	[METRIC_RST] = { "sees", " RST segments" },
	[METRIC_SENT] = { "sends", " datagrams" },
	[METRIC_RECEIVED] = { "receives", " datagrams" },
	[METRIC_BYTES_RECEIVED] = { "receives", "" },
	[METRIC_LOST] = { "loses", "" },
	[METRIC_DUPLICATES] = { "gets", " datagrams twice" },
	[METRIC_OUT_OF_ORDER] = { "gets", " datagrams out of order" },
	[METRIC_ERROR] = { "ends with error:", "" },
	[METRIC_FRAMES] = { "delivers", " frames" },
	[METRIC_BYTES] = { "delivers", "" },
	[METRIC_SENT_FRAMES] = { "is sent", " frames" },
	[METRIC_DROPS] = { "drops", " frames" },
	[METRIC_DROP_LOSS] = { "loses", " frames" },
	[METRIC_DROP_QUEUE] = { "drops", " frames for a full queue" },
	[METRIC_DROP_DOWN] = { "drops", " frames while down" },
	[METRIC_DROP_MTU] = { "drops", " frames for the MTU" },
	[METRIC_DROP_PARTITION] = { "drops", " frames for the partition" },
	[METRIC_DROP_AQM] = { "drops", " frames by AQM" },
	[METRIC_DROP_UNKNOWN] = { "drops", " frames for nobody" },
	[METRIC_DUPLICATED] = { "duplicates", " frames" },
	[METRIC_REORDERED] = { "reorders", " frames" },
	[METRIC_CORRUPTED] = { "corrupts", " frames" },
	[METRIC_TRUNCATED] = { "truncates", " frames" },
	[METRIC_PADDED] = { "pads", " frames" },
	[METRIC_ECN_MARKED] = { "marks", " frames with ECN" },
	[METRIC_QUEUE_HIGH] = { "queues", "" },
	[METRIC_FINGERPRINT] = { "has the fingerprint", "" },
	[METRIC_COUNTER] = { "counts", "" },
	[METRIC_NO_RST] = { "no RST is sent", "" },
	[METRIC_QUIET_AFTER] = { "the last frame is sent after", "" },
};

static void print_subject(const struct run *run, const struct scn_expect *x, FILE *out)
{
	const struct scenario *s = run->s;
	switch (x->scope) {
	case SCOPE_FLOW:
		fprintf(out, "%s ", s->flows[x->subject].name);
		break;
	case SCOPE_LINK:
		fprintf(out, "%s ", s->links[x->subject].name);
		if (x->end != SCN_NONE)
			fprintf(out, "(%s %s) ", x->direction == LINK_TO_HOST ? "to" : "from", s->hosts[s->links[x->subject].ends[x->end].host].name);
		break;
	case SCOPE_HOST:
		fprintf(out, "%s's %s ", s->hosts[x->subject].name, x->counter);
		break;
	case SCOPE_RUN:
		break;
	}
}

static void print_verdict(const struct run *run, const struct verdict *v, FILE *out)
{
	bool yes_no = v->x->metric == METRIC_INTACT || v->x->metric == METRIC_FINISHED || v->x->metric == METRIC_NO_RST;
	fputs(v->skipped ? "  – " : v->ok ? "  ✓ " : "  ✗ ", out);
	print_subject(run, v->x, out);
	fputs(claims[v->x->metric].verb, out);
	if (yes_no)
		fputs(v->x->yes ? "" : ": no", out);
	else
		fprintf(out, " %s%s", v->expected, claims[v->x->metric].noun);
	if (v->skipped)
		fputs(": not asked of this stack", out);
	else if (!v->ok)
		fprintf(out, ", but got %s  [%s:%u:%u]", v->got, run->s->file, v->x->pos.line, v->x->pos.column);
	else if (!yes_no && strncmp(v->expected, "exactly", 7) != 0 && strcmp(v->expected, v->got) != 0)
		fprintf(out, " (%s)", v->got);
	fputc('\n', out);
}

char *run_rerun(const struct scenario *s, const struct run_options *options)
{
	char seed[24], *words[6] = { "run" };
	int n = 1;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)(options->has_seed ? options->seed : s->seed));
	if (options->stack) {
		words[n++] = "--stack";
		words[n++] = (char *)options->stack;
	}
	words[n++] = "--seed";
	words[n++] = seed;
	words[n++] = (char *)s->file;
	return results_rerun(n, words);
}

static void print_head(const struct run *run, FILE *out)
{
	const struct scenario *s = run->s;
	static const char *const marks[] = { "ok", "FAILED", "skipped" };
	char took[UNIT_STRLEN];
	fprintf(out, "%s: %s [%s, seed %llu]", s->id, s->title, run_stack(s, &run->options), (unsigned long long)run->seed);
	if (run->skip[0])
		fprintf(out, " skipped: %s\n", run->skip);
	else
		fprintf(out, " %s after %s%s\n", marks[run_outcome(run)], unit_format(UNIT_TIME, run->end_ns, took),
			run->capped ? " (its duration limit)" : "");
}

void run_summary(const struct run *run, FILE *out, bool brief)
{
	const struct scenario *s = run->s;
	print_head(run, out);
	if (run->skip[0])
		return;
	int width = widest_name(s);
	for (unsigned i = 0; i < s->n_flows && !brief; i++)
		print_flow(&run->flows[i], width, out);
	for (unsigned i = 0; i < s->n_links && !brief; i++)
		print_link(run, i, width, out);
	for (unsigned i = 0; i < s->n_expects; i++) {
		if (!brief || (!run->verdicts[i].ok && !run->verdicts[i].skipped))
			print_verdict(run, &run->verdicts[i], out);
	}
	char *rerun = run->n_failed ? run_rerun(s, &run->options) : NULL;
	if (rerun)
		fprintf(out, "  again: %s\n", rerun);
	free(rerun);
}
