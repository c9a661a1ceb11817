/* SPDX-License-Identifier: ISC */
/* plumbline replay: captured traffic against a stack under test. */
#include "sim/cli/cli.h"
#include "sim/replay/replay.h"
#include "sim/results/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: plumbline replay [OPTION]... CAPTURE...\n"
			   "\n"
			   "Puts the stack under test in the place of one recorded host, hands it at the recorded times what was sent to\n"
			   "that host, and tells per layer what it accepted, answered and dropped, by reason and frame number.\n"
			   "\n"
			   "  --mode open       the recorded peers' frames are sent as they are (the only mode yet)\n"
			   "  --as WHO          the host: client, server, both (one replay in each place) or an IPv4 address;\n"
			   "                    without it, the server that most was sent to\n"
			   "  --stack V         the stack (default direct); plumbline stacks lists them\n"
			   "  --seed N          seed of all randomness (default 1)\n"
			   "  --pcap DIR        write what the stack sent to DIR/CAPTURE.WHO.pcap\n"
			   "  --results FILE    write results as JSON lines (-: to standard output, the summary to standard error)\n"
			   "  --list-hosts      show who speaks in the captures, and stop\n"
			   "  --help, --version\n"
			   "\n"
			   "Exit status: 0 every capture was replayed or had nothing for the stack; 2 bad usage, or a capture that cannot be read;\n"
			   "77 nothing at all was replayed.\n";

enum { OPTION_MODE = CLI_FIRST_OPTION, OPTION_AS, OPTION_STACK, OPTION_SEED, OPTION_PCAP, OPTION_RESULTS, OPTION_LIST_HOSTS };

static const struct option longs[] = {
	CLI_COMMON_OPTIONS,
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "as", required_argument, NULL, OPTION_AS },
	{ "stack", required_argument, NULL, OPTION_STACK },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "pcap", required_argument, NULL, OPTION_PCAP },
	{ "results", required_argument, NULL, OPTION_RESULTS },
	{ "list-hosts", no_argument, NULL, OPTION_LIST_HOSTS },
	{ 0 },
};

struct replay_command {
	const char *as;      /* NULL: the busiest */
	struct ip_addr addr; /* when as is an address */
	const char *stack_text, *pcap_dir, *results_path;
	struct dut_spec stack;
	uint64_t seed;
	bool list_hosts;
	char **files;
	int n_files;
	struct results *results;
	struct results_counts counts;
	bool bad_input;
};

static void set_as(struct replay_command *c, const char *text)
{
	c->as = text;
	if (!strcmp(text, "client") || !strcmp(text, "server") || !strcmp(text, "both"))
		return;
	if (ip_parse_str(&c->addr, text) < 0)
		cli_die("--as %s: expected client, server, both or an address", text);
	if (c->addr.family != 4)
		cli_die("--as %s: IPv6 hosts cannot be replaced yet; expected client, server, both or an IPv4 address", text);
}

static void set_mode(const char *text)
{
	if (!strcmp(text, "closed"))
		cli_die("--mode closed: not yet; expected open");
	if (strcmp(text, "open"))
		cli_die("--mode %s: expected open", text);
}

static void parse(struct replay_command *c, int argc, char **argv)
{
	char why[256];
	int option;
	while ((option = cli_getopt(argc, argv, longs, help)) >= 0) {
		switch (option) {
		case OPTION_MODE:
			set_mode(optarg);
			break;
		case OPTION_AS:
			set_as(c, optarg);
			break;
		case OPTION_STACK:
			c->stack_text = optarg;
			break;
		case OPTION_SEED:
			c->seed = cli_seed("--seed", optarg);
			break;
		case OPTION_PCAP:
			c->pcap_dir = optarg;
			break;
		case OPTION_RESULTS:
			c->results_path = optarg;
			break;
		case OPTION_LIST_HOSTS:
			c->list_hosts = true;
			break;
		}
	}
	c->files = argv + optind;
	c->n_files = argc - optind;
	if (!c->n_files)
		cli_die("expected at least one capture (see --help)");
	if (!c->list_hosts && dut_spec_parse(&c->stack, c->stack_text, why, sizeof(why)) < 0)
		cli_die("--stack %s: %s", c->stack_text, why);
}

