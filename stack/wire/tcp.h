/* SPDX-License-Identifier: ISC */
/* The TCP header and all its options (RFC 9293 section 3.1; RFC 7323, 2018, 7413, 5482). */
#ifndef STACK_WIRE_TCP_H
#define STACK_WIRE_TCP_H

#include "stack/wire/addr.h"

#define TCP_HDR_LEN 20
#define TCP_HDR_MAX 60
#define TCP_OPTIONS_MAX 40
#define TCP_SACK_MAX 4

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
	TCP_AE = 0x100, /* RFC 9768 section 3.1 */
};

enum {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TIMESTAMP = 8,
	TCP_OPT_MD5 = 19,
	TCP_OPT_USER_TIMEOUT = 28,
	TCP_OPT_AO = 29,
	TCP_OPT_MPTCP = 30,
	TCP_OPT_FAST_OPEN = 34,
};

struct tcp_sack {
	uint32_t from, to; /* [from, to) */
};

/* Options by meaning. has_… says whether each is present. */
struct tcp_options {
	bool has_mss, has_wscale, has_sack_ok, has_timestamp, has_user_timeout, has_fast_open;
	bool has_md5, has_ao, has_mptcp; /* present, skipped */
	bool malformed;                  /* a length of 0, 1 or past the end: parsing stopped there (MUST-7) */
	uint16_t mss;
	uint8_t wscale; /* as read; RFC 7323 section 2.3 caps it at 14, the layer's business */
	uint32_t ts_val, ts_ecr;
	uint8_t n_sack;
	struct tcp_sack sack[TCP_SACK_MAX];
	uint16_t user_timeout; /* granularity bit included, as on the wire */
	uint8_t fast_open_len; /* cookie bytes: 0–16 */
	uint8_t fast_open[16];
};

struct tcp_hdr {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t header_len; /* bytes: 20–60 */
	uint8_t reserved;   /* the 3 bits between data offset and flags: 0–7 */
	uint16_t flags;     /* TCP_… */
	uint16_t window;    /* unscaled */
	uint16_t checksum;  /* as read; emit writes it as given */
	uint16_t urgent;
	struct tcp_options opt;
};

/* Bytes consumed (the header with its options); -EBADMSG when len is short or header_len < 20. Bad options never fail the parse; see malformed. */
int tcp_hdr_parse(struct tcp_hdr *h, const uint8_t *p, size_t len);
/*
 * Emits the header with the options present in opt, in the order MSS, SACK-permitted, timestamps, window scale, SACK,
 * user timeout, fast open, padded with NOPs as Linux does so that 32-bit fields are aligned; header_len is computed and ignored
 * as input. Bytes written, -ENOSPC when cap or the 40 option bytes do not suffice, -EINVAL for a count past its array.
 */
int tcp_hdr_emit(const struct tcp_hdr *h, uint8_t *p, size_t cap);
/* As tcp_hdr_emit, but with raw option bytes (multiple of 4, at most 40) instead of opt: for tests that send odd ones. */
int tcp_hdr_emit_raw(const struct tcp_hdr *h, const uint8_t *options, size_t options_len, uint8_t *p, size_t cap);
/* Bytes the options would take, padded: 0–40, or -ENOSPC or -EINVAL as tcp_hdr_emit. */
int tcp_options_len(const struct tcp_options *o);
/* Parses len option bytes, of a twice-given kind the last. 0, or -EBADMSG with malformed set and what came before it filled. */
int tcp_options_parse(struct tcp_options *o, const uint8_t *p, size_t len);

/* The checksum field for a whole segment at p (len >= 20; its own field counted as 0). */
uint16_t tcp_checksum(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len);
bool tcp_checksum_ok(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len);
/* "Flags [S.], seq 1, ack 2, win 3, options […]", as tcpdump. payload_len bytes follow the header. */
int tcp_hdr_print(const struct tcp_hdr *h, size_t payload_len, char *s, size_t cap);

/* Comparisons modulo 2^32 (RFC 9293 section 3.4). */
static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_leq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}
static inline bool seq_gt(uint32_t a, uint32_t b)
{
	return seq_lt(b, a);
}
static inline bool seq_geq(uint32_t a, uint32_t b)
{
	return seq_leq(b, a);
}

#endif
