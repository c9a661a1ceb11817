/* SPDX-License-Identifier: ISC */
/* What a router passes on, and what it does not. */
#include "stack/ip/ip4_test.h"

static struct ip4_hdr transit(void)
{
	struct ip4_hdr h = header();
	h.dst = remote;
	h.ttl = 9;
	return h;
}

START_TEST(a_host_does_not_forward)
{
	arrive(transit());
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(count("drop.not_for_us"), 1);
}
END_TEST

START_TEST(a_router_forwards)
{
	for (unsigned ttl = 2; ttl < 256; ttl++) { /* every incremental checksum; output() verifies */
		struct ip4_hdr h = transit();
		h.ttl = (uint8_t)ttl;
		struct buf *b = packet(h, 0), *kept = buf_share(b);
		ip4_input(ip4, lan, b, false);
		ck_assert_uint_eq(sent.bytes[8], ttl - 1);
		ck_assert_uint_eq(kept->data[8], ttl); /* others see what they saw */
		buf_free(kept);
	}
	ck_assert_uint_eq(n_sent, 254);
	ck_assert_uint_eq(sent.ifindex, wan);
	ck_assert_uint_eq(ip4_u32(sent.next_hop), 0xcb0071fe);
	ck_assert_uint_eq(n_reports, 0);
}
END_TEST

START_TEST(a_router_reports_what_it_cannot_forward)
{
	struct ip4_hdr ttl = transit(), big = transit();
	ttl.ttl = 1;
	arrive(ttl);
	ck_assert_int_eq(report_what, IP4_REPORT_TTL);
	big.df = true;
	big.total_len = 577;
	arrive(big);
	ck_assert_int_eq(report_what, IP4_REPORT_FRAG_NEEDED);
	ck_assert_uint_eq(report_info, 576);
	ip4_route_remove(ip4, (struct ip4_addr){ { 0 } }, 0);
	arrive(transit());
	ck_assert_int_eq(report_what, IP4_REPORT_NO_ROUTE);
	ck_assert_uint_eq(n_reports, 3);
	ck_assert_uint_eq(n_sent, 0);
}
END_TEST

START_TEST(a_router_fragments_with_the_copied_options)
{
	struct ip4_hdr h = transit(), out;
	static const uint8_t options[] = { IP4_OPT_RR, 7, 4, 0, 0, 0, 0, IP4_OPT_NOP, IP4_OPT_RA, 4, 0, 0 };
	h.options_len = sizeof(options);
	memcpy(h.options, options, sizeof(options));
	h.total_len = 32 + 1000;
	h.offset = 80;
	h.mf = true;
	arrive(h);
	ck_assert_uint_eq(n_sent, 2);
	ip4_hdr_parse(&out, sent.bytes, sent.len);
	ck_assert_uint_eq(out.options_len, 4); /* Router Alert has the copied flag, Record Route has not: RFC 791 section 3.1 */
	ck_assert_uint_eq(out.options[0], IP4_OPT_RA);
	ck_assert_uint_eq(out.offset, 80 + 544);
	ck_assert(out.mf);
	ck_assert_uint_eq(out.total_len, 24 + 1000 - 544);
	ck_assert_uint_eq(out.ttl, 8);
	ck_assert_uint_eq(out.id, 7);
}
END_TEST

START_TEST(a_router_keeps_martians_and_source_routes)
{
	static const struct {
		struct ip4_addr src, dst;
	} martians[] = { { { { 250, 1, 1, 1 } }, { { 192, 0, 2, 9 } } }, { { { 10, 0, 0, 2 } }, { { 241, 1, 1, 1 } } },
		{ { { 10, 0, 0, 2 } }, { { 203, 0, 113, 255 } } }, { { { 10, 0, 0, 2 } }, { { 0, 1, 1, 1 } } } };
	for (int i = 0; i < 4; i++) {
		struct ip4_hdr h = transit();
		h.src = martians[i].src;
		h.dst = martians[i].dst;
		arrive(h);
	}
	ck_assert_uint_eq(count("drop.martian"), 4);
	struct ip4_hdr h = transit();
	static const uint8_t done[] = { IP4_OPT_LSRR, 7, 8, 10, 0, 0, 1, 0 };
	h.options_len = 8;
	h.total_len = 36;
	memcpy(h.options, done, 8);
	arrive(h);
	ck_assert_uint_eq(count("drop.source_route"), 1);
	h = transit();
	h.dst = (struct ip4_addr){ { 239, 1, 1, 1 } };
	arrive(h);
	ip4_input(ip4, lan, packet(transit(), 0), true); /* link broadcast: RFC 1812 section 5.3.4 */
	h = transit();
	h.offset = 65528; /* would wrap when fragmented further */
	h.total_len = 1000;
	arrive(h);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(n_reports, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ip4_forward");
	TCase *router = tcase_create("router"), *tc = tcase_create("host");
	tcase_add_checked_fixture(router, setup_router, teardown);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(router, a_router_forwards);
	tcase_add_test(router, a_router_reports_what_it_cannot_forward);
	tcase_add_test(router, a_router_fragments_with_the_copied_options);
	tcase_add_test(router, a_router_keeps_martians_and_source_routes);
	tcase_add_test(tc, a_host_does_not_forward);
	suite_add_tcase(s, router);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
