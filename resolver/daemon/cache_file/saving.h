/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/saving.h: one save of the cache, in slices: the main thread walks over the cache, and a
 * thread of the save's own writes (daemon/cache_file/writer.h).
 *
 * Thread: the main one.
 */
#ifndef TARN_DAEMON_CACHE_FILE_SAVING_H
#define TARN_DAEMON_CACHE_FILE_SAVING_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/admin/snapshot.h"
#include "daemon/cache_file/place.h"
#include "daemon/threads/own_worker.h"

struct tarn__writer;

struct tarn__saving {
	struct tarn__own_worker *own; /* borrowed */
	struct tarn__writer *writer; /* NULL: no save is under way */
	struct tarn__snapshot_writer
		*snapshot; /* NULL: all has been walked over, or it has failed */
	uint64_t begun_us;
	int64_t wall_s;
	/* So far. */
	uint64_t entries, octets;
	char fault[TARN__PLACE_FAULT_MAX]; /* empty: it is in its place, or under way */
};

/* What is saved, and how. */
struct tarn__saving_options {
	const struct tarn__place *place; /* borrowed until it has ended */
	uint64_t len_max;
	uint8_t boot_id[16];
	bool has_any_root, hottest_first; /* as struct tarn__snapshot_options */
	struct ev_loop *loop;
	ev_async *ended; /* sent when everything is on the disk, or has failed */
};

/* Begins a save. Returns false with a fault: there is none. */
bool tarn__saving_begin(struct tarn__saving *, struct tarn__own_worker *,
			const struct tarn__saving_options *);

enum tarn__saving_next {
	TARN__SAVING_GOES_ON, /* another slice is due */
	TARN__SAVING_WAITS, /* for the disk */
	TARN__SAVING_WRITES, /* nothing is to be done but to wait for the end */
	TARN__SAVING_OVER, /* tarn__saving_end() */
};

/* Takes steps for so many microseconds, at least one. */
enum tarn__saving_next tarn__saving_slice(struct tarn__saving *, uint64_t budget_us);

/* Nothing more is walked over: what has been is the file. */
void tarn__saving_cut(struct tarn__saving *);

/*
 * Ends the save, and waits for its thread: not for long if it is over. Returns true if it is in its place; false
 * with a fault, or without one if it is broken off.
 */
bool tarn__saving_end(struct tarn__saving *);

#endif
