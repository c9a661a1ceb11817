/* SPDX-License-Identifier: ISC */
#include "sim/pcap/capture.h"
#include "stack/base/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- making files -------------------------------------------------------------------------- */

struct bytes {
	uint8_t b[4096];
	size_t len;
};

static void add(struct bytes *f, const void *p, size_t len)
{
	memcpy(f->b + f->len, p, len);
	f->len += len;
}

static void add32(struct bytes *f, uint32_t v, bool big)
{
	for (int i = 0; i < 4; i++)
		f->b[f->len++] = (uint8_t)(v >> 8 * (big ? 3 - i : i));
}

static void add_header(struct bytes *f, uint32_t magic, bool big, uint32_t snap_len, uint32_t link_type)
{
	add32(f, magic, big);
	add(f, big ? "\0\2\0\4" : "\2\0\4\0", 4);
	add32(f, 0, big);
	add32(f, 0, big);
	add32(f, snap_len, big);
	add32(f, link_type, big);
}

static void add_record(struct bytes *f, bool big, uint32_t seconds, uint32_t fraction, const void *p, size_t len, size_t wire_len)
{
	add32(f, seconds, big);
	add32(f, fraction, big);
	add32(f, (uint32_t)len, big);
	add32(f, (uint32_t)wire_len, big);
	add(f, p, len);
}

#define US_MAGIC 0xa1b2c3d4u
#define NS_MAGIC 0xa1b23c4du

/* A little-endian microsecond file with one record. */
static struct bytes file_of(uint32_t link_type, const void *p, size_t len)
{
	struct bytes f = { .len = 0 };
	add_header(&f, US_MAGIC, false, 65535, link_type);
	add_record(&f, false, 1, 2, p, len, len + 5);
	return f;
}

static struct capture_reader *open_bytes(const struct bytes *f, char error[CAPTURE_ERROR_MAX])
{
	FILE *file = fmemopen((void *)f->b, f->len, "rb");
	ck_assert_ptr_nonnull(file);
	error[0] = '\0';
	return capture_open_stream(file, "mem", error);
}

static struct capture_reader *open_good(const struct bytes *f)
{
	char error[CAPTURE_ERROR_MAX];
	struct capture_reader *r = open_bytes(f, error);
	ck_assert_msg(r != NULL, "%s", error);
	return r;
}

static const uint8_t eth_frame[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1 };

/* --- reading ------------------------------------------------------------------------------- */

static void check_stamp(uint32_t magic, bool big, uint64_t expected_ns)
{
	struct bytes f = { .len = 0 };
	struct capture_frame c;
	char error[CAPTURE_ERROR_MAX];
	add_header(&f, magic, big, 65535, 1);
	add_record(&f, big, 7, 123456, eth_frame, sizeof(eth_frame), 60);
	struct capture_reader *r = open_good(&f);
	ck_assert_int_eq(capture_next(r, &c, error), 1);
	ck_assert_uint_eq(c.time_ns, expected_ns);
	ck_assert_uint_eq(c.number, 1);
	ck_assert_uint_eq(c.len, sizeof(eth_frame));
	ck_assert_uint_eq(c.wire_len, 60);
	ck_assert_mem_eq(c.bytes, eth_frame, sizeof(eth_frame));
	ck_assert(!c.synthetic_link && !c.unsupported);
	ck_assert_int_eq(capture_next(r, &c, error), 0);
	ck_assert_int_eq(capture_next(r, &c, error), 0);
	capture_close(r);
}

START_TEST(micro_and_nanoseconds_in_both_byte_orders)
{
	check_stamp(US_MAGIC, false, 7123456000);
	check_stamp(US_MAGIC, true, 7123456000);
	check_stamp(NS_MAGIC, false, 7000123456);
	check_stamp(NS_MAGIC, true, 7000123456);
}
END_TEST

static void check_link_type(uint32_t link_type, const char *name, const void *record, size_t len, const void *frame, size_t frame_len)
{
	struct bytes f = file_of(link_type, record, len);
	struct capture_frame c;
	char error[CAPTURE_ERROR_MAX];
	struct capture_reader *r = open_good(&f);
	ck_assert_str_eq(capture_link_type(r), name);
	ck_assert_int_eq(capture_next(r, &c, error), 1);
	ck_assert_uint_eq(c.unsupported, frame == NULL);
	if (!frame) {
		frame = record;
		frame_len = len;
	}
	ck_assert_uint_eq(c.len, frame_len);
	ck_assert_uint_eq(c.wire_len, frame_len + 5);
	ck_assert_mem_eq(c.bytes, frame, frame_len);
	ck_assert_uint_eq(c.synthetic_link, !c.unsupported && link_type != 1);
	capture_close(r);
}
/* Records and frames as string literals, without their NUL. */
#define LINK_TYPE(type, name, record, frame) check_link_type(type, name, record, sizeof(record) - 1, frame, sizeof(frame) - 1)
#define NOT_SUPPORTED(type, name, record) check_link_type(type, name, record, sizeof(record) - 1, NULL, 0)

