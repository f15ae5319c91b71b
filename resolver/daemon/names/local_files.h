/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/names/local_files.h: the sources of local names: records and zones of the configuration, hosts
 * files, folders of hosts files, leases; and the local data (core/policy/local_data.h) that is made of
 * them.
 *
 *	files = tarn__local_files_new(&options, log);
 *	when something may have changed, and at tarn__local_files_due_ms():
 *		if (tarn__local_files_look(files, now_ms))
 *			data = tarn__local_files_build(files);
 *
 * A file that vanishes keeps its names for TARN__LOCAL_VANISHED_MS, since editors replace files in steps;
 * then it is as an empty one, which is logged. One that cannot be read keeps its names for as long as that
 * is so. Nothing that is in a file is fatal: faults are counted, and the first ones are logged with their
 * lines.
 *
 * Thread: one.
 */
#ifndef TARN_DAEMON_NAMES_LOCAL_FILES_H
#define TARN_DAEMON_NAMES_LOCAL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/local_data.h"
#include "daemon/log/log.h"

enum {
	TARN__LOCAL_FILES_MAX = 64, /* of all folders too: each has its text in memory */
	TARN__LOCAL_FILE_MAX = 64 << 20, /* octets: a million lines of some 64 */
	TARN__LOCAL_VANISHED_MS = 5000,
};

struct tarn__local_list {
	const char *const *items;
	size_t count;
};

struct tarn__local_files_options {
	struct tarn__local_list hosts, leases; /* files and folders */
	struct tarn__local_list zones, records; /* records in the syntax of zone files */
	struct tarn__local_list own; /* records of tarn itself (daemon/names/discovery.h) */
	const char *domain; /* NULL: none */
	uint32_t ttl; /* seconds */
};

struct tarn__local_files;

/* Copies the options. NULL: out of memory. Nothing is read. */
struct tarn__local_files *tarn__local_files_new(const struct tarn__local_files_options *,
						struct tarn__log *);
void tarn__local_files_free(struct tarn__local_files *);

/* Returns true if other options would make other files of names: with equal ones files stay as they are. */
bool tarn__local_files_has(const struct tarn__local_files *,
			   const struct tarn__local_files_options *);

/*
 * Looks at all files, and reads those that have changed, or all if is_forced. now_ms is that of a monotonic
 * clock. Returns true if local data has to be made anew.
 */
bool tarn__local_files_look(struct tarn__local_files *, uint64_t now_ms, bool is_forced);

/* Returns when to look again though nothing was reported; UINT64_MAX: not at all. */
uint64_t tarn__local_files_due_ms(const struct tarn__local_files *);

/*
 * Makes local data of what was read, and logs its faults. One reference, the caller's. NULL: out of memory,
 * logged.
 */
struct tarn__local_data *tarn__local_files_build(struct tarn__local_files *);

/* Calls fn for each path that is to be watched: those of the options, and the files in their folders. */
void tarn__local_files_paths(const struct tarn__local_files *,
			     void (*fn)(void *arg, const char *path, bool is_lease), void *arg);

/* Octets of files that have been read so far. */
uint64_t tarn__local_files_octets(const struct tarn__local_files *);

#endif
