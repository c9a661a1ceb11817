/* SPDX-License-Identifier: ISC */
#include "sim/replay/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order layers are shown in; others follow as the stack lists them. */
static const char *const bottom_up[] = { LEDGER_HARNESS, "eth", "vlan", "arp", "ip4", "ip4_reass", "icmp4", "igmp", "ip6", "ip6_reass", "nd", "icmp6",
	"mld", "udp", "tcp" };
#define N_BOTTOM_UP (sizeof(bottom_up) / sizeof(bottom_up[0]))

/* Room for one more element; NULL, and the ledger failed, when out of memory. */
static void *add(struct ledger *l, void *array_pointer, size_t *n, size_t *cap, size_t size)
{
	void **array = array_pointer;
	if (*n == *cap) {
		size_t more = *cap ? *cap * 2 : 64;
		void *p = realloc(*array, more * size);
		if (!p) {
			l->failed = true;
			return NULL;
		}
		*array = p;
		*cap = more;
	}
	void *element = (char *)*array + (*n)++ * size;
	memset(element, 0, size);
	return element;
}

static struct ledger_layer *layer(struct ledger *l, const char *name)
{
	for (size_t i = 0; i < l->n_layers; i++) {
		if (!strcmp(l->layers[i].name, name))
			return &l->layers[i];
	}
	struct ledger_layer *x = add(l, &l->layers, &l->n_layers, &l->layers_cap, sizeof(*x));
	if (x)
		snprintf(x->name, sizeof(x->name), "%s", name);
	return x;
}

static void drop(struct ledger *l, const char *name, const char *reason)
{
	struct ledger_drop *d = add(l, &l->drops, &l->n_drops, &l->drops_cap, sizeof(*d));
	if (!d)
		return;
	d->frame = l->frame;
	d->cut = l->frame_cut;
	snprintf(d->layer, sizeof(d->layer), "%s", name);
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	struct ledger_layer *x = layer(l, name);
	if (!x || (l->frame && x->frame_dropped == l->frame))
		return;
	x->dropped++;
	x->frame_dropped = l->frame;
}

/* A counter has grown. Drops between frames count once per step, the others once per frame. */
static void moved(struct ledger *l, const struct ledger_counter *c, uint64_t by)
{
	if (!strncmp(c->name, "drop.", 5)) {
		for (uint64_t i = 0; i < (l->frame ? 1 : by); i++)
			drop(l, c->layer, c->name + 5);
	} else if (l->frame && !strcmp(c->name, "rx")) {
		struct ledger_layer *x = layer(l, c->layer);
		if (x && x->frame_accepted != l->frame) {
			x->accepted++;
			x->frame_accepted = l->frame;
		}
	}
}

static void read_one(void *arg, const char *layer_name, const char *name, uint64_t value)
{
	struct ledger *l = arg;
	size_t at = l->at++;
	/* A stack lists its counters in the same order every time; a new one in between is met with a search. */
	if (at >= l->n_now || strcmp(l->now[at].name, name) || strcmp(l->now[at].layer, layer_name)) {
		for (at = 0; at < l->n_now && (strcmp(l->now[at].name, name) || strcmp(l->now[at].layer, layer_name)); at++)
			;
	}
	if (at == l->n_now) {
		struct ledger_counter *c = add(l, &l->now, &l->n_now, &l->now_cap, sizeof(*c));
		if (!c)
			return;
		snprintf(c->layer, sizeof(c->layer), "%s", layer_name);
		snprintf(c->name, sizeof(c->name), "%s", name);
	}
	struct ledger_counter *c = &l->now[at];
	if (l->started && value > c->value)
		moved(l, c, value - c->value);
	c->value = value;
}

static void read_all(struct ledger *l, struct host *h, uint64_t frame, bool cut)
{
	if (!l->counters)
		return;
	l->at = 0;
	l->frame = frame;
	l->frame_cut = cut;
	host_counters(h, read_one, l);
}

