/* SPDX-License-Identifier: ISC */
#include "stack/ip/icmp4.h"
#include "stack/base/demux.h"
#include "stack/wire/checksum.h"

#include <errno.h>
#include <stdlib.h>

#define ICMP4_COUNTERS(X) \
	X(rx, "rx") \
	X(tx_echo, "tx.echo") \
	X(tx_echo_reply, "tx.echo_reply") \
	X(tx_error, "tx.error") \
	X(rx_error, "rx.error") \
	X(rx_echo_reply, "rx.echo_reply") \
	X(rx_redirect, "rx.redirect_ignored") \
	X(rx_source_quench, "rx.source_quench_ignored") \
	X(error_forbidden, "error.forbidden") \
	X(error_limited, "error.rate_limited") \
	X(drop_short, "drop.short") \
	X(drop_checksum, "drop.checksum") \
	X(drop_type, "drop.unknown_type") \
	X(drop_broadcast, "drop.broadcast") \
	X(drop_echo_off, "drop.echo_off") \
	X(drop_quote, "drop.quote") \
	X(drop_not_ours, "drop.quote_not_ours") \
	X(drop_no_taker, "drop.no_taker") \
	X(drop_no_memory, "drop.no_memory")

struct icmp4_counts {
	ICMP4_COUNTERS(COUNTER_FIELD)
};
static const char *const counter_names[] = { ICMP4_COUNTERS(COUNTER_NAME) };

struct ping {
	icmp4_ping_fn *fn; /* NULL: free */
	icmp4_ping_error_fn *error;
	void *arg;
};

struct icmp4 {
	struct env *env;
	struct ip4 *ip4;
	struct ip *ip;
	struct icmp4_config config;
	struct demux ids; /* echo identifier → struct ping */
	struct ping *pings;
	uint64_t credit_ns; /* the token bucket, filled up to */
	uint64_t credit_at_ns;
	struct icmp4_counts count;
};

struct icmp4_config icmp4_config_default(void)
{
	return (struct icmp4_config){ .echo = true, .error_bytes = 576, .errors_per_s = 100, .errors_burst = 50, .max_pings = 64 };
}

static void drop(struct buf *b, uint64_t *counter)
{
	++*counter;
	buf_free(b);
}

/* Fills the checksum field of the message b holds. */
static void set_checksum(struct buf *b)
{
	put_be16(b->data + 2, 0);
	put_be16(b->data + 2, checksum_finish(checksum_add(0, b->data, b->len)));
}

/* --- errors out ------------------------------------------------------------------------------- */

/* RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7: about what no error may be sent. */
static bool is_forbidden(const struct icmp4 *icmp4, const struct ip_rx *rx, const struct ip4_hdr *h)
{
	if (rx->dst_broadcast || rx->dst_multicast || rx->link_multicast || h->offset)
		return true;
	if (h->src.b[0] == 0 || h->src.b[0] >= 224 || ip_is_broadcast(icmp4->ip, &rx->src))
		return true;
	if (ip4_is_loopback(h->src) && rx->ifindex != IP4_IFINDEX_LOOPBACK)
		return true;
	return h->protocol == IPPROTO_NUM_ICMP && (rx->packet_len <= h->header_len || icmp4_is_error(rx->packet[h->header_len]));
}

/* A token bucket counted in nanoseconds: an error costs 1/errors_per_s of a second. */
static bool has_token(struct icmp4 *icmp4)
{
	uint32_t rate = icmp4->config.errors_per_s;
	if (!rate || !icmp4->config.errors_burst)
		return false;
	uint64_t cost = NS_PER_S / rate, full = cost * icmp4->config.errors_burst, now = icmp4->env->now_ns;
	uint64_t passed = now - icmp4->credit_at_ns;
	icmp4->credit_ns = passed >= full - icmp4->credit_ns ? full : icmp4->credit_ns + passed;
	icmp4->credit_at_ns = now;
	if (icmp4->credit_ns < cost)
		return false;
	icmp4->credit_ns -= cost;
	return true;
}

static int transmit_error(struct icmp4 *icmp4, uint8_t type, uint8_t code, uint32_t word, const struct ip_rx *rx)
{
	uint32_t room = icmp4->config.error_bytes - IP4_HDR_LEN - ICMP4_HDR_LEN, quote = rx->packet_len < room ? rx->packet_len : room;
	struct buf *b = buf_alloc(icmp4->env->pool, BUF_HEADROOM, ICMP4_HDR_LEN + quote);
	if (!b) {
		icmp4->count.drop_no_memory++;
		return -ENOMEM;
	}
	b->data[0] = type;
	b->data[1] = code;
	put_be32(b->data + 4, word);
	memcpy(b->data + ICMP4_HDR_LEN, rx->packet, quote);
	set_checksum(b);
	struct ip_tx tx = { .dst = rx->src, .protocol = IPPROTO_NUM_ICMP };
	if (ip_is_local(icmp4->ip, &rx->dst))
		tx.src = rx->dst;
	icmp4->count.tx_error++;
	return ip_send(icmp4->ip, b, &tx);
}

