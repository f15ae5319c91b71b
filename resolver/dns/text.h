/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/text.h: names, types, classes and rcodes in presentation format (RFC 1035 section 5.1, RFC 3597
 * section 5). A number without a mnemonic is TYPE65280, CLASS32 or RCODE12.
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

#endif
