/* SPDX-License-Identifier: ISC */
/*
 * Every field of a partial packet, once: where the want is in struct packet, how to read the value out of a dissected frame
 * (and whether the frame has it at all), how people like to see it. Building, matching, merging and printing all walk this list.
 */
#ifndef CONFORMANCE_TESTER_FIELDS_H
#define CONFORMANCE_TESTER_FIELDS_H

#include "conformance/tester/packet.h"

/* X(layer, field, how it is printed, is it there, its value) with f, bytes and len in scope */
#define PACKET_NUMBERS(X) \
	X(eth, type, HEX, true, f->eth.type) \
	X(eth, frame_len, DEC, true, len) \
	X(eth, zero_padding, YESNO, true, trailer_is_zero(f, bytes, len)) \
	X(vlan, pcp, DEC, true, f->vlan.pcp) \
	X(vlan, dei, DEC, true, f->vlan.dei) \
	X(vlan, vid, DEC, true, f->vlan.vid) \
	X(vlan, type, HEX, true, f->vlan.type) \
	X(arp, htype, DEC, true, f->arp.htype) \
	X(arp, ptype, HEX, true, f->arp.ptype) \
	X(arp, hlen, DEC, true, f->arp.hlen) \
	X(arp, plen, DEC, true, f->arp.plen) \
	X(arp, op, ARPOP, true, f->arp.op) \
	X(ip4, version, DEC, true, f->ip4.version) \
	X(ip4, header_len, DEC, true, f->ip4.header_len) \
	X(ip4, tos, HEX, true, f->ip4.tos) \
	X(ip4, total_len, DEC, true, f->ip4.total_len) \
	X(ip4, id, HEX, true, f->ip4.id) \
	X(ip4, reserved, DEC, true, f->ip4.reserved) \
	X(ip4, df, DEC, true, f->ip4.df) \
	X(ip4, mf, DEC, true, f->ip4.mf) \
	X(ip4, offset, DEC, true, f->ip4.offset) \
	X(ip4, ttl, DEC, true, f->ip4.ttl) \
	X(ip4, protocol, DEC, true, f->ip4.protocol) \
	X(ip4, checksum, HEX, true, f->ip4.checksum) \
	X(ip4, ok, RIGHT, true, f->ip_checksum != CHECKSUM_BAD) \
	X(icmp4, type, DEC, true, f->icmp4.type) \
	X(icmp4, code, DEC, true, f->icmp4.code) \
	X(icmp4, checksum, HEX, true, f->icmp4.checksum) \
	X(icmp4, id, DEC, true, f->icmp4.id) \
	X(icmp4, seq, DEC, true, f->icmp4.seq) \
	X(icmp4, mtu, DEC, true, f->icmp4.mtu) \
	X(icmp4, pointer, DEC, true, f->icmp4.pointer) \
	X(icmp4, ok, RIGHT, true, f->l4_checksum != CHECKSUM_BAD) \
	X(udp, src_port, DEC, true, f->udp.src_port) \
	X(udp, dst_port, DEC, true, f->udp.dst_port) \
	X(udp, len, DEC, true, f->udp.len) \
	X(udp, checksum, HEX, true, f->udp.checksum) \
	X(udp, ok, RIGHT, true, f->l4_checksum != CHECKSUM_BAD) \
	X(tcp, src_port, DEC, true, f->tcp.src_port) \
	X(tcp, dst_port, DEC, true, f->tcp.dst_port) \
	X(tcp, seq, DEC, true, f->tcp.seq) \
	X(tcp, ack, DEC, true, f->tcp.ack) \
	X(tcp, header_len, DEC, true, f->tcp.header_len) \
	X(tcp, flags, FLAGS, true, f->tcp.flags) \
	X(tcp, window, DEC, true, f->tcp.window) \
	X(tcp, checksum, HEX, true, f->tcp.checksum) \
	X(tcp, urgent, DEC, true, f->tcp.urgent) \
	X(tcp, mss, DEC, f->tcp.opt.has_mss, f->tcp.opt.mss) \
	X(tcp, wscale, DEC, f->tcp.opt.has_wscale, f->tcp.opt.wscale) \
	X(tcp, sack_ok, YESNO, true, f->tcp.opt.has_sack_ok) \
	X(tcp, ts_val, DEC, f->tcp.opt.has_timestamp, f->tcp.opt.ts_val) \
	X(tcp, ts_ecr, DEC, f->tcp.opt.has_timestamp, f->tcp.opt.ts_ecr) \
	X(tcp, n_sack, DEC, true, f->tcp.opt.n_sack) \
	X(tcp, has_mss, YESNO, true, f->tcp.opt.has_mss) \
	X(tcp, has_wscale, YESNO, true, f->tcp.opt.has_wscale) \
	X(tcp, has_sack_ok, YESNO, true, f->tcp.opt.has_sack_ok) \
	X(tcp, has_timestamp, YESNO, true, f->tcp.opt.has_timestamp) \
	X(tcp, sack_from, DEC, f->tcp.opt.n_sack > 0, f->tcp.opt.sack[0].from) \
	X(tcp, sack_to, DEC, f->tcp.opt.n_sack > 0, f->tcp.opt.sack[0].to) \
	X(tcp, ok, RIGHT, true, f->l4_checksum != CHECKSUM_BAD) \
	X(payload, len, DEC, true, f->payload_len)

