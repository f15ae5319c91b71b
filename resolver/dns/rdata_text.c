/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata_text.c: RDATA in presentation format, field by field (dns/type.h). */
#include "dns/rdata_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/base16.h"
#include "dns/name.h"
#include "dns/wire.h"

static char *write_escaped(char *out, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = octets[i];
		if (octet < ' ' || octet > '~') {
			out += sprintf(out, "\\%03u", octet);
			continue;
		}
		if (octet == '"' || octet == '\\')
			*out++ = '\\';
		*out++ = (char)octet;
	}
	return out;
}

static char *write_quoted(char *out, const uint8_t *octets, size_t len)
{
	*out++ = '"';
	out = write_escaped(out, octets, len);
	*out++ = '"';
	return out;
}

/* Writes a character-string. */
static char *write_string(char *out, struct tarn__reader *reader, bool is_quoted)
{
	size_t len = tarn__read8(reader);
	const uint8_t *octets = tarn__read_octets(reader, len);
	if (!octets)
		return out;
	return is_quoted ? write_quoted(out, octets, len) : write_escaped(out, octets, len);
}

static char *write_address(char *out, struct tarn__reader *reader, int family, size_t len)
{
	const uint8_t *octets = tarn__read_octets(reader, len);
	if (octets && inet_ntop(family, octets, out, INET6_ADDRSTRLEN))
		out += strlen(out);
	return out;
}

static char *write_name(char *out, struct tarn__reader *reader)
{
	uint8_t name[TARN__NAME_MAX];
	if (tarn__name_read(reader, name) == 0)
		return out;
	tarn__name_format(name, out);
	return out + strlen(out);
}

static char *write_field(char *out, struct tarn__reader *reader, char field)
{
	size_t left = tarn__reader_left(reader);
	switch (field) {
	case '4':
		return write_address(out, reader, AF_INET, 4);
	case '6':
		return write_address(out, reader, AF_INET6, 16);
	case 'n':
	case 'N':
		return write_name(out, reader);
	case 'b':
		return out + sprintf(out, "%u", tarn__read8(reader));
	case 'h':
		return out + sprintf(out, "%u", tarn__read16(reader));
	case 'w': {
		uint32_t high = tarn__read16(reader);
		return out + sprintf(out, "%u", (unsigned)(high << 16 | tarn__read16(reader)));
	}
	case 'c':
		return write_string(out, reader, false);
	case 's':
		return write_string(out, reader, true);
	case 'S':
		out = write_string(out, reader, true);
		while (tarn__reader_left(reader) > 0) {
			*out++ = ' ';
			out = write_string(out, reader, true);
		}
		return out;
	case 't':
		return write_quoted(out, tarn__read_octets(reader, left), left);
	default:
		return tarn__base16_write(tarn__read_octets(reader, left), left, out);
	}
}

/* Returns the end of the text; NULL: there is no presentation format, or the RDATA is malformed. */
static char *write_fields(char *out, struct tarn__reader *reader, const char *fields)
{
	if (strchr(fields, 'o'))
		return NULL;
	for (const char *field = fields; *field && !reader->failed; field++) {
		if (field > fields)
			*out++ = ' ';
		out = write_field(out, reader, *field);
	}
	return reader->failed || tarn__reader_left(reader) > 0 ? NULL : out;
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
