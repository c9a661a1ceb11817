/* SPDX-License-Identifier: ISC */
#include "stack/udp/udp_direct.h"
#include "stack/base/demux.h"
#include "stack/wire/udp.h"

#include <errno.h>
#include <stdlib.h>

#define UDP_COUNTERS(X) \
	X(rx, "rx") \
	X(tx, "tx") \
	X(delivered, "delivered") \
	X(errors_delivered, "errors.delivered") \
	X(unclaimed, "unclaimed") \
	X(drop_short, "drop.short") \
	X(drop_length, "drop.length") \
	X(drop_checksum, "drop.checksum") \
	X(drop_unclaimed, "drop.unclaimed") \
	X(drop_send_only, "drop.send_only") \
	X(drop_error, "drop.error") \
	X(drop_tx, "drop.tx") \
	X(drop_no_memory, "drop.no_memory")

struct udp_counts {
	UDP_COUNTERS(COUNTER_FIELD)
};
static const char *const counter_names[] = { UDP_COUNTERS(COUNTER_NAME) };

#define PROTOCOL_UDP 17

/* A bound port. Ports of one number with different local addresses form a chain. */
struct port {
	struct udp_port base; /* first: a udp_port is its port */
	struct udp_direct *udp;
	struct port *next;
	struct port *next_dead;
	struct ip_addr local; /* family 0: any; unspecified address: any of the family */
	udp_rx_fn *rx;
	udp_error_fn *error;
	void *arg;
	uint16_t number;
	bool dead; /* unbound while callbacks run */
};

struct attachment {
	struct udp_direct *udp;
	struct ip *ip; /* NULL: free */
};

struct udp_direct {
	struct udp face; /* first: a face is its udp_direct */
	struct env *env;
	struct udp_direct_config config;
	struct attachment attached[2]; /* IPv4, IPv6 */
	struct demux ports;            /* number → first struct port of its chain */
	uint32_t n_ports;
	uint32_t depth;    /* callbacks running */
	struct port *dead; /* freed when none runs */
	ip_unclaimed_fn *unclaimed;
	void *unclaimed_arg;
	struct udp_counts count;
};

struct udp_direct_config udp_direct_config_default(void)
{
	return (struct udp_direct_config){ .max_ports = 4096, .ephemeral_first = 49152, .ephemeral_last = 65535, .checksum = true };
}

static void drop(struct buf *b, uint64_t *counter)
{
	++*counter;
	buf_free(b);
}

static struct attachment *attachment_of(struct udp_direct *udp, uint8_t family)
{
	return family == 4 ? &udp->attached[0] : family == 6 ? &udp->attached[1] : NULL;
}

static struct ip *ip_of(struct udp_direct *udp, uint8_t family)
{
	const struct attachment *a = attachment_of(udp, family);
	return a ? a->ip : NULL;
}

static bool is_multicast(const struct ip_addr *a)
{
	return a->family == 4 ? (a->b[0] & 0xf0) == 0xe0 : a->family == 6 && a->b[0] == 0xff;
}

static bool is_unspecified(const struct ip_addr *a)
{
	static const uint8_t zero[16];
	return memcmp(a->b, zero, sizeof(zero)) == 0;
}

/* --- the port table --------------------------------------------------------------------------- */

static struct port *chain_of(const struct udp_direct *udp, uint16_t number)
{
	const struct demux_entry *e = demux_find(&udp->ports, number);
	return e ? e->arg : NULL;
}

/* How closely a port matches a local address: 0 not at all, 3 exactly. */
static int match(const struct port *p, const struct ip_addr *local)
{
	if (p->local.family == 0)
		return 1;
	if (p->local.family != local->family)
		return 0;
	return is_unspecified(&p->local) ? 2 : ip_equal(&p->local, local) ? 3 : 0;
}

static struct port *best_match(const struct udp_direct *udp, uint16_t number, const struct ip_addr *local)
{
	struct port *best = NULL;
	int closeness = 0;
	for (struct port *p = chain_of(udp, number); p; p = p->next) {
		if (match(p, local) > closeness) {
			closeness = match(p, local);
			best = p;
		}
	}
	return best;
}

