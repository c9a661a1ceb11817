/* SPDX-License-Identifier: ISC */
/* What wire says about a frame, as text another program can be compared with. */
#ifndef STACK_WIRE_CROSSCHECK_FIELDS_H
#define STACK_WIRE_CROSSCHECK_FIELDS_H

#include "stack/wire/frame.h"

/*
 * Writes "\tNAME=VALUE" for every field of the headers in f->layers to standard output. Names are tshark's where it has the field;
 * numbers are decimal, offsets and lengths in bytes. uncaptured: bytes of the packet that were on the wire but are not in the frame.
 */
void fields_write(const struct frame *f, size_t uncaptured);
/* The emission table: one line a frame, "GROUP\tHEX\tNAME=VALUE…" with the values the headers were filled with. */
void emit_table(void);

#endif
