/* SPDX-License-Identifier: ISC */
/* What IPv4 takes in, and why it drops the rest. */
#include "stack/ip/ip4_test.h"

START_TEST(a_good_packet_is_delivered_whatever_its_ttl)
{
	struct ip4_hdr h = header();
	h.tos = 0xb8;
	ip4_input(ip4, lan, packet(h, 18), false); /* with link padding */
	ck_assert_uint_eq(got_len, 8);
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
		{ 0, 0x65, true, "drop.version" },
		{ 0, 0x44, false, "drop.header_length" },
		{ 10, 0xff, false, "drop.checksum" },
		{ 3, 19, true, "drop.total_length" },
		{ 3, 29, true, "drop.truncated" },
		{ 12, 224, true, "drop.source" },
		{ 12, 0, true, "drop.source" },
		{ 12, 127, true, "drop.loopback_address" },
		{ 16, 127, true, "drop.loopback_address" },
		{ 15, 255, true, "drop.source" },
		{ 15, 0, true, "drop.source" },
		{ 15, 1, true, "drop.source" },
		{ 19, 9, true, "drop.not_for_us" },
		{ 16, 225, true, "drop.not_for_us" },
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
		{ { { 255, 255, 255, 255 } }, true },
		{ { { 10, 0, 0, 255 } }, true },
		{ { { 10, 0, 0, 0 } }, true }, /* RFC 1122 section 3.3.6 */
		{ { { 0, 0, 0, 0 } }, true },
		{ { { 203, 0, 113, 255 } }, false }, /* another interface's */
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

/* RFC 3021: both addresses of a 31-bit prefix are hosts. */
START_TEST(a_pair_of_addresses_has_no_broadcast)
{
	struct ip4_hdr h = header();
	ck_assert_int_eq(ip4_address_add(ip4, lan, (struct ip4_addr){ { 192, 168, 0, 2 } }, 31), 0);
	h.src = (struct ip4_addr){ { 192, 168, 0, 3 } };
	arrive(h);
	ck_assert_uint_eq(n_got, 1);
	ck_assert(!ip_is_broadcast(ip, &got_rx.src));
	ck_assert_int_eq(send_to(h.src, 1, false), 0);
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
	static const uint8_t cases[][4] = { { 1, 7, 0, 0 }, { 1, 7, 1, 0 }, { 1, 7, 9, 4 }, { 1, 1, 1, 7 }, { IP4_OPT_LSRR, 3, 3, 0 },
		{ 1, IP4_OPT_SSRR, 2, 0 } };
	static const uint32_t at[] = { 21, 21, 21, 23, 20, 21 };
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
	left[2] = 7; /* the pointer must be greater than the length: RFC 791 section 3.1 */
	arrive_with_options(left, 7);
	ck_assert_uint_eq(n_got, 0);
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

int main(void)
{
	Suite *s = suite_create("ip4");
	TCase *tc = tcase_create("ip4");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_good_packet_is_delivered_whatever_its_ttl);
	tcase_add_test(tc, every_truncated_prefix_is_dropped);
	tcase_add_loop_test(tc, each_bad_header_has_its_reason, 0, 14);
	tcase_add_test(tc, every_flipped_header_bit_fails_the_checksum);
	tcase_add_loop_test(tc, broadcast_forms_are_recognized, 0, 6);
	tcase_add_test(tc, a_pair_of_addresses_has_no_broadcast);
	tcase_add_test(tc, unicast_in_a_link_broadcast_is_dropped);
	tcase_add_test(tc, the_unspecified_source_may_only_ask_everyone);
	tcase_add_test(tc, groups_are_received_where_joined);
	tcase_add_test(tc, unknown_options_are_ignored);
	tcase_add_loop_test(tc, malformed_options_are_reported_with_their_place, 0, 6);
	tcase_add_loop_test(tc, only_finished_source_routes_are_taken, 0, 2);
	tcase_add_test(tc, protocols_are_claimed_once);
	tcase_add_test(tc, fragments_come_together);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
