/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/svc_params.c: the parameters of a service, key by key. */
#include "dns/svc_params.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "dns/text.h"

enum {
	HEAD_LEN = 4, /* key and length */
	VALUE_MAX = 65535,
};

static const char no_room[] = "longer than RDATA can be";

/* ---- keys ------------------------------------------------------------------------------- */

static const char *const key_names[TARN__SVC_KEYS] = {
	"mandatory", "alpn",	 "no-default-alpn", "port",  "ipv4hint",
	"ech",	     "ipv6hint", "dohpath",	    "ohttp",
};

static char *format_key(uint16_t key, char *out)
{
	return out + (key < TARN__SVC_KEYS ? sprintf(out, "%s", key_names[key])
					   : sprintf(out, "key%u", key));
}

/* RFC 9460 section 2.1: keys are in lower case, and a number has no zeros before it. */
static bool parse_key(const char *text, size_t len, uint16_t *out)
{
	for (uint16_t key = 0; key < TARN__SVC_KEYS; key++) {
		if (strlen(key_names[key]) == len && memcmp(key_names[key], text, len) == 0) {
			*out = key;
			return true;
		}
	}
	if (len < 4 || memcmp(text, "key", 3) != 0 || (len > 4 && text[3] == '0'))
		return false;
	const struct tarn__word digits = {.text = text + 3, .len = len - 3};
	uint32_t number;
	if (!tarn__word_number(&digits, TARN__SVC_INVALID - 1, &number))
		return false;
	*out = (uint16_t)number;
	return true;
}

/* ---- what is valid ---------------------------------------------------------------------- */

bool tarn__svc_param_next(struct tarn__reader *reader, struct tarn__svc_param *out)
{
	if (tarn__reader_left(reader) == 0)
		return false;
	out->key = tarn__read16(reader);
	out->len = tarn__read16(reader);
	out->value = tarn__read_octets(reader, out->len);
	return !reader->failed;
}

static bool has_param(const uint8_t *octets, size_t len, uint16_t key)
{
	struct tarn__reader reader = {.wire = octets, .end = len};
	struct tarn__svc_param param;
	while (tarn__svc_param_next(&reader, &param)) {
		if (param.key == key)
			return true;
	}
	return false;
}

/* RFC 9460 section 7.1.1: strings that are not empty. */
static bool is_alpn(const struct tarn__svc_param *param)
{
	size_t at = 0;
	while (at < param->len && param->value[at] > 0)
		at += 1 + (size_t)param->value[at];
	return param->len > 0 && at == param->len;
}

/* RFC 9460 section 8: in strictly increasing order, without the key itself. */
static bool is_mandatory(const struct tarn__svc_param *param)
{
	uint16_t before = TARN__SVC_MANDATORY;
	for (size_t at = 0; at + 2 <= param->len; at += 2) {
		uint16_t key = tarn__get16(param->value + at);
		if (key <= before)
			return false;
		before = key;
	}
	return param->len > 0 && param->len % 2 == 0;
}

static bool is_value(const struct tarn__svc_param *param)
{
	switch (param->key) {
	case TARN__SVC_MANDATORY:
		return is_mandatory(param);
	case TARN__SVC_ALPN:
		return is_alpn(param);
	case TARN__SVC_NO_DEFAULT_ALPN:
	case TARN__SVC_OHTTP:
		return param->len == 0;
	case TARN__SVC_PORT:
		return param->len == 2;
	case TARN__SVC_IPV4HINT:
		return param->len > 0 && param->len % 4 == 0;
	case TARN__SVC_IPV6HINT:
		return param->len > 0 && param->len % 16 == 0;
	case TARN__SVC_ECH:
	case TARN__SVC_DOHPATH:
		return param->len > 0;
	}
	return param->key != TARN__SVC_INVALID;
}

