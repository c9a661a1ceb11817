/* SPDX-License-Identifier: ISC */
#include "sim/results/results.h"
#include "sim/cli/cli.h"
#include "sim/cli/output.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_STYLE (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

struct results {
	struct output out;
	int failed; /* the first error: negative errno */
};

static void note_failure(struct results *r, int err)
{
	if (!r->failed)
		r->failed = err ? err : -EIO;
}

/* Flushed at once: a forked child inherits an empty buffer. */
static void write_line(struct results *r, json_t *object)
{
	errno = 0;
	if (!object)
		note_failure(r, -ENOMEM);
	else if (json_dumpf(object, r->out.file, JSON_STYLE) != 0 || fputc('\n', r->out.file) == EOF || fflush(r->out.file) != 0)
		note_failure(r, -errno);
	json_decref(object);
}

int results_open(const char *path, const char *program, const char *stack, uint64_t seed, const char *command, struct results **out,
	char error[RESULTS_ERROR_MAX])
{
	*out = NULL;
	if (!path)
		return 0;
	struct results *r = calloc(1, sizeof(*r));
	int err = r ? output_open(&r->out, path) : -ENOMEM;
	if (err) {
		snprintf(error, RESULTS_ERROR_MAX, "%s: cannot write results: %s", path, strerror(-err));
		free(r);
		return err;
	}
	write_line(r, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "kind", "meta", "schema", RESULTS_SCHEMA, "program", program, "version",
			      PLUMBLINE_VERSION, "stack", stack, "seed", (json_int_t)seed, "command", command));
	if (r->failed) {
		err = r->failed;
		snprintf(error, RESULTS_ERROR_MAX, "%s: cannot write results: %s", path, strerror(-err));
		results_discard(r);
		return err;
	}
	*out = r;
	return 0;
}

void results_write(struct results *r, json_t *object)
{
	if (r)
		write_line(r, object);
	else
		json_decref(object);
}

int results_end(struct results *r, const struct results_counts *c, char error[RESULTS_ERROR_MAX])
{
	if (!r)
		return 0;
	write_line(r, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", "end", "passed", (json_int_t)c->passed, "failed",
			      (json_int_t)c->failed, "skipped", (json_int_t)c->skipped, "xfailed", (json_int_t)c->xfailed, "xpassed",
			      (json_int_t)c->xpassed, "errors", (json_int_t)c->errors));
	char name[400];
	int err = r->failed;
	snprintf(name, sizeof(name), "%s", r->out.path ? r->out.path : "standard output");
	if (err)
		output_discard(&r->out);
	else
		err = output_finish(&r->out);
	if (err)
		snprintf(error, RESULTS_ERROR_MAX, "%s: cannot write results: %s", name, strerror(-err));
	free(r);
	return err;
}

void results_discard(struct results *r)
{
	if (!r)
		return;
	output_discard(&r->out);
	free(r);
}

static bool needs_quotes(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%";
	return !*word || word[strspn(word, plain)];
}

void results_put_word(FILE *f, const char *word)
{
	if (!needs_quotes(word)) {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (const char *p = word; *p; p++) {
		if (*p == '\'')
			fputs("'\\''", f);
		else
			fputc(*p, f);
	}
	fputc('\'', f);
}

/* A program is called through the dispatcher: …/plumbline-run is "plumbline run". */
static void put_program(FILE *f, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	if (strncmp(name, "plumbline-", 10) == 0)
		fprintf(f, "plumbline %s", name + 10);
	else
		results_put_word(f, name);
}

/* The dispatcher beside the running program, then the name. */
static void put_program_here(FILE *f, const char *name)
{
	char folder[PATH_MAX], here[PATH_MAX], path[PATH_MAX + 16];
	cli_folder(folder);
	size_t below = getcwd(here, sizeof(here)) ? strlen(here) : 0;
	bool inside = below && strncmp(folder, here, below) == 0 && (!folder[below] || folder[below] == '/');
	const char *from = folder + (inside ? below + (folder[below] == '/') : 0);
	snprintf(path, sizeof(path), "%s/plumbline", inside && !*from ? "." : from);
	results_put_word(f, path);
	fprintf(f, " %s", name);
}

static char *command_line(int argc, char **argv, void (*put_first)(FILE *f, const char *word))
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);
	if (!f)
		return NULL;
	put_first(f, argv[0]);
	for (int i = 1; i < argc; i++) {
		fputc(' ', f);
		results_put_word(f, argv[i]);
	}
	if (fclose(f) != 0) {
		free(line);
		return NULL;
	}
	return line;
}

char *results_command(int argc, char **argv)
{
	return command_line(argc, argv, put_program);
}

char *results_rerun(int argc, char **argv)
{
	return command_line(argc, argv, put_program_here);
}
