/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_text.h: words and names in a line of a list (dns/namelist_line.h). A text is any octets; it
 * need not end with NUL.
 */
#ifndef TARN_DNS_NAMELIST_TEXT_H
#define TARN_DNS_NAMELIST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

struct tarn__text {
	const char *at, *end;
};

static inline bool tarn__text_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline struct tarn__text tarn__text_trim(struct tarn__text text)
{
	while (text.at < text.end && tarn__text_is_blank(*text.at))
		text.at++;
	while (text.at < text.end && tarn__text_is_blank(text.end[-1]))
		text.end--;
	return text;
}

/* Takes the next word off the text, and the blanks around it. Returns an empty text at the end. */
struct tarn__text tarn__text_next(struct tarn__text *);

/* Both without regard to case. */
bool tarn__text_begins(struct tarn__text, const char *prefix);
bool tarn__text_is(struct tarn__text, const char *word);

/* Copies the text and ends it with NUL. Returns false if it is longer than room - 1, or has a NUL. */
bool tarn__text_copy(struct tarn__text, char *out, size_t room);

/* Returns true for an IPv4 or IPv6 address, and for "0". */
bool tarn__text_is_address(struct tarn__text);

/*
 * Writes a name in wire form and in lower case: labels of letters, digits, hyphens and underscores, with or
 * without a final dot. Returns its octets; 0 if it is not one.
 */
size_t tarn__text_name(struct tarn__text, uint8_t out[TARN__NAME_MAX], unsigned *labels);

/* Returns true if all characters could be a name's: what is wrong with it are its labels. */
bool tarn__text_is_name_like(struct tarn__text);

#endif
