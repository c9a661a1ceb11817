/* SPDX-License-Identifier: ISC */
#include "sim/link/tap_pcap.h"

#include <stdlib.h>

struct tap_pcap {
	struct link *l;
	const struct link_port *port; /* NULL: all */
	struct capture_writer *writer;
	uint64_t frames;
};

static void capture(uint64_t now_ns, const struct link_port *port, bool towards_host, const struct buf *frame, const char *drop, void *arg)
{
	struct tap_pcap *t = arg;
	if (drop || (t->port ? t->port != port : towards_host))
		return;
	capture_write(t->writer, now_ns, frame->data, frame->len, frame->len); /* finish tells of failures */
	t->frames++;
}

struct tap_pcap *tap_pcap_open(struct link *l, const struct link_port *port, const char *path, char error[CAPTURE_ERROR_MAX])
{
	struct capture_writer *writer = capture_create(path, error);
	if (!writer)
		return NULL;
	struct tap_pcap *t = malloc(sizeof(*t));
	if (!t || link_tap(l, capture, t) < 0) {
		snprintf(error, CAPTURE_ERROR_MAX, "%.160s: out of memory", path);
		capture_discard(writer);
		free(t);
		return NULL;
	}
	*t = (struct tap_pcap){ .l = l, .port = port, .writer = writer };
	return t;
}

int tap_pcap_finish(struct tap_pcap *t, char error[CAPTURE_ERROR_MAX])
{
	link_untap(t->l, capture, t);
	int err = capture_finish(t->writer, error);
	free(t);
	return err;
}

void tap_pcap_discard(struct tap_pcap *t)
{
	if (!t)
		return;
	link_untap(t->l, capture, t);
	capture_discard(t->writer);
	free(t);
}

uint64_t tap_pcap_frames(const struct tap_pcap *t)
{
	return t->frames;
}
