/* SPDX-License-Identifier: ISC */
/* Replay to a stack of a few lines, whose counters and answers are known beforehand. */
#include "sim/replay/by_hand.h"
#include "sim/replay/replay.h"

#include <errno.h>
#include <stdlib.h>

/* --- the engine: a stack whose every step is known ----------------------------------------------------------- */

struct fake {
	struct dut_host host;
	uint64_t now_ns, eth_rx, ip_rx, tcp_rx, tcp_checksum, tcp_late;
	bool resolved, waiting;
	uint64_t timer_ns;
};

static int fake_create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	if (config->interfaces[0].n_addrs > 1) {
		*why = "one address only";
		return -EINVAL;
	}
	struct fake *f = calloc(1, sizeof(*f));
	f->host = *host;
	f->timer_ns = DUT_NEVER;
	*dut = f;
	return 0;
}

static void fake_destroy(void *dut)
{
	free(dut);
}

static void fake_ask(struct fake *f)
{
	uint8_t frame[ETH_HDR_LEN + ARP_LEN];
	struct eth_hdr eth = { .dst = broadcast, .src = server_mac, .type = ETHERTYPE_ARP };
	struct arp_pkt a = {
		.htype = 1, .ptype = ETHERTYPE_IP4, .hlen = 6, .plen = 4, .op = ARP_OP_REQUEST, .sha = server_mac, .spa = SERVER, .tpa = ROUTER
	};
	eth_hdr_emit(&eth, frame, ETH_HDR_LEN);
	arp_pkt_emit(&a, frame + ETH_HDR_LEN, ARP_LEN);
	f->waiting = true;
	f->host.frame_out(f->host.arg, 0, frame, sizeof(frame));
}

static void fake_answer(struct fake *f)
{
	uint8_t frame[ETH_HDR_LEN + IP4_HDR_LEN + TCP_HDR_LEN] = { 0 };
	struct tcp_hdr h = { .src_port = 80, .dst_port = 4000, .flags = TCP_SYN | TCP_ACK };
	tcp_hdr_emit(&h, frame + ETH_HDR_LEN + IP4_HDR_LEN, TCP_HDR_LEN);
	put_ip(frame, server_mac, router_mac, SERVER, CLIENT, IPPROTO_NUM_TCP, TCP_HDR_LEN);
	f->host.frame_out(f->host.arg, 0, frame, sizeof(frame));
	f->timer_ns = f->now_ns + NS_PER_S; /* once more, unasked */
}

/* Counts every layer it reaches; drops wrong TCP checksums; answers a SYN once ARP has told where to. */
static void fake_frame_in(void *dut, unsigned ifindex, const uint8_t *bytes, size_t len)
{
	struct fake *f = dut;
	struct frame x;
	(void)ifindex;
	frame_dissect(&x, bytes, len);
	f->eth_rx++;
	f->ip_rx += (x.layers & FRAME_IP4) != 0;
	f->tcp_rx += (x.layers & FRAME_TCP) != 0;
	if (x.layers & FRAME_TCP && x.l4_checksum == CHECKSUM_BAD)
		f->tcp_checksum++;
	else if (x.layers & FRAME_TCP && x.tcp.flags == TCP_SYN && !f->resolved)
		fake_ask(f);
	if (x.layers & FRAME_ARP && x.arp.op == ARP_OP_REPLY && mac_equal(x.arp.sha, router_mac) && f->waiting) {
		f->resolved = true;
		f->waiting = false;
		fake_answer(f);
	}
}

static uint64_t fake_deadline(void *dut)
{
	return ((struct fake *)dut)->timer_ns;
}

static void fake_advance(void *dut, uint64_t now_ns)
{
	struct fake *f = dut;
	f->now_ns = now_ns;
	if (now_ns >= f->timer_ns) {
		fake_answer(f);
		f->tcp_late++;
		f->timer_ns = DUT_NEVER;
	}
}

static void fake_counters(void *dut, dut_counter_fn *fn, void *arg)
{
	struct fake *f = dut;
	fn(arg, "tcp", "rx", f->tcp_rx);
	fn(arg, "tcp", "drop.checksum", f->tcp_checksum);
	fn(arg, "tcp", "drop.late", f->tcp_late);
	fn(arg, "ip4", "rx", f->ip_rx);
	fn(arg, "eth", "rx", f->eth_rx);
}

static unsigned fake_capabilities(void)
{
	return DUT_CAP_FRAMES | DUT_CAP_VIRTUAL_TIME | DUT_CAP_IPV4 | DUT_CAP_COUNTERS;
}

static unsigned fake_capabilities_without_counters(void)
{
	return DUT_CAP_FRAMES | DUT_CAP_VIRTUAL_TIME | DUT_CAP_IPV4;
}