static bool is_taken(const struct udp_direct *udp, uint16_t number, const struct ip_addr *local)
{
	bool wild = local->family == 0 || is_unspecified(local);
	for (const struct port *p = chain_of(udp, number); p; p = p->next) {
		bool p_wild = p->local.family == 0 || is_unspecified(&p->local);
		bool families_meet = !p->local.family || !local->family || p->local.family == local->family;
		if (ip_equal(&p->local, local) || (wild && p_wild && families_meet))
			return true;
	}
	return false;
}

/* RFC 6056 section 3.3.1: from a random start. 0 when every ephemeral port is in use. */
static uint16_t pick_ephemeral(struct udp_direct *udp)
{
	uint32_t first = udp->config.ephemeral_first, n = udp->config.ephemeral_last - first + 1u;
	uint32_t start = (uint32_t)random_below(&udp->env->random, n);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t number = (uint16_t)(first + (start + i) % n);
		if (!chain_of(udp, number))
			return number;
	}
	return 0;
}

/* The demux wants a function; delivery goes by the chain in arg. */
static void chain_mark(void)
{
}

static int link_port(struct udp_direct *udp, struct port *p)
{
	struct port *head = chain_of(udp, p->number);
	if (!head)
		return demux_bind(&udp->ports, p->number, chain_mark, p);
	p->next = head->next; /* behind the head: the table need not change */
	head->next = p;
	return 0;
}

static void unlink_port(struct port *p)
{
	struct udp_direct *udp = p->udp;
	struct port *head = chain_of(udp, p->number);
	if (head == p) {
		demux_unbind(&udp->ports, p->number);
		if (p->next)
			demux_bind(&udp->ports, p->number, chain_mark, p->next); /* takes the slot just freed */
		return;
	}
	while (head->next != p)
		head = head->next;
	head->next = p->next;
}

static int check_local(struct udp_direct *udp, const struct ip_addr *local)
{
	if (local->family == 0)
		return udp->attached[0].ip || udp->attached[1].ip ? 0 : -EAFNOSUPPORT;
	struct ip *ip = ip_of(udp, local->family);
	if (!ip)
		return -EAFNOSUPPORT;
	bool fine = is_unspecified(local) || is_multicast(local) || ip_is_local(ip, local) || ip_is_broadcast(ip, local);
	return fine ? 0 : -EADDRNOTAVAIL;
}

static int face_bind(struct udp *face, const struct udp_bind *bind, struct udp_port **out)
{
	struct udp_direct *udp = (struct udp_direct *)face;
	int err = check_local(udp, &bind->local);
	if (err)
		return err;
	uint16_t number = bind->port ? bind->port : pick_ephemeral(udp);
	if (!number || is_taken(udp, number, &bind->local))
		return -EADDRINUSE;
	struct port *p = udp->n_ports < udp->config.max_ports ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return -ENOMEM;
	*p = (struct port){
		.base = { face },
		.udp = udp,
		.local = bind->local,
		.rx = bind->rx,
		.error = bind->error,
		.arg = bind->arg,
		.number = number,
	};
	err = link_port(udp, p);
	if (err) {
		free(p);
		return err == -ENOSPC ? -ENOMEM : err;
	}
	udp->n_ports++;
	*out = &p->base;
	return 0;
}

static void face_unbind(struct udp_port *port)
{
	struct port *p = (struct port *)port;
	struct udp_direct *udp = p->udp;
	unlink_port(p);
	udp->n_ports--;
	if (!udp->depth) {
		free(p);
		return;
	}
	p->dead = true; /* a running delivery may still step over it */
	p->next_dead = udp->dead;
	udp->dead = p;
}

static void leave_callback(struct udp_direct *udp)
{
	if (--udp->depth)
		return;
	for (struct port *p = udp->dead, *next; p; p = next) {
		next = p->next_dead;
		free(p);
	}
	udp->dead = NULL;
}

/* --- receiving -------------------------------------------------------------------------------- */

static void hand_over(struct port *p, struct buf *b, const struct udp_rx *rx)
{
	struct udp_direct *udp = p->udp;
	if (!p->rx) {
		drop(b, &udp->count.drop_send_only);
		return;
	}
	udp->count.delivered++;
	p->rx(b, rx, p->arg);
}

