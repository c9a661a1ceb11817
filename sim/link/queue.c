/* SPDX-License-Identifier: ISC */
/* Rate and queue: frames leave one after another, each after the time its bits take; what arrives meanwhile waits. */
#include "sim/link/channel.h"
#include "sim/link/ecn.h"

#include <math.h>

#define QUEUE_BYTES_DEFAULT (256u * 1024)
#define CODEL_TARGET_NS (5 * NS_PER_MS)
#define CODEL_INTERVAL_NS (100 * NS_PER_MS)
#define CODEL_MIN_BACKLOG 1514u /* with a full frame or less waiting there is no standing queue */

static void transmitter_ready(void *arg);

int channel_queue_init(struct channel *ch)
{
	ch->queue.tail = &ch->queue.head;
	return world_event_init(ch->w, &ch->queue.ready, transmitter_ready, ch);
}

void channel_queue_fini(struct channel *ch)
{
	world_event_fini(ch->w, &ch->queue.ready);
}

/*
 * Nanoseconds len bytes take. Largest product: BUF_MAX * 8 * 10^9 = 5.3 * 10^14, so 64 bits are ample; what the division leaves over
 * is carried to the next frame of an unbroken train.
 */
static uint64_t serialise_ns(struct channel *ch, uint32_t len)
{
	if (!ch->imp.rate_bps)
		return 0;
	uint64_t scaled = (uint64_t)len * 8 * NS_PER_S + ch->queue.remainder;
	ch->queue.remainder = scaled % ch->imp.rate_bps;
	return scaled / ch->imp.rate_bps;
}

static void start(struct channel *ch, struct flight *f)
{
	uint64_t now_ns = world_now(ch->w);
	if (now_ns > ch->queue.busy_until_ns)
		ch->queue.remainder = 0;
	ch->queue.busy_until_ns = now_ns + serialise_ns(ch, f->frame->len);
	channel_propagate(ch, f, ch->queue.busy_until_ns);
}

static void drop(struct channel *ch, struct flight *f, uint64_t *counter, const char *reason)
{
	struct buf *frame = f->frame;
	flight_put(ch->flights, f);
	channel_drop(ch, frame, counter, reason);
}

static struct flight *pop(struct channel *ch)
{
	struct channel_queue *q = &ch->queue;
	struct flight *f = q->head;
	if (!f)
		return NULL;
	q->head = f->next;
	if (!q->head)
		q->tail = &q->head;
	q->bytes -= f->frame->len;
	f->next = NULL;
	return f;
}

static void push(struct channel *ch, struct flight *f)
{
	struct channel_queue *q = &ch->queue;
	f->queued_ns = world_now(ch->w);
	*q->tail = f;
	q->tail = &f->next;
	q->bytes += f->frame->len;
	if (q->bytes > ch->counters.queue_high_bytes)
		ch->counters.queue_high_bytes = q->bytes;
}

static bool mark(struct channel *ch, struct flight *f)
{
	if (ecn_mark(f->frame) <= 0)
		return false;
	ch->counters.ecn_marked++;
	return true;
}

void channel_queue_send(struct channel *ch, struct flight *f)
{
	struct channel_queue *q = &ch->queue;
	const struct impairments *imp = &ch->imp;
	if (!q->head && world_now(ch->w) >= q->busy_until_ns) {
		start(ch, f);
		return;
	}
	uint32_t bound = imp->queue_bytes ? imp->queue_bytes : QUEUE_BYTES_DEFAULT;
	if (f->frame->len > bound || q->bytes > bound - f->frame->len) {
		drop(ch, f, &ch->counters.drop_queue, "queue-full");
		return;
	}
	if (imp->queue == QUEUE_ECN && q->bytes > imp->ecn_threshold_bytes && !mark(ch, f)) {
		drop(ch, f, &ch->counters.drop_aqm, "aqm");
		return;
	}
	push(ch, f);
	if (!timer_armed(&q->ready))
		world_at(ch->w, &q->ready, q->busy_until_ns);
}

