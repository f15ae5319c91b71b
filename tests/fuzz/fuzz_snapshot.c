/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_snapshot.c: any octets are a saved cache. What is loaded has been accepted by the reader of
 * servers' messages, is served without AD but of trusted servers, with no more TTL than it had, and is saved and
 * loaded again with the same result.
 *
 * The first octet: 1: the hashes are made to fit; 2: servers are trusted; 4: nothing is kept when it is stale.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/octets.h"
#include "core/admin/snapshot.h"
#include "core/admin/snapshot_form.h"
#include "core/policy/policy.h"
#include "core/resolver.h"
#include "core/saved_answer.h"
#include "dns/answer.h"
#include "dns/record.h"
#include "rtcache.h"
#include "support/outside.h"

enum { INPUT_MAX = 64 * 1024, FILE_MAX = 1 << 20, HEALED = 1, TRUSTED = 2, NEVER_STALE = 4 };

static struct outside outside;
static struct tarn_options options;
static uint8_t saved[FILE_MAX];
static size_t saved_len;

static void start(void)
{
	outside_init_with(&outside, &options);
}

/* ---- hashes ----------------------------------------------------------------------------- */

/* Makes the hash of a header fit. Returns its octets; 0: it is none. */
static size_t heal_header(uint8_t *octets, size_t len, uint64_t *seed)
{
	enum { HASH_LEN = 8 };
	if (len < TARN__SNAPSHOT_HEADER_MIN)
		return 0;
	size_t whole = TARN__SNAPSHOT_HEADER_MIN +
		       8 * ((size_t)tarn__get16(octets + 10) + tarn__get16(octets + 12));
	if (whole > len)
		return 0;
	*seed = tarn__snapshot_hash(octets, whole - HASH_LEN, 0);
	tarn__put64(octets + whole - HASH_LEN, *seed);
	return whole;
}

static void heal(uint8_t *octets, size_t len)
{
	struct tarn__snapshot_block block;
	uint64_t seed;
	size_t at = heal_header(octets, len, &seed);
	while (at > 0 && len - at >= TARN__SNAPSHOT_BLOCK_HEAD &&
	       tarn__snapshot_block_read(octets + at, &block) &&
	       block.len <= len - at - TARN__SNAPSHOT_BLOCK_HEAD) {
		tarn__snapshot_block_seal(octets + at, seed, &block);
		at += TARN__SNAPSHOT_BLOCK_HEAD + block.len;
	}
}

/* ---- what was loaded -------------------------------------------------------------------- */

/* The names of NXDOMAIN beside it. */
static size_t answers, names;

static void check_message(const struct tarn__key *key, const struct rtcache_value *value)
{
	static uint8_t message[TARN__MESSAGE_MAX], stored[TARN__STORED_MAX];
	static struct tarn__response response;
	struct tarn__answer answer;
	uint8_t verdict;
	size_t len = tarn__saved_write(key, value->data, value->len, message, &verdict);
	tarn__answer_parse_kept(message, len, key, &response);
	tarn__answer_classify(&response, &answer);
	fuzz_check(answer.answer_class == TARN__ANSWER_GOOD);
	tarn__answer_write(&response, key->dnssec_ok, stored, &answer);
	fuzz_check(answer.rcode == tarn__stored_rcode(value->data));
	fuzz_check(!(verdict & TARN__VERDICT_AD) || options.trust_ad);
	fuzz_check((verdict & ~TARN__VERDICT_AD) == 0);
	/* Its life is within its TTL. */
	fuzz_check(value->age_ms - value->stale_ms + value->ttl_ms <= (uint64_t)answer.ttl * 1000);
	fuzz_check(tarn__stored_answer_source(value->data) == TARN__ANSWER_SOURCE_FILE);
}

static void never(void *owner, const void *route, const uint8_t *reply, size_t len)
{
	(void)owner;
	(void)route;
	(void)reply;
	(void)len;
	fuzz_check(false);
}

