/* SPDX-License-Identifier: ISC */
#include "conformance/tester/fields.h"

#include <inttypes.h>
#include <stdio.h>

#define OFFSET(layer, field) offsetof(struct packet, layer.field)
#define NUMBER_FIELD(layer, field, style, there, value) { #layer, #field, FIELD_NUMBER, style, OFFSET(layer, field) },
#define MAC_FIELD(layer, field, value) { #layer, #field, FIELD_MAC, DEC, OFFSET(layer, field) },
#define IP4_FIELD(layer, field, value) { #layer, #field, FIELD_IP4, DEC, OFFSET(layer, field) },
#define BYTES_FIELD(layer, field, first, n) { #layer, #field, FIELD_BYTES, DEC, OFFSET(layer, field) },

const struct field packet_fields[] = { PACKET_NUMBERS(NUMBER_FIELD) PACKET_MACS(MAC_FIELD) PACKET_IP4S(IP4_FIELD) PACKET_BYTES(BYTES_FIELD){ 0 } };
_Static_assert(sizeof(packet_fields) / sizeof(packet_fields[0]) <= FIELDS_MAX, "FIELDS_MAX bounds arrays of fields");

#define LAYER(layer, bit, title) { #layer, title, offsetof(struct packet, layer.on), bit },
const struct layer_info packet_layers[] = { PACKET_LAYERS(LAYER){ 0 } };

/* What lies behind the network packet: padding, or a trailer. */
static const uint8_t *trailer_of(const struct frame *f, const uint8_t *bytes, size_t len)
{
	return f->l3 ? f->l3 + f->l3_len : bytes + len;
}

static size_t trailer_len(const struct frame *f, const uint8_t *bytes, size_t len)
{
	return (size_t)(bytes + len - trailer_of(f, bytes, len));
}

static bool trailer_is_zero(const struct frame *f, const uint8_t *bytes, size_t len)
{
	const uint8_t *p = trailer_of(f, bytes, len);
	for (; p < bytes + len; p++)
		if (*p != 0)
			return false;
	return true;
}

#define READ_NUMBER(layer, field, style, there_, value) \
	if (i == n++) { \
		v->there = (there_); \
		v->number = v->there ? (uint64_t)(value) : 0; \
		return; \
	}
#define READ_MAC(layer, field, value) \
	if (i == n++) { \
		v->mac = (value); \
		return; \
	}
#define READ_IP4(layer, field, value) \
	if (i == n++) { \
		v->ip4 = (value); \
		return; \
	}
#define READ_BYTES(layer, field, first, n_) \
	if (i == n++) { \
		v->bytes = (first); \
		v->len = (n_); \
		return; \
	}

void field_read(size_t i, const struct frame *f, const uint8_t *bytes, size_t len, struct field_value *v)
{
	size_t n = 0;
	*v = (struct field_value){ .there = true };
	PACKET_NUMBERS(READ_NUMBER)
	PACKET_MACS(READ_MAC)
	PACKET_IP4S(READ_IP4)
	PACKET_BYTES(READ_BYTES)
}

static bool number_agrees(const struct want *w, uint64_t v)
{
	switch (w->how) {
	case WANT_ANY:
		return true;
	case WANT_EQ:
		return v == w->a;
	case WANT_NE:
		return v != w->a;
	case WANT_RANGE:
		return v >= w->a && v <= w->b;
	case WANT_BITS:
		return (v & w->a) == w->b;
	}
	return false;
}

static uint8_t wanted_byte(const struct want_bytes *w, size_t i)
{
	return w->bytes ? ((const uint8_t *)w->bytes)[i] : packet_pattern(i);
}

/* Where the bytes part: the index, or -1 when they agree. */
static long bytes_part(const struct want_bytes *w, const struct field_value *v)
{
	size_t n = v->len < w->len ? v->len : w->len;
	for (size_t i = 0; i < n; i++)
		if (v->bytes[i] != wanted_byte(w, i))
			return (long)i;
	return v->len < w->len || (v->len > w->len && !w->prefix) ? (long)n : -1;
}

bool field_agrees(const struct field *fd, const void *want, const struct field_value *v)
{
	enum want_how how = *(const enum want_how *)want;
	if (how == WANT_ANY)
		return true;
	if (!v->there)
		return false;
	switch (fd->kind) {
	case FIELD_NUMBER:
		return number_agrees(want, v->number);
	case FIELD_MAC:
		return mac_equal(((const struct want_mac *)want)->v, v->mac) == (how == WANT_EQ);
	case FIELD_IP4:
		return ip4_equal(((const struct want_ip4 *)want)->v, v->ip4) == (how == WANT_EQ);
	case FIELD_BYTES:
		return bytes_part(want, v) < 0;
	}
	return false;
}

