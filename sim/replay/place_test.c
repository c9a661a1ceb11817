/* SPDX-License-Identifier: ISC */
/* Reading captures made by hand: times, hosts, who is chosen, and what belongs to a host's place. */
#include "sim/replay/by_hand.h"
#include "sim/replay/place.h"
#include "stack/wire/checksum.h"

static const struct mac near_mac = { { 2, 0, 0, 0, 0, 0xc } };

/* The server says that nobody listens where this datagram of the client went. */
static void port_unreachable(uint64_t at_ns, struct ends about)
{
	uint8_t quoted[64] = { 0 }, frame[128] = { 0 }, *p = frame + ETH_HDR_LEN + IP4_HDR_LEN;
	struct udp_hdr udp_header = { .src_port = about.src_port, .dst_port = about.dst_port, .len = UDP_HDR_LEN };
	struct icmp4_hdr h = { .type = ICMP4_UNREACHABLE, .code = ICMP4_UNREACH_PORT };
	put_ip(quoted, about.src_mac, about.dst_mac, about.src, about.dst, IPPROTO_NUM_UDP, UDP_HDR_LEN);
	udp_hdr_emit(&udp_header, quoted + ETH_HDR_LEN + IP4_HDR_LEN, UDP_HDR_LEN);
	icmp4_hdr_emit(&h, p, ICMP4_HDR_LEN);
	memcpy(p + ICMP4_HDR_LEN, quoted + ETH_HDR_LEN, IP4_HDR_LEN + UDP_HDR_LEN);
	put_be16(p + 2, checksum_finish(checksum_add(0, p, ICMP4_HDR_LEN + IP4_HDR_LEN + UDP_HDR_LEN)));
	put(at_ns, frame,
		put_ip(frame, about.dst_mac, about.src_mac, about.dst, about.src, IPPROTO_NUM_ICMP, ICMP4_HDR_LEN + IP4_HDR_LEN + UDP_HDR_LEN));
}

/* --- time ------------------------------------------------------------------------------------------------ */

START_TEST(stamps_never_go_back)
{
	const uint64_t day = UINT64_C(86400) * NS_PER_S;
	begin();
	udp(10 * NS_PER_S, to_server(1, 2), 4);
	udp(9 * NS_PER_S, to_server(1, 2), 4);
	udp(11 * NS_PER_S, to_server(1, 2), 4);
	udp(11 * NS_PER_S + 3 * day, to_server(1, 2), 4);
	load();
	ck_assert_uint_eq(t.n_frames, 4);
	ck_assert_uint_eq(t.frames[0].at_ns, 0);
	ck_assert_uint_eq(t.frames[1].at_ns, 0);
	ck_assert_uint_eq(t.frames[2].at_ns, NS_PER_S);
	ck_assert_uint_eq(t.frames[3].at_ns, NS_PER_S + day);
	ck_assert_uint_eq(t.frames[3].at_ns + t.frames[3].epoch_ns, BASE_NS + 11 * NS_PER_S + 3 * day);
	ck_assert_uint_eq(t.backward, 1);
	ck_assert_uint_eq(t.gaps, 1);
	forget();
}
END_TEST

START_TEST(tags_are_taken_off_and_cuts_counted)
{
	uint8_t tagged[64] = { 0 }, inner[] = { 0x81, 0x00, 0x00, 0x07, 0x08, 0x06 };
	memcpy(tagged, broadcast.b, 6);
	memcpy(tagged + 12, inner, sizeof(inner));
	tagged[18] = 0xaa;
	begin();
	ck_assert_int_eq(capture_write(writer, BASE_NS, tagged, 60, 1000), 0);
	ck_assert_int_eq(capture_write(writer, BASE_NS, tagged, 13, 13), 0);
	load();
	ck_assert_uint_eq(t.records, 2);
	ck_assert_uint_eq(t.n_frames, 1);
	ck_assert_uint_eq(t.too_short, 1);
	ck_assert_uint_eq(t.tagged, 1);
	ck_assert_uint_eq(t.cut, 1);
	ck_assert(t.frames[0].cut);
	ck_assert_uint_eq(t.frames[0].len, 56);
	const uint8_t *b = trace_bytes(&t, &t.frames[0]);
	ck_assert_uint_eq(get_be16(b + 12), ETHERTYPE_ARP);
	ck_assert_uint_eq(b[14], 0xaa);
	forget();
}
END_TEST

