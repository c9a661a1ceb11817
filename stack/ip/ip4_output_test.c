/* SPDX-License-Identifier: ISC */
/* What IPv4 sends, where to, and what it tells transports. */
#include "stack/ip/ip4_test.h"

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

/* 576 - 20 is no multiple of 8: all fragments but the last are cut to one. */
START_TEST(fragments_lie_on_the_grid_of_8)
{
	struct ip4_hdr h;
	struct buf *want = pattern(1661);
	ck_assert_int_eq(send_to(remote, 1661, false), 0);
	ck_assert_uint_eq(n_sent, 4);
	ip4_hdr_parse(&h, sent.bytes, sent.len);
	ck_assert_uint_eq(h.offset, 3 * 552);
	ck_assert_uint_eq(h.total_len, 20 + 1661 - 3 * 552);
	ck_assert_mem_eq(payload_of_fragments, want->data, want->len);
	buf_free(want);
	n_sent = 0;
	ck_assert_int_eq(send_to(remote, 552 + 556, false), 0); /* the last may use the room to the last byte */
	ck_assert_uint_eq(n_sent, 2);
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

int main(void)
{
	Suite *s = suite_create("ip4_output");
	TCase *tc = tcase_create("ip4_output");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, packets_go_by_route_with_the_right_source);
	tcase_add_test(tc, wrong_requests_are_refused);
	tcase_add_loop_test(tc, broadcast_needs_leave, 0, 2);
	tcase_add_test(tc, multicast_has_a_ttl_of_one);
	tcase_add_loop_test(tc, large_datagrams_are_fragmented, 0, 5);
	tcase_add_test(tc, fragments_lie_on_the_grid_of_8);
	tcase_add_test(tc, identifications_repeat_only_after_all_others);
	tcase_add_test(tc, output_errors_reach_the_sender);
	tcase_add_test(tc, own_packets_loop_back_bounded);
	tcase_add_test(tc, path_mtu_is_learned_bounded_and_forgotten);
	tcase_add_test(tc, routes_tell_what_a_transport_needs);
	tcase_add_test(tc, negative_advice_reaches_the_link);
	tcase_add_test(tc, failed_output_is_told_to_its_owner);
	tcase_add_test(tc, tables_refuse_what_makes_no_sense);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
