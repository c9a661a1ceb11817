/* SPDX-License-Identifier: ISC */
/* flows: who talks to whom, how much, when. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_PORT 5001
#define UDP_MAX_SIZE 65507 /* RFC 768 over IPv4: 65535 - 20 - 8 */
#define UDP_MIN_SIZE 8     /* holds the datagram's number */

struct raw_flow {
	struct scn_sockopts options; /* first: SOCKOPT_FIELDS */
	struct scn_flow *flow;
	int type, direction;
	uint64_t bytes, count, size, interval_ns, rate_bps, start_ns;
	uint32_t port;
	bool listen;
};

static const char *const types[] = { "tcp", "udp", "ping", NULL };
static const char *const directions[] = { "send", "receive", "both", NULL };

static int read_flow_name(struct reader *r, const struct yaml_node *node, void *target)
{
	return read_name(r, node, &((struct raw_flow *)target)->flow->name);
}

#define AT(member) offsetof(struct raw_flow, member)

enum {
	KEY_BYTES = 1,
	KEY_COUNT = 2,
	KEY_SIZE = 4,
	KEY_INTERVAL = 8,
	KEY_RATE = 16,
	KEY_PORT = 32,
	KEY_DIRECTION = 64,
	KEY_CLOSE = 128,
	KEY_LISTEN = 256
};

static const struct field flow_fields[] = {
	{ .key = "name", .type = FIELD_CUSTOM, .read = read_flow_name },
	{ .key = "type", .type = FIELD_WORD, .offset = AT(type), .words = types },
	{ .key = "from", .type = FIELD_CUSTOM },
	{ .key = "to", .type = FIELD_CUSTOM },
	{ .key = "port", .type = FIELD_COUNT32, .offset = AT(port), .min = 1, .max = UINT16_MAX, .bit = KEY_PORT },
	{ .key = "bytes", .type = FIELD_SIZE, .offset = AT(bytes), .bit = KEY_BYTES },
	{ .key = "count", .type = FIELD_COUNT, .offset = AT(count), .min = 1, .max = 10000000, .bit = KEY_COUNT },
	{ .key = "size", .type = FIELD_SIZE, .offset = AT(size), .max = 1 << 20, .bit = KEY_SIZE },
	{ .key = "interval", .type = FIELD_TIME, .offset = AT(interval_ns), .min = 1, .bit = KEY_INTERVAL },
	{ .key = "rate", .type = FIELD_RATE, .offset = AT(rate_bps), .min = 1, .bit = KEY_RATE },
	{ .key = "start", .type = FIELD_TIME, .offset = AT(start_ns) },
	{ .key = "direction", .type = FIELD_WORD, .offset = AT(direction), .words = directions, .bit = KEY_DIRECTION },
	{ .key = "close", .type = FIELD_CUSTOM, .bit = KEY_CLOSE },
	{ .key = "listen", .type = FIELD_BOOL, .offset = AT(listen), .bit = KEY_LISTEN },
	SOCKOPT_FIELDS,
};

/* "server", or "server.eth1". */
static int read_peer(struct reader *r, const struct yaml_node *node, unsigned *host, unsigned *interface)
{
	*interface = SCN_NONE;
	int err = read_is_scalar(r, node, "a host's name");
	if (err)
		return err;
	size_t len = strcspn(node->text, ".");
	char *name = arena_text(&r->s->arena, node->text, len);
	if (!name)
		return read_no_memory(r);
	*host = scenario_host(r->s, name);
	if (*host == SCN_NONE)
		return R_FAIL(r, node, "unknown host \"%.60s\"", name);
	const struct scn_host *h = &r->s->hosts[*host];
	for (unsigned i = 0; node->text[len] && i < h->n_interfaces; i++) {
		if (strcmp(h->interfaces[i].name, node->text + len + 1) == 0)
			*interface = i;
	}
	if (node->text[len] && *interface == SCN_NONE)
		return R_FAIL(r, node, "host %s has no interface \"%.60s\"", name, node->text + len + 1);
	return 0;
}

