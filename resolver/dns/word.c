/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/word.c: the words of a text in presentation format. */
#include "dns/word.h"

#include <string.h>
#include <strings.h>

#include "dns/text.h"

/* Characters that are more than a part of a word. */
enum kind { PLAIN, BLANK, LINE_END, QUOTE, ESCAPE };

static const uint8_t kinds[256] = {
	[' '] = BLANK,	   ['\t'] = BLANK, ['\r'] = BLANK,
	['\n'] = LINE_END, ['"'] = QUOTE,  ['\\'] = ESCAPE,
};

static enum kind kind_of(char c)
{
	return kinds[(uint8_t)c];
}

static bool fail(struct tarn__words *words, const char *fault)
{
	words->fault = fault;
	words->at = words->end;
	return false;
}

/* Moves behind an escape, whose digits, if it has such, are ordinary characters. */
static bool skip_escape(struct tarn__words *words, const char **at)
{
	*at += 1;
	if (*at == words->end || kind_of(**at) == LINE_END)
		return fail(words, "a backslash at the end of the line");
	*at += 1;
	return true;
}

static bool take_quoted(struct tarn__words *words, struct tarn__word *out)
{
	const char *at = words->at + 1;
	out->text = at;
	out->is_quoted = true;
	while (at < words->end && kind_of(*at) != LINE_END) {
		if (kind_of(*at) == QUOTE) {
			out->len = (size_t)(at - out->text);
			words->at = at + 1;
			return true;
		}
		if (kind_of(*at) != ESCAPE)
			at++;
		else if (!skip_escape(words, &at))
			return false;
	}
	return fail(words, "a quote is not closed");
}

static bool take_plain(struct tarn__words *words, struct tarn__word *out)
{
	const char *at = words->at;
	out->text = at;
	out->is_quoted = false;
	for (;;) {
		while (at < words->end && kind_of(*at) == PLAIN)
			at++;
		if (at == words->end || kind_of(*at) != ESCAPE)
			break;
		if (!skip_escape(words, &at))
			return false;
	}
	out->len = (size_t)(at - out->text);
	words->at = at;
	return true;
}

bool tarn__words_next(struct tarn__words *words, struct tarn__word *out)
{
	const char *at = words->at;
	while (at < words->end && (kind_of(*at) == BLANK || kind_of(*at) == LINE_END))
		at++;
	out->is_joined = at == words->at;
	words->at = at;
	if (at == words->end)
		return false;
	return kind_of(*at) == QUOTE ? take_quoted(words, out) : take_plain(words, out);
}

bool tarn__word_is(const struct tarn__word *word, const char *text)
{
	return !word->is_quoted && strlen(text) == word->len &&
	       strncasecmp(word->text, text, word->len) == 0;
}

bool tarn__word_copy(const struct tarn__word *word, char *out, size_t size)
{
	if (word->is_quoted || word->len >= size || memchr(word->text, '\0', word->len))
		return false;
	memcpy(out, word->text, word->len);
	out[word->len] = '\0';
	return true;
}

/* Reads the digits from *at on, of which there has to be one. */
static bool take_number(const struct tarn__word *word, size_t *at, uint32_t max, uint64_t *out)
{
	uint64_t number = 0;
	size_t start = *at;
	for (; *at < word->len && word->text[*at] >= '0' && word->text[*at] <= '9'; ++*at) {
		number = 10 * number + (uint64_t)(word->text[*at] - '0');
		if (number > max)
			return false;
	}
	*out = number;
	return *at > start;
}

bool tarn__word_number(const struct tarn__word *word, uint32_t max, uint32_t *out)
{
	uint64_t number;
	size_t at = 0;
	if (word->is_quoted || !take_number(word, &at, max, &number) || at < word->len)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Returns the seconds of a unit; 0: it is none. */
static uint32_t unit_seconds(char unit)
{
	switch (tarn__fold((uint8_t)unit)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	case 'w':
		return 7 * 24 * 60 * 60;
	}
	return 0;
}

bool tarn__word_duration(const struct tarn__word *word, uint32_t max, uint32_t *out)
{
	if (tarn__word_number(word, max, out))
		return true;
	uint64_t sum = 0, number;
	for (size_t at = 0; at < word->len; at++) {
		/* The unit may only be missing where nothing else stands. */
		if (!take_number(word, &at, max, &number) || at == word->len)
			return false;
		uint32_t unit = unit_seconds(word->text[at]);
		sum += number * unit;
		if (unit == 0 || sum > max)
			return false;
	}
	if (word->is_quoted || word->len == 0)
		return false;
	*out = (uint32_t)sum;
	return true;
}

size_t tarn__word_name(const struct tarn__word *word, const struct tarn__name *origin,
		       uint8_t out[TARN__NAME_MAX])
{
	if (!tarn__word_is(word, "@"))
		return tarn__name_parse_relative(word->text, word->len, origin->octets, origin->len,
						 out);
	memcpy(out, origin->octets, origin->len);
	return origin->len;
}

bool tarn__word_octets(const struct tarn__word *word, uint8_t *out, size_t room, size_t *len)
{
	const char *at = word->text, *end = at + word->len;
	size_t written = 0;
	while (at < end) {
		uint8_t octet = (uint8_t)*at++;
		if (octet == '\\' && !(at = tarn__escape_read(at, end, &octet)))
			return false;
		if (written == room)
			return false;
		out[written++] = octet;
	}
	*len = written;
	return true;
}

bool tarn__word_type(const struct tarn__word *word, uint16_t *out)
{
	char text[TARN__WORD_MAX];
	return tarn__word_copy(word, text, sizeof(text)) && tarn__type_parse(text, out);
}
