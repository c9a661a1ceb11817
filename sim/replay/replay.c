/* SPDX-License-Identifier: ISC */
#include "sim/replay/replay.h"

#include "sim/world/world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* An ARP reply under way to the stack. */
struct reply {
	struct reply *next;
	uint8_t frame[ETH_HDR_LEN + ARP_LEN];
};

struct engine {
	const struct replay_request *q;
	struct replay_result *r;
	struct world *world;
	struct host *host;
	struct capture_writer *answers;
	world_event inject, answer_arp;
	size_t next;                 /* frame to be injected */
	uint64_t frame, frame_at_ns; /* the last one injected, and when */
	uint64_t epoch_ns;           /* virtual time plus this is the capture's time */
	struct reply *first, **end;
	uint8_t *scratch; /* a frame being handed in: TRACE_FRAME_MAX bytes */
	uint8_t *sink;    /* where what sockets receive ends up: 64 KiB */
	bool failed;
};

#define SINK_BYTES 65536

/* --- what the stack sends --------------------------------------------------------------------------- */

static void queue_arp_reply(struct engine *e, const struct arp_pkt *request, struct mac mac)
{
	struct reply *reply = calloc(1, sizeof(*reply));
	if (!reply) {
		e->failed = true;
		return;
	}
	struct eth_hdr eth = { .dst = request->sha, .src = mac, .type = ETHERTYPE_ARP };
	struct arp_pkt arp = *request;
	arp.op = ARP_OP_REPLY;
	arp.sha = mac;
	arp.spa = request->tpa;
	arp.tha = request->sha;
	arp.tpa = request->spa;
	eth_hdr_emit(&eth, reply->frame, ETH_HDR_LEN);
	arp_pkt_emit(&arp, reply->frame + ETH_HDR_LEN, ARP_LEN);
	*e->end = reply;
	e->end = &reply->next;
	if (!timer_armed(&e->answer_arp))
		world_in(e->world, &e->answer_arp, 0);
}

/* The stack's next hops are not there to answer: the engine does, with the MACs of the capture. */
static void hear_arp_request(struct engine *e, const struct frame *f)
{
	struct ip_addr target = ip_from_ip4(f->arp.tpa);
	struct mac mac;
	e->r->arp_asked++;
	if (!place_neighbour(&e->r->place, e->q->hosts, &target, &mac))
		return;
	e->r->arp_answered++;
	queue_arp_reply(e, &f->arp, mac);
}

static void hand_in_arp_replies(void *arg)
{
	struct engine *e = arg;
	while (e->first) {
		struct reply *reply = e->first;
		e->first = reply->next;
		if (!e->first)
			e->end = &e->first;
		host_frame_in(e->host, 0, reply->frame, sizeof(reply->frame));
		free(reply);
	}
}

static void frame_out(unsigned ifindex, const uint8_t *bytes, size_t len, void *arg)
{
	struct engine *e = arg;
	uint64_t now_ns = world_now(e->world);
	struct frame f;
	(void)ifindex;
	frame_dissect(&f, bytes, len);
	if (e->answers)
		capture_write(e->answers, e->epoch_ns + now_ns, bytes, len, len); /* capture_finish() tells of a failure */
	e->r->resets += f.layers & FRAME_TCP && f.tcp.flags & TCP_RST;
	if (f.layers & FRAME_ARP && !f.error && f.arp.op == ARP_OP_REQUEST)
		hear_arp_request(e, &f);
	else
		ledger_answer(&e->r->ledger, e->frame_at_ns == now_ns ? e->frame : 0, &f);
}

/* --- what it receives ------------------------------------------------------------------------------- */

static bool skip_others(struct engine *e, struct frame *f)
{
	const struct trace *t = e->q->trace;
	for (; e->next < t->n_frames; e->next++) {
		frame_dissect(f, trace_bytes(t, &t->frames[e->next]), t->frames[e->next].len);
		if (place_receives(&e->r->place, e->q->hosts, f))
			return true;
	}
	return false;
}

static void inject(void *arg)
{
	struct engine *e = arg;
	struct frame f;
	if (!skip_others(e, &f))
		return;
	const struct trace_frame *tf = &e->q->trace->frames[e->next++];
	memcpy(e->scratch, trace_bytes(e->q->trace, tf), tf->len);
	place_address(&e->r->place, e->scratch, &f);
	e->r->injected++;
	e->r->injected_cut += tf->cut;
	e->r->bad_checksums += f.l4_checksum == CHECKSUM_BAD;
	e->epoch_ns = tf->epoch_ns;
	ledger_between(&e->r->ledger, e->host);
	e->frame = tf->number;
	e->frame_at_ns = world_now(e->world);
	host_frame_in(e->host, 0, e->scratch, tf->len);
	ledger_frame(&e->r->ledger, e->host, tf->number, tf->cut, &f);
	if (skip_others(e, &f))
		world_at(e->world, &e->inject, e->q->trace->frames[e->next].at_ns);
}

