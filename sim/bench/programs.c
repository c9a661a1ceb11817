/* SPDX-License-Identifier: ISC */
/* The programs as their users run them, start-up and all; the work they did is read from their result files. */
#include "sim/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 16
#define LINE_BYTES (1u << 20)

/* Runs argv[0] with its output thrown away; its exit status, or -errno. */
static int run_program(char *const argv[], struct bench_run *run)
{
	int status;
	struct bench_clock start = bench_clock_now(true);
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	bench_clock_stop(&start, true, run);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Adds up over the lines of kind: 1 each when key is NULL, else the value of key. */
static uint64_t add_up(const char *results, const char *kind, const char *key)
{
	FILE *file = fopen(results, "r");
	char *line = NULL;
	size_t cap = 0;
	uint64_t sum = 0;
	while (file && getline(&line, &cap, file) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		const char *k = json_string_value(json_object_get(o, "kind"));
		if (k && !strcmp(k, kind))
			sum += key ? (uint64_t)json_integer_value(json_object_get(o, key)) : 1;
		json_decref(o);
	}
	free(line);
	if (file)
		fclose(file);
	return sum;
}

static int judge(const char *program, int status, uint64_t amount, char reason[BENCH_REASON_MAX])
{
	if (status == 127)
		snprintf(reason, BENCH_REASON_MAX, "%s could not be run", program);
	else if (status < 0 || status > 1)
		snprintf(reason, BENCH_REASON_MAX, "%s ended with status %d", program, status);
	else if (!amount)
		snprintf(reason, BENCH_REASON_MAX, "%s reported no work", program);
	else
		return 0;
	return -EIO;
}

int bench_conform(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	char program[512], results[512];
	snprintf(program, sizeof(program), "%s/plumbline-conform", o->bin);
	snprintf(results, sizeof(results), "%s/bench-conform.jsonl", o->tmp);
	char *argv[] = { program, "--stack", (char *)(uintptr_t)stack, "--results", results, NULL };
	unlink(results);
	int status = run_program(argv, run);
	run->amount = add_up(results, "case", NULL);
	unlink(results);
	return judge("plumbline conform", status, run->amount, reason);
}

int bench_replay(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX])
{
	char program[512], capture[512], results[512];
	struct bench_run recording;
	snprintf(program, sizeof(program), "%s/plumbline-replay", o->bin);
	snprintf(capture, sizeof(capture), "%s/bench.pcap", o->tmp);
	snprintf(results, sizeof(results), "%s/bench-replay.jsonl", o->tmp);
	if (access(capture, R_OK) != 0) {
		int err = bench_transfer(stack, o->replay_bytes, capture, &recording, reason);
		if (err < 0)
			return err;
	}
	char *argv[] = { program, "--stack", (char *)(uintptr_t)stack, "--as", "10.0.0.2", "--results", results, capture, NULL };
	unlink(results);
	int status = run_program(argv, run);
	run->amount = add_up(results, "replay", "frames");
	unlink(results);
	return judge("plumbline replay", status, run->amount, reason);
}
