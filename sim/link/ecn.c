/* SPDX-License-Identifier: ISC */
#include "sim/link/ecn.h"

#include "sim/link/match.h"
#include "stack/wire/checksum.h"
#include "stack/wire/eth.h"
#include "stack/wire/ip4.h"
#include "stack/wire/ip6.h"

static void mark_ip4(uint8_t *p)
{
	uint16_t before = get_be16(p);
	p[1] |= ECN_CE;
	put_be16(p + 10, checksum_update(get_be16(p + 10), before, get_be16(p)));
}

int ecn_mark(struct buf *frame)
{
	uint16_t type;
	size_t at = frame_network(frame->data, frame->len, &type);
	const uint8_t *p = frame->data + at;
	bool ip4 = at && type == ETHERTYPE_IP4 && frame->len - at >= IP4_HDR_LEN && p[0] >> 4 == 4;
	bool ip6 = at && type == ETHERTYPE_IP6 && frame->len - at >= IP6_HDR_LEN && p[0] >> 4 == 6;
	unsigned ecn = ip4 ? p[1] & 3u : ip6 ? p[1] >> 4 & 3u : ECN_NOT_ECT;
	if (ecn == ECN_NOT_ECT)
		return 0;
	if (ecn == ECN_CE)
		return 1;
	int err = buf_own(frame);
	if (err < 0)
		return err;
	if (ip4)
		mark_ip4(frame->data + at);
	else
		frame->data[at + 1] |= ECN_CE << 4; /* the traffic class straddles the first two bytes */
	return 1;
}