/* --- names ------------------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!strcmp(path, "-"))
		return "stdin";
	return slash ? slash + 1 : path;
}

/* How many captures before this one have the same name: they get a number, so that none overwrites another's answers. */
static int namesakes(const struct replay_command *c, int index)
{
	int n = 0;
	for (int i = 0; i < index; i++)
		n += !strcmp(base_name(c->files[i]), base_name(c->files[index]));
	return n;
}

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	va_list args;
	char *s;
	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		cli_die("out of memory");
	va_end(args);
	return s;
}

/* --as is given as typed, so that a rerun picks the same host. */
static char *rerun_command(const struct replay_command *c, const char *role, const char *file)
{
	char *seed = format("%llu", (unsigned long long)c->seed), *as = format("--as=%s", role);
	char *argv[] = { "replay", "--stack", (char *)c->stack.text, "--seed", seed, as, (char *)file };
	char *s = cli_must(results_rerun(sizeof(argv) / sizeof(argv[0]), argv));
	free(seed);
	free(as);
	return s;
}

/* --- one replay ----------------------------------------------------------------------------------------- */

static void tell(struct replay_command *c, const struct replay_title *title, const struct replay_request *q, const struct replay_result *r)
{
	replay_print(stdout, title, q, r);
	putchar('\n');
	results_write(c->results, replay_json(title, q, r));
	*(r->outcome == REPLAY_PASS ? &c->counts.passed : r->outcome == REPLAY_SKIP ? &c->counts.skipped : &c->counts.errors) += 1;
}

static const char *why_nobody(const struct trace *t, const struct hosts *hs, enum replay_role role)
{
	bool ip6_only = hs->n > 0;
	if (!t->n_frames)
		return "the capture has no frames that could be replayed";
	for (size_t i = 0; i < hs->n; i++)
		ip6_only &= hs->list[i]->addr.family == 6;
	if (ip6_only)
		return "nothing to inject: the capture is IPv6 only, and IPv6 hosts cannot be replaced yet";
	return role == REPLAY_CLIENT   ? "nothing to inject: no IPv4 host is answered as a client"
	       : role == REPLAY_SERVER ? "nothing to inject: no IPv4 host is asked for anything"
				       : "nothing to inject: no IPv4 host is sent anything";
}

/* role: as in the file names; which: what the chosen host is. */
static void replay_one(struct replay_command *c, int index, struct replay_request *q, const char *role, const char *which, const char *why)
{
	const char *file = c->files[index];
	int same = namesakes(c, index);
	char *name = same ? format("%s.%d", base_name(file), same + 1) : format("%s", base_name(file));
	char *id = format("%s:%s", name, role), *rerun = rerun_command(c, role, file);
	char *pcap = c->pcap_dir ? format("%s/%s.%s.pcap", c->pcap_dir, name, role) : NULL;
	struct replay_title title = { .id = id, .file = file, .role = which, .rerun = rerun };
	struct replay_result *r = cli_must(calloc(1, sizeof(*r)));
	q->pcap = pcap;
	int err = 0;
	if (q->host) {
		err = replay_open_loop(q, r);
	} else {
		r->outcome = REPLAY_SKIP;
		snprintf(r->message, sizeof(r->message), "%s", why);
	}
	if (err == -ENOMEM)
		cli_die("%s: out of memory", file);
	if (err == -EIO) {
		cli_warn("%s", r->message);
		c->bad_input = true;
	}
	tell(c, &title, q, r);
	replay_result_free(r);
	free(r);
	free(pcap);
	free(rerun);
	free(id);
	free(name);
}

static void replay_role(struct replay_command *c, int index, struct replay_request *q, enum replay_role role)
{
	static const char *const names[] = { [REPLAY_CLIENT] = "client", [REPLAY_SERVER] = "server" };
	char ip[IP_STRLEN] = "nobody";
	q->host = hosts_choose(q->hosts, role);
	const char *why = q->host ? NULL : why_nobody(q->trace, q->hosts, role);
	if (role == REPLAY_BUSIEST)
		replay_one(c, index, q, q->host ? ip_str(&q->host->addr, ip) : ip,
			q->host && q->host->handshaken ? "the busiest server" : "the busiest host", why);
	else
		replay_one(c, index, q, names[role], role == REPLAY_CLIENT ? "the client" : "the server", why);
}

