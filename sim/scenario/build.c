/* SPDX-License-Identifier: ISC */
/* From plain data to a living world: hosts, links, cables, impairments, captures. */
#include "sim/scenario/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *run_stack(const struct scenario *s, const struct run_options *options)
{
	return options->stack ? options->stack : s->stack;
}

static const char *stack_of(const struct scenario *s, const struct run_options *options, const struct scn_host *h)
{
	return h->stack ? h->stack : run_stack(s, options);
}

/* Says where the stack was named: the host, the command line or the top of the file. */
static int bad_stack(const struct scenario *s, const struct run_options *options, const struct scn_host *h, const char *why, struct scn_error *e)
{
	if (!h->stack && options->stack) {
		snprintf(e->text, sizeof(e->text), "--stack: %s", why);
		return -EINVAL;
	}
	return scn_fail(e, h->stack ? h->stack_pos : s->stack_pos, "%s", why);
}

static int parse_spec(
	const struct scenario *s, const struct run_options *options, const struct scn_host *h, struct dut_spec *spec, struct scn_error *e)
{
	char why[256];
	if (dut_spec_parse(spec, stack_of(s, options, h), why, sizeof(why)))
		return bad_stack(s, options, h, why, e);
	if (spec->n_options + h->n_options > DUT_SPEC_OPTIONS)
		return scn_fail(e, h->options_pos, "more than %d options", DUT_SPEC_OPTIONS);
	for (unsigned i = 0; i < h->n_options; i++)
		spec->options[spec->n_options++] = h->options[i];
	return 0;
}

int scenario_check_stacks(const struct scenario *s, const struct run_options *options, char error[SCN_ERROR_MAX])
{
	struct scn_error e = { .file = s->file };
	struct dut_spec *spec = malloc(sizeof(*spec));
	int err = spec ? 0 : -ENOMEM;
	for (unsigned h = 0; h < s->n_hosts && !err; h++)
		err = parse_spec(s, options, &s->hosts[h], spec, &e);
	free(spec);
	if (err == -ENOMEM)
		scn_fail(&e, (struct scn_pos){ 0 }, "out of memory");
	if (err)
		memcpy(error, e.text, sizeof(e.text));
	return err;
}

/* What the scenario asks of a host's stack, as capability and word. */
static unsigned needs(const struct scenario *s, unsigned host)
{
	static const unsigned of_type[] = { DUT_CAP_SOCKETS | DUT_CAP_TCP, DUT_CAP_SOCKETS | DUT_CAP_UDP, DUT_CAP_PING };
	unsigned caps = DUT_CAP_FRAMES | DUT_CAP_VIRTUAL_TIME;
	if (s->hosts[host].router)
		caps |= DUT_CAP_ROUTER;
	for (unsigned f = 0; f < s->n_flows; f++) {
		const struct scn_flow *flow = &s->flows[f];
		if (flow->from != host && flow->to != host)
			continue;
		caps |= flow->to_addr.family == 6 ? DUT_CAP_IPV6 : DUT_CAP_IPV4;
		if (flow->from == host || flow->type != FLOW_PING)
			caps |= of_type[flow->type];
	}
	return caps;
}

/* What a composition of fewer layers lacks. */
static unsigned without_layers(const struct dut_spec *spec)
{
	unsigned lacks = 0;
	if (!spec->layers)
		return 0;
	if (!(spec->layers & DUT_LAYER_TCP))
		lacks |= DUT_CAP_TCP;
	if (!(spec->layers & DUT_LAYER_UDP))
		lacks |= DUT_CAP_UDP;
	if (!(spec->layers & (DUT_LAYER_ICMPV4 | DUT_LAYER_ICMPV6)))
		lacks |= DUT_CAP_PING;
	if (!(spec->layers & DUT_LAYER_IPV4))
		lacks |= DUT_CAP_IPV4;
	if (!(spec->layers & DUT_LAYER_IPV6))
		lacks |= DUT_CAP_IPV6;
	return lacks;
}

static bool can_run(struct run *run, unsigned host)
{
	static const struct {
		unsigned cap;
		const char *name;
	} names[] = { { DUT_CAP_FRAMES, "frames" }, { DUT_CAP_VIRTUAL_TIME, "virtual time" }, { DUT_CAP_ROUTER, "forwarding" },
		{ DUT_CAP_SOCKETS, "sockets" }, { DUT_CAP_TCP, "TCP" }, { DUT_CAP_UDP, "UDP" }, { DUT_CAP_PING, "ping" }, { DUT_CAP_IPV4, "IPv4" },
		{ DUT_CAP_IPV6, "IPv6" } };
	const struct dut_spec *spec = &run->specs[host];
	unsigned missing = needs(run->s, host) & ~(spec->ops->capabilities() & ~without_layers(spec));
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (missing & names[i].cap) {
			snprintf(run->skip, sizeof(run->skip), "host %s: %.80s has no %s", run->s->hosts[host].name, spec->text, names[i].name);
			return false;
		}
	}
	return true;
}

