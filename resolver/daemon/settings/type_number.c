/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, durations and sizes: types of options whose bounds and default are in their row. */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "daemon/settings/option_types.h"
#include "daemon/settings/options.h"

enum { TEXT_MAX = 24 }; /* octets of any number with its unit, with NUL */

const char *tarn__number_read(const char *text, uint64_t *out)
{
	uint64_t number = 0;
	const char *end = text;
	for (; *end >= '0' && *end <= '9'; end++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*end - '0'), &number))
			return NULL;
	}
	if (end == text)
		return NULL;
	*out = number;
	return end;
}

static bool is_within(const struct tarn__option_row *row, int64_t number)
{
	return number >= row->min && (row->max == 0 || number <= row->max);
}

/* print writes a number in the unit of its type. */
static int check_bounds(const struct tarn__option_row *row, int64_t number,
			char *(*print)(int64_t number, char out[TEXT_MAX]),
			char fault[TARN__FAULT_MAX])
{
	char least[TEXT_MAX], most[TEXT_MAX];
	print(row->min, least);
	print(row->max, most);
	if (is_within(row, number))
		return 0;
	if (row->max == 0)
		return tarn__option_refuse(fault, "out of bounds (%s at least)", least);
	if (row->min == 0)
		return tarn__option_refuse(fault, "out of bounds (%s at most)", most);
	return tarn__option_refuse(fault, "out of bounds (%s to %s)", least, most);
}

/* ---- plain numbers --------------------------------------------------------------------------- */

static int parse_number(const struct tarn__option_row *row, void *field, const char *text,
			char fault[TARN__FAULT_MAX])
{
	uint64_t number;
	const char *end = tarn__number_read(text, &number);
	if (!end || *end || number > INT64_MAX || !is_within(row, (int64_t)number))
		return tarn__option_refuse(fault, "not a number of %s (%" PRId64 " to %" PRId64 ")",
					   row->unit, row->min, row->max);
	*(unsigned *)field = (unsigned)number;
	return 0;
}

static void reset_unsigned(void *field)
{
	*(unsigned *)field = 0;
}

static void set_default_unsigned(const struct tarn__option_row *row, void *field)
{
	if (*(unsigned *)field == 0)
		*(unsigned *)field = (unsigned)row->default_number;
}

static void format_unsigned(const void *field, FILE *out)
{
	if (*(const unsigned *)field > 0)
		fprintf(out, "%u", *(const unsigned *)field);
}

const struct tarn__option_type tarn__option_type_number = {
	.parse = parse_number,
	.reset = reset_unsigned,
	.set_default = set_default_unsigned,
	.format = format_unsigned,
};

static int parse_count(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	(void)text;
	(void)fault;
	++*(unsigned *)field;
	return 0;
}

const struct tarn__option_type tarn__option_type_count = {
	.parse = parse_count,
	.reset = reset_unsigned,
	.format = format_unsigned,
};

/* ---- sizes ----------------------------------------------------------------------------------- */

static char *print_size(int64_t size, char out[TEXT_MAX])
{
	static const char *const units[] = {"", "k", "M", "G"};
	size_t unit = 0;
	for (; size > 0 && unit < 3 && size % 1024 == 0; unit++)
		size /= 1024;
	snprintf(out, TEXT_MAX, "%" PRId64 "%s", size, units[unit]);
	return out;
}

/*
 * Returns the number of octets that a unit stands for: k, M, G and kiB, MiB, GiB are powers of
 * 1024, kB, MB, GB are powers of 1000; 1 for no unit; 0 for anything else.
 */
static uint64_t unit_size(const char *unit)
{
	static const char letters[] = "kMG";
	if (!*unit)
		return 1;
	const char *letter = strchr(letters, *unit == 'K' ? 'k' : *unit);
	bool is_decimal = strcmp(unit + 1, "B") == 0;
	if (!letter || (unit[1] && !is_decimal && strcmp(unit + 1, "iB") != 0))
		return 0;
	uint64_t size = 1;
	for (const char *power = letters; power <= letter; power++)
		size *= is_decimal ? 1000 : 1024;
	return size;
}

static int parse_size(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	uint64_t size;
	const char *end = tarn__number_read(text, &size);
	uint64_t unit = end ? unit_size(end) : 0;
	if (unit == 0)
		return tarn__option_refuse(fault, "not a size (such as 512k, 16M, 16MiB or 1G)");
	if (__builtin_mul_overflow(size, unit, &size) || size > SIZE_MAX / 2)
		return tarn__option_refuse(fault, "more than a machine can address");
	int error = check_bounds(row, (int64_t)size, print_size, fault);
	if (error == 0)
		*(size_t *)field = (size_t)size;
	return error;
}

static void reset_size(void *field)
{
	*(size_t *)field = 0;
}

static void set_default_size(const struct tarn__option_row *row, void *field)
{
	if (*(size_t *)field == 0)
		*(size_t *)field = (size_t)row->default_number;
}

static void format_size(const void *field, FILE *out)
{
	char text[TEXT_MAX];
	size_t size = *(const size_t *)field;
	if (size > 0)
		fputs(print_size((int64_t)size, text), out);
}

const struct tarn__option_type tarn__option_type_size = {
	.parse = parse_size,
	.reset = reset_size,
	.set_default = set_default_size,
	.format = format_size,
};

