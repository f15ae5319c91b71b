/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/text.c: mnemonics, and names in presentation format. */
#include "dns/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct word {
	uint16_t number;
	const char *text;
};

static const struct word classes[] = {
	{TARN__CLASS_IN, "IN"},	    {TARN__CLASS_CH, "CH"},   {TARN__CLASS_HS, "HS"},
	{TARN__CLASS_NONE, "NONE"}, {TARN__CLASS_ANY, "ANY"},
};

static const struct word rcodes[] = {
	{TARN__NOERROR, "NOERROR"},
	{TARN__FORMERR, "FORMERR"},
	{TARN__SERVFAIL, "SERVFAIL"},
	{TARN__NXDOMAIN, "NXDOMAIN"},
	{TARN__NOTIMP, "NOTIMP"},
	{TARN__REFUSED, "REFUSED"},
	{6, "YXDOMAIN"},
	{7, "YXRRSET"},
	{8, "NXRRSET"},
	{9, "NOTAUTH"},
	{10, "NOTZONE"},
	{11, "DSOTYPENI"},
	{TARN__BADVERS, "BADVERS"},
	{TARN__BADCOOKIE, "BADCOOKIE"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* NULL: there is none. */
static const char *find_text(const struct word *words, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].number == number)
			return words[i].text;
	}
	return NULL;
}

static bool find_number(const struct word *words, size_t count, const char *text, uint16_t *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(words[i].text, text) == 0) {
			*out = words[i].number;
			return true;
		}
	}
	return false;
}

/* Writes a word, or the prefix and the number if there is none. */
static char *write_word(const char *word, const char *prefix, uint16_t number, char *out)
{
	if (word)
		snprintf(out, TARN__WORD_MAX, "%s", word);
	else
		snprintf(out, TARN__WORD_MAX, "%s%u", prefix, number);
	return out;
}

static bool parse_number(const char *text, const char *prefix, uint16_t *out)
{
	size_t prefix_len = strlen(prefix);
	if (strncasecmp(text, prefix, prefix_len) != 0 || text[prefix_len] == '\0')
		return false;
	uint32_t number = 0;
	for (const char *digit = text + prefix_len; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		number = 10 * number + (uint32_t)(*digit - '0');
		if (number > UINT16_MAX)
			return false;
	}
	*out = (uint16_t)number;
	return true;
}

char *tarn__type_format(uint16_t type, char out[TARN__WORD_MAX])
{
	return write_word(tarn__type_mnemonic(type), "TYPE", type, out);
}

char *tarn__class_format(uint16_t class, char out[TARN__WORD_MAX])
{
	return write_word(find_text(classes, COUNT(classes), class), "CLASS", class, out);
}

char *tarn__rcode_format(uint16_t rcode, char out[TARN__WORD_MAX])
{
	return write_word(find_text(rcodes, COUNT(rcodes), rcode), "RCODE", rcode, out);
}

bool tarn__type_parse(const char *text, uint16_t *out)
{
	uint16_t type = tarn__type_find(text);
	if (type == 0)
		return parse_number(text, "TYPE", out);
	*out = type;
	return true;
}

bool tarn__class_parse(const char *text, uint16_t *out)
{
	return find_number(classes, COUNT(classes), text, out) || parse_number(text, "CLASS", out);
}

bool tarn__rcode_parse(const char *text, uint16_t *out)
{
	return find_number(rcodes, COUNT(rcodes), text, out) || parse_number(text, "RCODE", out);
}

char *tarn__name_format(const uint8_t *name, char out[TARN__NAME_TEXT_MAX])
{
	char *end = out;
	if (*name == 0)
		*end++ = '.';
	for (; *name != 0; name += 1 + *name) {
		for (unsigned i = 1; i <= *name; i++) {
			uint8_t octet = name[i];
			if (octet <= ' ' || octet > '~') {
				*end++ = '\\';
				*end++ = (char)('0' + octet / 100);
				*end++ = (char)('0' + octet / 10 % 10);
				*end++ = (char)('0' + octet % 10);
				continue;
			}
			/* Characters with a meaning in RFC 1035 section 5.1. */
			if (strchr(".\\\"();@$", octet))
				*end++ = '\\';
			*end++ = (char)octet;
		}
		*end++ = '.';
	}
	*end = '\0';
	return out;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads what follows a backslash. Returns its end; NULL: it is not valid. */
static const char *parse_escape(const char *text, uint8_t *out)
{
	if (!is_digit(*text)) {
		*out = (uint8_t)*text;
		return *text ? text + 1 : NULL;
	}
	if (!is_digit(text[1]) || !is_digit(text[2]))
		return NULL;
	int octet = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	*out = (uint8_t)octet;
	return octet <= UINT8_MAX ? text + 3 : NULL;
}

size_t tarn__name_parse(const char *text, uint8_t out[TARN__NAME_MAX])
{
	uint8_t name[TARN__NAME_MAX];
	size_t label = 0, len = 1; /* where the label's length goes, and the next octet */
	if (strcmp(text, ".") == 0)
		text++;
	else if (*text == '\0')
		return 0;
	while (*text) {
		uint8_t octet = (uint8_t)*text++;
		bool is_end = octet == '.';
		if (octet == '\\' && !(text = parse_escape(text, &octet)))
			return 0;
		/* One octet is reserved for the root label. */
		if (len >= TARN__NAME_MAX || (!is_end && len - label > TARN__LABEL_MAX))
			return 0;
		if (is_end) {
			if (len - label == 1)
				return 0;
			name[label] = (uint8_t)(len - label - 1);
			label = len++;
			continue;
		}
		name[len++] = octet;
	}
	/* There was no final dot. */
	if (len - label > 1) {
		if (len >= TARN__NAME_MAX)
			return 0;
		name[label] = (uint8_t)(len - label - 1);
		label = len++;
	}
	name[label] = 0;
	memcpy(out, name, len);
	return len;
}
