/* SPDX-License-Identifier: ISC */
#include "conformance/tester/packet.h"

#include "stack/base/unit.h"

#include <errno.h>

static const struct mac mac_a = { { 2, 0, 0, 0, 0, 0xa } }, mac_b = { { 2, 0, 0, 0, 0, 0xb } };
static const struct ip4_addr ip_a = { { 192, 0, 2, 1 } }, ip_b = { { 192, 0, 2, 2 } };

#define PACKET(...) (&(struct packet){ __VA_ARGS__ })

/* The defaults a tester would give. */
static const struct packet *defaults(void)
{
	static struct packet d;
	d = *PACKET(.eth = { .src = HW(mac_a), .dst = HW(mac_b) }, .ip4 = { .src = IP(ip_a), .dst = IP(ip_b) },
		.arp = { .sha = HW(mac_a), .spa = IP(ip_a), .tpa = IP(ip_b) }, .udp = { .src_port = EQ(40000), .dst_port = EQ(7777) },
		.tcp = { .src_port = EQ(40000), .dst_port = EQ(7777) });
	return &d;
}

static uint8_t frame[2000];
static size_t frame_len;
static struct frame dissected;
static struct packet_mismatch mm;

static void build(const struct packet *p)
{
	int n = packet_build(p, defaults(), frame, sizeof(frame));
	ck_assert_int_gt(n, 0);
	frame_len = (size_t)n;
	frame_dissect(&dissected, frame, frame_len);
}

static bool match(const struct packet *p)
{
	return packet_match(p, &dissected, frame, frame_len, &mm);
}

#define ck_matches(...) ck_assert_msg(match(PACKET(__VA_ARGS__)), "%s: expected %s, got %s", mm.field, mm.expected, mm.got)
#define ck_differs(field_, expected_, got_, ...) \
	do { \
		ck_assert(!match(PACKET(__VA_ARGS__))); \
		ck_assert_str_eq(mm.field, field_); \
		ck_assert_str_eq(mm.expected, expected_); \
		ck_assert_str_eq(mm.got, got_); \
	} while (0)

START_TEST(arp_golden)
{
	static const uint8_t golden[60] = { 2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0xa, 192, 0, 2,
		1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2 };
	build(PACKET(ARP(.op = EQ(ARP_OP_REQUEST))));
	ck_assert_uint_eq(frame_len, 60);
	ck_assert_mem_eq(frame, golden, 60);
	ck_matches(ARP(.op = EQ(1), .htype = EQ(1), .ptype = EQ(0x0800), .hlen = EQ(6), .plen = EQ(4), .sha = HW(mac_a), .spa = IP(ip_a),
			   .tpa = IP(ip_b)),
		ETH(.type = EQ(ETHERTYPE_ARP), .dst = HW(mac_b), .src = HW(mac_a), .frame_len = EQ(60), .zero_padding = EQ(1)));
	ck_differs("arp.op", "reply", "request", ARP(.op = EQ(ARP_OP_REPLY)));
	ck_differs("arp.spa", "192.0.2.2", "192.0.2.1", ARP(.spa = IP(ip_b)));
	ck_differs("arp.sha", "not 02:00:00:00:00:0a", "02:00:00:00:00:0a", ARP(.sha = NOT_HW(mac_a)));
}
END_TEST

/* Bytes worked out by hand: RFC 768 and RFC 791 headers with their checksums. */
START_TEST(udp_golden)
{
	static const uint8_t golden[] = { 2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa, 0x08, 0x00, 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0xf6, 0xcb, 192, 0,
		2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0x1e, 0x61, 0, 10, 0x58, 0xcb, 'h', 'i' };
	build(PACKET(UDP(), PAYLOAD(TEXT("hi")), ETH(.no_pad = true)));
	ck_assert_uint_eq(frame_len, sizeof(golden));
	ck_assert_mem_eq(frame, golden, sizeof(golden));
	ck_matches(UDP(.src_port = EQ(40000), .dst_port = EQ(7777), .len = EQ(10), .ok = EQ(1)), IP4(.ok = EQ(1), .protocol = EQ(17), .ttl = EQ(64)),
		PAYLOAD(TEXT("hi")));
}
END_TEST

