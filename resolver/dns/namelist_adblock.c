/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/namelist_adblock.c: a rule's pattern, and its modifiers. */
#include "dns/namelist_adblock.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/octets.h"
#include "dns/text.h"
#include "dns/type.h"

static bool is_empty(struct tarn__text word)
{
	return word.at == word.end;
}

static bool has(struct tarn__text word, char c)
{
	return memchr(word.at, c, (size_t)(word.end - word.at)) != NULL;
}

/* Takes what stands before the next separator off the text, and the separator. */
static struct tarn__text take_until(struct tarn__text *rest, char separator)
{
	const char *end = memchr(rest->at, separator, (size_t)(rest->end - rest->at));
	struct tarn__text part = {rest->at, end ? end : rest->end};
	rest->at = end ? end + 1 : rest->end;
	return part;
}

/* ---- the pattern ------------------------------------------------------------------------ */

static bool takes_suffix(struct tarn__text *pattern, const char *suffix)
{
	size_t len = strlen(suffix);
	if ((size_t)(pattern->end - pattern->at) < len ||
	    memcmp(pattern->end - len, suffix, len) != 0)
		return false;
	pattern->end -= len;
	return true;
}

static bool takes_prefix(struct tarn__text *pattern, const char *prefix)
{
	if (!tarn__text_begins(*pattern, prefix))
		return false;
	pattern->at += strlen(prefix);
	return true;
}

/* Why a pattern is no name. */
static enum tarn__adblock judge_pattern(struct tarn__text pattern)
{
	bool is_regex =
		pattern.end - pattern.at > 1 && *pattern.at == '/' && pattern.end[-1] == '/';
	if (is_regex)
		return TARN__ADBLOCK_UNSUPPORTED;
	if (has(pattern, '/') || has(pattern, '?') || has(pattern, '&') || has(pattern, '=') ||
	    has(pattern, ':') || has(pattern, ',') || has(pattern, '~'))
		return TARN__ADBLOCK_NOT_DNS;
	if (has(pattern, '*') || has(pattern, '^') || has(pattern, '|'))
		return TARN__ADBLOCK_UNSUPPORTED;
	return is_empty(pattern) || tarn__text_is_name_like(pattern) ? TARN__ADBLOCK_INVALID
								     : TARN__ADBLOCK_NOT_DNS;
}

static enum tarn__adblock read_pattern(struct tarn__text pattern,
				       struct tarn__namelist_adblock *out)
{
	struct tarn__text whole = pattern;
	bool is_wide = takes_prefix(&pattern, "||");
	bool is_alone = !is_wide && takes_prefix(&pattern, "|");
	bool is_below = is_wide && takes_prefix(&pattern, "*.");
	bool is_ended = takes_suffix(&pattern, "^|") || takes_suffix(&pattern, "^") ||
			takes_suffix(&pattern, "|");
	unsigned labels;
	size_t len = tarn__text_name(pattern, out->name, &labels);
	if (len == 0)
		return judge_pattern(is_wide || is_alone ? pattern : whole);
	if (tarn__text_is_address(pattern))
		return TARN__ADBLOCK_NOT_DNS;
	out->is_plain = !is_wide && !is_alone;
	/* Without its marks it is a part of a URL, and without its end a part of a name. */
	if (out->is_plain && (is_ended || labels < 2))
		return is_ended ? TARN__ADBLOCK_UNSUPPORTED : TARN__ADBLOCK_NOT_DNS;
	if (is_alone && !is_ended)
		return TARN__ADBLOCK_UNSUPPORTED;
	out->rule.reach = is_below  ? TARN__NAMELIST_BELOW
			  : is_wide ? TARN__NAMELIST_BOTH
				    : TARN__NAMELIST_SELF;
	out->rule.name = out->name;
	out->rule.name_len = (uint16_t)len;
	return TARN__ADBLOCK_RULE;
}

/* ---- modifiers -------------------------------------------------------------------------- */

static bool read_type(struct tarn__text word, uint16_t *out)
{
	char buffer[TARN__WORD_MAX];
	return tarn__text_copy(word, buffer, sizeof buffer) && tarn__type_parse(buffer, out);
}

/* $dnstype=A|AAAA, $dnstype=~A|~AAAA */
static enum tarn__adblock read_types(struct tarn__text value, struct tarn__namelist_more *more)
{
	more->type_count = 0;
	while (!is_empty(value)) {
		struct tarn__text word = take_until(&value, '|');
		bool is_negated = takes_prefix(&word, "~");
		if (more->type_count > 0 && is_negated != more->is_types_negated)
			return TARN__ADBLOCK_INVALID;
		more->is_types_negated = is_negated;
		if (more->type_count == TARN__NAMELIST_TYPES_MAX)
			return TARN__ADBLOCK_UNSUPPORTED;
		if (!read_type(word, &more->types[more->type_count++]))
			return TARN__ADBLOCK_INVALID;
	}
	return more->type_count > 0 ? TARN__ADBLOCK_RULE : TARN__ADBLOCK_INVALID;
}

