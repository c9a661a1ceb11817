/* SPDX-License-Identifier: ISC */
/*
 * Worker processes take the next job from a shared counter and send what became of it through a pipe. In a worker, Check runs each
 * case in a forked child with a time-out, so that a crash or a hang costs that case alone; its details come back in a memory file.
 */
#include "conformance/runner/runner.h"

#include "sim/cli/cli.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- in the worker --- */

/* In front of each result in the pipe; crash_len bytes of Check's message and details_len bytes of JSON follow. */
struct result_head {
	uint64_t job;
	uint32_t crash_len, details_len;
};

/* What START_TEST gets at: a Check test has no argument but its number. */
static const struct plan *the_plan;
static int details_fd;

START_TEST(play)
{
	static char message[1024];
	if (!play_job(the_plan, &the_plan->jobs[_i], details_fd, message, sizeof(message)))
		ck_abort_msg("%s", message);
}
END_TEST

static void send_all(int fd, const void *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			_exit(1); /* nobody listens any more */
		bytes = (const char *)bytes + n;
		len -= (size_t)n;
	}
}

static void send_result(int out, size_t job, const char *crash, int details)
{
	off_t len = lseek(details, 0, SEEK_END);
	struct result_head head = { job, crash ? (uint32_t)strlen(crash) : 0, len > 0 ? (uint32_t)len : 0 };
	char *bytes = malloc(head.details_len + 1u);
	if (!bytes || pread(details, bytes, head.details_len, 0) != (ssize_t)head.details_len)
		head.details_len = 0;
	send_all(out, &head, sizeof(head));
	send_all(out, crash, head.crash_len);
	send_all(out, bytes, head.details_len);
	free(bytes);
}

static void run_job(size_t job, int out)
{
	details_fd = memfd_create("details", 0);
	Suite *suite = suite_create("conform");
	TCase *tcase = tcase_create(the_plan->jobs[job].pc->id);
	tcase_set_timeout(tcase, the_plan->timeout_s);
	tcase_add_loop_test(tcase, play, (int)job, (int)job + 1);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run(runner, NULL, NULL, CK_SILENT);
	TestResult **results = srunner_results(runner);
	bool crashed = srunner_ntests_run(runner) != 1 || tr_rtype(results[0]) == CK_ERROR;
	send_result(out, job, !crashed ? NULL : srunner_ntests_run(runner) ? tr_msg(results[0]) : "the case did not run", details_fd);
	free(results);
	srunner_free(runner);
	close(details_fd);
}

_Noreturn static void work(atomic_size_t *next, int out)
{
	/* Check must neither select by name nor scale time-outs because of the caller's environment. */
	static const char *const variables[] = { "CK_RUN_SUITE", "CK_RUN_CASE", "CK_INCLUDE_TAGS", "CK_EXCLUDE_TAGS", "CK_TIMEOUT_MULTIPLIER",
		"CK_TAP_LOG_FILE_NAME", "CK_XML_LOG_FILE_NAME", "CK_LOG_FILE_NAME" };
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	for (;;) {
		size_t job = atomic_fetch_add(next, 1);
		if (job >= the_plan->n_jobs)
			_exit(0);
		run_job(job, out);
	}
}

/* --- in the parent --- */

struct result {
	bool there;
	json_t *details;
	char *crash;
};

struct worker {
	pid_t pid;
	int fd;      /* -1: done */
	char *bytes; /* received, not yet a whole result */
	size_t n, cap;
};

struct pool {
	struct worker *workers;
	unsigned n_workers, running;
	struct result *results;
	size_t delivered;
	pool_done_fn *done;
	void *arg;
};

static void deliver(struct pool *p, bool all)
{
	for (; p->delivered < the_plan->n_jobs && (all || p->results[p->delivered].there); p->delivered++) {
		struct result *r = &p->results[p->delivered];
		p->done(p->delivered, r->details, r->there ? r->crash : "its worker process ended", p->arg);
		json_decref(r->details);
		free(r->crash);
	}
}

/* Takes whole results off the front of what a worker sent. */
static void parse_results(struct pool *p, struct worker *w)
{
	struct result_head head;
	size_t at = 0;
	while (w->n - at >= sizeof(head)) {
		memcpy(&head, w->bytes + at, sizeof(head));
		size_t whole = sizeof(head) + head.crash_len + head.details_len;
		if (w->n - at < whole)
			break;
		struct result *r = &p->results[head.job];
		const char *crash = w->bytes + at + sizeof(head);
		r->there = true;
		r->crash = head.crash_len ? strndup(crash, head.crash_len) : NULL;
		r->details = head.details_len ? json_loadb(crash + head.crash_len, head.details_len, 0, NULL) : NULL;
		at += whole;
	}
	memmove(w->bytes, w->bytes + at, w->n - at);
	w->n -= at;
}

static void receive(struct pool *p, struct worker *w)
{
	if (w->cap - w->n < 65536) {
		w->cap += 65536;
		w->bytes = realloc(w->bytes, w->cap);
		if (!w->bytes)
			cli_die("out of memory");
	}
	ssize_t n = read(w->fd, w->bytes + w->n, w->cap - w->n);
	if (n < 0 && errno == EINTR)
		return;
	if (n > 0) {
		w->n += (size_t)n;
		parse_results(p, w);
		return;
	}
	close(w->fd);
	w->fd = -1;
	waitpid(w->pid, NULL, 0);
	p->running--;
}

static void start_worker(struct pool *p, unsigned i, atomic_size_t *next)
{
	int fds[2];
	if (pipe(fds))
		cli_die("a worker's pipe: %s", strerror(errno));
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		cli_die("a worker process: %s", strerror(errno));
	if (pid == 0) {
		for (unsigned k = 0; k < i; k++)
			close(p->workers[k].fd);
		close(fds[0]);
		work(next, fds[1]);
	}
	close(fds[1]);
	p->workers[i] = (struct worker){ .pid = pid, .fd = fds[0] };
	p->running++;
}

void pool_run(const struct plan *plan, unsigned n_workers, pool_done_fn *done, void *arg)
{
	the_plan = plan;
	if (n_workers > plan->n_jobs)
		n_workers = (unsigned)plan->n_jobs;
	atomic_size_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pool p = { .n_workers = n_workers, .done = done, .arg = arg };
	p.workers = calloc(n_workers, sizeof(*p.workers));
	p.results = calloc(plan->n_jobs, sizeof(*p.results));
	struct pollfd *polls = calloc(n_workers, sizeof(*polls));
	if (next == MAP_FAILED || !p.workers || !p.results || !polls)
		cli_die("out of memory");
	atomic_init(next, 0);
	for (unsigned i = 0; i < n_workers; i++)
		start_worker(&p, i, next);
	while (p.running > 0) {
		for (unsigned i = 0; i < n_workers; i++)
			polls[i] = (struct pollfd){ .fd = p.workers[i].fd, .events = POLLIN };
		if (poll(polls, n_workers, -1) < 0 && errno != EINTR)
			cli_die("waiting for workers: %s", strerror(errno));
		for (unsigned i = 0; i < n_workers; i++)
			if (p.workers[i].fd >= 0 && polls[i].revents)
				receive(&p, &p.workers[i]);
		deliver(&p, false);
	}
	deliver(&p, true);
	for (unsigned i = 0; i < n_workers; i++)
		free(p.workers[i].bytes);
	free(polls);
	free(p.workers);
	free(p.results);
	munmap(next, sizeof(*next));
}
