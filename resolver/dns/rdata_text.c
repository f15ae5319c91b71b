/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata_text.c: RDATA in presentation format, field by field (dns/type.h). */
#include "dns/rdata_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "base/base32.h"
#include "base/base64.h"
#include "dns/rdata_field.h"
#include "dns/svc_params.h"
#include "dns/type_bitmap.h"

static char *write_quoted(char *out, const uint8_t *octets, size_t len)
{
	*out++ = '"';
	out = tarn__string_format(octets, len, out);
	*out++ = '"';
	return out;
}

static char *write_strings(char *out, const uint8_t *octets, size_t len)
{
	for (size_t at = 0; at < len; at += 1 + (size_t)octets[at]) {
		if (at > 0)
			*out++ = ' ';
		out = write_quoted(out, octets + at + 1, octets[at]);
	}
	return out;
}

/* RFC 5155 section 3.3: a salt. */
static char *write_salt(char *out, const uint8_t *octets, size_t len)
{
	if (len == 0)
		*out++ = '-';
	return tarn__base16_write(octets, len, out);
}

static char *write_address(char *out, int family, const uint8_t *octets)
{
	return inet_ntop(family, octets, out, INET6_ADDRSTRLEN) ? out + strlen(out) : out;
}

static char *write_number(char *out, uint32_t number)
{
	return out + sprintf(out, "%u", (unsigned)number);
}

static char *write_field(char *out, char letter, const struct tarn__rdata_field *field)
{
	const uint8_t *octets = field->octets;
	size_t len = field->len;
	switch (letter) {
	case '4':
		return write_address(out, AF_INET, octets);
	case '6':
		return write_address(out, AF_INET6, octets);
	case 'n':
	case 'N':
	case 'm':
		return out + strlen(tarn__name_format(octets, out));
	case 'b':
		return write_number(out, *octets);
	case 'h':
		return write_number(out, tarn__get16(octets));
	case 'w':
	case 'd':
		return write_number(out, tarn__get32(octets));
	case 'T':
		return out + strlen(tarn__time_format(tarn__get32(octets), out));
	case 'y':
		return out + strlen(tarn__type_format(tarn__get16(octets), out));
	case 'c':
		return tarn__string_format(octets, len, out);
	case 'S':
		return write_strings(out, octets, len);
	case 's':
	case 't':
		return write_quoted(out, octets, len);
	case 'l':
		return write_salt(out, octets, len);
	case 'v':
		return tarn__base32_write(octets, len, out);
	case 'X':
		return tarn__base64_write(octets, len, out);
	case 'Y':
		return tarn__type_bitmap_format(octets, len, out);
	case 'p':
		return tarn__svc_params_format(octets, len, out);
	}
	return tarn__base16_write(octets, len, out);
}

/* Returns the end of the text; NULL: there is no presentation format, or the RDATA is malformed. */
static char *write_fields(char *out, struct tarn__reader *reader, const char *letters)
{
	if (strchr(letters, 'o'))
		return NULL;
	for (const char *letter = letters; *letter; letter++) {
		struct tarn__rdata_field field;
		if (!tarn__rdata_field_read(reader, *letter, &field))
			return NULL;
		bool is_empty = field.len == 0 && (*letter == 'Y' || *letter == 'p');
		if (letter > letters && !is_empty)
			*out++ = ' ';
		out = write_field(out, *letter, &field);
	}
	return tarn__reader_left(reader) > 0 ? NULL : out;
}

char *tarn__rdata_format(const uint8_t *wire, size_t at, size_t len, uint16_t type,
			 char out[TARN__RDATA_TEXT_MAX])
{
	struct tarn__reader reader = {.wire = wire, .at = at, .end = at + len};
	char *end = write_fields(out, &reader, tarn__type_fields(type));
	if (!end) {
		end = out + sprintf(out, "\\# %zu%s", len, len > 0 ? " " : "");
		end = tarn__base16_write(wire + at, len, end);
	}
	*end = '\0';
	return out;
}
