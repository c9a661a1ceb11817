/* SPDX-License-Identifier: ISC */
/* Sending, expecting, waiting: what a case does with frames and time. */
#include "conformance/tester/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

uint64_t tester_now(const struct tester *t)
{
	return world_now(t->world);
}

static uint64_t time_after(const struct tester *t, uint64_t ns)
{
	uint64_t now = tester_now(t);
	return ns > WORLD_NEVER - 1 - now ? WORLD_NEVER - 1 : now + ns;
}

void tester_run(struct tester *t, uint64_t for_ns)
{
	world_run(t->world, time_after(t, for_ns));
}

void tester_flush(struct tester *t)
{
	tester_run(t, 0);
	t->p->next = t->p->n_log;
}

/* "1.5 s", "200 ms", "0 s". */
static const char *duration(uint64_t ns, char s[32])
{
	if (ns % NS_PER_S == 0 || ns > 10 * NS_PER_S)
		snprintf(s, 32, "%.10g s", (double)ns / NS_PER_S);
	else if (ns >= NS_PER_MS)
		snprintf(s, 32, "%.10g ms", (double)ns / NS_PER_MS);
	else
		snprintf(s, 32, "%.10g us", (double)ns / NS_PER_US);
	return s;
}

void tester_fail(struct tester *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(t->p->verdict.message, sizeof(t->p->verdict.message), fmt, ap);
	va_end(ap);
	stage_end(t, STAGE_FAIL);
}

void tester_skip(struct tester *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(t->p->verdict.message, sizeof(t->p->verdict.message), fmt, ap);
	va_end(ap);
	stage_end(t, STAGE_SKIP);
}

void tester_require_eq(struct tester *t, const char *what, long long got, long long expected)
{
	if (got == expected)
		return;
	snprintf(t->p->verdict.expected, sizeof(t->p->verdict.expected), "%s %lld", what, expected);
	snprintf(t->p->verdict.got, sizeof(t->p->verdict.got), "%lld", got);
	tester_fail(t, "%s: expected %lld, got %lld", what, expected, got);
}

/* --- sending --- */

static struct mac multicast_mac(struct ip4_addr ip) /* RFC 1112 section 6.4 */
{
	return (struct mac){ { 0x01, 0x00, 0x5e, ip.b[1] & 0x7f, ip.b[2], ip.b[3] } };
}

/* Where a frame goes when the case does not say: its Ethernet destination follows from the protocol above. */
static struct mac usual_dst(const struct tester *t, const struct packet *p)
{
	static const struct mac broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	if (p->arp.on)
		return p->arp.op.how == WANT_EQ && p->arp.op.a != ARP_OP_REQUEST ? t->dut_mac : broadcast;
	if (p->ip4.dst.how != WANT_EQ)
		return t->dut_mac;
	if (ip4_is_broadcast(p->ip4.dst.v) || ip4_equal(p->ip4.dst.v, t->net_broadcast))
		return broadcast;
	return ip4_is_multicast(p->ip4.dst.v) ? multicast_mac(p->ip4.dst.v) : t->dut_mac;
}

static void merge_bases(struct packet *p)
{
	for (const struct packet *b = p->base; b; b = b->base)
		packet_merge(p, b, true);
	p->base = NULL;
}

size_t tester_build(struct tester *t, const struct packet *p, uint8_t *buf, size_t cap)
{
	struct packet whole = *p;
	merge_bases(&whole);
	bool reply = whole.arp.op.how == WANT_EQ && whole.arp.op.a != ARP_OP_REQUEST;
	struct packet defaults = {
		.eth = { .dst = HW(usual_dst(t, &whole)), .src = HW(t->my_mac) },
		.arp = { .sha = HW(t->my_mac), .spa = IP(t->my_ip), .tpa = IP(t->dut_ip) },
		.ip4 = { .src = IP(t->my_ip), .dst = IP(t->dut_ip) },
		.udp = { .src_port = EQ(t->my_port), .dst_port = EQ(t->dut_port) },
		.tcp = { .src_port = EQ(t->my_port), .dst_port = EQ(t->dut_port) },
	};
	if (reply)
		defaults.arp.tha = (struct want_mac)HW(t->dut_mac);
	int n = packet_build(&whole, &defaults, buf, cap);
	if (n == -EINVAL)
		tester_fail(t, "the case is wrong: what is sent says EQ only, with values that fit their fields");
	if (n < 0)
		tester_fail(t, "the case is wrong: its frame is longer than %zu bytes", cap);
	return (size_t)n;
}

