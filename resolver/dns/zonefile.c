/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/zonefile.c: the entries of a zone file: what quotes, comments and parentheses make of its lines. The
 * text of an entry has line ends in place of its parentheses, and no comments.
 */
#include "dns/zonefile.h"

#include <stdio.h>
#include <string.h>

/* Characters that are more than a part of the text. */
enum kind { PLAIN, LINE_END, ESCAPE, QUOTE, COMMENT, OPEN, CLOSE };

static const uint8_t kinds[256] = {
	['\n'] = LINE_END, ['\\'] = ESCAPE, ['"'] = QUOTE,
	[';'] = COMMENT,   ['('] = OPEN,    [')'] = CLOSE,
};

static const char not_closed[] = "a parenthesis is not closed";

void tarn__zonefile_init(struct tarn__zonefile *reader, const uint8_t *origin, size_t origin_len,
			 uint32_t ttl, const struct tarn__zonefile_callbacks *callbacks, void *arg)
{
	tarn__zone_entries_init(&reader->entries, origin, origin_len, ttl);
	reader->callbacks = callbacks;
	reader->arg = arg;
	reader->line = reader->entry_line = 1;
	reader->is_escaped = reader->is_quoted = reader->is_comment = false;
	reader->is_open = reader->is_cut = reader->is_suspect = false;
	reader->fault = NULL;
	reader->resume_at = reader->len = 0;
}

/* ---- entries ---------------------------------------------------------------------------- */

static void report(struct tarn__zonefile *reader, const char *fault)
{
	if (!reader->is_suspect)
		reader->callbacks->fault(reader->arg, reader->entry_line, fault);
	else /* Its first word may not have been meant as an owner. */
		reader->entries.owner.len = 0;
}

static void read_entry(struct tarn__zonefile *reader, const char *text, size_t len)
{
	static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};
	const size_t mark_len = sizeof(byte_order_mark);
	struct tarn__zone_record record;
	if (reader->entry_line == 1 && len >= mark_len &&
	    memcmp(text, byte_order_mark, mark_len) == 0) {
		text += mark_len;
		len -= mark_len;
	}
	switch (tarn__zone_entry_read(&reader->entries, text, len, &record)) {
	case TARN__ZONE_NOTHING:
		break;
	case TARN__ZONE_DIRECTIVE:
		reader->is_suspect = false;
		break;
	case TARN__ZONE_RECORD:
		reader->is_suspect = false;
		record.line = reader->entry_line;
		reader->callbacks->record(reader->arg, &record);
		break;
	case TARN__ZONE_FAULT:
		report(reader, reader->entries.fault);
		break;
	}
}

/* Begins the next entry, which starts in the line being read. */
static void begin_entry(struct tarn__zonefile *reader)
{
	reader->entry_line = reader->line;
	reader->is_cut = false;
	reader->fault = NULL;
	reader->resume_at = reader->len = 0;
}

/* Reads the entry, of which all is there but for what was dropped. */
static void finish_entry(struct tarn__zonefile *reader)
{
	if (reader->fault) {
		tarn__zone_entry_skip(&reader->entries, reader->text, reader->len);
		report(reader, reader->fault);
	} else if (reader->len > 0) {
		read_entry(reader, reader->text, reader->len);
	}
}

/* Keeps the first reason. */
static void set_fault(struct tarn__zonefile *reader, const char *fault)
{
	if (!reader->fault)
		reader->fault = fault;
}

/* Ends the entry before its end, which may be in lines to come: they are suspect. */
static void break_entry(struct tarn__zonefile *reader)
{
	finish_entry(reader);
	reader->fault = NULL;
	reader->len = 0;
	reader->is_open = false;
	reader->is_suspect = true;
}

/*
 * Gives up the entry, whose parentheses are not closed, and reads what is behind the line that opened
 * them. There is no parenthesis in these lines: all octets are looked at once more, and only once. The
 * line being read stays.
 */
static void give_up_entry(struct tarn__zonefile *reader)
{
	size_t at = reader->resume_at, end = reader->len;
	reader->len = at;
	set_fault(reader, not_closed);
	break_entry(reader);
	reader->entry_line = reader->resume_line;
	const char *line_end;
	while ((line_end = memchr(reader->text + at, '\n', end - at))) {
		read_entry(reader, reader->text + at, (size_t)(line_end - reader->text) - at);
		at = (size_t)(line_end - reader->text) + 1;
		reader->entry_line++;
	}
	begin_entry(reader);
	reader->len = end - at;
	memmove(reader->text, reader->text + at, reader->len);
}

/* The entry has no room for more. */
static void cut_entry(struct tarn__zonefile *reader)
{
	if (reader->resume_at > 0) {
		give_up_entry(reader);
		return;
	}
	reader->is_cut = true;
	set_fault(reader, "longer than a record can be");
	if (reader->is_open)
		break_entry(reader);
}

static void append(struct tarn__zonefile *reader, const char *octets, size_t len)
{
	while (len > 0 && !reader->is_cut) {
		size_t room = sizeof(reader->text) - reader->len;
		size_t step = len < room ? len : room;
		memcpy(reader->text + reader->len, octets, step);
		reader->len += step;
		octets += step;
		len -= step;
		if (len > 0)
			cut_entry(reader);
	}
}

