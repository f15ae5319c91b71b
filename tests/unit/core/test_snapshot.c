/* SPDX-License-Identifier: BSD-2-Clause */
/* core/admin/snapshot.h: the cache saved and loaded, on a fake outside and virtual clocks. */
#include "core/admin/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "core/admin/inspect.h"
#include "core/admin/snapshot_form.h"
#include "core/forget.h"
#include "core/forward/nxdomain.h"
#include "core/config.h"
#include "core/second/epoch.h"
#include "core/second/second_config.h"
#include "dns/answer.h"
#include "rtcache.h"
#include "support/message.h"
#include "support/outside.h"
#include "support/unit.h"

enum { NOW = 1900000000, SECOND = 1000, DO = TARN__VARIANT_DO, CD = TARN__VARIANT_CD };

static struct tarn_address servers[3];
static struct tarn_options options;
static struct outside outside;
static uint8_t reply[TARN__MESSAGE_MAX];

static void start(void)
{
	outside_init_with(&outside, &options);
	outside_set_wall(&outside, NOW);
}

static void set_up(void)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(tarn_address_parse(texts[i], 53, &servers[i]), 0);
	options = (struct tarn_options){.upstreams = servers, .upstream_count = 1};
	start();
}

static void tear_down(void)
{
	outside_fini(&outside);
}

/* ---- the cache -------------------------------------------------------------------------- */

static struct rtcache_client *client(void)
{
	return tarn__resolver_client(outside.resolver);
}

/* An assertion of Check is a system call even if it holds, and there are a million of these. */
static void must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("not so: %s", what);
}

/* Into octets; returns the key's view of them. */
static struct tarn__key make_key(const char *name, const char *type, unsigned variant,
				 uint8_t octets[TARN__KEY_MAX])
{
	uint8_t qname[TARN__NAME_MAX];
	struct tarn__query query = {.qname = qname,
				    .qclass = TARN__CLASS_IN,
				    .flags = variant & CD ? TARN__FLAG_CD : 0,
				    .dnssec_ok = variant & DO};
	struct tarn__key key;
	query.qname_len = (uint16_t)tarn__name_parse(name, qname);
	must(tarn__type_parse(type, &query.qtype), "a type");
	must(tarn__key_read(octets, tarn__key_write(&query, octets), &key), "a key");
	return key;
}

static size_t key_len_of(const struct tarn__key *key)
{
	return (size_t)key->qname_len + 3;
}

/* Stores a server's answer, with a verdict, as lookups do. */
static void store_as(const char *name, const char *type, unsigned variant, unsigned rcode,
		     const char *records, uint8_t verdict)
{
	static struct message message;
	static uint8_t stored[TARN__STORED_MAX];
	uint8_t octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	const struct tarn__key key = make_key(name, type, variant, octets);
	struct tarn__answer answer;
	put_header(&message, 0, TARN__FLAG_QR | TARN__FLAG_RD | TARN__FLAG_RA | rcode);
	put_question(&message, name, key.qtype);
	put_records(&message, records);
	size_t len = tarn__query_write(&key, &(struct tarn__query_options){.edns = true}, asked);
	tarn__answer_read(message.wire, message.len, asked, len, &key, false, stored, &answer);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	ck_assert_uint_gt(answer.ttl, 0);
	stored[0] |= verdict;
	uint64_t ttl_ms = (uint64_t)answer.ttl * SECOND;
	if (answer.is_whole_name)
		tarn__nxdomain_put(client(), &key, stored, answer.len, ttl_ms);
	ck_assert_int_eq(
		rtcache_force_put(client(), octets, key_len_of(&key), stored, answer.len, ttl_ms),
		0);
}

static void store(const char *name, const char *type, unsigned variant, unsigned rcode,
		  const char *records)
{
	store_as(name, type, variant, rcode, records, 0);
}

static void store_address(const char *name, unsigned ttl)
{
	char record[300];
	snprintf(record, sizeof record, "%s %u A 192.0.2.99\n", name, ttl);
	store(name, "A", 0, TARN__NOERROR, record);
}

static void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	memcpy(reply, wire, len);
}

static long ask(const char *name, const char *type, unsigned variant)
{
	uint8_t octets[TARN__KEY_MAX], wire[TARN__QUERY_MAX];
	const struct tarn__key key = make_key(name, type, variant, octets);
	const struct tarn__query_options how = {.edns = variant & DO, .wants_ad = true};
	const struct tarn__client_request request = {
		.transport = TARN__TCP, .answer = on_answer, .route = ""};
	return tarn__resolver_resolve(outside.resolver, &request, wire,
				      tarn__query_write(&key, &how, wire), reply);
}

/* Returns the records of a hit, behind its rcode and AD. */
static const char *answered(const char *name, const char *type, unsigned variant)
{
	static struct text text;
	static char all[sizeof text.octets + 32];
	long len = ask(name, type, variant);
	if (len <= 0)
		return "not there";
	const char *records = read_records(&text, reply, (size_t)len);
	uint16_t flags = tarn__get16(reply + 2);
	snprintf(all, sizeof all, "%s%s%s", flags & TARN__FLAG_RCODE ? "NXDOMAIN\n" : "",
		 flags & TARN__FLAG_AD ? "AD\n" : "", records);
	return all;
}

static uint64_t count_entries(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(outside.shared), &stats);
	return stats.entries;
}

/* ---- the file --------------------------------------------------------------------------- */

static uint8_t file[4 << 20];
static size_t file_len, file_room = sizeof file;
static const uint8_t boot_id[16] = "0123456789abcdef";

static bool put(void *arg, const uint8_t *octets, size_t len)
{
	(void)arg;
	if (len > file_room - file_len)
		return false;
	memcpy(file + file_len, octets, len);
	file_len += len;
	return true;
}

static struct tarn__snapshot_options save_options;

static struct tarn__snapshot_writer *begin_save(void)
{
	file_len = 0;
	save_options.put = put;
	save_options.wall_ms = tarn__resolver_wall_ms(outside.resolver);
	memcpy(save_options.boot_id, boot_id, sizeof boot_id);
	struct tarn__snapshot_writer *writer =
		tarn__snapshot_writer_new(outside.resolver, &save_options);
	ck_assert_ptr_nonnull(writer);
	return writer;
}

static uint64_t end_save(struct tarn__snapshot_writer *writer)
{
	uint64_t count = tarn__snapshot_end(writer);
	tarn__snapshot_writer_free(writer);
	return count;
}

static uint64_t save(void)
{
	struct tarn__snapshot_writer *writer = begin_save();
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	return end_save(writer);
}

