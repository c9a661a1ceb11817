/* SPDX-License-Identifier: ISC */
#include "stack/link/arp_private.h"

#include <errno.h>
#include <stdlib.h>

#define ARP_COUNTERS(X) \
	X(rx, "rx") \
	X(tx_request, "tx.request") \
	X(tx_reply, "tx.reply") \
	X(learned, "learned") \
	X(updated, "updated") \
	X(expired, "expired") \
	X(evicted, "evicted") \
	X(failed, "failed") \
	X(conflict, "conflict") \
	X(drop_short, "drop.short") \
	X(drop_type, "drop.type") \
	X(drop_op, "drop.op") \
	X(drop_looped, "drop.looped") \
	X(drop_sender_mac, "drop.sender_mac") \
	X(drop_sender_ip, "drop.sender_ip") \
	X(drop_not_for_us, "drop.not_for_us") \
	X(drop_unsolicited, "drop.unsolicited") \
	X(drop_queue, "drop.queue_full") \
	X(drop_failed, "drop.unresolved") \
	X(drop_full, "drop.table_full") \
	X(drop_no_memory, "drop.no_memory")

struct arp_counts {
	ARP_COUNTERS(COUNTER_FIELD)
};
static const char *const counter_names[] = { ARP_COUNTERS(COUNTER_NAME) };

#define ANNOUNCE_INTERVAL_NS (2 * NS_PER_S) /* RFC 5227 section 1.1 */
#define DEFEND_INTERVAL_NS (10 * NS_PER_S)  /* likewise */
#define MAX_DOUBLINGS 6

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

struct own_address {
	struct arp *arp;
	struct ip4_addr addr;
	uint32_t announcements_left;
	struct timer timer;
	uint64_t contested_ns;       /* the last conflicting packet, if contested */
	bool taken, contested;
};

struct arp {
	struct env *env;
	struct eth *eth;
	struct arp_config config;
	struct arp_cache cache;
	struct own_address *own;
	arp_failed_fn *failed;
	void *failed_arg;
	struct arp_counts count;
};

struct arp_config arp_config_default(void)
{
	return (struct arp_config){
		.max_entries = 256,
		.max_addresses = 16,
		.queue_packets = 64,
		.timeout_ns = 60 * NS_PER_S,
		.polls = 2,
		.request_interval_ns = NS_PER_S,
		.requests = 3,
	};
}

/* --- sending ---------------------------------------------------------------------------------- */

static int transmit(struct arp *arp, const struct arp_pkt *pkt, struct mac dst)
{
	struct buf *b = buf_alloc(arp->env->pool, BUF_HEADROOM, ARP_LEN);
	if (!b) {
		arp->count.drop_no_memory++;
		return -ENOMEM;
	}
	arp_pkt_emit(pkt, b->data, b->len);
	return eth_send(arp->eth, b, dst, ETHERTYPE_ARP);
}

static struct arp_pkt packet(const struct arp *arp, uint16_t op)
{
	return (struct arp_pkt){
		.htype = ARP_HTYPE_ETHERNET, .ptype = ETHERTYPE_IP4, .hlen = 6, .plen = 4, .op = op, .sha = eth_mac(arp->eth),
	};
}

/* The own address that shares the longest prefix with addr; 0.0.0.0 without any. */
static struct ip4_addr own_address_near(const struct arp *arp, struct ip4_addr addr)
{
	struct ip4_addr best = { { 0 } };
	uint32_t best_distance = UINT32_MAX;
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		uint32_t distance = ip4_u32(arp->own[i].addr) ^ ip4_u32(addr);
		if (arp->own[i].taken && distance < best_distance) {
			best_distance = distance;
			best = arp->own[i].addr;
		}
	}
	return best;
}

