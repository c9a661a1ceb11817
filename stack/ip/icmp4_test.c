/* SPDX-License-Identifier: ISC */
#include "stack/base/unit.h"
#include "stack/ip/icmp4.h"
#include "stack/wire/checksum.h"

#include <errno.h>

static const struct ip4_addr own = { { 10, 0, 0, 1 } }, peer = { { 10, 0, 0, 2 } };
static struct buf_pool *pool;
static struct env env;
static struct ip4 *ip4;
static struct icmp4 *icmp4;
static unsigned n_sent, n_pongs, n_errors;
static uint8_t sent[2000];
static struct ip4_hdr sent_ip;
static struct icmp4_hdr sent_icmp;
static const uint8_t *sent_data; /* behind the ICMP header */
static uint32_t sent_data_len;
static struct icmp4_ping_rx pong;
static int ping_error;
static struct ip_error got_error;
static uint8_t got_quote[600];

static int output(struct buf *b, struct ip4_addr next_hop, void *arg)
{
	(void)next_hop;
	(void)arg;
	n_sent++;
	ck_assert_uint_le(b->len, sizeof(sent));
	memcpy(sent, b->data, b->len);
	ck_assert_int_eq(ip4_hdr_parse(&sent_ip, sent, b->len), 20);
	ck_assert_int_eq(icmp4_hdr_parse(&sent_icmp, sent + 20, b->len - 20), 8);
	ck_assert_uint_eq(checksum_finish(checksum_add(0, sent + 20, b->len - 20)), 0);
	sent_data = sent + 28;
	sent_data_len = b->len - 28;
	buf_free(b);
	return 0;
}

static void on_pong(struct buf *b, const struct icmp4_ping_rx *rx, void *arg)
{
	ck_assert_ptr_eq(arg, &pong);
	ck_assert_uint_eq(b->len, 4);
	ck_assert_mem_eq(b->data, "data", 4);
	pong = *rx;
	n_pongs++;
	buf_free(b);
}

static void on_ping_error(int err, struct ip4_addr to, uint16_t seq, void *arg)
{
	(void)arg;
	ck_assert(ip4_equal(to, peer));
	ck_assert_uint_eq(seq, 9);
	ping_error = err;
}

static void transport_error(const struct ip_error *err, void *arg)
{
	(void)arg;
	got_error = *err;
	memcpy(got_quote, err->payload, err->payload_len);
	n_errors++;
}

static void transport_receive(struct buf *b, const struct ip_rx *rx, void *arg)
{
	(void)rx;
	(void)arg;
	buf_free(b);
}

static void start(const struct icmp4_config *config)
{
	struct ip4_config ip4_config = ip4_config_default();
	struct ip4_interface lan = { .mtu = 1500, .output = output };
	unsigned i;
	pool = buf_pool_create();
	env_init(&env, 1, "icmp4_test", pool);
	ck_assert_int_eq(ip4_create(&env, &ip4_config, &ip4), 0);
	ck_assert_int_eq(ip4_interface_add(ip4, &lan, &i), 0);
	ck_assert_int_eq(ip4_address_add(ip4, i, own, 24), 0);
	ck_assert_int_eq(icmp4_create(&env, ip4, config, &icmp4), 0);
	ip4_set_unclaimed(ip4, icmp4_protocol_unreachable, icmp4);
	ip4_set_report(ip4, icmp4_report, icmp4);
	ck_assert_int_eq(ip_bind(ip4_face(ip4), IPPROTO_NUM_UDP, transport_receive, transport_error, NULL), 0);
	n_sent = n_pongs = n_errors = 0;
	ping_error = 0;
}

static void setup(void)
{
	struct icmp4_config config = icmp4_config_default();
	start(&config);
}

