/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/scenario/second.c: a second level in scripts: what it is, what its store has, and what is asked of
 * it.
 */
#include "second.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/second/key.h"
#include "core/second/second_config.h"
#include "core/second/value.h"
#include "core/saved_answer.h"
#include "core/stats.h"
#include "dns/answer.h"
#include "dns/name.h"
#include "dns/text.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";

struct statement {
	struct second *second;
	struct outside *outside;
	const struct records *records;
	char *const *words;
	size_t count;
};

static char fault[512];

#define FAULT(...) (snprintf(fault, sizeof fault, __VA_ARGS__), fault)

/* ---- words -------------------------------------------------------------------------------- */

static bool has_flag(const struct statement *statement, const char *flag)
{
	for (size_t i = 1; i < statement->count; i++)
		if (strcmp(statement->words[i], flag) == 0)
			return true;
	return false;
}

static const char *flag_text(const struct statement *statement, const char *flag)
{
	size_t len = strlen(flag);
	for (size_t i = 1; i < statement->count; i++)
		if (strncmp(statement->words[i], flag, len) == 0 && statement->words[i][len] == '=')
			return statement->words[i] + len + 1;
	return NULL;
}

static long flag_number(const struct statement *statement, const char *flag, long without)
{
	const char *text = flag_text(statement, flag);
	return text ? strtol(text, NULL, 10) : without;
}

/* ---- questions and keys ------------------------------------------------------------------- */

struct question {
	uint8_t octets[TARN__KEY_MAX];
	struct tarn__key key;
};

/* The question for that name, and the type and the flags of the statement. */
static bool read_question(const struct statement *statement, const char *name, struct question *out)
{
	uint8_t wire[TARN__NAME_MAX];
	struct tarn__query query = {.qname = wire, .qclass = TARN__CLASS_IN};
	query.qname_len = (uint16_t)tarn__name_parse(name, wire);
	query.dnssec_ok = has_flag(statement, "do");
	query.flags = has_flag(statement, "cd") ? TARN__FLAG_CD : 0;
	if (query.qname_len == 0 || statement->count < 3 ||
	    !tarn__type_parse(statement->words[2], &query.qtype))
		return false;
	size_t len = tarn__key_write(&query, out->octets);
	return tarn__key_read(out->octets, len, &out->key);
}

/* The text of the key that the resolver has for it. */
static void write_key(const struct outside *outside, const struct tarn__key *key,
		      char out[TARN__SECOND_KEY_MAX])
{
	const struct tarn__config *config = tarn__resolver_config(outside->resolver);
	const struct tarn__second_view view = {
		.epoch = config->second->epoch,
		.anchors = tarn__second_anchors_digest(config->second, config),
		.validates = config->validates,
		.trusts_ad = config->trust_ad};
	size_t zone = tarn__config_find_zone(config, key->qname, key->qname_len, key->qtype);
	tarn__second_key_write(config->second, &view, config->zones[zone], key, out);
}

/* ---- what it is --------------------------------------------------------------------------- */

static const char *set_options(const struct statement *statement)
{
	struct tarn_second_level *options = &statement->second->options;
	*options = (struct tarn_second_level){0};
	if (has_flag(statement, "off"))
		return NULL;
	options->socket = "/store";
	options->secret = secret;
	options->secret_len = sizeof secret - 1;
	options->wait_ms = (uint32_t)flag_number(statement, "wait", 0);
	options->read_only = has_flag(statement, "read-only");
	options->lease = has_flag(statement, "lease");
	options->keep_stale = has_flag(statement, "stale");
	return NULL;
}

/* Returns the result of that name; TARN__SECOND_RESULTS: there is none. */
static enum tarn__second_result find_result(const char *name)
{
	int result = 0;
	while (result < TARN__SECOND_RESULTS &&
	       strcmp(tarn__second_result_name((enum tarn__second_result)result), name) != 0)
		result++;
	return (enum tarn__second_result)result;
}

