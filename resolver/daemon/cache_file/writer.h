/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/writer.h: writes FILE.tmp and puts it in the place of FILE. Whatever touches the disk is
 * done by a thread of its own, which lives as long as the save: a disk that is slow, that is full of what
 * others write, or that takes seconds to synchronize holds up that thread only. It has the disk write every
 * few megabytes, so that little is left for the last synchronization, and other files do not wait for it.
 *
 * The old file stays until the new one is on the disk. After an error the new one is removed.
 *
 * Thread: the one that made it.
 */
#ifndef TARN_DAEMON_CACHE_FILE_WRITER_H
#define TARN_DAEMON_CACHE_FILE_WRITER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cache_file/place.h"

enum {
	TARN__WRITER_CHUNK = 64 * 1024, /* octets that are written at once */
	/* Octets that wait to be written: the writer has no room then, though it takes more. */
	TARN__WRITER_QUEUE = 256 * 1024,
};

struct tarn__writer;

/*
 * Begins a file of at most len_max octets. place is borrowed until tarn__writer_wait(). ended is sent to the
 * loop when the thread is done. NULL with errno: there is no thread.
 */
struct tarn__writer *tarn__writer_new(const struct tarn__place *, uint64_t len_max,
				      struct ev_loop *loop, ev_async *ended);

/* Takes a copy of the octets. Returns false after an error, which tarn__writer_fault() has. */
bool tarn__writer_put(struct tarn__writer *, const void *octets, size_t len);

/* Returns false while it is better to wait before more is put. */
bool tarn__writer_has_room(struct tarn__writer *);

/* Nothing more is put: the file takes its place. */
void tarn__writer_end(struct tarn__writer *);

/* Returns true if the thread has nothing more to do. */
bool tarn__writer_is_over(struct tarn__writer *);

/* Why there is no file; NULL: nothing has failed so far, or it is in its place. */
const char *tarn__writer_fault(struct tarn__writer *);

/* Waits for the thread; without tarn__writer_end() the new file is removed. Returns as tarn__writer_fault(). */
const char *tarn__writer_wait(struct tarn__writer *);

/* After tarn__writer_wait(). NULL is allowed. */
void tarn__writer_free(struct tarn__writer *);

#endif
