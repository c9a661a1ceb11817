/* SPDX-License-Identifier: ISC */
/* What happens in a case's own process. */
#include "conformance/runner/runner.h"

#include "conformance/tester/stage.h"
#include "sim/pcap/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAMES_MAX 40 /* the last ones, in results */

/* The spec's options, then the case's "key=value,…" cut up in storage. */
static unsigned gather_options(const struct job *job, struct dut_option *options, char *storage, size_t cap)
{
	const struct dut_spec *spec = &job->stack->spec;
	unsigned n = spec->n_options;
	memcpy(options, spec->options, n * sizeof(*options));
	snprintf(storage, cap, "%s", job->pc->c->options ? job->pc->c->options : "");
	for (char *save, *word = strtok_r(storage, ",", &save); word && n < 2 * DUT_SPEC_OPTIONS; word = strtok_r(NULL, ",", &save)) {
		char *value = strchr(word, '=');
		if (value)
			*value++ = 0;
		options[n++] = (struct dut_option){ word, value ? value : "" };
	}
	return n;
}

static json_t *frame_json(const struct stage_frame *entry)
{
	char summary[512];
	struct frame f;
	frame_dissect(&f, entry->bytes, entry->len);
	frame_print(&f, summary, sizeof(summary));
	json_t *j = json_pack(
		"{s:I, s:s, s:s}", "t_ns", (json_int_t)entry->t_ns, "dir", entry->from_dut ? "dut>tester" : "tester>dut", "summary", summary);
	if (entry->note)
		json_object_set_new(j, "note", json_string(entry->note));
	return j;
}

static json_t *frames_json(const struct tester *t)
{
	const struct stage_frame *log;
	size_t n = stage_log(t, &log);
	json_t *frames = json_array();
	for (size_t i = n > FRAMES_MAX ? n - FRAMES_MAX : 0; i < n; i++)
		json_array_append_new(frames, frame_json(&log[i]));
	return frames;
}

static json_t *fields_json(const struct stage_verdict *v)
{
	json_t *fields = json_array();
	for (unsigned i = 0; i < v->n_fields; i++)
		json_array_append_new(fields,
			json_pack("{s:s, s:s, s:s}", "field", v->fields[i].field, "expected", v->fields[i].expected, "got", v->fields[i].got));
	return fields;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(object, key, json_string(text));
}

static json_t *details_json(const struct tester *t, const struct stage_verdict *v)
{
	static const char *const outcomes[] = { [STAGE_PASS] = "pass", [STAGE_FAIL] = "fail", [STAGE_SKIP] = "skip" };
	json_t *d = json_pack("{s:s}", "outcome", outcomes[v->outcome]);
	set_text(d, "message", v->message);
	set_text(d, "expected", v->expected);
	set_text(d, "got", v->got);
	if (v->n_fields)
		json_object_set_new(d, "fields", fields_json(v));
	if (v->outcome == STAGE_FAIL) {
		char source[256];
		json_object_set_new(d, "frames", frames_json(t));
		snprintf(source, sizeof(source), "%s:%d", v->file ? v->file : "?", v->line);
		set_text(d, "source", source);
	}
	json_object_set_new(d, "virtual_ns", json_integer((json_int_t)tester_now(t)));
	return d;
}

static int write_pcap(const struct plan *plan, const struct job *job, const struct tester *t, char error[CAPTURE_ERROR_MAX])
{
	char path[4096];
	const struct stage_frame *log;
	size_t n = stage_log(t, &log);
	plan_pcap_path(plan, job, path, sizeof(path));
	struct capture_writer *w = capture_create(path, error);
	if (!w)
		return -EIO;
	for (size_t i = 0; i < n; i++)
		capture_write(w, log[i].t_ns, log[i].bytes, log[i].len, log[i].len);
	return capture_finish(w, error);
}

/* Nothing but a message to report: the case never began. */
static bool report_only(int fd, const char *outcome, const char *message)
{
	json_t *d = json_pack("{s:s, s:s}", "outcome", outcome, "message", message);
	json_dumpfd(d, fd, JSON_COMPACT);
	json_decref(d);
	return strcmp(outcome, "skip") == 0;
}

static struct tester *create_stage(const struct job *job, int fd, bool *ok, char *message, size_t cap)
{
	const struct stack_choice *stack = job->stack;
	struct dut_option options[2 * DUT_SPEC_OPTIONS];
	char storage[256], why[256];
	struct tester *t;
	struct stage_setup setup = {
		.ops = stack->spec.ops, .layers = stack->layers, .options = options, .seed = job->seed, .answer_arp = job->pc->suite->answer_arp
	};
	setup.n_options = gather_options(job, options, storage, sizeof(storage));
	int err = stage_create(&t, &setup, why, sizeof(why));
	if (!err)
		return t;
	bool lacks_option = err == -EINVAL && job->pc->c->options; /* the stack's own options have proved right before */
	snprintf(message, cap, lacks_option ? "needs the option %s%s%s%s" : "%sthe stack cannot be created: %s%s%s",
		lacks_option ? job->pc->c->options : "", lacks_option ? " (" : why, lacks_option ? why : "", lacks_option ? ")" : "");
	*ok = report_only(fd, lacks_option ? "skip" : "error", message);
	return NULL;
}

/* What the case needs before it can begin; inside stage_play, so that lacking it is a SKIP. */
static const struct job *playing;

static void play_case(struct tester *t)
{
	const struct plan_case *pc = playing->pc;
	t->file = pc->c->file;
	t->line = pc->c->line;
	tester_need(t, DUT_CAP_FRAMES | DUT_CAP_VIRTUAL_TIME | pc->suite->needs | pc->c->needs);
	tester_need_layers(t, pc->suite->layer);
	pc->c->run(t);
}

bool play_job(const struct plan *plan, const struct job *job, int fd, char *message, size_t message_cap)
{
	char error[CAPTURE_ERROR_MAX];
	bool ok = false;
	if (job->stack->unavailable)
		return report_only(fd, "skip", job->stack->unavailable);
	struct tester *t = create_stage(job, fd, &ok, message, message_cap);
	if (!t)
		return ok;
	playing = job;
	const struct stage_verdict *v = stage_play(t, play_case);
	ok = v->outcome != STAGE_FAIL;
	snprintf(message, message_cap, "%s", v->message);
	if (plan->pcap_dir && write_pcap(plan, job, t, error)) {
		snprintf(message, message_cap, "%s", error);
		ok = report_only(fd, "unwritable", error);
	} else {
		json_t *d = details_json(t, v);
		json_dumpfd(d, fd, JSON_COMPACT);
		json_decref(d);
	}
	stage_destroy(t);
	return ok;
}

int play_trial(const struct stack_choice *stack, char *why, size_t why_cap)
{
	int fds[2], status;
	if (pipe(fds))
		return -errno;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct tester *t;
		char reason[256] = "";
		struct stage_setup setup = {
			.ops = stack->spec.ops, .layers = stack->layers, .n_options = stack->spec.n_options, .options = stack->spec.options, .seed = 1
		};
		int err = stage_create(&t, &setup, reason, sizeof(reason));
		_exit(err && write(fds[1], reason, strlen(reason)) >= 0 ? 1 : 0);
	}
	close(fds[1]);
	ssize_t n = child < 0 ? -1 : read(fds[0], why, why_cap - 1);
	why[n > 0 ? n : 0] = 0;
	close(fds[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	if (WIFSIGNALED(status))
		snprintf(why, why_cap, "creating the stack ended with signal %d", WTERMSIG(status));
	return status ? -EINVAL : 0;
}
