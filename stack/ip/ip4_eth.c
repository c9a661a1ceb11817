/* SPDX-License-Identifier: ISC */
#include "stack/ip/ip4_eth.h"

#include <errno.h>
#include <stdlib.h>

struct ip4_eth {
	struct ip4 *ip4;
	struct eth *eth;
	struct arp *arp;
	unsigned ifindex;
};

static void receive(struct buf *b, const struct eth_rx *rx, void *arg)
{
	struct ip4_eth *j = arg;
	ip4_input(j->ip4, j->ifindex, b, mac_is_multicast(rx->dst));
}

static int output(struct buf *b, struct ip4_addr next_hop, void *arg)
{
	struct ip4_eth *j = arg;
	return arp_output_ip4(b, next_hop, j->arp);
}

static void suspect(struct ip4_addr next_hop, void *arg)
{
	struct ip4_eth *j = arg;
	arp_suspect(j->arp, next_hop);
}

static void unresolved(struct buf *b, struct ip4_addr next_hop, uint16_t ethertype, void *arg)
{
	struct ip4_eth *j = arg;
	(void)next_hop;
	if (ethertype == ETHERTYPE_IP4)
		ip4_output_failed(j->ip4, j->ifindex, b);
	else
		buf_free(b);
}

int ip4_eth_attach(struct ip4 *ip4, struct eth *eth, struct arp *arp, struct ip4_eth **joint, unsigned *ifindex)
{
	struct ip4_eth *j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	*j = (struct ip4_eth){ .ip4 = ip4, .eth = eth, .arp = arp };
	int err = eth_register(eth, ETHERTYPE_IP4, receive, j);
	if (!err) {
		struct ip4_interface interface = { .mtu = eth_mtu(eth), .output = output, .suspect = suspect, .arg = j };
		err = ip4_interface_add(ip4, &interface, &j->ifindex);
		if (err)
			eth_unregister(eth, ETHERTYPE_IP4);
	}
	if (err) {
		free(j);
		return err;
	}
	arp_set_failed(arp, unresolved, j);
	*joint = j;
	*ifindex = j->ifindex;
	return 0;
}

int ip4_eth_address_add(struct ip4_eth *j, struct ip4_addr addr, uint8_t prefix_len)
{
	int err = ip4_address_add(j->ip4, j->ifindex, addr, prefix_len);
	if (err)
		return err;
	err = arp_add_address(j->arp, addr);
	if (err)
		ip4_address_remove(j->ip4, addr);
	return err;
}

void ip4_eth_detach(struct ip4_eth *j)
{
	if (!j)
		return;
	arp_set_failed(j->arp, NULL, NULL);
	eth_unregister(j->eth, ETHERTYPE_IP4);
	ip4_interface_disable(j->ip4, j->ifindex);
	free(j);
}
