/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/scenario/records.c: records of a script are read and signed. */
#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 32, CHAIN_TTL = 3600, NSEC3_TTL = 300 };

/* A line, without its section. */
struct line {
	struct records *records;
	struct signing *signing;
	ldns_pkt_section section;
	char *words[WORDS_MAX];
	size_t count, at; /* the next word */
	struct signing_how how;
};

static const char *push(const struct line *line, ldns_rr *rr)
{
	if (line->records->count == RECORDS_MAX)
		return "too many records";
	line->records->items[line->records->count++] =
		(struct record){.section = line->section, .rr = rr, .how = line->how};
	return NULL;
}

static const char *push_text(const struct line *line, const char *text)
{
	ldns_rr *rr;
	ldns_status status = ldns_rr_new_frm_str(&rr, text, 3600, NULL, NULL);
	return status == LDNS_STATUS_OK ? push(line, rr) : ldns_get_errorstr_by_id(status);
}

/* The next word; "": there is none. */
static const char *take(struct line *line)
{
	return line->at < line->count ? line->words[line->at++] : "";
}

/* Takes the next word if it is a number. */
static uint32_t take_ttl(struct line *line, uint32_t otherwise)
{
	char *end;
	if (line->at == line->count)
		return otherwise;
	unsigned long number = strtoul(line->words[line->at], &end, 10);
	if (*end != '\0')
		return otherwise;
	line->at++;
	return (uint32_t)number;
}

/* Takes the words of how the RRset is signed, as far as they go. */
static const char *take_how(struct line *line)
{
	const char *fault = NULL;
	while (line->at < line->count && !fault &&
	       signing_read_how(line->signing, line->words[line->at], &line->how, &fault))
		line->at++;
	return fault;
}

static void remove_word(struct line *line, size_t index)
{
	line->count--;
	memmove(&line->words[index], &line->words[index + 1],
		(line->count - index) * sizeof line->words[0]);
}

/* Takes such words from anywhere in the rest of the line. */
static const char *take_all_how(struct line *line)
{
	const char *fault = NULL;
	for (size_t i = line->at; i < line->count && !fault;) {
		if (signing_read_how(line->signing, line->words[i], &line->how, &fault))
			remove_word(line, i);
		else
			i++;
	}
	return fault;
}

/* Takes "flagTEXT" from anywhere in the rest of the line. Returns TEXT; NULL: it is not there. */
static const char *take_flag(struct line *line, const char *flag)
{
	size_t len = strlen(flag);
	for (size_t i = line->at; i < line->count; i++) {
		const char *word = line->words[i];
		if (strncmp(word, flag, len) != 0)
			continue;
		remove_word(line, i);
		return word + len;
	}
	return NULL;
}

static long take_number(struct line *line, const char *flag)
{
	const char *text = take_flag(line, flag);
	return text ? strtol(text, NULL, 10) : -1;
}

/* ---- directives ------------------------------------------------------------------------- */

static void set_signer(struct line *line, const char *zone)
{
	snprintf(line->how.zone, sizeof line->how.zone, "%s", zone);
}

static const char *read_signed(struct line *line)
{
	char text[4096] = "";
	set_signer(line, take(line));
	const char *fault = take_how(line);
	while (line->at < line->count) {
		strncat(text, take(line), sizeof text - strlen(text) - 1);
		strncat(text, " ", sizeof text - strlen(text) - 1);
	}
	return fault ? fault : push_text(line, text);
}

static const char *read_dnskey(struct line *line)
{
	const char *zone = take(line);
	uint32_t ttl = take_ttl(line, CHAIN_TTL);
	set_signer(line, zone);
	const char *fault = take_all_how(line);
	ldns_rr_list *dnskeys = ldns_rr_list_new();
	if (!fault)
		fault = signing_dnskeys(line->signing, zone, ttl, dnskeys);
	for (size_t i = 0; i < ldns_rr_list_rr_count(dnskeys) && !fault; i++)
		fault = push(line, ldns_rr_list_rr(dnskeys, i));
	ldns_rr_list_free(dnskeys);
	return fault;
}

static const char *read_ds(struct line *line)
{
	const char *zone = take(line);
	set_signer(line, take(line));
	uint32_t ttl = take_ttl(line, CHAIN_TTL);
	const char *key = take_flag(line, "key=");
	long digest = take_number(line, "digest="), algorithm = take_number(line, "algorithm=");
	const char *fault = take_all_how(line);
	ldns_rr *ds;
	if (!fault)
		fault = signing_ds(line->signing, zone, key ? key : "main", ttl, digest, algorithm,
				   &ds);
	return fault ? fault : push(line, ds);
}

