/* SPDX-License-Identifier: ISC */
/* A capture file taken at a link: frames stamped with virtual time, in the order of events. */
#ifndef SIM_LINK_TAP_PCAP_H
#define SIM_LINK_TAP_PCAP_H

#include "sim/link/link.h"
#include "sim/pcap/capture.h"

struct tap_pcap;

/*
 * Captures at one port what its host sent and received, as tcpdump on that host would. port NULL: captures in the link every frame
 * any host sends, once, before impairments. NULL with one line in error.
 */
struct tap_pcap *tap_pcap_open(struct link *l, const struct link_port *port, const char *path, char error[CAPTURE_ERROR_MAX]);
/* Ends the capture, before the link is destroyed, and frees t. 0, or -EIO with one line in error. */
int tap_pcap_finish(struct tap_pcap *t, char error[CAPTURE_ERROR_MAX]);
/* Gives up, before the link is destroyed: no file is left. NULL is allowed. */
void tap_pcap_discard(struct tap_pcap *t);
uint64_t tap_pcap_frames(const struct tap_pcap *t);

#endif
