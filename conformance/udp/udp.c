/* SPDX-License-Identifier: ISC */
#include "conformance/udp/udp.h"

#include <errno.h>

void (udp_delivered)(struct tester *t, int sock, size_t len)
{
	uint8_t got[TESTER_FRAME_MAX];
	long n = tester_dut_recv(t, sock, got, sizeof(got), NULL);
	if (n < 0)
		tester_fail(t, "the socket got nothing, expected a datagram of %zu bytes", len);
	tester_require_eq(t, "length of the datagram the socket got", n, (long long)len);
	for (size_t i = 0; i < len; i++) {
		if (got[i] != packet_pattern(i))
			tester_fail(t, "byte %zu of what the socket got is 0x%02x, expected 0x%02x", i, got[i], packet_pattern(i));
	}
	(udp_dropped)(t, sock);
}

void (udp_dropped)(struct tester *t, int sock)
{
	if (tester_dut_recv(t, sock, NULL, 0, NULL) != -EAGAIN)
		tester_fail(t, "the socket got a datagram, expected none");
}

void (udp_alive)(struct tester *t)
{
	enum { PORT = 6789 };
	int sock = (tester_udp_socket)(t, PORT);
	tester_send(t, &(struct packet){ UDP(.dst_port = EQ(PORT)), PAYLOAD(PATTERN(33)) });
	(udp_delivered)(t, sock, 33);
}
