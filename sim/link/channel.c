/* SPDX-License-Identifier: ISC */
#include "sim/link/channel.h"

#include "sim/link/damage.h"
#include "sim/link/jitter.h"
#include "sim/link/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETH_HDR_BYTES 14u
#define VLAN_TAG_BYTES 4u

static const char *const stream_names[N_STREAMS] = {
	[STREAM_LOSS] = "loss",
	[STREAM_DUPLICATE] = "duplicate",
	[STREAM_REORDER] = "reorder",
	[STREAM_JITTER] = "jitter",
	[STREAM_CORRUPT] = "corrupt",
	[STREAM_TRUNCATE] = "truncate",
	[STREAM_PAD] = "pad",
	[STREAM_CORRUPT_BITS] = "corrupt/bits",
	[STREAM_TRUNCATE_LEN] = "truncate/len",
	[STREAM_PAD_BYTES] = "pad/bytes",
};
#define STREAM_SUFFIX_MAX sizeof("copy/truncate/len")

/* What was drawn for one frame. */
struct fate {
	bool lost, duplicated, corrupted, truncated, padded, held;
	uint64_t extra_ns;
};

int channel_init(struct channel *ch, const char *prefix)
{
	ch->stream_prefix_len = strlen(prefix);
	ch->stream_name = malloc(ch->stream_prefix_len + STREAM_SUFFIX_MAX);
	if (!ch->stream_name)
		return -ENOMEM;
	memcpy(ch->stream_name, prefix, ch->stream_prefix_len);
	int err = channel_queue_init(ch);
	if (err < 0)
		free(ch->stream_name);
	return err;
}

void channel_fini(struct channel *ch)
{
	channel_queue_fini(ch);
	free(ch->stream_name);
}

static bool same_loss(const struct impairments *a, const struct impairments *b)
{
	const struct frame_match *m = &a->loss_match, *n = &b->loss_match;
	return a->loss == b->loss && a->loss_list == b->loss_list && a->loss_list_len == b->loss_list_len && m->protocol == n->protocol &&
	       m->port == n->port && m->tcp_flags == n->tcp_flags && m->ethertype == n->ethertype && m->has_payload == n->has_payload;
}

void channel_impair(struct channel *ch, const struct impairments *imp)
{
	if (!same_loss(&ch->imp, imp)) {
		ch->matched = 0;
		ch->loss_at = 0;
		ch->gilbert_bad = false;
	}
	if (ch->imp.rate_bps != imp->rate_bps)
		ch->queue.remainder = 0;
	ch->imp = *imp;
	if (imp->down)
		channel_queue_flush(ch, &ch->counters.drop_down, "down");
}

struct random_stream *channel_stream(struct channel *ch, struct channel_streams *streams, enum channel_stream id)
{
	struct random_stream *r = &streams->stream[id];
	if (streams->ready & 1u << id)
		return r;
	snprintf(ch->stream_name + ch->stream_prefix_len, STREAM_SUFFIX_MAX, "%s%s", streams == &ch->copy ? "copy/" : "", stream_names[id]);
	world_random(ch->w, r, ch->stream_name);
	streams->ready |= 1u << id;
	return r;
}

static bool chance(struct channel *ch, struct channel_streams *streams, enum channel_stream id, double rate)
{
	return rate > 0 && random_unit(channel_stream(ch, streams, id)) < rate;
}

/* The channel changes state first, then the state it is in loses the frame or not. */
static bool gilbert_loses(struct channel *ch)
{
	struct random_stream *r = channel_stream(ch, &ch->own, STREAM_LOSS);
	if (random_unit(r) < (ch->gilbert_bad ? ch->imp.gilbert_to_good : ch->imp.gilbert_to_bad))
		ch->gilbert_bad = !ch->gilbert_bad;
	return random_unit(r) < (ch->gilbert_bad ? ch->imp.gilbert_bad_rate : ch->imp.loss_rate);
}

static bool listed(struct channel *ch)
{
	const struct impairments *imp = &ch->imp;
	if (ch->loss_at >= imp->loss_list_len || imp->loss_list[ch->loss_at] != ch->matched)
		return false;
	ch->loss_at++;
	return true;
}

static bool loses(struct channel *ch, const struct buf *frame)
{
	const struct impairments *imp = &ch->imp;
	if (imp->loss == LOSS_NONE || !frame_matches(&imp->loss_match, frame->data, frame->len))
		return false;
	ch->matched++;
	switch (imp->loss) {
	case LOSS_BERNOULLI:
		return chance(ch, &ch->own, STREAM_LOSS, imp->loss_rate);
	case LOSS_GILBERT:
		return gilbert_loses(ch);
	case LOSS_LIST:
		return listed(ch);
	default:
		return false;
	}
}

static void draw_damage_and_delay(struct channel *ch, struct channel_streams *s, struct fate *fate)
{
	const struct impairments *imp = &ch->imp;
	fate->corrupted = chance(ch, s, STREAM_CORRUPT, imp->corrupt_rate);
	fate->truncated = chance(ch, s, STREAM_TRUNCATE, imp->truncate_rate);
	fate->padded = chance(ch, s, STREAM_PAD, imp->pad_rate);
	fate->held = chance(ch, s, STREAM_REORDER, imp->reorder_rate);
	fate->extra_ns = imp->delay_ns;
	if (imp->jitter != JITTER_NONE && imp->jitter_ns > 0)
		fate->extra_ns = jitter_delay_ns(imp->jitter, imp->delay_ns, imp->jitter_ns, channel_stream(ch, s, STREAM_JITTER));
	if (fate->held)
		fate->extra_ns += imp->reorder_ns;
}

