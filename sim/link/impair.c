/* SPDX-License-Identifier: ISC */
#include "sim/link/impair.h"

#include "sim/link/damage.h"
#include "stack/base/buf.h"

/* NaN compares false with everything, so it is outside. */
static bool is_rate(double x)
{
	return x >= 0 && x <= 1;
}

static const char *check_loss(const struct impairments *imp)
{
	if ((unsigned)imp->loss > LOSS_LIST)
		return "loss: unknown kind";
	if (!is_rate(imp->loss_rate))
		return "loss_rate: 0 to 1 expected";
	if (!is_rate(imp->gilbert_bad_rate))
		return "gilbert_bad_rate: 0 to 1 expected";
	if (!is_rate(imp->gilbert_to_bad) || !is_rate(imp->gilbert_to_good))
		return "gilbert_to_bad, gilbert_to_good: 0 to 1 expected";
	if (imp->loss_list_len && !imp->loss_list)
		return "loss_list: missing";
	for (size_t i = 0; i < imp->loss_list_len; i++) {
		if (imp->loss_list[i] <= (i ? imp->loss_list[i - 1] : 0))
			return "loss_list: ascending numbers from 1 expected";
	}
	return NULL;
}

static const char *check_damage(const struct impairments *imp)
{
	if (!is_rate(imp->duplicate_rate))
		return "duplicate_rate: 0 to 1 expected";
	if (!is_rate(imp->reorder_rate))
		return "reorder_rate: 0 to 1 expected";
	if (!is_rate(imp->corrupt_rate))
		return "corrupt_rate: 0 to 1 expected";
	if (imp->corrupt_bits > DAMAGE_MAX_BITS)
		return "corrupt_bits: at most 64 expected";
	if (!is_rate(imp->truncate_rate))
		return "truncate_rate: 0 to 1 expected";
	if (!is_rate(imp->pad_rate))
		return "pad_rate: 0 to 1 expected";
	if (imp->pad_bytes > BUF_MAX)
		return "pad_bytes: at most 65792 expected";
	if (imp->pad_rate > 0 && !imp->pad_bytes)
		return "pad_bytes: 1 or more expected with a pad_rate";
	return NULL;
}

static const char *check_time_and_rate(const struct impairments *imp)
{
	if (imp->delay_ns > IMPAIR_MAX_NS)
		return "delay: at most a day expected";
	if ((unsigned)imp->jitter > JITTER_PARETO)
		return "jitter: unknown kind";
	if (imp->jitter_ns > IMPAIR_MAX_NS)
		return "jitter: at most a day expected";
	if (imp->reorder_ns > IMPAIR_MAX_NS)
		return "reorder time: at most a day expected";
	if (imp->rate_bps > IMPAIR_MAX_BPS)
		return "rate: at most 1 Tbit/s expected";
	if ((unsigned)imp->queue > QUEUE_CODEL)
		return "queue: unknown kind";
	if (imp->codel_target_ns > IMPAIR_MAX_NS || imp->codel_interval_ns > IMPAIR_MAX_NS)
		return "codel target and interval: at most a day expected";
	return NULL;
}

const char *impairments_check(const struct impairments *imp)
{
	const char *wrong = check_loss(imp);
	if (!wrong)
		wrong = check_damage(imp);
	return wrong ? wrong : check_time_and_rate(imp);
}
