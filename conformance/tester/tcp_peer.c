/* SPDX-License-Identifier: ISC */
#include "conformance/tester/tcp_peer.h"
#include "conformance/tester/stage.h"

#include <stdio.h>
#include <string.h>

/* The tester's timestamp clock: milliseconds, from a number that is not 0. */
static uint32_t my_timestamp(const struct tcp_peer *peer)
{
	return (uint32_t)(1000000 + tester_now(peer->t) / NS_PER_MS);
}

void(tcp_peer_init)(struct tester *t, struct tcp_peer *peer, const struct tcp_peer_setup *setup)
{
	*peer = (struct tcp_peer){ .t = t, .setup = *setup, .listener = -1, .sock = -1, .dut_mss = 536 };
	struct tcp_peer_setup *s = &peer->setup;
	s->my_port = s->my_port ? s->my_port : t->my_port;
	s->dut_port = s->dut_port ? s->dut_port : t->dut_port;
	s->iss = s->iss ? s->iss : random_u32(&t->random);
	s->mss = s->mss ? s->mss : 1460;
	s->window = s->window ? s->window : 65535;
	peer->my_port = s->my_port;
	peer->dut_port = s->dut_connects ? 0 : s->dut_port;
	peer->iss = peer->snd_nxt = s->iss;
	peer->window = s->window;
}

/* The DUT's last timestamp on this connection, which ours echo. */
static uint32_t last_ts_val(const struct tcp_peer *peer)
{
	const struct stage_frame *log;
	for (size_t n = stage_log(peer->t, &log); n > 0; n--) {
		struct frame f;
		if (!log[n - 1].from_dut)
			continue;
		frame_dissect(&f, log[n - 1].bytes, log[n - 1].len);
		if (f.layers & FRAME_TCP && f.tcp.dst_port == peer->my_port && f.tcp.src_port == peer->dut_port && f.tcp.opt.has_timestamp)
			return f.tcp.opt.ts_val;
	}
	return 0;
}

const struct packet *tcp_peer_send_base(struct tcp_peer *peer)
{
	uint32_t field = peer->window >> peer->my_shift;
	peer->send = (struct packet){ TCP(.src_port = EQ(peer->my_port), .dst_port = EQ(peer->dut_port), .seq = EQ(peer->snd_nxt),
		.ack = EQ(peer->rcv_nxt), .flags = EQ(TCP_ACK), .window = EQ(field > 65535 ? 65535 : field)) };
	if (peer->timestamps) {
		peer->send.tcp.ts_val = (struct want)EQ(my_timestamp(peer));
		peer->send.tcp.ts_ecr = (struct want)EQ(last_ts_val(peer));
	}
	return &peer->send;
}

const struct packet *tcp_peer_match_base(struct tcp_peer *peer)
{
	peer->match = (struct packet){ TCP(.dst_port = EQ(peer->my_port)) };
	if (peer->dut_port)
		peer->match.tcp.src_port = (struct want)EQ(peer->dut_port);
	return &peer->match;
}

void tcp_peer_send_syn(struct tcp_peer *peer, uint16_t flags)
{
	const struct tcp_peer_setup *s = &peer->setup;
	bool answer = flags & TCP_ACK; /* a SYN,ACK offers what the SYN offered only */
	struct packet syn = { .base = tcp_peer_send_base(peer), TCP(.flags = EQ(flags), .seq = EQ(peer->iss)) };
	syn.tcp.window = (struct want)EQ(peer->window > 65535 ? 65535 : peer->window); /* never scaled: RFC 7323 section 2.2 */
	if (!answer)
		syn.tcp.ack = (struct want)EQ(0);
	if (!s->no_mss)
		syn.tcp.mss = (struct want)EQ(s->mss);
	if (answer ? peer->sack : s->sack)
		syn.tcp.sack_ok = (struct want)EQ(1);
	if (s->use_wscale && !(answer && !peer->t->got.tcp.opt.has_wscale))
		syn.tcp.wscale = (struct want)EQ(s->wscale);
	if (answer ? peer->timestamps : s->timestamps) {
		syn.tcp.ts_val = (struct want)EQ(my_timestamp(peer));
		syn.tcp.ts_ecr = (struct want)EQ(answer ? peer->t->got.tcp.opt.ts_val : 0);
	}
	tester_send(peer->t, &syn);
	peer->snd_nxt = peer->iss + 1;
}

void tcp_peer_took_syn(struct tcp_peer *peer)
{
	const struct tcp_hdr *h = &peer->t->got.tcp;
	const struct tcp_peer_setup *s = &peer->setup;
	peer->dut_port = h->src_port;
	peer->irs = h->seq;
	peer->rcv_nxt = h->seq + 1;
	peer->dut_mss = h->opt.has_mss ? h->opt.mss : 536;
	peer->timestamps = s->timestamps && h->opt.has_timestamp;
	peer->sack = s->sack && h->opt.has_sack_ok;
	if (s->use_wscale && h->opt.has_wscale) {
		peer->my_shift = s->wscale;
		peer->dut_shift = h->opt.wscale;
	}
}

void tcp_peer_took(struct tcp_peer *peer)
{
	const struct frame *f = &peer->t->got;
	uint32_t fin_syn = !!(f->tcp.flags & TCP_FIN) + !!(f->tcp.flags & TCP_SYN);
	peer->rcv_nxt = f->tcp.seq + (uint32_t)f->payload_len + fin_syn;
}

