/* SPDX-License-Identifier: ISC */
/*
 * 802.1Q over an Ethernet interface. It registers for EtherType 0x8100 and offers each VLAN upward as a struct eth of
 * its own, so ARP and IP run over a VLAN as over a wire. Priority-tagged frames (VID 0) go to the parent as untagged.
 */
#ifndef STACK_LINK_VLAN_H
#define STACK_LINK_VLAN_H

#include "stack/link/eth.h"

struct vlan;

#define VLAN_VID_MAX 4094 /* 4095 is reserved (IEEE 802.1Q table 9-2) */

/* 0 and *vlan; -EADDRINUSE when the parent's 0x8100 is taken; -ENOMEM. max: VLANs at once. The parent outlives it. */
int vlan_create(struct env *env, struct eth *parent, uint32_t max, struct vlan **vlan);
/* Removes every VLAN; layers on them are destroyed first. NULL is allowed. */
void vlan_destroy(struct vlan *vlan);

/* 0 and *eth, an interface with the parent's MAC and MTU, owned by vlan. -EINVAL unless vid is 1–4094 and pcp 0–7; -EADDRINUSE; -ENOSPC; -ENOMEM. */
int vlan_add(struct vlan *vlan, uint16_t vid, uint8_t pcp, struct eth **eth);
/* 0, or -ENOENT. Layers on it are destroyed first. */
int vlan_remove(struct vlan *vlan, uint16_t vid);

struct counter_set vlan_counters(const struct vlan *vlan);

#endif
