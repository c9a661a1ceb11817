/* SPDX-License-Identifier: ISC */
#include "stack/wire/addr.h"
#include "stack/wire/print.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

char *mac_str(struct mac a, char s[MAC_STRLEN])
{
	snprintf(s, MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", a.b[0], a.b[1], a.b[2], a.b[3], a.b[4], a.b[5]);
	return s;
}

char *ip4_str(struct ip4_addr a, char s[IP_STRLEN])
{
	snprintf(s, IP_STRLEN, "%u.%u.%u.%u", a.b[0], a.b[1], a.b[2], a.b[3]);
	return s;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 sections 4.2.2 and 4.2.3). */
static int zero_run(const uint8_t *b, int *length)
{
	int best = -1;
	*length = 1;
	for (int i = 0, n; i < 8; i += n + 1) {
		for (n = 0; i + n < 8 && get_be16(b + 2 * (i + n)) == 0; n++)
			;
		if (n > *length) {
			best = i;
			*length = n;
		}
	}
	return best;
}

char *ip6_str(struct ip6_addr a, char s[IP_STRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (memcmp(a.b, mapped, sizeof(mapped)) == 0) { /* RFC 5952 section 5 */
		snprintf(s, IP_STRLEN, "::ffff:%u.%u.%u.%u", a.b[12], a.b[13], a.b[14], a.b[15]);
		return s;
	}
	int length, run = zero_run(a.b, &length);
	struct print out = { s, IP_STRLEN, 0 };
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			print_add(&out, "::");
			i += length - 1;
		} else {
			print_add(&out, "%s%x", i == 0 || i == run + length ? "" : ":", get_be16(a.b + 2 * i));
		}
	}
	return s;
}

char *ip_str(const struct ip_addr *a, char s[IP_STRLEN])
{
	if (a->family == 4)
		return ip4_str(ip_to_ip4(a), s);
	if (a->family == 6)
		return ip6_str(ip_to_ip6(a), s);
	memcpy(s, "none", 5);
	return s;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mac_parse_str(struct mac *a, const char *s)
{
	struct mac m;
	for (int i = 0; i < 6; i++) {
		if (i > 0 && *s++ != ':')
			return -EINVAL;
		int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	if (*s != '\0')
		return -EINVAL;
	*a = m;
	return 0;
}

int ip_parse_str(struct ip_addr *a, const char *s)
{
	struct ip_addr ip = { 0 };
	if (inet_pton(AF_INET, s, ip.b) == 1)
		ip.family = 4;
	else if (inet_pton(AF_INET6, s, ip.b) == 1)
		ip.family = 6;
	else
		return -EINVAL;
	*a = ip;
	return 0;
}
