/* SPDX-License-Identifier: ISC */
/* Which frames are taken: RFC 894, RFC 1042, RFC 1122 section 2.3.3. */
#include "conformance/ethernet/visible.h"
#include "conformance/tester/case.h"

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

/* The stack still takes an ordinary frame: what came before did it no harm. */
static void require_alive(struct tester *t, const struct visible *v)
{
	visible_send(t, v, HEADER(.dst = HW(t->dut_mac)));
	REQUIRE(t, visible_arrived(t, v), "an ordinary frame sent afterwards was not received");
}

CASE(ethernet, receives_own_address, MUST, "RFC 1122 section 2.3.3", "A frame to its own address in RFC 894 encapsulation is received.")
{
	struct visible v = visible_open(t);
	visible_send(t, &v, HEADER(.dst = HW(t->dut_mac)));
	REQUIRE(t, visible_arrived(t, &v), "the frame was not received");
}

CASE(ethernet, receives_broadcast, MUST, "RFC 894, Address Mappings", "A frame to the broadcast address ff:ff:ff:ff:ff:ff is received.")
{
	struct visible v = visible_open(t);
	visible_send(t, &v, HEADER(.dst = HW(broadcast)));
	REQUIRE(t, visible_arrived(t, &v), "the frame was not received");
}

CASE(ethernet, ignores_other_stations, MUST, "RFC 894, Frame Format (standard Ethernet: IEEE 802.3 clause 4.1.2.1.2)",
	"A frame to another station's address is never received.")
{
	struct visible v = visible_open(t);
	visible_send(t, &v, HEADER(.dst = HW(t->other_mac)));
	REQUIRE(t, !visible_arrived(t, &v), "a frame to %s was received", "another station");
	require_alive(t, &v);
}

CASE(ethernet, receives_full_length, SHOULD, "RFC 894, Frame Format", "A frame with 1500 octets of data is received.")
{
	struct visible v = visible_open(t);
	visible_send(t, &v, HEADER(.dst = HW(t->dut_mac), .pad_to = ETH_HDR_LEN + ETH_MTU));
	REQUIRE(t, visible_arrived(t, &v), "the frame was not received");
}

CASE(ethernet, receives_rfc1042, SHOULD, "RFC 1122 section 2.3.3",
	"RFC 1042 packets (802.3 length, LLC, SNAP) are received, intermixed with RFC 894 ones.")
{
	struct visible v = visible_open(t);
	for (int i = 0; i < 2; i++) {
		visible_send(t, &v, HEADER(.dst = HW(t->dut_mac), .snap = true));
		REQUIRE(t, visible_arrived(t, &v), "the RFC 1042 packet was not received");
		visible_send(t, &v, HEADER(.dst = HW(t->dut_mac)));
		REQUIRE(t, visible_arrived(t, &v), "the RFC 894 packet after it was not received");
	}
}

CASE(ethernet, ignores_unknown_type, MUST, "RFC 1122 section 2.3.3", "A frame of a type nobody speaks is silently discarded.")
{
	struct visible v = visible_open(t);
	SEND(t, ETH(.type = EQ(0x88b6)), PAYLOAD(PATTERN(46)));
	SEND(t, ETH(.type = EQ(0x9000)), PAYLOAD(PATTERN(46)));
	EXPECT_SILENCE(t, SECONDS(1));
	require_alive(t, &v);
}

CASE(ethernet, ignores_other_802_frames, MUST, "RFC 1122 section 2.3.3",
	"A value of at most 1500 in the type field is an 802.3 length, never a type: an 802.2 frame of another protocol is silently discarded.")
{
	struct visible v = visible_open(t);
	SEND(t, ETH(.type = EQ(38), .dst = HW(t->dut_mac)), PAYLOAD(TEXT("\x42\x42\x03 spanning tree, say: never for us.")));
	SEND(t, ETH(.type = EQ(3), .dst = HW(t->dut_mac)), PAYLOAD(TEXT("\xaa\xaa\x03")));
	SEND(t, ETH(.type = EQ(0), .dst = HW(t->dut_mac)), PAYLOAD(PATTERN(46)));
	SEND(t, ETH(.type = EQ(1500), .dst = HW(t->dut_mac)), PAYLOAD(TEXT("\xaa\xaa\x03\x00\x00\x00\x08\x06 and then far less than 1500")));
	EXPECT_SILENCE(t, SECONDS(1));
	require_alive(t, &v);
}

CASE(ethernet, survives_runts, SHOULD, "RFC 1122 section 1.2.2", "Frames shorter than an Ethernet header, of every length, are silently discarded.")
{
	struct visible v = visible_open(t);
	uint8_t runt[ETH_HDR_LEN];
	memset(runt, 0xff, sizeof(runt));
	for (size_t len = 1; len <= sizeof(runt); len++)
		SEND(t, .raw = BYTES(runt, len));
	EXPECT_SILENCE(t, SECONDS(1));
	require_alive(t, &v);
}

CASE(ethernet, padding_is_not_data, MUST, "RFC 894, Frame Format",
	"Octets behind the network packet are never taken as part of it: an echo reply carries the data asked for and no more.")
{
	tester_need_layers(t, DUT_LAYER_ICMPV4);
	tester_resolve(t);
	SEND(t, ETH(.trailer = TEXT("PADDING-OF-THE-LINK-NOT-DATA")), ICMP4(.type = EQ(ICMP4_ECHO), .id = EQ(1), .seq = EQ(1)), PAYLOAD(PATTERN(3)));
	EXPECT(t, SECONDS(1), IP4(.total_len = EQ(31)), ICMP4(.type = EQ(ICMP4_ECHO_REPLY)), PAYLOAD(PATTERN(3)));
}
