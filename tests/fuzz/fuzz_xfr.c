/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_xfr.c: any octets are the messages of a transfer, signed or not. What comes out is valid,
 * of the zone and in order. The first octet is the kind, each message comes behind its length in two
 * octets.
 */
#include "fuzz.h"

#include <string.h>

#include "base/octets.h"
#include "dns/rdata_field.h"
#include "dns/tsig.h"
#include "dns/xfr.h"

static const struct tarn__name zone = {13, "\3rpz\7example"};
static struct tarn__xfr xfr;
static bool has_begun, is_whole;

static bool begin(void *arg, bool whole, const struct tarn__zone_record *soa)
{
	struct tarn__soa numbers;
	fuzz_check(arg == &xfr && !has_begun && xfr.kind != TARN__XFR_SOA);
	fuzz_check(whole || xfr.kind == TARN__XFR_IXFR);
	fuzz_check(tarn__soa_read(soa->rdata, soa->rdata_len, &numbers));
	fuzz_check(numbers.serial == xfr.soa.serial && soa->owner_len == zone.len);
	has_begun = true;
	is_whole = whole;
	return true;
}

static void check_record(const struct tarn__zone_record *record)
{
	fuzz_check(has_begun && record->type != TARN__TYPE_SOA && tarn__type_is_data(record->type));
	fuzz_check(record->class == TARN__CLASS_IN && record->ttl <= TARN__ZONE_TTL_MAX);
	fuzz_check(tarn__name_span(record->owner, record->owner_len) == record->owner_len);
	fuzz_check(tarn__name_is_within(record->owner, record->owner_len, zone.octets, zone.len));
	fuzz_check(tarn__rdata_is_valid(record->rdata, record->rdata_len, record->type));
}

static bool add(void *arg, const struct tarn__zone_record *record)
{
	(void)arg;
	check_record(record);
	return true;
}

static bool remove_one(void *arg, const struct tarn__zone_record *record)
{
	(void)arg;
	fuzz_check(!is_whole);
	check_record(record);
	return true;
}

/* A code that anybody can compute: the sum of the octets. */
static void *begin_code(const uint8_t *secret, size_t len)
{
	static uint8_t code[TARN__TSIG_MAC_LEN];
	(void)secret;
	memset(code, (int)len, sizeof(code));
	return code;
}

static bool add_to_code(void *code, const void *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)code)[i % 4] += ((const uint8_t *)octets)[i];
	return true;
}

static bool end_code(void *code, uint8_t mac[TARN__TSIG_MAC_LEN])
{
	memcpy(mac, code, TARN__TSIG_MAC_LEN);
	return true;
}

static void free_code(void *code)
{
	(void)code;
}

/* Signatures are looked at beside the transfer. */
static void verify(struct tarn__tsig *tsig, const uint8_t *message, size_t len)
{
	struct tarn__tsig_record record;
	int found = tarn__tsig_find(message, len, &record);
	enum tarn__tsig_result result = tarn__tsig_verify(tsig, message, len, 1700000000);
	fuzz_check(found >= -1 && found <= 1 && (found < 1 || record.at < len));
	fuzz_check(result != TARN__TSIG_GOOD || found == 1);
	fuzz_check(result != TARN__TSIG_FAILED);
}

static enum tarn__xfr_result feed(const uint8_t *data, size_t len)
{
	static const struct tarn__tsig_hmac hmac = {begin_code, add_to_code, end_code, free_code};
	static const struct tarn__tsig_key key = {{3, "\1k"}, 1, "s"};
	enum tarn__xfr_result result = TARN__XFR_MORE;
	struct tarn__tsig tsig;
	tarn__tsig_init(&tsig, &key, &hmac);
	while (len >= 2 && result == TARN__XFR_MORE) {
		size_t message_len = tarn__get16(data);
		data += 2;
		len -= 2;
		message_len = message_len < len ? message_len : len;
		verify(&tsig, data, message_len);
		result = tarn__xfr_take(&xfr, data, message_len);
		data += message_len;
		len -= message_len;
	}
	tarn__tsig_fini(&tsig);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct tarn__xfr_callbacks callbacks = {begin, add, remove_one};
	if (len == 0)
		return 0;
	has_begun = is_whole = false;
	tarn__xfr_init(&xfr, (enum tarn__xfr_kind)(data[0] % 3), 0x1234, &zone, 7, &callbacks,
		       &xfr);
	enum tarn__xfr_result result = feed(data + 1, len - 1);
	fuzz_check(result != TARN__XFR_STOPPED);
	fuzz_check(result != TARN__XFR_ENDED || has_begun || xfr.kind == TARN__XFR_SOA);
	fuzz_check(result != TARN__XFR_UP_TO_DATE || (xfr.kind == TARN__XFR_IXFR && !has_begun));
	bool has_reason = result == TARN__XFR_FAILED || result == TARN__XFR_FALL_BACK;
	fuzz_check(has_reason == (xfr.reason[0] != '\0'));
	return 0;
}
