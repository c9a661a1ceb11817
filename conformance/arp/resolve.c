/* SPDX-License-Identifier: ISC */
/* Asking: RFC 826, "Packet Generation", and RFC 1122 section 2.3.2. The DUT is made to send by whichever kind of socket it has. */
#include "conformance/tester/case.h"

static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

#define A_REQUEST_FOR(ip) ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(ip))
/* Whatever it is the DUT was made to send. */
#define DATA_TO(mac) ETH(.type = NE(ETHERTYPE_ARP), .dst = HW(mac))
#define ANY_DATA ETH(.type = NE(ETHERTYPE_ARP))

static void reply(struct tester *t, struct mac mac, struct ip4_addr ip)
{
	tester_send(t, &(struct packet){ ETH(.dst = HW(t->dut_mac), .src = HW(mac)),
			       ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(mac), .spa = IP(ip), .tha = HW(t->dut_mac), .tpa = IP(t->dut_ip)) });
}

/* The DUT has my_ip at my_mac in its table because it asked. */
static void resolve_by_asking(struct tester *t)
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	reply(t, t->my_mac, t->my_ip);
	tester_run(t, SECONDS(1));
	tester_flush(t);
}

CASE(arp, request_is_broadcast, MUST, "RFC 826, Packet Generation",
	"An unknown address is asked for by a broadcast request with every field as RFC 826 says.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), ETH(.dst = HW(broadcast), .src = HW(t->dut_mac)),
		ARP(.htype = EQ(ARP_HTYPE_ETHERNET), .ptype = EQ(ETHERTYPE_IP4), .hlen = EQ(6), .plen = EQ(4), .op = EQ(ARP_OP_REQUEST),
			.sha = HW(t->dut_mac), .spa = IP(t->dut_ip), .tpa = IP(t->my_ip)));
}

CASE(arp, no_data_before_the_reply, MUST, "RFC 1122 section 2.3.3",
	"Addresses are translated by ARP: nothing is sent to a neighbour that has not answered.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	EXPECT_SILENCE(t, SECONDS(10), ANY_DATA);
}

CASE(arp, reply_is_used, MUST, "RFC 826, Packet Reception", "What follows the reply goes to the hardware address in it, without another request.")
{
	resolve_by_asking(t);
	tester_provoke(t, t->my_ip);
	EXPECT_NEXT(t, SECONDS(1), DATA_TO(t->my_mac));
}

CASE(arp, waiting_packet_is_sent, SHOULD, "RFC 1122 section 2.3.2.2", "A packet that waits for resolution is sent when the reply comes.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	reply(t, t->my_mac, t->my_ip);
	EXPECT(t, SECONDS(1), DATA_TO(t->my_mac));
}

CASE(arp, latest_packet_waits, SHOULD, "RFC 1122 section 2.3.2.2",
	"Of several packets that wait for one address at least the latest is saved and sent.")
{
	for (size_t i = 0; i < 3; i++)
		tester_provoke_len(t, t->my_ip, 32);
	tester_provoke_len(t, t->my_ip, 700);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	reply(t, t->my_mac, t->my_ip);
	EXPECT(t, SECONDS(1), ETH(.type = NE(ETHERTYPE_ARP), .dst = HW(t->my_mac), .frame_len = AT_LEAST(700)));
}

CASE(arp, requests_are_limited, MUST, "RFC 1122 section 2.3.2.1",
	"However much is sent to an address that does not answer, it is asked for at most once a second.")
{
	unsigned requests = 0;
	for (int i = 0; i < 100; i++) {
		tester_provoke(t, t->my_ip);
		while (SAW(t, MILLISECONDS(100), A_REQUEST_FOR(t->my_ip)))
			requests++;
	}
	uint64_t seconds = tester_now(t) / NS_PER_S;
	REQUIRE(t, requests >= 1, "it never asked");
	REQUIRE(t, requests <= seconds + 1, "%u requests in %llu s", requests, (unsigned long long)seconds);
}

CASE(arp, asks_again_later, MUST, "RFC 826, Packet Generation", "An address that did not answer is asked for again when it is wanted later.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	tester_run(t, MINUTES(10));
	tester_flush(t);
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	reply(t, t->my_mac, t->my_ip);
	EXPECT(t, SECONDS(1), DATA_TO(t->my_mac));
}

CASE(arp, addresses_are_asked_for_apart, MUST, "RFC 1122 section 2.3.2.1",
	"The limit is one for each destination: while one address does not answer, another is asked for.")
{
	tester_provoke(t, t->my_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->my_ip));
	tester_provoke(t, t->other_ip);
	EXPECT(t, SECONDS(1), A_REQUEST_FOR(t->other_ip));
	reply(t, t->other_mac, t->other_ip);
	EXPECT(t, SECONDS(1), DATA_TO(t->other_mac));
	EXPECT_SILENCE(t, SECONDS(1), DATA_TO(t->my_mac));
}

CASE(arp, old_entries_are_flushed, MUST, "RFC 1122 section 2.3.2.1",
	"An entry in use is not believed for ever: within an hour it is asked for again, and a silent neighbour is given up.")
{
	bool asked = false;
	resolve_by_asking(t);
	for (int i = 0; i < 360 && !asked; i++) {
		tester_provoke(t, t->my_ip);
		asked = SAW(t, SECONDS(10), A_REQUEST_FOR(t->my_ip));
	}
	REQUIRE(t, asked, "an hour of use, and the entry was never checked");
	for (int i = 0; i < 30; i++) { /* the neighbour is gone */
		tester_provoke(t, t->my_ip);
		tester_run(t, SECONDS(10));
	}
	tester_flush(t);
	tester_provoke(t, t->my_ip);
	EXPECT_SILENCE(t, SECONDS(10), DATA_TO(t->my_mac));
}

CASE(arp, confirmed_entries_stay, SHOULD, "RFC 1122 section 2.3.2.1 (1)",
	"A neighbour that answers whenever it is asked never loses a packet to the cache's upkeep.")
{
	resolve_by_asking(t);
	tester_answer_arp(t, true);
	for (int i = 0; i < 240; i++) {
		tester_provoke(t, t->my_ip);
		EXPECT(t, SECONDS(1), DATA_TO(t->my_mac));
		tester_run(t, SECONDS(15));
	}
}