void tester_send(struct tester *t, const struct packet *p)
{
	t->sent_len = tester_build(t, p, t->sent_bytes, sizeof(t->sent_bytes));
	frame_dissect(&t->sent, t->sent_bytes, t->sent_len);
	tester_send_bytes(t, t->sent_bytes, t->sent_len);
}

/* --- expecting --- */

static bool matches(const struct stage_frame *entry, const struct packet *p)
{
	struct frame f;
	frame_dissect(&f, entry->bytes, entry->len);
	return packet_match(p, &f, entry->bytes, entry->len, NULL);
}

/* Runs until a waiting frame matches (its index), or only_next and the first one does not, or within_ns are over (-1). */
static long await(struct tester *t, uint64_t within_ns, const struct packet *p, bool only_next)
{
	struct tester_private *q = t->p;
	uint64_t until = time_after(t, within_ns);
	size_t i = q->next;
	for (;;) {
		for (; i < q->n_log; i++) {
			if (!q->log[i].waiting)
				continue;
			if (matches(&q->log[i], p))
				return (long)i;
			if (only_next)
				return -1;
		}
		if (world_next(t->world) > until)
			break;
		world_step(t->world);
	}
	world_run(t->world, until);
	return -1;
}

/* Frame i was expected: what came before it waits no longer. */
static void take(struct tester *t, size_t i)
{
	struct stage_frame *entry = &t->p->log[i];
	for (size_t k = t->p->next; k < i; k++)
		if (t->p->log[k].waiting) {
			t->p->log[k].waiting = false;
			stage_note(&t->p->log[k], "passed over");
		}
	entry->waiting = false;
	t->p->next = i + 1;
	memcpy(t->got_bytes, entry->bytes, entry->len);
	t->got_len = entry->len;
	t->got_ns = entry->t_ns;
	frame_dissect(&t->got, t->got_bytes, t->got_len);
}

/* p as a positive expectation means it: checksums are right, unless it says something about them. */
static struct packet strict(const struct packet *p)
{
	static const struct want right = EQ(1);
	struct packet s = *p;
	merge_bases(&s);
	if ((s.ip4.on || s.icmp4.on || s.udp.on || s.tcp.on) && s.ip4.ok.how == WANT_ANY && s.ip4.checksum.how == WANT_ANY)
		s.ip4.ok = right;
	if (s.icmp4.on && s.icmp4.ok.how == WANT_ANY && s.icmp4.checksum.how == WANT_ANY)
		s.icmp4.ok = right;
	if (s.udp.on && s.udp.ok.how == WANT_ANY && s.udp.checksum.how == WANT_ANY)
		s.udp.ok = right;
	if (s.tcp.on && s.tcp.ok.how == WANT_ANY && s.tcp.checksum.how == WANT_ANY)
		s.tcp.ok = right;
	return s;
}

static void print_frame(const struct stage_frame *entry, char *s, size_t cap)
{
	struct frame f;
	frame_dissect(&f, entry->bytes, entry->len);
	frame_print(&f, s, cap);
}

/* Notes at the frame why it did not match; how far off it is: a missing layer weighs more than any field. */
static unsigned explain(struct stage_frame *entry, const struct packet *p, struct packet_mismatch *m, unsigned *n)
{
	struct frame f;
	unsigned distance = 0;
	frame_dissect(&f, entry->bytes, entry->len);
	*n = packet_mismatches(p, &f, entry->bytes, entry->len, m, STAGE_FIELDS_MAX);
	unsigned known = *n < STAGE_FIELDS_MAX ? *n : STAGE_FIELDS_MAX;
	for (unsigned i = 0; i < known; i++)
		distance += strchr(m[i].field, '.') ? 1 : 100;
	stage_note(entry, "%s: expected %s, got %s%s", m[0].field, m[0].expected, m[0].got, *n > 1 ? ", …" : "");
	*n = known;
	return distance;
}

