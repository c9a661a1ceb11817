/* SPDX-License-Identifier: ISC */
#include "sim/scenario/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct header {
	uint32_t part, len;
};

/* A job under way or waiting for its turn to be reported. */
struct worker {
	struct job job;
	pid_t pid;
	int fd; /* -1: not started, or ended */
	bool ended;
	char *inbox; /* bytes not yet a whole message */
	size_t len, cap;
};

struct pool {
	const struct jobs *jobs;
	struct worker *workers;
	unsigned started, running, reported;
};

static bool write_all(int fd, const void *bytes, size_t len)
{
	for (const char *p = bytes; len;) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool job_say(int fd, enum job_part part, const char *text, size_t len)
{
	struct header h = { part, (uint32_t)len };
	return write_all(fd, &h, sizeof(h)) && write_all(fd, text, len);
}

static _Noreturn void child(const struct pool *pool, unsigned i, int fd)
{
	for (unsigned k = 0; k < pool->started; k++) {
		if (pool->workers[k].fd >= 0)
			close(pool->workers[k].fd);
	}
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(pool->jobs->limit_s);
	_exit(pool->jobs->work(pool->jobs->arg, i, fd));
}

static int start(struct pool *pool)
{
	unsigned i = pool->started;
	struct worker *w = &pool->workers[i];
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	w->pid = fork();
	if (w->pid < 0) {
		int err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (w->pid == 0) {
		close(fds[0]);
		child(pool, i, fds[1]);
	}
	close(fds[1]);
	w->fd = fds[0];
	pool->started++;
	pool->running++;
	return 0;
}

static void take_message(struct pool *pool, unsigned i, unsigned part, const char *text, size_t len)
{
	struct job *job = &pool->workers[i].job;
	char *copy = part < JOB_PARTS ? strndup(text, len) : NULL;
	if (!copy)
		return;
	if (part == JOB_PROGRESS) {
		if (pool->jobs->progress && i == pool->reported)
			pool->jobs->progress(pool->jobs->arg, i, copy);
		free(copy);
		return;
	}
	free(job->part[part]);
	job->part[part] = copy;
}

static void take_messages(struct pool *pool, unsigned i)
{
	struct worker *w = &pool->workers[i];
	size_t at = 0;
	struct header h;
	while (w->len - at >= sizeof(h)) {
		memcpy(&h, w->inbox + at, sizeof(h));
		if (w->len - at - sizeof(h) < h.len)
			break;
		take_message(pool, i, h.part, w->inbox + at + sizeof(h), h.len);
		at += sizeof(h) + h.len;
	}
	memmove(w->inbox, w->inbox + at, w->len - at);
	w->len -= at;
}

static void end(struct pool *pool, struct worker *w)
{
	int status;
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	close(w->fd);
	w->fd = -1;
	w->ended = true;
	w->job.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	w->job.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	w->job.too_long = w->job.signal == SIGALRM;
	pool->running--;
}

/* Reads what there is; the end of the pipe is the end of the job. */
static int receive(struct pool *pool, unsigned i)
{
	struct worker *w = &pool->workers[i];
	if (w->cap - w->len < 65536) {
		char *grown = realloc(w->inbox, w->cap + 65536 + w->cap / 2);
		if (!grown)
			return -ENOMEM;
		w->inbox = grown;
		w->cap += 65536 + w->cap / 2;
	}
	ssize_t n = read(w->fd, w->inbox + w->len, w->cap - w->len);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	w->len += (size_t)n;
	take_messages(pool, i);
	if (n == 0)
		end(pool, w);
	return 0;
}

static void worker_free(struct worker *w)
{
	for (unsigned p = 0; p < JOB_PARTS; p++) {
		free(w->job.part[p]);
		w->job.part[p] = NULL;
	}
	free(w->inbox);
	w->inbox = NULL;
}

static bool report(struct pool *pool)
{
	bool go_on = true;
	while (go_on && pool->reported < pool->started && pool->workers[pool->reported].ended) {
		struct worker *w = &pool->workers[pool->reported];
		go_on = pool->jobs->done(pool->jobs->arg, pool->reported, &w->job);
		worker_free(w);
		pool->reported++;
	}
	return go_on;
}

static int wait_for_any(struct pool *pool, struct pollfd *polled, unsigned *which)
{
	nfds_t n = 0;
	for (unsigned i = pool->reported; i < pool->started; i++) {
		if (pool->workers[i].fd >= 0) {
			polled[n] = (struct pollfd){ .fd = pool->workers[i].fd, .events = POLLIN };
			which[n++] = i;
		}
	}
	if (poll(polled, n, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	int err = 0;
	for (nfds_t k = 0; k < n && !err; k++) {
		if (polled[k].revents)
			err = receive(pool, which[k]);
	}
	return err;
}

static int run_all(struct pool *pool, struct pollfd *polled, unsigned *which)
{
	const struct jobs *jobs = pool->jobs;
	int err = 0;
	while (!err && pool->reported < jobs->n) {
		while (!err && pool->started < jobs->n && pool->running < jobs->parallel)
			err = start(pool);
		if (!err)
			err = wait_for_any(pool, polled, which);
		if (!err && !report(pool))
			break;
	}
	return err;
}

int jobs_run(const struct jobs *jobs)
{
	struct pool pool = { .jobs = jobs, .workers = calloc(jobs->n + 1, sizeof(*pool.workers)) };
	struct pollfd *polled = calloc(jobs->parallel + 1, sizeof(*polled));
	unsigned *which = calloc(jobs->parallel + 1, sizeof(*which));
	for (unsigned i = 0; pool.workers && i < jobs->n; i++)
		pool.workers[i].fd = -1;
	fflush(NULL);
	int err = pool.workers && polled && which ? run_all(&pool, polled, which) : -ENOMEM;
	for (unsigned i = 0; pool.workers && i < jobs->n; i++) {
		if (pool.workers[i].fd >= 0) {
			kill(pool.workers[i].pid, SIGKILL);
			end(&pool, &pool.workers[i]);
		}
		worker_free(&pool.workers[i]);
	}
	free(pool.workers);
	free(polled);
	free(which);
	return err;
}
