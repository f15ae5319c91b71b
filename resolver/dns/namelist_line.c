/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_line.c: the forms that a line of a list may have. Rules of adblock syntax with modifiers are
 * read by dns/namelist_adblock.c.
 */
#include "dns/namelist_line.h"

#include <arpa/inet.h>
#include <string.h>

#include "dns/namelist_adblock.h"
#include "dns/namelist_text.h"
#include "dns/type.h"

/* ---- forms ------------------------------------------------------------------------------ */

enum form {
	FORM_NONE, /* a comment, or nothing */
	FORM_HOSTS,
	FORM_DOMAIN,
	FORM_EXACT, /* =x, for dnscrypt-proxy */
	FORM_WILDCARD,
	FORM_ADBLOCK,
	FORM_COSMETIC, /* of adblock lists: for browsers */
	FORM_DNSMASQ,
	FORM_UNBOUND,
	FORM_URL,
	FORM_ADDRESS,
	FORM_WORDS, /* several of them */
};

static bool is_cosmetic_mark(const char *at, const char *end)
{
	static const char *const marks[] = {"##", "#@#", "#?#", "#$#", "#%#", "#@?#", "#@$#"};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		size_t len = strlen(marks[i]);
		if ((size_t)(end - at) >= len && memcmp(at, marks[i], len) == 0)
			return true;
	}
	return false;
}

static bool is_comment(struct tarn__text line, enum tarn__namelist_format format)
{
	if (*line.at == '!' || *line.at == ';')
		return true;
	if (*line.at == '[')
		return line.end[-1] == ']';
	return *line.at == '#' &&
	       !(format == TARN__NAMELIST_ADBLOCK && is_cosmetic_mark(line.at, line.end));
}

/*
 * Cuts a comment off: # behind a blank, or anywhere behind an address. Returns false for a cosmetic rule,
 * whose mark stands behind names.
 */
static bool cut_comment(struct tarn__text *line, bool is_anywhere)
{
	const char *at = line->at;
	while ((at = memchr(at, '#', (size_t)(line->end - at)))) {
		if (is_anywhere || at == line->at || tarn__text_is_blank(at[-1])) {
			line->end = at;
			*line = tarn__text_trim(*line);
			return true;
		}
		if (is_cosmetic_mark(at, line->end))
			return false;
		at++;
	}
	return true;
}

static bool has(struct tarn__text line, char c)
{
	return memchr(line.at, c, (size_t)(line.end - line.at)) != NULL;
}

static bool is_dnsmasq(struct tarn__text line)
{
	static const char *const words[] = {"address=/", "server=/", "local=/",
					    "ipset=/",	 "nftset=/", "rebind-domain-ok=/"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (tarn__text_begins(line, words[i]))
			return true;
	}
	return false;
}

static bool is_unbound(struct tarn__text line)
{
	return tarn__text_begins(line, "local-zone:") || tarn__text_begins(line, "local-data:") ||
	       tarn__text_begins(line, "local-data-ptr:") ||
	       tarn__text_begins(line, "local-zone-tag:") || tarn__text_is(line, "server:");
}

static bool is_url(struct tarn__text line)
{
	for (const char *at = line.at; line.end - at >= 3; at++) {
		if (at[0] == ':' && at[1] == '/' && at[2] == '/')
			return true;
	}
	return false;
}

static bool begins_adblock(struct tarn__text line)
{
	return *line.at == '|' || tarn__text_begins(line, "@@") ||
	       (*line.at == '/' && line.end - line.at > 1);
}

/* The forms that one word has. */
static enum form find_word_form(struct tarn__text word)
{
	if (has(word, '$') || has(word, '^') || has(word, '|'))
		return FORM_ADBLOCK;
	if (tarn__text_begins(word, "*.") &&
	    !memchr(word.at + 1, '*', (size_t)(word.end - word.at - 1)))
		return has(word, '/') ? FORM_URL : FORM_WILDCARD;
	if (has(word, '*'))
		return FORM_ADBLOCK;
	if (has(word, '/'))
		return FORM_URL;
	if (*word.at == '=')
		return FORM_EXACT;
	return tarn__text_is_address(word) ? FORM_ADDRESS : FORM_DOMAIN;
}