static void request(struct arp_entry *e, struct mac dst)
{
	struct arp *arp = e->arp;
	struct arp_pkt pkt = packet(arp, ARP_OP_REQUEST);
	pkt.spa = own_address_near(arp, e->addr);
	pkt.tpa = e->addr;
	if (!mac_is_broadcast(dst))
		pkt.tha = dst;
	arp->count.tx_request++;
	e->asked = true;
	e->asked_ns = arp->env->now_ns;
	e->tries++;
	env_timer_in(arp->env, &e->timer, e->wait_ns);
	if (e->state == ARP_INCOMPLETE && e->tries <= MAX_DOUBLINGS)
		e->wait_ns *= 2;
	transmit(arp, &pkt, dst);
}

static void reply(struct arp *arp, const struct arp_pkt *to)
{
	struct arp_pkt pkt = packet(arp, ARP_OP_REPLY);
	pkt.spa = to->tpa;
	pkt.tha = to->sha;
	pkt.tpa = to->spa;
	arp->count.tx_reply++;
	transmit(arp, &pkt, to->sha);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* Packets wait with their EtherType in front. */
static int enqueue(struct arp_entry *e, struct buf *b, uint16_t ethertype)
{
	struct arp *arp = e->arp;
	if (!buf_push(b, 2)) {
		arp->count.drop_no_memory++;
		buf_free(b);
		return -ENOMEM;
	}
	put_be16(b->data, ethertype);
	if (e->queued == arp->config.queue_packets) { /* the latest packets are worth most */
		struct buf *oldest = e->queue;
		e->queue = oldest->next;
		if (!e->queue)
			e->queue_end = &e->queue;
		e->queued--;
		arp->count.drop_queue++;
		oldest->next = NULL;
		buf_free(oldest);
	}
	b->next = NULL;
	*e->queue_end = b;
	e->queue_end = &b->next;
	e->queued++;
	return 0;
}

static struct buf *take_queue(struct arp_entry *e)
{
	struct buf *queue = e->queue;
	e->queue = NULL;
	e->queue_end = &e->queue;
	e->queued = 0;
	return queue;
}

static struct buf *next_queued(struct buf **queue, uint16_t *ethertype)
{
	struct buf *b = *queue;
	if (!b)
		return NULL;
	*queue = b->next;
	b->next = NULL;
	*ethertype = get_be16(b->data);
	buf_pull(b, 2);
	return b;
}

/* Removes the entry and hands what waited for it to the failed hook. */
static void give_up(struct arp_entry *e)
{
	struct arp *arp = e->arp;
	struct ip4_addr addr = e->addr;
	struct buf *queue = take_queue(e), *b;
	uint16_t ethertype;
	timer_cancel(&arp->env->timers, &e->timer);
	arp_cache_remove(&arp->cache, e);
	while ((b = next_queued(&queue, &ethertype))) {
		arp->count.drop_failed++;
		if (arp->failed)
			arp->failed(b, addr, ethertype, arp->failed_arg);
		else
			buf_free(b);
	}
}

/* The least recently used entry that may go: one just asked for must stay, or the same address could be asked for too often. */
static bool evict(struct arp *arp)
{
	for (struct arp_entry *e = arp->cache.oldest; e; e = e->newer) {
		bool fresh = e->asked && arp->env->now_ns - e->asked_ns < arp->config.request_interval_ns;
		if (e->state == ARP_STATIC || fresh)
			continue;
		arp->count.evicted++;
		give_up(e);
		return true;
	}
	return false;
}

static struct arp_entry *add_entry(struct arp *arp, struct ip4_addr addr)
{
	if (!arp->cache.free && !evict(arp)) {
		arp->count.drop_full++;
		return NULL;
	}
	struct arp_entry *e = arp_cache_find(&arp->cache, addr); /* evicting told others, who may have sent */
	return e ? e : arp_cache_add(&arp->cache, addr);
}

static void confirm(struct arp_entry *e, struct mac mac)
{
	struct arp *arp = e->arp;
	if (e->state == ARP_STATIC)
		return;
	struct buf *queue = take_queue(e), *b;
	uint16_t ethertype;
	e->state = ARP_REACHABLE;
	e->mac = mac;
	e->used = queue != NULL;
	e->tries = 0;
	env_timer_in(arp->env, &e->timer, arp->config.timeout_ns);
	while ((b = next_queued(&queue, &ethertype)))
		eth_send(arp->eth, b, mac, ethertype);
}

static void start_polling(struct arp_entry *e)
{
	e->state = ARP_POLLING;
	e->tries = 0;
	e->wait_ns = e->arp->config.request_interval_ns;
	request(e, e->mac);
}

static void entry_timer(void *arg)
{
	struct arp_entry *e = arg;
	const struct arp_config *config = &e->arp->config;
	if (e->state == ARP_INCOMPLETE && e->tries < config->requests) {
		request(e, broadcast);
	} else if (e->state == ARP_POLLING && e->tries < config->polls) {
		request(e, e->mac);
	} else if (e->state == ARP_REACHABLE && e->used && config->polls) {
		start_polling(e);
	} else {
		++*(e->state == ARP_INCOMPLETE ? &e->arp->count.failed : &e->arp->count.expired);
		give_up(e);
	}
}

static bool unicast(struct ip4_addr a)
{
	return !ip4_is_multicast(a) && !ip4_is_broadcast(a) && !ip4_is_unspecified(a) && !ip4_is_loopback(a);
}

int arp_send(struct arp *arp, struct buf *b, struct ip4_addr next_hop, uint16_t ethertype)
{
	struct arp_entry *e = arp_cache_find(&arp->cache, next_hop);
	if (e && e->state != ARP_INCOMPLETE) {
		e->used = true;
		arp_cache_touch(&arp->cache, e);
		return eth_send(arp->eth, b, e->mac, ethertype);
	}
	if (!e) {
		int err = !unicast(next_hop) ? -EINVAL : (e = add_entry(arp, next_hop)) ? 0 : -ENOBUFS;
		if (err) {
			buf_free(b);
			return err;
		}
		e->state = ARP_INCOMPLETE;
		e->wait_ns = arp->config.request_interval_ns;
		request(e, broadcast);
	}
	arp_cache_touch(&arp->cache, e);
	return enqueue(e, b, ethertype);
}

struct mac arp_multicast_mac(struct ip4_addr group)
{
	return (struct mac){ { 0x01, 0x00, 0x5e, group.b[1] & 0x7f, group.b[2], group.b[3] } };
}

int arp_output_ip4(struct buf *b, struct ip4_addr next_hop, void *arg)
{
	struct arp *arp = arg;
	if (ip4_is_broadcast(next_hop))
		return eth_send(arp->eth, b, broadcast, ETHERTYPE_IP4);
	if (ip4_is_multicast(next_hop))
		return eth_send(arp->eth, b, arp_multicast_mac(next_hop), ETHERTYPE_IP4);
	return arp_send(arp, b, next_hop, ETHERTYPE_IP4);
}

/* --- receiving -------------------------------------------------------------------------------- */

static struct own_address *find_own(const struct arp *arp, struct ip4_addr addr)
{
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		if (arp->own[i].taken && ip4_equal(arp->own[i].addr, addr))
			return &arp->own[i];
	}
	return NULL;
}

