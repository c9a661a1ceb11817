/* SPDX-License-Identifier: ISC */
/*
 * Frames into a whole host: Ethernet, VLAN, ARP, IPv4 as a router, ICMPv4, UDP. The input is a list of frames, each behind 16
 * bits: how long to wait before it (2), whether it comes as it is (1) or with our address and right checksums, so that the layers
 * behind them are reached, the interface (1), one unused, its length (11).
 * Whatever comes: no crash, no leak, every frame sent is well-formed.
 */
#include "stack/base/fuzz.h"
#include "stack/ip/icmp4.h"
#include "stack/ip/ip4_eth.h"
#include "stack/link/vlan.h"
#include "stack/udp/udp_direct.h"
#include "stack/wire/checksum.h"
#include "stack/wire/frame.h"

struct host {
	struct env env;
	struct eth *eth[2];
	struct vlan *vlan;
	struct arp *arp[2];
	struct ip4 *ip4;
	struct ip4_eth *joint[2];
	struct icmp4 *icmp4;
	struct udp_direct *udp;
	struct udp_port *port;
};

/* The bytes of other addresses than ours are not judged: a router forwards what it was given. */
static void transmit(struct buf *b, void *arg)
{
	struct frame f;
	(void)arg;
	MUST(b->len >= ETH_MIN_FRAME && b->len <= ETH_HDR_LEN + ETH_MTU);
	frame_dissect(&f, b->data, b->len);
	MUST(f.layers & (FRAME_ARP | FRAME_IP4));
	if (f.layers & FRAME_IP4) {
		MUST(f.ip_checksum == CHECKSUM_OK && f.ip4.ttl > 0);
		bool ours = f.ip4.src.b[0] == 10 && f.ip4.src.b[3] == 1;
		MUST(!ours || !(f.layers & FRAME_ICMP4) || f.fragment || f.l4_checksum == CHECKSUM_OK);
	}
	buf_free(b);
}

static void echo(struct buf *b, const struct udp_rx *rx, void *arg)
{
	struct host *h = arg;
	struct udp_send to = { .dst = rx->src, .dst_port = rx->src_port };
	udp_send(h->port, b, &to);
}

static void error(int err, const struct ip_addr *peer, uint16_t peer_port, void *arg)
{
	(void)peer;
	(void)peer_port;
	(void)arg;
	MUST(err < 0);
}

static void add_interface(struct host *h, int i)
{
	unsigned ifindex;
	struct arp_config arp = arp_config_default();
	struct eth_config eth = eth_config_default((struct mac){ { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } });
	arp.max_entries = 4;
	MUST(eth_create(&h->env, &eth, transmit, h, &h->eth[i]) == 0);
	MUST(arp_create(&h->env, h->eth[i], &arp, &h->arp[i]) == 0);
	MUST(ip4_eth_attach(h->ip4, h->eth[i], h->arp[i], &h->joint[i], &ifindex) == 0);
	MUST(ip4_eth_address_add(h->joint[i], (struct ip4_addr){ { 10, 0, (uint8_t)i, 1 } }, 24) == 0);
}

static void create(struct host *h, struct buf_pool *pool)
{
	struct ip4_config ip4 = ip4_config_default();
	struct icmp4_config icmp4 = icmp4_config_default();
	struct udp_direct_config udp = udp_direct_config_default();
	struct udp_bind bind = { .port = 7, .rx = echo, .error = error, .arg = h };
	env_init(&h->env, 1, "fuzz", pool);
	ip4.router = true;
	ip4.reass.max_datagrams = 4;
	ip4.reass.max_bytes = 8192;
	MUST(ip4_create(&h->env, &ip4, &h->ip4) == 0);
	add_interface(h, 0);
	add_interface(h, 1);
	MUST(vlan_create(&h->env, h->eth[0], 4, &h->vlan) == 0);
	MUST(icmp4_create(&h->env, h->ip4, &icmp4, &h->icmp4) == 0);
	ip4_set_unclaimed(h->ip4, icmp4_protocol_unreachable, h->icmp4);
	ip4_set_report(h->ip4, icmp4_report, h->icmp4);
	MUST(udp_direct_create(&h->env, &udp, &h->udp) == 0);
	MUST(udp_direct_attach(h->udp, ip4_face(h->ip4)) == 0);
	udp_direct_set_unclaimed(h->udp, icmp4_port_unreachable, h->icmp4);
	MUST(udp_bind(udp_direct_face(h->udp), &bind, &h->port) == 0);
}

static void destroy(struct host *h)
{
	udp_direct_destroy(h->udp);
	icmp4_destroy(h->icmp4);
	vlan_destroy(h->vlan);
	for (int i = 0; i < 2; i++) {
		ip4_eth_detach(h->joint[i]);
		arp_destroy(h->arp[i]);
		eth_destroy(h->eth[i]);
	}
	ip4_destroy(h->ip4);
	MUST(h->env.timers.reserved == 0);
	env_fini(&h->env);
}

/* Gives the frame our address and the checksums its bytes should have. */
static void mend(struct buf *b)
{
	struct frame f;
	memcpy(b->data, b->data[0] & 1 ? "\xff\xff\xff\xff\xff\xff" : "\2\0\0\0\0\1", b->len < 6 ? b->len : 6);
	frame_dissect(&f, b->data, b->len);
	if (!(f.layers & FRAME_IP4))
		return;
	uint8_t *ip = b->data + (f.l3 - b->data), *l4 = f.l4 ? b->data + (f.l4 - b->data) : NULL;
	ip4_hdr_set_checksum(ip, f.ip4.header_len);
	if (f.layers & FRAME_UDP)
		put_be16(l4 + 6, udp_checksum(&f.src, &f.dst, l4, f.l4_len));
	if (f.layers & FRAME_ICMP4) {
		put_be16(l4 + 2, 0);
		put_be16(l4 + 2, checksum_finish(checksum_add(0, l4, f.l4_len)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const uint64_t waits_ns[] = { 0, NS_PER_MS, NS_PER_S, 61 * NS_PER_S };
	struct buf_pool *pool = buf_pool_create();
	struct host h;
	MUST(pool);
	create(&h, pool);
	while (len >= 2) {
		uint16_t head = get_be16(bytes);
		size_t n = head & 0x7ff;
		bytes += 2;
		len -= 2;
		if (n > len)
			n = len;
		env_advance(&h.env, h.env.now_ns + waits_ns[head >> 14]);
		struct buf *b = buf_from(pool, bytes, (uint32_t)n);
		if (!(head & 0x2000))
			mend(b);
		eth_input(h.eth[head >> 12 & 1], b);
		env_advance(&h.env, h.env.now_ns);
		bytes += n;
		len -= n;
	}
	env_advance(&h.env, h.env.now_ns + 1000 * NS_PER_S);
	destroy(&h);
	MUST(buf_pool_live(pool) == 0);
	buf_pool_destroy(pool);
	return 0;
}