void ledger_start(struct ledger *l, struct host *h)
{
	*l = (struct ledger){ .counters = host_ops(h)->counters && host_ops(h)->capabilities() & DUT_CAP_COUNTERS };
	read_all(l, h, 0, false);
	l->started = true;
	for (size_t i = 0; i < N_BOTTOM_UP; i++) {
		for (size_t c = 0; c < l->n_now; c++) {
			if (!strcmp(l->now[c].layer, bottom_up[i])) {
				layer(l, bottom_up[i]);
				break;
			}
		}
	}
	if (!l->counters)
		layer(l, LEDGER_HARNESS);
}

void ledger_between(struct ledger *l, struct host *h)
{
	read_all(l, h, 0, false);
}

const char *ledger_fault(const struct frame *f)
{
	if (f->error)
		return f->error;
	if (f->layers & FRAME_IP4 && f->ip4.total_len > f->l3_len)
		return "ip4 truncated";
	if (f->layers & FRAME_IP6 && f->ip6.payload_len + (size_t)IP6_HDR_LEN > f->l3_len)
		return "ip6 truncated";
	if (f->ip_checksum == CHECKSUM_BAD)
		return "ip4 checksum";
	if (f->l4_checksum != CHECKSUM_BAD)
		return NULL;
	if (f->layers & FRAME_TCP)
		return "tcp checksum";
	if (f->layers & FRAME_UDP)
		return "udp checksum";
	return f->layers & FRAME_ICMP6 ? "icmp6 checksum" : "icmp4 checksum";
}

static void judge(struct ledger *l, uint64_t number, bool cut, const struct frame *f)
{
	const char *fault = ledger_fault(f);
	struct ledger_layer *x = layer(l, LEDGER_HARNESS);
	l->frame = number;
	l->frame_cut = cut;
	if (fault)
		drop(l, LEDGER_HARNESS, fault);
	else if (x)
		x->accepted++;
}

void ledger_frame(struct ledger *l, struct host *h, uint64_t number, bool cut, const struct frame *f)
{
	if (!l->counters) {
		judge(l, number, cut, f);
		return;
	}
	read_all(l, h, number, cut);
	/* What came in and was dropped in the same layer was not accepted there. */
	for (size_t i = 0; i < l->n_layers; i++) {
		struct ledger_layer *x = &l->layers[i];
		if (x->frame_accepted == number && x->frame_dropped == number)
			x->accepted--;
	}
}

static const char *top_layer(const struct frame *f)
{
	static const struct {
		unsigned bit;
		const char *name;
	} layers[] = { { FRAME_TCP, "tcp" }, { FRAME_UDP, "udp" }, { FRAME_ICMP4, "icmp4" }, { FRAME_ICMP6, "icmp6" }, { FRAME_ARP, "arp" },
		{ FRAME_IP4, "ip4" }, { FRAME_IP6, "ip6" } };
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		if (f->layers & layers[i].bit)
			return layers[i].name;
	}
	return "eth";
}

void ledger_answer(struct ledger *l, uint64_t number, const struct frame *f)
{
	if (!number) {
		l->later++;
		return;
	}
	l->answers++;
	struct ledger_layer *x = layer(l, l->counters ? top_layer(f) : LEDGER_HARNESS);
	if (x && x->frame_answered != number) {
		x->answered++;
		x->frame_answered = number;
	}
	struct ledger_reply *r = l->n_replies ? &l->replies[l->n_replies - 1] : NULL;
	if (!r || r->frame != number)
		r = add(l, &l->replies, &l->n_replies, &l->replies_cap, sizeof(*r));
	if (r) {
		r->frame = number;
		r->answers++;
	}
}

void ledger_free(struct ledger *l)
{
	free(l->layers);
	free(l->drops);
	free(l->replies);
	free(l->now);
	*l = (struct ledger){ 0 };
}
