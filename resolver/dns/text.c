/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/text.c: the words for the numbers, and names in master file form. */

#include "dns/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct word {
	uint16_t number;
	const char *text;
};

struct words {
	const char *prefix; /* of a number that has no word */
	const struct word *word;
	size_t count;
};

#define WORDS(prefix, list)                                                                        \
	{                                                                                          \
		prefix, list, sizeof(list) / sizeof((list)[0])                                     \
	}

/* IANA's registry as of 2025, without the experimental and the obsolete that nobody sends. */
static const struct word type_words[] = {
	{1, "A"},	  {2, "NS"},	      {3, "MD"},	  {4, "MF"},	    {5, "CNAME"},
	{6, "SOA"},	  {7, "MB"},	      {8, "MG"},	  {9, "MR"},	    {10, "NULL"},
	{11, "WKS"},	  {12, "PTR"},	      {13, "HINFO"},	  {14, "MINFO"},    {15, "MX"},
	{16, "TXT"},	  {17, "RP"},	      {18, "AFSDB"},	  {19, "X25"},	    {20, "ISDN"},
	{21, "RT"},	  {22, "NSAP"},	      {23, "NSAP-PTR"},	  {24, "SIG"},	    {25, "KEY"},
	{26, "PX"},	  {27, "GPOS"},	      {28, "AAAA"},	  {29, "LOC"},	    {30, "NXT"},
	{33, "SRV"},	  {35, "NAPTR"},      {36, "KX"},	  {37, "CERT"},	    {38, "A6"},
	{39, "DNAME"},	  {41, "OPT"},	      {42, "APL"},	  {43, "DS"},	    {44, "SSHFP"},
	{45, "IPSECKEY"}, {46, "RRSIG"},      {47, "NSEC"},	  {48, "DNSKEY"},   {49, "DHCID"},
	{50, "NSEC3"},	  {51, "NSEC3PARAM"}, {52, "TLSA"},	  {53, "SMIMEA"},   {55, "HIP"},
	{59, "CDS"},	  {60, "CDNSKEY"},    {61, "OPENPGPKEY"}, {62, "CSYNC"},    {63, "ZONEMD"},
	{64, "SVCB"},	  {65, "HTTPS"},      {66, "DSYNC"},	  {99, "SPF"},	    {104, "NID"},
	{105, "L32"},	  {106, "L64"},	      {107, "LP"},	  {108, "EUI48"},   {109, "EUI64"},
	{128, "NXNAME"},  {249, "TKEY"},      {250, "TSIG"},	  {251, "IXFR"},    {252, "AXFR"},
	{253, "MAILB"},	  {254, "MAILA"},     {255, "ANY"},	  {256, "URI"},	    {257, "CAA"},
	{258, "AVC"},	  {259, "DOA"},	      {260, "AMTRELAY"},  {261, "RESINFO"}, {262, "WALLET"},
};

static const struct word class_words[] = {
	{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"},
};

static const struct word rcode_words[] = {
	{0, "NOERROR"},	 {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},	{4, "NOTIMP"},
	{5, "REFUSED"},	 {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},	{9, "NOTAUTH"},
	{10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {23, "BADCOOKIE"},
};

static const struct words types = WORDS("TYPE", type_words);
static const struct words classes = WORDS("CLASS", class_words);
static const struct words rcodes = WORDS("RCODE", rcode_words);

static char *word_format(const struct words *words, uint16_t number, char *out)
{
	for (size_t i = 0; i < words->count; i++) {
		if (words->word[i].number == number) {
			snprintf(out, TARN__WORD_MAX, "%s", words->word[i].text);
			return out;
		}
	}
	snprintf(out, TARN__WORD_MAX, "%s%u", words->prefix, number);
	return out;
}

static bool word_parse(const struct words *words, const char *text, uint16_t *out)
{
	for (size_t i = 0; i < words->count; i++) {
		if (strcasecmp(words->word[i].text, text) == 0) {
			*out = words->word[i].number;
			return true;
		}
	}
	size_t prefix_len = strlen(words->prefix);
	if (strncasecmp(text, words->prefix, prefix_len) != 0 || text[prefix_len] == '\0')
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
	return word_format(&types, type, out);
}

char *tarn__class_format(uint16_t class, char out[TARN__WORD_MAX])
{
	return word_format(&classes, class, out);
}

char *tarn__rcode_format(uint16_t rcode, char out[TARN__WORD_MAX])
{
	return word_format(&rcodes, rcode, out);
}

bool tarn__type_parse(const char *text, uint16_t *out)
{
	return word_parse(&types, text, out);
}

bool tarn__class_parse(const char *text, uint16_t *out)
{
	return word_parse(&classes, text, out);
}

bool tarn__rcode_parse(const char *text, uint16_t *out)
{
	return word_parse(&rcodes, text, out);
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
			/* What RFC 1035 section 5.1 gives a meaning to. */
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

/* Reads what follows a backslash; returns its end, NULL when it is none. */
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
		/* One octet stays free for the root. */
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
	/* The dot at the end was left out. */
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

char *tarn__octets_format(const uint8_t *octets, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[octets[i] >> 4];
		*out++ = digits[octets[i] & 15];
	}
	return out;
}
