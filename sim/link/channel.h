/* SPDX-License-Identifier: ISC */
/*
 * One direction of one port: the pipeline a frame passes, from the sender's hand to the receiver's.
 *
 *     send ─▶ down, partition, MTU ─▶ loss ─▶ duplicate ─▶ corrupt, truncate, pad ─▶ rate and queue ─▶ delay, jitter, reorder ─▶ deliver
 *
 * Private to sim/link. Every impairment that is on draws exactly once for each frame that enters, from a stream of its own, and what
 * it needs beyond the yes or no comes from a further stream; so switching one on shifts no other's choices.
 */
#ifndef SIM_LINK_CHANNEL_H
#define SIM_LINK_CHANNEL_H

#include "sim/link/impair.h"
#include "sim/link/link.h"

struct channel;

enum channel_stream {
	STREAM_LOSS,
	STREAM_DUPLICATE,
	STREAM_REORDER,
	STREAM_JITTER,
	STREAM_CORRUPT,
	STREAM_TRUNCATE,
	STREAM_PAD,
	STREAM_CORRUPT_BITS,
	STREAM_TRUNCATE_LEN,
	STREAM_PAD_BYTES,
	N_STREAMS
};

/* Streams are set up when first drawn from. */
struct channel_streams {
	unsigned ready; /* bit per stream */
	struct random_stream stream[N_STREAMS];
};

/* A frame under way, from the queue to its delivery. */
struct flight {
	world_event arrival;
	struct channel *ch;
	struct buf *frame;
	struct flight *next;     /* in the channel's queue, on its cable or on the free list */
	struct flight *all_next; /* every record of the pool */
	uint64_t extra_ns;       /* delay, jitter and reordering, drawn when the frame entered */
	uint64_t queued_ns;      /* when it began to wait */
	uint64_t at_ns, order;   /* on the cable: when it arrives, and its place among events of that time */
	bool held;               /* reordering holds it back: later frames pass it */
	bool may_overtake;       /* jitter that reorders */
};

/* Records are recycled, so a steady flow allocates nothing. */
struct flight_pool {
	struct world *w;
	struct flight *free, *all;
};

struct codel {
	bool dropping;
	uint64_t first_above_ns; /* 0: below target */
	uint64_t next_drop_ns;
	uint32_t count, last_count;
};

/* What waits for the transmitter, and when that is free. */
struct channel_queue {
	struct flight *head, **tail;
	uint32_t bytes;
	uint64_t busy_until_ns;
	uint64_t remainder; /* of the last division by the rate, so that a train of frames takes exactly its bits' time */
	world_event ready;  /* the transmitter becomes free while frames wait */
	struct codel codel;
};

/* Takes the frame. */
typedef void channel_deliver_fn(struct channel *ch, struct buf *frame);
/* The frame ends here; borrowed. */
typedef void channel_drop_fn(struct channel *ch, const struct buf *frame, const char *reason);

struct channel {
	struct world *w;
	struct flight_pool *flights;
	struct link_port *port;
	bool towards_host;
	bool partitioned; /* a wire whose ends share no group */
	channel_deliver_fn *deliver;
	channel_drop_fn *dropped;
	struct impairments imp;
	struct link_counters counters;
	uint64_t matched; /* frames that matched imp.loss_match since it was set */
	size_t loss_at;   /* next entry of imp.loss_list */
	bool gilbert_bad;
	uint64_t last_arrival_ns;
	struct flight *cable, **cable_tail; /* frames that arrive in order: only the first has an event in the world's queue */
	struct channel_queue queue;
	struct channel_streams own, copy; /* copy: for the second frame of a duplication */
	char *stream_name;                /* prefix, with room for the longest suffix */
	size_t stream_prefix_len;
};

/* Set w, flights, port, towards_host, deliver and dropped before. prefix names the random streams. 0 or -ENOMEM. */
int channel_init(struct channel *ch, const char *prefix);
void channel_fini(struct channel *ch);
/* imp is in range. */
void channel_impair(struct channel *ch, const struct impairments *imp);
/* Takes the frame. */
void channel_send(struct channel *ch, struct buf *frame);
/* Counts the drop, tells the owner, frees the frame. */
void channel_drop(struct channel *ch, struct buf *frame, uint64_t *counter, const char *reason);
/* The stream of this channel and purpose, set up at the first call. */
struct random_stream *channel_stream(struct channel *ch, struct channel_streams *streams, enum channel_stream id);

/* A record for frame, which it holds; NULL when out of memory. */
struct flight *flight_get(struct flight_pool *pool, struct channel *ch, struct buf *frame);
/* Back to the pool; the frame is the caller's again. */
void flight_put(struct flight_pool *pool, struct flight *f);
/* Frees all records and the frames they carry. */
void flight_pool_fini(struct flight_pool *pool);

/* queue.c */
int channel_queue_init(struct channel *ch);
void channel_queue_fini(struct channel *ch);
void channel_queue_send(struct channel *ch, struct flight *f);
/* Everything that waits is lost. */
void channel_queue_flush(struct channel *ch, uint64_t *counter, const char *reason);
/* channel.c, for queue.c: the last bit of the frame leaves at sent_ns. */
void channel_propagate(struct channel *ch, struct flight *f, uint64_t sent_ns);

#endif