#define NO_ADDRS "\0\0\0\0\0\0\0\0\0\0\0\0"
#define IP4 "\x45\0\0\x14"
#define IP6 "\x60\0\0\0"

START_TEST(raw_ip_becomes_ethernet)
{
	LINK_TYPE(101, "raw IP", IP4, NO_ADDRS "\x08\0" IP4);
	LINK_TYPE(101, "raw IP", IP6, NO_ADDRS "\x86\xdd" IP6);
	NOT_SUPPORTED(101, "raw IP", "\x50\0\0\0");
	NOT_SUPPORTED(101, "raw IP", "");
	LINK_TYPE(228, "raw IPv4", IP4, NO_ADDRS "\x08\0" IP4);
	LINK_TYPE(229, "raw IPv6", IP6, NO_ADDRS "\x86\xdd" IP6);
}
END_TEST

#define SLL(hardware, addr_len, protocol) "\0\4\0" hardware "\0" addr_len "\2\0\0\0\0\x2a\0\0" protocol
#define SLL2(protocol, hardware, addr_len) protocol "\0\0\0\0\0\3\0" hardware "\4" addr_len "\2\0\0\0\0\x2a\0\0"

START_TEST(linux_cooked_becomes_ethernet)
{
	LINK_TYPE(113, "Linux cooked", SLL("\1", "\6", "\x08\0") IP4, "\0\0\0\0\0\0\2\0\0\0\0\x2a\x08\0" IP4);
	LINK_TYPE(113, "Linux cooked", SLL("\1", "\6", "\x08\6") "arp",
		"\0\0\0\0\0\0\2\0\0\0\0\x2a\x08\6"
		"arp");
	LINK_TYPE(113, "Linux cooked", SLL("\1", "\0", "\x86\xdd") IP6, NO_ADDRS "\x86\xdd" IP6);
	NOT_SUPPORTED(113, "Linux cooked", SLL("\1", "\6", "\0\4") "llc");
	NOT_SUPPORTED(113, "Linux cooked", "\0\4\0\1\0\6\2\0\0\0\0\x2a\0\0\x08");         /* a byte short of its header */
	NOT_SUPPORTED(113, "Linux cooked", "\0\4\3\x38\0\6\2\0\0\0\0\x2a\0\0\x08\0" IP4); /* netlink: not an EtherType */
	LINK_TYPE(276, "Linux cooked v2", SLL2("\x08\0", "\1", "\6") IP4, "\0\0\0\0\0\0\2\0\0\0\0\x2a\x08\0" IP4);
	LINK_TYPE(276, "Linux cooked v2", SLL2("\x86\xdd", "\1", "\0") IP6, NO_ADDRS "\x86\xdd" IP6);
	NOT_SUPPORTED(276, "Linux cooked v2", SLL2("\0\4", "\1", "\6") IP4);
	NOT_SUPPORTED(276, "Linux cooked v2", "\x08\0\0\0\0\0\0\3\0\1\4\6\2\0\0\0\0\x2a\0");
}
END_TEST

START_TEST(null_and_loopback_become_ethernet)
{
	LINK_TYPE(0, "null", "\2\0\0\0" IP4, NO_ADDRS "\x08\0" IP4);
	LINK_TYPE(0, "null", "\0\0\0\2" IP4, NO_ADDRS "\x08\0" IP4); /* of a big-endian machine */
	LINK_TYPE(0, "null", "\x0a\0\0\0" IP6, NO_ADDRS "\x86\xdd" IP6);
	LINK_TYPE(0, "null", "\x1e\0\0\0" IP6, NO_ADDRS "\x86\xdd" IP6);
	LINK_TYPE(108, "loopback", "\0\0\0\2" IP4, NO_ADDRS "\x08\0" IP4);
	LINK_TYPE(108, "loopback", "\0\0\0\x18" IP6, NO_ADDRS "\x86\xdd" IP6);
	LINK_TYPE(108, "loopback", "\0\0\0\x1c" IP6, NO_ADDRS "\x86\xdd" IP6);
	NOT_SUPPORTED(0, "null", "\7\0\0\0" IP4);
	NOT_SUPPORTED(0, "null", "\2\0\0");
}
END_TEST

