/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_hosts.c: any octets are hosts(5) text: the same in any parts, every name that it has is
 * answered, and every answer is one that an upstream could have sent.
 */
#include "fuzz.h"

#include <string.h>

#include "core/policy/local_data.h"
#include "dns/answer.h"
#include "dns/hosts.h"
#include "dns/name.h"
#include "dns/reply.h"

/* What has been read, in one number. */
struct sum {
	uint64_t value;
	struct tarn__local_builder *builder; /* NULL: the names are not added */
	const struct tarn__local_data *data; /* NULL: they are not asked for */
};

static void add_octets(struct sum *sum, const void *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum->value = (sum->value ^ ((const uint8_t *)octets)[i]) * 0x100000001b3;
}

/* Writes the answer, reads it as an upstream's, and compares what would be stored. */
static void check_answer(const struct tarn__local_found *found, const uint8_t *name, size_t len,
			 uint16_t type)
{
	static uint8_t stored[TARN__STORED_MAX], again[TARN__STORED_MAX], reply[TARN__MESSAGE_MAX];
	uint8_t octets[TARN__KEY_MAX], asked[TARN__QUERY_MAX];
	const struct tarn__query query = {.qname = name,
					  .qname_len = (uint16_t)len,
					  .qtype = type,
					  .qclass = TARN__CLASS_IN,
					  .edns_size = TARN__UDP_MIN};
	struct tarn__key key;
	struct tarn__answer answer;
	size_t stored_len = tarn__local_data_write(found, &query, stored);
	fuzz_check(stored_len > 0 && tarn__key_read(octets, tarn__key_write(&query, octets), &key));
	size_t asked_len = tarn__query_write(&key, &(struct tarn__query_options){.id = 0}, asked);
	const struct tarn__reply how = {.limit = TARN__MESSAGE_MAX};
	size_t reply_len = tarn__reply_stored(&query, stored, stored_len, &how, reply);
	tarn__answer_read(reply, reply_len, asked, asked_len, &key, false, again, &answer);
	fuzz_check(answer.answer_class == TARN__ANSWER_GOOD);
	fuzz_check(answer.len == stored_len && memcmp(stored, again, stored_len) == 0);
}

static void check_entry(const struct tarn__local_data *data, const struct tarn__hosts_entry *entry)
{
	static const uint8_t localhost[] = "\11localhost";
	static const uint16_t types[] = {TARN__TYPE_A, TARN__TYPE_AAAA, TARN__TYPE_TXT};
	bool is_localhost =
		tarn__name_is_within(entry->name, entry->name_len, localhost, sizeof localhost);
	for (unsigned i = 0; i < 3; i++) {
		struct tarn__local_found found;
		enum tarn__local_kind kind = tarn__local_data_find(
			data, entry->name, entry->name_len, types[i], 0, &found);
		fuzz_check((kind == TARN__LOCAL_NONE) == is_localhost);
		if (is_localhost)
			continue;
		bool is_own = i == (entry->address.len == TARN__IPV4_LEN ? 0 : 1);
		fuzz_check(kind == TARN__LOCAL_RECORDS || (kind == TARN__LOCAL_NODATA && !is_own));
		check_answer(&found, entry->name, entry->name_len, types[i]);
	}
}

static void on_entry(void *arg, const struct tarn__hosts_entry *entry)
{
	struct sum *sum = arg;
	fuzz_check(tarn__name_span(entry->name, entry->name_len) == entry->name_len);
	add_octets(sum, &entry->line, sizeof entry->line);
	add_octets(sum, &entry->address, sizeof entry->address);
	add_octets(sum, entry->name, entry->name_len);
	add_octets(sum, (uint8_t[]){entry->has_scope, entry->is_canonical}, 2);
	if (sum->builder)
		tarn__local_builder_add_host(sum->builder, 0, entry);
	if (sum->data)
		check_entry(sum->data, entry);
}

static void on_fault(void *arg, uint32_t line, const char *text)
{
	add_octets(arg, &line, sizeof line);
	add_octets(arg, text, strlen(text));
}

static uint64_t read_in_parts(const uint8_t *octets, size_t len, size_t part, struct sum *sum)
{
	static struct tarn__hosts hosts;
	sum->value = 0xcbf29ce484222325;
	tarn__hosts_start(&hosts, on_entry, on_fault, sum);
	for (size_t at = 0; at < len; at += part)
		tarn__hosts_feed(&hosts, octets + at, len - at < part ? len - at : part);
	tarn__hosts_end(&hosts);
	return sum->value;
}

static bool check_item(void *arg, const struct tarn__local_item *item)
{
	struct tarn__local_found found;
	if (tarn__local_data_find(arg, item->name, item->name_len, item->type, 0, &found) !=
	    TARN__LOCAL_RECORDS)
		abort();
	check_answer(&found, item->name, item->name_len, item->type);
	return true;
}

/* The first octet says how long the parts are, and whether there is a domain and a zone. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t lan[] = "\3lan";
	if (len == 0)
		return 0;
	unsigned how = *data++;
	len--;
	struct tarn__local_options options = {.ttl = 60, .domain_len = sizeof lan};
	options.domain = how & 0x80 ? lan : NULL;
	struct sum sum = {.builder = tarn__local_builder_new(&options)};
	const struct tarn__local_source source = {"hosts", 60, how & 1};
	tarn__local_builder_add_source(sum.builder, &source);
	if (how & 0x40)
		tarn__local_builder_add_zone(sum.builder, 0, 1, lan, sizeof lan);
	uint64_t whole = read_in_parts(data, len, SIZE_MAX, &sum);
	struct tarn__local_data *local = tarn__local_builder_build(sum.builder);
	tarn__local_builder_free(sum.builder);
	sum.builder = NULL;
	sum.data = local;
	fuzz_check(local && read_in_parts(data, len, 1 + (how & 0x3f), &sum) == whole);
	tarn__local_data_walk(local, NULL, 0, check_item, local);
	tarn__local_data_put(local);
	return 0;
}