static const struct dut_ops fake_ops = { .abi = DUT_ABI,
	.name = "fake",
	.capabilities = fake_capabilities,
	.create = fake_create,
	.destroy = fake_destroy,
	.frame_in = fake_frame_in,
	.deadline = fake_deadline,
	.advance = fake_advance,
	.counters = fake_counters };
static const struct dut_ops blind_ops = { .abi = DUT_ABI,
	.name = "blind",
	.capabilities = fake_capabilities_without_counters,
	.create = fake_create,
	.destroy = fake_destroy,
	.frame_in = fake_frame_in,
	.deadline = fake_deadline,
	.advance = fake_advance };

static struct dut_spec spec;
static struct replay_request request;
static struct replay_result result;

static void replay(const struct dut_ops *ops, const char *addr, const char *pcap)
{
	struct ip_addr a = ip_of(addr);
	spec = (struct dut_spec){ .text = "fake", .ops = ops };
	request = (struct replay_request){ .stack = &spec, .seed = 1, .trace = &t, .hosts = &hs, .host = hosts_get(&hs, &a), .pcap = pcap };
	ck_assert_int_eq(replay_open_loop(&request, &result), 0);
}

static const struct ledger_layer *layer(const char *name)
{
	for (size_t i = 0; i < result.ledger.n_layers; i++) {
		if (!strcmp(result.ledger.layers[i].name, name))
			return &result.ledger.layers[i];
	}
	ck_abort_msg("no layer %s", name);
}

static void assert_layer(const char *name, uint64_t accepted, uint64_t answered, uint64_t dropped)
{
	const struct ledger_layer *x = layer(name);
	ck_assert_msg(x->accepted == accepted && x->answered == answered && x->dropped == dropped, "%s: accepted %llu, answered %llu, dropped %llu",
		name, (unsigned long long)x->accepted, (unsigned long long)x->answered, (unsigned long long)x->dropped);
}

/* Frame 1 ARP from the router, 2 SYN, 3 its answer, 4 a segment with a wrong checksum, 5 a right one. */
static void a_bad_segment(void)
{
	begin();
	arp(0, ARP_OP_REQUEST, router_mac, ROUTER, broadcast, SERVER);
	tcp(5, to_server(4000, 80), TCP_SYN, 0, true);
	tcp(6, from_server(80, 4000), TCP_SYN | TCP_ACK, 0, true);
	tcp(7, to_server(4000, 80), TCP_ACK, 10, false);
	tcp(9, to_server(4000, 80), TCP_ACK, 10, true);
	load();
}

START_TEST(a_drop_has_layer_reason_and_frame)
{
	a_bad_segment();
	replay(&fake_ops, "192.0.2.5", NULL);
	const struct ledger *l = &result.ledger;
	ck_assert_int_eq(result.outcome, REPLAY_PASS);
	ck_assert_uint_eq(result.injected, 4);
	ck_assert_uint_eq(l->n_drops, 2);
	ck_assert_uint_eq(l->drops[0].frame, 4);
	ck_assert_str_eq(l->drops[0].layer, "tcp");
	ck_assert_str_eq(l->drops[0].reason, "checksum");
	assert_layer("eth", 4, 0, 0); /* the engine's own ARP reply is nobody's */
	assert_layer("ip4", 3, 0, 0);
	assert_layer("tcp", 2, 1, 2);
	ck_assert_str_eq(l->layers[0].name, "eth");
	ck_assert_uint_eq(result.bad_checksums, 1);
	replay_result_free(&result);
	forget();
}
END_TEST

START_TEST(a_drop_by_a_timer_is_no_frames)
{
	begin();
	tcp(0, to_server(4000, 80), TCP_SYN, 0, true);
	arp(1, ARP_OP_REQUEST, router_mac, ROUTER, broadcast, SERVER);
	tcp(2 * NS_PER_S, to_server(4000, 80), TCP_ACK, 0, true);
	load();
	replay(&fake_ops, "192.0.2.5", NULL);
	ck_assert_uint_eq(result.ledger.n_drops, 1);
	ck_assert_str_eq(result.ledger.drops[0].reason, "late");
	ck_assert_uint_eq(result.ledger.drops[0].frame, 0);
	assert_layer("tcp", 2, 1, 1);
	replay_result_free(&result);
	forget();
}
END_TEST

