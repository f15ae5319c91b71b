/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/text.h: names, types, classes and rcodes as people write them (RFC 1035 section 5.1, RFC 3597
 * section 5), for logs, tools and tests. What has no name of its own is TYPE65280, CLASS32,
 * RCODE12.
 *
 * format returns out. parse takes any case and returns false, or 0, for what it does not know; then
 * *out is untouched.
 */
#ifndef TARN_DNS_TEXT_H
#define TARN_DNS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

enum {
	TARN__WORD_MAX = 16, /* "NSEC3PARAM", "RCODE65535", and NUL */
	TARN__NAME_TEXT_MAX = 4 * TARN__NAME_MAX, /* each octet "\255", and NUL for the root */
};

char *tarn__type_format(uint16_t type, char out[TARN__WORD_MAX]);
char *tarn__class_format(uint16_t class, char out[TARN__WORD_MAX]);
char *tarn__rcode_format(uint16_t rcode, char out[TARN__WORD_MAX]);

bool tarn__type_parse(const char *text, uint16_t *out);
bool tarn__class_parse(const char *text, uint16_t *out);
bool tarn__rcode_parse(const char *text, uint16_t *out);

/*
 * "www.example.com.", "." for the root; a dot within a label is "\.", octets that are no graphic
 * ASCII are "\DDD": nothing in it can end a line or change a terminal. name is not compressed.
 */
char *tarn__name_format(const uint8_t *name, char out[TARN__NAME_TEXT_MAX]);

/* The dot at the end may be left out. Returns the octets of the name; 0: it is no name. */
size_t tarn__name_parse(const char *text, uint8_t out[TARN__NAME_MAX]);

/* In base 16: two letters for each octet, and no NUL. Returns their end. */
char *tarn__octets_format(const uint8_t *octets, size_t len, char *out);

#endif
