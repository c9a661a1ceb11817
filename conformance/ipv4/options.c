/* SPDX-License-Identifier: ISC */
/* IP options: RFC 791 section 3.1, RFC 1122 section 3.2.1.8, RFC 7126. */
#include "conformance/ipv4/ipv4.h"

/* A datagram with these options is delivered whole. */
#define DELIVERED_WITH(t, sock, ...) \
	do { \
		static const uint8_t options_[] = { __VA_ARGS__ }; \
		SEND(t, DGRAM(.options = BYTES(options_, sizeof(options_))), PAYLOAD(PATTERN(50))); \
		tester_delivered(t, sock, 50); \
	} while (0)

CASE(ipv4, padding_options_skipped, MUST, "RFC 791 section 3.1", "No-operation and end-of-list options may stand anywhere and mean nothing.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	DELIVERED_WITH(t, sock, 1, 1, 1, 1);
	DELIVERED_WITH(t, sock, 0, 0, 0, 0);
	DELIVERED_WITH(t, sock, 1, 0, 0xff, 0xff); /* what follows the end of the list is not looked at */
}

CASE(ipv4, unknown_options_ignored, MUST, "RFC 1122 section 3.2.1.8", "Options that are not understood are silently ignored.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	DELIVERED_WITH(t, sock, 0x5e, 4, 0xaa, 0xbb);
	DELIVERED_WITH(t, sock, 0xde, 8, 1, 2, 3, 4, 5, 6);
	DELIVERED_WITH(t, sock, 136, 4, 0, 1); /* stream identifier, obsolete: section 3.2.1.8 (b) */
}

CASE(ipv4, full_header_accepted, MUST, "RFC 791 section 3.1", "A header of the maximum length, 60 bytes, is processed like any other.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t options[40];
	memset(options, 1, sizeof(options));
	SEND(t, DGRAM(.options = BYTES(options, sizeof(options))), PAYLOAD(PATTERN(50)));
	tester_delivered(t, sock, 50);
}

CASE(ipv4, malformed_options_survived, MUST, "RFC 791 section 3.1", "An option whose length is 0, 1 or points past the header does no harm.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	static const uint8_t bad[][4] = { { 0x5e, 0, 0, 0 }, { 0x5e, 1, 0, 0 }, { 0x5e, 5, 0, 0 }, { 0x5e, 255, 0, 0 }, { 1, 1, 1, 7 },
		{ 7, 2, 0, 0 }, { 131, 3, 0, 0 }, { 131, 3, 255, 0 }, { 68, 4, 0, 0 }, { 68, 255, 1, 1 } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		SEND(t, DGRAM(.options = BYTES(bad[i], 4)), PAYLOAD(PATTERN(16)));
	tester_run(t, SECONDS(1));
	ipv4_drain(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, source_route_not_followed, MAY, "RFC 1122 section 3.3.5; RFC 7126 section 4.3.5",
	"A source route to another host on the same network, which a host may follow, is better left alone: nothing is forwarded.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t route[8] = { 131, 7, 4 };
	memcpy(route + 3, t->other_ip.b, 4);
	for (int kind = 131; kind <= 137; kind += 6) { /* loose, strict */
		route[0] = (uint8_t)kind;
		SEND(t, DGRAM(.options = BYTES(route, 8)), PAYLOAD(PATTERN(16)));
		EXPECT_SILENCE(t, SECONDS(5), IP4(.dst = IP(t->other_ip)));
	}
	ipv4_drain(t, sock);
	ipv4_alive(t, sock);
}

CASE(ipv4, malformed_source_route_not_followed, MUST, "RFC 791 section 3.1; RFC 7126 section 4.3",
	"A source route whose pointer points at no address of it (the smallest legal value is 4) is never followed.")
{
	int sock = tester_raw_socket(t, EXPERIMENT);
	uint8_t route[8] = { 131, 7, 4 };
	memcpy(route + 3, t->other_ip.b, 4);
	for (unsigned pointer = 0; pointer < 256; pointer += 3) { /* 4 is not among them */
		route[2] = (uint8_t)pointer;
		SEND(t, DGRAM(.options = BYTES(route, 8)), PAYLOAD(PATTERN(16)));
	}
	EXPECT_SILENCE(t, SECONDS(5), IP4(.dst = IP(t->other_ip)));
	ipv4_drain(t, sock);
	ipv4_alive(t, sock);
}
