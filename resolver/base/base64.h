/* SPDX-License-Identifier: BSD-2-Clause */
/* base/base64.h: octets in base 64 (RFC 4648 section 4), which may be read piece by piece. */
#ifndef TARN_BASE_BASE64_H
#define TARN_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes four characters for each three octets or part of them, without a NUL. Returns their end. */
char *tarn__base64_write(const uint8_t *octets, size_t len, char *out);

/* What has been read of a text. All zeros is the start. */
struct tarn__base64 {
	uint32_t bits; /* the last digits of the text, not all of which are in octets */
	unsigned digits,
		padding; /* in the group of four under way; a group with padding is the last */
};

/*
 * Reads the next characters of a text and adds their octets to the *len that are in out, which has room
 * for room of them; out may be where the characters are. Returns false if a character does not belong
 * there or room is exceeded; out may have been written to.
 */
bool tarn__base64_read(struct tarn__base64 *, const char *text, size_t text_len, uint8_t *out,
		       size_t room, size_t *len);

/* Returns true if the text may end here: after a group of four, or before the first one. */
static inline bool tarn__base64_is_whole(const struct tarn__base64 *base64)
{
	return base64->digits == 0 || base64->digits + base64->padding == 4;
}

/*
 * Reads a whole text in the alphabet for URLs, without padding (RFC 4648 section 5). Returns false if it is
 * none, or has more than room octets; out may have been written to.
 */
bool tarn__base64url_read(const char *text, size_t text_len, uint8_t *out, size_t room,
			  size_t *len);

#endif