static void replay_named(struct replay_command *c, int index, struct replay_request *q)
{
	char ip[IP_STRLEN];
	q->host = hosts_get(q->hosts, &c->addr);
	ip_str(&c->addr, ip);
	if (!q->host || hosts_unfit(q->host)) {
		cli_warn("%s: --as %s: %s; --list-hosts shows who can be replaced", c->files[index], ip,
			q->host ? hosts_unfit(q->host) : "no such host in this capture");
		c->bad_input = true;
		return;
	}
	replay_one(c, index, q, ip, "as named", NULL);
}

static void replay_file(struct replay_command *c, int index)
{
	struct trace t;
	struct hosts hs;
	char error[CAPTURE_ERROR_MAX];
	if (trace_load(&t, c->files[index], error) < 0) {
		cli_warn("%s", error);
		c->bad_input = true;
		return;
	}
	if (hosts_find(&hs, &t) < 0)
		cli_die("%s: out of memory", c->files[index]);
	struct replay_request q = { .stack = &c->stack, .seed = c->seed, .trace = &t, .hosts = &hs };
	if (c->list_hosts)
		replay_print_hosts(stdout, c->files[index], &t, &hs);
	else if (c->addr.family)
		replay_named(c, index, &q);
	else if (!c->as)
		replay_role(c, index, &q, REPLAY_BUSIEST);
	if (!c->list_hosts && c->as && (!strcmp(c->as, "client") || !strcmp(c->as, "both")))
		replay_role(c, index, &q, REPLAY_CLIENT);
	if (!c->list_hosts && c->as && (!strcmp(c->as, "server") || !strcmp(c->as, "both")))
		replay_role(c, index, &q, REPLAY_SERVER);
	hosts_free(&hs);
	trace_free(&t);
}

/* --- all of them ----------------------------------------------------------------------------------------- */

/* Why the stack cannot be replayed to at all, NULL when it can. */
static const char *unusable(const struct dut_ops *ops)
{
	const char *why = ops->unavailable ? ops->unavailable() : NULL;
	if (why)
		return why;
	if (!(ops->capabilities() & DUT_CAP_FRAMES))
		return "it takes no frames";
	if (!(ops->capabilities() & DUT_CAP_VIRTUAL_TIME))
		return "it has no virtual clock";
	return ops->capabilities() & DUT_CAP_IPV4 ? NULL : "it has no IPv4";
}

static void open_outputs(struct replay_command *c, int argc, char **argv)
{
	char error[RESULTS_ERROR_MAX];
	if (c->pcap_dir)
		cli_check_output_dir("--pcap", c->pcap_dir);
	if (!c->results_path)
		return;
	cli_check_output_file("--results", c->results_path);
	char *command = cli_must(results_command(argc, argv));
	if (results_open(c->results_path, "replay", c->stack.text, c->seed, command, &c->results, error) < 0)
		cli_die("--results %s", error);
	free(command);
	if (!strcmp(c->results_path, "-"))
		fclose(cli_claim_stdout()); /* the results have their own stream already */
}

static int finish(struct replay_command *c)
{
	const struct results_counts *n = &c->counts;
	char error[RESULTS_ERROR_MAX];
	if (!(n->passed + n->skipped + n->errors)) {
		results_discard(c->results);
		return CLI_USAGE; /* every capture was refused */
	}
	printf("%llu replayed, %llu skipped, %llu failed; stack %s, seed %llu\n", (unsigned long long)n->passed, (unsigned long long)n->skipped,
		(unsigned long long)n->errors, c->stack.text, (unsigned long long)c->seed);
	if (results_end(c->results, n, error) < 0)
		cli_die("--results %s", error);
	if (c->bad_input)
		return CLI_USAGE;
	if (n->errors)
		return CLI_UNEXPECTED;
	return n->passed ? CLI_OK : CLI_SKIPPED;
}

int main(int argc, char **argv)
{
	struct replay_command c = { .stack_text = "direct", .seed = 1 };
	parse(&c, argc, argv);
	const char *why = c.list_hosts ? NULL : unusable(c.stack.ops);
	if (why) {
		cli_warn("stack %s: %s: nothing was replayed", c.stack.text, why);
		cli_exit(CLI_SKIPPED);
	}
	if (!c.list_hosts)
		open_outputs(&c, argc, argv);
	for (int i = 0; i < c.n_files; i++)
		replay_file(&c, i);
	cli_exit(c.list_hosts ? c.bad_input ? CLI_USAGE : CLI_OK : finish(&c));
}
