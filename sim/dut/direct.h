/* SPDX-License-Identifier: ISC */
/* The variant `direct`: this repository's own stack, composed of the layers one asks for. */
#ifndef SIM_DUT_DIRECT_H
#define SIM_DUT_DIRECT_H

#include "sim/dut/dut.h"

extern const struct dut_ops dut_direct;

#endif