static int create_host(struct run *run, unsigned index, struct scn_error *e)
{
	const struct scn_host *h = &run->s->hosts[index];
	struct dut_spec *spec = &run->specs[index];
	int err = parse_spec(run->s, &run->options, h, spec, e);
	if (err || !can_run(run, index))
		return err;
	struct dut_interface interfaces[SCN_MAX_INTERFACES];
	struct dut_route *routes = calloc(h->n_routes + 1, sizeof(*routes));
	if (!routes)
		return -ENOMEM;
	for (unsigned i = 0; i < h->n_interfaces; i++)
		interfaces[i] = h->interfaces[i].dut;
	for (unsigned i = 0; i < h->n_routes; i++)
		routes[i] = h->routes[i].dut;
	struct dut_config config = { .abi = DUT_ABI,
		.name = h->name,
		.seed = run->seed,
		.layers = spec->layers,
		.router = h->router,
		.n_interfaces = h->n_interfaces,
		.n_routes = h->n_routes,
		.n_options = spec->n_options,
		.interfaces = interfaces,
		.routes = routes,
		.options = spec->options };
	const char *why = NULL;
	err = host_create(run->w, spec->ops, &config, &run->hosts[index], &why);
	free(routes);
	if (err == -ENOSYS || err == -ENOSPC) {
		snprintf(run->skip, sizeof(run->skip), "host %s: %.60s: %.100s", h->name, spec->text,
			err == -ENOSPC ? "more hosts than it can have in one process"
			: why          ? why
				       : "not available");
		return 0;
	}
	if (err == -EINVAL && !spec->n_options) { /* not the user's options: it cannot be such a host */
		snprintf(run->skip, sizeof(run->skip), "host %s: %.150s", h->name, why ? why : "the stack refuses its configuration");
		return 0;
	}
	if (err == -EINVAL) {
		char line[300];
		snprintf(line, sizeof(line), "host %s: stack %.100s: %s", h->name, spec->text, why ? why : "refuses its configuration");
		return bad_stack(run->s, &run->options, h, line, e);
	}
	return err;
}

static int join(struct run *run, unsigned index)
{
	const struct scn_link *l = &run->s->links[index];
	run->links[index] = link_create(run->w, l->name, l->kind);
	int err = run->links[index] ? 0 : -ENOMEM;
	for (unsigned e = 0; e < l->n_ends && !err; e++)
		err = host_attach(run->hosts[l->ends[e].host], l->ends[e].interface, run->links[index]);
	for (unsigned i = 0; i < l->n_impairs && !err; i++)
		err = run_apply_impair(run, index, &l->impairs[i]);
	if (!err && l->groups)
		err = run_apply_groups(run, index, l->groups);
	return err;
}

char *run_pcap_path(const struct scenario *s, const char *dir, const struct scn_link *l, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s/%s-%s.pcap", dir, s->id, l->name);
	return buf;
}

static int open_pcap(struct run *run, unsigned index, struct scn_error *e)
{
	char path[4096];
	run_pcap_path(run->s, run->options.pcap_dir, &run->s->links[index], path, sizeof(path));
	run->pcaps[index] = tap_pcap_open(run->links[index], NULL, path, e->text);
	return run->pcaps[index] ? 0 : -EIO;
}

int run_build(struct run *run, struct scn_error *e)
{
	const struct scenario *s = run->s;
	run->w = world_create(run->seed);
	run->specs = calloc(s->n_hosts, sizeof(*run->specs));
	run->hosts = calloc(s->n_hosts, sizeof(struct host *));
	run->links = calloc(s->n_links, sizeof(struct link *));
	run->taps = calloc(s->n_links, sizeof(*run->taps));
	run->pcaps = calloc(s->n_links, sizeof(struct tap_pcap *));
	if (!run->w || !run->specs || !run->hosts || !run->links || !run->taps || !run->pcaps)
		return -ENOMEM;
	int err = 0;
	for (unsigned h = 0; h < s->n_hosts && !err && !run->skip[0]; h++)
		err = create_host(run, h, e);
	if (run->skip[0])
		return 0;
	for (unsigned l = 0; l < s->n_links && !err; l++)
		err = join(run, l);
	for (unsigned l = 0; l < s->n_links && !err && run->options.pcap_dir; l++)
		err = open_pcap(run, l, e);
	return err;
}
