/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/process.h: what tarn takes of the machine. In the sandbox /proc is out of reach, so what is
 * read there is opened before.
 *
 * Thread: the main one; usage is for any.
 */
#ifndef TARN_DAEMON_SYSTEM_PROCESS_H
#define TARN_DAEMON_SYSTEM_PROCESS_H

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>

struct tarn__process {
	int memory; /* -1: not to be had */
	DIR *files; /* NULL: not to be had */
	pthread_mutex_t mutex; /* there is one place in the list of files */
};

/* 0: not to be had. */
struct tarn__usage {
	uint64_t resident_octets;
	uint64_t cpu_us; /* of all threads, since the start */
	uint64_t files, files_max; /* open, and how many may be */
};

void tarn__process_init(struct tarn__process *);
void tarn__process_fini(struct tarn__process *);

/* Takes microseconds, and some milliseconds where thousands of files are open. */
struct tarn__usage tarn__process_usage(struct tarn__process *);

#endif
