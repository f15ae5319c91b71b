/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/telemetry/metrics.c: one line for each value. A metric with labels has a line for every value of a
 * label, except types.
 */
#include "daemon/telemetry/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/policy/lists.h"
#include "core/policy/policy.h"
#include "daemon/telemetry/cache_file_metrics.h"
#include "daemon/telemetry/second_metrics.h"
#include "dns/message.h"
#include "dns/text.h"

/* The text being written, metric by metric. */
struct page {
	FILE *out;
	const char *name; /* the current metric */
};

static void begin(struct page *page, const char *name, const char *type, const char *help)
{
	page->name = name;
	fprintf(page->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_single(struct page *page, const char *name, const char *type, const char *help,
		       uint64_t value)
{
	begin(page, name, type, help);
	fprintf(page->out, "%s %" PRIu64 "\n", name, value);
}

/* Writes the value of a label, in quotes. */
static void put_text(struct page *page, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', page->out);
		if (*text == '\n')
			fputs("\\n", page->out);
		else
			fputc(*text, page->out);
	}
}

static void put(struct page *page, const char *label, const char *text, uint64_t value)
{
	fprintf(page->out, "%s{%s=\"", page->name, label);
	put_text(page, text);
	fprintf(page->out, "\"} %" PRIu64 "\n", value);
}

/* ---- questions and answers ---------------------------------------------------------------- */

static void put_questions(struct page *page, const struct tarn__stats *stats)
{
	begin(page, "tarn_questions_total", "counter", "Questions that get an answer.");
	for (size_t i = 0; i < TARN__TRANSPORTS; i++)
		put(page, "transport", tarn__transports[i].name, stats->questions[i]);
	put(page, "transport", "own", stats->questions[TARN__COUNTED_OWN]);
	begin(page, "tarn_question_types_total", "counter",
	      "Questions by type, of those types that were asked for.");
	for (size_t i = 0; i < TARN__COUNTED_TYPES; i++) {
		char type[TARN__WORD_MAX];
		bool is_last = i == TARN__COUNTED_TYPES - 1;
		if (stats->types[i] > 0)
			put(page, "type", is_last ? "other" : tarn__type_format((uint16_t)i, type),
			    stats->types[i]);
	}
	put_single(page, "tarn_questions_waiting", "gauge", "Questions that wait for their answer.",
		   stats->waiting);
}

/* Response codes that clients have never been sent are left out. */
static void put_rcodes(struct page *page, const struct tarn__stats *stats)
{
	begin(page, "tarn_answers_total", "counter", "Answers to clients, by response code.");
	for (uint16_t i = 0; i < TARN__COUNTED_RCODES; i++) {
		char rcode[TARN__WORD_MAX];
		if (i <= TARN__REFUSED || stats->rcodes[i] > 0)
			put(page, "rcode", tarn__rcode_format(i, rcode), stats->rcodes[i]);
	}
}

static void put_statuses(struct page *page, const struct tarn__stats *stats)
{
	begin(page, "tarn_cache_answers_total", "counter",
	      "Answers to clients, by how they came about.");
	for (int i = 0; i < TARN__STATUSES; i++)
		put(page, "status", tarn__status_name((enum tarn__status)i), stats->statuses[i]);
}

/* Answers that did not wait took less than a millisecond; they are in the first bucket. */
static void put_latency(struct page *page, const char *status, const struct tarn__latency *latency,
			uint64_t count)
{
	static const uint32_t bounds_ms[] = TARN__LATENCY_BOUNDS_MS;
	uint64_t waited = 0, within = 0;
	for (size_t i = 0; i < TARN__LATENCY_BUCKETS; i++)
		waited += latency->buckets[i];
	within = count - waited;
	for (size_t i = 0; i < TARN__LATENCY_BUCKETS - 1; i++) {
		within += latency->buckets[i];
		fprintf(page->out, "%s_bucket{status=\"%s\",le=\"%g\"} %" PRIu64 "\n", page->name,
			status, bounds_ms[i] / 1000.0, within);
	}
	fprintf(page->out,
		"%s_bucket{status=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		"%s_sum{status=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n"
		"%s_count{status=\"%s\"} %" PRIu64 "\n",
		page->name, status, count, page->name, status, latency->sum_us / 1000000,
		latency->sum_us % 1000000, page->name, status, count);
}

static void put_stages(struct page *page, const struct tarn__stats *stats)
{
	begin(page, "tarn_policy_decisions_total", "counter",
	      "Answers to clients that the policy decided, by its stage.");
	for (size_t i = 0; i < TARN__STAGES; i++)
		put(page, "stage", tarn__stages[i]->name, stats->stages[i]);
}

static void put_latencies(struct page *page, const struct tarn__stats *stats)
{
	begin(page, "tarn_answer_seconds", "histogram",
	      "Time from a question to its answer, by how that came about.");
	for (int i = 0; i < TARN__STATUSES; i++)
		put_latency(page, tarn__status_name((enum tarn__status)i), &stats->latencies[i],
			    stats->statuses[i]);
}

/* ---- DNSSEC ------------------------------------------------------------------------------- */

/* Codes without a meaning for what is bogus are left out. */
static void put_bogus(struct page *page, const struct tarn__validation_counts *counts)
{
	static const bool is_usual[TARN__VALIDATION_CODES] = {
		[TARN__EDE_BOGUS] = true,
		[TARN__EDE_SIGNATURE_EXPIRED] = true,
		[TARN__EDE_SIGNATURE_NOT_YET_VALID] = true,
		[TARN__EDE_DNSKEY_MISSING] = true,
		[TARN__EDE_RRSIGS_MISSING] = true,
		[TARN__EDE_NO_ZONE_KEY] = true,
		[TARN__EDE_NSEC_MISSING] = true,
		[TARN__EDE_SIGNATURE_EXPIRES_BEFORE_VALID] = true,
	};
	begin(page, "tarn_dnssec_bogus_total", "counter",
	      "Answers that are bogus, by the code of their extended error (RFC 8914).");
	for (unsigned i = 0; i < TARN__VALIDATION_CODES; i++) {
		char code[8];
		snprintf(code, sizeof(code), "%u", i);
		if (is_usual[i] || counts->codes[i] > 0)
			put(page, "ede", code, counts->codes[i]);
	}
}

static void put_validation(struct page *page, const struct tarn__stats *stats)
{
	const struct tarn__validation_counts *counts = &stats->validation;
	begin(page, "tarn_dnssec_answers_total", "counter",
	      "Answers of upstream servers that were validated, by their security; indeterminate: "
	      "the chain of trust could not be had.");
	put(page, "status", "secure", counts->secure);
	put(page, "status", "insecure", counts->insecure);
	put(page, "status", "bogus", counts->bogus);
	put(page, "status", "indeterminate", counts->indeterminate);
	put_bogus(page, counts);
	put_single(page, "tarn_dnssec_verifications_total", "counter",
		   "Signatures that were verified.", counts->verifications);
	put_single(page, "tarn_dnssec_limits_total", "counter",
		   "Validations that ended at a limit of the work for one message.",
		   counts->limits);
	put_single(page, "tarn_dnssec_undated_total", "counter",
		   "Validations without a look at dates, because the clock cannot be right.",
		   counts->undated);
	put_single(page, "tarn_dnssec_trust_lookups_active", "gauge",
		   "Lookups of the chain of trust that are under way.", stats->trust_lookups);
	put_single(page, "tarn_dnssec_trust_lookups_total", "counter",
		   "Lookups of the chain of trust started.", counts->trusts);
}

/* ---- local names and lists ---------------------------------------------------------------- */

/* Lists that have gone keep their counters. */
static void put_list_answers(struct page *page, const struct tarn__stats *stats,
			     const struct tarn__list_slots *slots)
{
	begin(page, "tarn_list_answers_total", "counter",
	      "Answers to clients that a list decided, by what it gave.");
	for (uint8_t slot = 0; slot < TARN__LIST_SLOTS; slot++) {
		const char *name = tarn__list_slots_name(slots, slot);
		for (int i = TARN__NAMELIST_NXDOMAIN; name && i <= TARN__NAMELIST_DATA; i++) {
			if (i == TARN__NAMELIST_PASSTHRU)
				continue;
			fprintf(page->out, "%s{list=\"", page->name);
			put_text(page, name);
			fprintf(page->out, "\",answer=\"%s\"} %" PRIu64 "\n",
				tarn__lists_action_name((enum tarn__namelist_action)i),
				stats->lists[slot][i]);
		}
	}
}

/* A list without a file has no age. */
static void put_lists(struct page *page, const struct tarn__name_figures *figures)
{
	int64_t now_s = time(NULL);
	begin(page, "tarn_list_names", "gauge", "Rules of the list that are in force.");
	for (size_t i = 0; i < figures->list_count; i++)
		put(page, "list", figures->lists[i].name, figures->lists[i].names);
	begin(page, "tarn_list_age_seconds", "gauge",
	      "Time since the newest file of the list was written.");
	for (size_t i = 0; i < figures->list_count; i++) {
		int64_t newest_s = figures->lists[i].newest_s;
		if (newest_s > 0)
			put(page, "list", figures->lists[i].name,
			    now_s > newest_s ? (uint64_t)(now_s - newest_s) : 0);
	}
	begin(page, "tarn_list_faults", "gauge",
	      "Lines of the list that are no rules, and files of it that cannot be read.");
	for (size_t i = 0; i < figures->list_count; i++)
		put(page, "list", figures->lists[i].name, figures->lists[i].faults);
}

static void put_transfer_results(struct page *page, const struct tarn__transfer_state *state)
{
	for (int i = 0; i < TARN__TRANSFER_RESULTS; i++)
		fprintf(page->out, "%s{list=\"%s\",result=\"%s\"} %" PRIu64 "\n", page->name,
			state->name, tarn__transfer_result_word((enum tarn__transfer_result)i),
			state->results[i]);
}

/* Names of lists need no escapes (daemon/settings/sections.c). */
static void put_transfers(struct page *page, const struct tarn__metrics_transfers *transfers)
{
	if (transfers->count == 0)
		return;
	begin(page, "tarn_list_serial", "gauge", "Serial of the zone that came by transfer.");
	for (size_t i = 0; i < transfers->count; i++) {
		if (transfers->states[i].has_zone)
			put(page, "list", transfers->states[i].name, transfers->states[i].serial);
	}
	begin(page, "tarn_list_expired", "gauge",
	      "1 if no primary has confirmed the zone for longer than its SOA allows.");
	for (size_t i = 0; i < transfers->count; i++)
		put(page, "list", transfers->states[i].name, transfers->states[i].is_expired);
	begin(page, "tarn_list_transfers_total", "counter",
	      "Looks at the primaries of the zone, by their result.");
	for (size_t i = 0; i < transfers->count; i++)
		put_transfer_results(page, &transfers->states[i]);
}

static void put_names(struct page *page, const struct tarn__stats *stats,
		      const struct tarn__name_figures *figures)
{
	put_single(page, "tarn_local_names", "gauge", "Names that are answered from here.",
		   figures->local_names);
	put_list_answers(page, stats, figures->slots);
	put_lists(page, figures);
}

/* ---- transports --------------------------------------------------------------------------- */

static void put_transports(struct page *page, const struct tarn__totals *totals)
{
	begin(page, "tarn_drops_total", "counter", "Questions and replies that were dropped.");
	put(page, "reason", "no_question", totals->questions.dropped);
	put(page, "reason", "too_long", totals->udp.too_long);
	put(page, "reason", "reply_refused", totals->udp.dropped);
	put_single(page, "tarn_udp_replies_delayed_total", "counter",
		   "Replies that waited for room in a socket's buffer.", totals->udp.kept);
	put_single(page, "tarn_tcp_connections", "gauge", "Clients' connections that are open.",
		   totals->tcp.connections);
	put_single(page, "tarn_tcp_accepted_total", "counter", "Clients' connections accepted.",
		   totals->tcp.accepted);
	begin(page, "tarn_tcp_closed_total", "counter",
	      "Clients' connections that were not closed by their clients.");
	put(page, "reason", "refused", totals->tcp.refused);
	put(page, "reason", "stranger", totals->tcp.strangers);
	put(page, "reason", "idle", totals->tcp.idle_closed);
	put(page, "reason", "stalled", totals->tcp.stalled_closed);
	put(page, "reason", "reset", totals->tcp.reset);
}

/* Of connections over TLS, or over HTTPS. */
static void put_over(struct page *page, const char *transport, const char *label, const char *text,
		     uint64_t value)
{
	fprintf(page->out, "%s{transport=\"%s\"", page->name, transport);
	if (label)
		fprintf(page->out, ",%s=\"%s\"", label, text);
	fprintf(page->out, "} %" PRIu64 "\n", value);
}

static void put_handshakes(struct page *page, const char *transport,
			   const struct tarn__tcp_stats *stats)
{
	put_over(page, transport, "result", "full", stats->handshakes_full);
	put_over(page, transport, "result", "resumed", stats->handshakes_resumed);
	put_over(page, transport, "result", "rejected", stats->handshakes_rejected);
	put_over(page, transport, "result", "failed", stats->handshakes_failed);
	put_over(page, transport, "result", "late", stats->handshakes_late);
	put_over(page, transport, "result", "refused", stats->handshakes_refused);
}

static void put_closed(struct page *page, const char *transport,
		       const struct tarn__tcp_stats *stats)
{
	put_over(page, transport, "reason", "refused", stats->refused);
	put_over(page, transport, "reason", "stranger", stats->strangers);
	put_over(page, transport, "reason", "idle", stats->idle_closed);
	put_over(page, transport, "reason", "stalled", stats->stalled_closed);
	put_over(page, transport, "reason", "reset", stats->reset);
}

static void put_encrypted(struct page *page, const struct tarn__totals *totals)
{
	begin(page, "tarn_tls_connections", "gauge",
	      "Clients' connections over TLS and HTTPS that are open.");
	put_over(page, "tls", NULL, NULL, totals->tls.connections);
	put_over(page, "https", NULL, NULL, totals->https.connections);
	begin(page, "tarn_tls_accepted_total", "counter",
	      "Clients' connections over TLS and HTTPS accepted.");
	put_over(page, "tls", NULL, NULL, totals->tls.accepted);
	put_over(page, "https", NULL, NULL, totals->https.accepted);
	begin(page, "tarn_tls_closed_total", "counter",
	      "Clients' connections over TLS and HTTPS that were not closed by their clients.");
	put_closed(page, "tls", &totals->tls);
	put_closed(page, "https", &totals->https);
	begin(page, "tarn_tls_handshakes_total", "counter",
	      "Handshakes of clients over TLS and HTTPS, by their result; rejected: by the client, "
	      "which does not accept the certificate.");
	put_handshakes(page, "tls", &totals->tls);
	put_handshakes(page, "https", &totals->https);
}

/* Times are seconds since 1970. */
static void put_certificates(struct page *page, const struct tarn__certificates_state *state)
{
	begin(page, "tarn_certificate_not_after_seconds", "gauge",
	      "When the certificate that clients are shown expires, since 1970.");
	for (size_t i = 0; i < state->count; i++)
		put(page, "file", state->items[i].file, state->items[i].says.until_sec);
	put_single(page, "tarn_certificates_loaded_seconds", "gauge",
		   "When certificates were last taken from their files, since 1970.",
		   (uint64_t)state->loaded_s);
	begin(page, "tarn_certificate_loads_total", "counter",
	      "Looks at certificates and keys that have changed or were to be read again, by their "
	      "result.");
	put(page, "result", "taken", state->loads);
	put(page, "result", "refused", state->failures);
}

/* ---- the cache ---------------------------------------------------------------------------- */

static void put_cache(struct page *page, const struct rtcache_stats *cache)
{
	put_single(page, "tarn_cache_size_bytes", "gauge", "Memory that the cache may use.",
		   cache->size);
	put_single(page, "tarn_cache_used_bytes", "gauge", "Memory that the cache uses.",
		   cache->bytes);
	put_single(page, "tarn_cache_entries", "gauge",
		   "Answers and remembered failures in the cache.", cache->entries);
	put_single(page, "tarn_cache_evicted_total", "counter", "Entries gone to make room.",
		   cache->evicted);
	put_single(page, "tarn_cache_swept_total", "counter", "Entries removed after their end.",
		   cache->swept);
	put_single(page, "tarn_cache_not_admitted_total", "counter",
		   "Answers not cached: used less often than the entries that they would have "
		   "replaced.",
		   cache->refused);
}

/* ---- upstream servers --------------------------------------------------------------------- */

/* Connections to encrypted servers. */
static void put_connections(struct page *page, const struct tarn__carrier_stats *carrier)
{
	begin(page, "tarn_upstream_connections_total", "counter",
	      "Connections opened to upstream servers.");
	for (size_t i = 0; i < TARN__TRANSPORTS; i++) {
		if (tarn__transport_is_stream((enum tarn__transport)i))
			put(page, "transport", tarn__transport_name((enum tarn__transport)i),
			    carrier->opened[i]);
	}
	begin(page, "tarn_upstream_handshakes_total", "counter",
	      "Connections to upstream servers that were encrypted.");
	put(page, "kind", "full", carrier->handshakes);
	put(page, "kind", "resumed", carrier->resumptions);
	begin(page, "tarn_upstream_failed_connections_total", "counter",
	      "Connections to upstream servers that could not be encrypted.");
	put(page, "reason", "certificate", carrier->refused_certificates);
	put(page, "reason", "other", carrier->failed_setups);
}

static void put_lookups(struct page *page, const struct tarn__totals *totals)
{
	put_single(page, "tarn_lookups", "gauge", "Lookups under way.", totals->questions.lookups);
	put_single(page, "tarn_lookups_total", "counter", "Lookups started.",
		   totals->questions.lookups_started);
	put_single(page, "tarn_upstream_sockets_total", "counter",
		   "Sockets opened to upstream servers.", totals->carrier.sockets);
	put_single(page, "tarn_upstream_channels", "gauge",
		   "Channels to upstream servers, each with at most one socket.",
		   totals->carrier.channels);
	put_single(page, "tarn_upstream_foreign_total", "counter", "Messages that match no query.",
		   totals->carrier.foreign);
	put_connections(page, &totals->carrier);
}

/* Writes the name and the labels; the value follows. */
static void put_server(struct page *page, const struct tarn__server_totals *server,
		       const char *label, const char *text)
{
	fprintf(page->out, "%s{server=\"", page->name);
	put_text(page, server->text);
	fputs("\",zone=\"", page->out);
	put_text(page, server->zone);
	if (label)
		fprintf(page->out, "\",%s=\"%s", label, text);
	fputs("\"} ", page->out);
}

static void put_number(struct page *page, const struct tarn__server_totals *server,
		       const char *label, const char *text, uint64_t value)
{
	put_server(page, server, label, text);
	fprintf(page->out, "%" PRIu64 "\n", value);
}

static void put_time(struct page *page, const struct tarn__server_totals *server, uint64_t ms)
{
	put_server(page, server, NULL, NULL);
	fprintf(page->out, "%" PRIu64 ".%03" PRIu64 "\n", ms / 1000, ms % 1000);
}

static void put_server_state(struct page *page, const struct tarn__totals *totals)
{
	const struct tarn__server_totals *servers = totals->servers;
	begin(page, "tarn_upstream_up", "gauge",
	      "1 if the server is used, 0 if it is dead or forwards to tarn.");
	for (size_t i = 0; i < totals->server_count; i++)
		put_number(page, &servers[i], NULL, NULL,
			   !servers[i].is_forward_loop && !servers[i].is_dead);
	begin(page, "tarn_upstream_dead_workers", "gauge",
	      "Number of workers for which the server is dead.");
	for (size_t i = 0; i < totals->server_count; i++)
		put_number(page, &servers[i], NULL, NULL, servers[i].dead);
	begin(page, "tarn_upstream_quirk", "gauge",
	      "1 if the server is queried without that feature, because it does not support it.");
	for (size_t i = 0; i < totals->server_count; i++) {
		put_number(page, &servers[i], "quirk", "no_edns", servers[i].is_plain);
		put_number(page, &servers[i], "quirk", "no_0x20", servers[i].no_0x20);
		put_number(page, &servers[i], "quirk", "bad_cookies", servers[i].bad_cookies);
		put_number(page, &servers[i], "quirk", "drops_cookies", servers[i].drops_cookies);
		if (totals->validates)
			put_number(page, &servers[i], "quirk", "strips_signatures",
				   servers[i].strips);
	}
}

/* Servers that have never answered are left out. */
static void put_server_times(struct page *page, const struct tarn__totals *totals)
{
	const struct tarn__server_totals *servers = totals->servers;
	begin(page, "tarn_upstream_rtt_seconds", "gauge", "Round trip time, smoothed.");
	for (size_t i = 0; i < totals->server_count; i++) {
		if (servers[i].srtt_ms > 0)
			put_time(page, &servers[i], servers[i].srtt_ms);
	}
	begin(page, "tarn_upstream_rtt_deviation_seconds", "gauge",
	      "Mean deviation of the round trip time.");
	for (size_t i = 0; i < totals->server_count; i++) {
		if (servers[i].srtt_ms > 0)
			put_time(page, &servers[i], servers[i].rttvar_ms);
	}
	begin(page, "tarn_upstream_silence_seconds", "gauge",
	      "Time since the server's last answer.");
	for (size_t i = 0; i < totals->server_count; i++) {
		if (servers[i].answered_ago_ms != UINT64_MAX)
			put_time(page, &servers[i], servers[i].answered_ago_ms);
	}
}

static void put_server_counts(struct page *page, const struct tarn__totals *totals)
{
	const struct tarn__server_totals *servers = totals->servers;
	begin(page, "tarn_upstream_questions_total", "counter",
	      "Queries sent to the server, without probes.");
	for (size_t i = 0; i < totals->server_count; i++)
		put_number(page, &servers[i], NULL, NULL, servers[i].counts.asked);
	begin(page, "tarn_upstream_answers_total", "counter",
	      "Answers from the server, usable or not.");
	for (size_t i = 0; i < totals->server_count; i++)
		put_number(page, &servers[i], NULL, NULL, servers[i].counts.answered);
	begin(page, "tarn_upstream_unsent_total", "counter",
	      "Messages to it that were not sent: too many were under way, or there was no socket "
	      "or "
	      "memory.");
	for (size_t i = 0; i < totals->server_count; i++)
		put_number(page, &servers[i], NULL, NULL, servers[i].counts.unsent);
	begin(page, "tarn_upstream_failures_total", "counter",
	      "What speaks against it: silence and errors of the network, answers that are errors, "
	      "answers that a forger may have sent.");
	for (size_t i = 0; i < totals->server_count; i++) {
		put_number(page, &servers[i], "reason", "silent", servers[i].counts.silent);
		put_number(page, &servers[i], "reason", "unusable", servers[i].counts.unusable);
		put_number(page, &servers[i], "reason", "rejected", servers[i].counts.rejected);
	}
}

/* ---- who looks on ------------------------------------------------------------------------- */

static void put_lost(struct page *page, const struct tarn__lost *lost)
{
	put_single(page, "tarn_query_log_lost_total", "counter",
		   "Lines of the query log that were lost.", lost->query_log);
	put_single(page, "tarn_dnstap_lost_total", "counter", "Messages of dnstap that were lost.",
		   lost->dnstap);
}

/* ---- all of it ---------------------------------------------------------------------------- */

/*
 * The conventional names of process metrics. A value that is not available is left out, since 0 would be
 * wrong.
 */
static void put_usage(struct page *page, const struct tarn__usage *usage)
{
	begin(page, "process_cpu_seconds_total", "counter",
	      "Processor time that all threads took.");
	fprintf(page->out, "%s %" PRIu64 ".%06" PRIu64 "\n", page->name, usage->cpu_us / 1000000,
		usage->cpu_us % 1000000);
	if (usage->resident_octets > 0)
		put_single(page, "process_resident_memory_bytes", "gauge",
			   "Memory that tarn takes, the cache and all else.",
			   usage->resident_octets);
	if (usage->files > 0)
		put_single(page, "process_open_fds", "gauge", "Files and sockets that are open.",
			   usage->files);
	if (usage->files_max > 0)
		put_single(page, "process_max_fds", "gauge",
			   "How many files and sockets may be open.", usage->files_max);
}

static void put_process(struct page *page, const struct tarn__totals *totals)
{
	begin(page, "tarn_build_info", "gauge", "Always 1; the version is in the label.");
	put(page, "version", tarn_version(), 1);
	put_single(page, "process_start_time_seconds", "gauge",
		   "When tarn was started, since 1970.", totals->since_sec);
	put_single(page, "tarn_workers", "gauge", "Threads that answer clients.", totals->serving);
}

char *tarn__metrics_text(const struct tarn__totals *totals, const struct tarn__lost *lost,
			 const struct tarn__usage *usage, const struct tarn__name_figures *figures,
			 const struct tarn__metrics_transfers *transfers,
			 const struct tarn__certificates_state *certificates,
			 const struct tarn__cache_file_state *cache_file, size_t *len)
{
	char *text = NULL;
	struct page page = {.out = open_memstream(&text, len)};
	if (!page.out)
		return NULL;
	put_process(&page, totals);
	put_usage(&page, usage);
	put_questions(&page, &totals->questions);
	put_rcodes(&page, &totals->questions);
	put_statuses(&page, &totals->questions);
	put_latencies(&page, &totals->questions);
	put_stages(&page, &totals->questions);
	if (figures)
		put_names(&page, &totals->questions, figures);
	put_transfers(&page, transfers);
	put_transports(&page, totals);
	if (certificates && certificates->count > 0) {
		put_encrypted(&page, totals);
		put_certificates(&page, certificates);
	}
	put_cache(&page, &totals->cache);
	if (totals->has_second)
		tarn__metrics_put_second(page.out, &totals->questions.second, totals->workers);
	if (cache_file && cache_file->phase != TARN__CACHE_FILE_NONE)
		tarn__metrics_put_cache_file(page.out, cache_file);
	put_lookups(&page, totals);
	if (totals->validates)
		put_validation(&page, &totals->questions);
	put_server_state(&page, totals);
	put_server_times(&page, totals);
	put_server_counts(&page, totals);
	put_lost(&page, lost);
	bool is_whole = !ferror(page.out);
	if (fclose(page.out) == 0 && is_whole)
		return text;
	free(text);
	return NULL;
}
