/* SPDX-License-Identifier: ISC */
/*
 * A UDP flow: numbered datagrams at a steady pace. Their bytes follow from the number, so each is checked by itself; losses, duplicates
 * and order are counted. Over when all arrived, or a while after the last was sent.
 */
#include "sim/scenario/run.h"
#include "stack/wire/addr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_NS (5 * NS_PER_S)
#define VARIANTS 251u /* a datagram's bytes begin at its number modulo this in the pattern */

struct udp_flow;

struct side {
	struct udp_flow *u;
	struct host *h;
	int sock;
	struct dut_sockaddr peer;
	uint64_t to_send, sent;        /* datagrams */
	uint64_t to_get, got, highest; /* highest number seen plus one */
	uint8_t *seen;                 /* a bit per datagram */
	uint8_t *pattern;              /* of what this side sends: size + VARIANTS bytes */
};

struct udp_flow {
	struct run_flow *rf;
	struct side side[2]; /* from, to */
	uint64_t damaged;    /* datagrams that are not as sent */
	world_event tick;    /* next datagram, then the end of the drain */
	bool draining;
	uint8_t buf[65536];
};

static bool all_sent(const struct udp_flow *u)
{
	return u->side[0].sent == u->side[0].to_send && u->side[1].sent == u->side[1].to_send;
}

static bool all_got(const struct udp_flow *u)
{
	return u->side[0].got == u->side[0].to_get && u->side[1].got == u->side[1].to_get;
}

/* Writes datagram k of a side. */
static void compose(const struct side *s, uint64_t k, uint8_t *out)
{
	uint64_t size = s->u->rf->f->size;
	put_be32(out, (uint32_t)(k >> 32));
	put_be32(out + 4, (uint32_t)k);
	memcpy(out + 8, s->pattern + k % VARIANTS, size - 8);
}

static void send_next(struct side *s)
{
	struct flow_result *r = &s->u->rf->r;
	uint64_t size = s->u->rf->f->size;
	if (s->sent == s->to_send)
		return;
	compose(s, s->sent, s->u->buf);
	s->sent++;
	r->sent++;
	long n = host_send(s->h, s->sock, s->u->buf, size, &s->peer);
	if (n < 0 && n != -EAGAIN && !r->error)
		r->error = (int)n;
	r->bytes_sent += n > 0 ? (uint64_t)n : 0;
}

static void on_tick(void *arg)
{
	struct udp_flow *u = arg;
	if (u->draining) {
		flow_finished(u->rf);
		return;
	}
	send_next(&u->side[0]);
	send_next(&u->side[1]);
	u->draining = all_sent(u);
	world_in(u->rf->run->w, &u->tick, u->draining ? DRAIN_NS : u->rf->f->interval_ns);
}

static bool is_as_sent(const struct side *sender, const uint8_t *bytes, uint64_t len, uint64_t *k)
{
	uint64_t size = sender->u->rf->f->size;
	if (len != size)
		return false;
	*k = (uint64_t)get_be32(bytes) << 32 | get_be32(bytes + 4);
	return *k < sender->to_send && memcmp(bytes + 8, sender->pattern + *k % VARIANTS, size - 8) == 0;
}

static void take(struct side *s, const uint8_t *bytes, uint64_t len)
{
	struct udp_flow *u = s->u;
	struct flow_result *r = &u->rf->r;
	uint64_t k;
	if (!is_as_sent(s == &u->side[0] ? &u->side[1] : &u->side[0], bytes, len, &k)) {
		u->damaged++;
		return;
	}
	if (s->seen[k / 8] & 1u << k % 8) {
		r->duplicates++;
		return;
	}
	s->seen[k / 8] |= (uint8_t)(1u << k % 8);
	if (k < s->highest)
		r->out_of_order++;
	else
		s->highest = k + 1;
	s->got++;
	r->received++;
	r->bytes_received += len;
	r->last_data_ns = world_now(u->rf->run->w);
}

