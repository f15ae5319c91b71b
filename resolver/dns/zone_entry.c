/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/zone_entry.c: records and directives of a zone file. */
#include "dns/zone_entry.h"

#include <stdio.h>
#include <string.h>

#include "dns/rdata_field.h"
#include "dns/text.h"

void tarn__zone_entries_init(struct tarn__zone_entries *entries, const uint8_t *origin,
			     size_t origin_len, uint32_t ttl)
{
	entries->origin.len = origin_len;
	if (origin_len > 0)
		memcpy(entries->origin.octets, origin, origin_len);
	entries->owner.len = 0;
	entries->ttl = ttl;
	entries->has_default_ttl = false;
	entries->fault[0] = '\0';
}

static enum tarn__zone_entry fail(struct tarn__zone_entries *entries, const char *fault)
{
	snprintf(entries->fault, sizeof(entries->fault), "%s", fault);
	return TARN__ZONE_FAULT;
}

/* Adds the start of a word to the reason. */
static enum tarn__zone_entry fail_at(struct tarn__zone_entries *entries, const char *fault,
				     const struct tarn__word *word)
{
	enum { SHOWN_MAX = 16 };
	char shown[4 * SHOWN_MAX + 1];
	bool is_long = word->len > SHOWN_MAX;
	size_t len = is_long ? SHOWN_MAX : word->len;
	*tarn__string_format((const uint8_t *)word->text, len, shown) = '\0';
	snprintf(entries->fault, sizeof(entries->fault), "%s: \"%s\"%s", fault, shown,
		 is_long ? "..." : "");
	return TARN__ZONE_FAULT;
}

/* Takes the next word, which has to be the last but for faults. */
static bool take_last(struct tarn__words *words, struct tarn__word *out)
{
	struct tarn__word more;
	return tarn__words_next(words, out) && !tarn__words_next(words, &more) && !words->fault;
}

/* ---- directives ------------------------------------------------------------------------- */

/* What follows would be read with another origin: without one relative names are faults. */
static enum tarn__zone_entry read_origin(struct tarn__zone_entries *entries,
					 struct tarn__words *words)
{
	struct tarn__word word;
	struct tarn__name origin;
	origin.len = take_last(words, &word)
			     ? tarn__word_name(&word, &entries->origin, origin.octets)
			     : 0;
	entries->origin.len = origin.len;
	if (origin.len == 0)
		return fail(entries, "$ORIGIN: not a name");
	memcpy(entries->origin.octets, origin.octets, origin.len);
	return TARN__ZONE_DIRECTIVE;
}

/* RFC 2308 section 4 */
static enum tarn__zone_entry read_ttl(struct tarn__zone_entries *entries, struct tarn__words *words)
{
	struct tarn__word word;
	if (!take_last(words, &word) ||
	    !tarn__word_duration(&word, TARN__ZONE_TTL_MAX, &entries->ttl))
		return fail(entries, "$TTL: not a TTL");
	entries->has_default_ttl = true;
	return TARN__ZONE_DIRECTIVE;
}

static enum tarn__zone_entry read_directive(struct tarn__zone_entries *entries,
					    const struct tarn__word *name,
					    struct tarn__words *words)
{
	if (tarn__word_is(name, "$ORIGIN"))
		return read_origin(entries, words);
	if (tarn__word_is(name, "$TTL"))
		return read_ttl(entries, words);
	if (tarn__word_is(name, "$INCLUDE"))
		return fail(entries, "$INCLUDE: other files are not read");
	return fail_at(entries, "not a directive", name);
}

/* ---- records ---------------------------------------------------------------------------- */

/* Returns false if it is not a name; then the owner is not known. */
static bool take_owner(struct tarn__zone_entries *entries, const struct tarn__word *word)
{
	entries->owner.len = tarn__word_name(word, &entries->origin, entries->owner.octets);
	return entries->owner.len > 0;
}

static bool read_class(const struct tarn__word *word, uint16_t *out)
{
	char text[TARN__WORD_MAX];
	return tarn__word_copy(word, text, sizeof(text)) && tarn__class_parse(text, out);
}

