/* SPDX-License-Identifier: ISC */
/* Answering requests: RFC 826, "Packet Reception". */
#include "conformance/tester/case.h"

CASE(arp, reply_to_request, MUST, "RFC 826, Packet Reception", "A request for its own address is answered with its hardware address, to the asker.")
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->dut_ip)));
	EXPECT(t, SECONDS(1), ETH(.dst = HW(t->my_mac), .src = HW(t->dut_mac)),
		ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->dut_mac), .spa = IP(t->dut_ip), .tha = HW(t->my_mac), .tpa = IP(t->my_ip)));
}
