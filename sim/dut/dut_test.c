/* SPDX-License-Identifier: ISC */
/* What every variant must do, run over all of them: two hosts of it on a wire talk through their sockets. */
#include "sim/dut/pair.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "stack/base/unit.h"

static const struct dut_ops *variant(int i)
{
	return dut_variants[i];
}

START_TEST(describes_itself)
{
	const struct dut_ops *ops = variant(_i);
	ck_assert_uint_eq(ops->abi, DUT_ABI);
	ck_assert_msg(!ops->unavailable || !ops->unavailable(), "%s", ops->unavailable());
	ck_assert_str_ne(ops->version(), "");
	ck_assert_str_ne(ops->description, "");
	unsigned must = DUT_CAP_FRAMES | DUT_CAP_SOCKETS | DUT_CAP_VIRTUAL_TIME | DUT_CAP_IPV4 | DUT_CAP_TCP | DUT_CAP_UDP;
	ck_assert_uint_eq(ops->capabilities() & must, must);
	ck_assert(!(ops->capabilities() & DUT_CAP_COUNTERS) == !ops->counters);
}
END_TEST

/* --- ping, UDP, raw --------------------------------------------------------------------------- */

START_TEST(pings)
{
	struct pair p;
	uint8_t request[40] = { 8, 0, 0, 0, 0, 0, 0, 7 }, reply[64];
	struct dut_sockaddr to = pair_peer(2, 0), from;
	pair_open(&p, variant(_i), 1);
	for (int i = 8; i < 40; i++)
		request[i] = (uint8_t)i;
	int s = host_socket(p.a, 4, DUT_SOCK_PING, 0), other = host_socket(p.a, 4, DUT_SOCK_PING, 0);
	ck_assert_int_ge(s, 0);
	ck_assert_int_ge(other, 0);
	uint64_t start = world_now(p.world);
	ck_assert_int_eq(host_send(p.a, s, request, sizeof(request), &to), sizeof(request));
	ck_assert_int_eq(host_recv(p.a, s, reply, sizeof(reply), &from), -EAGAIN);
	while (!(host_ready(p.a, s) & DUT_READABLE) && world_now(p.world) < start + NS_PER_S)
		ck_assert(world_step(p.world));
	ck_assert_uint_eq(world_now(p.world) - start, 4 * NS_PER_MS); /* ARP both ways, echo both ways */
	ck_assert_int_eq(host_recv(p.a, s, reply, sizeof(reply), &from), sizeof(request));
	ck_assert_uint_eq(reply[0], 0);
	ck_assert_mem_eq(reply + 6, request + 6, sizeof(request) - 6);
	ck_assert_mem_eq(&from.addr, &to.addr, sizeof(to.addr));
	ck_assert_int_eq(host_recv(p.a, other, reply, sizeof(reply), &from), -EAGAIN); /* another id */
	ck_assert_int_eq(host_send(p.a, s, request, 7, &to), -EINVAL);
	pair_close(&p);
}
END_TEST

static int bound_udp(struct host *h, uint16_t port)
{
	struct dut_sockaddr any = { .port = port };
	int s = host_socket(h, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_ge(s, 0);
	ck_assert_int_eq(host_bind(h, s, &any), 0);
	return s;
}

START_TEST(datagrams_pass_both_ways)
{
	struct pair p;
	uint8_t sent[4000], got[5000];
	struct dut_sockaddr to = pair_peer(2, 53), from;
	static const size_t sizes[] = { 0, 1, 1472, 4000 }; /* the last is fragmented */
	pair_open(&p, variant(_i), 2);
	int a = bound_udp(p.a, 1000), b = bound_udp(p.b, 53);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		ck_assert_int_eq(host_send(p.a, a, sent, sizes[n], &to), (long)sizes[n]);
		pair_run(&p, 100 * NS_PER_MS);
		ck_assert_uint_ne(host_ready(p.b, b) & DUT_READABLE, 0);
		ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), (long)sizes[n]);
		ck_assert_mem_eq(got, sent, sizes[n]);
		ck_assert_uint_eq(from.port, 1000);
		ck_assert_int_eq(host_send(p.b, b, got, sizes[n], &from), (long)sizes[n]);
		pair_run(&p, 100 * NS_PER_MS);
		ck_assert_int_eq(host_recv(p.a, a, got, sizeof(got), &from), (long)sizes[n]);
		ck_assert_uint_eq(from.port, 53);
	}
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), -EAGAIN);
	/* A reader's short buffer cuts the datagram and leaves the next one whole. */
	host_send(p.a, a, sent, 10, &to);
	host_send(p.a, a, sent + 10, 10, &to);
	pair_run(&p, 100 * NS_PER_MS);
	ck_assert_int_eq(host_recv(p.b, b, got, 4, &from), 4);
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), 10);
	ck_assert_mem_eq(got, sent + 10, 10);
	pair_close(&p);
}
END_TEST

