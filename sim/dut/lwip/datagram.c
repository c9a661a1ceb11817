/* SPDX-License-Identifier: ISC */
/* UDP, ping and raw sockets. */
#include "sim/dut/lwip/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/inet_chksum.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/ip4.h>

#define ICMP_HEADER 8
#define ICMP_ID_AT 4
#define ICMP_CHECKSUM_AT 2
#define MAX_PAYLOAD (65535 - 20) /* an IPv4 datagram's */

/* Queues p, which it takes, for the reader. */
static void enqueue(struct sock *s, struct pbuf *p, const ip_addr_t *from, uint16_t port)
{
	struct datagram *d = p && s->n_queue < DATAGRAM_QUEUE ? malloc(sizeof(*d)) : NULL;
	if (!d) {
		if (p)
			pbuf_free(p);
		return;
	}
	*d = (struct datagram){ .p = p };
	sock_from_ip(&d->from, from, port);
	if (s->queue)
		s->queue_last->next = d;
	else
		s->queue = d;
	s->queue_last = d;
	s->n_queue++;
	sock_changed(s);
}

static void udp_in(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	(void)pcb;
	enqueue(arg, p, from, port);
}

/* What lies behind the IPv4 header of p, as a pbuf of its own: others still read p. NULL when there is nothing or no memory. */
static struct pbuf *copy_payload(struct pbuf *p)
{
	u16_t header = (u16_t)((pbuf_get_at(p, 0) & 0xf) * 4);
	if (header > p->tot_len)
		return NULL;
	u16_t len = (u16_t)(p->tot_len - header);
	struct pbuf *copy = pbuf_alloc(PBUF_RAW, len, PBUF_RAM);
	if (copy && len)
		pbuf_copy_partial(p, copy->payload, len, header);
	return copy;
}

static bool wanted(const struct sock *s, const struct pbuf *icmp)
{
	const uint8_t *b = icmp->payload;
	return icmp->len >= ICMP_HEADER && b[0] == ICMP_ER && b[ICMP_ID_AT] == s->ping_id >> 8 && b[ICMP_ID_AT + 1] == (s->ping_id & 0xff) &&
	       inet_chksum(b, icmp->len) == 0;
}

static u8_t raw_in(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
	(void)pcb;
	struct sock *s = arg;
	struct dut_sockaddr who;
	sock_from_ip(&who, from, 0);
	if (s->has_peer && memcmp(&who.addr, &s->peer.addr, sizeof(who.addr)))
		return 0;
	struct pbuf *copy = copy_payload(p);
	if (copy && s->type == DUT_SOCK_PING && !wanted(s, copy))
		pbuf_free(copy);
	else
		enqueue(s, copy, from, 0);
	return 0; /* lwIP goes on with p */
}

static uint16_t wanted_id;
static bool id_taken;
static void check_id(struct sock *s)
{
	if (s->type == DUT_SOCK_PING && s->ping_id == wanted_id)
		id_taken = true;
}

/* False when another socket has the id. */
static bool take_id(struct sock *s, uint16_t id)
{
	wanted_id = id;
	id_taken = false;
	sock_each(check_id);
	if (!id_taken || s->ping_id == id)
		s->ping_id = id;
	return s->ping_id == id;
}

int datagram_open(struct sock *s, unsigned number)
{
	if (s->type == DUT_SOCK_DGRAM) {
		s->pcb.udp = udp_new();
		if (!s->pcb.udp)
			return -ENOMEM;
		udp_recv(s->pcb.udp, udp_in, s);
		return 0;
	}
	if (s->type == DUT_SOCK_RAW && (number == 0 || number > 255))
		return -EINVAL;
	s->pcb.raw = raw_new(s->type == DUT_SOCK_PING ? IP_PROTO_ICMP : (u8_t)number);
	if (!s->pcb.raw)
		return -ENOMEM;
	raw_recv(s->pcb.raw, raw_in, s);
	uint16_t id;
	do {
		id = (uint16_t)module_rand();
	} while (s->type == DUT_SOCK_PING && (id == 0 || !take_id(s, id)));
	return 0;
}