static struct tarn__snapshot_reader reader;
static bool load_any_root;

static enum tarn__snapshot_fault begin_load(void)
{
	reader = (struct tarn__snapshot_reader){
		.octets = file, .len = file_len, .has_any_root = load_any_root};
	return tarn__snapshot_open(&reader, outside.resolver,
				   tarn__resolver_wall_ms(outside.resolver));
}

static bool step_load(void)
{
	return tarn__snapshot_load_step(&reader, outside.resolver,
					tarn__resolver_wall_ms(outside.resolver));
}

/* All of it. */
static const struct tarn__snapshot_counts *load(void)
{
	enum tarn__snapshot_fault fault = begin_load();
	ck_assert_int_eq(fault, TARN__SNAPSHOT_GOOD);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	return &reader.counts;
}

/* The machine starts again, so much later. */
static void restart(unsigned sec)
{
	uint64_t wall_ms = tarn__resolver_wall_ms(outside.resolver);
	tear_down();
	start();
	outside_set_wall(&outside, (uint32_t)(wall_ms / SECOND) + sec);
}

static void clear(void)
{
	struct tarn__sweep sweep = {.kind = TARN__SWEEP_TREE, .name_len = 1};
	while (tarn__sweep_step(&sweep, client(), 1000))
		;
	rtcache_client_run(client());
	ck_assert_uint_eq(count_entries(), 0);
}

/* ---- there and back --------------------------------------------------------------------- */

static const struct {
	const char *name, *type;
	unsigned variant, rcode;
	const char *records, *later; /* 100 s later */
} kinds[] = {
	{"www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.1\nwww.example. 300 A 192.0.2.2\n",
	 "www.example. 200 A 192.0.2.1\nwww.example. 200 A 192.0.2.2\n"},
	{"www.example.", "AAAA", 0, 0, "www.example. 300 AAAA 20010db8000000000000000000000001\n",
	 "www.example. 200 AAAA 20010db8000000000000000000000001\n"},
	{".", "NS", 0, 0, ". 3600 NS a.example.\n", ". 3500 NS a.example.\n"},
	{"chain.example.", "A", 0, 0,
	 "chain.example. 400 CNAME b.example.\nb.example. 300 CNAME c.example.\n"
	 "c.example. 200 A 192.0.2.3\n",
	 "chain.example. 300 CNAME b.example.\nb.example. 200 CNAME c.example.\n"
	 "c.example. 100 A 192.0.2.3\n"},
	{"x.d.example.", "A", 0, 0,
	 "d.example. 300 DNAME e.example.\nx.e.example. 300 A 192.0.2.4\n",
	 "d.example. 200 DNAME e.example.\nx.d.example. 200 CNAME x.e.example.\n"
	 "x.e.example. 200 A 192.0.2.4\n"},
	{"https.example.", "HTTPS", 0, 0, "https.example. 300 HTTPS 000100000100020268320000\n",
	 "https.example. 200 HTTPS 000100000100020268320000\n"},
	{"none.example.", "A", 0, TARN__NXDOMAIN,
	 "--\nexample. 900 SOA ns.example. a.example. 600\n",
	 "NXDOMAIN\n--\nexample. 500 SOA ns.example. a.example. 600\n"},
	{"www.example.", "MX", 0, 0, "--\nexample. 900 SOA ns.example. a.example. 600\n",
	 "--\nexample. 500 SOA ns.example. a.example. 600\n"},
	{"gone.example.", "A", 0, TARN__NXDOMAIN,
	 "gone.example. 900 CNAME far.example.\n--\nexample. 900 SOA ns.example. a.example. 600\n",
	 "NXDOMAIN\ngone.example. 800 CNAME far.example.\n--\n"
	 "example. 500 SOA ns.example. a.example. 600\n"},
	{"signed.example.", "TXT", DO, 0,
	 "signed.example. 300 TXT x\nsigned.example. 300 RRSIG TXT\n",
	 "signed.example. 200 TXT x\nsigned.example. 200 RRSIG TXT\n"},
	{"signed.example.", "TXT", CD, 0, "signed.example. 300 TXT y\n",
	 "signed.example. 200 TXT y\n"},
	{"signed.example.", "TXT", DO | CD, 0, "signed.example. 300 TXT z\n",
	 "signed.example. 200 TXT z\n"},
	{"under.example.", "DS", DO, TARN__NXDOMAIN,
	 "--\nexample. 900 SOA ns.example. a.example. 600\nexample. 600 RRSIG SOA\n"
	 "a.example. 600 NSEC z.example.\na.example. 600 RRSIG NSEC\n",
	 "NXDOMAIN\n--\nexample. 500 SOA ns.example. a.example. 600\nexample. 500 RRSIG SOA\n"
	 "a.example. 500 NSEC z.example.\na.example. 500 RRSIG NSEC\n"},
	{"odd.example.", "TYPE4711", 0, 0, "odd.example. 300 TYPE4711 0102\n",
	 "odd.example. 200 TYPE4711 0102\n"},
	{"long.example.", "TXT", 0, 0, "long.example. 86400 TXT x\n",
	 "long.example. 86300 TXT x\n"},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void store_kinds(void)
{
	for (size_t i = 0; i < KINDS; i++)
		store(kinds[i].name, kinds[i].type, kinds[i].variant, kinds[i].rcode,
		      kinds[i].records);
}

START_TEST(what_was_saved_is_loaded_with_the_time_that_is_left)
{
	store_kinds();
	outside_pass(&outside, 40 * SECOND);
	ck_assert_uint_eq(save(), KINDS);
	restart(60);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, KINDS);
	ck_assert_uint_eq(counts->faulty + counts->elsewhere + counts->ended + counts->known +
				  counts->full + counts->blocks_damaged + counts->loaded_stale,
			  0);
	ck_assert(counts->is_whole);
	for (size_t i = 0; i < KINDS; i++)
		ck_assert_str_eq(answered(kinds[i].name, kinds[i].type, kinds[i].variant),
				 kinds[i].later);
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* A part of a second is as old as it was, also after several starts. */
START_TEST(life_is_not_changed_by_many_starts)
{
	store_address("www.example.", 300);
	for (unsigned i = 0; i < 10; i++) {
		outside_pass(&outside, 1900);
		ck_assert_uint_eq(save(), 1);
		restart(0);
		ck_assert_uint_eq(load()->loaded, 1);
	}
	/* 19 s, and less than a second of the wall clock at each start. */
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 281 A 192.0.2.99\n");
	outside_pass(&outside, 282 * SECOND);
	ck_assert_str_eq(answered("www.example.", "A", 0), "not there");
}
END_TEST

static bool is_known(const char *name, const char *type, struct rtcache_state *state)
{
	uint8_t octets[TARN__KEY_MAX];
	const struct tarn__key key = make_key(name, type, 0, octets);
	must(rtcache_inspect(client(), octets, key_len_of(&key), state) == 0, "it is inspected");
	return state->is_stored;
}

START_TEST(loaded_answer_comes_from_a_file)
{
	struct rtcache_state state;
	store_address("www.example.", 300);
	save();
	restart(0);
	load();
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_uint_eq(tarn__stored_answer_source(state.item.value.data),
			  TARN__ANSWER_SOURCE_FILE);
	ck_assert_ptr_null(tarn__shared_answer_source(outside.shared, state.item.value.data));
}
END_TEST

START_TEST(uses_and_queue_are_kept)
{
	struct rtcache_state before[3], after[3];
	static const char *const names[] = {"a.example.", "b.example.", "c.example."};
	for (unsigned i = 0; i < 3; i++) {
		store_address(names[i], 300);
		for (unsigned uses = 0; uses < 2 * i; uses++)
			ck_assert_int_gt(ask(names[i], "A", 0), 0);
		ck_assert(is_known(names[i], "A", &before[i]));
	}
	ck_assert_uint_lt(before[0].item.uses, before[2].item.uses);
	save();
	restart(0);
	load();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(is_known(names[i], "A", &after[i]));
		ck_assert_uint_eq(after[i].item.uses, before[i].item.uses);
		/* What has been used enough goes there at once. */
		ck_assert(after[i].item.is_main || !before[i].item.is_main);
	}
}
END_TEST