static void teardown(void)
{
	icmp4_destroy(icmp4);
	ip4_destroy(ip4);
	ck_assert_uint_eq(env.timers.reserved, 0);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static void restart(const struct icmp4_config *config)
{
	teardown();
	start(config);
}

static uint64_t count(const char *name)
{
	struct counter_set set = icmp4_counters(icmp4);
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

static struct ip4_hdr header(uint8_t protocol)
{
	return (struct ip4_hdr){ .version = 4, .header_len = 20, .ttl = 64, .protocol = protocol, .src = peer, .dst = own };
}

/* A packet of len payload bytes behind h. */
static void arrive(struct ip4_hdr h, const void *payload, uint32_t len, bool link_multicast)
{
	struct buf *b = buf_alloc(pool, 0, 20 + len);
	h.total_len = (uint16_t)b->len;
	ip4_hdr_emit(&h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, 20);
	memcpy(b->data + 20, payload, len);
	ip4_input(ip4, 0, b, link_multicast);
}

/* An ICMP message: 4 bytes type, code; word; then len bytes. */
static void arrive_icmp(struct ip4_hdr h, uint8_t type, uint8_t code, uint32_t word, const void *bytes, uint32_t len)
{
	uint8_t m[1500] = { type, code };
	put_be32(m + 4, word);
	memcpy(m + 8, bytes, len);
	put_be16(m + 2, checksum_finish(checksum_add(0, m, 8 + len)));
	arrive(h, m, 8 + len, false);
}

/* The first bytes of a datagram of ours, as a router would quote it. */
static uint32_t quote(uint8_t *out, uint8_t protocol, struct ip4_addr src, uint16_t offset)
{
	struct ip4_hdr h = {
		.version = 4, .header_len = 20, .total_len = 1400, .ttl = 3, .protocol = protocol, .src = src, .dst = peer, .offset = offset
	};
	ip4_hdr_emit(&h, out, 28);
	memcpy(out + 20, "PORTSXYZ", 8);
	return 28;
}

/* --- echo ------------------------------------------------------------------------------------- */

START_TEST(echo_returns_the_data)
{
	uint8_t data[1400];
	struct ip4_hdr h = header(IPPROTO_NUM_ICMP);
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 11);
	h.tos = 0xb9; /* DSCP is reflected (RFC 1812 section 4.3.2.5), ECN is not ours to echo */
	arrive_icmp(h, ICMP4_ECHO, 0, 0x12345678, data, (uint32_t)_i);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(sent_icmp.type, ICMP4_ECHO_REPLY);
	ck_assert_uint_eq(sent_icmp.id, 0x1234);
	ck_assert_uint_eq(sent_icmp.seq, 0x5678);
	ck_assert_uint_eq(sent_data_len, (uint32_t)_i);
	ck_assert_int_eq(memcmp(sent_data, data, (size_t)_i), 0);
	ck_assert(ip4_equal(sent_ip.src, own) && ip4_equal(sent_ip.dst, peer));
	ck_assert_uint_eq(sent_ip.tos, 0xb8);
	ck_assert_uint_eq(sent_ip.ttl, 64);
}
END_TEST

START_TEST(echo_to_everyone_is_ignored_unless_configured)
{
	static const struct ip4_addr to[] = { { { 255, 255, 255, 255 } }, { { 10, 0, 0, 255 } }, { { 224, 0, 0, 1 } } };
	struct icmp4_config config = icmp4_config_default();
	struct ip4_hdr h = header(IPPROTO_NUM_ICMP);
	h.dst = to[_i];
	arrive_icmp(h, ICMP4_ECHO, 0, 0, "", 0);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(count("drop.broadcast"), 1);
	config.broadcast_echo = true;
	restart(&config);
	arrive_icmp(h, ICMP4_ECHO, 0, 0, "", 0);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert(ip4_equal(sent_ip.src, own)); /* never the broadcast address: RFC 1122 section 3.2.1.3 */
	h.src = (struct ip4_addr){ { 0 } };
	arrive_icmp(h, ICMP4_ECHO, 0, 0, "", 0);
	ck_assert_uint_eq(n_sent, 1);
}
END_TEST

START_TEST(echo_can_be_switched_off)
{
	struct icmp4_config config = icmp4_config_default();
	config.echo = false;
	restart(&config);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_ECHO, 0, 0, "", 0);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(count("drop.echo_off"), 1);
}
END_TEST

