/* SPDX-License-Identifier: ISC */
/*
 * Captures in and out, through libpcap. Reading takes pcap and pcapng of µs or ns stamps and link types Ethernet, raw IP,
 * Linux cooked (v1, v2) and null/loopback; every frame is handed on as Ethernet, with zero addresses where the link type has none.
 * Writing makes nanosecond Ethernet pcaps, byte-identical for identical traffic.
 */
#ifndef SIM_PCAP_CAPTURE_H
#define SIM_PCAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CAPTURE_ERROR_MAX 256

struct capture_reader;

struct capture_frame {
	uint64_t number;      /* 1 is the first, as Wireshark counts */
	uint64_t time_ns;     /* since the epoch; UINT64_MAX when the file's stamp does not fit */
	const uint8_t *bytes; /* an Ethernet frame; valid until the next read */
	size_t len;           /* bytes captured: 0 to 262 158, which is more than a struct buf holds */
	size_t wire_len;      /* bytes on the wire: more than len when cut by the snap length */
	bool synthetic_link;  /* the Ethernet header was made up */
	bool unsupported;     /* not IP or ARP in a link type without Ethernet addresses: bytes and len are the raw record */
};

/* NULL with one line in error: the file and why. "-" is standard input. */
struct capture_reader *capture_open(const char *path, char error[CAPTURE_ERROR_MAX]);
/* The same from an open file, which it closes in any case; name stands for it in messages. */
struct capture_reader *capture_open_stream(FILE *file, const char *name, char error[CAPTURE_ERROR_MAX]);
/* 1: *f is set; 0: end; -EBADMSG with one line in error: file, frame number, what is wrong. Frames before that one were good. */
int capture_next(struct capture_reader *r, struct capture_frame *f, char error[CAPTURE_ERROR_MAX]);
/* "Ethernet", "raw IP", "Linux cooked", … */
const char *capture_link_type(const struct capture_reader *r);
void capture_close(struct capture_reader *r);

struct capture_writer;

/*
 * As sim/cli/output.h: to PATH.part, renamed on success, so no half-written file is left under path; "-" is standard output.
 * NULL with one line in error.
 */
struct capture_writer *capture_create(const char *path, char error[CAPTURE_ERROR_MAX]);
/* time_ns: virtual time becomes seconds since the epoch, modulo 2^32 s. 0 or -EIO; finish says why. */
int capture_write(struct capture_writer *w, uint64_t time_ns, const uint8_t *frame, size_t len, size_t wire_len);
/* Frees the writer. 0; -EIO with one line in error (disk full, …), the partial file removed. */
int capture_finish(struct capture_writer *w, char error[CAPTURE_ERROR_MAX]);
/* Gives up: frees the writer and removes the partial file. NULL is allowed. */
void capture_discard(struct capture_writer *w);

#endif
