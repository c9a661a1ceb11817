/* SPDX-License-Identifier: ISC */
/* expect: what must hold at the end, each remembered with its place in the file. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum expect_kind { EXPECT_BOUND, EXPECT_YES_NO, EXPECT_WITHIN, EXPECT_ERROR, EXPECT_FINGERPRINT };

struct metric_key {
	const char *key;
	enum scn_metric metric;
	enum expect_kind kind;
	enum unit unit;
	unsigned types; /* of flows it is for, bits 1 << FLOW_… */
};

#define TCP (1u << FLOW_TCP)
#define UDP (1u << FLOW_UDP)
#define PING (1u << FLOW_PING)
#define ANY (TCP | UDP | PING)

static const struct metric_key flow_metrics[] = {
	{ "intact", METRIC_INTACT, EXPECT_YES_NO, 0, ANY },
	{ "finished", METRIC_FINISHED, EXPECT_YES_NO, 0, ANY },
	{ "finished_within", METRIC_FINISHED_WITHIN, EXPECT_WITHIN, UNIT_TIME, ANY },
	{ "duration", METRIC_DURATION, EXPECT_BOUND, UNIT_TIME, ANY },
	{ "goodput", METRIC_GOODPUT, EXPECT_BOUND, UNIT_RATE, TCP | UDP },
	{ "rtt_min", METRIC_RTT_MIN, EXPECT_BOUND, UNIT_TIME, TCP | PING },
	{ "rtt_avg", METRIC_RTT_AVG, EXPECT_BOUND, UNIT_TIME, TCP | PING },
	{ "rtt_max", METRIC_RTT_MAX, EXPECT_BOUND, UNIT_TIME, TCP | PING },
	{ "retransmits", METRIC_RETRANSMITS, EXPECT_BOUND, UNIT_COUNT, TCP },
	{ "timeouts", METRIC_TIMEOUTS, EXPECT_BOUND, UNIT_COUNT, TCP },
	{ "rst", METRIC_RST, EXPECT_BOUND, UNIT_COUNT, TCP },
	{ "sent", METRIC_SENT, EXPECT_BOUND, UNIT_COUNT, UDP | PING },
	{ "received", METRIC_RECEIVED, EXPECT_BOUND, UNIT_COUNT, UDP | PING },
	{ "bytes_received", METRIC_BYTES_RECEIVED, EXPECT_BOUND, UNIT_SIZE, ANY },
	{ "lost", METRIC_LOST, EXPECT_BOUND, UNIT_SHARE, UDP | PING },
	{ "duplicates", METRIC_DUPLICATES, EXPECT_BOUND, UNIT_COUNT, UDP | PING },
	{ "out_of_order", METRIC_OUT_OF_ORDER, EXPECT_BOUND, UNIT_COUNT, UDP | PING },
	{ "error", METRIC_ERROR, EXPECT_ERROR, 0, ANY },
	{ 0 },
};

