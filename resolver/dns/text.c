/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/text.c: mnemonics, names, strings and times in presentation format. */
#include "dns/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/name.h"

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

const char *tarn__escape_read(const char *text, const char *end, uint8_t *out)
{
	if (text == end)
		return NULL;
	if (!is_digit(*text)) {
		*out = (uint8_t)*text;
		return text + 1;
	}
	if (end - text < 3 || !is_digit(text[1]) || !is_digit(text[2]))
		return NULL;
	int octet = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	*out = (uint8_t)octet;
	return octet <= UINT8_MAX ? text + 3 : NULL;
}

size_t tarn__name_parse_relative(const char *text, size_t text_len, const uint8_t *origin,
				 size_t origin_len, uint8_t out[TARN__NAME_MAX])
{
	static const uint8_t root[] = {0};
	uint8_t name[TARN__NAME_MAX];
	size_t label = 0, len = 1; /* where the label's length goes, and the next octet */
	const char *end = text + text_len;
	if (text_len == 1 && *text == '.')
		text++;
	else if (text_len == 0)
		return 0;
	while (text < end) {
		uint8_t octet = (uint8_t)*text++;
		bool is_end = octet == '.';
		if (octet == '\\' && !(text = tarn__escape_read(text, end, &octet)))
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
	/* Without the final dot a label is under way. */
	bool is_relative = len - label > 1;
	if (is_relative)
		name[label] = (uint8_t)(len - label - 1);
	else
		len = label;
	const uint8_t *rest = is_relative ? origin : root;
	size_t rest_len = is_relative ? origin_len : sizeof(root);
	if (rest_len == 0 || rest_len > TARN__NAME_MAX - len)
		return 0;
	memcpy(out, name, len);
	memcpy(out + len, rest, rest_len);
	return len + rest_len;
}

size_t tarn__name_parse(const char *text, uint8_t out[TARN__NAME_MAX])
{
	return tarn__name_parse_relative(text, strlen(text), (const uint8_t *)"", 1, out);
}

char *tarn__string_format(const uint8_t *octets, size_t len, char *out)
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

bool tarn__is_alphanumeric(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t octet = tarn__fold(octets[i]);
		if ((octet < 'a' || octet > 'z') && !is_digit((char)octet))
			return false;
	}
	return len > 0;
}

/* ---- times ------------------------------------------------------------------------------ */

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* month: 1 to 12 */
static unsigned days_of_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month - 1] + (month == 2 && is_leap(year));
}

static unsigned days_of_year(unsigned year)
{
	return is_leap(year) ? 366 : 365;
}

char *tarn__time_format(uint32_t time, char out[TARN__TIME_TEXT_MAX])
{
	unsigned days = time / DAY, seconds = time % DAY, year = 1970, month = 1;
	for (; days >= days_of_year(year); year++)
		days -= days_of_year(year);
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	snprintf(out, TARN__TIME_TEXT_MAX, "%04u%02u%02u%02u%02u%02u", year % 10000, month,
		 (days + 1) % 100, seconds / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE);
	return out;
}

/* Takes the next digits, which are such. */
static unsigned take_digits(const char **text, unsigned count)
{
	unsigned number = 0;
	for (; count > 0; count--)
		number = 10 * number + (unsigned)(*(*text)++ - '0');
	return number;
}

static bool parse_date(const char *text, uint32_t *out)
{
	unsigned year = take_digits(&text, 4), month = take_digits(&text, 2);
	unsigned day = take_digits(&text, 2), hour = take_digits(&text, 2);
	unsigned minute = take_digits(&text, 2), second = take_digits(&text, 2);
	/* 2106 is the last year that has a number. */
	if (year < 1970 || year > 2106 || month < 1 || month > 12)
		return false;
	if (day < 1 || day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 59)
		return false;
	uint64_t days = day - 1;
	while (--month > 0)
		days += days_of_month(year, month);
	while (--year >= 1970)
		days += days_of_year(year);
	uint64_t time = days * DAY + hour * HOUR + minute * MINUTE + second;
	*out = (uint32_t)time;
	return time <= UINT32_MAX;
}

bool tarn__time_parse(const char *text, uint32_t *out)
{
	enum { DATE_DIGITS = 14, NUMBER_DIGITS_MAX = 10 };
	size_t len = strlen(text);
	if (len == 0 || strspn(text, "0123456789") != len)
		return false;
	uint32_t time = 0;
	if (len == DATE_DIGITS) {
		if (!parse_date(text, &time))
			return false;
	} else {
		unsigned long long number =
			len <= NUMBER_DIGITS_MAX ? strtoull(text, NULL, 10) : UINT64_MAX;
		if (number > UINT32_MAX)
			return false;
		time = (uint32_t)number;
	}
	*out = time;
	return true;
}
