/* SPDX-License-Identifier: ISC */
#include "sim/scenario/scenario.h"
#include "stack/base/unit.h"

#include <errno.h>
#include <string.h>

/* Lines 1 and 2 of every case below, so that what is wrong stands in line 3 or later. */
#define TWO_HOSTS "hosts: [a, b]\nlinks: [{name: w, ends: [a, b]}]\n"
#define ONE_FLOW TWO_HOSTS "flows: [{name: f, from: a, to: b, bytes: 1 kB}]\n"

static const struct mistake {
	const char *text, *error;
} mistakes[] = {
	/* YAML itself */
	{ "", "x.yaml:1:1: the file is empty" },
	{ "# nothing\n", "x.yaml:1:1: the file is empty" },
	{ "hosts: [a", "x.yaml:2:1: YAML syntax: did not find expected ',' or ']', while parsing a flow sequence" },
	{ "a: b: c\n", "x.yaml:1:5: YAML syntax: mapping values are not allowed in this context" },
	{ "\ttitle: x\n", "x.yaml:1:1: YAML syntax: found character that cannot start any token, while scanning for the next token" },
	{ "title: \xff\n", "x.yaml:1:1: not UTF-8 text (invalid leading UTF-8 octet, byte 7)" },
	{ "title: x\n---\ntitle: y\n", "x.yaml:2:1: a second document: a scenario file holds one" },
	{ "title: &x y\n", "x.yaml:1:8: anchors (&x) are not supported: write the value out" },
	{ "title: *x\n", "x.yaml:1:8: aliases (*x) are not supported: write the value out" },
	{ "*x\n", "x.yaml:1:1: aliases (*x) are not supported: write the value out" },
	{ "title: !t y\n", "x.yaml:1:8: tags (!t) are not supported" },
	{ "title: x\nseed: 1\ntitle: y\n", "x.yaml:3:1: key \"title\" given twice (first in line 1)" },
	{ "? [a]\n: b\n", "x.yaml:1:3: a key must be a plain word" },
	{ "title: \"a\\0b\"\n", "x.yaml:1:8: a NUL character in the text" },
	/* the top */
	{ "just text\n", "x.yaml:1:1: the scenario: expected keys and values" },
	{ "tilte: x\n",
		"x.yaml:1:1: unknown key \"tilte\" in the scenario (expected one of: title, description, seed, duration, settle, stack, hosts, "
		"links, flows, timeline, expect)" },
	{ "title:\n", "x.yaml:1:7: title has no value: expected text" },
	{ "seed: -1\n", "x.yaml:1:7: seed \"-1\": expected a whole number" },
	{ "seed: 99999999999999999999\n", "x.yaml:1:7: seed \"99999999999999999999\" is too big or too finely divided: expected a whole number" },
	{ "duration: 10\n", "x.yaml:1:11: duration \"10\": expected a time like 10 ms (ns, us, ms, s, min, h)" },
	{ "title: x\n", "x.yaml:1:1: a scenario needs \"hosts\"" },
	{ "hosts: [a, b]\n", "x.yaml:1:1: a scenario needs \"links\"" },
	/* hosts */
	{ "links: []\nhosts: a\n", "x.yaml:2:8: hosts: expected a list of hosts" },
	{ "links: []\nhosts: []\n", "x.yaml:2:8: expected 1 to 1000 hosts" },
	{ "links: []\nhosts: [a b]\n", "x.yaml:2:9: \"a b\" is no name: expected letters, digits, - and _" },
	{ "links: []\nhosts:\n- a\n- name: b\n- name: a\n", "x.yaml:5:9: host \"a\" named twice (first in line 3)" },
	{ "links: []\nhosts:\n- stack: direct\n", "x.yaml:3:3: a host needs a \"name\"" },
	{ "links: []\nhosts:\n- {name: a, mtu: 10}\n", "x.yaml:3:18: mtu \"10\" is out of range: from 68 to 65535" },
	{ "links: []\nhosts:\n- {name: a, address: 10.0.0.1}\n",
		"x.yaml:3:22: address \"10.0.0.1\": expected an address and prefix length like 10.0.0.1/24" },
	{ "links: []\nhosts:\n- {name: a, address: 10.0.0.1/33}\n",
		"x.yaml:3:22: address \"10.0.0.1/33\": expected an address and prefix length like 10.0.0.1/24" },
	{ "links: []\nhosts:\n- {name: a, router: maybe}\n", "x.yaml:3:21: router \"maybe\": expected yes or no" },
	{ "links: []\nhosts:\n- {name: a, interfaces: [{name: e}, {name: e}]}\n", "x.yaml:3:37: host a has two interfaces named \"e\"" },
	{ "links: [{ends: [a, b]}]\nhosts:\n- {name: a, gateway: 192.168.1.1}\n- b\n", "x.yaml:3:22: 192.168.1.1 is on no network of host a" },
	{ "links: [{ends: [a, b]}]\nhosts:\n- {name: a, routes: [{to: default}]}\n- b\n", "x.yaml:3:22: a route needs \"to\" and \"via\"" },
	{ "links: [{ends: [a, b]}]\nhosts:\n- {name: a, address: 10.0.0.1/8}\n- {name: b, address: 10.0.0.1/8}\n",
		"x.yaml:4:3: hosts a and b have the same address" },
	/* links */
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], dealy: 1 ms}\n",
		"x.yaml:3:18: unknown key \"dealy\" in link (expected one of: name, kind, ends, from, to, "
		"partition, delay, jitter, loss, duplicate, reorder, corrupt, truncate, pad, rate, queue, mtu, down)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], delay: 10 parsecs}\n",
		"x.yaml:3:25: delay \"10 parsecs\": expected a time like 10 ms (ns, us, ms, s, min, h)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], delay: [1 ms]}\n",
		"x.yaml:3:25: delay: a list: expected a time like 10 ms (ns, us, ms, s, min, h)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], delay: 0.5 ns}\n",
		"x.yaml:3:25: delay \"0.5 ns\" is too big or too finely divided: expected a time like 10 ms "
		"(ns, us, ms, s, min, h)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], rate: 20 Mbit}\n",
		"x.yaml:3:24: rate \"20 Mbit\": expected a rate like 20 Mbit/s (bit/s, kbit/s, Mbit/s, Gbit/s)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], loss: 101 %}\n", "x.yaml:3:24: loss \"101 %\" is out of range: from 0 % to 100 %" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], loss: {bad: 10 %}}\n", "x.yaml:3:24: loss in bursts needs \"bad\", \"to_bad\" and \"to_good\"" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], loss: {}}\n",
		"x.yaml:3:24: loss: expected either rate, or bad, to_bad and to_good (bursts), or frames (a list)" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], loss: {frames: [3, 3]}}\n", "x.yaml:3:37: frame numbers must rise: 3 does not" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], loss: {rate: 1 %, match: {flags: [sin]}}}\n",
		"x.yaml:3:52: item \"sin\": expected one of: fin, syn, rst, psh, ack, urg, ece, cwr" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], reorder: {rate: 1 %}}\n", "x.yaml:3:27: reorder needs \"rate\" and \"by\"" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], jitter: {amount: 1 ms, distribution: odd}}\n",
		"x.yaml:3:55: distribution \"odd\": expected one of: none, uniform, normal, pareto" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, nowhere]}\n", "x.yaml:3:14: unknown host \"nowhere\"" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b.eth3]}\n", "x.yaml:3:14: host b has no interface \"eth3\"" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a]}\n", "x.yaml:3:10: a link joins 2 to 254 hosts, not 1" },
	{ "hosts: [a, b, c]\nlinks:\n- {ends: [a, b, c]}\n", "x.yaml:3:10: a wire joins 2 hosts, not 3 (kind: switch joins any number)" },
	{ "hosts: [a, b]\nlinks:\n- {name: w}\n", "x.yaml:3:3: a link needs \"ends\"" },
	{ "hosts: [a, b]\nlinks:\n- {kind: bridge, ends: [a, b]}\n", "x.yaml:3:10: kind \"bridge\": expected one of: wire, switch, hub" },
	{ "hosts: [a, b]\nlinks:\n- {name: w, ends: [a, b]}\n- {name: w, ends: [a, b]}\n", "x.yaml:4:3: link \"w\" named twice (first in line 3)" },
	{ "hosts: [a, b, c]\nlinks:\n- {ends: [a, b], from: {c: {loss: 1 %}}}\n", "x.yaml:3:25: \"c\" is not on link link1" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], to: {a: {loss: 1 %}}}\n", "x.yaml:3:18: a wire has no \"to\": use \"from\" with the other host" },
	{ "hosts: [a, b]\nlinks:\n- {ends: [a, b], partition: [[a], [b]]}\n",
		"x.yaml:3:29: link link1 is a wire: only a switch or hub can be partitioned (use down)" },
	{ "hosts: [a, b]\nlinks:\n- {kind: hub, ends: [a, b], partition: [[a]]}\n", "x.yaml:3:40: host b is in no group" },
	/* flows */
	{ TWO_HOSTS "flows: [{from: a, to: c, bytes: 1 kB}]\n", "x.yaml:3:23: unknown host \"c\"" },
	{ TWO_HOSTS "flows: [{from: a, bytes: 1 kB}]\n", "x.yaml:3:9: a flow needs \"to\"" },
	{ TWO_HOSTS "flows: [{from: a, to: a, bytes: 1 kB}]\n", "x.yaml:3:23: a flow joins two hosts, not a with itself" },
	{ TWO_HOSTS "flows: [{from: a, to: b}]\n", "x.yaml:3:9: a tcp flow needs \"bytes\", or \"count\" and \"size\"" },
	{ TWO_HOSTS "flows: [{from: a, to: b, bytes: 1000}]\n",
		"x.yaml:3:33: bytes \"1000\": expected a size like 64 KiB (B, kB, MB, GB, KiB, MiB, GiB)" },
	{ TWO_HOSTS "flows: [{from: a, to: b, bytes: 1 kB, rate: 1 Mbit/s}]\n", "x.yaml:3:39: \"rate\" is not for a tcp flow" },
	{ TWO_HOSTS "flows: [{from: a, to: b, type: sctp, bytes: 1 kB}]\n", "x.yaml:3:32: type \"sctp\": expected one of: tcp, udp, ping" },
	{ TWO_HOSTS "flows: [{from: a, to: b, type: ping, port: 7}]\n", "x.yaml:3:38: \"port\" is not for a ping flow" },
	{ TWO_HOSTS "flows: [{from: a, to: b, type: udp, count: 1, size: 4 B}]\n", "x.yaml:3:53: size of a datagram: from 8 to 65507 bytes" },
	{ TWO_HOSTS "flows: [{from: a, to: b, bytes: 1 B, port: 70000}]\n", "x.yaml:3:44: port \"70000\" is out of range: from 1 to 65535" },
	{ TWO_HOSTS "flows: [{from: a, to: b, bytes: 1 B, port: 7}, {from: a, to: b, bytes: 1 B, port: 7}]\n",
		"x.yaml:3:83: port 7 is already taken by flow flow1" },
	{ TWO_HOSTS "flows: [{name: f, from: a, to: b, bytes: 1 B}, {name: f, from: a, to: b, bytes: 1 B}]\n",
		"x.yaml:3:48: flow \"f\" named twice (first in line 3)" },
	{ TWO_HOSTS "flows: [{from: a, to: b, bytes: 1 B, keepalive: {idle: 5}}]\n",
		"x.yaml:3:56: idle \"5\": expected a time like 10 ms (ns, us, ms, s, min, h)" },
	/* timeline */
	{ ONE_FLOW "timeline: [{down: w}]\n", "x.yaml:4:12: a timeline item needs \"at\"" },
	{ ONE_FLOW "timeline: [{at: 1 s}]\n", "x.yaml:4:12: a timeline item is \"at\" and one action" },
	{ ONE_FLOW "timeline: [{at: 1 s, down: x}]\n", "x.yaml:4:28: unknown link \"x\"" },
	{ ONE_FLOW "timeline: [{at: 1 s, stop: x}]\n", "x.yaml:4:28: unknown flow \"x\"" },
	{ ONE_FLOW "timeline: [{at: 1 s, explode: f}]\n",
		"x.yaml:4:22: unknown key \"explode\" in timeline item (expected one of: at, impair, down, up, partition, "
		"heal, stop, abort, set)" },
	{ ONE_FLOW "timeline: [{at: 1 s, impair: {loss: 1 %}}]\n", "x.yaml:4:30: impair needs \"link\"" },
	{ ONE_FLOW "timeline: [{at: 1 s, impair: {link: w, from: c}}]\n", "x.yaml:4:46: \"c\" is not on link w" },
	/* expect */
	{ ONE_FLOW "expect: {flows: {g: {intact: yes}}}\n", "x.yaml:4:18: unknown flow \"g\"" },
	{ ONE_FLOW "expect: {flows: {f: {intakt: yes}}}\n",
		"x.yaml:4:22: unknown key \"intakt\" in what is expected of a flow (expected one of: intact, finished, "
		"finished_within, duration, goodput, rtt_min, rtt_avg, rtt_max, retransmits, timeouts, rst, sent, received, bytes_received, lost, duplicates, out_of_order, error)" },
	{ ONE_FLOW "expect: {flows: {f: {lost: 1 %}}}\n", "x.yaml:4:22: \"lost\" is not for a tcp flow" },
	{ ONE_FLOW "expect: {flows: {f: {retransmits: {below: 3}}}}\n",
		"x.yaml:4:36: unknown key \"below\" in retransmits (expected one of: at_least, at_most, exactly)" },
	{ ONE_FLOW "expect: {flows: {f: {retransmits: {at_least: 3, at_most: 2}}}}\n", "x.yaml:4:35: retransmits: at_least is more than at_most" },
	{ ONE_FLOW "expect: {flows: {f: {error: broken}}}\n",
		"x.yaml:4:29: error \"broken\": expected one of: none, refused, reset, timeout, unreachable" },
	{ ONE_FLOW "expect: {links: {v: {frames: 3}}}\n", "x.yaml:4:18: unknown link \"v\"" },
	{ ONE_FLOW "expect: {links: {w: {fingerprint: abc}}}\n", "x.yaml:4:35: fingerprint \"abc\": expected 32 lower-case hex digits" },
	{ ONE_FLOW "expect: {hosts: {c: {tcp.rx: 3}}}\n", "x.yaml:4:18: unknown host \"c\"" },
	{ ONE_FLOW "expect: {hosts: {a: {rx: 3}}}\n", "x.yaml:4:22: \"rx\": expected a counter like tcp.rx, or stack" },
};

