/* SPDX-License-Identifier: ISC */
#include "conformance/runner/runner.h"

#include "sim/cli/cli.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

const char *level_name(enum level level)
{
	static const char *const names[] = { [MUST] = "MUST", [SHOULD] = "SHOULD", [MAY] = "MAY" };
	return names[level];
}

static const struct conform_suite *find_suite(const char *name)
{
	for (const struct conform_suite *s = conform_suites; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static void die_unknown_suite(const char *name)
{
	char known[256] = "";
	for (const struct conform_suite *s = conform_suites; s->name; s++)
		strncat(strncat(known, " ", sizeof(known) - strlen(known) - 1), s->name, sizeof(known) - strlen(known) - 1);
	cli_die("no layer \"%s\": the suites are%s", name, known);
}

/* Bottom suite first; within one, by file and line, as people read them. */
static int compare_cases(const void *a, const void *b)
{
	const struct plan_case *x = a, *y = b;
	if (x->suite != y->suite)
		return x->suite < y->suite ? -1 : 1;
	int by_file = strcmp(x->c->file, y->c->file);
	return by_file ? by_file : x->c->line - y->c->line;
}

/* Weak, so that a program without any case links. */
extern const struct conform_case *const __start_conform_cases[] __attribute__((weak));
extern const struct conform_case *const __stop_conform_cases[] __attribute__((weak));

static void collect_cases(struct plan *plan)
{
	plan->n_all = (size_t)(__stop_conform_cases - __start_conform_cases);
	plan->all = cli_must(calloc(plan->n_all + 1, sizeof(*plan->all)));
	for (size_t i = 0; i < plan->n_all; i++) {
		struct plan_case *pc = &plan->all[i];
		pc->c = __start_conform_cases[i];
		pc->suite = find_suite(pc->c->suite);
		if (!pc->suite)
			cli_die("%s:%d: case %s is of suite \"%s\", which conformance/runner/suites.c does not list", pc->c->file, pc->c->line,
				pc->c->name, pc->c->suite);
		snprintf(pc->id, sizeof(pc->id), "%s.%s", pc->c->suite, pc->c->name);
	}
	qsort(plan->all, plan->n_all, sizeof(*plan->all), compare_cases);
}

const struct plan_case *plan_find(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_all; i++)
		if (strcmp(plan->all[i].id, id) == 0)
			return &plan->all[i];
	return NULL;
}

static bool wanted(const struct plan_case *pc, char **suite_names, int n_suites, char **filters, size_t n_filters)
{
	bool suite = n_suites == 0, filter = n_filters == 0;
	for (int i = 0; i < n_suites; i++)
		suite |= strcmp(suite_names[i], pc->suite->name) == 0;
	for (size_t i = 0; i < n_filters; i++)
		filter |= fnmatch(filters[i], pc->id, 0) == 0;
	return suite && filter;
}

void plan_cases(struct plan *plan, char **suite_names, int n_suites, char **filters, size_t n_filters)
{
	collect_cases(plan);
	for (int i = 0; i < n_suites; i++) {
		size_t at = strlen(plan->suite_args);
		if (!find_suite(suite_names[i]))
			die_unknown_suite(suite_names[i]);
		snprintf(plan->suite_args + at, sizeof(plan->suite_args) - at, " %s", suite_names[i]);
	}
	plan->cases = cli_must(calloc(plan->n_all + 1, sizeof(*plan->cases)));
	for (size_t i = 0; i < plan->n_all; i++)
		if (wanted(&plan->all[i], suite_names, n_suites, filters, n_filters))
			plan->cases[plan->n_cases++] = &plan->all[i];
	if (plan->n_cases == 0 && n_filters)
		cli_die("no case matches --filter %s%s: \"plumbline conform --list\" shows their names", filters[0], n_filters > 1 ? " …" : "");
	if (plan->n_cases == 0)
		cli_die("no case matches%s", plan->suite_args);
}

/* True when text starts with a variant's name, whole. */
static bool variant_follows(const char *text)
{
	for (size_t i = 0; dut_variants[i]; i++) {
		size_t n = strlen(dut_variants[i]->name);
		if (strncmp(text, dut_variants[i]->name, n) == 0 && (!text[n] || strchr(",+:", text[n])))
			return true;
	}
	return false;
}

/* The length of the first stack in the list: a comma ends it where a variant's name follows; others separate its layers and options. */
static size_t first_stack(const char *list)
{
	const char *comma = list;
	while ((comma = strchr(comma, ',')) != NULL && !variant_follows(comma + 1))
		comma++;
	return comma ? (size_t)(comma - list) : strlen(list);
}

static void add_stack(struct plan *plan, const char *text, size_t len, unsigned layers)
{
	struct stack_choice *stack = &plan->stacks[plan->n_stacks++];
	char spec[256], why[256];
	if (len >= sizeof(spec))
		cli_die("--stack %s: too long", text);
	snprintf(spec, sizeof(spec), "%.*s", (int)len, text);
	if (dut_spec_parse(&stack->spec, spec, why, sizeof(why)))
		cli_die("--stack %s: %s", spec, why);
	for (size_t i = 0; i + 1 < plan->n_stacks; i++)
		if (strcmp(plan->stacks[i].spec.text, stack->spec.text) == 0)
			cli_die("--stack names %s twice", spec);
	stack->layers = stack->spec.layers ? stack->spec.layers : layers;
	stack->unavailable = stack->spec.ops->unavailable ? stack->spec.ops->unavailable() : NULL;
	if (!stack->unavailable && play_trial(stack, why, sizeof(why)))
		cli_die("--stack %s: %s", spec, why);
}

void plan_stacks(struct plan *plan, const char *list, char **suite_names, int n_suites)
{
	unsigned layers = 0;
	for (int i = 0; i < n_suites; i++)
		layers |= find_suite(suite_names[i])->alone;
	plan->stacks = cli_must(calloc(strlen(list) + 1, sizeof(*plan->stacks)));
	for (const char *at = list;;) {
		size_t n = first_stack(at);
		add_stack(plan, at, n, layers);
		if (!at[n])
			return;
		at += n + 1;
	}
}

/* Depends on the run's seed, the case and the stack only, so that neither filters nor the number of jobs change a case. */
static uint64_t case_seed(uint64_t run_seed, const struct plan_case *pc, const struct stack_choice *stack)
{
	struct random_stream r;
	char name[512];
	snprintf(name, sizeof(name), "case %s on %s", pc->id, stack->spec.text);
	random_init(&r, run_seed, name);
	return random_u64(&r) >> 1; /* JSON's integers are signed */
}

void plan_jobs(struct plan *plan, uint64_t seed, unsigned repeat)
{
	plan->repeated = repeat > 1;
	plan->jobs = cli_must(calloc(plan->n_stacks * plan->n_cases * repeat, sizeof(*plan->jobs)));
	for (size_t s = 0; s < plan->n_stacks; s++)
		for (unsigned k = 0; k < repeat; k++)
			for (size_t i = 0; i < plan->n_cases; i++)
				plan->jobs[plan->n_jobs++] = (struct job){ plan->cases[i], &plan->stacks[s], k, seed + k,
					case_seed(seed + k, plan->cases[i], &plan->stacks[s]) };
}

void plan_pcap_path(const struct plan *plan, const struct job *job, char *path, size_t cap)
{
	char stack[256];
	snprintf(stack, sizeof(stack), "%s", job->stack->spec.text);
	for (char *c = stack; *c; c++)
		if (*c == '/' || *c == ' ')
			*c = '_';
	if (plan->repeated)
		snprintf(path, cap, "%s/%s.%s.seed%llu.pcap", plan->pcap_dir, job->pc->id, stack, (unsigned long long)job->run_seed);
	else
		snprintf(path, cap, "%s/%s.%s.pcap", plan->pcap_dir, job->pc->id, stack);
}