void channel_queue_flush(struct channel *ch, uint64_t *counter, const char *reason)
{
	for (struct flight *f; (f = pop(ch));)
		drop(ch, f, counter, reason);
}

/* --- CoDel, RFC 8289 section 5 ------------------------------------------------------------- */

static uint64_t codel_interval_ns(const struct channel *ch)
{
	return ch->imp.codel_interval_ns ? ch->imp.codel_interval_ns : CODEL_INTERVAL_NS;
}

/* The n-th drop follows the one before after interval / sqrt(n). IEEE square root and division round alike everywhere. */
static uint64_t codel_after(const struct channel *ch, uint64_t t_ns)
{
	return t_ns + (uint64_t)((double)codel_interval_ns(ch) / sqrt((double)ch->queue.codel.count));
}

/* Takes the first frame; may_drop: the queue has stood above target for an interval. */
static struct flight *codel_pop(struct channel *ch, bool *may_drop)
{
	struct codel *c = &ch->queue.codel;
	uint64_t now_ns = world_now(ch->w), target_ns = ch->imp.codel_target_ns ? ch->imp.codel_target_ns : CODEL_TARGET_NS;
	struct flight *f = pop(ch);
	*may_drop = false;
	if (!f || now_ns - f->queued_ns < target_ns || ch->queue.bytes <= CODEL_MIN_BACKLOG)
		c->first_above_ns = 0;
	else if (!c->first_above_ns)
		c->first_above_ns = now_ns + codel_interval_ns(ch);
	else
		*may_drop = now_ns >= c->first_above_ns;
	return f;
}

static bool codel_marks(struct channel *ch, struct flight *f)
{
	return ch->imp.codel_ecn && mark(ch, f);
}

static struct flight *codel_drop(struct channel *ch, struct flight *f, bool *may_drop)
{
	drop(ch, f, &ch->counters.drop_aqm, "aqm");
	return codel_pop(ch, may_drop);
}

static struct flight *codel_enter(struct channel *ch, struct flight *f)
{
	struct codel *c = &ch->queue.codel;
	uint64_t now_ns = world_now(ch->w);
	uint32_t since = c->count - c->last_count;
	bool may_drop;
	if (!codel_marks(ch, f))
		f = codel_drop(ch, f, &may_drop);
	/* Back soon after the last time: go on near the rate that worked then. */
	bool soon = since > 1 && now_ns < c->next_drop_ns + 16 * codel_interval_ns(ch);
	c->dropping = true;
	c->count = c->last_count = soon ? since : 1;
	c->next_drop_ns = codel_after(ch, now_ns);
	return f;
}

static struct flight *codel_dequeue(struct channel *ch)
{
	struct codel *c = &ch->queue.codel;
	uint64_t now_ns = world_now(ch->w);
	bool may_drop, marked = false;
	struct flight *f = codel_pop(ch, &may_drop);
	if (!c->dropping)
		return may_drop ? codel_enter(ch, f) : f;
	c->dropping = may_drop;
	while (c->dropping && !marked && now_ns >= c->next_drop_ns) {
		c->count++;
		marked = codel_marks(ch, f);
		if (!marked) {
			f = codel_drop(ch, f, &may_drop);
			c->dropping = may_drop;
		}
		if (c->dropping)
			c->next_drop_ns = codel_after(ch, c->next_drop_ns);
	}
	return f;
}

static void transmitter_ready(void *arg)
{
	struct channel *ch = arg;
	struct channel_queue *q = &ch->queue;
	while (q->head && world_now(ch->w) >= q->busy_until_ns) {
		struct flight *f = ch->imp.queue == QUEUE_CODEL ? codel_dequeue(ch) : pop(ch);
		if (f)
			start(ch, f);
	}
	if (q->head)
		world_at(ch->w, &q->ready, q->busy_until_ns);
}
