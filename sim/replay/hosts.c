/* SPDX-License-Identifier: ISC */
#include "sim/replay/hosts.h"

#include <errno.h>
#include <stdlib.h>

/* --- the table -------------------------------------------------------------------------------- */

/* FNV-1a: the order of buckets shows nowhere. */
static uint32_t hash(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

struct replay_host *hosts_get(const struct hosts *hs, const struct ip_addr *addr)
{
	if (!hs->n_buckets)
		return NULL;
	struct replay_host *h = hs->buckets[hash(addr, sizeof(*addr)) & (hs->n_buckets - 1)];
	while (h && !ip_equal(&h->addr, addr))
		h = h->next_in_bucket;
	return h;
}

static void link_bucket(struct hosts *hs, struct replay_host *h)
{
	struct replay_host **b = &hs->buckets[hash(&h->addr, sizeof(h->addr)) & (hs->n_buckets - 1)];
	h->next_in_bucket = *b;
	*b = h;
}

static int grow(struct hosts *hs)
{
	size_t cap = hs->cap ? hs->cap * 2 : 64;
	struct replay_host **list = realloc(hs->list, cap * sizeof(*list));
	if (!list)
		return -ENOMEM;
	hs->list = list;
	struct replay_host **buckets = calloc(cap * 2, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(hs->buckets);
	hs->buckets = buckets;
	hs->n_buckets = cap * 2;
	hs->cap = cap;
	for (size_t i = 0; i < hs->n; i++)
		link_bucket(hs, hs->list[i]);
	return 0;
}

static struct replay_host *get_or_add(struct hosts *hs, const struct ip_addr *addr, uint64_t number)
{
	struct replay_host *h = hosts_get(hs, addr);
	if (h)
		return h;
	if (hs->n == hs->cap && grow(hs) < 0)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->addr = *addr;
	h->first_frame = number;
	hs->list[hs->n++] = h;
	link_bucket(hs, h);
	return h;
}

void hosts_free(struct hosts *hs)
{
	for (size_t i = 0; i < hs->n; i++)
		free(hs->list[i]);
	free(hs->list);
	free(hs->buckets);
	*hs = (struct hosts){ 0 };
}

/* The MAC seen most often wins, whatever the order (majority vote). */
static void vote_mac(struct replay_host *h, struct mac mac)
{
	if (mac_is_multicast(mac))
		return;
	if (!h->mac_weight || mac_equal(h->mac, mac)) {
		h->mac = mac;
		h->mac_weight++;
	} else if (--h->mac_weight == 0) {
		h->mac = mac;
		h->mac_weight = 1;
	}
}

/* --- conversations ------------------------------------------------------------------------------ */

struct flow {
	struct ip_addr a, b; /* a < b, ports along with them */
	uint16_t a_port, b_port;
	uint8_t protocol;
	bool client_is_a, syn, handshaken;
	uint64_t to_a, to_b; /* frames */
	struct flow *next_in_bucket;
	struct flow *next; /* in order of appearance */
};

struct flows {
	struct flow *buckets[4096];
	struct flow *first, **end;
};

static bool same_flow(const struct flow *x, const struct flow *y)
{
	return x->a_port == y->a_port && x->b_port == y->b_port && x->protocol == y->protocol && ip_equal(&x->a, &y->a) && ip_equal(&x->b, &y->b);
}

static struct flow *flow_get_or_add(struct flows *fl, const struct flow *key)
{
	uint32_t bucket = (hash(&key->a, sizeof(key->a)) ^ 3 * hash(&key->b, sizeof(key->b)) ^ key->a_port * 31u ^ key->b_port * 17u) & 4095;
	struct flow *f = fl->buckets[bucket];
	while (f && !same_flow(f, key))
		f = f->next_in_bucket;
	if (f)
		return f;
	f = malloc(sizeof(*f));
	if (!f)
		return NULL;
	*f = *key;
	f->next_in_bucket = fl->buckets[bucket];
	fl->buckets[bucket] = f;
	*fl->end = f;
	fl->end = &f->next;
	return f;
}

/* What a frame says about its conversation. */
struct talk {
	struct ip_addr src, dst;
	uint16_t src_port, dst_port;
	uint8_t protocol; /* 0 for ARP */
	bool opens;       /* the sender is the client, whoever spoke first */
	bool answers;     /* the sender is the server */
	bool accepts;     /* SYN-ACK */
	bool asks;        /* wants an answer */
};

static bool describe_tcp(struct talk *k, const struct frame *f)
{
	k->src_port = f->tcp.src_port;
	k->dst_port = f->tcp.dst_port;
	k->opens = (f->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	k->answers = k->accepts = (f->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	k->asks = k->opens || f->tcp.flags & TCP_FIN || f->payload_len;
	/* In the middle of a connection the well-known port tells the server. */
	if (!k->opens && !k->answers && k->src_port < 1024 && k->dst_port >= 1024)
		k->answers = true;
	return true;
}

static bool describe_icmp4(struct talk *k, const struct frame *f)
{
	if (f->icmp4.type != ICMP4_ECHO && f->icmp4.type != ICMP4_ECHO_REPLY)
		return false;
	k->src_port = k->dst_port = f->icmp4.id;
	k->asks = k->opens = f->icmp4.type == ICMP4_ECHO;
	k->answers = !k->opens;
	return true;
}

/* False when the frame belongs to no conversation. */
static bool describe(struct talk *k, const struct frame *f)
{
	*k = (struct talk){ .src = f->src, .dst = f->dst, .protocol = f->protocol };
	if (f->layers & FRAME_ARP) {
		k->src = ip_from_ip4(f->arp.spa);
		k->dst = ip_from_ip4(f->arp.tpa);
		k->protocol = 0;
		k->asks = k->opens = f->arp.op == ARP_OP_REQUEST;
		k->answers = !k->opens;
		return !f->error && !ip_equal(&k->src, &k->dst);
	}
	if (f->layers & FRAME_TCP)
		return describe_tcp(k, f);
	if (f->layers & FRAME_UDP) {
		k->src_port = f->udp.src_port;
		k->dst_port = f->udp.dst_port;
		k->asks = true;
		return true;
	}
	return f->layers & FRAME_ICMP4 && describe_icmp4(k, f);
}

static int follow(struct flows *fl, const struct talk *k)
{
	bool forward = memcmp(&k->src, &k->dst, sizeof(k->src)) < 0 || (ip_equal(&k->src, &k->dst) && k->src_port < k->dst_port);
	struct flow key = { .protocol = k->protocol };
	key.a = forward ? k->src : k->dst;
	key.b = forward ? k->dst : k->src;
	key.a_port = forward ? k->src_port : k->dst_port;
	key.b_port = forward ? k->dst_port : k->src_port;
	key.client_is_a = forward != k->answers; /* who speaks first asks, unless it plainly answers */
	struct flow *f = flow_get_or_add(fl, &key);
	if (!f)
		return -ENOMEM;
	if (k->opens && k->protocol == IPPROTO_NUM_TCP && !f->syn) {
		f->syn = true;
		f->client_is_a = forward;
	}
	f->handshaken |= k->accepts;
	*(forward ? &f->to_b : &f->to_a) += 1;
	return 0;
}

/* Adds up what the conversations say about each host. */
static void settle(struct hosts *hs, struct flows *fl)
{
	for (struct flow *f = fl->first, *next; f; f = next) {
		next = f->next;
		struct replay_host *a = hosts_get(hs, &f->a), *b = hosts_get(hs, &f->b);
		struct replay_host *client = f->client_is_a ? a : b, *server = f->client_is_a ? b : a;
		uint64_t to_client = f->client_is_a ? f->to_a : f->to_b, to_server = f->client_is_a ? f->to_b : f->to_a;
		if (client)
			client->as_client += to_client;
		if (server) {
			server->as_server += to_server;
			server->handshaken += f->handshaken ? to_server : 0;
		}
		free(f);
	}
}

/* --- reading the capture ------------------------------------------------------------------------- */

static int meet(struct hosts *hs, const struct trace_frame *tf, const struct ip_addr *addr, struct mac mac, struct replay_host **h)
{
	static const struct mac none; /* as on a loopback interface */
	*h = get_or_add(hs, addr, tf->number);
	if (!*h)
		return -ENOMEM;
	if (tf->synthetic_link || mac_equal(mac, none))
		(*h)->without_mac = true;
	else
		vote_mac(*h, mac);
	return 0;
}

static int learn(struct hosts *hs, struct flows *fl, const struct trace_frame *tf, const struct frame *f)
{
	struct replay_host *src, *dst;
	struct talk k;
	bool talks = describe(&k, f);
	if (!f->src.family && !(f->layers & FRAME_ARP && !f->error))
		return 0;
	struct mac src_mac = f->layers & FRAME_ARP ? f->arp.sha : f->eth.src;
	if (meet(hs, tf, &k.src, src_mac, &src) < 0 || meet(hs, tf, &k.dst, f->eth.dst, &dst) < 0)
		return -ENOMEM;
	src->sent++;
	src->own_mac |= (f->layers & FRAME_ARP) != 0;
	if (!mac_is_multicast(f->eth.dst) || tf->synthetic_link)
		dst->received++;
	if (!talks)
		return 0;
	if (k.asks)
		dst->asked++;
	return follow(fl, &k);
}

int hosts_find(struct hosts *hs, const struct trace *t)
{
	*hs = (struct hosts){ 0 };
	struct flows *fl = calloc(1, sizeof(*fl));
	if (!fl)
		return -ENOMEM;
	fl->end = &fl->first;
	int err = 0;
	for (size_t i = 0; i < t->n_frames && !err; i++) {
		struct frame f;
		frame_dissect(&f, trace_bytes(t, &t->frames[i]), t->frames[i].len);
		err = learn(hs, fl, &t->frames[i], &f);
	}
	settle(hs, fl);
	free(fl);
	if (err < 0)
		hosts_free(hs);
	return err;
}

/* --- choosing -------------------------------------------------------------------------------------- */

const char *hosts_unfit(const struct replay_host *h)
{
	struct ip4_addr a = ip_to_ip4(&h->addr);
	if (h->addr.family != 4)
		return "IPv6";
	if (a.b[0] == 0 || a.b[0] >= 224)
		return "no host's address";
	if (ip4_is_loopback(a))
		return "loopback";
	if (!h->mac_weight && !h->without_mac)
		return "nothing was sent by it or to its MAC";
	return NULL;
}

/* What makes a host worth replacing, best reason first. */
enum merit { MERIT_HANDSHAKEN, MERIT_SERVER, MERIT_CLIENT, MERIT_ASKED, MERIT_RECEIVED };

static uint64_t weight(const struct replay_host *h, enum merit merit)
{
	switch (merit) {
	case MERIT_HANDSHAKEN:
		return h->handshaken;
	case MERIT_SERVER:
		return h->as_server;
	case MERIT_CLIENT:
		return h->as_client;
	case MERIT_ASKED:
		return h->asked;
	default:
		return h->received;
	}
}

/* Without MACs, an address that never sent may be a broadcast one: only whoever names it knows better. */
static bool may_be_chosen(const struct replay_host *h)
{
	return !hosts_unfit(h) && (h->mac_weight || h->sent);
}

static struct replay_host *heaviest(const struct hosts *hs, enum merit merit)
{
	struct replay_host *best = NULL;
	uint64_t most = 0;
	for (size_t i = 0; i < hs->n; i++) {
		uint64_t w = weight(hs->list[i], merit);
		if (w > most && may_be_chosen(hs->list[i])) {
			best = hs->list[i];
			most = w;
		}
	}
	return best;
}

struct replay_host *hosts_choose(const struct hosts *hs, enum replay_role role)
{
	struct replay_host *h = heaviest(hs, role == REPLAY_CLIENT ? MERIT_CLIENT : MERIT_HANDSHAKEN);
	if (h || role == REPLAY_CLIENT)
		return h;
	if (role == REPLAY_SERVER)
		return heaviest(hs, MERIT_SERVER);
	h = heaviest(hs, MERIT_ASKED);
	return h ? h : heaviest(hs, MERIT_RECEIVED);
}
