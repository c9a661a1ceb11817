/* SPDX-License-Identifier: ISC */
/* What things cost: one function a measurement, each run several times in turn. The one place of sim that reads real clocks. */
#ifndef SIM_BENCH_BENCH_H
#define SIM_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_MAX_RUNS 25
#define BENCH_SEGMENT 1448u /* TCP payload of a full frame at MTU 1500 with timestamps */
#define BENCH_REASON_MAX 256

struct bench_options {
	uint64_t stream_bytes; /* of the TCP streams and of the bound */
	uint64_t events;
	uint64_t replay_bytes; /* of the stream in the capture that is replayed */
	const char *bin;       /* folder of the programs */
	const char *tmp;       /* folder for captures and result files */
};

/* One run's outcome. */
struct bench_run {
	double cpu_s, wall_s;
	uint64_t amount;   /* what was done: bytes, events, cases, packets */
	uint64_t segments; /* of streams: frames the sender sent */
};

/* 0; a negative errno with the reason why nothing could be measured. */
typedef int bench_fn(const struct bench_options *o, const char *stack, struct bench_run *run, char reason[BENCH_REASON_MAX]);

bench_fn bench_world;   /* events of the bare world */
bench_fn bench_bound;   /* memcpy and two Internet checksums of the same bytes: what no stack beats */
bench_fn bench_stream;  /* a TCP stream between two hosts of the stack */
bench_fn bench_conform; /* cases of plumbline conform */
bench_fn bench_replay;  /* packets of plumbline replay */

struct bench_clock {
	double cpu_s, wall_s;
};
/* CPU time of this process, or of its children that have ended. */
struct bench_clock bench_clock_now(bool of_children);
void bench_clock_stop(const struct bench_clock *start, bool of_children, struct bench_run *run);

/* Streams bytes between two hosts of the stack over a wire of 1 ms; pcap: NULL, or what the receiving host sent and received goes there. */
int bench_transfer(const char *stack, uint64_t bytes, const char *pcap, struct bench_run *run, char reason[BENCH_REASON_MAX]);

#endif
