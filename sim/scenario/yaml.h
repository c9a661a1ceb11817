/* SPDX-License-Identifier: ISC */
/* A YAML file as a tree whose nodes know their line and column, in memory owned by an arena. */
#ifndef SIM_SCENARIO_YAML_H
#define SIM_SCENARIO_YAML_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that is freed all at once. Zeroed: empty. */
struct arena {
	struct arena_block *blocks;
};

/* size zeroed bytes, aligned for anything; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of len bytes and a NUL; NULL when out of memory. */
char *arena_text(struct arena *a, const char *text, size_t len);
void arena_free(struct arena *a);

/* Where something stands in the file: both count from 1; 0: nowhere in particular. */
struct scn_pos {
	unsigned line, column;
};

#define SCN_ERROR_MAX 512

/* The first error: "FILE:LINE:COLUMN: what, and what was expected". */
struct scn_error {
	const char *file;         /* as the user named it */
	char text[SCN_ERROR_MAX]; /* empty: none so far */
};

/* Sets the error unless there is one; control characters become '?'. Returns -EINVAL. */
int scn_fail(struct scn_error *e, struct scn_pos pos, const char *format, ...) __attribute__((format(printf, 3, 4)));

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	struct scn_pos pos;
	bool quoted;             /* a scalar in quotes */
	const char *text;        /* a scalar's, without NUL bytes inside */
	struct yaml_node *key;   /* in a map: the scalar this node is the value of */
	struct yaml_node *first; /* child of a list or map */
	struct yaml_node *next;  /* sibling */
	unsigned n;              /* children */
};

#define YAML_MAX_BYTES (256u << 10)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 100000u
#define YAML_MAX_KEYS 2000u /* of one map */

/*
 * Parses one document. Refused, with the position: syntax errors, no or several documents, anchors, aliases and tags, a key that is not
 * a plain word, a key given twice, nesting deeper than YAML_MAX_DEPTH. 0; -EINVAL or -ENOMEM with e set.
 */
int yaml_tree(struct arena *a, const char *text, size_t len, struct yaml_node **root, struct scn_error *e);
/* The value of a key; NULL when absent or node is not a map. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

#endif
