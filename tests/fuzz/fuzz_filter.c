/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_filter.c: any message is filtered to one that can be read, with no record more and no address
 * that is taken out. Bits of the first octet: private addresses, ipv4hint, ipv6hint.
 */
#include "fuzz.h"

#include "dns/filter.h"
#include "dns/name.h"

enum { PRIVATE = 1, NO_IPV4HINT = 2, NO_IPV6HINT = 4, KEY_IPV4HINT = 4, KEY_IPV6HINT = 6 };

static uint8_t out[TARN__MESSAGE_MAX];

static bool is_private(void *arg, const struct tarn__record *record, const uint8_t *address,
		       size_t len)
{
	(void)arg;
	fuzz_check(record->rdata_len >= len && (len == 4 || len == 16));
	return len == 4 ? tarn__address_is_private4(address) : tarn__address_is_private6(address);
}

static void check_hints(const struct tarn__filter *filter, const struct tarn__record *record,
			struct tarn__reader *value, size_t address_len)
{
	fuzz_check(!(address_len == 4 ? filter->has_no_ipv4hint : filter->has_no_ipv6hint));
	fuzz_check(tarn__reader_left(value) > 0);
	while (tarn__reader_left(value) > 0) {
		const uint8_t *address = tarn__read_octets(value, address_len);
		fuzz_check(address != NULL);
		fuzz_check(!filter->is_bad_address ||
			   !is_private(NULL, record, address, address_len));
	}
}

static void check_service(const struct tarn__filter *filter, const struct tarn__record *record)
{
	struct tarn__reader reader = {.wire = record->rdata, .end = record->rdata_len};
	tarn__read16(&reader);
	tarn__read_octets(&reader,
			  tarn__name_span(record->rdata + reader.at, tarn__reader_left(&reader)));
	while (tarn__reader_left(&reader) > 0) {
		uint16_t key = tarn__read16(&reader), len = tarn__read16(&reader);
		struct tarn__reader value = {
			.wire = record->rdata, .at = reader.at, .end = reader.at + len};
		fuzz_check(tarn__read_octets(&reader, len) != NULL);
		if (key == KEY_IPV4HINT || key == KEY_IPV6HINT)
			check_hints(filter, record, &value, key == KEY_IPV4HINT ? 4 : 16);
	}
}

static void check_record(const struct tarn__filter *filter, const struct tarn__record *record)
{
	bool looks_at_hints =
		filter->is_bad_address || filter->has_no_ipv4hint || filter->has_no_ipv6hint;
	size_t address_len = record->type == TARN__TYPE_A ? 4 : 16;
	switch (record->type) {
	case TARN__TYPE_A:
	case TARN__TYPE_AAAA:
		fuzz_check(!filter->is_bad_address || record->rdata_len != address_len ||
			   !is_private(NULL, record, record->rdata, address_len));
		break;
	case TARN__TYPE_SVCB:
	case TARN__TYPE_HTTPS:
		if (looks_at_hints)
			check_service(filter, record);
	}
}

static void check_message(const struct tarn__filter *filter, size_t len)
{
	struct tarn__reader reader = {.wire = out, .at = TARN__HEADER_LEN, .end = len};
	uint8_t name[TARN__NAME_MAX];
	fuzz_check(tarn__get16(out + 4) == 1 && tarn__name_read(&reader, name) > 0);
	fuzz_check(tarn__read_octets(&reader, 4) != NULL && tarn__get16(out + 10) == 0);
	for (unsigned section = 0; section < 2; section++) {
		for (unsigned i = tarn__get16(out + 6 + 2 * section); i > 0; i--) {
			struct tarn__record record;
			fuzz_check(tarn__record_read(&reader, &record));
			if (section == 0)
				check_record(filter, &record);
		}
	}
	fuzz_check(reader.at == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	const struct tarn__filter filter = {
		.is_bad_address = data[0] & PRIVATE ? is_private : NULL,
		.has_no_ipv4hint = data[0] & NO_IPV4HINT,
		.has_no_ipv6hint = data[0] & NO_IPV6HINT,
	};
	const uint8_t *wire = data + 1;
	struct tarn__filtered counted = tarn__filter_count(&filter, wire, len - 1), filtered;
	size_t out_len = tarn__filter_apply(&filter, wire, len - 1, out, &filtered);
	if (out_len == 0)
		return 0;
	fuzz_check(counted.addresses == filtered.addresses && counted.hints == filtered.hints);
	fuzz_check(counted.addresses_left == filtered.addresses_left &&
		   counted.records == filtered.records &&
		   counted.records_left == filtered.records_left);
	fuzz_check(tarn__get16(out + 6) + filtered.addresses + filtered.records <=
		   tarn__get16(wire + 6));
	check_message(&filter, out_len);
	return 0;
}
