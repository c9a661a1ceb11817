/* SPDX-License-Identifier: ISC */
/* The runner on every stack: each test runs once a variant. */
#include "sim/scenario/run.h"
#include "stack/base/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const stacks[] = { "direct", "lwip" };

static struct scenario *s;
static struct run *r;

static void run_with(const char *text, const char *stack, uint64_t seed)
{
	char error[SCN_ERROR_MAX] = "";
	struct run_options options = { .stack = stack, .has_seed = true, .seed = seed };
	ck_assert_msg(scenario_parse("t.yaml", text, strlen(text), &s, error) == 0, "%s", error);
	ck_assert_msg(scenario_run(s, &options, &r, error) == 0, "%s", error);
}

static void done(void)
{
	run_free(r);
	scenario_free(s);
	r = NULL;
	s = NULL;
}

static char *summary(bool brief)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	run_summary(r, f, brief);
	fclose(f);
	return text;
}

#define PAIR "hosts: [client, server]\nlinks:\n- name: wire\n  ends: [client, server]\n  delay: 10 ms\n"

START_TEST(a_tcp_flow_arrives_intact)
{
	run_with(PAIR "flows: [{name: f, from: client, to: server, bytes: 100 kB}]\n", stacks[_i], 1);
	const struct flow_result *f = &r->flows[0].r;
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	ck_assert(f->finished && f->intact);
	ck_assert_uint_eq(f->bytes_received, 100000);
	ck_assert_uint_eq(f->retransmits, 0);
	ck_assert_uint_eq(f->rtt_min_ns, 20 * NS_PER_MS);
	ck_assert_uint_eq(strlen(f->sha256), 64);
	ck_assert_uint_ge(f->finished_ns, 40 * NS_PER_MS);
	ck_assert_uint_eq(r->rsts, 0);
	done();
}
END_TEST

START_TEST(both_directions_and_every_way_to_close_end_well)
{
	run_with(PAIR
		"flows:\n- {from: client, to: server, bytes: 30 kB, direction: receive}\n- {from: client, to: server, bytes: 30 kB, direction: both}\n"
		"- {from: client, to: server, bytes: 30 kB, direction: both, close: to}\n- {from: server, to: client, bytes: 30 kB, direction: both, close: both}\n"
		"- {from: client, to: server, bytes: 30 kB, close: none}\n- {from: client, to: server, bytes: 0}\n",
		stacks[_i], 1);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_msg(r->flows[i].r.finished, "%s", r->flows[i].f->name);
		ck_assert_msg(r->flows[i].r.intact, "%s", r->flows[i].f->name);
	}
	ck_assert_uint_eq(r->flows[1].r.bytes_received, 60000);
	ck_assert(!r->capped);
	done();
}
END_TEST

/* The same seed gives the same traffic, another seed another. */
START_TEST(the_seed_decides_everything)
{
	static const char text[] = PAIR "  loss: 5 %\nflows: [{from: client, to: server, bytes: 50 kB}]\n";
	char hex[3][33];
	for (int i = 0; i < 3; i++) {
		run_with(text, stacks[_i], i == 2 ? 2 : 1);
		link_fingerprint(r->links[0], hex[i]);
		done();
	}
	ck_assert_str_eq(hex[0], hex[1]);
	ck_assert_str_ne(hex[0], hex[2]);
}
END_TEST

START_TEST(a_retransmission_is_seen_at_the_senders_cable)
{
	run_with(PAIR "  from: {server: {loss: {frames: [5], match: {payload: yes}}}}\n"
		      "flows: [{name: f, from: client, to: server, direction: receive, bytes: 20 kB}]\n",
		stacks[_i], 1);
	struct link_counters c;
	run_link_counters(r, 0, SCN_NONE, LINK_BOTH, &c);
	ck_assert_uint_eq(c.drop_loss, 1);
	ck_assert_uint_ge(r->flows[0].r.retransmits, 1);
	ck_assert(r->flows[0].r.intact);
	unsigned again = 0;
	for (size_t i = 0; i < r->flows[0].n_points; i++)
		again += r->flows[0].points[i].kind == POINT_RETRANSMIT;
	ck_assert_uint_ge(again, 1);
	done();
}
END_TEST