START_TEST(bad_messages_are_dropped)
{
	uint8_t m[12] = { ICMP4_ECHO, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	put_be16(m + 2, checksum_finish(checksum_add(0, m, 12)));
	for (uint32_t len = 0; len < 8; len++)
		arrive(header(IPPROTO_NUM_ICMP), m, len, false);
	ck_assert_uint_eq(count("drop.short"), 8);
	for (uint32_t bit = 0; bit < 96; bit++) {
		uint8_t bad[12];
		memcpy(bad, m, 12);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		arrive(header(IPPROTO_NUM_ICMP), bad, 12, false);
	}
	ck_assert_uint_eq(count("drop.checksum"), 96);
	arrive_icmp(header(IPPROTO_NUM_ICMP), 42, 0, 0, "", 0);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_TIMESTAMP, 0, 0, "123456789012", 12);
	ck_assert_uint_eq(count("drop.unknown_type"), 2);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(pings_are_told_apart_by_identifier)
{
	uint16_t id, second;
	struct ip_tx tx = { .dst = ip_from_ip4(peer), .ttl = 5 };
	ck_assert_int_eq(icmp4_ping_open(icmp4, NULL, NULL, NULL, &id), -EINVAL);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, on_ping_error, &pong, &id), 0);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, NULL, NULL, &second), 0);
	ck_assert_uint_ne(id, second);
	ck_assert_int_eq(icmp4_ping_send(icmp4, id, 9, buf_from(pool, "data", 4), &tx), 0);
	ck_assert_uint_eq(sent_icmp.type, ICMP4_ECHO);
	ck_assert_uint_eq(sent_icmp.id, id);
	ck_assert_uint_eq(sent_icmp.seq, 9);
	ck_assert_uint_eq(sent_ip.ttl, 5);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_ECHO_REPLY, 0, (uint32_t)id << 16 | 9, "data", 4);
	ck_assert_uint_eq(n_pongs, 1);
	ck_assert_uint_eq(pong.id, id);
	ck_assert_uint_eq(pong.seq, 9);
	ck_assert(ip4_equal(pong.src, peer));
	ck_assert_int_eq(icmp4_ping_close(icmp4, id), 0);
	ck_assert_int_eq(icmp4_ping_close(icmp4, id), -ENOENT);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_ECHO_REPLY, 0, (uint32_t)id << 16 | 9, "data", 4);
	ck_assert_uint_eq(n_pongs, 1);
	ck_assert_uint_eq(count("drop.no_taker"), 1);
	ck_assert_int_eq(icmp4_ping_send(icmp4, id, 9, buf_from(pool, "data", 4), &tx), -ENOENT);
}
END_TEST

START_TEST(errors_about_pings_reach_their_client)
{
	uint16_t id;
	uint8_t q[64];
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, on_ping_error, &pong, &id), 0);
	quote(q, IPPROTO_NUM_ICMP, own, 0);
	icmp4_hdr_emit(&(struct icmp4_hdr){ .type = ICMP4_ECHO, .id = id, .seq = 9 }, q + 20, 8);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_TIME_EXCEEDED, 0, 0, q, 28);
	ck_assert_int_eq(ping_error, -EHOSTUNREACH);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_UNREACHABLE, ICMP4_UNREACH_FRAG_NEEDED, 1300, q, 28);
	ck_assert_int_eq(ping_error, -EMSGSIZE);
	struct ip_path path;
	struct ip_addr dst = ip_from_ip4(peer);
	ip_route(ip4_face(ip4), &dst, NULL, &path);
	ck_assert_uint_eq(path.mtu, 1300);
}
END_TEST

START_TEST(pings_are_bounded)
{
	struct icmp4_config config = icmp4_config_default();
	uint16_t id;
	config.max_pings = 2;
	restart(&config);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, NULL, NULL, &id), 0);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, NULL, NULL, &id), 0);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, NULL, NULL, &(uint16_t){ 0 }), -ENOSPC);
	ck_assert_int_eq(icmp4_ping_close(icmp4, id), 0);
	ck_assert_int_eq(icmp4_ping_open(icmp4, on_pong, NULL, NULL, &id), 0);
}
END_TEST

/* --- errors out ------------------------------------------------------------------------------- */

