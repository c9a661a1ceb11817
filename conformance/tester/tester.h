/* SPDX-License-Identifier: ISC */
/*
 * The tester: a host of bare hands on a wire (or switch) with the stack under test. It sends any frame, watches every frame,
 * calls the DUT's sockets and moves virtual time. A failed expectation ends the case with what was wanted, what came and why it did not match.
 *
 * Topology of every case, unless the case asks for more hosts:
 *
 *     tester 192.0.2.1 ──── wire, 0 ns ──── DUT 192.0.2.2/24        gateway of the DUT: 192.0.2.254 (also the tester's hands)
 */
#ifndef CONFORMANCE_TESTER_TESTER_H
#define CONFORMANCE_TESTER_TESTER_H

#include "conformance/tester/packet.h"
#include "sim/host/host.h"

#define MICROSECONDS(n) ((uint64_t)(n) * NS_PER_US)
#define MILLISECONDS(n) ((uint64_t)(n) * NS_PER_MS)
#define SECONDS(n) ((uint64_t)(n) * NS_PER_S)
#define MINUTES(n) SECONDS(60 * (uint64_t)(n))
#define HOURS(n) MINUTES(60 * (uint64_t)(n))

struct tester {
	struct world *world;
	struct host *dut;
	struct mac my_mac, dut_mac, other_mac;      /* other: nobody on the wire */
	struct ip4_addr my_ip, dut_ip, other_ip;    /* other: on the subnet, played by the tester when a case wants a third host */
	struct ip4_addr gateway_ip, far_ip, net_broadcast; /* far: 198.51.100.1, reached through the gateway */
	struct random_stream random;                /* the case's own */
	struct frame got;                           /* the frame the last EXPECT matched … */
	uint8_t got_bytes[65600];                   /* … and its bytes, which got points into */
	size_t got_len;
	uint64_t got_ns;                            /* when it was sent */
	struct tester_private *p;
};

/* Sends a frame now. Its defaults: from my_mac/my_ip to dut_mac/dut_ip, TTL 64, right lengths and checksums. */
#define SEND(t, ...) tester_send((t), &(struct packet){ __VA_ARGS__ }, __FILE__, __LINE__)
/* Runs until the DUT sends a matching frame, at most within_ns; other frames are passed over (and listed if it fails). */
#define EXPECT(t, within_ns, ...) tester_expect((t), (within_ns), &(struct packet){ __VA_ARGS__ }, __FILE__, __LINE__)
/* As EXPECT, but the very next frame the DUT sends must match. */
#define EXPECT_NEXT(t, within_ns, ...) tester_expect_next((t), (within_ns), &(struct packet){ __VA_ARGS__ }, __FILE__, __LINE__)
/* Runs for_ns; fails if the DUT sends a matching frame. EXPECT_SILENCE(t, SECONDS(5)) alone means any frame. */
#define EXPECT_SILENCE(t, for_ns, ...) tester_expect_silence((t), (for_ns), &(struct packet){ __VA_ARGS__ }, __FILE__, __LINE__)
/* Fails the case with a message unless cond holds. */
#define REQUIRE(t, cond, ...) ((cond) ? (void)0 : tester_fail((t), __FILE__, __LINE__, __VA_ARGS__))
/* Ends the case as SKIP with the reason. */
#define SKIP(t, ...) tester_skip((t), __VA_ARGS__)

void tester_send(struct tester *t, const struct packet *p, const char *file, int line);
void tester_expect(struct tester *t, uint64_t within_ns, const struct packet *p, const char *file, int line);
void tester_expect_next(struct tester *t, uint64_t within_ns, const struct packet *p, const char *file, int line);
void tester_expect_silence(struct tester *t, uint64_t for_ns, const struct packet *p, const char *file, int line);
_Noreturn void tester_fail(struct tester *t, const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
_Noreturn void tester_skip(struct tester *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Lets virtual time pass; frames the DUT sends meanwhile wait to be expected. */
void tester_run(struct tester *t, uint64_t for_ns);
/* Forgets frames the DUT sent and nobody expected. */
void tester_flush(struct tester *t);
/* True when the DUT sent a matching frame that is still waiting or comes within within_ns; never fails. */
bool tester_saw(struct tester *t, uint64_t within_ns, const struct packet *p);
uint64_t tester_now(const struct tester *t);

/* Answers the DUT's ARP requests for my_ip, other_ip and gateway_ip with my_mac, without a case having to say so. On by default, off in the arp suite. */
void tester_answer_arp(struct tester *t, bool on);
/* Teaches the DUT my_mac ↔ my_ip through an ARP exchange, where the composition has ARP. Nothing else of it is left waiting. */
void tester_resolve(struct tester *t);

/* Ends the case as SKIP unless the variant has all capabilities (DUT_CAP_…). */
void tester_need(struct tester *t, unsigned capabilities);
/* Socket calls on the DUT that must succeed (else the case fails at the caller's line). Addresses: family 0 for any. */
int tester_udp_socket(struct tester *t, uint16_t port);       /* bound to any:port, IPv4 */
int tester_tcp_listener(struct tester *t, uint16_t port);
int tester_tcp_connect(struct tester *t, uint16_t to_port);   /* towards my_ip; returns at once */
int tester_raw_socket(struct tester *t, uint8_t protocol);
int tester_packet_socket(struct tester *t, uint16_t ethertype);
/* Sends len pattern bytes from the DUT's socket to my_ip:port (port 0 for raw); must succeed. */
void tester_dut_send(struct tester *t, int sock, size_t len, struct ip4_addr to, uint16_t port);
/* Bytes of the next datagram waiting on the DUT's socket, or -EAGAIN. buf may be NULL. */
long tester_dut_recv(struct tester *t, int sock, void *buf, size_t cap, struct dut_sockaddr *from);

#endif