START_TEST(datagrams_are_accounted_for_one_by_one)
{
	run_with(PAIR
		"  from: {client: {duplicate: 1}, server: {loss: {frames: [2], match: {protocol: udp}}}}\n"
		"flows: [{name: u, type: udp, from: client, to: server, direction: both, count: 10, size: 2000 B}]\nexpect: {flows: {u: {intact: yes}}}\n",
		stacks[_i], 1);
	const struct flow_result *f = &r->flows[0].r;
	ck_assert_uint_eq(f->sent, 20);
	ck_assert_uint_eq(f->received, 19); /* a lost fragment costs its datagram */
	ck_assert_uint_eq(f->bytes_received, 38000);
	ck_assert(f->intact);
	done();
}
END_TEST

START_TEST(pings_are_timed_and_counted)
{
	run_with(PAIR
		"  from: {server: {loss: {frames: [3], match: {protocol: icmp}}}}\n"
		"flows: [{name: p, type: ping, from: client, to: server, count: 5, interval: 50 ms}]\nexpect: {flows: {p: {received: 4, lost: 20 %, rtt_min: 20 ms}}}\n",
		stacks[_i], 1);
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	ck_assert_uint_eq(r->flows[0].r.rtt_n, 4);
	done();
}
END_TEST

START_TEST(a_refused_connection_is_an_error_of_the_flow)
{
	run_with(PAIR
		"flows: [{name: f, from: client, to: server, bytes: 1 kB, listen: no}]\nexpect: {flows: {f: {error: [refused, reset], rst: 1}}}\n",
		stacks[_i], 1);
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	ck_assert(!r->flows[0].r.finished);
	ck_assert_uint_eq(r->rsts, 1);
	done();
}
END_TEST

START_TEST(the_timeline_acts_in_time)
{
	run_with(PAIR
		"  rate: 1 Mbit/s\nflows: [{name: f, from: client, to: server, bytes: 1 MB}]\ntimeline:\n- {at: 1 s, down: wire}\n- {at: 2 s, up: wire}\n- {at: 5 s, stop: f}\n",
		stacks[_i], 1);
	const struct flow_result *f = &r->flows[0].r;
	ck_assert(f->finished && f->intact); /* of what was sent until it was stopped */
	ck_assert_uint_lt(f->bytes_received, 800000);
	ck_assert_uint_ge(f->bytes_received, 100000);
	done();
	run_with(PAIR
		"  rate: 1 Mbit/s\nflows: [{name: f, from: client, to: server, bytes: 1 MB}]\ntimeline:\n- {at: 1 s, abort: f}\nexpect: {flows: {f: {error: reset, intact: no}}}\n",
		stacks[_i], 1);
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	done();
}
END_TEST

START_TEST(an_expectation_that_fails_says_what_where_and_how_to_repeat)
{
	run_with(PAIR "flows: [{name: f, from: client, to: server, bytes: 10 kB}]\nexpect:\n  flows:\n    f: {finished_within: 1 ms}\n", stacks[_i],
		9);
	ck_assert_int_eq(run_outcome(r), RUN_FAIL);
	char *text = summary(true), want[200];
	ck_assert_ptr_nonnull(strstr(text, "✗ f takes at most 1 ms, but got "));
	ck_assert_ptr_nonnull(strstr(text, "[t.yaml:9:9]"));
	snprintf(want, sizeof(want), "plumbline run --stack %s --seed 9 t.yaml\n", stacks[_i]);
	ck_assert_ptr_nonnull(strstr(text, want));
	free(text);
	done();
}
END_TEST

START_TEST(the_record_follows_the_schema)
{
	run_with(PAIR "flows: [{name: f, from: client, to: server, bytes: 100 kB}]\n", stacks[_i], 3);
	json_t *o = run_record(r), *flow = json_array_get(json_object_get(o, "flows"), 0), *link = json_array_get(json_object_get(o, "links"), 0);
	static const char *const keys[] = { "kind", "id", "file", "title", "stack", "outcome", "seed", "virtual_ns", "frames", "events", "rerun",
		"expectations", "flows", "links", "counters", "series", "pcaps" };
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_msg(json_object_get(o, keys[i]) != NULL, "%s", keys[i]);
	ck_assert_str_eq(json_string_value(json_object_get(o, "outcome")), "pass");
	ck_assert_int_eq(json_integer_value(json_object_get(flow, "bytes_received")), 100000);
	ck_assert(json_is_true(json_object_get(flow, "intact")));
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(link, "fingerprint"))), 32);
	json_t *points = json_object_get(json_array_get(json_object_get(o, "series"), 0), "points");
	ck_assert_uint_ge(json_array_size(points), 100);
	/* the last data byte is number 100 000 */
	json_int_t top = 0;
	for (size_t i = 0; i < json_array_size(points); i++) {
		json_int_t v = json_integer_value(json_array_get(json_array_get(points, i), 1));
		top = v > top ? v : top;
	}
	ck_assert_int_ge(top, 100000);
	ck_assert_int_le(top, 100001);
	json_decref(o);
	done();
}
END_TEST