START_TEST(each_mistake_is_told_with_its_place)
{
	const struct mistake *m = &mistakes[_i];
	struct scenario *s;
	char error[SCN_ERROR_MAX];
	ck_assert_int_eq(scenario_parse("x.yaml", m->text, strlen(m->text), &s, error), -EINVAL);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(error, m->error);
}
END_TEST

static struct scenario *parse(const char *text)
{
	struct scenario *s;
	char error[SCN_ERROR_MAX] = "";
	int err = scenario_parse("dir/x.yaml", text, strlen(text), &s, error);
	ck_assert_msg(err == 0, "%s", error);
	return s;
}

START_TEST(the_smallest_scenario_has_sensible_defaults)
{
	struct scenario *s = parse(TWO_HOSTS "flows: [{from: a, to: b, bytes: 1.5 kB}]\n");
	ck_assert_str_eq(s->id, "x");
	ck_assert_str_eq(s->title, "x");
	ck_assert_str_eq(s->stack, "direct");
	ck_assert_uint_eq(s->seed, 1);
	ck_assert_uint_eq(s->duration_ns, 600 * NS_PER_S);
	ck_assert_uint_eq(s->hosts[1].n_interfaces, 1);
	const struct dut_interface *i = &s->hosts[1].interfaces[0].dut;
	ck_assert_mem_eq(i->addrs[0].addr.b, ((uint8_t[]){ 10, 1, 0, 2 }), 4);
	ck_assert_uint_eq(i->addrs[0].len, 24);
	ck_assert_uint_eq(i->mtu, 1500);
	ck_assert_mem_eq(i->mac, ((uint8_t[]){ 2, 0, 0, 0, 2, 0 }), 6);
	const struct scn_flow *f = &s->flows[0];
	ck_assert_str_eq(f->name, "flow1");
	ck_assert_uint_eq(f->bytes, 1500);
	ck_assert_int_eq(f->type, FLOW_TCP);
	ck_assert_int_eq(f->direction, FLOW_SEND);
	ck_assert_int_eq(f->close, CLOSE_FROM);
	ck_assert(f->listen);
	ck_assert_uint_eq(f->port, 5001);
	ck_assert_mem_eq(f->to_addr.b, i->addrs[0].addr.b, 16);
	ck_assert_uint_eq(s->n_expects, 1);
	ck_assert_str_eq(s->expects->what, "flows.flow1.intact");
	ck_assert_uint_eq(s->expects->pos.line, 3);
	scenario_free(s);
}
END_TEST

