/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache on a fake outside and virtual clocks that is saved into octets and loaded again, for tests of
 * core/admin/snapshot.h.
 */
#ifndef TESTS_SUPPORT_SNAPSHOT_WORLD_H
#define TESTS_SUPPORT_SNAPSHOT_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/admin/inspect.h"
#include "core/admin/snapshot.h"
#include "core/forget.h"
#include "core/forward/nxdomain.h"
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

static inline void start(void)
{
	outside_init_with(&outside, &options);
	outside_set_wall(&outside, NOW);
}

static inline void set_up(void)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(tarn_address_parse(texts[i], 53, &servers[i]), 0);
	options = (struct tarn_options){.upstreams = servers, .upstream_count = 1};
	start();
}

static inline void tear_down(void)
{
	outside_fini(&outside);
}

/* ---- the cache -------------------------------------------------------------------------- */

static inline struct rtcache_client *client(void)
{
	return tarn__resolver_client(outside.resolver);
}

/* An assertion of Check is a system call even if it holds, and there are a million of these. */
static inline void must(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("not so: %s", what);
}

/* Into octets; returns the key's view of them. */
static inline struct tarn__key make_key(const char *name, const char *type, unsigned variant,
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

static inline size_t key_len_of(const struct tarn__key *key)
{
	return (size_t)key->qname_len + 3;
}

/* Stores a server's answer, with a verdict, as lookups do. */
static inline void store_as(const char *name, const char *type, unsigned variant, unsigned rcode,
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

static inline void store(const char *name, const char *type, unsigned variant, unsigned rcode,
			 const char *records)
{
	store_as(name, type, variant, rcode, records, 0);
}

static inline void store_address(const char *name, unsigned ttl)
{
	char record[300];
	snprintf(record, sizeof record, "%s %u A 192.0.2.99\n", name, ttl);
	store(name, "A", 0, TARN__NOERROR, record);
}

static inline void on_answer(void *owner, const void *route, const uint8_t *wire, size_t len)
{
	(void)owner;
	(void)route;
	memcpy(reply, wire, len);
}

static inline long ask(const char *name, const char *type, unsigned variant)
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
static inline const char *answered(const char *name, const char *type, unsigned variant)
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

static inline uint64_t count_entries(void)
{
	struct rtcache_stats stats;
	rtcache_stats_get(tarn__shared_cache(outside.shared), &stats);
	return stats.entries;
}

/* ---- the file --------------------------------------------------------------------------- */

static uint8_t file[4 << 20];
static size_t file_len, file_room = sizeof file;
static const uint8_t boot_id[16] = "0123456789abcdef";

static inline bool put(void *arg, const uint8_t *octets, size_t len)
{
	(void)arg;
	if (len > file_room - file_len)
		return false;
	memcpy(file + file_len, octets, len);
	file_len += len;
	return true;
}

static struct tarn__snapshot_options save_options;

static inline struct tarn__snapshot_writer *begin_save(void)
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

static inline uint64_t end_save(struct tarn__snapshot_writer *writer)
{
	uint64_t count = tarn__snapshot_end(writer);
	tarn__snapshot_writer_free(writer);
	return count;
}

static inline uint64_t save(void)
{
	struct tarn__snapshot_writer *writer = begin_save();
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	return end_save(writer);
}

static struct tarn__snapshot_reader reader;
static bool load_any_root;

static inline enum tarn__snapshot_fault begin_load(void)
{
	reader = (struct tarn__snapshot_reader){
		.octets = file, .len = file_len, .has_any_root = load_any_root};
	return tarn__snapshot_open(&reader, outside.resolver,
				   tarn__resolver_wall_ms(outside.resolver));
}

static inline bool step_load(void)
{
	return tarn__snapshot_load_step(&reader, outside.resolver,
					tarn__resolver_wall_ms(outside.resolver));
}

/* All of it. */
static inline const struct tarn__snapshot_counts *load(void)
{
	enum tarn__snapshot_fault fault = begin_load();
	ck_assert_int_eq(fault, TARN__SNAPSHOT_GOOD);
	while (step_load())
		;
	tarn__snapshot_close(&reader);
	return &reader.counts;
}

/* The machine starts again, so much later. */
static inline void restart(unsigned sec)
{
	uint64_t wall_ms = tarn__resolver_wall_ms(outside.resolver);
	tear_down();
	start();
	outside_set_wall(&outside, (uint32_t)(wall_ms / SECOND) + sec);
}

static inline void clear(void)
{
	struct tarn__sweep sweep = {.kind = TARN__SWEEP_TREE, .name_len = 1};
	while (tarn__sweep_step(&sweep, client(), 1000))
		;
	rtcache_client_run(client());
	ck_assert_uint_eq(count_entries(), 0);
}

static inline bool is_known(const char *name, const char *type, struct rtcache_state *state)
{
	uint8_t octets[TARN__KEY_MAX];
	const struct tarn__key key = make_key(name, type, 0, octets);
	must(rtcache_inspect(client(), octets, key_len_of(&key), state) == 0, "it is inspected");
	return state->is_stored;
}

/* ---- what is saved ---------------------------------------------------------------------- */

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

static inline void store_kinds(void)
{
	for (size_t i = 0; i < KINDS; i++)
		store(kinds[i].name, kinds[i].type, kinds[i].variant, kinds[i].rcode,
		      kinds[i].records);
}

static inline void store_many(unsigned count)
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
static inline unsigned count_hits(unsigned first, unsigned count)
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

#endif