START_TEST(errors_quote_as_received)
{
	uint8_t payload[1000];
	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	arrive(header(253), payload, 12, false);
	ck_assert_uint_eq(sent_icmp.type, ICMP4_UNREACHABLE);
	ck_assert_uint_eq(sent_icmp.code, ICMP4_UNREACH_PROTOCOL);
	ck_assert_uint_eq(sent_data_len, 32);
	ck_assert_mem_eq(sent_data + 20, payload, 12);
	ck_assert(ip4_equal(sent_ip.dst, peer) && ip4_equal(sent_ip.src, own));
	ck_assert_uint_eq(sent_ip.tos, 0); /* RFC 1122 section 3.2.2 */
	arrive(header(253), payload, 1000, false);
	ck_assert_uint_eq(sent_ip.total_len, 576); /* RFC 1812 section 4.3.2.3 */
	ck_assert_uint_eq(sent_data[9], 253);
	ck_assert_mem_eq(sent_data + 20, payload, 528);
}
END_TEST

/* RFC 1122 section 3.2.2: about these, never. */
START_TEST(errors_are_never_sent_about_these)
{
	struct ip4_hdr h = header(253), fragment = header(253);
	uint8_t echo[8] = { ICMP4_ECHO }, unreachable[8] = { ICMP4_UNREACHABLE }, packet[64];
	static const struct ip4_addr to[] = { { { 255, 255, 255, 255 } }, { { 10, 0, 0, 255 } }, { { 224, 0, 0, 1 } } };
	for (int i = 0; i < 3; i++) {
		h.dst = to[i];
		arrive(h, "12345678", 8, false);
	}
	h.dst = own;
	struct ip_rx rx = { .src = ip_from_ip4(peer), .dst = ip_from_ip4(own), .packet = packet, .packet_len = 28 };
	fragment.offset = 8;
	fragment.total_len = 28;
	ip4_hdr_emit(&fragment, packet, 28);
	ck_assert_int_eq(icmp4_send_error(icmp4, ICMP4_PARAMETER, 0, 0, &rx), -EPERM);
	static const struct ip4_addr bad_sources[] = { { { 0 } }, { { 0, 1, 2, 3 } }, { { 127, 0, 0, 1 } }, { { 224, 0, 0, 5 } },
		{ { 255, 255, 255, 255 } }, { { 250, 0, 0, 1 } }, { { 10, 0, 0, 255 } } };
	for (size_t i = 0; i < sizeof(bad_sources) / sizeof(bad_sources[0]); i++) {
		struct ip4_hdr bad = header(253);
		bad.src = bad_sources[i];
		rx.src = ip_from_ip4(bad.src);
		ip4_hdr_emit(&bad, packet, 28);
		ck_assert_int_eq(icmp4_send_error(icmp4, ICMP4_PARAMETER, 0, 0, &rx), -EPERM);
	}
	struct ip4_hdr icmp = header(IPPROTO_NUM_ICMP);
	rx.src = ip_from_ip4(peer);
	ip4_hdr_emit(&icmp, packet, 28);
	memcpy(packet + 20, unreachable, 8);
	ck_assert_int_eq(icmp4_send_error(icmp4, ICMP4_PARAMETER, 0, 0, &rx), -EPERM);
	rx.link_multicast = true;
	memcpy(packet + 20, echo, 8);
	ck_assert_int_eq(icmp4_send_error(icmp4, ICMP4_PARAMETER, 0, 0, &rx), -EPERM);
	ck_assert_uint_eq(n_sent, 0);
	rx.link_multicast = false;
	ck_assert_int_eq(icmp4_send_error(icmp4, ICMP4_PARAMETER, 0, 0, &rx), 0); /* but about an echo request */
	ck_assert_uint_eq(n_sent, 1);
}
END_TEST

