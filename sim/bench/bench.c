/* SPDX-License-Identifier: ISC */
/*
 * make bench: measures everything several times in turn, prints the medians and writes them, with every run, as JSON.
 * The measurements take turns so that a machine that slows down slows all of them.
 */
#include "sim/bench/bench.h"
#include "sim/cli/cli.h"
#include "sim/cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MB 1e6

struct measurement {
	const char *name, *stack, *what;
	bench_fn *fn;
	struct bench_run runs[BENCH_MAX_RUNS];
	int err;
	char reason[BENCH_REASON_MAX];
};

enum { WORLD, BOUND, STREAM_DIRECT, STREAM_LWIP, CONFORM, REPLAY, N_MEASUREMENTS };

static const struct measurement measurements[N_MEASUREMENTS] = {
	[WORLD] = { "world", "", "the bare world", bench_world, { { 0 } }, 0, "" },
	[BOUND] = { "bound", "", "memcpy and two checksums", bench_bound, { { 0 } }, 0, "" },
	[STREAM_DIRECT] = { "stream.direct", "direct", "TCP stream, two direct hosts", bench_stream, { { 0 } }, 0, "" },
	[STREAM_LWIP] = { "stream.lwip", "lwip", "TCP stream, two lwip hosts", bench_stream, { { 0 } }, 0, "" },
	[CONFORM] = { "conform", "direct", "plumbline conform", bench_conform, { { 0 } }, 0, "" },
	[REPLAY] = { "replay", "direct", "plumbline replay, open loop", bench_replay, { { 0 } }, 0, "" },
};

/* What is reported of a measurement: the median over its runs of a figure of one run. */
typedef double figure_fn(const struct bench_run *r);

static double per_cpu_s(const struct bench_run *r)
{
	return (double)r->amount / r->cpu_s;
}
static double per_s(const struct bench_run *r)
{
	return (double)r->amount / r->wall_s;
}
static double mb_per_cpu_s(const struct bench_run *r)
{
	return (double)r->amount / MB / r->cpu_s;
}
static double ns_per_segment(const struct bench_run *r)
{
	return r->cpu_s * 1e9 / (double)r->segments;
}
static double ns_per_full_segment(const struct bench_run *r)
{
	return r->cpu_s * 1e9 / ((double)r->amount / BENCH_SEGMENT);
}

static const struct figure {
	int of;
	const char *name, *unit;
	figure_fn *fn;
} figures[] = {
	{ WORLD, "world.events", "events/CPU-s", per_cpu_s },
	{ BOUND, "bound.rate", "MB/CPU-s", mb_per_cpu_s },
	{ BOUND, "bound.segment", "ns/segment", ns_per_full_segment },
	{ STREAM_DIRECT, "stream.direct.rate", "MB/CPU-s", mb_per_cpu_s },
	{ STREAM_DIRECT, "stream.direct.segment", "ns/segment", ns_per_segment },
	{ STREAM_LWIP, "stream.lwip.rate", "MB/CPU-s", mb_per_cpu_s },
	{ STREAM_LWIP, "stream.lwip.segment", "ns/segment", ns_per_segment },
	{ CONFORM, "conform.cases", "cases/s", per_s },
	{ CONFORM, "conform.cases_cpu", "cases/CPU-s", per_cpu_s },
	{ REPLAY, "replay.packets", "packets/s", per_s },
	{ REPLAY, "replay.packets_cpu", "packets/CPU-s", per_cpu_s },
};
#define N_FIGURES (sizeof(figures) / sizeof(figures[0]))

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const struct measurement *all, const struct figure *f, unsigned runs)
{
	double v[BENCH_MAX_RUNS];
	for (unsigned i = 0; i < runs; i++)
		v[i] = f->fn(&all[f->of].runs[i]);
	qsort(v, runs, sizeof(v[0]), ascending);
	return runs % 2 ? v[runs / 2] : (v[runs / 2 - 1] + v[runs / 2]) / 2;
}

