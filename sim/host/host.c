/* SPDX-License-Identifier: ISC */
#include "sim/host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY (-1)

/* Who watches a socket. Slots are indexed by handle and chained into the host's queue of changed sockets. */
struct watch {
	host_socket_fn *fn;
	void *arg;
	bool changed; /* to be told */
	bool queued;  /* in the queue */
	int next;
};

struct port {
	struct host *host;
	unsigned ifindex;
	struct link_port *link_port;
};

struct host {
	struct world *world;
	const struct dut_ops *ops;
	void *dut;
	char *name;
	unsigned n_ports;
	struct port *ports;
	world_event due;    /* the DUT's deadline */
	world_event notify; /* readiness to pass on */
	struct watch *watches;
	int n_watches;
	int first, last; /* queue of changed sockets, NOBODY when empty */
	void (*on_frame)(unsigned ifindex, const uint8_t *frame, size_t len, void *arg);
	void *on_frame_arg;
};

/* Moves the DUT's clock to now; every call into the DUT begins with it. */
static void *enter(struct host *h)
{
	h->ops->advance(h->dut, world_now(h->world));
	return h->dut;
}

/* Keeps the event queue in step with the DUT's deadline; every call into the DUT ends with it. */
static long leave(struct host *h, long result)
{
	uint64_t at = h->ops->deadline(h->dut);
	if (at == DUT_NEVER)
		world_cancel(h->world, &h->due);
	else if (!timer_armed(&h->due) || at != h->due.at_ns)
		world_at(h->world, &h->due, at);
	return result;
}

static void run_due(void *arg)
{
	struct host *h = arg;
	enter(h);
	leave(h, 0);
}

static void frame_out(void *arg, unsigned ifindex, const uint8_t *frame, size_t len)
{
	struct host *h = arg;
	if (h->on_frame)
		h->on_frame(ifindex, frame, len, h->on_frame_arg);
	if (ifindex >= h->n_ports || !h->ports[ifindex].link_port)
		return; /* no cable */
	struct buf *b = buf_from(world_pool(h->world), frame, (uint32_t)len);
	if (b)
		link_send(h->ports[ifindex].link_port, b);
}

static void mark_changed(struct host *h, int sock)
{
	struct watch *w = &h->watches[sock];
	w->changed = true;
	if (w->queued)
		return;
	w->queued = true;
	w->next = NOBODY;
	if (h->first == NOBODY)
		h->first = sock;
	else
		h->watches[h->last].next = sock;
	h->last = sock;
	if (!timer_armed(&h->notify))
		world_in(h->world, &h->notify, 0);
}

static void socket_event(void *arg, int sock)
{
	struct host *h = arg;
	if (sock >= 0 && sock < h->n_watches && h->watches[sock].fn)
		mark_changed(h, sock);
}

static void tell(struct host *h, int sock)
{
	struct watch *w = &h->watches[sock];
	if (!w->changed || !w->fn)
		return; /* closed meanwhile */
	w->changed = false;
	host_socket_fn *fn = w->fn;
	void *fn_arg = w->arg;
	fn(h, sock, host_ready(h, sock), fn_arg);
}

/* Tells the watchers queued so far. What they cause is queued behind them, for another event at the same time. */
static void run_notify(void *arg)
{
	struct host *h = arg;
	int last = h->last, sock;
	do {
		sock = h->first;
		h->first = h->watches[sock].next;
		h->watches[sock].queued = false;
		tell(h, sock);
	} while (sock != last);
	if (h->first != NOBODY)
		world_in(h->world, &h->notify, 0);
}

static int init(struct host *h, const struct dut_config *config, const char **why)
{
	struct dut_host callbacks = { .arg = h, .frame_out = frame_out, .socket_event = socket_event };
	h->first = h->last = NOBODY;
	h->name = strdup(config->name);
	h->ports = calloc(config->n_interfaces + 1, sizeof(*h->ports));
	if (!h->name || !h->ports)
		return -ENOMEM;
	h->n_ports = config->n_interfaces;
	for (unsigned i = 0; i < h->n_ports; i++)
		h->ports[i] = (struct port){ .host = h, .ifindex = i };
	if (world_event_init(h->world, &h->due, run_due, h) < 0 || world_event_init(h->world, &h->notify, run_notify, h) < 0)
		return -ENOMEM;
	int err = h->ops->create(config, &callbacks, &h->dut, why);
	if (err < 0) {
		h->dut = NULL;
		return err;
	}
	run_due(h);
	return 0;
}

int host_create(struct world *w, const struct dut_ops *ops, const struct dut_config *config, struct host **h, const char **why)
{
	const char *none = "out of memory", **reason = why ? why : &none;
	*reason = none;
	*h = NULL;
	if (ops->abi != DUT_ABI || config->abi != DUT_ABI) {
		*reason = "the variant was built for another version of the seam (dut.h)";
		return -EINVAL;
	}
	const char *unavailable = ops->unavailable ? ops->unavailable() : NULL;
	if (unavailable) {
		*reason = unavailable;
		return -ENOSYS;
	}
	struct host *host = calloc(1, sizeof(*host));
	if (!host)
		return -ENOMEM;
	host->world = w;
	host->ops = ops;
	int err = init(host, config, reason);
	if (err < 0) {
		host_destroy(host);
		return err;
	}
	*h = host;
	return 0;
}