int icmp4_send_error(struct icmp4 *icmp4, uint8_t type, uint8_t code, uint32_t word, const struct ip_rx *rx)
{
	struct ip4_hdr h;
	if (ip4_hdr_parse(&h, rx->packet, rx->packet_len) < 0 || is_forbidden(icmp4, rx, &h)) {
		icmp4->count.error_forbidden++;
		return -EPERM;
	}
	if (!has_token(icmp4)) {
		icmp4->count.error_limited++;
		return -EAGAIN;
	}
	return transmit_error(icmp4, type, code, word, rx);
}

void icmp4_protocol_unreachable(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg)
{
	(void)ip;
	icmp4_send_error(arg, ICMP4_UNREACHABLE, ICMP4_UNREACH_PROTOCOL, 0, rx);
	buf_free(b);
}

void icmp4_port_unreachable(struct buf *b, const struct ip_rx *rx, struct ip *ip, void *arg)
{
	struct icmp4 *icmp4 = arg;
	if (ip == icmp4->ip) /* not what came by another family */
		icmp4_send_error(icmp4, ICMP4_UNREACHABLE, ICMP4_UNREACH_PORT, 0, rx);
	buf_free(b);
}

void icmp4_report(enum ip4_report what, uint32_t info, const struct ip_rx *rx, void *arg)
{
	static const struct {
		uint8_t type, code;
	} message[] = {
		[IP4_REPORT_TTL] = { ICMP4_TIME_EXCEEDED, 0 },
		[IP4_REPORT_REASSEMBLY] = { ICMP4_TIME_EXCEEDED, 1 },
		[IP4_REPORT_FRAG_NEEDED] = { ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED },
		[IP4_REPORT_NO_ROUTE] = { ICMP4_UNREACHABLE, ICMP4_UNREACH_NET },
		[IP4_REPORT_NO_NEIGHBOUR] = { ICMP4_UNREACHABLE, ICMP4_UNREACH_HOST },
		[IP4_REPORT_SOURCE_ROUTE] = { ICMP4_UNREACHABLE, ICMP4_UNREACH_SR_FAILED },
		[IP4_REPORT_PARAMETER] = { ICMP4_PARAMETER, 0 },
	};
	uint32_t word = what == IP4_REPORT_PARAMETER ? info << 24 : what == IP4_REPORT_FRAG_NEEDED ? info : 0;
	icmp4_send_error(arg, message[what].type, message[what].code, word, rx);
}

/* --- errors in -------------------------------------------------------------------------------- */

static int unreachable_kind(uint8_t code)
{
	static const uint8_t kinds[] = {
		/* RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 */
		IP_ERROR_UNREACHABLE_NET,
		IP_ERROR_UNREACHABLE_HOST,
		IP_ERROR_UNREACHABLE_PROTOCOL,
		IP_ERROR_UNREACHABLE_PORT,
		IP_ERROR_TOO_BIG,
		IP_ERROR_SOURCE_ROUTE,
		IP_ERROR_UNREACHABLE_NET,
		IP_ERROR_UNREACHABLE_HOST,
		IP_ERROR_UNREACHABLE_HOST,
		IP_ERROR_PROHIBITED,
		IP_ERROR_PROHIBITED,
		IP_ERROR_UNREACHABLE_NET,
		IP_ERROR_UNREACHABLE_HOST,
		IP_ERROR_PROHIBITED,
		IP_ERROR_PROHIBITED,
		IP_ERROR_PROHIBITED,
	};
	return code < sizeof(kinds) ? kinds[code] : -1;
}

static int error_kind(const struct icmp4_hdr *h)
{
	switch (h->type) {
	case ICMP4_UNREACHABLE:
		return unreachable_kind(h->code);
	case ICMP4_TIME_EXCEEDED:
		return h->code == 0 ? IP_ERROR_TTL : h->code == 1 ? IP_ERROR_REASSEMBLY : -1;
	case ICMP4_PARAMETER:
		return IP_ERROR_PARAMETER;
	default:
		return -1;
	}
}

