/* SPDX-License-Identifier: ISC */
/*
 * A scenario as plain data: what the YAML file says, names resolved to indices, defaults filled in. scenarios/README.md is the
 * grammar. Everything lives in the scenario's arena.
 */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include "sim/dut/dut.h"
#include "sim/link/link.h"
#include "sim/scenario/units.h"
#include "sim/scenario/yaml.h"

#define SCN_NONE UINT32_MAX /* an index that is not there */
#define SCN_MAX_HOSTS 1000
#define SCN_MAX_LINKS 250     /* the N-th link is 10.N.0.0/24 */
#define SCN_MAX_INTERFACES 32 /* of a host */
#define SCN_MAX_PORTS 254     /* of a link */
#define SCN_MAX_FLOWS 1000

struct scn_interface {
	const char *name;
	struct scn_pos pos;
	struct dut_interface dut;
	unsigned link, end; /* SCN_NONE: not joined to a link */
};

struct scn_route {
	struct scn_pos pos;
	struct dut_route dut;
};

struct scn_host {
	const char *name;
	struct scn_pos pos;
	const char *stack; /* NULL: the scenario's */
	struct scn_pos stack_pos;
	bool router;
	bool declared; /* its interfaces are listed in the file */
	unsigned n_interfaces, n_routes, n_options;
	struct scn_interface *interfaces;
	struct scn_route *routes;
	struct dut_option *options;
	struct scn_pos options_pos;
	const struct yaml_node *node; /* as written: routes are read once the interfaces are known */
};

/* Which members of struct impairments a patch sets. */
enum {
	PATCH_DELAY = 1 << 0,
	PATCH_JITTER = 1 << 1,
	PATCH_LOSS = 1 << 2,
	PATCH_DUPLICATE = 1 << 3,
	PATCH_REORDER = 1 << 4,
	PATCH_CORRUPT = 1 << 5,
	PATCH_TRUNCATE = 1 << 6,
	PATCH_PAD = 1 << 7,
	PATCH_RATE = 1 << 8,
	PATCH_QUEUE = 1 << 9,
	PATCH_MTU = 1 << 10,
	PATCH_DOWN = 1 << 11,
};

struct scn_patch {
	unsigned set; /* PATCH_… */
	struct impairments v;
};

/* A patch and the channels of a link it is for. */
struct scn_impair {
	unsigned end;       /* SCN_NONE: every port */
	unsigned direction; /* LINK_FROM_HOST … */
	struct scn_patch patch;
};

struct scn_end {
	unsigned host, interface;
};

struct scn_link {
	const char *name;
	struct scn_pos pos;
	enum link_kind kind;
	unsigned n_ends, n_impairs;
	struct scn_end *ends;
	struct scn_impair *impairs; /* applied in this order */
	uint64_t *groups;           /* per end; NULL: no partition */
};

enum scn_flow_type { FLOW_TCP, FLOW_UDP, FLOW_PING };
enum scn_flow_direction { FLOW_SEND = 1, FLOW_RECEIVE = 2, FLOW_BOTH = 3 }; /* seen from `from`; a mask */
enum scn_flow_close { CLOSE_NONE, CLOSE_FROM, CLOSE_TO, CLOSE_BOTH };

struct scn_sockopts {
	unsigned set; /* bits 1 << DUT_SO_… */
	int64_t value[DUT_SO_DONT_FRAGMENT + 1];
};

struct scn_flow {
	const char *name;
	struct scn_pos pos;
	enum scn_flow_type type;
	unsigned from, to; /* hosts */
	struct dut_addr from_addr, to_addr;
	uint16_t port;
	uint64_t bytes;                    /* TCP: of each sending side */
	uint64_t count, size, interval_ns; /* UDP, ping, and TCP that writes size bytes every interval */
	uint64_t start_ns;
	enum scn_flow_direction direction;
	enum scn_flow_close close;
	bool listen; /* false: nobody answers at the port */
	struct scn_sockopts options;
};

enum scn_action { ACTION_IMPAIR, ACTION_PARTITION, ACTION_STOP, ACTION_ABORT, ACTION_SET };

