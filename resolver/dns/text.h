/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/text.h: names, types, classes, rcodes, strings and times in presentation format (RFC 1035 section
 * 5.1, RFC 3597 section 5). A number without a mnemonic is TYPE65280, CLASS32 or RCODE12.
 *
 * The format functions return out. The parse functions take any case; they return false, or 0, for text
 * that is not valid, and then leave *out as it is.
 */
#ifndef TARN_DNS_TEXT_H
#define TARN_DNS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

enum {
	TARN__WORD_MAX = 16, /* "NSEC3PARAM", "RCODE65535", and NUL */
	TARN__NAME_TEXT_MAX = 4 * TARN__NAME_MAX, /* four characters an octet, NUL for the root */
	TARN__TIME_TEXT_MAX = 15, /* "20380119031407" and NUL */
};

char *tarn__type_format(uint16_t type, char out[TARN__WORD_MAX]);
char *tarn__class_format(uint16_t class, char out[TARN__WORD_MAX]);
char *tarn__rcode_format(uint16_t rcode, char out[TARN__WORD_MAX]);

bool tarn__type_parse(const char *text, uint16_t *out);
bool tarn__class_parse(const char *text, uint16_t *out);
bool tarn__rcode_parse(const char *text, uint16_t *out);

/*
 * Writes a name: "www.example.com.", "." for the root; a dot within a label as "\.", octets that are not
 * graphic ASCII as "\DDD", so that the text cannot end a line or control a terminal.
 */
char *tarn__name_format(const uint8_t *name, char out[TARN__NAME_TEXT_MAX]);

/* Reads a name, with or without the final dot. Returns its octets; 0: it is not valid. */
size_t tarn__name_parse(const char *text, uint8_t out[TARN__NAME_MAX]);

/*
 * Reads a name of text_len characters. Without the final dot it ends in the origin; origin_len is 0 if
 * there is none, and then such a name is not valid.
 */
size_t tarn__name_parse_relative(const char *text, size_t text_len, const uint8_t *origin,
				 size_t origin_len, uint8_t out[TARN__NAME_MAX]);

/*
 * Reads what follows a backslash: three digits or any character. Returns its end; NULL: it is not valid.
 */
const char *tarn__escape_read(const char *text, const char *end, uint8_t *out);

/*
 * Writes the octets of a string, without quotes, in graphic ASCII and blanks: quotes and backslashes
 * behind a backslash, other octets as "\DDD". Four characters an octet at most; no NUL. Returns their end.
 */
char *tarn__string_format(const uint8_t *octets, size_t len, char *out);

/* Returns true if the octets are ASCII letters and digits, at least one. */
bool tarn__is_alphanumeric(const uint8_t *octets, size_t len);

/*
 * A time is the seconds since 1970 in UTC, as YYYYMMDDHHmmSS (RFC 4034 section 3.2); the number itself, of
 * ten digits at most, is parsed too.
 */
char *tarn__time_format(uint32_t time, char out[TARN__TIME_TEXT_MAX]);
bool tarn__time_parse(const char *text, uint32_t *out);

#endif
