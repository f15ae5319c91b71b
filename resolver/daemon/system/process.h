/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/process.h: the resource usage of tarn. /proc is inaccessible in the sandbox, so the files
 * are opened before it.
 *
 * Thread: the main one; tarn__process_usage() any.
 */
#ifndef TARN_DAEMON_SYSTEM_PROCESS_H
#define TARN_DAEMON_SYSTEM_PROCESS_H

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>

struct tarn__process {
	int memory; /* -1: not available */
	DIR *files; /* NULL: not available */
	pthread_mutex_t mutex; /* the position in the list of files is shared */
};

/* A member of 0 is not available. */
struct tarn__usage {
	uint64_t resident_octets;
	uint64_t cpu_us; /* of all threads, since the start */
	uint64_t files, files_max; /* open files, and the limit */
};

void tarn__process_init(struct tarn__process *);
void tarn__process_fini(struct tarn__process *);

/* Takes microseconds, and some milliseconds with thousands of open files. */
struct tarn__usage tarn__process_usage(struct tarn__process *);

#endif