/* As EXPECT, but the line a failure names stays the case's. */
#define EXPECT_HERE(t, within_ns, ...) tester_expect((t), (within_ns), &(struct packet){ __VA_ARGS__ })

static void open_active(struct tcp_peer *peer)
{
	struct tester *t = peer->t;
	tcp_peer_send_syn(peer, TCP_SYN);
	EXPECT_HERE(t, SECONDS(3), FROM_DUT(peer, .flags = EQ(TCP_SYN | TCP_ACK), .ack = EQ(peer->iss + 1)));
	tcp_peer_took_syn(peer);
	tester_send(t, &(struct packet){ SEG(peer) });
	peer->sock = (tester_accept)(t, peer->listener);
}

static void open_passive(struct tcp_peer *peer)
{
	struct tester *t = peer->t;
	peer->sock = (tester_tcp_connect)(t, peer->my_port);
	EXPECT_HERE(t, SECONDS(3), FROM_DUT(peer, .flags = EQ(TCP_SYN)));
	tcp_peer_took_syn(peer);
	tcp_peer_send_syn(peer, TCP_SYN | TCP_ACK);
	EXPECT_HERE(t, SECONDS(1), FROM_DUT(peer, .flags = EQ(TCP_ACK), .seq = EQ(peer->irs + 1), .ack = EQ(peer->snd_nxt)));
}

void(tcp_peer_open)(struct tester *t, struct tcp_peer *peer, const struct tcp_peer_setup *setup)
{
	(tcp_peer_init)(t, peer, setup);
	if (setup->dut_connects) {
		open_passive(peer);
		return;
	}
	peer->listener = setup->same_listener ? setup->same_listener->listener : (tester_tcp_listener)(t, peer->dut_port);
	open_active(peer);
}

/* The stream's bytes from sequence number seq on; the first data byte has number first. */
static void stream_bytes(uint32_t first, uint32_t seq, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = packet_pattern((size_t)(seq - first) + i);
}

void tcp_peer_data(const struct tcp_peer *peer, size_t offset, uint8_t *buf, size_t len)
{
	stream_bytes(peer->iss + 1, peer->snd_nxt + (uint32_t)offset, buf, len);
}

void tcp_peer_send_data(struct tcp_peer *peer, size_t len)
{
	uint8_t bytes[65536];
	size_t room = peer->dut_mss - (peer->timestamps ? 12u : 0u); /* RFC 9293 section 3.7.1: options count against the MSS */
	while (len > 0) {
		size_t n = len < room ? len : room;
		tcp_peer_data(peer, 0, bytes, n);
		len -= n;
		tester_send(peer->t, &(struct packet){ SEG(peer, .flags = EQ(len ? TCP_ACK : TCP_ACK | TCP_PSH)), PAYLOAD(BYTES(bytes, n)) });
		peer->snd_nxt += (uint32_t)n;
	}
}

void(tcp_peer_expect_data)(struct tcp_peer *peer, size_t len, uint64_t within_ns)
{
	struct tester *t = peer->t;
	uint8_t right[65536];
	while (len > 0) {
		EXPECT_HERE(t, within_ns, FROM_DUT(peer, .seq = EQ(peer->rcv_nxt), .flags = BITS(TCP_SYN | TCP_RST | TCP_ACK, TCP_ACK)),
			PAYLOAD_LEN(BETWEEN(1, len)));
		stream_bytes(peer->irs + 1, peer->rcv_nxt, right, t->got.payload_len);
		for (size_t i = 0; i < t->got.payload_len; i++)
			if (t->got.payload[i] != right[i])
				tester_fail(t, "byte %zu of the DUT's stream: expected 0x%02x, got 0x%02x",
					(size_t)(peer->rcv_nxt - peer->irs - 1) + i, right[i], t->got.payload[i]);
		len -= t->got.payload_len;
		tcp_peer_took(peer);
		tester_send(t, &(struct packet){ SEG(peer) });
	}
}

void(tcp_peer_dut_write)(struct tcp_peer *peer, size_t len)
{
	uint8_t bytes[4096];
	while (len > 0) {
		size_t n = len < sizeof(bytes) ? len : sizeof(bytes);
		for (size_t i = 0; i < n; i++)
			bytes[i] = packet_pattern((size_t)peer->dut_written + i);
		long sent = host_send(peer->t->dut, peer->sock, bytes, n, NULL);
		if (sent <= 0)
			tester_fail(peer->t, "send() on the DUT with %zu bytes to go: %s", len, sent ? strerror((int)-sent) : "took nothing");
		peer->dut_written += (uint64_t)sent;
		len -= (size_t)sent;
	}
}

void(tcp_peer_dut_read)(struct tcp_peer *peer, size_t len)
{
	uint8_t bytes[4096];
	while (len > 0) {
		long n = tester_dut_recv(peer->t, peer->sock, bytes, len < sizeof(bytes) ? len : sizeof(bytes), NULL);
		if (n <= 0)
			tester_fail(peer->t, "recv() on the DUT with %zu bytes to go: %s", len, n ? strerror((int)-n) : "end of stream");
		for (long i = 0; i < n; i++, peer->dut_read++)
			if (bytes[i] != packet_pattern((size_t)peer->dut_read))
				tester_fail(peer->t, "byte %llu read on the DUT: expected 0x%02x, got 0x%02x", (unsigned long long)peer->dut_read,
					packet_pattern((size_t)peer->dut_read), bytes[i]);
		len -= (size_t)n;
	}
}
