/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/bench/snapshot_bench.c: the CPU time of saving and loading the cache, an entry (core/admin/snapshot.h):
 *
 *	snapshot_bench [ENTRIES]
 *
 * The answers are like those of a household: addresses, chains of a CDN, HTTPS, names that do not exist, and some
 * with signatures. The file is in memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/admin/snapshot.h"
#include "core/forward/nxdomain.h"
#include "dns/answer.h"
#include "rtcache.h"
#include "support/message.h"
#include "support/outside.h"

enum { ENTRIES = 100000, CACHE_PER_ENTRY = 1024, FILE_PER_ENTRY = 512 };

static struct outside outside;
static uint8_t *file;
static size_t file_len, file_room;

/* ---- answers ---------------------------------------------------------------------------- */

static const char *const zones[] = {"example.com.", "some-company.example.", "shop.example.org.",
				    "static.media-house.example.net."};

/* Writes the records of the answer number i; returns its type. */
static const char *describe(unsigned i, char *name, char *records, unsigned *rcode)
{
	const char *zone = zones[i % 4];
	char *at = records;
	sprintf(name, "host%u.%s", i, zone);
	*rcode = TARN__NOERROR;
	if (i % 20 < 8) {
		for (unsigned n = 0; n < 1 + i % 3; n++)
			at += sprintf(at, "%s %u A 192.0.2.%u\n", name, 60 + i % 3600, n + 1);
		return "A";
	}
	if (i % 20 < 12) {
		at += sprintf(at, "%s %u AAAA 20010db800000000000000000000%04x\n", name,
			      60 + i % 3600, i & 0xffff);
		return "AAAA";
	}
	if (i % 20 < 16) {
		at += sprintf(at, "%s 3600 CNAME host%u.edge-key.example.net.\n", name, i);
		at += sprintf(at,
			      "host%u.edge-key.example.net. 900 CNAME e%u.dsc.cdn.example.net.\n",
			      i, i % 997);
		for (unsigned n = 0; n < 2; n++)
			at += sprintf(at, "e%u.dsc.cdn.example.net. 60 A 198.51.100.%u\n", i % 997,
				      n + 1);
		return "A";
	}
	if (i % 20 < 18) {
		sprintf(at, "%s 300 HTTPS 0001000001000602683202683300040008c0000201c0000202\n",
			name);
		return "HTTPS";
	}
	sprintf(at, "--\n%s 900 SOA ns1.%s hostmaster.%s 900\n", zone, zone, zone);
	*rcode = i % 20 == 18 ? TARN__NXDOMAIN : TARN__NOERROR;
	return i % 20 == 18 ? "A" : "AAAA";
}

static void store(unsigned i)
{
	static struct message message;
	static uint8_t stored[TARN__STORED_MAX];
	static char name[256], records[4096];
	uint8_t qname[TARN__NAME_MAX], octets[TARN__KEY_MAX];
	unsigned rcode;
	const char *type = describe(i, name, records, &rcode);
	struct tarn__query query = {.qname = qname, .qclass = TARN__CLASS_IN};
	struct tarn__key key;
	struct tarn__response response;
	struct tarn__answer answer;
	query.qname_len = (uint16_t)tarn__name_parse(name, qname);
	tarn__type_parse(type, &query.qtype);
	size_t key_len = tarn__key_write(&query, octets);
	tarn__key_read(octets, key_len, &key);
	put_header(&message, 0, TARN__FLAG_QR | rcode);
	put_question(&message, name, query.qtype);
	put_records(&message, records);
	tarn__answer_parse_kept(message.wire, message.len, &key, &response);
	tarn__answer_classify(&response, &answer);
	tarn__answer_write(&response, false, stored, &answer);
	ck_assert_uint_gt(answer.len, 0);
	struct rtcache_client *client = tarn__resolver_client(outside.resolver);
	if (answer.is_whole_name)
		tarn__nxdomain_put(client, &key, stored, answer.len, answer.ttl * UINT64_C(1000));
	ck_assert_int_eq(rtcache_put(client, octets, key_len, stored, answer.len,
				     answer.ttl * UINT64_C(1000)),
			 0);
	if (i % 1024 == 0)
		rtcache_client_run(client);
}

/* ---- measuring -------------------------------------------------------------------------- */

static double cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool put(void *arg, const uint8_t *octets, size_t len)
{
	(void)arg;
	if (len > file_room - file_len)
		return false;
	memcpy(file + file_len, octets, len);
	file_len += len;
	return true;
}

static uint64_t save(void)
{
	const struct tarn__snapshot_options options = {
		.put = put, .wall_ms = tarn__resolver_wall_ms(outside.resolver)};
	struct tarn__snapshot_writer *writer =
		tarn__snapshot_writer_new(outside.resolver, &options);
	ck_assert_ptr_nonnull(writer);
	while (tarn__snapshot_step(writer, outside.resolver))
		;
	uint64_t count = tarn__snapshot_end(writer);
	tarn__snapshot_writer_free(writer);
	return count;
}

static struct tarn__snapshot_counts load(void)
{
	uint64_t wall_ms = tarn__resolver_wall_ms(outside.resolver);
	struct tarn__snapshot_reader reader = {.octets = file, .len = file_len};
	ck_assert_int_eq(tarn__snapshot_open(&reader, outside.resolver, wall_ms),
			 TARN__SNAPSHOT_GOOD);
	while (tarn__snapshot_load_step(&reader, outside.resolver, wall_ms))
		rtcache_client_run(tarn__resolver_client(outside.resolver));
	tarn__snapshot_close(&reader);
	return reader.counts;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : ENTRIES;
	struct tarn_address server;
	tarn_address_parse("192.0.2.53", 53, &server);
	const struct tarn_options options = {.upstreams = &server,
					     .upstream_count = 1,
					     .cache_size = (size_t)count * CACHE_PER_ENTRY};
	file_room = (size_t)count * FILE_PER_ENTRY + 4096;
	file = malloc(file_room);
	ck_assert_ptr_nonnull(file);
	memset(file, 1, file_room);
	outside_init_with(&outside, &options);
	for (unsigned i = 0; i < count; i++)
		store(i);
	double begin = cpu_ns();
	uint64_t saved = save();
	double save_ns = cpu_ns() - begin;
	outside_fini(&outside);

	outside_init_with(&outside, &options);
	begin = cpu_ns();
	struct tarn__snapshot_counts counts = load();
	double load_ns = cpu_ns() - begin;
	outside_fini(&outside);
	printf("%" PRIu64 " saved: %.0f ns each, %.1f octets each\n", saved,
	       save_ns / (double)saved, (double)file_len / (double)saved);
	printf("%" PRIu64 " loaded: %.0f ns each\n", counts.loaded,
	       load_ns / (double)counts.loaded);
	free(file);
	return counts.loaded == saved && counts.is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}
