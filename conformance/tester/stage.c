/* SPDX-License-Identifier: ISC */
#include "conformance/tester/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void out_of_memory(void)
{
	fputs("tester: out of memory\n", stderr);
	abort();
}

void stage_note(struct stage_frame *f, const char *fmt, ...)
{
	va_list ap;
	free(f->note);
	va_start(ap, fmt);
	if (vasprintf(&f->note, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
}

static struct stage_frame *log_frame(struct tester *t, bool from_dut, const void *bytes, size_t len)
{
	struct tester_private *p = t->p;
	if (p->n_log == p->cap_log) {
		p->cap_log = p->cap_log ? 2 * p->cap_log : 64;
		p->log = realloc(p->log, p->cap_log * sizeof(*p->log));
		if (!p->log)
			out_of_memory();
	}
	struct stage_frame *f = &p->log[p->n_log++];
	*f = (struct stage_frame){ .t_ns = world_now(t->world), .from_dut = from_dut, .bytes = malloc(len ? len : 1), .len = len };
	if (!f->bytes)
		out_of_memory();
	memcpy(f->bytes, bytes, len);
	return f;
}

void tester_send_bytes(struct tester *t, const void *frame, size_t len)
{
	struct buf *b = buf_from(world_pool(t->world), frame, (uint32_t)len);
	if (!b)
		out_of_memory();
	log_frame(t, false, frame, len);
	link_send(t->p->port, b);
}

static void answer_arp(struct tester *t, const struct arp_pkt *a)
{
	uint8_t reply[ETH_MIN_FRAME];
	int len = packet_build(&(struct packet){ ETH(.dst = HW(a->sha), .src = HW(t->my_mac)),
				       ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->my_mac), .spa = IP(a->tpa), .tha = HW(a->sha), .tpa = IP(a->spa)) },
		NULL, reply, sizeof(reply));
	tester_send_bytes(t, reply, (size_t)len);
}

static bool is_mine(const struct tester *t, struct ip4_addr ip)
{
	return ip4_equal(ip, t->my_ip) || ip4_equal(ip, t->other_ip) || ip4_equal(ip, t->gateway_ip);
}

/* A frame of the DUT arrives. RFC 5227 probes (from 0.0.0.0) are left alone: an answer would be a conflict. */
static void receive(struct buf *b, void *arg)
{
	struct tester *t = arg;
	struct frame f;
	struct stage_frame *entry = log_frame(t, true, b->data, b->len);
	frame_dissect(&f, entry->bytes, entry->len);
	buf_free(b);
	entry->waiting = t->p->started && !(f.layers & FRAME_IP6);
	if (!t->p->answer_arp || !(f.layers & FRAME_ARP) || f.arp.op != ARP_OP_REQUEST || !is_mine(t, f.arp.tpa) || ip4_is_unspecified(f.arp.spa))
		return;
	entry->waiting = false;
	stage_note(entry, "answered by the tester");
	answer_arp(t, &f.arp);
}

void tester_answer_arp(struct tester *t, bool on)
{
	t->p->answer_arp = on;
}

static unsigned layers_of(unsigned capabilities)
{
	unsigned layers = DUT_LAYER_ETHERNET;
	if (capabilities & DUT_CAP_IPV4)
		layers |= DUT_LAYER_ARP | DUT_LAYER_IPV4 | DUT_LAYER_ICMPV4;
	if (capabilities & DUT_CAP_UDP)
		layers |= DUT_LAYER_UDP;
	if (capabilities & DUT_CAP_TCP)
		layers |= DUT_LAYER_TCP;
	return layers;
}

static void set_addresses(struct tester *t)
{
	t->my_mac = (struct mac){ { 0x02, 0, 0, 0, 0, 0x01 } };
	t->dut_mac = (struct mac){ { 0x02, 0, 0, 0, 0, 0x02 } };
	t->other_mac = (struct mac){ { 0x02, 0, 0, 0, 0, 0x03 } };
	t->my_ip = (struct ip4_addr){ { 192, 0, 2, 1 } };
	t->dut_ip = (struct ip4_addr){ { 192, 0, 2, 2 } };
	t->other_ip = (struct ip4_addr){ { 192, 0, 2, 3 } };
	t->gateway_ip = (struct ip4_addr){ { 192, 0, 2, 254 } };
	t->net_broadcast = (struct ip4_addr){ { 192, 0, 2, 255 } };
	t->far_ip = (struct ip4_addr){ { 198, 51, 100, 1 } };
	t->my_port = 40000;
	t->dut_port = 7777;
}