static void on_event(struct host *h, int sock, unsigned ready, void *arg)
{
	struct side *s = arg;
	struct udp_flow *u = s->u;
	(void)ready;
	for (int errors = 0; errors < 100;) {
		long n = host_recv(h, sock, u->buf, sizeof(u->buf), NULL);
		if (n == -EAGAIN)
			break;
		if (n >= 0) {
			take(s, u->buf, (uint64_t)n);
			continue;
		}
		errors++;
		if (!u->rf->r.error)
			u->rf->r.error = (int)n;
	}
	if (all_sent(u) && all_got(u) && !u->rf->r.over) {
		world_cancel(u->rf->run->w, &u->tick);
		flow_finished(u->rf);
	}
}

static int open_side(struct side *s, const struct dut_addr *peer, const char *way, bool bind)
{
	const struct scn_flow *f = s->u->rf->f;
	struct dut_sockaddr local = { .port = f->port };
	struct random_stream random;
	char name[120];
	s->peer = (struct dut_sockaddr){ *peer, f->port };
	s->pattern = malloc(f->size + VARIANTS);
	s->seen = calloc(s->to_get / 8 + 1, 1);
	if (!s->pattern || !s->seen)
		return -ENOMEM;
	snprintf(name, sizeof(name), "flow/%s/%s", f->name, way);
	world_random(s->u->rf->run->w, &random, name);
	random_bytes(&random, s->pattern, f->size + VARIANTS);
	s->sock = host_socket(s->h, peer->family, DUT_SOCK_DGRAM, 0);
	if (s->sock < 0)
		return s->sock;
	flow_set_options(s->h, s->sock, &f->options);
	int err = bind ? host_bind(s->h, s->sock, &local) : 0;
	return err ? err : host_watch(s->h, s->sock, on_event, s);
}

static int start(struct run_flow *rf)
{
	const struct scn_flow *f = rf->f;
	struct udp_flow *u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	rf->state = u;
	u->rf = rf;
	uint64_t out = f->direction & FLOW_SEND ? f->count : 0, in = f->direction & FLOW_RECEIVE ? f->count : 0;
	u->side[0] = (struct side){ .u = u, .h = rf->from, .sock = -1, .to_send = out, .to_get = in };
	u->side[1] = (struct side){ .u = u, .h = rf->to, .sock = -1, .to_send = in, .to_get = out };
	int err = world_event_init(rf->run->w, &u->tick, on_tick, u);
	if (!err)
		err = open_side(&u->side[0], &f->to_addr, "from", true);
	if (!err)
		err = open_side(&u->side[1], &f->from_addr, "to", f->listen);
	if (!err)
		world_in(rf->run->w, &u->tick, 0);
	return err;
}

static void stop(struct run_flow *rf)
{
	struct udp_flow *u = rf->state;
	for (int i = 0; i < 2; i++) {
		u->side[i].to_send = u->side[i].sent;
		u->side[1 - i].to_get = u->side[i].sent;
	}
	if (rf->r.over)
		return;
	u->draining = true;
	world_in(rf->run->w, &u->tick, DRAIN_NS);
}

static void set(struct run_flow *rf, const struct scn_sockopts *o)
{
	struct udp_flow *u = rf->state;
	for (int i = 0; i < 2; i++) {
		if (u->side[i].sock >= 0)
			flow_set_options(u->side[i].h, u->side[i].sock, o);
	}
}

static void finish(struct run_flow *rf)
{
	struct udp_flow *u = rf->state;
	rf->r.intact = u->damaged == 0 && rf->r.received > 0;
	for (int i = 0; i < 2; i++) {
		if (u->side[i].sock >= 0)
			host_close(u->side[i].h, u->side[i].sock);
	}
}

static void destroy(struct run_flow *rf)
{
	struct udp_flow *u = rf->state;
	world_event_fini(rf->run->w, &u->tick);
	for (int i = 0; i < 2; i++) {
		free(u->side[i].pattern);
		free(u->side[i].seen);
	}
	free(u);
}

const struct flow_ops flow_udp = { start, stop, NULL, set, finish, destroy };
