/* SPDX-License-Identifier: ISC */
/* Socket handles, and the socket calls of the seam, sorted by type of socket. */
#include "sim/dut/lwip/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SOCKETS 65536

static struct {
	struct sock **slots;
	int capacity;
	int first_free; /* no free slot lies below */
} table;

static struct sock *sock_get(int handle)
{
	return handle >= 0 && handle < table.capacity ? table.slots[handle] : NULL;
}

struct sock *sock_new(enum dut_socket_type type)
{
	struct sock *s = calloc(1, sizeof(*s));
	if (s) {
		s->type = type;
		s->handle = -1;
	}
	return s;
}

static bool grow(void)
{
	int capacity = table.capacity ? table.capacity * 2 : 16;
	if (capacity > MAX_SOCKETS)
		return false;
	struct sock **slots = calloc((size_t)capacity, sizeof(*slots));
	if (!slots)
		return false;
	if (table.slots)
		memcpy(slots, table.slots, (size_t)table.capacity * sizeof(*slots));
	free(table.slots);
	table.slots = slots;
	table.capacity = capacity;
	return true;
}

int sock_give_handle(struct sock *s)
{
	while (table.first_free < table.capacity && table.slots[table.first_free])
		table.first_free++;
	if (table.first_free == table.capacity && !grow())
		return table.capacity == MAX_SOCKETS ? -EMFILE : -ENOMEM;
	s->handle = table.first_free;
	table.slots[s->handle] = s;
	return s->handle;
}

void sock_free(struct sock *s)
{
	if (s->handle >= 0) {
		table.slots[s->handle] = NULL;
		if (s->handle < table.first_free)
			table.first_free = s->handle;
	}
	free(s);
}

void sock_each(void (*fn)(struct sock *s))
{
	for (int i = 0; i < table.capacity; i++) {
		if (table.slots[i])
			fn(table.slots[i]);
	}
}

int sock_to_ip(ip_addr_t *ip, const struct dut_addr *addr)
{
	if (addr->family != 0 && addr->family != 4)
		return -EAFNOSUPPORT;
	u32_t v4 = 0;
	if (addr->family == 4)
		memcpy(&v4, addr->b, 4);
	ip_addr_set_zero_ip4(ip);
	ip4_addr_set_u32(ip_2_ip4(ip), v4);
	return 0;
}

void sock_from_ip(struct dut_sockaddr *to, const ip_addr_t *ip, uint16_t port)
{
	u32_t v4 = ip4_addr_get_u32(ip_2_ip4(ip));
	*to = (struct dut_sockaddr){ .addr.family = 4, .port = port };
	memcpy(to->addr.b, &v4, 4);
}

int sock_errno(err_t err)
{
	switch (err) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
		return -ENOMEM;
	case ERR_BUF:
	case ERR_USE:
		return -EADDRINUSE;
	case ERR_RTE:
		return -ENETUNREACH;
	case ERR_ISCONN:
		return -EISCONN;
	case ERR_CONN:
		return -ENOTCONN;
	case ERR_RST:
		return -ECONNRESET;
	case ERR_ABRT: /* lwIP gave up: every own abort has let go of the socket before */
		return -ETIMEDOUT;
	case ERR_CLSD:
		return -EPIPE;
	default:
		return -EINVAL;
	}
}

/* --- the calls of the seam -------------------------------------------------------------------- */

static bool is_stream(const struct sock *s)
{
	return s->type == DUT_SOCK_STREAM;
}

static int end(struct sock *s, bool reset)
{
	if (is_stream(s))
		stream_close(s, reset);
	else
		datagram_close(s);
	return 0;
}

int lwip_sock_socket(void *dut, uint8_t family, enum dut_socket_type type, unsigned number)
{
	(void)dut;
	if (family != 0 && family != 4)
		return -EAFNOSUPPORT;
	if (type == DUT_SOCK_PACKET)
		return -EPROTONOSUPPORT;
	struct sock *s = sock_new(type);
	if (!s)
		return -ENOMEM;
	int err = is_stream(s) ? stream_open(s) : datagram_open(s, number);
	if (err < 0) {
		sock_free(s);
		return err;
	}
	int handle = sock_give_handle(s);
	if (handle < 0)
		end(s, true);
	return handle;
}

int lwip_sock_bind(void *dut, int sock, const struct dut_sockaddr *local)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	ip_addr_t ip;
	if (!s)
		return -EBADF;
	int err = sock_to_ip(&ip, &local->addr);
	if (err < 0)
		return err;
	return is_stream(s) ? stream_bind(s, &ip, local->port) : datagram_bind(s, &ip, local->port);
}

int lwip_sock_listen(void *dut, int sock, unsigned backlog)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_listen(s, backlog) : -EOPNOTSUPP;
}

int lwip_sock_accept(void *dut, int sock, struct dut_sockaddr *peer)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_accept(s, peer) : -EOPNOTSUPP;
}

int lwip_sock_connect(void *dut, int sock, const struct dut_sockaddr *peer)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	ip_addr_t ip;
	if (!s)
		return -EBADF;
	int err = sock_to_ip(&ip, &peer->addr);
	if (err < 0)
		return err;
	return is_stream(s) ? stream_connect(s, &ip, peer->port) : datagram_connect(s, peer);
}

long lwip_sock_send(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_send(s, bytes, len) : datagram_send(s, bytes, len, to);
}

long lwip_sock_recv(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_recv(s, bytes, len) : datagram_recv(s, bytes, len, from);
}

int lwip_sock_shutdown(void *dut, int sock)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_shutdown(s) : -EOPNOTSUPP;
}

int lwip_sock_close(void *dut, int sock)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	return s ? end(s, false) : -EBADF;
}

int lwip_sock_abort(void *dut, int sock)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	return s ? end(s, true) : -EBADF;
}

int lwip_sock_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	/* Every kind of pcb begins with the same members; a connection that is gone has none. */
	struct ip_pcb *pcb = (struct ip_pcb *)s->pcb.tcp;
	if (!pcb)
		return -EINVAL;
	switch (option) {
	case DUT_SO_TTL:
		if (value < 1 || value > 255)
			return -EINVAL;
		pcb->ttl = (u8_t)value;
		return 0;
	case DUT_SO_TOS:
		if (value < 0 || value > 255)
			return -EINVAL;
		pcb->tos = (u8_t)value;
		return 0;
	case DUT_SO_BROADCAST: /* this build asks no permission */
		return is_stream(s) ? -EOPNOTSUPP : 0;
	default:
		return is_stream(s) ? stream_set_option(s, option, value) : -EOPNOTSUPP;
	}
}

unsigned lwip_sock_ready(void *dut, int sock)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return 0;
	if (is_stream(s))
		return stream_ready(s);
	return DUT_WRITABLE | (s->queue || s->err ? DUT_READABLE : 0u) | (s->has_peer ? DUT_CONNECTED : 0u);
}

int lwip_sock_error(void *dut, int sock)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	int err = s->err;
	s->err = 0;
	return err;
}

int lwip_sock_local_name(void *dut, int sock, struct dut_sockaddr *local)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	if (!is_stream(s))
		return datagram_local_name(s, local);
	if (!s->pcb.tcp)
		return -EINVAL;
	sock_from_ip(local, &s->pcb.tcp->local_ip, s->pcb.tcp->local_port);
	return 0;
}

int lwip_sock_tcp_info(void *dut, int sock, struct dut_tcp_info *info)
{
	(void)dut;
	struct sock *s = sock_get(sock);
	if (!s)
		return -EBADF;
	return is_stream(s) ? stream_info(s, info) : -EOPNOTSUPP;
}
