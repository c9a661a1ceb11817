/* SPDX-License-Identifier: ISC */
#include "stack/wire/frame.h"
#include "stack/wire/checksum.h"
#include "stack/wire/wire_test.h"

#define N_GOLDEN (sizeof(golden) / sizeof(golden[0]))

/* The bytes a test works on; room for a frame it makes longer. */
static uint8_t bytes[70000];

static size_t load(const char *name)
{
	return golden_bytes(name, 0, bytes, sizeof(bytes));
}

static struct frame dissect(size_t len)
{
	struct frame f;
	frame_dissect(&f, bytes, len);
	return f;
}

/* All pointers lie within the len bytes at p. */
static void assert_inside(const struct frame *f, const uint8_t *p, size_t len)
{
	ck_assert(f->payload >= p && f->payload + f->payload_len <= p + len);
	if (f->l3)
		ck_assert(f->l3 >= p && f->l3 + f->l3_len <= p + len);
	if (f->l4)
		ck_assert(f->l4 >= f->l3 && f->l4 + f->l4_len <= f->l3 + f->l3_len);
}

START_TEST(golden_frames_print_as_they_should)
{
	for (size_t i = 0; i < N_GOLDEN; i++) {
		size_t len = unhex(golden[i].hex, bytes, sizeof(bytes));
		struct frame f = dissect(len);
		ck_assert_msg(!f.error, "%s: %s", golden[i].name, f.error);
		assert_inside(&f, bytes, len);
		ASSERT_PRINTS(frame_print, &f, golden[i].line);
		ck_assert_msg(f.ip_checksum != CHECKSUM_BAD && f.l4_checksum != CHECKSUM_BAD, "%s", golden[i].name);
	}
}
END_TEST

START_TEST(every_prefix_is_dissected_within_its_bounds)
{
	for (size_t i = 0; i < N_GOLDEN; i++) {
		size_t len = unhex(golden[i].hex, bytes, sizeof(bytes));
		struct frame whole = dissect(len);
		for (size_t n = 0; n < len; n++) {
			uint8_t *copy = exact_copy(bytes, n);
			struct frame f;
			char line[512];
			frame_dissect(&f, copy, n);
			assert_inside(&f, copy, n);
			ck_assert_uint_eq(f.layers & ~whole.layers, 0);
			ck_assert_int_lt(frame_print(&f, line, sizeof(line)), sizeof(line));
			/* Of what has a checksum, a part of the packet never passes for the whole. */
			if (whole.l3 && f.l3 && f.l3_len < whole.l3_len && whole.ethertype != ETHERTYPE_ARP && f.layers & (FRAME_IP4 | FRAME_IP6))
				ck_assert(f.truncated && f.l4_checksum != CHECKSUM_OK);
			exact_free(copy, n);
		}
	}
}
END_TEST

START_TEST(addresses_ports_and_places)
{
	size_t len = load("tcp_data");
	struct frame f = dissect(len);
	ck_assert_uint_eq(f.layers, FRAME_ETH | FRAME_IP4 | FRAME_TCP);
	ck_assert(f.l3 == bytes + 14 && f.l3_len == len - 14 && f.l4 == bytes + 34 && f.l4_len == len - 34);
	ck_assert(f.payload_len == 5 && memcmp(f.payload, "hello", 5) == 0);
	ck_assert(f.src.family == 4 && f.src.b[3] == 1 && f.dst.b[3] == 2 && f.protocol == 6 && f.ethertype == ETHERTYPE_IP4);
	ck_assert(f.ip_checksum == CHECKSUM_OK && f.l4_checksum == CHECKSUM_OK);
	len = load("ext");
	f = dissect(len);
	ck_assert_uint_eq(f.layers, FRAME_ETH | FRAME_IP6 | FRAME_UDP);
	ck_assert(f.protocol == 17 && f.l4 == bytes + 14 + 40 + 48 && f.payload_len == 2 && f.ip_checksum == CHECKSUM_ABSENT);
	ck_assert(f.dst.b[15] == 2 && f.l4_checksum == CHECKSUM_OK); /* the pseudo-header has the routing header's last stop */
	load("ns");
	ck_assert(dissect(86).payload_len == 8 && dissect(86).l4_checksum == CHECKSUM_OK);
}
END_TEST

