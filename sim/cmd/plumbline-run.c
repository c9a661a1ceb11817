/* SPDX-License-Identifier: ISC */
/* plumbline run: scenarios, each in a process of its own. */
#include "sim/cli/cli.h"
#include "sim/results/results.h"
#include "sim/scenario/jobs.h"
#include "sim/scenario/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "usage: plumbline run [OPTION…] SCENARIO.yaml…\n"
			   "\n"
			   "Runs scenarios: hosts, links and flows in virtual time, and checks what each expects.\n"
			   "\n"
			   "  --stack V        the stack of every host that does not name its own (plumbline stacks lists them)\n"
			   "  --seed N         the seed of everything random; default: the scenario's\n"
			   "  --pcap DIR       write what each link carried to DIR/SCENARIO-LINK.pcap\n"
			   "  --results FILE   write results as JSON lines (-: to standard output, the summary to standard error)\n"
			   "  --jobs N         run N scenarios at a time; default 1\n"
			   "  --timeout N      give up on a scenario after N seconds of wall time; default 300\n"
			   "  --quiet          one line a scenario, details of failures only\n"
			   "  --help, --version\n"
			   "\n"
			   "Exit status: 0 all as expected; 1 something was not; 2 bad usage or bad input; 77 everything was skipped.\n";

enum { OPTION_STACK = CLI_FIRST_OPTION, OPTION_SEED, OPTION_PCAP, OPTION_RESULTS, OPTION_JOBS, OPTION_TIMEOUT, OPTION_QUIET };

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "stack", required_argument, NULL, OPTION_STACK },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "pcap", required_argument, NULL, OPTION_PCAP },
	{ "results", required_argument, NULL, OPTION_RESULTS },
	{ "jobs", required_argument, NULL, OPTION_JOBS },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ 0 },
};

enum { STATUS_PASS, STATUS_FAIL, STATUS_SKIP, STATUS_BAD_INPUT }; /* of a job */

struct program {
	struct run_options run;
	const char *results_path;
	FILE *text; /* the summary: standard error when the results go to standard output */
	bool quiet, show_progress, progress_shown;
	unsigned n_jobs, limit_s;
	unsigned n; /* scenarios */
	struct scenario **scenarios;
	struct results *results;
	struct results_counts counts;
	struct timespec began; /* the job whose progress is shown */
	unsigned began_job;
	bool bad_input;
};

static void read_options(struct program *p, int argc, char **argv)
{
	p->n_jobs = 1;
	p->limit_s = 300;
	for (int option; (option = cli_getopt(argc, argv, options, help)) != -1;) {
		switch (option) {
		case OPTION_STACK:
			p->run.stack = optarg;
			break;
		case OPTION_SEED:
			p->run.has_seed = true;
			p->run.seed = cli_seed("--seed", optarg);
			break;
		case OPTION_PCAP:
			p->run.pcap_dir = optarg;
			break;
		case OPTION_RESULTS:
			p->results_path = optarg;
			break;
		case OPTION_JOBS:
			p->n_jobs = cli_unsigned("--jobs", optarg, 1, 256);
			break;
		case OPTION_TIMEOUT:
			p->limit_s = cli_unsigned("--timeout", optarg, 1, 86400);
			break;
		case OPTION_QUIET:
			p->quiet = true;
			break;
		}
	}
}

/* Everything is read and checked before anything runs or is written. */
static void load(struct program *p, int argc, char **argv)
{
	char error[SCN_ERROR_MAX];
	p->n = (unsigned)(argc - optind);
	if (!p->n)
		cli_die("expected at least one SCENARIO.yaml (see --help)");
	p->scenarios = cli_must(calloc(p->n, sizeof(struct scenario *)));
	for (unsigned i = 0; i < p->n; i++) {
		if (scenario_load(argv[optind + (int)i], &p->scenarios[i], error) || scenario_check_stacks(p->scenarios[i], &p->run, error))
			cli_die("%s", error);
		for (unsigned k = 0; k < i && p->run.pcap_dir; k++) {
			if (strcmp(p->scenarios[k]->id, p->scenarios[i]->id) == 0)
				cli_die("%s and %s would write the same pcaps: rename one", p->scenarios[k]->file, p->scenarios[i]->file);
		}
	}
}

