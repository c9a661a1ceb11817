/* SPDX-License-Identifier: ISC */
/* A glance into a frame: just enough to pick frames and to find the IP header. Never reads past len. */
#ifndef SIM_LINK_MATCH_H
#define SIM_LINK_MATCH_H

#include "sim/link/impair.h"

/* Offset of what follows the Ethernet header and its VLAN tags, with its EtherType in *type; 0 when the frame is too short. */
size_t frame_network(const uint8_t *frame, size_t len, uint16_t *type);
bool frame_is_tagged(const uint8_t *frame, size_t len);
bool frame_matches(const struct frame_match *m, const uint8_t *frame, size_t len);

#endif
