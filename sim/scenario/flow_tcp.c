/* SPDX-License-Identifier: ISC */
/*
 * A TCP flow: a connection whose two sides send pseudo-random bytes and digest what they send and what they get. It finishes when all
 * bytes arrived and, unless close is none, both sides saw the other's end.
 */
#include "sim/scenario/run.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#define CHUNK 16384u
#define NO_SOCKET (-1)

struct tcp_flow;

/* One end of the connection. */
struct side {
	struct tcp_flow *t;
	struct host *h;
	int sock; /* NO_SOCKET before, and after it is closed */
	bool connected, shut, eof, dead;
	bool closer;            /* shuts down once it has sent and got all */
	uint64_t to_send, sent; /* bytes */
	uint64_t allowed;       /* of to_send: what the schedule has released */
	uint64_t to_get, got;
	struct random_stream data;
	uint32_t filled, used; /* of chunk */
	uint8_t chunk[CHUNK];
	crypto_hash_sha256_state sent_digest, got_digest;
};

struct tcp_flow {
	struct run_flow *rf;
	struct side from, to;
	int listener;
	world_event write; /* the next scheduled write */
	uint8_t inbox[65536];
};

static struct side *other(struct side *s)
{
	return s == &s->t->from ? &s->t->to : &s->t->from;
}

static void note_info(struct side *s)
{
	struct dut_tcp_info info;
	if (!(host_ops(s->h)->capabilities() & DUT_CAP_TCP_INFO) || host_tcp_info(s->h, s->sock, &info))
		return;
	s->t->rf->r.timeouts += info.timeouts;
	s->t->rf->r.has_timeouts = true;
}

static void close_side(struct side *s)
{
	if (s->sock == NO_SOCKET)
		return;
	note_info(s);
	host_close(s->h, s->sock);
	s->sock = NO_SOCKET;
}

static void fail_side(struct side *s, int err)
{
	s->dead = true;
	close_side(s);
	flow_failed(s->t->rf, err);
}

static void check_finished(struct tcp_flow *t)
{
	const struct side *a = &t->from, *b = &t->to;
	bool arrived = a->connected && b->connected && a->got == a->to_get && b->got == b->to_get;
	if (arrived && (t->rf->f->close == CLOSE_NONE || (a->eof && b->eof)))
		flow_finished(t->rf);
}

/* All there is to read. False when the side is gone. */
static bool read_all(struct side *s)
{
	struct flow_result *r = &s->t->rf->r;
	while (!s->eof) {
		long n = host_recv(s->h, s->sock, s->t->inbox, sizeof(s->t->inbox), NULL);
		if (n == -EAGAIN)
			return true;
		if (n < 0) {
			fail_side(s, (int)n);
			return false;
		}
		if (n == 0) {
			s->eof = true;
			return true;
		}
		crypto_hash_sha256_update(&s->got_digest, s->t->inbox, (unsigned long long)n);
		s->got += (uint64_t)n;
		r->bytes_received += (uint64_t)n;
		r->last_data_ns = world_now(s->t->rf->run->w);
	}
	return true;
}

/* As much as the stack takes. False when the side is gone. */
static bool write_all(struct side *s)
{
	while (s->sent < s->allowed && !s->shut) {
		if (s->used == s->filled) {
			random_bytes(&s->data, s->chunk, CHUNK);
			s->filled = CHUNK;
			s->used = 0;
		}
		uint64_t len = s->filled - s->used;
		if (len > s->allowed - s->sent)
			len = s->allowed - s->sent;
		long n = host_send(s->h, s->sock, s->chunk + s->used, len, NULL);
		if (n == -EAGAIN || n == 0)
			return true;
		if (n < 0) {
			fail_side(s, (int)n);
			return false;
		}
		crypto_hash_sha256_update(&s->sent_digest, s->chunk + s->used, (unsigned long long)n);
		s->used += (uint32_t)n;
		s->sent += (uint64_t)n;
		s->t->rf->r.bytes_sent += (uint64_t)n;
	}
	return true;
}

