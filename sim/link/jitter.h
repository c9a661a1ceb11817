/* SPDX-License-Identifier: ISC */
/*
 * Random delays. All in integers: the mathematical functions of C libraries differ in the last bit between versions and
 * processors, and equal seeds must give equal bytes everywhere.
 */
#ifndef SIM_LINK_JITTER_H
#define SIM_LINK_JITTER_H

#include "sim/link/impair.h"
#include "stack/base/random.h"

/*
 * The delay of one frame around delay_ns, never below 0. jitter_ns as in struct impairments. NORMAL is the sum of twelve uniform
 * numbers (Irwin-Hall): within 0.3 % of the bell curve up to two deviations, nothing beyond six.
 */
uint64_t jitter_delay_ns(enum jitter_kind kind, uint64_t delay_ns, uint64_t jitter_ns, struct random_stream *r);

#endif
