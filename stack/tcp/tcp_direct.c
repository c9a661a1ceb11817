/* SPDX-License-Identifier: ISC */
/* DIRECT TCP as a whole: creation, the IP faces below, listeners and OPEN. */
#include "stack/tcp/tcp_direct.h"
#include "stack/tcp/tcp_internal.h"

#include <errno.h>
#include <stdlib.h>

static const char *const counter_names[] = { TCP_COUNTERS(COUNTER_NAME) };

static struct tcp_direct *direct(struct tcp *tcp)
{
	return (struct tcp_direct *)tcp;
}

/* --- listeners --------------------------------------------------------------------------------------- */

/* demux keeps functions; a port's value is its list of listeners, the function only marks the slot as taken. */
static void port_taken(void)
{
}

static struct listener *port_listeners(const struct tcp_direct *tcp, uint16_t port)
{
	const struct demux_entry *e = demux_find(&tcp->ports, port);
	return e ? e->arg : NULL;
}

/* A listener for exactly this address goes before one for any address. */
struct listener *tcp_find_listener(const struct tcp_direct *tcp, const struct ip_addr *local, uint16_t port)
{
	struct listener *any = NULL;
	for (struct listener *l = port_listeners(tcp, port); l; l = l->next) {
		if (ip_equal(&l->local, local))
			return l;
		if (!l->local.family)
			any = l;
	}
	return any;
}

static struct face *face_of(struct tcp_direct *tcp, const struct ip_addr *local)
{
	for (unsigned i = 0; i < tcp->n_faces; i++) {
		if (tcp->faces[i].ip->family == local->family && ip_is_local(tcp->faces[i].ip, local))
			return &tcp->faces[i];
	}
	return NULL;
}

static bool has_family(const struct tcp_direct *tcp, uint8_t family)
{
	for (unsigned i = 0; i < tcp->n_faces; i++) {
		if (!family || tcp->faces[i].ip->family == family)
			return true;
	}
	return false;
}

static int check_listen(struct tcp_direct *tcp, const struct tcp_listen *l)
{
	if (!has_family(tcp, l->local.family))
		return -EAFNOSUPPORT;
	if (l->local.family && !face_of(tcp, &l->local))
		return -EADDRNOTAVAIL;
	for (struct listener *other = l->port ? port_listeners(tcp, l->port) : NULL; other; other = other->next) {
		if (ip_equal(&other->local, &l->local))
			return -EADDRINUSE;
	}
	return tcp->n_listeners >= tcp->config.max_listeners ? -ENOSPC : 0;
}

/* Puts l first in its port's list. */
static int port_add(struct tcp_direct *tcp, struct listener *l)
{
	l->next = port_listeners(tcp, l->port);
	if (l->next)
		demux_unbind(&tcp->ports, l->port);
	return demux_bind(&tcp->ports, l->port, port_taken, l);
}

static void port_remove(struct tcp_direct *tcp, struct listener *l)
{
	struct listener *first = port_listeners(tcp, l->port);
	struct listener **at = &first;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	demux_unbind(&tcp->ports, l->port);
	if (first)
		demux_bind(&tcp->ports, l->port, port_taken, first); /* the slot just freed */
}

static int do_listen(struct tcp *face, const struct tcp_listen *want, struct tcp_listener **out)
{
	struct tcp_direct *tcp = direct(face);
	uint16_t port = want->port;
	int err = check_listen(tcp, want);
	if (!err && !port)
		err = tcp_port_for_listen(tcp, &port);
	if (err < 0)
		return err;
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->face.tcp = face;
	l->local = want->local;
	l->port = port;
	l->backlog = want->backlog ? want->backlog : tcp->config.backlog;
	l->accept = want->accept;
	l->arg = want->arg;
	err = port_add(tcp, l);
	if (err < 0) {
		free(l);
		return err;
	}
	l->next_all = tcp->listeners;
	if (l->next_all)
		l->next_all->prev_all = l;
	tcp->listeners = l;
	tcp->n_listeners++;
	*out = &l->face;
	return 0;
}

static void listener_free(struct tcp_direct *tcp, struct listener *l)
{
	if (l->prev_all)
		l->prev_all->next_all = l->next_all;
	else
		tcp->listeners = l->next_all;
	if (l->next_all)
		l->next_all->prev_all = l->prev_all;
	tcp->n_listeners--;
	free(l);
}

static void do_unlisten(struct tcp_listener *face)
{
	struct listener *l = (struct listener *)face;
	struct tcp_direct *tcp = direct(face->tcp);
	port_remove(tcp, l);
	while (l->pending) {
		struct flow *f = l->pending;
		flow_enter(f);
		tcp_send_rst(f);
		flow_close(f, -ECONNABORTED);
		flow_leave(f);
	}
	listener_free(tcp, l);
}

static uint16_t do_listener_port(const struct tcp_listener *face)
{
	return ((const struct listener *)face)->port;
}

/* --- active OPEN: RFC 9293 section 3.10.1 ---------------------------------------------------------------- */

