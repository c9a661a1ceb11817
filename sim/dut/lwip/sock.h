/* SPDX-License-Identifier: ISC */
/* Sockets over lwIP's callback API, shared by the files of this module. */
#ifndef SIM_DUT_LWIP_SOCK_H
#define SIM_DUT_LWIP_SOCK_H

#include "sim/dut/dut.h"

#include <lwip/pbuf.h>
#include <lwip/raw.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>

/* Datagrams a socket holds for its reader; more are dropped, as a full mailbox of lwIP's own sockets does. */
#define DATAGRAM_QUEUE 512

struct datagram {
	struct datagram *next;
	struct pbuf *p;
	struct dut_sockaddr from;
};

struct sock {
	int handle; /* -1: a connection not yet accepted */
	enum dut_socket_type type;
	int err;           /* pending negative errno */
	struct sock *next; /* in the listener's queue */
	union {
		struct tcp_pcb *tcp; /* NULL: the connection is gone */
		struct udp_pcb *udp;
		struct raw_pcb *raw;
	} pcb;

	/* STREAM */
	bool listening, connecting, connected, shut; /* connected: was established at some time; shut: no more sends */
	bool fin, over;                              /* the peer sent FIN; over in both directions or failed */
	struct tcp_pcb *time_wait;                   /* the pcb that was left in TIME-WAIT: lwIP frees it without a word */
	struct pbuf *rx, *rx_last;                   /* in-order bytes nobody read yet, one pbuf behind the other by next */
	struct sock *accepted, *accepted_last;       /* listener: connections not yet taken */
	unsigned n_accepted, backlog;

	/* DGRAM, PING, RAW */
	struct datagram *queue, *queue_last;
	unsigned n_queue;
	bool has_peer;
	struct dut_sockaddr peer; /* RAW and PING: lwIP does not keep it */
	uint16_t ping_id;
};

/* The live socket of a handle, NULL when there is none. */
struct sock *sock_new(enum dut_socket_type type); /* without a handle; NULL when out of memory */
int sock_give_handle(struct sock *s);             /* the handle, or -EMFILE, -ENOMEM */
void sock_free(struct sock *s);
/* Readiness may have changed. */
void sock_changed(const struct sock *s);
/* Calls fn for every socket with a handle. */
void sock_each(void (*fn)(struct sock *s));

/* IPv4 only. -EAFNOSUPPORT for another family; family 0 is the unspecified address. */
int sock_to_ip(ip_addr_t *ip, const struct dut_addr *addr);
void sock_from_ip(struct dut_sockaddr *to, const ip_addr_t *ip, uint16_t port);
int sock_errno(err_t err);
uint32_t module_rand(void);

int stream_open(struct sock *s);
int stream_bind(struct sock *s, const ip_addr_t *ip, uint16_t port);
int stream_listen(struct sock *s, unsigned backlog);
int stream_accept(struct sock *s, struct dut_sockaddr *peer);
int stream_connect(struct sock *s, const ip_addr_t *ip, uint16_t port);
long stream_send(struct sock *s, const void *bytes, size_t len);
long stream_recv(struct sock *s, void *bytes, size_t len);
int stream_shutdown(struct sock *s);
/* Ends the connection, orderly or with a RST, and frees the socket. */
void stream_close(struct sock *s, bool reset);
unsigned stream_ready(struct sock *s);
int stream_set_option(struct sock *s, enum dut_socket_option option, int64_t value);
int stream_info(struct sock *s, struct dut_tcp_info *info);
/* After lwIP saw frames or timers: tells connections that ended without a callback. */
void stream_poll(void);

int datagram_open(struct sock *s, unsigned number);
int datagram_bind(struct sock *s, const ip_addr_t *ip, uint16_t port);
int datagram_connect(struct sock *s, const struct dut_sockaddr *peer);
long datagram_send(struct sock *s, const void *bytes, size_t len, const struct dut_sockaddr *to);
long datagram_recv(struct sock *s, void *bytes, size_t len, struct dut_sockaddr *from);
void datagram_close(struct sock *s);
int datagram_local_name(struct sock *s, struct dut_sockaddr *local);

/* The socket calls of struct dut_ops. */
int lwip_sock_socket(void *dut, uint8_t family, enum dut_socket_type type, unsigned number);
int lwip_sock_bind(void *dut, int sock, const struct dut_sockaddr *local);
int lwip_sock_listen(void *dut, int sock, unsigned backlog);
int lwip_sock_accept(void *dut, int sock, struct dut_sockaddr *peer);
int lwip_sock_connect(void *dut, int sock, const struct dut_sockaddr *peer);
long lwip_sock_send(void *dut, int sock, const void *bytes, size_t len, const struct dut_sockaddr *to);
long lwip_sock_recv(void *dut, int sock, void *bytes, size_t len, struct dut_sockaddr *from);
int lwip_sock_shutdown(void *dut, int sock);
int lwip_sock_close(void *dut, int sock);
int lwip_sock_abort(void *dut, int sock);
int lwip_sock_set_option(void *dut, int sock, enum dut_socket_option option, int64_t value);
unsigned lwip_sock_ready(void *dut, int sock);
int lwip_sock_error(void *dut, int sock);
int lwip_sock_local_name(void *dut, int sock, struct dut_sockaddr *local);
int lwip_sock_tcp_info(void *dut, int sock, struct dut_tcp_info *info);

#endif