/* bytes: what follows the ICMP header. NULL, or the counter of the drop. */
static uint64_t *take_error(struct icmp4 *icmp4, const struct icmp4_hdr *h, const uint8_t *bytes, uint32_t len, const struct ip_rx *rx)
{
	struct ip4_hdr quoted;
	int kind = error_kind(h), n = ip4_hdr_parse(&quoted, bytes, len);
	icmp4->count.rx_error++;
	if (kind < 0)
		return &icmp4->count.drop_type;
	if (rx->dst_broadcast || rx->dst_multicast)
		return &icmp4->count.drop_broadcast;
	if (n < 0 || quoted.offset || len - (uint32_t)n < 8)
		return &icmp4->count.drop_quote;
	struct ip_error err = {
		.kind = (enum ip_error_kind)kind,
		.mtu = h->mtu,
		.packet_len = quoted.total_len,
		.src = ip_from_ip4(quoted.src),
		.dst = ip_from_ip4(quoted.dst),
		.reporter = rx->src,
		.payload = bytes + n,
		.payload_len = len - (uint32_t)n,
	};
	if (!ip_is_local(icmp4->ip, &err.src))
		return &icmp4->count.drop_not_ours;
	return ip4_deliver_error(icmp4->ip4, quoted.protocol, &err) < 0 ? &icmp4->count.drop_no_taker : NULL;
}

/* --- echo ------------------------------------------------------------------------------------- */

static void answer_echo(struct icmp4 *icmp4, struct buf *b, const struct ip_rx *rx)
{
	bool to_all = rx->dst_broadcast || rx->dst_multicast;
	struct ip_tx tx = { .dst = rx->src, .protocol = IPPROTO_NUM_ICMP, .tos = rx->tos & 0xfc }; /* RFC 1812 section 4.3.2.5 */
	if (!icmp4->config.echo) {
		drop(b, &icmp4->count.drop_echo_off);
		return;
	}
	if ((to_all && !icmp4->config.broadcast_echo) || ip_is_broadcast(icmp4->ip, &rx->src) || rx->src.b[0] == 0) {
		drop(b, &icmp4->count.drop_broadcast);
		return;
	}
	if (buf_own(b) < 0) {
		drop(b, &icmp4->count.drop_no_memory);
		return;
	}
	if (!to_all) /* RFC 1122 section 3.2.2.6 */
		tx.src = rx->dst;
	b->data[0] = ICMP4_ECHO_REPLY;
	set_checksum(b);
	icmp4->count.tx_echo_reply++;
	ip_send(icmp4->ip, b, &tx);
}

static const struct ping *find_ping(const struct icmp4 *icmp4, uint16_t id)
{
	const struct demux_entry *e = demux_find(&icmp4->ids, id);
	return e ? e->arg : NULL;
}

static void take_echo_reply(struct icmp4 *icmp4, struct buf *b, const struct icmp4_hdr *h, const struct ip_rx *rx)
{
	const struct ping *ping = find_ping(icmp4, h->id);
	if (!ping) {
		drop(b, &icmp4->count.drop_no_taker);
		return;
	}
	struct icmp4_ping_rx about = {
		.src = ip_to_ip4(&rx->src),
		.dst = ip_to_ip4(&rx->dst),
		.id = h->id,
		.seq = h->seq,
		.ttl = rx->ttl,
		.tos = rx->tos,
	};
	icmp4->count.rx_echo_reply++;
	buf_pull(b, ICMP4_HDR_LEN);
	ping->fn(b, &about, ping->arg);
}

/* An error about what we sent ourselves: only echo requests have an owner. */
static void ping_error(const struct ip_error *err, void *arg)
{
	struct icmp4 *icmp4 = arg;
	struct icmp4_hdr h;
	if (icmp4_hdr_parse(&h, err->payload, err->payload_len) < 0 || h.type != ICMP4_ECHO)
		return;
	const struct ping *ping = find_ping(icmp4, h.id);
	if (!ping)
		return;
	if (err->kind == IP_ERROR_TOO_BIG)
		ip_too_big(icmp4->ip, &err->dst, err->mtu, err->packet_len);
	if (ping->error)
		ping->error(ip_error_errno(err->kind), ip_to_ip4(&err->dst), h.seq, ping->arg);
}

static struct ping *free_ping(struct icmp4 *icmp4)
{
	for (uint32_t i = 0; i < icmp4->config.max_pings; i++) {
		if (!icmp4->pings[i].fn)
			return &icmp4->pings[i];
	}
	return NULL;
}

int icmp4_ping_open(struct icmp4 *icmp4, icmp4_ping_fn *fn, icmp4_ping_error_fn *error, void *arg, uint16_t *id)
{
	struct ping *ping = free_ping(icmp4);
	if (!fn)
		return -EINVAL;
	if (!ping)
		return -ENOSPC;
	uint16_t wanted = (uint16_t)random_u32(&icmp4->env->random);
	while (demux_find(&icmp4->ids, wanted)) /* ends: fewer clients than identifiers */
		wanted++;
	int err = demux_bind(&icmp4->ids, wanted, (demux_fn *)fn, ping);
	if (err)
		return err;
	*ping = (struct ping){ fn, error, arg };
	*id = wanted;
	return 0;
}

