/* SPDX-License-Identifier: ISC */
#include "conformance/runner/runner.h"

#include "sim/cli/cli.h"
#include "sim/cli/output.h"
#include "sim/results/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: plumbline conform [OPTION…] [LAYER…]\n"
	"Runs conformance suites against stacks. With layers named (ethernet arp ipv4 icmpv4 udp tcp), the stack under test is composed\n"
	"of nothing but what these suites need; without, of everything.\n"
	"\n"
	"  --stack V[,V…]   the stacks (default direct): NAME[+LAYER,…][:KEY=VALUE,…]; a comma begins the next stack where a variant's name follows\n"
	"  --filter GLOB    only cases whose id matches, as 'tcp.*syn*'; may be given more than once\n"
	"  --list           print id, level, reference and requirement of each case, and run nothing\n"
	"  --jobs N         worker processes (default 1); changes no result\n"
	"  --seed N         of the run (default 1): a case's own seed follows from it, the case's id and the stack\n"
	"  --repeat N       run everything N times, with the seeds N, N + 1, …\n"
	"  --timeout S      seconds of real time a case may take (default 60)\n"
	"  --expect DIR     known failures, one file a variant (default conformance/expect)\n"
	"  --tap FILE  --junit FILE  --results FILE   reports; -: to standard output, the rest to standard error\n"
	"  --pcap DIR       a capture of every case\n"
	"  --help  --version\n"
	"\n"
	"Exit status: 0 all as expected, 1 something was not, 2 bad usage or input, 77 everything was skipped.\n";

enum {
	OPT_STACK = CLI_FIRST_OPTION,
	OPT_FILTER,
	OPT_LIST,
	OPT_JOBS,
	OPT_SEED,
	OPT_REPEAT,
	OPT_TIMEOUT,
	OPT_EXPECT,
	OPT_TAP,
	OPT_JUNIT,
	OPT_RESULTS,
	OPT_PCAP
};

static const struct option longs[] = {
	CLI_COMMON_OPTIONS,
	{ "stack", required_argument, NULL, OPT_STACK },
	{ "filter", required_argument, NULL, OPT_FILTER },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "junit", required_argument, NULL, OPT_JUNIT },
	{ "results", required_argument, NULL, OPT_RESULTS },
	{ "pcap", required_argument, NULL, OPT_PCAP },
	{ 0 },
};

#define FILTERS_MAX 64
#define TIMEOUT_S 60

struct arguments {
	const char *stack, *expect, *tap, *junit, *results, *pcap;
	char *filters[FILTERS_MAX];
	size_t n_filters;
	bool list;
	unsigned jobs, repeat, timeout_s;
	uint64_t seed;
	char **suites;
	int n_suites;
};

static void take_option(struct arguments *a, int option)
{
	switch (option) {
	case OPT_STACK:
		a->stack = optarg;
		break;
	case OPT_FILTER:
		if (a->n_filters == FILTERS_MAX)
			cli_die("--filter: more than %d", FILTERS_MAX);
		a->filters[a->n_filters++] = optarg;
		break;
	case OPT_LIST:
		a->list = true;
		break;
	case OPT_JOBS:
		a->jobs = cli_unsigned("--jobs", optarg, 1, 1024);
		break;
	case OPT_SEED:
		a->seed = cli_seed("--seed", optarg);
		break;
	case OPT_REPEAT:
		a->repeat = cli_unsigned("--repeat", optarg, 1, 1000000);
		break;
	case OPT_TIMEOUT:
		a->timeout_s = cli_unsigned("--timeout", optarg, 1, 86400);
		break;
	case OPT_EXPECT:
		a->expect = optarg;
		break;
	case OPT_TAP:
		a->tap = optarg;
		break;
	case OPT_JUNIT:
		a->junit = optarg;
		break;
	case OPT_RESULTS:
		a->results = optarg;
		break;
	case OPT_PCAP:
		a->pcap = optarg;
		break;
	}
}

static void parse_arguments(struct arguments *a, int argc, char **argv)
{
	int option;
	*a = (struct arguments){ .stack = "direct", .jobs = 1, .repeat = 1, .timeout_s = TIMEOUT_S, .seed = 1 };
	while ((option = cli_getopt(argc, argv, longs, help)) != -1)
		take_option(a, option);
	a->suites = argv + optind;
	a->n_suites = argc - optind;
}

static void list_cases(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_cases; i++) {
		const struct conform_case *c = plan->cases[i]->c;
		printf("%s\t%s\t%s\t%s\n", plan->cases[i]->id, level_name(c->level), c->ref, c->requirement);
	}
	cli_exit(CLI_OK);
}

/* What a rerun of one case needs beside the case: how this program is called from where people stand, and what was not the default. */
static void set_rerun(struct plan *plan, const struct arguments *a)
{
	char timeout[16], *words[5] = { "conform" };
	int n = 1;
	snprintf(timeout, sizeof(timeout), "%u", a->timeout_s);
	if (a->timeout_s != TIMEOUT_S) {
		words[n++] = "--timeout";
		words[n++] = timeout;
	}
	if (a->expect) {
		words[n++] = "--expect";
		words[n++] = (char *)a->expect;
	}
	plan->program = cli_must(results_rerun(n, words));
}

