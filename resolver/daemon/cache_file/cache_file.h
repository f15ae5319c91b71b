/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/cache_file.h: the file in which the cache outlives the process. Start here:
 *
 *	place.h      the file, its lock and what is written beside it
 *	loading.h    the file --> the cache, in slices
 *	saving.h     the cache --> writer.h, in slices --> the file, by a thread of its own
 *	save_plan.h  when
 *	state.h      what tarnctl and statistics are told
 *	phases.h     what goes from one of the following to the next
 *
 *	none, unusable
 *	   | a file is configured
 *	waiting --> loading --> ready <--> saving
 *	   \-----------------------^ the clock is not set within a minute
 *
 * All that is done is done beside the main thread's other duties, in slices of less than half a millisecond, by
 * its own worker; workers that clients ask take no part in it. Nothing here keeps tarn from its start: what is
 * wrong is logged, and tarn goes on without the file.
 *
 * Thread: the main one, on its loop.
 */
#ifndef TARN_DAEMON_CACHE_FILE_CACHE_FILE_H
#define TARN_DAEMON_CACHE_FILE_CACHE_FILE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "daemon/cache_file/loading.h"
#include "daemon/cache_file/place.h"
#include "daemon/cache_file/save_plan.h"
#include "daemon/cache_file/saving.h"
#include "daemon/cache_file/state.h"
#include "daemon/log/log.h"
#include "daemon/settings/settings.h"
#include "daemon/threads/own_worker.h"
#include "net/random.h"

enum {
	TARN__SLICE_US =
		350, /* after so long no further step is taken; a step takes less than 100 */
	/* Of a save, which has time: a worker that has no processor of its own waits no longer for a hit. */
	TARN__SAVE_SLICE_US = 100,
	TARN__SAVE_PAUSE_MS = 1, /* between two of them */
	TARN__SAVE_STOP_MS = 2000, /* for the save at the end; the hottest answers come first */
	TARN__SAVE_FORMER_SEC =
		3600, /* ... a file that is no older is kept if it has more of them */
	TARN__CLOCK_WAIT_SEC = 60, /* for the clock to be set */
	TARN__CLOCK_HOLD_MS =
		15 * 60 * 1000, /* a file that was refused for the clock is kept so long */
};

/* A request for a save, in the caller's memory. */
struct tarn__cache_file_request {
	/*
	 * Called once, from the loop: what was in the cache at the time of the request is on disk, as the state
	 * says; or fault is why it is not.
	 */
	void (*done)(struct tarn__cache_file_request *, const struct tarn__cache_file_state *,
		     const char *fault);
	struct tarn__list node;
};

struct tarn__cache_file {
	struct tarn__own_worker *own; /* borrowed */
	struct tarn__log *log; /* borrowed */
	struct ev_loop *loop; /* borrowed */
	struct tarn__cache_file_board board;
	struct tarn__cache_file_state state; /* what the board is to have */
	uint8_t boot_id[16];
	struct tarn__random random;
	/* As the settings have it; path is on the heap, NULL: none. */
	struct {
		char *path;
		uint64_t interval_ms;
		bool has_any_root, is_confined, has_second_level;
	} wanted;
	char *path; /* in force, NULL: none */
	struct tarn__place place; /* held in all phases but the first two */
	struct tarn__loading loading;
	bool is_loading; /* ... and it has begun */
	struct tarn__save_plan plan;
	struct tarn__saving saving;
	uint64_t save_lookups; /* when it was begun */
	unsigned clock_looks;
	uint64_t hold_ms; /* until then nothing is saved */
	unsigned forgets; /* that other machines had caused when it was last looked */
	bool is_started; /* the settings have been settled once */
	bool has_failed; /* the last save did, which was logged */
	struct tarn__list requests; /* for the save that is under way */
	struct tarn__list next_requests; /* for the one after it */
	ev_idle load_steps;
	ev_timer clock, due, pace, watch;
	ev_async saved;
};

/* Has no file yet. Reads what the sandbox will not allow to be read. */
void tarn__cache_file_init(struct tarn__cache_file *, struct tarn__own_worker *, struct ev_loop *,
			   struct tarn__log *);

/*
 * Sets the file and the interval (struct tarn__part). TARN_ENOMEM: nothing has changed. Once they are settled
 * the file is loaded, and saved from then on; a former one is removed if there is none any more, or another one
 * in use.
 */
int tarn__cache_file_set(void *cache_file, const struct tarn__settings *);
void tarn__cache_file_settle(void *cache_file);

/*
 * Saves a last time, if anything has changed, and ends. To be called when nothing is answered any more. Allowed
 * for an object of zeros.
 */
void tarn__cache_file_stop(struct tarn__cache_file *);

/* Requests a save. Returns NULL; or why there is none, and done is not called. */
const char *tarn__cache_file_save(struct tarn__cache_file *, struct tarn__cache_file_request *);
/* Drops a request; the save goes on. Allowed for one that is done. */
void tarn__cache_file_forget(struct tarn__cache_file_request *);

/*
 * To be called before entries are removed from the cache, which the file must not bring back. Returns false if
 * the file is just being loaded: it will not be for long, and what is removed now could come after it.
 */
bool tarn__cache_file_may_flush(struct tarn__cache_file *);

/* Entries were removed from the cache: the file is saved within seconds. */
void tarn__cache_file_flushed(struct tarn__cache_file *);

#endif
