/* SPDX-License-Identifier: ISC */
/* What every variant's TCP must do as its sockets show it, run over all of them: two hosts of it on a wire. */
#include "sim/dut/pair.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "stack/base/unit.h"

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
	struct dut_sockaddr closed = pair_peer(2, 81), absent = pair_peer(77, 80),
			    nowhere = { .addr = { .family = 4, .b = { 203, 0, 113, 1 } }, .port = 9 };
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

int main(void)
{
	const TTest *const tests[] = {
		streams_arrive_intact_and_repeatably,
		half_closed_stream_still_carries_the_other_way,
		abort_resets_the_peer,
		close_with_unread_data_resets_the_peer,
		connections_fail_as_they_should,
		many_connections_wait_to_be_accepted,
		options_take_or_refuse_values,
	};
	return unit_main(suite_of_variants("stream", tests, sizeof(tests) / sizeof(tests[0])));
}