/* Reads TTL and class, in either order and each of them if it is there, and the type. */
static enum tarn__zone_entry read_head(struct tarn__zone_entries *entries,
				       struct tarn__words *words, struct tarn__zone_record *out)
{
	struct tarn__word word;
	bool has_ttl = false, has_class = false;
	out->ttl = entries->ttl;
	out->class = TARN__CLASS_IN;
	for (;;) {
		if (!tarn__words_next(words, &word))
			return fail(entries, words->fault ? words->fault : "a type is missing");
		if (!has_ttl && tarn__word_duration(&word, TARN__ZONE_TTL_MAX, &out->ttl))
			has_ttl = true;
		else if (!has_class && read_class(&word, &out->class))
			has_class = true;
		else
			break;
	}
	if (!tarn__word_type(&word, &out->type))
		return fail_at(entries, "not a type", &word);
	if (!tarn__type_is_data(out->type))
		return fail_at(entries, "not a type of data", &word);
	/* RFC 6895 section 3.2 */
	if (out->class == 0 || out->class == TARN__CLASS_NONE || out->class == TARN__CLASS_ANY)
		return fail(entries, "not a class of data");
	/* RFC 1035 section 5.1: the last one that was stated, until there is a $TTL. */
	if (has_ttl && !entries->has_default_ttl)
		entries->ttl = out->ttl;
	return TARN__ZONE_RECORD;
}

static enum tarn__zone_entry read_rdata(struct tarn__zone_entries *entries,
					struct tarn__words *words, struct tarn__zone_record *out)
{
	char type[TARN__WORD_MAX];
	const char *fault = tarn__rdata_parse(words, out->type, &entries->origin, entries->rdata,
					      &out->rdata_len);
	if (!fault && !tarn__rdata_is_valid(entries->rdata, out->rdata_len, out->type))
		fault = "not RDATA of this type";
	if (fault) {
		snprintf(entries->fault, sizeof(entries->fault), "%s: %s",
			 tarn__type_format(out->type, type), fault);
		return TARN__ZONE_FAULT;
	}
	out->owner = entries->owner.octets;
	out->owner_len = entries->owner.len;
	out->rdata = entries->rdata;
	return TARN__ZONE_RECORD;
}

static enum tarn__zone_entry read_record(struct tarn__zone_entries *entries,
					 struct tarn__words *words, struct tarn__zone_record *out)
{
	enum tarn__zone_entry kind = read_head(entries, words, out);
	return kind == TARN__ZONE_RECORD ? read_rdata(entries, words, out) : kind;
}

static bool begins_with_blank(const char *text, size_t len)
{
	return len > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r');
}

static bool is_directive(const struct tarn__word *word)
{
	return !word->is_quoted && word->text[0] == '$';
}

enum tarn__zone_entry tarn__zone_entry_read(struct tarn__zone_entries *entries, const char *text,
					    size_t len, struct tarn__zone_record *out)
{
	struct tarn__words words = tarn__words_open(text, len), ahead = words;
	struct tarn__word word;
	if (!tarn__words_next(&ahead, &word) && !ahead.fault)
		return TARN__ZONE_NOTHING;
	if (!begins_with_blank(text, len)) {
		words = ahead;
		if (!words.fault && is_directive(&word))
			return read_directive(entries, &word, &words);
		if (words.fault) {
			entries->owner.len = 0;
			return fail(entries, words.fault);
		}
		if (!take_owner(entries, &word))
			return fail_at(entries, "not a name", &word);
	} else if (entries->owner.len == 0) {
		return fail(entries, "no name, and none before it");
	}
	return read_record(entries, &words, out);
}

void tarn__zone_entry_skip(struct tarn__zone_entries *entries, const char *text, size_t len)
{
	struct tarn__words words = tarn__words_open(text, len);
	struct tarn__word word;
	if (begins_with_blank(text, len))
		return;
	if (!tarn__words_next(&words, &word))
		entries->owner.len = 0;
	else if (tarn__word_is(&word, "$ORIGIN"))
		entries->origin.len = 0;
	else if (!is_directive(&word))
		take_owner(entries, &word);
}
