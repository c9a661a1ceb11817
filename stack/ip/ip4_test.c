/* SPDX-License-Identifier: ISC */
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

static int output(struct buf *b, struct ip4_addr next_hop, void *arg)
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

static void suspect(struct ip4_addr next_hop, void *arg)
{
	(void)arg;
	suspected = next_hop;
	n_suspects++;
}

static void receive(struct buf *b, const struct ip_rx *rx, void *arg)
{
	(void)arg;
	n_got++;
	got_rx = *rx;
	got_len = b->len;
	memcpy(got, b->data, b->len);
	ck_assert_mem_eq(rx->packet + rx->packet_len - b->len, b->data, b->len);
	buf_free(b);
}

static void receive_error(const struct ip_error *err, void *arg)
{
	(void)arg;
	got_error = *err;
	n_errors++;
}

static void unclaimed(struct buf *b, const struct ip_rx *rx, struct ip *from, void *arg)
{
	(void)rx;
	(void)arg;
	ck_assert_ptr_eq(from, ip);
	n_unclaimed++;
	buf_free(b);
}

static void report(enum ip4_report what, uint32_t info, const struct ip_rx *rx, void *arg)
{
	(void)arg;
	n_reports++;
	report_what = what;
	report_info = info;
	ck_assert_uint_ge(rx->packet_len, 20);
	ck_assert_uint_eq(rx->packet[0] >> 4, 4);
}

