/* SPDX-License-Identifier: ISC */
#include "sim/replay/trace.h"

#include "stack/wire/eth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for need elements in an array of *cap. */
static int grow(void **array, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return 0;
	size_t n = *cap ? *cap * 2 : 1024;
	while (n < need)
		n *= 2;
	void *p = realloc(*array, n * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*cap = n;
	return 0;
}

/* Places the frame in time behind the one before it. */
static void stamp(struct trace *t, struct trace_frame *f, uint64_t time_ns)
{
	if (!t->n_frames) {
		f->epoch_ns = time_ns;
		return;
	}
	const struct trace_frame *before = &t->frames[t->n_frames - 1];
	uint64_t previous_ns = before->at_ns + before->epoch_ns;
	uint64_t gap_ns = time_ns > previous_ns ? time_ns - previous_ns : 0;
	f->epoch_ns = before->epoch_ns;
	if (time_ns < previous_ns)
		t->backward++;
	if (gap_ns > TRACE_GAP_MAX_NS) {
		t->gaps++;
		f->epoch_ns += gap_ns - TRACE_GAP_MAX_NS;
		gap_ns = TRACE_GAP_MAX_NS;
	}
	f->at_ns = before->at_ns + gap_ns;
}

/* Copies the frame as an untagged port would receive it. */
static void copy_untagged(struct trace *t, struct trace_frame *f, const struct capture_frame *c)
{
	uint8_t *to = t->bytes + t->n_bytes;
	size_t skip = 0;
	while (c->len >= ETH_HDR_LEN + skip + VLAN_TAG_LEN && get_be16(c->bytes + 12 + skip) == ETHERTYPE_VLAN)
		skip += VLAN_TAG_LEN;
	t->tagged += skip > 0;
	memcpy(to, c->bytes, 12);
	memcpy(to + 12, c->bytes + 12 + skip, c->len - 12 - skip);
	f->start = t->n_bytes;
	f->len = (uint32_t)(c->len - skip);
	t->n_bytes += f->len;
}

static int add(struct trace *t, const struct capture_frame *c)
{
	t->records++;
	if (c->unsupported) {
		t->unsupported++;
		return 0;
	}
	if (c->len > TRACE_FRAME_MAX) {
		t->oversize++;
		return 0;
	}
	if (c->len < ETH_HDR_LEN) {
		t->too_short++;
		return 0;
	}
	if (grow((void **)&t->frames, &t->frames_cap, t->n_frames + 1, sizeof(*t->frames)) < 0 ||
		grow((void **)&t->bytes, &t->bytes_cap, t->n_bytes + c->len, 1) < 0)
		return -ENOMEM;
	struct trace_frame f = { .number = c->number, .cut = c->wire_len > c->len, .synthetic_link = c->synthetic_link };
	t->cut += f.cut;
	stamp(t, &f, c->time_ns);
	copy_untagged(t, &f, c);
	t->frames[t->n_frames++] = f;
	return 0;
}

int trace_load(struct trace *t, const char *path, char error[CAPTURE_ERROR_MAX])
{
	*t = (struct trace){ 0 };
	struct capture_reader *reader = capture_open(path, error);
	if (!reader)
		return -EBADMSG;
	struct capture_frame c;
	int got;
	while ((got = capture_next(reader, &c, error)) == 1) {
		if (add(t, &c) < 0) {
			snprintf(error, CAPTURE_ERROR_MAX, "%.200s: frame %llu: out of memory", path, (unsigned long long)c.number);
			got = -ENOMEM;
			break;
		}
	}
	snprintf(t->link_type, sizeof(t->link_type), "%s", capture_link_type(reader));
	capture_close(reader);
	if (got < 0)
		trace_free(t);
	return got;
}

void trace_free(struct trace *t)
{
	free(t->frames);
	free(t->bytes);
	*t = (struct trace){ 0 };
}
