/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/ttl.c: the TTLs of a message as a whole. */
#include "dns/ttl.h"

#include "dns/message.h"
#include "dns/soa.h"
#include "dns/record.h"
#include "dns/wire.h"

enum {
	TTL_MAX = 0x7fffffff, /* RFC 2181 section 8: a TTL above is 0 */
	POINTER_BITS = 0xc0, /* RFC 1035 section 4.1.4 */
	QUESTION_FIXED_LEN = 4, /* QTYPE and QCLASS */
};

/* A record, without its owner. */
struct place {
	size_t ttl_at; /* offset */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;
	uint16_t rdata_len;
	bool is_authority;
};

/* A cursor over the records of all sections. */
struct walk {
	struct tarn__reader reader;
	unsigned answers, authorities, additional; /* records to come */
};

/* Names are not looked at but for their length. */
static void skip_name(struct tarn__reader *reader)
{
	for (;;) {
		uint8_t len = tarn__read8(reader);
		if (len == 0)
			return;
		if (len > TARN__LABEL_MAX) {
			if ((len & POINTER_BITS) != POINTER_BITS)
				tarn__reader_fail(reader);
			(void)tarn__read8(reader);
			return;
		}
		(void)tarn__read_octets(reader, len);
	}
}

/* The message has a header. */
static struct walk start(const uint8_t *message, size_t len)
{
	struct walk walk = {
		.reader = {.wire = message, .at = TARN__HEADER_LEN, .end = len},
		.answers = tarn__get16(message + 6),
		.authorities = tarn__get16(message + 8),
		.additional = tarn__get16(message + 10),
	};
	for (unsigned i = tarn__get16(message + 4); i > 0 && !walk.reader.failed; i--) {
		skip_name(&walk.reader);
		(void)tarn__read_octets(&walk.reader, QUESTION_FIXED_LEN);
	}
	return walk;
}

/* The next record. Returns false behind the last one, or if the reader has failed. */
static bool next(struct walk *walk, struct place *out)
{
	if (walk->answers + walk->authorities + walk->additional == 0 || walk->reader.failed)
		return false;
	out->is_authority = walk->answers == 0 && walk->authorities > 0;
	unsigned *left = walk->answers > 0	 ? &walk->answers
			 : walk->authorities > 0 ? &walk->authorities
						 : &walk->additional;
	--*left;
	skip_name(&walk->reader);
	const uint8_t *fixed = tarn__read_octets(&walk->reader, TARN__RECORD_FIXED_LEN);
	if (!fixed)
		return false;
	out->type = tarn__get16(fixed);
	out->ttl_at = (size_t)(fixed + 4 - walk->reader.wire);
	out->ttl = tarn__get32(fixed + 4);
	out->rdata_len = tarn__get16(fixed + 8);
	out->rdata = tarn__read_octets(&walk->reader, out->rdata_len);
	return out->rdata;
}

bool tarn__ttl_age(uint8_t *message, size_t len, uint32_t age_sec)
{
	struct place place;
	if (len < TARN__HEADER_LEN)
		return false;
	struct walk walk = start(message, len);
	while (next(&walk, &place)) {
		if (place.type == TARN__TYPE_OPT)
			continue;
		bool is_left = place.ttl <= TTL_MAX && place.ttl > age_sec;
		tarn__put32(message + place.ttl_at, is_left ? place.ttl - age_sec : 0);
	}
	return !walk.reader.failed;
}

/* MINIMUM is the last field of an SOA. */
static uint32_t read_minimum(const struct place *soa)
{
	return soa->rdata_len < TARN__SOA_NUMBERS_LEN
		       ? 0
		       : tarn__get32(soa->rdata + soa->rdata_len - 4);
}

/* The upper bits of the RCODE are where others have a TTL (RFC 6891 section 6.1.3). */
static bool has_extended_rcode(const struct place *opt)
{
	return opt->ttl >> 24 != 0;
}

static uint32_t least_of(uint32_t least, uint32_t ttl)
{
	if (ttl > TTL_MAX)
		return 0;
	return ttl < least ? ttl : least;
}

uint32_t tarn__ttl_least(const uint8_t *message, size_t len)
{
	struct place place;
	uint32_t least = TTL_MAX;
	if (len < TARN__HEADER_LEN)
		return 0;
	uint16_t flags = tarn__get16(message + 2);
	unsigned rcode = flags & TARN__FLAG_RCODE;
	bool is_positive = rcode == TARN__NOERROR && tarn__get16(message + 6) > 0;
	bool has_soa = false;
	if ((rcode != TARN__NOERROR && rcode != TARN__NXDOMAIN) || (flags & TARN__FLAG_TC))
		return 0;
	struct walk walk = start(message, len);
	while (next(&walk, &place)) {
		if (place.type == TARN__TYPE_OPT) {
			if (has_extended_rcode(&place))
				return 0;
			continue;
		}
		least = least_of(least, place.ttl);
		if (place.type == TARN__TYPE_SOA && place.is_authority) {
			has_soa = true;
			least = least_of(least, read_minimum(&place));
		}
	}
	return walk.reader.failed || !(is_positive || has_soa) ? 0 : least;
}
