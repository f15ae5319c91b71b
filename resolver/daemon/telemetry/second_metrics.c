/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/telemetry/second_metrics.c: the metrics of the second level. Labels are words that need no escapes. */
#include "daemon/telemetry/second_metrics.h"

#include <inttypes.h>

#include "core/stats.h"

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put(FILE *out, const char *name, const char *label, const char *text, uint64_t value)
{
	fprintf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, text, value);
}

static void put_single(FILE *out, const char *name, const char *type, const char *help,
		       uint64_t value)
{
	begin(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* ---- the connections ---------------------------------------------------------------------- */

static void put_state(FILE *out, const struct tarn__second_counts *counts, unsigned workers)
{
	put_single(out, "tarn_shared_threads", "gauge",
		   "Threads that the second level of the cache is configured for.", workers);
	put_single(out, "tarn_shared_connected", "gauge",
		   "Of these, threads with a connection to the store.", counts->connected_now);
	put_single(out, "tarn_shared_ready", "gauge",
		   "Of these, threads that have read the epoch, without which nothing is asked.",
		   counts->ready_now);
	put_single(out, "tarn_shared_breaker_open", "gauge",
		   "Of these, threads that do not ask for now, because the store fails or is "
		   "silent.",
		   counts->open_now);
	put_single(out, "tarn_shared_breaker_opened_total", "counter",
		   "How often a thread has begun not to ask.", counts->opened);
}

/* ---- gets and puts ------------------------------------------------------------------------ */

static void put_results(FILE *out, const char *name, const uint64_t results[TARN__SECOND_RESULTS])
{
	for (int i = 0; i < TARN__SECOND_RESULTS; i++)
		put(out, name, "result", tarn__second_result_name((enum tarn__second_result)i),
		    results[i]);
}

/* A put has no other answer but the one that is named done. */
static void put_put_results(FILE *out, const uint64_t results[TARN__SECOND_RESULTS])
{
	const char *name = "tarn_shared_puts_total";
	put(out, name, "result", "done", results[TARN__SECOND_ABSENT]);
	for (int i = TARN__SECOND_CLOSED; i < TARN__SECOND_RESULTS; i++)
		put(out, name, "result", tarn__second_result_name((enum tarn__second_result)i),
		    results[i]);
}

static void put_gets(FILE *out, const struct tarn__second_counts *counts)
{
	begin(out, "tarn_shared_gets_total", "counter",
	      "Questions to the store that have ended, by their result.");
	put_results(out, "tarn_shared_gets_total", counts->results);
	put_single(out, "tarn_shared_late_total", "counter",
		   "Questions to the store that were not answered within the wait.", counts->late);
	begin(out, "tarn_shared_skipped_total", "counter",
	      "Lookups without a question to the store, by the reason.");
	put(out, "tarn_shared_skipped_total", "reason", "breaker", counts->skipped_breaker);
	put(out, "tarn_shared_skipped_total", "reason", "closed", counts->skipped_closed);
	put(out, "tarn_shared_skipped_total", "reason", "busy", counts->skipped_busy);
}

static void put_values(FILE *out, const struct tarn__second_counts *counts)
{
	static const char *const reasons[TARN__SECOND_REJECTIONS] = {
		[TARN__SECOND_TAG] = "tag",
		[TARN__SECOND_ANSWER] = "answer",
		[TARN__SECOND_FUTURE] = "future",
		[TARN__SECOND_ENDED] = "ended",
	};
	put_single(out, "tarn_shared_taken_total", "counter",
		   "Values of the store that became answers.", counts->taken);
	put_single(out, "tarn_shared_not_later_total", "counter",
		   "Values of the store that live no longer than the entry that was to be "
		   "refreshed.",
		   counts->not_later);
	begin(out, "tarn_shared_rejected_total", "counter",
	      "Values of the store that were not taken; tag: not made with the secret, for that "
	      "question; answer: no usable answer to it; future and ended: by their times.");
	for (int i = 0; i < TARN__SECOND_REJECTIONS; i++)
		put(out, "tarn_shared_rejected_total", "reason", reasons[i], counts->rejected[i]);
	begin(out, "tarn_shared_value_bytes_total", "counter", "Size of values, by direction.");
	put(out, "tarn_shared_value_bytes_total", "direction", "got", counts->octets_got);
	put(out, "tarn_shared_value_bytes_total", "direction", "put", counts->octets_put);
}

static void put_puts(FILE *out, const struct tarn__second_counts *counts)
{
	begin(out, "tarn_shared_puts_total", "counter",
	      "Answers given to the store, by the result.");
	put_put_results(out, counts->put_results);
	put_single(out, "tarn_shared_puts_skipped_total", "counter",
		   "Answers not given to it: there was no connection, or too much was outstanding.",
		   counts->put_skipped);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void put_latency(FILE *out, const struct tarn__latency *latency)
{
	static const uint32_t bounds_ms[] = TARN__LATENCY_BOUNDS_MS;
	const char *name = "tarn_shared_latency_seconds";
	uint64_t within = 0;
	begin(out, name, "histogram", "Time from a question to the store to its answer.");
	for (size_t i = 0; i < TARN__LATENCY_BUCKETS - 1; i++) {
		within += latency->buckets[i];
		fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds_ms[i] / 1000.0,
			within);
	}
	within += latency->buckets[TARN__LATENCY_BUCKETS - 1];
	fprintf(out,
		"%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%06" PRIu64
		"\n%s_count %" PRIu64 "\n",
		name, within, name, latency->sum_us / 1000000, latency->sum_us % 1000000, name,
		within);
}

static void put_fleet(FILE *out, const struct tarn__second_counts *counts)
{
	begin(out, "tarn_shared_flushes_total", "counter",
	      "Messages to forget a name, of this machine too; rejected: not made with the secret, "
	      "or too old.");
	put(out, "tarn_shared_flushes_total", "result", "obeyed", counts->flushes);
	put(out, "tarn_shared_flushes_total", "result", "rejected", counts->flushes_rejected);
	put_single(out, "tarn_shared_lease_waits_total", "counter",
		   "Lookups that waited for the answer of another machine.", counts->leases_held);
	put_single(out, "tarn_shared_lease_waits_in_vain_total", "counter",
		   "Of these, lookups for which it did not come in time.",
		   counts->lease_waits_in_vain);
}

void tarn__metrics_put_second(FILE *out, const struct tarn__second_counts *counts, unsigned workers)
{
	put_state(out, counts, workers);
	put_gets(out, counts);
	put_values(out, counts);
	put_puts(out, counts);
	put_latency(out, &counts->latency);
	put_fleet(out, counts);
}
