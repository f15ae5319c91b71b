/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/system/memory.h: what malloc() keeps of memory that is free. Reading a configuration takes many times
 * the memory of what is made of it; with glibc most of that would stay, see docs/decisions/reload.md.
 *
 * Thread: any; tarn__memory_init() before there are others.
 */
#ifndef TARN_DAEMON_SYSTEM_MEMORY_H
#define TARN_DAEMON_SYSTEM_MEMORY_H

/* Large blocks go back to the system when they are freed, however often such have been. */
void tarn__memory_init(void);

/* What is free between blocks that are not goes back, too. Some milliseconds. */
void tarn__memory_trim(void);

#endif
