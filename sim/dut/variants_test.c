/* SPDX-License-Identifier: ISC */
#include "sim/dut/variants.h"

#include <errno.h>
#include <string.h>

#include "stack/base/unit.h"

static struct dut_spec spec;
static char why[256];

static int parse(const char *text)
{
	return dut_spec_parse(&spec, text, why, sizeof(why));
}

START_TEST(names_choose_variants)
{
	for (int i = 0; dut_variants[i]; i++) {
		ck_assert_msg(parse(dut_variants[i]->name) == 0, "%s", why);
		ck_assert_ptr_eq(spec.ops, dut_variants[i]);
		ck_assert_uint_eq(spec.layers, 0);
		ck_assert_uint_eq(spec.n_options, 0);
		ck_assert_str_eq(spec.text, dut_variants[i]->name);
	}
}
END_TEST

START_TEST(layers_bring_what_they_stand_on)
{
	static const struct {
		const char *text;
		unsigned layers;
	} cases[] = {
		{ "direct+ethernet", DUT_LAYER_ETHERNET },
		{ "direct+arp", DUT_LAYER_ETHERNET | DUT_LAYER_ARP },
		{ "direct+ipv4", DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 },
		{ "direct+udp,icmpv4", DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 | DUT_LAYER_UDP | DUT_LAYER_ICMPV4 },
		{ "direct+tcp", DUT_LAYER_ETHERNET | DUT_LAYER_ARP | DUT_LAYER_IPV4 | DUT_LAYER_TCP },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(parse(cases[i].text) == 0, "%s", why);
		ck_assert_uint_eq(spec.layers, cases[i].layers);
	}
}
END_TEST

START_TEST(options_are_kept)
{
	ck_assert_msg(parse("direct+tcp:tcp.initial_window=3,arp.timeout=1000") == 0, "%s", why);
	ck_assert_uint_eq(spec.n_options, 2);
	ck_assert_str_eq(spec.options[0].key, "tcp.initial_window");
	ck_assert_str_eq(spec.options[0].value, "3");
	ck_assert_str_eq(spec.options[1].key, "arp.timeout");
	ck_assert_str_eq(spec.options[1].value, "1000");
}
END_TEST

static const struct {
	const char *text, *reason;
} bad[] = {
	{ "", "unknown stack ''; there are: direct, lwip" },
	{ "directly", "unknown stack 'directly'" },
	{ "direct+", "unknown layer ''" },
	{ "direct+ipx", "unknown layer 'ipx'; there are: ethernet" },
	{ "direct+tcp,", "unknown layer ''" },
	{ "lwip+tcp", "cannot be composed" },
	{ "direct:", "expected key=value" },
	{ "direct:key", "expected key=value behind ':', not 'key'" },
	{ "direct:=1", "expected key=value" },
	{ "direct:tcp.min_rto=300,", "expected key=value" },
	{ "direct:tcp.min_rto=300,tcp.min_rto=400", "given twice" },
	{ "direct:tcp.nonesuch=1", "option tcp.nonesuch=1: unknown option" },
	{ "direct:tcp.min_rto=-1", "option tcp.min_rto=-1: the value" },
	{ "direct:arp.timeout=soon", "option arp.timeout=soon: the value" },
	{ "direct:nonesuch=1", "option nonesuch=1: unknown option" },
	{ "direct:icmp4.error_bytes=1", "option icmp4.error_bytes=1" },
	{ "direct:icmp4.echo=perhaps", "on or off" },
	{ "direct:udp.ephemeral_first=65536", "the value" },
	{ "lwip:tcp.min_rto=300", "lwip has no options" },
};

START_TEST(refuses_with_a_reason)
{
	ck_assert_int_eq(parse(bad[_i].text), -EINVAL);
	ck_assert_msg(strstr(why, bad[_i].reason), "%s: %s", bad[_i].text, why);
	ck_assert_ptr_null(strchr(why, '\n'));
}
END_TEST

START_TEST(long_names_do_not_overflow)
{
	char text[600];
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(parse(text), -EINVAL);
	text[255] = '\0';
	ck_assert_int_eq(parse(text), -EINVAL);
	char options[256] = "direct:a=1";
	size_t n = strlen(options);
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(options + n, sizeof(options) - n, ",k%d=", i);
	ck_assert_int_eq(parse(options), -EINVAL);
	ck_assert_msg(strstr(why, "more than"), "%s", why);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("variants");
	TCase *t = tcase_create("dut_spec_parse");
	tcase_add_test(t, names_choose_variants);
	tcase_add_test(t, layers_bring_what_they_stand_on);
	tcase_add_test(t, options_are_kept);
	tcase_add_loop_test(t, refuses_with_a_reason, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, long_names_do_not_overflow);
	suite_add_tcase(s, t);
	return unit_main(s);
}
