/* SPDX-License-Identifier: ISC */
/* Open-loop replay: a stack in the place of a recorded host gets, at the recorded times, what was sent to that host. */
#ifndef SIM_REPLAY_REPLAY_H
#define SIM_REPLAY_REPLAY_H

#include "sim/dut/variants.h"
#include "sim/replay/ledger.h"
#include "sim/replay/place.h"

#include <jansson.h>
#include <stdio.h>

/* Time the stack is given after the last frame: for delayed ACKs and a first retransmission. */
#define REPLAY_TAIL_NS (UINT64_C(2) * 1000000000)
#define REPLAY_MESSAGE_MAX 320

enum replay_outcome { REPLAY_PASS, REPLAY_SKIP, REPLAY_ERROR };

struct replay_request {
	const struct dut_spec *stack;
	uint64_t seed;
	const struct trace *trace;
	const struct hosts *hosts;
	const struct replay_host *host; /* hosts_unfit() has nothing against it */
	const char *pcap;               /* the answers go there; NULL: nowhere */
};

struct replay_result {
	enum replay_outcome outcome;
	char message[REPLAY_MESSAGE_MAX]; /* why not PASS, else empty */
	struct place place;
	uint64_t injected, injected_cut;
	uint64_t bad_checksums;           /* frames injected with a wrong TCP, UDP or ICMP checksum */
	uint64_t resets;                  /* RSTs among what the stack sent */
	uint64_t arp_asked, arp_answered; /* the stack's ARP requests, and those the engine answered */
	unsigned tcp_open, udp_open;      /* ports opened beforehand */
	unsigned not_open;                /* … that the stack refused to open, … */
	char not_open_why[96];            /* … and the first of these */
	unsigned addresses_left_out;      /* of the host's: the stack takes one */
	uint64_t virtual_ns;
	struct ledger ledger;
};

/* 0, whatever the outcome; -EIO with a message when the pcap cannot be written, -ENOMEM. *r is to be freed in any case. */
int replay_open_loop(const struct replay_request *q, struct replay_result *r);
void replay_result_free(struct replay_result *r);

/* What the reports need besides: how the replay was asked for. */
struct replay_title {
	const char *id, *file;
	const char *role;  /* what the host is: "the server", "as named", … */
	const char *rerun; /* the command that repeats it */
};
/* The summary for people. */
void replay_print(FILE *out, const struct replay_title *title, const struct replay_request *q, const struct replay_result *r);
/* The object of kind `replay` in reports/SCHEMA.md; NULL when out of memory. q->host may be NULL for a replay that did not come about. */
json_t *replay_json(const struct replay_title *title, const struct replay_request *q, const struct replay_result *r);
/* The hosts of a capture, for choosing --as. */
void replay_print_hosts(FILE *out, const char *file, const struct trace *t, const struct hosts *hs);

#endif