static int announce(struct own_address *own)
{
	struct arp_pkt pkt = packet(own->arp, ARP_OP_REQUEST);
	pkt.spa = pkt.tpa = own->addr;
	own->arp->count.tx_request++;
	return transmit(own->arp, &pkt, broadcast);
}

/* Another host uses our address (RFC 5227 section 2.4 (c)): neither learned nor answered, but claimed once in DEFEND_INTERVAL. */
static uint64_t *conflict(struct own_address *own)
{
	uint64_t now_ns = own->arp->env->now_ns;
	bool recent = own->contested && now_ns - own->contested_ns < DEFEND_INTERVAL_NS;
	own->contested = true;
	own->contested_ns = now_ns;
	if (!recent)
		announce(own);
	return &own->arp->count.conflict;
}

/* What no honest sender puts into its own fields. NULL, or the counter of the drop. */
static uint64_t *check_sender(struct arp *arp, const struct arp_pkt *pkt)
{
	static const struct mac zero;
	if (mac_equal(pkt->sha, eth_mac(arp->eth)))
		return &arp->count.drop_looped;
	if (mac_is_multicast(pkt->sha) || mac_equal(pkt->sha, zero))
		return &arp->count.drop_sender_mac;
	if (!unicast(pkt->spa) && !ip4_is_unspecified(pkt->spa))
		return &arp->count.drop_sender_ip;
	struct own_address *own = find_own(arp, pkt->spa);
	return own ? conflict(own) : NULL;
}