/* Broadcast and multicast go to every port that matches (RFC 1122 section 4.1.3.5 leaves no other way to find the members). */
static bool deliver_to_all(struct udp_direct *udp, struct buf *b, const struct udp_rx *rx)
{
	bool any = false;
	for (struct port *p = chain_of(udp, rx->dst_port); p; p = p->next) {
		if (p->dead || !match(p, &rx->dst))
			continue;
		struct buf *copy = buf_share(b);
		any = true;
		if (copy)
			hand_over(p, copy, rx);
		else
			udp->count.drop_no_memory++;
	}
	if (any)
		buf_free(b);
	return any;
}

static bool deliver(struct udp_direct *udp, struct buf *b, const struct udp_rx *rx, bool to_all)
{
	if (to_all)
		return deliver_to_all(udp, b, rx);
	struct port *p = best_match(udp, rx->dst_port, &rx->dst);
	if (!p)
		return false;
	hand_over(p, b, rx);
	return true;
}

/* NULL, or the counter of the drop. Cuts what lies behind the UDP length. */
static uint64_t *check(struct udp_direct *udp, struct buf *b, const struct ip_rx *about, struct udp_hdr *h)
{
	if (udp_hdr_parse(h, b->data, b->len) < 0)
		return &udp->count.drop_short;
	if (h->len < UDP_HDR_LEN || h->len > b->len)
		return &udp->count.drop_length;
	buf_trim(b, h->len);
	if (!udp_checksum_ok(&about->src, &about->dst, b->data, b->len))
		return &udp->count.drop_checksum;
	return NULL;
}

static void receive(struct buf *b, const struct ip_rx *about, void *arg)
{
	const struct attachment *a = arg;
	struct udp_direct *udp = a->udp;
	struct udp_hdr h;
	udp->count.rx++;
	uint64_t *dropped = check(udp, b, about, &h);
	if (dropped) {
		drop(b, dropped);
		return;
	}
	struct udp_rx rx = {
		.src = about->src,
		.dst = about->dst,
		.src_port = h.src_port,
		.dst_port = h.dst_port,
		.ttl = about->ttl,
		.tos = about->tos,
	};
	buf_pull(b, UDP_HDR_LEN);
	udp->depth++;
	bool taken = deliver(udp, b, &rx, about->dst_broadcast || about->dst_multicast);
	leave_callback(udp);
	if (taken)
		return;
	udp->count.unclaimed++;
	if (!udp->unclaimed || !buf_push(b, UDP_HDR_LEN))
		drop(b, &udp->count.drop_unclaimed);
	else
		udp->unclaimed(b, about, a->ip, udp->unclaimed_arg);
}