START_TEST(every_impairment_has_a_key)
{
	struct scenario *s = parse(
		"hosts: [a, b]\nlinks:\n- name: w\n  ends: [a, b]\n"
		"  delay: 10 ms\n  jitter: {amount: 2 ms, distribution: pareto, reorders: yes}\n"
		"  loss: {good: 0.1 %, bad: 0.5, to_bad: 1 %, to_good: 20 %, match: {protocol: tcp, port: 80, flags: [syn, ack], ethertype: ipv4, payload: yes}}\n"
		"  duplicate: 1 %\n  reorder: {rate: 5 %, by: 3 ms}\n  corrupt: {rate: 2 %, bits: 3}\n  truncate: 4 %\n  pad: {rate: 6 %, bytes: 18}\n"
		"  rate: 20 Mbit/s\n  queue: {bytes: 64 KiB, kind: codel, threshold: 1 kB, target: 5 ms, interval: 100 ms, ecn: yes}\n  mtu: 1400\n  down: yes\n"
		"  from: {b: {delay: 1 s, loss: {frames: [2, 9]}}}\n");
	const struct scn_link *l = &s->links[0];
	struct impairments v = { 0 };
	ck_assert_uint_eq(l->n_impairs, 2);
	ck_assert_uint_eq(l->impairs[0].end, SCN_NONE);
	scn_patch_apply(&l->impairs[0].patch, &v);
	ck_assert_uint_eq(v.delay_ns, 10 * NS_PER_MS);
	ck_assert_int_eq(v.jitter, JITTER_PARETO);
	ck_assert_uint_eq(v.jitter_ns, 2 * NS_PER_MS);
	ck_assert(v.jitter_reorders);
	ck_assert_int_eq(v.loss, LOSS_GILBERT);
	ck_assert_double_eq(v.loss_rate, 0.001);
	ck_assert_double_eq(v.gilbert_bad_rate, 0.5);
	ck_assert_double_eq(v.gilbert_to_bad, 0.01);
	ck_assert_double_eq(v.gilbert_to_good, 0.2);
	ck_assert_uint_eq(v.loss_match.protocol, 6);
	ck_assert_uint_eq(v.loss_match.port, 80);
	ck_assert_uint_eq(v.loss_match.tcp_flags, 0x12);
	ck_assert_uint_eq(v.loss_match.ethertype, 0x800);
	ck_assert(v.loss_match.has_payload);
	ck_assert_double_eq(v.duplicate_rate, 0.01);
	ck_assert_double_eq(v.reorder_rate, 0.05);
	ck_assert_uint_eq(v.reorder_ns, 3 * NS_PER_MS);
	ck_assert_double_eq(v.corrupt_rate, 0.02);
	ck_assert_uint_eq(v.corrupt_bits, 3);
	ck_assert_double_eq(v.truncate_rate, 0.04);
	ck_assert_double_eq(v.pad_rate, 0.06);
	ck_assert_uint_eq(v.pad_bytes, 18);
	ck_assert_uint_eq(v.rate_bps, 20000000);
	ck_assert_int_eq(v.queue, QUEUE_CODEL);
	ck_assert_uint_eq(v.queue_bytes, 65536);
	ck_assert_uint_eq(v.ecn_threshold_bytes, 1000);
	ck_assert_uint_eq(v.codel_target_ns, 5 * NS_PER_MS);
	ck_assert_uint_eq(v.codel_interval_ns, 100 * NS_PER_MS);
	ck_assert(v.codel_ecn);
	ck_assert_uint_eq(v.mtu, 1400);
	ck_assert(v.down);
	ck_assert_uint_eq(l->impairs[1].end, 1);
	scn_patch_apply(&l->impairs[1].patch, &v);
	ck_assert_uint_eq(v.delay_ns, NS_PER_S);
	ck_assert_int_eq(v.loss, LOSS_LIST);
	ck_assert_uint_eq(v.loss_list_len, 2);
	ck_assert_uint_eq(v.loss_list[1], 9);
	ck_assert_uint_eq(v.loss_match.port, 0);
	ck_assert_uint_eq(v.rate_bps, 20000000);
	scenario_free(s);
}
END_TEST

