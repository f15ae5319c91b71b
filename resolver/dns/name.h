/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/name.h: domain names in wire form, not compressed unless stated: labels of 1 to 63 octets, each
 * after its length, and the empty label of the root; 255 octets in all at most.
 *
 * Only ASCII letters have case (RFC 4343). A length octet is below 'A', so that a name is folded and compared
 * as a whole, without regard to its labels.
 */
#ifndef TARN_DNS_NAME_H
#define TARN_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/wire.h"

enum {
	TARN__LABELS_MAX = 127, /* of one octet each, the root not counted */
	TARN__POINTER = 0xc000, /* RFC 1035 section 4.1.4 */
	TARN__POINTER_MAX = 0x3fff,
};

struct tarn__name {
	size_t len;
	uint8_t octets[TARN__NAME_MAX];
};

static inline uint8_t tarn__fold(uint8_t octet)
{
	return octet | (uint8_t)((uint8_t)(octet - 'A') < 26) << 5;
}

/*
 * Returns the octets of the name at the start of a buffer of room octets; 0 if it does not end within
 * them, is compressed, or is malformed.
 */
size_t tarn__name_span(const uint8_t *wire, size_t room);

/*
 * Reads a name that may be compressed and writes it without compression. Returns its octets; 0 if it is
 * malformed, and then the reader has failed. A pointer has to lead behind the header, and before the labels
 * that it ends; at most TARN__LABELS_MAX pointers are followed.
 */
size_t tarn__name_read(struct tarn__reader *, uint8_t out[TARN__NAME_MAX]);

/* Copies a name, or part of one, in lower case. out may be name. */
void tarn__name_fold(uint8_t *out, const uint8_t *name, size_t len);

/* Returns true if a name, or part of one, is in lower case. */
bool tarn__name_is_folded(const uint8_t *name, size_t len);

/* Returns true if two names, or parts of names, of len octets are equal but for case. */
bool tarn__name_is_equal(const uint8_t *, const uint8_t *, size_t len);

/* Returns true if the name is at or below the apex. */
bool tarn__name_is_within(const uint8_t *name, size_t len, const uint8_t *apex, size_t apex_len);

/*
 * A hash of a name without regard to case. It is computed from the end of the name to its start: the
 * hashes of all suffixes are steps of it.
 */
enum { TARN__NAME_HASH_START = 0x811c9dc5 };

static inline uint32_t tarn__name_hash_step(uint32_t hash, uint8_t octet)
{
	return (hash ^ tarn__fold(octet)) * 0x01000193;
}

uint32_t tarn__name_hash(const uint8_t *name, size_t len);

/* Returns the number of labels before the root. */
unsigned tarn__name_labels(const uint8_t *name);

#endif
