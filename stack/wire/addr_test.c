/* SPDX-License-Identifier: ISC */
#include "stack/wire/addr.h"
#include "stack/wire/wire_test.h"

static void assert_text(const char *in, const char *out)
{
	struct ip_addr a;
	char s[IP_STRLEN];
	ck_assert_msg(ip_parse_str(&a, in) == 0, "%s is refused", in);
	ck_assert_str_eq(ip_str(&a, s), out);
}

START_TEST(ip6_text_is_as_rfc_5952_wants)
{
	static const char *const pairs[][2] = {
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "1:0:0:0:0:0:0:8", "1::8" },
		{ "2001:0db8::0001", "2001:db8::1" },               /* section 4.1 */
		{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },        /* section 4.2.1 */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* section 4.2.2: not for one group */
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },          /* section 4.2.3: the longest */
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },    /* the first of equals */
		{ "0:0:1:0:0:1:0:0", "::1:0:0:1:0:0" },
		{ "2001:DB8::ABCD", "2001:db8::abcd" }, /* section 4.3 */
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "::ffff:c000:201", "::ffff:192.0.2.1" }, /* section 5 */
		{ "::192.0.2.1", "::c000:201" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_text(pairs[i][0], pairs[i][1]);
}
END_TEST

START_TEST(bad_ip_text_is_refused_and_the_target_kept)
{
	static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", ":",
		":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "fe80::1%eth0", "::1.2.3", "none" };
	struct ip_addr a = { .family = 4, .b = { 9, 9, 9, 9 } }, before = a;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ip_parse_str(&a, bad[i]) == -EINVAL && ip_equal(&a, &before), "%s is taken", bad[i]);
}
END_TEST

START_TEST(unused_bytes_are_zero)
{
	struct ip_addr parsed, made = ip_from_ip4((struct ip4_addr){ { 10, 0, 0, 1 } });
	memset(&parsed, 0xee, sizeof(parsed));
	ck_assert_int_eq(ip_parse_str(&parsed, "10.0.0.1"), 0);
	ck_assert(ip_equal(&parsed, &made));
	char s[IP_STRLEN];
	ck_assert_str_eq(ip_str(&(struct ip_addr){ 0 }, s), "none");
}
END_TEST

START_TEST(mac_text_both_ways)
{
	struct mac m;
	char s[MAC_STRLEN];
	ck_assert_int_eq(mac_parse_str(&m, "02:00:5E:ff:0a:90"), 0);
	ck_assert_str_eq(mac_str(m, s), "02:00:5e:ff:0a:90");
	ck_assert(!mac_is_multicast(m) && !mac_is_broadcast(m));
	static const char *const bad[] = { "", "02", "02:00:5e:ff:0a", "02:00:5e:ff:0a:90:", "02:00:5e:ff:0a:9", "2:0:5e:ff:a:90",
		"02-00-5e-ff-0a-90", "02:00:5e:ff:0a:9g", "02:00:5e:ff:0a:901", "02:00:5e:ff:0a: 9", "0x:00:5e:ff:0a:90" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(mac_parse_str(&m, bad[i]) == -EINVAL, "%s is taken", bad[i]);
	ck_assert_str_eq(mac_str(m, s), "02:00:5e:ff:0a:90");
	ck_assert_int_eq(mac_parse_str(&m, "ff:ff:ff:ff:ff:ff"), 0);
	ck_assert(mac_is_broadcast(m) && mac_is_multicast(m));
}
END_TEST

START_TEST(classes_of_addresses_end_where_they_end)
{
	ck_assert(!ip4_is_multicast(ip4_from_u32(0xdfffffff)) && ip4_is_multicast(ip4_from_u32(0xe0000000)));
	ck_assert(ip4_is_multicast(ip4_from_u32(0xefffffff)) && !ip4_is_multicast(ip4_from_u32(0xf0000000)));
	ck_assert(!ip4_is_broadcast(ip4_from_u32(0xfffffffe)) && ip4_is_broadcast(ip4_from_u32(0xffffffff)));
	ck_assert(ip4_is_loopback(ip4_from_u32(0x7fffffff)) && !ip4_is_loopback(ip4_from_u32(0x80000000)));
	uint8_t b[4];
	put_be32(b, 0x01020304);
	ck_assert(b[0] == 1 && b[3] == 4 && get_be32(b) == 0x01020304 && get_be16(b + 1) == 0x0203);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("addr");
	tcase_add_test(tc, ip6_text_is_as_rfc_5952_wants);
	tcase_add_test(tc, bad_ip_text_is_refused_and_the_target_kept);
	tcase_add_test(tc, unused_bytes_are_zero);
	tcase_add_test(tc, mac_text_both_ways);
	tcase_add_test(tc, classes_of_addresses_end_where_they_end);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
