/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_leases.c: any octets are leases: the same in any parts; what clients call themselves are
 * names of letters, digits and hyphens when it is answered, each with the address that was the last.
 */
#include "fuzz.h"

#include <string.h>

#include "core/policy/lease_table.h"
#include "core/policy/local_data.h"
#include "dns/leases.h"
#include "dns/name.h"

/* What has been read, in one number, and the table that has it. */
struct sum {
	uint64_t value;
	struct tarn__lease_table *table;
};

static void add_octets(struct sum *sum, const void *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum->value = (sum->value ^ ((const uint8_t *)octets)[i]) * 0x100000001b3;
}

static void check_text(const char *text, size_t room)
{
	fuzz_check(*text != '\0' && strlen(text) < room);
	for (; *text; text++)
		fuzz_check((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void on_lease(void *arg, const struct tarn__lease *lease)
{
	struct sum *sum = arg;
	add_octets(sum, &lease->address, sizeof lease->address);
	add_octets(sum, &lease->start_s, sizeof lease->start_s);
	add_octets(sum, &lease->end_s, sizeof lease->end_s);
	add_octets(sum, &lease->line, sizeof lease->line);
	add_octets(sum, &lease->is_over, 1);
	if (lease->name) {
		check_text(lease->name, TARN__LEASE_NAME_MAX);
		add_octets(sum, lease->name, strlen(lease->name) + 1);
	}
	if (lease->client) {
		check_text(lease->client, TARN__LEASE_CLIENT_MAX);
		add_octets(sum, lease->client, strlen(lease->client) + 1);
	}
	fuzz_check(tarn__lease_table_put(sum->table, lease) == 0);
}

static void on_fault(void *arg, uint32_t line, const char *text)
{
	add_octets(arg, &line, sizeof line);
	add_octets(arg, text, strlen(text));
}

static uint64_t read_in_parts(const uint8_t *octets, size_t len, size_t part, struct sum *sum)
{
	static struct tarn__leases leases;
	sum->value = 0xcbf29ce484222325;
	tarn__leases_start(&leases, on_lease, on_fault, sum);
	for (size_t at = 0; at < len; at += part)
		tarn__leases_feed(&leases, octets + at, len - at < part ? len - at : part);
	tarn__leases_end(&leases);
	return sum->value;
}

static void add_lease(void *arg, const struct tarn__lease *lease)
{
	fuzz_check(!lease->is_over);
	tarn__local_builder_add_lease(arg, 0, lease);
}

static bool is_plain(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-';
}

static bool check_item(void *arg, const struct tarn__local_item *item)
{
	struct tarn__local_found found;
	enum tarn__local_kind kind = tarn__local_data_find(arg, item->name, item->name_len,
							   item->type, item->end_s - 1, &found);
	/* A name of a client is in the domain, or has one label. */
	static const uint8_t lan[] = "\3lan";
	bool is_built_in = item->end_s == TARN__LEASE_NEVER && item->line == 0;
	if (item->type == TARN__TYPE_PTR || is_built_in)
		return true;
	fuzz_check(kind == TARN__LOCAL_RECORDS || item->end_s == 0);
	fuzz_check(item->name[1 + item->name[0]] == 0 ||
		   tarn__name_is_within(item->name, item->name_len, lan, sizeof lan));
	for (size_t at = 0; item->name[at] != 0; at += 1 + item->name[at]) {
		for (unsigned i = 1; i <= item->name[at]; i++)
			fuzz_check(is_plain(item->name[at + i]));
	}
	/* Then an address of the other family may be left. */
	kind = tarn__local_data_find(arg, item->name, item->name_len, item->type, item->end_s,
				     &found);
	fuzz_check(kind != TARN__LOCAL_RECORDS || item->end_s == TARN__LEASE_NEVER);
	return true;
}

/* The first octet says how long the parts are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t lan[] = "\3lan";
	if (len == 0)
		return 0;
	unsigned how = *data++;
	len--;
	struct sum sum = {.table = tarn__lease_table_new()};
	uint64_t whole = read_in_parts(data, len, SIZE_MAX, &sum);
	size_t count = tarn__lease_table_count(sum.table);
	fuzz_check(read_in_parts(data, len, 1 + how, &sum) == whole);
	fuzz_check(tarn__lease_table_count(sum.table) == count);
	const struct tarn__local_options options = {
		.ttl = 60, .domain = lan, .domain_len = sizeof lan};
	const struct tarn__local_source source = {"leases", 60, true};
	struct tarn__local_builder *builder = tarn__local_builder_new(&options);
	tarn__local_builder_add_source(builder, &source);
	tarn__lease_table_walk(sum.table, add_lease, builder);
	struct tarn__local_data *local = tarn__local_builder_build(builder);
	fuzz_check(local);
	tarn__local_data_walk(local, NULL, 0, check_item, local);
	tarn__local_builder_free(builder);
	tarn__lease_table_free(sum.table);
	tarn__local_data_put(local);
	return 0;
}
