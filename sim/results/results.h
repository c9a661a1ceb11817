/* SPDX-License-Identifier: ISC */
/*
 * Result files: JSON lines as reports/SCHEMA.md describes them. One writer for run, replay and conform.
 *
 * A file is written as PATH.part and renamed at the end, so nothing half-written ever stands under PATH. Every call takes a
 * NULL writer and does nothing then, so programs need not ask whether --results was given.
 */
#ifndef SIM_RESULTS_RESULTS_H
#define SIM_RESULTS_RESULTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define RESULTS_SCHEMA "plumbline.results/1"
#define RESULTS_ERROR_MAX 512

struct results;

/* The last line. */
struct results_counts {
	uint64_t passed, failed, skipped, xfailed, xpassed, errors;
};

/*
 * Opens the file and writes the meta line. path NULL: *r is NULL and all is well; "-": standard output; a device or pipe is
 * written in place. program: "run", "replay", "conform". command: as typed.
 * 0; -errno with one line in error ("FILE: why"), nothing left behind.
 */
int results_open(const char *path, const char *program, const char *stack, uint64_t seed, const char *command, struct results **r,
	char error[RESULTS_ERROR_MAX]);
/* Writes one object as one line, keys in the order they were set. Takes object, also when r is NULL or object is NULL (out of memory). */
void results_write(struct results *r, json_t *object);
/* Writes the end line, closes and renames. 0; -errno with one line in error when any write failed, the partial file removed. Frees r. */
int results_end(struct results *r, const struct results_counts *counts, char error[RESULTS_ERROR_MAX]);
/* Gives up: removes the partial file and frees r. */
void results_discard(struct results *r);

/*
 * The command as one line a shell reads back the same: "plumbline NAME" for the program argv[0], wherever it lies, words
 * quoted where they need it. To be freed; NULL when out of memory.
 */
char *results_command(int argc, char **argv);
/*
 * The same to be pasted where this process was started: argv[0] is NAME, and "plumbline" has the path of this program's folder,
 * relative where that is below the working folder ("build/bin/plumbline run …").
 */
char *results_rerun(int argc, char **argv);
/* One word of such a line, in quotes if it needs them. */
void results_put_word(FILE *f, const char *word);

#endif