/* RFC 1122 section 4.1.3.3: errors reach the application whose datagram is quoted. */
static void receive_error(const struct ip_error *err, void *arg)
{
	const struct attachment *a = arg;
	struct udp_direct *udp = a->udp;
	struct udp_hdr h;
	if (udp_hdr_parse(&h, err->payload, err->payload_len) < 0 || err->kind == IP_ERROR_SOURCE_QUENCH) {
		udp->count.drop_error++;
		return;
	}
	struct port *p = best_match(udp, h.src_port, &err->src);
	if (p && err->kind == IP_ERROR_TOO_BIG)
		ip_too_big(a->ip, &err->dst, err->mtu, err->packet_len);
	if (!p || !p->error) {
		udp->count.drop_error++;
		return;
	}
	udp->count.errors_delivered++;
	udp->depth++;
	p->error(ip_error_errno(err->kind), &err->dst, h.dst_port, p->arg);
	leave_callback(udp);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* The source to ask ip for: the caller's, else the bound one, else none. */
static struct ip_addr wanted_source(struct ip *ip, const struct port *p, const struct udp_send *to)
{
	if (to->src.family)
		return to->src;
	if (p->local.family && ip_is_local(ip, &p->local))
		return p->local;
	return (struct ip_addr){ 0 };
}

static int prepare(const struct port *p, struct buf *b, const struct udp_send *to, struct ip *ip, struct ip_tx *tx)
{
	struct ip_path path;
	struct ip_addr src = wanted_source(ip, p, to);
	if (to->dst_port == 0 || (src.family && src.family != to->dst.family))
		return -EINVAL;
	int err = ip_route(ip, &to->dst, src.family ? &src : NULL, &path);
	if (err)
		return err;
	if (b->len > UINT16_MAX - UDP_HDR_LEN - (to->dst.family == 4 ? path.header_len : 0))
		return -EMSGSIZE;
	if (!buf_push(b, UDP_HDR_LEN))
		return -ENOMEM;
	struct udp_hdr h = { .src_port = p->number, .dst_port = to->dst_port, .len = (uint16_t)b->len };
	udp_hdr_emit(&h, b->data, b->len);
	if (p->udp->config.checksum || to->dst.family == 6) {
		h.checksum = udp_checksum(&path.src, &to->dst, b->data, b->len);
		udp_hdr_emit(&h, b->data, b->len);
	}
	*tx = (struct ip_tx){
		.src = path.src,
		.dst = to->dst,
		.protocol = PROTOCOL_UDP,
		.ttl = to->ttl,
		.tos = to->tos,
		.dont_fragment = to->dont_fragment,
		.broadcast_ok = to->broadcast_ok,
	};
	return 0;
}

static int face_send(struct udp_port *port, struct buf *b, const struct udp_send *to)
{
	struct port *p = (struct port *)port;
	struct udp_direct *udp = p->udp;
	struct ip *ip = ip_of(udp, to->dst.family);
	struct ip_tx tx;
	int err = ip ? prepare(p, b, to, ip, &tx) : -EAFNOSUPPORT;
	if (err) {
		drop(b, &udp->count.drop_tx);
		return err;
	}
	err = ip_send(ip, b, &tx);
	++*(err ? &udp->count.drop_tx : &udp->count.tx);
	return err;
}

static uint16_t face_port_number(const struct udp_port *port)
{
	return ((const struct port *)port)->number;
}

static const struct udp_ops face_ops = { .bind = face_bind, .unbind = face_unbind, .send = face_send, .port_number = face_port_number };

/* --- life ------------------------------------------------------------------------------------- */

int udp_direct_create(struct env *env, const struct udp_direct_config *config, struct udp_direct **out)
{
	if (!config->max_ports || !config->ephemeral_first || config->ephemeral_last < config->ephemeral_first)
		return -EINVAL;
	struct udp_direct *udp = calloc(1, sizeof(*udp));
	if (!udp)
		return -ENOMEM;
	udp->face.ops = &face_ops;
	udp->env = env;
	udp->config = *config;
	demux_init(&udp->ports, config->max_ports);
	*out = udp;
	return 0;
}

struct udp *udp_direct_face(struct udp_direct *udp)
{
	return &udp->face;
}

int udp_direct_attach(struct udp_direct *udp, struct ip *ip)
{
	struct attachment *a = attachment_of(udp, ip->family);
	if (!a)
		return -EINVAL;
	if (a->ip)
		return -EEXIST;
	int err = ip_bind(ip, PROTOCOL_UDP, receive, receive_error, a);
	if (!err)
		*a = (struct attachment){ udp, ip };
	return err;
}

int udp_direct_detach(struct udp_direct *udp, struct ip *ip)
{
	struct attachment *a = attachment_of(udp, ip->family);
	if (!a || a->ip != ip)
		return -ENOENT;
	ip_unbind(ip, PROTOCOL_UDP);
	a->ip = NULL;
	return 0;
}

static void free_ports(struct udp_direct *udp)
{
	for (uint32_t i = 0; i < udp->ports.capacity; i++) {
		for (struct port *p = udp->ports.slots[i].arg, *next; p; p = next) {
			next = p->next;
			free(p);
		}
	}
	demux_fini(&udp->ports);
}

void udp_direct_destroy(struct udp_direct *udp)
{
	if (!udp)
		return;
	for (int i = 0; i < 2; i++) {
		if (udp->attached[i].ip)
			udp_direct_detach(udp, udp->attached[i].ip);
	}
	free_ports(udp);
	free(udp);
}

void udp_direct_set_unclaimed(struct udp_direct *udp, ip_unclaimed_fn *fn, void *arg)
{
	udp->unclaimed = fn;
	udp->unclaimed_arg = arg;
}

struct counter_set udp_direct_counters(const struct udp_direct *udp)
{
	return (struct counter_set){ "udp", counter_names, (const uint64_t *)&udp->count, sizeof(udp->count) / sizeof(uint64_t) };
}
