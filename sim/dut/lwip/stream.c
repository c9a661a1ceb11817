/* SPDX-License-Identifier: ISC */
/* TCP sockets. Callbacks of lwIP only record and tell that something changed; they never call into lwIP. */
#include "sim/dut/lwip/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>

#define SLOW_TICK_NS (UINT64_C(1000000) * TCP_SLOW_INTERVAL)
#define NO_BACKLOG 255 /* this build does not count; stream_accepted() does */

/* Sockets that were shut down and are not over: only they can end without a callback. */
static unsigned n_shut;

static void end(struct sock *s, int err)
{
	if (s->shut && !s->over)
		n_shut--;
	s->over = true;
	s->connecting = false;
	s->pcb.tcp = NULL;
	if (err)
		s->err = err;
	sock_changed(s);
}

static err_t stream_in(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct sock *s = arg;
	(void)pcb;
	(void)err;
	if (!p) {
		s->fin = true;
	} else {
		if (s->rx)
			s->rx_last->next = p;
		else
			s->rx = p;
		while (p->next)
			p = p->next;
		s->rx_last = p;
	}
	sock_changed(s);
	return ERR_OK;
}

static err_t stream_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	sock_changed(arg);
	return ERR_OK;
}

/* lwIP has freed the pcb already. */
static void stream_failed(void *arg, err_t err)
{
	struct sock *s = arg;
	if (err == ERR_CLSD)
		end(s, 0);
	else if (err == ERR_RST && s->connecting)
		end(s, -ECONNREFUSED);
	else
		end(s, sock_errno(err));
}

static err_t stream_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *s = arg;
	(void)pcb;
	(void)err;
	s->connecting = false;
	s->connected = true;
	sock_changed(s);
	return ERR_OK;
}

static void adopt(struct sock *s, struct tcp_pcb *pcb)
{
	s->pcb.tcp = pcb;
	tcp_arg(pcb, s);
	tcp_recv(pcb, stream_in);
	tcp_sent(pcb, stream_sent);
	tcp_err(pcb, stream_failed);
}

static void let_go(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
}

/* An error refuses the connection: lwIP answers with a RST. */
static err_t stream_accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *listener = arg;
	if (err != ERR_OK || !pcb || listener->n_accepted >= listener->backlog)
		return ERR_MEM;
	struct sock *s = sock_new(DUT_SOCK_STREAM);
	if (!s)
		return ERR_MEM;
	adopt(s, pcb);
	s->connected = true;
	sock_from_ip(&s->peer, &pcb->remote_ip, pcb->remote_port);
	if (listener->accepted)
		listener->accepted_last->next = s;
	else
		listener->accepted = s;
	listener->accepted_last = s;
	listener->n_accepted++;
	sock_changed(listener);
	return ERR_OK;
}

int stream_open(struct sock *s)
{
	struct tcp_pcb *pcb = tcp_new();
	if (!pcb)
		return -ENOMEM;
	adopt(s, pcb);
	return 0;
}

int stream_bind(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	if (s->listening || s->connecting || s->connected || s->over)
		return -EINVAL;
	return sock_errno(tcp_bind(s->pcb.tcp, ip, port));
}

int stream_listen(struct sock *s, unsigned backlog)
{
	if (s->connecting || s->connected || s->over)
		return -EINVAL;
	s->backlog = backlog ? backlog : 1;
	if (s->listening)
		return 0;
	if (!s->pcb.tcp->local_port) { /* lwIP would listen on port 0 */
		err_t err = tcp_bind(s->pcb.tcp, &s->pcb.tcp->local_ip, 0);
		if (err != ERR_OK)
			return sock_errno(err);
	}
	struct tcp_pcb *pcb = tcp_listen_with_backlog(s->pcb.tcp, NO_BACKLOG);
	if (!pcb)
		return -EADDRINUSE;
	s->pcb.tcp = pcb;
	s->listening = true;
	tcp_arg(pcb, s);
	tcp_accept(pcb, stream_accepted);
	return 0;
}