START_TEST(datagram_sockets_refuse_bad_calls)
{
	struct pair p;
	static uint8_t big[65536];
	struct dut_sockaddr taken = { .port = 53 }, to = pair_peer(2, 53), nowhere = { .addr = { .family = 4, .b = { 203, 0, 113, 1 } }, .port = 9 };
	struct dut_sockaddr port0 = pair_peer(2, 0), ip6 = { .addr.family = 6, .port = 1 };
	pair_open(&p, variant(_i), 3);
	int s = bound_udp(p.a, 53), t = host_socket(p.a, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_eq(host_bind(p.a, t, &taken), -EADDRINUSE);
	ck_assert_int_eq(host_send(p.a, t, big, 65508, &to), -EMSGSIZE);
	ck_assert_int_eq(host_send(p.a, t, big, 1, NULL), -EDESTADDRREQ);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &nowhere), -ENETUNREACH);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &port0), -EINVAL);
	ck_assert_int_eq(host_send(p.a, t, big, 1, &ip6), -EAFNOSUPPORT);
	ck_assert_int_eq(host_listen(p.a, t, 1), -EOPNOTSUPP);
	ck_assert_int_eq(host_close(p.a, s), 0);
	ck_assert_int_eq(host_close(p.a, s), -EBADF);
	ck_assert_int_eq(host_recv(p.a, s, big, 1, NULL), -EBADF);
	ck_assert_int_eq(host_close(p.a, -1), -EBADF);
	ck_assert_int_eq(host_close(p.a, 100000), -EBADF);
	t = host_socket(p.a, 4, DUT_SOCK_DGRAM, 0);
	ck_assert_int_eq(host_bind(p.a, t, &taken), 0); /* free again */
	/* A connected socket needs no address and hears its peer only. */
	int b = bound_udp(p.b, 53), c = bound_udp(p.b, 54);
	ck_assert_int_eq(host_connect(p.a, t, &to), 0);
	ck_assert_int_eq(host_send(p.a, t, big, 3, NULL), 3);
	struct dut_sockaddr back = pair_peer(1, 53);
	ck_assert_int_eq(host_send(p.b, c, big, 5, &back), 5);
	ck_assert_int_eq(host_send(p.b, b, big, 4, &back), 4);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.b, b, big, sizeof(big), NULL), 3);
	ck_assert_int_eq(host_recv(p.a, t, big, sizeof(big), NULL), 4);
	ck_assert_int_eq(host_recv(p.a, t, big, sizeof(big), NULL), -EAGAIN);
	pair_close(&p);
}
END_TEST

START_TEST(raw_sockets_exchange_payload)
{
	struct pair p;
	uint8_t got[64];
	struct dut_sockaddr to = pair_peer(2, 0), from;
	pair_open(&p, variant(_i), 4);
	int a = host_socket(p.a, 4, DUT_SOCK_RAW, 253), b = host_socket(p.b, 4, DUT_SOCK_RAW, 253);
	ck_assert_int_eq(host_send(p.a, a, "experiment", 10, &to), 10);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.b, b, got, sizeof(got), &from), 10);
	ck_assert_mem_eq(got, "experiment", 10);
	ck_assert_uint_eq(from.addr.b[3], 1);
	pair_close(&p);
}
END_TEST

START_TEST(a_host_reaches_itself)
{
	struct pair p;
	uint8_t got[8];
	struct dut_sockaddr self = pair_peer(1, 7);
	pair_open(&p, variant(_i), 5);
	int s = bound_udp(p.a, 7), t = bound_udp(p.a, 8);
	ck_assert_int_eq(host_send(p.a, t, "self", 4, &self), 4);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.a, s, got, sizeof(got), NULL), 4);
	ck_assert_uint_eq(link_counters(host_port(p.a, 0), LINK_FROM_HOST)->sent_bytes % 42, 0); /* nothing but ARP on the wire */
	pair_close(&p);
}
END_TEST

/* --- TCP ---------------------------------------------------------------------------------------- */

#define MEGABYTE (1u << 20)

