/* SPDX-License-Identifier: ISC */
/* Socket handles of the variant `direct`, and the socket calls of the seam, sorted by type of socket. */
#include "sim/dut/direct_stack.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_SOCKETS 1048576

static struct direct_sock *get(void *dut, int handle)
{
	struct direct *d = dut;
	return handle >= 0 && handle < d->n_socks ? d->socks[handle] : NULL;
}

struct direct_sock *direct_sock_new(struct direct *d, enum dut_socket_type type)
{
	struct direct_sock *s = calloc(1, sizeof(*s));
	if (s) {
		s->stack = d;
		s->type = type;
		s->family = 4;
		s->handle = -1;
	}
	return s;
}

static int grow(struct direct *d)
{
	int n = d->n_socks ? d->n_socks * 2 : 16;
	if (n > MAX_SOCKETS)
		return -EMFILE;
	struct direct_sock **socks = realloc(d->socks, (size_t)n * sizeof(struct direct_sock *));
	if (!socks)
		return -ENOMEM;
	for (int i = d->n_socks; i < n; i++)
		socks[i] = NULL;
	d->socks = socks;
	d->n_socks = n;
	return 0;
}

int direct_sock_give_handle(struct direct_sock *s)
{
	struct direct *d = s->stack;
	while (d->first_free < d->n_socks && d->socks[d->first_free])
		d->first_free++;
	int err = d->first_free == d->n_socks ? grow(d) : 0;
	if (err < 0)
		return err;
	s->handle = d->first_free;
	d->socks[s->handle] = s;
	return s->handle;
}

void direct_sock_free(struct direct_sock *s)
{
	struct direct *d = s->stack;
	if (s->handle >= 0) {
		d->socks[s->handle] = NULL;
		if (s->handle < d->first_free)
			d->first_free = s->handle;
	}
	free(s);
}

void direct_sock_changed(struct direct_sock *s)
{
	if (s->handle >= 0)
		s->stack->host.socket_event(s->stack->host.arg, s->handle);
}

int direct_sock_take_error(struct direct_sock *s)
{
	int err = s->err;
	s->err = 0;
	return err;
}

static void free_queue(struct direct_sock *s)
{
	while (s->queue) {
		struct direct_datagram *q = s->queue;
		s->queue = q->next;
		buf_free(q->b);
		free(q);
	}
}

/* The layers below are torn down as a whole afterwards; nothing is sent. */
void direct_socks_destroy(struct direct *d)
{
	for (int i = 0; i < d->n_socks; i++) {
		struct direct_sock *s = d->socks[i];
		if (!s)
			continue;
		while (s->accepted) {
			struct direct_sock *a = s->accepted;
			s->accepted = a->next;
			free(a);
		}
		if (s->type == DUT_SOCK_PACKET)
			direct_packet_close(s);
		free_queue(s);
		direct_sock_free(s);
	}
	free(d->socks);
}

static bool is_stream(const struct direct_sock *s)
{
	return s->type == DUT_SOCK_STREAM;
}

static bool family_ok(const struct dut_sockaddr *a)
{
	return a->addr.family == 0 || a->addr.family == 4;
}

int direct_socket(void *dut, uint8_t family, enum dut_socket_type type, unsigned number)
{
	if (family != 0 && family != 4)
		return -EAFNOSUPPORT;
	struct direct_sock *s = direct_sock_new(dut, type);
	if (!s)
		return -ENOMEM;
	s->number = number;
	int handle = direct_sock_give_handle(s);
	int err = handle < 0 ? handle : is_stream(s) ? (s->stack->tcp ? 0 : -EPROTONOSUPPORT) : direct_datagram_open(s);
	if (err < 0) {
		direct_sock_free(s);
		return err;
	}
	return handle;
}

int direct_bind(void *dut, int sock, const struct dut_sockaddr *local)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	if (!family_ok(local))
		return -EAFNOSUPPORT;
	return is_stream(s) ? direct_stream_bind(s, local) : direct_datagram_bind(s, local);
}

int direct_listen(void *dut, int sock, unsigned backlog)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_listen(s, backlog) : -EOPNOTSUPP;
}

int direct_accept(void *dut, int sock, struct dut_sockaddr *peer)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_accept(s, peer) : -EOPNOTSUPP;
}

int direct_connect(void *dut, int sock, const struct dut_sockaddr *peer)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	if (peer->addr.family != 4)
		return -EAFNOSUPPORT;
	return is_stream(s) ? direct_stream_connect(s, peer) : direct_datagram_connect(s, peer);
}

long direct_send(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	if (is_stream(s))
		return direct_stream_send(s, bytes, len);
	return to && !family_ok(to) ? -EAFNOSUPPORT : direct_datagram_send(s, bytes, len, to);
}

long direct_recv(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_recv(s, bytes, len) : direct_datagram_recv(s, bytes, len, from);
}

int direct_shutdown(void *dut, int sock)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_shutdown(s) : -EOPNOTSUPP;
}

static int end(struct direct_sock *s, bool reset)
{
	if (!s)
		return -EBADF;
	if (is_stream(s)) {
		direct_stream_close(s, reset);
		return 0;
	}
	free_queue(s);
	direct_datagram_close(s);
	return 0;
}

int direct_close(void *dut, int sock)
{
	return end(get(dut, sock), false);
}

int direct_abort(void *dut, int sock)
{
	return end(get(dut, sock), true);
}

/* Datagram sockets look their options up when they send. */
static int set_datagram_option(struct direct_sock *s, enum dut_socket_option option, int64_t value)
{
	bool flag = option == DUT_SO_BROADCAST || option == DUT_SO_DONT_FRAGMENT;
	if (!flag && option != DUT_SO_TTL && option != DUT_SO_TOS)
		return -EOPNOTSUPP;
	if (value < (option == DUT_SO_TTL) || value > (flag ? 1 : 255))
		return -EINVAL;
	s->options[option] = value;
	return 0;
}

int direct_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	if ((unsigned)option >= DIRECT_N_OPTIONS)
		return -EOPNOTSUPP;
	return is_stream(s) ? direct_stream_set_option(s, option, value) : set_datagram_option(s, option, value);
}

unsigned direct_ready(void *dut, int sock)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return 0;
	if (is_stream(s))
		return direct_stream_ready(s);
	return DUT_WRITABLE | (s->queue || s->err ? DUT_READABLE : 0u) | (s->has_peer ? DUT_CONNECTED : 0u);
}

int direct_error(void *dut, int sock)
{
	struct direct_sock *s = get(dut, sock);
	return s ? direct_sock_take_error(s) : -EBADF;
}

int direct_local_name(void *dut, int sock, struct dut_sockaddr *local)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_local_name(s, local) : direct_datagram_local_name(s, local);
}

int direct_tcp_info(void *dut, int sock, struct dut_tcp_info *info)
{
	struct direct_sock *s = get(dut, sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? direct_stream_info(s, info) : -EOPNOTSUPP;
}