START_TEST(addresses_and_routes_follow_the_topology)
{
	struct scenario *s = parse(
		"hosts:\n- a\n- {name: r, router: yes, interfaces: [{name: left}, {name: right, address: [10.9.0.1/16, 10.8.0.1/16], mtu: 576}]}\n"
		"- {name: b, address: 10.9.0.2/16, gateway: r}\n- {name: c, address: 10.9.0.3/16, routes: [{to: 10.1.0.0/24, via: 10.9.0.1}]}\n"
		"links:\n- {ends: [a, r.left]}\n- {kind: switch, ends: [r.right, b, c]}\nflows:\n- {type: ping, from: a, to: r.right}\n");
	const struct scn_host *a = &s->hosts[0], *r = &s->hosts[1], *b = &s->hosts[2], *c = &s->hosts[3];
	ck_assert_uint_eq(a->n_routes, 1); /* its link has one router */
	ck_assert_uint_eq(a->routes[0].dut.to.len, 0);
	ck_assert_mem_eq(a->routes[0].dut.via.b, ((uint8_t[]){ 10, 1, 0, 2 }), 4);
	ck_assert_uint_eq(r->n_routes, 0);
	ck_assert_uint_eq(r->interfaces[1].dut.n_addrs, 2);
	ck_assert_uint_eq(r->interfaces[1].dut.mtu, 576);
	ck_assert_uint_eq(b->n_routes, 1);
	ck_assert_mem_eq(b->routes[0].dut.via.b, ((uint8_t[]){ 10, 9, 0, 1 }), 4);
	ck_assert_uint_eq(c->n_routes, 1);
	ck_assert_uint_eq(c->routes[0].dut.to.len, 24);
	ck_assert_mem_eq(s->flows[0].to_addr.b, ((uint8_t[]){ 10, 9, 0, 1 }), 4);
	scenario_free(s);
}
END_TEST

