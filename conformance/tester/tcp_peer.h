/* SPDX-License-Identifier: ISC */
/*
 * The tester's side of one TCP connection: ports, sequence numbers and options, so that a case names only what matters to it.
 * It never answers by itself: the case sends every segment, and snd_nxt and rcv_nxt move only where said here.
 *
 *     struct tcp_peer peer;
 *     tcp_peer_open(t, &peer, .mss = 1000);                                            the DUT listens and is ESTABLISHED now
 *     SEND(t, SEG(&peer, .flags = EQ(TCP_ACK | TCP_PSH)), PAYLOAD(TEXT("hello")));
 *     EXPECT(t, SECONDS(1), FROM_DUT(&peer, .flags = EQ(TCP_ACK), .ack = EQ(peer.snd_nxt + 5)));
 *
 * Streams carry the tester's pattern, counted from the first byte of the connection, both ways.
 */
#ifndef CONFORMANCE_TESTER_TCP_PEER_H
#define CONFORMANCE_TESTER_TCP_PEER_H

#include "conformance/tester/tester.h"

/* All zero: the DUT listens on t->dut_port and the tester connects from t->my_port, with MSS 1460, window 65535, no other options. */
struct tcp_peer_setup {
	bool dut_connects;          /* the DUT opens: to my_port, from a port of its choice */
	uint16_t my_port, dut_port; /* 0: t->my_port, t->dut_port */
	uint32_t iss;               /* 0: drawn from t->random */
	uint16_t mss;               /* our MSS option; 0: 1460 */
	bool no_mss;                /* no MSS option at all */
	uint32_t window;            /* bytes we offer, 0: 65535; what header fields carry is scaled once wscale is agreed */
	bool use_wscale;
	uint8_t wscale;                       /* our shift */
	bool timestamps, sack;                /* offered in our SYN or SYN,ACK */
	const struct tcp_peer *same_listener; /* the DUT accepts from this earlier peer's listener instead of a new one */
};

struct tcp_peer {
	struct tester *t;
	struct tcp_peer_setup setup; /* with every default filled in */
	uint16_t my_port, dut_port;
	uint32_t iss, irs;           /* our and the DUT's initial sequence numbers */
	uint32_t snd_nxt, rcv_nxt;   /* what SEG puts into seq and ack */
	uint32_t window;             /* bytes offered in SEG; change it freely */
	uint16_t dut_mss;            /* what the DUT's SYN said; 536 when it said nothing (RFC 9293 section 3.7.1) */
	uint8_t my_shift, dut_shift; /* 0 unless both sides offered window scale */
	bool timestamps, sack;       /* agreed on */
	uint64_t dut_written;        /* bytes tcp_peer_dut_write() gave to the DUT's socket */
	uint64_t dut_read;           /* bytes tcp_peer_dut_read() took from it */
	int listener, sock;          /* the DUT's sockets: listener -1 when it connected */
	struct packet send, match;   /* what SEG and FROM_DUT are based on */
};

/* A segment to send: by default an ACK from peer's port with seq snd_nxt, ack rcv_nxt, its window, a timestamp when agreed. */
#define SEG(peer, ...) .base = tcp_peer_send_base(peer), .tcp = { .on = true, __VA_ARGS__ }
/* A segment of the connection from the DUT: its ports. */
#define FROM_DUT(peer, ...) .base = tcp_peer_match_base(peer), .tcp = { .on = true, __VA_ARGS__ }
const struct packet *tcp_peer_send_base(struct tcp_peer *peer);
const struct packet *tcp_peer_match_base(struct tcp_peer *peer);

/* tcp_peer_open(t, &peer, .timestamps = true, …): handshake; returns with both sides ESTABLISHED, sock accepted or connected. Fails the case otherwise. */
#define tcp_peer_open(t, peer, ...) (tcp_peer_open)(HERE(t), (peer), &(struct tcp_peer_setup){ __VA_ARGS__ })
/* Ports and iss only; no socket, no frame: for cases about the handshake itself. rcv_nxt is 0 until tcp_peer_took(). */
#define tcp_peer_init(t, peer, ...) (tcp_peer_init)(HERE(t), (peer), &(struct tcp_peer_setup){ __VA_ARGS__ })
void(tcp_peer_open)(struct tester *t, struct tcp_peer *peer, const struct tcp_peer_setup *setup);
void(tcp_peer_init)(struct tester *t, struct tcp_peer *peer, const struct tcp_peer_setup *setup);
/* Our SYN (or SYN,ACK) with the options of the setup; snd_nxt moves behind it. */
void tcp_peer_send_syn(struct tcp_peer *peer, uint16_t flags);
/* t->got is the DUT's SYN or SYN,ACK: takes over its port, numbers and options. */
void tcp_peer_took_syn(struct tcp_peer *peer);
/* t->got is a segment of the DUT: rcv_nxt moves behind its data, SYN and FIN. */
void tcp_peer_took(struct tcp_peer *peer);

/* Sends the next len bytes of our stream, in segments of at most the DUT's MSS, PSH on the last; snd_nxt moves. Waits for nothing. */
void tcp_peer_send_data(struct tcp_peer *peer, size_t len);
/* The next len bytes our stream will carry from snd_nxt + offset on, for segments a case sends itself: PAYLOAD(BYTES(buf, len)). */
void tcp_peer_data(const struct tcp_peer *peer, size_t offset, uint8_t *buf, size_t len);
/* Sends an ACK for everything received. */
#define tcp_peer_ack(peer) SEND((peer)->t, SEG(peer))
/* Expects the next len bytes of the DUT's stream in order, each segment within within_ns, right to the byte; acknowledges each. rcv_nxt moves. */
#define tcp_peer_expect_data(peer, len, within_ns) (HERE((peer)->t), (tcp_peer_expect_data)((peer), (len), (within_ns)))
void(tcp_peer_expect_data)(struct tcp_peer *peer, size_t len, uint64_t within_ns);

/* The DUT's application writes the next len bytes of its stream, which its socket must take whole. */
#define tcp_peer_dut_write(peer, len) (HERE((peer)->t), (tcp_peer_dut_write)((peer), (len)))
/* The DUT's application reads exactly len bytes: they must be there and right. */
#define tcp_peer_dut_read(peer, len) (HERE((peer)->t), (tcp_peer_dut_read)((peer), (len)))
void(tcp_peer_dut_write)(struct tcp_peer *peer, size_t len);
void(tcp_peer_dut_read)(struct tcp_peer *peer, size_t len);

#endif
