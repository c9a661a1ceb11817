/* SPDX-License-Identifier: ISC */
/* JUnit XML: a test suite for each stack and suite. Known failures count as skipped, with their reason; times are virtual. */
#include "conformance/runner/runner.h"

#include <stdlib.h>
#include <string.h>

/* Text for XML: escaped, and without the control characters XML 1.0 has no way to say. */
static void put_xml(FILE *out, const char *s)
{
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '&')
			fputs("&amp;", out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\n' || c == '\t')
			fprintf(out, "&#%u;", c);
		else
			fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

/* As put_xml for an element's content, which keeps its line ends. */
static void put_failure(FILE *out, const struct record *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	if (!memory)
		return;
	failure_print(memory, r, "");
	fclose(memory);
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');
		*end = 0;
		put_xml(out, line);
		fputc('\n', out);
		line = end + 1;
	}
	free(text);
}

static void put_case(FILE *out, const struct record *r)
{
	double seconds = (double)json_integer_value(json_object_get(r->json, "virtual_ns")) / 1e9;
	const char *tag = r->outcome == OUTCOME_ERROR ? "error" : "failure";
	fputs("    <testcase classname=\"", out);
	put_xml(out, r->job->stack->spec.text);
	fprintf(out, ".%s\" name=\"%s\" time=\"%.6f\"", r->job->pc->suite->name, r->job->pc->c->name, seconds);
	if (r->outcome == OUTCOME_PASS) {
		fputs("/>\n", out);
		return;
	}
	if (r->outcome == OUTCOME_SKIP || r->outcome == OUTCOME_XFAIL) {
		fputs("><skipped message=\"", out);
		fputs(r->outcome == OUTCOME_XFAIL ? "known failure: " : "", out);
		put_xml(out, r->outcome == OUTCOME_XFAIL ? r->reason : r->message);
		fputs("\"/></testcase>\n", out);
		return;
	}
	fprintf(out, "><%s type=\"%s\" message=\"", tag, outcome_name(r->outcome));
	put_xml(out, r->message);
	fputs("\">", out);
	put_failure(out, r);
	fprintf(out, "</%s></testcase>\n", tag);
}

/* The jobs of one stack, suite and repetition stand side by side. */
static size_t group_end(const struct plan *plan, size_t from)
{
	const struct job *a = &plan->jobs[from];
	size_t i = from;
	while (i < plan->n_jobs && plan->jobs[i].stack == a->stack && plan->jobs[i].pc->suite == a->pc->suite &&
		plan->jobs[i].repetition == a->repetition)
		i++;
	return i;
}

static void put_suite(FILE *out, const struct plan *plan, const struct record *records, size_t from, size_t to)
{
	unsigned failures = 0, errors = 0, skipped = 0;
	for (size_t i = from; i < to; i++) {
		enum outcome o = records[i].outcome;
		failures += o == OUTCOME_FAIL || o == OUTCOME_XPASS;
		errors += o == OUTCOME_ERROR;
		skipped += o == OUTCOME_SKIP || o == OUTCOME_XFAIL;
	}
	fputs("  <testsuite name=\"", out);
	put_xml(out, plan->jobs[from].stack->spec.text);
	fprintf(out, ".%s\" tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", plan->jobs[from].pc->suite->name, to - from, failures,
		errors, skipped);
	for (size_t i = from; i < to; i++)
		put_case(out, &records[i]);
	fputs("  </testsuite>\n", out);
}

void junit_write(FILE *out, const struct plan *plan, const struct record *records)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"plumbline conform\">\n", out);
	for (size_t from = 0, to; from < plan->n_jobs; from = to) {
		to = group_end(plan, from);
		put_suite(out, plan, records, from, to);
	}
	fputs("</testsuites>\n", out);
}
