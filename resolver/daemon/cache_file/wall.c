/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/wall.c: the time of day. */
#include "daemon/cache_file/wall.h"

#include <time.h>

#include "core/config.h"

uint64_t tarn__wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > 0 ? (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 : 0;
}

bool tarn__wall_is_plausible(uint64_t wall_ms)
{
	return wall_ms / 1000 >= TARN__RELEASE_SEC;
}