static const struct dut_addr *address_of(const struct scn_host *h, unsigned interface, uint8_t family)
{
	for (unsigned i = 0; i < h->n_interfaces; i++) {
		const struct dut_interface *d = &h->interfaces[i].dut;
		for (unsigned a = 0; a < d->n_addrs && (interface == SCN_NONE || interface == i); a++) {
			if (!family || d->addrs[a].addr.family == family)
				return &d->addrs[a].addr;
		}
	}
	return NULL;
}

/* Interfaces on a common link are the natural ones; else the first of each. */
static void prefer_common_link(const struct scn_host *a, const struct scn_host *b, unsigned *ia, unsigned *ib)
{
	for (unsigned i = 0; i < a->n_interfaces; i++) {
		for (unsigned k = 0; k < b->n_interfaces; k++) {
			bool common = a->interfaces[i].link != SCN_NONE && a->interfaces[i].link == b->interfaces[k].link;
			if (common && (*ia == SCN_NONE || *ia == i) && (*ib == SCN_NONE || *ib == k)) {
				*ia = i;
				*ib = k;
				return;
			}
		}
	}
}

static int read_peers(struct reader *r, const struct yaml_node *node, struct scn_flow *f)
{
	const struct yaml_node *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
	unsigned i_from, i_to;
	if (!from || !to)
		return R_FAIL(r, node, "a flow needs \"%s\"", from ? "to" : "from");
	int err = read_peer(r, from, &f->from, &i_from);
	if (!err)
		err = read_peer(r, to, &f->to, &i_to);
	if (err)
		return err;
	if (f->from == f->to)
		return R_FAIL(r, to, "a flow joins two hosts, not %s with itself", to->text);
	const struct scn_host *a = &r->s->hosts[f->from], *b = &r->s->hosts[f->to];
	prefer_common_link(a, b, &i_from, &i_to);
	const struct dut_addr *addr = address_of(b, i_to, 0);
	if (!addr)
		return R_FAIL(r, to, "host %s has no address: join it to a link", b->name);
	f->to_addr = *addr;
	addr = address_of(a, i_from, f->to_addr.family);
	if (!addr)
		return R_FAIL(r, from, "host %s has no address of the same family: join it to a link", a->name);
	f->from_addr = *addr;
	return 0;
}

static int read_close(struct reader *r, const struct yaml_node *node, struct scn_flow *f)
{
	static const char *const words[] = { "none", "from", "to", "both", NULL };
	static const struct field word = { .type = FIELD_WORD, .words = words };
	int value = CLOSE_FROM;
	int err = node ? read_value(r, node, &word, &value) : 0;
	f->close = (enum scn_flow_close)value;
	return err;
}

static int not_for_type(struct reader *r, const struct yaml_node *node, const char *key, const struct scn_flow *f)
{
	return R_FAIL(r, yaml_get(node, key)->key, "\"%s\" is not for a %s flow", key, types[f->type]);
}

/* TCP: bytes as fast as they go, or count writes of size bytes, one every interval. */
static int tcp_amount(struct reader *r, const struct yaml_node *node, struct raw_flow *raw, unsigned keys)
{
	struct scn_flow *f = raw->flow;
	if (keys & KEY_RATE)
		return not_for_type(r, node, "rate", f);
	if (keys & KEY_BYTES && keys & (KEY_COUNT | KEY_SIZE | KEY_INTERVAL))
		return R_FAIL(r, node, "give either \"bytes\", or \"count\", \"size\" and \"interval\"");
	if (!(keys & KEY_BYTES) && (keys & (KEY_COUNT | KEY_SIZE)) != (KEY_COUNT | KEY_SIZE))
		return R_FAIL(r, node, "a tcp flow needs \"bytes\", or \"count\" and \"size\"");
	f->bytes = keys & KEY_BYTES ? raw->bytes : raw->count * raw->size;
	f->count = raw->count;
	f->size = raw->size;
	f->interval_ns = raw->interval_ns;
	return 0;
}