/* --- who -------------------------------------------------------------------------------------------------- */

static void assert_chosen(enum replay_role role, const char *addr)
{
	char s[IP_STRLEN];
	const struct replay_host *h = hosts_choose(&hs, role);
	ck_assert_ptr_nonnull(h);
	ck_assert_str_eq(ip_str(&h->addr, s), addr);
}

START_TEST(a_handshaken_server_is_preferred)
{
	begin();
	handshake(0, 4000, 80);
	for (unsigned i = 0; i < 20; i++) /* far more, but no handshake */
		udp(100 + i, from_server(53, 5000), 10);
	load();
	assert_chosen(REPLAY_BUSIEST, "192.0.2.5");
	assert_chosen(REPLAY_SERVER, "192.0.2.5");
	assert_chosen(REPLAY_CLIENT, "10.1.2.3");
	forget();
}
END_TEST

START_TEST(without_a_handshake_whoever_is_asked_most)
{
	begin();
	udp(0, to_server(5000, 53), 10);
	udp(1, to_server(5001, 53), 10);
	udp(2, from_server(53, 5000), 10);
	load();
	assert_chosen(REPLAY_BUSIEST, "192.0.2.5");
	assert_chosen(REPLAY_CLIENT, "10.1.2.3");
	forget();
}
END_TEST

START_TEST(a_refused_connection_makes_no_server)
{
	begin();
	tcp(0, to_server(4000, 80), TCP_SYN, 0, true);
	tcp(1, from_server(80, 4000), TCP_RST | TCP_ACK, 0, true);
	load();
	const struct ip_addr server = ip_of("192.0.2.5");
	ck_assert_uint_eq(hosts_get(&hs, &server)->handshaken, 0);
	ck_assert_uint_eq(hosts_get(&hs, &server)->as_server, 1);
	forget();
}
END_TEST

START_TEST(in_mid_connection_the_known_port_serves)
{
	begin();
	tcp(0, from_server(80, 4000), TCP_ACK, 100, true);
	tcp(1, to_server(4000, 80), TCP_ACK, 0, true);
	load();
	assert_chosen(REPLAY_SERVER, "192.0.2.5");
	assert_chosen(REPLAY_CLIENT, "10.1.2.3");
	forget();
}
END_TEST

START_TEST(nobody_is_chosen_from_addresses_no_host_has)
{
	begin();
	struct ends e = { near_mac, server_mac, ip4_of("127.0.0.1"), ip4_of("127.0.0.1"), 1, 2 };
	udp(0, e, 4);
	e.src = ip4_of("0.0.0.0");
	e.dst = ip4_of("255.255.255.255");
	udp(1, e, 4);
	load();
	for (int role = REPLAY_BUSIEST; role <= REPLAY_SERVER; role++)
		ck_assert_ptr_null(hosts_choose(&hs, (enum replay_role)role));
	forget();
}
END_TEST

/* --- where ------------------------------------------------------------------------------------------------- */

static struct place place;

static void place_at(const char *addr)
{
	struct ip_addr a = ip_of(addr);
	const struct replay_host *h = hosts_get(&hs, &a);
	ck_assert_ptr_nonnull(h);
	ck_assert_ptr_null(hosts_unfit(h));
	place_find(&place, &t, &hs, h);
}