static const char *set_store(const struct statement *statement)
{
	struct store *store = &statement->second->store;
	const char *error = flag_text(statement, "error");
	if (has_flag(statement, "empty"))
		store_clear(store);
	store->is_full = has_flag(statement, "full");
	store->is_busy = has_flag(statement, "busy");
	store->delay_ms = (uint64_t)flag_number(statement, "slow", 0);
	store->error = error ? find_result(error) : TARN__SECOND_THERE;
	if (store->error == TARN__SECOND_RESULTS)
		return FAULT("no result: %s", error);
	store_set_mode(store, has_flag(statement, "down")     ? STORE_DOWN
			      : has_flag(statement, "silent") ? STORE_SILENT
							      : STORE_UP);
	outside_pass(statement->outside, 0);
	return NULL;
}

/* ---- what it has -------------------------------------------------------------------------- */

/* Writes the records as the message of an answer to that question. Returns its octets; 0: it is none. */
static size_t write_message(const struct statement *statement, const struct question *question,
			    uint8_t *out, uint8_t *verdict, uint32_t *ttl)
{
	static struct tarn__saved_room room;
	ldns_pkt *pkt = ldns_pkt_query_new(
		ldns_dname_new_frm_data(question->key.qname_len, question->key.qname),
		(ldns_rr_type)question->key.qtype, LDNS_RR_CLASS_IN, LDNS_RD | LDNS_QR);
	struct tarn__answer answer;
	uint8_t *wire;
	size_t wire_len, len = 0;
	ldns_pkt_set_rcode(pkt, has_flag(statement, "nxdomain") ? LDNS_RCODE_NXDOMAIN
								: LDNS_RCODE_NOERROR);
	for (size_t i = 0; i < statement->records->count; i++)
		ldns_pkt_push_rr(pkt, statement->records->items[i].section,
				 ldns_rr_clone(statement->records->items[i].rr));
	if (ldns_pkt2wire(&wire, pkt, &wire_len) == LDNS_STATUS_OK &&
	    tarn__saved_parse(&question->key, wire, wire_len, &room, &answer)) {
		if (has_flag(statement, "ad"))
			room.stored[0] |= TARN__STORED_AD;
		else if (has_flag(statement, "insecure"))
			tarn__stored_set_remark(room.stored, TARN__REMARK_INSECURE);
		len = tarn__saved_write(&question->key, room.stored, answer.len, out, verdict);
		*ttl = answer.ttl;
	}
	free(wire);
	ldns_pkt_free(pkt);
	return len;
}

static struct tarn__second_config *make_store_config(const struct statement *statement)
{
	struct tarn_second_level options = statement->second->options;
	const char *reason;
	if (has_flag(statement, "other-secret"))
		options.secret = "another secret, that of somebody else";
	return tarn__second_config_new(&options, &reason);
}

/* With the damage that the statement wants. */
static const char *put_value(const struct statement *statement, const struct question *question)
{
	static uint8_t value[TARN__SECOND_VALUE_MAX];
	const struct tarn_io *io = &statement->outside->io;
	struct question asked = *question, under;
	char key[TARN__SECOND_KEY_MAX], place[TARN__SECOND_KEY_MAX];
	const char *name = flag_text(statement, "question");
	uint8_t verdict = 0;
	uint32_t ttl = 0;
	if (name && !read_question(statement, name, &asked))
		return FAULT("not a name: %s", name);
	size_t len =
		write_message(statement, &asked, value + TARN__SECOND_VALUE_HEAD, &verdict, &ttl);
	if (len == 0)
		return FAULT("the records are no answer");
	write_key(statement->outside, &question->key, key);
	memcpy(place, key, sizeof place);
	name = flag_text(statement, "under");
	if (name && read_question(statement, name, &under))
		write_key(statement->outside, &under.key, place);
	struct tarn__saved_times times;
	times.arrival_ms = (uint64_t)((int64_t)io->wall_ms(io->data) -
				      1000 * flag_number(statement, "age", 0) +
				      1000 * flag_number(statement, "ahead", 0));
	times.end_ms = times.arrival_ms + 1000 * (uint64_t)flag_number(statement, "ttl", (long)ttl);
	struct tarn__second_config *config = make_store_config(statement);
	len = tarn__second_value_write(config, key, &times, verdict, len, value);
	tarn__second_config_put(config);
	long flip = flag_number(statement, "flip", -1);
	if (flip >= 0)
		value[(size_t)flip / 8 % len] ^= (uint8_t)(1 << flip % 8);
	store_put(&statement->second->store, place, value, len, 0);
	return NULL;
}