static void start(bool router)
{
	static unsigned zero = 0, one = 1;
	struct ip4_config config = ip4_config_default();
	struct ip4_interface l = { .mtu = 1500, .output = output, .suspect = suspect, .arg = &zero }, w = { .mtu = 576, .output = output, .arg = &one };
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

static void setup(void)
{
	start(false);
}

static void setup_router(void)
{
	start(true);
}

static void teardown(void)
{
	ip4_destroy(ip4);
	ck_assert_uint_eq(env.timers.reserved, 0);
	env_fini(&env);
	ck_assert_uint_eq(buf_pool_live(pool), 0);
	buf_pool_destroy(pool);
}

static uint64_t count(const char *name)
{
	struct counter_set set = ip4_counters(ip4);
	for (unsigned i = 0; i < set.n; i++) {
		if (strcmp(set.names[i], name) == 0)
			return set.values[i];
	}
	ck_abort_msg("no counter %s", name);
}

static uint64_t all_drops(void)
{
	struct counter_set set = ip4_counters(ip4);
	uint64_t sum = 0;
	for (unsigned i = 0; i < set.n; i++)
		sum += strncmp(set.names[i], "drop.", 5) == 0 ? set.values[i] : 0;
	return sum;
}

static struct ip4_hdr header(void)
{
	return (struct ip4_hdr){
		.version = 4, .header_len = 20, .total_len = 28, .id = 7, .ttl = 1, .protocol = PROTOCOL, .src = peer, .dst = own,
	};
}

/* A packet with header h (right checksum) and total_len bytes, extra more behind, from the LAN. */
static struct buf *packet(struct ip4_hdr h, uint32_t extra)
{
	struct buf *b = buf_alloc(pool, 0, h.total_len + extra);
	memset(b->data, 0x42, b->len);
	h.header_len = (uint8_t)(20 + h.options_len);
	ip4_hdr_emit(&h, b->data, b->len);
	ip4_hdr_set_checksum(b->data, h.header_len);
	return b;
}

static void arrive(struct ip4_hdr h)
{
	ip4_input(ip4, lan, packet(h, 0), false);
}

static struct buf *pattern(uint32_t len)
{
	struct buf *b = buf_alloc(pool, BUF_HEADROOM, len);
	for (uint32_t i = 0; i < len; i++)
		b->data[i] = (uint8_t)(i * 13 + i / 256);
	return b;
}

static int send_to(struct ip4_addr dst, uint32_t len, bool df)
{
	struct ip_tx tx = { .dst = ip_from_ip4(dst), .protocol = PROTOCOL, .dont_fragment = df };
	return ip_send(ip, pattern(len), &tx);
}

/* --- receiving -------------------------------------------------------------------------------- */

START_TEST(a_good_packet_is_delivered_whatever_its_ttl)
{
	struct ip4_hdr h = header();
	h.tos = 0xb8;
	ip4_input(ip4, lan, packet(h, 18), false); /* with link padding */
	h.ttl = 0;
	arrive(h); /* RFC 1122 section 3.2.1.7 */
	ck_assert_uint_eq(n_got, 2);
	ck_assert_uint_eq(got_len, 8);
	ck_assert_uint_eq(got_rx.tos, 0xb8);
	ck_assert_uint_eq(got_rx.packet_len, 28);
	ck_assert_uint_eq(got_rx.ifindex, lan);
	ck_assert(!got_rx.dst_broadcast && !got_rx.dst_multicast && !got_rx.link_multicast);
	ck_assert_uint_eq(all_drops(), 0);
}
END_TEST

START_TEST(every_truncated_prefix_is_dropped)
{
	struct buf *whole = packet(header(), 0);
	for (uint32_t len = 0; len < 28; len++)
		ip4_input(ip4, lan, buf_from(pool, whole->data, len), false);
	buf_free(whole);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(count("drop.short"), 20);
	ck_assert_uint_eq(count("drop.truncated"), 8);
}
END_TEST

START_TEST(each_bad_header_has_its_reason)
{
	static const struct {
		int at;
		uint8_t value;
		bool mend_checksum;
		const char *counter;
	} cases[] = {
		{ 0, 0x65, true, "drop.version" },        { 0, 0x44, false, "drop.header_length" }, { 10, 0xff, false, "drop.checksum" },
		{ 3, 19, true, "drop.total_length" },     { 3, 29, true, "drop.truncated" },        { 12, 224, true, "drop.source" },
		{ 12, 0, true, "drop.source" },           { 12, 127, true, "drop.loopback_address" }, { 16, 127, true, "drop.loopback_address" },
		{ 15, 255, true, "drop.source" },         { 15, 0, true, "drop.source" },           { 15, 1, true, "drop.source" },
		{ 19, 9, true, "drop.not_for_us" },       { 16, 225, true, "drop.not_for_us" },
	};
	struct buf *b = packet(header(), 0);
	b->data[cases[_i].at] = cases[_i].value;
	if (cases[_i].mend_checksum)
		ip4_hdr_set_checksum(b->data, 20);
	ip4_input(ip4, lan, b, false);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(count(cases[_i].counter), 1);
	ck_assert_uint_eq(all_drops(), 1);
	ck_assert_uint_eq(n_reports, 0);
}
END_TEST

START_TEST(every_flipped_header_bit_fails_the_checksum)
{
	for (int bit = 0; bit < 160; bit++) {
		struct buf *b = packet(header(), 0);
		b->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ip4_input(ip4, lan, b, false);
	}
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(all_drops(), 160);
}
END_TEST

START_TEST(broadcast_forms_are_recognized)
{
	static const struct {
		struct ip4_addr dst;
		bool ours;
	} cases[] = {
		{ { { 255, 255, 255, 255 } }, true }, { { { 10, 0, 0, 255 } }, true }, { { { 10, 0, 0, 0 } }, true }, /* RFC 1122 section 3.3.6 */
		{ { { 0, 0, 0, 0 } }, true }, { { { 203, 0, 113, 255 } }, false }, /* another interface's */
		{ { { 10, 0, 1, 255 } }, false },
	};
	struct ip4_hdr h = header();
	h.dst = cases[_i].dst;
	ip4_input(ip4, lan, packet(h, 0), true);
	ck_assert_uint_eq(n_got, cases[_i].ours);
	if (cases[_i].ours)
		ck_assert(got_rx.dst_broadcast && got_rx.link_multicast);
}
END_TEST

START_TEST(unicast_in_a_link_broadcast_is_dropped)
{
	ip4_input(ip4, lan, packet(header(), 0), true);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(count("drop.link_broadcast"), 1);
}
END_TEST

START_TEST(the_unspecified_source_may_only_ask_everyone)
{
	struct ip4_hdr h = header();
	h.src = (struct ip4_addr){ { 0 } };
	arrive(h);
	ck_assert_uint_eq(n_got, 0);
	h.dst = ip4_from_u32(UINT32_MAX);
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
}
END_TEST

START_TEST(groups_are_received_where_joined)
{
	struct ip4_hdr h = header();
	h.dst = (struct ip4_addr){ { 224, 0, 0, 1 } };
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
	h.dst = (struct ip4_addr){ { 239, 1, 2, 3 } };
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_int_eq(ip4_group_join(ip4, lan, own), -EINVAL);
	ck_assert_int_eq(ip4_group_join(ip4, lan, h.dst), 0);
	ck_assert_int_eq(ip4_group_join(ip4, lan, h.dst), -EEXIST);
	arrive(h);
	ck_assert_uint_eq(n_got, 2);
	ck_assert(got_rx.dst_multicast);
	ip4_input(ip4, wan, packet(h, 0), true);
	ck_assert_uint_eq(n_got, 2);
	ck_assert_int_eq(ip4_group_leave(ip4, lan, h.dst), 0);
	ck_assert_int_eq(ip4_group_leave(ip4, lan, h.dst), -ENOENT);
	arrive(h);
	ck_assert_uint_eq(n_got, 2);
}
END_TEST

static void arrive_with_options(const uint8_t *options, uint8_t len)
{
	struct ip4_hdr h = header();
	h.options_len = (uint8_t)((len + 3) & ~3);
	memcpy(h.options, options, len);
	h.total_len = (uint16_t)(28 + h.options_len);
	arrive(h);
}

START_TEST(unknown_options_are_ignored)
{
	static const uint8_t options[] = { IP4_OPT_NOP, 0x9e, 6, 1, 2, 3, 4, IP4_OPT_RA, 4, 0, 0, IP4_OPT_EOL, 0xff, 0xff, 0xff, 0xff };
	arrive_with_options(options, sizeof(options));
	ck_assert_uint_eq(n_got, 1);
	ck_assert_uint_eq(got_len, 8);
	ck_assert_uint_eq(got_rx.packet_len, 44); /* options and all: RFC 1122 section 3.2.1.8 */
}
END_TEST

START_TEST(malformed_options_are_reported_with_their_place)
{
	static const uint8_t cases[][4] = { { 1, 7, 0, 0 }, { 1, 7, 1, 0 }, { 1, 7, 9, 4 }, { 1, 1, 1, 7 } };
	static const uint32_t at[] = { 21, 21, 21, 23 };
	arrive_with_options(cases[_i], 4);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(count("drop.options"), 1);
	ck_assert_uint_eq(n_reports, 1);
	ck_assert_int_eq(report_what, IP4_REPORT_PARAMETER);
	ck_assert_uint_eq(report_info, at[_i]);
}
END_TEST

START_TEST(only_finished_source_routes_are_taken)
{
	uint8_t kind = _i ? IP4_OPT_SSRR : IP4_OPT_LSRR;
	uint8_t left[] = { kind, 7, 4, 10, 0, 0, 9 }, done[] = { kind, 7, 8, 10, 0, 0, 1 };
	arrive_with_options(left, 7);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(count("drop.source_route"), 1);
	ck_assert_int_eq(report_what, IP4_REPORT_SOURCE_ROUTE);
	arrive_with_options(done, 7);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(protocols_are_claimed_once)
{
	struct ip4_hdr h = header();
	ck_assert_int_eq(ip_bind(ip, PROTOCOL, receive, NULL, NULL), -EADDRINUSE);
	ck_assert_int_eq(ip_unbind(ip, PROTOCOL), 0);
	ck_assert_int_eq(ip_unbind(ip, PROTOCOL), -ENOENT);
	arrive(h);
	ck_assert_uint_eq(n_got, 0);
	ck_assert_uint_eq(n_unclaimed, 1);
	ip4_set_unclaimed(ip4, NULL, NULL);
	arrive(h);
	ck_assert_uint_eq(count("drop.unclaimed"), 1);
	ck_assert_int_eq(ip_bind(ip, PROTOCOL, receive, NULL, NULL), 0);
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_int_eq(ip4_deliver_error(ip4, PROTOCOL, &(struct ip_error){ 0 }), -ENOENT);
}
END_TEST

START_TEST(fragments_come_together)
{
	struct ip4_hdr h = header();
	h.mf = true;
	h.total_len = 20 + 16;
	arrive(h);
	ck_assert_uint_eq(n_got, 0);
	h.mf = false;
	h.offset = 16;
	h.total_len = 20 + 5;
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_uint_eq(got_len, 21);
	ck_assert_uint_eq(got_rx.packet_len, 41);
	h.id++;
	h.offset = 0;
	h.mf = true;
	h.total_len = 20 + 16;
	arrive(h);
	env_advance(&env, env.now_ns + 60 * NS_PER_S);
	ck_assert_int_eq(report_what, IP4_REPORT_REASSEMBLY);
	ck_assert_uint_eq(n_reports, 1);
	ck_assert_uint_eq(count("drop.fragment_timeout"), 1);
}
END_TEST

/* --- sending ---------------------------------------------------------------------------------- */

START_TEST(packets_go_by_route_with_the_right_source)
{
	struct ip4_hdr h;
	ck_assert_int_eq(send_to(peer, 100, false), 0);
	ip4_hdr_parse(&h, sent.bytes, sent.len);
	ck_assert(ip4_equal(sent.next_hop, peer) && sent.ifindex == lan);
	ck_assert(ip4_equal(h.src, own) && ip4_equal(h.dst, peer));
	ck_assert_uint_eq(h.ttl, 64);
	ck_assert_uint_eq(h.total_len, 120);
	ck_assert(!h.df && !h.mf);
	ck_assert_int_eq(send_to(remote, 100, false), 0);
	ip4_hdr_parse(&h, sent.bytes, sent.len);
	ck_assert_uint_eq(ip4_u32(sent.next_hop), 0xcb0071fe);
	ck_assert_uint_eq(ip4_u32(h.src), 0xcb007101);
	ck_assert_int_eq(ip4_route_remove(ip4, (struct ip4_addr){ { 0 } }, 0), 0);
	ck_assert_int_eq(send_to(remote, 100, false), -ENETUNREACH);
	ck_assert_int_eq(send_to((struct ip4_addr){ { 0 } }, 100, false), -ENETUNREACH);
}
END_TEST

START_TEST(wrong_requests_are_refused)
{
	struct ip_tx tx = { .dst = ip_from_ip4(peer), .src = ip_from_ip4(remote), .protocol = PROTOCOL };
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), -EADDRNOTAVAIL);
	tx.src = ip_from_ip4((struct ip4_addr){ { 127, 0, 0, 1 } });
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), -EADDRNOTAVAIL);
	tx.src.family = 0;
	tx.dst.family = 6;
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), -EINVAL);
	ck_assert_int_eq(send_to(peer, 65516, false), -EMSGSIZE);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_int_eq(send_to(peer, 65515, false), 0);
}
END_TEST

