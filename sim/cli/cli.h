/* SPDX-License-Identifier: ISC */
/*
 * What all programs share: how they end, how they complain, how they read options.
 * Bad usage or bad input is always one line on standard error that begins with the program's name, and status 2.
 */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#define PLUMBLINE_VERSION "0.1.0"

/* Exit status of every program. */
enum {
	CLI_OK = 0,         /* all as expected */
	CLI_UNEXPECTED = 1, /* something was not */
	CLI_USAGE = 2,      /* bad usage or bad input */
	CLI_SKIPPED = 77,   /* everything was skipped */
};

/* What a table of long options begins with; cli_getopt() answers both by itself. Numbers from CLI_FIRST_OPTION on are the program's. */
enum { CLI_OPTION_HELP = 256, CLI_OPTION_VERSION, CLI_FIRST_OPTION };
#define CLI_COMMON_OPTIONS \
	{ "help", no_argument, NULL, CLI_OPTION_HELP }, \
	{ \
		"version", no_argument, NULL, CLI_OPTION_VERSION \
	}

/* "plumbline-NAME: message" on standard error, exit CLI_USAGE. */
_Noreturn void cli_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same line, without the exit. */
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program with status, or with CLI_USAGE and a word when standard output could not be written. */
_Noreturn void cli_exit(int status);

/*
 * getopt_long(): --help prints help on standard output and exits 0, --version likewise; an unknown option or a missing
 * argument is one line and CLI_USAGE. longs begins with CLI_COMMON_OPTIONS and ends with zeros. -1 when no option is left.
 */
int cli_getopt(int argc, char **argv, const struct option *longs, const char *help);

/* Each exits through cli_die(), naming what ("--seed"), unless text is such a value and nothing else. */
uint64_t cli_u64(const char *what, const char *text);  /* decimal or 0x… */
uint64_t cli_seed(const char *what, const char *text); /* the same, to 2^63 - 1: what a JSON integer holds */
unsigned cli_unsigned(const char *what, const char *text, unsigned min, unsigned max);

/* Returns allocated, which stays the caller's; exits through cli_die() when it is NULL. */
void *cli_must(void *allocated);
/* The folder this program lies in. */
void cli_folder(char path[PATH_MAX]);

/* Exits through cli_die() unless a file could be written at path ("-": standard output). Leaves nothing behind. */
void cli_check_output_file(const char *what, const char *path);
/* Exits through cli_die() unless path is a folder one can write in; makes it when it is missing. */
void cli_check_output_dir(const char *what, const char *path);

/*
 * Keeps standard output for a report that goes to "-": the stream to write it to, to be closed with fclose(). From here on what the
 * program prints goes to standard error.
 */
FILE *cli_claim_stdout(void);

#endif