struct scn_event {
	uint64_t at_ns;
	struct scn_pos pos;
	enum scn_action action;
	unsigned link, flow;
	struct scn_impair impair;
	uint64_t *groups;            /* PARTITION, per end of the link; NULL heals it */
	struct scn_sockopts options; /* SET */
	char text[80];               /* "wire: loss, delay", for the report */
};

enum scn_scope { SCOPE_FLOW, SCOPE_LINK, SCOPE_HOST, SCOPE_RUN };

enum scn_metric {
	/* of a flow */
	METRIC_INTACT,
	METRIC_FINISHED,
	METRIC_FINISHED_WITHIN,
	METRIC_DURATION,
	METRIC_GOODPUT,
	METRIC_RTT_MIN,
	METRIC_RTT_AVG,
	METRIC_RTT_MAX,
	METRIC_RETRANSMITS,
	METRIC_TIMEOUTS,
	METRIC_RST,
	METRIC_SENT,
	METRIC_RECEIVED,
	METRIC_BYTES_RECEIVED,
	METRIC_LOST,
	METRIC_DUPLICATES,
	METRIC_OUT_OF_ORDER,
	METRIC_ERROR,
	/* of a link */
	METRIC_FRAMES,
	METRIC_BYTES,
	METRIC_SENT_FRAMES,
	METRIC_DROPS,
	METRIC_DROP_LOSS,
	METRIC_DROP_QUEUE,
	METRIC_DROP_DOWN,
	METRIC_DROP_MTU,
	METRIC_DROP_PARTITION,
	METRIC_DROP_AQM,
	METRIC_DROP_UNKNOWN,
	METRIC_DUPLICATED,
	METRIC_REORDERED,
	METRIC_CORRUPTED,
	METRIC_TRUNCATED,
	METRIC_PADDED,
	METRIC_ECN_MARKED,
	METRIC_QUEUE_HIGH,
	METRIC_FINGERPRINT,
	/* of a host */
	METRIC_COUNTER,
	/* of the run */
	METRIC_NO_RST,
	METRIC_QUIET_AFTER,
};

struct scn_bound {
	bool has_least, has_most;
	uint64_t least, most;
};

/* How a flow is expected to fail. */
enum { FAIL_NONE = 1 << 0, FAIL_REFUSED = 1 << 1, FAIL_RESET = 1 << 2, FAIL_TIMEOUT = 1 << 3, FAIL_UNREACHABLE = 1 << 4, FAIL_OTHER = 1 << 5 };

struct scn_expect {
	enum scn_scope scope;
	enum scn_metric metric;
	enum unit unit;
	unsigned subject;        /* flow, link or host */
	unsigned end, direction; /* of a link: the channels counted; SCN_NONE: all */
	struct scn_bound bound;
	bool yes;            /* what a yes/no metric should be */
	unsigned errors;     /* FAIL_… allowed */
	const char *counter; /* METRIC_COUNTER */
	const char *stack;   /* only for this variant; NULL: any */
	const char *fingerprint;
	const char *what; /* "flows.download.finished_within" */
	struct scn_pos pos;
	struct scn_expect *next;
};

struct scenario {
	struct arena arena;
	const char *file, *id; /* as given; its base name without .yaml */
	const char *title, *description, *stack;
	struct scn_pos stack_pos;
	uint64_t seed, duration_ns, settle_ns;
	unsigned n_hosts, n_links, n_flows, n_events, n_expects;
	struct scn_host *hosts;
	struct scn_link *links;
	struct scn_flow *flows;
	struct scn_event *events;   /* by time, ties in file order */
	struct scn_expect *expects; /* in file order */
};

/* Reads a file ("-" is not special). 0; -EINVAL (or the reason the file cannot be read) with one line in error. */
int scenario_load(const char *path, struct scenario **s, char error[SCN_ERROR_MAX]);
/* The same from memory; path is for messages. */
int scenario_parse(const char *path, const char *text, size_t len, struct scenario **s, char error[SCN_ERROR_MAX]);
void scenario_free(struct scenario *s);

/* Index of a host, link or flow by name; SCN_NONE. */
unsigned scenario_host(const struct scenario *s, const char *name);
unsigned scenario_link(const struct scenario *s, const char *name);
unsigned scenario_flow(const struct scenario *s, const char *name);

/* Copies into imp the members the patch sets. */
void scn_patch_apply(const struct scn_patch *patch, struct impairments *imp);

#endif