START_TEST(what_is_no_answer_is_not_saved)
{
	uint8_t octets[TARN__KEY_MAX];
	const struct tarn__key key = make_key("www.example.", "A", 0, octets);
	uint8_t link[TARN__KEY_MAX];
	size_t link_len = tarn__key_write_link(&key, key.qname, key.qname_len, link);
	store_address("www.example.", 300);
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	const struct rtcache_value *value = &state.item.value;
	ck_assert_int_eq(rtcache_put(client(), link, link_len, value->data, value->len, 9000), 0);
	size_t trust_len = tarn__key_write_trust(key.qname, key.qname_len, link);
	ck_assert_int_eq(rtcache_put(client(), link, trust_len, "\1", 1, 9000), 0);
	size_t chain_len =
		tarn__key_write_of_chain(key.qname, key.qname_len, TARN__TYPE_DS, true, link);
	ck_assert_int_eq(rtcache_put(client(), link, chain_len, value->data, value->len, 9000), 0);
	ck_assert_uint_eq(count_entries(), 4);
	ck_assert_uint_eq(save(), 1);
}
END_TEST

/* ---- names that do not exist ------------------------------------------------------------ */

static const char soa[] = "--\nexample. 900 SOA ns.example. a.example. 600\n";

START_TEST(name_that_does_not_exist_has_no_type)
{
	store("none.example.", "A", 0, TARN__NXDOMAIN, soa);
	ck_assert_uint_eq(count_entries(), 2);
	ck_assert_uint_eq(save(), 1);
	restart(10);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(count_entries(), 2);
	/* The copy under the other type is older by a second at most. */
	ask("none.example.", "MX", 0);
	outside_pass(&outside, 0);
	ck_assert_str_eq(answered("none.example.", "MX", 0),
			 "NXDOMAIN\n--\nexample. 590 SOA ns.example. a.example. 600\n");
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

/* Another type has shown since that the name exists. */
START_TEST(name_that_exists_now_is_not_missing_after_a_start)
{
	uint8_t octets[TARN__KEY_MAX];
	store("new.example.", "A", 0, TARN__NXDOMAIN, soa);
	const struct tarn__key key = make_key("new.example.", "A", 0, octets);
	tarn__nxdomain_end(client(), &key);
	ck_assert_uint_eq(count_entries(), 1);
	save();
	restart(10);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

/* ---- clocks ----------------------------------------------------------------------------- */

START_TEST(what_has_ended_is_stale)
{
	store_address("www.example.", 300);
	store("none.example.", "A", 0, TARN__NXDOMAIN, soa);
	save();
	restart(700);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, 0);
	ck_assert_uint_eq(counts->loaded_stale, 2);
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_int_eq(state.item.value.status, RTCACHE_STALE);
	ck_assert_uint_eq(state.item.value.stale_ms, 400 * SECOND);
	/* It is not given without a lookup. */
	ck_assert_str_eq(answered("www.example.", "A", 0), "not there");
	ck_assert_uint_eq(outside_surprises(&outside), 1);
	outside_pass(&outside, TARN__STALE_AFTER_MS);
	static struct text text;
	ck_assert_str_eq(read_records(&text, reply, TARN__HEADER_LEN + 13 + 4 + 16),
			 "www.example. 30 A 192.0.2.99\n");
}
END_TEST

/* As after many starts, in each of which it is stale. */
START_TEST(stale_answer_is_saved_again)
{
	store_address("www.example.", 300);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(save(), 1);
		restart(400);
		ck_assert_uint_eq(load()->loaded_stale, 1);
	}
	struct rtcache_state state;
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert_uint_eq(state.item.value.stale_ms, 1700 * SECOND);
	ck_assert_uint_eq(save(), 1);
	restart(TARN_STALE_SEC_DEFAULT);
	ck_assert_uint_eq(load()->ended, 1);
	ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

START_TEST(nothing_is_stale_where_that_is_not_wanted)
{
	store_address("www.example.", 300);
	save();
	options.stale_sec = -1;
	restart(300);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->ended, 1);
	ck_assert_uint_eq(counts->loaded_stale + counts->loaded, 0);
}
END_TEST

/* The clock has gone back by so many seconds; the age of an answer when it was saved. */
static const struct {
	unsigned back_sec, age_sec;
	enum tarn__snapshot_fault fault;
} steps_back[] = {
	{0, 0, TARN__SNAPSHOT_GOOD},	       {4, 0, TARN__SNAPSHOT_GOOD},
	{60, 10, TARN__SNAPSHOT_GOOD},	       {300, 100, TARN__SNAPSHOT_GOOD},
	{301, 100, TARN__SNAPSHOT_CLOCK},      {86400, 0, TARN__SNAPSHOT_CLOCK},
	{1900000000, 0, TARN__SNAPSHOT_CLOCK},
};

