/* SPDX-License-Identifier: ISC */
/* The stack: configuration, frames, clock, randomness and memory. What lwIP takes from its surroundings ends here. */
#include "sim/dut/lwip/module.h"
#include "sim/dut/lwip/sock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#define EXPORT __attribute__((visibility("default")))
#define NS_PER_MS UINT64_C(1000000)
#define MAX_INTERFACES 16
#define MAX_FRAME 65535

static struct {
	struct lwip_heap *heap;
	struct dut_host host;
	uint64_t now_ns;
	uint64_t random;
	unsigned n_interfaces;
	struct {
		struct netif netif;
		struct dut_interface config;
	} interfaces[MAX_INTERFACES];
	struct deferred {
		struct deferred *next;
		tcpip_callback_fn fn;
		void *arg;
	} * deferred, *deferred_last;
} stack;

/* --- what lwIP and its copy of the C library find here before anywhere else ------------------- */

EXPORT void *malloc(size_t size)
{
	return stack.heap ? stack.heap->alloc(stack.heap, size) : NULL;
}

EXPORT void *calloc(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return NULL;
	void *block = stack.heap ? stack.heap->alloc(stack.heap, n * size) : NULL;
	if (block)
		memset(block, 0, n * size);
	return block;
}

EXPORT void free(void *block)
{
	if (block && stack.heap)
		stack.heap->free(stack.heap, block);
}

/* SplitMix64: lwIP wants 31 bits for ports and DNS ids. */
uint32_t module_rand(void)
{
	uint64_t z = stack.random += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 33);
}

EXPORT int rand(void)
{
	return (int)module_rand();
}

EXPORT u32_t sys_now(void)
{
	return (u32_t)(stack.now_ns / NS_PER_MS);
}

/* lwIP hands work to its thread, which does not exist here (frames a host sends to itself): run_deferred() does it. */
EXPORT err_t tcpip_try_callback(tcpip_callback_fn fn, void *arg)
{
	struct deferred *d = malloc(sizeof(*d));
	if (!d)
		return ERR_MEM;
	*d = (struct deferred){ .fn = fn, .arg = arg };
	if (stack.deferred)
		stack.deferred_last->next = d;
	else
		stack.deferred = d;
	stack.deferred_last = d;
	return ERR_OK;
}

/* A failed assertion of lwIP prints and aborts; standard output is not the place for it. */
EXPORT int __printf_chk(int flag, const char *fmt, ...);
EXPORT int __printf_chk(int flag, const char *fmt, ...)
{
	(void)flag;
	va_list args;
	va_start(args, fmt);
	int n = vdprintf(2, fmt, args);
	va_end(args);
	return n;
}

/* ---------------------------------------------------------------------------------------------- */

static void run_deferred(void)
{
	struct deferred *d;
	while ((d = stack.deferred)) {
		stack.deferred = d->next;
		d->fn(d->arg);
		free(d);
	}
	stream_poll();
}

void sock_changed(const struct sock *s)
{
	if (s->handle >= 0)
		stack.host.socket_event(stack.host.arg, s->handle);
}

static err_t frame_out(struct netif *netif, struct pbuf *p)
{
	unsigned ifindex = (unsigned)(uintptr_t)netif->state;
	if (!p->next) {
		stack.host.frame_out(stack.host.arg, ifindex, p->payload, p->len);
		return ERR_OK;
	}
	uint8_t *whole = malloc(p->tot_len);
	if (!whole)
		return ERR_MEM;
	pbuf_copy_partial(p, whole, p->tot_len, 0);
	stack.host.frame_out(stack.host.arg, ifindex, whole, p->tot_len);
	free(whole);
	return ERR_OK;
}

static err_t set_up_netif(struct netif *netif)
{
	const struct dut_interface *config = &stack.interfaces[(uintptr_t)netif->state].config;
	netif->name[0] = 'p';
	netif->name[1] = 'l';
	netif->mtu = config->mtu;
	netif->hwaddr_len = 6;
	memcpy(netif->hwaddr, config->mac, 6);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
	netif->output = etharp_output;
	netif->linkoutput = frame_out;
	return ERR_OK;
}

static ip4_addr_t ip4_of(const struct dut_addr *a)
{
	ip4_addr_t ip;
	memcpy(&ip.addr, a->b, 4);
	return ip;
}

/* Why lwIP cannot be what config asks for, NULL when it can. */
static const char *check(const struct dut_config *config)
{
	if (config->n_options)
		return "lwip has no options";
	if (!config->n_interfaces || config->n_interfaces > MAX_INTERFACES)
		return "lwip takes 1 to 16 interfaces";
	for (unsigned i = 0; i < config->n_interfaces; i++) {
		const struct dut_interface *f = &config->interfaces[i];
		if (f->n_addrs != 1 || f->addrs[0].addr.family != 4 || f->addrs[0].len > 32)
			return "lwip takes one IPv4 address on an interface, and no IPv6 address";
		if (f->mtu < 68)
			return "an MTU below 68 is too small for IPv4 (RFC 791 section 3.2)";
	}
	for (unsigned i = 0; i < config->n_routes; i++) {
		const struct dut_route *r = &config->routes[i];
		if (r->to.len || r->via.family != 4 || r->ifindex >= config->n_interfaces)
			return "lwip has no routing table: only a default route through an IPv4 gateway, one for an interface";
	}
	return NULL;
}

