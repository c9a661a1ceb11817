/* SPDX-License-Identifier: ISC */
/*
 * For TCP's own unit tests: two fake IP faces joined by a link in virtual time.
 *
 *   pair:  TCP ── face 0 ── link ── face 1 ── TCP        both ends are DIRECT TCP
 *   lab:   TCP ── face 0 ── link ── the test             the test reads what TCP sends and crafts what it gets
 */
#ifndef STACK_TCP_TCP_LAB_H
#define STACK_TCP_TCP_LAB_H

#include "stack/base/unit.h"
#include "stack/tcp/tcp_direct.h"
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"

#include <errno.h>
#include <stdlib.h>

#define MS NS_PER_MS
#define SEC NS_PER_S

struct net;

struct side {
	struct ip ip;
	struct net *net;
	struct ip_addr addr;
	ip_rx_fn *rx; /* NULL: what arrives here is kept for the test */
	ip_error_fn *error;
	void *arg;
	uint32_t mtu;
	int advice[2]; /* calls of advise(dead), advise(alive) */
};

struct packet {
	struct timer timer;
	struct net *net;
	struct buf *b;
	unsigned to;
	struct packet *prev, *next;
};

/* Verdict on a packet: copies to deliver (0: lost), extra delay for each. */
struct fate {
	unsigned copies;
	uint64_t extra_ns[2];
};
typedef struct fate fate_fn(struct net *net, unsigned from, const struct tcp_hdr *h, uint32_t len, void *arg);

#define SEEN_MAX 4096

struct seen {
	struct tcp_hdr h;
	uint32_t len;
	uint64_t at_ns;
	uint8_t text[64]; /* its first bytes */
};

struct net {
	struct env env;
	struct buf_pool *pool;
	struct side side[2];
	uint64_t delay_ns;
	fate_fn *fate;
	void *fate_arg;
	struct packet *flying;
	struct seen *seen; /* what arrived where no TCP is */
	unsigned n_seen, next_seen;
	uint64_t carried;
};

static inline struct ip_addr lab_addr(uint8_t last)
{
	return ip_from_ip4((struct ip4_addr){ { 10, 0, 0, last } });
}

static int lab_bind(struct ip *ip, uint8_t protocol, ip_rx_fn *rx, ip_error_fn *error, void *arg)
{
	struct side *s = (struct side *)ip;
	if (protocol != 6)
		return -EINVAL;
	if (s->rx)
		return -EADDRINUSE;
	s->rx = rx;
	s->error = error;
	s->arg = arg;
	return 0;
}

static int lab_unbind(struct ip *ip, uint8_t protocol)
{
	(void)protocol;
	((struct side *)ip)->rx = NULL;
	return 0;
}

static void lab_keep(struct net *net, const struct tcp_hdr *h, const struct buf *b, uint32_t header_len)
{
	ck_assert_uint_lt(net->n_seen, SEEN_MAX);
	struct seen *s = &net->seen[net->n_seen++];
	*s = (struct seen){ .h = *h, .len = b->len - header_len, .at_ns = net->env.now_ns };
	memcpy(s->text, b->data + header_len, s->len < sizeof(s->text) ? s->len : sizeof(s->text));
}

static void packet_free(struct packet *p)
{
	struct net *net = p->net;
	if (p->prev)
		p->prev->next = p->next;
	else
		net->flying = p->next;
	if (p->next)
		p->next->prev = p->prev;
	timer_fini(&net->env.timers, &p->timer);
	free(p);
}

static void lab_arrive(struct net *net, unsigned to, struct buf *b)
{
	struct side *s = &net->side[to];
	if (s->rx) {
		struct ip_rx rx = { .src = net->side[!to].addr, .dst = s->addr, .protocol = 6, .ttl = 64 };
		s->rx(b, &rx, s->arg);
		return;
	}
	struct tcp_hdr h;
	int header_len = tcp_hdr_parse(&h, b->data, b->len);
	ck_assert_int_gt(header_len, 0);
	lab_keep(net, &h, b, (uint32_t)header_len);
	buf_free(b);
}

