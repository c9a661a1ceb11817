/* SPDX-License-Identifier: ISC */
#include "conformance/runner/runner.h"

#include <inttypes.h>
#include <string.h>

#define LADDER_MAX 12 /* frames shown on the console; the result file has more */

static const char *text_of(const struct record *r, const char *key)
{
	return json_string_value(json_object_get(r->json, key));
}

static void print_ladder(FILE *out, const json_t *frames, const char *indent)
{
	size_t n = json_array_size(frames), first = n > LADDER_MAX ? n - LADDER_MAX : 0;
	if (n == 0)
		return;
	fprintf(out, "%s  seconds     tester     DUT\n", indent);
	if (first)
		fprintf(out, "%s              … %zu earlier frame%s\n", indent, first, first == 1 ? "" : "s");
	for (size_t i = first; i < n; i++) {
		const json_t *f = json_array_get(frames, i);
		const char *note = json_string_value(json_object_get(f, "note"));
		json_int_t t_ns = json_integer_value(json_object_get(f, "t_ns"));
		bool from_dut = strcmp(json_string_value(json_object_get(f, "dir")), "dut>tester") == 0;
		fprintf(out, "%s  %-12.6f   %s   %s\n", indent, (double)t_ns / 1e9, from_dut ? "│◀──────┤" : "├──────▶│",
			json_string_value(json_object_get(f, "summary")));
		if (note)
			fprintf(out, "%s                             ↳ %s\n", indent, note);
	}
}

static void print_line(FILE *out, const struct record *r, const char *indent, const char *key)
{
	const char *text = text_of(r, key);
	if (text)
		fprintf(out, "%s  %-9s %s\n", indent, key, text);
}

void failure_print(FILE *out, const struct record *r, const char *indent)
{
	const json_t *fields = json_object_get(r->json, "fields");
	const char *source = text_of(r, "source");
	fprintf(out, "%s%s %s on %s: %s, %s\n", indent, outcome_name(r->outcome), text_of(r, "id"), text_of(r, "stack"), text_of(r, "level"),
		text_of(r, "ref"));
	fprintf(out, "%s  %s\n", indent, text_of(r, "requirement"));
	fprintf(out, "%s  %s%s%s\n", indent, source ? source : "", source ? ": " : "", r->message ? r->message : "");
	print_line(out, r, indent, "reason");
	print_line(out, r, indent, "expected");
	print_line(out, r, indent, "got");
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *f = json_array_get(fields, i);
		fprintf(out, "%s            %s: expected %s, got %s\n", indent, json_string_value(json_object_get(f, "field")),
			json_string_value(json_object_get(f, "expected")), json_string_value(json_object_get(f, "got")));
	}
	print_ladder(out, json_object_get(r->json, "frames"), indent);
	print_line(out, r, indent, "pcap");
	print_line(out, r, indent, "rerun");
}

/* Columns the longest name of a stack takes. */
static int stack_width(const struct plan *plan)
{
	size_t width = sizeof("stack") - 1;
	for (size_t s = 0; s < plan->n_stacks; s++)
		if (strlen(plan->stacks[s].spec.text) > width)
			width = strlen(plan->stacks[s].spec.text);
	return (int)width;
}

void console_start(const struct plan *plan, uint64_t seed)
{
	printf("%zu case%s on", plan->n_cases, plan->n_cases == 1 ? "" : "s");
	for (size_t s = 0; s < plan->n_stacks; s++)
		printf("%s %s", s ? "," : "", plan->stacks[s].spec.text);
	printf(", seed %" PRIu64 "\n", seed);
	for (size_t s = 0; s < plan->n_stacks; s++)
		if (plan->stacks[s].unavailable)
			printf("%s is not available: %s\n", plan->stacks[s].spec.text, plan->stacks[s].unavailable);
	fflush(stdout);
}

