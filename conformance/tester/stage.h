/* SPDX-License-Identifier: ISC */
/*
 * The stage a case plays on: what sets a tester up, lets one case run, and keeps what happened for the report.
 * For the runner and for tests of the tester; cases see tester.h only.
 */
#ifndef CONFORMANCE_TESTER_STAGE_H
#define CONFORMANCE_TESTER_STAGE_H

#include "conformance/tester/tester.h"

struct stage_setup {
	const struct dut_ops *ops;
	unsigned layers; /* DUT_LAYER_…; 0: all the variant has */
	unsigned n_options;
	const struct dut_option *options;
	uint64_t seed;
	bool answer_arp;
};

/* A frame of the log, in the order of the wire. */
struct stage_frame {
	uint64_t t_ns;
	bool from_dut;
	bool waiting; /* from the DUT, and nobody expected it yet */
	char *note;   /* why it did not match, or what became of it; or NULL */
	uint8_t *bytes;
	size_t len;
};

enum stage_outcome { STAGE_PASS, STAGE_FAIL, STAGE_SKIP };

#define STAGE_FIELDS_MAX 8

/* How a case ended. */
struct stage_verdict {
	enum stage_outcome outcome;
	char message[512];            /* one line; empty when passed */
	char expected[512], got[512]; /* one-line packets or values; may be empty */
	unsigned n_fields;            /* where the nearest frame differed */
	struct packet_mismatch fields[STAGE_FIELDS_MAX];
	const char *file; /* the check that ended the case */
	int line;
};

/* 0; -EINVAL (a bad option) or another error with why in one line. */
int stage_create(struct tester **t, const struct stage_setup *setup, char *why, size_t why_cap);
void stage_destroy(struct tester *t);
/* Runs the case until it returns, fails or skips. */
const struct stage_verdict *stage_play(struct tester *t, void (*run)(struct tester *t));
size_t stage_log(const struct tester *t, const struct stage_frame **frames);

/* --- between tester.c and its helpers --- */

struct tester_private {
	struct link *link;
	struct link_port *port;
	bool answer_arp;
	bool started; /* start-up is over: frames wait to be expected */
	struct stage_frame *log;
	size_t n_log, cap_log;
	size_t next;      /* frames before this index wait for nobody */
	int provoke_sock; /* tester_provoke's, -1: none yet */
	unsigned provoke_kind;
	struct stage_verdict verdict;
	void *jump; /* jmp_buf of stage_play */
};
/* Ends the case with the verdict as filled in. */
_Noreturn void stage_end(struct tester *t, enum stage_outcome outcome);
__attribute__((format(printf, 2, 3))) void stage_note(struct stage_frame *f, const char *fmt, ...);

#endif