static void packet_due(void *arg)
{
	struct packet *p = arg;
	struct net *net = p->net;
	struct buf *b = p->b;
	unsigned to = p->to;
	packet_free(p);
	lab_arrive(net, to, b);
}

static void lab_fly(struct net *net, unsigned to, struct buf *b, uint64_t delay_ns)
{
	struct packet *p = calloc(1, sizeof(*p));
	p->net = net;
	p->b = b;
	p->to = to;
	p->next = net->flying;
	if (p->next)
		p->next->prev = p;
	net->flying = p;
	ck_assert_int_eq(timer_init(&net->env.timers, &p->timer, packet_due, p), 0);
	env_timer_in(&net->env, &p->timer, delay_ns);
}

static int lab_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	struct side *s = (struct side *)ip;
	struct net *net = s->net;
	unsigned from = s == &net->side[1];
	struct tcp_hdr h;
	ck_assert_int_eq(tx->protocol, 6);
	if (b->len + 20 > s->mtu) {
		buf_free(b);
		return -EMSGSIZE;
	}
	int header_len = tcp_hdr_parse(&h, b->data, b->len);
	ck_assert_int_gt(header_len, 0);
	ck_assert(tcp_checksum_ok(&tx->src, &tx->dst, b->data, b->len)); /* MUST-2 on all that is ever sent */
	net->carried++;
	struct fate fate = { .copies = 1 };
	if (net->fate)
		fate = net->fate(net, from, &h, b->len - (uint32_t)header_len, net->fate_arg);
	for (unsigned i = 0; i < fate.copies; i++)
		lab_fly(net, !from, buf_share(b), net->delay_ns + fate.extra_ns[i]);
	buf_free(b);
	return 0;
}

static int lab_route(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, struct ip_path *path)
{
	struct side *s = (struct side *)ip;
	if (dst->b[0] != 10)
		return -ENETUNREACH;
	if (src && !ip_equal(src, &s->addr))
		return -EADDRNOTAVAIL;
	*path = (struct ip_path){ .src = s->addr, .mtu = s->mtu, .header_len = 20, .mms_r = 65515 };
	return 0;
}

static bool lab_is_local(struct ip *ip, const struct ip_addr *addr)
{
	return ip_equal(&((struct side *)ip)->addr, addr);
}

static bool lab_is_broadcast(struct ip *ip, const struct ip_addr *addr)
{
	(void)ip;
	return addr->b[3] == 255;
}

static void lab_advise(struct ip *ip, const struct ip_addr *dst, bool alive)
{
	(void)dst;
	((struct side *)ip)->advice[alive]++;
}

static void lab_too_big(struct ip *ip, const struct ip_addr *dst, uint32_t mtu, uint32_t packet_len)
{
	(void)ip;
	(void)dst;
	(void)mtu;
	(void)packet_len;
}

static const struct ip_ops lab_ip_ops = {
	.bind = lab_bind,
	.unbind = lab_unbind,
	.send = lab_send,
	.route = lab_route,
	.is_local = lab_is_local,
	.is_broadcast = lab_is_broadcast,
	.advise = lab_advise,
	.too_big = lab_too_big,
};

static inline void net_init(struct net *net, uint64_t seed)
{
	*net = (struct net){ .delay_ns = 10 * MS };
	net->pool = buf_pool_create();
	net->seen = malloc(SEEN_MAX * sizeof(*net->seen));
	env_init(&net->env, seed, "lab", net->pool);
	for (uint8_t i = 0; i < 2; i++)
		net->side[i] = (struct side){ .ip = { &lab_ip_ops, 4 }, .net = net, .addr = lab_addr((uint8_t)(i + 1)), .mtu = 1500 };
}

/* Frees the link; fails the test if a buffer leaked. */
static inline void net_fini(struct net *net)
{
	while (net->flying) {
		buf_free(net->flying->b);
		packet_free(net->flying);
	}
	ck_assert_uint_eq(buf_pool_live(net->pool), 0);
	env_fini(&net->env);
	buf_pool_destroy(net->pool);
	free(net->seen);
}

