/* SPDX-License-Identifier: ISC */
/* Sending: RFC 768, RFC 1122 section 4.1. */
#include "conformance/udp/udp.h"

CASE(udp, sends_sound_datagram, MUST, "RFC 768; RFC 1122 section 4.1.3.6",
	"What is sent has the socket's port, the host's address, the right length and data.")
{
	int sock = tester_udp_socket(t, 5555);
	tester_dut_send(t, sock, 101, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), IP4(.src = IP(t->dut_ip), .dst = IP(t->my_ip)),
		UDP(.src_port = EQ(5555), .dst_port = EQ(4444), .len = EQ(109), .ok = EQ(1)), PAYLOAD(PATTERN(101)));
}

CASE(udp, checksum_made_by_default, MUST, "RFC 1122 section 4.1.3.4", "The default is to send a checksum: the field is not 0.")
{
	int sock = tester_udp_socket(t, 5555);
	tester_dut_send(t, sock, 33, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), UDP(.checksum = NE(0), .ok = EQ(1)));
}

/* Two bytes of data that make the checksum of what the DUT will send come out as zero. */
static uint16_t data_for_zero_sum(const struct tester *t, uint16_t src_port, uint16_t dst_port)
{
	struct ip_addr src = ip_from_ip4(t->dut_ip), dst = ip_from_ip4(t->my_ip);
	uint8_t datagram[10];
	struct udp_hdr h = { .src_port = src_port, .dst_port = dst_port, .len = sizeof(datagram) };
	udp_hdr_emit(&h, datagram, sizeof(datagram));
	for (uint32_t v = 0; v < 65536; v++) {
		put_be16(datagram + UDP_HDR_LEN, (uint16_t)v);
		if (udp_checksum(&src, &dst, datagram, sizeof(datagram)) == 0xffff) /* only a computed zero is sent so */
			return (uint16_t)v;
	}
	return 0;
}

CASE(udp, computed_zero_sent_as_ones, MUST, "RFC 768, Fields", "A checksum that is computed as zero is sent as all ones, since zero means none.")
{
	int sock = tester_udp_socket(t, 5555);
	uint8_t data[2];
	put_be16(data, data_for_zero_sum(t, 5555, 4444));
	struct dut_sockaddr to = tester_sockaddr(t->my_ip, 4444);
	REQUIRE_EQ(t, "bytes sent", host_send(t->dut, sock, data, 2, &to), 2);
	EXPECT(t, SECONDS(2), UDP(.checksum = EQ(0xffff), .len = EQ(10)));
}

CASE(udp, empty_datagram_sent, MUST, "RFC 768, Fields", "A datagram without data can be sent: its length is eight.")
{
	int sock = tester_udp_socket(t, 5555);
	struct dut_sockaddr to = tester_sockaddr(t->my_ip, 4444);
	REQUIRE_EQ(t, "bytes sent", host_send(t->dut, sock, "", 0, &to), 0);
	EXPECT(t, SECONDS(2), UDP(.len = EQ(8)), PAYLOAD(NOTHING));
}

CASE(udp, reply_reaches_sender, MUST, "RFC 768, User Interface", "With the source address and port it was given, an application can answer.")
{
	int sock = tester_udp_socket(t, t->dut_port);
	uint8_t got[100];
	struct dut_sockaddr from;
	SEND(t, UDP(.src_port = EQ(3333)), PAYLOAD(PATTERN(20)));
	REQUIRE_EQ(t, "length of the datagram", tester_dut_recv(t, sock, got, sizeof(got), &from), 20);
	REQUIRE_EQ(t, "bytes sent", host_send(t->dut, sock, got, 20, &from), 20);
	EXPECT(t, SECONDS(2), IP4(.dst = IP(t->my_ip)), UDP(.src_port = EQ(t->dut_port), .dst_port = EQ(3333)), PAYLOAD(PATTERN(20)));
}

CASE(udp, application_sets_ttl, MUST, "RFC 1122 section 4.1.4", "An application can set the TTL of what it sends.")
{
	int sock = tester_udp_socket(t, 5555);
	REQUIRE_EQ(t, "setting the TTL", host_set_option(t->dut, sock, DUT_SO_TTL, 3), 0);
	tester_dut_send(t, sock, 10, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), IP4(.ttl = EQ(3)), UDP(.src_port = EQ(5555)));
}

CASE(udp, application_sets_tos, MUST, "RFC 1122 section 4.1.4", "An application can set the type of service of what it sends.")
{
	int sock = tester_udp_socket(t, 5555);
	REQUIRE_EQ(t, "setting the type of service", host_set_option(t->dut, sock, DUT_SO_TOS, 0x28), 0);
	tester_dut_send(t, sock, 10, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), IP4(.tos = EQ(0x28)), UDP(.src_port = EQ(5555)));
}

CASE(udp, ephemeral_port_chosen, SHOULD, "RFC 6056 section 3.2", "A socket without a port gets one of its own, not 0 and not a well-known one.")
{
	int a = tester_udp_socket(t, 0), b = tester_udp_socket(t, 0);
	tester_dut_send(t, a, 10, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), UDP(.src_port = AT_LEAST(1024), .dst_port = EQ(4444)));
	uint16_t first = t->got.udp.src_port;
	tester_dut_send(t, b, 11, t->my_ip, 4444);
	EXPECT(t, SECONDS(2), UDP(.src_port = NE(first), .len = EQ(19)));
}

CASE(udp, ephemeral_ports_unpredictable, SHOULD, "RFC 6056 section 3.3", "Ephemeral ports are randomised: eight in a row do not count up by one.")
{
	unsigned steps = 0;
	uint16_t last = 0;
	for (unsigned i = 0; i < 8; i++) {
		tester_dut_send(t, tester_udp_socket(t, 0), 10 + i, t->my_ip, 4444);
		EXPECT(t, SECONDS(2), UDP(.dst_port = EQ(4444), .len = EQ(18 + i)));
		steps += i && t->got.udp.src_port == (uint16_t)(last + 1);
		last = t->got.udp.src_port;
	}
	REQUIRE(t, steps < 6, "%u of 7 ports are one above the port before", steps);
}

CASE(udp, port_taken_once, MUST, "POSIX.1-2017, bind()", "Two sockets never get the same address and port.")
{
	tester_udp_socket(t, 5555);
	int second = host_socket(t->dut, 4, DUT_SOCK_DGRAM, 0);
	struct dut_sockaddr local = { .addr = { .family = 4 }, .port = 5555 };
	REQUIRE(t, second >= 0, "no second socket");
	REQUIRE(t, host_bind(t->dut, second, &local) < 0, "a second socket was bound to port 5555");
}

CASE(udp, oversized_refused, MUST, "RFC 768; RFC 791 section 3.1",
	"A datagram that does not fit 65535 bytes is refused, never sent cut or with a wrapped length.")
{
	int sock = tester_udp_socket(t, 5555);
	static const uint8_t data[65535];
	struct dut_sockaddr to = tester_sockaddr(t->my_ip, 4444);
	tester_resolve(t);
	REQUIRE(t, host_send(t->dut, sock, data, sizeof(data), &to) < 0, "65535 bytes of data were taken");
	EXPECT_SILENCE(t, SECONDS(2), IP4());
}