void host_destroy(struct host *h)
{
	if (!h)
		return;
	if (h->dut)
		h->ops->destroy(h->dut);
	world_event_fini(h->world, &h->due);
	world_event_fini(h->world, &h->notify);
	free(h->watches);
	free(h->ports);
	free(h->name);
	free(h);
}

static void link_rx(struct buf *frame, void *arg)
{
	struct port *p = arg;
	host_frame_in(p->host, p->ifindex, frame->data, frame->len);
	buf_free(frame);
}

int host_attach(struct host *h, unsigned ifindex, struct link *l)
{
	if (ifindex >= h->n_ports || h->ports[ifindex].link_port)
		return -EINVAL;
	return link_attach(l, h->name, link_rx, &h->ports[ifindex], &h->ports[ifindex].link_port);
}

struct link_port *host_port(const struct host *h, unsigned ifindex)
{
	return ifindex < h->n_ports ? h->ports[ifindex].link_port : NULL;
}

const char *host_name(const struct host *h)
{
	return h->name;
}

const struct dut_ops *host_ops(const struct host *h)
{
	return h->ops;
}

struct world *host_world(const struct host *h)
{
	return h->world;
}

int host_watch(struct host *h, int sock, host_socket_fn *fn, void *arg)
{
	if (sock < 0)
		return -EBADF;
	if (sock >= h->n_watches) {
		int n = h->n_watches ? h->n_watches : 16;
		while (n <= sock)
			n *= 2;
		struct watch *grown = realloc(h->watches, (size_t)n * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + h->n_watches, 0, (size_t)(n - h->n_watches) * sizeof(*grown));
		h->watches = grown;
		h->n_watches = n;
	}
	h->watches[sock].fn = fn;
	h->watches[sock].arg = arg;
	if (fn)
		mark_changed(h, sock); /* what happened before the watch began is not missed */
	return 0;
}

static void unwatch(struct host *h, int sock)
{
	if (sock >= 0 && sock < h->n_watches) {
		h->watches[sock].fn = NULL;
		h->watches[sock].changed = false;
	}
}

int host_socket(struct host *h, uint8_t family, enum dut_socket_type type, unsigned number)
{
	return (int)leave(h, h->ops->socket(enter(h), family, type, number));
}

int host_bind(struct host *h, int sock, const struct dut_sockaddr *local)
{
	return (int)leave(h, h->ops->bind(enter(h), sock, local));
}

int host_listen(struct host *h, int sock, unsigned backlog)
{
	return (int)leave(h, h->ops->listen(enter(h), sock, backlog));
}

int host_accept(struct host *h, int sock, struct dut_sockaddr *peer)
{
	return (int)leave(h, h->ops->accept(enter(h), sock, peer));
}

int host_connect(struct host *h, int sock, const struct dut_sockaddr *peer)
{
	return (int)leave(h, h->ops->connect(enter(h), sock, peer));
}

long host_send(struct host *h, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	return leave(h, h->ops->send(enter(h), sock, bytes, len, to));
}

long host_recv(struct host *h, int sock, void *bytes, size_t len, struct dut_sockaddr *from)
{
	return leave(h, h->ops->recv(enter(h), sock, bytes, len, from));
}

int host_shutdown(struct host *h, int sock)
{
	return (int)leave(h, h->ops->shutdown(enter(h), sock));
}

int host_close(struct host *h, int sock)
{
	unwatch(h, sock);
	return (int)leave(h, h->ops->close(enter(h), sock));
}

int host_abort(struct host *h, int sock)
{
	unwatch(h, sock);
	return (int)leave(h, h->ops->abort(enter(h), sock));
}

int host_set_option(struct host *h, int sock, enum dut_socket_option option, int64_t value)
{
	return (int)leave(h, h->ops->set_option(enter(h), sock, option, value));
}

unsigned host_ready(struct host *h, int sock)
{
	return (unsigned)leave(h, h->ops->ready(enter(h), sock));
}

int host_error(struct host *h, int sock)
{
	return (int)leave(h, h->ops->error(enter(h), sock));
}

int host_local_name(struct host *h, int sock, struct dut_sockaddr *local)
{
	return (int)leave(h, h->ops->local_name(enter(h), sock, local));
}

int host_tcp_info(struct host *h, int sock, struct dut_tcp_info *info)
{
	memset(info, 0, sizeof(*info));
	return (int)leave(h, h->ops->tcp_info(enter(h), sock, info));
}

void host_counters(struct host *h, dut_counter_fn *fn, void *arg)
{
	if (h->ops->counters)
		h->ops->counters(enter(h), fn, arg);
	leave(h, 0);
}

void host_frame_in(struct host *h, unsigned ifindex, const uint8_t *frame, size_t len)
{
	h->ops->frame_in(enter(h), ifindex, frame, len);
	leave(h, 0);
}

void host_on_frame(struct host *h, void (*fn)(unsigned ifindex, const uint8_t *frame, size_t len, void *arg), void *arg)
{
	h->on_frame = fn;
	h->on_frame_arg = arg;
}