START_TEST(a_switch_counts_a_frame_once)
{
	run_with(
		"hosts: [a, b, c]\nlinks: [{name: lan, kind: switch, ends: [a, b, c], delay: 1 ms}]\nflows: [{name: p, type: ping, from: a, to: b, count: 10}]\n"
		"expect: {links: {lan: {to: {c: {frames: {at_most: 3}}}}}}\n",
		stacks[_i], 1);
	struct link_counters c;
	run_link_counters(r, 0, SCN_NONE, LINK_BOTH, &c);
	ck_assert_uint_ge(c.frames, 22);
	ck_assert_uint_le(c.frames, 30);
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	done();
}
END_TEST

START_TEST(what_a_stack_lacks_is_a_skip_with_the_reason)
{
	run_with(PAIR "flows: [{name: u, type: udp, from: client, to: server, count: 1}]\n", "direct+tcp", 1);
	ck_assert_int_eq(run_outcome(r), RUN_SKIP);
	char *text = summary(false);
	ck_assert_ptr_nonnull(strstr(text, "skipped: host client: direct+tcp has no UDP"));
	free(text);
	done();
}
END_TEST

START_TEST(two_stacks_can_meet)
{
	run_with("hosts:\n- {name: client, stack: direct}\n- {name: server, stack: lwip}\nlinks: [{ends: [client, server], delay: 5 ms, loss: 1 %}]\n"
		 "flows:\n- {from: client, to: server, bytes: 200 kB}\n- {from: client, to: server, direction: receive, bytes: 200 kB}\n",
		NULL, 1);
	ck_assert_int_eq(run_outcome(r), RUN_PASS);
	done();
}
END_TEST

START_TEST(a_wrong_stack_is_told_with_its_place)
{
	static const char text[] = "hosts:\n- {name: a, stack: nope}\n- b\nlinks: [{ends: [a, b]}]\n";
	char error[SCN_ERROR_MAX];
	struct run_options options = { 0 };
	ck_assert_int_eq(scenario_parse("t.yaml", text, strlen(text), &s, error), 0);
	ck_assert_int_eq(scenario_check_stacks(s, &options, error), -EINVAL);
	ck_assert_ptr_eq(strstr(error, "t.yaml:2:20: unknown stack 'nope'; there are: "), error);
	scenario_free(s);
	static const char option[] = "hosts:\n- {name: a, stack: direct, options: {no.such: 1}}\n- b\nlinks: [{ends: [a, b]}]\n";
	ck_assert_int_eq(scenario_parse("t.yaml", option, strlen(option), &s, error), 0);
	ck_assert_int_eq(scenario_check_stacks(s, &options, error), 0);
	ck_assert_int_eq(scenario_run(s, &options, &r, error), -EINVAL);
	ck_assert_ptr_eq(strstr(error, "t.yaml:2:20: host a: stack direct: "), error);
	scenario_free(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario runs");
	TCase *tc = tcase_create("run");
	const int n = sizeof(stacks) / sizeof(stacks[0]);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_tcp_flow_arrives_intact, 0, n);
	tcase_add_loop_test(tc, both_directions_and_every_way_to_close_end_well, 0, n);
	tcase_add_loop_test(tc, the_seed_decides_everything, 0, n);
	tcase_add_loop_test(tc, a_retransmission_is_seen_at_the_senders_cable, 0, n);
	tcase_add_loop_test(tc, datagrams_are_accounted_for_one_by_one, 0, n);
	tcase_add_loop_test(tc, pings_are_timed_and_counted, 0, n);
	tcase_add_loop_test(tc, a_refused_connection_is_an_error_of_the_flow, 0, n);
	tcase_add_loop_test(tc, the_timeline_acts_in_time, 0, n);
	tcase_add_loop_test(tc, an_expectation_that_fails_says_what_where_and_how_to_repeat, 0, n);
	tcase_add_loop_test(tc, the_record_follows_the_schema, 0, n);
	tcase_add_loop_test(tc, a_switch_counts_a_frame_once, 0, n);
	tcase_add_test(tc, what_a_stack_lacks_is_a_skip_with_the_reason);
	tcase_add_test(tc, two_stacks_can_meet);
	tcase_add_test(tc, a_wrong_stack_is_told_with_its_place);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