static bool add_interface(unsigned i)
{
	const struct dut_interface *config = &stack.interfaces[i].config;
	const ip4_addr_t addr = ip4_of(&config->addrs[0].addr), any = { 0 };
	unsigned len = config->addrs[0].len;
	const ip4_addr_t mask = { lwip_htonl(len ? UINT32_MAX << (32 - len) : 0) };
	struct netif *netif = &stack.interfaces[i].netif;
	if (!netif_add(netif, &addr, &mask, &any, (void *)(uintptr_t)i, set_up_netif, ethernet_input))
		return false;
	if (i == 0)
		netif_set_default(netif);
	netif_set_up(netif);
	netif_set_link_up(netif);
	return true;
}

static int create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	if ((*why = check(config)))
		return -EINVAL;
	stack.host = *host;
	stack.random = config->seed;
	for (const char *c = config->name; *c; c++)
		stack.random = (stack.random ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	stack.n_interfaces = config->n_interfaces;
	lwip_init();
	for (unsigned i = 0; i < config->n_interfaces; i++) {
		stack.interfaces[i].config = config->interfaces[i];
		if (!add_interface(i))
			return -ENOMEM;
	}
	for (unsigned i = 0; i < config->n_routes; i++) {
		const struct dut_route *r = &config->routes[i];
		const ip4_addr_t gateway = ip4_of(&r->via);
		netif_set_gw(&stack.interfaces[r->ifindex].netif, &gateway);
		netif_set_default(&stack.interfaces[r->ifindex].netif);
	}
	*dut = &stack;
	return 0;
}

static void frame_in(void *dut, unsigned ifindex, const uint8_t *frame, size_t len)
{
	(void)dut;
	if (ifindex >= stack.n_interfaces || len > MAX_FRAME || len == 0)
		return;
	/* Not PBUF_POOL: this build's pool elements are smaller than the length they are given. */
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
	if (!p)
		return;
	pbuf_take(p, frame, (u16_t)len);
	struct netif *netif = &stack.interfaces[ifindex].netif;
	if (netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
	run_deferred();
}

/* lwIP counts in whole milliseconds; a timer is due when its millisecond begins. */
static uint64_t deadline(void *dut)
{
	(void)dut;
	if (stack.deferred)
		return stack.now_ns;
	u32_t sleep_ms = sys_timeouts_sleeptime();
	if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		return DUT_NEVER;
	return (stack.now_ns / NS_PER_MS + (sleep_ms ? sleep_ms : 1)) * NS_PER_MS;
}

static void advance(void *dut, uint64_t now_ns)
{
	(void)dut;
	stack.now_ns = now_ns;
	if (sys_timeouts_sleeptime() == 0)
		sys_check_timeouts();
	if (stack.deferred)
		run_deferred();
}

static const char *version(void)
{
	return LWIP_VERSION_STRING " (Debian liblwip0)";
}

static unsigned capabilities(void)
{
	return DUT_CAP_FRAMES | DUT_CAP_SOCKETS | DUT_CAP_VIRTUAL_TIME | DUT_CAP_ROUTER | DUT_CAP_TCP_INFO | DUT_CAP_PING | DUT_CAP_RAW |
	       DUT_CAP_IPV4 | DUT_CAP_TCP | DUT_CAP_UDP;
}

static void set_heap(struct lwip_heap *heap)
{
	stack.heap = heap;
}

static const struct dut_ops ops = {
	.abi = DUT_ABI,
	.name = "lwip",
	.version = version,
	.capabilities = capabilities,
	.create = create,
	.frame_in = frame_in,
	.deadline = deadline,
	.advance = advance,
	.socket = lwip_sock_socket,
	.bind = lwip_sock_bind,
	.listen = lwip_sock_listen,
	.accept = lwip_sock_accept,
	.connect = lwip_sock_connect,
	.send = lwip_sock_send,
	.recv = lwip_sock_recv,
	.shutdown = lwip_sock_shutdown,
	.close = lwip_sock_close,
	.abort = lwip_sock_abort,
	.set_option = lwip_sock_set_option,
	.ready = lwip_sock_ready,
	.error = lwip_sock_error,
	.local_name = lwip_sock_local_name,
	.tcp_info = lwip_sock_tcp_info,
};

EXPORT extern const struct lwip_module plumbline_lwip_module;
EXPORT const struct lwip_module plumbline_lwip_module = { .ops = &ops, .set_heap = set_heap };