int stream_accept(struct sock *listener, struct dut_sockaddr *peer)
{
	struct sock *s = listener->accepted;
	if (!listener->listening)
		return -EINVAL;
	if (!s)
		return -EAGAIN;
	int handle = sock_give_handle(s);
	if (handle < 0)
		return handle;
	listener->accepted = s->next;
	listener->n_accepted--;
	s->next = NULL;
	if (peer)
		*peer = s->peer;
	return handle;
}

int stream_connect(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	if (s->connecting)
		return -EALREADY;
	if (s->connected || s->over)
		return -EISCONN;
	if (s->listening || !port)
		return -EINVAL;
	err_t err = tcp_connect(s->pcb.tcp, ip, port, stream_connected);
	if (err != ERR_OK)
		return sock_errno(err);
	s->connecting = true;
	return -EINPROGRESS;
}

static int take_error(struct sock *s)
{
	int err = s->err;
	s->err = 0;
	return err;
}

long stream_send(struct sock *s, const void *bytes, size_t len)
{
	if (s->over)
		return s->err ? take_error(s) : -EPIPE;
	if (!s->connected)
		return s->connecting ? -EAGAIN : -ENOTCONN;
	if (s->shut)
		return -EPIPE;
	if (len > tcp_sndbuf(s->pcb.tcp))
		len = tcp_sndbuf(s->pcb.tcp);
	/* Short of queue entries lwIP takes all or nothing: ask for less. */
	for (; len > 0; len /= 2) {
		err_t err = tcp_write(s->pcb.tcp, bytes, (u16_t)len, TCP_WRITE_FLAG_COPY);
		if (err == ERR_OK)
			break;
		if (err != ERR_MEM)
			return sock_errno(err);
	}
	if (!len)
		return -EAGAIN;
	tcp_output(s->pcb.tcp);
	return (long)len;
}

/* Moves up to len bytes out of the receive queue. */
static size_t take_rx(struct sock *s, uint8_t *bytes, size_t len)
{
	size_t done = 0;
	while (s->rx && done < len) {
		struct pbuf *p = s->rx;
		size_t n = p->len < len - done ? p->len : len - done;
		memcpy(bytes + done, p->payload, n);
		done += n;
		p->payload = (uint8_t *)p->payload + n;
		p->len = (u16_t)(p->len - n);
		if (p->len)
			break;
		s->rx = p->next;
		p->next = NULL;
		p->tot_len = 0;
		pbuf_free(p);
	}
	return done;
}

long stream_recv(struct sock *s, void *bytes, size_t len)
{
	if (s->rx) {
		size_t n = take_rx(s, bytes, len);
		/* What is read opens the window again. */
		for (size_t left = n; left > 0 && s->pcb.tcp;) {
			u16_t part = left < UINT16_MAX ? (u16_t)left : UINT16_MAX;
			tcp_recved(s->pcb.tcp, part);
			left -= part;
		}
		return (long)n;
	}
	if (s->over)
		return take_error(s);
	if (s->fin)
		return 0;
	return s->connected || s->connecting ? -EAGAIN : -ENOTCONN;
}

int stream_shutdown(struct sock *s)
{
	if (!s->connected || s->over)
		return -ENOTCONN;
	if (s->shut)
		return 0;
	err_t err = tcp_shutdown(s->pcb.tcp, 0, 1);
	if (err != ERR_OK)
		return sock_errno(err);
	s->shut = true;
	n_shut++;
	return 0;
}

static struct tcp_pcb *find_time_wait(const struct sock *s)
{
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; s->time_wait && pcb; pcb = pcb->next) {
		if (pcb == s->time_wait && pcb->callback_arg == s)
			return pcb;
	}
	return NULL;
}

static void check_end(struct sock *s)
{
	if (s->type != DUT_SOCK_STREAM || !s->shut || !s->fin || s->over || s->pcb.tcp->state != TIME_WAIT)
		return;
	s->time_wait = s->pcb.tcp;
	let_go(s->time_wait);
	tcp_arg(s->time_wait, s); /* the mark find_time_wait() knows it by */
	end(s, 0);
}

void stream_poll(void)
{
	if (n_shut)
		sock_each(check_end);
}