static const struct figure *find(const char *name)
{
	for (size_t i = 0; i < N_FIGURES; i++) {
		if (!strcmp(figures[i].name, name))
			return &figures[i];
	}
	abort();
}

/* --- ratios ------------------------------------------------------------------------------- */

static const struct {
	const char *name, *what, *of, *to;
} ratios[] = {
	{ "ratio.direct_to_lwip", "direct to lwip", "stream.direct.rate", "stream.lwip.rate" },
	{ "ratio.direct_to_bound", "direct to memcpy and two checksums", "stream.direct.rate", "bound.rate" },
	{ "ratio.lwip_to_bound", "lwip to memcpy and two checksums", "stream.lwip.rate", "bound.rate" },
};
#define N_RATIOS (sizeof(ratios) / sizeof(ratios[0]))

static bool ratio(const struct measurement *all, size_t i, unsigned runs, double *value)
{
	const struct figure *of = find(ratios[i].of), *to = find(ratios[i].to);
	if (all[of->of].err || all[to->of].err)
		return false;
	*value = median(all, of, runs) / median(all, to, runs);
	return true;
}

/* --- output ------------------------------------------------------------------------------- */

static void print_number(double v)
{
	if (v >= 100)
		printf("%14.0f", v);
	else
		printf("%14.2f", v);
}

static void print_table(const struct measurement *all, unsigned runs)
{
	printf("\n%-34s %14s  %s\n", "", "median", "unit");
	for (size_t i = 0; i < N_FIGURES; i++) {
		const struct measurement *m = &all[figures[i].of];
		bool first = i == 0 || figures[i - 1].of != figures[i].of;
		if (m->err && !first)
			continue;
		printf("%-34s ", first ? m->what : "");
		if (m->err) {
			printf("%14s  %s\n", "-", m->reason);
			continue;
		}
		print_number(median(all, &figures[i], runs));
		printf("  %s\n", figures[i].unit);
	}
	for (size_t i = 0; i < N_RATIOS; i++) {
		double v;
		if (ratio(all, i, runs, &v))
			printf("%-34s %14.2f  times\n", ratios[i].what, v);
	}
}

static void write_figure(const struct measurement *all, FILE *f, const struct figure *g, unsigned runs)
{
	fprintf(f, "    {\"name\":\"%s\",\"unit\":\"%s\",\"median\":%.6g,\"runs\":[", g->name, g->unit, median(all, g, runs));
	for (unsigned i = 0; i < runs; i++)
		fprintf(f, "%s%.6g", i ? "," : "", g->fn(&all[g->of].runs[i]));
	fprintf(f, "]}");
}

static void write_json(const struct measurement *all, FILE *f, const struct bench_options *o, unsigned runs)
{
	const char *comma = "";
	fprintf(f, "{\n  \"schema\":\"plumbline.bench/1\",\n  \"version\":\"%s\",\n  \"runs\":%u,\n", PLUMBLINE_VERSION, runs);
	fprintf(f, "  \"stream_bytes\":%llu,\n  \"figures\":[\n", (unsigned long long)o->stream_bytes);
	for (size_t i = 0; i < N_FIGURES; i++) {
		if (all[figures[i].of].err)
			continue;
		fputs(comma, f);
		write_figure(all, f, &figures[i], runs);
		comma = ",\n";
	}
	for (size_t i = 0; i < N_RATIOS; i++) {
		double v;
		if (ratio(all, i, runs, &v))
			fprintf(f, "%s    {\"name\":\"%s\",\"unit\":\"times\",\"median\":%.4g}", comma, ratios[i].name, v);
	}
	fputs("\n  ]\n}\n", f);
}