/* Finds the form, and cuts a comment off. The line is neither empty nor a comment. */
static enum form find_form(struct tarn__text *line)
{
	if (begins_adblock(*line))
		return FORM_ADBLOCK;
	if (has(*line, '=') && is_dnsmasq(*line))
		return FORM_DNSMASQ;
	if (has(*line, ':') && is_unbound(*line))
		return FORM_UNBOUND;
	struct tarn__text rest = *line;
	struct tarn__text word = tarn__text_next(&rest);
	bool is_hosts = rest.at < rest.end && tarn__text_is_address(word);
	if (!cut_comment(line, is_hosts))
		return FORM_COSMETIC;
	if (line->at == line->end)
		return FORM_NONE;
	rest = *line;
	word = tarn__text_next(&rest);
	if (rest.at < rest.end)
		return is_hosts ? FORM_HOSTS : FORM_WORDS;
	if (is_url(word))
		return has(word, '$') ? FORM_ADBLOCK : FORM_URL;
	return find_word_form(word);
}

/* ---- rules ------------------------------------------------------------------------------ */

struct reading {
	const struct tarn__namelist_line_options *options;
	tarn__namelist_emit *emit;
	void *data;
	struct tarn__namelist_line_counts counts;
};

static enum tarn__namelist_reach reach_of(const struct reading *reading, bool is_wide)
{
	switch (reading->options->subdomains) {
	case TARN__NAMELIST_WITH:
		return TARN__NAMELIST_BOTH;
	case TARN__NAMELIST_WITHOUT:
		return TARN__NAMELIST_SELF;
	default:
		return is_wide ? TARN__NAMELIST_BOTH : TARN__NAMELIST_SELF;
	}
}

static void emit_name(struct reading *reading, const uint8_t *name, size_t len,
		      enum tarn__namelist_reach reach, const struct tarn__namelist_more *more)
{
	struct tarn__namelist_rule rule = {.reach = reach,
					   .action = more ? TARN__NAMELIST_DATA
							  : TARN__NAMELIST_DEFAULT,
					   .name_len = (uint16_t)len,
					   .name = name,
					   .more = more};
	reading->counts.rules++;
	reading->emit(reading->data, &rule);
}

/* Names that stand at the top of hosts files and block nothing. */
static bool is_own_name(struct tarn__text word)
{
	static const char *const names[] = {"localhost", "localhost.localdomain", "local",
					    "broadcasthost", "0.0.0.0"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (tarn__text_is(word, names[i]))
			return true;
	}
	return tarn__text_begins(word, "ip6-");
}

/* A name of a list of whole names: one label alone is none. */
static void read_plain(struct reading *reading, struct tarn__text word,
		       enum tarn__namelist_reach reach)
{
	uint8_t name[TARN__NAME_MAX];
	unsigned labels;
	size_t len = tarn__text_name(word, name, &labels);
	if (is_own_name(word))
		return;
	if (len != 0 && tarn__text_is_address(word))
		reading->counts.not_dns++;
	else if (len != 0 && labels > 1)
		emit_name(reading, name, len, reach, NULL);
	else if (reading->options->format == TARN__NAMELIST_ADBLOCK &&
		 (len != 0 || !tarn__text_is_name_like(word)))
		reading->counts.not_dns++; /* a part of a URL */
	else
		reading->counts.invalid++;
}

/* A name of a form that reaches below: one label may be meant. */
static void read_wide(struct reading *reading, struct tarn__text word,
		      const struct tarn__namelist_more *more)
{
	uint8_t name[TARN__NAME_MAX];
	unsigned labels;
	size_t len = tarn__text_name(word, name, &labels);
	if (len == 0)
		reading->counts.invalid++;
	else if (tarn__text_is_address(word))
		reading->counts.not_dns++;
	else
		emit_name(reading, name, len, reach_of(reading, true), more);
}

