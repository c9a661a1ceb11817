/* SPDX-License-Identifier: ISC */
/* A capture held in memory, its stamps turned into virtual times that never go back. */
#ifndef SIM_REPLAY_TRACE_H
#define SIM_REPLAY_TRACE_H

#include "sim/pcap/capture.h"

/* No timer of a stack waits longer: a gap between two frames beyond it is shortened to it. */
#define TRACE_GAP_MAX_NS (UINT64_C(86400) * 1000000000)
/* The longest frame that is replayed: one that still fits a packet buffer with its headroom. */
#define TRACE_FRAME_MAX 65664

struct trace_frame {
	uint64_t number;     /* in the capture, from 1 */
	uint64_t at_ns;      /* since the first frame; ascending */
	uint64_t epoch_ns;   /* added to at_ns: the capture's own time */
	size_t start;        /* of the bytes, see trace_bytes() */
	uint32_t len;        /* bytes held, 802.1Q tags taken off */
	bool cut;            /* the snap length kept part of it */
	bool synthetic_link; /* the Ethernet header was made up by the reader */
};

struct trace {
	char link_type[32];
	size_t n_frames;
	struct trace_frame *frames;
	uint64_t records;     /* in the file; more than n_frames when some cannot be replayed: */
	uint64_t unsupported; /* neither IP nor ARP in a link type without Ethernet addresses */
	uint64_t oversize;    /* longer than TRACE_FRAME_MAX */
	uint64_t too_short;   /* shorter than an Ethernet header */
	uint64_t cut;         /* among frames */
	uint64_t tagged;      /* 802.1Q tags taken off */
	uint64_t backward;    /* stamps before that of the frame ahead of them: replayed at the same time as that */
	uint64_t gaps;        /* shortened to TRACE_GAP_MAX_NS */
	uint8_t *bytes;       /* all frames */
	size_t n_bytes, frames_cap, bytes_cap;
};

/* Reads the whole capture. 0; -EBADMSG or -ENOMEM with one line in error, nothing held. "-" is standard input. */
int trace_load(struct trace *t, const char *path, char error[CAPTURE_ERROR_MAX]);
void trace_free(struct trace *t);

static inline const uint8_t *trace_bytes(const struct trace *t, const struct trace_frame *f)
{
	return t->bytes + f->start;
}

#endif
