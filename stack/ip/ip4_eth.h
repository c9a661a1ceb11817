/* SPDX-License-Identifier: ISC */
/*
 * Joins one interface of ip4 to Ethernet and ARP: EtherType 0x0800 in, arp_output_ip4 out, unanswered ARP back to ip4.
 * Uses public calls of the three only; a program that wants another link layer writes its own.
 */
#ifndef STACK_IP_IP4_ETH_H
#define STACK_IP_IP4_ETH_H

#include "stack/ip/ip4.h"
#include "stack/link/arp.h"

struct ip4_eth;

/* 0, *joint and the interface's index; -EADDRINUSE when 0x0800 is taken; -ENOSPC; -ENOMEM. All three outlive the joint. */
int ip4_eth_attach(struct ip4 *ip4, struct eth *eth, struct arp *arp, struct ip4_eth **joint, unsigned *ifindex);
/* Adds an own address to both. Errors of ip4_address_add and arp_add_address; on error neither has it. */
int ip4_eth_address_add(struct ip4_eth *joint, struct ip4_addr addr, uint8_t prefix_len);
/* The interface stays in ip4, disabled. NULL is allowed. */
void ip4_eth_detach(struct ip4_eth *joint);

#endif
