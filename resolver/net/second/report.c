/* SPDX-License-Identifier: BSD-2-Clause */
/* net/second/report.c: lines for the log about a part of the second level. */
#include "net/second/report.h"

#include <stdio.h>
#include <string.h>

#include "base/siphash.h"

static void write_line(const struct tarn__second_report *report,
		       const struct tarn__second_place *place, const char *reason,
		       char line[TARN__SECOND_LINE_MAX])
{
	char text[TARN_ADDRESS_TEXT_MAX];
	snprintf(line, TARN__SECOND_LINE_MAX, "%s at %s: %s", report->what,
		 place->path ? place->path : tarn_address_format(&place->address, text), reason);
}

static uint64_t hash_of(const char *text, size_t len)
{
	static const uint8_t key[TARN__SIPHASH_KEY_LEN];
	return tarn__siphash(key, text, len);
}

/* Returns true if the reason is new, and there is room for it. */
static bool is_new(struct tarn__second_report *report, const char *reason)
{
	uint64_t hash = hash_of(reason, strlen(reason));
	for (size_t i = 0; i < report->count; i++) {
		if (report->reasons[i] == hash)
			return false;
	}
	if (report->count == TARN__SECOND_REASONS_MAX)
		return false;
	report->reasons[report->count++] = hash;
	return true;
}

bool tarn__second_report_up(struct tarn__second_report *report,
			    const struct tarn__second_place *place,
			    char line[TARN__SECOND_LINE_MAX])
{
	bool is_told = !report->is_up && (!report->is_quiet || report->count > 0);
	report->is_up = true;
	report->count = 0;
	if (is_told)
		write_line(report, place, "connected", line);
	return is_told;
}

bool tarn__second_report_fault(struct tarn__second_report *report,
			       const struct tarn__second_place *place, bool was_up,
			       const char *reason, char line[TARN__SECOND_LINE_MAX])
{
	if (was_up) {
		report->is_up = false;
		report->count = 0;
	}
	if (!is_new(report, reason))
		return false;
	write_line(report, place, reason, line);
	return true;
}

bool tarn__second_lines_say(struct tarn__second_lines *lines, bool is_fault, const char *line)
{
	const char *colon = strstr(line, ": ");
	uint64_t hash = hash_of(line, strlen(line));
	uint64_t part = hash_of(line, colon ? (size_t)(colon - line) : strlen(line));
	for (size_t i = 0; i < TARN__SECOND_LINES_MAX; i++) {
		if (lines->said[i].line == hash)
			return false;
	}
	for (size_t i = 0; i < TARN__SECOND_LINES_MAX; i++) {
		if (lines->said[i].part == part && lines->said[i].is_fault != is_fault)
			lines->said[i].line = 0;
	}
	size_t at = lines->next++ % TARN__SECOND_LINES_MAX;
	lines->said[at].line = hash;
	lines->said[at].part = part;
	lines->said[at].is_fault = is_fault;
	return true;
}