/* --- in the child ---------------------------------------------------------------------------- */

static void tell_progress(void *arg, uint64_t now_ns, uint64_t received, uint64_t expected)
{
	char text[120], time[UNIT_STRLEN];
	int n = snprintf(text, sizeof(text), "%s of virtual time, %u %% of the bytes", unit_format(UNIT_TIME, now_ns, time),
		expected ? (unsigned)(received * 100.0 / (double)expected) : 0);
	job_say(*(int *)arg, JOB_PROGRESS, text, (size_t)n);
}

static void say_summary(int fd, const struct run *run, bool brief)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return;
	run_summary(run, f, brief);
	if (fclose(f) == 0)
		job_say(fd, JOB_TEXT, text, len);
	free(text);
}

static void say_record(int fd, const struct run *run)
{
	json_t *record = run_record(run);
	char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
	if (text)
		job_say(fd, JOB_RECORD, text, strlen(text));
	free(text);
	json_decref(record);
}

static int work(void *arg, unsigned i, int fd)
{
	static const int statuses[] = { STATUS_PASS, STATUS_FAIL, STATUS_SKIP };
	struct program *p = arg;
	struct run *run;
	char error[SCN_ERROR_MAX];
	p->run.progress = p->show_progress ? tell_progress : NULL;
	p->run.progress_arg = &fd;
	if (scenario_run(p->scenarios[i], &p->run, &run, error)) {
		job_say(fd, JOB_ERROR, error, strlen(error));
		return STATUS_BAD_INPUT;
	}
	say_summary(fd, run, p->quiet);
	if (p->results_path)
		say_record(fd, run);
	int status = statuses[run_outcome(run)];
	run_free(run);
	for (unsigned k = 0; k < p->n; k++)
		scenario_free(p->scenarios[k]);
	free(p->scenarios);
	return status;
}

/* --- in the parent --------------------------------------------------------------------------- */

static void show_progress(void *arg, unsigned i, const char *text)
{
	struct program *p = arg;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!p->began.tv_sec || p->began_job != i) {
		p->began = now;
		p->began_job = i;
	}
	if (now.tv_sec - p->began.tv_sec < 1)
		return;
	fprintf(stderr, "\r\033[K%s: %s", p->scenarios[i]->id, text);
	p->progress_shown = true;
}

static void clear_progress(struct program *p)
{
	if (p->progress_shown)
		fputs("\r\033[K", stderr);
	p->progress_shown = false;
}

/* A crash leaves captures unfinished. */
static void remove_partial_pcaps(const struct program *p, const struct scenario *s)
{
	char path[4200];
	for (unsigned l = 0; p->run.pcap_dir && l < s->n_links; l++) {
		run_pcap_path(s, p->run.pcap_dir, &s->links[l], path, sizeof(path) - 5);
		memcpy(path + strlen(path), ".part", 6);
		unlink(path);
	}
}

static void report_crash(struct program *p, const struct scenario *s, const struct job *job)
{
	char why[120], *rerun = cli_must(run_rerun(s, &p->run));
	if (job->too_long)
		snprintf(why, sizeof(why), "gave up after %u s of wall time", p->limit_s);
	else if (job->signal)
		snprintf(why, sizeof(why), "crashed: %s", strsignal(job->signal));
	else
		snprintf(why, sizeof(why), "ended with status %d before its report", job->status);
	fprintf(p->text, "%s: %s [%s] ERROR: %s\n  again: %s\n", s->id, s->title, run_stack(s, &p->run), why, rerun);
	results_write(p->results, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "kind", "scenario", "id", s->id, "file", s->file,
					  "title", s->title, "stack", run_stack(s, &p->run), "outcome", "error", "seed",
					  (json_int_t)(p->run.has_seed ? p->run.seed : s->seed), "message", why, "rerun", rerun));
	free(rerun);
	remove_partial_pcaps(p, s);
	p->counts.errors++;
}