/* UDP: count datagrams (or bytes / size of them), one every interval, or at a rate of payload bits. */
static int udp_amount(struct reader *r, const struct yaml_node *node, struct raw_flow *raw, unsigned keys)
{
	struct scn_flow *f = raw->flow;
	f->size = keys & KEY_SIZE ? raw->size : 1000;
	if (f->size < UDP_MIN_SIZE || f->size > UDP_MAX_SIZE)
		return R_FAIL(r, yaml_get(node, "size"), "size of a datagram: from %d to %d bytes", UDP_MIN_SIZE, UDP_MAX_SIZE);
	if (keys & KEY_BYTES && keys & KEY_COUNT)
		return R_FAIL(r, node, "give either \"bytes\" or \"count\"");
	if (!(keys & (KEY_BYTES | KEY_COUNT)))
		return R_FAIL(r, node, "a udp flow needs \"count\" or \"bytes\"");
	if (keys & KEY_RATE && keys & KEY_INTERVAL)
		return R_FAIL(r, node, "give either \"rate\" or \"interval\"");
	f->count = keys & KEY_COUNT ? raw->count : (raw->bytes + f->size - 1) / f->size;
	f->interval_ns = keys & KEY_INTERVAL ? raw->interval_ns : 10 * NS_PER_MS;
	if (keys & KEY_RATE)
		f->interval_ns = f->size * 8 * NS_PER_S / raw->rate_bps + 1;
	f->bytes = f->count * f->size;
	return 0;
}

static int ping_amount(struct reader *r, const struct yaml_node *node, struct raw_flow *raw, unsigned keys)
{
	static const char *const others[] = { "bytes", "rate", "port", "direction", "close", "listen" };
	struct scn_flow *f = raw->flow;
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (yaml_get(node, others[i]))
			return not_for_type(r, node, others[i], f);
	}
	f->size = keys & KEY_SIZE ? raw->size : 56;
	if (f->size > UDP_MAX_SIZE)
		return R_FAIL(r, yaml_get(node, "size"), "size of a ping: at most %d bytes", UDP_MAX_SIZE);
	f->count = keys & KEY_COUNT ? raw->count : 5;
	f->interval_ns = keys & KEY_INTERVAL ? raw->interval_ns : NS_PER_S;
	f->bytes = f->count * f->size;
	return 0;
}

/* Two flows at one port of one host could not be told apart. */
static int check_port(struct reader *r, const struct yaml_node *node, const struct scn_flow *f)
{
	const struct yaml_node *port = yaml_get(node, "port");
	for (const struct scn_flow *o = r->s->flows; o < f; o++) {
		if (o->type == f->type && f->type != FLOW_PING && o->port == f->port && (o->to == f->to || f->type == FLOW_UDP))
			return R_FAIL(r, port ? port : node, "port %u is already taken by flow %s", f->port, o->name);
	}
	return 0;
}

static int name_flow(struct reader *r, const struct yaml_node *node, struct scn_flow *f)
{
	char name[16];
	snprintf(name, sizeof(name), "flow%u", r->s->n_flows + 1);
	if (!f->name && !(f->name = arena_text(&r->s->arena, name, strlen(name))))
		return read_no_memory(r);
	unsigned twice = scenario_flow(r->s, f->name);
	if (twice != SCN_NONE)
		return R_FAIL(r, node, "flow \"%s\" named twice (first in line %u)", f->name, r->s->flows[twice].pos.line);
	return 0;
}

static int read_flow(struct reader *r, const struct yaml_node *node, struct scn_flow *f)
{
	struct raw_flow raw = { .flow = f, .listen = true };
	unsigned keys = 0;
	int err = read_map(r, node, "flow", FIELDS(flow_fields), &raw, &keys);
	if (!err)
		err = name_flow(r, node, f);
	if (!err)
		err = read_peers(r, node, f);
	if (!err)
		err = read_close(r, yaml_get(node, "close"), f);
	if (err)
		return err;
	f->pos = node->pos;
	f->type = (enum scn_flow_type)raw.type;
	f->direction = (enum scn_flow_direction)(raw.direction + 1);
	f->port = (uint16_t)(keys & KEY_PORT ? raw.port : FIRST_PORT + r->s->n_flows);
	f->start_ns = raw.start_ns;
	f->options = raw.options;
	f->listen = raw.listen;
	if (f->type == FLOW_UDP && keys & KEY_CLOSE)
		return not_for_type(r, node, "close", f);
	static int (*const amount[])(
		struct reader *, const struct yaml_node *, struct raw_flow *, unsigned) = { tcp_amount, udp_amount, ping_amount };
	err = amount[f->type](r, node, &raw, keys);
	return err ? err : check_port(r, node, f);
}

