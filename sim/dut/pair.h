/* SPDX-License-Identifier: ISC */
/* For unit tests: two hosts of one variant on a wire of 1 ms, 192.0.2.1 and 192.0.2.2. */
#ifndef SIM_DUT_PAIR_H
#define SIM_DUT_PAIR_H

#include <check.h>
#include <errno.h>

#include "sim/dut/variants.h"
#include "sim/host/host.h"

struct pair {
	struct world *world;
	struct link *wire;
	struct host *a, *b;
};

/* The stack a loop test is about. */
static inline const struct dut_ops *variant(int i)
{
	return dut_variants[i];
}

/* n loop tests, each run with every variant. */
static inline Suite *suite_of_variants(const char *name, const TTest *const tests[], size_t n)
{
	int n_variants = 0;
	while (dut_variants[n_variants])
		n_variants++;
	Suite *s = suite_create(name);
	TCase *t = tcase_create("variants");
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < n; i++)
		tcase_add_loop_test(t, tests[i], 0, n_variants);
	suite_add_tcase(s, t);
	return s;
}

static inline struct dut_addr pair_addr(unsigned last)
{
	return (struct dut_addr){ .family = 4, .b = { 192, 0, 2, (uint8_t)last } };
}

static inline struct dut_sockaddr pair_peer(unsigned last, uint16_t port)
{
	return (struct dut_sockaddr){ .addr = pair_addr(last), .port = port };
}

/* Host 192.0.2.last, or NULL with *err and *why. */
static inline struct host *pair_host(struct world *w, const struct dut_ops *ops, const char *name, unsigned last, int *err, const char **why)
{
	struct dut_interface eth0 = { .mac = { 2, 0, 0, 0, 0, (uint8_t)last }, .mtu = 1500, .n_addrs = 1, .addrs = { { pair_addr(last), 24 } } };
	struct dut_config config = { .abi = DUT_ABI, .name = name, .seed = world_seed(w), .n_interfaces = 1, .interfaces = &eth0 };
	struct host *h;
	*err = host_create(w, ops, &config, &h, why);
	return h;
}

static inline void pair_open(struct pair *p, const struct dut_ops *ops, uint64_t seed)
{
	int err;
	const char *why;
	struct impairments imp = { .delay_ns = NS_PER_MS };
	p->world = world_create(seed);
	p->wire = link_create(p->world, "wire", LINK_WIRE);
	p->a = pair_host(p->world, ops, "a", 1, &err, &why);
	ck_assert_msg(p->a, "a: %d %s", err, why);
	p->b = pair_host(p->world, ops, "b", 2, &err, &why);
	ck_assert_msg(p->b, "b: %d %s", err, why);
	ck_assert_int_eq(host_attach(p->a, 0, p->wire), 0);
	ck_assert_int_eq(host_attach(p->b, 0, p->wire), 0);
	link_impair(host_port(p->a, 0), LINK_FROM_HOST, &imp);
	link_impair(host_port(p->b, 0), LINK_FROM_HOST, &imp);
}

static inline void pair_close(struct pair *p)
{
	host_destroy(p->a);
	host_destroy(p->b);
	link_destroy(p->wire);
	ck_assert_uint_eq(buf_pool_live(world_pool(p->world)), 0);
	world_destroy(p->world);
}

static inline void pair_run(struct pair *p, uint64_t for_ns)
{
	world_run(p->world, world_now(p->world) + for_ns);
}

/* An established connection: *client on a, *server on b, *listener on port 80 of b. */
static inline void pair_connect(struct pair *p, int *client, int *server, int *listener)
{
	struct dut_sockaddr any = { .port = 80 }, to = pair_peer(2, 80), peer;
	*listener = host_socket(p->b, 4, DUT_SOCK_STREAM, 0);
	ck_assert_int_ge(*listener, 0);
	ck_assert_int_eq(host_bind(p->b, *listener, &any), 0);
	ck_assert_int_eq(host_listen(p->b, *listener, 8), 0);
	ck_assert_int_eq(host_accept(p->b, *listener, &peer), -EAGAIN);
	*client = host_socket(p->a, 4, DUT_SOCK_STREAM, 0);
	ck_assert_int_ge(*client, 0);
	int err = host_connect(p->a, *client, &to);
	ck_assert_msg(err == 0 || err == -EINPROGRESS, "connect: %d", err);
	ck_assert_uint_eq(host_ready(p->a, *client) & DUT_CONNECTED, 0);
	pair_run(p, 3 * NS_PER_S);
	ck_assert_uint_ne(host_ready(p->a, *client) & DUT_CONNECTED, 0);
	ck_assert_uint_ne(host_ready(p->b, *listener) & DUT_ACCEPTABLE, 0);
	*server = host_accept(p->b, *listener, &peer);
	ck_assert_int_ge(*server, 0);
	struct dut_sockaddr name;
	ck_assert_int_eq(host_local_name(p->a, *client, &name), 0);
	ck_assert_uint_eq(name.port, peer.port);
	ck_assert_mem_eq(&name.addr, &peer.addr, sizeof(name.addr));
}

#endif
