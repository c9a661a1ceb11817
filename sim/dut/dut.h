/* SPDX-License-Identifier: ISC */
/*
 * The seam to a stack under test (DUT). One ops table; a port fills in about ten functions.
 * Self-contained on purpose: a port includes this file and nothing else of Plumbline.
 *
 * Rules: every call returns at once; errors are negative errno values; the DUT learns the time only from advance();
 * host callbacks only record, so a DUT may call them from anywhere, and must not expect them to call back into it.
 */
#ifndef SIM_DUT_DUT_H
#define SIM_DUT_DUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUT_ABI 1
#define DUT_NEVER UINT64_MAX

/* What a variant can do. What it lacks makes a case SKIP with the reason. */
enum {
	DUT_CAP_FRAMES = 1 << 0,  /* frame in, frame out */
	DUT_CAP_SOCKETS = 1 << 1, /* TCP and UDP sockets */
	DUT_CAP_VIRTUAL_TIME = 1 << 2,
	DUT_CAP_ROUTER = 1 << 3, /* forwards between interfaces */
	DUT_CAP_TCP_INFO = 1 << 4,
	DUT_CAP_PING = 1 << 5,   /* DUT_SOCK_PING */
	DUT_CAP_RAW = 1 << 6,    /* DUT_SOCK_RAW */
	DUT_CAP_PACKET = 1 << 7, /* DUT_SOCK_PACKET */
	DUT_CAP_LAYERS = 1 << 8, /* can be composed of fewer layers (dut_config.layers) */
	DUT_CAP_COUNTERS = 1 << 9,
	DUT_CAP_IPV4 = 1 << 10,
	DUT_CAP_IPV6 = 1 << 11,
	DUT_CAP_TCP = 1 << 12,
	DUT_CAP_UDP = 1 << 13,
};

/* Layers to compose; 0 in dut_config: all the variant has. */
enum {
	DUT_LAYER_ETHERNET = 1 << 0,
	DUT_LAYER_ARP = 1 << 1,
	DUT_LAYER_IPV4 = 1 << 2,
	DUT_LAYER_ICMPV4 = 1 << 3,
	DUT_LAYER_UDP = 1 << 4,
	DUT_LAYER_TCP = 1 << 5,
	DUT_LAYER_IPV6 = 1 << 6,
	DUT_LAYER_ICMPV6 = 1 << 7,
};

struct dut_addr {
	uint8_t family; /* 4, 6; 0: any */
	uint8_t b[16];  /* network order, unused bytes zero */
};

struct dut_sockaddr {
	struct dut_addr addr;
	uint16_t port; /* host order */
};

struct dut_prefix {
	struct dut_addr addr;
	uint8_t len; /* bits */
};

#define DUT_MAX_ADDRS 4

struct dut_interface {
	uint8_t mac[6];
	uint16_t mtu; /* IP bytes per frame */
	unsigned n_addrs;
	struct dut_prefix addrs[DUT_MAX_ADDRS]; /* own address and its prefix length */
};

struct dut_route {
	struct dut_prefix to; /* len 0: default */
	struct dut_addr via;
	unsigned ifindex;
};

struct dut_option {
	const char *key, *value;
};

struct dut_config {
	uint32_t abi;     /* DUT_ABI */
	const char *name; /* of the host: names its random stream, too */
	uint64_t seed;
	unsigned layers; /* DUT_LAYER_… the DUT should consist of; ignored without DUT_CAP_LAYERS */
	bool router;
	unsigned n_interfaces, n_routes, n_options;
	const struct dut_interface *interfaces;
	const struct dut_route *routes;
	const struct dut_option *options; /* the variant's own: "tcp.initial_window" = "10", … */
};

/* Given to create; callbacks only record what they are told. */
struct dut_host {
	void *arg;
	/* The DUT sends a frame on an interface: whole Ethernet frame without FCS. The bytes are borrowed. */
	void (*frame_out)(void *arg, unsigned ifindex, const uint8_t *frame, size_t len);
	/* Readiness of a socket may have changed: the harness will call ready(). */
	void (*socket_event)(void *arg, int sock);
};

enum dut_socket_type {
	DUT_SOCK_STREAM, /* TCP */
	DUT_SOCK_DGRAM,  /* UDP */
	DUT_SOCK_PING, /* ICMP echo: send() takes and recv() gives the message from the ICMP header on; the DUT sets id and checksum, demultiplexes on id */
	DUT_SOCK_RAW,    /* IP payload of the protocol number given: send() and recv() without IP header */
	DUT_SOCK_PACKET, /* Ethernet payload of the EtherType given. sendto(): to.addr is the next hop (resolved by ARP), or family 0 for broadcast */
};

