/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/tsig.c: transaction signatures. */
#include "dns/tsig.h"

#include <string.h>

#include "dns/record.h"

static const uint8_t algorithm[] = "\13hmac-sha256";

enum {
	TIMERS_LEN = 8, /* time signed and fudge */
	TIME_LEN = 6,
	FIXED_LEN = 10, /* TYPE, CLASS, TTL, RDLENGTH */
	/* RDATA without algorithm, MAC and other data. */
	RDATA_FIXED_LEN = TIMERS_LEN + 2 + 6,
	ARCOUNT_AT = 10,
};

_Static_assert(sizeof(algorithm) == 13, "tsig.h says so");

/* ---- the record ------------------------------------------------------------------------------ */

/* RDATA, read. */
struct rdata {
	const uint8_t *algorithm;
	size_t algorithm_len;
	const uint8_t *timers;
	const uint8_t *mac;
	uint16_t mac_len;
	uint16_t id, error;
	const uint8_t *other;
	uint16_t other_len;
};

static uint64_t read_time(const uint8_t *timers)
{
	return (uint64_t)tarn__get16(timers) << 32 | tarn__get32(timers + 2);
}

static void write_timers(uint8_t *out, uint64_t time_s)
{
	tarn__put16(out, (uint16_t)(time_s >> 32));
	tarn__put32(out + 2, (uint32_t)time_s);
	tarn__put16(out + TIME_LEN, TARN__TSIG_FUDGE);
}

static bool read_rdata(const struct tarn__tsig_record *record, struct rdata *out)
{
	struct tarn__reader reader = {.wire = record->rdata, .end = record->rdata_len};
	out->algorithm = record->rdata;
	out->algorithm_len = tarn__name_span(record->rdata, record->rdata_len);
	if (out->algorithm_len == 0)
		return false;
	tarn__read_octets(&reader, out->algorithm_len);
	out->timers = tarn__read_octets(&reader, TIMERS_LEN);
	out->mac_len = tarn__read16(&reader);
	out->mac = tarn__read_octets(&reader, out->mac_len);
	out->id = tarn__read16(&reader);
	out->error = tarn__read16(&reader);
	out->other_len = tarn__read16(&reader);
	out->other = tarn__read_octets(&reader, out->other_len);
	return !reader.failed && tarn__reader_left(&reader) == 0;
}

/* Skips the questions. */
static void skip_questions(struct tarn__reader *reader, unsigned count)
{
	uint8_t name[TARN__NAME_MAX];
	for (; count > 0 && !reader->failed; count--) {
		tarn__name_read(reader, name);
		tarn__read_octets(reader, 4);
	}
}

int tarn__tsig_find(const uint8_t *message, size_t len, struct tarn__tsig_record *out)
{
	if (len < TARN__HEADER_LEN)
		return -1;
	struct tarn__reader reader = {.wire = message, .at = TARN__HEADER_LEN, .end = len};
	skip_questions(&reader, tarn__get16(message + 4));
	unsigned additional = tarn__get16(message + ARCOUNT_AT);
	unsigned left = (unsigned)tarn__get16(message + 6) + tarn__get16(message + 8) + additional;
	for (; left > 0; left--) {
		struct tarn__record record;
		if (!tarn__record_read(&reader, &record))
			return -1;
		if (record.type != TARN__TYPE_TSIG)
			continue;
		if (left > 1 || additional == 0 || record.class != TARN__CLASS_ANY ||
		    record.ttl != 0 || reader.at != len)
			return -1;
		tarn__name_fold(out->name, record.owner, record.owner_len);
		out->name_len = record.owner_len;
		out->rdata = record.rdata;
		out->rdata_len = record.rdata_len;
		out->at = record.owner_at;
		return 1;
	}
	return reader.failed ? -1 : 0;
}

/* ---- the code -------------------------------------------------------------------------------- */

static bool add(struct tarn__tsig *tsig, const void *octets, size_t len)
{
	return tsig->hmac->add(tsig->code, octets, len);
}

static bool add16(struct tarn__tsig *tsig, unsigned value)
{
	uint8_t octets[2];
	tarn__put16(octets, (uint16_t)value);
	return add(tsig, octets, sizeof(octets));
}

/* Begins with the code before, if there is one (RFC 8945 section 5.3). */
static bool begin(struct tarn__tsig *tsig)
{
	if (tsig->code)
		return true;
	tsig->code = tsig->hmac->begin(tsig->key->secret, tsig->key->secret_len);
	if (!tsig->code)
		return false;
	return !tsig->has_mac ||
	       (add16(tsig, TARN__TSIG_MAC_LEN) && add(tsig, tsig->mac, TARN__TSIG_MAC_LEN));
}