static const struct metric_key link_metrics[] = {
	{ "frames", METRIC_FRAMES, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "bytes", METRIC_BYTES, EXPECT_BOUND, UNIT_SIZE, 0 },
	{ "sent", METRIC_SENT_FRAMES, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops", METRIC_DROPS, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.loss", METRIC_DROP_LOSS, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.queue", METRIC_DROP_QUEUE, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.down", METRIC_DROP_DOWN, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.mtu", METRIC_DROP_MTU, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.partition", METRIC_DROP_PARTITION, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.aqm", METRIC_DROP_AQM, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "drops.unknown", METRIC_DROP_UNKNOWN, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "duplicated", METRIC_DUPLICATED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "reordered", METRIC_REORDERED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "corrupted", METRIC_CORRUPTED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "truncated", METRIC_TRUNCATED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "padded", METRIC_PADDED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "ecn_marked", METRIC_ECN_MARKED, EXPECT_BOUND, UNIT_COUNT, 0 },
	{ "queue_high", METRIC_QUEUE_HIGH, EXPECT_BOUND, UNIT_SIZE, 0 },
	{ "fingerprint", METRIC_FINGERPRINT, EXPECT_FINGERPRINT, 0, 0 },
	{ 0 },
};

static const struct metric_key *find_metric(const struct metric_key *table, const char *key)
{
	for (; table->key; table++) {
		if (strcmp(table->key, key) == 0)
			return table;
	}
	return NULL;
}

static int unknown_metric(struct reader *r, const struct yaml_node *node, const struct metric_key *table, const char *of)
{
	char list[400];
	size_t len = 0;
	for (const struct metric_key *m = table; m->key && len < sizeof(list) - 40; m++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", m == table ? "" : ", ", m->key);
	return R_FAIL(r, node->key, "unknown key \"%.60s\" in what is expected of %s (expected one of: %s)", node->key->text, of, list);
}

/* A new expectation at the end of the list, remembered as "flows.download.intact". */
static struct scn_expect *add_expect(
	struct reader *r, const struct scn_expect *like, struct scn_pos pos, const char *scope, const char *subject, const char *key)
{
	struct scn_expect *x = read_alloc(r, 1, sizeof(*x));
	size_t len = strlen(scope) + strlen(subject) + strlen(key) + 3;
	char *what = read_alloc(r, len, 1);
	if (!x || !what)
		return NULL;
	snprintf(what, len, "%s%s%s%s%s", scope, *scope ? "." : "", subject, *subject ? "." : "", key);
	*x = *like;
	x->what = what;
	x->pos = pos;
	x->next = NULL;
	*r->last_expect = x;
	r->last_expect = &x->next;
	r->s->n_expects++;
	return x;
}

static int read_one_error(struct reader *r, const struct yaml_node *node, unsigned *mask)
{
	static const char *const words[] = { "none", "refused", "reset", "timeout", "unreachable", NULL };
	static const struct field word = { .type = FIELD_WORD, .words = words };
	int value = 0;
	int err = read_value(r, node, &word, &value);
	*mask |= 1u << value;
	return err;
}

static int read_errors(struct reader *r, const struct yaml_node *node, unsigned *mask)
{
	if (node->kind != YAML_LIST)
		return read_one_error(r, node, mask);
	int err = 0;
	for (const struct yaml_node *n = node->first; n && !err; n = n->next)
		err = read_one_error(r, n, mask);
	return err;
}

/* A hex digest, or one per variant: {direct: …, lwip: …}. */
static int read_fingerprint(struct reader *r, const struct yaml_node *node, const char *subject, struct scn_expect *like)
{
	if (node->kind == YAML_SCALAR) {
		size_t len = strlen(node->text);
		if (len != 32 || node->text[strspn(node->text, "0123456789abcdef")])
			return R_FAIL(r, node, "fingerprint \"%.60s\": expected 32 lower-case hex digits", node->text);
		like->fingerprint = node->text;
		return add_expect(r, like, node->pos, "links", subject, "fingerprint") ? 0 : -ENOMEM;
	}
	int err = read_is_map(r, node, "fingerprint");
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		if (n->kind != YAML_SCALAR)
			return R_FAIL(r, n, "fingerprint: expected 32 lower-case hex digits");
		like->stack = n->key->text;
		err = read_fingerprint(r, n, subject, like);
	}
	return err;
}

static int read_metric(
	struct reader *r, const struct yaml_node *node, const struct metric_key *m, const char *scope, const char *subject, struct scn_expect like)
{
	int err = 0;
	like.metric = m->metric;
	like.unit = m->unit;
	switch (m->kind) {
	case EXPECT_BOUND:
		err = read_bound(r, node, m->unit, &like.bound);
		break;
	case EXPECT_YES_NO:
		err = read_bool(r, node, &like.yes);
		break;
	case EXPECT_WITHIN:
		like.bound.has_most = true;
		err = read_unit(r, node, m->unit, 0, 0, &like.bound.most);
		break;
	case EXPECT_ERROR:
		err = read_errors(r, node, &like.errors);
		break;
	case EXPECT_FINGERPRINT:
		return read_fingerprint(r, node, subject, &like);
	}
	if (err)
		return err;
	return add_expect(r, &like, node->key->pos, scope, subject, m->key) ? 0 : -ENOMEM;
}

static int read_flow_expect(struct reader *r, const struct yaml_node *node, unsigned flow)
{
	static const char *const types[] = { "tcp", "udp", "ping" };
	const struct scn_flow *f = &r->s->flows[flow];
	struct scn_expect like = { .scope = SCOPE_FLOW, .subject = flow, .end = SCN_NONE };
	int err = read_is_map(r, node, f->name);
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		const struct metric_key *m = find_metric(flow_metrics, n->key->text);
		if (!m)
			return unknown_metric(r, n, flow_metrics, "a flow");
		if (!(m->types & 1u << f->type))
			return R_FAIL(r, n->key, "\"%s\" is not for a %s flow", m->key, types[f->type]);
		err = read_metric(r, n, m, "flows", f->name, like);
	}
	return err;
}

