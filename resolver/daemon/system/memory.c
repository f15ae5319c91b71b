/* SPDX-License-Identifier: BSD-2-Clause */
/* Returns free memory to the system. */
#include "config.h"

#include "daemon/system/memory.h"

#include <stdlib.h> /* for __GLIBC__ */

#ifdef __GLIBC__

#include <malloc.h>

/* octets: glibc's initial threshold, which it raises up to 32 MiB as larger blocks are freed */
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
