/* SPDX-License-Identifier: ISC */
#include "conformance/ipv4/ipv4.h"

void ipv4_pattern(uint8_t *bytes, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = packet_pattern(from + i);
}

void ipv4_fragment(struct tester *t, uint16_t id, unsigned from, unsigned to, bool more)
{
	uint8_t bytes[ETH_MTU];
	ipv4_pattern(bytes, from, to - from);
	tester_send(t, &(struct packet){ DGRAM(.id = EQ(id), .mf = EQ(more), .offset = EQ(from)), PAYLOAD(BYTES(bytes, to - from)) });
}

void(ipv4_dropped)(struct tester *t, int sock)
{
	(tester_not_delivered)(t, sock);
	tester_expect_silence(t, SECONDS(1), &(struct packet){ 0 });
}

void ipv4_drain(struct tester *t, int sock)
{
	while (tester_dut_recv(t, sock, NULL, 0, NULL) >= 0)
		continue;
}

void(ipv4_alive)(struct tester *t, int sock)
{
	tester_send(t, &(struct packet){ DGRAM(.id = EQ(0xa11e)), PAYLOAD(PATTERN(33)) });
	(tester_delivered)(t, sock, 33);
}
