/* SPDX-License-Identifier: ISC */
/* Any bytes as a capture file: no crash, no endless loop, every error one line, every byte handed out readable. */
#include "sim/pcap/capture.h"
#include "stack/base/fuzz.h"

#include <string.h>

static void read_all(struct capture_reader *r, size_t size)
{
	struct capture_frame f;
	char error[CAPTURE_ERROR_MAX] = "";
	volatile uint8_t last = 0;
	uint64_t frames = 0;
	int got;
	while ((got = capture_next(r, &f, error)) == 1) {
		frames++;
		if (f.len)
			last = f.bytes[f.len - 1];
		MUST(f.number == frames && f.wire_len >= f.len && frames <= size);
	}
	MUST(got >= 0 || (error[0] && !strchr(error, '\n')));
	(void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CAPTURE_ERROR_MAX] = "";
	if (!size)
		return 0;
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
	if (!file)
		return 0;
	struct capture_reader *r = capture_open_stream(file, "fuzz", error);
	if (r)
		read_all(r, size);
	else
		MUST(error[0] && !strchr(error, '\n'));
	capture_close(r);
	return 0;
}
