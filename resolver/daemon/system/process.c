/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/system/process.c: resource usage from /proc/self and getrusage(). */
#include "config.h"

#include "daemon/system/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void tarn__process_init(struct tarn__process *process)
{
	process->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	process->files = opendir("/proc/self/fd");
	pthread_mutex_init(&process->mutex, NULL);
}

void tarn__process_fini(struct tarn__process *process)
{
	if (process->memory >= 0)
		close(process->memory);
	if (process->files)
		closedir(process->files);
	pthread_mutex_destroy(&process->mutex);
}

/* The file has numbers of pages: all, then the resident ones. */
static uint64_t read_resident(int fd)
{
	char text[128];
	unsigned long pages;
	ssize_t len = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t count_files(struct tarn__process *process)
{
	if (!process->files)
		return 0;
	uint64_t count = 0;
	const struct dirent *entry;
	pthread_mutex_lock(&process->mutex);
	rewinddir(process->files);
	while ((entry = readdir(process->files)) != NULL)
		count += entry->d_name[0] != '.';
	pthread_mutex_unlock(&process->mutex);
	return count;
}

struct tarn__usage tarn__process_usage(struct tarn__process *process)
{
	struct tarn__usage usage = {
		.resident_octets = read_resident(process->memory),
		.files = count_files(process),
	};
	struct timespec cpu;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		usage.cpu_us = (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		usage.files_max = limit.rlim_cur;
	return usage;
}
