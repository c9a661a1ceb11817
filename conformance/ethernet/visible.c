/* SPDX-License-Identifier: ISC */
#include "conformance/ethernet/visible.h"

struct visible visible_open(struct tester *t)
{
	struct visible v = { .sock = -1 };
	if (tester_has(t, DUT_CAP_PACKET, DUT_LAYER_ETHERNET))
		v.sock = tester_packet_socket(t, ETHERTYPE_EXPERIMENTAL);
	else if (!(t->layers & DUT_LAYER_ARP))
		tester_skip(t, "neither a packet socket nor ARP shows what the stack receives");
	return v;
}

void visible_send(struct tester *t, const struct visible *v, struct packet_eth eth)
{
	struct packet p = { .eth = eth };
	if (v->sock >= 0) {
		p.payload.on = true;
		p.payload.is = (struct want_bytes)PATTERN(28);
	} else {
		p.arp.on = true;
		p.arp.op = (struct want)EQ(ARP_OP_REQUEST);
	}
	tester_send(t, &p);
}

bool visible_arrived(struct tester *t, const struct visible *v)
{
	uint8_t bytes[28], right[28];
	if (v->sock < 0)
		return SAW(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY), .spa = IP(t->dut_ip)));
	tester_run(t, SECONDS(1));
	if (tester_dut_recv(t, v->sock, bytes, sizeof(bytes), NULL) < 28)
		return false;
	for (size_t i = 0; i < sizeof(right); i++)
		right[i] = packet_pattern(i);
	REQUIRE(t, memcmp(bytes, right, sizeof(right)) == 0, "the frame arrived with other bytes than it was sent with");
	return true;
}
