/* SPDX-License-Identifier: ISC */
/* Which frames a match picks; no prefix of a frame is read past its end; ECN marks in the right bits. */
#include "sim/link/ecn.h"
#include "sim/link/match.h"
#include "stack/base/unit.h"
#include "stack/wire/ip4.h"

#include <stdlib.h>
#include <string.h>

#define MACS "\2\0\0\0\0\2\2\0\0\0\0\1"
#define IP4(total, flags_offset, protocol) "\x45\2\0" total "\0\1" flags_offset "\x40" protocol "\0\0\xc0\0\2\1\xc0\0\2\2"
#define ADDR6 "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define IP6(len, next) "\x60\x20\0\0\0" len next "\x40" ADDR6 ADDR6
#define TCP(flags) "\0\x50\x1f\x90\0\0\0\1\0\0\0\2\x50" flags "\1\0\0\0\0\0"
#define TCP_WITH_OPTION "\0\x50\x1f\x90\0\0\0\1\0\0\0\2\x60\x10\1\0\0\0\0\0\1\1\1\0"
#define UDP "\0\x35\x30\x39\0\x0c\0\0"
#define ICMP "\x08\0\0\0\0\1\0\1"

struct sample {
	const char *bytes;
	size_t len;
};
#define SAMPLE(text) \
	(struct sample) \
	{ \
		text, sizeof(text) - 1 \
	}

static const struct sample syn = SAMPLE(MACS "\x08\0" IP4("\x28", "\0\0", "\6") TCP("\2"));
static const struct sample data = SAMPLE(MACS "\x08\0" IP4("\x2c", "\0\0", "\6") TCP("\x18") "data");
static const struct sample padded_ack = SAMPLE(MACS "\x08\0" IP4("\x28", "\0\0", "\6") TCP("\x10") "\0\0\0\0\0\0");
static const struct sample bare_option = SAMPLE(MACS "\x08\0" IP4("\x2c", "\0\0", "\6") TCP_WITH_OPTION);
static const struct sample tagged_syn = SAMPLE(MACS "\x81\0\0\5\x08\0" IP4("\x28", "\0\0", "\6") TCP("\2"));
static const struct sample twice_tagged_syn = SAMPLE(MACS "\x88\xa8\0\7\x81\0\0\5\x08\0" IP4("\x28", "\0\0", "\6") TCP("\2"));
static const struct sample dns = SAMPLE(MACS "\x08\0" IP4("\x20", "\0\0", "\x11") UDP "ask!");
static const struct sample empty_udp = SAMPLE(MACS "\x08\0" IP4("\x1c", "\0\0", "\x11") UDP);
static const struct sample first_fragment = SAMPLE(MACS "\x08\0" IP4("\x20", "\x20\0", "\x11") UDP "ask!");
static const struct sample later_fragment = SAMPLE(MACS "\x08\0" IP4("\x20", "\0\1", "\x11") UDP "ask!");
static const struct sample ping = SAMPLE(MACS "\x08\0" IP4("\x1c", "\0\0", "\1") ICMP);
static const struct sample dns6 = SAMPLE(MACS "\x86\xdd" IP6("\x0c", "\x11") UDP "ask!");
static const struct sample syn6_behind_options = SAMPLE(MACS "\x86\xdd" IP6("\x24", "\0") "\x3c\0\1\4\0\0\0\0"
											  "\6\0\1\4\0\0\0\0" TCP("\2"));
static const struct sample fragment6 = SAMPLE(MACS "\x86\xdd" IP6("\x14", "\x2c") "\x11\0\0\1\0\0\0\1" UDP "ask!");
static const struct sample later_fragment6 = SAMPLE(MACS "\x86\xdd" IP6("\x14", "\x2c") "\x11\0\0\x08\0\0\0\1" UDP "ask!");
static const struct sample overlong_option = SAMPLE(MACS "\x86\xdd" IP6("\x10", "\0") "\6\x1f\1\4\0\0\0\0"
										      "\0\0\0\0\0\0\0\0");
static const struct sample arp = SAMPLE(MACS "\x08\6\0\1\x08\0\6\4\0\1");

static bool matches(struct frame_match m, struct sample s)
{
	return frame_matches(&m, (const uint8_t *)s.bytes, s.len);
}

