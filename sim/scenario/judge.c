/* SPDX-License-Identifier: ISC */
/* Expectations against what happened. */
#include "sim/scenario/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_counters(struct link_counters *sum, const struct link_counters *c, bool last_channel)
{
	if (last_channel) {
		sum->frames += c->frames;
		sum->bytes += c->bytes;
	}
	sum->sent_frames += c->sent_frames;
	sum->sent_bytes += c->sent_bytes;
	sum->drop_loss += c->drop_loss;
	sum->drop_queue += c->drop_queue;
	sum->drop_down += c->drop_down;
	sum->drop_mtu += c->drop_mtu;
	sum->drop_partition += c->drop_partition;
	sum->drop_aqm += c->drop_aqm;
	sum->drop_unknown += c->drop_unknown;
	sum->duplicated += c->duplicated;
	sum->reordered += c->reordered;
	sum->corrupted += c->corrupted;
	sum->truncated += c->truncated;
	sum->padded += c->padded;
	sum->ecn_marked += c->ecn_marked;
	if (c->queue_high_bytes > sum->queue_high_bytes)
		sum->queue_high_bytes = c->queue_high_bytes;
}

/*
 * Of a whole switch or hub, sent counts what hosts handed in and frames what reached hosts; the same frame in the channel behind is
 * not counted again.
 */
void run_link_counters(const struct run *run, unsigned link, unsigned end, unsigned direction, struct link_counters *sum)
{
	const struct scn_link *l = &run->s->links[link];
	memset(sum, 0, sizeof(*sum));
	for (unsigned e = 0; e < l->n_ends; e++) {
		if (end != SCN_NONE && end != e)
			continue;
		const struct link_port *p = host_port(run->hosts[l->ends[e].host], l->ends[e].interface);
		bool both = direction == LINK_BOTH && l->kind != LINK_WIRE;
		uint64_t sent_frames, sent_bytes;
		if (direction & LINK_FROM_HOST)
			add_counters(sum, link_counters(p, LINK_FROM_HOST), !both);
		sent_frames = sum->sent_frames;
		sent_bytes = sum->sent_bytes;
		if (direction & LINK_TO_HOST && l->kind != LINK_WIRE)
			add_counters(sum, link_counters(p, LINK_TO_HOST), true);
		if (both) {
			sum->sent_frames = sent_frames;
			sum->sent_bytes = sent_bytes;
		}
	}
}

static uint64_t all_drops(const struct link_counters *c)
{
	return c->drop_loss + c->drop_queue + c->drop_down + c->drop_mtu + c->drop_partition + c->drop_aqm + c->drop_unknown;
}

uint64_t flow_goodput_bps(const struct run_flow *rf)
{
	const struct flow_result *r = &rf->r;
	if (!r->bytes_received || r->last_data_ns <= r->started_ns)
		return 0;
	return (uint64_t)((unsigned __int128)r->bytes_received * 8 * NS_PER_S / (r->last_data_ns - r->started_ns));
}

static unsigned error_bit(int err)
{
	switch (-err) {
	case 0:
		return FAIL_NONE;
	case ECONNREFUSED:
		return FAIL_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return FAIL_RESET;
	case ETIMEDOUT:
		return FAIL_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return FAIL_UNREACHABLE;
	default:
		return FAIL_OTHER;
	}
}

const char *flow_error_name(int err)
{
	static const char *const names[] = { "none", "refused", "reset", "timeout", "unreachable" };
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (error_bit(err) == 1u << i)
			return names[i];
	}
	return strerror(-err);
}

static void say_bound(const struct scn_expect *x, char *s, size_t cap)
{
	char low[UNIT_STRLEN], high[UNIT_STRLEN];
	unit_format(x->unit, x->bound.least, low);
	unit_format(x->unit, x->bound.most, high);
	if (x->bound.has_least && x->bound.has_most && x->bound.least == x->bound.most)
		snprintf(s, cap, "exactly %s", low);
	else if (x->bound.has_least && x->bound.has_most)
		snprintf(s, cap, "from %s to %s", low, high);
	else
		snprintf(s, cap, "%s %s", x->bound.has_least ? "at least" : "at most", x->bound.has_least ? low : high);
}

