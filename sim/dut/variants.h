/* SPDX-License-Identifier: ISC */
/* The stacks Plumbline knows, and how a --stack argument names one. */
#ifndef SIM_DUT_VARIANTS_H
#define SIM_DUT_VARIANTS_H

#include "sim/dut/dut.h"

/* All variants, NULL-terminated, in the order users see them. */
extern const struct dut_ops *const dut_variants[];

/* "ethernet", "arp", … of one DUT_LAYER_ bit; NULL when no such layer can be named. */
const char *dut_layer_name(unsigned layer);

#define DUT_SPEC_OPTIONS 32

/*
 * A stack chosen on the command line or in a scenario: NAME[+layer[,layer…]][:key=value[,key=value…]],
 * as "direct", "direct+udp,icmpv4", "lwip", "direct:tcp.congestion=newreno". A layer brings the layers it stands on.
 */
struct dut_spec {
	char text[256]; /* as given */
	const struct dut_ops *ops;
	unsigned layers; /* 0: all */
	unsigned n_options;
	struct dut_option options[DUT_SPEC_OPTIONS]; /* into storage */
	char storage[256];
};

/* 0; -EINVAL with a one-line reason in why (what is wrong and what would be right). *spec must not be moved or copied: options point into it. */
int dut_spec_parse(struct dut_spec *spec, const char *text, char *why, size_t why_cap);

#endif
