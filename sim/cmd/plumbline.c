/* SPDX-License-Identifier: ISC */
/* The dispatcher: `plumbline NAME …` runs the program plumbline-NAME that lies beside it. */
#include "sim/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name, *description;
} programs[] = {
	{ "run", "run scenarios: hosts, links, flows and what is expected of them" },
	{ "replay", "play a capture against a stack and report what became of each frame" },
	{ "conform", "run the conformance suites of any layer against a stack" },
	{ "stacks", "list the stacks under test and what each can do" },
	{ "report", "turn result files into HTML, Markdown and JUnit" },
	{ "bench", "measure what things cost" },
};

/* The path of plumbline-NAME beside this program; false when it would not fit. */
static bool beside(char path[PATH_MAX], const char *name)
{
	char folder[PATH_MAX];
	cli_folder(folder);
	return snprintf(path, PATH_MAX, "%s/plumbline-%s", folder, name) < PATH_MAX;
}

static void print_help(void)
{
	char path[PATH_MAX];
	fputs("usage: plumbline NAME [ARGUMENT…]\n"
	      "       plumbline --help | --version\n\n"
	      "Simulation and conformance tests for network stacks, in virtual time.\n\n",
		stdout);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (beside(path, programs[i].name) && access(path, X_OK) == 0)
			printf("  %-8s  %s\n", programs[i].name, programs[i].description);
	}
	fputs("\n`plumbline NAME --help` explains each. Exit status: 0 all as expected; 1 something was not;\n"
	      "2 bad usage or bad input; 77 everything was skipped.\n",
		stdout);
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	if (argc < 2)
		cli_die("expected the name of a program (plumbline --help lists them)");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		print_help();
		cli_exit(CLI_OK);
	}
	if (!strcmp(argv[1], "--version")) {
		puts("plumbline " PLUMBLINE_VERSION);
		cli_exit(CLI_OK);
	}
	if (argv[1][0] == '-')
		cli_die("unknown option %s (see --help)", argv[1]);
	if (!*argv[1] || strchr(argv[1], '/') || !beside(path, argv[1]))
		cli_die("unknown program '%s' (plumbline --help lists them)", argv[1]);
	const char *name = argv[1];
	argv[1] = path; /* what it calls itself in its messages */
	execv(path, argv + 1);
	if (errno == ENOENT)
		cli_die("unknown program '%s' (plumbline --help lists them)", name);
	cli_die("%s: %s", path, strerror(errno));
}
