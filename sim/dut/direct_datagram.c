/* SPDX-License-Identifier: ISC */
/* UDP, ping and raw sockets, and the queue of received datagrams that packet sockets use as well. */
#include "sim/dut/direct_stack.h"

#include <errno.h>
#include <stdlib.h>

#include "stack/wire/checksum.h"

void direct_datagram_queue(struct direct_sock *s, struct buf *b, const struct dut_sockaddr *from)
{
	struct direct_datagram *q = s->queue_bytes < DIRECT_QUEUE_BYTES ? malloc(sizeof(*q)) : NULL;
	if (!q) {
		buf_free(b);
		return;
	}
	*q = (struct direct_datagram){ .b = b, .from = *from };
	if (s->queue)
		s->queue_last->next = q;
	else
		s->queue = q;
	s->queue_last = q;
	s->queue_bytes += b->len + DIRECT_QUEUE_COST;
	direct_sock_changed(s);
}

static bool same_addr(const struct dut_addr *a, const struct dut_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* RFC 1122 section 4.1.3.3: errors reported about what was sent reach the application, connected or not. */
static void fail(struct direct_sock *s, int err)
{
	s->err = err;
	direct_sock_changed(s);
}

/* --- UDP ----------------------------------------------------------------------------------------- */

static void on_udp(struct buf *b, const struct udp_rx *rx, void *arg)
{
	struct direct_sock *s = arg;
	struct dut_sockaddr from = direct_name(&rx->src, rx->src_port);
	if (s->has_peer && (from.port != s->peer.port || !same_addr(&from.addr, &s->peer.addr)))
		buf_free(b);
	else
		direct_datagram_queue(s, b, &from);
}

static void on_udp_error(int err, const struct ip_addr *peer, uint16_t peer_port, void *arg)
{
	(void)peer;
	(void)peer_port;
	fail(arg, err);
}

static int bind_udp(struct direct_sock *s, const struct dut_sockaddr *local)
{
	struct udp_bind bind = { .local = direct_ip(&local->addr), .port = local->port, .rx = on_udp, .error = on_udp_error, .arg = s };
	int err = udp_bind(udp_direct_face(s->stack->udp), &bind, &s->port);
	if (err < 0)
		return err;
	s->bound = true;
	s->local = (struct dut_sockaddr){ local->addr, udp_port_number(s->port) };
	return 0;
}

static int ensure_port(struct direct_sock *s)
{
	return s->type != DUT_SOCK_DGRAM || s->bound ? 0 : bind_udp(s, &(struct dut_sockaddr){ 0 });
}

static int send_udp(struct direct_sock *s, struct buf *b, const struct dut_sockaddr *to)
{
	struct udp_send tx = {
		.dst = direct_ip(&to->addr),
		.dst_port = to->port,
		.ttl = (uint8_t)s->options[DUT_SO_TTL],
		.tos = (uint8_t)s->options[DUT_SO_TOS],
		.broadcast_ok = s->options[DUT_SO_BROADCAST],
		.dont_fragment = s->options[DUT_SO_DONT_FRAGMENT],
	};
	return udp_send(s->port, b, &tx);
}

/* --- ping ------------------------------------------------------------------------------------------ */

static void on_pong(struct buf *b, const struct icmp4_ping_rx *rx, void *arg)
{
	struct direct_sock *s = arg;
	struct ip_addr src = ip_from_ip4(rx->src);
	struct dut_sockaddr from = direct_name(&src, 0);
	struct icmp4_hdr h = { .type = ICMP4_ECHO_REPLY, .id = rx->id, .seq = rx->seq };
	bool wanted = !s->has_peer || same_addr(&from.addr, &s->peer.addr);
	if (!wanted || buf_own(b) < 0 || !buf_push(b, ICMP4_HDR_LEN)) {
		buf_free(b);
		return;
	}
	icmp4_hdr_emit(&h, b->data, b->len);
	h.checksum = checksum_finish(checksum_add(0, b->data, b->len));
	icmp4_hdr_emit(&h, b->data, b->len);
	direct_datagram_queue(s, b, &from);
}

static void on_ping_error(int err, struct ip4_addr peer, uint16_t seq, void *arg)
{
	(void)peer;
	(void)seq;
	fail(arg, err);
}

static struct ip_tx tx_of(const struct direct_sock *s, const struct dut_sockaddr *to)
{
	return (struct ip_tx){
		.src = direct_ip(&s->local.addr),
		.dst = direct_ip(&to->addr),
		.protocol = (uint8_t)s->number,
		.ttl = (uint8_t)s->options[DUT_SO_TTL],
		.tos = (uint8_t)s->options[DUT_SO_TOS],
		.broadcast_ok = s->options[DUT_SO_BROADCAST],
		.dont_fragment = s->options[DUT_SO_DONT_FRAGMENT],
	};
}

static int send_ping(struct direct_sock *s, struct buf *b, const struct dut_sockaddr *to)
{
	struct icmp4_hdr h;
	if (icmp4_hdr_parse(&h, b->data, b->len) < 0 || h.type != ICMP4_ECHO || h.code != 0) {
		buf_free(b);
		return -EINVAL;
	}
	struct ip_tx tx = tx_of(s, to);
	buf_pull(b, ICMP4_HDR_LEN);
	return icmp4_ping_send(s->stack->icmp4, s->ping_id, h.seq, b, &tx);
}

/* --- raw ------------------------------------------------------------------------------------------- */

static void on_raw(struct buf *b, const struct ip_rx *rx, void *arg)
{
	struct direct_sock *s = arg;
	struct dut_sockaddr from = direct_name(&rx->src, 0);
	if (s->has_peer && !same_addr(&from.addr, &s->peer.addr))
		buf_free(b);
	else
		direct_datagram_queue(s, b, &from);
}

static void on_raw_error(const struct ip_error *err, void *arg)
{
	if (err->kind != IP_ERROR_SOURCE_QUENCH)
		fail(arg, ip_error_errno(err->kind));
}

/* --- the calls -------------------------------------------------------------------------------------- */

int direct_datagram_open(struct direct_sock *s)
{
	struct direct *d = s->stack;
	switch (s->type) {
	case DUT_SOCK_DGRAM:
		return d->udp ? 0 : -EPROTONOSUPPORT;
	case DUT_SOCK_PING:
		return d->icmp4 ? icmp4_ping_open(d->icmp4, on_pong, on_ping_error, s, &s->ping_id) : -EPROTONOSUPPORT;
	case DUT_SOCK_RAW:
		if (!d->ip4)
			return -EPROTONOSUPPORT;
		return s->number && s->number <= 255 ? ip_bind(ip4_face(d->ip4), (uint8_t)s->number, on_raw, on_raw_error, s) : -EINVAL;
	case DUT_SOCK_PACKET:
		return direct_packet_open(s);
	default:
		return -EPROTONOSUPPORT;
	}
}

int direct_datagram_bind(struct direct_sock *s, const struct dut_sockaddr *local)
{
	if (s->bound)
		return -EINVAL;
	if (s->type == DUT_SOCK_DGRAM)
		return bind_udp(s, local);
	struct ip_addr ip = direct_ip(&local->addr);
	if (s->type == DUT_SOCK_PACKET || local->port)
		return -EOPNOTSUPP;
	if (ip.family && !ip_is_local(ip4_face(s->stack->ip4), &ip))
		return -EADDRNOTAVAIL;
	s->local = *local;
	s->bound = true;
	return 0;
}

int direct_datagram_connect(struct direct_sock *s, const struct dut_sockaddr *peer)
{
	if (s->type == DUT_SOCK_DGRAM && !peer->port)
		return -EINVAL;
	int err = ensure_port(s);
	if (err < 0)
		return err;
	s->peer = *peer;
	if (s->type != DUT_SOCK_DGRAM)
		s->peer.port = 0;
	s->has_peer = true;
	return 0;
}

long direct_datagram_send(struct direct_sock *s, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	if (!to && !s->has_peer)
		return -EDESTADDRREQ;
	if (!to)
		to = &s->peer;
	if (s->type != DUT_SOCK_PACKET && to->addr.family != 4)
		return -EDESTADDRREQ;
	if (len > 65535)
		return -EMSGSIZE;
	int err = ensure_port(s);
	if (err < 0)
		return err;
	struct buf *b = buf_from(s->stack->pool, bytes, (uint32_t)len);
	if (!b)
		return -ENOMEM;
	struct ip_tx tx;
	switch (s->type) {
	case DUT_SOCK_DGRAM:
		err = send_udp(s, b, to);
		break;
	case DUT_SOCK_PING:
		err = send_ping(s, b, to);
		break;
	case DUT_SOCK_RAW:
		tx = tx_of(s, to);
		err = ip_send(ip4_face(s->stack->ip4), b, &tx);
		break;
	default:
		err = direct_packet_send(s, b, &to->addr);
		break;
	}
	return err < 0 ? err : (long)len;
}

long direct_datagram_recv(struct direct_sock *s, void *bytes, size_t len, struct dut_sockaddr *from)
{
	struct direct_datagram *q = s->queue;
	if (!q)
		return s->err ? direct_sock_take_error(s) : -EAGAIN;
	s->queue = q->next;
	s->queue_bytes -= q->b->len + DIRECT_QUEUE_COST;
	if (len > q->b->len)
		len = q->b->len;
	if (len)
		memcpy(bytes, q->b->data, len);
	if (from)
		*from = q->from;
	buf_free(q->b);
	free(q);
	return (long)len;
}

void direct_datagram_close(struct direct_sock *s)
{
	if (s->type == DUT_SOCK_DGRAM && s->port)
		udp_unbind(s->port);
	else if (s->type == DUT_SOCK_PING)
		icmp4_ping_close(s->stack->icmp4, s->ping_id);
	else if (s->type == DUT_SOCK_RAW)
		ip_unbind(ip4_face(s->stack->ip4), (uint8_t)s->number);
	else if (s->type == DUT_SOCK_PACKET)
		direct_packet_close(s);
	direct_sock_free(s);
}

int direct_datagram_local_name(struct direct_sock *s, struct dut_sockaddr *local)
{
	*local = s->local;
	if (s->type == DUT_SOCK_PING)
		local->port = s->ping_id;
	return 0;
}
