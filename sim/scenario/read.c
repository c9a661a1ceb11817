/* SPDX-License-Identifier: ISC */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack/wire/addr.h"

int read_no_memory(struct reader *r)
{
	scn_fail(r->error, (struct scn_pos){ 0 }, "out of memory");
	return -ENOMEM;
}

void *read_alloc(struct reader *r, size_t n, size_t size)
{
	void *p = arena_alloc(&r->s->arena, n ? n * size : 1);
	if (!p)
		read_no_memory(r);
	return p;
}

static const char *kind_name(const struct yaml_node *node)
{
	return node->kind == YAML_LIST ? "a list" : "a map";
}

int read_is_scalar(struct reader *r, const struct yaml_node *node, const char *expected)
{
	if (node->kind != YAML_SCALAR)
		return R_FAIL(r, node, "%s%s%s: expected %s", node->key ? node->key->text : kind_name(node), node->key ? ": " : "",
			node->key ? kind_name(node) : "", expected);
	if (!*node->text && !node->quoted)
		return R_FAIL(r, node, "%s has no value: expected %s", node->key ? node->key->text : "item", expected);
	return 0;
}

int read_is_list(struct reader *r, const struct yaml_node *node, const char *of)
{
	if (node->kind == YAML_LIST)
		return 0;
	return R_FAIL(r, node, "%s: expected a list of %s", node->key ? node->key->text : "item", of);
}

int read_is_map(struct reader *r, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_MAP)
		return 0;
	return R_FAIL(r, node, "%s: expected keys and values", what);
}

static const char *key_of(const struct yaml_node *node)
{
	return node->key ? node->key->text : "item";
}

int read_unit(struct reader *r, const struct yaml_node *node, enum unit unit, uint64_t min, uint64_t max, uint64_t *value)
{
	char low[UNIT_STRLEN], high[UNIT_STRLEN];
	int err = read_is_scalar(r, node, unit_expected(unit));
	if (err)
		return err;
	err = unit_parse(unit, node->text, value);
	if (err == -ERANGE)
		return R_FAIL(r, node, "%s \"%.60s\" is too big or too finely divided: expected %s", key_of(node), node->text, unit_expected(unit));
	if (err)
		return R_FAIL(r, node, "%s \"%.60s\": expected %s", key_of(node), node->text, unit_expected(unit));
	if (unit == UNIT_SHARE && (!max || max > SHARE_ONE))
		max = SHARE_ONE;
	if (*value >= min && (!max || *value <= max))
		return 0;
	unit_format(unit, min, low);
	if (!max)
		return R_FAIL(r, node, "%s \"%.60s\" is out of range: at least %s", key_of(node), node->text, low);
	return R_FAIL(r, node, "%s \"%.60s\" is out of range: from %s to %s", key_of(node), node->text, low, unit_format(unit, max, high));
}

int read_bool(struct reader *r, const struct yaml_node *node, bool *value)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };
	int err = read_is_scalar(r, node, "yes or no");
	for (unsigned i = 0; !err && i < 6; i++) {
		if (strcmp(node->text, words[i]) == 0) {
			*value = i & 1;
			return 0;
		}
	}
	return err ? err : R_FAIL(r, node, "%s \"%.60s\": expected yes or no", key_of(node), node->text);
}

int read_name(struct reader *r, const struct yaml_node *node, const char **name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	int err = read_is_scalar(r, node, "a name");
	if (err)
		return err;
	size_t len = strlen(node->text);
	if (!len || node->text[strspn(node->text, allowed)])
		return R_FAIL(r, node, "\"%.60s\" is no name: expected letters, digits, - and _", node->text);
	if (len > 40)
		return R_FAIL(r, node, "name \"%.60s\" is longer than 40 characters", node->text);
	*name = node->text;
	return 0;
}

/* "a, b or c" of a list of words, or of a table's keys. */
static const char *word_list(char *out, size_t cap, const char *const *words, const struct field *fields, size_t n)
{
	size_t len = 0;
	out[0] = 0;
	for (size_t i = 0; words ? words[i] != NULL : i < n; i++) {
		int k = snprintf(out + len, cap - len, "%s%s", i ? ", " : "", words ? words[i] : fields[i].key);
		if (k < 0 || (size_t)k >= cap - len)
			break;
		len += (size_t)k;
	}
	return out;
}

static int read_word(struct reader *r, const struct yaml_node *node, const char *const *words, int *value)
{
	char list[300];
	word_list(list, sizeof(list), words, NULL, 0);
	int err = read_is_scalar(r, node, list);
	for (int i = 0; !err && words[i]; i++) {
		if (strcmp(node->text, words[i]) == 0) {
			*value = i;
			return 0;
		}
	}
	return err ? err : R_FAIL(r, node, "%s \"%.60s\": expected one of: %s", key_of(node), node->text, list);
}

static int read_u32(struct reader *r, const struct yaml_node *node, const struct field *f, enum unit unit, uint32_t *out)
{
	uint64_t v, max = f->max ? f->max : UINT32_MAX;
	int err = read_unit(r, node, unit, f->min, max, &v);
	if (!err)
		*out = (uint32_t)v;
	return err;
}

static int read_bytes32(struct reader *r, const struct yaml_node *node, const struct field *f, uint32_t *out)
{
	bool plain = node->kind == YAML_SCALAR && node->text[0] && !node->text[strspn(node->text, "0123456789")];
	return read_u32(r, node, f, plain ? UNIT_COUNT : UNIT_SIZE, out);
}

