/* SPDX-License-Identifier: ISC */
#include "stack/base/unit.h"
#include "stack/tcp/tcp_direct.h"

#include <errno.h>

static const struct {
	const char *key, *value;
	int result;
} sets[] = {
	{ "initial_window", "4", 0 },
	{ "initial_window", "0x10", 0 },
	{ "initial_window", "0", -EINVAL },
	{ "initial_window", "1001", -EINVAL },
	{ "initial_window", "", -EINVAL },
	{ "initial_window", "4x", -EINVAL },
	{ "initial_window", "-4", -EINVAL },
	{ "initial_window", "0x", -EINVAL },
	{ "initial_window", "99999999999", -EINVAL },
	{ "initial_windows", "4", -ENOENT },
	{ "", "4", -ENOENT },
	{ "mss", "0", 0 },
	{ "mss", "63", -EINVAL },
	{ "mss", "64", 0 },
	{ "timestamps", "off", 0 },
	{ "timestamps", "true", 0 },
	{ "timestamps", "2", -EINVAL },
	{ "congestion", "newreno", 0 },
	{ "congestion", "vegas", -EINVAL },
	{ "port_min", "65535", 0 },
	{ "port_min", "65536", -EINVAL },
	{ "ttl", "255", 0 },
	{ "ttl", "256", -EINVAL },
	{ "isn", "0xffffffff", 0 },
	{ "verify_checksum", "0", 0 },
};

START_TEST(keys_and_values)
{
	struct tcp_config c = tcp_config_default(), before = c;
	ck_assert_int_eq(tcp_config_set(&c, sets[_i].key, sets[_i].value), sets[_i].result);
	if (sets[_i].result)
		ck_assert_mem_eq(&c, &before, sizeof(c));
}
END_TEST

START_TEST(values_arrive)
{
	struct tcp_config c = tcp_config_default();
	ck_assert_int_eq(tcp_config_set(&c, "initial_window", "0x10"), 0);
	ck_assert_uint_eq(c.initial_window, 16);
	ck_assert_int_eq(tcp_config_set(&c, "delayed_ack_time", "40"), 0);
	ck_assert_uint_eq(c.delayed_ack_ms, 40);
	ck_assert_int_eq(tcp_config_set(&c, "port_max", "50000"), 0);
	ck_assert_uint_eq(c.port_max, 50000);
	ck_assert_int_eq(tcp_config_set(&c, "tos", "0xb8"), 0);
	ck_assert_uint_eq(c.tos, 0xb8);
	ck_assert(!c.isn_fixed);
	ck_assert_int_eq(tcp_config_set(&c, "isn", "7"), 0);
	ck_assert(c.isn_fixed && c.isn == 7);
	ck_assert_int_eq(tcp_config_set(&c, "nagle", "off"), 0);
	ck_assert(!c.nagle);
}
END_TEST

START_TEST(create_refuses_what_set_would)
{
	struct buf_pool *pool = buf_pool_create();
	struct env env;
	struct tcp_direct *tcp;
	env_init(&env, 1, "test", pool);
	struct tcp_config c = tcp_config_default();
	ck_assert_int_eq(tcp_direct_create(&env, &c, &tcp), 0);
	tcp_direct_destroy(tcp);
	c.initial_window = 0;
	ck_assert_int_eq(tcp_direct_create(&env, &c, &tcp), -EINVAL);
	c = tcp_config_default();
	c.port_min = 60000;
	c.port_max = 50000;
	ck_assert_int_eq(tcp_direct_create(&env, &c, &tcp), -EINVAL);
	c = tcp_config_default();
	memset(c.congestion, 'x', sizeof(c.congestion));
	ck_assert_int_eq(tcp_direct_create(&env, &c, &tcp), -EINVAL);
	env_fini(&env);
	buf_pool_destroy(pool);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tcp_config");
	TCase *tc = tcase_create("config");
	tcase_add_loop_test(tc, keys_and_values, 0, sizeof(sets) / sizeof(sets[0]));
	tcase_add_test(tc, values_arrive);
	tcase_add_test(tc, create_refuses_what_set_would);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
