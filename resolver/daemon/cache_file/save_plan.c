/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/save_plan.c: when the cache is saved. */
#include "daemon/cache_file/save_plan.h"

enum { CHANGED_PERCENT = 1 /* of the entries, at least, for a save at the interval */ };

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Machines that were started together do not write together. */
static void plan_interval(struct tarn__save_plan *plan, uint64_t now_ms, uint32_t random)
{
	uint64_t spread_ms = plan->interval_ms / 100 * TARN__SAVE_SPREAD_PERCENT;
	plan->interval_at_ms = UINT64_MAX;
	if (plan->interval_ms > 0)
		plan->interval_at_ms = now_ms + plan->interval_ms - spread_ms +
				       (uint64_t)random % (2 * spread_ms + 1);
}

void tarn__save_plan_init(struct tarn__save_plan *plan, uint64_t interval_ms, uint64_t now_ms,
			  uint64_t lookups, uint32_t random)
{
	*plan = (struct tarn__save_plan){
		.interval_ms = interval_ms, .flush_at_ms = UINT64_MAX, .lookups = lookups};
	plan_interval(plan, now_ms, random);
}

void tarn__save_plan_set_interval(struct tarn__save_plan *plan, uint64_t interval_ms,
				  uint64_t now_ms, uint32_t random)
{
	if (interval_ms == plan->interval_ms)
		return;
	plan->interval_ms = interval_ms;
	plan_interval(plan, now_ms, random);
}

void tarn__save_plan_flushed(struct tarn__save_plan *plan, uint64_t now_ms)
{
	plan->is_flushed = true;
	plan->flush_at_ms = earlier(plan->flush_at_ms, now_ms + TARN__SAVE_FLUSHED_MS);
}

uint64_t tarn__save_plan_next_ms(const struct tarn__save_plan *plan)
{
	return earlier(plan->interval_at_ms, plan->flush_at_ms);
}

static uint64_t changes(const struct tarn__save_plan *plan, const struct tarn__save_counts *counts)
{
	return counts->lookups - plan->lookups;
}

bool tarn__save_plan_is_due(struct tarn__save_plan *plan, uint64_t now_ms,
			    const struct tarn__save_counts *counts, uint32_t random)
{
	if (now_ms >= plan->flush_at_ms)
		return true;
	if (now_ms < plan->interval_at_ms)
		return false;
	uint64_t changed = changes(plan, counts);
	if (changed > 0 && changed >= counts->entries / 100 * CHANGED_PERCENT)
		return true;
	plan_interval(plan, now_ms, random);
	return false;
}

bool tarn__save_plan_has_changes(const struct tarn__save_plan *plan,
				 const struct tarn__save_counts *counts)
{
	return plan->is_flushed || plan->was_flushed || changes(plan, counts) > 0;
}

void tarn__save_plan_begun(struct tarn__save_plan *plan)
{
	plan->was_flushed |= plan->is_flushed;
	plan->is_flushed = false;
	plan->flush_at_ms = plan->interval_at_ms = UINT64_MAX;
}

void tarn__save_plan_ended(struct tarn__save_plan *plan, bool is_saved, uint64_t lookups,
			   uint64_t now_ms, uint32_t random)
{
	plan_interval(plan, now_ms, random);
	if (is_saved) {
		plan->lookups = lookups;
		plan->was_flushed = false;
	} else if (plan->was_flushed) {
		plan->flush_at_ms = earlier(plan->flush_at_ms, now_ms + TARN__SAVE_RETRY_MS);
	}
}
