/* SPDX-License-Identifier: ISC */
#include "stack/ip/ip4_reass.h"

#include <errno.h>
#include <stdlib.h>

#define FRAGMENT_COST 384 /* a small fragment holds at least this much storage */

struct key {
	struct ip4_addr src, dst;
	uint16_t id;
	uint8_t protocol;
};

/*
 * A datagram under way. Its fragments stay as they came, sorted by offset; their headers say where each belongs.
 * A condemned one holds no fragments; it stays until its timer ends, to drop what is still to come.
 */
struct datagram {
	struct ip4_reass *reass;
	struct datagram *chain;         /* in its bucket, or among the free ones */
	struct datagram *newer, *older; /* by arrival */
	struct buf *fragments;
	struct buf *last; /* the highest: where the next one usually goes */
	uint32_t n_fragments;
	uint32_t held;    /* payload bytes that have come */
	uint32_t total;   /* payload bytes of the whole, once the end has come */
	uint32_t charged; /* of max_bytes */
	unsigned ifindex;
	bool condemned, has_end;
	bool seen_ce, seen_not_ect;
	struct key key;
	struct timer timer;
};

struct ip4_reass {
	struct env *env;
	struct ip4_reass_config config;
	struct ip4_reass_hooks hooks;
	struct datagram *pool, *free, *newest, *oldest;
	struct datagram **buckets;
	uint32_t n_buckets, n, bytes;
};

struct ip4_reass_config ip4_reass_config_default(void)
{
	return (struct ip4_reass_config){
		.timeout_ns = 60 * NS_PER_S,
		.max_datagrams = 64,
		.max_bytes = 1 << 20,
		.max_fragments = 1400,
	};
}

/* --- the table -------------------------------------------------------------------------------- */

static struct datagram **bucket(const struct ip4_reass *r, const struct key *k)
{
	uint32_t h = ip4_u32(k->src) * UINT32_C(2654435769) ^ ip4_u32(k->dst) ^ (uint32_t)k->id << 8 ^ k->protocol;
	return &r->buckets[(h * UINT32_C(2654435769) >> 7) & (r->n_buckets - 1)];
}

static bool same(const struct key *a, const struct key *b)
{
	return a->id == b->id && a->protocol == b->protocol && ip4_equal(a->src, b->src) && ip4_equal(a->dst, b->dst);
}

static struct datagram *find(const struct ip4_reass *r, const struct key *k)
{
	struct datagram *d = *bucket(r, k);
	while (d && !same(&d->key, k))
		d = d->chain;
	return d;
}

static void drop_fragments(struct datagram *d)
{
	buf_free_all(d->fragments);
	d->reass->bytes -= d->charged;
	d->charged = 0;
	d->fragments = d->last = NULL;
}

static void release(struct datagram *d)
{
	struct ip4_reass *r = d->reass;
	struct datagram **at = bucket(r, &d->key);
	drop_fragments(d);
	timer_cancel(&r->env->timers, &d->timer);
	while (*at != d)
		at = &(*at)->chain;
	*at = d->chain;
	*(d->newer ? &d->newer->older : &r->newest) = d->older;
	*(d->older ? &d->older->newer : &r->oldest) = d->newer;
	d->chain = r->free;
	r->free = d;
	r->n--;
}

static void evict_oldest(struct ip4_reass *r)
{
	struct datagram *d = r->oldest;
	if (d->n_fragments && !d->condemned)
		r->hooks.drop(IP4_REASS_EVICTED, d->n_fragments, r->hooks.arg);
	release(d);
}

static struct datagram *begin(struct ip4_reass *r, const struct key *k, unsigned ifindex)
{
	if (!r->free)
		evict_oldest(r);
	struct datagram *d = r->free, **head = bucket(r, k);
	r->free = d->chain;
	struct timer timer = d->timer;
	*d = (struct datagram){ .reass = r, .key = *k, .ifindex = ifindex, .timer = timer, .chain = *head, .older = r->newest };
	*head = d;
	if (r->newest)
		r->newest->newer = d;
	else
		r->oldest = d;
	r->newest = d;
	r->n++;
	env_timer_in(r->env, &d->timer, r->config.timeout_ns);
	return d;
}

