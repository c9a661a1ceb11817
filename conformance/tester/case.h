/* SPDX-License-Identifier: ISC */
/*
 * A conformance case: one requirement, one function. Defining it registers it.
 *
 *     CASE(arp, reply_to_request, MUST, "RFC 826, Packet Reception", "A request for its own address is answered with its hardware address.")
 *     {
 *             SEND(t, ARP(.op = EQ(ARP_OP_REQUEST), .tpa = IP(t->dut_ip)));
 *             EXPECT(t, SECONDS(1), ARP(.op = EQ(ARP_OP_REPLY), .sha = HW(t->dut_mac), .spa = IP(t->dut_ip)));
 *     }
 *
 * Its id is "arp.reply_to_request". It runs in a process of its own, against a fresh stack.
 */
#ifndef CONFORMANCE_TESTER_CASE_H
#define CONFORMANCE_TESTER_CASE_H

#include "conformance/tester/tester.h"

enum level { MUST, SHOULD, MAY };

struct conform_case {
	const char *suite, *name;
	enum level level;
	const char *ref;         /* RFC and section */
	const char *requirement; /* the clause in our own words; MUST NOT reads "… never …" */
	unsigned needs;          /* DUT_CAP_… beyond the suite's; else SKIP */
	const char *options;     /* "key=value,…" for the DUT, or NULL. Variants that do not know a key SKIP */
	void (*run)(struct tester *t);
	const char *file;
	int line;
};

#define CASE_NEEDS(suite_, name_, level_, needs_, options_, ref_, requirement_) \
	static void case_##suite_##_##name_(struct tester *t); \
	static const struct conform_case def_##suite_##_##name_ = { #suite_, #name_, level_, ref_, requirement_, needs_, options_, \
		case_##suite_##_##name_, __FILE__, __LINE__ }; \
	static const struct conform_case *const ptr_##suite_##_##name_ __attribute__((used, section("conform_cases"))) = &def_##suite_##_##name_; \
	static void case_##suite_##_##name_(struct tester *t)
#define CASE(suite_, name_, level_, ref_, requirement_) CASE_NEEDS(suite_, name_, level_, 0, NULL, ref_, requirement_)

/* All cases linked in, bounds given by the linker. */
extern const struct conform_case *const __start_conform_cases[], *const __stop_conform_cases[];

/* A suite: a layer. Its cases run wherever that layer is part of the stack under test. */
struct conform_suite {
	const char *name, *title;
	unsigned layer;  /* DUT_LAYER_…: the one it judges */
	unsigned alone;  /* DUT_LAYER_…: what the stack under test is composed of when this suite runs by itself */
	unsigned needs;  /* DUT_CAP_… every case needs */
	bool answer_arp; /* tester_answer_arp() at the start of a case */
};
extern const struct conform_suite conform_suites[]; /* bottom layer first, ends with a NULL name */

#endif
