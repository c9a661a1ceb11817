/* SPDX-License-Identifier: ISC */
/*
 * The tester: a host of bare hands on a wire with the stack under test. It sends any frame, watches every frame, calls the
 * DUT's sockets and moves virtual time. A failed expectation ends the case with what was wanted, what came and why it did not match.
 *
 *     tester 192.0.2.1 ──── wire, 0 ns ──── DUT 192.0.2.2/24        gateway of the DUT: 192.0.2.254 (also the tester's hands)
 *
 * The same hands play other_ip and gateway_ip. What a stack sends of itself while it starts is logged but waits for nobody;
 * neither do IPv6 frames (stacks with IPv6 on send them unasked) and the ARP requests the tester answers.
 */
#ifndef CONFORMANCE_TESTER_TESTER_H
#define CONFORMANCE_TESTER_TESTER_H

#include "conformance/tester/packet.h"
#include "sim/host/host.h"

#define MILLISECONDS(n) ((uint64_t)(n)*NS_PER_MS)
#define SECONDS(n) ((uint64_t)(n)*NS_PER_S)
#define MINUTES(n) SECONDS(60 * (uint64_t)(n))
#define HOURS(n) MINUTES(60 * (uint64_t)(n))

#define TESTER_FRAME_MAX BUF_MAX

struct tester_private;

struct tester {
	struct world *world;
	struct host *dut;
	unsigned layers;                       /* DUT_LAYER_… the stack under test consists of; what a variant without DUT_CAP_LAYERS has is all */
	unsigned capabilities;                 /* DUT_CAP_… of the variant */
	struct mac my_mac, dut_mac, other_mac; /* other: nobody on the wire */
	struct ip4_addr my_ip, dut_ip, other_ip;           /* other: on the subnet, played by the tester when a case wants a third host */
	struct ip4_addr gateway_ip, far_ip, net_broadcast; /* far: 198.51.100.1, reached through the gateway */
	uint16_t my_port, dut_port;                        /* 40000, 7777: what UDP and TCP headers sent have when a case says nothing */
	struct random_stream random;                       /* the case's own */

	struct frame got;                    /* the frame the last EXPECT (or true tester_saw) matched … */
	uint8_t got_bytes[TESTER_FRAME_MAX]; /* … and its bytes, which got points into */
	size_t got_len;
	uint64_t got_ns;   /* when it arrived */
	struct frame sent; /* likewise the last SEND: what an ICMP error would quote is sent.l3 */
	uint8_t sent_bytes[TESTER_FRAME_MAX];
	size_t sent_len;

	const char *file; /* where the case is: the last macro or call below that it used */
	int line;
	struct tester_private *p;
};

/* Every call from a case notes where it stands, so that a failure inside a helper names the case's line. */
static inline struct tester *tester_here(struct tester *t, const char *file, int line)
{
	t->file = file;
	t->line = line;
	return t;
}
#define HERE(t) tester_here((t), __FILE__, __LINE__)

/*
 * Sends a frame now; it reaches the DUT when time next runs (any EXPECT, tester_run(t, 0), …). Left out, it goes from my_mac,
 * my_ip, my_port to dut_mac, dut_ip, dut_port; TTL 64; ARP: a broadcast request for dut_ip from my_ip, a reply goes to dut_mac.
 */
#define SEND(t, ...) tester_send(HERE(t), &(struct packet){ __VA_ARGS__ })
/*
 * Runs until the DUT sends a matching frame, at most within_ns. Frames before it are passed over for good (and listed if it
 * fails). Checksums of the layers named have to be right unless .ok or .checksum says otherwise.
 */
#define EXPECT(t, within_ns, ...) tester_expect(HERE(t), (within_ns), &(struct packet){ __VA_ARGS__ })
/* As EXPECT, but the very next frame the DUT sends must match. */
#define EXPECT_NEXT(t, within_ns, ...) tester_expect_next(HERE(t), (within_ns), &(struct packet){ __VA_ARGS__ })
/* Runs for_ns; fails if a matching frame comes or is still waiting. EXPECT_SILENCE(t, SECONDS(5)) alone means any frame. */
#define EXPECT_SILENCE(t, for_ns, ...) tester_expect_silence(HERE(t), (for_ns), &(struct packet){ __VA_ARGS__ })
/* True when the DUT sent a matching frame that is still waiting (it is taken, as by EXPECT), or does within within_ns; else false, and nothing is passed over. */
#define SAW(t, within_ns, ...) tester_saw(HERE(t), (within_ns), &(struct packet){ __VA_ARGS__ })
/* The frame SEND would send: its length; bytes go to buf. */
#define BUILD(t, buf, cap, ...) tester_build(HERE(t), &(struct packet){ __VA_ARGS__ }, (buf), (cap))
/* Fails the case with a message unless cond holds. */
#define REQUIRE(t, cond, ...) ((cond) ? (void)0 : tester_fail(HERE(t), __VA_ARGS__))
/* REQUIRE of a number: the message shows expected and got. */
#define REQUIRE_EQ(t, what, got, expected) tester_require_eq(HERE(t), (what), (long long)(got), (long long)(expected))
/* Ends the case as SKIP with the reason. */
#define SKIP(t, ...) tester_skip(HERE(t), __VA_ARGS__)