START_TEST(clock_that_went_back_extends_no_life)
{
	store_address("www.example.", 300);
	outside_pass(&outside, (uint64_t)steps_back[_i].age_sec * SECOND);
	save();
	uint32_t now_sec = (uint32_t)(tarn__resolver_wall_ms(outside.resolver) / SECOND);
	tear_down();
	start();
	outside_set_wall(&outside, now_sec - steps_back[_i].back_sec);
	ck_assert_int_eq(begin_load(), steps_back[_i].fault);
	if (steps_back[_i].fault != TARN__SNAPSHOT_GOOD) {
		ck_assert_ptr_null(reader.loading);
		ck_assert(!step_load());
		return;
	}
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(reader.counts.loaded, 1);
	char expected[64];
	snprintf(expected, sizeof expected, "www.example. %u A 192.0.2.99\n",
		 300 - steps_back[_i].age_sec);
	ck_assert_str_eq(answered("www.example.", "A", 0), expected);
}
END_TEST

START_TEST(clock_that_goes_back_while_it_is_read_extends_no_life)
{
	store_address("www.example.", 300);
	outside_pass(&outside, 50 * SECOND);
	save();
	restart(20);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	while (tarn__snapshot_load_step(&reader, outside.resolver, 1000))
		;
	tarn__snapshot_close(&reader);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 250 A 192.0.2.99\n");
}
END_TEST

/* The wall clock steps ahead while the cache is written, and back before it is read. */
START_TEST(answer_from_the_future_is_faulty)
{
	struct tarn__snapshot_writer *writer = begin_save();
	store_address("www.example.", 86400);
	outside_set_wall(&outside, NOW + 3600);
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 1);
	outside_set_wall(&outside, NOW);
	restart(0);
	ck_assert_uint_eq(load()->faulty, 1);
	ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

/* ---- what the cache has ----------------------------------------------------------------- */

START_TEST(fresh_answer_is_not_replaced)
{
	store_address("www.example.", 300);
	store_address("old.example.", 300);
	save();
	restart(100);
	store("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.7\n");
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->known, 1);
	ck_assert_uint_eq(counts->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 300 A 192.0.2.7\n");
	/* A second time. */
	ck_assert_uint_eq(load()->known, 2);
	restart(300);
	load();
	ck_assert_uint_eq(load()->known, 2);
}
END_TEST

static void store_many(unsigned count)
{
	char name[64];
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof name, "host%u.example.", i);
		store_address(name, 3600);
		if (i % 256 == 0)
			rtcache_client_run(client());
	}
}

/* Returns how many of them are hits. */
static unsigned count_hits(unsigned first, unsigned count)
{
	struct rtcache_state state;
	char name[64];
	unsigned hits = 0;
	for (unsigned i = first; i < first + count; i++) {
		snprintf(name, sizeof name, "host%u.example.", i);
		hits += is_known(name, "A", &state);
	}
	return hits;
}

START_TEST(many_blocks_are_read_in_steps)
{
	options.cache_size = 16 << 20;
	tear_down();
	start();
	store_many(5000);
	uint64_t saved = save();
	ck_assert_uint_eq(saved, 5000);
	restart(1);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	unsigned steps = 0;
	for (uint64_t before = 0; step_load(); steps++) {
		ck_assert_uint_le(reader.counts.loaded - before, 32);
		before = reader.counts.loaded;
	}
	tarn__snapshot_close(&reader);
	ck_assert_uint_ge(steps, 5000 / 32);
	ck_assert_uint_le(steps, 2 * 5000 / 32);
	ck_assert_uint_eq(reader.counts.loaded, 5000);
	ck_assert(reader.counts.is_whole);
	ck_assert_uint_eq(count_hits(0, 5000), 5000);
}
END_TEST

START_TEST(smaller_cache_has_the_hottest)
{
	options.cache_size = 16 << 20;
	tear_down();
	start();
	store_many(20000);
	char name[64];
	for (unsigned i = 0; i < 20000; i += 50) {
		snprintf(name, sizeof name, "host%u.example.", i);
		ask(name, "A", 0);
		ask(name, "A", 0);
	}
	ck_assert_uint_eq(save(), 20000);
	options.cache_size = 1 << 20;
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_gt(counts->full, 1000);
	ck_assert_uint_eq(counts->loaded + counts->full, 20000);
	ck_assert(counts->is_whole);
	unsigned hot = 0;
	for (unsigned i = 0; i < 20000; i += 50)
		hot += count_hits(i, 1);
	ck_assert_uint_eq(hot, 400);
}
END_TEST

/* ---- large answers ---------------------------------------------------------------------- */

/* One record that fills the message to its last octet. */
static void store_longest(const char *name)
{
	static struct message message;
	static uint8_t stored[TARN__STORED_MAX], rdata[TARN__MESSAGE_MAX];
	uint8_t octets[TARN__KEY_MAX];
	static struct tarn__response response;
	struct tarn__answer answer;
	const struct tarn__key key = make_key(name, "TYPE4711", 0, octets);
	put_header(&message, 0, TARN__FLAG_QR);
	put_question(&message, name, key.qtype);
	message.wire[7] = 1;
	put16(&message, TARN__POINTER | TARN__HEADER_LEN);
	put16(&message, key.qtype);
	put16(&message, TARN__CLASS_IN);
	put32(&message, 300);
	size_t len = sizeof message.wire - message.len - 2;
	put16(&message, (unsigned)len);
	memset(rdata, 'x', len);
	put_octets(&message, rdata, len);
	tarn__answer_parse_kept(message.wire, message.len, &key, &response);
	tarn__answer_classify(&response, &answer);
	tarn__answer_write(&response, false, stored, &answer);
	ck_assert_int_eq(answer.answer_class, TARN__ANSWER_GOOD);
	ck_assert_int_eq(rtcache_force_put(client(), octets, key_len_of(&key), stored, answer.len,
					   300 * SECOND),
			 0);
}

START_TEST(longest_answer_has_a_block_of_its_own)
{
	static const char *const names[] = {"a.example.", "b.example.", "longest.example."};
	options.cache_size = 64 << 20;
	tear_down();
	start();
	for (unsigned i = 0; i < 3; i++) {
		store_longest(names[i]);
		store_address(names[i], 300);
	}
	ck_assert_uint_eq(save(), 6);
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, 6);
	ck_assert(counts->is_whole);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(ask(names[i], "TYPE4711", 0), TARN__MESSAGE_MAX);
}
END_TEST

/* ---- other configurations --------------------------------------------------------------- */

static const char anchor_text[] =
	". DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
static const char other_anchor_text[] =
	". DS 2 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
static const char *const anchors[] = {anchor_text}, *const other_anchors[] = {other_anchor_text};

/* What is different when it is loaded. */
static struct tarn_forward forwards[2];

