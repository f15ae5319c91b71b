/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/word.h: text in presentation format (RFC 1035 section 5.1) word by word, and what a word may stand
 * for. Words end at blanks and line ends, and at quotes: alpn="h2" is two words, of which the second is
 * joined. Comments and parentheses are taken out before (dns/zonefile.h); here they are characters as
 * others. Words are views into the text, in which any octet may stand.
 *
 * The functions return false, or 0, for a word that is not valid, and then leave *out as it is unless
 * stated.
 */
#ifndef TARN_DNS_WORD_H
#define TARN_DNS_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/name.h"

struct tarn__words {
	const char *at, *end;
	const char *fault; /* why no more words can be read; NULL: the text is at its end */
};

struct tarn__word {
	const char *text; /* without its quotes, with its escapes */
	size_t len;
	bool is_quoted;
	bool is_joined; /* no blank is before it */
};

static inline struct tarn__words tarn__words_open(const char *text, size_t len)
{
	return (struct tarn__words){.at = text, .end = text + len};
}

/* Reads the next word. Returns false at the end of the text and at a fault. */
bool tarn__words_next(struct tarn__words *, struct tarn__word *out);

/* Returns true if the word is the text, in any case and without quotes. */
bool tarn__word_is(const struct tarn__word *, const char *text);

/* Copies a word that is not quoted, up to a NUL in out. Returns false if it has a NUL or size characters. */
bool tarn__word_copy(const struct tarn__word *, char *out, size_t size);

/* Reads a number of digits only, max at most. */
bool tarn__word_number(const struct tarn__word *, uint32_t max, uint32_t *out);

/* Reads seconds, max at most: a number, or numbers with the units w, d, h, m and s as in "1h30m". */
bool tarn__word_duration(const struct tarn__word *, uint32_t max, uint32_t *out);

/*
 * Reads a name. One without the final dot ends in the origin, and "@" is the origin (RFC 1035 section
 * 5.1); origin->len is 0 if there is none. Returns its octets.
 */
size_t tarn__word_name(const struct tarn__word *, const struct tarn__name *origin,
		       uint8_t out[TARN__NAME_MAX]);

/*
 * Writes the octets that the word stands for, room at most, and sets *len. Returns false if there are more
 * or an escape is not valid; out may have been written to.
 */
bool tarn__word_octets(const struct tarn__word *, uint8_t *out, size_t room, size_t *len);

/* Reads a type (tarn__type_parse()). Returns false if it is none. */
bool tarn__word_type(const struct tarn__word *, uint16_t *out);

#endif
