/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http2/field.h: the fields of headers that DNS over HTTP/2 looks at: their names and values (RFC 9110, RFC 9113
 * section 8).
 */
#ifndef TARN_HTTP2_FIELD_H
#define TARN_HTTP2_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tarn__http2_name {
	TARN__HTTP2_OTHER,
	TARN__HTTP2_AGE,
	TARN__HTTP2_CONTENT_ENCODING,
	TARN__HTTP2_CONTENT_LENGTH,
	TARN__HTTP2_CONTENT_TYPE,
	TARN__HTTP2_FORWARDED_FOR,
	TARN__HTTP2_METHOD,
	TARN__HTTP2_PATH,
	TARN__HTTP2_RETRY_AFTER,
	TARN__HTTP2_STATUS,
};

/* In HTTP/2 names are in lower case. */
enum tarn__http2_name tarn__http2_name(const char *name, size_t len);

/* Returns true if the text is a literal, in this case of letters. */
bool tarn__http2_is(const char *text, size_t len, const char *literal);

/* Octets of a media type without its parameters (RFC 9110 section 8.3.1). */
size_t tarn__http2_type_len(const char *value, size_t len);
/* Returns true if a media type, with parameters or without, is that of DNS messages. */
bool tarn__http2_is_message(const char *value, size_t len);
/* Returns true if content is encoded (RFC 9110 section 8.4). */
bool tarn__http2_is_encoded(const char *encoding, size_t len);

/* Reads a number; max, if it is above. Returns false if it is none. */
bool tarn__http2_read_number(const char *value, size_t len, uint32_t max, uint32_t *out);

enum { TARN__HTTP2_NUMBER_MAX = 10 /* digits */ };
/* Writes a number without a NUL. Returns its end. */
char *tarn__http2_write_number(uint32_t number, char *out);

#endif
