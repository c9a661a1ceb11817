/* SPDX-License-Identifier: ISC */
/* ARP for IPv4 over Ethernet (RFC 826). */
#ifndef STACK_WIRE_ARP_H
#define STACK_WIRE_ARP_H

#include "stack/wire/addr.h"

#define ARP_LEN 28
#define ARP_HTYPE_ETHERNET 1
#define ARP_OP_REQUEST 1
#define ARP_OP_REPLY 2

struct arp_pkt {
	uint16_t htype; /* kept as read, so that tests can send wrong ones */
	uint16_t ptype;
	uint8_t hlen, plen;
	uint16_t op;
	struct mac sha, tha;
	struct ip4_addr spa, tpa;
};

/* Bytes consumed; -EBADMSG when short; -EPROTONOSUPPORT when htype, ptype, hlen or plen are not Ethernet/IPv4 (the fixed fields are filled). */
int arp_pkt_parse(struct arp_pkt *a, const uint8_t *p, size_t len);
/* Bytes written, or -ENOSPC. Emits htype, ptype, hlen and plen as given. */
int arp_pkt_emit(const struct arp_pkt *a, uint8_t *p, size_t cap);
int arp_pkt_print(const struct arp_pkt *a, char *s, size_t cap);

#endif
