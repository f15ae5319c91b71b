/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/name.c: reading, folding and comparing domain names. */

#include "dns/name.h"

#include <string.h>

size_t tarn__name_span(const uint8_t *wire, size_t room)
{
	if (room > TARN__NAME_MAX)
		room = TARN__NAME_MAX;
	for (size_t at = 0; at < room; at += 1 + wire[at]) {
		if (wire[at] == 0)
			return at + 1;
		/* RFC 1035 section 4.1.4: 11 is a pointer; 01 and 10 were never put to use. */
		if (wire[at] > TARN__LABEL_MAX)
			return 0;
	}
	return 0;
}

size_t tarn__name_read(struct tarn__reader *reader, uint8_t out[TARN__NAME_MAX])
{
	const uint8_t *wire = reader->wire;
	size_t at = reader->at, after = 0;
	size_t run = at; /* where the labels being read began: they are copied at once */
	size_t len = 0;

	for (unsigned pointers = 0; at < reader->end;) {
		size_t label = wire[at];
		if (label > TARN__LABEL_MAX) {
			if (label < TARN__POINTER >> 8 || at + 2 > reader->end)
				break;
			size_t target = tarn__get16(wire + at) & TARN__POINTER_MAX;
			/* The limit bounds the time that pointers to pointers take. */
			if (target < TARN__HEADER_LEN || target >= run ||
			    ++pointers > TARN__LABELS_MAX)
				break;
			if (!after)
				after = at + 2;
			memcpy(out + len, wire + run, at - run);
			len += at - run;
			at = run = target;
			continue;
		}
		if (label >= reader->end - at || label >= TARN__NAME_MAX - len - (at - run))
			break;
		at += 1 + label;
		if (label == 0) {
			memcpy(out + len, wire + run, at - run);
			reader->at = after ? after : at;
			return len + (at - run);
		}
	}
	tarn__reader_fail(reader);
	return 0;
}

/* Folds eight octets at once: is_upper has the top bit of each that is in 'A' to 'Z'. */
static uint64_t fold_word(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = word & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t after_z = low + (0x7f - 'Z') * ones;
	uint64_t is_upper = (from_a ^ after_z) & ~word & 0x80 * ones;
	return word | is_upper >> 2;
}

static uint64_t load_folded(const uint8_t *octets)
{
	uint64_t word;
	memcpy(&word, octets, sizeof(word));
	return fold_word(word);
}

void tarn__name_fold(uint8_t *out, const uint8_t *name, size_t len)
{
	uint64_t word;
	if (len < sizeof(word)) {
		for (size_t i = 0; i < len; i++)
			out[i] = tarn__fold(name[i]);
		return;
	}
	/* The last word may overlap the one before it: folding twice changes nothing. */
	for (size_t i = 0; i < len - sizeof(word); i += sizeof(word)) {
		word = load_folded(name + i);
		memcpy(out + i, &word, sizeof(word));
	}
	word = load_folded(name + len - sizeof(word));
	memcpy(out + len - sizeof(word), &word, sizeof(word));
}

bool tarn__name_is_folded(const uint8_t *name, size_t len)
{
	uint64_t word;
	size_t i = 0;
	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, name + i, sizeof(word));
		if (fold_word(word) != word)
			return false;
	}
	for (; i < len; i++) {
		if (name[i] != tarn__fold(name[i]))
			return false;
	}
	return true;
}

bool tarn__name_is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	const size_t step = sizeof(uint64_t);
	if (len < step) {
		for (size_t i = 0; i < len; i++) {
			if (tarn__fold(a[i]) != tarn__fold(b[i]))
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < len - step; i += step) {
		if (load_folded(a + i) != load_folded(b + i))
			return false;
	}
	return load_folded(a + len - step) == load_folded(b + len - step);
}

bool tarn__name_is_within(const uint8_t *name, size_t len, const uint8_t *apex, size_t apex_len)
{
	if (apex_len > len)
		return false;
	size_t at = 0;
	while (at < len - apex_len)
		at += 1 + name[at];
	return at == len - apex_len && tarn__name_is_equal(name + at, apex, apex_len);
}

uint32_t tarn__name_hash(const uint8_t *name, size_t len)
{
	uint32_t hash = TARN__NAME_HASH_START;
	while (len > 0)
		hash = tarn__name_hash_step(hash, name[--len]);
	return hash;
}

unsigned tarn__name_labels(const uint8_t *name)
{
	unsigned count = 0;
	for (; *name != 0; name += 1 + *name)
		count++;
	return count;
}
