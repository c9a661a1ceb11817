/* SPDX-License-Identifier: ISC */
/*
 * dissect CAPTURE: one line a frame, its number and the fields of fields.h. dissect --emit: the emission table.
 * dissect --golden: the frames of the unit tests as hex, one a line. Exit 2 for bad input.
 */
#include "stack/wire/crosscheck/fields.h"

#include "sim/pcap/capture.h"
#include "stack/wire/golden.h"

#include <stdio.h>

/* Bytes of the IP packet that the snap length cut off. */
static size_t uncaptured(const struct frame *f, const struct capture_frame *record)
{
	if (!f->truncated)
		return 0;
	size_t said = f->layers & FRAME_IP4 ? f->ip4.total_len : IP6_HDR_LEN + (size_t)f->ip6.payload_len;
	size_t missing = said - f->l3_len, cut = record->wire_len - record->len;
	return missing < cut ? missing : cut;
}

static void write_frame(const struct capture_frame *record)
{
	struct frame f = { 0 };
	printf("%llu", (unsigned long long)record->number);
	if (record->unsupported) {
		printf("\t-unsupported=1\n");
		return;
	}
	frame_dissect(&f, record->bytes, record->len);
	if (record->synthetic_link) { /* tshark sees the header that was recorded */
		printf("\t-synthetic=1");
		f.layers &= ~(unsigned)(FRAME_ETH | FRAME_VLAN);
	}
	fields_write(&f, uncaptured(&f, record));
	if (f.truncated)
		printf("\t-truncated=1");
	if (f.error)
		printf("\t-error=%s", f.error);
	printf("\n");
}

static int write_capture(const char *path)
{
	char error[CAPTURE_ERROR_MAX];
	struct capture_reader *r = capture_open(path, error);
	if (!r) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	struct capture_frame record;
	int rc;
	while ((rc = capture_next(r, &record, error)) > 0)
		write_frame(&record);
	if (rc < 0)
		fprintf(stderr, "%s\n", error);
	capture_close(r);
	return rc < 0 ? 2 : 0;
}

static void write_golden(void)
{
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		puts(golden[i].hex);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--emit") == 0) {
		emit_table();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--golden") == 0) {
		write_golden();
		return 0;
	}
	if (argc == 2)
		return write_capture(argv[1]);
	fprintf(stderr, "usage: dissect CAPTURE | --emit | --golden\n");
	return 2;
}
