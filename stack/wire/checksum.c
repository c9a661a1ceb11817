/* SPDX-License-Identifier: ISC */
/*
 * The one's complement sum does not care about byte order (RFC 1071 section 2 (B)), nor about how wide the words are, as long as
 * carries come back in at the bottom (section 2 (C)). So the sum runs over 64-bit words in the machine's own order, four of them
 * side by side to hide the latency of the carry, and checksum_finish alone turns it into network order.
 */
#include "stack/wire/checksum.h"

static inline uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;
	return sum + (sum < b);
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t copy64(uint8_t *to, const uint8_t *from)
{
	uint64_t v = load64(from);
	memcpy(to, &v, sizeof(v));
	return v;
}

/* The last 0–31 bytes. An odd last byte is the first of a pair whose second is zero. */
static inline uint64_t add_tail(uint64_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 8; len -= 8, p += 8)
		sum = add_carry(sum, load64(p));
	if (len & 4) {
		uint32_t v;
		memcpy(&v, p, sizeof(v));
		sum = add_carry(sum, v);
		p += 4;
	}
	if (len & 2) {
		uint16_t v;
		memcpy(&v, p, sizeof(v));
		sum = add_carry(sum, v);
		p += 2;
	}
	if (len & 1) {
		uint16_t v = 0;
		memcpy(&v, p, 1);
		sum = add_carry(sum, v);
	}
	return sum;
}

checksum_sum checksum_add(checksum_sum sum, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	if (len >= 32) {
		uint64_t a = sum, b = 0, c = 0, d = 0;
		do {
			a = add_carry(a, load64(p));
			b = add_carry(b, load64(p + 8));
			c = add_carry(c, load64(p + 16));
			d = add_carry(d, load64(p + 24));
			p += 32;
			len -= 32;
		} while (len >= 32);
		sum = add_carry(add_carry(a, b), add_carry(c, d));
	}
	return add_tail(sum, p, len);
}

checksum_sum checksum_copy(checksum_sum sum, void *to, const void *from, size_t len)
{
	uint8_t *q = to;
	const uint8_t *p = from;
	if (len >= 32) {
		uint64_t a = sum, b = 0, c = 0, d = 0;
		do {
			a = add_carry(a, copy64(q, p));
			b = add_carry(b, copy64(q + 8, p + 8));
			c = add_carry(c, copy64(q + 16, p + 16));
			d = add_carry(d, copy64(q + 24, p + 24));
			p += 32;
			q += 32;
			len -= 32;
		} while (len >= 32);
		sum = add_carry(add_carry(a, b), add_carry(c, d));
	}
	if (len > 0)
		memcpy(q, p, len);
	return add_tail(sum, p, len);
}

checksum_sum checksum_add_sum(checksum_sum a, checksum_sum b)
{
	return add_carry(a, b);
}

checksum_sum checksum_pseudo(const struct ip_addr *src, const struct ip_addr *dst, uint8_t protocol, uint32_t len)
{
	size_t n = src->family == 4 ? 4 : 16;
	uint8_t tail[8] = { [7] = protocol }; /* the same words for both families, zeros apart */
	put_be32(tail, len);
	return checksum_add(checksum_add(checksum_add(0, src->b, n), dst->b, n), tail, sizeof(tail));
}

uint16_t checksum_finish(checksum_sum sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	uint16_t word = (uint16_t)~sum;
	uint8_t bytes[2];
	memcpy(bytes, &word, sizeof(bytes));
	return get_be16(bytes);
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_value, uint16_t new_value)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~old_value + new_value;
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}
