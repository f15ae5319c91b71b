/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_dns64.c: of any message comes an answer that can be read, whose addresses are those of its A
 * records within the prefixes; and reverse names of addresses within a prefix are those of IPv4 addresses.
 * The first octet selects prefixes and the limit of the TTL.
 */
#include "fuzz.h"

#include "dns/dns64.h"
#include "dns/filter.h"
#include "dns/name.h"
#include "dns/record.h"

static const struct tarn__dns64_prefix all[] = {
	{{0x00, 0x64, 0xff, 0x9b}, 96},
	{{0x20, 0x01, 0x0d, 0xb8}, 32},
	{{0x20, 0x01, 0x0d, 0xb8, 1, 2, 3}, 56},
};

enum { ALL = sizeof all / sizeof all[0] };

static uint8_t out[TARN__MESSAGE_MAX];

static void check_address(const uint8_t *ipv6, const struct tarn__dns64_prefix *prefixes,
			  size_t count)
{
	bool is_within = false;
	for (size_t i = 0; i < count; i++) {
		uint8_t ipv4[4];
		if (!tarn__dns64_extract(&prefixes[i], ipv6, ipv4))
			continue;
		is_within = true;
		fuzz_check(!tarn__dns64_is_well_known(&prefixes[i]) ||
			   !tarn__address_is_private4(ipv4));
	}
	fuzz_check(is_within);
}

static void check_message(size_t len, const struct tarn__dns64_prefix *prefixes, size_t count,
			  uint32_t ttl_max)
{
	struct tarn__reader reader = {.wire = out, .at = TARN__HEADER_LEN, .end = len};
	uint8_t name[TARN__NAME_MAX];
	unsigned addresses = 0;
	fuzz_check(tarn__get16(out + 4) == 1 && tarn__name_read(&reader, name) > 0);
	fuzz_check(tarn__read16(&reader) == TARN__TYPE_AAAA);
	tarn__read16(&reader);
	fuzz_check(tarn__get32(out + 8) == 0 && !(out[3] & TARN__FLAG_AD));
	for (unsigned i = tarn__get16(out + 6); i > 0; i--) {
		struct tarn__record record;
		fuzz_check(tarn__record_read(&reader, &record));
		if (record.type != TARN__TYPE_AAAA) {
			fuzz_check(record.type == TARN__TYPE_CNAME ||
				   record.type == TARN__TYPE_DNAME);
			continue;
		}
		addresses++;
		fuzz_check(record.ttl <= ttl_max && record.rdata_len == 16);
		check_address(record.rdata, prefixes, count);
	}
	fuzz_check(addresses > 0 && reader.at == len);
}

/* The message's octets behind the header, as a name. */
static void check_reverse(const uint8_t *octets, size_t room)
{
	uint8_t ipv6[16], ipv4[4], name[TARN__NAME_MAX];
	size_t len = tarn__name_span(octets, room);
	if (len == 0 || !tarn__dns64_read_reverse(octets, len, ipv6))
		return;
	for (size_t i = 0; i < ALL; i++) {
		if (!tarn__dns64_extract(&all[i], ipv6, ipv4))
			continue;
		size_t name_len = tarn__dns64_write_reverse(ipv4, name);
		fuzz_check(tarn__name_span(name, name_len) == name_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	size_t first = data[0] % ALL, count = ALL - first;
	uint32_t ttl_max = data[0] >> 2;
	const uint8_t *wire = data + 1;
	size_t out_len = tarn__dns64_synthesise(wire, len - 1, all + first, count, ttl_max, out);
	if (out_len > 0)
		check_message(out_len, all + first, count, ttl_max);
	if (len > 1 + TARN__HEADER_LEN)
		check_reverse(wire + TARN__HEADER_LEN, len - 1 - TARN__HEADER_LEN);
	return 0;
}