void tester_send(struct tester *t, const struct packet *p);
size_t tester_build(struct tester *t, const struct packet *p, uint8_t *buf, size_t cap);
void tester_send_bytes(struct tester *t, const void *frame, size_t len);
void tester_expect(struct tester *t, uint64_t within_ns, const struct packet *p);
void tester_expect_next(struct tester *t, uint64_t within_ns, const struct packet *p);
void tester_expect_silence(struct tester *t, uint64_t for_ns, const struct packet *p);
bool tester_saw(struct tester *t, uint64_t within_ns, const struct packet *p);
void tester_require_eq(struct tester *t, const char *what, long long got, long long expected);
_Noreturn void tester_fail(struct tester *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void tester_skip(struct tester *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Lets virtual time pass; frames the DUT sends meanwhile wait to be expected. */
void tester_run(struct tester *t, uint64_t for_ns);
/* Runs what is due now, then forgets frames the DUT sent and nobody expected. */
void tester_flush(struct tester *t);
uint64_t tester_now(const struct tester *t);

/* Answers the DUT's ARP requests for my_ip, other_ip and gateway_ip with my_mac, without a case having to say so. The suite says whether it starts on. */
void tester_answer_arp(struct tester *t, bool on);
/* Teaches the DUT my_mac ↔ my_ip through an ARP exchange, where the composition has ARP. Nothing else of it is left waiting. */
#define tester_resolve(t) (tester_resolve)(HERE(t))
void(tester_resolve)(struct tester *t);

/* Ends the case as SKIP unless the variant has all capabilities (DUT_CAP_…); unless the composition has all layers (DUT_LAYER_…). */
void tester_need(struct tester *t, unsigned capabilities);
void tester_need_layers(struct tester *t, unsigned layers);
bool tester_has(const struct tester *t, unsigned capabilities, unsigned layers);

/*
 * Socket calls on the DUT that must succeed (else the case fails at its own line). A socket of a kind the variant or the
 * composition does not have ends the case as SKIP.
 */
#define tester_udp_socket(t, port) (tester_udp_socket)(HERE(t), (port)) /* bound to any:port, IPv4 */
#define tester_tcp_listener(t, port) (tester_tcp_listener)(HERE(t), (port))
#define tester_tcp_connect(t, to_port) (tester_tcp_connect)(HERE(t), (to_port)) /* towards my_ip; returns at once */
#define tester_accept(t, listener) (tester_accept)(HERE(t), (listener))         /* runs what is due now first; the connection */
#define tester_raw_socket(t, protocol) (tester_raw_socket)(HERE(t), (protocol))
#define tester_ping_socket(t) (tester_ping_socket)(HERE(t))
#define tester_packet_socket(t, ethertype) (tester_packet_socket)(HERE(t), (ethertype))
/* Sends len pattern bytes from the DUT's socket to to:port (port 0 for raw; ignored when connected: to 0.0.0.0); must be taken whole. */
#define tester_dut_send(t, sock, len, to, port) (tester_dut_send)(HERE(t), (sock), (len), (to), (port))
/* Asks for an echo reply from to: id is the DUT's, seq and len pattern bytes ours. */
#define tester_dut_ping(t, sock, seq, len, to) (tester_dut_ping)(HERE(t), (sock), (seq), (len), (to))
/* Makes the DUT send something to to, through whichever kind of socket it has: provokes resolution. Without IP that is a packet socket, without ARP it broadcasts. */
#define tester_provoke(t, to) (tester_provoke)(HERE(t), (to), 32)
/* The same with len pattern bytes as its payload. */
#define tester_provoke_len(t, to, len) (tester_provoke)(HERE(t), (to), (len))
int(tester_udp_socket)(struct tester *t, uint16_t port);
int(tester_tcp_listener)(struct tester *t, uint16_t port);
int(tester_tcp_connect)(struct tester *t, uint16_t to_port);
int(tester_accept)(struct tester *t, int listener);
int(tester_raw_socket)(struct tester *t, uint8_t protocol);
int(tester_ping_socket)(struct tester *t);
int(tester_packet_socket)(struct tester *t, uint16_t ethertype);
void(tester_dut_send)(struct tester *t, int sock, size_t len, struct ip4_addr to, uint16_t port);
void(tester_dut_ping)(struct tester *t, int sock, uint16_t seq, size_t len, struct ip4_addr to);
void(tester_provoke)(struct tester *t, struct ip4_addr to, size_t len);
/* Runs what is due now, then reads: bytes of the next datagram (or of the stream) waiting on the DUT's socket, -EAGAIN, another error. buf may be NULL. */
long tester_dut_recv(struct tester *t, int sock, void *buf, size_t cap, struct dut_sockaddr *from);
/* The DUT's socket gets exactly one datagram of len pattern bytes; nothing. Else the case fails. */
#define tester_delivered(t, sock, len) (tester_delivered)(HERE(t), (sock), (len))
#define tester_not_delivered(t, sock) (tester_not_delivered)(HERE(t), (sock))
void(tester_delivered)(struct tester *t, int sock, size_t len);
void(tester_not_delivered)(struct tester *t, int sock);
struct dut_sockaddr tester_sockaddr(struct ip4_addr ip, uint16_t port);

#endif
