/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/join.c: the records of two messages, in one. */
#include "dns/join.h"

#include <stdbool.h>
#include <string.h>

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/record.h"
#include "dns/wire.h"

enum { ANSWER, AUTHORITY, SECTIONS };

struct joint {
	uint8_t *out;
	size_t len;
	bool failed;
};

static void put(struct joint *joint, const void *octets, size_t len)
{
	if (len > TARN__MESSAGE_MAX - joint->len) {
		joint->failed = true;
		return;
	}
	memcpy(joint->out + joint->len, octets, len);
	joint->len += len;
}

/* Names are written out: a pointer would lead elsewhere. */
static void put_rdata(struct joint *joint, const struct tarn__reader *reader, uint16_t type)
{
	struct tarn__rdata rdata = tarn__rdata_open(reader, type);
	struct tarn__rdata_part part;
	while (tarn__rdata_next(&rdata, &part))
		put(joint, part.octets, part.len);
	joint->failed |= rdata.reader.failed;
}

static void put_record(struct joint *joint, const uint8_t *wire, const struct tarn__record *record)
{
	put(joint, record->owner, record->owner_len);
	put(joint, wire + record->type_at, TARN__RECORD_FIXED_LEN);
	size_t rdata_at = joint->len;
	size_t at = (size_t)(record->rdata - wire);
	struct tarn__reader rdata = {.wire = wire, .at = at, .end = at + record->rdata_len};
	put_rdata(joint, &rdata, record->type);
	if (!joint->failed)
		tarn__put16(joint->out + rdata_at - 2, (uint16_t)(joint->len - rdata_at));
}

/* Returns a cursor behind the question of a message; it has failed if there is not exactly one. */
static struct tarn__reader open_message(const uint8_t *wire, size_t len)
{
	struct tarn__reader reader = {.wire = wire, .end = len};
	uint8_t name[TARN__NAME_MAX];
	tarn__read_octets(&reader, TARN__HEADER_LEN);
	if (reader.failed || tarn__get16(wire + 4) != 1) {
		tarn__reader_fail(&reader);
		return reader;
	}
	tarn__name_read(&reader, name);
	tarn__read_octets(&reader, 4);
	return reader;
}

/* Appends the records of the next section. */
static void put_section(struct joint *joint, struct tarn__reader *reader, unsigned section,
			bool without_soa)
{
	uint8_t *total = joint->out + 6 + 2 * section;
	unsigned count = tarn__get16(reader->wire + 6 + 2 * section);
	for (; count > 0 && !joint->failed; count--) {
		struct tarn__record record;
		if (!tarn__record_read(reader, &record)) {
			joint->failed = true;
			return;
		}
		if (without_soa && record.type == TARN__TYPE_SOA)
			continue;
		put_record(joint, reader->wire, &record);
		tarn__put16(total, (uint16_t)(tarn__get16(total) + 1));
	}
}

/* Writes the header, with the count of questions only, and the question. */
static void put_question(struct joint *joint, const struct tarn__reader *chain, const uint8_t *last)
{
	put(joint, chain->wire, chain->at);
	if (joint->failed)
		return;
	uint16_t flags =
		tarn__get16(chain->wire + 2) & (uint16_t) ~(TARN__FLAG_RCODE | TARN__FLAG_AD);
	uint16_t both = tarn__get16(chain->wire + 2) & tarn__get16(last + 2);
	tarn__put16(joint->out + 2,
		    flags | (both & TARN__FLAG_AD) | (tarn__get16(last + 2) & TARN__FLAG_RCODE));
	memset(joint->out + 6, 0, 6);
}

size_t tarn__answers_join(const uint8_t *chain, size_t chain_len, const uint8_t *last,
			  size_t last_len, uint8_t out[TARN__MESSAGE_MAX])
{
	struct joint joint = {.out = out};
	struct tarn__reader chain_reader = open_message(chain, chain_len);
	struct tarn__reader last_reader = open_message(last, last_len);
	if (chain_reader.failed || last_reader.failed)
		return 0;
	put_question(&joint, &chain_reader, last);
	for (unsigned section = ANSWER; section < SECTIONS && !joint.failed; section++) {
		put_section(&joint, &chain_reader, section, section == AUTHORITY);
		put_section(&joint, &last_reader, section, false);
	}
	return joint.failed ? 0 : joint.len;
}