/* --- the host's sockets ------------------------------------------------------------------------------ */

/* Reads until nothing is left, so that windows stay open; the peer's end of stream is answered with ours. */
static void drain_stream(struct host *h, int sock, unsigned ready, void *arg)
{
	struct engine *e = arg;
	if (!(ready & (DUT_READABLE | DUT_CLOSED)))
		return;
	long got;
	do
		got = host_recv(h, sock, e->sink, SINK_BYTES, NULL);
	while (got > 0);
	if (got != -EAGAIN)
		host_close(h, sock);
}

static void drain_datagrams(struct host *h, int sock, unsigned ready, void *arg)
{
	struct engine *e = arg;
	if (!(ready & DUT_READABLE))
		return;
	for (int n = 0; n < 1024; n++) {
		if (host_recv(h, sock, e->sink, SINK_BYTES, NULL) == -EAGAIN)
			return;
	}
}

static void accept_all(struct host *h, int sock, unsigned ready, void *arg)
{
	struct engine *e = arg;
	if (!(ready & DUT_ACCEPTABLE))
		return;
	int s;
	while ((s = host_accept(h, sock, NULL)) >= 0) {
		if (host_watch(h, s, drain_stream, e) < 0)
			e->failed = true;
		drain_stream(h, s, host_ready(h, s), e);
	}
}

static int open_port(struct engine *e, bool tcp, unsigned port)
{
	struct dut_sockaddr any = { .port = (uint16_t)port };
	int sock = host_socket(e->host, 4, tcp ? DUT_SOCK_STREAM : DUT_SOCK_DGRAM, 0);
	if (sock < 0)
		return sock;
	int err = host_bind(e->host, sock, &any);
	if (!err && tcp)
		err = host_listen(e->host, sock, 128);
	if (!err)
		err = host_watch(e->host, sock, tcp ? accept_all : drain_datagrams, e);
	if (err < 0)
		host_close(e->host, sock);
	return err;
}

static void open_or_note(struct engine *e, bool tcp, unsigned port)
{
	int err = open_port(e, tcp, port);
	if (err >= 0)
		*(tcp ? &e->r->tcp_open : &e->r->udp_open) += 1;
	else if (!e->r->not_open++)
		snprintf(e->r->not_open_why, sizeof(e->r->not_open_why), "%s port %u: %s", tcp ? "TCP" : "UDP", port, strerror(-err));
}

/* The layers a stack was composed of say which kinds of ports it can have. */
static bool has(const struct engine *e, unsigned capability, unsigned layer)
{
	const struct dut_spec *s = e->q->stack;
	return s->ops->capabilities() & DUT_CAP_SOCKETS && s->ops->capabilities() & capability && (!s->layers || s->layers & layer);
}

static void open_ports(struct engine *e)
{
	bool tcp = has(e, DUT_CAP_TCP, DUT_LAYER_TCP), udp = has(e, DUT_CAP_UDP, DUT_LAYER_UDP);
	for (unsigned port = 1; port < 65536; port++) {
		if (tcp && place_tcp_open(e->r->place.tcp[port]))
			open_or_note(e, true, port);
		if (udp && place_udp_open(e->r->place.udp[port]))
			open_or_note(e, false, port);
	}
}

/* --- one replay --------------------------------------------------------------------------------------- */

static struct dut_addr dut_addr(const struct ip_addr *a)
{
	struct dut_addr d = { .family = a->family };
	memcpy(d.b, a->b, sizeof(d.b));
	return d;
}

static int create_host_once(struct engine *e, const char **why)
{
	const struct place *p = &e->r->place;
	const struct dut_spec *s = e->q->stack;
	struct dut_interface interface = { .mtu = p->mtu, .n_addrs = p->n_addrs };
	struct dut_route route = { .to = { .addr.family = 4 }, .via = dut_addr(&p->gateway) };
	memcpy(interface.mac, p->mac.b, 6);
	for (unsigned i = 0; i < p->n_addrs; i++)
		interface.addrs[i] = (struct dut_prefix){ dut_addr(&p->addrs[i]), p->prefix_len };
	struct dut_config config = { .abi = DUT_ABI,
		.name = "replay",
		.seed = e->q->seed,
		.layers = s->layers,
		.n_interfaces = 1,
		.interfaces = &interface,
		.n_routes = 1,
		.routes = &route,
		.n_options = s->n_options,
		.options = s->options };
	return host_create(e->world, s->ops, &config, &e->host, why);
}

