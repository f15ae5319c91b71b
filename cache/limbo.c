/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving entries from the open part to the pending one and back to the arena. */

#include "limbo.h"

#include "entry.h"

void rtcache__limbo_init(struct rtcache__limbo *limbo, struct rtcache__arena *arena,
			 struct rtcache__epochs *epochs)
{
	*limbo = (struct rtcache__limbo){.arena = arena, .epochs = epochs};
}

void rtcache__limbo_add(struct rtcache__limbo *limbo, uint32_t ref)
{
	rtcache__entry_at(limbo->arena->base, ref)->newer = limbo->open.first;
	limbo->open.first = ref;
	limbo->open.units += rtcache__arena_units(limbo->arena, ref);
}

static void free_pending(struct rtcache__limbo *limbo)
{
	uint32_t ref = limbo->pending.first;
	while (ref) {
		uint32_t next = rtcache__entry_at(limbo->arena->base, ref)->newer;
		rtcache__arena_free(limbo->arena, ref);
		ref = next;
	}
	limbo->pending = (struct rtcache__limbo_part){0};
}

static bool pending_is_over(struct rtcache__limbo *limbo, struct rtcache__reader *reader)
{
	if (reader)
		rtcache__reader_quiet(limbo->epochs, reader);
	return rtcache__epoch_has_passed(limbo->epochs, limbo->pending_epoch);
}

void rtcache__limbo_reclaim(struct rtcache__limbo *limbo, struct rtcache__reader *reader)
{
	if (limbo->pending.first && pending_is_over(limbo, reader))
		free_pending(limbo);
	if (limbo->pending.first || !limbo->open.first)
		return;
	limbo->pending = limbo->open;
	limbo->open = (struct rtcache__limbo_part){0};
	limbo->pending_epoch = rtcache__epoch_close(limbo->epochs);
	if (pending_is_over(limbo, reader))
		free_pending(limbo);
}