/* $denyallow=a.x|b.x */
static enum tarn__adblock read_denied(struct tarn__text value, struct tarn__namelist_adblock *out)
{
	out->more.denied = out->denied;
	out->more.denied_len = 0;
	while (!is_empty(value)) {
		uint8_t name[TARN__NAME_MAX];
		unsigned labels;
		size_t len = tarn__text_name(take_until(&value, '|'), name, &labels);
		if (len == 0)
			return TARN__ADBLOCK_INVALID;
		if (len > sizeof out->denied - out->more.denied_len)
			return TARN__ADBLOCK_UNSUPPORTED;
		memcpy(out->denied + out->more.denied_len, name, len);
		out->more.denied_len += len;
	}
	return out->more.denied_len > 0 ? TARN__ADBLOCK_RULE : TARN__ADBLOCK_INVALID;
}

static bool set_record(struct tarn__namelist_adblock *out, uint16_t type, size_t len)
{
	out->rule.action = TARN__NAMELIST_DATA;
	out->more.has_record = true;
	out->more.type = type;
	out->more.ttl = TARN__NAMELIST_TTL_UNSET;
	out->more.rdata = out->rdata;
	out->more.rdata_len = (uint16_t)len;
	return len > 0;
}

static bool read_address(struct tarn__text value, uint16_t type, struct tarn__namelist_adblock *out)
{
	char buffer[INET6_ADDRSTRLEN];
	int family = type == TARN__TYPE_A ? AF_INET : AF_INET6;
	return tarn__text_copy(value, buffer, sizeof buffer) &&
	       inet_pton(family, buffer, out->rdata) == 1 &&
	       set_record(out, type, family == AF_INET ? 4 : 16);
}

static bool read_target(struct tarn__text value, uint16_t type, size_t at,
			struct tarn__namelist_adblock *out)
{
	unsigned labels;
	size_t len = tarn__text_name(value, out->rdata + at, &labels);
	return len != 0 && set_record(out, type, at + len);
}

static bool read_txt(struct tarn__text value, struct tarn__namelist_adblock *out)
{
	size_t len = (size_t)(value.end - value.at);
	if (len > UINT8_MAX)
		return false;
	out->rdata[0] = (uint8_t)len;
	memcpy(out->rdata + 1, value.at, len);
	return set_record(out, TARN__TYPE_TXT, 1 + len);
}

/* "10 mail.example" */
static bool read_mx(struct tarn__text value, struct tarn__namelist_adblock *out)
{
	struct tarn__text number = tarn__text_next(&value);
	uint32_t preference = 0;
	if (is_empty(number) || number.end - number.at > 5)
		return false;
	for (; number.at < number.end; number.at++) {
		if (*number.at < '0' || *number.at > '9')
			return false;
		preference = 10 * preference + (uint32_t)(*number.at - '0');
	}
	tarn__put16(out->rdata, (uint16_t)preference);
	return preference <= UINT16_MAX && read_target(value, TARN__TYPE_MX, 2, out);
}

/* NOERROR;TYPE;VALUE */
static enum tarn__adblock read_record(struct tarn__text type_text, struct tarn__text value,
				      struct tarn__namelist_adblock *out)
{
	uint16_t type;
	bool is_good;
	if (!read_type(type_text, &type))
		return TARN__ADBLOCK_INVALID;
	switch (type) {
	case TARN__TYPE_A:
	case TARN__TYPE_AAAA:
		is_good = read_address(value, type, out);
		break;
	case TARN__TYPE_CNAME:
	case TARN__TYPE_PTR:
		is_good = read_target(value, type, 0, out);
		break;
	case TARN__TYPE_TXT:
		is_good = read_txt(value, out);
		break;
	case TARN__TYPE_MX:
		is_good = read_mx(value, out);
		break;
	default:
		return TARN__ADBLOCK_UNSUPPORTED;
	}
	return is_good ? TARN__ADBLOCK_RULE : TARN__ADBLOCK_INVALID;
}

static enum tarn__adblock read_rcode(struct tarn__text rcode, struct tarn__namelist_rule *rule)
{
	if (tarn__text_is(rcode, "NOERROR"))
		rule->action = TARN__NAMELIST_NODATA;
	else if (tarn__text_is(rcode, "NXDOMAIN"))
		rule->action = TARN__NAMELIST_NXDOMAIN;
	else if (tarn__text_is(rcode, "REFUSED"))
		rule->action = TARN__NAMELIST_REFUSED;
	else
		return TARN__ADBLOCK_UNSUPPORTED;
	return TARN__ADBLOCK_RULE;
}

