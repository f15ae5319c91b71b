/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/cache_file/saving.c: one save of the cache. */
#include "config.h"

#include "daemon/cache_file/saving.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/resolver.h"
#include "daemon/cache_file/wall.h"
#include "daemon/cache_file/writer.h"
#include "net/clock.h"

static bool put(void *arg, const uint8_t *octets, size_t len)
{
	struct tarn__saving *saving = arg;
	saving->octets += len;
	return tarn__writer_put(saving->writer, octets, len);
}

static void fail(struct tarn__saving *saving, const char *why)
{
	if (!saving->fault[0])
		snprintf(saving->fault, sizeof(saving->fault), "%s", why);
}

static void end_walk(struct tarn__saving *saving)
{
	tarn__snapshot_writer_free(saving->snapshot);
	saving->snapshot = NULL;
}

static void begin_walk(struct tarn__saving *saving, struct tarn__resolver *resolver,
		       const struct tarn__saving_options *options)
{
	struct tarn__snapshot_options how = {
		.put = put,
		.arg = saving,
		.wall_ms = tarn__wall_ms(),
		.has_any_root = options->has_any_root,
		.hottest_first = options->hottest_first,
	};
	memcpy(how.boot_id, options->boot_id, sizeof(how.boot_id));
	saving->wall_s = (int64_t)(how.wall_ms / 1000);
	saving->snapshot = tarn__snapshot_writer_new(resolver, &how);
}

bool tarn__saving_begin(struct tarn__saving *saving, struct tarn__own_worker *own,
			const struct tarn__saving_options *options)
{
	*saving = (struct tarn__saving){.own = own, .begun_us = tarn__clock_us()};
	struct tarn__resolver *resolver = tarn__own_worker_enter(own);
	if (!resolver) {
		fail(saving, strerror(errno));
		return false;
	}
	saving->writer =
		tarn__writer_new(options->place, options->len_max, options->loop, options->ended);
	if (saving->writer)
		begin_walk(saving, resolver, options);
	if (!saving->snapshot) {
		fail(saving, strerror(saving->writer ? ENOMEM : errno));
		if (saving->writer)
			tarn__saving_end(saving);
	}
	tarn__own_worker_leave(own);
	return saving->writer;
}

void tarn__saving_cut(struct tarn__saving *saving)
{
	if (!saving->snapshot)
		return;
	saving->entries = tarn__snapshot_end(saving->snapshot);
	end_walk(saving);
	if (!saving->fault[0] && !tarn__writer_fault(saving->writer))
		tarn__writer_end(saving->writer);
}

/* Takes steps. Returns false after the last one, or after a failure. */
static bool walk(struct tarn__saving *saving, struct tarn__resolver *resolver, uint64_t budget_us)
{
	uint64_t begun_us = tarn__clock_us();
	bool has_more = true;
	while (has_more && tarn__writer_has_room(saving->writer)) {
		has_more = tarn__snapshot_step(saving->snapshot, resolver);
		if (tarn__clock_us() - begun_us >= budget_us)
			break;
	}
	return has_more && !tarn__writer_fault(saving->writer);
}

enum tarn__saving_next tarn__saving_slice(struct tarn__saving *saving, uint64_t budget_us)
{
	if (tarn__writer_is_over(saving->writer) || saving->fault[0])
		return TARN__SAVING_OVER;
	if (!saving->snapshot)
		return TARN__SAVING_WRITES;
	if (!tarn__writer_has_room(saving->writer))
		return TARN__SAVING_WAITS;
	struct tarn__resolver *resolver = tarn__own_worker_enter(saving->own);
	if (!resolver) {
		fail(saving, strerror(errno));
		return TARN__SAVING_OVER;
	}
	bool has_more = walk(saving, resolver, budget_us);
	if (!has_more)
		tarn__saving_cut(saving);
	tarn__own_worker_leave(saving->own);
	if (saving->fault[0] || tarn__writer_fault(saving->writer))
		return TARN__SAVING_OVER;
	return has_more ? TARN__SAVING_GOES_ON : TARN__SAVING_WRITES;
}

bool tarn__saving_end(struct tarn__saving *saving)
{
	bool is_broken_off = saving->snapshot != NULL;
	end_walk(saving);
	const char *why = tarn__writer_wait(saving->writer);
	if (why)
		fail(saving, why);
	tarn__writer_free(saving->writer);
	saving->writer = NULL;
	return !is_broken_off && !saving->fault[0];
}