/* --- fragments -------------------------------------------------------------------------------- */

static uint32_t header_len(const struct buf *b)
{
	return (b->data[0] & 0xfu) * 4;
}

static uint32_t start_of(const struct buf *b)
{
	return (get_be16(b->data + 6) & 0x1fffu) * 8;
}

static uint32_t end_of(const struct buf *b)
{
	return start_of(b) + b->len - header_len(b);
}

static bool is_last(const struct buf *b)
{
	return !(b->data[6] & 0x20);
}

static void timed_out(void *arg)
{
	struct datagram *d = arg;
	struct ip4_reass *r = d->reass;
	const struct buf *first = d->fragments;
	if (!d->condemned) {
		r->hooks.drop(IP4_REASS_TIMEOUT, d->n_fragments, r->hooks.arg);
		if (first && start_of(first) == 0 && r->hooks.timeout) /* RFC 792: none without fragment zero */
			r->hooks.timeout(first->data, first->len, d->ifindex, r->hooks.arg);
	}
	release(d);
}

static void condemn(struct datagram *d, enum ip4_reass_drop why)
{
	d->reass->hooks.drop(why, d->n_fragments, d->reass->hooks.arg);
	drop_fragments(d);
	d->condemned = true;
}

static bool is_copy(const struct buf *a, const struct buf *b)
{
	uint32_t ha = header_len(a), hb = header_len(b);
	return start_of(a) == start_of(b) && is_last(a) == is_last(b) && a->len - ha == b->len - hb &&
	       memcmp(a->data + ha, b->data + hb, a->len - ha) == 0;
}

/* Puts b in its place. -1, or why it must go. */
static int insert(struct datagram *d, struct buf *b)
{
	struct buf **at = &d->fragments;
	if (d->last && end_of(d->last) <= start_of(b)) {
		at = &d->last->next;
	} else {
		while (*at && end_of(*at) <= start_of(b))
			at = &(*at)->next;
		if (*at && start_of(*at) < end_of(b))
			return is_copy(*at, b) ? IP4_REASS_DUPLICATE : IP4_REASS_OVERLAP;
	}
	b->next = *at;
	*at = b;
	if (!b->next)
		d->last = b;
	d->held += end_of(b) - start_of(b);
	return -1;
}

/* What is wrong with the fragment on its own. -1 when nothing. */
static int judge(const struct ip4_hdr *h)
{
	uint32_t payload = (uint32_t)h->total_len - h->header_len;
	if (h->header_len + h->offset + payload > UINT16_MAX)
		return IP4_REASS_TOO_LONG;
	if (payload == 0 || (h->mf && payload % 8))
		return IP4_REASS_MALFORMED;
	if (h->protocol == IPPROTO_NUM_TCP && (h->offset == 8 || (h->offset == 0 && payload < 16)))
		return IP4_REASS_TINY;
	return -1;
}

/* Whether the datagram's end agrees with b. Notes the end. */
static bool fits_end(struct datagram *d, const struct buf *b)
{
	if (d->has_end)
		return is_last(b) ? end_of(b) == d->total : end_of(b) <= d->total;
	if (!is_last(b))
		return true;
	if (d->last && end_of(d->last) > end_of(b))
		return false;
	d->has_end = true;
	d->total = end_of(b);
	return true;
}

/* The datagram in one piece, or NULL when out of memory. The headers' ECN fields are merged as RFC 3168 section 5.3 says. */
static struct buf *join(const struct datagram *d)
{
	const struct buf *first = d->fragments;
	uint32_t hlen = header_len(first);
	struct buf *whole = buf_alloc(d->reass->env->pool, 0, hlen + d->total);
	if (!whole)
		return NULL;
	memcpy(whole->data, first->data, hlen);
	for (const struct buf *f = first; f; f = f->next)
		memcpy(whole->data + hlen + start_of(f), f->data + header_len(f), f->len - header_len(f));
	if (d->seen_ce)
		whole->data[1] |= ECN_CE;
	put_be16(whole->data + 2, (uint16_t)whole->len);
	put_be16(whole->data + 6, 0);
	ip4_hdr_set_checksum(whole->data, hlen);
	return whole;
}