/* A stack that cannot have several addresses on an interface takes the place of the first one alone. */
static int create_host(struct engine *e, const char **why)
{
	int err = create_host_once(e, why);
	if (err < 0 && err != -ENOMEM && e->r->place.n_addrs > 1) {
		e->r->addresses_left_out = e->r->place.n_addrs - 1;
		e->r->place.n_addrs = 1;
		err = create_host_once(e, why);
	}
	return err;
}

/* The replay did not come about. */
static void end(struct replay_result *r, enum replay_outcome outcome, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void end(struct replay_result *r, enum replay_outcome outcome, const char *fmt, ...)
{
	va_list args;
	r->outcome = outcome;
	va_start(args, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, args);
	va_end(args);
}

static int run(struct engine *e)
{
	const struct trace *t = e->q->trace;
	const char *why = NULL;
	int err = create_host(e, &why);
	if (err == -ENOMEM)
		return err;
	if (err < 0) {
		end(e->r, REPLAY_ERROR, "the stack cannot take this place: %s", why ? why : strerror(-err));
		return 0;
	}
	struct frame f;
	if (!skip_others(e, &f)) {
		end(e->r, REPLAY_SKIP, "nothing to inject: no frame of the capture was sent to this host");
		return 0;
	}
	e->epoch_ns = t->frames[0].epoch_ns;
	host_on_frame(e->host, frame_out, e);
	open_ports(e);
	ledger_start(&e->r->ledger, e->host);
	world_at(e->world, &e->inject, t->frames[e->next].at_ns);
	world_run(e->world, t->frames[t->n_frames - 1].at_ns + REPLAY_TAIL_NS);
	ledger_between(&e->r->ledger, e->host);
	e->r->virtual_ns = world_now(e->world);
	return e->failed || e->r->ledger.failed ? -ENOMEM : 0;
}

static void close_engine(struct engine *e)
{
	host_destroy(e->host);
	if (e->world) {
		world_event_fini(e->world, &e->inject);
		world_event_fini(e->world, &e->answer_arp);
	}
	world_destroy(e->world);
	while (e->first) {
		struct reply *next = e->first->next;
		free(e->first);
		e->first = next;
	}
	free(e->scratch);
	free(e->sink);
}

static int open_engine(struct engine *e)
{
	e->end = &e->first;
	e->frame_at_ns = UINT64_MAX;
	e->scratch = malloc(TRACE_FRAME_MAX);
	e->sink = malloc(SINK_BYTES);
	e->world = world_create(e->q->seed);
	if (!e->scratch || !e->sink || !e->world)
		return -ENOMEM;
	if (world_event_init(e->world, &e->inject, inject, e) < 0)
		return -ENOMEM;
	return world_event_init(e->world, &e->answer_arp, hand_in_arp_replies, e);
}

/* The answers are kept only from a replay that came about. */
static int finish_answers(struct engine *e, int err)
{
	char error[CAPTURE_ERROR_MAX];
	if (!e->answers)
		return err;
	if (err < 0 || e->r->outcome != REPLAY_PASS) {
		capture_discard(e->answers);
		return err;
	}
	if (capture_finish(e->answers, error) == 0)
		return 0;
	end(e->r, REPLAY_ERROR, "%s", error);
	return -EIO;
}

int replay_open_loop(const struct replay_request *q, struct replay_result *r)
{
	struct engine e = { .q = q, .r = r };
	char error[CAPTURE_ERROR_MAX];
	*r = (struct replay_result){ 0 };
	place_find(&r->place, q->trace, q->hosts, q->host);
	int err = open_engine(&e);
	if (!err && q->pcap) {
		e.answers = capture_create(q->pcap, error);
		if (!e.answers) {
			close_engine(&e);
			end(r, REPLAY_ERROR, "%s", error);
			return -EIO;
		}
	}
	if (!err)
		err = run(&e);
	close_engine(&e);
	return finish_answers(&e, err);
}

void replay_result_free(struct replay_result *r)
{
	ledger_free(&r->ledger);
}