START_TEST(unsupported_link_types_are_named)
{
	struct bytes f = file_of(105, "x", 1);
	char error[CAPTURE_ERROR_MAX];
	ck_assert_ptr_null(open_bytes(&f, error));
	ck_assert_str_eq(error, "mem: link type IEEE802_11 (105) is not supported: Ethernet, raw IP, Linux cooked or null/loopback expected");
}
END_TEST

START_TEST(records_larger_than_the_snap_length)
{
	struct bytes f = { .len = 0 };
	struct capture_frame c;
	char error[CAPTURE_ERROR_MAX];
	static const uint32_t snap_lens[] = { 0, 8, 262145, 0x7fffffff, 0x80000000, 0xffffffff };
	for (size_t i = 0; i < sizeof(snap_lens) / sizeof(snap_lens[0]); i++) {
		f.len = 0;
		add_header(&f, US_MAGIC, false, snap_lens[i], 1);
		add_record(&f, false, 1, 2, eth_frame, sizeof(eth_frame), sizeof(eth_frame));
		struct capture_reader *r = open_good(&f);
		ck_assert_int_eq(capture_next(r, &c, error), 1);
		ck_assert_uint_eq(c.len, snap_lens[i] == 8 ? 8 : sizeof(eth_frame));
		ck_assert_uint_eq(c.wire_len, sizeof(eth_frame));
		capture_close(r);
	}
}
END_TEST

START_TEST(absurd_lengths_and_stamps)
{
	struct bytes f = { .len = 0 };
	struct capture_frame c;
	char error[CAPTURE_ERROR_MAX];
	add_header(&f, US_MAGIC, false, 0xffffffff, 1);
	add_record(&f, false, 0xffffffff, 0xffffffff, eth_frame, 14, 3);
	add_record(&f, false, 1, 1, eth_frame, 14, 14);
	f.b[f.len - 14 - 8 + 3] = 0x7f; /* claims 2 GiB */
	struct capture_reader *r = open_good(&f);
	ck_assert_int_eq(capture_next(r, &c, error), 1);
	ck_assert_uint_eq(c.wire_len, 14); /* never less than was captured */
	ck_assert_uint_ge(c.time_ns, UINT64_C(4294967295000000000));
	ck_assert_int_eq(capture_next(r, &c, error), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(error, "mem: frame 2: damaged file (invalid packet capture length 2130706446"));
	capture_close(r);
}
END_TEST

/* --- files that are not what they should be --------------------------------------------------- */

static void check_refused(const char *bytes, size_t len, const char *message)
{
	struct bytes f = { .len = 0 };
	char error[CAPTURE_ERROR_MAX];
	add(&f, bytes, len);
	ck_assert_ptr_null(open_bytes(&f, error));
	ck_assert_str_eq(error, message);
}

START_TEST(garbage_is_refused_in_one_line)
{
	check_refused("GIF89a garbage garbage garbage", 30, "mem: pcap or pcapng capture expected: unknown file format");
	check_refused("\xd4\xc3\xb2\xa1\2\0", 6, "mem: pcap or pcapng capture expected: the file ends in its header");
}
END_TEST

START_TEST(files_that_cannot_be_opened)
{
	char error[CAPTURE_ERROR_MAX], path[] = "/tmp/capture-test-XXXXXX";
	ck_assert_ptr_null(capture_open("/nonexistent/x.pcap", error));
	ck_assert_str_eq(error, "/nonexistent/x.pcap: No such file or directory");
	ck_assert_ptr_null(capture_open("/", error));
	ck_assert_str_eq(error, "/: is a directory, pcap or pcapng capture expected");
	close(mkstemp(path));
	ck_assert_ptr_null(capture_open(path, error));
	ck_assert_ptr_nonnull(strstr(error, ": empty file, pcap or pcapng capture expected"));
	unlink(path);
}
END_TEST

static void put_block(struct bytes *f, uint32_t type, const void *body, size_t len)
{
	add32(f, type, false);
	add32(f, (uint32_t)len + 12, false);
	add(f, body, len);
	add32(f, (uint32_t)len + 12, false);
}