/* One direction of a transfer, pushed and pulled by readiness alone. */
struct stream {
	const uint8_t *bytes;
	size_t sent, received;
	bool ended;
	crypto_generichash_state digest;
};

struct duplex {
	struct stream *out, *in;
};

static void on_ready(struct host *h, int sock, unsigned ready, void *arg)
{
	struct duplex *d = arg;
	uint8_t chunk[10000];
	while (ready & DUT_WRITABLE && d->out->sent < MEGABYTE) {
		long n = host_send(h, sock, d->out->bytes + d->out->sent, MEGABYTE - d->out->sent, NULL);
		if (n == -EAGAIN)
			break;
		ck_assert_int_gt(n, 0);
		d->out->sent += (size_t)n;
		if (d->out->sent == MEGABYTE)
			ck_assert_int_eq(host_shutdown(h, sock), 0);
	}
	while (!d->in->ended) {
		long n = host_recv(h, sock, chunk, sizeof(chunk), NULL);
		if (n == -EAGAIN)
			break;
		ck_assert_int_ge(n, 0);
		d->in->ended = n == 0;
		d->in->received += (size_t)n;
		crypto_generichash_update(&d->in->digest, chunk, (size_t)n);
	}
}

static void check_digest(struct stream *s)
{
	uint8_t want[32], got[32];
	ck_assert(s->ended);
	ck_assert_uint_eq(s->sent, MEGABYTE);
	ck_assert_uint_eq(s->received, MEGABYTE);
	crypto_generichash(want, sizeof(want), s->bytes, MEGABYTE, NULL, 0);
	crypto_generichash_final(&s->digest, got, sizeof(got));
	ck_assert_mem_eq(want, got, sizeof(got));
}

/* 1 MB both ways at once over a wire that loses one frame in a hundred; the link's fingerprint. */
static void transfer(const struct dut_ops *ops, uint64_t seed, char fingerprint[33])
{
	struct pair p;
	int client, server, listener;
	uint8_t *bytes = malloc(2 * MEGABYTE);
	struct random_stream r;
	random_init(&r, 99, "payload");
	random_bytes(&r, bytes, 2 * MEGABYTE);
	struct stream up = { .bytes = bytes }, down = { .bytes = bytes + MEGABYTE };
	crypto_generichash_init(&up.digest, NULL, 0, 32);
	crypto_generichash_init(&down.digest, NULL, 0, 32);
	struct duplex at_a = { .out = &up, .in = &down }, at_b = { .out = &down, .in = &up };
	struct impairments lossy = { .delay_ns = NS_PER_MS, .loss = LOSS_BERNOULLI, .loss_rate = 0.01 };
	pair_open(&p, ops, seed);
	pair_connect(&p, &client, &server, &listener);
	link_impair(host_port(p.a, 0), LINK_FROM_HOST, &lossy);
	link_impair(host_port(p.b, 0), LINK_FROM_HOST, &lossy);
	ck_assert_int_eq(host_watch(p.a, client, on_ready, &at_a), 0);
	ck_assert_int_eq(host_watch(p.b, server, on_ready, &at_b), 0);
	pair_run(&p, 600 * NS_PER_S);
	check_digest(&up);
	check_digest(&down);
	ck_assert_uint_ne(host_ready(p.a, client) & DUT_CLOSED, 0);
	ck_assert_uint_ne(host_ready(p.b, server) & DUT_CLOSED, 0);
	ck_assert_int_eq(host_error(p.a, client), 0);
	ck_assert_int_eq(host_error(p.b, server), 0);
	ck_assert_int_eq(host_close(p.a, client), 0);
	ck_assert_int_eq(host_close(p.b, server), 0);
	pair_run(&p, 600 * NS_PER_S);
	link_fingerprint(p.wire, fingerprint);
	pair_close(&p);
	free(bytes);
}

