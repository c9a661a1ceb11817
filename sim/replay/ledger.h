/* SPDX-License-Identifier: ISC */
/*
 * Who took what: the stack's counters before and after each frame, turned into accepted, answered and dropped frames per layer.
 * A layer that counts "rx" and nothing "drop.…" while a frame is handed in has accepted it; a counter "drop.REASON" that moves names
 * the layer and the reason. For a stack without counters there is one layer, "harness": what the frame's own bytes tell.
 */
#ifndef SIM_REPLAY_LEDGER_H
#define SIM_REPLAY_LEDGER_H

#include "sim/host/host.h"
#include "stack/wire/frame.h"

#define LEDGER_NAME_MAX 48
#define LEDGER_HARNESS "harness"

struct ledger_layer {
	char name[LEDGER_NAME_MAX];
	uint64_t accepted;                                      /* frames */
	uint64_t answered;                                      /* frames that made this layer send */
	uint64_t dropped;                                       /* frames */
	uint64_t frame_accepted, frame_answered, frame_dropped; /* the last frame counted in each */
};

struct ledger_drop {
	uint64_t frame; /* 0: between frames, by a timer */
	bool cut;       /* the capture holds part of the frame */
	char layer[LEDGER_NAME_MAX], reason[LEDGER_NAME_MAX];
};

struct ledger_counter {
	char layer[LEDGER_NAME_MAX], name[LEDGER_NAME_MAX];
	uint64_t value;
};

struct ledger_reply {
	uint64_t frame;
	uint64_t answers;
};

struct ledger {
	bool counters; /* the stack has them */
	size_t n_layers, layers_cap;
	struct ledger_layer *layers; /* bottom up */
	size_t n_drops, drops_cap;
	struct ledger_drop *drops; /* in order of time */
	size_t n_replies, replies_cap;
	struct ledger_reply *replies; /* frames that were answered at once */
	uint64_t answers, later;      /* frames sent at once; by timers or unasked */
	size_t n_now, now_cap;
	struct ledger_counter *now;      /* the counters as last read */
	size_t at;                       /* the next of them, while reading */
	uint64_t frame;                  /* they are read after this frame; 0: between frames */
	bool frame_cut, started, failed; /* failed: out of memory */
};

/* Reads the counters for the first time. */
void ledger_start(struct ledger *l, struct host *h);
/* What moved up to now is no frame's doing. Called before a frame is handed in, and at the end. */
void ledger_between(struct ledger *l, struct host *h);
/* The frame was handed in. f: its dissection. */
void ledger_frame(struct ledger *l, struct host *h, uint64_t number, bool cut, const struct frame *f);
/* The stack sent f; number: the frame it answers, 0 when none is being handled. */
void ledger_answer(struct ledger *l, uint64_t number, const struct frame *f);
/* Why a stack should not take the frame, from its bytes alone: "tcp checksum", "ip4 truncated", … NULL when it is well-formed. */
const char *ledger_fault(const struct frame *f);
void ledger_free(struct ledger *l);

#endif