static enum tarn__adblock read_rewrite(struct tarn__text value, struct tarn__namelist_adblock *out)
{
	if (is_empty(value)) {
		/* What is not rewritten any more. */
		out->rule.action = TARN__NAMELIST_UNREWRITE;
		return out->rule.kind == TARN__NAMELIST_ALLOW ? TARN__ADBLOCK_RULE
							      : TARN__ADBLOCK_INVALID;
	}
	if (out->rule.kind == TARN__NAMELIST_ALLOW)
		return TARN__ADBLOCK_UNSUPPORTED;
	if (has(value, ';')) {
		struct tarn__text rcode = take_until(&value, ';'), type = take_until(&value, ';');
		if (tarn__text_is(rcode, "NOERROR") && !is_empty(type))
			return read_record(type, value, out);
		return read_rcode(rcode, &out->rule);
	}
	if (read_rcode(value, &out->rule) == TARN__ADBLOCK_RULE)
		return TARN__ADBLOCK_RULE;
	if (read_address(value, TARN__TYPE_A, out) || read_address(value, TARN__TYPE_AAAA, out))
		return TARN__ADBLOCK_RULE;
	if (tarn__text_is(value, "SERVFAIL") || !has(value, '.'))
		return TARN__ADBLOCK_UNSUPPORTED;
	return read_target(value, TARN__TYPE_CNAME, 0, out) ? TARN__ADBLOCK_RULE
							    : TARN__ADBLOCK_INVALID;
}

static enum tarn__adblock read_modifier(struct tarn__text modifier,
					struct tarn__namelist_adblock *out)
{
	struct tarn__text value = modifier;
	struct tarn__text name = take_until(&value, '=');
	bool has_value = name.end < modifier.end;
	if (tarn__text_is(modifier, "important"))
		out->rule.is_important = true;
	else if (tarn__text_is(modifier, "badfilter"))
		out->rule.is_removal = true;
	else if (tarn__text_is(name, "dnsrewrite"))
		return read_rewrite(value, out);
	else if (tarn__text_is(name, "client") || tarn__text_is(name, "ctag"))
		return TARN__ADBLOCK_UNSUPPORTED;
	else if (tarn__text_is(name, "dnstype") && has_value)
		return read_types(value, &out->more);
	else if (tarn__text_is(name, "denyallow") && has_value)
		return read_denied(value, out);
	else
		return TARN__ADBLOCK_NOT_DNS;
	return TARN__ADBLOCK_RULE;
}

static enum tarn__adblock read_modifiers(struct tarn__text modifiers,
					 struct tarn__namelist_adblock *out)
{
	enum tarn__adblock result = TARN__ADBLOCK_RULE;
	if (is_empty(modifiers))
		return TARN__ADBLOCK_INVALID;
	while (!is_empty(modifiers) && result == TARN__ADBLOCK_RULE)
		result = read_modifier(take_until(&modifiers, ','), out);
	if (out->more.type_count > 0 || out->more.denied_len > 0 || out->more.has_record)
		out->rule.more = &out->more;
	return result;
}

/* Returns where the modifiers begin; NULL: there are none. A $ within a regular expression is not theirs. */
static const char *find_modifiers(struct tarn__text line)
{
	const char *at = line.end;
	while (at > line.at && at[-1] != '$') {
		if (at[-1] == '/' && *line.at == '/')
			return NULL;
		at--;
	}
	return at > line.at ? at - 1 : NULL;
}

enum tarn__adblock tarn__namelist_adblock_read(struct tarn__text line,
					       struct tarn__namelist_adblock *out)
{
	out->rule = (struct tarn__namelist_rule){.kind = TARN__NAMELIST_BLOCK};
	out->more = (struct tarn__namelist_more){0};
	out->is_plain = false;
	if (takes_prefix(&line, "@@"))
		out->rule.kind = TARN__NAMELIST_ALLOW;
	const char *dollar = find_modifiers(line);
	enum tarn__adblock modifiers =
		dollar ? read_modifiers((struct tarn__text){dollar + 1, line.end}, out)
		       : TARN__ADBLOCK_RULE;
	if (modifiers == TARN__ADBLOCK_NOT_DNS)
		return modifiers;
	enum tarn__adblock pattern =
		read_pattern((struct tarn__text){line.at, dollar ? dollar : line.end}, out);
	return pattern == TARN__ADBLOCK_RULE ? modifiers : pattern;
}
