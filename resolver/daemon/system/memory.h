/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/memory.h: controls the free memory that malloc() keeps. Reading a configuration takes many
 * times the memory of its result; with glibc most of that would stay allocated, see
 * docs/decisions/reload.md.
 *
 * Thread: any; tarn__memory_init() before other threads are started.
 */
#ifndef TARN_DAEMON_SYSTEM_MEMORY_H
#define TARN_DAEMON_SYSTEM_MEMORY_H

/* From now on large blocks are returned to the system whenever they are freed. */
void tarn__memory_init(void);

/* Returns free memory between allocated blocks to the system. Takes some milliseconds. */
void tarn__memory_trim(void);

/*
 * Gives up the pages of the program and of its libraries that nothing has written to, after the start,
 * which uses more code than what follows: option tables, the parser, the sandbox's compiler. What is used
 * again comes back from the system's cache of files, page by page.
 */
void tarn__memory_leave_start(void);

#endif
