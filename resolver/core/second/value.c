/* SPDX-License-Identifier: BSD-2-Clause */
/* core/second/value.c: values and their tags. */
#include "core/second/value.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"
#include "core/second/second_config.h"

enum { VERSION = 1, VERDICT_AT = 1, ARRIVAL_AT = 2, END_AT = 10, EPOCH_AT = 1 };

/* The key's text makes a key of the hash of its own, so that the octets need not be copied behind it. */
static uint64_t tag_of(const struct tarn__second_config *second, const char *key,
		       const uint8_t *octets, size_t len)
{
	uint8_t hash_key[TARN__SIPHASH128_LEN];
	tarn__siphash128(second->tag_hash_key, key, strlen(key), hash_key);
	return tarn__siphash(hash_key, octets, len);
}

/* Writes the tag behind len octets. Returns the octets of both. */
static size_t add_tag(const struct tarn__second_config *second, const char *key, uint8_t *octets,
		      size_t len)
{
	tarn__put64_low_first(octets + len, tag_of(second, key, octets, len));
	return len + TARN__SECOND_TAG_LEN;
}

/* Returns true if the last of the octets are the tag of those before. */
static bool has_tag(const struct tarn__second_config *second, const char *key,
		    const uint8_t *octets, size_t len)
{
	size_t tagged = len - TARN__SECOND_TAG_LEN;
	return tarn__get64_low_first(octets + tagged) == tag_of(second, key, octets, tagged);
}

size_t tarn__second_value_write(const struct tarn__second_config *second, const char *key,
				const struct tarn__saved_times *times, uint8_t verdict,
				size_t message_len, uint8_t out[TARN__SECOND_VALUE_MAX])
{
	out[0] = VERSION;
	out[VERDICT_AT] = verdict;
	tarn__put64_low_first(out + ARRIVAL_AT, times->arrival_ms);
	tarn__put64_low_first(out + END_AT, times->end_ms);
	return add_tag(second, key, out, TARN__SECOND_VALUE_HEAD + message_len);
}

bool tarn__second_value_read(const struct tarn__second_config *second, const char *key,
			     const uint8_t *octets, size_t len, struct tarn__second_value *out)
{
	enum { AROUND = TARN__SECOND_VALUE_HEAD + TARN__SECOND_TAG_LEN };
	if (len < AROUND + TARN__HEADER_LEN || len > AROUND + TARN__MESSAGE_MAX ||
	    octets[0] != VERSION || !has_tag(second, key, octets, len))
		return false;
	*out = (struct tarn__second_value){
		.times = {.arrival_ms = tarn__get64_low_first(octets + ARRIVAL_AT),
			  .end_ms = tarn__get64_low_first(octets + END_AT)},
		.verdict = octets[VERDICT_AT],
		.message = octets + TARN__SECOND_VALUE_HEAD,
		.message_len = len - AROUND,
	};
	return true;
}

void tarn__second_epoch_write(const struct tarn__second_config *second, const char *key,
			      uint64_t epoch, uint8_t out[TARN__SECOND_EPOCH_LEN])
{
	out[0] = VERSION;
	tarn__put64_low_first(out + EPOCH_AT, epoch);
	add_tag(second, key, out, TARN__SECOND_EPOCH_LEN - TARN__SECOND_TAG_LEN);
}

bool tarn__second_epoch_read(const struct tarn__second_config *second, const char *key,
			     const uint8_t *octets, size_t len, uint64_t *epoch)
{
	if (len != TARN__SECOND_EPOCH_LEN || octets[0] != VERSION ||
	    !has_tag(second, key, octets, len))
		return false;
	uint64_t read = tarn__get64_low_first(octets + EPOCH_AT);
	if (read == 0)
		return false;
	*epoch = read;
	return true;
}