static struct dut_addr dut_addr4(struct ip4_addr ip)
{
	struct dut_addr a = { .family = 4 };
	memcpy(a.b, ip.b, 4);
	return a;
}

static int create_dut(struct tester *t, const struct stage_setup *s, char *why, size_t why_cap)
{
	struct dut_interface interface = { .mtu = ETH_MTU, .n_addrs = 1, .addrs = { { dut_addr4(t->dut_ip), 24 } } };
	memcpy(interface.mac, t->dut_mac.b, 6);
	struct dut_route route = { .to = { { .family = 4 }, 0 }, .via = dut_addr4(t->gateway_ip) };
	struct dut_config config = {
		.abi = DUT_ABI,
		.name = "dut",
		.seed = s->seed,
		.layers = t->capabilities & DUT_CAP_LAYERS ? t->layers : 0,
		.n_interfaces = 1,
		.interfaces = &interface,
		.n_routes = t->layers & DUT_LAYER_IPV4 ? 1 : 0,
		.routes = &route,
		.n_options = s->n_options,
		.options = s->options,
	};
	const char *reason = NULL;
	int err = host_create(t->world, s->ops, &config, &t->dut, &reason);
	if (!err)
		err = host_attach(t->dut, 0, t->p->link);
	if (err)
		snprintf(why, why_cap, "%s", reason ? reason : strerror(-err));
	return err;
}

int stage_create(struct tester **out, const struct stage_setup *s, char *why, size_t why_cap)
{
	struct tester *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->p = calloc(1, sizeof(*t->p));
	t->world = world_create(s->seed);
	if (!t->p || !t->world)
		out_of_memory();
	set_addresses(t);
	world_random(t->world, &t->random, "case");
	t->capabilities = s->ops->capabilities();
	t->layers = layers_of(t->capabilities);
	if (s->layers && t->capabilities & DUT_CAP_LAYERS)
		t->layers &= s->layers;
	t->p->answer_arp = s->answer_arp;
	t->p->provoke_sock = -1;
	t->p->link = link_create(t->world, "wire", LINK_WIRE);
	if (!t->p->link || link_attach(t->p->link, "tester", receive, t, &t->p->port))
		out_of_memory();
	int err = create_dut(t, s, why, why_cap);
	if (err) {
		stage_destroy(t);
		return err;
	}
	tester_flush(t);
	t->p->started = true;
	*out = t;
	return 0;
}

void stage_destroy(struct tester *t)
{
	if (t->dut)
		host_destroy(t->dut);
	if (t->p->link)
		link_destroy(t->p->link);
	world_destroy(t->world);
	for (size_t i = 0; i < t->p->n_log; i++) {
		free(t->p->log[i].note);
		free(t->p->log[i].bytes);
	}
	free(t->p->log);
	free(t->p);
	free(t);
}

const struct stage_verdict *stage_play(struct tester *t, void (*run)(struct tester *t))
{
	jmp_buf jump;
	t->p->verdict = (struct stage_verdict){ .outcome = STAGE_PASS };
	t->p->jump = &jump;
	if (setjmp(jump) == 0)
		run(t);
	t->p->jump = NULL;
	return &t->p->verdict;
}

void stage_end(struct tester *t, enum stage_outcome outcome)
{
	jmp_buf *jump = t->p->jump;
	t->p->verdict.outcome = outcome;
	t->p->verdict.file = t->file;
	t->p->verdict.line = t->line;
	if (!jump) {
		fprintf(stderr, "%s:%d: outside a case: %s\n", t->file, t->line, t->p->verdict.message);
		abort();
	}
	longjmp(*jump, 1);
}

size_t stage_log(const struct tester *t, const struct stage_frame **frames)
{
	*frames = t->p->log;
	return t->p->n_log;
}
