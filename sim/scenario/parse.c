/* SPDX-License-Identifier: ISC */
/* The top of a scenario file, references by name, and reading the file itself. */
#include "sim/scenario/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(member) offsetof(struct scenario, member)

static int read_stack(struct reader *r, const struct yaml_node *node, void *target)
{
	struct scenario *s = target;
	s->stack = node->text;
	s->stack_pos = node->pos;
	return read_is_scalar(r, node, "a stack like direct or lwip");
}

/* The sections refer to each other by name, so they are read in a fixed order, wherever they stand in the file. */
static const struct field top_fields[] = {
	{ .key = "title", .type = FIELD_TEXT, .offset = AT(title) },
	{ .key = "description", .type = FIELD_TEXT, .offset = AT(description) },
	{ .key = "seed", .type = FIELD_COUNT, .offset = AT(seed) },
	{ .key = "duration", .type = FIELD_TIME, .offset = AT(duration_ns), .min = 1 },
	{ .key = "settle", .type = FIELD_TIME, .offset = AT(settle_ns) },
	{ .key = "stack", .type = FIELD_CUSTOM, .read = read_stack },
	{ .key = "hosts", .type = FIELD_CUSTOM },
	{ .key = "links", .type = FIELD_CUSTOM },
	{ .key = "flows", .type = FIELD_CUSTOM },
	{ .key = "timeline", .type = FIELD_CUSTOM },
	{ .key = "expect", .type = FIELD_CUSTOM },
};

static int read_top(struct reader *r, const struct yaml_node *root)
{
	int err = read_map(r, root, "the scenario", FIELDS(top_fields), r->s, NULL);
	const struct yaml_node *hosts = yaml_get(root, "hosts"), *links = yaml_get(root, "links");
	if (!err && !hosts)
		err = R_FAIL(r, root, "a scenario needs \"hosts\"");
	if (!err && !links)
		err = R_FAIL(r, root, "a scenario needs \"links\"");
	if (!err)
		err = read_hosts(r, hosts);
	if (!err)
		err = read_links(r, links);
	if (!err)
		err = read_addresses(r);
	if (!err)
		err = read_flows(r, yaml_get(root, "flows"));
	if (!err)
		err = read_timeline(r, yaml_get(root, "timeline"));
	return err ? err : read_expect(r, yaml_get(root, "expect"));
}

/* The base name without .yaml or .yml. */
static char *id_of(struct arena *a, const char *path)
{
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	size_t len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".yaml") == 0)
		len -= 5;
	else if (len > 4 && strcmp(base + len - 4, ".yml") == 0)
		len -= 4;
	return arena_text(a, base, len);
}

int scenario_parse(const char *path, const char *text, size_t len, struct scenario **out, char error[SCN_ERROR_MAX])
{
	struct scn_error e = { .file = path };
	struct reader r = { .s = calloc(1, sizeof(struct scenario)), .error = &e };
	*out = NULL;
	int err = r.s ? 0 : -ENOMEM;
	if (!err) {
		struct scenario *s = r.s;
		s->seed = 1;
		s->duration_ns = 10 * 60 * NS_PER_S;
		s->settle_ns = NS_PER_S;
		s->stack = "direct";
		s->file = arena_text(&s->arena, path, strlen(path));
		s->id = id_of(&s->arena, path);
		struct yaml_node *root = NULL;
		err = s->file && s->id ? yaml_tree(&s->arena, text, len, &root, &e) : -ENOMEM;
		if (!err)
			err = read_top(&r, root);
		if (!err && !s->title)
			s->title = s->id;
	}
	if (!err) {
		*out = r.s;
		return 0;
	}
	if (err == -ENOMEM)
		scn_fail(&e, (struct scn_pos){ 0 }, "out of memory");
	memcpy(error, e.text, sizeof(e.text));
	scenario_free(r.s);
	return err;
}

static int read_all(int fd, char *text, size_t cap, size_t *len)
{
	for (*len = 0; *len < cap;) {
		ssize_t n = read(fd, text + *len, cap - *len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

int scenario_load(const char *path, struct scenario **s, char error[SCN_ERROR_MAX])
{
	*s = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	char *text = malloc(YAML_MAX_BYTES + 1);
	int err = fd < 0 ? -errno : text ? read_all(fd, text, YAML_MAX_BYTES + 1, &len) : -ENOMEM;
	if (fd >= 0)
		close(fd);
	if (err)
		snprintf(error, SCN_ERROR_MAX, "%s: cannot read the scenario: %s", path, strerror(-err));
	else
		err = scenario_parse(path, text, len, s, error);
	free(text);
	return err;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	arena_free(&s->arena);
	free(s);
}

unsigned scenario_host(const struct scenario *s, const char *name)
{
	for (unsigned i = 0; i < s->n_hosts; i++) {
		if (strcmp(s->hosts[i].name, name) == 0)
			return i;
	}
	return SCN_NONE;
}

unsigned scenario_link(const struct scenario *s, const char *name)
{
	for (unsigned i = 0; i < s->n_links; i++) {
		if (strcmp(s->links[i].name, name) == 0)
			return i;
	}
	return SCN_NONE;
}

unsigned scenario_flow(const struct scenario *s, const char *name)
{
	for (unsigned i = 0; i < s->n_flows; i++) {
		if (strcmp(s->flows[i].name, name) == 0)
			return i;
	}
	return SCN_NONE;
}

int read_host_ref(struct reader *r, const struct yaml_node *node, unsigned *host)
{
	int err = read_is_scalar(r, node, "a host's name");
	if (err)
		return err;
	*host = scenario_host(r->s, node->text);
	return *host == SCN_NONE ? R_FAIL(r, node, "unknown host \"%.60s\"", node->text) : 0;
}

int read_link_ref(struct reader *r, const struct yaml_node *node, unsigned *link)
{
	int err = read_is_scalar(r, node, "a link's name");
	if (err)
		return err;
	*link = scenario_link(r->s, node->text);
	return *link == SCN_NONE ? R_FAIL(r, node, "unknown link \"%.60s\"", node->text) : 0;
}

int read_flow_ref(struct reader *r, const struct yaml_node *node, unsigned *flow)
{
	int err = read_is_scalar(r, node, "a flow's name");
	if (err)
		return err;
	*flow = scenario_flow(r->s, node->text);
	return *flow == SCN_NONE ? R_FAIL(r, node, "unknown flow \"%.60s\"", node->text) : 0;
}
