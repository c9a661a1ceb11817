/* SPDX-License-Identifier: ISC */
#include "stack/ip/ip4_private.h"

#include <errno.h>

/*
 * Identifications that are neither predictable nor repeated before 65 536 datagrams (RFC 6864 section 4.2): a counter
 * through a keyed permutation (a four-round Feistel network over two bytes).
 */
static uint16_t next_id(struct ip4 *ip4)
{
	uint8_t left = (uint8_t)(ip4->id_counter >> 8), right = (uint8_t)ip4->id_counter;
	ip4->id_counter++;
	for (int i = 0; i < 4; i++) {
		uint8_t mixed = left ^ ip4->id_rounds[i][right];
		left = right;
		right = mixed;
	}
	return (uint16_t)(left << 8 | right);
}

/* --- to ourselves ----------------------------------------------------------------------------- */

/* Through a queue and a timer, so that a transport is never entered from within its own send. */
static int loop_back(struct ip4 *ip4, struct buf *b)
{
	if (ip4->n_loopback == ip4->config.max_loopback) {
		ip4_drop(b, &ip4->count.drop_loopback_full);
		return 0; /* lost, as on a link */
	}
	b->next = NULL;
	*ip4->loopback_end = b;
	ip4->loopback_end = &b->next;
	ip4->n_loopback++;
	ip4->count.tx_loopback++;
	if (!timer_armed(&ip4->loopback_timer))
		env_timer_in(ip4->env, &ip4->loopback_timer, 0);
	return 0;
}

void ip4_loopback_run(void *arg)
{
	struct ip4 *ip4 = arg;
	struct buf *queue = ip4->loopback;
	ip4->loopback = NULL;
	ip4->loopback_end = &ip4->loopback;
	ip4->n_loopback = 0;
	while (queue) {
		struct buf *b = queue;
		queue = b->next;
		b->next = NULL;
		ip4_receive(ip4, IP4_IFINDEX_LOOPBACK, b, false);
	}
}

/* --- to others -------------------------------------------------------------------------------- */

int ip4_transmit(struct ip4 *ip4, const struct ip4_hop *hop, struct buf *b)
{
	if (hop->kind == IP4_LOCAL)
		return loop_back(ip4, b);
	const struct ip4_interface *i = &ip4->interfaces[hop->ifindex];
	int err = i->output(b, hop->next_hop, i->arg);
	if (err)
		ip4->count.drop_output++;
	else
		ip4->count.tx++;
	return err;
}

/* The options that go into every fragment: those with the copied flag (RFC 791 section 3.1), padded. */
static void copied_options(struct ip4_hdr *h)
{
	uint8_t kept[IP4_OPTIONS_MAX] = { 0 }, n = 0;
	struct ip4_option opt;
	for (size_t at = 0; ip4_option_next(h->options, h->options_len, &at, &opt) == 1;) {
		if (opt.kind & 0x80) {
			memcpy(kept + n, opt.data - 2, opt.len);
			n = (uint8_t)(n + opt.len);
		}
	}
	h->options_len = (uint8_t)((n + 3) & ~3);
	h->header_len = (uint8_t)(IP4_HDR_LEN + h->options_len);
	memcpy(h->options, kept, sizeof(kept));
}

static int send_fragment(struct ip4 *ip4, const struct ip4_hop *hop, const struct ip4_hdr *h, const uint8_t *payload, uint32_t len)
{
	struct buf *b = buf_alloc(ip4->env->pool, BUF_HEADROOM, h->header_len + len);
	if (!b) {
		ip4->count.drop_no_memory++;
		return -ENOMEM;
	}
	ip4_hdr_emit(h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, h->header_len);
	memcpy(b->data + h->header_len, payload, len);
	ip4->count.fragments_created++;
	return ip4_transmit(ip4, hop, b);
}

int ip4_fragment(struct ip4 *ip4, const struct ip4_hop *hop, const struct ip4_hdr *whole, const uint8_t *payload, uint32_t len)
{
	struct ip4_hdr h = *whole;
	for (uint32_t at = 0; at < len;) {
		uint32_t room = (hop->mtu - h.header_len) & ~7u, n = len - at <= hop->mtu - h.header_len ? len - at : room;
		h.offset = (uint16_t)(whole->offset + at);
		h.mf = whole->mf || at + n < len;
		if (h.mf && n > room)
			n = room;
		h.total_len = (uint16_t)(h.header_len + n);
		int err = send_fragment(ip4, hop, &h, payload + at, n);
		if (err)
			return err;
		if (at == 0)
			copied_options(&h);
		at += n;
	}
	return 0;
}

static int check_tx(const struct ip_tx *tx, const struct ip4_hop *hop, uint32_t len)
{
	if (hop->kind == IP4_BROADCAST && !tx->broadcast_ok)
		return -EACCES;
	if (len > UINT16_MAX - IP4_HDR_LEN || (tx->dont_fragment && len + IP4_HDR_LEN > hop->mtu))
		return -EMSGSIZE;
	return 0;
}

int ip4_send(struct ip *ip, struct buf *b, const struct ip_tx *tx)
{
	struct ip4 *ip4 = (struct ip4 *)ip;
	struct ip4_addr dst = ip_to_ip4(&tx->dst), src = ip_to_ip4(&tx->src);
	struct ip4_hop hop;
	int err = tx->dst.family != 4 || (tx->src.family && tx->src.family != 4) ? -EINVAL
										 : ip4_find_hop(ip4, dst, tx->src.family ? &src : NULL, &hop);
	if (!err)
		err = check_tx(tx, &hop, b->len);
	if (err) {
		buf_free(b);
		return err;
	}
	struct ip4_hdr h = {
		.version = 4,
		.header_len = IP4_HDR_LEN,
		.tos = tx->tos,
		.total_len = (uint16_t)(IP4_HDR_LEN + b->len),
		.id = next_id(ip4),
		.df = tx->dont_fragment,
		.protocol = tx->protocol,
		.src = hop.src,
		.dst = dst,
		.ttl = tx->ttl                     ? tx->ttl
		       : hop.kind == IP4_MULTICAST ? 1
						   : ip4->config.default_ttl, /* RFC 1112 section 6.1 */
	};
	if (h.total_len > hop.mtu) {
		err = ip4_fragment(ip4, &hop, &h, b->data, b->len);
		buf_free(b);
		return err;
	}
	if (!buf_push(b, IP4_HDR_LEN)) {
		ip4_drop(b, &ip4->count.drop_no_memory);
		return -ENOMEM;
	}
	ip4_hdr_emit(&h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, IP4_HDR_LEN);
	return ip4_transmit(ip4, &hop, b);
}
