/* SPDX-License-Identifier: ISC */
/* What the tests of IPv4 share: a layer with a LAN (MTU 1500) and a WAN (MTU 576, the default route), and a record of what it did. */
#ifndef STACK_IP_IP4_TEST_H
#define STACK_IP_IP4_TEST_H

#include "stack/base/unit.h"
#include "stack/ip/ip4.h"

#include <errno.h>

#define PROTOCOL 253 /* for experiments: RFC 3692 */

static const struct ip4_addr own = { { 10, 0, 0, 1 } }, peer = { { 10, 0, 0, 2 } }, remote = { { 192, 0, 2, 9 } };
static struct buf_pool *pool;
static struct env env;
static struct ip4 *ip4;
static struct ip *ip;
static unsigned lan, wan;

struct sent {
	struct ip4_addr next_hop;
	unsigned ifindex;
	uint32_t len;
	uint8_t bytes[70000];
};
static struct sent sent;
static unsigned n_sent, n_got, n_reports, n_errors, n_unclaimed, n_suspects;
static uint8_t got[70000];
static uint32_t got_len, report_info;
static struct ip_rx got_rx;
static enum ip4_report report_what;
static struct ip_error got_error;
static int output_error;
static struct ip4_addr suspected;
static uint8_t payload_of_fragments[70000];

static inline int output(struct buf *b, struct ip4_addr next_hop, void *arg)
{
	struct ip4_hdr h;
	sent.next_hop = next_hop;
	sent.ifindex = *(unsigned *)arg;
	sent.len = b->len;
	memcpy(sent.bytes, b->data, b->len);
	buf_free(b);
	n_sent++;
	ck_assert_int_ge(ip4_hdr_parse(&h, sent.bytes, sent.len), 20);
	ck_assert(ip4_hdr_checksum_ok(sent.bytes, h.header_len));
	ck_assert_uint_eq(h.total_len, sent.len);
	memcpy(payload_of_fragments + h.offset, sent.bytes + h.header_len, sent.len - h.header_len);
	return output_error;
}

static inline void suspect(struct ip4_addr next_hop, void *arg)
{
	(void)arg;
	suspected = next_hop;
	n_suspects++;
}

static inline void receive(struct buf *b, const struct ip_rx *rx, void *arg)
{
	(void)arg;
	n_got++;
	got_rx = *rx;
	got_len = b->len;
	memcpy(got, b->data, b->len);
	ck_assert_mem_eq(rx->packet + rx->packet_len - b->len, b->data, b->len);
	buf_free(b);
}

static inline void receive_error(const struct ip_error *err, void *arg)
{
	(void)arg;
	got_error = *err;
	n_errors++;
}

static inline void unclaimed(struct buf *b, const struct ip_rx *rx, struct ip *from, void *arg)
{
	(void)rx;
	(void)arg;
	ck_assert_ptr_eq(from, ip);
	n_unclaimed++;
	buf_free(b);
}

static inline void report(enum ip4_report what, uint32_t info, const struct ip_rx *rx, void *arg)
{
	(void)arg;
	n_reports++;
	report_what = what;
	report_info = info;
	ck_assert_uint_ge(rx->packet_len, 20);
	ck_assert_uint_eq(rx->packet[0] >> 4, 4);
}

static inline void start(bool router)
{
	static unsigned zero = 0, one = 1;
	struct ip4_config config = ip4_config_default();
	struct ip4_interface l = { .mtu = 1500, .output = output, .suspect = suspect, .arg = &zero },
			     w = { .mtu = 576, .output = output, .arg = &one };
	struct route4 route = { .via = { { 203, 0, 113, 254 } } };
	config.router = router;
	config.max_paths = 2;
	pool = buf_pool_create();
	env_init(&env, 1, "ip4_test", pool);
	ck_assert_int_eq(ip4_create(&env, &config, &ip4), 0);
	ip = ip4_face(ip4);
	ck_assert_int_eq(ip4_interface_add(ip4, &l, &lan), 0);
	ck_assert_int_eq(ip4_interface_add(ip4, &w, &wan), 0);
	ck_assert_int_eq(ip4_address_add(ip4, lan, own, 24), 0);
	ck_assert_int_eq(ip4_address_add(ip4, wan, (struct ip4_addr){ { 203, 0, 113, 1 } }, 24), 0);
	route.ifindex = wan;
	ck_assert_int_eq(ip4_route_add(ip4, &route), 0);
	ck_assert_int_eq(ip_bind(ip, PROTOCOL, receive, receive_error, NULL), 0);
	ip4_set_report(ip4, report, NULL);
	ip4_set_unclaimed(ip4, unclaimed, NULL);
	n_sent = n_got = n_reports = n_errors = n_unclaimed = n_suspects = 0;
	output_error = 0;
}

static inline void setup(void)
{
	start(false);
}

static inline void setup_router(void)
{
	start(true);
}

static inline void teardown(void)
{
	ip4_destroy(ip4);
	ck_assert_uint_eq(env.timers.reserved, 0);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static inline uint64_t count(const char *name)
{
	struct counter_set set = ip4_counters(ip4);
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

static inline uint64_t all_drops(void)
{
	struct counter_set set = ip4_counters(ip4);
	uint64_t sum = 0;
	for (unsigned i = 0; i < set.n; i++)
		sum += strncmp(set.names[i], "drop.", 5) == 0 ? set.values[i] : 0;
	return sum;
}

static inline struct ip4_hdr header(void)
{
	return (struct ip4_hdr){
		.version = 4,
		.header_len = 20,
		.total_len = 28,
		.id = 7,
		.ttl = 1,
		.protocol = PROTOCOL,
		.src = peer,
		.dst = own,
	};
}

/* A packet with header h (right checksum) and total_len bytes, extra more behind, from the LAN. */
static inline struct buf *packet(struct ip4_hdr h, uint32_t extra)
{
	struct buf *b = buf_alloc(pool, 0, h.total_len + extra);
	memset(b->data, 0x42, b->len);
	h.header_len = (uint8_t)(20 + h.options_len);
	ip4_hdr_emit(&h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, h.header_len);
	return b;
}

static inline void arrive(struct ip4_hdr h)
{
	ip4_input(ip4, lan, packet(h, 0), false);
}

static inline struct buf *pattern(uint32_t len)
{
	struct buf *b = buf_alloc(pool, BUF_HEADROOM, len);
	for (uint32_t i = 0; i < len; i++)
		b->data[i] = (uint8_t)(i * 13 + i / 256);
	return b;
}

static inline int send_to(struct ip4_addr dst, uint32_t len, bool df)
{
	struct ip_tx tx = { .dst = ip_from_ip4(dst), .protocol = PROTOCOL, .dont_fragment = df };
	return ip_send(ip, pattern(len), &tx);
}

#endif
