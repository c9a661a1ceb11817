/* SPDX-License-Identifier: ISC */
/*
 * Where a switch last heard each Ethernet address. Bounded: buckets of four; a fifth address of a bucket displaces the one
 * heard longest ago, which is then flooded to until heard again.
 */
#ifndef SIM_LINK_MAC_TABLE_H
#define SIM_LINK_MAC_TABLE_H

#include "stack/wire/addr.h"

#define MAC_TABLE_AGE_NS (UINT64_C(300) * 1000000000) /* IEEE 802.1Q's recommended ageing time */
#define MAC_TABLE_BUCKETS 256u
#define MAC_TABLE_WAYS 4u
#define MAC_TABLE_MAX (MAC_TABLE_BUCKETS * MAC_TABLE_WAYS)

struct mac_table;

struct mac_table *mac_table_create(void);
void mac_table_destroy(struct mac_table *t);
/* addr was heard on port. True when another address that had not aged made room. */
bool mac_table_learn(struct mac_table *t, struct mac addr, unsigned port, uint64_t now_ns);
/* The port, or -1 when not heard for MAC_TABLE_AGE_NS. */
int mac_table_find(const struct mac_table *t, struct mac addr, uint64_t now_ns);

#endif