START_TEST(broadcast_needs_leave)
{
	static const struct ip4_addr to[] = { { { 255, 255, 255, 255 } }, { { 10, 0, 0, 255 } } };
	struct ip_tx tx = { .dst = ip_from_ip4(to[_i]), .protocol = PROTOCOL, .src = ip_from_ip4(own) };
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), -EACCES);
	tx.broadcast_ok = true;
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), 0);
	ck_assert(ip4_is_broadcast(sent.next_hop) && sent.ifindex == lan);
	ck_assert(ip_is_broadcast(ip, &tx.dst));
	ck_assert_mem_eq(sent.bytes + 16, to[_i].b, 4);
}
END_TEST

START_TEST(multicast_has_a_ttl_of_one)
{
	struct ip_tx tx = { .dst = ip_from_ip4((struct ip4_addr){ { 239, 0, 0, 9 } }), .protocol = PROTOCOL, .src = ip_from_ip4(own) };
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), 0);
	ck_assert_uint_eq(sent.bytes[8], 1); /* RFC 1112 section 6.1 */
	ck_assert_uint_eq(sent.ifindex, lan);
	tx.ttl = 9;
	ck_assert_int_eq(ip_send(ip, pattern(1), &tx), 0);
	ck_assert_uint_eq(sent.bytes[8], 9);
}
END_TEST