static void read_hosts(struct reading *reading, struct tarn__text line)
{
	tarn__text_next(&line);
	while (line.at < line.end)
		read_plain(reading, tarn__text_next(&line), reach_of(reading, false));
}

/* ---- records ---------------------------------------------------------------------------- */

struct address {
	uint16_t type;
	uint8_t octets[16];
	uint8_t len;
	bool is_null; /* it stands for "nowhere" */
};

static bool read_address(struct tarn__text word, struct address *out)
{
	char buffer[INET6_ADDRSTRLEN];
	static const uint8_t zeros[16], loopback[16] = {[15] = 1};
	if (!tarn__text_copy(word, buffer, sizeof buffer))
		return false;
	if (inet_pton(AF_INET, buffer, out->octets) == 1) {
		out->type = TARN__TYPE_A;
		out->len = 4;
		out->is_null =
			memcmp(out->octets, zeros, 4) == 0 || strcmp(buffer, "127.0.0.1") == 0;
		return true;
	}
	if (inet_pton(AF_INET6, buffer, out->octets) != 1)
		return false;
	out->type = TARN__TYPE_AAAA;
	out->len = 16;
	out->is_null =
		memcmp(out->octets, zeros, 16) == 0 || memcmp(out->octets, loopback, 16) == 0;
	return true;
}

static struct tarn__namelist_more more_of(const struct address *address)
{
	return (struct tarn__namelist_more){.has_record = true,
					    .type = address->type,
					    .ttl = TARN__NAMELIST_TTL_UNSET,
					    .rdata_len = address->len,
					    .rdata = address->octets};
}

/* ---- dnsmasq ---------------------------------------------------------------------------- */

/* Reads what stands behind the names. Returns false if the line is of no use here. */
static bool read_dnsmasq_value(struct tarn__text line, struct tarn__text value,
			       struct address *address, bool *has_address)
{
	*has_address = false;
	if (value.at == value.end)
		return true;
	if (!tarn__text_begins(line, "address="))
		return false; /* servers of the names */
	if (tarn__text_is(value, "#"))
		return true;
	*has_address = read_address(value, address) && !address->is_null;
	return *has_address || read_address(value, address);
}

static void read_dnsmasq(struct reading *reading, struct tarn__text line)
{
	struct address address = {0};
	bool has_address;
	cut_comment(&line, false);
	struct tarn__text names = {memchr(line.at, '/', (size_t)(line.end - line.at)), line.end};
	const char *last = names.end;
	while (last[-1] != '/')
		last--;
	struct tarn__text value = tarn__text_trim((struct tarn__text){last, line.end});
	names = (struct tarn__text){names.at + 1, last};
	bool is_known = tarn__text_begins(line, "address=") || tarn__text_begins(line, "server=") ||
			tarn__text_begins(line, "local=");
	if (names.at >= names.end) {
		reading->counts.invalid++;
		return;
	}
	if (!is_known || has(names, '*') || has(names, '#') ||
	    !read_dnsmasq_value(line, value, &address, &has_address)) {
		reading->counts.unsupported++;
		return;
	}
	struct tarn__namelist_more more = more_of(&address);
	while (names.at < names.end) {
		const char *end = memchr(names.at, '/', (size_t)(names.end - names.at));
		struct tarn__text name = {names.at + (*names.at == '.'), end};
		read_wide(reading, name, has_address ? &more : NULL);
		names.at = end + 1;
	}
}

/* ---- unbound ---------------------------------------------------------------------------- */