int datagram_bind(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	if (s->type == DUT_SOCK_DGRAM)
		return sock_errno(udp_bind(s->pcb.udp, ip, port));
	if (s->type == DUT_SOCK_PING && port && !take_id(s, port))
		return -EADDRINUSE;
	return sock_errno(raw_bind(s->pcb.raw, ip));
}

int datagram_connect(struct sock *s, const struct dut_sockaddr *peer)
{
	ip_addr_t ip;
	sock_to_ip(&ip, &peer->addr);
	if (s->type == DUT_SOCK_DGRAM) {
		if (!peer->port)
			return -EINVAL;
		err_t err = udp_connect(s->pcb.udp, &ip, peer->port);
		if (err != ERR_OK)
			return sock_errno(err);
	}
	s->has_peer = true;
	s->peer = *peer;
	return 0;
}

static void finish_echo(struct sock *s, uint8_t *message, size_t len)
{
	message[ICMP_ID_AT] = (uint8_t)(s->ping_id >> 8);
	message[ICMP_ID_AT + 1] = (uint8_t)s->ping_id;
	memset(message + ICMP_CHECKSUM_AT, 0, 2);
	u16_t sum = inet_chksum(message, (u16_t)len);
	memcpy(message + ICMP_CHECKSUM_AT, &sum, 2);
}

long datagram_send(struct sock *s, const void *bytes, size_t len, const struct dut_sockaddr *to)
{
	ip_addr_t ip;
	if (!to && !s->has_peer)
		return -EDESTADDRREQ;
	if (!to)
		to = &s->peer;
	int bad = sock_to_ip(&ip, &to->addr);
	if (bad < 0)
		return bad;
	if (s->type == DUT_SOCK_DGRAM && !to->port)
		return -EINVAL;
	if (s->type == DUT_SOCK_PING && len < ICMP_HEADER)
		return -EINVAL;
	if (len > MAX_PAYLOAD - (s->type == DUT_SOCK_DGRAM ? 8u : 0u))
		return -EMSGSIZE;
	struct pbuf *p = pbuf_alloc(s->type == DUT_SOCK_DGRAM ? PBUF_TRANSPORT : PBUF_IP, (u16_t)len, PBUF_RAM);
	if (!p)
		return -ENOMEM;
	if (len)
		memcpy(p->payload, bytes, len);
	if (s->type == DUT_SOCK_PING)
		finish_echo(s, p->payload, len);
	err_t err = s->type == DUT_SOCK_DGRAM ? udp_sendto(s->pcb.udp, p, &ip, to->port) : raw_sendto(s->pcb.raw, p, &ip);
	pbuf_free(p);
	return err == ERR_OK ? (long)len : sock_errno(err);
}

long datagram_recv(struct sock *s, void *bytes, size_t len, struct dut_sockaddr *from)
{
	struct datagram *d = s->queue;
	if (!d) {
		int err = s->err;
		s->err = 0;
		return err ? err : -EAGAIN;
	}
	s->queue = d->next;
	s->n_queue--;
	long n = (long)(len < d->p->tot_len ? len : d->p->tot_len);
	if (n)
		pbuf_copy_partial(d->p, bytes, (u16_t)n, 0);
	if (from)
		*from = d->from;
	pbuf_free(d->p);
	free(d);
	return n;
}

void datagram_close(struct sock *s)
{
	while (s->queue) {
		struct datagram *d = s->queue;
		s->queue = d->next;
		pbuf_free(d->p);
		free(d);
	}
	if (s->type == DUT_SOCK_DGRAM)
		udp_remove(s->pcb.udp);
	else
		raw_remove(s->pcb.raw);
	sock_free(s);
}

int datagram_local_name(struct sock *s, struct dut_sockaddr *local)
{
	if (s->type == DUT_SOCK_DGRAM)
		sock_from_ip(local, &s->pcb.udp->local_ip, s->pcb.udp->local_port);
	else
		sock_from_ip(local, &s->pcb.raw->local_ip, s->ping_id);
	return 0;
}
