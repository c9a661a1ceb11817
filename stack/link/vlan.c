/* SPDX-License-Identifier: ISC */
#include "stack/link/vlan.h"
#include "stack/base/demux.h"

#include <errno.h>
#include <stdlib.h>

#define VLAN_COUNTERS(X) \
	X(rx, "rx") \
	X(tx, "tx") \
	X(priority_tagged, "priority_tagged") \
	X(drop_short, "drop.short") \
	X(drop_unknown, "drop.unknown_vid") \
	X(drop_type, "drop.type") \
	X(drop_no_memory, "drop.no_memory")

struct vlan_counts {
	VLAN_COUNTERS(COUNTER_FIELD)
};
static const char *const counter_names[] = { VLAN_COUNTERS(COUNTER_NAME) };

/* One VLAN: an interface whose transmit callback adds the tag. */
struct vlan_port {
	struct vlan *vlan;
	struct vlan_port *next;
	struct eth *eth;
	uint16_t vid;
	uint8_t pcp;
};

struct vlan {
	struct env *env;
	struct eth *parent;
	struct demux vids;
	struct vlan_port *ports;
	struct vlan_counts count;
};

static void deliver(struct buf *b, const struct eth_rx *rx, void *arg)
{
	eth_deliver(arg, b, rx);
}

static void receive(struct buf *b, const struct eth_rx *outer, void *arg)
{
	struct vlan *v = arg;
	struct vlan_tag tag;
	uint64_t *dropped;
	v->count.rx++;
	if (vlan_tag_parse(&tag, b->data, b->len) < 0) {
		dropped = &v->count.drop_short;
	} else if (tag.type < ETH_TYPE_MIN || (tag.vid == 0 && tag.type == ETHERTYPE_VLAN)) {
		dropped = &v->count.drop_type; /* a priority tag within a tag would come back here without end */
	} else {
		struct eth_rx rx = { outer->dst, outer->src, tag.type };
		const struct demux_entry *e = demux_find(&v->vids, tag.vid);
		buf_pull(b, VLAN_TAG_LEN);
		if (tag.vid == 0) {
			v->count.priority_tagged++;
			eth_deliver(v->parent, b, &rx);
			return;
		}
		if (e) {
			((eth_rx_fn *)e->fn)(b, &rx, e->arg);
			return;
		}
		dropped = &v->count.drop_unknown;
	}
	++*dropped;
	buf_free(b);
}

static void transmit(struct buf *frame, void *arg)
{
	struct vlan_port *port = arg;
	struct vlan *v = port->vlan;
	struct eth_hdr h;
	struct vlan_tag tag = { .pcp = port->pcp, .vid = port->vid };
	if (eth_hdr_parse(&h, frame->data, frame->len) < 0 || !buf_push(frame, VLAN_TAG_LEN)) {
		v->count.drop_no_memory++;
		buf_free(frame);
		return;
	}
	tag.type = h.type;
	h.type = ETHERTYPE_VLAN;
	eth_hdr_emit(&h, frame->data, frame->len);
	vlan_tag_emit(&tag, frame->data + ETH_HDR_LEN, frame->len - ETH_HDR_LEN);
	v->count.tx++;
	eth_transmit(v->parent, frame);
}

int vlan_create(struct env *env, struct eth *parent, uint32_t max, struct vlan **out)
{
	struct vlan *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->env = env;
	v->parent = parent;
	int err = eth_register(parent, ETHERTYPE_VLAN, receive, v);
	if (err) {
		free(v);
		return err;
	}
	demux_init(&v->vids, max);
	*out = v;
	return 0;
}

int vlan_add(struct vlan *v, uint16_t vid, uint8_t pcp, struct eth **eth)
{
	if (vid < 1 || vid > VLAN_VID_MAX || pcp > 7)
		return -EINVAL;
	struct vlan_port *port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	*port = (struct vlan_port){ .vlan = v, .next = v->ports, .vid = vid, .pcp = pcp };
	struct eth_config config = eth_config_default(eth_mac(v->parent));
	config.mtu = eth_mtu(v->parent);
	int err = eth_create(v->env, &config, transmit, port, &port->eth);
	if (!err)
		err = demux_bind(&v->vids, vid, (demux_fn *)deliver, port->eth);
	if (err) {
		eth_destroy(port->eth);
		free(port);
		return err;
	}
	v->ports = port;
	*eth = port->eth;
	return 0;
}

int vlan_remove(struct vlan *v, uint16_t vid)
{
	for (struct vlan_port **at = &v->ports; *at; at = &(*at)->next) {
		struct vlan_port *port = *at;
		if (port->vid != vid)
			continue;
		*at = port->next;
		demux_unbind(&v->vids, vid);
		eth_destroy(port->eth);
		free(port);
		return 0;
	}
	return -ENOENT;
}

void vlan_destroy(struct vlan *v)
{
	if (!v)
		return;
	while (v->ports)
		vlan_remove(v, v->ports->vid);
	eth_unregister(v->parent, ETHERTYPE_VLAN);
	demux_fini(&v->vids);
	free(v);
}

struct counter_set vlan_counters(const struct vlan *v)
{
	return (struct counter_set){ "vlan", counter_names, (const uint64_t *)&v->count, sizeof(v->count) / sizeof(uint64_t) };
}
