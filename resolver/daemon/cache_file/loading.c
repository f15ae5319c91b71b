/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/loading.c: one load of the cache's file. */
#include "config.h"

#include "daemon/cache_file/loading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/resolver.h"
#include "daemon/cache_file/wall.h"
#include "net/clock.h"

static const char magic[] = "tarncach";

enum { MAGIC_LEN = sizeof(magic) - 1 };

static bool read_at(void *arg, uint64_t offset, uint8_t *out, size_t len)
{
	const struct tarn__loading *loading = arg;
	while (len > 0) {
		ssize_t got = pread(loading->fd, out, len, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		out += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return true;
}

static void close_file(struct tarn__loading *loading)
{
	if (loading->fd >= 0)
		close(loading->fd);
	loading->fd = -1;
}

static enum tarn__loading_start refuse(struct tarn__loading *loading, const char *why,
				       enum tarn__loading_start start)
{
	snprintf(loading->fault, sizeof(loading->fault), "%s", why);
	return start;
}

static enum tarn__loading_start open_reader(struct tarn__loading *loading,
					    struct tarn__resolver *resolver)
{
	enum tarn__snapshot_fault fault =
		tarn__snapshot_open(&loading->reader, resolver, tarn__wall_ms());
	if (fault == TARN__SNAPSHOT_GOOD)
		return TARN__LOADING_BEGUN;
	enum tarn__loading_start start = TARN__LOADING_REFUSED;
	if (fault == TARN__SNAPSHOT_CLOCK)
		start = TARN__LOADING_NOT_YET;
	else if (fault == TARN__SNAPSHOT_EPOCH)
		start = TARN__LOADING_FLUSHED;
	return refuse(loading, tarn__snapshot_fault_text(fault), start);
}

static enum tarn__loading_start begin(struct tarn__loading *loading)
{
	uint8_t head[MAGIC_LEN];
	if (loading->reader.len == 0)
		return TARN__LOADING_NOTHING;
	size_t len = loading->reader.len < MAGIC_LEN ? loading->reader.len : MAGIC_LEN;
	if (!read_at(loading, 0, head, len) || memcmp(head, magic, len) != 0)
		return refuse(loading, "it is not a file of tarn's cache", TARN__LOADING_FOREIGN);
	if (!tarn__wall_is_plausible(tarn__wall_ms()))
		return refuse(loading, "the clock is not set", TARN__LOADING_NOT_YET);
	struct tarn__resolver *resolver = tarn__own_worker_enter(loading->own);
	if (!resolver)
		return refuse(loading, strerror(errno), TARN__LOADING_REFUSED);
	enum tarn__loading_start start = open_reader(loading, resolver);
	tarn__own_worker_leave(loading->own);
	return start;
}

enum tarn__loading_start tarn__loading_begin(struct tarn__loading *loading,
					     struct tarn__own_worker *own,
					     const struct tarn__place *place, uint64_t len_max,
					     bool has_any_root)
{
	*loading = (struct tarn__loading){.own = own, .begun_us = tarn__clock_us()};
	loading->reader.has_any_root = has_any_root;
	loading->reader.read = read_at;
	loading->reader.arg = loading;
	uint64_t len = 0;
	loading->fd = tarn__place_read(place, &len, loading->fault);
	if (loading->fd < 0)
		return loading->fault[0] ? TARN__LOADING_FOREIGN : TARN__LOADING_NOTHING;
	loading->reader.len = (size_t)len;
	enum tarn__loading_start start =
		len > len_max || len > SIZE_MAX / 2
			? refuse(loading, "it is many times as large as the cache",
				 TARN__LOADING_REFUSED)
			: begin(loading);
	if (start != TARN__LOADING_BEGUN)
		close_file(loading);
	return start;
}

/* Processor time of this thread. */
static uint64_t work_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool tarn__loading_slice(struct tarn__loading *loading, uint64_t budget_us)
{
	uint64_t begun_us = tarn__clock_us(), begun_work_us = work_us(), wall_ms = tarn__wall_ms();
	struct tarn__resolver *resolver = tarn__own_worker_enter(loading->own);
	if (!resolver)
		return false;
	bool has_more;
	do {
		has_more = tarn__snapshot_load_step(&loading->reader, resolver, wall_ms);
	} while (has_more && tarn__clock_us() - begun_us < budget_us);
	tarn__own_worker_leave(loading->own);
	loading->work_us += work_us() - begun_work_us;
	return has_more;
}

unsigned tarn__loading_percent(const struct tarn__loading *loading)
{
	const struct tarn__snapshot_counts *counts = &loading->reader.counts;
	uint64_t entries = loading->reader.entries;
	uint64_t done = tarn__loading_count(counts);
	return entries > 0 && done < entries ? (unsigned)(done * 100 / entries) : 0;
}

uint64_t tarn__loading_count(const struct tarn__snapshot_counts *counts)
{
	return counts->loaded + counts->loaded_stale + counts->known + counts->ended +
	       counts->elsewhere + counts->faulty + counts->full;
}

void tarn__loading_end(struct tarn__loading *loading)
{
	tarn__snapshot_close(&loading->reader);
	close_file(loading);
}