START_TEST(large_datagrams_are_fragmented)
{
	static const uint32_t lengths[] = { 1480, 1481, 2960, 2961, 65515 }, fragments[] = { 1, 2, 2, 3, 45 };
	struct buf *want = pattern(lengths[_i]);
	ck_assert_int_eq(send_to(peer, lengths[_i], false), 0);
	ck_assert_uint_eq(n_sent, fragments[_i]);
	ck_assert_mem_eq(payload_of_fragments, want->data, want->len);
	ck_assert(!(sent.bytes[6] & 0x20)); /* the last has no MF */
	buf_free(want);
	n_sent = 0;
	ck_assert_int_eq(send_to(peer, lengths[_i], true), _i ? -EMSGSIZE : 0);
	ck_assert_uint_eq(n_sent, _i ? 0 : 1);
}
END_TEST

START_TEST(identifications_repeat_only_after_all_others)
{
	static bool seen[65536];
	unsigned steps_of_one = 0, last = 0;
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 65536; i++) {
		send_to(peer, 1, false);
		unsigned id = get_be16(sent.bytes + 4);
		ck_assert(!seen[id]);
		seen[id] = true;
		steps_of_one += id == last + 1;
		last = id;
	}
	ck_assert_uint_lt(steps_of_one, 20); /* one in 65536 by chance; a counter would have 65535 */
}
END_TEST