START_TEST(flows_timeline_and_expectations_are_read_whole)
{
	struct scenario *s = parse(
		"hosts: [a, b, c]\nlinks: [{name: lan, kind: switch, ends: [a, b, c]}]\nflows:\n"
		"- {name: t, from: a, to: b, count: 3, size: 10 B, interval: 1 s, start: 2 s, direction: both, close: to, port: 80, nodelay: yes, keepalive: {idle: 2 h, count: 4}}\n"
		"- {name: u, type: udp, from: c, to: b, bytes: 2500 B, rate: 1 Mbit/s, ttl: 3}\n"
		"timeline:\n- {at: 3 s, heal: lan}\n- {at: 1 s, partition: {link: lan, groups: [[a, b], [b, c]]}}\n- {at: 1 s, impair: {link: lan, to: c, delay: 5 ms}}\n"
		"- {at: 4 s, set: {flow: t, keepalive: no}}\n- {at: 5 s, abort: t}\n"
		"expect:\n  flows:\n    t: {error: [reset, timeout], retransmits: {at_most: 3}}\n    u: {lost: {at_least: 1 %, at_most: 0.5}}\n"
		"  links: {lan: {drops.loss: 0, from: {a: {frames: {at_least: 1}}}, fingerprint: {direct: 0123456789abcdef0123456789abcdef}}}\n"
		"  hosts: {a: {stack: direct, tcp.rx: 4}}\n  no_rst: yes\n  quiet_after: 9 s\n");
	const struct scn_flow *t = &s->flows[0], *u = &s->flows[1];
	ck_assert_uint_eq(t->bytes, 30);
	ck_assert_int_eq(t->direction, FLOW_BOTH);
	ck_assert_int_eq(t->close, CLOSE_TO);
	ck_assert_uint_eq(
		t->options.set, 1u << DUT_SO_NODELAY | 1u << DUT_SO_KEEPALIVE | 1u << DUT_SO_KEEPALIVE_IDLE_MS | 1u << DUT_SO_KEEPALIVE_COUNT);
	ck_assert_int_eq(t->options.value[DUT_SO_KEEPALIVE_IDLE_MS], 7200000);
	ck_assert_uint_eq(u->count, 3);
	ck_assert_uint_eq(u->interval_ns, 8000001);
	ck_assert_int_eq(u->options.value[DUT_SO_TTL], 3);
	ck_assert_uint_eq(s->n_events, 5);
	ck_assert_uint_eq(s->events[0].groups[1], 3);
	ck_assert_uint_eq(s->events[0].groups[2], 2);
	ck_assert_int_eq(s->events[1].impair.direction, LINK_TO_HOST);
	ck_assert_uint_eq(s->events[1].impair.end, 2);
	ck_assert_ptr_null(s->events[2].groups);
	ck_assert_int_eq(s->events[3].options.value[DUT_SO_KEEPALIVE], 0);
	static const char *const whats[] = { "flows.t.error", "flows.t.retransmits", "flows.u.lost", "links.lan.drops.loss", "links.lan.fingerprint",
		"links.lan.from.a.frames", "hosts.a.tcp.rx", "no_rst", "quiet_after" };
	unsigned n = 0;
	for (const struct scn_expect *x = s->expects; x; x = x->next, n++)
		ck_assert_str_eq(x->what, whats[n]);
	ck_assert_uint_eq(n, 9);
	ck_assert_uint_eq(s->expects->errors, FAIL_RESET | FAIL_TIMEOUT);
	ck_assert_uint_eq(s->expects->next->next->bound.least, SHARE_ONE / 100);
	ck_assert_uint_eq(s->expects->pos.line, 14);
	scenario_free(s);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
	struct scenario *s;
	char error[SCN_ERROR_MAX];
	ck_assert_int_eq(scenario_load("/nonexistent.yaml", &s, error), -ENOENT);
	ck_assert_str_eq(error, "/nonexistent.yaml: cannot read the scenario: No such file or directory");
	ck_assert_int_eq(scenario_load("/tmp", &s, error), -EISDIR);
	ck_assert_int_eq(scenario_load("/dev/zero", &s, error), -EINVAL);
	ck_assert_str_eq(error, "/dev/zero: 262145 bytes, more than a scenario file may have (262144)");
}
END_TEST

