/* SPDX-License-Identifier: ISC */
#include "stack/wire/icmp4.h"
#include "stack/wire/print.h"

#include <errno.h>

/* Echo, timestamp, information (RFC 792) and address mask (RFC 950): requests and replies that carry an identifier. */
static bool has_id(uint8_t type)
{
	return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY || (type >= ICMP4_TIMESTAMP && type <= 18);
}

static bool has_mtu(const struct icmp4_hdr *h)
{
	return h->type == ICMP4_UNREACHABLE && h->code == ICMP4_UNREACH_FRAG_NEEDED;
}

int icmp4_hdr_parse(struct icmp4_hdr *h, const uint8_t *p, size_t len)
{
	*h = (struct icmp4_hdr){ 0 };
	if (len < ICMP4_HDR_LEN)
		return -EBADMSG;
	h->type = p[0];
	h->code = p[1];
	h->checksum = get_be16(p + 2);
	if (has_id(h->type)) {
		h->id = get_be16(p + 4);
		h->seq = get_be16(p + 6);
	} else if (has_mtu(h)) {
		h->mtu = get_be16(p + 6);
	} else if (h->type == ICMP4_PARAMETER) {
		h->pointer = p[4];
	} else if (h->type == ICMP4_REDIRECT) {
		memcpy(h->gateway.b, p + 4, 4);
	}
	return ICMP4_HDR_LEN;
}

int icmp4_hdr_emit(const struct icmp4_hdr *h, uint8_t *p, size_t cap)
{
	if (cap < ICMP4_HDR_LEN)
		return -ENOSPC;
	p[0] = h->type;
	p[1] = h->code;
	put_be16(p + 2, h->checksum);
	put_be32(p + 4, 0);
	if (has_id(h->type)) {
		put_be16(p + 4, h->id);
		put_be16(p + 6, h->seq);
	} else if (has_mtu(h)) {
		put_be16(p + 6, h->mtu);
	} else if (h->type == ICMP4_PARAMETER) {
		p[4] = h->pointer;
	} else if (h->type == ICMP4_REDIRECT) {
		memcpy(p + 4, h->gateway.b, 4);
	}
	return ICMP4_HDR_LEN;
}

bool icmp4_is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == ICMP4_SOURCE_QUENCH || type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED ||
	       type == ICMP4_PARAMETER;
}

static void print_unreachable(struct print *out, const struct icmp4_hdr *h)
{
	static const char *const names[] = { "net unreachable", "host unreachable", "protocol unreachable", "port unreachable",
		"unreachable - need to frag", "unreachable - source route failed", "net unreachable - unknown", "host unreachable - unknown",
		"unreachable - source host isolated", "net unreachable - admin prohibited", "host unreachable - admin prohibited",
		"net unreachable - tos prohibited", "host unreachable - tos prohibited", "unreachable - admin prohibited filter",
		"unreachable - host precedence violation", "unreachable - precedence cutoff" };
	if (h->code < sizeof(names) / sizeof(names[0]))
		print_add(out, "%s", names[h->code]);
	else
		print_add(out, "unreachable - code %u", h->code);
	if (has_mtu(h) && h->mtu)
		print_add(out, " (mtu %u)", h->mtu);
}

int icmp4_hdr_print(const struct icmp4_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char gateway[IP_STRLEN];
	print_add(&out, "ICMP ");
	switch (h->type) {
	case ICMP4_ECHO:
	case ICMP4_ECHO_REPLY:
		print_add(&out, "echo %s, id %u, seq %u", h->type == ICMP4_ECHO ? "request" : "reply", h->id, h->seq);
		break;
	case ICMP4_UNREACHABLE:
		print_unreachable(&out, h);
		break;
	case ICMP4_SOURCE_QUENCH:
		print_add(&out, "source quench");
		break;
	case ICMP4_REDIRECT:
		print_add(&out, "redirect %s to %s", h->code & 1 ? "host" : "net", ip4_str(h->gateway, gateway));
		break;
	case ICMP4_TIME_EXCEEDED:
		print_add(&out,
			h->code == 0   ? "time exceeded in-transit"
			: h->code == 1 ? "ip reassembly time exceeded"
				       : "time exceeded-#%u",
			h->code);
		break;
	case ICMP4_PARAMETER:
		print_add(&out, "parameter problem - octet %u", h->pointer);
		break;
	case ICMP4_TIMESTAMP:
	case ICMP4_TIMESTAMP_REPLY:
		print_add(&out, "time stamp %s id %u seq %u", h->type == ICMP4_TIMESTAMP ? "query" : "reply", h->id, h->seq);
		break;
	default:
		print_add(&out, "type-#%u code %u", h->type, h->code);
	}
	return out.n;
}
