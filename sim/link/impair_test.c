/* SPDX-License-Identifier: ISC */
/* Every value out of range is named; every extreme in range is taken. */
#include "sim/link/impair.h"
#include "stack/base/unit.h"

#include <math.h>
#include <string.h>

#define WRONG(name, ...) ck_assert_msg(wrong(&(struct impairments){ __VA_ARGS__ }, name), "%s: %s", #__VA_ARGS__, "not refused by name")
#define RIGHT(...) ck_assert_ptr_null(impairments_check(&(struct impairments){ __VA_ARGS__ }))

static bool wrong(const struct impairments *imp, const char *name)
{
	const char *why = impairments_check(imp);
	return why && strstr(why, name) == why;
}

START_TEST(rates_are_shares)
{
	static const double outside[] = { -1e-9, 1.0000001, 50, -INFINITY, INFINITY, NAN };
	RIGHT(.loss_rate = 1, .duplicate_rate = 1, .reorder_rate = 1, .corrupt_rate = 1, .truncate_rate = 1, .pad_rate = 0);
	for (unsigned i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		double x = outside[i];
		WRONG("loss_rate", .loss_rate = x);
		WRONG("gilbert_bad_rate", .gilbert_bad_rate = x);
		WRONG("gilbert_to_bad", .gilbert_to_bad = x);
		WRONG("gilbert_to_bad", .gilbert_to_good = x);
		WRONG("duplicate_rate", .duplicate_rate = x);
		WRONG("reorder_rate", .reorder_rate = x);
		WRONG("corrupt_rate", .corrupt_rate = x);
		WRONG("truncate_rate", .truncate_rate = x);
		WRONG("pad_rate", .pad_rate = x);
	}
}
END_TEST

START_TEST(kinds_are_known)
{
	WRONG("loss", .loss = 4);
	WRONG("jitter", .jitter = 4);
	WRONG("queue", .queue = 3);
}
END_TEST

START_TEST(lists_ascend_from_one)
{
	RIGHT(.loss = LOSS_LIST);
	RIGHT(.loss = LOSS_LIST, .loss_list = (uint32_t[]){ 1, 2, UINT32_MAX }, .loss_list_len = 3);
	WRONG("loss_list", .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 0 }, .loss_list_len = 1);
	WRONG("loss_list", .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 2, 2 }, .loss_list_len = 2);
	WRONG("loss_list", .loss = LOSS_LIST, .loss_list = (uint32_t[]){ 3, 2 }, .loss_list_len = 2);
	WRONG("loss_list", .loss = LOSS_LIST, .loss_list_len = 1);
}
END_TEST

START_TEST(sizes_and_times_are_bounded)
{
	RIGHT(.delay_ns = IMPAIR_MAX_NS, .jitter_ns = IMPAIR_MAX_NS, .reorder_ns = IMPAIR_MAX_NS, .rate_bps = IMPAIR_MAX_BPS, .corrupt_bits = 64,
		.pad_bytes = 65792, .pad_rate = 1, .queue_bytes = UINT32_MAX, .partition_groups = UINT64_MAX, .mtu = UINT32_MAX);
	WRONG("delay", .delay_ns = IMPAIR_MAX_NS + 1);
	WRONG("jitter", .jitter_ns = UINT64_MAX);
	WRONG("reorder", .reorder_ns = IMPAIR_MAX_NS + 1);
	WRONG("rate", .rate_bps = IMPAIR_MAX_BPS + 1);
	WRONG("corrupt_bits", .corrupt_bits = 65);
	WRONG("pad_bytes", .pad_bytes = 65793);
	WRONG("pad_bytes", .pad_rate = 0.5);
	WRONG("codel", .codel_target_ns = UINT64_MAX);
	WRONG("codel", .codel_interval_ns = UINT64_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("impair");
	TCase *t = tcase_create("impair");
	tcase_add_test(t, rates_are_shares);
	tcase_add_test(t, kinds_are_known);
	tcase_add_test(t, lists_ascend_from_one);
	tcase_add_test(t, sizes_and_times_are_bounded);
	suite_add_tcase(s, t);
	return unit_main(s);
}