static bool done(void *arg, unsigned i, const struct job *job)
{
	struct program *p = arg;
	clear_progress(p);
	if (job->status == STATUS_BAD_INPUT) {
		cli_warn("%s", job->part[JOB_ERROR] ? job->part[JOB_ERROR] : "out of memory");
		p->bad_input = true;
		return false;
	}
	if (job->status < 0 || job->status > STATUS_BAD_INPUT || !job->part[JOB_TEXT]) {
		report_crash(p, p->scenarios[i], job);
		return true;
	}
	fputs(job->part[JOB_TEXT], p->text);
	if (!p->quiet)
		fputc('\n', p->text);
	fflush(p->text);
	if (p->results)
		results_write(p->results, job->part[JOB_RECORD] ? json_loads(job->part[JOB_RECORD], 0, NULL) : NULL);
	p->counts.passed += job->status == STATUS_PASS;
	p->counts.failed += job->status == STATUS_FAIL;
	p->counts.skipped += job->status == STATUS_SKIP;
	return true;
}

static int conclude(struct program *p)
{
	const struct results_counts *c = &p->counts;
	char error[RESULTS_ERROR_MAX];
	if (p->bad_input) {
		results_discard(p->results);
		return CLI_USAGE;
	}
	if (results_end(p->results, c, error))
		cli_die("--results %s", error);
	uint64_t failed = c->failed + c->errors;
	fprintf(p->text, "%llu passed, %llu failed", (unsigned long long)c->passed, (unsigned long long)failed);
	if (c->skipped)
		fprintf(p->text, ", %llu skipped", (unsigned long long)c->skipped);
	fputc('\n', p->text);
	return failed ? CLI_UNEXPECTED : c->passed ? CLI_OK : CLI_SKIPPED;
}

/* The stack of the meta line: the one asked for, or the scenarios' if they agree. */
static const char *common_stack(const struct program *p)
{
	for (unsigned i = 1; i < p->n && !p->run.stack; i++) {
		if (strcmp(p->scenarios[0]->stack, p->scenarios[i]->stack) != 0)
			return "various";
	}
	return run_stack(p->scenarios[0], &p->run);
}

int main(int argc, char **argv)
{
	struct program p = { 0 };
	char error[RESULTS_ERROR_MAX];
	read_options(&p, argc, argv);
	load(&p, argc, argv);
	p.text = p.results_path && strcmp(p.results_path, "-") == 0 ? stderr : stdout;
	if (p.results_path)
		cli_check_output_file("--results", p.results_path);
	if (p.run.pcap_dir)
		cli_check_output_dir("--pcap", p.run.pcap_dir);
	char *command = cli_must(results_command(argc, argv));
	if (results_open(p.results_path, "run", common_stack(&p), p.run.has_seed ? p.run.seed : p.scenarios[0]->seed, command, &p.results, error))
		cli_die("--results %s", error);
	free(command);
	p.show_progress = !p.quiet && isatty(STDERR_FILENO);
	struct jobs jobs = { .n = p.n, .parallel = p.n_jobs, .limit_s = p.limit_s, .work = work, .done = done, .progress = show_progress, .arg = &p };
	int err = jobs_run(&jobs);
	if (err) {
		results_discard(p.results);
		cli_die("cannot start scenarios: %s", strerror(-err));
	}
	int status = conclude(&p);
	for (unsigned i = 0; i < p.n; i++)
		scenario_free(p.scenarios[i]);
	free(p.scenarios);
	cli_exit(status);
}
