/* SPDX-License-Identifier: ISC */
#include "conformance/ipv4/ipv4.h"

#include <errno.h>

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

void (ipv4_delivered)(struct tester *t, int sock, size_t len)
{
	uint8_t got[TESTER_FRAME_MAX];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	if (n < 0)
		tester_fail(t, "the protocol above got nothing, expected a datagram of %zu bytes", len);
	tester_require_eq(t, "length of the datagram the protocol above got", n, (long long)len);
	for (size_t i = 0; i < len; i++) {
		if (got[i] != packet_pattern(i))
			tester_fail(t, "byte %zu of what the protocol above got is 0x%02x, expected 0x%02x", i, got[i], packet_pattern(i));
	}
	if (tester_dut_recv(t, sock, NULL, 0, NULL) != -EAGAIN)
		tester_fail(t, "the protocol above got a second datagram, expected one");
}

void (ipv4_dropped)(struct tester *t, int sock)
{
	if (tester_dut_recv(t, sock, NULL, 0, NULL) >= 0)
		tester_fail(t, "the protocol above got a datagram, expected it to be dropped");
	tester_expect_silence(t, SECONDS(1), &(struct packet){ 0 });
}

void ipv4_drain(struct tester *t, int sock)
{
	while (tester_dut_recv(t, sock, NULL, 0, NULL) >= 0)
		continue;
}

void (ipv4_alive)(struct tester *t, int sock)
{
	tester_send(t, &(struct packet){ DGRAM(.id = EQ(0xa11e)), PAYLOAD(PATTERN(33)) });
	(ipv4_delivered)(t, sock, 33);
}
