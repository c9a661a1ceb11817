/* SPDX-License-Identifier: ISC */
/*
 * lwIP as a stack under test. This folder is built into build/lib/plumbline-lwip.so, which the `lwip` variant (sim/dut/lwip.c)
 * loads into a linker namespace of its own. lwIP's state is global, and so is this module's: there is one stack in a loaded copy.
 * The loader keeps the writable memory of both apart for each instance, and lends the instance a heap.
 */
#ifndef SIM_DUT_LWIP_MODULE_H
#define SIM_DUT_LWIP_MODULE_H

#include "sim/dut/dut.h"

/* All memory of an instance: what lwIP does not give back is freed with the heap. */
struct lwip_heap {
	void *(*alloc)(struct lwip_heap *heap, size_t size);
	void (*free)(struct lwip_heap *heap, void *block);
};

/* What the shared object exports, by the name LWIP_MODULE_SYMBOL. */
struct lwip_module {
	/* Without unavailable and destroy; the argument dut of every call is ignored. */
	const struct dut_ops *ops;
	/* Before any other call of an instance. */
	void (*set_heap)(struct lwip_heap *heap);
};
#define LWIP_MODULE_SYMBOL "plumbline_lwip_module"

#endif