static void with_a_zone(void)
{
	forwards[0] = (struct tarn_forward){
		.zone = "corp.example", .upstreams = &servers[1], .upstream_count = 1};
	options.forwards = forwards;
	options.forward_count = 1;
}

static void store_two_zones(void)
{
	with_a_zone();
	tear_down();
	start();
	store_address("www.example.", 300);
	store_address("db.corp.example.", 300);
	ck_assert_uint_eq(save(), 2);
}

static void with_same(void)
{
}

static void with_other_root(void)
{
	options.upstreams = &servers[2];
}

static void with_other_zone_server(void)
{
	forwards[0].upstreams = &servers[2];
}

static void without_zone(void)
{
	options.forward_count = 0;
}

static void with_zone_never_forwarded(void)
{
	forwards[0].upstream_count = 0;
}

static void with_more_zones(void)
{
	forwards[1] = (struct tarn_forward){
		.zone = "a.other.example", .upstreams = &servers[2], .upstream_count = 1};
	options.forward_count = 2;
}

static void with_zone_moved_ahead(void)
{
	with_more_zones();
	struct tarn_forward first = forwards[0];
	forwards[0] = forwards[1];
	forwards[1] = first;
}

static void with_zone_for_www(void)
{
	with_more_zones();
	forwards[1].zone = "www.example";
}

static void with_trust(void)
{
	options.trust_ad = true;
}

static void with_validation(void)
{
	options.dnssec =
		(struct tarn_dnssec){.validate = true, .anchors = anchors, .anchor_count = 1};
}

static const struct {
	void (*change)(void);
	bool any_root;
	const char *loaded; /* r: that of the root, z: that of the zone */
} changes[] = {
	{with_same, false, "rz"},
	{with_other_root, false, "z"},
	{with_other_root, true, "rz"},
	{with_other_zone_server, false, "r"},
	{with_other_zone_server, true, "r"},
	{without_zone, false, "r"},
	{with_zone_never_forwarded, false, "r"},
	{with_more_zones, false, "rz"},
	{with_zone_moved_ahead, false, "rz"},
	{with_zone_for_www, false, "z"},
	{with_trust, false, ""},
	{with_validation, false, "z"},
};

START_TEST(answers_of_other_servers_are_left_out)
{
	struct rtcache_state state;
	save_options.has_any_root = load_any_root = changes[_i].any_root;
	store_two_zones();
	changes[_i].change();
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->loaded, strlen(changes[_i].loaded));
	ck_assert_uint_eq(counts->elsewhere, 2 - strlen(changes[_i].loaded));
	ck_assert_uint_eq(counts->faulty, 0);
	ck_assert(is_known("www.example.", "A", &state) == !!strchr(changes[_i].loaded, 'r'));
	ck_assert(is_known("db.corp.example.", "A", &state) == !!strchr(changes[_i].loaded, 'z'));
}
END_TEST

/* The configuration changes between two steps, and the cache has not been swept yet. */
START_TEST(answers_of_before_a_change_are_not_saved)
{
	store_two_zones();
	struct tarn__snapshot_writer *writer = begin_save();
	with_other_zone_server();
	outside_reconfigure(&outside, &options);
	store_address("new.corp.example.", 300);
	store_address("db.corp.example.", 300);
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 1);
	restart(1);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "www.example. 299 A 192.0.2.99\n");
}
END_TEST

START_TEST(configuration_may_change_while_it_is_loaded)
{
	struct rtcache_state state;
	store_two_zones();
	restart(1);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	without_zone();
	outside_reconfigure(&outside, &options);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(reader.counts.elsewhere, 1);
	ck_assert(is_known("www.example.", "A", &state));
	ck_assert(!is_known("db.corp.example.", "A", &state));
}
END_TEST

/* ---- AD and validation ------------------------------------------------------------------ */

enum { AD = TARN__STORED_AD, INSECURE = TARN__REMARK_INSECURE << TARN__STORED_REMARK_SHIFT };

START_TEST(ad_of_trusted_servers_is_kept)
{
	with_trust();
	tear_down();
	start();
	store_as("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.1\n", AD);
	save();
	restart(0);
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", 0), "AD\nwww.example. 300 A 192.0.2.1\n");
	options.trust_ad = false;
	restart(0);
	ck_assert_uint_eq(load()->elsewhere, 1);
}
END_TEST

static void store_validated(void)
{
	with_validation();
	tear_down();
	start();
	store_as("www.example.", "A", 0, 0, "www.example. 300 A 192.0.2.1\n", AD);
	store_as("lab.example.", "A", 0, 0, "lab.example. 300 A 192.0.2.2\n", INSECURE);
	store_as("www.example.", "A", CD, 0, "www.example. 300 A 192.0.2.3\n", 0);
	ck_assert_uint_eq(save(), 3);
}

START_TEST(what_was_validated_need_not_be_again)
{
	store_validated();
	restart(0);
	ck_assert_uint_eq(load()->loaded, 3);
	ck_assert_str_eq(answered("www.example.", "A", 0), "AD\nwww.example. 300 A 192.0.2.1\n");
	ck_assert_str_eq(answered("lab.example.", "A", 0), "lab.example. 300 A 192.0.2.2\n");
	ck_assert_str_eq(answered("www.example.", "A", CD), "www.example. 300 A 192.0.2.3\n");
	ck_assert_uint_eq(outside_surprises(&outside), 0);
}
END_TEST

START_TEST(other_anchor_leaves_what_was_not_validated)
{
	store_validated();
	options.dnssec.anchors = other_anchors;
	restart(0);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert_uint_eq(counts->elsewhere, 2);
	ck_assert_uint_eq(counts->loaded, 1);
	ck_assert_str_eq(answered("www.example.", "A", CD), "www.example. 300 A 192.0.2.3\n");
}
END_TEST

/* It is a name alone whose chain of trust starts elsewhere. */
START_TEST(insecure_name_leaves_the_others)
{
	static const char *const insecure[] = {"lab.example"};
	store_validated();
	options.dnssec.insecure = insecure;
	options.dnssec.insecure_count = 1;
	restart(0);
	ck_assert_uint_eq(load()->loaded, 2);
	ck_assert_uint_eq(reader.counts.elsewhere, 1);
	struct rtcache_state state;
	ck_assert(!is_known("lab.example.", "A", &state));
}
END_TEST

START_TEST(without_validation_nothing_of_it_is_loaded)
{
	store_validated();
	options.dnssec = (struct tarn_dnssec){0};
	restart(0);
	ck_assert_uint_eq(load()->elsewhere, 3);
}
END_TEST

/* ---- the end of the writing ------------------------------------------------------------- */