static int read_flows_expect(struct reader *r, const struct yaml_node *node)
{
	int err = read_is_map(r, node, "flows");
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		unsigned flow = scenario_flow(r->s, n->key->text);
		if (flow == SCN_NONE)
			return R_FAIL(r, n->key, "unknown flow \"%.60s\"", n->key->text);
		err = read_flow_expect(r, n, flow);
	}
	return err;
}

static int read_link_metrics(struct reader *r, const struct yaml_node *node, const char *subject, const struct scn_expect *like)
{
	int err = read_is_map(r, node, subject);
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		bool directed = strcmp(n->key->text, "from") == 0 || strcmp(n->key->text, "to") == 0;
		if (directed && like->end == SCN_NONE)
			continue;
		const struct metric_key *m = find_metric(link_metrics, n->key->text);
		if (!m || (like->end != SCN_NONE && m->kind == EXPECT_FINGERPRINT))
			return unknown_metric(r, n, link_metrics, "a link");
		err = read_metric(r, n, m, "links", subject, *like);
	}
	return err;
}

/* from: {client: {drops.loss: …}}: the same counted for one channel. */
static int read_link_directed(struct reader *r, const struct yaml_node *map, unsigned link, unsigned direction)
{
	if (!map)
		return 0;
	const struct scn_link *l = &r->s->links[link];
	if (direction == LINK_TO_HOST && l->kind == LINK_WIRE)
		return R_FAIL(r, map->key, "a wire has no \"to\": use \"from\" with the other host");
	int err = read_is_map(r, map, map->key->text);
	for (const struct yaml_node *n = err ? NULL : map->first; n && !err; n = n->next) {
		struct scn_expect like = { .scope = SCOPE_LINK, .subject = link, .direction = direction };
		char subject[160];
		err = read_end_ref(r, n->key, l, &like.end);
		snprintf(subject, sizeof(subject), "%s.%s.%.80s", l->name, map->key->text, n->key->text);
		if (!err)
			err = read_link_metrics(r, n, subject, &like);
	}
	return err;
}

static int read_links_expect(struct reader *r, const struct yaml_node *node)
{
	int err = read_is_map(r, node, "links");
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		struct scn_expect like = { .scope = SCOPE_LINK, .direction = LINK_BOTH, .end = SCN_NONE };
		err = read_link_ref(r, n->key, &like.subject);
		if (!err)
			err = read_link_metrics(r, n, r->s->links[like.subject].name, &like);
		if (!err)
			err = read_link_directed(r, yaml_get(n, "from"), like.subject, LINK_FROM_HOST);
		if (!err)
			err = read_link_directed(r, yaml_get(n, "to"), like.subject, LINK_TO_HOST);
	}
	return err;
}