static inline void net_run(struct net *net, uint64_t ns)
{
	env_advance(&net->env, net->env.now_ns + ns);
}

/* --- lab: the test is the peer, port 1000; TCP's port is 80 ------------------------------------------------ */

#define LAB_ISS 0x1000u
#define PEER_ISS 0x9000u
#define PEER_PORT 1000
#define LAB_PORT 80

struct lab {
	struct net net;
	struct tcp_direct *tcp;
	struct tcp *face;
	struct tcp_flow *flow;
	struct tcp_listener *listener;
	uint16_t port; /* TCP's */
	int connected, readable, writable, closed, error, accepted;
	uint32_t ts_val; /* peer's timestamp, when timestamps are in use */
	bool refuse;     /* accept sets no events */
};

static void lab_connected(struct tcp_flow *f, void *arg)
{
	(void)f;
	((struct lab *)arg)->connected++;
}
static void lab_readable(struct tcp_flow *f, void *arg)
{
	(void)f;
	((struct lab *)arg)->readable++;
}
static void lab_writable(struct tcp_flow *f, void *arg)
{
	(void)f;
	((struct lab *)arg)->writable++;
}
static void lab_closed(struct tcp_flow *f, int err, void *arg)
{
	(void)f;
	struct lab *lab = arg;
	lab->closed++;
	lab->error = err;
}
static const struct tcp_events lab_events = { lab_connected, lab_readable, lab_writable, lab_closed };

static void lab_accept(struct tcp_flow *f, void *arg)
{
	struct lab *lab = arg;
	lab->accepted++;
	if (lab->refuse)
		return;
	lab->flow = f;
	tcp_set_events(f, &lab_events, lab);
}

/* A config for tests that count segments: fixed ISS, no options but MSS. */
static inline struct tcp_config lab_config(void)
{
	struct tcp_config c = tcp_config_default();
	c.isn_fixed = true;
	c.isn = LAB_ISS;
	c.timestamps = c.window_scaling = c.sack = false;
	return c;
}

static inline void lab_init(struct lab *lab, const struct tcp_config *config)
{
	*lab = (struct lab){ .port = LAB_PORT };
	net_init(&lab->net, 1);
	lab->net.delay_ns = 0;
	ck_assert_int_eq(tcp_direct_create(&lab->net.env, config, &lab->tcp), 0);
	ck_assert_int_eq(tcp_direct_attach(lab->tcp, &lab->net.side[0].ip), 0);
	lab->face = tcp_direct_face(lab->tcp);
}

static inline void lab_fini(struct lab *lab)
{
	tcp_direct_destroy(lab->tcp);
	net_fini(&lab->net);
}

/* Lets everything due now happen. */
static inline void lab_settle(struct lab *lab)
{
	env_advance(&lab->net.env, lab->net.env.now_ns);
}

static inline void lab_inject_hdr(struct lab *lab, struct tcp_hdr h, const void *text, uint32_t len)
{
	uint8_t header[TCP_HDR_MAX];
	h.src_port = PEER_PORT;
	h.dst_port = lab->port;
	if (lab->ts_val && !h.opt.has_timestamp) {
		h.opt.has_timestamp = true;
		h.opt.ts_val = lab->ts_val;
	}
	int header_len = tcp_hdr_emit(&h, header, sizeof(header));
	ck_assert_int_gt(header_len, 0);
	struct buf *b = buf_alloc(lab->net.pool, BUF_HEADROOM, (uint32_t)header_len + len);
	memcpy(b->data, header, (size_t)header_len);
	if (len)
		memcpy(b->data + header_len, text, len);
	struct ip_addr src = lab->net.side[1].addr, dst = lab->net.side[0].addr;
	put_be16(b->data + 16, tcp_checksum(&src, &dst, b->data, b->len));
	lab_arrive(&lab->net, 0, b);
	lab_settle(lab);
}

static inline void lab_inject(struct lab *lab, uint16_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	struct tcp_hdr h = { .flags = flags, .seq = seq, .ack = ack, .window = 65535 };
	lab_inject_hdr(lab, h, text, (uint32_t)strlen(text));
}