START_TEST(tcp_round_trip)
{
	build(PACKET(TCP(.seq = EQ(0xfffffff0), .ack = EQ(7), .flags = EQ(TCP_SYN | TCP_ACK), .window = EQ(1234), .urgent = EQ(9), .mss = EQ(1400),
			     .sack_ok = EQ(1), .ts_val = EQ(5), .ts_ecr = EQ(6), .wscale = EQ(3)),
		IP4(.tos = EQ(0x2e), .id = EQ(77), .df = EQ(1), .ttl = EQ(3)), PAYLOAD(PATTERN(300))));
	ck_matches(
		TCP(.src_port = EQ(40000), .seq = EQ(0xfffffff0), .ack = EQ(7), .flags = EQ(TCP_SYN | TCP_ACK), .window = EQ(1234), .urgent = EQ(9),
			.mss = EQ(1400), .sack_ok = EQ(1), .ts_val = EQ(5), .ts_ecr = EQ(6), .wscale = EQ(3), .header_len = EQ(40), .ok = EQ(1)),
		IP4(.tos = EQ(0x2e), .id = EQ(77), .df = EQ(1), .mf = EQ(0), .ttl = EQ(3), .ok = EQ(1), .total_len = EQ(360)), PAYLOAD(PATTERN(300)));
	ck_differs("tcp.flags", "[R]", "[S.]", TCP(.flags = EQ(TCP_RST)));
	ck_differs("tcp.has_mss", "no", "yes", TCP(.has_mss = EQ(0)));
	build(PACKET(TCP(.flags = EQ(TCP_ACK), .sack_from = EQ(100), .sack_to = EQ(200), .ts_val = EQ(1), .has_timestamp = EQ(0))));
	ck_matches(TCP(.n_sack = EQ(1), .sack_from = EQ(100), .sack_to = EQ(200), .has_timestamp = EQ(0), .has_mss = EQ(0), .sack_ok = EQ(0)));
	ck_differs("tcp.mss", "1460", "absent", TCP(.mss = EQ(1460)));
}
END_TEST

START_TEST(icmp_round_trip)
{
	struct ip4_addr gateway = { { 192, 0, 2, 254 } };
	build(PACKET(ICMP4(.type = EQ(ICMP4_ECHO), .id = EQ(1), .seq = EQ(2)), PAYLOAD(PATTERN(3))));
	ck_matches(ICMP4(.type = EQ(8), .code = EQ(0), .id = EQ(1), .seq = EQ(2), .ok = EQ(1)), PAYLOAD_LEN(EQ(3)));
	build(PACKET(ICMP4(.type = EQ(ICMP4_UNREACHABLE), .code = EQ(4), .mtu = EQ(576)), PAYLOAD(PATTERN(28))));
	ck_matches(ICMP4(.type = EQ(3), .code = EQ(4), .mtu = EQ(576)));
	build(PACKET(ICMP4(.type = EQ(ICMP4_REDIRECT), .code = EQ(1), .gateway = IP(gateway)), PAYLOAD(PATTERN(28))));
	ck_matches(ICMP4(.gateway = IP(gateway), .ok = EQ(1)));
	build(PACKET(ICMP4(.type = EQ(ICMP4_PARAMETER), .pointer = EQ(20)), PAYLOAD(PATTERN(28))));
	ck_matches(ICMP4(.pointer = EQ(20)));
}
END_TEST

START_TEST(every_want)
{
	build(PACKET(TCP(.flags = EQ(TCP_ACK | TCP_PSH), .window = EQ(100))));
	ck_matches(TCP(.window = EQ(100)));
	ck_differs("tcp.window", "99", "100", TCP(.window = EQ(99)));
	ck_matches(TCP(.window = NE(99)));
	ck_differs("tcp.window", "not 100", "100", TCP(.window = NE(100)));
	ck_matches(TCP(.window = BETWEEN(100, 101)));
	ck_matches(TCP(.window = BETWEEN(99, 100)));
	ck_differs("tcp.window", "101 to 102", "100", TCP(.window = BETWEEN(101, 102)));
	ck_matches(TCP(.window = AT_LEAST(100)));
	ck_differs("tcp.window", "101 or more", "100", TCP(.window = AT_LEAST(101)));
	ck_matches(TCP(.window = AT_MOST(100)));
	ck_differs("tcp.window", "99 or less", "100", TCP(.window = AT_MOST(99)));
	ck_matches(TCP(.flags = BITS(TCP_ACK | TCP_RST, TCP_ACK)));
	ck_differs("tcp.flags", "[R] of [R.]", "[P.]", TCP(.flags = BITS(TCP_ACK | TCP_RST, TCP_RST)));
	ck_matches(IP4(.src = IP(ip_a), .dst = NOT_IP(ip_a)));
	ck_differs("ip4.src", "not 192.0.2.1", "192.0.2.1", IP4(.src = NOT_IP(ip_a)));
}
END_TEST

