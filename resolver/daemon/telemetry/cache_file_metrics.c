/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/cache_file_metrics.c: the metrics of the file of the cache. */
#include "daemon/telemetry/cache_file_metrics.h"

#include <inttypes.h>
#include <time.h>

#include "daemon/cache_file/state.h"

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_result(FILE *out, const char *name, const char *result, uint64_t value)
{
	fprintf(out, "%s{result=\"%s\"} %" PRIu64 "\n", name, result, value);
}

static void put_single(FILE *out, const char *name, const char *type, const char *help,
		       uint64_t value)
{
	begin(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_loaded(FILE *out, const struct tarn__cache_file_state *state)
{
	const struct tarn__snapshot_counts *loaded = &state->loaded;
	const char *name = "tarn_snapshot_loaded_entries";
	begin(out, name, "gauge",
	      "Answers that were in the file of the cache when it was loaded, by what became of "
	      "them.");
	put_result(out, name, "fresh", loaded->loaded);
	put_result(out, name, "stale", loaded->loaded_stale);
	put_result(out, name, "known", loaded->known);
	put_result(out, name, "ended", loaded->ended);
	put_result(out, name, "other_servers", loaded->elsewhere);
	put_result(out, name, "faulty", loaded->faulty);
	put_result(out, name, "no_room", loaded->full);
	put_single(out, "tarn_snapshot_damaged_blocks", "gauge",
		   "Blocks of the file of the cache that could not be read.",
		   loaded->blocks_damaged);
	begin(out, "tarn_snapshot_load_seconds", "gauge",
	      "How long the file of the cache took to be loaded.");
	fprintf(out, "tarn_snapshot_load_seconds %" PRIu64 ".%06" PRIu64 "\n",
		state->load_us / 1000000, state->load_us % 1000000);
}

void tarn__metrics_put_cache_file(FILE *out, const struct tarn__cache_file_state *state)
{
	int64_t age_s = tarn__cache_file_age_s(state, time(NULL));
	const char *name = "tarn_snapshot_saves_total";
	put_single(out, "tarn_snapshot_entries", "gauge",
		   "Answers in the file of the cache when it was last written.", state->entries);
	put_single(out, "tarn_snapshot_bytes", "gauge", "Size of the file of the cache.",
		   state->octets);
	if (age_s >= 0)
		put_single(out, "tarn_snapshot_age_seconds", "gauge",
			   "Since the file of the cache was last written.", (uint64_t)age_s);
	begin(out, name, "counter", "Attempts to write the file of the cache, by their result.");
	put_result(out, name, "saved", state->saves);
	put_result(out, name, "failed", state->failures);
	put_loaded(out, state);
}
