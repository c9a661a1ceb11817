/* SPDX-License-Identifier: ISC */
/* Writing captures: little-endian pcap with nanosecond stamps, by hand, so that the bytes are the same on every machine. */
#include "sim/cli/output.h"
#include "sim/pcap/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_MAGIC UINT32_C(0xa1b23c4d)
#define LINKTYPE_ETHERNET 1u
#define SNAP_LEN 262144u
#define BUFFER_BYTES 65536u

struct capture_writer {
	struct output out;
	int failed; /* errno of the first write that failed */
};

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put_all(struct capture_writer *w, const void *bytes, size_t len)
{
	if (!w->failed && fwrite(bytes, 1, len, w->out.file) != len)
		w->failed = errno ? errno : EIO;
}

static void put_file_header(struct capture_writer *w)
{
	uint8_t h[24] = { [4] = 2, [6] = 4 }; /* version 2.4 */
	put_le32(h, NS_MAGIC);
	put_le32(h + 16, SNAP_LEN);
	put_le32(h + 20, LINKTYPE_ETHERNET);
	put_all(w, h, sizeof(h));
}

struct capture_writer *capture_create(const char *path, char error[CAPTURE_ERROR_MAX])
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int err = w ? output_open(&w->out, path) : -ENOMEM;
	if (err < 0) {
		snprintf(error, CAPTURE_ERROR_MAX, "%.160s: cannot be written: %s", path, strerror(-err));
		free(w);
		return NULL;
	}
	setvbuf(w->out.file, NULL, _IOFBF, BUFFER_BYTES);
	put_file_header(w);
	return w;
}

int capture_write(struct capture_writer *w, uint64_t time_ns, const uint8_t *frame, size_t len, size_t wire_len)
{
	uint8_t h[16];
	size_t kept = len < SNAP_LEN ? len : SNAP_LEN;
	put_le32(h, (uint32_t)(time_ns / 1000000000));
	put_le32(h + 4, (uint32_t)(time_ns % 1000000000));
	put_le32(h + 8, (uint32_t)kept);
	put_le32(h + 12, (uint32_t)(wire_len > len ? wire_len : len));
	put_all(w, h, sizeof(h));
	put_all(w, frame, kept);
	return w->failed ? -EIO : 0;
}

int capture_finish(struct capture_writer *w, char error[CAPTURE_ERROR_MAX])
{
	char name[160];
	int err = -w->failed;
	snprintf(name, sizeof(name), "%s", w->out.path ? w->out.path : "standard output");
	if (err)
		output_discard(&w->out);
	else
		err = output_finish(&w->out);
	if (err)
		snprintf(error, CAPTURE_ERROR_MAX, "%s: cannot be written: %s", name, strerror(-err));
	free(w);
	return err ? -EIO : 0;
}

void capture_discard(struct capture_writer *w)
{
	if (!w)
		return;
	output_discard(&w->out);
	free(w);
}