static bool same_line(const struct job *a, const struct job *b)
{
	return a->stack == b->stack && a->pc->suite == b->pc->suite && a->repetition == b->repetition;
}

/* One character a case: progress that stays readable. What failed follows its line, once the line is whole. */
void console_add(const struct plan *plan, const struct record *r, size_t index)
{
	static const char marks[] = {
		[OUTCOME_PASS] = '.', [OUTCOME_FAIL] = 'F', [OUTCOME_SKIP] = 's', [OUTCOME_XFAIL] = 'x', [OUTCOME_XPASS] = 'X', [OUTCOME_ERROR] = 'E'
	};
	bool first = index == 0 || !same_line(&plan->jobs[index - 1], r->job);
	bool last = index + 1 == plan->n_jobs || !same_line(&plan->jobs[index + 1], r->job);
	if (first)
		printf("%-*s  %-9s ", stack_width(plan), r->job->stack->spec.text, r->job->pc->suite->name);
	putchar(marks[r->outcome]);
	if (last) {
		size_t from = index;
		putchar('\n');
		while (from > 0 && same_line(&plan->jobs[from - 1], r->job))
			from--;
		for (const struct record *k = r - (index - from); k <= r; k++)
			if (outcome_is_bad(k->outcome)) {
				putchar('\n');
				failure_print(stdout, k, "  ");
				putchar('\n');
			}
	}
	fflush(stdout);
}

static void print_counts(const unsigned counts[N_OUTCOMES])
{
	unsigned shown[] = { counts[OUTCOME_PASS], counts[OUTCOME_FAIL] + counts[OUTCOME_XPASS] + counts[OUTCOME_ERROR], counts[OUTCOME_XFAIL],
		counts[OUTCOME_SKIP] };
	for (size_t i = 0; i < 4; i++)
		shown[i] ? printf("%6u", shown[i]) : printf("     .");
	printf("  ");
}

static void print_row(const struct plan *plan, const struct record *records, const struct stack_choice *stack, const struct conform_suite *suite)
{
	unsigned counts[3][N_OUTCOMES] = { 0 }, n = 0;
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (plan->jobs[i].stack == stack && plan->jobs[i].pc->suite == suite) {
			counts[plan->jobs[i].pc->c->level][records[i].outcome]++;
			n++;
		}
	if (n == 0)
		return;
	printf("%-*s  %-9s", stack_width(plan), stack->spec.text, suite->name);
	for (int level = MUST; level <= MAY; level++)
		print_counts(counts[level]);
	printf("\n");
}

void console_end(const struct plan *plan, const struct record *records)
{
	unsigned total[N_OUTCOMES] = { 0 };
	printf("\n%-*s  %-9s%-26s%-26s%s\n", stack_width(plan), "", "", "  MUST", "  SHOULD", "  MAY");
	printf("%-*s  %-9s", stack_width(plan), "stack", "suite");
	for (int level = MUST; level <= MAY; level++)
		printf("  pass  fail xfail  skip  ");
	printf("\n");
	for (size_t s = 0; s < plan->n_stacks; s++)
		for (const struct conform_suite *suite = conform_suites; suite->name; suite++)
			print_row(plan, records, &plan->stacks[s], suite);
	for (size_t i = 0; i < plan->n_jobs; i++)
		total[records[i].outcome]++;
	printf("\n");
	for (size_t i = 0; i < plan->n_jobs; i++)
		if (outcome_is_bad(records[i].outcome))
			printf("%-5s %s on %s: %s\n", outcome_name(records[i].outcome), records[i].job->pc->id, records[i].job->stack->spec.text,
				records[i].message ? records[i].message : "");
	printf("%u passed, %u failed, %u skipped\n", total[OUTCOME_PASS] + total[OUTCOME_XFAIL],
		total[OUTCOME_FAIL] + total[OUTCOME_XPASS] + total[OUTCOME_ERROR], total[OUTCOME_SKIP]);
}
