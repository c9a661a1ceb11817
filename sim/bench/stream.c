/* SPDX-License-Identifier: ISC */
/* A TCP stream between two hosts of one stack: 1 ms each way, MTU 1500, all checksums on, no other limit than the windows. */
#include "sim/bench/bench.h"
#include "sim/dut/variants.h"
#include "sim/host/host.h"
#include "sim/link/tap_pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT 5001
#define CHUNK_BYTES 65536u
#define PATIENCE_NS (3600 * NS_PER_S) /* of virtual time */

struct transfer {
	struct world *w;
	struct link *wire;
	struct host *sender, *receiver;
	int out, listener, in; /* sockets; in: -1 before it is accepted */
	uint64_t to_send, received;
	bool ended; /* the receiver saw the end of the stream */
	int error;
	uint8_t chunk[CHUNK_BYTES], sink[CHUNK_BYTES];
};

static void fail(struct transfer *t, int error)
{
	t->error = error;
	world_stop(t->w);
}

static void send_on(struct host *h, int sock, unsigned ready, void *arg)
{
	struct transfer *t = arg;
	if (ready & DUT_CLOSED && !t->ended)
		fail(t, host_error(h, sock));
	while (t->to_send && ready & DUT_WRITABLE) {
		long n = host_send(h, sock, t->chunk, t->to_send < CHUNK_BYTES ? t->to_send : CHUNK_BYTES, NULL);
		if (n == -EAGAIN || n == 0)
			return;
		if (n < 0) {
			fail(t, (int)n);
			return;
		}
		t->to_send -= (uint64_t)n;
		if (!t->to_send)
			host_shutdown(h, sock);
	}
}

static void receive(struct host *h, int sock, unsigned ready, void *arg)
{
	struct transfer *t = arg;
	while (ready & DUT_READABLE) {
		long n = host_recv(h, sock, t->sink, CHUNK_BYTES, NULL);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			t->ended = n == 0;
			fail(t, (int)n);
			return;
		}
		t->received += (uint64_t)n;
	}
}

static void accept_one(struct host *h, int sock, unsigned ready, void *arg)
{
	struct transfer *t = arg;
	struct dut_sockaddr peer;
	if (!(ready & DUT_ACCEPTABLE) || t->in >= 0)
		return;
	t->in = host_accept(h, sock, &peer);
	if (t->in >= 0)
		host_watch(h, t->in, receive, t);
}

static struct dut_sockaddr address(unsigned last)
{
	return (struct dut_sockaddr){ .addr = { .family = 4, .b = { 10, 0, 0, (uint8_t)last } }, .port = PORT };
}

static int make_host(struct transfer *t, const struct dut_spec *spec, unsigned last, struct host **h, char reason[BENCH_REASON_MAX])
{
	const char *why = NULL;
	struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, (uint8_t)last }, .mtu = 1500, .n_addrs = 1, .addrs = { { address(last).addr, 24 } } };
	struct dut_config config = {
		.abi = DUT_ABI,
		.name = last == 1 ? "sender" : "receiver",
		.seed = world_seed(t->w),
		.layers = spec->layers,
		.n_interfaces = 1,
		.interfaces = &eth0,
		.n_options = spec->n_options,
		.options = spec->options,
	};
	int err = host_create(t->w, spec->ops, &config, h, &why);
	if (err < 0)
		snprintf(reason, BENCH_REASON_MAX, "%s", why ? why : strerror(-err));
	else
		err = host_attach(*h, 0, t->wire);
	return err;
}

static int build(struct transfer *t, const struct dut_spec *spec, char reason[BENCH_REASON_MAX])
{
	struct impairments imp = { .delay_ns = NS_PER_MS };
	t->w = world_create(1);
	t->wire = t->w ? link_create(t->w, "wire", LINK_WIRE) : NULL;
	if (!t->wire)
		return -ENOMEM;
	link_set_fingerprint(t->wire, false);
	int err = make_host(t, spec, 1, &t->sender, reason);
	if (!err)
		err = make_host(t, spec, 2, &t->receiver, reason);
	if (!err)
		err = link_impair(host_port(t->sender, 0), LINK_FROM_HOST, &imp);
	if (!err)
		err = link_impair(host_port(t->receiver, 0), LINK_FROM_HOST, &imp);
	return err;
}

static int connect_hosts(struct transfer *t)
{
	struct dut_sockaddr here = { .port = PORT }, there = address(2);
	t->listener = host_socket(t->receiver, 4, DUT_SOCK_STREAM, 0);
	t->out = host_socket(t->sender, 4, DUT_SOCK_STREAM, 0);
	if (t->listener < 0 || t->out < 0)
		return t->listener < 0 ? t->listener : t->out;
	int err = host_bind(t->receiver, t->listener, &here);
	if (!err)
		err = host_listen(t->receiver, t->listener, 1);
	if (!err)
		err = host_watch(t->receiver, t->listener, accept_one, t);
	if (!err)
		err = host_watch(t->sender, t->out, send_on, t);
	if (!err)
		err = host_connect(t->sender, t->out, &there);
	return err == -EINPROGRESS ? 0 : err;
}

static int run_to_the_end(struct transfer *t, uint64_t bytes, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	struct bench_clock start = bench_clock_now(false);
	int err = connect_hosts(t);
	if (!err)
		world_run(t->w, PATIENCE_NS);
	bench_clock_stop(&start, false, run);
	run->amount = t->received;
	run->segments = link_counters(host_port(t->sender, 0), LINK_FROM_HOST)->sent_frames;
	if (err < 0 || t->error < 0)
		snprintf(reason, BENCH_REASON_MAX, "%s", strerror(err < 0 ? -err : -t->error));
	else if (!t->ended || t->received != bytes)
		snprintf(reason, BENCH_REASON_MAX, "%llu of %llu bytes arrived", (unsigned long long)t->received, (unsigned long long)bytes);
	else
		return 0;
	return -EIO;
}

static void destroy(struct transfer *t)
{
	host_destroy(t->sender);
	host_destroy(t->receiver);
	link_destroy(t->wire);
	world_destroy(t->w);
}

static int transfer(struct transfer *t, const struct dut_spec *spec, const char *pcap, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	struct tap_pcap *tap = NULL;
	uint64_t bytes = t->to_send;
	int err = build(t, spec, reason);
	if (!err && pcap) {
		tap = tap_pcap_open(t->wire, host_port(t->receiver, 0), pcap, reason);
		err = tap ? 0 : -EIO;
	}
	if (!err)
		err = run_to_the_end(t, bytes, run, reason);
	if (tap && err < 0)
		tap_pcap_discard(tap);
	else if (tap)
		err = tap_pcap_finish(tap, reason);
	return err;
}

int bench_transfer(const char *stack, uint64_t bytes, const char *pcap, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	struct dut_spec spec;
	int err = dut_spec_parse(&spec, stack, reason, BENCH_REASON_MAX);
	if (err < 0)
		return err;
	struct transfer *t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	t->in = -1;
	t->to_send = bytes;
	err = transfer(t, &spec, pcap, run, reason);
	destroy(t);
	free(t);
	return err;
}

int bench_stream(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	return bench_transfer(stack, o->stream_bytes, NULL, run, reason);
}
