/* SPDX-License-Identifier: ISC */
#include "stack/wire/icmp6.h"
#include "stack/wire/print.h"

#include <errno.h>

static bool is_echo(uint8_t type)
{
	return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

/* The part that has a place of its own in the struct (RFC 4861 sections 4.3 to 4.5). */
static int fixed_len(uint8_t type)
{
	if (type == ICMP6_NS || type == ICMP6_NA)
		return ICMP6_HDR_LEN + 16;
	return type == ICMP6_REDIRECT ? ICMP6_HDR_LEN + 32 : ICMP6_HDR_LEN;
}

int icmp6_hdr_parse(struct icmp6_hdr *h, const uint8_t *p, size_t len)
{
	*h = (struct icmp6_hdr){ 0 };
	if (len < ICMP6_HDR_LEN)
		return -EBADMSG;
	h->type = p[0];
	h->code = p[1];
	h->checksum = get_be16(p + 2);
	h->word = get_be32(p + 4);
	if (is_echo(h->type)) {
		h->id = get_be16(p + 4);
		h->seq = get_be16(p + 6);
	}
	int n = fixed_len(h->type);
	if ((size_t)n > len)
		return -EBADMSG;
	if (n > ICMP6_HDR_LEN)
		memcpy(h->target.b, p + 8, 16);
	if (n > ICMP6_HDR_LEN + 16)
		memcpy(h->destination.b, p + 24, 16);
	return n;
}

int icmp6_hdr_emit(const struct icmp6_hdr *h, uint8_t *p, size_t cap)
{
	int n = fixed_len(h->type);
	if (cap < (size_t)n)
		return -ENOSPC;
	p[0] = h->type;
	p[1] = h->code;
	put_be16(p + 2, h->checksum);
	put_be32(p + 4, is_echo(h->type) ? (uint32_t)h->id << 16 | h->seq : h->word);
	if (n > ICMP6_HDR_LEN)
		memcpy(p + 8, h->target.b, 16);
	if (n > ICMP6_HDR_LEN + 16)
		memcpy(p + 24, h->destination.b, 16);
	return n;
}

bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

static const char *unreachable_name(uint8_t code)
{
	/* RFC 4443 section 3.1 */
	static const char *const names[] = { "unreachable route", "unreachable prohibited", "beyond scope", "unreachable address", "unreachable port",
		"source address failed policy", "reject route" };
	return code < sizeof(names) / sizeof(names[0]) ? names[code] : "unknown code";
}

static const char *plain_name(uint8_t type)
{
	switch (type) {
	case ICMP6_MLD_QUERY:
		return "multicast listener query";
	case ICMP6_MLD_REPORT:
		return "multicast listener report";
	case ICMP6_MLD_DONE:
		return "multicast listener done";
	case ICMP6_MLD2_REPORT:
		return "multicast listener report v2";
	case ICMP6_RS:
		return "router solicitation";
	case ICMP6_RA:
		return "router advertisement";
	default:
		return NULL;
	}
}

static void print_type(struct print *out, const struct icmp6_hdr *h)
{
	if (plain_name(h->type))
		print_add(out, "%s", plain_name(h->type));
	else
		print_add(out, "type-#%u code %u", h->type, h->code);
}

int icmp6_hdr_print(const struct icmp6_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	char a[IP_STRLEN], b[IP_STRLEN];
	print_add(&out, "ICMP6, ");
	switch (h->type) {
	case ICMP6_UNREACHABLE:
		print_add(&out, "destination unreachable, %s", unreachable_name(h->code));
		break;
	case ICMP6_TOO_BIG:
		print_add(&out, "packet too big, mtu %u", h->word);
		break;
	case ICMP6_TIME_EXCEEDED:
		print_add(&out, "time exceeded %s", h->code == 0 ? "in-transit" : "in-reassembly");
		break;
	case ICMP6_PARAMETER:
		print_add(&out, "parameter problem, code %u, pointer %u", h->code, h->word);
		break;
	case ICMP6_ECHO:
	case ICMP6_ECHO_REPLY:
		print_add(&out, "echo %s, id %u, seq %u", h->type == ICMP6_ECHO ? "request" : "reply", h->id, h->seq);
		break;
	case ICMP6_NS:
		print_add(&out, "neighbor solicitation, who has %s", ip6_str(h->target, a));
		break;
	case ICMP6_NA:
		print_add(&out, "neighbor advertisement, tgt is %s", ip6_str(h->target, a));
		break;
	case ICMP6_REDIRECT:
		print_add(&out, "redirect, %s to %s", ip6_str(h->destination, a), ip6_str(h->target, b));
		break;
	default:
		print_type(&out, h);
	}
	return out.n;
}