static const char *do_has(const struct statement *statement)
{
	struct question question;
	if (statement->count < 3 || !read_question(statement, statement->words[1], &question))
		return FAULT("not a question");
	if (!tarn__resolver_config(statement->outside->resolver)->second)
		return FAULT("there is no second level");
	return put_value(statement, &question);
}

/* ---- what is asked of it ------------------------------------------------------------------ */

/* Takes the next request, which must be for the question of the statement. */
static const char *take(const struct statement *statement, bool is_get, struct store_request **out)
{
	struct question question;
	char key[TARN__SECOND_KEY_MAX];
	if (statement->count < 3 || !read_question(statement, statement->words[1], &question))
		return FAULT("not a question");
	*out = store_take(&statement->second->store, is_get);
	if (!*out)
		return FAULT("nothing was %s", is_get ? "fetched" : "stored");
	write_key(statement->outside, &question.key, key);
	if (strcmp((*out)->key, key) != 0)
		return FAULT("it was %s, not %s", (*out)->key, key);
	return NULL;
}

static const char *do_fetched(const struct statement *statement)
{
	struct store_request *request;
	const char *wrong = take(statement, true, &request);
	if (wrong)
		return wrong;
	if ((request->lease[0] != '\0') != has_flag(statement, "lease"))
		return FAULT("%s lease was wanted", request->lease[0] ? "a" : "no");
	if (request->from_primary != has_flag(statement, "primary"))
		return FAULT("it was%s to be read from the primary",
			     request->from_primary ? "" : " not");
	outside_pass(statement->outside, 0);
	return NULL;
}

static const char *do_stored(const struct statement *statement)
{
	struct store_request *request;
	struct tarn__second_value value;
	const char *wrong = take(statement, false, &request);
	if (wrong)
		return wrong;
	const struct tarn__second_config *config =
		tarn__resolver_config(statement->outside->resolver)->second;
	if (!tarn__second_value_read(config, request->key, request->value, request->len, &value))
		return FAULT("what was stored has no tag");
	long ttl = flag_number(statement, "ttl", -1);
	uint64_t life_ms = value.times.end_ms - value.times.arrival_ms;
	if (ttl >= 0 && life_ms != (uint64_t)ttl * 1000)
		return FAULT("it lives for %lu ms", (unsigned long)life_ms);
	if (request->ttl_ms != life_ms + 1000 * (uint64_t)flag_number(statement, "stale", 0))
		return FAULT("it is kept for %lu ms", (unsigned long)request->ttl_ms);
	if (((value.verdict & TARN__VERDICT_AD) != 0) != has_flag(statement, "ad"))
		return FAULT("its verdict is %u", value.verdict);
	outside_pass(statement->outside, 0);
	return NULL;
}

/* ---- what is counted ---------------------------------------------------------------------- */

static const char *check_count(const struct tarn__second_counts *counts, const char *word)
{
	const struct {
		const char *name;
		uint64_t count;
	} all[] = {
		{"gets", counts->gets},
		{"there", counts->results[TARN__SECOND_THERE]},
		{"absent", counts->results[TARN__SECOND_ABSENT]},
		{"closed", counts->results[TARN__SECOND_CLOSED]},
		{"type", counts->results[TARN__SECOND_TYPE]},
		{"access", counts->results[TARN__SECOND_ACCESS]},
		{"loading", counts->results[TARN__SECOND_LOADING]},
		{"taken", counts->taken},
		{"tag", counts->rejected[TARN__SECOND_TAG]},
		{"answer", counts->rejected[TARN__SECOND_ANSWER]},
		{"future", counts->rejected[TARN__SECOND_FUTURE]},
		{"ended", counts->rejected[TARN__SECOND_ENDED]},
		{"not-later", counts->not_later},
		{"late", counts->late},
		{"skipped-breaker", counts->skipped_breaker},
		{"skipped-closed", counts->skipped_closed},
		{"skipped-busy", counts->skipped_busy},
		{"puts", counts->puts},
		{"put-memory", counts->put_results[TARN__SECOND_MEMORY]},
		{"put-skipped", counts->put_skipped},
		{"leases-held", counts->leases_held},
		{"in-vain", counts->lease_waits_in_vain},
		{"flushes", counts->flushes},
		{"opened", counts->opened},
		{"open", counts->open_now},
		{"connected", counts->connected_now},
		{"ready", counts->ready_now},
	};
	const char *text = strchr(word, '=');
	for (size_t i = 0; text && i < sizeof all / sizeof all[0]; i++) {
		if (strlen(all[i].name) != (size_t)(text - word) ||
		    strncmp(all[i].name, word, (size_t)(text - word)) != 0)
			continue;
		if (all[i].count == strtoull(text + 1, NULL, 10))
			return NULL;
		return FAULT("%s is %lu", all[i].name, (unsigned long)all[i].count);
	}
	return FAULT("not a count: %s", word);
}

