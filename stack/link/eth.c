/* SPDX-License-Identifier: ISC */
#include "stack/link/eth.h"
#include "stack/base/demux.h"

#include <errno.h>
#include <stdlib.h>

#define ETH_COUNTERS(X) \
	X(rx, "rx") \
	X(tx, "tx") \
	X(unclaimed, "unclaimed") \
	X(drop_short, "drop.short") \
	X(drop_oversize, "drop.oversize") \
	X(drop_source, "drop.multicast_source") \
	X(drop_not_for_us, "drop.not_for_us") \
	X(drop_length, "drop.length") \
	X(drop_llc, "drop.llc") \
	X(drop_unclaimed, "drop.unclaimed") \
	X(drop_tx_oversize, "drop.tx_oversize") \
	X(drop_no_memory, "drop.no_memory")

struct eth_counts {
	ETH_COUNTERS(COUNTER_FIELD)
};
static const char *const counter_names[] = { ETH_COUNTERS(COUNTER_NAME) };

#define LENGTH_MAX 1500 /* larger values below ETH_TYPE_MIN are neither length nor type (IEEE 802.3 section 3.2.6) */
#define SNAP_LEN 8

struct eth {
	struct eth_config config;
	struct demux types;
	eth_transmit_fn *transmit;
	void *transmit_arg;
	eth_rx_fn *unclaimed;
	void *unclaimed_arg;
	struct eth_counts count;
};

struct eth_config eth_config_default(struct mac mac)
{
	return (struct eth_config){ .mac = mac, .mtu = ETH_MTU, .max_types = 16 };
}

int eth_create(struct env *env, const struct eth_config *config, eth_transmit_fn *transmit, void *arg, struct eth **out)
{
	(void)env; /* Ethernet itself needs neither time nor chance */
	if (!transmit || mac_is_multicast(config->mac) || config->mtu < 46 || config->mtu > UINT16_MAX || !config->max_types)
		return -EINVAL;
	struct eth *eth = calloc(1, sizeof(*eth));
	if (!eth)
		return -ENOMEM;
	eth->config = *config;
	if (!eth->config.receive_max)
		eth->config.receive_max = (config->mtu > ETH_MTU ? config->mtu : ETH_MTU) + VLAN_TAG_LEN;
	demux_init(&eth->types, config->max_types);
	eth->transmit = transmit;
	eth->transmit_arg = arg;
	*out = eth;
	return 0;
}

void eth_destroy(struct eth *eth)
{
	if (!eth)
		return;
	demux_fini(&eth->types);
	free(eth);
}

int eth_register(struct eth *eth, uint16_t ethertype, eth_rx_fn *fn, void *arg)
{
	if (ethertype < ETH_TYPE_MIN)
		return -EINVAL;
	return demux_bind(&eth->types, ethertype, (demux_fn *)fn, arg);
}

int eth_unregister(struct eth *eth, uint16_t ethertype)
{
	return demux_unbind(&eth->types, ethertype);
}

void eth_set_unclaimed(struct eth *eth, eth_rx_fn *fn, void *arg)
{
	eth->unclaimed = fn;
	eth->unclaimed_arg = arg;
}

static void drop(struct buf *b, uint64_t *counter)
{
	++*counter;
	buf_free(b);
}

void eth_deliver(struct eth *eth, struct buf *b, const struct eth_rx *rx)
{
	const struct demux_entry *e = demux_find(&eth->types, rx->type);
	if (e) {
		((eth_rx_fn *)e->fn)(b, rx, e->arg);
		return;
	}
	eth->count.unclaimed++;
	if (eth->unclaimed)
		eth->unclaimed(b, rx, eth->unclaimed_arg);
	else
		drop(b, &eth->count.drop_unclaimed);
}

/* An 802.3 frame: its length, then LLC and SNAP, then an EtherType (RFC 1042). NULL, or the counter of the drop. */
static uint64_t *strip_snap(struct eth *eth, struct buf *b, struct eth_rx *rx)
{
	if (rx->type > LENGTH_MAX || rx->type > b->len)
		return &eth->count.drop_length;
	buf_trim(b, rx->type);
	if (b->len < SNAP_LEN || memcmp(b->data, "\xaa\xaa\x03\0\0\0", 6) != 0)
		return &eth->count.drop_llc;
	rx->type = get_be16(b->data + 6);
	if (rx->type < ETH_TYPE_MIN)
		return &eth->count.drop_llc;
	buf_pull(b, SNAP_LEN);
	return NULL;
}

static uint64_t *check(struct eth *eth, struct buf *b, struct eth_rx *rx)
{
	struct eth_hdr h;
	if (eth_hdr_parse(&h, b->data, b->len) < 0)
		return &eth->count.drop_short;
	buf_pull(b, ETH_HDR_LEN);
	if (b->len > eth->config.receive_max)
		return &eth->count.drop_oversize;
	if (mac_is_multicast(h.src))
		return &eth->count.drop_source;
	if (!mac_is_multicast(h.dst) && !mac_equal(h.dst, eth->config.mac) && !eth->config.promiscuous)
		return &eth->count.drop_not_for_us;
	*rx = (struct eth_rx){ h.dst, h.src, h.type };
	return h.type < ETH_TYPE_MIN ? strip_snap(eth, b, rx) : NULL;
}

void eth_input(struct eth *eth, struct buf *frame)
{
	struct eth_rx rx;
	eth->count.rx++;
	uint64_t *dropped = check(eth, frame, &rx);
	if (dropped)
		drop(frame, dropped);
	else
		eth_deliver(eth, frame, &rx);
}

/* Zeros, never leftover memory: what a frame was padded with once leaked other people's data. */
static int pad(struct buf *frame)
{
	if (frame->len >= ETH_MIN_FRAME)
		return 0;
	uint32_t n = ETH_MIN_FRAME - frame->len;
	uint8_t *p = buf_put(frame, n);
	if (!p)
		return -ENOMEM;
	memset(p, 0, n);
	return 0;
}

int eth_send(struct eth *eth, struct buf *b, struct mac dst, uint16_t ethertype)
{
	int err = -EINVAL;
	uint64_t *dropped = NULL;
	if (ethertype < ETH_TYPE_MIN)
		goto refuse;
	err = -EMSGSIZE;
	dropped = &eth->count.drop_tx_oversize;
	if (b->len > eth->config.mtu)
		goto refuse;
	err = -ENOMEM;
	dropped = &eth->count.drop_no_memory;
	if (!buf_push(b, ETH_HDR_LEN) || pad(b) < 0)
		goto refuse;
	eth_hdr_emit(&(struct eth_hdr){ dst, eth->config.mac, ethertype }, b->data, b->len);
	eth_transmit(eth, b);
	return 0;
refuse:
	if (dropped)
		++*dropped;
	buf_free(b);
	return err;
}

void eth_transmit(struct eth *eth, struct buf *frame)
{
	eth->count.tx++;
	eth->transmit(frame, eth->transmit_arg);
}

struct mac eth_mac(const struct eth *eth)
{
	return eth->config.mac;
}

uint32_t eth_mtu(const struct eth *eth)
{
	return eth->config.mtu;
}

struct counter_set eth_counters(const struct eth *eth)
{
	return (struct counter_set){ "eth", counter_names, (const uint64_t *)&eth->count, sizeof(eth->count) / sizeof(uint64_t) };
}
