/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/loading.h: one load of the cache's file, in slices. The file is read piece by piece, not
 * mapped, and not as a whole: that would take as much memory as the cache for the time of it. What the cache
 * has got meanwhile is not replaced by what is older.
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_CACHE_FILE_LOADING_H
#define TARN_DAEMON_CACHE_FILE_LOADING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/admin/snapshot.h"
#include "daemon/cache_file/place.h"
#include "daemon/threads/own_worker.h"

enum tarn__loading_start {
	TARN__LOADING_BEGUN,
	TARN__LOADING_NOTHING, /* there is no file, or an empty one */
	TARN__LOADING_NOT_YET, /* the clock cannot be right: fault says why */
	TARN__LOADING_REFUSED, /* of another version or damaged: fault says why; it may be replaced */
	TARN__LOADING_FLUSHED, /* all machines have forgotten what it has: it is to be replaced */
	TARN__LOADING_FOREIGN, /* not a file of tarn, or not to be trusted: fault says why */
};

struct tarn__loading {
	struct tarn__own_worker *own; /* borrowed */
	int fd; /* while it is under way */
	struct tarn__snapshot_reader reader;
	uint64_t begun_us, work_us; /* work: processor time */
	char fault[TARN__PLACE_FAULT_MAX];
};

/*
 * Begins, with a file of at most len_max octets. has_any_root: as struct tarn__snapshot_options. If it has begun
 * it is to be ended.
 */
enum tarn__loading_start tarn__loading_begin(struct tarn__loading *, struct tarn__own_worker *,
					     const struct tarn__place *, uint64_t len_max,
					     bool has_any_root);

/* Takes steps for so many microseconds, at least one. Returns true if there are more. */
bool tarn__loading_slice(struct tarn__loading *, uint64_t budget_us);

/* How many answers were taken from the file, whatever has become of them; and in percent of all of them. */
uint64_t tarn__loading_count(const struct tarn__snapshot_counts *);
unsigned tarn__loading_percent(const struct tarn__loading *);

/* Ends it; what has been loaded stays. */
void tarn__loading_end(struct tarn__loading *);

#endif
