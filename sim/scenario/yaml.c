/* SPDX-License-Identifier: ISC */
#include "sim/scenario/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct arena_block {
	struct arena_block *next;
	max_align_t bytes[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = calloc(1, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->next = a->blocks;
	a->blocks = b;
	return b->bytes;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}

int scn_fail(struct scn_error *e, struct scn_pos pos, const char *format, ...)
{
	if (e->text[0])
		return -EINVAL;
	int n = pos.line ? snprintf(e->text, sizeof(e->text), "%s:%u:%u: ", e->file, pos.line, pos.column)
			 : snprintf(e->text, sizeof(e->text), "%s: ", e->file);
	if (n > 0 && (size_t)n < sizeof(e->text)) {
		va_list ap;
		va_start(ap, format);
		vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, ap);
		va_end(ap);
	}
	for (char *p = e->text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	return -EINVAL;
}

struct loader {
	yaml_parser_t parser;
	struct arena *arena;
	struct scn_error *error;
	unsigned n_nodes;
};

static struct scn_pos at(const yaml_mark_t *mark)
{
	return (struct scn_pos){ (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

/* libyaml's problem in its own words; where reading bytes failed it knows no line. */
static int syntax_error(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error == YAML_READER_ERROR)
		return scn_fail(l->error, at(&p->mark), "not UTF-8 text (%s, byte %zu)", p->problem ? p->problem : "unreadable", p->problem_offset);
	return scn_fail(l->error, at(&p->problem_mark), "YAML syntax: %s%s%s", p->problem ? p->problem : "error", p->context ? ", " : "",
		p->context ? p->context : "");
}

static int next_event(struct loader *l, yaml_event_t *ev)
{
	return yaml_parser_parse(&l->parser, ev) ? 0 : syntax_error(l);
}

/* What scenario files have no use for, and what could make a small file expand without bound. */
static int refuse_fancy(struct loader *l, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return scn_fail(l->error, at(&ev->start_mark), "aliases (*%s) are not supported: write the value out", ev->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return scn_fail(l->error, at(&ev->start_mark), "anchors (&%s) are not supported: write the value out", anchor);
	if (tag)
		return scn_fail(l->error, at(&ev->start_mark), "tags (%s) are not supported", tag);
	return 0;
}

static int scalar_text(struct loader *l, const yaml_event_t *ev, struct yaml_node *node)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	if (memchr(text, 0, len))
		return scn_fail(l->error, node->pos, "a NUL character in the text");
	node->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_text(l->arena, text, len);
	return node->text ? 0 : -ENOMEM;
}

static int load_children(struct loader *l, struct yaml_node *parent, unsigned depth);

/* A node from the event that starts it. */
static int load_node(struct loader *l, const yaml_event_t *ev, unsigned depth, struct yaml_node **out)
{
	int err = refuse_fancy(l, ev);
	if (err)
		return err;
	if (++l->n_nodes > YAML_MAX_NODES)
		return scn_fail(l->error, at(&ev->start_mark), "more than %u values", YAML_MAX_NODES);
	struct yaml_node *node = *out = arena_alloc(l->arena, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->pos = at(&ev->start_mark);
	if (ev->type == YAML_SCALAR_EVENT)
		return scalar_text(l, ev, node);
	if (depth >= YAML_MAX_DEPTH)
		return scn_fail(l->error, node->pos, "nested deeper than %d levels", YAML_MAX_DEPTH);
	node->kind = ev->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
	return load_children(l, node, depth + 1);
}

static int check_key(struct loader *l, const struct yaml_node *map, const struct yaml_node *key)
{
	if (key->kind != YAML_SCALAR)
		return scn_fail(l->error, key->pos, "a key must be a plain word");
	if (map->n >= YAML_MAX_KEYS)
		return scn_fail(l->error, key->pos, "more than %u keys in one map", YAML_MAX_KEYS);
	const struct yaml_node *twice = yaml_get(map, key->text);
	if (twice)
		return scn_fail(l->error, key->pos, "key \"%.60s\" given twice (first in line %u)", key->text, twice->key->pos.line);
	return 0;
}

static int load_children(struct loader *l, struct yaml_node *parent, unsigned depth)
{
	struct yaml_node **tail = &parent->first, *key = NULL;
	for (;;) {
		yaml_event_t ev;
		int err = next_event(l, &ev);
		if (err)
			return err;
		if (ev.type == YAML_SEQUENCE_END_EVENT || ev.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&ev);
			return 0;
		}
		struct yaml_node *node;
		err = load_node(l, &ev, depth, &node);
		yaml_event_delete(&ev);
		if (err)
			return err;
		if (parent->kind == YAML_MAP && !key) {
			key = node;
			err = check_key(l, parent, key);
			if (err)
				return err;
			continue;
		}
		node->key = key;
		key = NULL;
		*tail = node;
		tail = &node->next;
		parent->n++;
	}
}

static int load_document(struct loader *l, struct yaml_node **root)
{
	unsigned documents = 0;
	for (;;) {
		yaml_event_t ev;
		int err = next_event(l, &ev);
		if (err)
			return err;
		yaml_event_type_t type = ev.type;
		if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1)
			err = scn_fail(l->error, at(&ev.start_mark), "a second document: a scenario file holds one");
		else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT ||
			 type == YAML_ALIAS_EVENT)
			err = load_node(l, &ev, 0, root);
		yaml_event_delete(&ev);
		if (err)
			return err;
		if (type == YAML_STREAM_END_EVENT)
			return documents ? 0 : scn_fail(l->error, (struct scn_pos){ 1, 1 }, "the file is empty");
	}
}

int yaml_tree(struct arena *a, const char *text, size_t len, struct yaml_node **root, struct scn_error *e)
{
	struct loader l = { .arena = a, .error = e };
	if (len > YAML_MAX_BYTES)
		return scn_fail(e, (struct scn_pos){ 0 }, "%zu bytes, more than a scenario file may have (%u)", len, YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&l.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, len);
	int err = load_document(&l, root);
	yaml_parser_delete(&l.parser);
	return err;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (struct yaml_node *n = map->first; n; n = n->next) {
		if (strcmp(n->key->text, key) == 0)
			return n;
	}
	return NULL;
}