START_TEST(streams_arrive_intact_and_repeatably)
{
	char first[33], again[33], other[33];
	transfer(variant(_i), 10, first);
	transfer(variant(_i), 10, again);
	transfer(variant(_i), 11, other);
	ck_assert_str_eq(first, again);
	ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(half_closed_stream_still_carries_the_other_way)
{
	struct pair p;
	int client, server, listener;
	uint8_t got[64];
	struct dut_tcp_info info;
	pair_open(&p, variant(_i), 12);
	pair_connect(&p, &client, &server, &listener);
	ck_assert_int_eq(host_tcp_info(p.a, client, &info), 0);
	ck_assert_str_eq(info.state, "ESTABLISHED");
	ck_assert_uint_le(info.smss, 1460);
	ck_assert_uint_ge(info.smss, 1448); /* with timestamps */
	ck_assert_int_eq(host_shutdown(p.a, client), 0);
	ck_assert_int_eq(host_send(p.a, client, "x", 1, NULL), -EPIPE);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.b, server, got, sizeof(got), NULL), 0);
	host_tcp_info(p.a, client, &info);
	ck_assert_str_eq(info.state, "FIN-WAIT-2");
	host_tcp_info(p.b, server, &info);
	ck_assert_str_eq(info.state, "CLOSE-WAIT");
	ck_assert_int_eq(host_send(p.b, server, "late", 4, NULL), 4);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.a, client, got, sizeof(got), NULL), 4);
	ck_assert_uint_eq(host_ready(p.a, client) & DUT_CLOSED, 0);
	ck_assert_int_eq(host_shutdown(p.b, server), 0);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_recv(p.a, client, got, sizeof(got), NULL), 0);
	ck_assert_uint_ne(host_ready(p.a, client) & DUT_CLOSED, 0);
	ck_assert_uint_ne(host_ready(p.b, server) & DUT_CLOSED, 0);
	host_tcp_info(p.a, client, &info);
	ck_assert_str_eq(info.state, "TIME-WAIT");
	host_tcp_info(p.b, server, &info);
	ck_assert_str_eq(info.state, "CLOSED");
	pair_run(&p, 600 * NS_PER_S);
	host_tcp_info(p.a, client, &info);
	ck_assert_str_eq(info.state, "CLOSED");
	ck_assert_int_eq(host_recv(p.a, client, got, sizeof(got), NULL), 0);
	pair_close(&p);
}
END_TEST

START_TEST(abort_resets_the_peer)
{
	struct pair p;
	int client, server, listener;
	uint8_t got[8];
	pair_open(&p, variant(_i), 13);
	pair_connect(&p, &client, &server, &listener);
	ck_assert_int_eq(host_abort(p.a, client), 0);
	ck_assert_int_eq(host_error(p.a, client), -EBADF);
	pair_run(&p, NS_PER_S);
	unsigned ready = host_ready(p.b, server);
	ck_assert_uint_eq(ready & (DUT_CLOSED | DUT_READABLE), DUT_CLOSED | DUT_READABLE);
	ck_assert_int_eq(host_error(p.b, server), -ECONNRESET);
	ck_assert_int_eq(host_error(p.b, server), 0);
	ck_assert_int_eq(host_recv(p.b, server, got, sizeof(got), NULL), 0);
	pair_close(&p);
}
END_TEST

START_TEST(close_with_unread_data_resets_the_peer) /* RFC 2525 section 2.17 */
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 14);
	pair_connect(&p, &client, &server, &listener);
	ck_assert_int_eq(host_send(p.a, client, "unread", 6, NULL), 6);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_close(p.b, server), 0);
	pair_run(&p, NS_PER_S);
	ck_assert_int_eq(host_error(p.a, client), -ECONNRESET);
	pair_close(&p);
}
END_TEST

START_TEST(connections_fail_as_they_should)
{
	struct pair p;
	struct dut_sockaddr closed = pair_peer(2, 81), absent = pair_peer(77, 80), nowhere = { .addr = { .family = 4, .b = { 203, 0, 113, 1 } }, .port = 9 };
	struct dut_sockaddr any = { .port = 80 }, port0 = pair_peer(2, 0);
	pair_open(&p, variant(_i), 15);
	int s = host_socket(p.a, 4, DUT_SOCK_STREAM, 0), t = host_socket(p.a, 4, DUT_SOCK_STREAM, 0), u = host_socket(p.a, 4, DUT_SOCK_STREAM, 0);
	ck_assert_int_eq(host_send(p.a, u, "x", 1, NULL), -ENOTCONN);
	ck_assert_int_eq(host_recv(p.a, u, &port0, 1, NULL), -ENOTCONN);
	ck_assert_int_eq(host_connect(p.a, u, &port0), -EINVAL);
	int no_route = host_connect(p.a, u, &nowhere); /* lwIP sends to its default interface, and finds out with the SYN */
	ck_assert_msg(no_route == -ENETUNREACH || no_route == -EINPROGRESS, "%d", no_route);
	host_connect(p.a, s, &closed);
	ck_assert_int_eq(host_send(p.a, s, "x", 1, NULL), -EAGAIN);
	host_connect(p.a, t, &absent);
	pair_run(&p, 10 * NS_PER_S);
	ck_assert_uint_ne(host_ready(p.a, s) & DUT_CLOSED, 0);
	ck_assert_int_eq(host_error(p.a, s), -ECONNREFUSED);
	pair_run(&p, 1200 * NS_PER_S);
	int err = host_error(p.a, t);
	ck_assert_msg(err == -ETIMEDOUT || err == -EHOSTUNREACH, "%d", err);
	/* A listener refuses what its kind cannot do. */
	int l = host_socket(p.b, 4, DUT_SOCK_STREAM, 0), m = host_socket(p.b, 4, DUT_SOCK_STREAM, 0);
	ck_assert_int_eq(host_bind(p.b, l, &any), 0);
	ck_assert_int_eq(host_listen(p.b, l, 4), 0);
	ck_assert_int_eq(host_connect(p.b, l, &closed), -EINVAL);
	if (host_bind(p.b, m, &any) == 0) /* the clash may show with either call */
		ck_assert_int_eq(host_listen(p.b, m, 4), -EADDRINUSE);
	ck_assert_int_eq(host_accept(p.b, m, NULL), -EINVAL);
	pair_close(&p);
}
END_TEST

