/* SPDX-License-Identifier: ISC */
/*
 * A scenario at work: the world, its hosts and links, the flows' drivers, what was seen on the wire. scenario_run() is all a program
 * needs; the rest of this header is shared by the runner's own files.
 */
#ifndef SIM_SCENARIO_RUN_H
#define SIM_SCENARIO_RUN_H

#include "sim/dut/variants.h"
#include "sim/host/host.h"
#include "sim/link/tap_pcap.h"
#include "sim/scenario/scenario.h"

#include <jansson.h>
#include <stdio.h>

struct run_options {
	const char *stack;    /* replaces the scenario's stack; NULL: as the scenario says */
	const char *pcap_dir; /* one DIR/ID-LINK.pcap a link; NULL: none */
	bool has_seed;
	uint64_t seed; /* replaces the scenario's */
	/* Called now and then while it runs: how far it is. NULL: not. */
	void (*progress)(void *arg, uint64_t now_ns, uint64_t bytes_received, uint64_t bytes_expected);
	void *progress_arg;
};

enum run_outcome { RUN_PASS, RUN_FAIL, RUN_SKIP };

struct run;

/* 0, or -EINVAL with one line in error: a stack that does not exist, at its place in the file (or --stack). Creates nothing. */
int scenario_check_stacks(const struct scenario *s, const struct run_options *options, char error[SCN_ERROR_MAX]);
/*
 * Builds the scenario and runs it to its end. 0 and *run, to be freed with run_free(); else -errno with one line in error: an option
 * the stack refuses (-EINVAL), a pcap that cannot be written (-EIO), no memory.
 */
int scenario_run(const struct scenario *s, const struct run_options *options, struct run **run, char error[SCN_ERROR_MAX]);
void run_free(struct run *run);

enum run_outcome run_outcome(const struct run *run);
/* What a person reads; brief: one line unless it failed. */
void run_summary(const struct run *run, FILE *out, bool brief);
/* The "scenario" object of reports/SCHEMA.md; NULL when out of memory. */
json_t *run_record(const struct run *run);
/* The command that repeats it, to be freed; NULL when out of memory. */
char *run_rerun(const struct scenario *s, const struct run_options *options);
/* The stack a scenario runs on, for the record: the override or its own. */
const char *run_stack(const struct scenario *s, const struct run_options *options);
/* DIR/ID-LINK.pcap; returns buf. */
char *run_pcap_path(const struct scenario *s, const char *dir, const struct scn_link *l, char *buf, size_t cap);

/* --- inside the runner -------------------------------------------------------------------- */

/* One point of a flow's time-sequence plot. */
struct seq_point {
	uint64_t t_ns, value;
	enum { POINT_SEQ, POINT_ACK, POINT_RETRANSMIT } kind;
};

/* What a passive observer at the sender's cable knows of one direction of a TCP connection. */
struct seq_watch {
	bool seen;
	uint32_t isn;
	uint64_t top; /* relative sequence number behind the last byte sent */
	bool timing;  /* one segment at a time is timed (RFC 6298 section 3) */
	uint64_t timed_end, timed_ns;
	uint64_t retransmits;
};

struct flow_result {
	bool started, over, finished; /* over: finished or failed */
	int error;                    /* first error, negative errno */
	uint64_t started_ns, finished_ns;
	uint64_t last_data_ns; /* last byte received */
	uint64_t bytes_sent, bytes_received;
	uint64_t sent, received, duplicates, out_of_order; /* datagrams, echo replies */
	bool intact;
	char sha256[65]; /* of what was received; both ways: from's direction */
	uint64_t rtt_min_ns, rtt_max_ns, rtt_sum_ns, rtt_n;
	uint64_t retransmits, timeouts, rst;
	bool has_timeouts; /* the stack tells */
};

struct flow_ops;

struct run_flow {
	struct run *run;
	const struct scn_flow *f;
	struct host *from, *to;
	const struct flow_ops *ops;
	void *state; /* the driver's */
	world_event start;
	struct flow_result r;
	struct seq_watch watch[2]; /* from → to, to → from */
	struct seq_point *points;
	size_t n_points, points_cap;
	unsigned next_same_port; /* flow index + 1 */
};

/* A flow's driver: sockets and data of one type. */
struct flow_ops {
	int (*start)(struct run_flow *rf);  /* opens sockets, sends the first bytes; 0 or -errno: the flow failed */
	void (*stop)(struct run_flow *rf);  /* no new data; ends in an orderly way */
	void (*abort)(struct run_flow *rf); /* may be NULL */
	void (*set)(struct run_flow *rf, const struct scn_sockopts *o);
	void (*finish)(struct run_flow *rf); /* the run is over: fills in the result */
	void (*destroy)(struct run_flow *rf);
};
extern const struct flow_ops flow_tcp, flow_udp, flow_ping;

/* Drivers call these. */
void flow_finished(struct run_flow *rf);
void flow_failed(struct run_flow *rf, int err);
void flow_add_rtt(struct flow_result *r, uint64_t rtt_ns);
void flow_set_options(struct host *h, int sock, const struct scn_sockopts *o);

struct verdict {
	const struct scn_expect *x;
	bool ok, skipped;
	char expected[120], got[120];
};

struct run_tap {
	struct run *run;
	unsigned link;
};

struct run {
	const struct scenario *s;
	struct run_options options;
	uint64_t seed;
	struct world *w;
	struct dut_spec *specs; /* per host */
	struct host **hosts;
	struct link **links;
	struct run_tap *taps;    /* per link */
	struct tap_pcap **pcaps; /* per link; NULL members */
	struct run_flow *flows;
	unsigned flows_open;
	unsigned next_event; /* of the timeline */
	world_event timeline;
	uint64_t last_frame_ns, rsts, frames, end_ns;
	unsigned *by_port; /* TCP flows: port → flow index + 1 */
	bool capped;       /* ended at the duration limit */
	char skip[200];    /* why it cannot run here; empty: it can */
	struct verdict *verdicts;
	unsigned n_failed;
};

/* build.c */
int run_build(struct run *run, struct scn_error *e);
/* timeline.c */
int timeline_init(struct run *run);
int run_apply_impair(struct run *run, unsigned link, const struct scn_impair *i);
int run_apply_groups(struct run *run, unsigned link, const uint64_t *groups);
/* observe.c */
int observe_init(struct run *run);
/* judge.c */
int run_judge(struct run *run);
/* Sums the counters of a link's channels picked by end and direction. */
void run_link_counters(const struct run *run, unsigned link, unsigned end, unsigned direction, struct link_counters *sum);
/* Bits per second of what arrived, 0 when nothing did. */
uint64_t flow_goodput_bps(const struct run_flow *rf);
const char *flow_error_name(int err);

#endif
