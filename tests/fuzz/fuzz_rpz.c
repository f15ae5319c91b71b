/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_rpz.c: any zone file is a response policy zone: each record of it is a rule that a list can have, or
 * none, and the owner and the apex say which name the rule is about.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/name.h"
#include "dns/rpz.h"
#include "dns/zonefile.h"

enum { TTL_MAX = 60 };

static const uint8_t origin[] = "\3rpz\7example";

/* The name and the apex are the owner again, but for the first label of a wildcard. */
static void check_name(const struct tarn__zone_record *record,
		       const struct tarn__namelist_rule *rule)
{
	size_t skip = rule->reach == TARN__NAMELIST_BELOW ? 2 : 0;
	fuzz_check(tarn__name_span(rule->name, rule->name_len) == rule->name_len);
	fuzz_check(skip + rule->name_len - 1u + sizeof(origin) == record->owner_len);
	fuzz_check(skip == 0 || memcmp(record->owner, "\1*", 2) == 0);
	fuzz_check(memcmp(record->owner + skip, rule->name, rule->name_len - 1u) == 0);
}

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	(void)arg;
	struct tarn__rpz_rule out;
	enum tarn__rpz_result result =
		tarn__rpz_read(record, origin, sizeof(origin), TTL_MAX, &out);
	bool is_within =
		tarn__name_is_within(record->owner, record->owner_len, origin, sizeof(origin));
	fuzz_check((result == TARN__RPZ_INVALID) == (!is_within || record->class != 1));
	if (result != TARN__RPZ_RULE)
		return;
	const struct tarn__namelist_rule *rule = &out.rule;
	check_name(record, rule);
	fuzz_check(rule->action > TARN__NAMELIST_DEFAULT && rule->action <= TARN__NAMELIST_DATA);
	fuzz_check((rule->more != NULL) == (rule->action == TARN__NAMELIST_DATA));
	if (!rule->more)
		return;
	fuzz_check(rule->more->has_record && rule->more->ttl <= TTL_MAX);
	fuzz_check(rule->more->rdata_len == record->rdata_len);
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	(void)arg;
	(void)line;
	(void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	static struct tarn__zonefile reader;
	tarn__zonefile_init(&reader, origin, sizeof(origin), 300, &callbacks, NULL);
	tarn__zonefile_feed(&reader, data, len);
	tarn__zonefile_end(&reader);
	return 0;
}
