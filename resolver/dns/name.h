/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/name.h: domain names in wire form, without compression unless said otherwise: labels of 1 to
 * 63 octets, each after its length, and the root's empty label; 255 octets in all at most.
 *
 * Only ASCII letters fold (RFC 4343). A length octet is below 'A', so that a whole name may be
 * folded and compared without regard to where its labels begin.
 */
#ifndef TARN_DNS_NAME_H
#define TARN_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/wire.h"

enum {
	TARN__LABELS_MAX = 127, /* of one octet each, the root not counted */
	TARN__POINTER = 0xc000, /* RFC 1035 section 4.1.4 */
	TARN__POINTER_MAX = 0x3fff,
};

static inline uint8_t tarn__fold(uint8_t octet)
{
	return octet | (uint8_t)((uint8_t)(octet - 'A') < 26) << 5;
}

/* Octets of the name that starts a buffer of room octets; 0: none does, or it is compressed. */
size_t tarn__name_span(const uint8_t *wire, size_t room);

/*
 * Reads a name that may be compressed, writes it out in full and returns its length; 0 when it is
 * malformed, and the reader has failed. A pointer leads behind the header and before the labels
 * that it ends; at most TARN__LABELS_MAX are followed.
 */
size_t tarn__name_read(struct tarn__reader *, uint8_t out[TARN__NAME_MAX]);

/* Copies with letters in lower case. out may be name. */
void tarn__name_fold(uint8_t *out, const uint8_t *name, size_t len);

/* Of two names or halves of names of one length. */
bool tarn__name_is_equal(const uint8_t *, const uint8_t *, size_t len);

/* Is the first name the second or above it? */
bool tarn__name_is_within(const uint8_t *name, size_t len, const uint8_t *apex, size_t apex_len);

/*
 * The same for every spelling. It runs from the name's end to its start: the hash of a suffix is a
 * step on the way to the hash of the whole.
 */
enum { TARN__NAME_HASH_START = 0x811c9dc5 };

static inline uint32_t tarn__name_hash_step(uint32_t hash, uint8_t octet)
{
	return (hash ^ tarn__fold(octet)) * 0x01000193;
}

uint32_t tarn__name_hash(const uint8_t *name, size_t len);

#endif
