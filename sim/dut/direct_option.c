/* SPDX-License-Identifier: ISC */
/* Options of the variant `direct`: "tcp.KEY" goes to tcp_config_set(), the other layers' are in the table below. */
#include "sim/dut/direct_stack.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum kind { FLAG, U8, U16, U32, MS };

#define KEY(name, layer, field, kind) \
	{ \
		name, offsetof(struct direct_config, layer.field), kind \
	}

/* Numbers are decimal; a MS is given in milliseconds and kept in ns. Ranges are the layers' to judge. */
static const struct {
	const char *key;
	size_t offset;
	enum kind kind;
} keys[] = {
	KEY("arp.max_entries", arp, max_entries, U32),
	KEY("arp.queue_packets", arp, queue_packets, U32),
	KEY("arp.timeout", arp, timeout_ns, MS),
	KEY("arp.polls", arp, polls, U32),
	KEY("arp.request_interval", arp, request_interval_ns, MS),
	KEY("arp.requests", arp, requests, U32),
	KEY("arp.announcements", arp, announcements, U32),
	KEY("ip4.default_ttl", ip4, default_ttl, U8),
	KEY("ip4.max_paths", ip4, max_paths, U32),
	KEY("ip4.path_mtu_timeout", ip4, path_mtu_ns, MS),
	KEY("ip4.reassembly_timeout", ip4, reass.timeout_ns, MS),
	KEY("ip4.reassembly_datagrams", ip4, reass.max_datagrams, U32),
	KEY("ip4.reassembly_bytes", ip4, reass.max_bytes, U32),
	KEY("icmp4.echo", icmp4, echo, FLAG),
	KEY("icmp4.broadcast_echo", icmp4, broadcast_echo, FLAG),
	KEY("icmp4.error_bytes", icmp4, error_bytes, U32),
	KEY("icmp4.errors_per_s", icmp4, errors_per_s, U32),
	KEY("icmp4.errors_burst", icmp4, errors_burst, U32),
	KEY("udp.checksum", udp, checksum, FLAG),
	KEY("udp.ephemeral_first", udp, ephemeral_first, U16),
	KEY("udp.ephemeral_last", udp, ephemeral_last, U16),
};

void direct_config_default(struct direct_config *config)
{
	config->arp = arp_config_default();
	config->ip4 = ip4_config_default();
	config->icmp4 = icmp4_config_default();
	config->udp = udp_direct_config_default();
	config->tcp = tcp_config_default();
}

static bool parse_flag(bool *flag, const char *text)
{
	bool on = !strcmp(text, "1") || !strcmp(text, "on") || !strcmp(text, "true");
	*flag = on;
	return on || !strcmp(text, "0") || !strcmp(text, "off") || !strcmp(text, "false");
}

static const char *set(void *field, enum kind kind, const char *text)
{
	static const uint64_t max[] = { [U8] = UINT8_MAX, [U16] = UINT16_MAX, [U32] = UINT32_MAX, [MS] = UINT64_C(86400000) };
	if (kind == FLAG)
		return parse_flag(field, text) ? NULL : "the value of this option is on or off";
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || v > max[kind])
		return "the value of this option is a number, within its range";
	if (kind == U8)
		*(uint8_t *)field = (uint8_t)v;
	else if (kind == U16)
		*(uint16_t *)field = (uint16_t)v;
	else if (kind == U32)
		*(uint32_t *)field = (uint32_t)v;
	else
		*(uint64_t *)field = v * NS_PER_MS;
	return NULL;
}

const char *direct_config_set(struct direct_config *config, const struct dut_option *option)
{
	if (!strncmp(option->key, "tcp.", 4)) {
		int err = tcp_config_set(&config->tcp, option->key + 4, option->value);
		if (err == -ENOENT)
			return "unknown option: stack/tcp/tcp_direct.h lists those of tcp";
		return err ? "the value of this tcp option is out of range: stack/tcp/tcp_direct.h gives it" : NULL;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(option->key, keys[i].key))
			return set((char *)config + keys[i].offset, keys[i].kind, option->value);
	}
	return "unknown option: sim/dut/README.md lists them";
}