/* Fills the verdict from every frame that waited and did not match p, which the case wrote as said. */
static unsigned explain_all(struct tester *t, const struct packet *said, const struct packet *p, bool only_next)
{
	struct stage_verdict *v = &t->p->verdict;
	unsigned came = 0, nearest = UINT32_MAX;
	packet_print(said, v->expected, sizeof(v->expected));
	for (size_t i = t->p->next; i < t->p->n_log && !(only_next && came == 1); i++) {
		struct stage_frame *entry = &t->p->log[i];
		struct packet_mismatch m[STAGE_FIELDS_MAX];
		unsigned n;
		if (!entry->waiting)
			continue;
		came++;
		unsigned distance = explain(entry, p, m, &n);
		if (distance >= nearest)
			continue;
		nearest = distance;
		v->n_fields = n;
		memcpy(v->fields, m, sizeof(m));
		print_frame(entry, v->got, sizeof(v->got));
	}
	return came;
}

void tester_expect(struct tester *t, uint64_t within_ns, const struct packet *p)
{
	char time[32];
	struct packet s = strict(p);
	long i = await(t, within_ns, &s, false);
	if (i >= 0) {
		take(t, (size_t)i);
		return;
	}
	unsigned came = explain_all(t, p, &s, false);
	if (came == 0)
		tester_fail(t, "no frame came within %s", duration(within_ns, time));
	tester_fail(t, "no matching frame came within %s, %u other%s did", duration(within_ns, time), came, came == 1 ? "" : "s");
}

void tester_expect_next(struct tester *t, uint64_t within_ns, const struct packet *p)
{
	char time[32];
	struct packet s = strict(p);
	long i = await(t, within_ns, &s, true);
	if (i >= 0) {
		take(t, (size_t)i);
		return;
	}
	if (explain_all(t, p, &s, true) == 0)
		tester_fail(t, "no frame came within %s", duration(within_ns, time));
	tester_fail(t, "the next frame is not the one expected");
}

void tester_expect_silence(struct tester *t, uint64_t for_ns, const struct packet *p)
{
	struct stage_verdict *v = &t->p->verdict;
	char time[32], when[32];
	uint64_t start = tester_now(t);
	long i = await(t, for_ns, p, false);
	if (i < 0)
		return;
	struct stage_frame *entry = &t->p->log[i];
	int n = snprintf(v->expected, sizeof(v->expected), "none of: ");
	packet_print(p, v->expected + n, sizeof(v->expected) - (size_t)n);
	print_frame(entry, v->got, sizeof(v->got));
	stage_note(entry, "should not have come");
	if (entry->t_ns <= start)
		tester_fail(t, "expected silence for %s, but a frame came", duration(for_ns, time));
	tester_fail(t, "expected silence for %s, but a frame came after %s", duration(for_ns, time), duration(entry->t_ns - start, when));
}

bool tester_saw(struct tester *t, uint64_t within_ns, const struct packet *p)
{
	struct packet s = strict(p);
	long i = await(t, within_ns, &s, false);
	if (i < 0)
		return false;
	take(t, (size_t)i);
	return true;
}

void(tester_resolve)(struct tester *t)
{
	if (!(t->layers & DUT_LAYER_ARP))
		return;
	tester_send(t, &(struct packet){ ARP(.op = EQ(ARP_OP_REQUEST)) });
	if (!tester_saw(t, NS_PER_S, &(struct packet){ ARP(.op = EQ(ARP_OP_REPLY), .spa = IP(t->dut_ip)) }))
		tester_fail(t, "setting the case up: the DUT does not answer an ARP request for its address");
	tester_flush(t);
}
