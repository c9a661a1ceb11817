/* SPDX-License-Identifier: ISC */
#include "conformance/udp/udp.h"

void(udp_alive)(struct tester *t)
{
	enum { PORT = 6789 };
	int sock = (tester_udp_socket)(t, PORT);
	tester_send(t, &(struct packet){ UDP(.dst_port = EQ(PORT)), PAYLOAD(PATTERN(33)) });
	(tester_delivered)(t, sock, 33);
}