START_TEST(every_payload_want)
{
	build(PACKET(UDP(), PAYLOAD(TEXT("abcd"))));
	ck_matches(PAYLOAD(TEXT("abcd")));
	ck_matches(PAYLOAD(BYTES("abcd", 4)));
	ck_matches(PAYLOAD(STARTS("ab", 2)));
	ck_matches(PAYLOAD_LEN(AT_MOST(4)));
	ck_differs("payload.is", "2 bytes 6162", "4 bytes 61626364, other from byte 2 on", PAYLOAD(TEXT("ab")));
	ck_differs("payload.is", "3 bytes 616278 first", "4 bytes 61626364, other from byte 2 on", PAYLOAD(STARTS("abx", 3)));
	ck_differs("payload.is", "5 bytes 6162636465", "4 bytes 61626364, other from byte 4 on", PAYLOAD(TEXT("abcde")));
	ck_differs("payload.is", "0 bytes", "4 bytes 61626364, other from byte 0 on", PAYLOAD(NOTHING));
	ck_differs("payload.is", "4 bytes 00010203", "4 bytes 61626364, other from byte 0 on", PAYLOAD(PATTERN(4)));
	build(PACKET(UDP(), PAYLOAD_LEN(EQ(600))));
	ck_matches(PAYLOAD(PATTERN(600)));
}
END_TEST

START_TEST(missing_layers_are_named)
{
	build(PACKET(ARP()));
	ck_differs("tcp", "present", "ARP", TCP(.flags = EQ(TCP_SYN)));
	build(PACKET(UDP()));
	ck_differs("tcp", "present", "UDP", IP4(), TCP(.flags = EQ(TCP_SYN)));
	ck_matches(IP4());
	ck_assert(match(PACKET(.raw = { 0 }))); /* nothing asked: every frame */
}
END_TEST

START_TEST(all_mismatches_are_counted)
{
	struct packet_mismatch two[2];
	build(PACKET(TCP(.flags = EQ(TCP_SYN), .seq = EQ(1), .window = EQ(2))));
	ck_assert_uint_eq(
		packet_mismatches(PACKET(TCP(.flags = EQ(TCP_ACK), .seq = EQ(5), .window = EQ(6))), &dissected, frame, frame_len, two, 2), 3);
	ck_assert_str_eq(two[0].field, "tcp.seq");
	ck_assert_str_eq(two[1].field, "tcp.flags");
}
END_TEST

START_TEST(wrong_checksums_and_lengths_stay_wrong)
{
	build(PACKET(IP4(.checksum = EQ(0x1234)), UDP(.checksum = EQ(0x4321), .len = EQ(99)), PAYLOAD(TEXT("x"))));
	ck_assert_uint_eq(get_be16(frame + 24), 0x1234);
	ck_assert_uint_eq(get_be16(frame + 40), 0x4321);
	ck_assert_uint_eq(get_be16(frame + 38), 99);
	ck_differs("ip4.ok", "right", "wrong", IP4(.ok = EQ(1)));
	build(PACKET(TCP(.checksum = EQ(0xbeef))));
	ck_differs("tcp.ok", "right", "wrong", TCP(.ok = EQ(1)));
	build(PACKET(ICMP4(.checksum = EQ(1))));
	ck_differs("icmp4.ok", "right", "wrong", ICMP4(.ok = EQ(1)));
	build(PACKET(IP4(.version = EQ(5), .header_len = EQ(16), .total_len = EQ(9), .reserved = EQ(1), .offset = EQ(16)), PAYLOAD(TEXT("x"))));
	ck_assert_uint_eq(frame[14], 0x54);
	ck_assert_uint_eq(get_be16(frame + 16), 9);
	ck_assert_uint_eq(get_be16(frame + 20), 0x8002);
}
END_TEST

START_TEST(a_zero_udp_sum_is_sent_as_ones)
{
	/* A payload word that makes the sum 0: what the checksum was without it. */
	uint8_t word[2] = { 0, 0 };
	build(PACKET(UDP(), PAYLOAD(BYTES(word, 2))));
	memcpy(word, frame + 40, 2);
	build(PACKET(UDP(), PAYLOAD(BYTES(word, 2))));
	ck_assert_uint_eq(get_be16(frame + 40), 0xffff);
}
END_TEST

START_TEST(ethernet_shapes)
{
	build(PACKET(VLAN(.vid = EQ(42), .pcp = EQ(5)), ARP()));
	ck_matches(VLAN(.vid = EQ(42), .pcp = EQ(5), .dei = EQ(0), .type = EQ(ETHERTYPE_ARP)), ARP(.op = EQ(1)), ETH(.type = EQ(ETHERTYPE_VLAN)));
	build(PACKET(ETH(.snap = true), ARP()));
	ck_assert_uint_eq(get_be16(frame + 12), 36); /* 802.3 length: LLC and SNAP 8, ARP 28 */
	ck_assert_mem_eq(frame + 14, "\xaa\xaa\x03\x00\x00\x00\x08\x06\x00\x01", 10);
	build(PACKET(ETH(.cut = 5, .no_pad = true), ARP()));
	ck_assert_uint_eq(frame_len, 19);
	build(PACKET(ETH(.pad_to = 100), ARP()));
	ck_assert_uint_eq(frame_len, 100);
	ck_matches(ETH(.zero_padding = EQ(1)));
	build(PACKET(ETH(.trailer = TEXT("leak")), ARP()));
	ck_assert_uint_eq(frame_len, 60);
	ck_assert_mem_eq(frame + 42, "leak", 4);
	ck_differs("eth.zero_padding", "yes", "no", ETH(.zero_padding = EQ(1)));
	build(PACKET(.raw = BYTES("0123456789abcdefgh", 18)));
	ck_assert_uint_eq(frame_len, 18);
	build(PACKET(ETH(.type = EQ(0x1234)), PAYLOAD(PATTERN(50))));
	ck_matches(ETH(.type = EQ(0x1234), .frame_len = EQ(64)), PAYLOAD(PATTERN(50)));
}
END_TEST