START_TEST(errors_are_rate_limited)
{
	struct icmp4_config config = icmp4_config_default();
	config.errors_per_s = 10;
	config.errors_burst = 3;
	restart(&config);
	for (int i = 0; i < 10; i++)
		arrive(header(253), "12345678", 8, false);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_uint_eq(count("error.rate_limited"), 7);
	env_advance(&env, 100 * NS_PER_MS - 1);
	arrive(header(253), "12345678", 8, false);
	ck_assert_uint_eq(n_sent, 3);
	env_advance(&env, 100 * NS_PER_MS);
	arrive(header(253), "12345678", 8, false);
	ck_assert_uint_eq(n_sent, 4);
	env_advance(&env, 100 * NS_PER_S); /* the bucket holds no more than the burst */
	for (int i = 0; i < 10; i++)
		arrive(header(253), "12345678", 8, false);
	ck_assert_uint_eq(n_sent, 7);
	config.errors_per_s = 0;
	restart(&config);
	arrive(header(253), "12345678", 8, false);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(reports_become_messages)
{
	static const struct {
		enum ip4_report what;
		uint32_t info;
		uint8_t type, code;
		uint32_t word;
	} cases[] = {
		{ IP4_REPORT_TTL, 0, 11, 0, 0 },
		{ IP4_REPORT_REASSEMBLY, 0, 11, 1, 0 },
		{ IP4_REPORT_FRAG_NEEDED, 576, 3, 4, 576 },
		{ IP4_REPORT_NO_ROUTE, 0, 3, 0, 0 },
		{ IP4_REPORT_NO_NEIGHBOUR, 0, 3, 1, 0 },
		{ IP4_REPORT_SOURCE_ROUTE, 0, 3, 5, 0 },
		{ IP4_REPORT_PARAMETER, 21, 12, 0, 21u << 24 },
	};
	uint8_t packet[28];
	struct ip4_hdr h = header(253);
	struct ip_rx rx = { .src = ip_from_ip4(peer), .dst = ip_from_ip4((struct ip4_addr){ { 192, 0, 2, 1 } }), .packet = packet, .packet_len = 28 };
	ip4_hdr_emit(&h, packet, 28);
	memset(packet + 20, 7, 8);
	icmp4_report(cases[_i].what, cases[_i].info, &rx, icmp4);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(sent_icmp.type, cases[_i].type);
	ck_assert_uint_eq(sent_icmp.code, cases[_i].code);
	ck_assert_uint_eq(get_be32(sent + 24), cases[_i].word);
	ck_assert(ip4_equal(sent_ip.src, own)); /* not the transit destination */
	ck_assert_mem_eq(sent_data, packet, 28);
}
END_TEST

/* --- errors in -------------------------------------------------------------------------------- */

START_TEST(errors_reach_the_transport_that_owns_the_quote)
{
	static const struct {
		uint8_t type, code;
		int kind; /* -1: dropped */
	} cases[] = {
		{ 3, 0, IP_ERROR_UNREACHABLE_NET },
		{ 3, 1, IP_ERROR_UNREACHABLE_HOST },
		{ 3, 2, IP_ERROR_UNREACHABLE_PROTOCOL },
		{ 3, 3, IP_ERROR_UNREACHABLE_PORT },
		{ 3, 4, IP_ERROR_TOO_BIG },
		{ 3, 5, IP_ERROR_SOURCE_ROUTE },
		{ 3, 6, IP_ERROR_UNREACHABLE_NET },
		{ 3, 7, IP_ERROR_UNREACHABLE_HOST },
		{ 3, 9, IP_ERROR_PROHIBITED },
		{ 3, 10, IP_ERROR_PROHIBITED },
		{ 3, 11, IP_ERROR_UNREACHABLE_NET },
		{ 3, 12, IP_ERROR_UNREACHABLE_HOST },
		{ 3, 13, IP_ERROR_PROHIBITED },
		{ 3, 16, -1 },
		{ 11, 0, IP_ERROR_TTL },
		{ 11, 1, IP_ERROR_REASSEMBLY },
		{ 11, 2, -1 },
		{ 12, 0, IP_ERROR_PARAMETER },
		{ 12, 1, IP_ERROR_PARAMETER },
		{ 4, 0, -1 },
		{ 5, 1, -1 },
	};
	uint8_t q[64];
	uint32_t n = quote(q, IPPROTO_NUM_UDP, own, 0);
	arrive_icmp(header(IPPROTO_NUM_ICMP), cases[_i].type, cases[_i].code, 1234, q, n);
	ck_assert_uint_eq(n_errors, cases[_i].kind < 0 ? 0 : 1);
	ck_assert_uint_eq(n_sent, 0);
	if (cases[_i].kind < 0)
		return;
	ck_assert_int_eq(got_error.kind, cases[_i].kind);
	ck_assert_uint_eq(got_error.mtu, cases[_i].kind == IP_ERROR_TOO_BIG ? 1234 : 0);
	ck_assert_uint_eq(got_error.packet_len, 1400);
	ck_assert_uint_eq(got_error.payload_len, 8);
	ck_assert_mem_eq(got_quote, "PORTSXYZ", 8);
	ck_assert(ip_equal(&got_error.src, &(struct ip_addr){ 4, { 10, 0, 0, 1 } }));
	ck_assert(ip_equal(&got_error.dst, &(struct ip_addr){ 4, { 10, 0, 0, 2 } }));
}
END_TEST

START_TEST(quotes_that_cannot_be_ours_are_dropped)
{
	uint8_t q[64];
	for (uint32_t len = 0; len < 28; len++) {
		quote(q, IPPROTO_NUM_UDP, own, 0);
		arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_UNREACHABLE, 3, 0, q, len);
	}
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_UNREACHABLE, 3, 0, q, quote(q, IPPROTO_NUM_UDP, own, 8));
	ck_assert_uint_eq(count("drop.quote"), 29);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_UNREACHABLE, 3, 0, q, quote(q, IPPROTO_NUM_UDP, (struct ip4_addr){ { 10, 0, 0, 77 } }, 0));
	ck_assert_uint_eq(count("drop.quote_not_ours"), 1);
	arrive_icmp(header(IPPROTO_NUM_ICMP), ICMP4_UNREACHABLE, 3, 0, q, quote(q, 99, own, 0));
	ck_assert_uint_eq(count("drop.no_taker"), 1);
	struct ip4_hdr h = header(IPPROTO_NUM_ICMP);
	h.dst = ip4_from_u32(UINT32_MAX);
	arrive_icmp(h, ICMP4_UNREACHABLE, 3, 0, q, quote(q, IPPROTO_NUM_UDP, own, 0));
	ck_assert_uint_eq(count("drop.broadcast"), 1);
	ck_assert_uint_eq(n_errors, 0);
}
END_TEST