/* MUST-46: a remote address that can only be a mistake. */
static bool remote_ok(const struct ip_addr *remote, struct ip *ip)
{
	if (remote->family == 4)
		return !ip4_is_multicast(ip_to_ip4(remote)) && !ip4_is_unspecified(ip_to_ip4(remote)) && !ip_is_broadcast(ip, remote);
	return remote->b[0] != 0xff && memcmp(remote->b, (const uint8_t[16]){ 0 }, 16) != 0;
}

/* The face and the local address to use: IP chooses where the caller did not (MUST-44). */
static int choose_path(struct tcp_direct *tcp, const struct tcp_connect *c, struct face **via, struct ip_addr *local)
{
	int err = -EAFNOSUPPORT;
	for (unsigned i = 0; i < tcp->n_faces; i++) {
		struct ip_path path;
		struct ip *ip = tcp->faces[i].ip;
		if (ip->family != c->remote.family)
			continue;
		if (!remote_ok(&c->remote, ip))
			return -EADDRNOTAVAIL;
		err = ip_route(ip, &c->remote, c->local.family ? &c->local : NULL, &path);
		if (err < 0)
			continue;
		*via = &tcp->faces[i];
		*local = c->local.family ? c->local : path.src;
		return 0;
	}
	return err;
}

static int do_connect(struct tcp *face, const struct tcp_connect *c, struct tcp_flow **out)
{
	struct tcp_direct *tcp = direct(face);
	struct face *via = NULL;
	struct ip_addr local;
	uint16_t port = c->local_port;
	if (!c->remote_port || (c->local.family && c->local.family != c->remote.family))
		return -EINVAL;
	int err = choose_path(tcp, c, &via, &local);
	if (err < 0)
		return err;
	if (!port)
		err = tcp_port_for_connect(tcp, &local, &c->remote, c->remote_port, &port);
	else if (tcp_table_find(tcp, &local, port, &c->remote, c->remote_port))
		err = -EADDRINUSE;
	if (err < 0)
		return err;
	struct flow *f = flow_create(tcp, via, &local, port, &c->remote, c->remote_port);
	if (!f)
		return -ENOMEM;
	err = flow_open(f, NULL);
	if (err < 0) {
		flow_destroy(f);
		return err;
	}
	tcp->counters.active_opens++;
	f->owned = true;
	f->events = c->events;
	f->arg = c->arg;
	*out = &f->face;
	flow_enter(f);
	f->state = TCP_STATE_SYN_SENT;
	tcp_send_syn(f);
	flow_leave(f);
	return 0;
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

static const struct tcp_ops ops = {
	.listen = do_listen,
	.unlisten = do_unlisten,
	.listener_port = do_listener_port,
	.connect = do_connect,
	.set_events = tcp_api_set_events,
	.write = tcp_api_write,
	.read = tcp_api_read,
	.shutdown = tcp_api_shutdown,
	.release = tcp_api_release,
	.abort = tcp_api_abort,
	.set_option = tcp_api_set_option,
	.get_option = tcp_api_get_option,
	.info = tcp_api_info,
	.endpoints = tcp_api_endpoints,
};

int tcp_direct_create(struct env *env, const struct tcp_config *config, struct tcp_direct **out)
{
	struct tcp_direct *tcp = calloc(1, sizeof(*tcp));
	if (!tcp)
		return -ENOMEM;
	tcp->face.ops = &ops;
	tcp->env = env;
	tcp->config = config ? *config : tcp_config_default();
	if (!tcp_config_valid(&tcp->config)) {
		free(tcp);
		return -EINVAL;
	}
	tcp->cc_ops = tcp_cc_find(tcp->config.congestion);
	tcp_isn_init(tcp);
	demux_init(&tcp->ports, UINT16_MAX);
	int err = tcp_table_init(tcp);
	if (err < 0) {
		free(tcp);
		return err;
	}
	*out = tcp;
	return 0;
}

void tcp_direct_destroy(struct tcp_direct *tcp)
{
	if (!tcp)
		return;
	for (unsigned i = 0; i < tcp->n_faces; i++)
		ip_unbind(tcp->faces[i].ip, 6);
	tcp_table_fini(tcp);
	while (tcp->listeners)
		listener_free(tcp, tcp->listeners);
	demux_fini(&tcp->ports);
	ring_cache_fini(&tcp->rings);
	free(tcp->deferred);
	free(tcp);
}

int tcp_direct_attach(struct tcp_direct *tcp, struct ip *ip)
{
	if (tcp->n_faces == TCP_FACES_MAX)
		return -ENOSPC;
	struct face *face = &tcp->faces[tcp->n_faces];
	*face = (struct face){ tcp, ip };
	int err = ip_bind(ip, 6, tcp_rx, tcp_error, face);
	if (!err)
		tcp->n_faces++;
	return err;
}

struct tcp *tcp_direct_face(struct tcp_direct *tcp)
{
	return &tcp->face;
}

struct counter_set tcp_direct_counters(const struct tcp_direct *tcp)
{
	return (struct counter_set){ "tcp", counter_names, (const uint64_t *)&tcp->counters, sizeof(counter_names) / sizeof(counter_names[0]) };
}

uint32_t tcp_direct_flows(const struct tcp_direct *tcp)
{
	return tcp->n_all;
}
