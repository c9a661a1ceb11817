/* SPDX-License-Identifier: ISC */
/* The IPv6 header and its extension headers (RFC 8200 sections 3 and 4). */
#ifndef STACK_WIRE_IP6_H
#define STACK_WIRE_IP6_H

#include "stack/wire/addr.h"

#define IP6_HDR_LEN 40

enum {
	IP6_NEXT_HOPOPTS = 0,
	IP6_NEXT_ROUTING = 43,
	IP6_NEXT_FRAGMENT = 44,
	IP6_NEXT_AH = 51,
	IP6_NEXT_NONE = 59,
	IP6_NEXT_DSTOPTS = 60,
};

struct ip6_hdr {
	uint8_t version;       /* 6 */
	uint8_t traffic_class; /* DSCP << 2 | ECN */
	uint32_t flow_label;   /* 20 bits */
	uint16_t payload_len;  /* bytes after this header */
	uint8_t next_header, hop_limit;
	struct ip6_addr src, dst;
};

/* Bytes consumed; -EBADMSG when short; -EPROTONOSUPPORT when version is not 6. */
int ip6_hdr_parse(struct ip6_hdr *h, const uint8_t *p, size_t len);
/* Bytes written, or -ENOSPC. */
int ip6_hdr_emit(const struct ip6_hdr *h, uint8_t *p, size_t cap);
int ip6_hdr_print(const struct ip6_hdr *h, char *s, size_t cap);

/* Any of hop-by-hop, destination options, routing, fragment, AH: the part they share. */
struct ip6_ext {
	uint8_t kind; /* which header this is: IP6_NEXT_… */
	uint8_t next_header;
	uint16_t len; /* bytes, this header whole */
	/* fragment header (section 4.5) */
	uint16_t offset; /* bytes, multiple of 8 */
	bool more;
	uint32_t id;
	/* routing header (section 4.4) */
	uint8_t routing_type, segments_left;
};
bool ip6_is_ext(uint8_t next_header);
/* Parses the extension header of the given kind. Bytes consumed (at least 8), -EBADMSG when short, -EPROTONOSUPPORT unless ip6_is_ext(kind). */
int ip6_ext_parse(struct ip6_ext *e, uint8_t kind, const uint8_t *p, size_t len);
/* Writes a fragment header (8 bytes), or -ENOSPC. */
int ip6_fragment_emit(const struct ip6_ext *e, uint8_t *p, size_t cap);
int ip6_ext_print(const struct ip6_ext *e, char *s, size_t cap);

#endif
