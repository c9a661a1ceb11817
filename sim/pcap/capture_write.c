/* SPDX-License-Identifier: ISC */
/* Writing captures: little-endian pcap with nanosecond stamps, by hand, so that the bytes are the same on every machine. */
#include "sim/pcap/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_MAGIC UINT32_C(0xa1b23c4d)
#define LINKTYPE_ETHERNET 1u
#define SNAP_LEN 262144u
#define BUFFER_BYTES 65536u

struct capture_writer {
	FILE *file;
	char *path;
	char *part;   /* NULL: path is a device or pipe, written in place */
	int failed;   /* errno of the first write that failed */
};

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put_all(struct capture_writer *w, const void *bytes, size_t len)
{
	if (!w->failed && fwrite(bytes, 1, len, w->file) != len)
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

static void writer_free(struct capture_writer *w)
{
	if (w->file)
		fclose(w->file);
	free(w->path);
	free(w->part);
	free(w);
}

static int open_file(struct capture_writer *w, const char *path)
{
	struct stat st;
	bool exists = stat(path, &st) == 0;
	if (exists && S_ISDIR(st.st_mode))
		return -EISDIR;
	w->path = strdup(path);
	if (!w->path)
		return -ENOMEM;
	if ((!exists || S_ISREG(st.st_mode)) && asprintf(&w->part, "%s.part", path) < 0) {
		w->part = NULL;
		return -ENOMEM;
	}
	w->file = fopen(w->part ? w->part : path, "wb");
	if (!w->file)
		return -errno;
	setvbuf(w->file, NULL, _IOFBF, BUFFER_BYTES);
	return 0;
}

struct capture_writer *capture_create(const char *path, char error[CAPTURE_ERROR_MAX])
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int err = w ? open_file(w, path) : -ENOMEM;
	if (err < 0) {
		snprintf(error, CAPTURE_ERROR_MAX, "%.160s: cannot be written: %s", path, strerror(-err));
		if (w)
			writer_free(w);
		return NULL;
	}
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
	if (fflush(w->file) != 0 && !w->failed)
		w->failed = errno;
	if (fclose(w->file) != 0 && !w->failed)
		w->failed = errno;
	w->file = NULL;
	if (!w->failed && w->part && rename(w->part, w->path) != 0)
		w->failed = errno;
	int err = w->failed ? -EIO : 0;
	if (err < 0) {
		snprintf(error, CAPTURE_ERROR_MAX, "%.160s: cannot be written: %s", w->path, strerror(w->failed));
		if (w->part)
			unlink(w->part);
	}
	writer_free(w);
	return err;
}

void capture_discard(struct capture_writer *w)
{
	if (!w)
		return;
	if (w->part)
		unlink(w->part);
	writer_free(w);
}
