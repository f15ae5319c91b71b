/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/control/second_json.c: the state and the counters of the second level as JSON. */
#include "daemon/control/second_json.h"

#include <stdint.h>

#include "core/config.h"
#include "core/second/key.h"
#include "core/second/second_config.h"
#include "daemon/log/log.h"
#include "net/totals.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* ---- the store ---------------------------------------------------------------------------- */

static json_t *text_of_address(const struct tarn_address *address)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	return json_string(tarn_address_format(address, text));
}

/* A text of the configuration may have octets that JSON cannot represent. */
static json_t *text_of(const char *text)
{
	char escaped[TARN__LOG_LINE_MAX];
	tarn__log_escape(text, sizeof(escaped), escaped);
	return json_string(escaped);
}

static void add_place(json_t *out, const struct tarn__second_config *config)
{
	if (config->socket) {
		json_object_set_new(out, "store", text_of(config->socket));
	} else if (config->sentinel_count > 0) {
		json_t *sentinels = json_array();
		for (size_t i = 0; i < config->sentinel_count; i++)
			json_array_append_new(sentinels, text_of_address(&config->sentinels[i]));
		json_object_set_new(out, "sentinels", sentinels);
		json_object_set_new(out, "master", text_of(config->master));
	} else {
		json_object_set_new(out, "store", text_of_address(&config->server));
	}
	if (config->replica.sa.sa_family != AF_UNSPEC)
		json_object_set_new(out, "replica", text_of_address(&config->replica));
}

/*
 * Returns true if no thread goes without a connection; one that serves no clients, as that of the first command
 * of tarnctl, may have begun to connect just now.
 */
static bool are_connected(const struct tarn__totals *totals)
{
	uint64_t connected = totals->questions.second.connected_now;
	return connected > 0 && connected >= totals->serving;
}

static const char *state_word(const struct tarn__totals *totals)
{
	if (totals->questions.second.connected_now == 0)
		return "not connected";
	if (!are_connected(totals))
		return "partly connected";
	if (totals->questions.second.ready_now == 0)
		return "no epoch";
	return totals->questions.second.open_now == 0 ? "up" : "failing";
}

json_t *tarn__control_json_store(const struct tarn__second_config *config,
				 const struct tarn__totals *totals)
{
	const struct tarn__second_counts *counts = &totals->questions.second;
	json_t *out = json_object();
	add_place(out, config);
	json_object_set_new(out, "encrypted", json_boolean(config->tls));
	json_object_set_new(out, "read_only", json_boolean(config->is_read_only));
	json_object_set_new(out, "leases", json_boolean(config->has_leases));
	json_object_set_new(out, "wait_ms", number(config->wait_ms));
	json_object_set_new(out, "state", json_string(state_word(totals)));
	json_object_set_new(out, "threads", number(totals->workers));
	json_object_set_new(out, "connected", number(counts->connected_now));
	json_object_set_new(out, "ready", number(counts->ready_now));
	json_object_set_new(out, "breaker_open", number(counts->open_now));
	return out;
}

static bool is_shared(const struct tarn__config *config, const struct tarn__query *query)
{
	const struct tarn__key key = {.qname = query->qname,
				      .qname_len = query->qname_len,
				      .qtype = query->qtype,
				      .qclass = query->qclass};
	size_t zone = tarn__config_find_zone(config, key.qname, key.qname_len, key.qtype);
	return zone != TARN__ZONE_NONE && tarn__second_shares(config->zones[zone], &key);
}

json_t *tarn__control_json_second_use(const struct tarn__config *config,
				      const struct tarn__query *query,
				      const struct tarn__totals *totals)
{
	const struct tarn__second_counts *counts = &totals->questions.second;
	unsigned long long ready = counts->ready_now, open = counts->open_now;
	if (!is_shared(config, query))
		return json_string("not asked: such answers are not shared");
	if (counts->connected_now == 0)
		return json_string("not asked: there is no connection to the store");
	if (ready == 0)
		return json_string("not asked: the store has no epoch, and has not taken one");
	if (open >= ready)
		return json_string("not asked for now: the store fails or is silent");
	if (are_connected(totals) && open == 0)
		return json_sprintf("asked first, for %u ms at most", config->second->wait_ms);
	return json_sprintf("asked first, for %u ms at most, by %llu of %u threads; for the others"
			    " the store fails or is silent",
			    config->second->wait_ms, ready - open, totals->workers);
}

