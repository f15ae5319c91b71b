/* SPDX-License-Identifier: BSD-2-Clause */
/* dnssec/trust.c: reading and writing what is known of a name. */
#include "dnssec/trust.h"

#include <string.h>

#include "base/octets.h"
#include "dnssec/limits.h"

enum {
	KEYS_FIXED_LEN = 6, /* kind, until and the number of tags */
	KEY_FIXED_LEN = 5, /* algorithm, tag and length */
	REASON_FIXED_LEN = 3, /* kind and code */
};

static bool read_keys(const uint8_t *octets, size_t len, struct tarn__trust *out)
{
	if (len < KEYS_FIXED_LEN)
		return false;
	out->until = tarn__get32(octets + 1);
	out->ds_count = octets[5];
	if (len < KEYS_FIXED_LEN + 2 * out->ds_count)
		return false;
	out->ds_tags = octets + KEYS_FIXED_LEN;
	out->keys = out->ds_tags + 2 * out->ds_count;

	const uint8_t *at = out->keys;
	struct tarn__trust_key key;
	unsigned count = 0;
	while (tarn__trust_next_key(out, &at, &key))
		count++;
	return at == out->end && count <= TARN__TRUST_KEYS_MAX;
}

static bool read_reason(const uint8_t *octets, size_t len, struct tarn__trust *out)
{
	if (len < REASON_FIXED_LEN || len > REASON_FIXED_LEN + TARN__REASON_TEXT_MAX)
		return false;
	out->reason_code = tarn__get16(octets + 1);
	out->reason = (const char *)octets + REASON_FIXED_LEN;
	out->reason_len = len - REASON_FIXED_LEN;
	return true;
}

bool tarn__trust_read(const uint8_t *octets, size_t len, struct tarn__trust *out)
{
	if (len == 0 || len > TARN__TRUST_MAX)
		return false;
	struct tarn__trust trust = {.keys = octets + len, .end = octets + len};
	bool is_good = false;
	switch (octets[0]) {
	case TARN__TRUST_KEYS:
		is_good = read_keys(octets, len, &trust);
		break;
	case TARN__TRUST_INSECURE:
	case TARN__TRUST_BOGUS:
		is_good = read_reason(octets, len, &trust);
		break;
	case TARN__TRUST_NO_CUT:
		is_good = len == 1;
		break;
	}
	if (!is_good)
		return false;
	trust.kind = (enum tarn__trust_kind)octets[0];
	*out = trust;
	return true;
}

bool tarn__trust_next_key(const struct tarn__trust *trust, const uint8_t **at,
			  struct tarn__trust_key *out)
{
	const uint8_t *from = *at;
	size_t left = (size_t)(trust->end - from);
	if (left < KEY_FIXED_LEN || left - KEY_FIXED_LEN < tarn__get16(from + 3))
		return false;
	*out = (struct tarn__trust_key){
		.algorithm = from[0],
		.tag = tarn__get16(from + 1),
		.key = from + KEY_FIXED_LEN,
		.key_len = tarn__get16(from + 3),
	};
	*at = out->key + out->key_len;
	return true;
}

size_t tarn__trust_write_kind(enum tarn__trust_kind kind, const struct tarn__reason *reason,
			      uint8_t *out)
{
	out[0] = (uint8_t)kind;
	if (kind != TARN__TRUST_INSECURE && kind != TARN__TRUST_BOGUS)
		return 1;
	size_t text_len = strlen(reason->text);
	tarn__put16(out + 1, reason->code);
	memcpy(out + REASON_FIXED_LEN, reason->text, text_len);
	return REASON_FIXED_LEN + text_len;
}

void tarn__trust_begin_keys(struct tarn__trust_writer *writer, uint8_t *out, uint32_t until,
			    const uint16_t *ds_tags, unsigned ds_count)
{
	if (ds_count > UINT8_MAX)
		ds_count = UINT8_MAX;
	out[0] = TARN__TRUST_KEYS;
	tarn__put32(out + 1, until);
	out[5] = (uint8_t)ds_count;
	for (unsigned i = 0; i < ds_count; i++)
		tarn__put16(out + KEYS_FIXED_LEN + 2 * i, ds_tags[i]);
	*writer = (struct tarn__trust_writer){.out = out, .len = KEYS_FIXED_LEN + 2 * ds_count};
}

void tarn__trust_add_key(struct tarn__trust_writer *writer, const struct tarn__trust_key *key)
{
	size_t len = KEY_FIXED_LEN + (size_t)key->key_len;
	if (writer->key_count == TARN__TRUST_KEYS_MAX || len > TARN__TRUST_MAX - writer->len)
		return;
	uint8_t *out = writer->out + writer->len;
	out[0] = key->algorithm;
	tarn__put16(out + 1, key->tag);
	tarn__put16(out + 3, key->key_len);
	memcpy(out + KEY_FIXED_LEN, key->key, key->key_len);
	writer->len += len;
	writer->key_count++;
}

size_t tarn__trust_end_keys(const struct tarn__trust_writer *writer)
{
	return writer->len;
}
