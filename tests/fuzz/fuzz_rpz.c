/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_rpz.c: any record is read as one of a response policy zone: a rule has a good name, and
 * that of a prefix is one that the prefix of some address has.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/name.h"
#include "dns/rpz.h"
#include "dns/rpz_prefix.h"
#include "dns/type.h"

enum { TTL_MAX = 60, ADDRESS_LEN = 16 };

/* An address that begins with the digits of the first label is in the prefix. */
static void check_prefix(const uint8_t *name, size_t len)
{
	enum tarn__rpz_trigger trigger = tarn__rpz_trigger_of(name, len);
	uint8_t address[ADDRESS_LEN] = {0}, again[TARN__RPZ_PREFIX_NAME_MAX];
	fuzz_check(trigger != TARN__RPZ_NAME && len <= sizeof again);
	for (unsigned i = 0; i < name[0]; i++) {
		uint8_t digit = name[1 + i] <= '9' ? name[1 + i] - '0' : name[1 + i] - 'a' + 10;
		address[i / 2] |= (uint8_t)(i % 2 == 0 ? digit << 4 : digit);
	}
	const uint8_t *length = name + 1 + name[0];
	unsigned bits = 0;
	for (unsigned i = 3; i <= length[0]; i++)
		bits = 10 * bits + length[i] - '0';
	struct tarn__rpz_prefix prefix;
	char text[TARN__RPZ_PREFIX_TEXT_MAX];
	tarn__rpz_prefix_of(address, length[1] == '4' ? 4 : ADDRESS_LEN, bits, &prefix);
	fuzz_check(tarn__rpz_prefix_name(&prefix, trigger, again) == len);
	fuzz_check(memcmp(again, name, len) == 0);
	fuzz_check(strchr(tarn__rpz_prefix_format(&prefix, text), '/') != NULL);
}

/* The first octet says whether the record is a CNAME; two names follow, the owner and the target or data. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t root[1];
	if (len < 2)
		return 0;
	size_t owner_len = tarn__name_span(data + 1, len - 1);
	if (owner_len == 0)
		return 0;
	struct tarn__zone_record record = {.owner = data + 1,
					   .owner_len = owner_len,
					   .class = TARN__CLASS_IN,
					   .ttl = 300,
					   .type = data[0] & 1 ? TARN__TYPE_CNAME : TARN__TYPE_TXT,
					   .rdata = data + 1 + owner_len,
					   .rdata_len = len - 1 - owner_len};
	if (record.type == TARN__TYPE_CNAME &&
	    (tarn__name_span(record.rdata, record.rdata_len) != record.rdata_len ||
	     record.rdata_len == 0))
		return 0;
	struct tarn__rpz_rule rule;
	if (tarn__rpz_read(&record, root, sizeof root, TTL_MAX, &rule) != TARN__RPZ_RULE)
		return 0;
	fuzz_check(tarn__name_span(rule.rule.name, rule.rule.name_len) == rule.rule.name_len);
	fuzz_check((rule.rule.action == TARN__NAMELIST_DATA) == (rule.rule.more != NULL));
	if (rule.rule.is_prefix)
		check_prefix(rule.rule.name, rule.rule.name_len);
	return 0;
}
