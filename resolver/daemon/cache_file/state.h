/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/state.h: what tarnctl and statistics are told of the file of the cache.
 *
 * Thread: set by the main one; any may read a copy.
 */
#ifndef TARN_DAEMON_CACHE_FILE_STATE_H
#define TARN_DAEMON_CACHE_FILE_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/admin/snapshot.h"

enum {
	TARN__CACHE_FILE_NAME_MAX = 256, /* octets of a path, with NUL; a longer one is cut */
	TARN__CACHE_FILE_FAULT_MAX = 256, /* octets of a reason, with NUL */
};

enum tarn__cache_file_phase {
	TARN__CACHE_FILE_NONE, /* there is none */
	TARN__CACHE_FILE_UNUSABLE, /* it cannot be used: fault says why */
	TARN__CACHE_FILE_WAITING, /* for the clock to be set: it is not loaded yet */
	TARN__CACHE_FILE_LOADING,
	TARN__CACHE_FILE_READY,
	TARN__CACHE_FILE_SAVING,
	TARN__CACHE_FILE_PHASES,
};

/* "none", "unusable", ... */
const char *tarn__cache_file_phase_word(enum tarn__cache_file_phase);

struct tarn__cache_file_state {
	enum tarn__cache_file_phase phase;
	char file[TARN__CACHE_FILE_NAME_MAX];
	/* Why it cannot be used, was not loaded, or why the last save failed; empty: nothing is wrong. */
	char fault[TARN__CACHE_FILE_FAULT_MAX];
	/* Of the last load, or of the present one so far. */
	struct tarn__snapshot_counts loaded;
	unsigned loaded_percent; /* of the file; 0: it was not read */
	uint64_t load_us; /* from the first entry to the last */
	uint64_t load_work_us; /* processor time of it */
	/* Of the last save, or of the save that was loaded; zeros: there was none. */
	uint64_t entries, octets;
	int64_t saved_s; /* when it was begun, since 1970 */
	uint64_t save_us; /* until it was on disk */
	uint64_t saves, failures; /* since the start */
};

/* The state, behind a lock. */
struct tarn__cache_file_board {
	pthread_mutex_t mutex;
	struct tarn__cache_file_state state;
};

/* Copies the state. Of no board there is no file. */
void tarn__cache_file_board_read(struct tarn__cache_file_board *,
				 struct tarn__cache_file_state *out);

/* The seconds since what is in the file was saved; -1: nothing is. */
int64_t tarn__cache_file_age_s(const struct tarn__cache_file_state *, int64_t now_s);

#endif
