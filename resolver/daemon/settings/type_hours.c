/* SPDX-License-Identifier: BSD-2-Clause */
/* When a group of clients is one: a span of the day, and days of the week. */
#include <string.h>
#include <strings.h>

#include "core/policy/groups.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/settings.h"

enum { HOUR_MINUTES = 60, WEEK_DAYS = 7 };

/* ---- hours ----------------------------------------------------------------------------------- */

/* The field is the first of two members. */
static struct tarn__group_settings *group_of(void *field)
{
	return (void *)((char *)field - offsetof(struct tarn__group_settings, begin));
}

/* Reads "7:30" or "24:00" as minutes and returns what follows; NULL: it is no time. */
static const char *read_minutes(const char *text, uint16_t *out)
{
	uint64_t hour, minute;
	const char *end = tarn__number_read(text, &hour);
	if (!end || *end != ':' || end - text > 2)
		return NULL;
	const char *digits = end + 1;
	end = tarn__number_read(digits, &minute);
	if (!end || end - digits != 2 || minute >= HOUR_MINUTES ||
	    hour * HOUR_MINUTES + minute > TARN__DAY_MINUTES)
		return NULL;
	*out = (uint16_t)(hour * HOUR_MINUTES + minute);
	return end;
}

static int parse_hours(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	struct tarn__group_settings *group = group_of(field);
	uint16_t begin, end;
	const char *rest = read_minutes(text, &begin);
	rest = rest && *rest == '-' ? read_minutes(rest + 1, &end) : NULL;
	if (!rest || *rest || begin == TARN__DAY_MINUTES)
		return tarn__option_refuse(fault, "not hours (such as 21:00-07:00)");
	if (begin == end)
		return tarn__option_refuse(fault, "they begin when they end");
	group->begin = begin;
	group->end = end;
	return 0;
}

static void reset_hours(void *field)
{
	struct tarn__group_settings *group = group_of(field);
	group->begin = group->end = 0;
}

static void format_hours(const void *field, FILE *out)
{
	const struct tarn__group_settings *group = group_of((void *)field);
	if (group->begin != group->end)
		fprintf(out, "%02d:%02d-%02d:%02d", group->begin / HOUR_MINUTES,
			group->begin % HOUR_MINUTES, group->end / HOUR_MINUTES,
			group->end % HOUR_MINUTES);
}

const struct tarn__option_type tarn__option_type_hours = {
	.parse = parse_hours,
	.reset = reset_hours,
	.format = format_hours,
};

/* ---- days ------------------------------------------------------------------------------------ */

static const char *const days[WEEK_DAYS] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* Returns the number of a day at the start of text; -1: there is none. */
static int read_day(const char *text)
{
	for (int i = 0; i < WEEK_DAYS; i++) {
		if (strncasecmp(text, days[i], 3) == 0)
			return i;
	}
	return -1;
}

/* Reads "mon" or "mon-fri" as bits; "fri-mon" goes over the end of the week. 0: it is neither. */
static uint8_t read_days(const char *text, size_t len)
{
	int first = read_day(text), last = first;
	if (len == 7 && text[3] == '-')
		last = read_day(text + 4);
	else if (len != 3)
		return 0;
	if (first < 0 || last < 0)
		return 0;
	uint8_t bits = (uint8_t)(1 << last);
	for (int day = first; day != last; day = (day + 1) % WEEK_DAYS)
		bits |= (uint8_t)(1 << day);
	return bits;
}

/* One item may have several: "mon wed fri". */
static int parse_days(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	(void)row;
	static const char blanks[] = " \t";
	uint8_t all = *(uint8_t *)field;
	const char *word = text + strspn(text, blanks);
	do {
		size_t len = strcspn(word, blanks);
		uint8_t bits = read_days(word, len);
		if (bits == 0)
			return tarn__option_refuse(fault, "not days (such as mon, or mon-fri)");
		all |= bits;
		word += len + strspn(word + len, blanks);
	} while (*word);
	*(uint8_t *)field = all;
	return 0;
}

static void reset_days(void *field)
{
	*(uint8_t *)field = 0;
}

static void format_days(const void *field, FILE *out)
{
	bool is_first = true;
	for (int i = 0; i < WEEK_DAYS; i++) {
		if (*(const uint8_t *)field >> i & 1) {
			tarn__option_separate(&is_first, out);
			fputs(days[i], out);
		}
	}
}

const struct tarn__option_type tarn__option_type_days = {
	.parse = parse_days,
	.reset = reset_days,
	.format = format_days,
	.is_list = true,
};
