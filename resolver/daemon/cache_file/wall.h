/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/wall.h: the time of day, and whether it can be right. Thread: any. */
#ifndef TARN_DAEMON_CACHE_FILE_WALL_H
#define TARN_DAEMON_CACHE_FILE_WALL_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970. */
uint64_t tarn__wall_ms(void);

/*
 * Returns true unless that is before the release of this program: a machine without a clock of its own begins
 * in the past, until it has asked a server for the time.
 */
bool tarn__wall_is_plausible(uint64_t wall_ms);

#endif
