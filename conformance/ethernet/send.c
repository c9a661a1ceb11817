/* SPDX-License-Identifier: ISC */
/* What frames look like that the DUT sends: RFC 894, RFC 1122 sections 2.3.1 and 2.3.3. */
#include "conformance/tester/case.h"

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

/* Makes the DUT send a packet of len bytes of payload, and returns once it has (t->got). ARP requests are answered. */
static void make_it_send(struct tester *t, size_t len)
{
	tester_provoke_len(t, t->my_ip, len);
	EXPECT(t, SECONDS(2), ETH(.type = NE(ETHERTYPE_ARP)));
}

CASE(ethernet, sends_rfc894, MUST, "RFC 1122 section 2.3.3",
	"What it sends is in RFC 894 encapsulation by default: from its own address, with an EtherType and not an 802.3 length.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(2), ETH(.src = HW(t->dut_mac), .type = NE(ETHERTYPE_ARP)));
	REQUIRE(t, t->got.eth.type >= ETH_TYPE_MIN, "type field 0x%04x: a length, so IEEE 802 encapsulation", t->got.eth.type);
	if (t->layers & DUT_LAYER_IPV4)
		REQUIRE_EQ(t, "EtherType of an IP datagram", t->got.eth.type, ETHERTYPE_IP4);
	EXPECT_SILENCE(t, SECONDS(5), ETH(.type = BETWEEN(0, ETH_TYPE_MIN - 1)));
}

CASE(ethernet, sends_no_trailers, MUST, "RFC 1122 section 2.3.1",
	"Trailer encapsulation (types 0x1001 to 0x100f), which nobody has negotiated, is never used.")
{
	for (size_t len = 484; len <= 1024; len += 4) { /* trailers carry packets whose data is a multiple of 512 */
		tester_provoke_len(t, t->my_ip, len);
		EXPECT_SILENCE(t, MILLISECONDS(10), ETH(.type = BETWEEN(0x1000, 0x100f)));
		tester_flush(t);
	}
}

CASE(ethernet, pads_short_frames, SHOULD, "RFC 894, Frame Format", "A frame with less than 46 octets of data is padded to that length.")
{
	tester_provoke_len(t, t->my_ip, 1);
	EXPECT(t, SECONDS(2), ETH(.type = NE(ETHERTYPE_ARP), .frame_len = AT_LEAST(ETH_MIN_FRAME)));
}

/* Etherleak (CVE-2003-0001): what stands in the padding was in some buffer before. */
CASE(ethernet, padding_is_zero, MUST, "RFC 894, Frame Format", "Padding consists of zeros, whatever went through the stack's buffers before.")
{
	uint8_t secret[1400];
	memset(secret, 0xa5, sizeof(secret));
	for (int i = 0; i < 40; i++) {
		SEND(t, PAYLOAD(BYTES(secret, sizeof(secret))));
		SEND(t, UDP(), PAYLOAD(BYTES(secret, sizeof(secret))));
		SEND(t, ICMP4(.type = EQ(ICMP4_ECHO)), PAYLOAD(BYTES(secret, sizeof(secret))));
		tester_run(t, MILLISECONDS(1));
	}
	tester_flush(t);
	for (int i = 0; i < 10; i++) {
		tester_provoke_len(t, t->my_ip, 1);
		SEND(t, ETH(.src = HW(t->other_mac)), ARP(.op = EQ(ARP_OP_REQUEST), .sha = HW(t->other_mac), .spa = IP(t->other_ip)));
		SEND(t, ICMP4(.type = EQ(ICMP4_ECHO)), PAYLOAD(PATTERN(1)));
		EXPECT_SILENCE(t, SECONDS(1), ETH(.type = NE(ETHERTYPE_EXPERIMENTAL), .zero_padding = EQ(0)));
		if (SAW(t, 0, ETH(.type = EQ(ETHERTYPE_EXPERIMENTAL))))
			for (size_t k = 1; k < t->got.payload_len; k++) /* the packet is one byte long, of value 0; the rest is padding */
				REQUIRE(t, t->got.payload[k] == 0, "byte %zu of the padding is 0x%02x", k - 1, t->got.payload[k]);
		tester_flush(t);
	}
}

CASE(ethernet, stays_within_the_mtu, MUST, "RFC 894, Frame Format; RFC 1122 section 2.3.3", "No frame carries more than 1500 octets of data.")
{
	static const size_t sizes[] = { 1400, 1472, 1473, 1480, 1481, 1500, 1501, 3000, 8000 };
	make_it_send(t, 32);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tester_provoke_len(t, t->my_ip, sizes[i]);
		EXPECT_SILENCE(t, SECONDS(1), ETH(.frame_len = AT_LEAST(ETH_HDR_LEN + ETH_MTU + 1)));
		tester_flush(t);
	}
}

CASE(ethernet, sends_full_length, SHOULD, "RFC 894, Frame Format", "A frame with 1500 octets of data is sent when a packet fills it.")
{
	tester_need_layers(t, DUT_LAYER_ARP | DUT_LAYER_IPV4);
	make_it_send(t, 32);
	tester_provoke_len(t, t->my_ip, 3000);
	EXPECT(t, SECONDS(1), ETH(.frame_len = BETWEEN(ETH_HDR_LEN + ETH_MTU - 7, ETH_HDR_LEN + ETH_MTU)),
		IP4()); /* fragments are cut at multiples of 8 */
}

CASE(ethernet, broadcast_is_mapped, MUST, "RFC 894, Address Mappings",
	"A datagram to the network's broadcast address goes to ff:ff:ff:ff:ff:ff, and nobody is asked for it.")
{
	tester_need_layers(t, DUT_LAYER_IPV4);
	int sock = tester_udp_socket(t, 7000);
	int err = host_set_option(t->dut, sock, DUT_SO_BROADCAST, 1);
	REQUIRE(t, err == 0, "setsockopt(broadcast) on the DUT: error %d", err);
	tester_dut_send(t, sock, 32, t->net_broadcast, 9);
	EXPECT_NEXT(t, SECONDS(1), ETH(.dst = HW(broadcast), .type = EQ(ETHERTYPE_IP4)), IP4(.dst = IP(t->net_broadcast)));
}