START_TEST(full_disk_ends_all)
{
	store_many(1000);
	file_room = 20000;
	struct tarn__snapshot_writer *writer = begin_save();
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	ck_assert_uint_eq(end_save(writer), 0);
	ck_assert_uint_le(file_len, file_room);
	file_room = 10;
	writer = begin_save();
	ck_assert(!tarn__snapshot_step(writer, outside.resolver));
	ck_assert_uint_eq(end_save(writer), 0);
	ck_assert_uint_eq(file_len, 0);
	file_room = sizeof file;
}
END_TEST

/* The time to stop is over after the hot ones. */
START_TEST(hottest_come_first)
{
	char name[64];
	options.cache_size = 16 << 20;
	save_options.hottest_first = true;
	tear_down();
	start();
	store_many(4000);
	for (unsigned i = 0; i < 4000; i += 10) {
		snprintf(name, sizeof name, "host%u.example.", i);
		ask(name, "A", 0);
	}
	uint64_t whole = save();
	ck_assert_uint_eq(whole, 4000);
	struct tarn__snapshot_writer *writer = begin_save();
	unsigned steps = 0, cut = 0;
	while (tarn__snapshot_step(writer, outside.resolver))
		steps++;
	end_save(writer);
	writer = begin_save();
	for (cut = 0; cut < steps / 2 + 1; cut++)
		ck_assert(tarn__snapshot_step(writer, outside.resolver));
	uint64_t hot = end_save(writer);
	ck_assert_uint_lt(hot, 500);
	restart(1);
	const struct tarn__snapshot_counts *counts = load();
	ck_assert(counts->is_whole);
	ck_assert_uint_eq(counts->loaded, hot);
	unsigned found = 0;
	for (unsigned i = 0; i < 4000; i += 10)
		found += count_hits(i, 1);
	ck_assert_uint_eq(found, 400);
}
END_TEST

START_TEST(empty_cache_is_a_whole_file)
{
	ck_assert_uint_eq(save(), 0);
	ck_assert_uint_eq(file_len, TARN__SNAPSHOT_HEADER_MIN + 8 + TARN__SNAPSHOT_TRAILER_LEN);
	restart(1);
	ck_assert(load()->is_whole);
	ck_assert_uint_eq(reader.saved_ms, NOW * UINT64_C(1000));
}
END_TEST

/* ---- damage ----------------------------------------------------------------------------- */

/* Two zones, stale and fresh, in several blocks. */
static void save_something(void)
{
	options.cache_size = 2 << 20;
	tear_down();
	start();
	store_kinds();
	store_many(2000);
	for (unsigned i = 0; i < 500; i++) {
		char name[64];
		snprintf(name, sizeof name, "host%u.example.", i);
		for (unsigned uses = 0; uses < i % 4; uses++)
			ask(name, "A", 0);
	}
	ck_assert_uint_eq(save(), KINDS + 2000);
}

static uint64_t count_all(const struct tarn__snapshot_counts *counts)
{
	return counts->loaded + counts->loaded_stale + counts->known + counts->ended +
	       counts->elsewhere + counts->faulty + counts->full;
}

/* Whatever is loaded of the kinds is what was saved. Returns how many of those are there. */
static unsigned check_kinds(void)
{
	struct rtcache_state state;
	unsigned found = 0;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t octets[TARN__KEY_MAX];
		const struct tarn__key key =
			make_key(kinds[i].name, kinds[i].type, kinds[i].variant, octets);
		ck_assert_int_eq(rtcache_inspect(client(), octets, key_len_of(&key), &state), 0);
		if (!state.is_stored)
			continue;
		found++;
		ck_assert_str_eq(answered(kinds[i].name, kinds[i].type, kinds[i].variant),
				 kinds[i].later);
	}
	return found;
}

/* The same for all. */
static unsigned check_loaded(void)
{
	/* The TTL, 3500, and the address of those that are many. */
	static const uint8_t record[] = {0, 0, 0x0d, 0xac, 0, 4, 192, 0, 2, 99};
	struct rtcache_state state;
	char name[64];
	unsigned found = check_kinds();
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "host%u.example.", i);
		if (!is_known(name, "A", &state))
			continue;
		found++;
		long len = ask(name, "A", 0);
		must(len > TARN__HEADER_LEN && tarn__get16(reply + 6) == 1 &&
			     memcmp(reply + len - 10, record, sizeof record) == 0,
		     "it is what was saved");
	}
	return found;
}

static void check_damaged(void)
{
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	unsigned found = check_loaded();
	ck_assert_uint_eq(found, reader.counts.loaded);
	ck_assert_uint_eq(count_all(&reader.counts), reader.counts.loaded);
}

enum { PIECES = 64 };

START_TEST(truncated_file_is_read_up_to_its_end)
{
	save_something();
	size_t whole = file_len;
	uint64_t before = 0;
	for (size_t piece = 0; piece < PIECES; piece++) {
		file_len = whole * piece / PIECES;
		clear();
		outside_set_wall(&outside, NOW + 100);
		if (piece == 0) {
			ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_NONE);
			continue;
		}
		check_damaged();
		ck_assert(!reader.counts.is_whole);
		/* The block that is cut, and no other. */
		ck_assert_uint_le(reader.counts.blocks_damaged, 1);
		ck_assert_uint_ge(reader.counts.loaded, before);
		before = reader.counts.loaded;
	}
	ck_assert_uint_gt(before, 1500);
	file_len = whole - 1;
	clear();
	outside_set_wall(&outside, NOW + 100);
	check_damaged();
	ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
	ck_assert(!reader.counts.is_whole);
}
END_TEST

static unsigned entries_of_longest_block(void)
{
	struct tarn__snapshot_block block;
	unsigned most = 0;
	for (size_t at = TARN__SNAPSHOT_HEADER_MIN + 8;
	     tarn__snapshot_block_read(file + at, &block);
	     at += TARN__SNAPSHOT_BLOCK_HEAD + block.len) {
		most = block.count > most ? block.count : most;
		ck_assert_uint_le(TARN__SNAPSHOT_BLOCK_HEAD + block.len, TARN__SNAPSHOT_BLOCK_FULL);
	}
	return most;
}

