/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/phases.c: the state, and what all phases need. */
#include "config.h"

#include "daemon/cache_file/phases.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/resolver.h"
#include "net/shared.h"
#include "rtcache.h"

/* ---- the state ------------------------------------------------------------------------------- */

void tarn__phase_publish(struct tarn__cache_file *file)
{
	pthread_mutex_lock(&file->board.mutex);
	file->board.state = file->state;
	pthread_mutex_unlock(&file->board.mutex);
}

void tarn__phase_set(struct tarn__cache_file *file, enum tarn__cache_file_phase phase)
{
	file->state.phase = phase;
	tarn__phase_publish(file);
}

void tarn__phase_set_fault(struct tarn__cache_file *file, const char *fault)
{
	snprintf(file->state.fault, sizeof(file->state.fault), "%s", fault);
}

bool tarn__phase_is_in_use(const struct tarn__cache_file *file)
{
	return file->state.phase > TARN__CACHE_FILE_UNUSABLE;
}

void tarn__phase_give_up(struct tarn__cache_file *file)
{
	tarn__log(file->log, TARN_LOG_ERR, "cannot use the cache file %s: %s; tarn goes on without",
		  file->path, file->state.fault);
	tarn__place_close(&file->place);
	tarn__phase_set(file, TARN__CACHE_FILE_UNUSABLE);
}

struct tarn__save_counts tarn__phase_count(const struct tarn__cache_file *file, uint64_t *size)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(file->own->tarn->shared), &stats);
	if (size)
		*size = stats.size;
	return (struct tarn__save_counts){.lookups = stats.lookups, .entries = stats.entries};
}

uint32_t tarn__phase_random(struct tarn__cache_file *file)
{
	return tarn__random_below(&file->random, UINT32_MAX);
}

/* ---- timers ---------------------------------------------------------------------------------- */

void tarn__phase_timer(struct tarn__cache_file *file, ev_timer *timer, uint64_t after_ms)
{
	ev_timer_stop(file->loop, timer);
	ev_now_update(file->loop);
	ev_timer_set(timer, (double)after_ms / 1000, 0);
	ev_timer_start(file->loop, timer);
}

/* ---- the boot id ----------------------------------------------------------------------------- */

void tarn__phase_boot_id(struct tarn__random *random, const char *path, uint8_t out[16])
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	size_t digits = 0;
	for (const char *at = text; *at && digits < 32; at++) {
		if (!isxdigit((unsigned char)*at))
			continue;
		const char digit[] = {*at, '\0'};
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | strtoul(digit, NULL, 16));
		digits++;
	}
	if (digits < 32)
		tarn__random_fill(random, out, 16);
}
