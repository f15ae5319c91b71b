/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/list_file.h: the file that compiled lists are kept in, STATE/lists.tl. It is written beside the old one and
 * renamed, so that it is whole or not there; it is mapped read-only. Without a folder, or where nothing can be written
 * to it, it is a file in memory.
 *
 * Only a regular file of tarn's own user that nobody else can write to is taken, and only after all of it has been checked.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DAEMON_NAMES_LIST_FILE_H
#define TARN_DAEMON_NAMES_LIST_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/policy/rules.h"
#include "daemon/names/list_plan.h"

enum { TARN__LIST_FILE_BUFFER = 1 << 16 /* octets that are written at once */ };

/* A compiled list that is being written. */
struct tarn__list_writer {
	int fd;
	int error; /* an errno; 0: none so far */
	bool is_in_memory;
	char path[PATH_MAX], temporary[PATH_MAX];
	size_t used;
	uint8_t buffer[TARN__LIST_FILE_BUFFER];
};

/*
 * Begins a file in that folder, or in memory if folder is NULL. Returns false if it cannot be; errno says why.
 */
bool tarn__list_writer_begin(struct tarn__list_writer *, const char *folder);

/* A tarn__namelist_write of dns/namelist_compile.h. */
int tarn__list_writer_write(void *writer, const void *octets, size_t len);

/*
 * Ends the file, which takes the place of the one before. Returns a descriptor, which is the caller's; -1 with errno: there
 * is no such file, and the one before is as it was.
 */
int tarn__list_writer_end(struct tarn__list_writer *);

/* Removes a file that has been begun, and not ended. */
void tarn__list_writer_cancel(struct tarn__list_writer *);

/* Opens the file of the folder for reading. -1 with errno: there is none, or it is not to be trusted (EPERM). */
int tarn__list_file_open(const char *folder);

/*
 * Maps a file and makes rules of it, for the sets of the plan. Returns 0, and the caller has a reference; or an error of
 * tarn__rules_new(); TARN__NAMELIST_FOREIGN also if it was compiled by another plan, TARN__NAMELIST_NOMEM if it cannot
 * be mapped.
 */
int tarn__list_file_map(int fd, const struct tarn__list_plan *, struct tarn__rules **out);

#endif
