/* SPDX-License-Identifier: ISC */
/* What gets into the table, and what must not: RFC 826's merging, RFC 1812 section 3.3.2, and RFC 5227 on conflicts. */
#include "conformance/tester/case.h"

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

#define A_REQUEST_FOR(ip) ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(ip))
#define DATA_TO(mac) ETH(.type = NE(ETHERTYPE_ARP), .dst = HW(mac))
#define ANNOUNCEMENT(t) ETH(.dst = HW(broadcast)), ARP(.sha = HW((t)->dut_mac), .spa = IP((t)->dut_ip), .tpa = IP((t)->dut_ip))

/* other_ip's host claims to be at mac; nobody asked. */
static void claim(struct tester *t, struct mac mac, struct ip4_addr ip, struct ip4_addr target, uint16_t op)
{
	tester_send(t,
		&(struct packet){ ETH(.dst = HW(broadcast), .src = HW(mac)), ARP(.op = EQ(op), .sha = HW(mac), .spa = IP(ip), .tpa = IP(target)) });
	tester_run(t, MILLISECONDS(10));
	tester_flush(t);
}

CASE(arp, asker_is_learned, MUST, "RFC 826, Packet Reception",
	"Who asks for its address is added to the table: what it then sends there needs no request.")
{
	tester_resolve(t);
	tester_provoke(t, t->my_ip);
	EXPECT_NEXT(t, SECONDS(1), DATA_TO(t->my_mac));
}

CASE(arp, bystander_does_not_learn, MUST, "RFC 826, Packet Reception",
	"A request between others adds no entry: their address is asked for before it is used.")
{
	claim(t, t->other_mac, t->other_ip, t->my_ip, ARP_OP_REQUEST);
	tester_provoke(t, t->other_ip);
	EXPECT_NEXT(t, SECONDS(1), A_REQUEST_FOR(t->other_ip));
}

CASE(arp, announcement_does_not_add, MUST, "RFC 826, Packet Reception", "An announcement of an address it has no entry for adds none.")
{
	claim(t, t->other_mac, t->other_ip, t->other_ip, ARP_OP_REQUEST);
	tester_provoke(t, t->other_ip);
	EXPECT_NEXT(t, SECONDS(1), A_REQUEST_FOR(t->other_ip));
}

CASE(arp, new_address_supersedes, MUST, "RFC 826, Packet Reception",
	"A request from a known address with another hardware address updates the entry.")
{
	tester_resolve(t);
	claim(t, t->other_mac, t->my_ip, t->dut_ip, ARP_OP_REQUEST);
	tester_provoke(t, t->my_ip);
	EXPECT_NEXT(t, SECONDS(1), DATA_TO(t->other_mac));
}

CASE(arp, bystander_updates, MUST, "RFC 826, Packet Reception",
	"A known entry is updated before the target is looked at: by a request between others, too.")
{
	tester_resolve(t);
	claim(t, t->other_mac, t->my_ip, t->other_ip, ARP_OP_REQUEST);
	tester_provoke(t, t->my_ip);
	EXPECT_NEXT(t, SECONDS(1), DATA_TO(t->other_mac));
}

CASE(arp, announcement_updates, MUST, "RFC 826, Packet Reception; RFC 5227 section 3", "An announcement updates the entry of a known address.")
{
	tester_resolve(t);
	claim(t, t->other_mac, t->my_ip, t->my_ip, ARP_OP_REQUEST);
	tester_provoke(t, t->my_ip);
	EXPECT_NEXT(t, SECONDS(1), DATA_TO(t->other_mac));
}

CASE(arp, group_address_is_not_learned, SHOULD, "RFC 1812 section 3.3.2 (of routers)",
	"A reply that puts a host at a broadcast or multicast hardware address is not believed.")
{
	const struct mac multicast = { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 } };
	struct mac claimed[] = { broadcast, multicast };
	for (size_t i = 0; i < 2; i++) {
		tester_provoke(t, t->my_ip);
		EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
		SEND(t, ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(claimed[i])));
		EXPECT_SILENCE(t, SECONDS(1), DATA_TO(claimed[i]));
		tester_run(t, MINUTES(1));
		tester_flush(t);
	}
}

CASE(arp, own_address_stays_its_own, MUST, "RFC 5227 section 2.4",
	"Another host that claims its address changes nothing in what it says: no frame ever names the other's hardware address as its own.")
{
	claim(t, t->other_mac, t->dut_ip, t->dut_ip, ARP_OP_REQUEST);
	claim(t, t->other_mac, t->dut_ip, t->my_ip, ARP_OP_REPLY);
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	EXPECT_SILENCE(t, SECONDS(1), ARP(.sha = NOT_HW(t->dut_mac)));
}

CASE(arp, conflict_is_answered, MUST, "RFC 5227 section 2.4",
	"A conflicting packet is responded to: the address is defended by an announcement, or no longer used.")
{
	SEND(t, ETH(.src = HW(t->other_mac)), ARP(.op = EQ(ARP_OP_REQUEST), .sha = HW(t->other_mac), .spa = IP(t->dut_ip), .tpa = IP(t->dut_ip)));
	if (SAW(t, SECONDS(1), ANNOUNCEMENT(t)))
		return;
	tester_flush(t);
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	REQUIRE(t, !SAW(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY), .spa = IP(t->dut_ip))),
		"no announcement within 1 s of the conflict, yet the address is still in use: it answers for it");
}

CASE(arp, defence_is_not_repeated, MUST, "RFC 5227 section 2.4",
	"Conflicting packets within DEFEND_INTERVAL (10 s) of the first are never answered by a second announcement.")
{
	SEND(t, ETH(.src = HW(t->other_mac)), ARP(.op = EQ(ARP_OP_REQUEST), .sha = HW(t->other_mac), .spa = IP(t->dut_ip), .tpa = IP(t->dut_ip)));
	if (!SAW(t, SECONDS(1), ANNOUNCEMENT(t)))
		SKIP(t, "the stack does not defend its address");
	for (int i = 0; i < 8; i++) {
		SEND(t, ETH(.src = HW(t->other_mac)),
			ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->other_mac), .spa = IP(t->dut_ip), .tpa = IP(t->my_ip)));
		EXPECT_SILENCE(t, SECONDS(1), ANNOUNCEMENT(t));
	}
}
