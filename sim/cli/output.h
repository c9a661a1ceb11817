/* SPDX-License-Identifier: ISC */
/*
 * Files that stand under their name whole or not at all: written as PATH.part, renamed at the end. What exists and is no regular
 * file (a device, a pipe) is written in place, and "-" is standard output.
 */
#ifndef SIM_CLI_OUTPUT_H
#define SIM_CLI_OUTPUT_H

#include <stdio.h>

struct output {
	FILE *file;        /* to be written to; never closed by the caller */
	char *path, *part; /* private; part NULL: written in place */
};

/* Opens path for writing. 0 or -errno (-EISDIR for a folder), nothing left behind. */
int output_open(struct output *o, const char *path);
/* Closes the file and gives it its name. 0, or -errno of the first write that failed, the partial file removed. */
int output_finish(struct output *o);
/* Gives up: removes the partial file. */
void output_discard(struct output *o);

#endif