/* ---- counters ----------------------------------------------------------------------------- */

static void add_results(json_t *out, const uint64_t results[TARN__SECOND_RESULTS], int first)
{
	for (int i = first; i < TARN__SECOND_RESULTS; i++)
		json_object_set_new(out, tarn__second_result_name((enum tarn__second_result)i),
				    number(results[i]));
}

static json_t *describe_gets(const struct tarn__second_counts *counts)
{
	json_t *out = json_pack("{so}", "sent", number(counts->gets));
	add_results(out, counts->results, TARN__SECOND_THERE);
	json_object_set_new(out, "late", number(counts->late));
	json_object_set_new(out, "taken", number(counts->taken));
	json_object_set_new(out, "not_later", number(counts->not_later));
	json_object_set_new(out, "octets", number(counts->octets_got));
	return out;
}

static json_t *describe_puts(const struct tarn__second_counts *counts)
{
	json_t *out = json_pack("{so so}", "sent", number(counts->puts), "done",
				number(counts->put_results[TARN__SECOND_ABSENT]));
	add_results(out, counts->put_results, TARN__SECOND_CLOSED);
	json_object_set_new(out, "skipped", number(counts->put_skipped));
	json_object_set_new(out, "octets", number(counts->octets_put));
	return out;
}

/* The bound in ms of the bucket that so much of all latencies is within; 0: above the last bound. */
static uint32_t find_bound(const struct tarn__latency *latency, uint64_t count, unsigned percent)
{
	static const uint32_t bounds_ms[] = TARN__LATENCY_BOUNDS_MS;
	uint64_t within = 0;
	for (size_t i = 0; i < TARN__LATENCY_BUCKETS - 1; i++) {
		within += latency->buckets[i];
		if (within * 100 >= count * percent)
			return bounds_ms[i];
	}
	return 0;
}

static void add_bound(json_t *out, const char *name, const struct tarn__latency *latency,
		      uint64_t count, unsigned percent)
{
	uint32_t bound_ms = find_bound(latency, count, percent);
	if (bound_ms > 0)
		json_object_set_new(out, name, number(bound_ms));
}

/* The parts of all answers are known within the bounds of the buckets. */
static json_t *describe_latency(const struct tarn__latency *latency)
{
	uint64_t count = 0;
	for (size_t i = 0; i < TARN__LATENCY_BUCKETS; i++)
		count += latency->buckets[i];
	json_t *out = json_pack("{so}", "answers", number(count));
	if (count == 0)
		return out;
	json_object_set_new(out, "mean_ms",
			    json_real((double)latency->sum_us / 1000 / (double)count));
	add_bound(out, "half_within_ms", latency, count, 50);
	add_bound(out, "90_percent_within_ms", latency, count, 90);
	add_bound(out, "99_percent_within_ms", latency, count, 99);
	return out;
}

json_t *tarn__control_json_shared(const struct tarn__totals *totals)
{
	const struct tarn__second_counts *counts = &totals->questions.second;
	json_t *out = json_object();
	json_object_set_new(out, "gets", describe_gets(counts));
	json_object_set_new(out, "skipped",
			    json_pack("{so so so}", "breaker", number(counts->skipped_breaker),
				      "closed", number(counts->skipped_closed), "busy",
				      number(counts->skipped_busy)));
	json_object_set_new(out, "rejected",
			    json_pack("{so so so so}", "tag",
				      number(counts->rejected[TARN__SECOND_TAG]), "answer",
				      number(counts->rejected[TARN__SECOND_ANSWER]), "future",
				      number(counts->rejected[TARN__SECOND_FUTURE]), "ended",
				      number(counts->rejected[TARN__SECOND_ENDED])));
	json_object_set_new(out, "puts", describe_puts(counts));
	json_object_set_new(out, "latency", describe_latency(&counts->latency));
	if (counts->leases_held > 0)
		json_object_set_new(out, "leases",
				    json_pack("{so so}", "waited_for", number(counts->leases_held),
					      "in_vain", number(counts->lease_waits_in_vain)));
	json_object_set_new(out, "flushes", number(counts->flushes));
	json_object_set_new(out, "flushes_rejected", number(counts->flushes_rejected));
	json_object_set_new(out, "breaker_opened", number(counts->opened));
	return out;
}