static void judge_bound(struct verdict *v, uint64_t got)
{
	const struct scn_bound *b = &v->x->bound;
	char text[UNIT_STRLEN];
	say_bound(v->x, v->expected, sizeof(v->expected));
	snprintf(v->got, sizeof(v->got), "%s", unit_format(v->x->unit, got, text));
	v->ok = (!b->has_least || got >= b->least) && (!b->has_most || got <= b->most);
}

static void judge_yes_no(struct verdict *v, bool got)
{
	snprintf(v->expected, sizeof(v->expected), "%s", v->x->yes ? "yes" : "no");
	snprintf(v->got, sizeof(v->got), "%s", got ? "yes" : "no");
	v->ok = got == v->x->yes;
}

static void judge_error(struct verdict *v, int err)
{
	size_t n = 0;
	for (unsigned i = 0; i < 5; i++) {
		static const int errors[] = { 0, -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, -EHOSTUNREACH };
		if (v->x->errors & 1u << i)
			n += (size_t)snprintf(v->expected + n, sizeof(v->expected) - n, "%s%s", n ? " or " : "", flow_error_name(errors[i]));
	}
	snprintf(v->got, sizeof(v->got), "%s", flow_error_name(err));
	v->ok = v->x->errors & error_bit(err);
}

/* What a flow that has not finished gets for a time. */
static void judge_time(struct verdict *v, const struct run_flow *rf)
{
	judge_bound(v, rf->r.finished_ns - rf->r.started_ns);
	if (rf->r.finished)
		return;
	v->ok = false;
	snprintf(v->got, sizeof(v->got), "%s", !rf->r.started ? "never started" : rf->r.error ? flow_error_name(rf->r.error) : "not finished");
}

static void judge_rtt(struct verdict *v, const struct flow_result *r, uint64_t rtt_ns)
{
	judge_bound(v, rtt_ns);
	if (!r->rtt_n) {
		v->ok = false;
		snprintf(v->got, sizeof(v->got), "no sample");
	}
}

static void judge_flow(const struct run *run, struct verdict *v)
{
	const struct run_flow *rf = &run->flows[v->x->subject];
	const struct flow_result *r = &rf->r;
	switch (v->x->metric) {
	case METRIC_INTACT:
		judge_yes_no(v, r->intact);
		break;
	case METRIC_FINISHED:
		judge_yes_no(v, r->finished);
		break;
	case METRIC_FINISHED_WITHIN:
	case METRIC_DURATION:
		judge_time(v, rf);
		break;
	case METRIC_GOODPUT:
		judge_bound(v, flow_goodput_bps(rf));
		break;
	case METRIC_RTT_MIN:
		judge_rtt(v, r, r->rtt_min_ns);
		break;
	case METRIC_RTT_AVG:
		judge_rtt(v, r, r->rtt_n ? r->rtt_sum_ns / r->rtt_n : 0);
		break;
	case METRIC_RTT_MAX:
		judge_rtt(v, r, r->rtt_max_ns);
		break;
	case METRIC_RETRANSMITS:
		judge_bound(v, r->retransmits);
		break;
	case METRIC_TIMEOUTS:
		judge_bound(v, r->timeouts);
		v->skipped = !r->has_timeouts;
		break;
	case METRIC_RST:
		judge_bound(v, r->rst);
		break;
	case METRIC_SENT:
		judge_bound(v, r->sent);
		break;
	case METRIC_RECEIVED:
		judge_bound(v, r->received);
		break;
	case METRIC_BYTES_RECEIVED:
		judge_bound(v, r->bytes_received);
		break;
	case METRIC_LOST:
		judge_bound(v, r->sent ? (r->sent - r->received) * SHARE_ONE / r->sent : 0);
		break;
	case METRIC_DUPLICATES:
		judge_bound(v, r->duplicates);
		break;
	case METRIC_OUT_OF_ORDER:
		judge_bound(v, r->out_of_order);
		break;
	default:
		judge_error(v, r->error);
	}
}

