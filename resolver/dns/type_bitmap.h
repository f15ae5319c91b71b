/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/type_bitmap.h: the list of types of NSEC, NSEC3 and CSYNC (RFC 4034 section 4.1.2): windows of 256
 * types, each with its number, the octets of its bitmap, and the bitmap up to its last bit that is set.
 */
#ifndef TARN_DNS_TYPE_BITMAP_H
#define TARN_DNS_TYPE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* of all types; 1 to 32 octets for each of 256 windows */
	TARN__TYPE_BITMAP_MAX = 256 * (2 + 32),
	/* A hostile list of all types would be ten times as long printed; names have a few dozen. */
	TARN__TYPE_BITMAP_TYPES_MAX = 1024,
};

/* Types to be put in a list. All zeros is the empty list. */
struct tarn__type_set {
	uint8_t bits[8192]; /* one for each type, the highest bit of an octet first */
};

static inline void tarn__type_set_add(struct tarn__type_set *set, uint16_t type)
{
	set->bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
}

/* Writes the bitmap. Returns its octets, TARN__TYPE_BITMAP_MAX at most and 0 for the empty list. */
size_t tarn__type_bitmap_write(const struct tarn__type_set *, uint8_t out[TARN__TYPE_BITMAP_MAX]);

/*
 * Returns true if the octets are what is written for a list of TARN__TYPE_BITMAP_TYPES_MAX types at most.
 */
bool tarn__type_bitmap_is_valid(const uint8_t *octets, size_t len);

/*
 * Returns true if the list has the type. The octets may be any; a window with its end outside ends the
 * list.
 */
bool tarn__type_bitmap_has(const uint8_t *octets, size_t len, uint16_t type);

/*
 * Writes the mnemonics of a valid bitmap, with a blank between two, TARN__WORD_MAX characters for each
 * type at most. Returns their end.
 */
char *tarn__type_bitmap_format(const uint8_t *octets, size_t len, char *out);

#endif
