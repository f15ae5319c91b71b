/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/rdata_parse.c: RDATA from presentation format. */
#include "dns/rdata_parse.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/base16.h"
#include "base/base32.h"
#include "base/base64.h"
#include "dns/svc_params.h"
#include "dns/text.h"
#include "dns/type_bitmap.h"

/* An RDATA being written. */
struct parse {
	struct tarn__words *words;
	const struct tarn__name *origin;
	uint8_t *out;
	size_t len;
	const char *fault; /* NULL: there is none so far */
};

static const char no_room[] = "longer than RDATA can be";

/* Keeps the first reason. */
static bool fail(struct parse *parse, const char *fault)
{
	if (!parse->fault)
		parse->fault = fault;
	return false;
}

/* Returns false if there are no more words. */
static bool next_word(struct parse *parse, struct tarn__word *out)
{
	if (tarn__words_next(parse->words, out))
		return true;
	if (parse->words->fault)
		fail(parse, parse->words->fault);
	return false;
}

/* The same where there has to be one. */
static bool take_word(struct parse *parse, struct tarn__word *out)
{
	return next_word(parse, out) || fail(parse, "a field is missing");
}

/* Returns where the next len octets go, NULL if there is no room for them. */
static uint8_t *reserve(struct parse *parse, size_t len)
{
	if (len > TARN__RDATA_MAX - parse->len) {
		fail(parse, no_room);
		return NULL;
	}
	uint8_t *octets = parse->out + parse->len;
	parse->len += len;
	return octets;
}

static bool put_octets(struct parse *parse, const uint8_t *octets, size_t len)
{
	uint8_t *out = reserve(parse, len);
	if (out)
		memcpy(out, octets, len);
	return out;
}

static bool put_number(struct parse *parse, uint32_t number, size_t len)
{
	uint8_t octets[4];
	tarn__put32(octets, number);
	return put_octets(parse, octets + sizeof(octets) - len, len);
}

/* ---- fields of one word ----------------------------------------------------------------- */

static bool parse_address(struct parse *parse, int family, size_t len)
{
	struct tarn__word word;
	char text[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_copy(&word, text, sizeof(text)) || inet_pton(family, text, octets) != 1)
		return fail(parse,
			    family == AF_INET ? "not an IPv4 address" : "not an IPv6 address");
	return put_octets(parse, octets, len);
}

static bool parse_number(struct parse *parse, size_t len)
{
	struct tarn__word word;
	uint32_t number;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_number(&word, UINT32_MAX >> (32 - 8 * len), &number))
		return fail(parse, "not a number, or one too large");
	return put_number(parse, number, len);
}

static bool parse_duration(struct parse *parse)
{
	struct tarn__word word;
	uint32_t seconds;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_duration(&word, UINT32_MAX, &seconds))
		return fail(parse, "not a number of seconds");
	return put_number(parse, seconds, 4);
}

static bool parse_time(struct parse *parse)
{
	struct tarn__word word;
	char text[TARN__TIME_TEXT_MAX];
	uint32_t time;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_copy(&word, text, sizeof(text)) || !tarn__time_parse(text, &time))
		return fail(parse, "not a time");
	return put_number(parse, time, 4);
}

static bool parse_type(struct parse *parse)
{
	struct tarn__word word;
	uint16_t type;
	if (!take_word(parse, &word))
		return false;
	return tarn__word_type(&word, &type) ? put_number(parse, type, 2)
					     : fail(parse, "not a type");
}

static bool parse_name(struct parse *parse)
{
	struct tarn__word word;
	uint8_t name[TARN__NAME_MAX];
	if (!take_word(parse, &word))
		return false;
	size_t len = tarn__word_name(&word, parse->origin, name);
	return len > 0 ? put_octets(parse, name, len) : fail(parse, "not a name");
}

/* A string of 255 octets at most behind its length. */
static bool put_string(struct parse *parse, const struct tarn__word *word)
{
	uint8_t octets[1 + UINT8_MAX];
	size_t len;
	if (!tarn__word_octets(word, octets + 1, UINT8_MAX, &len))
		return fail(parse, "not a string of 255 octets at most");
	octets[0] = (uint8_t)len;
	return put_octets(parse, octets, 1 + len);
}

static bool parse_string(struct parse *parse)
{
	struct tarn__word word;
	return take_word(parse, &word) && put_string(parse, &word);
}

/* RFC 8659 section 4.1: letters and digits, not none. */
static bool parse_tag(struct parse *parse)
{
	struct tarn__word word;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__is_alphanumeric((const uint8_t *)word.text, word.len))
		return fail(parse, "not a word of letters and digits");
	return put_string(parse, &word);
}

static bool parse_salt(struct parse *parse)
{
	struct tarn__word word;
	char text[2 * UINT8_MAX + 1];
	uint8_t octets[1 + UINT8_MAX];
	if (!take_word(parse, &word))
		return false;
	if (tarn__word_is(&word, "-"))
		return put_number(parse, 0, 1);
	size_t len = 0;
	if (tarn__word_copy(&word, text, sizeof(text))) {
		tarn__name_fold((uint8_t *)text, (uint8_t *)text, word.len);
		len = tarn__base16_read(text, octets + 1, UINT8_MAX);
	}
	octets[0] = (uint8_t)len;
	return len > 0 ? put_octets(parse, octets, 1 + len) : fail(parse, "not in base 16");
}

static bool parse_base32(struct parse *parse)
{
	struct tarn__word word;
	uint8_t octets[1 + UINT8_MAX];
	if (!take_word(parse, &word))
		return false;
	size_t len = tarn__base32_read(word.text, word.len, octets + 1, UINT8_MAX);
	octets[0] = (uint8_t)len;
	return len > 0 ? put_octets(parse, octets, 1 + len) : fail(parse, "not in base 32");
}