/* Returns NULL, or why the parameters do not belong together. */
static const char *find_contradiction(const uint8_t *octets, size_t len)
{
	struct tarn__reader reader = {.wire = octets, .end = len};
	struct tarn__svc_param param;
	if (has_param(octets, len, TARN__SVC_NO_DEFAULT_ALPN) &&
	    !has_param(octets, len, TARN__SVC_ALPN))
		return "no-default-alpn without alpn";
	if (!tarn__svc_param_next(&reader, &param) || param.key != TARN__SVC_MANDATORY)
		return NULL;
	if (param.len > 2 * TARN__SVC_PARAMS_MAX)
		return "too many mandatory keys";
	for (size_t at = 0; at < param.len; at += 2) {
		if (!has_param(octets, len, tarn__get16(param.value + at)))
			return "a mandatory key is missing";
	}
	return NULL;
}

bool tarn__svc_params_are_valid(const uint8_t *octets, size_t len)
{
	struct tarn__reader reader = {.wire = octets, .end = len};
	struct tarn__svc_param param;
	uint32_t least = 0; /* the lowest key that may be next */
	size_t count = 0;
	for (; tarn__svc_param_next(&reader, &param); count++) {
		if (param.key < least || count == TARN__SVC_PARAMS_MAX || !is_value(&param))
			return false;
		least = param.key + 1U;
	}
	return !reader.failed && !find_contradiction(octets, len);
}

/* ---- formatting ------------------------------------------------------------------------- */

static char *format_keys(const struct tarn__svc_param *param, char *out)
{
	for (size_t at = 0; at < param->len; at += 2) {
		if (at > 0)
			*out++ = ',';
		out = format_key(tarn__get16(param->value + at), out);
	}
	return out;
}

static char *format_addresses(const struct tarn__svc_param *param, int family, size_t step,
			      char *out)
{
	for (size_t at = 0; at < param->len; at += step) {
		if (at > 0)
			*out++ = ',';
		if (inet_ntop(family, param->value + at, out, INET6_ADDRSTRLEN))
			out += strlen(out);
	}
	return out;
}

/* RFC 9460 appendix A.1: escaped as an item of a list, and then as a part of a string. */
static char *format_item(const uint8_t *octets, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		if (octets[i] == ',' || octets[i] == '\\')
			out = tarn__string_format((const uint8_t *)"\\", 1, out);
		out = tarn__string_format(octets + i, 1, out);
	}
	return out;
}

static char *format_alpn(const struct tarn__svc_param *param, char *out)
{
	*out++ = '"';
	for (size_t at = 0; at < param->len; at += 1 + (size_t)param->value[at]) {
		if (at > 0)
			*out++ = ',';
		out = format_item(param->value + at + 1, param->value[at], out);
	}
	*out++ = '"';
	return out;
}

static char *format_value(const struct tarn__svc_param *param, char *out)
{
	switch (param->key) {
	case TARN__SVC_MANDATORY:
		return format_keys(param, out);
	case TARN__SVC_ALPN:
		return format_alpn(param, out);
	case TARN__SVC_PORT:
		return out + sprintf(out, "%u", tarn__get16(param->value));
	case TARN__SVC_IPV4HINT:
		return format_addresses(param, AF_INET, 4, out);
	case TARN__SVC_IPV6HINT:
		return format_addresses(param, AF_INET6, 16, out);
	case TARN__SVC_ECH:
		return tarn__base64_write(param->value, param->len, out);
	}
	*out++ = '"';
	out = tarn__string_format(param->value, param->len, out);
	*out++ = '"';
	return out;
}

char *tarn__svc_params_format(const uint8_t *octets, size_t len, char *out)
{
	struct tarn__reader reader = {.wire = octets, .end = len};
	struct tarn__svc_param param;
	char *end = out;
	while (tarn__svc_param_next(&reader, &param)) {
		if (end > out)
			*end++ = ' ';
		end = format_key(param.key, end);
		if (param.len == 0)
			continue;
		*end++ = '=';
		end = format_value(&param, end);
	}
	return end;
}

/* ---- parsing ---------------------------------------------------------------------------- */

/* A value being written. */
struct value {
	uint8_t *octets;
	size_t len, room;
};

/* Takes the next item of a list without escapes. Returns false if there is none. */
static bool next_item(struct tarn__word *list, struct tarn__word *out)
{
	if (!list->text)
		return false;
	const char *comma = memchr(list->text, ',', list->len);
	*out = (struct tarn__word){.text = list->text, .len = list->len};
	if (comma) {
		out->len = (size_t)(comma - list->text);
		list->len -= out->len + 1;
	}
	list->text = comma ? comma + 1 : NULL;
	return true;
}

