/* SPDX-License-Identifier: ISC */
#include "stack/wire/icmp6.h"
#include "stack/wire/wire_test.h"

#define AT (14 + 40) /* behind Ethernet and IPv6 */

static struct icmp6_hdr both_ways(const char *name, int n, const char *line)
{
	uint8_t bytes[2048], out[64];
	size_t len = golden_bytes(name, AT, bytes, sizeof(bytes));
	struct icmp6_hdr h, short_h;
	ck_assert_int_eq(icmp6_hdr_parse(&h, bytes, len), n);
	ck_assert_int_eq(icmp6_hdr_emit(&h, out, sizeof(out)), n);
	ck_assert_mem_eq(out, bytes, (size_t)n);
	ASSERT_PRINTS(icmp6_hdr_print, &h, line);
	ASSERT_PREFIXES(icmp6_hdr_parse, &short_h, bytes, n, -EBADMSG);
	ASSERT_NO_SPACE(icmp6_hdr_emit, &h, n);
	return h;
}

START_TEST(messages_both_ways)
{
	struct icmp6_hdr h = both_ways("echo6", 8, "ICMP6, echo request, id 119, seq 3");
	ck_assert(h.type == 128 && h.checksum == 0x5f68 && h.id == 119 && h.seq == 3 && h.word == 0x770003);
	h = both_ways("ns", 24, "ICMP6, neighbor solicitation, who has fe80::2");
	ck_assert(h.word == 0 && h.target.b[0] == 0xfe && h.target.b[15] == 2 && h.id == 0);
	h = both_ways("na", 24, "ICMP6, neighbor advertisement, tgt is fe80::2");
	ck_assert_uint_eq(h.word, 0x60000000); /* solicited, override */
	h = both_ways("redir6", 40, "ICMP6, redirect, 2001:db8::9 to fe80::3");
	ck_assert(h.target.b[15] == 3 && h.destination.b[15] == 9);
	h = both_ways("toobig", 8, "ICMP6, packet too big, mtu 1280");
	ck_assert_uint_eq(h.word, 1280);
}
END_TEST

START_TEST(errors_are_types_below_128)
{
	ck_assert(icmp6_is_error(0) && icmp6_is_error(1) && icmp6_is_error(127) && !icmp6_is_error(128) && !icmp6_is_error(255));
}
END_TEST

START_TEST(lines)
{
	static const struct {
		struct icmp6_hdr h;
		const char *line;
	} cases[] = {
		{ { .type = 129, .id = 1, .seq = 2 }, "ICMP6, echo reply, id 1, seq 2" },
		{ { .type = 1, .code = 0 }, "ICMP6, destination unreachable, unreachable route" },
		{ { .type = 1, .code = 4 }, "ICMP6, destination unreachable, unreachable port" },
		{ { .type = 1, .code = 6 }, "ICMP6, destination unreachable, reject route" },
		{ { .type = 1, .code = 7 }, "ICMP6, destination unreachable, unknown code" },
		{ { .type = 3, .code = 0 }, "ICMP6, time exceeded in-transit" },
		{ { .type = 3, .code = 1 }, "ICMP6, time exceeded in-reassembly" },
		{ { .type = 4, .code = 1, .word = 40 }, "ICMP6, parameter problem, code 1, pointer 40" },
		{ { .type = 130 }, "ICMP6, multicast listener query" },
		{ { .type = 131 }, "ICMP6, multicast listener report" },
		{ { .type = 132 }, "ICMP6, multicast listener done" },
		{ { .type = 133 }, "ICMP6, router solicitation" },
		{ { .type = 134 }, "ICMP6, router advertisement" },
		{ { .type = 143 }, "ICMP6, multicast listener report v2" },
		{ { .type = 200, .code = 9 }, "ICMP6, type-#200 code 9" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ASSERT_PRINTS(icmp6_hdr_print, &cases[i].h, cases[i].line);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("icmp6");
	TCase *tc = tcase_create("icmp6");
	tcase_add_test(tc, messages_both_ways);
	tcase_add_test(tc, errors_are_types_below_128);
	tcase_add_test(tc, lines);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
