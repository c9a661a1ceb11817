/* SPDX-License-Identifier: ISC */
#include "stack/wire/arp.h"
#include "stack/wire/eth.h"
#include "stack/wire/print.h"

#include <errno.h>

static bool is_ethernet_ip4(const struct arp_pkt *a)
{
	return a->htype == ARP_HTYPE_ETHERNET && a->ptype == ETHERTYPE_IP4 && a->hlen == 6 && a->plen == 4;
}

int arp_pkt_parse(struct arp_pkt *a, const uint8_t *p, size_t len)
{
	*a = (struct arp_pkt){ 0 };
	if (len < 8)
		return -EBADMSG;
	a->htype = get_be16(p);
	a->ptype = get_be16(p + 2);
	a->hlen = p[4];
	a->plen = p[5];
	a->op = get_be16(p + 6);
	if (!is_ethernet_ip4(a))
		return -EPROTONOSUPPORT;
	if (len < ARP_LEN)
		return -EBADMSG;
	memcpy(a->sha.b, p + 8, 6);
	memcpy(a->spa.b, p + 14, 4);
	memcpy(a->tha.b, p + 18, 6);
	memcpy(a->tpa.b, p + 24, 4);
	return ARP_LEN;
}

int arp_pkt_emit(const struct arp_pkt *a, uint8_t *p, size_t cap)
{
	if (cap < ARP_LEN)
		return -ENOSPC;
	put_be16(p, a->htype);
	put_be16(p + 2, a->ptype);
	p[4] = a->hlen;
	p[5] = a->plen;
	put_be16(p + 6, a->op);
	memcpy(p + 8, a->sha.b, 6);
	memcpy(p + 14, a->spa.b, 4);
	memcpy(p + 18, a->tha.b, 6);
	memcpy(p + 24, a->tpa.b, 4);
	return ARP_LEN;
}

int arp_pkt_print(const struct arp_pkt *a, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char x[IP_STRLEN], y[IP_STRLEN], m[MAC_STRLEN];
	if (!is_ethernet_ip4(a))
		print_add(&out, "ARP, hardware %u (len %u), protocol 0x%04x (len %u), op %u", a->htype, a->hlen, a->ptype, a->plen, a->op);
	else if (a->op == ARP_OP_REQUEST)
		print_add(&out, "ARP, Request who-has %s tell %s", ip4_str(a->tpa, x), ip4_str(a->spa, y));
	else if (a->op == ARP_OP_REPLY)
		print_add(&out, "ARP, Reply %s is-at %s", ip4_str(a->spa, x), mac_str(a->sha, m));
	else
		print_add(&out, "ARP, op %u, %s at %s, target %s", a->op, ip4_str(a->spa, x), mac_str(a->sha, m), ip4_str(a->tpa, y));
	return out.n;
}
