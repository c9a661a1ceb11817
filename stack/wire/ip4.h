/* SPDX-License-Identifier: ISC */
/* The IPv4 header (RFC 791 section 3.1). */
#ifndef STACK_WIRE_IP4_H
#define STACK_WIRE_IP4_H

#include "stack/wire/addr.h"

#define IP4_HDR_LEN 20
#define IP4_HDR_MAX 60
#define IP4_OPTIONS_MAX 40

#define IPPROTO_NUM_ICMP 1
#define IPPROTO_NUM_TCP 6
#define IPPROTO_NUM_UDP 17
#define IPPROTO_NUM_ICMP6 58

/* ECN field values, RFC 3168 section 5. */
enum { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

struct ip4_hdr {
	uint8_t version;    /* 4 */
	uint8_t header_len; /* bytes: 20–60 */
	uint8_t tos;        /* DSCP << 2 | ECN */
	uint16_t total_len; /* bytes, header included */
	uint16_t id;
	bool reserved, df, mf;
	uint16_t offset; /* bytes: multiple of 8, 0–65528 */
	uint8_t ttl, protocol;
	uint16_t checksum; /* as read; emit writes it as given */
	struct ip4_addr src, dst;
	uint8_t options_len; /* bytes: 0–40, multiple of 4 */
	uint8_t options[IP4_OPTIONS_MAX];
};

/*
 * Bytes consumed (the header). -EBADMSG when len is short of the header, or header_len < 20; -EPROTONOSUPPORT
 * when version is not 4. total_len is not compared with len: callers decide about truncation.
 */
int ip4_hdr_parse(struct ip4_hdr *h, const uint8_t *p, size_t len);
/* Bytes written, -ENOSPC, or -EINVAL for an options_len that cannot be. Writes version, header_len, total_len and checksum as given (tests send wrong ones). */
int ip4_hdr_emit(const struct ip4_hdr *h, uint8_t *p, size_t cap);
/* Computes the header checksum of emitted bytes and stores it; header_len bytes at p. */
void ip4_hdr_set_checksum(uint8_t *p, size_t header_len);
/* True when the header's checksum is right. */
bool ip4_hdr_checksum_ok(const uint8_t *p, size_t header_len);
int ip4_hdr_print(const struct ip4_hdr *h, char *s, size_t cap);

/* Steps through options (RFC 791 section 3.1). */
enum { IP4_OPT_EOL = 0, IP4_OPT_NOP = 1, IP4_OPT_RR = 7, IP4_OPT_TS = 68, IP4_OPT_LSRR = 131, IP4_OPT_SSRR = 137, IP4_OPT_RA = 148 };
struct ip4_option {
	uint8_t kind, len;   /* len counts kind and length bytes; 1 for EOL and NOP */
	const uint8_t *data; /* len - 2 bytes */
};
/* Reads the option at *at and moves *at behind it: 1, 0 at the end, -EBADMSG for a length that is 0, 1 or past the end. */
int ip4_option_next(const uint8_t *options, size_t options_len, size_t *at, struct ip4_option *opt);

#endif
