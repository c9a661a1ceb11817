/* SPDX-License-Identifier: ISC */
/* UDP (RFC 768). */
#ifndef STACK_WIRE_UDP_H
#define STACK_WIRE_UDP_H

#include "stack/wire/addr.h"

#define UDP_HDR_LEN 8

struct udp_hdr {
	uint16_t src_port, dst_port;
	uint16_t len;      /* bytes, header included; as read */
	uint16_t checksum; /* as read; 0: none (IPv4). emit writes it as given */
};

/* Bytes consumed, or -EBADMSG when short. len is not judged. */
int udp_hdr_parse(struct udp_hdr *h, const uint8_t *p, size_t len);
int udp_hdr_emit(const struct udp_hdr *h, uint8_t *p, size_t cap);
/* The checksum field for a whole datagram at p (len >= 8; its own field counted as 0): never 0, which means "none". */
uint16_t udp_checksum(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len);
/* True when right; a zero field is right over IPv4 and wrong over IPv6 (RFC 8200 section 8.1). */
bool udp_checksum_ok(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len);
int udp_hdr_print(const struct udp_hdr *h, char *s, size_t cap);

#endif