/* At all places, and with blocks of several octets: one block is lost. */
START_TEST(damaged_block_is_left_out)
{
	static uint8_t good[sizeof file];
	save_something();
	unsigned most = entries_of_longest_block();
	memcpy(good, file, file_len);
	size_t begin = TARN__SNAPSHOT_HEADER_MIN + 8;
	size_t room = file_len - TARN__SNAPSHOT_TRAILER_LEN - begin;
	for (size_t piece = 0; piece < PIECES; piece++) {
		memcpy(file, good, file_len);
		size_t at = begin + room * piece / PIECES;
		for (size_t i = 0; i < 1 + piece % 3 && at + i < file_len; i++)
			file[at + i] ^= (uint8_t)(1 + (piece * 37 + i) % 255);
		clear();
		outside_set_wall(&outside, NOW + 100);
		check_damaged();
		ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
		ck_assert_uint_ge(reader.counts.loaded + most, KINDS + 2000);
		ck_assert_uint_lt(reader.counts.loaded, KINDS + 2000);
		ck_assert(!reader.counts.is_whole);
	}
}
END_TEST

/* Each octet of each head, and of the header and the trailer. */
START_TEST(each_damage_to_a_head_costs_one_block)
{
	static uint8_t good[sizeof file];
	save_something();
	unsigned most = entries_of_longest_block();
	memcpy(good, file, file_len);
	struct tarn__snapshot_block block;
	unsigned blocks = 0;
	for (size_t at = TARN__SNAPSHOT_HEADER_MIN + 8;
	     tarn__snapshot_block_read(good + at, &block);
	     at += TARN__SNAPSHOT_BLOCK_HEAD + block.len, blocks++) {
		for (size_t i = 0; i < TARN__SNAPSHOT_BLOCK_HEAD; i++) {
			memcpy(file, good, file_len);
			file[at + i] ^= 1 << (at + i) % 8;
			clear();
			outside_set_wall(&outside, NOW + 100);
			check_damaged();
			ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
			ck_assert_uint_ge(reader.counts.loaded + most, KINDS + 2000);
		}
	}
	ck_assert_uint_ge(blocks, 6);
	for (size_t i = 0; i < TARN__SNAPSHOT_HEADER_MIN + 8; i++) {
		memcpy(file, good, file_len);
		file[i] ^= 0x40;
		ck_assert_int_eq(begin_load(),
				 i == 8 || i == 9 ? TARN__SNAPSHOT_VERSION : TARN__SNAPSHOT_NONE);
	}
	for (size_t i = 1; i <= TARN__SNAPSHOT_TRAILER_LEN; i++) {
		memcpy(file, good, file_len);
		file[file_len - i] ^= 0x40;
		clear();
		outside_set_wall(&outside, NOW + 100);
		check_damaged();
		ck_assert(!reader.counts.is_whole);
		ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
	}
}
END_TEST

START_TEST(no_octet_of_a_small_file_can_be_wrong)
{
	static uint8_t good[4096];
	store_kinds();
	ck_assert_uint_eq(save(), KINDS);
	ck_assert_uint_le(file_len, sizeof good);
	memcpy(good, file, file_len);
	for (size_t i = TARN__SNAPSHOT_HEADER_MIN + 8; i < file_len; i++) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			memcpy(file, good, file_len);
			file[i] ^= (uint8_t)(1 << bit);
			clear();
			outside_set_wall(&outside, NOW + 100);
			load();
			ck_assert_uint_eq(count_all(&reader.counts), reader.counts.loaded);
			ck_assert(!reader.counts.is_whole);
			ck_assert_uint_eq(check_kinds(), reader.counts.loaded);
		}
	}
}
END_TEST

/* A block of another file, at its place: the seed is another one. */
START_TEST(block_of_another_file_does_not_check)
{
	static uint8_t other[65536];
	store_address("www.example.", 300);
	save();
	size_t len = file_len, begin = TARN__SNAPSHOT_HEADER_MIN + 8;
	memcpy(other, file, len);
	outside_pass(&outside, 1);
	save();
	ck_assert_uint_eq(file_len, len);
	memcpy(file + begin, other + begin, len - begin - TARN__SNAPSHOT_TRAILER_LEN);
	restart(0);
	ck_assert_uint_eq(load()->loaded, 0);
	ck_assert_uint_eq(reader.counts.blocks_damaged, 1);
}
END_TEST

/* ---- other machines ----------------------------------------------------------------------- */

static struct tarn__second_config *share(const char *secret)
{
	ck_assert_int_eq(tarn_address_parse("192.0.2.6", 6379, &options.second.server), 0);
	options.second.secret = secret;
	options.second.secret_len = strlen(secret);
	restart(0);
	return tarn__resolver_config(outside.resolver)->second;
}

/* A flush of all machines changes the epoch; who was off at that time has the old one in the file. */
START_TEST(file_of_another_epoch_is_not_loaded)
{
	tarn__epoch_restore(share("of all machines of a test"), 7);
	store_address("www.example.", 300);
	save();
	/* The store has not been asked yet: what is in the file goes with the epoch that was restored. */
	struct tarn__second_config *second = share("of all machines of a test");
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(atomic_load(&second->epoch), 7);
	tarn__epoch_restore(share("of all machines of a test"), 7);
	ck_assert_uint_eq(load()->loaded, 1);
	second = share("of all machines of a test");
	tarn__epoch_restore(second, 8);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_FLUSHED);
	ck_assert_uint_eq(atomic_load(&second->epoch), 8);
	/* It is nothing to those of another secret. */
	second = share("of other machines of a test");
	ck_assert_uint_eq(load()->loaded, 1);
	ck_assert_uint_eq(atomic_load(&second->epoch), 0);
}
END_TEST

/* What a fault of the hash would let through is still read as a server's message. */
START_TEST(entry_that_checks_is_read_like_a_message_of_a_server)
{
	static uint8_t good[65536];
	store_address("www.example.", 300);
	save();
	memcpy(good, file, file_len);
	struct tarn__snapshot_header header;
	struct tarn__snapshot_identities identities;
	ck_assert_int_eq(tarn__snapshot_header_read(file, file_len, &header, &identities),
			 TARN__SNAPSHOT_HEADER_GOOD);
	tarn__snapshot_identities_free(&identities);
	uint8_t *octets = file + header.len;
	struct tarn__snapshot_block block;
	ck_assert(tarn__snapshot_block_read(octets, &block));
	unsigned faulty = 0;
	for (size_t i = 0; i < block.len; i++) {
		memcpy(file, good, file_len);
		octets[TARN__SNAPSHOT_BLOCK_HEAD + i] ^= 0x20;
		tarn__snapshot_block_seal(octets, header.seed, &block);
		restart(0);
		load();
		ck_assert_uint_eq(reader.counts.blocks_damaged, 0);
		ck_assert_uint_eq(count_all(&reader.counts), 1);
		faulty += reader.counts.faulty > 0;
		const char *answer = answered("www.example.", "A", 0);
		ck_assert_ptr_null(strstr(answer, "AD"));
	}
	/* All of the key, the question, and lengths; not so the last octets of an address. */
	ck_assert_uint_gt(faulty, block.len / 2);
}
END_TEST

