/* SPDX-License-Identifier: ISC */
/*
 * The passive observer: counts retransmissions, times segments and collects the time-sequence plot from the frames on the sender's own
 * cable, so the figures mean the same whatever stack is under test.
 */
#include "sim/scenario/run.h"
#include "stack/wire/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_POINTS (1u << 20) /* kept while running; beyond that no more are added */

static bool same_addr(const struct ip_addr *a, const struct dut_addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* The flow a segment belongs to, and which way it goes: 0 from → to, 1 to → from. */
static struct run_flow *find_flow(struct run *run, const struct frame *f, unsigned *way)
{
	for (*way = 0; *way < 2; ++*way) {
		uint16_t port = *way ? f->tcp.src_port : f->tcp.dst_port;
		const struct ip_addr *addr = *way ? &f->src : &f->dst;
		for (unsigned i = run->by_port[port]; i; i = run->flows[i - 1].next_same_port) {
			if (same_addr(addr, &run->s->flows[i - 1].to_addr))
				return &run->flows[i - 1];
		}
	}
	return NULL;
}

static void add_point(struct run_flow *rf, uint64_t value, int kind)
{
	if (rf->n_points == MAX_POINTS)
		return;
	if (rf->n_points == rf->points_cap) {
		size_t cap = rf->points_cap ? rf->points_cap * 2 : 256;
		struct seq_point *grown = realloc(rf->points, cap * sizeof(*grown));
		if (!grown)
			return;
		rf->points = grown;
		rf->points_cap = cap;
	}
	rf->points[rf->n_points++] = (struct seq_point){ world_now(rf->run->w), value, kind };
}

/* The direction a flow's plot shows: that of its data. */
static unsigned plotted_way(const struct run_flow *rf)
{
	return rf->f->direction == FLOW_RECEIVE;
}

/* Sequence number relative to the SYN, beyond 32 bits: nearest to what was sent last. */
static uint64_t relative(const struct seq_watch *w, uint32_t seq)
{
	return w->top + (uint64_t)(int64_t)(int32_t)(seq - (w->isn + (uint32_t)w->top));
}

/* A segment leaves its sender. */
static void segment_sent(struct run_flow *rf, unsigned way, const struct frame *f)
{
	struct seq_watch *w = &rf->watch[way];
	uint32_t len = (uint32_t)f->payload_len + !!(f->tcp.flags & TCP_SYN) + !!(f->tcp.flags & TCP_FIN);
	if (f->tcp.flags & TCP_RST) {
		rf->r.rst++;
		return;
	}
	if (f->tcp.flags & TCP_SYN && (!w->seen || w->isn != f->tcp.seq))
		*w = (struct seq_watch){ .seen = true, .isn = f->tcp.seq, .retransmits = w->retransmits };
	if (!len || !w->seen)
		return;
	uint64_t start = relative(w, f->tcp.seq), end = start + len;
	bool again = start < w->top;
	if (again) {
		w->retransmits++;
		w->timing = w->timing && w->timed_end <= start; /* Karn: what may be a retransmission is not timed */
	} else if (!w->timing) {
		w->timing = true;
		w->timed_end = end;
		w->timed_ns = world_now(rf->run->w);
	}
	if (end > w->top)
		w->top = end;
	if (way == plotted_way(rf) && f->payload_len)
		add_point(rf, end - 1, again ? POINT_RETRANSMIT : POINT_SEQ);
}

/* An acknowledgment reaches the sender of the data. */
static void ack_arrived(struct run_flow *rf, unsigned data_way, const struct frame *f)
{
	struct seq_watch *w = &rf->watch[data_way];
	if (!(f->tcp.flags & TCP_ACK) || !w->seen || f->tcp.flags & TCP_RST)
		return;
	uint64_t ack = relative(w, f->tcp.ack);
	if (ack > w->top)
		return;
	if (w->timing && ack >= w->timed_end) {
		w->timing = false;
		if (data_way == plotted_way(rf))
			flow_add_rtt(&rf->r, world_now(rf->run->w) - w->timed_ns);
	}
	if (data_way == plotted_way(rf) && ack)
		add_point(rf, ack - 1, POINT_ACK);
}

static void observe_tcp(struct run *run, const struct link_port *port, bool towards_host, const struct frame *f)
{
	unsigned way;
	struct run_flow *rf = find_flow(run, f, &way);
	if (!rf)
		return;
	const char *at = link_port_name(port);
	const char *sender = host_name(way ? rf->to : rf->from), *receiver = host_name(way ? rf->from : rf->to);
	if (!towards_host && strcmp(at, sender) == 0)
		segment_sent(rf, way, f);
	else if (towards_host && strcmp(at, receiver) == 0 && f->l4_checksum != CHECKSUM_BAD)
		ack_arrived(rf, !way, f);
}

static void observe(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg)
{
	struct run *run = ((struct run_tap *)arg)->run;
	if (drop)
		return;
	if (!towards_host)
		run->last_frame_ns = now_ns;
	else
		run->frames++;
	struct frame f;
	frame_dissect(&f, frame->data, frame->len);
	if (!(f.layers & FRAME_TCP))
		return;
	if (!towards_host && f.tcp.flags & TCP_RST && !run->s->hosts[scenario_host(run->s, link_port_name(port))].router)
		run->rsts++;
	if (!f.fragment)
		observe_tcp(run, port, towards_host, &f);
}

int observe_init(struct run *run)
{
	run->by_port = calloc(UINT16_MAX + 1, sizeof(*run->by_port));
	if (!run->by_port)
		return -ENOMEM;
	for (unsigned i = run->s->n_flows; i-- > 0;) {
		const struct scn_flow *f = &run->s->flows[i];
		if (f->type != FLOW_TCP)
			continue;
		run->flows[i].next_same_port = run->by_port[f->port];
		run->by_port[f->port] = i + 1;
	}
	int err = 0;
	for (unsigned l = 0; l < run->s->n_links && !err; l++) {
		run->taps[l] = (struct run_tap){ run, l };
		err = link_tap(run->links[l], observe, &run->taps[l]);
	}
	return err;
}
