/* SPDX-License-Identifier: ISC */
/*
 * Partial packets: the words a test author writes packets with. A field left out means "a sensible default" when
 * sending and "don't care" when matching. When sending, only EQ() (or an address) says anything; lengths and checksums
 * left out are computed, given ones are sent as they are, wrong or not. TCP, UDP and ICMP4 imply IP4, and all imply ETH.
 *
 *     SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->dut_ip)));
 *     EXPECT(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->dut_mac)));
 */
#ifndef CONFORMANCE_TESTER_PACKET_H
#define CONFORMANCE_TESTER_PACKET_H

#include "stack/wire/frame.h"

enum want_how { WANT_ANY, WANT_EQ, WANT_NE, WANT_RANGE, WANT_BITS };

/* What a number should be. */
struct want {
	enum want_how how;
	uint64_t a, b; /* EQ, NE: a. RANGE: a ≤ x ≤ b. BITS: (x & a) == b */
};
#define EQ(v) \
	{ \
		WANT_EQ, (uint64_t)(v), 0 \
	}
#define NE(v) \
	{ \
		WANT_NE, (uint64_t)(v), 0 \
	}
#define BETWEEN(lo, hi) \
	{ \
		WANT_RANGE, (uint64_t)(lo), (uint64_t)(hi) \
	}
#define AT_LEAST(lo) \
	{ \
		WANT_RANGE, (uint64_t)(lo), UINT64_MAX \
	}
#define AT_MOST(hi) \
	{ \
		WANT_RANGE, 0, (uint64_t)(hi) \
	}
#define BITS(mask, value) \
	{ \
		WANT_BITS, (uint64_t)(mask), (uint64_t)(value) \
	}

struct want_mac {
	enum want_how how; /* ANY, EQ, NE */
	struct mac v;
};
#define HW(addr) \
	{ \
		WANT_EQ, (addr) \
	}
#define NOT_HW(addr) \
	{ \
		WANT_NE, (addr) \
	}

struct want_ip4 {
	enum want_how how;
	struct ip4_addr v;
};
#define IP(addr) \
	{ \
		WANT_EQ, (addr) \
	}
#define NOT_IP(addr) \
	{ \
		WANT_NE, (addr) \
	}

/* Bytes: a payload, options, a quoted packet. */
struct want_bytes {
	enum want_how how; /* ANY, EQ */
	const void *bytes; /* NULL: len bytes of the tester's pattern (byte i is i mod 251) */
	size_t len;
	bool prefix; /* matching: only the first len bytes must agree */
};
#define BYTES(ptr, n) \
	{ \
		WANT_EQ, (ptr), (n), false \
	}
#define PATTERN(n) \
	{ \
		WANT_EQ, NULL, (n), false \
	}
#define TEXT(s) \
	{ \
		WANT_EQ, (s), sizeof(s) - 1, false \
	}
#define STARTS(ptr, n) \
	{ \
		WANT_EQ, (ptr), (n), true \
	}
#define NOTHING \
	{ \
		WANT_EQ, "", 0, false \
	}

