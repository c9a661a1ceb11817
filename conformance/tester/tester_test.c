/* SPDX-License-Identifier: ISC */
/* The tester against a stack of a page whose every frame is known. */
#include "conformance/tester/stage.h"

#include "stack/base/unit.h"

#include <errno.h>
#include <stdlib.h>

/*
 * The fake stack: a UDP datagram is echoed after 100 ms, and again with a wrong checksum after 200 ms. A ping makes it ask for the
 * pinger's hardware address at once. ARP requests for its address are answered.
 */
struct fake {
	struct dut_host host;
	uint64_t now_ns, at_ns;
	uint8_t echo[2000];
	int len, echoes;
};

static unsigned fake_capabilities(void)
{
	return DUT_CAP_FRAMES | DUT_CAP_VIRTUAL_TIME | DUT_CAP_IPV4;
}

static int fake_create(const struct dut_config *config, const struct dut_host *host, void **dut, const char **why)
{
	if (config->n_options) {
		*why = "it has no options";
		return -EINVAL;
	}
	struct fake *f = calloc(1, sizeof(*f));
	f->host = *host;
	f->at_ns = DUT_NEVER;
	*dut = f;
	return 0;
}

static void send_frame(struct fake *f, const struct packet *p)
{
	uint8_t bytes[2000];
	int len = packet_build(p, NULL, bytes, sizeof(bytes));
	f->host.frame_out(f->host.arg, 0, bytes, (size_t)len);
}

static void fake_frame_in(void *dut, unsigned ifindex, const uint8_t *frame, size_t len)
{
	struct fake *f = dut;
	struct frame in;
	(void)ifindex;
	frame_dissect(&in, frame, len);
	struct packet_eth eth = { .on = true, .dst = HW(in.eth.src), .src = HW(in.eth.dst) };
	if (in.layers & FRAME_ARP && in.arp.op == ARP_OP_REQUEST)
		send_frame(f, &(struct packet){ .eth = eth,
				      ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(((struct mac){ { 2, 0, 0, 0, 0, 2 } })), .spa = IP(in.arp.tpa),
					      .tha = HW(in.arp.sha), .tpa = IP(in.arp.spa)) });
	if (in.layers & FRAME_ICMP4)
		send_frame(f, &(struct packet){ .eth = eth, ARP(.sha = HW(in.eth.dst), .spa = IP(in.ip4.dst), .tpa = IP(in.ip4.src)) });
	if (in.layers & FRAME_UDP) {
		struct packet p = { .eth = eth,
			IP4(.src = IP(in.ip4.dst), .dst = IP(in.ip4.src)),
			UDP(.src_port = EQ(in.udp.dst_port), .dst_port = EQ(in.udp.src_port)),
			PAYLOAD(BYTES(in.payload, in.payload_len)) };
		f->len = packet_build(&p, NULL, f->echo, sizeof(f->echo));
		f->at_ns = f->now_ns + MILLISECONDS(100);
		f->echoes = 2;
	}
}

static uint64_t fake_deadline(void *dut)
{
	return ((struct fake *)dut)->at_ns;
}

static void fake_advance(void *dut, uint64_t now_ns)
{
	struct fake *f = dut;
	f->now_ns = now_ns;
	if (now_ns < f->at_ns)
		return;
	f->at_ns = --f->echoes > 0 ? now_ns + MILLISECONDS(100) : DUT_NEVER;
	if (f->echoes == 0)
		f->echo[40] ^= 0xff; /* the checksum */
	f->host.frame_out(f->host.arg, 0, f->echo, (size_t)f->len);
}

static const struct dut_ops fake_ops = { .abi = DUT_ABI,
	.name = "fake",
	.capabilities = fake_capabilities,
	.create = fake_create,
	.destroy = free,
	.frame_in = fake_frame_in,
	.deadline = fake_deadline,
	.advance = fake_advance };

static struct tester *t_;
static const struct stage_verdict *verdict;

static void setup(void)
{
	char why[256];
	ck_assert_int_eq(stage_create(&t_, &(struct stage_setup){ .ops = &fake_ops, .seed = 1, .answer_arp = true }, why, sizeof(why)), 0);
}

static void teardown(void)
{
	stage_destroy(t_);
}

/* Plays a case written in place. */
#define PLAY(name) verdict = stage_play(t_, name)
#define ck_verdict(outcome_, message_) \
	do { \
		ck_assert_str_eq(verdict->message, message_); \
		ck_assert_int_eq(verdict->outcome, outcome_); \
	} while (0)

static void in_time(struct tester *t)
{
	SEND(t, UDP(.src_port = EQ(5)), PAYLOAD(TEXT("abc")));
	EXPECT(t, MILLISECONDS(100), UDP(.dst_port = EQ(5)), PAYLOAD(TEXT("abc")));
	REQUIRE_EQ(t, "time of arrival", t->got_ns, MILLISECONDS(100));
	REQUIRE_EQ(t, "now", tester_now(t), MILLISECONDS(100));
	REQUIRE_EQ(t, "payload", t->got.payload_len, 3);
}