/* client: {stack: direct, tcp.rx: {at_least: 3}}: the variant's own counters. */
static int read_host_expect(struct reader *r, const struct yaml_node *node, unsigned host)
{
	struct scn_expect like = { .scope = SCOPE_HOST, .metric = METRIC_COUNTER, .subject = host, .end = SCN_NONE };
	int err = read_is_map(r, node, r->s->hosts[host].name);
	const struct yaml_node *stack = yaml_get(node, "stack");
	if (!err && stack)
		err = read_name(r, stack, &like.stack);
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		if (n == stack)
			continue;
		if (!strchr(n->key->text, '.'))
			return R_FAIL(r, n->key, "\"%.60s\": expected a counter like tcp.rx, or stack", n->key->text);
		like.counter = n->key->text;
		like.bound = (struct scn_bound){ 0 };
		err = read_bound(r, n, UNIT_COUNT, &like.bound);
		if (!err && !add_expect(r, &like, n->key->pos, "hosts", r->s->hosts[host].name, like.counter))
			err = -ENOMEM;
	}
	return err;
}

static int read_hosts_expect(struct reader *r, const struct yaml_node *node)
{
	int err = read_is_map(r, node, "hosts");
	for (const struct yaml_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		unsigned host = 0;
		err = read_host_ref(r, n->key, &host);
		if (!err)
			err = read_host_expect(r, n, host);
	}
	return err;
}

static int read_run_expect(struct reader *r, const struct yaml_node *node)
{
	struct scn_expect like = { .scope = SCOPE_RUN, .end = SCN_NONE };
	const struct yaml_node *no_rst = yaml_get(node, "no_rst"), *quiet = yaml_get(node, "quiet_after");
	int err = 0;
	if (no_rst) {
		like.metric = METRIC_NO_RST;
		err = read_bool(r, no_rst, &like.yes);
		if (!err && !add_expect(r, &like, no_rst->key->pos, "", "", "no_rst"))
			err = -ENOMEM;
	}
	if (quiet && !err) {
		like.metric = METRIC_QUIET_AFTER;
		like.unit = UNIT_TIME;
		like.bound.has_most = true;
		err = read_unit(r, quiet, UNIT_TIME, 0, 0, &like.bound.most);
		if (!err && !add_expect(r, &like, quiet->key->pos, "", "", "quiet_after"))
			err = -ENOMEM;
	}
	return err;
}

/* A flow nobody expects anything of is still expected to arrive: TCP intact, a ping answered, UDP unharmed. */
static int expect_by_default(struct reader *r)
{
	for (unsigned i = 0; i < r->s->n_flows; i++) {
		struct scn_expect like = { .scope = SCOPE_FLOW, .metric = METRIC_INTACT, .subject = i, .end = SCN_NONE, .yes = true };
		const struct scn_expect *x = r->s->expects;
		while (x && !(x->scope == SCOPE_FLOW && x->subject == i))
			x = x->next;
		if (!x && !add_expect(r, &like, r->s->flows[i].pos, "flows", r->s->flows[i].name, "intact"))
			return -ENOMEM;
	}
	return 0;
}

int read_expect(struct reader *r, const struct yaml_node *node)
{
	static const struct field keys[] = {
		{ .key = "flows" },
		{ .key = "links" },
		{ .key = "hosts" },
		{ .key = "no_rst" },
		{ .key = "quiet_after" },
	};
	r->last_expect = &r->s->expects;
	int err = node ? read_keys(r, node, "expect", FIELDS(keys)) : 0;
	const struct yaml_node *flows = yaml_get(node, "flows"), *links = yaml_get(node, "links"), *hosts = yaml_get(node, "hosts");
	if (!err && flows)
		err = read_flows_expect(r, flows);
	if (!err && links)
		err = read_links_expect(r, links);
	if (!err && hosts)
		err = read_hosts_expect(r, hosts);
	if (!err && node)
		err = read_run_expect(r, node);
	return err ? err : expect_by_default(r);
}
