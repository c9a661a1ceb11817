/* SPDX-License-Identifier: ISC */
#include "stack/link/arp_private.h"

#include <errno.h>
#include <stdlib.h>

static const char *const counter_names[] = { ARP_COUNTERS(COUNTER_NAME) };

#define MAX_DOUBLINGS 6

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

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

int arp_transmit(struct arp *arp, const struct arp_pkt *pkt, struct mac dst)
{
	struct buf *b = buf_alloc(arp->env->pool, BUF_HEADROOM, ARP_LEN);
	if (!b) {
		arp->count.drop_no_memory++;
		return -ENOMEM;
	}
	arp_pkt_emit(pkt, b->data, b->len);
	return eth_send(arp->eth, b, dst, ETHERTYPE_ARP);
}

struct arp_pkt arp_packet(const struct arp *arp, uint16_t op)
{
	return (struct arp_pkt){
		.htype = ARP_HTYPE_ETHERNET,
		.ptype = ETHERTYPE_IP4,
		.hlen = 6,
		.plen = 4,
		.op = op,
		.sha = eth_mac(arp->eth),
	};
}

static void request(struct arp_entry *e, struct mac dst)
{
	struct arp *arp = e->arp;
	struct arp_pkt pkt = arp_packet(arp, ARP_OP_REQUEST);
	pkt.spa = arp_own_near(arp, e->addr);
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
	arp_transmit(arp, &pkt, dst);
}

static void reply(struct arp *arp, const struct arp_pkt *to)
{
	struct arp_pkt pkt = arp_packet(arp, ARP_OP_REPLY);
	pkt.spa = to->tpa;
	pkt.tha = to->sha;
	pkt.tpa = to->spa;
	arp->count.tx_reply++;
	arp_transmit(arp, &pkt, to->sha);
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

int arp_send(struct arp *arp, struct buf *b, struct ip4_addr next_hop, uint16_t ethertype)
{
	struct arp_entry *e = arp_cache_find(&arp->cache, next_hop);
	if (e && e->state != ARP_INCOMPLETE) {
		e->used = true;
		arp_cache_touch(&arp->cache, e);
		return eth_send(arp->eth, b, e->mac, ethertype);
	}
	if (!e) {
		int err = !arp_is_unicast(next_hop) ? -EINVAL : (e = add_entry(arp, next_hop)) ? 0 : -ENOBUFS;
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

/* What no honest sender puts into its own fields. NULL, or the counter of the drop. */
static uint64_t *check_sender(struct arp *arp, const struct arp_pkt *pkt)
{
	static const struct mac zero;
	if (mac_equal(pkt->sha, eth_mac(arp->eth)))
		return &arp->count.drop_looped;
	if (mac_is_multicast(pkt->sha) || mac_equal(pkt->sha, zero))
		return &arp->count.drop_sender_mac;
	if (!arp_is_unicast(pkt->spa) && !ip4_is_unspecified(pkt->spa))
		return &arp->count.drop_sender_ip;
	struct arp_own *own = arp_own_find(arp, pkt->spa);
	return own ? arp_own_conflict(own) : NULL;
}

/* RFC 826 "Packet Reception", after the checks. An RFC 5227 probe (spa 0.0.0.0) is answered, but tells nothing to learn. */
static uint64_t *take_in(struct arp *arp, const struct arp_pkt *pkt)
{
	bool for_us = arp_own_find(arp, pkt->tpa) != NULL, probe = ip4_is_unspecified(pkt->spa);
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
	if (!arp_is_unicast(addr) || mac_is_multicast(mac))
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
	if (err)
		return err;
	for (uint32_t i = 0; i < arp->config.max_entries && !err; i++) {
		arp->cache.entries[i].arp = arp;
		err = timer_init(&arp->env->timers, &arp->cache.entries[i].timer, entry_timer, &arp->cache.entries[i]);
	}
	if (!err)
		err = arp_own_init(arp);
	return err ? err : eth_register(arp->eth, ETHERTYPE_ARP, receive, arp);
}

static void fini(struct arp *arp)
{
	for (uint32_t i = 0; arp->cache.entries && i < arp->config.max_entries; i++) {
		buf_free_all(arp->cache.entries[i].queue);
		timer_fini(&arp->env->timers, &arp->cache.entries[i].timer);
	}
	arp_own_fini(arp);
	arp_cache_fini(&arp->cache);
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
