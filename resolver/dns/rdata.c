/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata.c: RDATA in master file form, by a table of what stands in it. */
#include "dns/rdata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dns/name.h"
#include "dns/wire.h"

/*
 * Fields in their order: 4 and 6 an address, n a name, b h w a number of one, two or four octets, s a
 * string, c one that is a word, S strings up to the end, t text without a length up to the end, x octets up to the end.
 */
static const struct {
	uint16_t type;
	const char *fields;
} forms[] = {
	{TARN__TYPE_A, "4"},	      {TARN__TYPE_NS, "n"},    {TARN__TYPE_CNAME, "n"},
	{TARN__TYPE_SOA, "nnwwwww"},  {TARN__TYPE_PTR, "n"},   {TARN__TYPE_HINFO, "ss"},
	{TARN__TYPE_MX, "hn"},	      {TARN__TYPE_TXT, "S"},   {TARN__TYPE_RP, "nn"},
	{TARN__TYPE_AFSDB, "hn"},     {TARN__TYPE_AAAA, "6"},  {TARN__TYPE_SRV, "hhhn"},
	{TARN__TYPE_NAPTR, "hhsssn"}, {TARN__TYPE_KX, "hn"},   {TARN__TYPE_DNAME, "n"},
	{TARN__TYPE_DS, "hbbx"},      {44 /* SSHFP */, "bbx"}, {52 /* TLSA */, "bbbx"},
	{99 /* SPF */, "S"},	      {256 /* URI */, "hht"},  {257 /* CAA */, "bct"},
};

static const char *find_fields(uint16_t type)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (forms[i].type == type)
			return forms[i].fields;
	}
	return NULL;
}

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

/* A string with its length before it; quoted or, where it is a word, not. */
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
		return tarn__octets_format(tarn__read_octets(reader, left), left, out);
	}
}

char *tarn__rdata_format(const uint8_t *wire, size_t at, size_t len, uint16_t type,
			 char out[TARN__RDATA_TEXT_MAX])
{
	struct tarn__reader reader = {.wire = wire, .at = at, .end = at + len};
	char *end = out;
	const char *fields = find_fields(type);
	for (const char *field = fields; field && *field && !reader.failed; field++) {
		if (field > fields)
			*end++ = ' ';
		end = write_field(end, &reader, *field);
	}
	*end = '\0';
	if (!fields || reader.failed || tarn__reader_left(&reader) > 0) {
		end = out + sprintf(out, "\\# %zu%s", len, len > 0 ? " " : "");
		*tarn__octets_format(wire + at, len, end) = '\0';
	}
	return out;
}
