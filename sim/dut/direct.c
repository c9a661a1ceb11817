/* SPDX-License-Identifier: ISC */
/* The ops table of the variant `direct`: frames, clock, life and death. */
#include "sim/dut/direct.h"
#include "sim/dut/direct_stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ALL_LAYERS (DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 | DUT_LAYER_ICMPV4 | DUT_LAYER_UDP | DUT_LAYER_TCP)

static const char *version(void)
{
	return "0.1.0";
}

static unsigned capabilities(void)
{
	return DUT_CAP_FRAMES | DUT_CAP_SOCKETS | DUT_CAP_VIRTUAL_TIME | DUT_CAP_ROUTER | DUT_CAP_TCP_INFO | DUT_CAP_PING | DUT_CAP_RAW |
	       DUT_CAP_PACKET | DUT_CAP_LAYERS | DUT_CAP_COUNTERS | DUT_CAP_IPV4 | DUT_CAP_TCP | DUT_CAP_UDP;
}

static void destroy(void *dut)
{
	struct direct *d = dut;
	direct_socks_destroy(d);
	direct_decompose(d);
	env_fini(&d->env);
	buf_pool_destroy(d->pool);
	free(d->interfaces);
	free(d);
}

static int create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	struct direct *d = calloc(1, sizeof(*d));
	struct direct_interface *interfaces = calloc(config->n_interfaces + 1, sizeof(*interfaces));
	struct buf_pool *pool = buf_pool_create();
	*why = "out of memory";
	if (!d || !interfaces || !pool) {
		buf_pool_destroy(pool);
		free(interfaces);
		free(d);
		return -ENOMEM;
	}
	char stream[128];
	snprintf(stream, sizeof(stream), "stack/%s", config->name);
	d->host = *host;
	d->pool = pool;
	env_init(&d->env, config->seed, stream, pool);
	d->layers = config->layers ? config->layers : ALL_LAYERS;
	d->interfaces = interfaces;
	int err = direct_compose(d, config, why);
	if (err < 0) {
		destroy(d);
		return err;
	}
	*dut = d;
	return 0;
}

static void frame_in(void *dut, unsigned ifindex, const uint8_t *frame, size_t len)
{
	struct direct *d = dut;
	if (ifindex >= d->n_interfaces || len > BUF_MAX)
		return;
	struct buf *b = buf_from(d->pool, frame, (uint32_t)len);
	if (b)
		eth_input(d->interfaces[ifindex].eth, b);
}

static uint64_t deadline(void *dut)
{
	struct direct *d = dut;
	uint64_t next = timers_next(&d->env.timers);
	return next == TIMER_NEVER ? DUT_NEVER : next;
}

static void advance(void *dut, uint64_t now_ns)
{
	struct direct *d = dut;
	env_advance(&d->env, now_ns);
}

static void counters(void *dut, dut_counter_fn *fn, void *arg)
{
	direct_count(dut, fn, arg);
}

const struct dut_ops dut_direct = {
	.abi = DUT_ABI,
	.name = "direct",
	.description = "this repository's stack, any subset of its layers",
	.version = version,
	.capabilities = capabilities,
	.create = create,
	.destroy = destroy,
	.frame_in = frame_in,
	.deadline = deadline,
	.advance = advance,
	.socket = direct_socket,
	.bind = direct_bind,
	.listen = direct_listen,
	.accept = direct_accept,
	.connect = direct_connect,
	.send = direct_send,
	.recv = direct_recv,
	.shutdown = direct_shutdown,
	.close = direct_close,
	.abort = direct_abort,
	.set_option = direct_set_option,
	.ready = direct_ready,
	.error = direct_error,
	.local_name = direct_local_name,
	.tcp_info = direct_tcp_info,
	.counters = counters,
};
