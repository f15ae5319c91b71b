/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/list_file.h: the file that compiled lists are kept in, STATE/lists.tl. It is written beside
 * the old one and renamed, so that it is whole or not there; it is mapped read-only. Without a folder, or
 * where nothing can be written to it, it is memory: the sandbox allows no files without names.
 *
 * Only a regular file of tarn's own user that nobody else can write to is taken, and only after all of it
 * has been checked.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DAEMON_NAMES_LIST_FILE_H
#define TARN_DAEMON_NAMES_LIST_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/rules.h"
#include "daemon/names/list_plan.h"

enum {
	TARN__LIST_FILE_BUFFER = 1 << 16 /* octets that are written, or added to memory, at once */
};

/* A compiled list: a file, or memory. */
struct tarn__list_image {
	int fd; /* -1: it is memory */
	void *octets; /* of memory; NULL: rules have it */
	size_t len;
};

/* A compiled list that is being written. */
struct tarn__list_writer {
	struct tarn__list_image image;
	size_t room; /* octets of memory */
	int error; /* an errno; 0: none so far */
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
 * Ends the file, which takes the place of the one before. Returns 0, and the image is the caller's; -1 with
 * errno: there is none, and the file before is as it was.
 */
int tarn__list_writer_end(struct tarn__list_writer *, struct tarn__list_image *out);

/* Removes a file that has been begun, and not ended. */
void tarn__list_writer_cancel(struct tarn__list_writer *);

/*
 * Opens the file of the folder for reading. -1 with errno: there is none, or it is not to be trusted
 * (EPERM).
 */
int tarn__list_file_open(const char *folder, struct tarn__list_image *out);

/*
 * Makes rules of a compiled list, for the sets of the plan; a file can be used again, memory belongs to the
 * rules then. Returns 0, and the caller has a reference; or an error of tarn__rules_new();
 * TARN__NAMELIST_FOREIGN also if it was compiled by another plan, TARN__NAMELIST_NOMEM if it cannot be
 * mapped.
 */
int tarn__list_image_use(struct tarn__list_image *, const struct tarn__list_plan *,
			 struct tarn__rules **out);

/* Copies what the rules have into memory. Returns false if memory is short. */
bool tarn__list_image_copy(const struct tarn__rules *, struct tarn__list_image *out);

/* Ends what the image has. */
void tarn__list_image_close(struct tarn__list_image *);

#endif