static bool is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

typedef void write_fn(FILE *out, const struct plan *plan, const struct record *records);

/* stdout_report: where a report to "-" goes. */
static void write_report(
	const char *what, const char *path, FILE *stdout_report, write_fn *write, const struct plan *plan, const struct record *records)
{
	if (!path)
		return;
	struct output out = { .file = stdout_report };
	int err = is_stdout(path) ? 0 : output_open(&out, path);
	if (!err) {
		write(out.file, plan, records);
		err = output_finish(&out);
	}
	if (err)
		cli_die("%s %s: %s", what, path, strerror(-err));
}

/* No two reports to the same place. Opens nothing. */
static void check_reports(const struct arguments *a)
{
	const char *const names[] = { "--tap", "--junit", "--results" }, *const paths[] = { a->tap, a->junit, a->results };
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < i && paths[i]; k++)
			if (paths[k] && strcmp(paths[i], paths[k]) == 0)
				cli_die("%s and %s both go to %s", names[k], names[i], paths[i]);
		if (paths[i])
			cli_check_output_file(names[i], paths[i]);
	}
	if (a->pcap)
		cli_check_output_dir("--pcap", a->pcap);
}

struct run {
	const struct plan *plan;
	const struct expect *expect;
	struct record *records;
	struct results *results;
};

static void case_done(size_t index, json_t *details, const char *crash, void *arg)
{
	struct run *run = arg;
	const struct job *job = &run->plan->jobs[index];
	struct record *r = &run->records[index];
	/* A capture that cannot be written is no fault of the stack: the run ends. */
	const char *said = json_string_value(json_object_get(details, "outcome"));
	if (said && strcmp(said, "unwritable") == 0) {
		results_discard(run->results);
		putchar('\n');
		cli_die("--pcap %s", json_string_value(json_object_get(details, "message")));
	}
	record_make(r, run->plan, job, details, crash, expect_reason(run->expect, job));
	results_write(run->results, json_incref(r->json));
	console_add(run->plan, r, index);
}

static struct results_counts count(const struct plan *plan, const struct record *records)
{
	struct results_counts n = { 0 };
	uint64_t *const counters[] = { &n.passed, &n.failed, &n.skipped, &n.xfailed, &n.xpassed, &n.errors };
	for (size_t i = 0; i < plan->n_jobs; i++)
		(*counters[records[i].outcome])++;
	return n;
}

static int run_all(const struct plan *plan, const struct arguments *a, const struct expect *expect, int argc, char **argv)
{
	char error[RESULTS_ERROR_MAX];
	struct run run = { .plan = plan, .expect = expect, .records = cli_must(calloc(plan->n_jobs, sizeof(*run.records))) };
	char *command = cli_must(results_command(argc, argv));
	if (results_open(a->results, "conform", a->stack, a->seed, command, &run.results, error))
		cli_die("--results %s", error);
	FILE *report = is_stdout(a->tap) || is_stdout(a->junit) || is_stdout(a->results) ? cli_claim_stdout() : NULL;
	if (is_stdout(a->results))
		fclose(report); /* the results have their own stream already */
	console_start(plan, a->seed);
	pool_run(plan, a->jobs, case_done, &run);
	struct results_counts n = count(plan, run.records);
	if (results_end(run.results, &n, error))
		cli_die("--results %s", error);
	write_report("--tap", a->tap, report, tap_write, plan, run.records);
	write_report("--junit", a->junit, report, junit_write, plan, run.records);
	console_end(plan, run.records);
	for (size_t i = 0; i < plan->n_jobs; i++)
		record_free(&run.records[i]);
	free(run.records);
	free(command);
	if (n.failed + n.xpassed + n.errors)
		return CLI_UNEXPECTED;
	return n.passed + n.xfailed ? CLI_OK : CLI_SKIPPED;
}

int conform_main(int argc, char **argv)
{
	struct plan plan = { 0 };
	struct arguments a;
	parse_arguments(&a, argc, argv);
	set_rerun(&plan, &a);
	plan_cases(&plan, a.suites, a.n_suites, a.filters, a.n_filters);
	if (a.list)
		list_cases(&plan);
	plan_stacks(&plan, a.stack, a.suites, a.n_suites);
	plan.pcap_dir = a.pcap;
	plan.timeout_s = a.timeout_s;
	plan_jobs(&plan, a.seed, a.repeat);
	struct expect *expect = expect_load(a.expect, &plan);
	check_reports(&a);
	int status = run_all(&plan, &a, expect, argc, argv);
	expect_free(expect);
	free(plan.program);
	free(plan.all);
	free(plan.cases);
	free(plan.stacks);
	free(plan.jobs);
	cli_exit(status);
}