START_TEST(many_connections_wait_to_be_accepted)
{
	enum { N = 200 };
	struct pair p;
	struct dut_sockaddr any = { .port = 80 }, to = pair_peer(2, 80), peer;
	int clients[N];
	uint8_t got[8];
	pair_open(&p, variant(_i), 16);
	int l = host_socket(p.b, 4, DUT_SOCK_STREAM, 0);
	ck_assert_int_eq(host_bind(p.b, l, &any), 0);
	ck_assert_int_eq(host_listen(p.b, l, N), 0);
	for (int i = 0; i < N; i++) {
		clients[i] = host_socket(p.a, 4, DUT_SOCK_STREAM, 0);
		host_connect(p.a, clients[i], &to);
	}
	pair_run(&p, 30 * NS_PER_S);
	for (int i = 0; i < N; i++) {
		ck_assert_uint_ne(host_ready(p.a, clients[i]) & DUT_CONNECTED, 0);
		ck_assert_int_eq(host_send(p.a, clients[i], "hello", 5, NULL), 5);
	}
	pair_run(&p, 5 * NS_PER_S);
	for (int i = 0; i < N; i++) {
		int s = host_accept(p.b, l, &peer);
		ck_assert_int_ge(s, 0);
		ck_assert_int_eq(host_recv(p.b, s, got, sizeof(got), NULL), 5);
		ck_assert_int_eq(host_close(p.b, s), 0);
	}
	ck_assert_int_eq(host_accept(p.b, l, &peer), -EAGAIN);
	pair_close(&p);
}
END_TEST

START_TEST(options_take_or_refuse_values)
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 17);
	pair_connect(&p, &client, &server, &listener);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_NODELAY, 1), 0);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_KEEPALIVE_IDLE_MS, 10000), 0);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_KEEPALIVE_INTERVAL_MS, 1000), 0);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_KEEPALIVE_COUNT, 3), 0);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_KEEPALIVE, 1), 0);
	ck_assert_int_eq(host_set_option(p.a, client, DUT_SO_KEEPALIVE_COUNT, -1), -EINVAL);
	ck_assert_int_eq(host_set_option(p.a, 1000, DUT_SO_NODELAY, 1), -EBADF);
	/* The peer goes away: keepalive finds out. */
	struct impairments down = { .down = true };
	link_impair(host_port(p.b, 0), LINK_FROM_HOST, &down);
	pair_run(&p, 60 * NS_PER_S);
	ck_assert_uint_ne(host_ready(p.a, client) & DUT_CLOSED, 0);
	ck_assert_int_eq(host_error(p.a, client), -ETIMEDOUT);
	pair_close(&p);
}
END_TEST

/* --- the clock, and life and death -------------------------------------------------------------- */

START_TEST(an_idle_day_is_cheap)
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 18);
	pair_connect(&p, &client, &server, &listener);
	uint64_t before = world_events(p.world);
	pair_run(&p, 86400 * NS_PER_S);
	/* 100 ms is the finest clockwork of an idle stack; two hosts, three wheels. */
	ck_assert_uint_lt(world_events(p.world) - before, 6 * 864000);
	ck_assert_uint_ne(host_ready(p.a, client) & DUT_CONNECTED, 0);
	pair_close(&p);
}
END_TEST

