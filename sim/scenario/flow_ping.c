/* SPDX-License-Identifier: ISC */
/* Echo requests at a steady pace, their replies timed and compared (RFC 792; RFC 4443 section 4). */
#include "sim/scenario/run.h"
#include "stack/wire/addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_NS (5 * NS_PER_S)
#define HEADER 8u
#define NEVER UINT64_MAX

struct ping_flow {
	struct run_flow *rf;
	int sock;
	uint64_t count;
	uint64_t *sent_ns; /* per request; NEVER once answered */
	uint64_t highest;
	uint64_t damaged;
	bool draining;
	world_event tick;
	uint8_t *pattern; /* payload of every request */
	uint8_t buf[65536];
};

static uint8_t request_type(const struct run_flow *rf)
{
	return rf->f->to_addr.family == 6 ? 128 : 8;
}

static void send_request(struct ping_flow *p)
{
	struct run_flow *rf = p->rf;
	struct dut_sockaddr peer = { rf->f->to_addr, 0 };
	memset(p->buf, 0, HEADER);
	p->buf[0] = request_type(rf);
	put_be16(p->buf + 6, (uint16_t)rf->r.sent);
	memcpy(p->buf + HEADER, p->pattern, rf->f->size);
	p->sent_ns[rf->r.sent++] = world_now(rf->run->w);
	long n = host_send(rf->from, p->sock, p->buf, HEADER + rf->f->size, &peer);
	if (n < 0 && n != -EAGAIN && !rf->r.error)
		rf->r.error = (int)n;
	if (n > 0)
		rf->r.bytes_sent += rf->f->size;
}

static void on_tick(void *arg)
{
	struct ping_flow *p = arg;
	if (p->draining) {
		flow_finished(p->rf);
		return;
	}
	send_request(p);
	p->draining = p->rf->r.sent == p->count;
	world_in(p->rf->run->w, &p->tick, p->draining ? DRAIN_NS : p->rf->f->interval_ns);
}

/* The request a 16-bit sequence number means: the latest one sent with it. */
static uint64_t request_of(const struct ping_flow *p, uint16_t seq)
{
	uint64_t last = p->rf->r.sent - 1;
	uint64_t back = (uint16_t)(last - seq);
	return back <= last ? last - back : NEVER;
}

static void take(struct ping_flow *p, size_t len)
{
	struct run_flow *rf = p->rf;
	struct flow_result *r = &rf->r;
	uint8_t reply = rf->f->to_addr.family == 6 ? 129 : 0;
	if (len < HEADER || p->buf[0] != reply || !r->sent)
		return;
	uint64_t k = request_of(p, get_be16(p->buf + 6));
	if (k == NEVER || len != HEADER + rf->f->size || memcmp(p->buf + HEADER, p->pattern, rf->f->size) != 0) {
		p->damaged++;
		return;
	}
	if (p->sent_ns[k] == NEVER) {
		r->duplicates++;
		return;
	}
	flow_add_rtt(r, world_now(rf->run->w) - p->sent_ns[k]);
	p->sent_ns[k] = NEVER;
	if (k < p->highest)
		r->out_of_order++;
	else
		p->highest = k + 1;
	r->received++;
	r->bytes_received += rf->f->size;
	r->last_data_ns = world_now(rf->run->w);
}

static void on_event(struct host *h, int sock, unsigned ready, void *arg)
{
	struct ping_flow *p = arg;
	struct run_flow *rf = p->rf;
	(void)ready;
	for (int errors = 0; errors < 100;) {
		long n = host_recv(h, sock, p->buf, sizeof(p->buf), NULL);
		if (n == -EAGAIN)
			break;
		if (n >= 0) {
			take(p, (size_t)n);
			continue;
		}
		errors++;
		if (!rf->r.error)
			rf->r.error = (int)n;
	}
	if (rf->r.sent == p->count && rf->r.received == p->count && !rf->r.over) {
		world_cancel(rf->run->w, &p->tick);
		flow_finished(rf);
	}
}

static int start(struct run_flow *rf)
{
	const struct scn_flow *f = rf->f;
	struct random_stream random;
	char name[120];
	struct ping_flow *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	rf->state = p;
	p->rf = rf;
	p->count = f->count;
	p->sent_ns = malloc(f->count * sizeof(*p->sent_ns));
	p->pattern = malloc(f->size + 1);
	p->sock = -1;
	int err = world_event_init(rf->run->w, &p->tick, on_tick, p);
	if (err || !p->sent_ns || !p->pattern)
		return -ENOMEM;
	snprintf(name, sizeof(name), "flow/%s/from", f->name);
	world_random(rf->run->w, &random, name);
	random_bytes(&random, p->pattern, f->size);
	p->sock = host_socket(rf->from, f->to_addr.family, DUT_SOCK_PING, 0);
	if (p->sock < 0)
		return p->sock;
	flow_set_options(rf->from, p->sock, &f->options);
	err = host_watch(rf->from, p->sock, on_event, p);
	if (!err)
		world_in(rf->run->w, &p->tick, 0);
	return err;
}

static void stop(struct run_flow *rf)
{
	struct ping_flow *p = rf->state;
	if (rf->r.over)
		return;
	p->count = rf->r.sent;
	p->draining = true;
	world_in(rf->run->w, &p->tick, DRAIN_NS);
}

static void set(struct run_flow *rf, const struct scn_sockopts *o)
{
	struct ping_flow *p = rf->state;
	if (p->sock >= 0)
		flow_set_options(rf->from, p->sock, o);
}

static void finish(struct run_flow *rf)
{
	struct ping_flow *p = rf->state;
	rf->r.intact = p->damaged == 0 && rf->r.received == p->count;
	if (p->sock >= 0)
		host_close(rf->from, p->sock);
}

static void destroy(struct run_flow *rf)
{
	struct ping_flow *p = rf->state;
	world_event_fini(rf->run->w, &p->tick);
	free(p->sent_ns);
	free(p->pattern);
	free(p);
}

const struct flow_ops flow_ping = { start, stop, NULL, set, finish, destroy };