enum {                         /* ready() */
	DUT_READABLE = 1 << 0, /* data, end of stream or error: recv() will not say -EAGAIN */
	DUT_WRITABLE = 1 << 1,
	DUT_ACCEPTABLE = 1 << 2,
	DUT_CONNECTED = 1 << 3,
	DUT_CLOSED = 1 << 4, /* over in both directions, or failed: error() tells why */
};

enum dut_socket_option {
	DUT_SO_NODELAY,
	DUT_SO_KEEPALIVE,
	DUT_SO_KEEPALIVE_IDLE_MS,
	DUT_SO_KEEPALIVE_INTERVAL_MS,
	DUT_SO_KEEPALIVE_COUNT,
	DUT_SO_USER_TIMEOUT_MS,
	DUT_SO_SEND_BUFFER,
	DUT_SO_RECEIVE_BUFFER,
	DUT_SO_BROADCAST,
	DUT_SO_TTL,
	DUT_SO_TOS,
	DUT_SO_DONT_FRAGMENT,
};

struct dut_tcp_info {
	const char *state; /* RFC 9293 names: "ESTABLISHED", "FIN-WAIT-1", … */
	uint64_t srtt_ns, rto_ns, min_rtt_ns;
	uint32_t smss, cwnd, ssthresh;
	uint64_t retransmits, timeouts, bytes_acked, bytes_received, segments_sent, segments_received;
};

typedef void dut_counter_fn(void *arg, const char *layer, const char *name, uint64_t value);

struct dut_ops {
	uint32_t abi;            /* DUT_ABI */
	const char *name;        /* variant name */
	const char *description; /* one line */
	unsigned max_instances;  /* in one process; 0: no limit */

	/* NULL when the variant can run here, else why not, in one sentence. May be NULL itself. */
	const char *(*unavailable)(void);
	const char *(*version)(void);
	unsigned (*capabilities)(void);

	/* 0 and *dut; -EINVAL with *why (static text) for a bad option; -ENOSPC over max_instances; -ENOMEM. */
	int (*create)(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why);
	void (*destroy)(void *dut);

	/* A frame arrives on an interface. The bytes are borrowed. */
	void (*frame_in)(void *dut, unsigned ifindex, const uint8_t *frame, size_t len);
	/* The next time advance() has something to do: absolute ns, DUT_NEVER for none. */
	uint64_t (*deadline)(void *dut);
	/* The time is now_ns: never goes back. Runs what is due. Called before every frame_in and socket call as well. */
	void (*advance)(void *dut, uint64_t now_ns);

	/* Sockets: small non-negative handles, never blocking (-EAGAIN). number: protocol of RAW, EtherType of PACKET, else 0. */
	int (*socket)(void *dut, uint8_t family, enum dut_socket_type type, unsigned number);
	int (*bind)(void *dut, int sock, const struct dut_sockaddr *local);
	int (*listen)(void *dut, int sock, unsigned backlog);
	int (*accept)(void *dut, int sock, struct dut_sockaddr *peer);                                   /* new handle, -EAGAIN */
	int (*connect)(void *dut, int sock, const struct dut_sockaddr *peer);                            /* 0 or -EINPROGRESS: under way */
	long (*send)(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to); /* to: NULL when connected */
	long (*recv)(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from);           /* 0: end of stream; from may be NULL */
	int (*shutdown)(void *dut, int sock);                                                            /* no more sends */
	int (*close)(void *dut, int sock); /* the handle is dead; an open connection closes in the background */
	int (*abort)(void *dut, int sock); /* RST, and the handle is dead */
	int (*set_option)(void *dut, int sock, enum dut_socket_option option, int64_t value);
	unsigned (*ready)(void *dut, int sock);
	int (*error)(void *dut, int sock); /* pending error as negative errno, cleared by reading; 0: none */
	int (*local_name)(void *dut, int sock, struct dut_sockaddr *local);
	int (*tcp_info)(void *dut, int sock, struct dut_tcp_info *info);

	/* Calls fn for every counter. NULL without DUT_CAP_COUNTERS. */
	void (*counters)(void *dut, dut_counter_fn *fn, void *arg);
};

#endif