START_TEST(configurations_out_of_range_are_refused)
{
	struct icmp4_config config = icmp4_config_default();
	struct icmp4 *none;
	ck_assert_int_eq(icmp4_create(&env, ip4, &config, &none), -EADDRINUSE);
	config.error_bytes = 95;
	ck_assert_int_eq(icmp4_create(&env, ip4, &config, &none), -EINVAL);
	config.error_bytes = 577;
	ck_assert_int_eq(icmp4_create(&env, ip4, &config, &none), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("icmp4");
	TCase *tc = tcase_create("icmp4");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, echo_returns_the_data, 0, 65);
	tcase_add_loop_test(tc, echo_returns_the_data, 1399, 1401);
	tcase_add_loop_test(tc, echo_to_everyone_is_ignored_unless_configured, 0, 3);
	tcase_add_test(tc, echo_can_be_switched_off);
	tcase_add_test(tc, bad_messages_are_dropped);
	tcase_add_test(tc, pings_are_told_apart_by_identifier);
	tcase_add_test(tc, errors_about_pings_reach_their_client);
	tcase_add_test(tc, pings_are_bounded);
	tcase_add_test(tc, errors_quote_as_received);
	tcase_add_test(tc, errors_are_never_sent_about_these);
	tcase_add_test(tc, errors_are_rate_limited);
	tcase_add_loop_test(tc, reports_become_messages, 0, 7);
	tcase_add_loop_test(tc, errors_reach_the_transport_that_owns_the_quote, 0, 21);
	tcase_add_test(tc, quotes_that_cannot_be_ours_are_dropped);
	tcase_add_test(tc, configurations_out_of_range_are_refused);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