START_TEST(the_pseudo_header_has_the_last_stop_of_a_route)
{
	static const char *const names[] = { "ip4_route", "ip6_route", "ip6_segments", "ip6_arrived" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(dissect(load(names[i])).l4_checksum == CHECKSUM_OK, "%s", names[i]);
	/* The route at its end: the address in the header is the last. */
	size_t len = load("ip4_route");
	memcpy(bytes + 30, bytes + 37, 4);
	bytes[36] = 8;
	ck_assert_int_eq(dissect(len).l4_checksum, CHECKSUM_OK);
}
END_TEST

START_TEST(a_packet_without_link_header)
{
	struct frame f;
	size_t len = load("tcp_syn") - 14;
	frame_dissect_ip(&f, bytes + 14, len);
	ck_assert(f.layers == (FRAME_IP4 | FRAME_TCP) && !f.error && f.l3 == bytes + 14);
	len = load("echo6") - 14;
	frame_dissect_ip(&f, bytes + 14, len);
	ck_assert(f.layers == (FRAME_IP6 | FRAME_ICMP6) && f.l4_checksum == CHECKSUM_OK);
	frame_dissect_ip(&f, bytes, 0);
	ck_assert_str_eq(f.error, "empty packet");
	frame_dissect_ip(&f, (const uint8_t[]){ 0x50 }, 1);
	ck_assert_str_eq(f.error, "IP version is neither 4 nor 6");
	ASSERT_PRINTS(frame_print, &f, "[IP version is neither 4 nor 6]");
}
END_TEST

START_TEST(link_padding_is_cut_where_a_length_says_so)
{
	static const char *const names[] = { "udp", "ip6_udp", "frag2", "snap", "arp_rep", "vlan", "icmp_echo" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = load(names[i]);
		struct frame bare = dissect(len);
		memset(bytes + len, 0xee, 30);
		struct frame padded = dissect(len + 30);
		ck_assert_msg(padded.l3_len == bare.l3_len && padded.payload_len == bare.payload_len && padded.l4_checksum == bare.l4_checksum &&
				      padded.layers == bare.layers && !padded.error && !padded.truncated,
			"%s", names[i]);
	}
}
END_TEST

START_TEST(a_udp_length_within_the_datagram_counts)
{
	size_t len = load("udp"); /* 3 data bytes; now the IP packet has 4 more behind the datagram */
	put_be16(bytes + 16, get_be16(bytes + 16) + 4);
	ip4_hdr_set_checksum(bytes + 14, 20);
	memset(bytes + len, 0x55, 4);
	struct frame f = dissect(len + 4);
	ck_assert(!f.error && f.l4_len == 15 && f.payload_len == 3 && f.l4_checksum == CHECKSUM_OK);
	put_be16(bytes + 38, 16);
	f = dissect(len + 4);
	ck_assert_str_eq(f.error, "UDP length past the end");
	ck_assert(f.l4_checksum == CHECKSUM_UNKNOWN && f.layers & FRAME_UDP && f.payload_len == 7);
	put_be16(bytes + 38, 7);
	f = dissect(len + 4);
	ck_assert_str_eq(f.error, "UDP length below 8");
	ck_assert(f.l4_checksum == CHECKSUM_UNKNOWN);
}
END_TEST

START_TEST(a_packet_cut_short_is_truncated)
{
	size_t len = load("tcp_data");
	struct frame f = dissect(len - 1);
	ck_assert(f.truncated && f.layers & FRAME_TCP && f.payload_len == 4 && f.l4_checksum == CHECKSUM_UNKNOWN && !f.error);
	ck_assert_int_eq(f.ip_checksum, CHECKSUM_OK);
	len = load("ip6_udp");
	f = dissect(len - 1);
	ck_assert(f.truncated && f.l4_checksum == CHECKSUM_UNKNOWN && !f.error);
}
END_TEST

START_TEST(wrong_checksums_are_seen)
{
	static const struct {
		const char *name, *line;
		size_t at;
	} cases[] = {
		{ "tcp_rst", "IP 10.0.0.1.80 > 10.0.0.2.40000: Flags [R.], seq 0, ack 1001, win 0, length 0 [bad checksum]", 50 },
		{ "udp", "IP 10.0.0.1.1234 > 10.0.0.2.4321: UDP, length 3 [bad checksum]", 44 },
		{ "icmp_echo", "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 119, seq 3, length 16 [bad checksum]", 49 },
		{ "echo6", "IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo request, id 119, seq 3, length 11 [bad checksum]", 64 },
		{ "ip6_udp", "IP6 2001:db8::1.1234 > 2001:db8::2.4321: UDP, length 3 [bad checksum]", 64 },
		{ "icmp_echo", "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 119, seq 3, length 16 [bad IP checksum]", 24 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = load(cases[i].name);
		bytes[cases[i].at] ^= 0x10;
		struct frame f = dissect(len);
		ASSERT_PRINTS(frame_print, &f, cases[i].line);
		ck_assert_int_eq(f.ip_checksum == CHECKSUM_BAD, cases[i].at == 24);
		ck_assert_int_eq(f.l4_checksum == CHECKSUM_BAD, cases[i].at != 24);
	}
	ck_assert_int_eq(dissect(load("udp_nock")).l4_checksum, CHECKSUM_ABSENT);
	size_t len = load("ip6_udp");
	put_be16(bytes + 60, 0); /* RFC 8200 section 8.1 */
	ck_assert_int_eq(dissect(len).l4_checksum, CHECKSUM_BAD);
}
END_TEST

START_TEST(fragments)
{
	struct frame f = dissect(load("frag1"));
	ck_assert(f.fragment && !f.later_fragment && f.layers & FRAME_UDP && f.l4_checksum == CHECKSUM_UNKNOWN && f.payload_len == 16);
	f = dissect(load("frag2"));
	ck_assert(f.fragment && f.later_fragment && !(f.layers & FRAME_UDP) && !f.l4 && f.payload_len == 8 && f.protocol == 17);
	f = dissect(load("frag6_1"));
	ck_assert(f.fragment && !f.later_fragment && f.ip6_frag.id == 0xdeadbeef && f.layers & FRAME_UDP && f.l4_checksum == CHECKSUM_UNKNOWN);
	f = dissect(load("frag6_2"));
	ck_assert(f.later_fragment && f.ip6_frag.offset == 24 && !f.l4 && f.payload_len == 8 && f.protocol == 17);
	f = dissect(load("atomic")); /* RFC 6946: whole, though it has the header */
	ck_assert(!f.fragment && f.ip6_frag.kind == IP6_NEXT_FRAGMENT && f.l4_checksum == CHECKSUM_OK);
	f = dissect(load("tcp_syn"));
	ck_assert(!f.fragment && f.ip6_frag.kind == 0);
	/* A later fragment whose protocol is an extension header is not followed. */
	size_t len = load("frag6_2");
	bytes[54] = IP6_NEXT_DSTOPTS;
	f = dissect(len);
	ck_assert(f.later_fragment && f.protocol == IP6_NEXT_DSTOPTS && f.payload_len == 8 && !f.error);
}
END_TEST

START_TEST(tags_and_llc)
{
	struct frame f = dissect(load("qinq"));
	ck_assert(f.layers == (FRAME_ETH | FRAME_VLAN | FRAME_IP4 | FRAME_UDP) && f.eth.type == ETHERTYPE_QINQ && f.vlan.vid == 4095 &&
		  f.vlan.pcp == 7);
	f = dissect(load("snap"));
	ck_assert(f.layers == (FRAME_ETH | FRAME_IP4 | FRAME_UDP) && f.ethertype == ETHERTYPE_IP4 && f.eth.type == 36);
	f = dissect(load("llc"));
	ck_assert(f.layers == FRAME_ETH && !f.error && f.payload_len == 38 && f.ethertype == 38);
	size_t len = load("snap");
	bytes[19] = 0x11; /* another organisation: its own protocol numbers */
	f = dissect(len);
	ck_assert(f.layers == FRAME_ETH && !f.error && f.payload_len == 36);
	/* As many tags as fit. */
	for (size_t i = 0; i < 1500; i += 4) {
		put_be16(bytes + 12 + i, ETHERTYPE_VLAN);
		put_be16(bytes + 14 + i, (uint16_t)i);
	}
	put_be16(bytes + 12 + 1500, ETHERTYPE_EXPERIMENTAL);
	f = dissect(14 + 1500);
	ck_assert(!f.error && f.vlan.vid == 1496 && f.ethertype == ETHERTYPE_EXPERIMENTAL && f.payload_len == 0);
	f = dissect(14 + 1499);
	ck_assert_str_eq(f.error, "802.1Q tag cut short");
}
END_TEST

START_TEST(a_long_extension_chain_ends)
{
	size_t len = load("ip6_udp"), chain = 8 * 8000;
	memmove(bytes + 54 + chain, bytes + 54, len - 54);
	memset(bytes + 54, 0, chain);
	for (size_t at = 0; at < chain; at += 8)
		bytes[54 + at] = at + 8 < chain ? IP6_NEXT_DSTOPTS : 17;
	bytes[20] = IP6_NEXT_DSTOPTS;
	put_be16(bytes + 18, (uint16_t)(chain + len - 54));
	struct frame f = dissect(len + chain);
	ck_assert(!f.error && f.layers & FRAME_UDP && f.l4_checksum == CHECKSUM_OK && f.l4 == bytes + 54 + chain);
	f = dissect(54 + chain - 1);
	ck_assert_str_eq(f.error, "IPv6 extension header cut short");
	put_be16(bytes + 18, 8);
	f = dissect(len + chain);
	ck_assert_str_eq(f.error, "IPv6 extension header cut short");
}
END_TEST

START_TEST(no_next_header_and_unknown_protocols_are_payload)
{
	size_t len = load("ip6_udp");
	bytes[20] = IP6_NEXT_NONE;
	struct frame f = dissect(len);
	ck_assert(!f.error && !f.l4 && f.payload_len == 11 && f.l4_checksum == CHECKSUM_ABSENT);
	bytes[20] = IPPROTO_NUM_ICMP; /* ICMP for IPv4 has no place in IPv6 */
	f = dissect(len);
	ck_assert(!f.error && f.layers == (FRAME_ETH | FRAME_IP6) && f.l4_len == 11);
	f = dissect(load("proto"));
	ck_assert(!f.error && f.protocol == 253 && f.l4_len == 4 && f.payload_len == 4);
}
END_TEST

/* Changes one byte of a golden frame and expects the error. */
static void assert_error(const char *name, size_t at, uint8_t value, const char *error)
{
	size_t len = load(name);
	bytes[at] = value;
	struct frame f = dissect(len);
	assert_inside(&f, bytes, len);
	ck_assert_msg(f.error && strcmp(f.error, error) == 0, "%s: %s", name, f.error ? f.error : "no error");
	char line[512];
	frame_print(&f, line, sizeof(line));
	ck_assert_ptr_nonnull(strstr(line, error));
}

START_TEST(what_is_wrong_is_named)
{
	assert_error("tcp_syn", 14, 0x65, "IPv4 version is not 4");
	assert_error("tcp_syn", 14, 0x44, "IPv4 header length below 20");
	assert_error("udp", 14, 0x4f, "IPv4 header length past the end");
	assert_error("udp", 17, 19, "IPv4 total length below its header length");
	assert_error("udp", 17, 27, "UDP header cut short");
	assert_error("tcp_syn", 17, 39, "TCP header cut short");
	assert_error("tcp_syn", 46, 0x40, "TCP data offset below 5");
	assert_error("tcp_rst", 46, 0x60, "TCP data offset past the end");
	assert_error("icmp_echo", 17, 27, "ICMP header cut short");
	assert_error("ip6_tcp", 14, 0x45, "IPv6 version is not 6");
	assert_error("echo6", 19, 7, "ICMPv6 header cut short");
	assert_error("ns", 19, 23, "ICMPv6 header cut short");
	assert_error("arp_req", 15, 6, "ARP for something other than IPv4 over Ethernet");
	assert_error("ext", 55, 9, "IPv6 extension header cut short");
	static const struct {
		const char *name;
		size_t len;
		const char *error;
	} cut[] = { { "udp", 13, "Ethernet header cut short" }, { "udp", 33, "IPv4 header cut short" }, { "ip6_udp", 53, "IPv6 header cut short" },
		{ "arp_rep", 41, "ARP packet cut short" }, { "vlan", 17, "802.1Q tag cut short" } };
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		load(cut[i].name);
		ck_assert_str_eq(dissect(cut[i].len).error, cut[i].error);
	}
}
END_TEST

START_TEST(a_jumbogram_reaches_to_the_end)
{
	/* RFC 2675: hop-by-hop options with the jumbo payload option, payload length 0, and here UDP with length 0. */
	const size_t datagram = 66000;
	size_t len = load("ip6_udp");
	ck_assert_uint_gt(len, 54);
	memset(bytes + 54, 0, 8 + datagram);
	put_be16(bytes + 18, 0);
	bytes[20] = IP6_NEXT_HOPOPTS;
	memcpy(bytes + 54, (const uint8_t[]){ 17, 0, 0xc2, 4 }, 4);
	put_be32(bytes + 58, (uint32_t)(8 + datagram));
	struct frame f = dissect(54 + 8 + datagram);
	uint8_t *udp = bytes + 62;
	put_be16(udp + 6, udp_checksum(&f.src, &f.dst, udp, datagram));
	f = dissect(54 + 8 + datagram);
	ck_assert(!f.error && !f.truncated && f.l4_len == datagram && f.payload_len == datagram - 8 && f.l4_checksum == CHECKSUM_OK);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");
	tcase_add_test(tc, golden_frames_print_as_they_should);
	tcase_add_test(tc, every_prefix_is_dissected_within_its_bounds);
	tcase_add_test(tc, addresses_ports_and_places);
	tcase_add_test(tc, the_pseudo_header_has_the_last_stop_of_a_route);
	tcase_add_test(tc, a_packet_without_link_header);
	tcase_add_test(tc, link_padding_is_cut_where_a_length_says_so);
	tcase_add_test(tc, a_udp_length_within_the_datagram_counts);
	tcase_add_test(tc, a_packet_cut_short_is_truncated);
	tcase_add_test(tc, wrong_checksums_are_seen);
	tcase_add_test(tc, fragments);
	tcase_add_test(tc, tags_and_llc);
	tcase_add_test(tc, a_long_extension_chain_ends);
	tcase_add_test(tc, no_next_header_and_unknown_protocols_are_payload);
	tcase_add_test(tc, what_is_wrong_is_named);
	tcase_add_test(tc, a_jumbogram_reaches_to_the_end);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