/* "[S.]" as tcpdump shows flags. */
static int print_flags(uint64_t flags, char *s, size_t cap)
{
	static const struct {
		uint16_t bit;
		char letter;
	} letters[] = { { TCP_FIN, 'F' }, { TCP_SYN, 'S' }, { TCP_RST, 'R' }, { TCP_PSH, 'P' }, { TCP_URG, 'U' }, { TCP_ECE, 'E' }, { TCP_CWR, 'W' },
		{ TCP_AE, 'e' }, { TCP_ACK, '.' } };
	char text[16];
	size_t n = 0;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].bit)
			text[n++] = letters[i].letter;
	text[n] = 0;
	return snprintf(s, cap, "[%s]", n ? text : "none");
}

static int print_number(enum field_style style, uint64_t v, char *s, size_t cap)
{
	switch (style) {
	case DEC:
		return snprintf(s, cap, "%" PRIu64, v);
	case HEX:
		return snprintf(s, cap, "0x%04" PRIx64, v);
	case FLAGS:
		return print_flags(v, s, cap);
	case ARPOP:
		return snprintf(s, cap, v == ARP_OP_REQUEST ? "request" : v == ARP_OP_REPLY ? "reply" : "%" PRIu64, v);
	case YESNO:
		return snprintf(s, cap, v ? "yes" : "no");
	case RIGHT:
		return snprintf(s, cap, v ? "right" : "wrong");
	}
	return 0;
}

static int print_bytes(const uint8_t *bytes, size_t len, char *s, size_t cap)
{
	char hex[40] = "";
	size_t n = 0, shown = len > 16 ? 16 : len;
	for (size_t i = 0; i < shown; i++)
		n += (size_t)snprintf(hex + n, sizeof(hex) - n, "%02x", bytes ? bytes[i] : packet_pattern(i));
	return snprintf(s, cap, "%zu bytes%s%s%s", len, len ? " " : "", hex, len > shown ? "…" : "");
}

static int print_want_number(const struct field *fd, const struct want *w, char *s, size_t cap)
{
	char a[24], b[24];
	print_number(fd->style, w->a, a, sizeof(a));
	print_number(fd->style, w->b, b, sizeof(b));
	switch (w->how) {
	case WANT_ANY:
		return snprintf(s, cap, "any");
	case WANT_EQ:
		return snprintf(s, cap, "%s", a);
	case WANT_NE:
		return snprintf(s, cap, "not %s", a);
	case WANT_RANGE:
		if (w->a == 0)
			return snprintf(s, cap, "%s or less", b);
		if (w->b == UINT64_MAX)
			return snprintf(s, cap, "%s or more", a);
		return snprintf(s, cap, "%s to %s", a, b);
	case WANT_BITS:
		return snprintf(s, cap, "%s of %s", b, a);
	}
	return 0;
}

int field_print_want(const struct field *fd, const void *want, char *s, size_t cap)
{
	enum want_how how = *(const enum want_how *)want;
	const char *no = how == WANT_NE ? "not " : "";
	char text[IP_STRLEN];
	switch (fd->kind) {
	case FIELD_NUMBER:
		return print_want_number(fd, want, s, cap);
	case FIELD_MAC:
		return snprintf(s, cap, "%s%s", no, mac_str(((const struct want_mac *)want)->v, text));
	case FIELD_IP4:
		return snprintf(s, cap, "%s%s", no, ip4_str(((const struct want_ip4 *)want)->v, text));
	case FIELD_BYTES: {
		const struct want_bytes *w = want;
		char bytes[80];
		print_bytes(w->bytes, w->len, bytes, sizeof(bytes));
		return snprintf(s, cap, "%s%s", bytes, w->prefix ? " first" : "");
	}
	}
	return 0;
}

int field_print_value(const struct field *fd, const void *want, const struct field_value *v, char *s, size_t cap)
{
	char text[IP_STRLEN], bytes[80];
	if (!v->there)
		return snprintf(s, cap, "absent");
	switch (fd->kind) {
	case FIELD_NUMBER:
		return print_number(fd->style, v->number, s, cap);
	case FIELD_MAC:
		return snprintf(s, cap, "%s", mac_str(v->mac, text));
	case FIELD_IP4:
		return snprintf(s, cap, "%s", ip4_str(v->ip4, text));
	case FIELD_BYTES:
		print_bytes(v->len ? v->bytes : (const uint8_t *)"", v->len, bytes, sizeof(bytes));
		return snprintf(s, cap, "%s, other from byte %ld on", bytes, bytes_part(want, v));
	}
	return 0;
}