/* Each layer's fields; .on says the layer is there. A packet without any layer matches every frame. */
struct packet {
	struct packet_eth {
		bool on;
		struct want_mac dst, src;
		struct want type;
		uint16_t pad_to;           /* sending: pad the frame with zeros to this length; 0: to 60 */
		bool no_pad;               /* sending: a frame shorter than 60 stays short */
		bool snap;                 /* sending: 802.3 length, then LLC and SNAP headers (RFC 1042) in front of what follows */
		uint16_t cut;              /* sending: only the first cut bytes behind the Ethernet header, before padding; 0: all */
		struct want_bytes trailer; /* sending: bytes behind the network packet instead of zeros. Matching: what follows it */
		struct want zero_padding;  /* matching: EQ(1): nothing but zeros behind the network packet */
		struct want frame_len;     /* matching: length of the whole frame */
	} eth;
	struct packet_vlan {
		bool on;
		struct want pcp, dei, vid, type; /* type: of what follows the tag */
	} vlan;
	struct packet_arp {
		bool on;
		struct want htype, ptype, hlen, plen, op;
		struct want_mac sha, tha;
		struct want_ip4 spa, tpa;
	} arp;
	struct packet_ip4 {
		bool on;
		struct want version, header_len, tos, total_len, id, reserved, df, mf, offset, ttl, protocol, checksum;
		struct want_ip4 src, dst;
		struct want_bytes options;
		struct want ok; /* matching: EQ(1): the header checksum is right */
	} ip4;
	struct packet_icmp4 {
		bool on;
		struct want type, code, checksum, id, seq, mtu, pointer;
		struct want_ip4 gateway;
		struct want ok; /* matching: EQ(1): the checksum is right */
	} icmp4;
	struct packet_udp {
		bool on;
		struct want src_port, dst_port, len, checksum;
		struct want ok;
	} udp;
	struct packet_tcp {
		bool on;
		struct want src_port, dst_port, seq, ack, header_len, flags, window, checksum, urgent;
		struct want mss, wscale, sack_ok, ts_val, ts_ecr, n_sack;    /* presence is implied by any want but ANY */
		struct want has_mss, has_wscale, has_sack_ok, has_timestamp; /* EQ(0): must be absent */
		struct want sack_from, sack_to;                              /* of the first block */
		struct want_bytes options;                                   /* raw options instead of the ones above */
		struct want ok;
	} tcp;
	struct packet_payload {
		bool on;
		struct want_bytes is;
		struct want len;
	} payload;
	struct want_bytes raw;     /* sending: this whole frame and nothing else */
	const struct packet *base; /* what is left out here is looked up there, layers included (a TCP peer's ports and numbers); or NULL */
};
#define ETH(...) .eth = { .on = true, __VA_ARGS__ }
#define VLAN(...) .vlan = { .on = true, __VA_ARGS__ }
#define ARP(...) .arp = { .on = true, __VA_ARGS__ }
#define IP4(...) .ip4 = { .on = true, __VA_ARGS__ }
#define ICMP4(...) .icmp4 = { .on = true, __VA_ARGS__ }
#define UDP(...) .udp = { .on = true, __VA_ARGS__ }
#define TCP(...) .tcp = { .on = true, __VA_ARGS__ }
#define PAYLOAD(...) .payload = { .on = true, .is = __VA_ARGS__ }
#define PAYLOAD_LEN(...) .payload = { .on = true, .len = __VA_ARGS__ }

/* Where one field of a frame differed from what was wanted. A layer that is missing is a field, too: "tcp", "present", "absent". */
struct packet_mismatch {
	char field[32]; /* "tcp.flags" */
	char expected[96];
	char got[96];
};

/*
 * Builds the frame's bytes from p, filling what is left out from p->base, then from defaults (a packet whose defaults are EQ; its
 * layers stay out unless p has them; may be NULL), then from sensible values. TCP, UDP, ICMP4 imply IP4; everything implies ETH.
 * Bytes written; -ENOSPC; -EINVAL when a want other than EQ (or a value wider than its field) was to be sent.
 */
int packet_build(const struct packet *p, const struct packet *defaults, uint8_t *frame, size_t cap);
/* True when the frame is as wanted; else *mismatch (may be NULL) names the first field that is not. f is bytes dissected. */
bool packet_match(const struct packet *p, const struct frame *f, const uint8_t *bytes, size_t len, struct packet_mismatch *mismatch);
/* All of them: fills at most max, returns how many there are. */
unsigned packet_mismatches(const struct packet *p, const struct frame *f, const uint8_t *bytes, size_t len, struct packet_mismatch *m, unsigned max);
/* One line for messages: the fields that are set, "TCP(flags=[S.], window=1 or more)"; "any frame" when none is. Returns what snprintf would. */
int packet_print(const struct packet *p, char *s, size_t cap);
/* Takes over from whatever p leaves out; with_layers: and the layers p does not have. */
void packet_merge(struct packet *p, const struct packet *from, bool with_layers);
/* Byte i of the tester's pattern. */
static inline uint8_t packet_pattern(size_t i)
{
	return (uint8_t)(i % 251);
}

#endif