/* ---- lines ------------------------------------------------------------------------------ */

static void end_line(struct tarn__zonefile *reader)
{
	reader->is_escaped = reader->is_quoted = reader->is_comment = false;
	if (reader->is_open)
		append(reader, "\n", 1);
	reader->line++;
	if (!reader->is_open) {
		finish_entry(reader);
		begin_entry(reader);
	} else if (reader->resume_at == 0) {
		reader->resume_at = reader->len;
		reader->resume_line = reader->line;
	}
}

/* Words end at it. An entry that begins with it does not begin with a blank. */
static void append_parenthesis(struct tarn__zonefile *reader)
{
	append(reader, "\n", 1);
}

static void open_parenthesis(struct tarn__zonefile *reader)
{
	if (reader->resume_at > 0)
		give_up_entry(reader);
	else if (reader->is_open)
		set_fault(reader, "a parenthesis within others");
	append_parenthesis(reader);
	if (reader->is_cut)
		break_entry(reader);
	else
		reader->is_open = true;
}

static void close_parenthesis(struct tarn__zonefile *reader)
{
	/* It may be what the entry has no room for. */
	if (reader->is_open)
		append_parenthesis(reader);
	if (reader->is_open) {
		reader->is_open = false;
		reader->resume_at = 0;
	} else if (reader->is_suspect) {
		/* It is the end of the entry that was broken, and the rest of the line is no other. */
		reader->is_suspect = false;
		reader->is_cut = true;
		reader->fault = NULL;
		reader->len = 0;
	} else {
		set_fault(reader, "a parenthesis is closed that is not open");
	}
}

/* Takes an octet that may be more than a part of the text. */
static void take_octet(struct tarn__zonefile *reader, char octet)
{
	enum kind kind = kinds[(uint8_t)octet];
	if (kind == LINE_END) {
		end_line(reader);
	} else if (reader->is_escaped) {
		reader->is_escaped = false;
		append(reader, &octet, 1);
	} else if (kind == ESCAPE || kind == QUOTE || reader->is_quoted) {
		reader->is_escaped = kind == ESCAPE;
		reader->is_quoted ^= kind == QUOTE;
		append(reader, &octet, 1);
	} else if (kind == COMMENT) {
		reader->is_comment = true;
	} else if (kind == OPEN) {
		open_parenthesis(reader);
	} else {
		close_parenthesis(reader);
	}
}

static const char *skip_comment(const char *at, const char *end)
{
	const char *line_end = memchr(at, '\n', (size_t)(end - at));
	return line_end ? line_end : end;
}

void tarn__zonefile_feed(struct tarn__zonefile *reader, const void *octets, size_t len)
{
	const char *at = octets, *end = at + len;
	while (at < end) {
		if (reader->is_comment)
			at = skip_comment(at, end);
		const char *run = at;
		if (!reader->is_escaped) {
			while (at < end && kinds[(uint8_t)*at] == PLAIN)
				at++;
			append(reader, run, (size_t)(at - run));
		}
		if (at < end)
			take_octet(reader, *at++);
	}
}

void tarn__zonefile_end(struct tarn__zonefile *reader)
{
	if (reader->resume_at > 0)
		give_up_entry(reader);
	else if (reader->is_open)
		set_fault(reader, not_closed);
	finish_entry(reader);
}

/* ---- one record ------------------------------------------------------------------------- */

struct sole {
	struct tarn__zone_record record;
	unsigned count; /* of records */
	char fault[TARN__ZONE_FAULT_MAX]; /* the first one; empty: none so far */
};

static void on_record(void *arg, const struct tarn__zone_record *record)
{
	struct sole *sole = arg;
	sole->record = *record;
	sole->count++;
}

static void on_fault(void *arg, unsigned line, const char *text)
{
	(void)line;
	struct sole *sole = arg;
	if (sole->fault[0] == '\0')
		snprintf(sole->fault, sizeof(sole->fault), "%s", text);
}

bool tarn__zone_record_parse(struct tarn__zonefile *reader, const char *text, const uint8_t *origin,
			     size_t origin_len, uint32_t ttl, struct tarn__zone_record *out,
			     char fault[TARN__ZONE_FAULT_MAX])
{
	static const struct tarn__zonefile_callbacks callbacks = {on_record, on_fault};
	struct sole sole = {.count = 0};
	text += strspn(text, " \t");
	tarn__zonefile_init(reader, origin, origin_len, ttl, &callbacks, &sole);
	tarn__zonefile_feed(reader, text, strlen(text));
	tarn__zonefile_end(reader);
	if (sole.fault[0] == '\0' && sole.count != 1)
		on_fault(&sole, 0, sole.count == 0 ? "not a record" : "more than one record");
	if (sole.fault[0] != '\0') {
		memcpy(fault, sole.fault, sizeof(sole.fault));
		return false;
	}
	*out = sole.record;
	return true;
}