/* ---- durations ------------------------------------------------------------------------------- */

static const struct {
	char letter;
	int seconds;
} time_units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

enum { TIME_UNITS = sizeof(time_units) / sizeof(time_units[0]) };

static char *print_time(int64_t time, char out[TEXT_MAX])
{
	size_t i = 0;
	while (time % time_units[i].seconds != 0)
		i++;
	if (time > 0)
		snprintf(out, TEXT_MAX, "%" PRId64 "%c", time / time_units[i].seconds,
			 time_units[i].letter);
	else
		strcpy(out, "0");
	return out;
}

/* Returns the seconds of "d", "h", "m", "s" and of no unit; 0 for anything else. */
static int unit_seconds(const char *unit)
{
	if (!*unit)
		return 1;
	for (size_t i = 0; i < TIME_UNITS; i++) {
		if (unit[0] == time_units[i].letter && !unit[1])
			return time_units[i].seconds;
	}
	return 0;
}

static int read_time(const struct tarn__option_row *row, const char *text, int64_t *out,
		     char fault[TARN__FAULT_MAX])
{
	uint64_t number;
	const char *end = tarn__number_read(text, &number);
	int unit = end ? unit_seconds(end) : 0;
	if (unit == 0)
		return tarn__option_refuse(fault, "not a time (such as 30s, 15m, 12h or 1d)");
	if (__builtin_mul_overflow(number, unit, out))
		*out = INT64_MAX;
	return check_bounds(row, *out, print_time, fault);
}

/* 0 is stored as -1, since a field of 0 is not set. */
static int parse_time(const struct tarn__option_row *row, void *field, const char *text,
		      char fault[TARN__FAULT_MAX])
{
	int64_t time;
	int error = read_time(row, text, &time, fault);
	if (error == 0)
		*(int32_t *)field = time > 0 ? (int32_t)time : -1;
	return error;
}

static void reset_time(void *field)
{
	*(int32_t *)field = 0;
}

static void set_default_time(const struct tarn__option_row *row, void *field)
{
	if (*(int32_t *)field == 0)
		*(int32_t *)field = (int32_t)row->default_number;
}

static void format_time(const void *field, FILE *out)
{
	char text[TEXT_MAX];
	int32_t time = *(const int32_t *)field;
	if (time != 0)
		fputs(print_time(time < 0 ? 0 : time, text), out);
}

const struct tarn__option_type tarn__option_type_time = {
	.parse = parse_time,
	.reset = reset_time,
	.set_default = set_default_time,
	.format = format_time,
};

/* ---- TTLs ------------------------------------------------------------------------------------ */

static int parse_ttl(const struct tarn__option_row *row, void *field, const char *text,
		     char fault[TARN__FAULT_MAX])
{
	int64_t time;
	int error = read_time(row, text, &time, fault);
	if (error == 0)
		*(uint32_t *)field = (uint32_t)time;
	return error;
}

static void reset_ttl(void *field)
{
	*(uint32_t *)field = 0;
}

static void set_default_ttl(const struct tarn__option_row *row, void *field)
{
	if (*(uint32_t *)field == 0)
		*(uint32_t *)field = (uint32_t)row->default_number;
}

static void format_ttl(const void *field, FILE *out)
{
	char text[TEXT_MAX];
	uint32_t ttl = *(const uint32_t *)field;
	if (ttl > 0)
		fputs(print_time(ttl, text), out);
}

const struct tarn__option_type tarn__option_type_ttl = {
	.parse = parse_ttl,
	.reset = reset_ttl,
	.set_default = set_default_ttl,
	.format = format_ttl,
};

/* ---- milliseconds ---------------------------------------------------------------------------- */

enum { MS_OF_SECOND = 1000 };

static char *print_milliseconds(int64_t time, char out[TEXT_MAX])
{
	bool is_whole = time % MS_OF_SECOND == 0;
	snprintf(out, TEXT_MAX, "%" PRId64 "%s", is_whole ? time / MS_OF_SECOND : time,
		 is_whole ? "s" : "ms");
	return out;
}

/* A number alone would be seconds elsewhere. */
static int parse_milliseconds(const struct tarn__option_row *row, void *field, const char *text,
			      char fault[TARN__FAULT_MAX])
{
	uint64_t number;
	const char *end = tarn__number_read(text, &number);
	bool is_seconds = end && strcmp(end, "s") == 0;
	if (!end || (!is_seconds && strcmp(end, "ms") != 0))
		return tarn__option_refuse(fault, "not a time with its unit (such as 5ms or 1s)");
	int64_t time;
	if (__builtin_mul_overflow(number, is_seconds ? MS_OF_SECOND : 1, &time))
		time = INT64_MAX;
	int error = check_bounds(row, time, print_milliseconds, fault);
	if (error == 0)
		*(uint32_t *)field = (uint32_t)time;
	return error;
}

static void format_milliseconds(const void *field, FILE *out)
{
	char text[TEXT_MAX];
	uint32_t time = *(const uint32_t *)field;
	if (time > 0)
		fputs(print_milliseconds(time, text), out);
}

const struct tarn__option_type tarn__option_type_milliseconds = {
	.parse = parse_milliseconds,
	.reset = reset_ttl,
	.set_default = set_default_ttl,
	.format = format_milliseconds,
};
