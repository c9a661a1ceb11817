/* SPDX-License-Identifier: ISC */
/* Impairments: every member of struct impairments has a key. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct impairments, member)

int read_jitter(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const char *const kinds[] = { "none", "uniform", "normal", "pareto", NULL };
	static const struct field keys[] = {
		{ .key = "amount", .type = FIELD_TIME, .offset = AT(jitter_ns), .max = IMPAIR_MAX_NS },
		{ .key = "distribution", .type = FIELD_WORD, .offset = AT(jitter), .words = kinds },
		{ .key = "reorders", .type = FIELD_BOOL, .offset = AT(jitter_reorders) },
	};
	struct impairments *v = &((struct scn_patch *)patch)->v;
	v->jitter = JITTER_UNIFORM;
	if (node->kind == YAML_SCALAR)
		return read_value(r, node, &keys[0], v);
	return read_map(r, node, "jitter", FIELDS(keys), v, NULL);
}

static int read_number_or_word(struct reader *r, const struct yaml_node *node, const char *const *words, const uint16_t *numbers,
	const char *expected, uint16_t max, uint16_t *out)
{
	int err = read_is_scalar(r, node, expected);
	if (err)
		return err;
	for (unsigned i = 0; words[i]; i++) {
		if (strcmp(words[i], node->text) == 0) {
			*out = numbers[i];
			return 0;
		}
	}
	uint64_t v;
	if (unit_parse(UNIT_COUNT, node->text, &v) || v > max)
		return R_FAIL(r, node, "%s \"%.60s\": expected %s", node->key ? node->key->text : "item", node->text, expected);
	*out = (uint16_t)v;
	return 0;
}

static int read_protocol(struct reader *r, const struct yaml_node *node, void *match)
{
	static const char *const words[] = { "icmp", "tcp", "udp", "icmpv6", NULL };
	static const uint16_t numbers[] = { 1, 6, 17, 58 };
	uint16_t v = 0;
	int err = read_number_or_word(r, node, words, numbers, "tcp, udp, icmp, icmpv6 or a number up to 255", 255, &v);
	((struct frame_match *)match)->protocol = (uint8_t)v;
	return err;
}

static int read_ethertype(struct reader *r, const struct yaml_node *node, void *match)
{
	static const char *const words[] = { "ipv4", "arp", "vlan", "ipv6", NULL };
	static const uint16_t numbers[] = { 0x0800, 0x0806, 0x8100, 0x86dd };
	return read_number_or_word(
		r, node, words, numbers, "ipv4, arp, ipv6, vlan or a number up to 65535", UINT16_MAX, &((struct frame_match *)match)->ethertype);
}

static int read_match_port(struct reader *r, const struct yaml_node *node, void *match)
{
	uint64_t v = 0;
	int err = read_unit(r, node, UNIT_COUNT, 1, UINT16_MAX, &v);
	((struct frame_match *)match)->port = (uint16_t)v;
	return err;
}

static int read_flags(struct reader *r, const struct yaml_node *node, void *match)
{
	static const char *const words[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", NULL };
	static const struct field flag = { .type = FIELD_WORD, .words = words };
	int err = read_is_list(r, node, "flags, like [syn, ack]");
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		int bit = 0;
		err = read_value(r, n, &flag, &bit);
		((struct frame_match *)match)->tcp_flags |= (uint16_t)(1 << bit);
	}
	return err;
}

static int read_match(struct reader *r, const struct yaml_node *node, void *impairments)
{
	static const struct field keys[] = {
		{ .key = "protocol", .type = FIELD_CUSTOM, .read = read_protocol },
		{ .key = "port", .type = FIELD_CUSTOM, .read = read_match_port },
		{ .key = "flags", .type = FIELD_CUSTOM, .read = read_flags },
		{ .key = "ethertype", .type = FIELD_CUSTOM, .read = read_ethertype },
		{ .key = "payload", .type = FIELD_BOOL, .offset = offsetof(struct frame_match, has_payload) },
	};
	return read_map(r, node, "match", FIELDS(keys), &((struct impairments *)impairments)->loss_match, NULL);
}

static int read_loss_list(struct reader *r, const struct yaml_node *node, void *impairments)
{
	struct impairments *v = impairments;
	int err = read_is_list(r, node, "frame numbers, like [3, 7]");
	uint32_t *list = err ? NULL : read_alloc(r, node->n, sizeof(*list));
	if (!list)
		return err ? err : -ENOMEM;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next) {
		uint64_t k = 0;
		err = read_unit(r, n, UNIT_COUNT, 1, UINT32_MAX, &k);
		if (!err && v->loss_list_len && k <= list[v->loss_list_len - 1])
			return R_FAIL(r, n, "frame numbers must rise: %s does not", n->text);
		list[v->loss_list_len++] = (uint32_t)k;
	}
	v->loss_list = list;
	return err;
}

enum { LOSS_KEY_RATE = 1, LOSS_KEY_GILBERT = 2, LOSS_KEY_LIST = 4 };

int read_loss(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const struct field keys[] = {
		{ .key = "rate", .type = FIELD_FRACTION, .offset = AT(loss_rate), .bit = LOSS_KEY_RATE },
		{ .key = "good", .type = FIELD_FRACTION, .offset = AT(loss_rate), .bit = LOSS_KEY_GILBERT },
		{ .key = "bad", .type = FIELD_FRACTION, .offset = AT(gilbert_bad_rate), .bit = LOSS_KEY_GILBERT },
		{ .key = "to_bad", .type = FIELD_FRACTION, .offset = AT(gilbert_to_bad), .bit = LOSS_KEY_GILBERT },
		{ .key = "to_good", .type = FIELD_FRACTION, .offset = AT(gilbert_to_good), .bit = LOSS_KEY_GILBERT },
		{ .key = "frames", .type = FIELD_CUSTOM, .read = read_loss_list, .bit = LOSS_KEY_LIST },
		{ .key = "match", .type = FIELD_CUSTOM, .read = read_match },
	};
	struct impairments *v = &((struct scn_patch *)patch)->v;
	unsigned seen = 0;
	if (node->kind == YAML_SCALAR) {
		v->loss = LOSS_BERNOULLI;
		return read_value(r, node, &keys[0], v);
	}
	int err = read_map(r, node, "loss", FIELDS(keys), v, &seen);
	if (!err && seen != LOSS_KEY_RATE && seen != LOSS_KEY_GILBERT && seen != LOSS_KEY_LIST)
		return R_FAIL(r, node, "loss: expected either rate, or bad, to_bad and to_good (bursts), or frames (a list)");
	if (!err && seen == LOSS_KEY_GILBERT && !(yaml_get(node, "bad") && yaml_get(node, "to_bad") && yaml_get(node, "to_good")))
		return R_FAIL(r, node, "loss in bursts needs \"bad\", \"to_bad\" and \"to_good\"");
	v->loss = seen == LOSS_KEY_RATE ? LOSS_BERNOULLI : seen == LOSS_KEY_GILBERT ? LOSS_GILBERT : LOSS_LIST;
	return err;
}

int read_reorder(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const struct field keys[] = {
		{ .key = "rate", .type = FIELD_FRACTION, .offset = AT(reorder_rate) },
		{ .key = "by", .type = FIELD_TIME, .offset = AT(reorder_ns), .min = 1, .max = IMPAIR_MAX_NS },
	};
	int err = read_map(r, node, "reorder", FIELDS(keys), &((struct scn_patch *)patch)->v, NULL);
	if (!err && !(yaml_get(node, "rate") && yaml_get(node, "by")))
		return R_FAIL(r, node, "reorder needs \"rate\" and \"by\"");
	return err;
}

int read_corrupt(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const struct field keys[] = {
		{ .key = "rate", .type = FIELD_FRACTION, .offset = AT(corrupt_rate) },
		{ .key = "bits", .type = FIELD_COUNT32, .offset = AT(corrupt_bits), .min = 1, .max = 64 },
	};
	struct impairments *v = &((struct scn_patch *)patch)->v;
	if (node->kind == YAML_SCALAR)
		return read_value(r, node, &keys[0], v);
	return read_map(r, node, "corrupt", FIELDS(keys), v, NULL);
}

int read_pad(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const struct field keys[] = {
		{ .key = "rate", .type = FIELD_FRACTION, .offset = AT(pad_rate) },
		{ .key = "bytes", .type = FIELD_BYTES32, .offset = AT(pad_bytes), .min = 1, .max = 1500 },
	};
	int err = read_map(r, node, "pad", FIELDS(keys), &((struct scn_patch *)patch)->v, NULL);
	if (!err && !(yaml_get(node, "rate") && yaml_get(node, "bytes")))
		return R_FAIL(r, node, "pad needs \"rate\" and \"bytes\"");
	return err;
}

int read_queue(struct reader *r, const struct yaml_node *node, void *patch)
{
	static const char *const kinds[] = { "drop-tail", "ecn", "codel", NULL };
	static const struct field keys[] = {
		{ .key = "bytes", .type = FIELD_BYTES32, .offset = AT(queue_bytes), .min = 1 },
		{ .key = "kind", .type = FIELD_WORD, .offset = AT(queue), .words = kinds },
		{ .key = "threshold", .type = FIELD_BYTES32, .offset = AT(ecn_threshold_bytes) },
		{ .key = "target", .type = FIELD_TIME, .offset = AT(codel_target_ns), .max = IMPAIR_MAX_NS },
		{ .key = "interval", .type = FIELD_TIME, .offset = AT(codel_interval_ns), .max = IMPAIR_MAX_NS },
		{ .key = "ecn", .type = FIELD_BOOL, .offset = AT(codel_ecn) },
	};
	struct impairments *v = &((struct scn_patch *)patch)->v;
	if (node->kind == YAML_SCALAR)
		return read_value(r, node, &keys[0], v);
	return read_map(r, node, "queue", FIELDS(keys), v, NULL);
}

/* One key may stand for several members; they change together. */
#define COPY(member) (imp->member = patch->v.member)