START_TEST(a_deadline_lies_ahead)
{
	struct pair p;
	int client, server, listener;
	pair_open(&p, variant(_i), 19);
	pair_connect(&p, &client, &server, &listener);
	host_send(p.a, client, "data", 4, NULL);
	uint64_t same = 0, last = 0;
	for (int i = 0; i < 20000 && world_step(p.world); i++) {
		same = world_now(p.world) == last ? same + 1 : 0;
		last = world_now(p.world);
		ck_assert_uint_lt(same, 50);
	}
	pair_close(&p);
}
END_TEST

START_TEST(hosts_come_and_go)
{
	for (unsigned i = 0; i < 100; i++) {
		struct pair p;
		int client, server, listener;
		pair_open(&p, variant(_i), i);
		pair_connect(&p, &client, &server, &listener);
		ck_assert_int_eq(host_send(p.a, client, "left behind", 11, NULL), 11);
		pair_run(&p, NS_PER_S);
		pair_close(&p);
	}
}
END_TEST

START_TEST(twenty_hosts_share_a_switch)
{
	enum { N = 20 };
	struct world *w = world_create(20);
	struct link *l = link_create(w, "lan", LINK_SWITCH);
	struct host *hosts[N];
	int socks[N], err;
	const char *why;
	uint8_t got[8];
	for (unsigned i = 0; i < N; i++) {
		char name[8];
		snprintf(name, sizeof(name), "h%u", i);
		hosts[i] = pair_host(w, variant(_i), name, i + 1, &err, &why);
		ck_assert_msg(hosts[i], "host %u: %d %s", i, err, why);
		ck_assert_int_eq(host_attach(hosts[i], 0, l), 0);
		socks[i] = bound_udp(hosts[i], 7);
	}
	for (unsigned i = 0; i < N; i++) {
		struct dut_sockaddr to = pair_peer((i + 7) % N + 1, 7);
		uint8_t b = (uint8_t)i;
		ck_assert_int_eq(host_send(hosts[i], socks[i], &b, 1, &to), 1);
	}
	world_run(w, 2 * NS_PER_S);
	for (unsigned i = 0; i < N; i++) {
		struct dut_sockaddr from;
		ck_assert_int_eq(host_recv(hosts[i], socks[i], got, sizeof(got), &from), 1);
		ck_assert_uint_eq(got[0], (i + N - 7) % N);
		ck_assert_uint_eq(from.addr.b[3], got[0] + 1u);
	}
	for (unsigned i = 0; i < N; i++)
		host_destroy(hosts[(i * 3) % N]); /* not in the order they came */
	link_destroy(l);
	world_destroy(w);
}
END_TEST

START_TEST(bad_configurations_say_why)
{
	struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(1), 24 } } }, bad = eth0;
	struct dut_option option = { "no.such", "1" };
	struct dut_config config = { .abi = DUT_ABI, .name = "a", .n_interfaces = 1, .interfaces = &eth0 }, c = config;
	struct world *w = world_create(1);
	struct host *h;
	const char *why = NULL;
	c.n_options = 1;
	c.options = &option;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "option"));
	ck_assert_ptr_null(h);
	c = config;
	c.interfaces = &bad;
	bad.mtu = 60;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "MTU"));
	c = config;
	c.abi = DUT_ABI + 1;
	ck_assert_int_eq(host_create(w, variant(_i), &c, &h, &why), -EINVAL);
	ck_assert_int_eq(host_create(w, variant(_i), &config, &h, &why), 0);
	host_destroy(h);
	world_destroy(w);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		describes_itself, pings, datagrams_pass_both_ways, datagram_sockets_refuse_bad_calls, raw_sockets_exchange_payload,
		a_host_reaches_itself, streams_arrive_intact_and_repeatably, half_closed_stream_still_carries_the_other_way,
		abort_resets_the_peer, close_with_unread_data_resets_the_peer, connections_fail_as_they_should,
		many_connections_wait_to_be_accepted, options_take_or_refuse_values, an_idle_day_is_cheap, a_deadline_lies_ahead,
		hosts_come_and_go, twenty_hosts_share_a_switch, bad_configurations_say_why,
	};
	int n = 0;
	while (dut_variants[n])
		n++;
	Suite *s = suite_create("dut");
	TCase *t = tcase_create("variants");
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(t, tests[i], 0, n);
	suite_add_tcase(s, t);
	return unit_main(s);
}
