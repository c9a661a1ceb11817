/* SPDX-License-Identifier: ISC */
#include "sim/dut/variants.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/dut/direct.h"
#include "sim/dut/lwip.h"

const struct dut_ops *const dut_variants[] = { &dut_direct, &dut_lwip, NULL };

/* A layer's name, and what it cannot be without: naming a layer brings those. */
static const struct {
	const char *name;
	unsigned layer, below;
} layers[] = {
	{ "ethernet", DUT_LAYER_ETHERNET, 0 },
	{ "arp", DUT_LAYER_ARP, DUT_LAYER_ETHERNET },
	{ "ipv4", DUT_LAYER_IPV4, DUT_LAYER_ETHERNET | DUT_LAYER_ARP },
	{ "icmpv4", DUT_LAYER_ICMPV4, DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 },
	{ "udp", DUT_LAYER_UDP, DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 },
	{ "tcp", DUT_LAYER_TCP, DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 },
};
#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

const char *dut_layer_name(unsigned layer)
{
	for (size_t i = 0; i < N_LAYERS; i++) {
		if (layers[i].layer == layer)
			return layers[i].name;
	}
	return NULL;
}

struct reason {
	char *text;
	size_t cap;
};

static int refuse(struct reason why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct reason why, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(why.text, why.cap, fmt, args);
	va_end(args);
	return -EINVAL;
}

static int refuse_name(struct reason why, const char *name)
{
	char list[128];
	size_t n = 0;
	for (size_t i = 0; dut_variants[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", dut_variants[i]->name);
	return refuse(why, "unknown stack '%s'; there are: %s", name, list);
}

static int parse_layer(struct dut_spec *spec, char *name, struct reason why)
{
	for (size_t i = 0; i < N_LAYERS; i++) {
		if (!strcmp(name, layers[i].name)) {
			spec->layers |= layers[i].layer | layers[i].below;
			return 0;
		}
	}
	return refuse(why, "stack '%s': unknown layer '%s'; there are: ethernet, arp, ipv4, icmpv4, udp, tcp", spec->text, name);
}

static int parse_option(struct dut_spec *spec, char *text, struct reason why)
{
	char *equals = strchr(text, '=');
	if (!equals || equals == text)
		return refuse(why, "stack '%s': expected key=value behind ':', not '%s'", spec->text, text);
	*equals = '\0';
	for (unsigned i = 0; i < spec->n_options; i++) {
		if (!strcmp(spec->options[i].key, text))
			return refuse(why, "stack '%s': option '%s' is given twice", spec->text, text);
	}
	if (spec->n_options == DUT_SPEC_OPTIONS)
		return refuse(why, "stack '%s': more than %d options", spec->text, DUT_SPEC_OPTIONS);
	spec->options[spec->n_options++] = (struct dut_option){ .key = text, .value = equals + 1 };
	return 0;
}

/* Calls fn for each comma-separated part of list, which is cut up in place. */
static int each(struct dut_spec *spec, char *list, int (*fn)(struct dut_spec *, char *, struct reason), struct reason why)
{
	for (char *part = list, *comma; part; part = comma ? comma + 1 : NULL) {
		comma = strchr(part, ',');
		if (comma)
			*comma = '\0';
		int err = fn(spec, part, why);
		if (err < 0)
			return err;
	}
	return 0;
}

static void ignore_frame(void *arg, unsigned ifindex, const uint8_t *frame, size_t len)
{
	(void)arg;
	(void)ifindex;
	(void)frame;
	(void)len;
}

static void ignore_event(void *arg, int sock)
{
	(void)arg;
	(void)sock;
}

/* Creates a stack with n of the options, on an interface of its own, and destroys it. NULL, or why it would not be created. */
static const char *try_options(const struct dut_spec *spec, const struct dut_option *options, unsigned n)
{
	struct dut_interface eth0 = {
		.mac = { 2 },
		.mtu = 1500,
		.n_addrs = 1,
		.addrs = { { .addr = { .family = 4, .b = { 192, 0, 2, 1 } }, .len = 24 } },
	};
	struct dut_config config = {
		.abi = DUT_ABI,
		.name = "trial",
		.layers = spec->layers,
		.n_interfaces = 1,
		.interfaces = &eth0,
		.n_options = n,
		.options = options,
	};
	struct dut_host host = { .frame_out = ignore_frame, .socket_event = ignore_event };
	const char *why = "out of memory";
	void *dut;
	if (spec->ops->create(&config, &host, &dut, &why) < 0)
		return why;
	spec->ops->destroy(dut);
	return NULL;
}

/* A trial run finds a bad option now, by name, and not in the middle of a run. */
static int check_options(const struct dut_spec *spec, struct reason why)
{
	const char *problem;
	if (spec->ops->unavailable && spec->ops->unavailable())
		return 0; /* whoever uses it will say so */
	for (unsigned i = 0; i < spec->n_options; i++) {
		const struct dut_option *o = &spec->options[i];
		if ((problem = try_options(spec, o, 1)))
			return refuse(why, "stack '%s': option %s=%s: %s", spec->text, o->key, o->value, problem);
	}
	if (spec->n_options > 1 && (problem = try_options(spec, spec->options, spec->n_options)))
		return refuse(why, "stack '%s': %s", spec->text, problem);
	return 0;
}

int dut_spec_parse(struct dut_spec *spec, const char *text, char *why, size_t why_cap)
{
	struct reason reason = { why, why_cap };
	memset(spec, 0, sizeof(*spec));
	if (strlen(text) >= sizeof(spec->text))
		return refuse(reason, "the name of a stack has at most %zu characters", sizeof(spec->text) - 1);
	memcpy(spec->text, text, strlen(text) + 1);
	memcpy(spec->storage, text, strlen(text) + 1);
	char *options = strchr(spec->storage, ':');
	if (options)
		*options++ = '\0';
	char *layer_list = strchr(spec->storage, '+');
	if (layer_list)
		*layer_list++ = '\0';
	for (size_t i = 0; dut_variants[i] && !spec->ops; i++) {
		if (!strcmp(spec->storage, dut_variants[i]->name))
			spec->ops = dut_variants[i];
	}
	if (!spec->ops)
		return refuse_name(reason, spec->storage);
	int err = 0;
	if (layer_list && !(spec->ops->capabilities() & DUT_CAP_LAYERS))
		return refuse(reason, "stack '%s': %s cannot be composed of fewer layers", text, spec->ops->name);
	if (layer_list)
		err = each(spec, layer_list, parse_layer, reason);
	if (!err && options)
		err = each(spec, options, parse_option, reason);
	return err ? err : check_options(spec, reason);
}