START_TEST(an_empty_match_takes_every_frame)
{
	ck_assert(matches((struct frame_match){ 0 }, syn));
	ck_assert(matches((struct frame_match){ 0 }, arp));
	ck_assert(matches((struct frame_match){ 0 }, SAMPLE("")));
}
END_TEST

START_TEST(ethertypes_are_looked_up_behind_tags)
{
	ck_assert(matches((struct frame_match){ .ethertype = 0x0806 }, arp));
	ck_assert(!matches((struct frame_match){ .ethertype = 0x0806 }, syn));
	ck_assert(matches((struct frame_match){ .ethertype = 0x0800 }, tagged_syn));
	ck_assert(matches((struct frame_match){ .ethertype = 0x0800 }, twice_tagged_syn));
	ck_assert(!matches((struct frame_match){ .ethertype = 0x0800, .protocol = 17 }, tagged_syn));
}
END_TEST

START_TEST(protocols_of_both_families)
{
	ck_assert(matches((struct frame_match){ .protocol = 6 }, syn));
	ck_assert(matches((struct frame_match){ .protocol = 6 }, twice_tagged_syn));
	ck_assert(matches((struct frame_match){ .protocol = 17 }, later_fragment));
	ck_assert(matches((struct frame_match){ .protocol = 17 }, dns6));
	ck_assert(matches((struct frame_match){ .protocol = 6 }, syn6_behind_options));
	ck_assert(matches((struct frame_match){ .protocol = 17 }, later_fragment6));
	ck_assert(!matches((struct frame_match){ .protocol = 17 }, ping));
	ck_assert(!matches((struct frame_match){ .protocol = 6 }, arp));
}
END_TEST

START_TEST(ports_of_either_side)
{
	ck_assert(matches((struct frame_match){ .port = 80 }, syn));
	ck_assert(matches((struct frame_match){ .port = 8080 }, syn));
	ck_assert(!matches((struct frame_match){ .port = 53 }, syn));
	ck_assert(matches((struct frame_match){ .port = 53 }, dns6));
	ck_assert(matches((struct frame_match){ .port = 53 }, first_fragment));
	ck_assert(matches((struct frame_match){ .port = 53 }, fragment6));
	ck_assert(!matches((struct frame_match){ .port = 53 }, later_fragment)); /* has no header, only data that looks like one */
	ck_assert(!matches((struct frame_match){ .port = 53 }, later_fragment6));
	ck_assert(!matches((struct frame_match){ .port = 0x0800 }, ping));
}
END_TEST

START_TEST(flags_must_all_be_set)
{
	ck_assert(matches((struct frame_match){ .tcp_flags = 0x02 }, syn));
	ck_assert(matches((struct frame_match){ .tcp_flags = 0x02 }, syn6_behind_options));
	ck_assert(!matches((struct frame_match){ .tcp_flags = 0x12 }, syn));
	ck_assert(matches((struct frame_match){ .tcp_flags = 0x10 }, data));
	ck_assert(!matches((struct frame_match){ .tcp_flags = 0x02 }, dns));
}
END_TEST

START_TEST(payload_is_what_is_behind_the_transport_header)
{
	struct frame_match m = { .has_payload = true };
	ck_assert(matches(m, data));
	ck_assert(!matches(m, syn));
	ck_assert(!matches(m, padded_ack)); /* Ethernet's padding is no payload */
	ck_assert(!matches(m, bare_option));
	ck_assert(matches(m, dns));
	ck_assert(!matches(m, empty_udp));
	ck_assert(matches(m, later_fragment));
	ck_assert(!matches(m, ping));
	ck_assert(!matches(m, arp));
	ck_assert(matches((struct frame_match){ .has_payload = true, .protocol = 6, .port = 80 }, data));
	ck_assert(!matches((struct frame_match){ .has_payload = true, .protocol = 17 }, data));
}
END_TEST

static const struct sample *const all[] = { &syn, &data, &tagged_syn, &twice_tagged_syn, &dns, &later_fragment, &ping, &dns6, &syn6_behind_options,
	&fragment6, &later_fragment6, &overlong_option, &arp };
#define N_ALL (sizeof(all) / sizeof(all[0]))