/* Puts a key in its place. Returns false if it is there. */
static bool insert_key(struct value *keys, uint16_t key)
{
	size_t at = keys->len;
	for (; at > 0 && tarn__get16(keys->octets + at - 2) >= key; at -= 2) {
		if (tarn__get16(keys->octets + at - 2) == key)
			return false;
	}
	memmove(keys->octets + at + 2, keys->octets + at, keys->len - at);
	tarn__put16(keys->octets + at, key);
	keys->len += 2;
	return true;
}

static const char *parse_keys(struct tarn__word list, struct value *out)
{
	struct tarn__word item;
	while (next_item(&list, &item)) {
		uint16_t key;
		if (!parse_key(item.text, item.len, &key) || key == TARN__SVC_MANDATORY)
			return "not a mandatory key";
		if (out->len == 2 * TARN__SVC_PARAMS_MAX)
			return "too many mandatory keys";
		if (out->room - out->len < 2)
			return no_room;
		if (!insert_key(out, key))
			return "a mandatory key is there twice";
	}
	return NULL;
}

/* An item is behind its length: each comma becomes the length of the item after it. */
static const char *parse_alpn(const struct tarn__word *list, struct value *out)
{
	size_t text_len;
	if (out->room == 0 || !tarn__word_octets(list, out->octets + 1, out->room - 1, &text_len))
		return "not a valid string";
	const uint8_t *at = out->octets + 1, *text_end = at + text_len;
	uint8_t *length = out->octets, *end = length + 1;
	for (;; at++) {
		if (at == text_end || *at == ',') {
			size_t item_len = (size_t)(end - length - 1);
			if (item_len == 0 || item_len > UINT8_MAX)
				return "not a list of protocols";
			*length = (uint8_t)item_len;
			if (at == text_end)
				break;
			length = end++;
			continue;
		}
		if (*at == '\\' && (++at == text_end || (*at != ',' && *at != '\\')))
			return "not a list of protocols";
		*end++ = *at;
	}
	out->len = (size_t)(end - out->octets);
	return NULL;
}

static const char *parse_addresses(struct tarn__word list, int family, size_t step,
				   struct value *out)
{
	struct tarn__word item;
	char text[INET6_ADDRSTRLEN];
	while (next_item(&list, &item)) {
		if (out->room - out->len < step)
			return no_room;
		if (!tarn__word_copy(&item, text, sizeof(text)) ||
		    inet_pton(family, text, out->octets + out->len) != 1)
			return "not a list of addresses";
		out->len += step;
	}
	return NULL;
}

static const char *parse_port(const struct tarn__word *word, struct value *out)
{
	const struct tarn__word digits = {.text = word->text, .len = word->len};
	uint32_t port;
	if (!tarn__word_number(&digits, UINT16_MAX, &port))
		return "not a port";
	if (out->room < 2)
		return no_room;
	tarn__put16(out->octets, (uint16_t)port);
	out->len = 2;
	return NULL;
}

static const char *parse_base64(const struct tarn__word *word, struct value *out)
{
	struct tarn__base64 base64 = {0};
	bool is_base64 = tarn__base64_read(&base64, word->text, word->len, out->octets, out->room,
					   &out->len);
	return is_base64 && tarn__base64_is_whole(&base64) ? NULL : "not in base 64";
}

/* The words of a parameter. */
struct pair {
	struct tarn__word key, value; /* value: empty if there is none */
};

/* RFC 9460 section 2.1: behind the number of a key, known or not, are octets. */
static bool is_generic(const struct tarn__word *key)
{
	return key->len > 3 && memcmp(key->text, "key", 3) == 0;
}