static void too_late(struct tester *t)
{
	SEND(t, UDP());
	EXPECT(t, MILLISECONDS(99), UDP());
}

START_TEST(expect_keeps_time)
{
	PLAY(in_time);
	ck_verdict(STAGE_PASS, "");
}
END_TEST

START_TEST(expect_fails_in_silence)
{
	PLAY(too_late);
	ck_verdict(STAGE_FAIL, "no frame came within 99 ms");
	ck_assert_str_eq(verdict->expected, "UDP");
	ck_assert_str_eq(verdict->file, __FILE__);
	ck_assert_uint_eq(tester_now(t_), MILLISECONDS(99));
}
END_TEST

static void wrong_frame(struct tester *t)
{
	SEND(t, ICMP4());
	SEND(t, UDP(.src_port = EQ(5), .dst_port = EQ(6)), PAYLOAD(TEXT("abc")));
	tester_answer_arp(t, false);
	EXPECT(t, SECONDS(1), UDP(.src_port = EQ(7), .dst_port = EQ(8)));
}

START_TEST(a_failure_says_why_of_each_frame)
{
	const struct stage_frame *log;
	PLAY(wrong_frame);
	ck_verdict(STAGE_FAIL, "no matching frame came within 1 s, 3 others did");
	ck_assert_str_eq(verdict->expected, "UDP(src_port=7, dst_port=8)");
	ck_assert_uint_eq(verdict->n_fields, 2);
	ck_assert_str_eq(verdict->fields[0].field, "udp.src_port");
	ck_assert_str_eq(verdict->fields[0].expected, "7");
	ck_assert_str_eq(verdict->fields[0].got, "6");
	ck_assert_ptr_nonnull(strstr(verdict->got, "192.0.2.2.6 > 192.0.2.1.5"));
	ck_assert_uint_eq(stage_log(t_, &log), 5);
	ck_assert(!log[1].from_dut && log[2].from_dut);
	ck_assert_str_eq(log[2].note, "udp: expected present, got ARP");
	ck_assert_str_eq(log[3].note, "udp.src_port: expected 7, got 6, …");
	ck_assert_str_eq(log[4].note, "udp.src_port: expected 7, got 6, …");
}
END_TEST

static void wrong_checksum_refused(struct tester *t)
{
	SEND(t, UDP());
	EXPECT(t, SECONDS(1), UDP());
	EXPECT(t, SECONDS(1), UDP());
}

static void wrong_checksum_wanted(struct tester *t)
{
	SEND(t, UDP());
	EXPECT(t, SECONDS(1), UDP(.ok = EQ(0)));
}

START_TEST(checksums_have_to_be_right)
{
	PLAY(wrong_checksum_refused);
	ck_verdict(STAGE_FAIL, "no matching frame came within 1 s, 1 other did");
	ck_assert_str_eq(verdict->fields[0].field, "udp.ok");
	tester_flush(t_);
	PLAY(wrong_checksum_wanted);
	ck_verdict(STAGE_PASS, "");
	ck_assert_uint_eq(t_->got_ns, tester_now(t_));
}
END_TEST

static void not_the_next(struct tester *t)
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	SEND(t, UDP());
	EXPECT_NEXT(t, SECONDS(1), UDP());
}

static void the_next(struct tester *t)
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	SEND(t, UDP());
	EXPECT_NEXT(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY)));
	EXPECT_NEXT(t, SECONDS(1), UDP());
}

START_TEST(next_means_next)
{
	PLAY(not_the_next);
	ck_verdict(STAGE_FAIL, "the next frame is not the one expected");
	ck_assert_str_eq(verdict->fields[0].got, "ARP");
	tester_flush(t_);
	PLAY(the_next);
	ck_verdict(STAGE_PASS, "");
}
END_TEST

static void passed_over(struct tester *t)
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	SEND(t, UDP());
	EXPECT(t, SECONDS(1), UDP());
	EXPECT(t, MILLISECONDS(1), ARP());
}

START_TEST(what_was_passed_over_is_gone)
{
	PLAY(passed_over);
	ck_verdict(STAGE_FAIL, "no frame came within 1 ms");
}
END_TEST

static void silence(struct tester *t)
{
	SEND(t, UDP());
	EXPECT_SILENCE(t, MILLISECONDS(99));
	EXPECT_SILENCE(t, SECONDS(1), ARP());
	REQUIRE_EQ(t, "now", tester_now(t), MILLISECONDS(1099));
	tester_flush(t);
	EXPECT_SILENCE(t, SECONDS(1));
}