static struct buf *complete(struct datagram *d)
{
	struct ip4_reass *r = d->reass;
	struct buf *whole = NULL;
	int why = -1;
	if (header_len(d->fragments) + d->total > UINT16_MAX)
		why = IP4_REASS_TOO_LONG;
	else if (d->seen_ce && d->seen_not_ect)
		why = IP4_REASS_ECN;
	else if (!(whole = join(d)))
		why = IP4_REASS_NO_MEMORY;
	if (why >= 0)
		r->hooks.drop((enum ip4_reass_drop)why, d->n_fragments, r->hooks.arg);
	release(d);
	return whole;
}

/* Charges n bytes against the bound, evicting old datagrams, but not d itself. */
static bool charge(struct datagram *d, uint32_t n)
{
	struct ip4_reass *r = d->reass;
	while (r->bytes + n > r->config.max_bytes && r->oldest != d)
		evict_oldest(r);
	if (r->bytes + n > r->config.max_bytes)
		return false;
	r->bytes += n;
	d->charged += n;
	return true;
}

static void drop_one(struct ip4_reass *r, struct buf *b, enum ip4_reass_drop why)
{
	r->hooks.drop(why, 1, r->hooks.arg);
	buf_free(b);
}

struct buf *ip4_reass_add(struct ip4_reass *r, struct buf *b, const struct ip4_hdr *h, unsigned ifindex)
{
	struct key key = { h->src, h->dst, h->id, h->protocol };
	int why = judge(h);
	if (why >= 0) {
		drop_one(r, b, (enum ip4_reass_drop)why);
		return NULL;
	}
	struct datagram *d = find(r, &key);
	if (!d)
		d = begin(r, &key, ifindex);
	if (d->condemned) {
		drop_one(r, b, IP4_REASS_CONDEMNED);
		return NULL;
	}
	b->next = NULL;
	why = fits_end(d, b) ? insert(d, b) : IP4_REASS_INCONSISTENT;
	if (why == IP4_REASS_DUPLICATE) {
		drop_one(r, b, IP4_REASS_DUPLICATE);
		return NULL;
	}
	d->n_fragments++;
	if (why >= 0) {
		buf_free(b);
		condemn(d, (enum ip4_reass_drop)why);
		return NULL;
	}
	d->seen_ce |= (h->tos & 3) == ECN_CE;
	d->seen_not_ect |= (h->tos & 3) == ECN_NOT_ECT;
	if (d->n_fragments > r->config.max_fragments || !charge(d, b->len + FRAGMENT_COST)) {
		condemn(d, IP4_REASS_EVICTED);
		return NULL;
	}
	return d->has_end && d->held == d->total ? complete(d) : NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

int ip4_reass_create(struct env *env, const struct ip4_reass_config *config, const struct ip4_reass_hooks *hooks, struct ip4_reass **out)
{
	if (!config->max_datagrams || !config->max_fragments || !config->timeout_ns || !hooks->drop)
		return -EINVAL;
	struct ip4_reass *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct ip4_reass){ .env = env, .config = *config, .hooks = *hooks, .n_buckets = 8 };
	while (r->n_buckets < config->max_datagrams)
		r->n_buckets *= 2;
	r->pool = calloc(config->max_datagrams, sizeof(*r->pool));
	r->buckets = calloc(r->n_buckets, sizeof(struct datagram *));
	int err = r->pool && r->buckets ? 0 : -ENOMEM;
	for (uint32_t i = config->max_datagrams; i-- > 0 && !err;) {
		struct datagram *d = &r->pool[i];
		err = timer_init(&env->timers, &d->timer, timed_out, d);
		d->chain = r->free;
		r->free = d;
	}
	if (err) {
		ip4_reass_destroy(r);
		return err;
	}
	*out = r;
	return 0;
}

void ip4_reass_destroy(struct ip4_reass *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; r->pool && i < r->config.max_datagrams; i++) {
		buf_free_all(r->pool[i].fragments);
		timer_fini(&r->env->timers, &r->pool[i].timer);
	}
	free(r->pool);
	free(r->buckets);
	free(r);
}

uint32_t ip4_reass_datagrams(const struct ip4_reass *r)
{
	return r->n;
}

uint32_t ip4_reass_bytes(const struct ip4_reass *r)
{
	return r->bytes;
}