/* Adds a message as it was before it was signed (RFC 8945 section 4.3.2). */
static bool add_message(struct tarn__tsig *tsig, const uint8_t *message, size_t len, uint16_t id,
			uint16_t additional)
{
	uint8_t header[TARN__HEADER_LEN];
	memcpy(header, message, sizeof(header));
	tarn__put16(header, id);
	tarn__put16(header + ARCOUNT_AT, additional);
	return add(tsig, header, sizeof(header)) &&
	       add(tsig, message + sizeof(header), len - sizeof(header));
}

/* RFC 8945 section 4.3.3; of later messages of a response the timers alone (section 5.3.1). */
static bool add_variables(struct tarn__tsig *tsig, const uint8_t *timers, uint16_t error,
			  const uint8_t *other, uint16_t other_len)
{
	static const uint8_t class_and_ttl[] = {0, TARN__CLASS_ANY, 0, 0, 0, 0};
	if (tsig->is_later)
		return add(tsig, timers, TIMERS_LEN);
	return add(tsig, tsig->key->name.octets, tsig->key->name.len) &&
	       add(tsig, class_and_ttl, sizeof(class_and_ttl)) &&
	       add(tsig, algorithm, sizeof(algorithm)) && add(tsig, timers, TIMERS_LEN) &&
	       add16(tsig, error) && add16(tsig, other_len) &&
	       (other_len == 0 || add(tsig, other, other_len));
}

static bool end(struct tarn__tsig *tsig, uint8_t mac[TARN__TSIG_MAC_LEN])
{
	bool is_good = tsig->hmac->end(tsig->code, mac);
	tsig->hmac->free(tsig->code);
	tsig->code = NULL;
	return is_good;
}