/* ---- fields up to the end --------------------------------------------------------------- */

static bool parse_strings(struct parse *parse)
{
	struct tarn__word word;
	if (!parse_string(parse))
		return false;
	while (next_word(parse, &word)) {
		if (!put_string(parse, &word))
			return false;
	}
	return !parse->fault;
}

static bool parse_text(struct parse *parse)
{
	struct tarn__word word;
	size_t len, room = TARN__RDATA_MAX - parse->len;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_octets(&word, parse->out + parse->len, room, &len))
		return fail(parse, "not a string, or one too long");
	parse->len += len;
	return true;
}

/* The digits may be in several words, an octet's two as well. */
static bool parse_base16(struct parse *parse)
{
	struct tarn__word word;
	size_t digits = 0;
	uint8_t *octet = NULL;
	while (next_word(parse, &word)) {
		for (size_t i = 0; i < word.len; i++, digits++) {
			int digit = tarn__base16_digit((char)tarn__fold((uint8_t)word.text[i]));
			if (digit < 0 || word.is_quoted)
				return fail(parse, "not in base 16");
			if (digits % 2 > 0)
				*octet |= (uint8_t)digit;
			else if ((octet = reserve(parse, 1)))
				*octet = (uint8_t)(digit << 4);
			else
				return false;
		}
	}
	return digits % 2 > 0 ? fail(parse, "half an octet in base 16") : !parse->fault;
}

static bool parse_base64(struct parse *parse)
{
	struct tarn__word word;
	struct tarn__base64 base64 = {0};
	while (next_word(parse, &word)) {
		if (word.is_quoted || !tarn__base64_read(&base64, word.text, word.len, parse->out,
							 TARN__RDATA_MAX, &parse->len))
			return fail(parse, "not in base 64, or too long");
	}
	return tarn__base64_is_whole(&base64) ? !parse->fault : fail(parse, "not in base 64");
}

/* Octets in base 16 or 64, at least one. */
static bool parse_octets(struct parse *parse, bool (*parse_base)(struct parse *))
{
	size_t start = parse->len;
	return parse_base(parse) && (parse->len > start || fail(parse, "a field is missing"));
}

static bool parse_types(struct parse *parse)
{
	struct tarn__type_set set = {0};
	struct tarn__word word;
	uint16_t type;
	uint8_t bitmap[TARN__TYPE_BITMAP_MAX];
	while (next_word(parse, &word)) {
		if (!tarn__word_type(&word, &type))
			return fail(parse, "not a type");
		tarn__type_set_add(&set, type);
	}
	return !parse->fault && put_octets(parse, bitmap, tarn__type_bitmap_write(&set, bitmap));
}

static bool parse_params(struct parse *parse)
{
	size_t len = 0;
	const char *fault = tarn__svc_params_parse(parse->words, parse->out + parse->len,
						   TARN__RDATA_MAX - parse->len, &len);
	parse->len += len;
	return fault ? fail(parse, fault) : true;
}

/* ---- all fields ------------------------------------------------------------------------- */

static bool parse_field(struct parse *parse, char letter)
{
	switch (letter) {
	case '4':
		return parse_address(parse, AF_INET, 4);
	case '6':
		return parse_address(parse, AF_INET6, 16);
	case 'n':
	case 'N':
	case 'm':
		return parse_name(parse);
	case 'b':
		return parse_number(parse, 1);
	case 'h':
		return parse_number(parse, 2);
	case 'w':
		return parse_number(parse, 4);
	case 'd':
		return parse_duration(parse);
	case 'T':
		return parse_time(parse);
	case 'y':
		return parse_type(parse);
	case 's':
		return parse_string(parse);
	case 'c':
		return parse_tag(parse);
	case 'l':
		return parse_salt(parse);
	case 'v':
		return parse_base32(parse);
	case 'S':
		return parse_strings(parse);
	case 't':
		return parse_text(parse);
	case 'x':
		return parse_octets(parse, parse_base16);
	case 'X':
		return parse_octets(parse, parse_base64);
	case 'Y':
		return parse_types(parse);
	case 'p':
		return parse_params(parse);
	}
	return fail(parse, "to be written as \\# LENGTH OCTETS");
}

/* RFC 3597 section 5: what is behind "\#". */
static bool parse_generic(struct parse *parse)
{
	struct tarn__word word;
	uint32_t len;
	if (!take_word(parse, &word))
		return false;
	if (!tarn__word_number(&word, TARN__RDATA_MAX, &len))
		return fail(parse, "not a length");
	return parse_base16(parse) &&
	       (parse->len == len || fail(parse, "not as many octets as the length says"));
}

static bool is_generic(const struct tarn__words *words)
{
	struct tarn__words ahead = *words;
	struct tarn__word word;
	return tarn__words_next(&ahead, &word) && tarn__word_is(&word, "\\#");
}

const char *tarn__rdata_parse(struct tarn__words *words, uint16_t type,
			      const struct tarn__name *origin, uint8_t out[TARN__RDATA_MAX],
			      size_t *len)
{
	struct parse parse = {.words = words, .origin = origin, .out = out};
	struct tarn__word word;
	if (is_generic(words)) {
		tarn__words_next(words, &word);
		parse_generic(&parse);
	} else {
		const char *letter = tarn__type_fields(type);
		while (*letter && parse_field(&parse, *letter))
			letter++;
	}
	if (!parse.fault && next_word(&parse, &word))
		fail(&parse, "more than the type has");
	if (!parse.fault)
		*len = parse.len;
	return parse.fault;
}
