/* SPDX-License-Identifier: ISC */
/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624). */
#ifndef STACK_WIRE_CHECKSUM_H
#define STACK_WIRE_CHECKSUM_H

#include "stack/wire/addr.h"

/*
 * A running sum. Pieces may be added one after another; every piece but the last has even length.
 * Start with 0. Sums of pieces may be kept and added with checksum_add_sum.
 */
typedef uint64_t checksum_sum;

checksum_sum checksum_add(checksum_sum sum, const void *bytes, size_t len);
/* Copies len bytes while summing them: one pass over the data. The two areas do not overlap. */
checksum_sum checksum_copy(checksum_sum sum, void *to, const void *from, size_t len);
/* The sum of two pieces summed apart. */
checksum_sum checksum_add_sum(checksum_sum a, checksum_sum b);
/* The pseudo-header of RFC 9293 section 3.1 (IPv4) or RFC 8200 section 8.1 (IPv6). src and dst are of one family. */
checksum_sum checksum_pseudo(const struct ip_addr *src, const struct ip_addr *dst, uint8_t protocol, uint32_t len);
/* The value for the checksum field, host order. Over data that already holds a right checksum: 0. */
uint16_t checksum_finish(checksum_sum sum);
/* RFC 1624 eqn. 3: the new checksum after a 16-bit field went from old to new. */
uint16_t checksum_update(uint16_t checksum, uint16_t old_value, uint16_t new_value);

#endif