int icmp4_ping_close(struct icmp4 *icmp4, uint16_t id)
{
	const struct demux_entry *e = demux_find(&icmp4->ids, id);
	if (!e)
		return -ENOENT;
	((struct ping *)e->arg)->fn = NULL;
	return demux_unbind(&icmp4->ids, id);
}

int icmp4_ping_send(struct icmp4 *icmp4, uint16_t id, uint16_t seq, struct buf *b, const struct ip_tx *wanted)
{
	struct ip_tx tx = *wanted;
	tx.protocol = IPPROTO_NUM_ICMP;
	int err = !find_ping(icmp4, id) ? -ENOENT : !buf_push(b, ICMP4_HDR_LEN) ? -ENOMEM : buf_own(b);
	if (err) {
		buf_free(b);
		return err;
	}
	icmp4_hdr_emit(&(struct icmp4_hdr){ .type = ICMP4_ECHO, .id = id, .seq = seq }, b->data, b->len);
	set_checksum(b);
	icmp4->count.tx_echo++;
	return ip_send(icmp4->ip, b, &tx);
}

/* --- receiving -------------------------------------------------------------------------------- */

static uint64_t *take_other(struct icmp4 *icmp4, const struct icmp4_hdr *h, const struct buf *b, const struct ip_rx *rx)
{
	switch (h->type) {
	case ICMP4_UNREACHABLE:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER:
		return take_error(icmp4, h, b->data + ICMP4_HDR_LEN, b->len - ICMP4_HDR_LEN, rx);
	case ICMP4_SOURCE_QUENCH: /* RFC 6633 section 3: ignored */
		return &icmp4->count.rx_source_quench;
	case ICMP4_REDIRECT:
		return &icmp4->count.rx_redirect;
	default: /* RFC 1122 section 3.2.2: silently */
		return &icmp4->count.drop_type;
	}
}

static void receive(struct buf *b, const struct ip_rx *rx, void *arg)
{
	struct icmp4 *icmp4 = arg;
	struct icmp4_hdr h;
	icmp4->count.rx++;
	if (icmp4_hdr_parse(&h, b->data, b->len) < 0) {
		drop(b, &icmp4->count.drop_short);
	} else if (checksum_finish(checksum_add(0, b->data, b->len)) != 0) {
		drop(b, &icmp4->count.drop_checksum);
	} else if (h.type == ICMP4_ECHO) {
		answer_echo(icmp4, b, rx);
	} else if (h.type == ICMP4_ECHO_REPLY) {
		take_echo_reply(icmp4, b, &h, rx);
	} else {
		uint64_t *dropped = take_other(icmp4, &h, b, rx);
		if (dropped)
			++*dropped;
		buf_free(b);
	}
}

/* --- life ------------------------------------------------------------------------------------- */

int icmp4_create(struct env *env, struct ip4 *ip4, const struct icmp4_config *config, struct icmp4 **out)
{
	if (config->error_bytes < 96 || config->error_bytes > 576 || config->max_pings > 32768 || config->errors_per_s > NS_PER_S)
		return -EINVAL;
	struct icmp4 *icmp4 = calloc(1, sizeof(*icmp4));
	if (!icmp4)
		return -ENOMEM;
	*icmp4 = (struct icmp4){ .env = env, .ip4 = ip4, .ip = ip4_face(ip4), .config = *config, .credit_at_ns = env->now_ns };
	if (config->errors_per_s)
		icmp4->credit_ns = NS_PER_S / config->errors_per_s * config->errors_burst;
	icmp4->pings = calloc(config->max_pings + 1, sizeof(*icmp4->pings));
	int err = icmp4->pings ? ip_bind(icmp4->ip, IPPROTO_NUM_ICMP, receive, ping_error, icmp4) : -ENOMEM;
	if (err) {
		free(icmp4->pings);
		free(icmp4);
		return err;
	}
	demux_init(&icmp4->ids, config->max_pings);
	*out = icmp4;
	return 0;
}

void icmp4_destroy(struct icmp4 *icmp4)
{
	if (!icmp4)
		return;
	ip_unbind(icmp4->ip, IPPROTO_NUM_ICMP);
	demux_fini(&icmp4->ids);
	free(icmp4->pings);
	free(icmp4);
}

struct counter_set icmp4_counters(const struct icmp4 *icmp4)
{
	return (struct counter_set){ "icmp4", counter_names, (const uint64_t *)&icmp4->count, sizeof(icmp4->count) / sizeof(uint64_t) };
}
