/* SPDX-License-Identifier: ISC */
/*
 * The schema-driven reader: a table says which keys a map has, of which type, and where the value goes. It makes the messages, so that
 * every mistake is told the same way: FILE:LINE:COLUMN: what is wrong, what was expected.
 */
#ifndef SIM_SCENARIO_READ_H
#define SIM_SCENARIO_READ_H

#include "sim/scenario/scenario.h"

struct reader {
	struct scenario *s;
	struct scn_error *error;
	struct scn_expect **last_expect; /* where the next one is hung */
};

enum field_type {
	FIELD_COUNT,
	FIELD_TIME,
	FIELD_SIZE,
	FIELD_RATE,
	FIELD_SHARE,    /* uint64_t: enum unit in the same order */
	FIELD_COUNT32,  /* uint32_t */
	FIELD_FRACTION, /* double, 0 to 1 */
	FIELD_BYTES32,  /* uint32_t: a size, or a plain number of bytes */
	FIELD_BOOL,     /* bool: yes, no, true, false, on, off */
	FIELD_TEXT,     /* const char *: any scalar */
	FIELD_NAME,     /* const char *: letters, digits, '-' and '_' */
	FIELD_WORD,     /* int: index in words */
	FIELD_CUSTOM,   /* read() */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset;            /* in the target */
	uint64_t min, max;        /* of numbers, in base units; max 0: no bound */
	const char *const *words; /* NULL-terminated */
	int (*read)(struct reader *r, const struct yaml_node *node, void *target);
	unsigned bit; /* or'ed into the mask given to read_map() when the key is there */
};

/* Reads a map into target. what names it in messages ("link"). mask may be NULL. 0 or an error. */
int read_map(struct reader *r, const struct yaml_node *map, const char *what, const struct field *fields, size_t n, void *target, unsigned *mask);
/* Only checks that the map has no other keys. */
int read_keys(struct reader *r, const struct yaml_node *map, const char *what, const struct field *fields, size_t n);
/* One value of a field's type. */
int read_value(struct reader *r, const struct yaml_node *node, const struct field *field, void *target);

/* Checks the kind: "expected a list of …". */
int read_is_list(struct reader *r, const struct yaml_node *node, const char *of);
int read_is_map(struct reader *r, const struct yaml_node *node, const char *what);
int read_is_scalar(struct reader *r, const struct yaml_node *node, const char *expected);
int read_unit(struct reader *r, const struct yaml_node *node, enum unit unit, uint64_t min, uint64_t max, uint64_t *value);
int read_bool(struct reader *r, const struct yaml_node *node, bool *value);
int read_name(struct reader *r, const struct yaml_node *node, const char **name);
/* {at_least: …, at_most: …, exactly: …}, or a value alone, which means exactly that. */
int read_bound(struct reader *r, const struct yaml_node *node, enum unit unit, struct scn_bound *bound);
/* An address, or with len an address and prefix length. */
int read_addr(struct reader *r, const struct yaml_node *node, struct dut_addr *addr);
int read_prefix(struct reader *r, const struct yaml_node *node, struct dut_prefix *prefix);
/* -ENOMEM as a message. */
int read_no_memory(struct reader *r);
/* n items of size bytes, never NULL for n 0; NULL with the error set. */
void *read_alloc(struct reader *r, size_t n, size_t size);

#define R_FAIL(r, node, ...) scn_fail((r)->error, (node)->pos, __VA_ARGS__)
#define FIELDS(table) table, sizeof(table) / sizeof(table[0])

/* The parts of the file, each in its own source. */
int read_hosts(struct reader *r, const struct yaml_node *node);
int read_links(struct reader *r, const struct yaml_node *node);
int read_addresses(struct reader *r); /* after links: fills in addresses, MACs, MTUs and routes */
int read_flows(struct reader *r, const struct yaml_node *node);
int read_timeline(struct reader *r, const struct yaml_node *node);
int read_expect(struct reader *r, const struct yaml_node *node);

