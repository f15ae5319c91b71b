/* SPDX-License-Identifier: BSD-2-Clause */
/* Returns free memory to the system. */
#include "config.h"

#include "daemon/system/memory.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h> /* for __GLIBC__ */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages of a segment that is never written to are those of the file; the kernel's own object is of none. */
static int leave_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	if (object->dlpi_name && strncmp(object->dlpi_name, "linux-", strlen("linux-")) == 0)
		return 0;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
			continue;
		uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void tarn__memory_leave_start(void)
{
	dl_iterate_phdr(leave_object, NULL);
}

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