/* The closer goes first, when it has all; the other follows the end it read. */
static void close_when_done(struct side *s)
{
	bool sent_all = s->sent == s->to_send, got_all = s->got >= s->to_get;
	bool both = s->t->rf->f->close == CLOSE_BOTH;
	if (!s->shut && sent_all && (s->eof || (s->closer && (both || got_all)))) {
		s->shut = true;
		host_shutdown(s->h, s->sock);
	}
	if (s->shut && s->eof)
		close_side(s);
}

static void pump(struct side *s)
{
	if (s->sock == NO_SOCKET || !s->connected)
		return;
	if (!read_all(s) || !write_all(s))
		return;
	close_when_done(s);
	check_finished(s->t);
}

static void on_event(struct host *h, int sock, unsigned ready, void *arg)
{
	struct side *s = arg;
	int err = host_error(h, sock);
	if (!s->connected && ready & DUT_CONNECTED)
		s->connected = true;
	if (err) {
		if (s->connected && ready & DUT_READABLE)
			read_all(s);
		fail_side(s, err);
		return;
	}
	if (!s->connected) {
		if (ready & DUT_CLOSED)
			fail_side(s, -ECONNABORTED);
		return;
	}
	pump(s);
}

static void on_connection(struct host *h, int sock, unsigned ready, void *arg)
{
	struct tcp_flow *t = arg;
	if (!(ready & DUT_ACCEPTABLE) || t->to.connected)
		return;
	int got = host_accept(h, sock, NULL);
	if (got < 0)
		return;
	t->to.sock = got;
	t->to.connected = true;
	flow_set_options(h, got, &t->rf->f->options);
	int err = host_watch(h, got, on_event, &t->to);
	if (err)
		fail_side(&t->to, err);
}

/* The schedule of a flow that writes now and then. */
static void on_write(void *arg)
{
	struct tcp_flow *t = arg;
	const struct scn_flow *f = t->rf->f;
	struct side *sides[] = { &t->from, &t->to };
	bool more = false;
	for (int i = 0; i < 2; i++) {
		struct side *s = sides[i];
		uint64_t left = s->to_send - s->allowed;
		s->allowed += left < f->size ? left : f->size;
		more = more || s->allowed < s->to_send;
		pump(s);
	}
	if (more)
		world_in(t->rf->run->w, &t->write, f->interval_ns);
}

static void init_side(struct tcp_flow *t, struct side *s, struct host *h, const char *way, uint64_t to_send, uint64_t to_get, bool closer)
{
	char name[120];
	s->t = t;
	s->h = h;
	s->sock = NO_SOCKET;
	s->to_send = to_send;
	s->allowed = t->rf->f->interval_ns ? 0 : to_send;
	s->to_get = to_get;
	s->closer = closer;
	snprintf(name, sizeof(name), "flow/%s/%s", t->rf->f->name, way);
	world_random(t->rf->run->w, &s->data, name);
	crypto_hash_sha256_init(&s->sent_digest);
	crypto_hash_sha256_init(&s->got_digest);
}

static int open_listener(struct tcp_flow *t)
{
	const struct scn_flow *f = t->rf->f;
	struct host *h = t->rf->to;
	struct dut_sockaddr local = { .port = f->port };
	int sock = host_socket(h, f->to_addr.family, DUT_SOCK_STREAM, 0);
	if (sock < 0)
		return sock;
	t->listener = sock;
	int err = host_bind(h, sock, &local);
	if (!err)
		err = host_listen(h, sock, 8);
	return err ? err : host_watch(h, sock, on_connection, t);
}