int read_flows(struct reader *r, const struct yaml_node *node)
{
	struct scenario *s = r->s;
	int err = node ? read_is_list(r, node, "flows") : 0;
	if (!node || err)
		return err;
	if (node->n > SCN_MAX_FLOWS)
		return R_FAIL(r, node, "more than %d flows", SCN_MAX_FLOWS);
	s->flows = read_alloc(r, node->n, sizeof(*s->flows));
	if (!s->flows)
		return -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		err = read_flow(r, n, &s->flows[s->n_flows]);
		s->n_flows += !err;
	}
	return err;
}

static void set_option(struct scn_sockopts *o, enum dut_socket_option option, uint64_t value)
{
	o->set |= 1u << option;
	o->value[option] = (int64_t)value;
}

int read_sockopt(struct reader *r, const struct yaml_node *node, void *options)
{
	static const struct {
		const char *key;
		enum dut_socket_option option;
		enum { YES_NO, NUMBER, BYTES, MILLISECONDS } kind;
		uint64_t max;
	} table[] = {
		{ "nodelay", DUT_SO_NODELAY, YES_NO, 0 },
		{ "user_timeout", DUT_SO_USER_TIMEOUT_MS, MILLISECONDS, INT32_MAX * NS_PER_MS },
		{ "send_buffer", DUT_SO_SEND_BUFFER, BYTES, INT32_MAX },
		{ "receive_buffer", DUT_SO_RECEIVE_BUFFER, BYTES, INT32_MAX },
		{ "ttl", DUT_SO_TTL, NUMBER, 255 },
		{ "tos", DUT_SO_TOS, NUMBER, 255 },
		{ "dont_fragment", DUT_SO_DONT_FRAGMENT, YES_NO, 0 },
	};
	unsigned i = 0;
	while (strcmp(table[i].key, node->key->text) != 0)
		i++;
	uint64_t v = 0;
	bool yes = false;
	int err;
	if (table[i].kind == YES_NO) {
		err = read_bool(r, node, &yes);
		v = yes;
	} else if (table[i].kind == MILLISECONDS) {
		err = read_unit(r, node, UNIT_TIME, NS_PER_MS, table[i].max, &v);
		v /= NS_PER_MS;
	} else {
		err = read_unit(r, node, table[i].kind == BYTES ? UNIT_SIZE : UNIT_COUNT, 1, table[i].max, &v);
	}
	if (!err)
		set_option(options, table[i].option, v);
	return err;
}

struct raw_keepalive {
	uint64_t idle_ns, interval_ns, count;
};

/* keepalive: yes, or {idle: 2 h, interval: 75 s, count: 9} */
int read_keepalive(struct reader *r, const struct yaml_node *node, void *options)
{
	enum { IDLE = 1, INTERVAL = 2, COUNT = 4 };
	static const struct field keys[] = {
		{ .key = "idle", .type = FIELD_TIME, .offset = offsetof(struct raw_keepalive, idle_ns), .min = NS_PER_MS, .bit = IDLE },
		{ .key = "interval", .type = FIELD_TIME, .offset = offsetof(struct raw_keepalive, interval_ns), .min = NS_PER_MS, .bit = INTERVAL },
		{ .key = "count", .type = FIELD_COUNT, .offset = offsetof(struct raw_keepalive, count), .min = 1, .max = 1000, .bit = COUNT },
	};
	struct raw_keepalive raw = { 0 };
	unsigned seen = 0;
	bool on = true;
	int err = node->kind == YAML_SCALAR ? read_bool(r, node, &on) : read_map(r, node, "keepalive", FIELDS(keys), &raw, &seen);
	if (err)
		return err;
	set_option(options, DUT_SO_KEEPALIVE, on);
	if (seen & IDLE)
		set_option(options, DUT_SO_KEEPALIVE_IDLE_MS, raw.idle_ns / NS_PER_MS);
	if (seen & INTERVAL)
		set_option(options, DUT_SO_KEEPALIVE_INTERVAL_MS, raw.interval_ns / NS_PER_MS);
	if (seen & COUNT)
		set_option(options, DUT_SO_KEEPALIVE_COUNT, raw.count);
	return 0;
}
