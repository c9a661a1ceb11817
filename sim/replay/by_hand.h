/* SPDX-License-Identifier: ISC */
/* Captures made by hand, for the tests of this folder: a client behind a router, a server, and what they send each other. */
#ifndef SIM_REPLAY_BY_HAND_H
#define SIM_REPLAY_BY_HAND_H

#include "sim/replay/hosts.h"
#include "stack/base/env.h"
#include "stack/base/unit.h"

#include <unistd.h>

static const struct mac server_mac = { { 2, 0, 0, 0, 0, 0x5 } }, router_mac = { { 2, 0, 0, 0, 0, 0xf } };
static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
#define CLIENT ip4_of("10.1.2.3")
#define SERVER ip4_of("192.0.2.5")
#define ROUTER ip4_of("192.0.2.1")
#define BASE_NS (UINT64_C(1700000000) * NS_PER_S)

static inline struct ip_addr ip_of(const char *text)
{
	struct ip_addr a;
	ck_assert_int_eq(ip_parse_str(&a, text), 0);
	return a;
}

static inline struct ip4_addr ip4_of(const char *text)
{
	struct ip_addr a = ip_of(text);
	return ip_to_ip4(&a);
}

/* --- a capture under construction -------------------------------------------------------------------- */

static char path[64];
static struct capture_writer *writer;
static struct trace t;
static struct hosts hs;

static inline void begin(void)
{
	char error[CAPTURE_ERROR_MAX];
	snprintf(path, sizeof(path), "/tmp/plumbline-replay-test.%d.pcap", (int)getpid());
	writer = capture_create(path, error);
	ck_assert_msg(writer != NULL, "%s", error);
}

static inline void load(void)
{
	char error[CAPTURE_ERROR_MAX];
	ck_assert_msg(capture_finish(writer, error) == 0, "%s", error);
	ck_assert_msg(trace_load(&t, path, error) == 0, "%s", error);
	unlink(path);
	ck_assert_int_eq(hosts_find(&hs, &t), 0);
}

static inline void forget(void)
{
	hosts_free(&hs);
	trace_free(&t);
}

static inline void put(uint64_t at_ns, const uint8_t *frame, size_t len)
{
	ck_assert_int_eq(capture_write(writer, BASE_NS + at_ns, frame, len, len), 0);
}

static inline size_t put_ip(
	uint8_t *p, struct mac src_mac, struct mac dst_mac, struct ip4_addr src, struct ip4_addr dst, uint8_t protocol, size_t len)
{
	struct eth_hdr eth = { .dst = dst_mac, .src = src_mac, .type = ETHERTYPE_IP4 };
	struct ip4_hdr ip = {
		.version = 4, .header_len = 20, .total_len = (uint16_t)(20 + len), .ttl = 64, .protocol = protocol, .src = src, .dst = dst
	};
	eth_hdr_emit(&eth, p, ETH_HDR_LEN);
	ip4_hdr_emit(&ip, p + ETH_HDR_LEN, IP4_HDR_LEN);
	ip4_hdr_set_checksum(p + ETH_HDR_LEN, IP4_HDR_LEN);
	return ETH_HDR_LEN + IP4_HDR_LEN + len;
}

struct ends {
	struct mac src_mac, dst_mac;
	struct ip4_addr src, dst;
	uint16_t src_port, dst_port;
};

static inline struct ends to_server(uint16_t src_port, uint16_t dst_port)
{
	return (struct ends){ router_mac, server_mac, CLIENT, SERVER, src_port, dst_port };
}

static inline struct ends from_server(uint16_t src_port, uint16_t dst_port)
{
	return (struct ends){ server_mac, router_mac, SERVER, CLIENT, src_port, dst_port };
}

static inline void tcp(uint64_t at_ns, struct ends e, uint16_t flags, size_t payload, bool good_checksum)
{
	uint8_t frame[2048] = { 0 }, *p = frame + ETH_HDR_LEN + IP4_HDR_LEN;
	struct ip_addr src = ip_from_ip4(e.src), dst = ip_from_ip4(e.dst);
	struct tcp_hdr h = { .src_port = e.src_port, .dst_port = e.dst_port, .flags = flags, .window = 1000 };
	tcp_hdr_emit(&h, p, TCP_HDR_LEN);
	put_be16(p + 16, (uint16_t)(tcp_checksum(&src, &dst, p, TCP_HDR_LEN + payload) ^ !good_checksum));
	put(at_ns, frame, put_ip(frame, e.src_mac, e.dst_mac, e.src, e.dst, IPPROTO_NUM_TCP, TCP_HDR_LEN + payload));
}

static inline void udp(uint64_t at_ns, struct ends e, size_t payload)
{
	uint8_t frame[10000] = { 0 };
	struct udp_hdr h = { .src_port = e.src_port, .dst_port = e.dst_port, .len = (uint16_t)(UDP_HDR_LEN + payload) };
	udp_hdr_emit(&h, frame + ETH_HDR_LEN + IP4_HDR_LEN, UDP_HDR_LEN);
	put(at_ns, frame, put_ip(frame, e.src_mac, e.dst_mac, e.src, e.dst, IPPROTO_NUM_UDP, UDP_HDR_LEN + payload));
}

static inline void arp(uint64_t at_ns, uint16_t op, struct mac sha, struct ip4_addr spa, struct mac tha, struct ip4_addr tpa)
{
	uint8_t frame[ETH_HDR_LEN + ARP_LEN];
	struct eth_hdr eth = { .dst = op == ARP_OP_REQUEST ? broadcast : tha, .src = sha, .type = ETHERTYPE_ARP };
	struct arp_pkt a = { .htype = 1, .ptype = ETHERTYPE_IP4, .hlen = 6, .plen = 4, .op = op, .sha = sha, .spa = spa, .tpa = tpa };
	if (op == ARP_OP_REPLY)
		a.tha = tha;
	eth_hdr_emit(&eth, frame, ETH_HDR_LEN);
	arp_pkt_emit(&a, frame + ETH_HDR_LEN, ARP_LEN);
	put(at_ns, frame, sizeof(frame));
}

/* A connection of the client to a port of the server that is accepted; two frames each way. */
static inline void handshake(uint64_t at_ns, uint16_t client_port, uint16_t port)
{
	tcp(at_ns, to_server(client_port, port), TCP_SYN, 0, true);
	tcp(at_ns + 1, from_server(port, client_port), TCP_SYN | TCP_ACK, 0, true);
	tcp(at_ns + 2, to_server(client_port, port), TCP_ACK, 0, true);
	tcp(at_ns + 3, from_server(port, client_port), TCP_ACK, 10, true);
}

#endif