/* Takes the quotes away, and puts what stands between them into *line. */
static void unquote(struct tarn__text *line)
{
	*line = tarn__text_trim(*line);
	if (line->end - line->at >= 2 && (*line->at == '"' || *line->at == '\'') &&
	    line->end[-1] == *line->at) {
		line->at++;
		line->end--;
	}
}

static bool blocks(struct tarn__text type)
{
	static const char *const types[] = {
		"always_nxdomain", "always_null", "always_nodata",  "always_refuse",
		"always_deny",	   "refuse",	  "deny",	    "static",
		"redirect",	   "inform_deny", "inform_redirect"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (tarn__text_is(type, types[i]))
			return true;
	}
	return false;
}

static void read_local_zone(struct reading *reading, struct tarn__text rest)
{
	struct tarn__text name = tarn__text_next(&rest);
	unquote(&name);
	unquote(&rest);
	if (rest.at == rest.end)
		reading->counts.invalid++;
	else if (!blocks(rest))
		reading->counts.unsupported++;
	else
		read_wide(reading, name, NULL);
}

/* "NAME [TTL] [IN] A ADDRESS" */
static void read_local_data(struct reading *reading, struct tarn__text rest)
{
	struct address address;
	struct tarn__text name, word = {rest.at, rest.at}, value = {rest.at, rest.at};
	unquote(&rest);
	name = tarn__text_next(&rest);
	while (rest.at < rest.end) {
		word = value;
		value = tarn__text_next(&rest);
	}
	if (!(tarn__text_is(word, "A") || tarn__text_is(word, "AAAA"))) {
		reading->counts.unsupported++;
		return;
	}
	uint8_t wire[TARN__NAME_MAX];
	unsigned labels;
	size_t len = tarn__text_name(name, wire, &labels);
	if (len == 0 || !read_address(value, &address)) {
		reading->counts.invalid++;
		return;
	}
	struct tarn__namelist_more more = more_of(&address);
	emit_name(reading, wire, len, reach_of(reading, false), address.is_null ? NULL : &more);
}

static void read_unbound(struct reading *reading, struct tarn__text line)
{
	const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
	struct tarn__text rest = {colon + 1, line.end};
	if (!cut_comment(&rest, false) || tarn__text_is(line, "server:"))
		return;
	rest = tarn__text_trim(rest);
	if (tarn__text_begins(line, "local-zone:"))
		read_local_zone(reading, rest);
	else if (tarn__text_begins(line, "local-data:"))
		read_local_data(reading, rest);
	else
		reading->counts.unsupported++;
}

/* ---- lines ------------------------------------------------------------------------------ */

static void read_adblock(struct reading *reading, struct tarn__text line)
{
	struct tarn__namelist_adblock rule;
	switch (tarn__namelist_adblock_read(line, &rule)) {
	case TARN__ADBLOCK_RULE:
		if (reading->options->subdomains == TARN__NAMELIST_WITHOUT &&
		    rule.rule.reach == TARN__NAMELIST_BOTH)
			rule.rule.reach = TARN__NAMELIST_SELF;
		if (reading->options->subdomains == TARN__NAMELIST_WITH && rule.is_plain)
			rule.rule.reach = TARN__NAMELIST_BOTH;
		reading->counts.rules++;
		reading->emit(reading->data, &rule.rule);
		break;
	case TARN__ADBLOCK_INVALID:
		reading->counts.invalid++;
		break;
	case TARN__ADBLOCK_NOT_DNS:
		reading->counts.not_dns++;
		break;
	case TARN__ADBLOCK_UNSUPPORTED:
		reading->counts.unsupported++;
		break;
	}
}

