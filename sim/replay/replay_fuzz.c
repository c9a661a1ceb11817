/* SPDX-License-Identifier: ISC */
/*
 * Any frames as a capture, replayed to this repository's stack in every place there is: no crash, no leak, nothing counted twice.
 * Input: frames of 4 bytes header (length low, length high, milliseconds since the one before, bit 0: no MACs) and their bytes.
 */
#include "sim/replay/replay.h"
#include "stack/base/env.h"
#include "stack/base/fuzz.h"

#include <string.h>

static void cut_into_frames(struct trace *t, const uint8_t *data, size_t size)
{
	uint64_t at_ns = 0;
	t->frames = calloc(size / 4 + 1, sizeof(*t->frames));
	t->bytes = malloc(size + 1);
	MUST(t->frames && t->bytes);
	while (size >= 4) {
		size_t len = data[0] | (size_t)data[1] << 8;
		at_ns += data[2] * NS_PER_MS;
		struct trace_frame f = { .at_ns = at_ns, .start = t->n_bytes, .synthetic_link = data[3] & 1 };
		data += 4;
		size -= 4;
		f.len = (uint32_t)(len < size ? len : size);
		if (f.len >= ETH_HDR_LEN) {
			f.number = t->n_frames + 1;
			memcpy(t->bytes + t->n_bytes, data, f.len);
			t->n_bytes += f.len;
			t->frames[t->n_frames++] = f;
		}
		data += f.len;
		size -= f.len;
	}
	t->records = t->n_frames;
}

static void check(const struct replay_result *r, const struct trace *t)
{
	MUST(r->injected <= t->n_frames);
	for (size_t i = 0; i < r->ledger.n_layers; i++) {
		const struct ledger_layer *x = &r->ledger.layers[i];
		MUST(x->accepted <= r->injected && x->answered <= r->injected);
	}
}

static void replay_to(const struct replay_host *h, const struct trace *t, const struct hosts *hs)
{
	static struct replay_result r;
	struct dut_spec spec;
	char why[256];
	if (!h || dut_spec_parse(&spec, "direct", why, sizeof(why)) < 0)
		return;
	struct replay_request q = { .stack = &spec, .seed = 1, .trace = t, .hosts = hs, .host = h };
	if (replay_open_loop(&q, &r) == 0)
		check(&r, t);
	replay_result_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace t = { 0 };
	struct hosts hs;
	cut_into_frames(&t, data, size);
	MUST(hosts_find(&hs, &t) == 0);
	const struct replay_host *client = hosts_choose(&hs, REPLAY_CLIENT), *busiest = hosts_choose(&hs, REPLAY_BUSIEST);
	replay_to(busiest, &t, &hs);
	if (client != busiest)
		replay_to(client, &t, &hs);
	hosts_free(&hs);
	trace_free(&t);
	return 0;
}
