/* SPDX-License-Identifier: ISC */
#include "sim/cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void complain(const char *fmt, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void cli_warn(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
}

_Noreturn void cli_die(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	exit(CLI_USAGE);
}

_Noreturn void cli_exit(int status)
{
	if (fflush(stdout) || ferror(stdout))
		cli_die("standard output: %s", strerror(errno));
	exit(status);
}

int cli_getopt(int argc, char **argv, const struct option *longs, const char *help)
{
	opterr = 0;
	int c = getopt_long(argc, argv, ":", longs, NULL);
	switch (c) {
	case CLI_OPTION_HELP:
		fputs(help, stdout);
		cli_exit(CLI_OK);
	case CLI_OPTION_VERSION:
		printf("%s %s\n", program_invocation_short_name, PLUMBLINE_VERSION);
		cli_exit(CLI_OK);
	case ':':
		cli_die("%s needs a value (see --help)", argv[optind - 1]);
	case '?':
		/* optopt: the letter of an unknown short option, or the number of a long one that was given a value it does not take. */
		if (optopt && optopt < CLI_OPTION_HELP)
			cli_die("unknown option -%c (see --help)", optopt);
		if (optopt)
			cli_die("%s: this option takes no value (see --help)", argv[optind - 1]);
		cli_die("unknown option %s (see --help)", argv[optind - 1]);
	default:
		return c;
	}
}

uint64_t cli_u64(const char *what, const char *text)
{
	char *end;
	errno = 0;
	uint64_t v = strtoull(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
	if (!isdigit((unsigned char)*text) || *end || errno)
		cli_die("%s %s: expected a number from 0 to %llu", what, text, (unsigned long long)UINT64_MAX);
	return v;
}

uint64_t cli_seed(const char *what, const char *text)
{
	uint64_t v = cli_u64(what, text);
	if (v > INT64_MAX)
		cli_die("%s %s: expected a number from 0 to %lld", what, text, (long long)INT64_MAX);
	return v;
}

unsigned cli_unsigned(const char *what, const char *text, unsigned min, unsigned max)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || v < min || v > max)
		cli_die("%s %s: expected a number from %u to %u", what, text, min, max);
	return (unsigned)v;
}

void *cli_must(void *allocated)
{
	if (!allocated)
		cli_die("out of memory");
	return allocated;
}

void cli_folder(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash)
		cli_die("/proc/self/exe: expected the path of this program");
	*slash = '\0';
}

void cli_check_output_file(const char *what, const char *path)
{
	if (!strcmp(path, "-"))
		return;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0) {
		close(fd);
		unlink(path);
		return;
	}
	if (errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		cli_die("%s %s: %s", what, path, strerror(errno));
	close(fd);
}

void cli_check_output_dir(const char *what, const char *path)
{
	struct stat st;
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		cli_die("%s %s: %s", what, path, strerror(errno));
	if (stat(path, &st) < 0)
		cli_die("%s %s: %s", what, path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		cli_die("%s %s: %s", what, path, strerror(ENOTDIR));
	if (access(path, W_OK | X_OK) < 0)
		cli_die("%s %s: %s", what, path, strerror(errno));
}

FILE *cli_claim_stdout(void)
{
	int fd = dup(STDOUT_FILENO);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f || fflush(stdout) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		cli_die("standard output: %s", strerror(errno));
	return f;
}
