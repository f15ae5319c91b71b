/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is free is not ours. */
#include "config.h"

#include "daemon/system/memory.h"

#include <stdlib.h> /* for __GLIBC__ */

#ifdef __GLIBC__

#include <malloc.h>

/* glibc's own first value, which it raises to 32 MiB by itself as such blocks are freed. */
enum { LARGE_BLOCK = 128 * 1024 };

void tarn__memory_init(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
}

void tarn__memory_trim(void)
{
	malloc_trim(0);
}

#else

void tarn__memory_init(void)
{
}

void tarn__memory_trim(void)
{
}

#endif