START_TEST(output_errors_reach_the_sender)
{
	output_error = -ENOBUFS;
	ck_assert_int_eq(send_to(peer, 10, false), -ENOBUFS);
	ck_assert_int_eq(send_to(peer, 3000, false), -ENOBUFS);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(count("drop.output"), 2);
	ip4_interface_disable(ip4, lan);
	ck_assert_int_eq(send_to(peer, 10, false), -ENETDOWN);
}
END_TEST

START_TEST(own_packets_loop_back_bounded)
{
	for (int i = 0; i < 1025; i++)
		ck_assert_int_eq(send_to(own, 10, false), 0);
	ck_assert_uint_eq(n_got, 0);
	env_advance(&env, 0);
	ck_assert_uint_eq(n_got, 1024);
	ck_assert_uint_eq(count("drop.loopback_full"), 1);
	ck_assert_uint_eq(got_rx.ifindex, IP4_IFINDEX_LOOPBACK);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(path_mtu_is_learned_bounded_and_forgotten)
{
	struct ip_path path;
	struct ip_addr dst[3];
	for (uint8_t i = 0; i < 3; i++)
		dst[i] = ip_from_ip4((struct ip4_addr){ { 10, 0, 0, (uint8_t)(20 + i) } });
	ip_too_big(ip, &dst[0], 1400, 1500);
	ip_route(ip, &dst[0], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1400);
	ip_too_big(ip, &dst[0], 1450, 1500); /* never raises */
	ip_route(ip, &dst[0], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1400);
	ip_too_big(ip, &dst[0], 0, 1400); /* RFC 1191 section 5: no MTU given, the next plateau */
	ip_route(ip, &dst[0], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1006);
	ip_too_big(ip, &dst[1], 20, 1500);
	ip_route(ip, &dst[1], NULL, &path);
	ck_assert_uint_eq(path.mtu, 68);
	ip_route(ip, &dst[2], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1500);
	ck_assert_int_eq(send_to(ip_to_ip4(&dst[0]), 1006 - 19, true), -EMSGSIZE);
	ck_assert_int_eq(send_to(ip_to_ip4(&dst[0]), 1006 - 20, true), 0);
	ip_too_big(ip, &dst[2], 1300, 1500); /* two paths at most: the oldest is forgotten */
	ip_route(ip, &dst[0], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1500);
	env_advance(&env, 600 * NS_PER_S);
	ip_route(ip, &dst[2], NULL, &path);
	ck_assert_uint_eq(path.mtu, 1500);
}
END_TEST

START_TEST(routes_tell_what_a_transport_needs)
{
	struct ip_path path;
	struct ip_addr dst = ip_from_ip4(peer), self = ip_from_ip4(own), loop = ip_from_ip4((struct ip4_addr){ { 127, 0, 0, 1 } });
	ck_assert_int_eq(ip_route(ip, &dst, NULL, &path), 0);
	ck_assert(ip_equal(&path.src, &self) && !path.local);
	ck_assert_uint_eq(path.mtu, 1500);
	ck_assert_uint_eq(path.header_len, 20);
	ck_assert_uint_eq(path.mms_r, 65515);
	ck_assert_int_eq(ip_route(ip, &dst, &dst, &path), -EADDRNOTAVAIL);
	ck_assert_int_eq(ip_route(ip, &self, NULL, &path), 0);
	ck_assert(path.local && ip_equal(&path.src, &self));
	ck_assert(ip_is_local(ip, &self) && ip_is_local(ip, &loop) && !ip_is_local(ip, &dst));
}
END_TEST

START_TEST(negative_advice_reaches_the_link)
{
	struct ip_addr dst = ip_from_ip4(peer), far = ip_from_ip4(remote);
	ip_advise(ip, &dst, true);
	ck_assert_uint_eq(n_suspects, 0);
	ip_advise(ip, &dst, false);
	ck_assert_uint_eq(n_suspects, 1);
	ck_assert(ip4_equal(suspected, peer));
	ip_advise(ip, &far, false); /* an interface without the hook */
	ck_assert_uint_eq(n_suspects, 1);
}
END_TEST

START_TEST(failed_output_is_told_to_its_owner)
{
	struct ip4_hdr h = header();
	h.src = own;
	h.dst = peer;
	ip4_output_failed(ip4, lan, packet(h, 0));
	ck_assert_uint_eq(n_errors, 1);
	ck_assert_int_eq(got_error.kind, IP_ERROR_UNREACHABLE_HOST);
	ck_assert_uint_eq(got_error.payload_len, 8);
	h.src = remote;
	ip4_output_failed(ip4, lan, packet(h, 0));
	ck_assert_uint_eq(n_errors, 1);
	ck_assert_int_eq(report_what, IP4_REPORT_NO_NEIGHBOUR);
}
END_TEST

START_TEST(tables_refuse_what_makes_no_sense)
{
	struct ip4_interface bad = { .mtu = 67, .output = output };
	unsigned i;
	ck_assert_int_eq(ip4_interface_add(ip4, &bad, &i), -EINVAL);
	ck_assert_int_eq(ip4_address_add(ip4, lan, own, 24), -EEXIST);
	ck_assert_int_eq(ip4_address_add(ip4, 9, remote, 24), -EINVAL);
	ck_assert_int_eq(ip4_address_add(ip4, lan, remote, 33), -EINVAL);
	ck_assert_int_eq(ip4_address_add(ip4, lan, (struct ip4_addr){ { 224, 0, 0, 1 } }, 24), -EINVAL);
	ck_assert_int_eq(ip4_address_add(ip4, lan, (struct ip4_addr){ { 10, 0, 0, 3 } }, 24), 0); /* shares the route */
	ck_assert_int_eq(ip4_address_remove(ip4, own), 0);
	ck_assert_int_eq(send_to(peer, 1, false), 0);
	ck_assert_uint_eq(sent.ifindex, lan);
	ck_assert_int_eq(ip4_address_remove(ip4, (struct ip4_addr){ { 10, 0, 0, 3 } }), 0);
	ck_assert_int_eq(ip4_address_remove(ip4, (struct ip4_addr){ { 10, 0, 0, 3 } }), -ENOENT);
	ck_assert_int_eq(send_to(peer, 1, false), 0);
	ck_assert_uint_eq(sent.ifindex, wan); /* only the default route is left */
}
END_TEST

/* --- forwarding ------------------------------------------------------------------------------- */

static struct ip4_hdr transit(void)
{
	struct ip4_hdr h = header();
	h.dst = remote;
	h.ttl = 9;
	return h;
}

START_TEST(a_host_does_not_forward)
{
	arrive(transit());
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(count("drop.not_for_us"), 1);
}
END_TEST

START_TEST(a_router_forwards)
{
	for (unsigned ttl = 2; ttl < 256; ttl++) { /* every incremental checksum; output() verifies */
		struct ip4_hdr h = transit();
		h.ttl = (uint8_t)ttl;
		struct buf *b = packet(h, 0), *kept = buf_share(b);
		ip4_input(ip4, lan, b, false);
		ck_assert_uint_eq(sent.bytes[8], ttl - 1);
		ck_assert_uint_eq(kept->data[8], ttl); /* others see what they saw */
		buf_free(kept);
	}
	ck_assert_uint_eq(n_sent, 254);
	ck_assert_uint_eq(sent.ifindex, wan);
	ck_assert_uint_eq(ip4_u32(sent.next_hop), 0xcb0071fe);
	ck_assert_uint_eq(n_reports, 0);
}
END_TEST

START_TEST(a_router_reports_what_it_cannot_forward)
{
	struct ip4_hdr ttl = transit(), big = transit();
	ttl.ttl = 1;
	arrive(ttl);
	ck_assert_int_eq(report_what, IP4_REPORT_TTL);
	big.df = true;
	big.total_len = 577;
	arrive(big);
	ck_assert_int_eq(report_what, IP4_REPORT_FRAG_NEEDED);
	ck_assert_uint_eq(report_info, 576);
	ip4_route_remove(ip4, (struct ip4_addr){ { 0 } }, 0);
	arrive(transit());
	ck_assert_int_eq(report_what, IP4_REPORT_NO_ROUTE);
	ck_assert_uint_eq(n_reports, 3);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(a_router_fragments_with_the_copied_options)
{
	struct ip4_hdr h = transit(), out;
	static const uint8_t options[] = { IP4_OPT_RR, 7, 4, 0, 0, 0, 0, IP4_OPT_NOP, IP4_OPT_RA, 4, 0, 0 };
	h.options_len = sizeof(options);
	memcpy(h.options, options, sizeof(options));
	h.total_len = 32 + 1000;
	h.offset = 80;
	h.mf = true;
	arrive(h);
	ck_assert_uint_eq(n_sent, 2);
	ip4_hdr_parse(&out, sent.bytes, sent.len);
	ck_assert_uint_eq(out.options_len, 4); /* Router Alert has the copied flag, Record Route has not: RFC 791 section 3.1 */
	ck_assert_uint_eq(out.options[0], IP4_OPT_RA);
	ck_assert_uint_eq(out.offset, 80 + 544);
	ck_assert(out.mf);
	ck_assert_uint_eq(out.total_len, 24 + 1000 - 544);
	ck_assert_uint_eq(out.ttl, 8);
	ck_assert_uint_eq(out.id, 7);
}
END_TEST

START_TEST(a_router_keeps_martians_and_source_routes)
{
	static const struct {
		struct ip4_addr src, dst;
	} martians[] = { { { { 250, 1, 1, 1 } }, { { 192, 0, 2, 9 } } }, { { { 10, 0, 0, 2 } }, { { 241, 1, 1, 1 } } },
		         { { { 10, 0, 0, 2 } }, { { 203, 0, 113, 255 } } }, { { { 10, 0, 0, 2 } }, { { 0, 1, 1, 1 } } } };
	for (int i = 0; i < 4; i++) {
		struct ip4_hdr h = transit();
		h.src = martians[i].src;
		h.dst = martians[i].dst;
		arrive(h);
	}
	ck_assert_uint_eq(count("drop.martian"), 4);
	struct ip4_hdr h = transit();
	static const uint8_t done[] = { IP4_OPT_LSRR, 7, 8, 10, 0, 0, 1, 0 };
	h.options_len = 8;
	h.total_len = 36;
	memcpy(h.options, done, 8);
	arrive(h);
	ck_assert_uint_eq(count("drop.source_route"), 1);
	h = transit();
	h.dst = (struct ip4_addr){ { 239, 1, 1, 1 } };
	arrive(h);
	ip4_input(ip4, lan, packet(transit(), 0), true); /* link broadcast: RFC 1812 section 5.3.4 */
	h = transit();
	h.offset = 65528; /* would wrap when fragmented further */
	h.total_len = 1000;
	arrive(h);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(n_reports, 0);
}
END_TEST

static void add_receiving(TCase *tc)
{
	tcase_add_test(tc, a_good_packet_is_delivered_whatever_its_ttl);
	tcase_add_test(tc, every_truncated_prefix_is_dropped);
	tcase_add_loop_test(tc, each_bad_header_has_its_reason, 0, 14);
	tcase_add_test(tc, every_flipped_header_bit_fails_the_checksum);
	tcase_add_loop_test(tc, broadcast_forms_are_recognized, 0, 6);
	tcase_add_test(tc, unicast_in_a_link_broadcast_is_dropped);
	tcase_add_test(tc, the_unspecified_source_may_only_ask_everyone);
	tcase_add_test(tc, groups_are_received_where_joined);
	tcase_add_test(tc, unknown_options_are_ignored);
	tcase_add_loop_test(tc, malformed_options_are_reported_with_their_place, 0, 4);
	tcase_add_loop_test(tc, only_finished_source_routes_are_taken, 0, 2);
	tcase_add_test(tc, protocols_are_claimed_once);
	tcase_add_test(tc, fragments_come_together);
	tcase_add_test(tc, a_host_does_not_forward);
}

static void add_sending(TCase *tc)
{
	tcase_add_test(tc, packets_go_by_route_with_the_right_source);
	tcase_add_test(tc, wrong_requests_are_refused);
	tcase_add_loop_test(tc, broadcast_needs_leave, 0, 2);
	tcase_add_test(tc, multicast_has_a_ttl_of_one);
	tcase_add_loop_test(tc, large_datagrams_are_fragmented, 0, 5);
	tcase_add_test(tc, identifications_repeat_only_after_all_others);
	tcase_add_test(tc, output_errors_reach_the_sender);
	tcase_add_test(tc, own_packets_loop_back_bounded);
	tcase_add_test(tc, path_mtu_is_learned_bounded_and_forgotten);
	tcase_add_test(tc, routes_tell_what_a_transport_needs);
	tcase_add_test(tc, negative_advice_reaches_the_link);
	tcase_add_test(tc, failed_output_is_told_to_its_owner);
	tcase_add_test(tc, tables_refuse_what_makes_no_sense);
}

int main(void)
{
	Suite *s = suite_create("ip4");
	TCase *host = tcase_create("host"), *router = tcase_create("router");
	tcase_add_checked_fixture(host, setup, teardown);
	tcase_add_checked_fixture(router, setup_router, teardown);
	add_receiving(host);
	add_sending(host);
	tcase_add_test(router, a_router_forwards);
	tcase_add_test(router, a_router_reports_what_it_cannot_forward);
	tcase_add_test(router, a_router_fragments_with_the_copied_options);
	tcase_add_test(router, a_router_keeps_martians_and_source_routes);
	suite_add_tcase(s, host);
	suite_add_tcase(s, router);
	return unit_main(s);
}
