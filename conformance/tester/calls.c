/* SPDX-License-Identifier: ISC */
/* The DUT's sockets, in the few ways cases use them. */
#include "conformance/tester/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool tester_has(const struct tester *t, unsigned capabilities, unsigned layers)
{
	return (t->capabilities & capabilities) == capabilities && (t->layers & layers) == layers;
}

/* The names of the bits set. */
static void print_bits(unsigned bits, const char *const *names, size_t n_names, char *s, size_t cap)
{
	size_t n = 0;
	for (unsigned bit = 0; bit < 32; bit++)
		if (bits & 1u << bit && n < cap)
			n += (size_t)snprintf(s + n, cap - n, "%s%s", n ? ", " : "", bit < n_names ? names[bit] : "thing of that name");
}

void tester_need(struct tester *t, unsigned capabilities)
{
	static const char *const names[] = { "frames", "sockets", "virtual time", "a router", "TCP info", "ping sockets", "raw sockets",
		"packet sockets", "composition by layers", "counters", "IPv4", "IPv6", "TCP", "UDP" };
	unsigned missing = capabilities & ~t->capabilities;
	char lacking[256];
	print_bits(missing, names, sizeof(names) / sizeof(names[0]), lacking, sizeof(lacking));
	if (missing)
		tester_skip(t, "the variant has no %s", lacking);
}

void tester_need_layers(struct tester *t, unsigned layers)
{
	static const char *const names[] = { "Ethernet", "ARP", "IPv4", "ICMPv4", "UDP", "TCP", "IPv6", "ICMPv6" };
	unsigned missing = layers & ~t->layers;
	char lacking[128];
	print_bits(missing, names, sizeof(names) / sizeof(names[0]), lacking, sizeof(lacking));
	if (missing)
		tester_skip(t, "the stack under test is composed without %s", lacking);
}

struct dut_sockaddr tester_sockaddr(struct ip4_addr ip, uint16_t port)
{
	struct dut_sockaddr a = { .addr = { .family = 4 }, .port = port };
	memcpy(a.addr.b, ip.b, 4);
	return a;
}

static long must(struct tester *t, const char *call, long result)
{
	if (result < 0)
		tester_fail(t, "%s on the DUT: %s", call, strerror((int)-result));
	return result;
}

static int new_socket(struct tester *t, enum dut_socket_type type, unsigned number, unsigned capabilities, unsigned layers)
{
	tester_need(t, capabilities);
	tester_need_layers(t, layers);
	return (int)must(t, "socket()", host_socket(t->dut, 4, type, number));
}

int(tester_udp_socket)(struct tester *t, uint16_t port)
{
	int sock = new_socket(t, DUT_SOCK_DGRAM, 0, DUT_CAP_SOCKETS | DUT_CAP_UDP | DUT_CAP_IPV4, DUT_LAYER_UDP | DUT_LAYER_IPV4);
	must(t, "bind()", host_bind(t->dut, sock, &(struct dut_sockaddr){ .port = port }));
	return sock;
}

static int tcp_socket(struct tester *t)
{
	return new_socket(t, DUT_SOCK_STREAM, 0, DUT_CAP_SOCKETS | DUT_CAP_TCP | DUT_CAP_IPV4, DUT_LAYER_TCP | DUT_LAYER_IPV4);
}

int(tester_tcp_listener)(struct tester *t, uint16_t port)
{
	int sock = tcp_socket(t);
	must(t, "bind()", host_bind(t->dut, sock, &(struct dut_sockaddr){ .port = port }));
	must(t, "listen()", host_listen(t->dut, sock, 8));
	return sock;
}

int(tester_tcp_connect)(struct tester *t, uint16_t to_port)
{
	int sock = tcp_socket(t);
	struct dut_sockaddr peer = tester_sockaddr(t->my_ip, to_port);
	int err = host_connect(t->dut, sock, &peer);
	if (err != -EINPROGRESS)
		must(t, "connect()", err);
	return sock;
}

int(tester_accept)(struct tester *t, int listener)
{
	tester_run(t, 0);
	return (int)must(t, "accept()", host_accept(t->dut, listener, NULL));
}

int(tester_raw_socket)(struct tester *t, uint8_t protocol)
{
	return new_socket(t, DUT_SOCK_RAW, protocol, DUT_CAP_RAW | DUT_CAP_IPV4, DUT_LAYER_IPV4);
}

int(tester_ping_socket)(struct tester *t)
{
	return new_socket(t, DUT_SOCK_PING, 0, DUT_CAP_PING | DUT_CAP_IPV4, DUT_LAYER_IPV4 | DUT_LAYER_ICMPV4);
}

int(tester_packet_socket)(struct tester *t, uint16_t ethertype)
{
	return new_socket(t, DUT_SOCK_PACKET, ethertype, DUT_CAP_PACKET, DUT_LAYER_ETHERNET);
}

static void fill_pattern(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = packet_pattern(i);
}

