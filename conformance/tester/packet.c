/* SPDX-License-Identifier: ISC */
/* Merging, matching and printing partial packets: walks over the list of fields. */
#include "conformance/tester/fields.h"

#include <stdarg.h>
#include <stdio.h>

static const size_t want_size[] = {
	[FIELD_NUMBER] = sizeof(struct want),
	[FIELD_MAC] = sizeof(struct want_mac),
	[FIELD_IP4] = sizeof(struct want_ip4),
	[FIELD_BYTES] = sizeof(struct want_bytes),
};

void packet_merge(struct packet *p, const struct packet *from, bool with_layers)
{
	for (const struct field *fd = packet_fields; fd->layer; fd++)
		if (field_how(p, fd) == WANT_ANY)
			memcpy((char *)p + fd->offset, field_want(from, fd), want_size[fd->kind]);
	for (const struct layer_info *l = packet_layers; with_layers && l->name; l++)
		if (layer_on(from, l))
			*(bool *)((char *)p + l->on) = true;
}

/* p with its base merged in: the copy goes to *whole when there is a base. */
static const struct packet *whole_packet(const struct packet *p, struct packet *whole)
{
	if (!p->base)
		return p;
	*whole = *p;
	for (const struct packet *b = p->base; b; b = b->base)
		packet_merge(whole, b, true);
	return whole;
}

static const struct layer_info *layer_of(const struct field *fd)
{
	const struct layer_info *l = packet_layers;
	while (strcmp(l->name, fd->layer) != 0)
		l++;
	return l;
}

/* What a frame is instead of the layer it lacks. */
static const char *layers_of(const struct frame *f)
{
	for (int i = 7; i >= 1; i--) {
		static const struct {
			unsigned bit;
			const char *name;
		} known[] = { { FRAME_ETH, "Ethernet" }, { FRAME_VLAN, "VLAN" }, { FRAME_ARP, "ARP" }, { FRAME_IP4, "IPv4" }, { FRAME_IP6, "IPv6" },
			{ FRAME_ICMP4, "ICMP" }, { FRAME_UDP, "UDP" }, { FRAME_TCP, "TCP" } };
		if (f->layers & known[i].bit)
			return known[i].name;
	}
	return f->layers & FRAME_ICMP6 ? "ICMPv6" : f->layers ? "Ethernet" : "nothing that parses";
}

struct collector {
	struct packet_mismatch *m;
	unsigned max, n;
	struct packet_mismatch spare; /* written when m is full, never read */
};

static struct packet_mismatch *collect(struct collector *c, const char *layer, const char *name)
{
	struct packet_mismatch *m = c->n < c->max ? &c->m[c->n] : &c->spare;
	c->n++;
	snprintf(m->field, sizeof(m->field), "%s%s%s", layer, name ? "." : "", name ? name : "");
	return m;
}

unsigned packet_mismatches(const struct packet *p, const struct frame *f, const uint8_t *bytes, size_t len, struct packet_mismatch *m, unsigned max)
{
	struct packet merged;
	struct collector c = { .m = m, .max = max };
	p = whole_packet(p, &merged);
	for (const struct layer_info *l = packet_layers; l->name; l++)
		if (layer_on(p, l) && !(f->layers & l->bit)) {
			struct packet_mismatch *mm = collect(&c, l->name, NULL);
			snprintf(mm->expected, sizeof(mm->expected), "present");
			snprintf(mm->got, sizeof(mm->got), "%s", layers_of(f));
		}
	for (size_t i = 0; packet_fields[i].layer; i++) {
		const struct field *fd = &packet_fields[i];
		const void *want = field_want(p, fd);
		struct field_value v;
		if (field_how(p, fd) == WANT_ANY || !(f->layers & layer_of(fd)->bit))
			continue;
		field_read(i, f, bytes, len, &v);
		if (field_agrees(fd, want, &v))
			continue;
		struct packet_mismatch *mm = collect(&c, fd->layer, fd->name);
		field_print_want(fd, want, mm->expected, sizeof(mm->expected));
		field_print_value(fd, want, &v, mm->got, sizeof(mm->got));
	}
	return c.n;
}

bool packet_match(const struct packet *p, const struct frame *f, const uint8_t *bytes, size_t len, struct packet_mismatch *mismatch)
{
	return packet_mismatches(p, f, bytes, len, mismatch, mismatch ? 1 : 0) == 0;
}

/* snprintf that goes on where the last one stopped; *n counts what would have been written. */
__attribute__((format(printf, 4, 5))) static void append(char *s, size_t cap, int *n, const char *fmt, ...)
{
	va_list ap;
	size_t at = (size_t)*n < cap ? (size_t)*n : cap;
	va_start(ap, fmt);
	*n += vsnprintf(s + at, cap - at, fmt, ap);
	va_end(ap);
}

/* The layer's fields that are set, in parentheses. */
static void print_layer(const struct packet *p, const struct layer_info *l, char *s, size_t cap, int *n)
{
	const char *separator = "(";
	append(s, cap, n, "%s%s", *n ? " " : "", l->title);
	for (const struct field *fd = packet_fields; fd->layer; fd++) {
		char text[128];
		if (strcmp(fd->layer, l->name) != 0 || field_how(p, fd) == WANT_ANY)
			continue;
		field_print_want(fd, field_want(p, fd), text, sizeof(text));
		append(s, cap, n, "%s%s=%s", separator, fd->name, text);
		separator = ", ";
	}
	if (separator[0] == ',')
		append(s, cap, n, ")");
}

int packet_print(const struct packet *p, char *s, size_t cap)
{
	struct packet merged;
	int n = 0;
	p = whole_packet(p, &merged);
	if (cap)
		s[0] = 0;
	if (p->raw.how == WANT_EQ)
		append(s, cap, &n, "RAW(%zu bytes)", p->raw.len);
	for (const struct layer_info *l = packet_layers; l->name; l++)
		if (layer_on(p, l))
			print_layer(p, l, s, cap, &n);
	if (n == 0)
		append(s, cap, &n, "any frame");
	return n;
}
