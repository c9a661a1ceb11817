/* SPDX-License-Identifier: ISC */
/* Known failures: DIR/VARIANT has lines "case-id  # reason". A case listed must fail; one that passes makes the run fail. */
#include "conformance/runner/runner.h"

#include "sim/cli/cli.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	const struct dut_ops *variant;
	const struct plan_case *pc;
	char *reason;
};

struct expect {
	struct entry *entries;
	size_t n, cap;
};

static bool is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* conformance/expect in the nearest folder above the program that has one; programs stand in build/bin or deeper. */
static bool find_dir(char dir[PATH_MAX])
{
	char at[PATH_MAX];
	cli_folder(at);
	for (; strcmp(at, "/") != 0; dirname(at))
		if (snprintf(dir, PATH_MAX, "%s/conformance/expect", at) < PATH_MAX && is_dir(dir))
			return true;
	return false;
}

static char *skip_blanks(char *s)
{
	return s + strspn(s, " \t");
}

static void cut_blanks(char *s)
{
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]))
		s[--n] = 0;
}

static void add_entry(struct expect *e, struct entry entry)
{
	if (e->n == e->cap) {
		e->cap = e->cap ? 2 * e->cap : 32;
		e->entries = realloc(e->entries, e->cap * sizeof(*e->entries));
	}
	if (!e->entries || !entry.reason)
		cli_die("out of memory");
	e->entries[e->n++] = entry;
}

static const struct entry *find_entry(const struct expect *e, const struct dut_ops *variant, const struct plan_case *pc)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->entries[i].variant == variant && e->entries[i].pc == pc)
			return &e->entries[i];
	return NULL;
}

static void parse_line(struct expect *e, const struct plan *plan, const struct dut_ops *variant, const char *path, unsigned number, char *line)
{
	char *id = skip_blanks(line), *hash = strchr(id, '#');
	cut_blanks(line);
	if (!*id || hash == id)
		return;
	if (!hash)
		cli_die("%s:%u:%zu: expected \"# reason\" after the case", path, number, strlen(line) + 1);
	char *reason = skip_blanks(hash + 1);
	if (!*reason)
		cli_die("%s:%u:%zu: expected the reason, with the RFC's clause", path, number, (size_t)(reason - line) + 1);
	*hash = 0;
	cut_blanks(id);
	const struct plan_case *pc = plan_find(plan, id);
	if (!pc)
		cli_die("%s:%u:%zu: no case \"%s\": \"plumbline conform --list\" shows their names", path, number, (size_t)(id - line) + 1, id);
	if (find_entry(e, variant, pc))
		cli_die("%s:%u:%zu: %s is listed twice", path, number, (size_t)(id - line) + 1, id);
	add_entry(e, (struct entry){ variant, pc, strdup(reason) });
}

static void load_file(struct expect *e, const struct plan *plan, const char *dir, const struct dut_ops *variant)
{
	char path[PATH_MAX + 64];
	char *line = NULL;
	size_t cap = 0;
	snprintf(path, sizeof(path), "%s/%s", dir, variant->name);
	FILE *f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return; /* nothing is known to fail */
	if (!f)
		cli_die("%s: %s", path, strerror(errno));
	for (unsigned number = 1; getline(&line, &cap, f) >= 0; number++)
		parse_line(e, plan, variant, path, number, line);
	if (ferror(f))
		cli_die("%s: %s", path, strerror(errno));
	free(line);
	fclose(f);
}

struct expect *expect_load(const char *dir, const struct plan *plan)
{
	char found[PATH_MAX];
	struct expect *e = calloc(1, sizeof(*e));
	if (!e)
		cli_die("out of memory");
	if (dir && !is_dir(dir))
		cli_die("--expect %s: not a folder", dir);
	if (!dir && !find_dir(found))
		cli_die("no folder conformance/expect above the program: name one with --expect");
	for (size_t s = 0; s < plan->n_stacks; s++) {
		bool seen = false;
		for (size_t k = 0; k < s; k++)
			seen |= plan->stacks[k].spec.ops == plan->stacks[s].spec.ops;
		if (!seen)
			load_file(e, plan, dir ? dir : found, plan->stacks[s].spec.ops);
	}
	return e;
}

const char *expect_reason(const struct expect *e, const struct job *job)
{
	const struct entry *found = find_entry(e, job->stack->spec.ops, job->pc);
	return found ? found->reason : NULL;
}

void expect_free(struct expect *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->entries[i].reason);
	free(e->entries);
	free(e);
}