START_TEST(ports_are_open_as_they_were)
{
	struct ends all = { router_mac, broadcast, CLIENT, ip4_of("192.0.2.255"), 68, 67 };
	begin();
	handshake(0, 4000, 80);
	tcp(10, to_server(4001, 81), TCP_SYN, 0, true);
	tcp(11, from_server(81, 4001), TCP_RST | TCP_ACK, 0, true);
	tcp(12, to_server(4002, 82), TCP_SYN, 0, true);
	tcp(13, to_server(4003, 83), TCP_ACK, 0, true);
	udp(20, to_server(5000, 53), 4);
	udp(21, to_server(5000, 54), 4);
	port_unreachable(22, to_server(5000, 54));
	udp(23, all, 4);
	udp(24, from_server(6000, 123), 4);
	udp(25, to_server(123, 6000), 4);
	udp(26, from_server(6001, 123), 4);
	load();
	place_at("192.0.2.5");
	ck_assert(place_tcp_open(place.tcp[80]));
	ck_assert(!place_tcp_open(place.tcp[81])); /* refused */
	ck_assert(place_tcp_open(place.tcp[82]));  /* no answer in the capture: nobody knows */
	ck_assert(!place_tcp_open(place.tcp[83])); /* no SYN */
	ck_assert(!place_tcp_open(place.tcp[4000]));
	ck_assert(place_udp_open(place.udp[53]));
	ck_assert(!place_udp_open(place.udp[54])); /* unreachable */
	ck_assert(!place_udp_open(place.udp[67])); /* heard, never used */
	ck_assert(place_udp_open(place.udp[6000]));
	ck_assert(!place_udp_open(place.udp[6001])); /* nothing came back */
	place_at("10.1.2.3");
	for (unsigned port = 0; port < 65536; port++)
		ck_assert(!place_tcp_open(place.tcp[port]));
	ck_assert(place_udp_open(place.udp[123]));
	forget();
}
END_TEST

START_TEST(prefix_gateway_and_mtu_come_from_the_capture)
{
	begin();
	arp(0, ARP_OP_REQUEST, server_mac, SERVER, broadcast, ROUTER);
	arp(1, ARP_OP_REPLY, router_mac, ROUTER, server_mac, SERVER);
	handshake(2, 4000, 80);
	udp(10, to_server(5000, 53), 8900);
	load();
	place_at("192.0.2.5");
	struct ip_addr router = ip_of("192.0.2.1");
	ck_assert(mac_equal(place.mac, server_mac));
	ck_assert_uint_eq(place.prefix_len, 24);
	ck_assert_uint_eq(place.mtu, 8928);
	ck_assert(ip_equal(&place.gateway, &router));
	ck_assert(mac_equal(place.gateway_mac, router_mac));
	forget();

	struct ends all = { server_mac, broadcast, SERVER, ip4_of("192.0.3.255"), 138, 138 };
	begin();
	handshake(0, 4000, 80);
	udp(4, all, 4);
	load();
	place_at("192.0.2.5");
	ck_assert_uint_eq(place.prefix_len, 22); /* 192.0.3.255 has ten ones at its end */
	ck_assert_uint_eq(place.mtu, 1500);
	ck_assert(ip_equal(&place.gateway, &(struct ip_addr){ .family = 4, .b = { 192, 0, 3, 254 } })); /* nobody's address */
	ck_assert(mac_equal(place.gateway_mac, router_mac));
	forget();
}
END_TEST

START_TEST(neighbours_have_their_recorded_macs)
{
	struct mac mac;
	begin();
	arp(0, ARP_OP_REQUEST, near_mac, ip4_of("192.0.2.77"), broadcast, SERVER);
	handshake(1, 4000, 80);
	load();
	place_at("192.0.2.5");
	struct ip_addr near = ip_of("192.0.2.77"), nobody = ip_of("192.0.2.99"), self = ip_of("192.0.2.5");
	ck_assert(place_neighbour(&place, &hs, &near, &mac));
	ck_assert(mac_equal(mac, near_mac));
	ck_assert(place_neighbour(&place, &hs, &place.gateway, &mac));
	ck_assert(mac_equal(mac, router_mac));
	ck_assert(!place_neighbour(&place, &hs, &nobody, &mac));
	ck_assert(!place_neighbour(&place, &hs, &self, &mac));
	forget();
}
END_TEST

