/* SPDX-License-Identifier: ISC */
/*
 * The runner, in the order things happen:
 *
 *     plan.c    which cases on which stacks, in which order, with which seeds
 *     expect.c  which of them are known to fail, and why
 *     pool.c    worker processes; in each, Check runs one case after another in a child of its own
 *     play.c    that child: a tester and a fresh stack, the case, its details as JSON
 *     record.c  the outcome as reports/SCHEMA.md has it
 *     console.c tap.c junit.c   what people and machines read
 */
#ifndef CONFORMANCE_RUNNER_RUNNER_H
#define CONFORMANCE_RUNNER_RUNNER_H

#include "conformance/tester/case.h"
#include "sim/dut/variants.h"

#include <jansson.h>
#include <stdio.h>

/* --- plan.c --- */

struct stack_choice {
	struct dut_spec spec;
	unsigned layers;         /* what its stacks are composed of; 0: all the variant has */
	const char *unavailable; /* why none of its cases can run here, or NULL */
};

struct plan_case {
	const struct conform_case *c;
	const struct conform_suite *suite;
	char id[128]; /* "arp.reply_to_request" */
};

/* One case on one stack, once. */
struct job {
	const struct plan_case *pc;
	const struct stack_choice *stack;
	unsigned repetition; /* 0 is the first */
	uint64_t run_seed;   /* --seed plus repetition: what reruns this alone */
	uint64_t seed;       /* the case's own */
};

struct plan {
	struct plan_case *all; /* every case there is, in order */
	size_t n_all;
	const struct plan_case **cases; /* those that suites and filters leave */
	size_t n_cases;
	struct stack_choice *stacks;
	size_t n_stacks;
	struct job *jobs;
	size_t n_jobs;
	char suite_args[256]; /* the suites named, " arp udp", for rerun commands */
	char *program;        /* "build/bin/plumbline conform" and the options that were given for all, likewise */
	const char *pcap_dir; /* NULL: none */
	bool repeated;
	unsigned timeout_s;
};

/* These exit through cli_die() when what the user gave cannot be. */
void plan_cases(struct plan *plan, char **suite_names, int n_suites, char **filters, size_t n_filters);
void plan_stacks(struct plan *plan, const char *list, char **suite_names, int n_suites);
void plan_jobs(struct plan *plan, uint64_t seed, unsigned repeat);
const struct plan_case *plan_find(const struct plan *plan, const char *id);
const char *level_name(enum level level);
/* A file name for the job's capture below plan->pcap_dir. */
void plan_pcap_path(const struct plan *plan, const struct job *job, char *path, size_t cap);

/* --- expect.c --- */

struct expect;
/* dir NULL: conformance/expect, looked for beside and above the running program. Exits through cli_die() on any fault in the files. */
struct expect *expect_load(const char *dir, const struct plan *plan);
/* The sentence why this case is known to fail on the variant, or NULL. */
const char *expect_reason(const struct expect *e, const struct job *job);
void expect_free(struct expect *e);

/* --- play.c --- */

/* Runs the job's case in this process and writes its details as JSON to fd. True when it passed or skipped; else message says why. */
bool play_job(const struct plan *plan, const struct job *job, int fd, char *message, size_t message_cap);
/* Creates the stack and throws it away, in a child: 0, or the create error with why. */
int play_trial(const struct stack_choice *stack, char *why, size_t why_cap);

/* --- pool.c --- */

/* details: what play_job wrote, NULL when the child did not get that far. crash: Check's message when the child died or hung, else NULL. */
typedef void pool_done_fn(size_t job_index, json_t *details, const char *crash, void *arg);
/* Runs every job on n worker processes; done is called in job order. */
void pool_run(const struct plan *plan, unsigned n_workers, pool_done_fn *done, void *arg);

/* --- record.c --- */

enum outcome { OUTCOME_PASS, OUTCOME_FAIL, OUTCOME_SKIP, OUTCOME_XFAIL, OUTCOME_XPASS, OUTCOME_ERROR, N_OUTCOMES };

struct record {
	const struct job *job;
	enum outcome outcome;
	const char *message, *reason; /* into json; may be NULL */
	json_t *json;                 /* the line of the result file */
};
void record_make(struct record *r, const struct plan *plan, const struct job *job, json_t *details, const char *crash, const char *reason);
void record_free(struct record *r);
const char *outcome_name(enum outcome o);
/* fail, xpass, error: what makes the run fail. */
bool outcome_is_bad(enum outcome o);

/* --- console.c, tap.c, junit.c --- */

void console_start(const struct plan *plan, uint64_t seed);
void console_add(const struct plan *plan, const struct record *r, size_t index);
void console_end(const struct plan *plan, const struct record *records);
/* All about a failure, as people read it: requirement, expected and got, the frames as a ladder, how to rerun. indent: before each line. */
void failure_print(FILE *out, const struct record *r, const char *indent);
void tap_write(FILE *out, const struct plan *plan, const struct record *records);
void junit_write(FILE *out, const struct plan *plan, const struct record *records);

int conform_main(int argc, char **argv);

#endif
