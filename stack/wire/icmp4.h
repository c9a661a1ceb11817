/* SPDX-License-Identifier: ISC */
/* ICMP for IPv4 (RFC 792; codes of RFC 1122 section 3.2.2.1; RFC 1191 next-hop MTU). */
#ifndef STACK_WIRE_ICMP4_H
#define STACK_WIRE_ICMP4_H

#include "stack/wire/addr.h"

#define ICMP4_HDR_LEN 8

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
};
enum { /* codes of ICMP4_UNREACHABLE */
	ICMP4_UNREACH_NET = 0,
	ICMP4_UNREACH_HOST = 1,
	ICMP4_UNREACH_PROTOCOL = 2,
	ICMP4_UNREACH_PORT = 3,
	ICMP4_UNREACH_FRAG_NEEDED = 4,
	ICMP4_UNREACH_SR_FAILED = 5,
};

struct icmp4_hdr {
	uint8_t type, code;
	uint16_t checksum; /* as read; emit writes it as given */
	uint16_t id, seq;  /* echo and timestamp: bytes 4–5 and 6–7 */
	/* Other types give bytes 4–7 another meaning; these read the same bytes: */
	uint16_t mtu;            /* UNREACHABLE code 4: bytes 6–7 */
	uint8_t pointer;         /* PARAMETER: byte 4 */
	struct ip4_addr gateway; /* REDIRECT: bytes 4–7 */
};

/* Bytes consumed (8), or -EBADMSG. Fills the fields of the type, zeroes the others. */
int icmp4_hdr_parse(struct icmp4_hdr *h, const uint8_t *p, size_t len);
/* Writes the fields the type has. */
int icmp4_hdr_emit(const struct icmp4_hdr *h, uint8_t *p, size_t cap);
/* True for messages that report an error (RFC 1122 section 3.2.2): no ICMP error is ever sent about these. */
bool icmp4_is_error(uint8_t type);
int icmp4_hdr_print(const struct icmp4_hdr *h, char *s, size_t cap);

#endif
