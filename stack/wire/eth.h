/* SPDX-License-Identifier: ISC */
/* Ethernet II (RFC 894) and 802.1Q tags. */
#ifndef STACK_WIRE_ETH_H
#define STACK_WIRE_ETH_H

#include "stack/wire/addr.h"

#define ETH_HDR_LEN 14
#define ETH_MIN_FRAME 60 /* without FCS; shorter ones are padded with zeros on the wire */
#define ETH_MTU 1500
#define ETH_TYPE_MIN 0x0600 /* smaller values are 802.3 lengths (RFC 1042) */

#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IP6 0x86dd
#define ETHERTYPE_QINQ 0x88a8         /* service tag, IEEE 802.1Q section 9.5; the tag has the same form */
#define ETHERTYPE_EXPERIMENTAL 0x88b5 /* IEEE 802 local experimental */

struct eth_hdr {
	struct mac dst, src;
	uint16_t type; /* EtherType, or an 802.3 length when below ETH_TYPE_MIN */
};

/* Bytes consumed, or -EBADMSG when len is short. */
int eth_hdr_parse(struct eth_hdr *h, const uint8_t *p, size_t len);
/* Bytes written, or -ENOSPC. */
int eth_hdr_emit(const struct eth_hdr *h, uint8_t *p, size_t cap);
/* One line without newline, as tcpdump -e; returns what snprintf would. */
int eth_hdr_print(const struct eth_hdr *h, char *s, size_t cap);

#define VLAN_TAG_LEN 4

/* The tag that follows an EtherType of 0x8100 (IEEE 802.1Q section 9.6). */
struct vlan_tag {
	uint8_t pcp; /* 0–7 */
	bool dei;
	uint16_t vid;  /* 0–4095 */
	uint16_t type; /* EtherType of what follows */
};

int vlan_tag_parse(struct vlan_tag *t, const uint8_t *p, size_t len);
int vlan_tag_emit(const struct vlan_tag *t, uint8_t *p, size_t cap);
int vlan_tag_print(const struct vlan_tag *t, char *s, size_t cap);

#endif