/* The file shrinks to zeros, or another one takes its place, between two steps. */
START_TEST(file_may_change_while_it_is_read)
{
	save_something();
	clear();
	outside_set_wall(&outside, NOW + 100);
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_GOOD);
	for (unsigned i = 0; i < 20; i++)
		ck_assert(step_load());
	memset(file, 0, file_len);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(check_loaded(), reader.counts.loaded);
	ck_assert_uint_gt(reader.counts.loaded, 100);
	ck_assert(!reader.counts.is_whole);
}
END_TEST

/* ---- a file that is read by a function -------------------------------------------------- */

/* What is in between cannot be read. */
static size_t hole_at, hole_end;

static bool read_file(void *arg, uint64_t offset, uint8_t *out, size_t len)
{
	(void)arg;
	if (offset < hole_end && offset + len > hole_at)
		return false;
	must(offset + len <= file_len, "the file has it");
	memcpy(out, file + offset, len);
	return true;
}

static void begin_reading(void)
{
	reader = (struct tarn__snapshot_reader){.read = read_file, .len = file_len};
	ck_assert_int_eq(tarn__snapshot_open(&reader, outside.resolver,
					     tarn__resolver_wall_ms(outside.resolver)),
			 TARN__SNAPSHOT_GOOD);
}

static void read_on(void)
{
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	ck_assert_uint_eq(check_loaded(), reader.counts.loaded);
}

START_TEST(file_is_read_by_a_function)
{
	save_something();
	clear();
	outside_set_wall(&outside, NOW + 100);
	begin_reading();
	ck_assert_uint_eq(reader.entries, KINDS + 2000);
	read_on();
	ck_assert(reader.counts.is_whole);
	ck_assert_uint_eq(reader.counts.loaded, KINDS + 2000);
}
END_TEST

/* From each 64th on, after so many steps. */
START_TEST(file_may_be_cut_while_it_is_read)
{
	save_something();
	for (size_t piece = 0; piece < PIECES; piece++) {
		clear();
		outside_set_wall(&outside, NOW + 100);
		begin_reading();
		for (size_t i = 0; i < piece / 4; i++)
			step_load();
		hole_at = file_len * piece / PIECES;
		hole_end = SIZE_MAX;
		read_on();
		hole_at = hole_end = 0;
	}
}
END_TEST

START_TEST(what_a_disk_has_lost_is_left_out)
{
	save_something();
	unsigned most = entries_of_longest_block();
	for (size_t piece = 1; piece < PIECES - 1; piece++) {
		clear();
		outside_set_wall(&outside, NOW + 100);
		begin_reading();
		hole_at = file_len * piece / PIECES;
		hole_end = hole_at + 512;
		read_on();
		ck_assert(!reader.counts.is_whole);
		ck_assert_uint_ge(reader.counts.loaded + 2 * most, KINDS + 2000);
		hole_at = hole_end = 0;
	}
}
END_TEST

START_TEST(faults_have_texts)
{
	for (int fault = TARN__SNAPSHOT_GOOD; fault <= TARN__SNAPSHOT_MEMORY; fault++)
		ck_assert_uint_gt(strlen(tarn__snapshot_fault_text(fault)), 10);
	file_len = 0;
	ck_assert_int_eq(begin_load(), TARN__SNAPSHOT_NONE);
	tarn__snapshot_close(&reader);
	tarn__snapshot_writer_free(NULL);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof(array)[0])

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_was_saved_is_loaded_with_the_time_that_is_left);
	tcase_add_test(tcase, life_is_not_changed_by_many_starts);
	tcase_add_test(tcase, loaded_answer_comes_from_a_file);
	tcase_add_test(tcase, uses_and_queue_are_kept);
	tcase_add_test(tcase, what_is_no_answer_is_not_saved);
	tcase_add_test(tcase, name_that_does_not_exist_has_no_type);
	tcase_add_test(tcase, name_that_exists_now_is_not_missing_after_a_start);
	tcase_add_test(tcase, what_has_ended_is_stale);
	tcase_add_test(tcase, stale_answer_is_saved_again);
	tcase_add_test(tcase, nothing_is_stale_where_that_is_not_wanted);
	tcase_add_loop_test(tcase, clock_that_went_back_extends_no_life, 0, LENGTH(steps_back));
	tcase_add_test(tcase, clock_that_goes_back_while_it_is_read_extends_no_life);
	tcase_add_test(tcase, answer_from_the_future_is_faulty);
	tcase_add_test(tcase, fresh_answer_is_not_replaced);
	tcase_add_test(tcase, many_blocks_are_read_in_steps);
	tcase_add_test(tcase, smaller_cache_has_the_hottest);
	tcase_add_test(tcase, longest_answer_has_a_block_of_its_own);
	tcase_add_loop_test(tcase, answers_of_other_servers_are_left_out, 0, LENGTH(changes));
	tcase_add_test(tcase, answers_of_before_a_change_are_not_saved);
	tcase_add_test(tcase, configuration_may_change_while_it_is_loaded);
	tcase_add_test(tcase, ad_of_trusted_servers_is_kept);
	tcase_add_test(tcase, what_was_validated_need_not_be_again);
	tcase_add_test(tcase, other_anchor_leaves_what_was_not_validated);
	tcase_add_test(tcase, insecure_name_leaves_the_others);
	tcase_add_test(tcase, without_validation_nothing_of_it_is_loaded);
	tcase_add_test(tcase, file_of_another_epoch_is_not_loaded);
	tcase_add_test(tcase, full_disk_ends_all);
	tcase_add_test(tcase, hottest_come_first);
	tcase_add_test(tcase, empty_cache_is_a_whole_file);
	tcase_add_test(tcase, truncated_file_is_read_up_to_its_end);
	tcase_add_test(tcase, damaged_block_is_left_out);
	tcase_add_test(tcase, each_damage_to_a_head_costs_one_block);
	tcase_add_test(tcase, no_octet_of_a_small_file_can_be_wrong);
	tcase_add_test(tcase, block_of_another_file_does_not_check);
	tcase_add_test(tcase, entry_that_checks_is_read_like_a_message_of_a_server);
	tcase_add_test(tcase, file_may_change_while_it_is_read);
	tcase_add_test(tcase, file_is_read_by_a_function);
	tcase_add_test(tcase, file_may_be_cut_while_it_is_read);
	tcase_add_test(tcase, what_a_disk_has_lost_is_left_out);
	tcase_add_test(tcase, faults_have_texts);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
