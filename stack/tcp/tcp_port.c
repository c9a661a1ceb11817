/* SPDX-License-Identifier: ISC */
/* Ephemeral ports: RFC 6056 section 3.3.1, simple randomization; a number is only refused for the 4-tuple that uses it. */
#include "stack/tcp/tcp_internal.h"

#include <errno.h>

static uint32_t range(const struct tcp_direct *tcp)
{
	return (uint32_t)tcp->config.port_max - tcp->config.port_min + 1;
}

int tcp_port_for_connect(struct tcp_direct *tcp, const struct ip_addr *local, const struct ip_addr *remote, uint16_t remote_port, uint16_t *port)
{
	uint32_t n = range(tcp), start = (uint32_t)random_below(&tcp->env->random, n);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t p = (uint16_t)(tcp->config.port_min + (start + i) % n);
		if (tcp_find_listener(tcp, local, p) || tcp_table_find(tcp, local, p, remote, remote_port))
			continue;
		*port = p;
		return 0;
	}
	return -EADDRINUSE;
}

int tcp_port_for_listen(struct tcp_direct *tcp, uint16_t *port)
{
	uint32_t n = range(tcp), start = (uint32_t)random_below(&tcp->env->random, n);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t p = (uint16_t)(tcp->config.port_min + (start + i) % n);
		if (demux_find(&tcp->ports, p))
			continue;
		*port = p;
		return 0;
	}
	return -EADDRINUSE;
}
