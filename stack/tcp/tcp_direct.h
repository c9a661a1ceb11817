/* SPDX-License-Identifier: ISC */
/*
 * DIRECT TCP: RFC 9293 over any set of ip faces, with RFC 5681, 5961, 6298, 6528, 6582, 6928 and 7323.
 * The face (tcp.h) is how flows are used; this header is for whoever composes a stack.
 */
#ifndef STACK_TCP_TCP_DIRECT_H
#define STACK_TCP_TCP_DIRECT_H

#include "stack/base/counter.h"
#include "stack/base/env.h"
#include "stack/ip/ip.h"
#include "stack/tcp/tcp.h"

struct tcp_direct;

/*
 * Every tunable. The comment gives the option's key where it differs from the field's name, unit, range and default;
 * keys carry no unit. Booleans are written 0 or 1, on or off, true or false.
 */
struct tcp_config {
	/* Bounds */
	uint32_t max_flows;         /* connections in any state but CLOSED; 1–4 000 000; 262 144 */
	uint32_t max_listeners;     /* 1–1 000 000; 65 536 */
	uint32_t backlog;           /* a listener's default bound on SYN-RECEIVED flows; 1–1 000 000; 128 */
	uint32_t send_buffer;       /* bytes a flow takes from its writer; 2048–1 GiB; 262 144 */
	uint32_t receive_buffer;    /* bytes a flow keeps for its reader, the window; 2048–1 GiB; 262 144 */
	uint32_t reassembly_ranges; /* separate out-of-order runs a flow keeps; 0: none is kept; 0–65 536; 1024 */

	/* Segments and options */
	uint32_t mss;            /* bytes we announce at most (0: what the path's MTU allows); 0, 64–65 495; 0 */
	uint32_t min_mss;        /* bytes; a smaller MSS from the peer or a router counts as this; 24–1460; 88 */
	uint8_t ttl;             /* of every segment; 0: the IP layer's default; 0 */
	uint8_t tos;             /* DSCP << 2; 0–255; 0 */
	bool timestamps;         /* RFC 7323 section 3; on */
	bool window_scaling;     /* RFC 7323 section 2; on */
	bool sack;               /* SACK-permitted and SACK blocks for what arrives (RFC 2018); on */
	bool path_mtu_discovery; /* don't-fragment on every segment, ICMP too-big lowers the MSS; on */

	/* When to send */
	bool nagle;                    /* RFC 9293 section 3.7.4, per flow TCP_NODELAY_OPT; on */
	bool delayed_ack;              /* RFC 9293 section 3.8.6.3; on */
	uint32_t delayed_ack_ms;       /* "delayed_ack_time": longest delay; 1–499; 200 */
	uint32_t delayed_ack_segments; /* an ACK for every so many full-sized segments; 1–64; 2 */
	uint32_t sws_override_ms;      /* "sws_override": RFC 9293 section 3.8.6.2.1 (4); 100–1000; 500 */

	/* Retransmission: RFC 6298 */
	uint32_t initial_rto_ms;  /* "initial_rto"; 1–60 000; 1000 */
	uint32_t min_rto_ms;      /* "min_rto"; 1–60 000; 1000 (Linux 200, FreeBSD 30) */
	uint32_t max_rto_ms;      /* "max_rto"; 1000–3 600 000; 60 000 */
	uint32_t r1;              /* retransmissions before IP is advised (RFC 9293 section 3.8.3); 1–255; 3 */
	uint32_t retries;         /* R2: retransmissions of one segment before giving up; 1–255; 15 */
	uint32_t syn_retries;     /* the same for SYN; 1–255; 7: 183 s */
	uint32_t user_timeout_ms; /* "user_timeout": R2 as time; 0: by retries; 0 */

	/* Congestion control */
	char congestion[16];       /* "newreno" */
	uint32_t initial_window;   /* segments, RFC 6928; 1–1000; 10 */
	bool limited_transmit;     /* RFC 3042; on */
	uint32_t dupack_threshold; /* duplicate ACKs that trigger fast retransmit; 0: never; 0–255; 3 */
	bool idle_restart;         /* RFC 5681 section 4.1; on */

	/* Keep-alive: RFC 9293 section 3.8.4 */
	bool keepalive;                 /* of new flows; off */
	uint32_t keepalive_idle_ms;     /* "keepalive_idle"; 1000–2^31; 7 200 000 */
	uint32_t keepalive_interval_ms; /* "keepalive_interval"; 1000–2^31; 75 000 */
	uint32_t keepalive_count;       /* unanswered probes before giving up; 2–255; 9 */

	/* Ends */
	uint32_t msl_ms;            /* "msl": TIME-WAIT lasts twice this; 1–600 000; 120 000 */
	uint32_t fin_wait_2_ms;     /* "fin_wait_2": a released flow's longest stay there; 0: for ever; 60 000 */
	bool time_wait_reuse;       /* a newer SYN reopens a TIME-WAIT connection (RFC 6191, RFC 9293 MAY-2); on */
	bool time_wait_rst_ignored; /* RFC 1337 section 3 fix F1; on */
	bool reset_unclaimed;       /* RST for what belongs to no flow or listener (RFC 9293 section 3.10.7.1); on */

	/* Robustness against blind attacks: RFC 5961 */
	bool ack_check;          /* section 5: ACK not older than the largest window; on */
	uint32_t challenge_acks; /* per flow and 5 s; 0: no bound; 10 */

	/* Checksums */
	bool verify_checksum; /* of what arrives; on */

	/* Ephemeral ports (RFC 6056 section 3.2) and ISN (RFC 6528) */
	uint16_t port_min, port_max; /* 1–65 535; 49 152–65 535 */
	bool isn_fixed;              /* for tests: set by the key "isn" = the ISS of every flow; off */
	uint32_t isn;
};

/* The defaults above. */
struct tcp_config tcp_config_default(void);
/* Sets one field from text; decimal, or hexadecimal after 0x. 0; -ENOENT for an unknown key; -EINVAL for a bad value (config unchanged). */
int tcp_config_set(struct tcp_config *config, const char *key, const char *value);

/* env must outlive tcp. config NULL: the defaults; copied. 0 and *tcp; -EINVAL for a config out of range; -ENOMEM. */
int tcp_direct_create(struct env *env, const struct tcp_config *config, struct tcp_direct **tcp);
/* Everything is freed, flows and listeners the owners still hold included; nothing is sent and no callback runs. Not from a callback. */
void tcp_direct_destroy(struct tcp_direct *tcp);

/* Registers for protocol 6 on ip, which must outlive tcp. 0; -EADDRINUSE (the protocol is taken); -ENOSPC (four faces attached); -ENOMEM. */
int tcp_direct_attach(struct tcp_direct *tcp, struct ip *ip);

/* What users of TCP hold. */
struct tcp *tcp_direct_face(struct tcp_direct *tcp);
/* Live counters; valid as long as tcp. */
struct counter_set tcp_direct_counters(const struct tcp_direct *tcp);
/* Connections known, TIME-WAIT included, and those the owner released and not yet freed. */
uint32_t tcp_direct_flows(const struct tcp_direct *tcp);

#endif
