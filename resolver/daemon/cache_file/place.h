/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/cache_file/place.h: the place of the cache's file: FILE, FILE.lock beside it, which one process
 * holds, and FILE.tmp, which a save writes. Nothing that is there and not a regular file of root or of tarn's
 * user is read, followed or replaced.
 *
 * Thread: any, one at a time.
 */
#ifndef TARN_DAEMON_CACHE_FILE_PLACE_H
#define TARN_DAEMON_CACHE_FILE_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum { TARN__PLACE_FAULT_MAX = 192 /* octets of a reason, with NUL */ };

struct tarn__place {
	char path[PATH_MAX], temporary[PATH_MAX], lock[PATH_MAX];
	int lock_fd; /* -1: it is not held */
};

/* Returns NULL, or a text if a file of that status is not to be trusted: "a symbolic link", ... */
const char *tarn__place_fault(const struct stat *);

/*
 * Takes the place for this process, until tarn__place_close(), and removes what a process that was killed has
 * left of a save. Returns false with a reason: it does not exist, or another process has it.
 */
bool tarn__place_open(struct tarn__place *, const char *path, char fault[TARN__PLACE_FAULT_MAX]);
/* Allowed for a place that could not be opened. */
void tarn__place_close(struct tarn__place *);

/* Removes the file, if it is one. Returns 0, or an errno. */
int tarn__place_remove(const struct tarn__place *);

/* Removes the file and what is beside it: nothing is left of the cache. Returns 0, or an errno. */
int tarn__place_wipe(struct tarn__place *);

/*
 * Opens the file for reading. Returns the descriptor; -1: there is none, and fault is empty; or it is not to be
 * read.
 */
int tarn__place_read(const struct tarn__place *, uint64_t *len, char fault[TARN__PLACE_FAULT_MAX]);

#endif