/* In a time that does not depend on where they differ. */
static bool is_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t difference = 0;
	for (size_t i = 0; i < TARN__TSIG_MAC_LEN; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

/* ---- transactions ---------------------------------------------------------------------------- */

void tarn__tsig_init(struct tarn__tsig *tsig, const struct tarn__tsig_key *key,
		     const struct tarn__tsig_hmac *hmac)
{
	*tsig = (struct tarn__tsig){.key = key, .hmac = hmac};
}

void tarn__tsig_fini(struct tarn__tsig *tsig)
{
	if (tsig->hmac)
		tsig->hmac->free(tsig->code);
	*tsig = (struct tarn__tsig){0};
}

/* Returns the end of the record. */
static uint8_t *write_record(const struct tarn__tsig *tsig, const uint8_t *timers, uint16_t id,
			     uint8_t *out)
{
	static const uint8_t fixed[] = {0, TARN__TYPE_TSIG, 0, TARN__CLASS_ANY, 0, 0, 0, 0};
	memcpy(out, tsig->key->name.octets, tsig->key->name.len);
	out += tsig->key->name.len;
	memcpy(out, fixed, sizeof(fixed));
	tarn__put16(out + sizeof(fixed), sizeof(algorithm) + RDATA_FIXED_LEN + TARN__TSIG_MAC_LEN);
	out += FIXED_LEN;
	memcpy(out, algorithm, sizeof(algorithm));
	out += sizeof(algorithm);
	memcpy(out, timers, TIMERS_LEN);
	tarn__put16(out + TIMERS_LEN, TARN__TSIG_MAC_LEN);
	out += TIMERS_LEN + 2;
	memcpy(out, tsig->mac, TARN__TSIG_MAC_LEN);
	out += TARN__TSIG_MAC_LEN;
	tarn__put16(out, id);
	tarn__put16(out + 2, 0); /* error */
	tarn__put16(out + 4, 0); /* octets of other data */
	return out + 6;
}

size_t tarn__tsig_sign(struct tarn__tsig *tsig, uint8_t *message, size_t len, size_t room,
		       uint64_t now_s)
{
	uint8_t timers[TIMERS_LEN];
	if (len < TARN__HEADER_LEN || room < len || room - len < TARN__TSIG_RECORD_MAX)
		return 0;
	uint16_t id = tarn__get16(message), additional = tarn__get16(message + ARCOUNT_AT);
	write_timers(timers, now_s);
	tsig->is_later = false;
	if (!begin(tsig) || !add_message(tsig, message, len, id, additional) ||
	    !add_variables(tsig, timers, 0, NULL, 0) || !end(tsig, tsig->mac))
		return 0;
	tsig->has_mac = true;
	tarn__put16(message + ARCOUNT_AT, (uint16_t)(additional + 1));
	return (size_t)(write_record(tsig, timers, id, message + len) - message);
}

/* A message without a signature (RFC 8945 section 5.3.1). */
static enum tarn__tsig_result take_unsigned(struct tarn__tsig *tsig, const uint8_t *message,
					    size_t len)
{
	if (!tsig->is_later || tsig->unsigned_count == TARN__TSIG_UNSIGNED_MAX)
		return TARN__TSIG_MISSING;
	if (!begin(tsig) || !add(tsig, message, len))
		return TARN__TSIG_FAILED;
	tsig->unsigned_count++;
	return TARN__TSIG_UNSIGNED;
}

/* What can be said of a signature before it is computed. */
static enum tarn__tsig_result look_at(const struct tarn__tsig *tsig,
				      const struct tarn__tsig_record *record,
				      const struct rdata *rdata)
{
	const struct tarn__name *name = &tsig->key->name;
	/* Unsigned, since the other side has no key to sign with (RFC 8945 section 5.3.2). */
	if (rdata->error != 0 && rdata->mac_len == 0)
		return TARN__TSIG_REFUSED;
	if (record->name_len != name->len || memcmp(record->name, name->octets, name->len) != 0 ||
	    rdata->algorithm_len != sizeof(algorithm) ||
	    !tarn__name_is_equal(rdata->algorithm, algorithm, sizeof(algorithm)))
		return TARN__TSIG_BADKEY;
	if (rdata->mac_len < TARN__TSIG_MAC_LEN)
		return TARN__TSIG_BADTRUNC;
	return rdata->mac_len == TARN__TSIG_MAC_LEN ? TARN__TSIG_GOOD : TARN__TSIG_MALFORMED;
}

static bool is_timely(const uint8_t *timers, uint64_t now_s)
{
	uint64_t time_s = read_time(timers), fudge = tarn__get16(timers + TIME_LEN);
	return time_s > now_s ? time_s - now_s <= fudge : now_s - time_s <= fudge;
}

static enum tarn__tsig_result take_signed(struct tarn__tsig *tsig, const uint8_t *message,
					  const struct tarn__tsig_record *record, uint64_t now_s)
{
	struct rdata rdata;
	if (!read_rdata(record, &rdata))
		return TARN__TSIG_MALFORMED;
	enum tarn__tsig_result result = look_at(tsig, record, &rdata);
	if (result != TARN__TSIG_GOOD)
		return result;
	uint16_t additional = (uint16_t)(tarn__get16(message + ARCOUNT_AT) - 1);
	uint8_t mac[TARN__TSIG_MAC_LEN];
	if (!begin(tsig) || !add_message(tsig, message, record->at, rdata.id, additional) ||
	    !add_variables(tsig, rdata.timers, rdata.error, rdata.other, rdata.other_len) ||
	    !end(tsig, mac))
		return TARN__TSIG_FAILED;
	if (!is_equal(mac, rdata.mac))
		return TARN__TSIG_BADSIG;
	if (rdata.error != 0)
		return TARN__TSIG_REFUSED;
	if (!is_timely(rdata.timers, now_s))
		return TARN__TSIG_BADTIME;
	memcpy(tsig->mac, mac, sizeof(mac));
	tsig->has_mac = tsig->is_later = true;
	tsig->unsigned_count = 0;
	return TARN__TSIG_GOOD;
}

enum tarn__tsig_result tarn__tsig_verify(struct tarn__tsig *tsig, const uint8_t *message,
					 size_t len, uint64_t now_s)
{
	struct tarn__tsig_record record;
	int found = tarn__tsig_find(message, len, &record);
	if (found < 0)
		return TARN__TSIG_MALFORMED;
	return found == 0 ? take_unsigned(tsig, message, len)
			  : take_signed(tsig, message, &record, now_s);
}

bool tarn__tsig_is_complete(const struct tarn__tsig *tsig)
{
	return tsig->is_later && tsig->unsigned_count == 0;
}

const char *tarn__tsig_text(enum tarn__tsig_result result)
{
	static const char *const texts[] = {
		[TARN__TSIG_GOOD] = "the signature is good",
		[TARN__TSIG_UNSIGNED] = "a message is not signed",
		[TARN__TSIG_MISSING] = "it is not signed",
		[TARN__TSIG_MALFORMED] = "the signature is malformed",
		[TARN__TSIG_BADKEY] = "it is signed with another key",
		[TARN__TSIG_BADSIG] = "the signature is wrong (BADSIG)",
		[TARN__TSIG_BADTIME] = "it was signed at another time (BADTIME): a clock is wrong",
		[TARN__TSIG_BADTRUNC] = "the signature is cut short (BADTRUNC)",
		[TARN__TSIG_REFUSED] = "the server does not accept the key or its signature",
		[TARN__TSIG_FAILED] = "the signature could not be computed",
	};
	return texts[result];
}
