/* SPDX-License-Identifier: ISC */
/* `plumbline stacks`: the stacks under test, what each can do, or why it is not available. */
#include "sim/cli/cli.h"
#include "sim/dut/variants.h"

#include <stdio.h>

static const char help[] = "usage: plumbline stacks [NAME…]\n\n"
			   "Lists the stacks under test, or those named: version, clock, how many fit into one process, and capabilities;\n"
			   "or why one is not available here. Give a NAME to --stack of the other programs, alone or as\n"
			   "NAME[+layer[,layer…]][:key=value[,key=value…]]: layers where it has the capability 'layers', and its own options.\n\n"
			   "  --help      this text\n"
			   "  --version   the version of Plumbline\n";

static const struct {
	unsigned cap;
	const char *name;
} capabilities[] = {
	{ DUT_CAP_FRAMES, "frames" },
	{ DUT_CAP_SOCKETS, "sockets" },
	{ DUT_CAP_ROUTER, "router" },
	{ DUT_CAP_TCP_INFO, "tcp-info" },
	{ DUT_CAP_PING, "ping" },
	{ DUT_CAP_RAW, "raw" },
	{ DUT_CAP_PACKET, "packet" },
	{ DUT_CAP_LAYERS, "layers" },
	{ DUT_CAP_COUNTERS, "counters" },
	{ DUT_CAP_IPV4, "ipv4" },
	{ DUT_CAP_IPV6, "ipv6" },
	{ DUT_CAP_TCP, "tcp" },
	{ DUT_CAP_UDP, "udp" },
};

#define ROW "%-8s  %-24s  %-8s  %-11s "

static void print_variant(const struct dut_ops *ops)
{
	const char *why = ops->unavailable ? ops->unavailable() : NULL;
	if (why) {
		printf("%-8s  not available: %s\n", ops->name, why);
		return;
	}
	unsigned caps = ops->capabilities();
	char limit[16] = "any number";
	if (ops->max_instances)
		snprintf(limit, sizeof(limit), "%u", ops->max_instances);
	printf(ROW, ops->name, ops->version(), caps & DUT_CAP_VIRTUAL_TIME ? "virtual" : "wall", limit);
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		if (caps & capabilities[i].cap)
			printf(" %s", capabilities[i].name);
	}
	printf("\n%-8s  %s\n", "", ops->description);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { CLI_COMMON_OPTIONS, { 0 } };
	const struct dut_ops *chosen[64];
	int n = 0;
	while (cli_getopt(argc, argv, longs, help) != -1)
		;
	for (; dut_variants[n] && optind == argc && n < 64; n++)
		chosen[n] = dut_variants[n];
	for (; optind < argc && n < 64; optind++, n++) {
		struct dut_spec spec;
		char why[512];
		if (dut_spec_parse(&spec, argv[optind], why, sizeof(why)) < 0)
			cli_die("%s", why);
		chosen[n] = spec.ops;
	}
	printf(ROW " %s\n", "STACK", "VERSION", "CLOCK", "PER PROCESS", "CAPABILITIES");
	for (int i = 0; i < n; i++)
		print_variant(chosen[i]);
	cli_exit(CLI_OK);
}
