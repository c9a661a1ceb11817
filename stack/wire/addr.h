/* SPDX-License-Identifier: ISC */
/* Addresses, big-endian loads and stores. Everything in wire/ works on bytes, never on casts of packet memory. */
#ifndef STACK_WIRE_ADDR_H
#define STACK_WIRE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mac {
	uint8_t b[6];
};

/* An IPv4 address in network order. */
struct ip4_addr {
	uint8_t b[4];
};

struct ip6_addr {
	uint8_t b[16];
};

/* Either family: family is 4, 6, or 0 for "none". Unused bytes are zero, so addresses compare with memcmp. */
struct ip_addr {
	uint8_t family;
	uint8_t b[16];
};

#define MAC_STRLEN 18 /* with the NUL */
#define IP_STRLEN 46

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

static inline bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.b, b.b, 6) == 0;
}
static inline bool mac_is_multicast(struct mac a) /* broadcast included */
{
	return a.b[0] & 1;
}
static inline bool mac_is_broadcast(struct mac a)
{
	return memcmp(a.b, "\xff\xff\xff\xff\xff\xff", 6) == 0;
}

static inline bool ip4_equal(struct ip4_addr a, struct ip4_addr b)
{
	return memcmp(a.b, b.b, 4) == 0;
}
static inline uint32_t ip4_u32(struct ip4_addr a) /* host order */
{
	return get_be32(a.b);
}
static inline struct ip4_addr ip4_from_u32(uint32_t v)
{
	struct ip4_addr a;
	put_be32(a.b, v);
	return a;
}
static inline bool ip4_is_multicast(struct ip4_addr a) /* 224.0.0.0/4, RFC 1112 section 4 */
{
	return (a.b[0] & 0xf0) == 0xe0;
}
static inline bool ip4_is_unspecified(struct ip4_addr a)
{
	return ip4_u32(a) == 0;
}
static inline bool ip4_is_broadcast(struct ip4_addr a) /* limited broadcast, RFC 919 section 7 */
{
	return ip4_u32(a) == UINT32_MAX;
}
static inline bool ip4_is_loopback(struct ip4_addr a) /* 127.0.0.0/8, RFC 1122 section 3.2.1.3 (g) */
{
	return a.b[0] == 127;
}

static inline bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
static inline struct ip_addr ip_from_ip4(struct ip4_addr a)
{
	struct ip_addr ip = { .family = 4 };
	memcpy(ip.b, a.b, 4);
	return ip;
}
static inline struct ip4_addr ip_to_ip4(const struct ip_addr *ip)
{
	struct ip4_addr a;
	memcpy(a.b, ip->b, 4);
	return a;
}
static inline struct ip_addr ip_from_ip6(struct ip6_addr a)
{
	struct ip_addr ip = { .family = 6 };
	memcpy(ip.b, a.b, 16);
	return ip;
}
static inline struct ip6_addr ip_to_ip6(const struct ip_addr *ip)
{
	struct ip6_addr a;
	memcpy(a.b, ip->b, 16);
	return a;
}

/* Text forms; each writes into s and returns it. IPv6 as RFC 5952. */
char *mac_str(struct mac a, char s[MAC_STRLEN]);
char *ip4_str(struct ip4_addr a, char s[IP_STRLEN]);
char *ip6_str(struct ip6_addr a, char s[IP_STRLEN]);
char *ip_str(const struct ip_addr *a, char s[IP_STRLEN]); /* "none" for family 0 */

/* 0, or -EINVAL unless the whole text is one address. */
int mac_parse_str(struct mac *a, const char *s);
int ip_parse_str(struct ip_addr *a, const char *s);

#endif
