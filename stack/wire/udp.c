/* SPDX-License-Identifier: ISC */
#include "stack/wire/udp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ip4.h"
#include "stack/wire/print.h"

#include <errno.h>

int udp_hdr_parse(struct udp_hdr *h, const uint8_t *p, size_t len)
{
	if (len < UDP_HDR_LEN)
		return -EBADMSG;
	h->src_port = get_be16(p);
	h->dst_port = get_be16(p + 2);
	h->len = get_be16(p + 4);
	h->checksum = get_be16(p + 6);
	return UDP_HDR_LEN;
}

int udp_hdr_emit(const struct udp_hdr *h, uint8_t *p, size_t cap)
{
	if (cap < UDP_HDR_LEN)
		return -ENOSPC;
	put_be16(p, h->src_port);
	put_be16(p + 2, h->dst_port);
	put_be16(p + 4, h->len);
	put_be16(p + 6, h->checksum);
	return UDP_HDR_LEN;
}

uint16_t udp_checksum(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len)
{
	checksum_sum sum = checksum_pseudo(src, dst, IPPROTO_NUM_UDP, (uint32_t)len);
	sum = checksum_add(sum, p, 6);
	uint16_t c = checksum_finish(checksum_add(sum, p + UDP_HDR_LEN, len - UDP_HDR_LEN));
	return c ? c : 0xffff;
}

bool udp_checksum_ok(const struct ip_addr *src, const struct ip_addr *dst, const uint8_t *p, size_t len)
{
	if (len < UDP_HDR_LEN)
		return false;
	if (get_be16(p + 6) == 0)
		return src->family == 4;
	return checksum_finish(checksum_add(checksum_pseudo(src, dst, IPPROTO_NUM_UDP, (uint32_t)len), p, len)) == 0;
}

int udp_hdr_print(const struct udp_hdr *h, char *s, size_t cap)
{
	struct print out = { s, cap, 0 };
	if (h->len < UDP_HDR_LEN)
		print_add(&out, "UDP, bad length %u", h->len);
	else
		print_add(&out, "UDP, length %u", h->len - UDP_HDR_LEN);
	return out.n;
}