static void check_is_served(const struct tarn__key *key, const struct rtcache_value *value)
{
	static uint8_t reply[TARN__MESSAGE_MAX];
	const struct tarn__client_request request = {.transport = TARN__TCP, .answer = never};
	uint8_t asked[TARN__QUERY_MAX];
	size_t asked_len = tarn__query_write(
		key, &(struct tarn__query_options){.edns = true, .wants_ad = true}, asked);
	struct tarn__query query;
	struct tarn__decision decision;
	fuzz_check(tarn__query_parse(asked, asked_len, &query) == TARN__QUERY_GOOD);
	/* A name of special use is answered without the cache. */
	if (tarn__resolver_decide(outside.resolver, &query, NULL, &decision) != TARN__POLICY_PASS)
		return;
	long len = tarn__resolver_resolve(outside.resolver, &request, asked, asked_len, reply);
	fuzz_check(len > 0);
	uint16_t flags = tarn__get16(reply + 2);
	fuzz_check((flags & TARN__FLAG_RCODE) == tarn__stored_rcode(value->data));
	fuzz_check(!(flags & TARN__FLAG_AD) || options.trust_ad);
	struct tarn__reader reader = {.wire = reply, .end = (size_t)len};
	reader.at = TARN__HEADER_LEN + (size_t)key->qname_len + 4;
	unsigned count = tarn__get16(reply + 6) + tarn__get16(reply + 8);
	for (unsigned i = 0; i < count; i++) {
		struct tarn__record record;
		fuzz_check(tarn__record_read(&reader, &record));
		fuzz_check(record.ttl + value->age_ms / 1000 <= TARN__TTL_MAX);
	}
}

static void on_item(const struct rtcache_item *item, void *arg)
{
	(void)arg;
	struct tarn__key key;
	fuzz_check(tarn__key_read(item->key, item->key_len, &key));
	if (key.qtype == 0) {
		fuzz_check(tarn__stored_rcode(item->value.data) == TARN__NXDOMAIN);
		names++;
		return;
	}
	answers++;
	fuzz_check(tarn__saved_has_key(&key));
	check_message(&key, &item->value);
	if (item->value.status == RTCACHE_HIT)
		check_is_served(&key, &item->value);
}

static void check_all(void)
{
	uint64_t cursor = 0;
	answers = names = 0;
	while (rtcache_walk(tarn__resolver_client(outside.resolver), &cursor, 32, on_item, NULL))
		;
	fuzz_check(names <= answers);
}

/* ---- there and back --------------------------------------------------------------------- */

static bool load(const uint8_t *octets, size_t len, struct tarn__snapshot_counts *counts)
{
	struct tarn__snapshot_reader reader = {.octets = octets, .len = len};
	uint64_t wall_ms = tarn__resolver_wall_ms(outside.resolver);
	if (tarn__snapshot_open(&reader, outside.resolver, wall_ms) != TARN__SNAPSHOT_GOOD) {
		fuzz_check(!reader.loading);
		return false;
	}
	while (tarn__snapshot_load_step(&reader, outside.resolver, wall_ms))
		;
	tarn__snapshot_close(&reader);
	*counts = reader.counts;
	return true;
}

static bool put(void *arg, const uint8_t *octets, size_t len)
{
	(void)arg;
	fuzz_check(len <= sizeof saved - saved_len);
	memcpy(saved + saved_len, octets, len);
	saved_len += len;
	return true;
}

static uint64_t save(void)
{
	const struct tarn__snapshot_options how = {
		.put = put, .wall_ms = tarn__resolver_wall_ms(outside.resolver)};
	saved_len = 0;
	struct tarn__snapshot_writer *writer = tarn__snapshot_writer_new(outside.resolver, &how);
	fuzz_check(writer);
	if (!writer)
		return 0;
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	uint64_t count = tarn__snapshot_end(writer);
	tarn__snapshot_writer_free(writer);
	return count;
}

static void check_round_trip(void)
{
	struct tarn__snapshot_counts counts;
	size_t before = answers, names_before = names;
	fuzz_check(save() == answers);
	outside_fini(&outside);
	start();
	fuzz_check(load(saved, saved_len, &counts));
	fuzz_check(counts.is_whole && counts.loaded + counts.loaded_stale == before);
	fuzz_check(counts.faulty + counts.elsewhere + counts.blocks_damaged + counts.known == 0);
	check_all();
	fuzz_check(answers == before && names == names_before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__snapshot_counts counts;
	if (len == 0 || len > INPUT_MAX)
		return 0;
	/* Of this length: what is read beyond it is found. */
	uint8_t *octets = malloc(len);
	if (!octets)
		return 0;
	memcpy(octets, data + 1, len - 1);
	if (data[0] & HEALED)
		heal(octets, len - 1);
	options = (struct tarn_options){.trust_ad = data[0] & TRUSTED,
					.stale_sec = data[0] & NEVER_STALE ? -1 : 0};
	start();
	if (load(octets, len - 1, &counts)) {
		check_all();
		fuzz_check(answers <= counts.loaded + counts.loaded_stale);
		check_round_trip();
	}
	outside_fini(&outside);
	free(octets);
	return 0;
}
