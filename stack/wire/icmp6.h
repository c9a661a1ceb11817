/* SPDX-License-Identifier: ISC */
/* ICMPv6 (RFC 4443) with the fixed parts of Neighbor Discovery (RFC 4861 section 4). */
#ifndef STACK_WIRE_ICMP6_H
#define STACK_WIRE_ICMP6_H

#include "stack/wire/addr.h"

#define ICMP6_HDR_LEN 8

enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_REPORT = 131,
	ICMP6_MLD_DONE = 132,
	ICMP6_RS = 133,
	ICMP6_RA = 134,
	ICMP6_NS = 135,
	ICMP6_NA = 136,
	ICMP6_REDIRECT = 137,
	ICMP6_MLD2_REPORT = 143,
};

struct icmp6_hdr {
	uint8_t type, code;
	uint16_t checksum;           /* as read; emit writes it as given; the pseudo-header counts (RFC 4443 section 2.3) */
	uint32_t word;               /* bytes 4–7: MTU, pointer, flags … */
	uint16_t id, seq;            /* echo: the same bytes */
	struct ip6_addr target;      /* NS, NA, REDIRECT: the 16 bytes behind */
	struct ip6_addr destination; /* REDIRECT: bytes 24–39 */
};

/* Bytes consumed (8, or 24 for NS and NA, 40 for REDIRECT), or -EBADMSG. */
int icmp6_hdr_parse(struct icmp6_hdr *h, const uint8_t *p, size_t len);
/* Bytes written, or -ENOSPC. Echo messages take id and seq, all others word. */
int icmp6_hdr_emit(const struct icmp6_hdr *h, uint8_t *p, size_t cap);
bool icmp6_is_error(uint8_t type); /* types 0–127, RFC 4443 section 2.1 */
int icmp6_hdr_print(const struct icmp6_hdr *h, char *s, size_t cap);

#endif
