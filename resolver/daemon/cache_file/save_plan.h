/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/save_plan.h: when the cache is saved. At an interval, if at least one answer in a hundred
 * has changed since, so that nothing is written while nothing changes (a router's flash wears out); and some
 * seconds after a flush, which is to hold for the file too. An answer has changed if it was looked up: each
 * lookup counts, those that fail as well.
 *
 * Times are milliseconds by any steady clock. Thread: any, one at a time.
 */
#ifndef TARN_DAEMON_CACHE_FILE_SAVE_PLAN_H
#define TARN_DAEMON_CACHE_FILE_SAVE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TARN__SAVE_FLUSHED_MS = 5000, /* from a flush to the save: others may follow at once */
	TARN__SAVE_RETRY_MS = 60 * 1000, /* after a save that was to follow a flush, and failed */
	TARN__SAVE_SPREAD_PERCENT = 10, /* an interval is up to so much longer, or shorter */
};

/* What the cache has counted since the start. */
struct tarn__save_counts {
	uint64_t lookups;
	uint64_t entries; /* that it has now */
};

struct tarn__save_plan {
	uint64_t interval_ms; /* 0: only flushes and the end */
	uint64_t interval_at_ms, flush_at_ms; /* UINT64_MAX: none is due */
	uint64_t lookups; /* at the last save */
	bool is_flushed; /* something was flushed since the last save was begun */
	bool was_flushed; /* ... and before it was begun, since the last one that succeeded */
};

/* Begins to count. random is any number, here and below. */
void tarn__save_plan_init(struct tarn__save_plan *, uint64_t interval_ms, uint64_t now_ms,
			  uint64_t lookups, uint32_t random);

/* Has another interval from now on. */
void tarn__save_plan_set_interval(struct tarn__save_plan *, uint64_t interval_ms, uint64_t now_ms,
				  uint32_t random);

/* Something was flushed. */
void tarn__save_plan_flushed(struct tarn__save_plan *, uint64_t now_ms);

/* When to look whether a save is due; UINT64_MAX: never. */
uint64_t tarn__save_plan_next_ms(const struct tarn__save_plan *);

/* Returns true if a save is due. An interval that has passed with too few changes is followed by another. */
bool tarn__save_plan_is_due(struct tarn__save_plan *, uint64_t now_ms,
			    const struct tarn__save_counts *, uint32_t random);

/* Returns true if a save at the end would not be the same as the last one. */
bool tarn__save_plan_has_changes(const struct tarn__save_plan *, const struct tarn__save_counts *);

/* A save has been begun, at that number of lookups; and has ended. */
void tarn__save_plan_begun(struct tarn__save_plan *);
void tarn__save_plan_ended(struct tarn__save_plan *, bool is_saved, uint64_t lookups,
			   uint64_t now_ms, uint32_t random);

#endif