/* The next segment TCP sent; NULL when there is none. */
static inline const struct seen *lab_next(struct lab *lab)
{
	lab_settle(lab);
	return lab->net.next_seen < lab->net.n_seen ? &lab->net.seen[lab->net.next_seen++] : NULL;
}

#define lab_expect(lab, want_flags, want_seq, want_ack, want_len) \
	do { \
		const struct seen *got_ = lab_next(lab); \
		ck_assert_msg(got_ != NULL, "no segment, expected flags %x", (unsigned)(want_flags)); \
		ck_assert_msg((got_->h.flags & ~TCP_PSH) == ((want_flags) & ~TCP_PSH), "flags %x, expected %x", (unsigned)got_->h.flags, \
			(unsigned)(want_flags)); \
		ck_assert_uint_eq(got_->h.seq, (want_seq)); \
		ck_assert_uint_eq(got_->h.ack, (want_ack)); \
		ck_assert_uint_eq(got_->len, (want_len)); \
	} while (0)

#define lab_expect_silence(lab) \
	do { \
		const struct seen *got_ = lab_next(lab); \
		ck_assert_msg(got_ == NULL, "unexpected segment: flags %x seq %x ack %x len %u", (unsigned)got_->h.flags, (unsigned)got_->h.seq, \
			(unsigned)got_->h.ack, (unsigned)got_->len); \
	} while (0)

static inline enum tcp_state lab_state(const struct lab *lab)
{
	struct tcp_info info;
	tcp_info(lab->flow, &info);
	return info.state;
}

static inline uint64_t lab_counter(const struct lab *lab, const char *name)
{
	struct counter_set set = tcp_direct_counters(lab->tcp);
	for (unsigned i = 0; i < set.n; i++) {
		if (!strcmp(set.names[i], name))
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
	return 0;
}

static inline void lab_listen(struct lab *lab)
{
	struct tcp_listen l = { .port = LAB_PORT, .accept = lab_accept, .arg = lab };
	ck_assert_int_eq(tcp_listen(lab->face, &l, &lab->listener), 0);
}

static inline void lab_connect(struct lab *lab)
{
	struct tcp_connect c = {
		.remote = lab->net.side[1].addr, .remote_port = PEER_PORT, .local_port = LAB_PORT, .events = &lab_events, .arg = lab
	};
	ck_assert_int_eq(tcp_connect(lab->face, &c, &lab->flow), 0);
}

/* Passive open up to ESTABLISHED; the peer announces mss (0: no option). */
static inline void lab_establish(struct lab *lab, uint16_t mss)
{
	struct tcp_hdr syn = { .flags = TCP_SYN, .seq = PEER_ISS, .window = 65535, .opt = { .has_mss = mss != 0, .mss = mss } };
	lab_listen(lab);
	lab_inject_hdr(lab, syn, NULL, 0);
	lab_expect(lab, TCP_SYN | TCP_ACK, LAB_ISS, PEER_ISS + 1, 0);
	lab_inject(lab, TCP_ACK, PEER_ISS + 1, LAB_ISS + 1, "");
	ck_assert_int_eq(lab->accepted, 1);
	ck_assert_int_eq(lab_state(lab), TCP_STATE_ESTABLISHED);
	lab_expect_silence(lab);
}

/* Active open up to ESTABLISHED. */
static inline void lab_establish_active(struct lab *lab, uint16_t mss)
{
	struct tcp_hdr syn = {
		.flags = TCP_SYN | TCP_ACK, .seq = PEER_ISS, .ack = LAB_ISS + 1, .window = 65535, .opt = { .has_mss = mss != 0, .mss = mss }
	};
	lab_connect(lab);
	lab_expect(lab, TCP_SYN, LAB_ISS, 0, 0);
	lab_inject_hdr(lab, syn, NULL, 0);
	lab_expect(lab, TCP_ACK, LAB_ISS + 1, PEER_ISS + 1, 0);
	ck_assert_int_eq(lab->connected, 1);
	ck_assert_int_eq(lab_state(lab), TCP_STATE_ESTABLISHED);
}

#endif
