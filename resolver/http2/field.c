/* SPDX-License-Identifier: BSD-2-Clause */
/* http2/field.c: names and values of fields of headers. */
#include "http2/field.h"

#include <string.h>

bool tarn__http2_is(const char *text, size_t len, const char *literal)
{
	return strlen(literal) == len && memcmp(text, literal, len) == 0;
}

/* Most names differ in their lengths. */
enum tarn__http2_name tarn__http2_name(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum tarn__http2_name id;
	} by_len[] = {
		[3] = {"age", TARN__HTTP2_AGE},
		[5] = {":path", TARN__HTTP2_PATH},
		[11] = {"retry-after", TARN__HTTP2_RETRY_AFTER},
		[12] = {"content-type", TARN__HTTP2_CONTENT_TYPE},
		[14] = {"content-length", TARN__HTTP2_CONTENT_LENGTH},
		[15] = {"x-forwarded-for", TARN__HTTP2_FORWARDED_FOR},
		[16] = {"content-encoding", TARN__HTTP2_CONTENT_ENCODING},
	};
	if (len == 7)
		return memcmp(name, ":status", 7) == 0	 ? TARN__HTTP2_STATUS
		       : memcmp(name, ":method", 7) == 0 ? TARN__HTTP2_METHOD
							 : TARN__HTTP2_OTHER;
	if (len >= sizeof(by_len) / sizeof(by_len[0]) || !by_len[len].name ||
	    memcmp(name, by_len[len].name, len) != 0)
		return TARN__HTTP2_OTHER;
	return by_len[len].id;
}

/* Returns true if the text is the literal, which is in lower case, in any case of letters. */
static bool is_like(const char *text, size_t len, const char *literal)
{
	if (strlen(literal) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
		if (c != literal[i])
			return false;
	}
	return true;
}

size_t tarn__http2_type_len(const char *value, size_t len)
{
	const char *end = memchr(value, ';', len);
	len = end ? (size_t)(end - value) : len;
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	return len;
}

/* RFC 9110 section 8.3.1: types are written in any case. Nearly all are written as RFC 8484 has it. */
bool tarn__http2_is_message(const char *value, size_t len)
{
	static const char type[] = "application/dns-message";
	return tarn__http2_is(value, len, type) ||
	       is_like(value, tarn__http2_type_len(value, len), type);
}

bool tarn__http2_is_encoded(const char *encoding, size_t len)
{
	return len > 0 && !is_like(encoding, len, "identity");
}

bool tarn__http2_read_number(const char *value, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(value[i] - '0');
		if (number > max)
			number = max;
	}
	if (len == 0)
		return false;
	*out = (uint32_t)number;
	return true;
}

char *tarn__http2_write_number(uint32_t number, char *out)
{
	char digits[TARN__HTTP2_NUMBER_MAX];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*out++ = digits[--count];
	return out;
}
