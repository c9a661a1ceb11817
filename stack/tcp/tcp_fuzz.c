/* SPDX-License-Identifier: ISC */
/*
 * Segments and errors from the input into a TCP with one listener and one connection. The first byte says where the
 * handshake stands, then come records: kind, length, bytes. The sequence number of a segment is relative to what TCP
 * expects, so that the fuzzer need not guess it; checksums are not verified.
 */
#include "stack/tcp/tcp_direct.h"
#include "stack/wire/tcp.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct ip ip;
	struct env env;
	struct tcp *tcp;
	ip_rx_fn *rx;
	ip_error_fn *error;
	void *arg;
	uint32_t snd_nxt, rcv_nxt; /* as TCP last told */
	struct tcp_flow *flows[64];
	unsigned n_flows;
};

static const struct ip_addr ours = { 4, { 10, 0, 0, 1 } }, theirs = { 4, { 10, 0, 0, 2 } };

static int fuzz_bind(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg)
{
	struct fuzz *z = (struct fuzz *)ip;
	(void)protocol;
	z->rx = rx;
	z->error = error;
	z->arg = arg;
	return 0;
}

static int fuzz_unbind(struct ip *ip, uint8_t protocol)
{
	(void)ip;
	(void)protocol;
	return 0;
}

static int fuzz_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	struct fuzz *z = (struct fuzz *)ip;
	struct tcp_hdr h;
	(void)tx;
	int n = tcp_hdr_parse(&h, b->data, b->len);
	if (n < 0 || h.opt.malformed || !tcp_checksum_ok(&tx->src, &tx->dst, b->data, b->len))
		abort(); /* what TCP sends is well formed */
	if (!(h.flags & TCP_RST)) {
		z->snd_nxt = h.seq + b->len - (uint32_t)n + !!(h.flags & TCP_SYN) + !!(h.flags & TCP_FIN);
		z->rcv_nxt = h.ack;
	}
	buf_free(b);
	return 0;
}

static int fuzz_route(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path)
{
	(void)ip;
	(void)dst;
	(void)src;
	*path = (struct ip_path){ .src = ours, .mtu = 1500, .header_len = 20, .mms_r = 65515 };
	return 0;
}

static bool fuzz_is_local(struct ip *ip, const struct ip_addr *addr)
{
	(void)ip;
	return ip_equal(addr, &ours);
}

static bool fuzz_is_broadcast(struct ip *ip, const struct ip_addr *addr)
{
	(void)ip;
	return addr->b[3] == 255;
}

static void fuzz_advise(struct ip *ip, const struct ip_addr *dst, bool alive)
{
	(void)ip;
	(void)dst;
	(void)alive;
}

static void fuzz_too_big(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	(void)ip;
	(void)dst;
	(void)mtu;
	(void)packet_len;
}

static const struct ip_ops ip_ops = {
	.bind = fuzz_bind,
	.unbind = fuzz_unbind,
	.send = fuzz_send,
	.route = fuzz_route,
	.is_local = fuzz_is_local,
	.is_broadcast = fuzz_is_broadcast,
	.advise = fuzz_advise,
	.too_big = fuzz_too_big,
};

static void readable(struct tcp_flow *flow, void *arg)
{
	uint8_t bytes[700];
	(void)arg;
	while (tcp_read(flow, bytes, sizeof(bytes)) > 0)
		tcp_write(flow, bytes, 100);
}

static const struct tcp_events events = { .readable = readable };

static void accepted(struct tcp_flow *flow, void *arg)
{
	struct fuzz *z = arg;
	if (z->n_flows == 64) {
		tcp_release(flow);
		return;
	}
	z->flows[z->n_flows++] = flow;
	tcp_set_events(flow, &events, z);
}

/* Ports and flags as in the input, sequence numbers relative to the connection's. */
static void segment(struct fuzz *z, const uint8_t *bytes, uint32_t len)
{
	struct buf *b = buf_from(z->env.pool, bytes, len);
	struct ip_rx rx = { .src = theirs, .dst = ours, .protocol = 6, .ttl = 64 };
	if (!b)
		return;
	if (len >= 12) {
		put_be16(b->data, (uint16_t)(1000 + b->data[0] % 2));
		put_be16(b->data + 2, (uint16_t)(80 + b->data[2] % 2));
		put_be32(b->data + 4, z->rcv_nxt + get_be32(b->data + 4));
		put_be32(b->data + 8, z->snd_nxt + get_be32(b->data + 8));
	}
	z->rx(b, &rx, z->arg);
}

static void icmp(struct fuzz *z, const uint8_t *bytes, uint32_t len)
{
	if (len < 10)
		return;
	struct ip_error err = {
		.kind = (enum ip_error_kind)(bytes[0] % (IP_ERROR_SOURCE_QUENCH + 1)), .mtu = get_be16(bytes), .src = ours, .dst = theirs
	};
	err.payload = bytes + 2;
	err.payload_len = len - 2;
	z->error(&err, z->arg);
}

static void call(struct fuzz *z, uint8_t what)
{
	uint8_t bytes[300] = { 0 };
	if (!z->n_flows)
		return;
	unsigned i = what % z->n_flows;
	struct tcp_flow *f = z->flows[i];
	switch (what / 64) {
	case 0:
		tcp_write(f, bytes, sizeof(bytes));
		break;
	case 1:
		tcp_read(f, bytes, sizeof(bytes));
		break;
	case 2:
		tcp_shutdown(f);
		break;
	default:
		z->n_flows--;
		z->flows[i] = z->flows[z->n_flows];
		tcp_release(f);
		break;
	}
}

static void run(struct fuzz *z, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		uint8_t kind = data[0] % 8;
		uint32_t len = data[1];
		data += 2;
		size -= 2;
		if (len > size)
			len = (uint32_t)size;
		if (kind < 4)
			segment(z, data, len);
		else if (kind == 4)
			icmp(z, data, len);
		else if (kind == 5)
			call(z, (uint8_t)len);
		else
			env_advance(&z->env, z->env.now_ns + (kind == 6 ? NS_PER_MS * len : NS_PER_S * len));
		if (kind >= 5)
			continue;
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct fuzz z = { .ip = { &ip_ops, 4 } };
	struct tcp_direct *tcp;
	struct tcp_listener *listener;
	struct buf_pool *pool = buf_pool_create();
	struct tcp_config config = tcp_config_default();
	config.verify_checksum = false;
	config.receive_buffer = 4096;
	config.timestamps = data[0] & 1;
	env_init(&z.env, 1, "fuzz", pool);
	if (tcp_direct_create(&z.env, &config, &tcp) < 0 || tcp_direct_attach(tcp, &z.ip) < 0)
		abort();
	z.tcp = tcp_direct_face(tcp);
	struct tcp_listen listen = { .port = 80, .accept = accepted, .arg = &z };
	struct tcp_connect connect = { .remote = theirs, .remote_port = 1000, .local_port = 81, .events = &events, .arg = &z };
	if (tcp_listen(z.tcp, &listen, &listener) < 0 || tcp_connect(z.tcp, &connect, &z.flows[0]) < 0)
		abort();
	z.n_flows = 1;
	run(&z, data + 1, size - 1);
	while (z.n_flows)
		tcp_release(z.flows[--z.n_flows]);
	env_advance(&z.env, z.env.now_ns + 10000 * NS_PER_S);
	if (tcp_direct_flows(tcp)) /* everything released ends by itself */
		abort();
	tcp_direct_destroy(tcp);
	if (buf_pool_live(pool))
		abort();
	env_fini(&z.env);
	buf_pool_destroy(pool);
	return 0;
}
