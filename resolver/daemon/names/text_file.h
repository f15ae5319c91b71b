/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/text_file.h: files of names, which other programs write and replace: which of them a path
 * stands for, whether one has changed, and opening it without waiting.
 */
#ifndef TARN_DAEMON_NAMES_TEXT_FILE_H
#define TARN_DAEMON_NAMES_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file was when it was opened. */
struct tarn__file_identity {
	uint64_t device, inode, size;
	int64_t mtime_ns; /* since 1970 */
	/*
	 * It was written so shortly before it was opened that another change may leave the times as they
	 * are: it counts as changed.
	 */
	bool is_fresh;
};

/* Returns true if a file of identity now is surely the one of identity before, unchanged. */
bool tarn__file_is_unchanged(const struct tarn__file_identity *before,
			     const struct tarn__file_identity *now);

/*
 * Opens a regular file, or /dev/null, for reading, and returns the descriptor. -1 with errno, and a static
 * text or strerror()'s in fault: it cannot be opened, or is a folder, a pipe or a device (EINVAL).
 */
int tarn__text_file_open(const char *path, struct tarn__file_identity *out, const char **fault);

/*
 * Returns true if the sandbox keeps the file from being opened, though its permissions allow it: it does so
 * for what was configured after the start.
 */
bool tarn__text_file_is_out_of_reach(const char *path);

/* A path that the folder has; borrowed for the call. Returns false to end. */
typedef bool tarn__text_file_fn(void *arg, const char *path);

/*
 * Calls fn for the files that a path stands for: the path itself, or, if it is a folder, the files in it,
 * by name; of those, names that begin with '.' or end in '~' are passed over, and folders. Returns 0; -1
 * with errno if the folder cannot be read.
 */
int tarn__text_file_expand(const char *path, tarn__text_file_fn *fn, void *arg);

#endif