START_TEST(nesting_is_bounded)
{
	char deep[4096], error[SCN_ERROR_MAX];
	struct scenario *s;
	memset(deep, '[', sizeof(deep));
	ck_assert_int_eq(scenario_parse("x.yaml", deep, sizeof(deep), &s, error), -EINVAL);
	ck_assert_str_eq(error, "x.yaml:1:33: nested deeper than 32 levels");
}
END_TEST

/* Every prefix of a good file is either good or refused; under the sanitizers this also shows that no error path leaks. */
START_TEST(every_truncated_prefix_ends_well)
{
	static const char text[] = ONE_FLOW
		"timeline: [{at: 1 s, impair: {link: w, loss: {frames: [1, 2]}}}]\nexpect: {flows: {f: {error: [none, reset]}}, links: {w: {drops: 0}}}\n";
	for (size_t len = 0; len < sizeof(text); len++) {
		struct scenario *s;
		char error[SCN_ERROR_MAX] = "";
		int err = scenario_parse("x.yaml", text, len, &s, error);
		ck_assert_int_eq(err != 0, error[0] != 0);
		scenario_free(s);
	}
}
END_TEST

START_TEST(units_are_exact)
{
	uint64_t v;
	char s[UNIT_STRLEN];
	ck_assert_int_eq(unit_parse(UNIT_TIME, "1.5 s", &v), 0);
	ck_assert_uint_eq(v, 1500000000);
	ck_assert_int_eq(unit_parse(UNIT_TIME, "2h", &v), 0);
	ck_assert_uint_eq(v, UINT64_C(7200000000000));
	ck_assert_int_eq(unit_parse(UNIT_TIME, "0", &v), 0);
	ck_assert_int_eq(unit_parse(UNIT_SIZE, "64 KiB", &v), 0);
	ck_assert_uint_eq(v, 65536);
	ck_assert_int_eq(unit_parse(UNIT_SHARE, "0.1 %", &v), 0);
	ck_assert_uint_eq(v, SHARE_ONE / 1000);
	ck_assert_int_eq(unit_parse(UNIT_SHARE, "0.25", &v), 0);
	ck_assert_uint_eq(v, SHARE_ONE / 4);
	ck_assert_int_eq(unit_parse(UNIT_TIME, "9223372036.854775808 s", &v), -ERANGE);
	ck_assert_int_eq(unit_parse(UNIT_TIME, "1. s", &v), -EINVAL);
	ck_assert_int_eq(unit_parse(UNIT_TIME, "1..2 s", &v), -EINVAL);
	ck_assert_int_eq(unit_parse(UNIT_COUNT, "1e3", &v), -EINVAL);
	ck_assert_str_eq(unit_format(UNIT_TIME, 1500000000, s), "1.5 s");
	ck_assert_str_eq(unit_format(UNIT_TIME, 0, s), "0 ns");
	ck_assert_str_eq(unit_format(UNIT_TIME, 1234567, s), "1.235 ms");
	ck_assert_str_eq(unit_format(UNIT_RATE, 20000000, s), "20 Mbit/s");
	ck_assert_str_eq(unit_format(UNIT_SHARE, SHARE_ONE, s), "100 %");
	ck_assert_str_eq(unit_format(UNIT_COUNT, 12, s), "12");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scenario files");
	TCase *tc = tcase_create("parse");
	tcase_add_loop_test(tc, each_mistake_is_told_with_its_place, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, the_smallest_scenario_has_sensible_defaults);
	tcase_add_test(tc, every_impairment_has_a_key);
	tcase_add_test(tc, addresses_and_routes_follow_the_topology);
	tcase_add_test(tc, flows_timeline_and_expectations_are_read_whole);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_told);
	tcase_add_test(tc, nesting_is_bounded);
	tcase_add_test(tc, every_truncated_prefix_ends_well);
	tcase_add_test(tc, units_are_exact);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