/* The keys of impairments, for tables whose target begins with a struct scn_patch: link keys, their from: and to:, the timeline share them. */
#define IMPAIR_OFFSET(member) offsetof(struct scn_patch, v.member)
#define IMPAIR_FIELDS \
	{ .key = "delay", .type = FIELD_TIME, .offset = IMPAIR_OFFSET(delay_ns), .max = IMPAIR_MAX_NS, .bit = PATCH_DELAY }, \
		{ .key = "jitter", .type = FIELD_CUSTOM, .read = read_jitter, .bit = PATCH_JITTER }, \
		{ .key = "loss", .type = FIELD_CUSTOM, .read = read_loss, .bit = PATCH_LOSS }, \
		{ .key = "duplicate", .type = FIELD_FRACTION, .offset = IMPAIR_OFFSET(duplicate_rate), .bit = PATCH_DUPLICATE }, \
		{ .key = "reorder", .type = FIELD_CUSTOM, .read = read_reorder, .bit = PATCH_REORDER }, \
		{ .key = "corrupt", .type = FIELD_CUSTOM, .read = read_corrupt, .bit = PATCH_CORRUPT }, \
		{ .key = "truncate", .type = FIELD_FRACTION, .offset = IMPAIR_OFFSET(truncate_rate), .bit = PATCH_TRUNCATE }, \
		{ .key = "pad", .type = FIELD_CUSTOM, .read = read_pad, .bit = PATCH_PAD }, \
		{ .key = "rate", .type = FIELD_RATE, .offset = IMPAIR_OFFSET(rate_bps), .max = IMPAIR_MAX_BPS, .bit = PATCH_RATE }, \
		{ .key = "queue", .type = FIELD_CUSTOM, .read = read_queue, .bit = PATCH_QUEUE }, \
		{ .key = "mtu", .type = FIELD_BYTES32, .offset = IMPAIR_OFFSET(mtu), .max = 65535, .bit = PATCH_MTU }, \
	{ \
		.key = "down", .type = FIELD_BOOL, .offset = IMPAIR_OFFSET(down), .bit = PATCH_DOWN \
	}
int read_jitter(struct reader *r, const struct yaml_node *node, void *patch);
int read_loss(struct reader *r, const struct yaml_node *node, void *patch);
int read_reorder(struct reader *r, const struct yaml_node *node, void *patch);
int read_corrupt(struct reader *r, const struct yaml_node *node, void *patch);
int read_pad(struct reader *r, const struct yaml_node *node, void *patch);
int read_queue(struct reader *r, const struct yaml_node *node, void *patch);
/* [[a, b], [c]] → a bit mask per end of the link. */
int read_groups(struct reader *r, const struct yaml_node *node, const struct scn_link *link, uint64_t **groups);
/* References. */
int read_host_ref(struct reader *r, const struct yaml_node *node, unsigned *host);
int read_link_ref(struct reader *r, const struct yaml_node *node, unsigned *link);
int read_flow_ref(struct reader *r, const struct yaml_node *node, unsigned *flow);
/* A host's end of a link. */
int read_end_ref(struct reader *r, const struct yaml_node *node, const struct scn_link *link, unsigned *end);
/* Socket options, for tables whose target begins with a struct scn_sockopts: flows and the timeline's set: share them. */
#define SOCKOPT_FIELDS \
	{ .key = "nodelay", .type = FIELD_CUSTOM, .read = read_sockopt }, { .key = "keepalive", .type = FIELD_CUSTOM, .read = read_keepalive }, \
		{ .key = "user_timeout", .type = FIELD_CUSTOM, .read = read_sockopt }, \
		{ .key = "send_buffer", .type = FIELD_CUSTOM, .read = read_sockopt }, \
		{ .key = "receive_buffer", .type = FIELD_CUSTOM, .read = read_sockopt }, \
		{ .key = "ttl", .type = FIELD_CUSTOM, .read = read_sockopt }, { .key = "tos", .type = FIELD_CUSTOM, .read = read_sockopt }, \
	{ \
		.key = "dont_fragment", .type = FIELD_CUSTOM, .read = read_sockopt \
	}
int read_sockopt(struct reader *r, const struct yaml_node *node, void *options);
int read_keepalive(struct reader *r, const struct yaml_node *node, void *options);

#endif