/* X(layer, field, its value) */
#define PACKET_MACS(X) \
	X(eth, dst, f->eth.dst) \
	X(eth, src, f->eth.src) \
	X(arp, sha, f->arp.sha) \
	X(arp, tha, f->arp.tha)
#define PACKET_IP4S(X) \
	X(arp, spa, f->arp.spa) \
	X(arp, tpa, f->arp.tpa) \
	X(ip4, src, f->ip4.src) \
	X(ip4, dst, f->ip4.dst) \
	X(icmp4, gateway, f->icmp4.gateway)
/* X(layer, field, first byte, length) */
#define PACKET_BYTES(X) \
	X(eth, trailer, trailer_of(f, bytes, len), trailer_len(f, bytes, len)) \
	X(ip4, options, f->ip4.options, f->ip4.options_len) \
	X(tcp, options, f->l4 + TCP_HDR_LEN, (size_t)(f->tcp.header_len - TCP_HDR_LEN)) \
	X(payload, is, f->payload, f->payload_len)
/* X(layer, its bit in frame.layers, its name in messages) */
#define PACKET_LAYERS(X) \
	X(eth, FRAME_ETH, "ETH") \
	X(vlan, FRAME_VLAN, "VLAN") \
	X(arp, FRAME_ARP, "ARP") \
	X(ip4, FRAME_IP4, "IP4") \
	X(icmp4, FRAME_ICMP4, "ICMP4") \
	X(udp, FRAME_UDP, "UDP") \
	X(tcp, FRAME_TCP, "TCP") \
	X(payload, FRAME_ETH, "PAYLOAD")

enum field_kind { FIELD_NUMBER, FIELD_MAC, FIELD_IP4, FIELD_BYTES };
enum field_style { DEC, HEX, FLAGS, ARPOP, YESNO, RIGHT };

struct field {
	const char *layer, *name;
	enum field_kind kind;
	enum field_style style;
	size_t offset; /* of the want in struct packet */
};

#define FIELDS_MAX 96
extern const struct field packet_fields[]; /* ends with a NULL layer */

struct layer_info {
	const char *name, *title;
	size_t on;    /* offset of .on in struct packet */
	unsigned bit; /* FRAME_… */
};
extern const struct layer_info packet_layers[]; /* ends with a NULL name */

static inline bool layer_on(const struct packet *p, const struct layer_info *l)
{
	return *(const bool *)((const char *)p + l->on);
}
static inline const void *field_want(const struct packet *p, const struct field *fd)
{
	return (const char *)p + fd->offset;
}
/* Every kind of want starts with how. */
static inline enum want_how field_how(const struct packet *p, const struct field *fd)
{
	return *(const enum want_how *)field_want(p, fd);
}

/* The value of a field in a frame. */
struct field_value {
	bool there;
	uint64_t number;
	struct mac mac;
	struct ip4_addr ip4;
	const uint8_t *bytes;
	size_t len;
};
void field_read(size_t i, const struct frame *f, const uint8_t *bytes, size_t len, struct field_value *v);
bool field_agrees(const struct field *fd, const void *want, const struct field_value *v);
/* For messages; both return what snprintf would. */
int field_print_want(const struct field *fd, const void *want, char *s, size_t cap);
int field_print_value(const struct field *fd, const void *want, const struct field_value *v, char *s, size_t cap);

#endif