static const char *read_nsec3(struct line *line)
{
	struct signing_nsec3 from = {.zone = take(line)};
	set_signer(line, from.zone);
	from.is_cover = strcmp(take(line), "over") == 0;
	from.name = take(line);
	from.ttl = take_ttl(line, NSEC3_TTL);
	from.has_opt_out = take_flag(line, "optout") != NULL;
	const char *salt = take_flag(line, "salt=");
	from.salt = salt ? salt : "-";
	long iterations = take_number(line, "iterations=");
	from.iterations = iterations < 0 ? 0 : iterations;
	const char *fault = take_all_how(line);
	from.types = line->words + line->at;
	from.type_count = line->count - line->at;
	ldns_rr *nsec3;
	if (!fault)
		fault = signing_nsec3(&from, &nsec3);
	return fault ? fault : push(line, nsec3);
}

static const char *split(struct line *line, char *text)
{
	line->count = 0;
	char *rest;
	for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (line->count == WORDS_MAX)
			return "too many words";
		line->words[line->count++] = word;
	}
	return NULL;
}

const char *records_read(struct records *records, struct signing *signing, char *text)
{
	static const struct {
		const char *name;
		ldns_pkt_section section;
	} sections[] = {{"answer", LDNS_SECTION_ANSWER},
			{"authority", LDNS_SECTION_AUTHORITY},
			{"additional", LDNS_SECTION_ADDITIONAL}};
	static const struct {
		const char *word;
		const char *(*read)(struct line *);
	} directives[] = {{"signed", read_signed},
			  {"dnskey", read_dnskey},
			  {"ds", read_ds},
			  {"nsec3", read_nsec3}};
	struct line line = {.records = records, .signing = signing, .how = signing_plain};
	text += strspn(text, " \t");
	size_t len = strcspn(text, " \t"), section = 0;
	while (strlen(sections[section].name) != len ||
	       strncmp(sections[section].name, text, len) != 0) {
		if (++section == sizeof sections / sizeof sections[0])
			return "neither answer, authority nor additional";
	}
	line.section = sections[section].section;
	text += len + strspn(text + len, " \t");
	len = strcspn(text, " \t");
	for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
		if (strlen(directives[i].word) != len ||
		    strncmp(directives[i].word, text, len) != 0)
			continue;
		const char *fault = split(&line, text + len);
		return fault ? fault : directives[i].read(&line);
	}
	return push_text(&line, text);
}

/* ---- signatures ------------------------------------------------------------------------- */

static bool is_same_how(const struct signing_how *a, const struct signing_how *b)
{
	return strcmp(a->zone, b->zone) == 0 && strcmp(a->by, b->by) == 0 &&
	       a->inception == b->inception && a->expiration == b->expiration &&
	       a->labels == b->labels && a->ttl == b->ttl && a->is_spoilt == b->is_spoilt;
}

static bool is_same_rrset(const struct record *a, const struct record *b)
{
	return a->section == b->section && is_same_how(&a->how, &b->how) &&
	       ldns_rr_get_type(a->rr) == ldns_rr_get_type(b->rr) &&
	       ldns_dname_compare(ldns_rr_owner(a->rr), ldns_rr_owner(b->rr)) == 0;
}

/* Signs the RRset of count records from first on, and adds the signatures to out. */
static const char *sign(struct signing *signing, const struct record *first, size_t count,
			struct records *out)
{
	ldns_rr_list *rrset = ldns_rr_list_new(), *rrsigs = ldns_rr_list_new();
	for (size_t i = 0; i < count; i++)
		ldns_rr_list_push_rr(rrset, first[i].rr);
	const char *fault = signing_sign(signing, rrset, &first->how, rrsigs);
	struct line line = {.records = out, .section = first->section, .how = signing_plain};
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrsigs) && !fault; i++)
		fault = push(&line, ldns_rr_list_rr(rrsigs, i));
	ldns_rr_list_free(rrset);
	ldns_rr_list_free(rrsigs);
	return fault;
}

const char *records_sign(struct records *records, struct signing *signing)
{
	static struct records all;
	all.count = 0;
	const char *fault = NULL;
	for (size_t i = 0, end; i < records->count && !fault; i = end) {
		for (end = i; end < records->count &&
			      is_same_rrset(&records->items[i], &records->items[end]);
		     end++) {
			if (all.count == RECORDS_MAX)
				return "too many records";
			all.items[all.count++] = records->items[end];
		}
		if (records->items[i].how.zone[0])
			fault = sign(signing, &records->items[i], end - i, &all);
	}
	*records = all;
	for (size_t i = 0; i < records->count; i++)
		records->items[i].how = signing_plain;
	return fault;
}

void records_clear(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		ldns_rr_free(records->items[i].rr);
	records->count = 0;
}