static long send_pattern(struct tester *t, int sock, const void *head, size_t head_len, size_t len, const struct dut_sockaddr *to)
{
	uint8_t *bytes = malloc(head_len + len + 1);
	if (!bytes)
		tester_fail(t, "out of memory");
	if (head_len)
		memcpy(bytes, head, head_len);
	fill_pattern(bytes + head_len, len);
	long sent = host_send(t->dut, sock, bytes, head_len + len, to);
	free(bytes);
	return sent;
}

void(tester_dut_send)(struct tester *t, int sock, size_t len, struct ip4_addr to, uint16_t port)
{
	struct dut_sockaddr peer = tester_sockaddr(to, port);
	long sent = must(t, "send()", send_pattern(t, sock, NULL, 0, len, ip4_is_unspecified(to) ? NULL : &peer));
	if ((size_t)sent != len)
		tester_fail(t, "send() on the DUT took %ld of %zu bytes", sent, len);
}

static void put_echo(uint8_t head[ICMP4_HDR_LEN], uint16_t seq)
{
	memset(head, 0, ICMP4_HDR_LEN);
	head[0] = ICMP4_ECHO;
	put_be16(head + 6, seq);
}

void(tester_dut_ping)(struct tester *t, int sock, uint16_t seq, size_t len, struct ip4_addr to)
{
	uint8_t head[ICMP4_HDR_LEN];
	struct dut_sockaddr peer = tester_sockaddr(to, 0);
	put_echo(head, seq);
	must(t, "send()", send_pattern(t, sock, head, sizeof(head), len, &peer));
}

/* The kinds of socket that make a DUT send something, in order of preference. */
static const struct {
	enum dut_socket_type type;
	unsigned number, capabilities, layers;
} provokers[] = {
	{ DUT_SOCK_DGRAM, 0, DUT_CAP_SOCKETS | DUT_CAP_UDP, DUT_LAYER_UDP | DUT_LAYER_IPV4 },
	{ DUT_SOCK_PING, 0, DUT_CAP_PING, DUT_LAYER_ICMPV4 | DUT_LAYER_IPV4 },
	{ DUT_SOCK_RAW, 253, DUT_CAP_RAW, DUT_LAYER_IPV4 },
	{ DUT_SOCK_PACKET, ETHERTYPE_EXPERIMENTAL, DUT_CAP_PACKET, DUT_LAYER_ETHERNET },
};
#define N_PROVOKERS (sizeof(provokers) / sizeof(provokers[0]))

/* Whether the DUT takes what it is asked to send is its business: a stack may refuse while an address does not resolve. */
void(tester_provoke)(struct tester *t, struct ip4_addr to, size_t len)
{
	struct tester_private *p = t->p;
	uint8_t echo[ICMP4_HDR_LEN];
	if (p->provoke_sock < 0) {
		for (p->provoke_kind = 0; p->provoke_kind < N_PROVOKERS; p->provoke_kind++)
			if (tester_has(t, provokers[p->provoke_kind].capabilities, provokers[p->provoke_kind].layers))
				break;
		if (p->provoke_kind == N_PROVOKERS)
			tester_skip(t, "no kind of socket makes the DUT send something");
		p->provoke_sock = new_socket(t, provokers[p->provoke_kind].type, provokers[p->provoke_kind].number, 0, 0);
	}
	put_echo(echo, 1);
	enum dut_socket_type type = provokers[p->provoke_kind].type;
	struct dut_sockaddr peer = tester_sockaddr(to, type == DUT_SOCK_DGRAM ? 9 : 0);
	if (type == DUT_SOCK_PACKET && !(t->layers & DUT_LAYER_ARP))
		peer.addr = (struct dut_addr){ .family = 0 }; /* nothing resolves addresses: broadcast is all there is */
	send_pattern(t, p->provoke_sock, echo, type == DUT_SOCK_PING ? sizeof(echo) : 0, len, &peer);
}

long tester_dut_recv(struct tester *t, int sock, void *buf, size_t cap, struct dut_sockaddr *from)
{
	static uint8_t nowhere[TESTER_FRAME_MAX];
	tester_run(t, 0);
	return host_recv(t->dut, sock, buf ? buf : nowhere, buf ? cap : sizeof(nowhere), from);
}

void(tester_not_delivered)(struct tester *t, int sock)
{
	if (tester_dut_recv(t, sock, NULL, 0, NULL) != -EAGAIN)
		tester_fail(t, "the DUT's socket got a datagram, expected none");
}

void(tester_delivered)(struct tester *t, int sock, size_t len)
{
	uint8_t got[TESTER_FRAME_MAX];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	if (n < 0)
		tester_fail(t, "the DUT's socket got nothing, expected a datagram of %zu bytes", len);
	tester_require_eq(t, "length of the datagram the DUT's socket got", n, (long long)len);
	for (size_t i = 0; i < len; i++) {
		if (got[i] != packet_pattern(i))
			tester_fail(t, "byte %zu of what the DUT's socket got is 0x%02x, expected 0x%02x", i, got[i], packet_pattern(i));
	}
	(tester_not_delivered)(t, sock);
}