static const char *do_counted(const struct statement *statement)
{
	struct tarn__stats stats;
	const char *wrong = NULL;
	tarn__resolver_stats(statement->outside->resolver, &stats);
	for (size_t i = 1; i < statement->count && !wrong; i++)
		wrong = check_count(&stats.second, statement->words[i]);
	return wrong;
}

static const char *do_answered_by_it(const struct statement *statement)
{
	struct tarn__stats stats;
	tarn__resolver_stats(statement->outside->resolver, &stats);
	unsigned long count = (unsigned long)stats.statuses[TARN__STATUS_SHARED];
	if (statement->count < 2 || count != strtoul(statement->words[1], NULL, 10))
		return FAULT("%lu answers were shared", count);
	return NULL;
}

/* ---- the epoch ---------------------------------------------------------------------------- */

/* Another machine has put another epoch. */
static const char *do_epoch(const struct statement *statement)
{
	const struct tarn__second_config *config =
		tarn__resolver_config(statement->outside->resolver)->second;
	char key[TARN__SECOND_KEY_MAX];
	uint8_t value[TARN__SECOND_EPOCH_LEN];
	tarn__second_epoch_key_write(config, key);
	tarn__second_epoch_write(config, key, (uint64_t)flag_number(statement, "to", 1), value);
	if (has_flag(statement, "spoilt"))
		value[3] ^= 1;
	store_put(&statement->second->store, key, value, sizeof value, 0);
	return NULL;
}

static const char *do_has_epoch(const struct statement *statement)
{
	const struct tarn__second_config *config =
		tarn__resolver_config(statement->outside->resolver)->second;
	char key[TARN__SECOND_KEY_MAX];
	tarn__second_epoch_key_write(config, key);
	const struct store_entry *entry = store_find(&statement->second->store, key);
	uint64_t epoch;
	bool is_there =
		entry && tarn__second_epoch_read(config, key, entry->value, entry->len, &epoch);
	if (is_there == has_flag(statement, "none"))
		return FAULT("the store has %s epoch", is_there ? "an" : "no");
	long want = flag_number(statement, "of", 0);
	if (want > 0 && is_there && epoch != (uint64_t)want)
		return FAULT("it is another one");
	return NULL;
}

/* ------------------------------------------------------------------------------------------- */

bool second_is_of_store(char *const *words, size_t count)
{
	static const char *const states[] = {"up", "silent", "down", "full", "busy", "empty"};
	const struct statement statement = {.words = words, .count = count};
	if (strncmp(words[0], "second-", 7) == 0)
		return true;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strcmp(words[0], "second") == 0 && has_flag(&statement, states[i]))
			return true;
	return strcmp(words[0], "second") == 0 &&
	       (flag_text(&statement, "slow") || flag_text(&statement, "error"));
}

const char *second_statement(struct second *second, struct outside *outside,
			     const struct records *records, char *const *words, size_t count,
			     bool *is_known, bool *is_config)
{
	static const struct {
		const char *name;
		const char *(*run)(const struct statement *);
	} all[] = {{"second-has", do_has},
		   {"fetched", do_fetched},
		   {"stored", do_stored},
		   {"counted", do_counted},
		   {"shared", do_answered_by_it},
		   {"second-epoch", do_epoch},
		   {"second-has-epoch", do_has_epoch}};
	const struct statement statement = {second, outside, records, words, count};
	*is_known = *is_config = strcmp(words[0], "second") == 0;
	if (*is_known && second_is_of_store(words, count)) {
		*is_config = false;
		return set_store(&statement);
	}
	if (*is_known)
		return set_options(&statement);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (strcmp(words[0], all[i].name) != 0)
			continue;
		*is_known = true;
		return all[i].run(&statement);
	}
	return NULL;
}
