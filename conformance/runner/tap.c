/* SPDX-License-Identifier: ISC */
/* TAP version 13: one line a case in case order; what failed is explained in comment lines. Directives are case-insensitive. */
#include "conformance/runner/runner.h"

void tap_write(FILE *out, const struct plan *plan, const struct record *records)
{
	fprintf(out, "TAP version 13\n1..%zu\n", plan->n_jobs);
	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct record *r = &records[i];
		bool ok = r->outcome == OUTCOME_PASS || r->outcome == OUTCOME_SKIP;
		fprintf(out, "%sok %zu - %s", ok ? "" : "not ", i + 1, r->job->pc->id);
		if (plan->n_stacks > 1)
			fprintf(out, " on %s", r->job->stack->spec.text);
		if (r->outcome == OUTCOME_SKIP)
			fprintf(out, " # SKIP %s", r->message ? r->message : "");
		if (r->outcome == OUTCOME_XFAIL)
			fprintf(out, " # todo known failure: %s", r->reason);
		fputc('\n', out);
		if (outcome_is_bad(r->outcome))
			failure_print(out, r, "# ");
	}
}
