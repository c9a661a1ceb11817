/* SPDX-License-Identifier: ISC */
/* Errors that routers and the peer's IP layer report: RFC 9293 section 3.9.2.2 with the caution of RFC 5927. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

static int as_errno(enum ip_error_kind kind)
{
	switch (kind) {
	case IP_ERROR_UNREACHABLE_NET:
		return -ENETUNREACH;
	case IP_ERROR_UNREACHABLE_PORT:
	case IP_ERROR_UNREACHABLE_PROTOCOL:
		return -ECONNREFUSED;
	default:
		return -EHOSTUNREACH;
	}
}

static bool hard(enum ip_error_kind kind)
{
	return kind == IP_ERROR_UNREACHABLE_PORT || kind == IP_ERROR_UNREACHABLE_PROTOCOL;
}

/* RFC 1191 section 6.4, RFC 8201: smaller segments from now on, and what is outstanding again, without blaming congestion. */
static void resend_smaller(struct flow *f)
{
	f->snd_nxt = f->snd_una;
	tcp_rtt_spoil(f);
	f->in_recovery = false;
	f->recover = f->snd_max;
	f->cc.cwnd = min_u32(f->cc.cwnd, f->restart_window);
}

/* Believed: IP learns of it for all who use the path, and says what the path now carries. */
static void too_big(struct flow *f, const struct ip_error *err)
{
	uint32_t before = f->smss;
	if (!flow_tcp(f)->config.path_mtu_discovery)
		return;
	uint32_t packet_len = f->smss + TCP_HDR_LEN + (f->use_timestamps ? 12 : 0) + f->ip_header_len;
	ip_too_big(f->via->ip, &f->remote, err->mtu, packet_len);
	flow_update_path(f);
	if (f->smss >= before)
		return;
	flow_tcp(f)->counters.mtu_lowered++;
	if (flow_synchronized(f))
		resend_smaller(f);
}

static void take_error(struct flow *f, const struct ip_error *err)
{
	if (err->kind == IP_ERROR_TOO_BIG) {
		too_big(f, err);
		return;
	}
	f->soft_error = as_errno(err->kind);
	/* A hard error ends an attempt to connect, never a synchronized connection (RFC 5927 section 5.2). */
	if (hard(err->kind) && f->state == TCP_STATE_SYN_SENT)
		flow_close(f, f->soft_error);
}

void tcp_error(const struct ip_error *err, void *arg)
{
	struct face *via = arg;
	struct tcp_direct *tcp = via->tcp;
	tcp->counters.icmp_errors++;
	if (err->kind == IP_ERROR_SOURCE_QUENCH) /* MUST-55 */
		return;
	struct flow *f = NULL;
	if (err->payload_len >= 8)
		f = tcp_table_find(tcp, &err->src, get_be16(err->payload), &err->dst, get_be16(err->payload + 2));
	uint32_t seq = f ? get_be32(err->payload + 4) : 0;
	if (!f || seq_lt(seq, f->snd_una) || seq_geq(seq, f->snd_max)) { /* RFC 5927 section 4.1: only about what is in flight */
		tcp->counters.drop_icmp++;
		return;
	}
	if (f->hold) { /* reported from within our own send: the path is asked again when that fails */
		if (err->kind != IP_ERROR_TOO_BIG)
			f->soft_error = as_errno(err->kind);
		return;
	}
	flow_enter(f);
	take_error(f, err);
	flow_leave(f);
}
