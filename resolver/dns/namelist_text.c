/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_text.c: words and names in a line of a list. */
#include "dns/namelist_text.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

struct tarn__text tarn__text_next(struct tarn__text *line)
{
	*line = tarn__text_trim(*line);
	struct tarn__text word = {line->at, line->at};
	while (word.end < line->end && !tarn__text_is_blank(*word.end))
		word.end++;
	line->at = word.end;
	*line = tarn__text_trim(*line);
	return word;
}

bool tarn__text_begins(struct tarn__text line, const char *prefix)
{
	size_t len = strlen(prefix);
	return (size_t)(line.end - line.at) >= len && strncasecmp(line.at, prefix, len) == 0;
}

bool tarn__text_is(struct tarn__text line, const char *word)
{
	return (size_t)(line.end - line.at) == strlen(word) && tarn__text_begins(line, word);
}

bool tarn__text_copy(struct tarn__text line, char *out, size_t room)
{
	size_t len = (size_t)(line.end - line.at);
	if (len >= room || memchr(line.at, '\0', len))
		return false;
	memcpy(out, line.at, len);
	out[len] = '\0';
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool tarn__text_is_address(struct tarn__text word)
{
	char buffer[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	size_t len = (size_t)(word.end - word.at);
	if (len == 0 || len >= sizeof buffer)
		return false;
	/* An IPv4 address ends with a digit; names seldom do. */
	bool may_be_ipv4 = is_digit(word.at[0]) && is_digit(word.end[-1]);
	if (!may_be_ipv4 && !memchr(word.at, ':', len))
		return false;
	if (!tarn__text_copy(word, buffer, sizeof buffer))
		return false;
	return strcmp(buffer, "0") == 0 || inet_pton(AF_INET, buffer, octets) == 1 ||
	       inet_pton(AF_INET6, buffer, octets) == 1;
}

#define SAME(c) [c] = c
#define LETTER(lower, upper) [lower] = lower, [upper] = lower

/* The characters of names, in lower case; 0: none. */
static const uint8_t folded[256] = {
	SAME('-'),	  SAME('_'),	    SAME('0'),	      SAME('1'),	SAME('2'),
	SAME('3'),	  SAME('4'),	    SAME('5'),	      SAME('6'),	SAME('7'),
	SAME('8'),	  SAME('9'),	    LETTER('a', 'A'), LETTER('b', 'B'), LETTER('c', 'C'),
	LETTER('d', 'D'), LETTER('e', 'E'), LETTER('f', 'F'), LETTER('g', 'G'), LETTER('h', 'H'),
	LETTER('i', 'I'), LETTER('j', 'J'), LETTER('k', 'K'), LETTER('l', 'L'), LETTER('m', 'M'),
	LETTER('n', 'N'), LETTER('o', 'O'), LETTER('p', 'P'), LETTER('q', 'Q'), LETTER('r', 'R'),
	LETTER('s', 'S'), LETTER('t', 'T'), LETTER('u', 'U'), LETTER('v', 'V'), LETTER('w', 'W'),
	LETTER('x', 'X'), LETTER('y', 'Y'), LETTER('z', 'Z'),
};

static bool end_label(uint8_t *out, size_t label, size_t at)
{
	size_t len = at - label - 1;
	out[label] = (uint8_t)len;
	return len >= 1 && len <= TARN__LABEL_MAX;
}

size_t tarn__text_name(struct tarn__text word, uint8_t out[TARN__NAME_MAX], unsigned *labels)
{
	size_t label = 0, at = 1;
	if (word.end > word.at && word.end[-1] == '.')
		word.end--;
	/* The name has two octets more. */
	if (word.end == word.at || word.end - word.at > TARN__NAME_MAX - 2)
		return 0;
	*labels = 1;
	for (const char *next = word.at; next < word.end; next++) {
		uint8_t c = folded[(uint8_t)*next];
		if (c != 0) {
			out[at++] = c;
			continue;
		}
		if (*next != '.' || !end_label(out, label, at))
			return 0;
		label = at++;
		++*labels;
	}
	if (!end_label(out, label, at))
		return 0;
	out[at++] = 0;
	return at;
}

bool tarn__text_is_name_like(struct tarn__text word)
{
	for (; word.at < word.end; word.at++) {
		if (*word.at != '.' && folded[(uint8_t)*word.at] == 0)
			return false;
	}
	return true;
}