static void close_listener(struct sock *s)
{
	tcp_arg(s->pcb.tcp, NULL);
	tcp_accept(s->pcb.tcp, NULL);
	tcp_close(s->pcb.tcp);
	while (s->accepted) {
		struct sock *a = s->accepted;
		s->accepted = a->next;
		stream_close(a, true);
	}
}

void stream_close(struct sock *s, bool reset)
{
	struct tcp_pcb *pcb = s->pcb.tcp, *time_wait = find_time_wait(s);
	if (s->shut && !s->over)
		n_shut--;
	if (time_wait)
		tcp_arg(time_wait, NULL);
	if (s->listening) {
		close_listener(s);
	} else if (pcb) {
		let_go(pcb);
		if (reset)
			tcp_abort(pcb);
		else
			tcp_close(pcb); /* with a RST when bytes were never read; lwIP sends a FIN it has no memory for later */
	}
	while (s->rx) {
		struct pbuf *p = s->rx;
		s->rx = p->next;
		p->next = NULL;
		p->tot_len = p->len;
		pbuf_free(p);
	}
	sock_free(s);
}

static bool writable(const struct sock *s)
{
	const struct tcp_pcb *pcb = s->pcb.tcp;
	return s->connected && !s->over && !s->shut && tcp_sndbuf(pcb) > TCP_SNDLOWAT && tcp_sndqueuelen(pcb) < TCP_SNDQUEUELOWAT;
}

unsigned stream_ready(struct sock *s)
{
	if (s->listening)
		return s->accepted ? DUT_ACCEPTABLE : 0;
	return (s->rx || s->fin || s->over ? DUT_READABLE : 0u) | (writable(s) ? DUT_WRITABLE : 0u) | (s->connected ? DUT_CONNECTED : 0u) |
	       (s->over ? DUT_CLOSED : 0u);
}

int stream_set_option(struct sock *s, enum dut_socket_option option, int64_t value)
{
	struct tcp_pcb *pcb = s->pcb.tcp;
	if (value < 0 || value > UINT32_MAX || s->listening)
		return -EINVAL;
	switch (option) {
	case DUT_SO_NODELAY:
		if (value)
			tcp_nagle_disable(pcb);
		else
			tcp_nagle_enable(pcb);
		return 0;
	case DUT_SO_KEEPALIVE:
		if (value)
			ip_set_option(pcb, SOF_KEEPALIVE);
		else
			ip_reset_option(pcb, SOF_KEEPALIVE);
		return 0;
	case DUT_SO_KEEPALIVE_IDLE_MS:
		pcb->keep_idle = (u32_t)value;
		return 0;
	case DUT_SO_KEEPALIVE_INTERVAL_MS:
		pcb->keep_intvl = (u32_t)value;
		return 0;
	case DUT_SO_KEEPALIVE_COUNT:
		pcb->keep_cnt = (u32_t)value;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static const char *const state_names[] = {
	[CLOSED] = "CLOSED",
	[LISTEN] = "LISTEN",
	[SYN_SENT] = "SYN-SENT",
	[SYN_RCVD] = "SYN-RECEIVED",
	[ESTABLISHED] = "ESTABLISHED",
	[FIN_WAIT_1] = "FIN-WAIT-1",
	[FIN_WAIT_2] = "FIN-WAIT-2",
	[CLOSE_WAIT] = "CLOSE-WAIT",
	[CLOSING] = "CLOSING",
	[LAST_ACK] = "LAST-ACK",
	[TIME_WAIT] = "TIME-WAIT",
};

int stream_info(struct sock *s, struct dut_tcp_info *info)
{
	const struct tcp_pcb *pcb = s->pcb.tcp;
	memset(info, 0, sizeof(*info));
	info->state = find_time_wait(s) ? "TIME-WAIT" : pcb ? state_names[pcb->state] : "CLOSED";
	if (!pcb || s->listening)
		return 0;
	/* lwIP keeps 8 × SRTT, in slow ticks. */
	info->srtt_ns = pcb->sa > 0 ? (uint64_t)pcb->sa * SLOW_TICK_NS / 8 : 0;
	info->rto_ns = (uint64_t)pcb->rto * SLOW_TICK_NS;
	info->smss = pcb->mss;
	info->cwnd = pcb->cwnd;
	info->ssthresh = pcb->ssthresh;
	return 0;
}
