/* SPDX-License-Identifier: ISC */
#include "stack/tcp/tcp_direct.h"
#include "stack/tcp/tcp_internal.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { BOOL, U8, U16, U32, NAME };

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t min, max;
	bool zero_too; /* 0 is allowed besides min..max */
};

#define F(name, field, kind, min, max, zero) \
	{ \
		name, kind, offsetof(struct tcp_config, field), min, max, zero \
	}
#define GIB (1u << 30)

static const struct key keys[] = {
	F("max_flows", max_flows, U32, 1, 4000000, false),
	F("max_listeners", max_listeners, U32, 1, 1000000, false),
	F("backlog", backlog, U32, 1, 1000000, false),
	F("send_buffer", send_buffer, U32, 2048, GIB, false),
	F("receive_buffer", receive_buffer, U32, 2048, GIB, false),
	F("reassembly_ranges", reassembly_ranges, U32, 0, 65536, false),
	F("mss", mss, U32, 64, 65495, true),
	F("min_mss", min_mss, U32, 24, 1460, false),
	F("ttl", ttl, U8, 0, 255, false),
	F("tos", tos, U8, 0, 255, false),
	F("timestamps", timestamps, BOOL, 0, 1, false),
	F("window_scaling", window_scaling, BOOL, 0, 1, false),
	F("sack", sack, BOOL, 0, 1, false),
	F("path_mtu_discovery", path_mtu_discovery, BOOL, 0, 1, false),
	F("nagle", nagle, BOOL, 0, 1, false),
	F("delayed_ack", delayed_ack, BOOL, 0, 1, false),
	F("delayed_ack_time", delayed_ack_ms, U32, 1, 499, false),
	F("delayed_ack_segments", delayed_ack_segments, U32, 1, 64, false),
	F("sws_override", sws_override_ms, U32, 100, 1000, false),
	F("initial_rto", initial_rto_ms, U32, 1, 60000, false),
	F("min_rto", min_rto_ms, U32, 1, 60000, false),
	F("max_rto", max_rto_ms, U32, 1000, 3600000, false),
	F("r1", r1, U32, 1, 255, false),
	F("retries", retries, U32, 1, 255, false),
	F("syn_retries", syn_retries, U32, 1, 255, false),
	F("user_timeout", user_timeout_ms, U32, 0, UINT32_MAX, false),
	F("congestion", congestion, NAME, 0, 0, false),
	F("initial_window", initial_window, U32, 1, 1000, false),
	F("limited_transmit", limited_transmit, BOOL, 0, 1, false),
	F("dupack_threshold", dupack_threshold, U32, 0, 255, false),
	F("idle_restart", idle_restart, BOOL, 0, 1, false),
	F("keepalive", keepalive, BOOL, 0, 1, false),
	F("keepalive_idle", keepalive_idle_ms, U32, 1000, 1u << 31, false),
	F("keepalive_interval", keepalive_interval_ms, U32, 1000, 1u << 31, false),
	F("keepalive_count", keepalive_count, U32, 2, 255, false),
	F("msl", msl_ms, U32, 1, 600000, false),
	F("fin_wait_2", fin_wait_2_ms, U32, 0, UINT32_MAX, false),
	F("time_wait_reuse", time_wait_reuse, BOOL, 0, 1, false),
	F("time_wait_rst_ignored", time_wait_rst_ignored, BOOL, 0, 1, false),
	F("reset_unclaimed", reset_unclaimed, BOOL, 0, 1, false),
	F("ack_check", ack_check, BOOL, 0, 1, false),
	F("challenge_acks", challenge_acks, U32, 0, UINT32_MAX, false),
	F("verify_checksum", verify_checksum, BOOL, 0, 1, false),
	F("port_min", port_min, U16, 1, 65535, false),
	F("port_max", port_max, U16, 1, 65535, false),
	F("isn", isn, U32, 0, UINT32_MAX, false),
};