/* A pcapng file with nanosecond stamps: section, interface, three packets. */
static struct bytes pcapng_file(void)
{
	struct bytes f = { .len = 0 }, packet = { .len = 0 };
	put_block(&f, 0x0a0d0d0a, "\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	put_block(&f, 1, "\1\0\0\0\0\0\4\0\x09\0\1\0\x09\0\0\0\0\0\0\0", 20); /* Ethernet, snap length 262144, if_tsresol 10^-9 */
	add32(&packet, 0, false);
	add32(&packet, 0, false);
	add32(&packet, 1234, false);
	add32(&packet, sizeof(eth_frame), false);
	add32(&packet, 60, false);
	add(&packet, eth_frame, sizeof(eth_frame));
	for (int i = 0; i < 3; i++)
		put_block(&f, 6, packet.b, packet.len);
	return f;
}

static struct bytes pcap_file(void)
{
	struct bytes f = { .len = 0 };
	add_header(&f, NS_MAGIC, false, 65535, 1);
	for (int i = 0; i < 3; i++)
		add_record(&f, false, 0, 1234, eth_frame, sizeof(eth_frame), 60);
	return f;
}

/* Every prefix is refused, or gives as many frames as are whole in it, and then the end or one error with the next one's number. */
static void check_prefixes(const struct bytes *whole, size_t header_len, size_t record_len)
{
	for (size_t len = 1; len <= whole->len; len++) {
		struct bytes f = *whole;
		struct capture_frame c;
		char error[CAPTURE_ERROR_MAX], expected[80];
		size_t n = 0;
		f.len = len;
		int got;
		struct capture_reader *r = open_bytes(&f, error);
		ck_assert_int_eq(r != NULL, len >= header_len);
		if (!r)
			continue;
		while ((got = capture_next(r, &c, error)) == 1) {
			ck_assert_uint_eq(c.time_ns, 1234);
			ck_assert_mem_eq(c.bytes, eth_frame, sizeof(eth_frame));
			n++;
		}
		ck_assert_uint_eq(n, (len - header_len) / record_len);
		ck_assert_int_eq(got, (len - header_len) % record_len ? -EBADMSG : 0);
		snprintf(expected, sizeof(expected), "mem: frame %zu: the file ends in the middle", n + 1);
		if (got < 0)
			ck_assert_msg(strstr(error, expected) == error, "%s", error);
		capture_close(r);
	}
}

START_TEST(every_prefix_of_a_pcap)
{
	struct bytes f = pcap_file();
	check_prefixes(&f, 24, 16 + sizeof(eth_frame));
}
END_TEST

START_TEST(every_prefix_of_a_pcapng)
{
	struct bytes f = pcapng_file();
	check_prefixes(&f, 28 + 32, 32 + sizeof(eth_frame));
}
END_TEST

START_TEST(every_byte_of_a_file_set_wrong)
{
	struct bytes files[] = { pcap_file(), pcapng_file() };
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < files[k].len; i++) {
			struct bytes f = files[k];
			struct capture_frame c;
			char error[CAPTURE_ERROR_MAX];
			f.b[i] ^= 0xff;
			struct capture_reader *r = open_bytes(&f, error);
			ck_assert(r || error[0]);
			for (int n = 0; r && capture_next(r, &c, error) == 1; n++)
				ck_assert_int_lt(n, 4);
			capture_close(r);
		}
	}
}
END_TEST

/* --- writing --------------------------------------------------------------------------------- */

static char dir[] = "/tmp/capture-test-XXXXXX";
static char path[64], part[64];

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.pcap", dir);
	snprintf(part, sizeof(part), "%s/x.pcap.part", dir);
}

static void remove_dir(void)
{
	unlink(path);
	unlink(part);
	rmdir(dir);
}

