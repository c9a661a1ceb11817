/* SPDX-License-Identifier: ISC */
#include "conformance/runner/runner.h"

#include "sim/cli/cli.h"
#include "sim/results/results.h"

#include <stdlib.h>
#include <string.h>

const char *outcome_name(enum outcome o)
{
	static const char *const names[] = { "pass", "fail", "skip", "xfail", "xpass", "error" };
	return names[o];
}

bool outcome_is_bad(enum outcome o)
{
	return o == OUTCOME_FAIL || o == OUTCOME_XPASS || o == OUTCOME_ERROR;
}

static enum outcome judge(const json_t *details, const char *crash, const char *reason)
{
	const char *said = json_string_value(json_object_get(details, "outcome"));
	if (!crash && said && strcmp(said, "skip") == 0)
		return OUTCOME_SKIP;
	if (!crash && said && strcmp(said, "pass") == 0)
		return reason ? OUTCOME_XPASS : OUTCOME_PASS;
	if (reason)
		return OUTCOME_XFAIL;
	return !crash && said && strcmp(said, "fail") == 0 ? OUTCOME_FAIL : OUTCOME_ERROR;
}

static json_t *layers_json(const struct job *job)
{
	const struct dut_ops *ops = job->stack->spec.ops;
	bool composed = !job->stack->unavailable && ops->capabilities() & DUT_CAP_LAYERS && job->stack->layers;
	json_t *layers = json_array();
	if (!composed) {
		json_array_append_new(layers, json_string("all"));
		return layers;
	}
	for (unsigned layer = DUT_LAYER_ETHERNET; layer <= DUT_LAYER_ICMPV6; layer <<= 1)
		if (job->stack->layers & layer && dut_layer_name(layer))
			json_array_append_new(layers, json_string(dut_layer_name(layer)));
	return layers;
}

static json_t *rerun_json(const struct plan *plan, const struct job *job)
{
	char *command;
	size_t len;
	FILE *f = cli_must(open_memstream(&command, &len));
	fprintf(f, "%s --stack ", plan->program);
	results_put_word(f, job->stack->spec.text);
	if (job->run_seed != 1)
		fprintf(f, " --seed %llu", (unsigned long long)job->run_seed);
	fprintf(f, " --filter %s%s", job->pc->id, plan->suite_args);
	json_t *rerun = fclose(f) == 0 ? json_string(command) : NULL;
	free(command);
	return rerun;
}

/* Moves a key of the details over, when there. */
static void keep(json_t *to, const json_t *details, const char *key)
{
	json_t *value = json_object_get(details, key);
	if (value)
		json_object_set(to, key, value);
}

void record_make(struct record *r, const struct plan *plan, const struct job *job, json_t *details, const char *crash, const char *reason)
{
	const struct conform_case *c = job->pc->c;
	*r = (struct record){ .job = job, .outcome = judge(details, crash, reason) };
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "kind", "case", "id", job->pc->id, "suite", c->suite, "name",
		c->name, "level", level_name(c->level), "ref", c->ref, "requirement", c->requirement, "stack", job->stack->spec.text, "layers",
		layers_json(job), "outcome", outcome_name(r->outcome));
	if (crash)
		json_object_set_new(j, "message", json_string(crash));
	else if (r->outcome == OUTCOME_XPASS)
		json_object_set_new(j, "message", json_string("passed, though it is listed as a known failure: take it off the list"));
	else
		keep(j, details, "message");
	if (!details && !crash)
		json_object_set_new(j, "message", json_string("the case ended without a result"));
	static const char *const kept[] = { "expected", "got", "fields", "frames", "source" };
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		keep(j, details, kept[i]);
	if (reason && (r->outcome == OUTCOME_XFAIL || r->outcome == OUTCOME_XPASS))
		json_object_set_new(j, "reason", json_string(reason));
	json_object_set_new(j, "seed", json_integer((json_int_t)job->seed));
	keep(j, details, "virtual_ns");
	if (plan->pcap_dir && r->outcome != OUTCOME_SKIP && json_object_get(details, "virtual_ns")) {
		char path[4096];
		plan_pcap_path(plan, job, path, sizeof(path));
		json_object_set_new(j, "pcap", json_string(path));
	}
	json_object_set_new(j, "rerun", rerun_json(plan, job));
	r->json = j;
	r->message = json_string_value(json_object_get(j, "message"));
	r->reason = json_string_value(json_object_get(j, "reason"));
}

void record_free(struct record *r)
{
	json_decref(r->json);
	r->json = NULL;
}