static int connect_side(struct tcp_flow *t)
{
	const struct scn_flow *f = t->rf->f;
	struct side *s = &t->from;
	struct dut_sockaddr peer = { f->to_addr, f->port };
	s->sock = host_socket(s->h, f->to_addr.family, DUT_SOCK_STREAM, 0);
	if (s->sock < 0)
		return s->sock;
	flow_set_options(s->h, s->sock, &f->options);
	int err = host_connect(s->h, s->sock, &peer);
	if (err && err != -EINPROGRESS)
		return err;
	return host_watch(s->h, s->sock, on_event, s);
}

static int start(struct run_flow *rf)
{
	const struct scn_flow *f = rf->f;
	struct tcp_flow *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	rf->state = t;
	t->rf = rf;
	t->listener = NO_SOCKET;
	uint64_t out = f->direction & FLOW_SEND ? f->bytes : 0, in = f->direction & FLOW_RECEIVE ? f->bytes : 0;
	init_side(t, &t->from, rf->from, "from", out, in, f->close == CLOSE_FROM || f->close == CLOSE_BOTH);
	init_side(t, &t->to, rf->to, "to", in, out, f->close == CLOSE_TO || f->close == CLOSE_BOTH);
	int err = world_event_init(rf->run->w, &t->write, on_write, t);
	if (!err && f->listen)
		err = open_listener(t);
	if (!err)
		err = connect_side(t);
	if (!err && f->interval_ns)
		world_in(rf->run->w, &t->write, 0);
	return err;
}

static void stop_side(struct side *s)
{
	s->to_send = s->allowed = s->sent;
	s->closer = true;
	other(s)->to_get = s->sent;
}

static void stop(struct run_flow *rf)
{
	struct tcp_flow *t = rf->state;
	world_cancel(rf->run->w, &t->write);
	stop_side(&t->from);
	stop_side(&t->to);
	if (!t->from.connected && t->from.sock != NO_SOCKET)
		fail_side(&t->from, -ECONNABORTED);
	pump(&t->from);
	pump(&t->to);
}

static void abort_from(struct run_flow *rf)
{
	struct tcp_flow *t = rf->state;
	struct side *s = &t->from;
	world_cancel(rf->run->w, &t->write);
	if (s->sock == NO_SOCKET)
		return;
	note_info(s);
	host_abort(s->h, s->sock);
	s->sock = NO_SOCKET;
	s->dead = true;
}

static void set(struct run_flow *rf, const struct scn_sockopts *o)
{
	struct tcp_flow *t = rf->state;
	if (t->from.sock != NO_SOCKET)
		flow_set_options(t->from.h, t->from.sock, o);
	if (t->to.sock != NO_SOCKET)
		flow_set_options(t->to.h, t->to.sock, o);
}

/* Equal digests of what one side sent and the other got. */
static bool same_bytes(struct side *sender, struct side *receiver, char hex[65])
{
	unsigned char a[32], b[32];
	crypto_hash_sha256_final(&sender->sent_digest, a);
	crypto_hash_sha256_final(&receiver->got_digest, b);
	if (hex)
		sodium_bin2hex(hex, 65, b, sizeof(b));
	return sodium_memcmp(a, b, sizeof(a)) == 0 && receiver->got == receiver->to_get && sender->sent == sender->to_send;
}

static void finish(struct run_flow *rf)
{
	struct tcp_flow *t = rf->state;
	close_side(&t->from);
	close_side(&t->to);
	bool out_first = rf->f->direction & FLOW_SEND;
	bool out = same_bytes(&t->from, &t->to, out_first ? rf->r.sha256 : NULL);
	bool in = same_bytes(&t->to, &t->from, out_first ? NULL : rf->r.sha256);
	rf->r.intact = out && in && t->from.connected && t->to.connected;
}

static void destroy(struct run_flow *rf)
{
	struct tcp_flow *t = rf->state;
	world_event_fini(rf->run->w, &t->write);
	free(t);
}

const struct flow_ops flow_tcp = { start, stop, abort_from, set, finish, destroy };