START_TEST(options_as_given)
{
	build(PACKET(IP4(.options = BYTES("\x01\x01\x01\x00", 4)), UDP()));
	ck_matches(IP4(.header_len = EQ(24), .options = BYTES("\x01\x01\x01\x00", 4), .ok = EQ(1)), UDP(.ok = EQ(1)));
	build(PACKET(TCP(.options = BYTES("\x02\x00\x01\x01", 4))));
	ck_matches(TCP(.header_len = EQ(24), .options = BYTES("\x02\x00\x01\x01", 4), .has_mss = EQ(0)));
}
END_TEST

START_TEST(a_base_fills_in_what_is_left_out)
{
	struct packet base = { TCP(.src_port = EQ(1), .dst_port = EQ(2), .seq = EQ(3), .flags = EQ(TCP_ACK)) };
	build(PACKET(.base = &base, .tcp = { .on = true, .seq = EQ(9) }));
	ck_matches(TCP(.src_port = EQ(1), .dst_port = EQ(2), .seq = EQ(9), .flags = EQ(TCP_ACK)));
	ck_assert(match(PACKET(.base = &base, .tcp = { .on = true, .seq = EQ(9) })));
	ck_differs("tcp.seq", "3", "9", .base = &base);
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused)
{
	uint8_t small[40];
	ck_assert_int_eq(packet_build(PACKET(TCP(.window = AT_LEAST(1))), defaults(), frame, sizeof(frame)), -EINVAL);
	ck_assert_int_eq(packet_build(PACKET(ETH(.dst = NOT_HW(mac_a))), defaults(), frame, sizeof(frame)), -EINVAL);
	ck_assert_int_eq(packet_build(PACKET(UDP(.src_port = EQ(65536))), defaults(), frame, sizeof(frame)), -EINVAL);
	ck_assert_int_eq(packet_build(PACKET(IP4(.ttl = EQ(256))), defaults(), frame, sizeof(frame)), -EINVAL);
	for (size_t cap = 0; cap < sizeof(small); cap++)
		ck_assert_int_eq(packet_build(PACKET(TCP(.mss = EQ(1))), defaults(), small, cap), -ENOSPC);
}
END_TEST

START_TEST(printing)
{
	char s[200], little[8];
	packet_print(PACKET(ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(mac_a))), s, sizeof(s));
	ck_assert_str_eq(s, "ARP(op=reply, sha=02:00:00:00:00:0a)");
	packet_print(PACKET(IP4(), TCP(.flags = EQ(TCP_SYN | TCP_ACK), .window = AT_LEAST(1)), PAYLOAD(NOTHING)), s, sizeof(s));
	ck_assert_str_eq(s, "IP4 TCP(flags=[S.], window=1 or more) PAYLOAD(is=0 bytes)");
	ck_assert_int_eq(packet_print(PACKET(.raw = { 0 }), s, sizeof(s)), 9);
	ck_assert_str_eq(s, "any frame");
	ck_assert_int_gt(packet_print(PACKET(TCP(.seq = EQ(1))), little, sizeof(little)), 8);
	ck_assert_str_eq(little, "TCP(seq");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("packet");
	TCase *c = tcase_create("packet");
	tcase_add_test(c, arp_golden);
	tcase_add_test(c, udp_golden);
	tcase_add_test(c, tcp_round_trip);
	tcase_add_test(c, icmp_round_trip);
	tcase_add_test(c, every_want);
	tcase_add_test(c, every_payload_want);
	tcase_add_test(c, missing_layers_are_named);
	tcase_add_test(c, all_mismatches_are_counted);
	tcase_add_test(c, wrong_checksums_and_lengths_stay_wrong);
	tcase_add_test(c, a_zero_udp_sum_is_sent_as_ones);
	tcase_add_test(c, ethernet_shapes);
	tcase_add_test(c, options_as_given);
	tcase_add_test(c, a_base_fills_in_what_is_left_out);
	tcase_add_test(c, what_cannot_be_sent_is_refused);
	tcase_add_test(c, printing);
	suite_add_tcase(s, c);
	return unit_main(s);
}