static void read_form(struct reading *reading, enum form form, struct tarn__text line)
{
	switch (form) {
	case FORM_NONE:
		break;
	case FORM_HOSTS:
		read_hosts(reading, line);
		break;
	case FORM_DOMAIN:
		read_plain(reading, line, reach_of(reading, false));
		break;
	case FORM_EXACT:
		line.at++;
		read_plain(reading, line, TARN__NAMELIST_SELF);
		break;
	case FORM_WILDCARD:
		line.at += 2;
		read_wide(reading, line, NULL);
		break;
	case FORM_ADBLOCK:
		read_adblock(reading, line);
		break;
	case FORM_DNSMASQ:
		read_dnsmasq(reading, line);
		break;
	case FORM_UNBOUND:
		read_unbound(reading, line);
		break;
	case FORM_COSMETIC:
	case FORM_URL:
	case FORM_ADDRESS:
		reading->counts.not_dns++;
		break;
	case FORM_WORDS:
		if (reading->options->format == TARN__NAMELIST_ADBLOCK)
			reading->counts.not_dns++;
		else
			reading->counts.invalid++;
		break;
	}
}

struct tarn__namelist_line_counts
tarn__namelist_line_read(const struct tarn__namelist_line_options *options, const char *line,
			 size_t len, tarn__namelist_emit *emit, void *data)
{
	struct reading reading = {.options = options, .emit = emit, .data = data};
	struct tarn__text text = tarn__text_trim((struct tarn__text){line, line + len});
	if (text.at == text.end || is_comment(text, options->format))
		return reading.counts;
	if (len > TARN__NAMELIST_LINE_MAX) {
		reading.counts.invalid++;
		return reading.counts;
	}
	enum form form = *text.at == '#' ? FORM_COSMETIC : find_form(&text);
	read_form(&reading, form, text);
	return reading.counts;
}

/* ---- guessing --------------------------------------------------------------------------- */

static enum tarn__namelist_format format_of(enum form form, struct tarn__text line)
{
	switch (form) {
	case FORM_HOSTS:
		return TARN__NAMELIST_HOSTS;
	case FORM_WILDCARD:
	case FORM_EXACT:
		return TARN__NAMELIST_WILDCARD;
	case FORM_DNSMASQ:
		return TARN__NAMELIST_DNSMASQ;
	case FORM_UNBOUND:
		return TARN__NAMELIST_UNBOUND;
	case FORM_ADBLOCK:
	case FORM_COSMETIC:
	case FORM_URL: /* a path, as rules for browsers have them */
		return TARN__NAMELIST_ADBLOCK;
	case FORM_DOMAIN:
		return has(line, '.') ? TARN__NAMELIST_DOMAINS : TARN__NAMELIST_AUTO;
	default:
		return TARN__NAMELIST_AUTO;
	}
}

bool tarn__namelist_guess_line(struct tarn__namelist_guess *guess, const char *line, size_t len)
{
	struct tarn__text text = tarn__text_trim((struct tarn__text){line, line + len});
	if (text.at == text.end || is_comment(text, TARN__NAMELIST_AUTO))
		return guess->lines >= TARN__NAMELIST_GUESS_LINES;
	enum form form = find_form(&text);
	guess->forms[format_of(form, text)]++;
	return ++guess->lines >= TARN__NAMELIST_GUESS_LINES;
}

/* Of equal numbers, those of a form that can mean one thing only count. */
enum tarn__namelist_format tarn__namelist_guess_format(const struct tarn__namelist_guess *guess)
{
	enum tarn__namelist_format best = TARN__NAMELIST_DOMAINS;
	for (unsigned i = TARN__NAMELIST_HOSTS; i < TARN__NAMELIST_RPZ; i++) {
		if (guess->forms[i] > guess->forms[best] ||
		    (best == TARN__NAMELIST_DOMAINS && guess->forms[i] > 0 &&
		     guess->forms[i] == guess->forms[best]))
			best = i;
	}
	return best;
}

enum tarn__namelist_format tarn__namelist_guess(const char *text, size_t len)
{
	struct tarn__namelist_guess guess = {0};
	const char *end = text + len;
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		if (!line_end || tarn__namelist_guess_line(&guess, text, (size_t)(line_end - text)))
			break;
		text = line_end + 1;
	}
	return tarn__namelist_guess_format(&guess);
}