static void save(const struct measurement *all, const char *path, const struct bench_options *o, unsigned runs)
{
	struct output out;
	int err = output_open(&out, path);
	if (!err) {
		write_json(all, out.file, o, runs);
		err = output_finish(&out);
	}
	if (err)
		cli_die("%s: cannot be written: %s", path, strerror(-err));
	printf("\nwritten: %s\n", path);
}

/* --- running ------------------------------------------------------------------------------ */

static void run_all(struct measurement *all, const struct bench_options *o, unsigned runs)
{
	for (unsigned round = 0; round < runs; round++) {
		for (int i = 0; i < N_MEASUREMENTS; i++) {
			struct measurement *m = &all[i];
			if (m->err)
				continue;
			m->err = m->fn(o, m->stack, &m->runs[round], m->reason);
			fprintf(stderr, "bench: %u/%u %-14s %s\n", round + 1, runs, m->name, m->err ? m->reason : "");
		}
	}
}

static const char help[] = "usage: plumbline bench [OPTION…]\n"
			   "Measures what things cost, each several times in turn, and prints the medians.\n"
			   "\n"
			   "  --runs N     how often (default 5)\n"
			   "  --bytes N    length of the TCP streams (default 268435456)\n"
			   "  --json FILE  where figures and runs go (default build/bench.json)\n"
			   "  --bin DIR    where the programs are (default: beside this one)\n"
			   "  --tmp DIR    for captures and result files (default /tmp)\n"
			   "  --help  --version\n"
			   "\n"
			   "Exit status: 0 everything was measured, 1 something could not be, 2 bad usage.\n";

enum { OPTION_RUNS = CLI_FIRST_OPTION, OPTION_BYTES, OPTION_JSON, OPTION_BIN, OPTION_TMP };

static const struct option longs[] = {
	CLI_COMMON_OPTIONS,
	{ "runs", required_argument, NULL, OPTION_RUNS },
	{ "bytes", required_argument, NULL, OPTION_BYTES },
	{ "json", required_argument, NULL, OPTION_JSON },
	{ "bin", required_argument, NULL, OPTION_BIN },
	{ "tmp", required_argument, NULL, OPTION_TMP },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	struct bench_options o = { .stream_bytes = 256 << 20, .events = 5000000, .replay_bytes = 16 << 20, .tmp = "/tmp" };
	const char *json = "build/bench.json";
	static struct measurement all[N_MEASUREMENTS];
	char folder[PATH_MAX], tmp[512];
	unsigned runs = 5;
	cli_folder(folder);
	o.bin = folder;
	for (int c; (c = cli_getopt(argc, argv, longs, help)) != -1;) {
		switch (c) {
		case OPTION_RUNS:
			runs = cli_unsigned("--runs", optarg, 1, BENCH_MAX_RUNS);
			break;
		case OPTION_BYTES:
			o.stream_bytes = cli_u64("--bytes", optarg);
			break;
		case OPTION_JSON:
			json = optarg;
			break;
		case OPTION_BIN:
			o.bin = optarg;
			break;
		case OPTION_TMP:
			o.tmp = optarg;
			break;
		}
	}
	if (optind < argc)
		cli_die("'%s': no arguments expected", argv[optind]);
	cli_check_output_file("--json", json);
	snprintf(tmp, sizeof(tmp), "%s/plumbline-bench-XXXXXX", o.tmp);
	if (!mkdtemp(tmp))
		cli_die("--tmp: %s: %s", tmp, strerror(errno));
	o.tmp = tmp;
	memcpy(all, measurements, sizeof(all));
	run_all(all, &o, runs);
	print_table(all, runs);
	save(all, json, &o, runs);
	char capture[600];
	snprintf(capture, sizeof(capture), "%s/bench.pcap", tmp);
	unlink(capture);
	rmdir(tmp);
	for (int i = 0; i < N_MEASUREMENTS; i++) {
		if (all[i].err)
			cli_exit(CLI_UNEXPECTED);
	}
	cli_exit(CLI_OK);
}