static const char *blocked(struct channel *ch, const struct buf *frame, uint64_t **counter)
{
	if (ch->imp.down) {
		*counter = &ch->counters.drop_down;
		return "down";
	}
	if (ch->partitioned) {
		*counter = &ch->counters.drop_partition;
		return "partition";
	}
	uint32_t room = ETH_HDR_BYTES + (frame_is_tagged(frame->data, frame->len) ? VLAN_TAG_BYTES : 0);
	if (ch->imp.mtu && frame->len > room && frame->len - room > ch->imp.mtu) {
		*counter = &ch->counters.drop_mtu;
		return "mtu";
	}
	return NULL;
}

static void damage(struct channel *ch, struct channel_streams *s, const struct fate *fate, struct buf *frame)
{
	const struct impairments *imp = &ch->imp;
	if (fate->corrupted && damage_flip(frame, imp->corrupt_bits ? imp->corrupt_bits : 1, channel_stream(ch, s, STREAM_CORRUPT_BITS)) > 0)
		ch->counters.corrupted++;
	if (fate->truncated && damage_truncate(frame, channel_stream(ch, s, STREAM_TRUNCATE_LEN)) > 0)
		ch->counters.truncated++;
	if (fate->padded && damage_pad(frame, imp->pad_bytes, channel_stream(ch, s, STREAM_PAD_BYTES)) > 0)
		ch->counters.padded++;
}

static void transmit(struct channel *ch, struct channel_streams *s, const struct fate *fate, struct buf *frame)
{
	damage(ch, s, fate, frame);
	struct flight *f = flight_get(ch->flights, ch, frame);
	if (!f) {
		channel_drop(ch, frame, &ch->counters.drop_queue, "no-memory");
		return;
	}
	f->extra_ns = fate->extra_ns;
	f->held = fate->held;
	f->may_overtake = ch->imp.jitter != JITTER_NONE && ch->imp.jitter_reorders;
	channel_queue_send(ch, f);
}

void channel_send(struct channel *ch, struct buf *frame)
{
	struct fate fate, copy_fate;
	struct buf *copy = NULL;
	uint64_t *counter = &ch->counters.drop_loss;
	ch->counters.sent_frames++;
	ch->counters.sent_bytes += frame->len;
	fate.lost = loses(ch, frame);
	fate.duplicated = chance(ch, &ch->own, STREAM_DUPLICATE, ch->imp.duplicate_rate);
	draw_damage_and_delay(ch, &ch->own, &fate);
	if (fate.duplicated)
		draw_damage_and_delay(ch, &ch->copy, &copy_fate);

	const char *reason = blocked(ch, frame, &counter);
	if (!reason && fate.lost)
		reason = "loss";
	if (reason) {
		channel_drop(ch, frame, counter, reason);
		return;
	}
	if (fate.duplicated && (copy = buf_share(frame)))
		ch->counters.duplicated++;
	transmit(ch, &ch->own, &fate, frame);
	if (copy)
		transmit(ch, &ch->copy, &copy_fate, copy);
}

void channel_drop(struct channel *ch, struct buf *frame, uint64_t *counter, const char *reason)
{
	++*counter;
	ch->dropped(ch, frame, reason);
	buf_free(frame);
}

void channel_propagate(struct channel *ch, struct flight *f, uint64_t sent_ns)
{
	uint64_t at_ns = f->extra_ns < WORLD_NEVER - sent_ns ? sent_ns + f->extra_ns : WORLD_NEVER;
	if (f->held || (at_ns < ch->last_arrival_ns && f->may_overtake)) {
		ch->counters.reordered++;
		world_at(ch->w, &f->arrival, at_ns);
		return;
	}
	if (at_ns > ch->last_arrival_ns)
		ch->last_arrival_ns = at_ns;
	f->at_ns = ch->last_arrival_ns;
	f->order = world_take_order(ch->w);
	f->next = NULL;
	if (!ch->cable) {
		ch->cable_tail = &ch->cable;
		world_at_ordered(ch->w, &f->arrival, f->at_ns, f->order);
	}
	*ch->cable_tail = f;
	ch->cable_tail = &f->next;
}

static void arrive(void *arg)
{
	struct flight *f = arg;
	struct channel *ch = f->ch;
	struct buf *frame = f->frame;
	if (f == ch->cable) {
		ch->cable = f->next;
		if (ch->cable)
			world_at_ordered(ch->w, &ch->cable->arrival, ch->cable->at_ns, ch->cable->order);
	}
	flight_put(ch->flights, f);
	ch->counters.frames++;
	ch->counters.bytes += frame->len;
	ch->deliver(ch, frame);
}

struct flight *flight_get(struct flight_pool *pool, struct channel *ch, struct buf *frame)
{
	struct flight *f = pool->free;
	if (f) {
		pool->free = f->next;
	} else {
		f = malloc(sizeof(*f));
		if (!f)
			return NULL;
		if (world_event_init(pool->w, &f->arrival, arrive, f) < 0) {
			free(f);
			return NULL;
		}
		f->all_next = pool->all;
		pool->all = f;
	}
	f->next = NULL;
	f->ch = ch;
	f->frame = frame;
	return f;
}

void flight_put(struct flight_pool *pool, struct flight *f)
{
	f->frame = NULL;
	f->next = pool->free;
	pool->free = f;
}

void flight_pool_fini(struct flight_pool *pool)
{
	for (struct flight *f = pool->all, *next; f; f = next) {
		next = f->all_next;
		world_event_fini(pool->w, &f->arrival);
		buf_free(f->frame);
		free(f);
	}
	pool->all = pool->free = NULL;
}