static int read_fraction(struct reader *r, const struct yaml_node *node, double *out)
{
	uint64_t share;
	int err = read_unit(r, node, UNIT_SHARE, 0, SHARE_ONE, &share);
	if (!err)
		*out = (double)share / (double)SHARE_ONE;
	return err;
}

int read_value(struct reader *r, const struct yaml_node *node, const struct field *f, void *target)
{
	void *to = (char *)target + f->offset;
	switch (f->type) {
	case FIELD_COUNT:
	case FIELD_TIME:
	case FIELD_SIZE:
	case FIELD_RATE:
	case FIELD_SHARE:
		return read_unit(r, node, (enum unit)f->type, f->min, f->max, to);
	case FIELD_COUNT32:
		return read_u32(r, node, f, UNIT_COUNT, to);
	case FIELD_BYTES32:
		return read_bytes32(r, node, f, to);
	case FIELD_FRACTION:
		return read_fraction(r, node, to);
	case FIELD_BOOL:
		return read_bool(r, node, to);
	case FIELD_TEXT:
		*(const char **)to = node->text;
		return read_is_scalar(r, node, "text");
	case FIELD_NAME:
		return read_name(r, node, to);
	case FIELD_WORD:
		return read_word(r, node, f->words, to);
	case FIELD_CUSTOM:
		return f->read ? f->read(r, node, target) : 0;
	}
	return -EINVAL;
}

static const struct field *find_field(const struct field *fields, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	}
	return NULL;
}

int read_keys(struct reader *r, const struct yaml_node *map, const char *what, const struct field *fields, size_t n)
{
	char list[400];
	int err = read_is_map(r, map, what);
	if (err)
		return err;
	for (const struct yaml_node *v = map->first; v; v = v->next) {
		if (!find_field(fields, n, v->key->text))
			return R_FAIL(r, v->key, "unknown key \"%.60s\" in %s (expected one of: %s)", v->key->text, what,
				word_list(list, sizeof(list), NULL, fields, n));
	}
	return 0;
}

int read_map(struct reader *r, const struct yaml_node *map, const char *what, const struct field *fields, size_t n, void *target, unsigned *mask)
{
	int err = read_keys(r, map, what, fields, n);
	for (const struct yaml_node *v = err ? NULL : map->first; v && !err; v = v->next) {
		const struct field *f = find_field(fields, n, v->key->text);
		err = read_value(r, v, f, target);
		if (mask)
			*mask |= f->bit;
	}
	return err;
}

int read_bound(struct reader *r, const struct yaml_node *node, enum unit unit, struct scn_bound *b)
{
	static const struct field keys[] = { { .key = "at_least" }, { .key = "at_most" }, { .key = "exactly" } };
	if (node->kind == YAML_SCALAR) {
		b->has_least = b->has_most = true;
		int err = read_unit(r, node, unit, 0, 0, &b->least);
		b->most = b->least;
		return err;
	}
	int err = read_keys(r, node, key_of(node), FIELDS(keys));
	if (err)
		return err;
	if (!node->n)
		return R_FAIL(r, node, "%s: expected at_least, at_most or exactly", key_of(node));
	const struct yaml_node *least = yaml_get(node, "at_least"), *most = yaml_get(node, "at_most"), *exactly = yaml_get(node, "exactly");
	if (exactly && (least || most))
		return R_FAIL(r, exactly->key, "exactly stands alone, without at_least and at_most");
	if (exactly)
		least = most = exactly;
	b->has_least = least != NULL;
	b->has_most = most != NULL;
	if (least)
		err = read_unit(r, least, unit, 0, 0, &b->least);
	if (most && !err)
		err = read_unit(r, most, unit, 0, 0, &b->most);
	if (!err && least && most && b->least > b->most)
		return R_FAIL(r, node, "%s: at_least is more than at_most", key_of(node));
	return err;
}

static int parse_addr(const char *text, struct dut_addr *addr)
{
	struct ip_addr ip;
	if (ip_parse_str(&ip, text))
		return -EINVAL;
	addr->family = ip.family;
	memcpy(addr->b, ip.b, sizeof(addr->b));
	return 0;
}

int read_addr(struct reader *r, const struct yaml_node *node, struct dut_addr *addr)
{
	int err = read_is_scalar(r, node, "an address like 10.0.0.1");
	if (!err && parse_addr(node->text, addr))
		return R_FAIL(r, node, "%s \"%.60s\": expected an address like 10.0.0.1", key_of(node), node->text);
	return err;
}

int read_prefix(struct reader *r, const struct yaml_node *node, struct dut_prefix *prefix)
{
	static const char expected[] = "an address and prefix length like 10.0.0.1/24";
	char addr[64];
	int err = read_is_scalar(r, node, expected);
	if (err)
		return err;
	const char *slash = strchr(node->text, '/');
	size_t len = slash ? (size_t)(slash - node->text) : 0;
	const char *digits = slash ? slash + 1 : "";
	if (!slash || len >= sizeof(addr) || !*digits || strlen(digits) > 3 || digits[strspn(digits, "0123456789")])
		return R_FAIL(r, node, "%s \"%.60s\": expected %s", key_of(node), node->text, expected);
	memcpy(addr, node->text, len);
	addr[len] = 0;
	int bits = atoi(digits);
	if (parse_addr(addr, &prefix->addr) || bits > (prefix->addr.family == 4 ? 32 : 128))
		return R_FAIL(r, node, "%s \"%.60s\": expected %s", key_of(node), node->text, expected);
	prefix->len = (uint8_t)bits;
	return 0;
}
