/* SPDX-License-Identifier: ISC */
#include "sim/results/results.h"
#include "sim/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JSON_STYLE (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

struct results {
	FILE *file;
	char *path;  /* NULL: in place, nothing to rename */
	char *part;  /* PATH.part */
	int failed;  /* the first error: negative errno */
};

static int open_file(struct results *r, const char *path)
{
	struct stat st;
	if (strcmp(path, "-") == 0) {
		int fd = dup(STDOUT_FILENO);
		if (fd < 0)
			return -errno;
		r->file = fdopen(fd, "w");
		if (!r->file)
			close(fd);
		return r->file ? 0 : -ENOMEM;
	}
	bool exists = stat(path, &st) == 0;
	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (exists && !S_ISREG(st.st_mode)) {
		r->file = fopen(path, "we");
		return r->file ? 0 : -errno;
	}
	r->path = strdup(path);
	if (!r->path || asprintf(&r->part, "%s.part", path) < 0)
		return -ENOMEM;
	r->file = fopen(r->part, "we");
	return r->file ? 0 : -errno;
}

static void results_free(struct results *r)
{
	free(r->path);
	free(r->part);
	free(r);
}

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
	else if (json_dumpf(object, r->file, JSON_STYLE) != 0 || fputc('\n', r->file) == EOF || fflush(r->file) != 0)
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
	int err = r ? open_file(r, path) : -ENOMEM;
	if (err) {
		snprintf(error, RESULTS_ERROR_MAX, "%s: cannot write results: %s", path, strerror(-err));
		if (r)
			results_free(r);
		return err;
	}
	write_line(r, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s}", "kind", "meta", "schema", RESULTS_SCHEMA, "program", program,
		"version", PLUMBLINE_VERSION, "stack", stack, "seed", (json_int_t)seed, "command", command));
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
	errno = 0;
	if (fclose(r->file) != 0)
		note_failure(r, -errno);
	if (!r->failed && r->path && rename(r->part, r->path) != 0)
		note_failure(r, -errno);
	int err = r->failed;
	if (err) {
		snprintf(error, RESULTS_ERROR_MAX, "%s: cannot write results: %s", r->path ? r->path : "standard output", strerror(-err));
		if (r->part)
			unlink(r->part);
	}
	results_free(r);
	return err;
}

void results_discard(struct results *r)
{
	if (!r)
		return;
	fclose(r->file);
	if (r->part)
		unlink(r->part);
	results_free(r);
}

static bool needs_quotes(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%";
	return !*word || word[strspn(word, plain)];
}

static void put_word(FILE *f, const char *word)
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
		put_word(f, name);
}

/* The dispatcher beside the running program, then the name. */
static void put_program_here(FILE *f, const char *name)
{
	char exe[PATH_MAX], here[PATH_MAX], path[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t below = getcwd(here, sizeof(here)) ? strlen(here) : 0;
	exe[n > 0 ? n : 0] = '\0';
	const char *from = below && strncmp(exe, here, below) == 0 && exe[below] == '/' ? exe + below + 1 : exe;
	const char *slash = strrchr(from, '/');
	snprintf(path, sizeof(path), "%.*s%splumbline", slash ? (int)(slash + 1 - from) : 0, from, !slash && n > 0 ? "./" : "");
	put_word(f, path);
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
		put_word(f, argv[i]);
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
