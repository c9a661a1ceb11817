/* SPDX-License-Identifier: ISC */
#include "sim/link/match.h"

#include "stack/wire/eth.h"
#include "stack/wire/ip4.h"
#include "stack/wire/ip6.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"

#define ETHERTYPE_SERVICE_VLAN 0x88a8 /* IEEE 802.1Q, service tag */
#define SHORT_HDR_LEN 8               /* UDP, ICMP, ICMPv6 */

/* The transport part of a packet. */
struct transport {
	uint8_t protocol;
	bool later_fragment;
	const uint8_t *bytes;
	size_t len;
};

static bool is_tag(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN;
}

bool frame_is_tagged(const uint8_t *frame, size_t len)
{
	return len >= ETH_HDR_LEN && is_tag(get_be16(frame + 12));
}

size_t frame_network(const uint8_t *frame, size_t len, uint16_t *type)
{
	size_t at = ETH_HDR_LEN;
	if (len < at)
		return 0;
	*type = get_be16(frame + 12);
	while (is_tag(*type)) {
		if (len - at < VLAN_TAG_LEN)
			return 0;
		*type = get_be16(frame + at + 2);
		at += VLAN_TAG_LEN;
	}
	return at;
}

static bool find_ip4(struct transport *t, const uint8_t *p, size_t len)
{
	if (len < IP4_HDR_LEN || p[0] >> 4 != 4)
		return false;
	size_t header_len = (size_t)(p[0] & 15) * 4, total_len = get_be16(p + 2);
	if (total_len > len)
		total_len = len;
	if (header_len < IP4_HDR_LEN || header_len > total_len)
		return false;
	*t = (struct transport){ p[9], (get_be16(p + 6) & 0x1fff) != 0, p + header_len, total_len - header_len };
	return true;
}

static bool find_ip6(struct transport *t, const uint8_t *p, size_t len)
{
	if (len < IP6_HDR_LEN || p[0] >> 4 != 6)
		return false;
	size_t payload_len = get_be16(p + 4);
	if (payload_len > len - IP6_HDR_LEN)
		payload_len = len - IP6_HDR_LEN;
	*t = (struct transport){ p[6], false, p + IP6_HDR_LEN, payload_len };
	for (;;) {
		size_t ext_len;
		if (t->len < 8)
			return true;
		if (t->protocol == IP6_NEXT_FRAGMENT) {
			ext_len = 8;
			t->later_fragment = (get_be16(t->bytes + 2) & 0xfff8) != 0;
		} else if (t->protocol == IP6_NEXT_HOPOPTS || t->protocol == IP6_NEXT_ROUTING || t->protocol == IP6_NEXT_DSTOPTS) {
			ext_len = ((size_t)t->bytes[1] + 1) * 8;
		} else {
			return true;
		}
		if (ext_len > t->len)
			return true;
		t->protocol = t->bytes[0];
		t->bytes += ext_len;
		t->len -= ext_len;
		if (t->later_fragment)
			return true;
	}
}

static size_t payload_len(const struct transport *t)
{
	size_t header_len = SHORT_HDR_LEN;
	if (t->later_fragment)
		return t->len;
	if (t->protocol == IPPROTO_NUM_TCP)
		header_len = t->len >= TCP_HDR_LEN ? (size_t)(t->bytes[12] >> 4) * 4 : t->len;
	return t->len > header_len ? t->len - header_len : 0;
}

static bool port_matches(const struct transport *t, uint16_t port)
{
	if (t->later_fragment || t->len < 4 || (t->protocol != IPPROTO_NUM_TCP && t->protocol != IPPROTO_NUM_UDP))
		return false;
	return get_be16(t->bytes) == port || get_be16(t->bytes + 2) == port;
}

static bool flags_match(const struct transport *t, uint16_t flags)
{
	if (t->later_fragment || t->len < TCP_HDR_LEN || t->protocol != IPPROTO_NUM_TCP)
		return false;
	return (get_be16(t->bytes + 12) & 0x1ff & flags) == flags;
}

bool frame_matches(const struct frame_match *m, const uint8_t *frame, size_t len)
{
	struct transport t;
	uint16_t type;
	if (!m->protocol && !m->port && !m->tcp_flags && !m->ethertype && !m->has_payload)
		return true;
	size_t at = frame_network(frame, len, &type);
	if (!at || (m->ethertype && m->ethertype != type))
		return false;
	if (!m->protocol && !m->port && !m->tcp_flags && !m->has_payload)
		return true;
	bool found = type == ETHERTYPE_IP4 ? find_ip4(&t, frame + at, len - at) : type == ETHERTYPE_IP6 && find_ip6(&t, frame + at, len - at);
	return found && (!m->protocol || m->protocol == t.protocol) && (!m->port || port_matches(&t, m->port)) &&
	       (!m->tcp_flags || flags_match(&t, m->tcp_flags)) && (!m->has_payload || payload_len(&t) > 0);
}