static void judge_fingerprint(const struct run *run, struct verdict *v)
{
	char hex[33];
	link_fingerprint(run->links[v->x->subject], hex);
	snprintf(v->expected, sizeof(v->expected), "%s", v->x->fingerprint);
	snprintf(v->got, sizeof(v->got), "%s", hex);
	v->ok = strcmp(hex, v->x->fingerprint) == 0;
	const char *stack = run_stack(run->s, &run->options);
	v->skipped = v->x->stack && strcmp(v->x->stack, stack) != 0;
}

static void judge_link(const struct run *run, struct verdict *v)
{
	struct link_counters c;
	if (v->x->metric == METRIC_FINGERPRINT) {
		judge_fingerprint(run, v);
		return;
	}
	run_link_counters(run, v->x->subject, v->x->end, v->x->direction, &c);
	const uint64_t values[] = {
		[METRIC_FRAMES - METRIC_FRAMES] = c.frames,
		[METRIC_BYTES - METRIC_FRAMES] = c.bytes,
		[METRIC_SENT_FRAMES - METRIC_FRAMES] = c.sent_frames,
		[METRIC_DROPS - METRIC_FRAMES] = all_drops(&c),
		[METRIC_DROP_LOSS - METRIC_FRAMES] = c.drop_loss,
		[METRIC_DROP_QUEUE - METRIC_FRAMES] = c.drop_queue,
		[METRIC_DROP_DOWN - METRIC_FRAMES] = c.drop_down,
		[METRIC_DROP_MTU - METRIC_FRAMES] = c.drop_mtu,
		[METRIC_DROP_PARTITION - METRIC_FRAMES] = c.drop_partition,
		[METRIC_DROP_AQM - METRIC_FRAMES] = c.drop_aqm,
		[METRIC_DROP_UNKNOWN - METRIC_FRAMES] = c.drop_unknown,
		[METRIC_DUPLICATED - METRIC_FRAMES] = c.duplicated,
		[METRIC_REORDERED - METRIC_FRAMES] = c.reordered,
		[METRIC_CORRUPTED - METRIC_FRAMES] = c.corrupted,
		[METRIC_TRUNCATED - METRIC_FRAMES] = c.truncated,
		[METRIC_PADDED - METRIC_FRAMES] = c.padded,
		[METRIC_ECN_MARKED - METRIC_FRAMES] = c.ecn_marked,
		[METRIC_QUEUE_HIGH - METRIC_FRAMES] = c.queue_high_bytes,
	};
	judge_bound(v, values[v->x->metric - METRIC_FRAMES]);
}

struct lookup {
	const char *name;
	uint64_t value;
	bool found;
};

static void look(void *arg, const char *layer, const char *name, uint64_t value)
{
	struct lookup *l = arg;
	size_t len = strlen(layer);
	if (strncmp(l->name, layer, len) == 0 && l->name[len] == '.' && strcmp(l->name + len + 1, name) == 0) {
		l->value = value;
		l->found = true;
	}
}

static void judge_counter(const struct run *run, struct verdict *v)
{
	struct host *h = run->hosts[v->x->subject];
	struct lookup l = { .name = v->x->counter };
	host_counters(h, look, &l);
	judge_bound(v, l.value);
	v->skipped = v->x->stack && strcmp(v->x->stack, host_ops(h)->name) != 0;
	if (!l.found) {
		v->ok = false;
		snprintf(v->got, sizeof(v->got), "%.60s has no such counter", host_ops(h)->name);
	}
}

static void judge(const struct run *run, struct verdict *v)
{
	switch (v->x->scope) {
	case SCOPE_FLOW:
		judge_flow(run, v);
		break;
	case SCOPE_LINK:
		judge_link(run, v);
		break;
	case SCOPE_HOST:
		judge_counter(run, v);
		break;
	case SCOPE_RUN:
		if (v->x->metric == METRIC_NO_RST)
			judge_yes_no(v, run->rsts == 0);
		else
			judge_bound(v, run->last_frame_ns);
		break;
	}
}

int run_judge(struct run *run)
{
	run->verdicts = calloc(run->s->n_expects + 1, sizeof(*run->verdicts));
	if (!run->verdicts)
		return -ENOMEM;
	struct verdict *v = run->verdicts;
	for (const struct scn_expect *x = run->s->expects; x; x = x->next, v++) {
		v->x = x;
		judge(run, v);
		run->n_failed += !v->ok && !v->skipped;
	}
	return 0;
}
