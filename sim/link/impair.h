/* SPDX-License-Identifier: ISC */
/* What a channel does to frames. All zero: a perfect, infinitely fast cable. */
#ifndef SIM_LINK_IMPAIR_H
#define SIM_LINK_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jitter_kind { JITTER_NONE, JITTER_UNIFORM, JITTER_NORMAL, JITTER_PARETO };
enum loss_kind { LOSS_NONE, LOSS_BERNOULLI, LOSS_GILBERT, LOSS_LIST };
enum queue_kind { QUEUE_DROP_TAIL, QUEUE_ECN, QUEUE_CODEL };

#define IMPAIR_MAX_NS (UINT64_C(86400) * 1000000000) /* any single time: a day */
#define IMPAIR_MAX_BPS UINT64_C(1000000000000)

/* Which frames; all zero: every frame. Fields that are set must all match. */
struct frame_match {
	uint8_t protocol;   /* IP protocol; 0: any frame */
	uint16_t port;      /* source or destination port; 0: any */
	uint16_t tcp_flags; /* all these set; 0: any */
	uint16_t ethertype; /* behind VLAN tags; 0: any */
	bool has_payload;   /* only frames that carry transport payload */
};

struct impairments {
	uint64_t delay_ns;
	enum jitter_kind jitter;
	uint64_t jitter_ns;   /* UNIFORM: ± this; NORMAL: standard deviation; PARETO: mean of the added tail (shape 3) */
	bool jitter_reorders; /* false: jitter never lets a frame overtake */

	enum loss_kind loss;
	double loss_rate;                       /* BERNOULLI: 0–1. GILBERT: loss in the good state */
	double gilbert_bad_rate;                /* loss in the bad state: 0–1 */
	double gilbert_to_bad, gilbert_to_good; /* transition probabilities per frame */
	const uint32_t *loss_list;              /* LIST: ascending k, 1 is the first frame that matches since the loss was set; borrowed */
	size_t loss_list_len;
	struct frame_match loss_match; /* every loss kind applies to matching frames only */

	double duplicate_rate; /* 0–1 */
	double reorder_rate;   /* 0–1: such a frame is held back … */
	uint64_t reorder_ns;   /* … by this */
	double corrupt_rate;   /* 0–1: such a frame has corrupt_bits different random bits flipped */
	uint32_t corrupt_bits; /* at most 64; 0 means 1 */
	double truncate_rate;  /* 0–1: such a frame is cut at a random length, 1 byte at least */
	double pad_rate;       /* 0–1: such a frame grows by pad_bytes random bytes */
	uint32_t pad_bytes;

	uint64_t rate_bps; /* 0: infinite; at most 10^12. Bits of frame without preamble and FCS */
	enum queue_kind queue;
	uint32_t queue_bytes;                        /* bound of what waits behind the frame in transmission; 0: 256 KiB */
	uint32_t ecn_threshold_bytes;                /* ECN: mark (or drop what is not ECT) when more waits */
	uint64_t codel_target_ns, codel_interval_ns; /* 0: 5 ms, 100 ms (RFC 8289) */
	bool codel_ecn;                              /* mark ECT frames instead of dropping */

	uint32_t mtu;              /* bytes behind the Ethernet header and a VLAN tag; larger frames are dropped; 0: no limit */
	bool down;                 /* nothing enters; what waits in the queue is lost, what left it arrives */
	uint64_t partition_groups; /* bit set; a port sends to ports of a common group only; 0: all groups. Read from the LINK_FROM_HOST direction */
};

/* NULL when every value is in range, else which is not (static text). */
const char *impairments_check(const struct impairments *imp);

#endif