/* RFC 826 "Packet Reception", after the checks. An RFC 5227 probe (spa 0.0.0.0) is answered, but tells nothing to learn. */
static uint64_t *take_in(struct arp *arp, const struct arp_pkt *pkt)
{
	bool for_us = find_own(arp, pkt->tpa) != NULL, probe = ip4_is_unspecified(pkt->spa);
	struct arp_entry *e = probe ? NULL : arp_cache_find(&arp->cache, pkt->spa);
	if (e) {
		arp->count.updated++;
		confirm(e, pkt->sha);
	}
	if (!for_us)
		return e ? NULL : &arp->count.drop_not_for_us;
	if (pkt->op != ARP_OP_REQUEST)
		return e ? NULL : &arp->count.drop_unsolicited;
	if (!e && !probe && (e = add_entry(arp, pkt->spa))) {
		arp->count.learned++;
		e->state = ARP_REACHABLE;
		confirm(e, pkt->sha);
	}
	reply(arp, pkt);
	return NULL;
}

static uint64_t *receive_packet(struct arp *arp, const uint8_t *bytes, size_t len)
{
	struct arp_pkt pkt;
	int n = arp_pkt_parse(&pkt, bytes, len);
	if (n < 0)
		return n == -EPROTONOSUPPORT ? &arp->count.drop_type : &arp->count.drop_short;
	if (pkt.op != ARP_OP_REQUEST && pkt.op != ARP_OP_REPLY)
		return &arp->count.drop_op;
	uint64_t *dropped = check_sender(arp, &pkt);
	return dropped ? dropped : take_in(arp, &pkt);
}

static void receive(struct buf *b, const struct eth_rx *rx, void *arg)
{
	struct arp *arp = arg;
	(void)rx;
	arp->count.rx++;
	uint64_t *dropped = receive_packet(arp, b->data, b->len);
	if (dropped)
		++*dropped;
	buf_free(b);
}

/* --- own addresses ---------------------------------------------------------------------------- */

static void announce_timer(void *arg)
{
	struct own_address *own = arg;
	announce(own);
	if (--own->announcements_left)
		env_timer_in(own->arp->env, &own->timer, ANNOUNCE_INTERVAL_NS);
}

int arp_announce(struct arp *arp, struct ip4_addr addr)
{
	struct own_address *own = find_own(arp, addr);
	return own ? announce(own) : -ENOENT;
}

int arp_add_address(struct arp *arp, struct ip4_addr addr)
{
	if (!unicast(addr))
		return -EINVAL;
	if (find_own(arp, addr))
		return -EEXIST;
	for (uint32_t i = 0; i < arp->config.max_addresses; i++) {
		struct own_address *own = &arp->own[i];
		if (own->taken)
			continue;
		own->taken = true;
		own->addr = addr;
		own->contested = false;
		own->announcements_left = arp->config.announcements;
		if (own->announcements_left)
			env_timer_in(arp->env, &own->timer, 0);
		return 0;
	}
	return -ENOSPC;
}

int arp_remove_address(struct arp *arp, struct ip4_addr addr)
{
	struct own_address *own = find_own(arp, addr);
	if (!own)
		return -ENOENT;
	timer_cancel(&arp->env->timers, &own->timer);
	own->taken = false;
	return 0;
}

/* --- the cache from outside ------------------------------------------------------------------- */