/* RFC 9460 sections 7.2, 7.3 and 8: there are no escapes in numbers, addresses and keys. */
static const char *parse_value(uint16_t key, const struct pair *pair, struct value *out)
{
	const struct tarn__word *word = &pair->value;
	switch (is_generic(&pair->key) ? TARN__SVC_KEYS : key) {
	case TARN__SVC_MANDATORY:
		return parse_keys(*word, out);
	case TARN__SVC_ALPN:
		return parse_alpn(word, out);
	case TARN__SVC_PORT:
		return parse_port(word, out);
	case TARN__SVC_IPV4HINT:
		return parse_addresses(*word, AF_INET, 4, out);
	case TARN__SVC_IPV6HINT:
		return parse_addresses(*word, AF_INET6, 16, out);
	case TARN__SVC_ECH:
		return parse_base64(word, out);
	}
	return tarn__word_octets(word, out->octets, out->room, &out->len) ? NULL
									  : "not a valid string";
}

/* A value in quotes is a word of its own. Returns false if the word is no parameter. */
static bool take_pair(struct tarn__words *words, struct tarn__word *word, struct pair *out)
{
	const char *equals = word->is_quoted ? NULL : memchr(word->text, '=', word->len);
	*out = (struct pair){.key = *word, .value = {.text = word->text}};
	if (word->is_quoted || !equals)
		return !word->is_quoted;
	out->key.len = (size_t)(equals - word->text);
	out->value.text = equals + 1;
	out->value.len = word->len - out->key.len - 1;
	struct tarn__words ahead = *words;
	struct tarn__word next;
	if (out->value.len > 0 || !tarn__words_next(&ahead, &next)) {
		words->fault = ahead.fault;
		return !ahead.fault;
	}
	if (next.is_quoted && next.is_joined) {
		out->value = next;
		*words = ahead;
	}
	return true;
}

static void reverse(uint8_t *from, uint8_t *to)
{
	while (from < to) {
		uint8_t octet = *from;
		*from++ = *--to;
		*to = octet;
	}
}

/* Puts the last parameter, which begins at last, in its place. Returns false if its key is there. */
static bool insert_param(uint8_t *octets, size_t last, size_t len)
{
	struct tarn__reader reader = {.wire = octets, .end = last};
	struct tarn__svc_param param;
	uint16_t key = tarn__get16(octets + last);
	size_t at = 0;
	for (; tarn__svc_param_next(&reader, &param) && param.key <= key; at = reader.at) {
		if (param.key == key)
			return false;
	}
	reverse(octets + at, octets + last);
	reverse(octets + last, octets + len);
	reverse(octets + at, octets + len);
	return true;
}

/* Adds a parameter to the *len octets that are there. */
static const char *add_param(const struct pair *pair, uint8_t *octets, size_t room, size_t *len)
{
	uint16_t key;
	if (!parse_key(pair->key.text, pair->key.len, &key))
		return "not a key";
	if (room - *len < HEAD_LEN)
		return no_room;
	uint8_t *head = octets + *len;
	struct value value = {.octets = head + HEAD_LEN, .room = room - *len - HEAD_LEN};
	const char *fault = NULL;
	if (pair->value.len > 0)
		fault = parse_value(key, pair, &value);
	if (fault)
		return fault;
	const struct tarn__svc_param param = {key, (uint16_t)value.len, value.octets};
	if (value.len > VALUE_MAX || !is_value(&param))
		return "not a value of this key";
	tarn__put16(head, key);
	tarn__put16(head + 2, param.len);
	size_t last = *len;
	*len += HEAD_LEN + value.len;
	return insert_param(octets, last, *len) ? NULL : "a key is there twice";
}

const char *tarn__svc_params_parse(struct tarn__words *words, uint8_t *out, size_t room,
				   size_t *len)
{
	struct tarn__word word;
	struct pair pair;
	size_t written = 0;
	for (size_t count = 0; tarn__words_next(words, &word); count++) {
		if (count == TARN__SVC_PARAMS_MAX)
			return "too many parameters";
		if ((word.is_joined && count > 0) || !take_pair(words, &word, &pair))
			return words->fault ? words->fault : "not a parameter";
		const char *fault = add_param(&pair, out, room, &written);
		if (fault)
			return fault;
	}
	const char *fault = words->fault ? words->fault : find_contradiction(out, written);
	if (!fault)
		*len = written;
	return fault;
}
