/* SPDX-License-Identifier: ISC */
#include "stack/wire/eth.h"
#include "stack/wire/print.h"

#include <errno.h>

int eth_hdr_parse(struct eth_hdr *h, const uint8_t *p, size_t len)
{
	if (len < ETH_HDR_LEN)
		return -EBADMSG;
	memcpy(h->dst.b, p, 6);
	memcpy(h->src.b, p + 6, 6);
	h->type = get_be16(p + 12);
	return ETH_HDR_LEN;
}

int eth_hdr_emit(const struct eth_hdr *h, uint8_t *p, size_t cap)
{
	if (cap < ETH_HDR_LEN)
		return -ENOSPC;
	memcpy(p, h->dst.b, 6);
	memcpy(p + 6, h->src.b, 6);
	put_be16(p + 12, h->type);
	return ETH_HDR_LEN;
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case ETHERTYPE_IP4:
		return "IPv4";
	case ETHERTYPE_ARP:
		return "ARP";
	case ETHERTYPE_VLAN:
		return "802.1Q";
	case ETHERTYPE_QINQ:
		return "802.1Q-QinQ";
	case ETHERTYPE_IP6:
		return "IPv6";
	default:
		return "Unknown";
	}
}

static void print_type(struct print *out, uint16_t type)
{
	if (type < ETH_TYPE_MIN)
		print_add(out, "802.3, length %u", type);
	else
		print_add(out, "ethertype %s (0x%04x)", type_name(type), type);
}

int eth_hdr_print(const struct eth_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char src[MAC_STRLEN], dst[MAC_STRLEN];
	print_add(&out, "%s > %s, ", mac_str(h->src, src), mac_str(h->dst, dst));
	print_type(&out, h->type);
	return out.n;
}

int vlan_tag_parse(struct vlan_tag *t, const uint8_t *p, size_t len)
{
	if (len < VLAN_TAG_LEN)
		return -EBADMSG;
	t->pcp = p[0] >> 5;
	t->dei = p[0] >> 4 & 1;
	t->vid = get_be16(p) & 0xfff;
	t->type = get_be16(p + 2);
	return VLAN_TAG_LEN;
}

int vlan_tag_emit(const struct vlan_tag *t, uint8_t *p, size_t cap)
{
	if (cap < VLAN_TAG_LEN)
		return -ENOSPC;
	put_be16(p, (uint16_t)((t->pcp & 7) << 13 | t->dei << 12 | (t->vid & 0xfff)));
	put_be16(p + 2, t->type);
	return VLAN_TAG_LEN;
}

int vlan_tag_print(const struct vlan_tag *t, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	print_add(&out, "vlan %u, p %u%s, ", t->vid, t->pcp, t->dei ? ", DEI" : "");
	print_type(&out, t->type);
	return out.n;
}