int arp_lookup(const struct arp *arp, struct ip4_addr addr, struct mac *mac)
{
	const struct arp_entry *e = arp_cache_find(&arp->cache, addr);
	if (!e || e->state == ARP_INCOMPLETE)
		return -ENOENT;
	*mac = e->mac;
	return 0;
}

int arp_add_static(struct arp *arp, struct ip4_addr addr, struct mac mac)
{
	if (!unicast(addr) || mac_is_multicast(mac))
		return -EINVAL;
	struct arp_entry *e = arp_cache_find(&arp->cache, addr);
	if (!e && !(e = add_entry(arp, addr)))
		return -ENOSPC;
	e->state = ARP_REACHABLE;
	confirm(e, mac);
	timer_cancel(&arp->env->timers, &e->timer);
	e->state = ARP_STATIC;
	return 0;
}

int arp_remove(struct arp *arp, struct ip4_addr addr)
{
	struct arp_entry *e = arp_cache_find(&arp->cache, addr);
	if (!e)
		return -ENOENT;
	give_up(e);
	return 0;
}

void arp_suspect(struct arp *arp, struct ip4_addr addr)
{
	struct arp_entry *e = arp_cache_find(&arp->cache, addr);
	if (!e || e->state != ARP_REACHABLE)
		return;
	if (!e->asked || arp->env->now_ns - e->asked_ns >= arp->config.request_interval_ns)
		start_polling(e);
}

/* --- life ------------------------------------------------------------------------------------- */

static int init(struct arp *arp)
{
	int err = arp_cache_init(&arp->cache, arp->config.max_entries);
	arp->own = calloc(arp->config.max_addresses, sizeof(*arp->own));
	if (err || !arp->own)
		return -ENOMEM;
	for (uint32_t i = 0; i < arp->config.max_entries && !err; i++) {
		arp->cache.entries[i].arp = arp;
		err = timer_init(&arp->env->timers, &arp->cache.entries[i].timer, entry_timer, &arp->cache.entries[i]);
	}
	for (uint32_t i = 0; i < arp->config.max_addresses && !err; i++) {
		arp->own[i].arp = arp;
		err = timer_init(&arp->env->timers, &arp->own[i].timer, announce_timer, &arp->own[i]);
	}
	return err ? err : eth_register(arp->eth, ETHERTYPE_ARP, receive, arp);
}

static void fini(struct arp *arp)
{
	for (uint32_t i = 0; arp->cache.entries && i < arp->config.max_entries; i++) {
		buf_free_all(arp->cache.entries[i].queue);
		timer_fini(&arp->env->timers, &arp->cache.entries[i].timer);
	}
	for (uint32_t i = 0; arp->own && i < arp->config.max_addresses; i++)
		timer_fini(&arp->env->timers, &arp->own[i].timer);
	arp_cache_fini(&arp->cache);
	free(arp->own);
	free(arp);
}

int arp_create(struct env *env, struct eth *eth, const struct arp_config *config, struct arp **out)
{
	if (!config->max_entries || !config->max_addresses || !config->queue_packets || !config->requests || !config->request_interval_ns ||
	    !config->timeout_ns)
		return -EINVAL;
	struct arp *arp = calloc(1, sizeof(*arp));
	if (!arp)
		return -ENOMEM;
	arp->env = env;
	arp->eth = eth;
	arp->config = *config;
	int err = init(arp);
	if (err) {
		fini(arp);
		return err;
	}
	*out = arp;
	return 0;
}

void arp_destroy(struct arp *arp)
{
	if (!arp)
		return;
	eth_unregister(arp->eth, ETHERTYPE_ARP);
	fini(arp);
}

void arp_set_failed(struct arp *arp, arp_failed_fn *fn, void *arg)
{
	arp->failed = fn;
	arp->failed_arg = arg;
}

struct counter_set arp_counters(const struct arp *arp)
{
	return (struct counter_set){ "arp", counter_names, (const uint64_t *)&arp->count, sizeof(arp->count) / sizeof(uint64_t) };
}
