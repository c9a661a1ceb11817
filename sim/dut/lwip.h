/* SPDX-License-Identifier: ISC */
#ifndef SIM_DUT_LWIP_H
#define SIM_DUT_LWIP_H

#include "sim/dut/dut.h"

extern const struct dut_ops dut_lwip;

#endif
