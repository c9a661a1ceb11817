/* SPDX-License-Identifier: ISC */
/*
 * Work in processes of its own, several at once, results in order: a crash or hang of one is an outcome, not the end of the others.
 */
#ifndef SIM_SCENARIO_JOBS_H
#define SIM_SCENARIO_JOBS_H

#include <stdbool.h>
#include <stddef.h>

enum job_part { JOB_TEXT, JOB_RECORD, JOB_ERROR, JOB_PROGRESS, JOB_PARTS };

/* What a job said, and how it ended. */
struct job {
	char *part[JOB_PARTS]; /* text with a NUL; NULL: said nothing. PROGRESS is not kept */
	int status;            /* work()'s value; -1: it crashed, was killed or ran too long */
	int signal;            /* then: the signal, or 0 */
	bool too_long;
};

struct jobs {
	unsigned n, parallel; /* how many; how many at once, at least 1 */
	unsigned limit_s;     /* of wall time for one; 0: no limit */
	/* In the child: does job i, says things with job_say(fd, …), returns a status from 0 to 255. */
	int (*work)(void *arg, unsigned i, int fd);
	/* In the parent, once for each job, in order. False stops: jobs still at work are killed. */
	bool (*done)(void *arg, unsigned i, const struct job *job);
	/* In the parent, for the first job not yet done. May be NULL. */
	void (*progress)(void *arg, unsigned i, const char *text);
	void *arg;
};

/* 0, or -errno when a process or pipe could not be made. */
int jobs_run(const struct jobs *jobs);
/* In the child. False when the parent is gone. */
bool job_say(int fd, enum job_part part, const char *text, size_t len);

#endif