START_TEST(the_bytes_of_a_written_file)
{
	static const uint8_t golden[] = "\x4d\x3c\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"
					"\2\0\0\0\x15\xcd\x5b\x07\x10\0\0\0\x10\0\0\0\2\0\0\0\0\1\2\0\0\0\0\2\x08\6\0\1"
					"\3\0\0\0\0\0\0\0\1\0\0\0\x2c\1\0\0\2";
	char error[CAPTURE_ERROR_MAX];
	uint8_t got[200];
	struct capture_frame c;
	struct capture_writer *w = capture_create(path, error);
	ck_assert_int_eq(capture_write(w, 2123456789, eth_frame, sizeof(eth_frame), 0), 0);
	ck_assert_int_eq(capture_write(w, 3000000000, eth_frame, 1, 300), 0);
	ck_assert_int_eq(access(part, F_OK), 0);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(capture_finish(w, error), 0);
	ck_assert_int_ne(access(part, F_OK), 0);
	FILE *f = fopen(path, "rb");
	ck_assert_uint_eq(fread(got, 1, sizeof(got), f), sizeof(golden) - 1);
	ck_assert_mem_eq(got, golden, sizeof(golden) - 1);
	fclose(f);
	struct capture_reader *r = capture_open(path, error);
	ck_assert_int_eq(capture_next(r, &c, error), 1);
	ck_assert_uint_eq(c.time_ns, 2123456789);
	ck_assert_int_eq(capture_next(r, &c, error), 1);
	ck_assert_uint_eq(c.wire_len, 300);
	ck_assert_int_eq(capture_next(r, &c, error), 0);
	capture_close(r);
}
END_TEST

START_TEST(a_discarded_file_leaves_nothing_and_keeps_the_old_one)
{
	char error[CAPTURE_ERROR_MAX];
	FILE *f = fopen(path, "w");
	fputs("old", f);
	fclose(f);
	struct capture_writer *w = capture_create(path, error);
	capture_write(w, 0, eth_frame, sizeof(eth_frame), 0);
	capture_discard(w);
	capture_discard(NULL);
	struct stat st;
	ck_assert_int_ne(access(part, F_OK), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 3);
}
END_TEST

START_TEST(places_that_cannot_be_written)
{
	char error[CAPTURE_ERROR_MAX];
	ck_assert_ptr_null(capture_create("/nonexistent/x.pcap", error));
	ck_assert_str_eq(error, "/nonexistent/x.pcap: cannot be written: No such file or directory");
	ck_assert_ptr_null(capture_create(dir, error));
	ck_assert_ptr_nonnull(strstr(error, "cannot be written: Is a directory"));
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	char error[CAPTURE_ERROR_MAX];
	uint8_t frame[60000] = { 0 };
	struct capture_writer *w = capture_create("/dev/full", error);
	ck_assert_msg(w != NULL, "%s", error);
	ck_assert_int_eq(capture_write(w, 0, frame, 100, 100), 0); /* still in the buffer */
	capture_write(w, 0, frame, sizeof(frame), 0);
	ck_assert_int_eq(capture_write(w, 0, frame, sizeof(frame), 0), -EIO);
	ck_assert_int_eq(capture_finish(w, error), -EIO);
	ck_assert_str_eq(error, "/dev/full: cannot be written: No space left on device");
	w = capture_create("/dev/full", error);
	ck_assert_int_eq(capture_finish(w, error), -EIO); /* only the last flush fails */
	w = capture_create("/dev/null", error);
	ck_assert_int_eq(capture_finish(w, error), 0);
}
END_TEST

START_TEST(a_failed_rename_leaves_no_part)
{
	char error[CAPTURE_ERROR_MAX];
	struct capture_writer *w = capture_create(path, error);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(capture_finish(w, error), -EIO);
	ck_assert_int_ne(access(part, F_OK), 0);
	rmdir(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("capture");
	TCase *t = tcase_create("read");
	tcase_add_test(t, micro_and_nanoseconds_in_both_byte_orders);
	tcase_add_test(t, raw_ip_becomes_ethernet);
	tcase_add_test(t, linux_cooked_becomes_ethernet);
	tcase_add_test(t, null_and_loopback_become_ethernet);
	tcase_add_test(t, unsupported_link_types_are_named);
	tcase_add_test(t, records_larger_than_the_snap_length);
	tcase_add_test(t, absurd_lengths_and_stamps);
	tcase_add_test(t, garbage_is_refused_in_one_line);
	tcase_add_test(t, files_that_cannot_be_opened);
	tcase_add_test(t, every_prefix_of_a_pcap);
	tcase_add_test(t, every_prefix_of_a_pcapng);
	tcase_add_test(t, every_byte_of_a_file_set_wrong);
	suite_add_tcase(s, t);
	t = tcase_create("write");
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, the_bytes_of_a_written_file);
	tcase_add_test(t, a_discarded_file_leaves_nothing_and_keeps_the_old_one);
	tcase_add_test(t, places_that_cannot_be_written);
	tcase_add_test(t, a_full_disk_is_told);
	tcase_add_test(t, a_failed_rename_leaves_no_part);
	suite_add_tcase(s, t);
	return unit_main(s);
}