START_TEST(an_answer_belongs_to_its_frame)
{
	a_bad_segment();
	char answers[80], error[CAPTURE_ERROR_MAX];
	snprintf(answers, sizeof(answers), "%s.answers", path);
	replay(&fake_ops, "192.0.2.5", answers);
	const struct ledger *l = &result.ledger;
	ck_assert_uint_eq(result.arp_asked, 1);
	ck_assert_uint_eq(result.arp_answered, 1);
	ck_assert_uint_eq(l->n_replies, 1);
	ck_assert_uint_eq(l->replies[0].frame, 2);
	ck_assert_uint_eq(l->replies[0].answers, 1);
	ck_assert_uint_eq(l->answers, 1);
	ck_assert_uint_eq(l->later, 1); /* a second later, by a timer */
	replay_result_free(&result);
	forget();

	ck_assert_msg(trace_load(&t, answers, error) == 0, "%s", error);
	unlink(answers);
	ck_assert_uint_eq(t.n_frames, 3); /* ARP request, answer, answer by timer: at the capture's own times */
	ck_assert_uint_eq(t.frames[0].epoch_ns, BASE_NS + 5);
	ck_assert_uint_eq(t.frames[1].at_ns, 0);
	ck_assert_uint_eq(t.frames[2].at_ns, NS_PER_S);
	trace_free(&t);
}
END_TEST

START_TEST(without_counters_the_harness_judges)
{
	a_bad_segment();
	replay(&blind_ops, "192.0.2.5", NULL);
	const struct ledger *l = &result.ledger;
	ck_assert_uint_eq(l->n_layers, 1);
	assert_layer("harness", 3, 1, 1);
	ck_assert_uint_eq(l->n_drops, 1);
	ck_assert_uint_eq(l->drops[0].frame, 4);
	ck_assert_str_eq(l->drops[0].reason, "tcp checksum");
	replay_result_free(&result);
	forget();
}
END_TEST

START_TEST(the_harness_sees_a_packet_cut_short)
{
	struct frame f;
	begin();
	udp(0, to_server(5000, 53), 100);
	load();
	frame_dissect(&f, t.bytes, t.frames[0].len);
	ck_assert_ptr_null(ledger_fault(&f));
	frame_dissect(&f, t.bytes, t.frames[0].len - 1);
	ck_assert_str_eq(ledger_fault(&f), "ip4 truncated");
	t.bytes[ETH_HDR_LEN + 8] ^= 1; /* TTL */
	frame_dissect(&f, t.bytes, t.frames[0].len);
	ck_assert_str_eq(ledger_fault(&f), "ip4 checksum");
	forget();
}
END_TEST

START_TEST(a_stack_with_one_address_takes_the_first)
{
	begin();
	arp(0, ARP_OP_REQUEST, server_mac, ip4_of("192.0.2.6"), broadcast, ROUTER);
	arp(1, ARP_OP_REQUEST, server_mac, SERVER, broadcast, ROUTER);
	tcp(5, to_server(4000, 80), TCP_SYN, 0, true);
	load();
	replay(&fake_ops, "192.0.2.5", NULL);
	ck_assert_int_eq(result.outcome, REPLAY_PASS);
	ck_assert_uint_eq(result.place.n_addrs, 1);
	ck_assert_uint_eq(result.addresses_left_out, 1);
	ck_assert_uint_eq(result.injected, 1);
	replay_result_free(&result);
	forget();
}
END_TEST

START_TEST(nothing_sent_there_is_a_skip)
{
	char answers[80];
	begin();
	udp(0, from_server(53, 5000), 4);
	load();
	snprintf(answers, sizeof(answers), "%s.answers", path);
	replay(&fake_ops, "192.0.2.5", answers);
	ck_assert_int_eq(result.outcome, REPLAY_SKIP);
	ck_assert_str_ne(result.message, "");
	ck_assert_int_ne(access(answers, F_OK), 0);
	replay_result_free(&result);
	forget();
}
END_TEST

START_TEST(an_unwritable_pcap_is_told)
{
	a_bad_segment();
	struct ip_addr a = ip_of("192.0.2.5");
	spec = (struct dut_spec){ .text = "fake", .ops = &fake_ops };
	request = (struct replay_request){
		.stack = &spec, .seed = 1, .trace = &t, .hosts = &hs, .host = hosts_get(&hs, &a), .pcap = "/nowhere/at/all.pcap"
	};
	ck_assert_int_eq(replay_open_loop(&request, &result), -EIO);
	ck_assert_ptr_nonnull(strstr(result.message, "/nowhere/at/all.pcap"));
	replay_result_free(&result);
	forget();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *c = tcase_create("replay");
	tcase_add_test(c, a_drop_has_layer_reason_and_frame);
	tcase_add_test(c, a_drop_by_a_timer_is_no_frames);
	tcase_add_test(c, an_answer_belongs_to_its_frame);
	tcase_add_test(c, without_counters_the_harness_judges);
	tcase_add_test(c, the_harness_sees_a_packet_cut_short);
	tcase_add_test(c, a_stack_with_one_address_takes_the_first);
	tcase_add_test(c, nothing_sent_there_is_a_skip);
	tcase_add_test(c, an_unwritable_pcap_is_told);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
