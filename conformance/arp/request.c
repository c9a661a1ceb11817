/* SPDX-License-Identifier: ISC */
/* Receiving requests: RFC 826, "Packet Reception", and RFC 5227 section 2.5. */
#include "conformance/tester/case.h"

/* The answer a request from my_ip for dut_ip gets. */
#define REPLY_TO_ME(t) \
	ETH(.dst = HW((t)->my_mac), .src = HW((t)->dut_mac)), \
		ARP(.htype = EQ(ARP_HTYPE_ETHERNET), .ptype = EQ(ETHERTYPE_IP4), .hlen = EQ(6), .plen = EQ(4), .op = EQ(ARP_OP_REPLY), \
			.sha = HW((t)->dut_mac), .spa = IP((t)->dut_ip), .tha = HW((t)->my_mac), .tpa = IP((t)->my_ip))
#define ANY_REPLY ARP(.op = EQ(ARP_OP_REPLY))

CASE(arp, reply_to_request, MUST, "RFC 826, Packet Reception",
	"A broadcast request for its own address is answered with its hardware address, to the asker alone.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->dut_ip)));
	EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
	EXPECT_SILENCE(t, SECONDS(1), ANY_REPLY);
}

CASE(arp, reply_to_unicast_request, MUST, "RFC 826, Packet Reception; RFC 1122 section 2.3.2.1 (2)",
	"A request sent to it alone, as a neighbour polls its cache entry, is answered as well.")
{
	SEND(t, ETH(.dst = HW(t->dut_mac)), ARP(.op = EQ(ARP_OP_REQUEST), .tha = HW(t->dut_mac)));
	EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
}

CASE(arp, reply_every_time, MUST, "RFC 5227 section 2.5", "Every request for its address is answered, not the first only.")
{
	for (int i = 0; i < 5; i++) {
		SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
		EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
		tester_run(t, SECONDS(1));
	}
}

CASE(arp, reply_to_probe, MUST, "RFC 5227 section 2.5", "A probe, whose sender address is all zeros, is answered like any request.")
{
	struct ip4_addr none = { { 0 } };
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .spa = IP(none)));
	EXPECT(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->dut_mac), .spa = IP(t->dut_ip)));
}

CASE(arp, reply_to_sender_field, MUST, "RFC 826, Packet Reception",
	"The reply goes to the hardware address in the request's sender field, whatever the frame came from.")
{
	SEND(t, ETH(.src = HW(t->other_mac)), ARP(.op = EQ(ARP_OP_REQUEST)));
	EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
}

CASE(arp, silent_for_others, MUST, "RFC 826, Packet Reception", "A request for somebody else's address is never answered.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->other_ip)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->net_broadcast)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->my_ip)));
	EXPECT_SILENCE(t, SECONDS(2), ANY_REPLY);
}

CASE(arp, silent_to_replies, MUST, "RFC 826, Packet Reception", "Only a request is answered: a reply is not.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REPLY)));
	EXPECT_SILENCE(t, SECONDS(2), ANY_REPLY);
}

CASE(arp, silent_to_other_operations, MUST, "RFC 826, Packet Reception",
	"Only a request is answered: other operations (0, RARP's 3 and 4, 65535) are not.")
{
	static const uint16_t operations[] = { 0, 3, 4, 9, 65535 };
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		SEND(t, ETH(.dst = HW(t->dut_mac)), ARP(.op = EQ(operations[i])));
	EXPECT_SILENCE(t, SECONDS(2), ARP());
}

CASE(arp, silent_to_other_hardware, MUST, "RFC 826, Packet Reception", "A request for a hardware type it does not have is discarded.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .htype = EQ(15)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .htype = EQ(0)));
	EXPECT_SILENCE(t, SECONDS(2), ANY_REPLY);
}

CASE(arp, silent_to_other_protocol, MUST, "RFC 826, Packet Reception", "A request for a protocol it does not speak is discarded.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .ptype = EQ(0x0801)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .ptype = EQ(ETHERTYPE_IP6)));
	EXPECT_SILENCE(t, SECONDS(2), ANY_REPLY);
}

CASE(arp, silent_to_wrong_lengths, MAY, "RFC 826, Packet Reception",
	"A request whose address lengths are not those of Ethernet and IPv4 is discarded.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .hlen = EQ(8)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .hlen = EQ(0)));
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .plen = EQ(16)));
	EXPECT_SILENCE(t, SECONDS(2), ANY_REPLY);
}

CASE(arp, survives_truncation, SHOULD, "RFC 1122 section 1.2.2", "A request cut short at any byte is discarded, and the next whole one is answered.")
{
	for (uint16_t cut = 1; cut < ARP_LEN; cut++)
		SEND(t, ETH(.no_pad = true, .cut = cut), ARP(.op = EQ(ARP_OP_REQUEST)));
	EXPECT_SILENCE(t, SECONDS(1), ANY_REPLY);
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
}

CASE(arp, survives_many_askers, SHOULD, "RFC 1122 section 1.2.2",
	"A thousand requests from different hardware addresses leave it answering: its table is bounded, not its service.")
{
	for (unsigned i = 0; i < 1000; i++) {
		struct mac mac = { { 0x02, 0, 0, 0x55, (uint8_t)(i >> 8), (uint8_t)i } };
		struct ip4_addr ip = { { 192, 0, 2, (uint8_t)(3 + i % 250) } };
		SEND(t, ETH(.src = HW(mac)), ARP(.op = EQ(ARP_OP_REQUEST), .sha = HW(mac), .spa = IP(ip)));
		tester_run(t, MILLISECONDS(1));
	}
	tester_flush(t);
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	EXPECT(t, SECONDS(1), REPLY_TO_ME(t));
}
