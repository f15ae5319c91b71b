/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/dns64.c: synthesis of AAAA records. */
#include "dns/dns64.h"

#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "dns/edit.h"
#include "dns/filter.h"
#include "dns/name.h"
#include "dns/type.h"

enum {
	U_OCTET = 8, /* zero in every address (RFC 6052 section 2.2) */
	IPV6_LEN = 16,
	IPV4_LEN = 4,
	NIBBLES = 2 * IPV6_LEN,
};

/* ---- addresses -------------------------------------------------------------------------- */

bool tarn__dns64_is_valid(const struct tarn__dns64_prefix *prefix)
{
	switch (prefix->len) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case 96:
		break;
	default:
		return false;
	}
	for (size_t i = prefix->len / 8; i < IPV6_LEN; i++) {
		if (prefix->octets[i] != 0)
			return false;
	}
	return prefix->octets[U_OCTET] == 0;
}

void tarn__dns64_embed(const struct tarn__dns64_prefix *prefix, const uint8_t ipv4[4],
		       uint8_t out[16])
{
	memcpy(out, prefix->octets, IPV6_LEN);
	size_t at = prefix->len / 8;
	for (size_t i = 0; i < IPV4_LEN; i++) {
		at += at == U_OCTET;
		out[at++] = ipv4[i];
	}
}

bool tarn__dns64_extract(const struct tarn__dns64_prefix *prefix, const uint8_t ipv6[16],
			 uint8_t out[4])
{
	size_t at = prefix->len / 8;
	if (memcmp(ipv6, prefix->octets, at) != 0)
		return false;
	for (size_t i = 0; i < IPV4_LEN; i++) {
		at += at == U_OCTET;
		out[i] = ipv6[at++];
	}
	return true;
}

bool tarn__dns64_is_well_known(const struct tarn__dns64_prefix *prefix)
{
	static const uint8_t well_known[12] = {0x00, 0x64, 0xff, 0x9b};
	return prefix->len == 96 && memcmp(prefix->octets, well_known, sizeof well_known) == 0;
}

/* ---- answers ---------------------------------------------------------------------------- */

struct synthesis {
	const struct tarn__dns64_prefix *prefixes;
	size_t prefix_count;
	uint32_t ttl_max;
	size_t made;
	struct tarn__editor editor;
};

static void put_addresses(struct synthesis *synthesis, const struct tarn__record *record)
{
	struct tarn__name owner = {.len = record->owner_len};
	memcpy(owner.octets, record->owner, record->owner_len);
	uint32_t ttl = record->ttl < synthesis->ttl_max ? record->ttl : synthesis->ttl_max;
	for (size_t i = 0; i < synthesis->prefix_count; i++) {
		const struct tarn__dns64_prefix *prefix = &synthesis->prefixes[i];
		if (tarn__dns64_is_well_known(prefix) && tarn__address_is_private4(record->rdata))
			continue;
		uint8_t address[IPV6_LEN];
		tarn__dns64_embed(prefix, record->rdata, address);
		tarn__edit_put(&synthesis->editor, TARN__SECTION_ANSWER, &owner, TARN__TYPE_AAAA,
			       record->class, ttl, address, sizeof address);
		synthesis->made++;
	}
}

static void put_record(struct synthesis *synthesis, const uint8_t *wire,
		       const struct tarn__record *record)
{
	switch (record->type) {
	case TARN__TYPE_CNAME:
	case TARN__TYPE_DNAME:
		tarn__edit_copy(&synthesis->editor, TARN__SECTION_ANSWER, wire, record);
		break;
	case TARN__TYPE_A:
		if (record->rdata_len == IPV4_LEN)
			put_addresses(synthesis, record);
	}
}

size_t tarn__dns64_synthesise(const uint8_t *wire, size_t len,
			      const struct tarn__dns64_prefix *prefixes, size_t prefix_count,
			      uint32_t ttl_max, uint8_t out[TARN__MESSAGE_MAX])
{
	struct tarn__reader reader = tarn__edit_open(wire, len);
	if (reader.failed)
		return 0;
	size_t qname_len = reader.at - TARN__HEADER_LEN - 4;
	struct synthesis synthesis = {
		.prefixes = prefixes, .prefix_count = prefix_count, .ttl_max = ttl_max};
	uint16_t flags = tarn__get16(wire + 2) & (TARN__FLAG_RD | TARN__FLAG_RA | TARN__FLAG_CD);
	tarn__edit_begin(&synthesis.editor, out, flags, wire + TARN__HEADER_LEN, qname_len,
			 TARN__TYPE_AAAA, tarn__get16(wire + reader.at - 2));
	for (unsigned count = tarn__get16(wire + 6); count > 0; count--) {
		struct tarn__record record;
		if (!tarn__record_read(&reader, &record))
			return 0;
		put_record(&synthesis, wire, &record);
	}
	return synthesis.made > 0 ? tarn__edit_end(&synthesis.editor) : 0;
}

/* ---- reverse names ---------------------------------------------------------------------- */

bool tarn__dns64_read_reverse(const uint8_t *qname, size_t len, uint8_t out[16])
{
	static const uint8_t ip6_arpa[] = "\3ip6\4arpa";
	if (len != 2 * NIBBLES + sizeof ip6_arpa ||
	    !tarn__name_is_equal(qname + 2 * NIBBLES, ip6_arpa, sizeof ip6_arpa))
		return false;
	for (size_t i = 0; i < NIBBLES; i++) {
		int value = tarn__base16_digit((char)tarn__fold(qname[2 * i + 1]));
		if (qname[2 * i] != 1 || value < 0)
			return false;
		uint8_t *octet = &out[IPV6_LEN - 1 - i / 2];
		*octet = (uint8_t)(i % 2 == 0 ? value : *octet | value << 4);
	}
	return true;
}

size_t tarn__dns64_write_reverse(const uint8_t ipv4[4], uint8_t out[TARN__NAME_MAX])
{
	static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
	size_t len = 0;
	for (size_t i = IPV4_LEN; i-- > 0;) {
		char label[4];
		int digits = snprintf(label, sizeof label, "%u", ipv4[i]);
		out[len++] = (uint8_t)digits;
		memcpy(out + len, label, (size_t)digits);
		len += (size_t)digits;
	}
	memcpy(out + len, in_addr_arpa, sizeof in_addr_arpa);
	return len + sizeof in_addr_arpa;
}
