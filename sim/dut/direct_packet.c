/* SPDX-License-Identifier: ISC */
/* Packet sockets: an EtherType of one's own on every interface. With ARP composed, next hops are resolved by it. */
#include "sim/dut/direct_stack.h"

#include <errno.h>

static void on_packet(struct buf *b, const struct eth_rx *rx, void *arg)
{
	(void)rx;
	direct_datagram_queue(arg, b, &(struct dut_sockaddr){ 0 });
}

int direct_packet_open(struct direct_sock *s)
{
	struct direct *d = s->stack;
	if (s->number > UINT16_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < d->n_interfaces; i++) {
		int err = eth_register(d->interfaces[i].eth, (uint16_t)s->number, on_packet, s);
		if (err < 0) {
			while (i-- > 0)
				eth_unregister(d->interfaces[i].eth, (uint16_t)s->number);
			return err;
		}
	}
	return 0;
}

void direct_packet_close(struct direct_sock *s)
{
	for (unsigned i = 0; i < s->stack->n_interfaces; i++)
		eth_unregister(s->stack->interfaces[i].eth, (uint16_t)s->number);
}

static bool on_link(const struct direct_interface *f, const struct dut_addr *addr)
{
	for (unsigned i = 0; i < f->n_addrs; i++) {
		uint32_t mask = f->addrs[i].len ? UINT32_MAX << (32 - f->addrs[i].len) : 0;
		if (!((get_be32(f->addrs[i].addr.b) ^ get_be32(addr->b)) & mask))
			return true;
	}
	return false;
}

int direct_packet_send(struct direct_sock *s, struct buf *b, const struct dut_addr *next_hop)
{
	struct direct *d = s->stack;
	struct direct_interface *f = &d->interfaces[0];
	struct ip_addr ip = direct_ip(next_hop);
	if (next_hop->family == 0)
		return eth_send(f->eth, b, (struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }, (uint16_t)s->number);
	for (unsigned i = 0; i < d->n_interfaces; i++) {
		if (on_link(&d->interfaces[i], next_hop)) {
			f = &d->interfaces[i];
			break;
		}
	}
	if (f->arp)
		return arp_send(f->arp, b, ip_to_ip4(&ip), (uint16_t)s->number);
	buf_free(b);
	return -EAFNOSUPPORT;
}