/* Each prefix stands in memory of exactly its size, so that a sanitizer sees a read past its end. */
START_TEST(every_prefix_is_read_within_its_length)
{
	struct buf_pool *pool = buf_pool_create();
	struct frame_match m = { .port = 1, .tcp_flags = 1, .has_payload = true };
	for (size_t i = 0; i < N_ALL; i++) {
		for (size_t len = 0; len < all[i]->len; len++) {
			uint8_t *bytes = malloc(len ? len : 1);
			memcpy(bytes, all[i]->bytes, len);
			ck_assert(!frame_matches(&m, bytes, len));
			m.port = 0;
			frame_matches(&m, bytes, len);
			m.port = 1;
			struct buf view = { .data = bytes, .len = (uint32_t)len };
			if (len < 34) /* before any IP header is whole nothing is marked, so no storage is needed */
				ck_assert_int_eq(ecn_mark(&view), 0);
			free(bytes);
		}
	}
	buf_pool_destroy(pool);
}
END_TEST

static int mark(struct sample s, uint8_t *out)
{
	struct buf_pool *pool = buf_pool_create();
	struct buf *b = buf_from(pool, s.bytes, (uint32_t)s.len), *before = buf_share(b);
	int marked = ecn_mark(b);
	memcpy(out, b->data, b->len);
	ck_assert_mem_eq(before->data, s.bytes, s.len);
	buf_free(b);
	buf_free(before);
	buf_pool_destroy(pool);
	return marked;
}

/* Same bytes but for the one that carries the ECN field, and the IPv4 checksum. */
static void check_mark(struct sample s, size_t at, uint8_t expected, size_t checksum_at)
{
	uint8_t out[200];
	ck_assert_int_eq(mark(s, out), 1);
	for (size_t i = 0; i < s.len; i++) {
		if (i == at)
			ck_assert_uint_eq(out[i], expected);
		else if (i != checksum_at && i != checksum_at + 1)
			ck_assert_uint_eq(out[i], (uint8_t)s.bytes[i]);
	}
}

START_TEST(marks_change_two_bits_and_the_checksum)
{
	check_mark(syn, 15, 3, 24);
	check_mark(tagged_syn, 19, 3, 28);
	check_mark(dns6, 15, 0x30, SIZE_MAX - 1);
	uint8_t out[200];
	ck_assert_int_eq(mark(arp, out), 0);
	ck_assert_int_eq(mark(SAMPLE(MACS "\x08\0\x45\3\0"), out), 0); /* short */
}
END_TEST

START_TEST(marks_keep_a_right_checksum_right_and_a_wrong_one_wrong)
{
	for (unsigned id = 0; id < 65536; id += 7) {
		uint8_t frame[34], out[34];
		memcpy(frame, data.bytes, sizeof(frame));
		put_be16(frame + 18, (uint16_t)id);
		frame[15] = id % 2 ? ECN_ECT1 : ECN_ECT0;
		ip4_hdr_set_checksum(frame + 14, 20);
		ck_assert_int_eq(mark((struct sample){ (char *)frame, sizeof(frame) }, out), 1);
		ck_assert_uint_eq(out[15], ECN_CE);
		ck_assert(ip4_hdr_checksum_ok(out + 14, 20));
		frame[24] ^= 1;
		mark((struct sample){ (char *)frame, sizeof(frame) }, out);
		ck_assert(!ip4_hdr_checksum_ok(out + 14, 20));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("match");
	TCase *t = tcase_create("match");
	tcase_add_test(t, an_empty_match_takes_every_frame);
	tcase_add_test(t, ethertypes_are_looked_up_behind_tags);
	tcase_add_test(t, protocols_of_both_families);
	tcase_add_test(t, ports_of_either_side);
	tcase_add_test(t, flags_must_all_be_set);
	tcase_add_test(t, payload_is_what_is_behind_the_transport_header);
	tcase_add_test(t, every_prefix_is_read_within_its_length);
	suite_add_tcase(s, t);
	t = tcase_create("ECN");
	tcase_add_test(t, marks_change_two_bits_and_the_checksum);
	tcase_add_test(t, marks_keep_a_right_checksum_right_and_a_wrong_one_wrong);
	suite_add_tcase(s, t);
	return unit_main(s);
}