void scn_patch_apply(const struct scn_patch *patch, struct impairments *imp)
{
	if (patch->set & PATCH_DELAY)
		COPY(delay_ns);
	if (patch->set & PATCH_JITTER)
		COPY(jitter), COPY(jitter_ns), COPY(jitter_reorders);
	if (patch->set & PATCH_LOSS) {
		COPY(loss), COPY(loss_rate), COPY(gilbert_bad_rate), COPY(gilbert_to_bad), COPY(gilbert_to_good);
		COPY(loss_list), COPY(loss_list_len), COPY(loss_match);
	}
	if (patch->set & PATCH_DUPLICATE)
		COPY(duplicate_rate);
	if (patch->set & PATCH_REORDER)
		COPY(reorder_rate), COPY(reorder_ns);
	if (patch->set & PATCH_CORRUPT)
		COPY(corrupt_rate), COPY(corrupt_bits);
	if (patch->set & PATCH_TRUNCATE)
		COPY(truncate_rate);
	if (patch->set & PATCH_PAD)
		COPY(pad_rate), COPY(pad_bytes);
	if (patch->set & PATCH_RATE)
		COPY(rate_bps);
	if (patch->set & PATCH_QUEUE) {
		COPY(queue), COPY(queue_bytes), COPY(ecn_threshold_bytes), COPY(codel_target_ns), COPY(codel_interval_ns);
		COPY(codel_ecn);
	}
	if (patch->set & PATCH_MTU)
		COPY(mtu);
	if (patch->set & PATCH_DOWN)
		COPY(down);
}
