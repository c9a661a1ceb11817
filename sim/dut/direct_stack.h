/* SPDX-License-Identifier: ISC */
/* What the files of the variant `direct` share: the composed layers, and the sockets over them. */
#ifndef SIM_DUT_DIRECT_STACK_H
#define SIM_DUT_DIRECT_STACK_H

#include "sim/dut/dut.h"
#include "stack/base/env.h"
#include "stack/ip/icmp4.h"
#include "stack/ip/ip4_eth.h"
#include "stack/tcp/tcp_direct.h"
#include "stack/udp/udp_direct.h"

struct direct;

struct direct_interface {
	struct direct *stack;
	unsigned index;    /* the configuration's */
	unsigned ip_index; /* ip4's */
	struct eth *eth;
	struct arp *arp;
	struct ip4_eth *joint;
	struct dut_prefix addrs[DUT_MAX_ADDRS];
	unsigned n_addrs;
};

struct direct {
	struct dut_host host;
	struct buf_pool *pool;
	struct env env;
	unsigned layers; /* DUT_LAYER_… */
	unsigned n_interfaces;
	struct direct_interface *interfaces;
	/* NULL where the composition has no such layer. */
	struct ip4 *ip4;
	struct icmp4 *icmp4;
	struct udp_direct *udp;
	struct tcp_direct *tcp;

	struct direct_sock **socks; /* by handle */
	int n_socks;
	int first_free; /* no free handle lies below */
};

/* What options set. */
struct direct_config {
	struct arp_config arp;
	struct ip4_config ip4;
	struct icmp4_config icmp4;
	struct udp_direct_config udp;
	struct tcp_config tcp;
};
void direct_config_default(struct direct_config *config);
/* NULL, or what is wrong with the option (static text). */
const char *direct_config_set(struct direct_config *config, const struct dut_option *option);

/* Builds the layers of d->layers, bottom up. 0 or -errno with *why; what was built is left for direct_decompose(). */
int direct_compose(struct direct *d, const struct dut_config *config, const char **why);
/* Top down; whatever there is. */
void direct_decompose(struct direct *d);
void direct_count(struct direct *d, dut_counter_fn *fn, void *arg);

/* --- sockets ----------------------------------------------------------------------------------- */

#define DIRECT_QUEUE_BYTES 1048576 /* of datagrams a socket holds for its reader; more are dropped */
#define DIRECT_QUEUE_COST 256      /* counted for each datagram besides its bytes */
#define DIRECT_N_OPTIONS (DUT_SO_DONT_FRAGMENT + 1)

struct direct_datagram {
	struct direct_datagram *next;
	struct buf *b;
	struct dut_sockaddr from;
};

struct direct_sock {
	struct direct *stack;
	int handle; /* -1: a connection not yet accepted */
	enum dut_socket_type type;
	uint8_t family;
	unsigned number; /* protocol or EtherType */
	int err;         /* pending negative errno */
	bool bound, has_peer;
	struct dut_sockaddr local, peer;
	bool option_set[DIRECT_N_OPTIONS];
	int64_t options[DIRECT_N_OPTIONS];

	/* STREAM */
	struct tcp_listener *listener;
	struct tcp_flow *flow;
	bool connecting, connected, shut, over;
	bool write_cut;                                      /* the flow took less than it was given: it will say when there is room */
	struct direct_sock *accepted, *accepted_last, *next; /* listener: connections not yet taken */
	unsigned n_accepted, backlog;

	/* The others */
	struct udp_port *port;
	uint16_t ping_id;
	struct direct_datagram *queue, *queue_last;
	uint32_t queue_bytes;
};

struct direct_sock *direct_sock_new(struct direct *d, enum dut_socket_type type);
int direct_sock_give_handle(struct direct_sock *s); /* the handle, -EMFILE or -ENOMEM */
void direct_sock_free(struct direct_sock *s);
void direct_sock_changed(struct direct_sock *s);
int direct_sock_take_error(struct direct_sock *s);
/* Ends every socket without a word on the wire. */
void direct_socks_destroy(struct direct *d);

static inline struct ip_addr direct_ip(const struct dut_addr *a)
{
	struct ip_addr ip = { .family = a->family };
	memcpy(ip.b, a->b, sizeof(ip.b));
	return ip;
}
static inline struct dut_sockaddr direct_name(const struct ip_addr *ip, uint16_t port)
{
	struct dut_sockaddr name = { .addr.family = ip->family, .port = port };
	memcpy(name.addr.b, ip->b, sizeof(ip->b));
	return name;
}

int direct_stream_bind(struct direct_sock *s, const struct dut_sockaddr *local);
int direct_stream_listen(struct direct_sock *s, unsigned backlog);
int direct_stream_accept(struct direct_sock *s, struct dut_sockaddr *peer);
int direct_stream_connect(struct direct_sock *s, const struct dut_sockaddr *peer);
long direct_stream_send(struct direct_sock *s, const void *bytes, size_t len);
long direct_stream_recv(struct direct_sock *s, void *bytes, size_t len);
int direct_stream_shutdown(struct direct_sock *s);
void direct_stream_close(struct direct_sock *s, bool reset); /* frees s */
int direct_stream_set_option(struct direct_sock *s, enum dut_socket_option option, int64_t value);
unsigned direct_stream_ready(struct direct_sock *s);
int direct_stream_local_name(struct direct_sock *s, struct dut_sockaddr *local);
int direct_stream_info(struct direct_sock *s, struct dut_tcp_info *info);

int direct_datagram_open(struct direct_sock *s);
int direct_datagram_bind(struct direct_sock *s, const struct dut_sockaddr *local);
int direct_datagram_connect(struct direct_sock *s, const struct dut_sockaddr *peer);
long direct_datagram_send(struct direct_sock *s, const void *bytes, size_t len, const struct dut_sockaddr *to);
long direct_datagram_recv(struct direct_sock *s, void *bytes, size_t len, struct dut_sockaddr *from);
void direct_datagram_close(struct direct_sock *s); /* frees s */
int direct_datagram_local_name(struct direct_sock *s, struct dut_sockaddr *local);
/* Queues a datagram for the reader of any socket that is no stream; takes the buffer. */
void direct_datagram_queue(struct direct_sock *s, struct buf *b, const struct dut_sockaddr *from);

/* PACKET sockets: Ethernet payload, with ARP for the next hop where there is ARP. */
int direct_packet_open(struct direct_sock *s);
int direct_packet_send(struct direct_sock *s, struct buf *b, const struct dut_addr *next_hop); /* takes the buffer */
void direct_packet_close(struct direct_sock *s);

/* The socket calls of struct dut_ops. */
int direct_socket(void *dut, uint8_t family, enum dut_socket_type type, unsigned number);
int direct_bind(void *dut, int sock, const struct dut_sockaddr *local);
int direct_listen(void *dut, int sock, unsigned backlog);
int direct_accept(void *dut, int sock, struct dut_sockaddr *peer);
int direct_connect(void *dut, int sock, const struct dut_sockaddr *peer);
long direct_send(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to);
long direct_recv(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from);
int direct_shutdown(void *dut, int sock);
int direct_close(void *dut, int sock);
int direct_abort(void *dut, int sock);
int direct_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value);
unsigned direct_ready(void *dut, int sock);
int direct_error(void *dut, int sock);
int direct_local_name(void *dut, int sock, struct dut_sockaddr *local);
int direct_tcp_info(void *dut, int sock, struct dut_tcp_info *info);

#endif