struct tcp_config tcp_config_default(void)
{
	return (struct tcp_config){
		.max_flows = 262144,
		.max_listeners = 65536,
		.backlog = 128,
		.send_buffer = 262144,
		.receive_buffer = 262144,
		.reassembly_ranges = 1024,
		.min_mss = 88,
		.timestamps = true,
		.window_scaling = true,
		.sack = true,
		.path_mtu_discovery = true,
		.nagle = true,
		.delayed_ack = true,
		.delayed_ack_ms = 200,
		.delayed_ack_segments = 2,
		.sws_override_ms = 500,
		.initial_rto_ms = 1000,
		.min_rto_ms = 1000,
		.max_rto_ms = 60000,
		.r1 = 3,
		.retries = 15,
		.syn_retries = 7,
		.congestion = "newreno",
		.initial_window = 10,
		.limited_transmit = true,
		.dupack_threshold = 3,
		.idle_restart = true,
		.keepalive_idle_ms = 7200000,
		.keepalive_interval_ms = 75000,
		.keepalive_count = 9,
		.msl_ms = 120000,
		.fin_wait_2_ms = 60000,
		.time_wait_reuse = true,
		.time_wait_rst_ignored = true,
		.reset_unclaimed = true,
		.ack_check = true,
		.challenge_acks = 10,
		.verify_checksum = true,
		.port_min = 49152,
		.port_max = 65535,
	};
}

static uint32_t get(const struct tcp_config *config, const struct key *k)
{
	const uint8_t *at = (const uint8_t *)config + k->offset;
	switch (k->kind) {
	case BOOL:
		return *(const bool *)at;
	case U8:
		return *at;
	case U16:
		return *(const uint16_t *)(const void *)at;
	default:
		return *(const uint32_t *)(const void *)at;
	}
}

static void put(struct tcp_config *config, const struct key *k, uint32_t value)
{
	uint8_t *at = (uint8_t *)config + k->offset;
	switch (k->kind) {
	case BOOL:
		*(bool *)at = value;
		break;
	case U8:
		*at = (uint8_t)value;
		break;
	case U16:
		*(uint16_t *)(void *)at = (uint16_t)value;
		break;
	default:
		*(uint32_t *)(void *)at = value;
		break;
	}
}

static bool in_range(const struct key *k, uint64_t value)
{
	return (value >= k->min && value <= k->max) || (k->zero_too && !value);
}

static int parse_bool(const char *s, uint64_t *value)
{
	static const char *const words[2][3] = { { "0", "off", "false" }, { "1", "on", "true" } };
	for (unsigned v = 0; v < 2; v++) {
		for (unsigned i = 0; i < 3; i++) {
			if (!strcmp(s, words[v][i])) {
				*value = v;
				return 0;
			}
		}
	}
	return -EINVAL;
}

static int parse_number(const char *s, uint64_t *value)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	const char *digits = hex ? s + 2 : s;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (!n || digits[n] || n > 10)
		return -EINVAL;
	*value = strtoull(digits, NULL, hex ? 16 : 10);
	return 0;
}

static int set_name(struct tcp_config *config, const char *value)
{
	if (!tcp_cc_find(value) || strlen(value) >= sizeof(config->congestion))
		return -EINVAL;
	memcpy(config->congestion, value, strlen(value) + 1);
	return 0;
}

int tcp_config_set(struct tcp_config *config, const char *key, const char *value)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key *k = &keys[i];
		if (strcmp(k->name, key))
			continue;
		if (k->kind == NAME)
			return set_name(config, value);
		uint64_t v;
		if ((k->kind == BOOL ? parse_bool(value, &v) : parse_number(value, &v)) < 0 || !in_range(k, v))
			return -EINVAL;
		put(config, k, (uint32_t)v);
		if (!strcmp(key, "isn"))
			config->isn_fixed = true;
		return 0;
	}
	return -ENOENT;
}

bool tcp_config_valid(const struct tcp_config *config)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].kind != NAME && !in_range(&keys[i], get(config, &keys[i])))
			return false;
	}
	return memchr(config->congestion, 0, sizeof(config->congestion)) && tcp_cc_find(config->congestion) && config->port_min <= config->port_max &&
	       config->min_rto_ms <= config->max_rto_ms;
}