static void broken_silence(struct tester *t)
{
	SEND(t, UDP());
	tester_run(t, MILLISECONDS(50));
	EXPECT_SILENCE(t, SECONDS(5), UDP());
}

static void frame_before_silence(struct tester *t)
{
	SEND(t, UDP());
	tester_run(t, MILLISECONDS(150));
	EXPECT_SILENCE(t, SECONDS(5));
}

START_TEST(silence_is_judged)
{
	PLAY(silence);
	ck_verdict(STAGE_PASS, "");
	PLAY(broken_silence);
	ck_verdict(STAGE_FAIL, "expected silence for 5 s, but a frame came after 50 ms");
	ck_assert_str_eq(verdict->expected, "none of: UDP");
	tester_run(t_, SECONDS(1));
	tester_flush(t_);
	PLAY(frame_before_silence);
	ck_verdict(STAGE_FAIL, "expected silence for 5 s, but a frame came");
}
END_TEST

static void saw_nothing(struct tester *t)
{
	SEND(t, ARP(.op = EQ(ARP_OP_REQUEST)));
	REQUIRE(t, !SAW(t, SECONDS(1), UDP()), "saw a datagram");
	REQUIRE(t, SAW(t, 0, ARP(.op = EQ(ARP_OP_REPLY))), "a false SAW took the reply");
	REQUIRE(t, !SAW(t, 0, ARP()), "a true SAW left the reply");
}

START_TEST(saw_takes_only_what_it_saw)
{
	PLAY(saw_nothing);
	ck_verdict(STAGE_PASS, "");
}
END_TEST

static void asked(struct tester *t)
{
	SEND(t, ICMP4());
	EXPECT_SILENCE(t, SECONDS(1));
	tester_answer_arp(t, false);
	SEND(t, ICMP4());
	EXPECT(t, 0, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->my_ip)));
}

START_TEST(arp_is_answered_in_passing)
{
	const struct stage_frame *log;
	struct frame f;
	PLAY(asked);
	ck_verdict(STAGE_PASS, "");
	ck_assert_uint_eq(stage_log(t_, &log), 5);
	frame_dissect(&f, log[2].bytes, log[2].len);
	ck_assert(!log[2].from_dut && f.arp.op == ARP_OP_REPLY && mac_equal(f.arp.sha, t_->my_mac) && ip4_equal(f.arp.spa, t_->my_ip));
}
END_TEST

static void needs_packet(struct tester *t)
{
	tester_packet_socket(t, ETHERTYPE_EXPERIMENTAL);
}

static void needs_udp(struct tester *t)
{
	tester_need_layers(t, DUT_LAYER_ARP);
	tester_need_layers(t, DUT_LAYER_UDP | DUT_LAYER_ARP | DUT_LAYER_TCP);
}

START_TEST(what_is_lacking_skips)
{
	PLAY(needs_packet);
	ck_verdict(STAGE_SKIP, "the variant has no packet sockets");
	PLAY(needs_udp);
	ck_verdict(STAGE_SKIP, "the stack under test is composed without UDP, TCP");
}
END_TEST

static void sends_a_range(struct tester *t)
{
	SEND(t, TCP(.window = AT_LEAST(1)));
}

static void counts_wrong(struct tester *t)
{
	REQUIRE_EQ(t, "sheep", 2 + 2, 5);
}

START_TEST(other_failures)
{
	PLAY(sends_a_range);
	ck_verdict(STAGE_FAIL, "the case is wrong: what is sent says EQ only, with values that fit their fields");
	PLAY(counts_wrong);
	ck_verdict(STAGE_FAIL, "sheep: expected 5, got 4");
	ck_assert_str_eq(verdict->expected, "sheep 5");
}
END_TEST

START_TEST(a_refused_option_is_reported)
{
	char why[256];
	struct tester *t;
	struct stage_setup s = { .ops = &fake_ops, .n_options = 1, .options = &(struct dut_option){ "a", "b" } };
	ck_assert_int_eq(stage_create(&t, &s, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "it has no options");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tester");
	TCase *c = tcase_create("tester");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, expect_keeps_time);
	tcase_add_test(c, expect_fails_in_silence);
	tcase_add_test(c, a_failure_says_why_of_each_frame);
	tcase_add_test(c, checksums_have_to_be_right);
	tcase_add_test(c, next_means_next);
	tcase_add_test(c, what_was_passed_over_is_gone);
	tcase_add_test(c, silence_is_judged);
	tcase_add_test(c, saw_takes_only_what_it_saw);
	tcase_add_test(c, arp_is_answered_in_passing);
	tcase_add_test(c, what_is_lacking_skips);
	tcase_add_test(c, other_failures);
	tcase_add_test(c, a_refused_option_is_reported);
	suite_add_tcase(s, c);
	return unit_main(s);
}