static unsigned received(void)
{
	unsigned bits = 0;
	for (size_t i = 0; i < t.n_frames; i++) {
		struct frame f;
		frame_dissect(&f, trace_bytes(&t, &t.frames[i]), t.frames[i].len);
		if (place_receives(&place, &hs, &f))
			bits |= 1u << i;
	}
	return bits;
}

START_TEST(only_what_was_sent_there_is_injected)
{
	struct ends behind_router = { server_mac, router_mac, SERVER, ip4_of("10.9.9.9"), 80, 9 };
	struct ends nobody = { router_mac, server_mac, CLIENT, ip4_of("192.0.2.200"), 1, 2 };
	struct ends from_behind = { router_mac, server_mac, ip4_of("10.9.9.9"), SERVER, 9, 80 };
	begin();
	tcp(0, to_server(4000, 80), TCP_SYN, 0, true);                 /* bit 0 */
	tcp(1, from_server(80, 4000), TCP_SYN | TCP_ACK, 0, true);     /* 1 */
	arp(2, ARP_OP_REQUEST, router_mac, ROUTER, broadcast, SERVER); /* 2 */
	arp(3, ARP_OP_REPLY, server_mac, SERVER, router_mac, ROUTER);  /* 3 */
	udp(4, behind_router, 4);                                      /* 4 */
	udp(5, from_behind, 4);                                        /* 5 */
	udp(6, nobody, 4);                                             /* 6: to its MAC, an address nobody has */
	load();
	place_at("192.0.2.5");
	ck_assert_uint_eq(received(), 1 | 4 | 32 | 64);
	place_at("10.1.2.3"); /* behind the router: not what goes to 10.9.9.9 or the router's own ARP */
	ck_assert_uint_eq(received(), 2);
	forget();
}
END_TEST

/* Once as the reader hands on raw IP, once as a loopback interface of Ethernet has it. */
START_TEST(frames_without_macs_get_some)
{
	struct mac mac;
	begin();
	handshake(0, 4000, 80);
	load();
	for (size_t i = 0; i < t.n_frames; i++) {
		t.frames[i].synthetic_link = _i == 0;
		memset(t.bytes + t.frames[i].start, 0, 12);
	}
	hosts_free(&hs);
	ck_assert_int_eq(hosts_find(&hs, &t), 0);
	place_at("192.0.2.5");
	ck_assert(place.made_up_macs);
	ck_assert_uint_eq(received(), 1 | 4);
	struct frame f;
	frame_dissect(&f, t.bytes, t.frames[0].len);
	place_address(&place, t.bytes, &f);
	ck_assert_mem_eq(t.bytes, place.mac.b, 6);
	ck_assert_mem_ne(t.bytes + 6, place.mac.b, 6);
	struct ip_addr peer = ip_of("10.1.2.3");
	ck_assert(place_neighbour(&place, &hs, &place.gateway, &mac));
	ck_assert_mem_eq(mac.b, t.bytes + 6, 6);
	ck_assert(place_neighbour(&place, &hs, &peer, &mac));
	ck_assert_mem_eq(mac.b, t.bytes + 6, 6);
	forget();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("place");
	TCase *c = tcase_create("place");
	tcase_add_test(c, stamps_never_go_back);
	tcase_add_test(c, tags_are_taken_off_and_cuts_counted);
	tcase_add_test(c, a_handshaken_server_is_preferred);
	tcase_add_test(c, without_a_handshake_whoever_is_asked_most);
	tcase_add_test(c, a_refused_connection_makes_no_server);
	tcase_add_test(c, in_mid_connection_the_known_port_serves);
	tcase_add_test(c, nobody_is_chosen_from_addresses_no_host_has);
	tcase_add_test(c, ports_are_open_as_they_were);
	tcase_add_test(c, prefix_gateway_and_mtu_come_from_the_capture);
	tcase_add_test(c, neighbours_have_their_recorded_macs);
	tcase_add_test(c, only_what_was_sent_there_is_injected);
	tcase_add_loop_test(c, frames_without_macs_get_some, 0, 2);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
