/* SPDX-License-Identifier: ISC */
#ifndef SIM_LINK_ECN_H
#define SIM_LINK_ECN_H

#include "stack/base/buf.h"

/*
 * Sets Congestion Experienced (RFC 3168 section 5) in an IP packet of an ECN-capable transport, behind VLAN tags or not; the IPv4
 * header checksum is updated (RFC 1624). 1: the frame carries CE now; 0: not ECN-capable, unchanged; -ENOMEM.
 */
int ecn_mark(struct buf *frame);

#endif
