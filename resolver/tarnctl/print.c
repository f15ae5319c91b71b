/* SPDX-License-Identifier: BSD-2-Clause */
/* tarnctl/print.c: formats JSON for people. */
#include "tarnctl/print.h"

#include <ctype.h>
#include <string.h>

enum {
	CELL_MAX = 1100, /* octets, enough for the longest name */
	COLUMNS_MAX = 24, /* in a table; further ones are not shown */
};

static const char reset[] = "\033[0m", bold[] = "\033[1m";
static const char green[] = "\033[32m", yellow[] = "\033[33m", red[] = "\033[31m";

static const struct {
	const char *word, *colour;
} colours[] = {
	{"fresh", green},	{"up", green},		{"stale", yellow},
	{"ended", yellow},	{"dead", red},		{"loop", red},
	{"secure", green},	{"insecure", yellow},	{"bogus", red},
	{"indeterminate", red}, {"not connected", red}, {"no epoch", red}, {"partly connected", yellow},
	{"failing", yellow},
};

static const char *find_colour(const char *word)
{
	for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
		if (strcmp(word, colours[i].word) == 0)
			return colours[i].colour;
	}
	return NULL;
}

/* Copies text with control characters escaped, as much as fits. */
static void escape(const char *text, size_t size, char *out)
{
	size_t len = 0;
	for (; *text && len + sizeof("\\xff") <= size; text++) {
		unsigned char octet = (unsigned char)*text;
		if (octet >= ' ' && octet <= '~')
			out[len++] = *text;
		else
			len += (size_t)sprintf(out + len, "\\x%02x", octet);
	}
	out[len] = '\0';
}

/* ---- scalars ---------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void format_seconds(json_int_t seconds, size_t size, char *out)
{
	if (seconds >= 2 * 86400)
		snprintf(out, size, "%lld d %lld h", (long long)seconds / 86400,
			 (long long)seconds / 3600 % 24);
	else if (seconds >= 2 * 3600)
		snprintf(out, size, "%lld h %lld min", (long long)seconds / 3600,
			 (long long)seconds / 60 % 60);
	else
		snprintf(out, size, "%lld s", (long long)seconds);
}

static void format_octets(json_int_t octets, size_t size, char *out)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double number = (double)octets / 1024;
	size_t unit = 0;
	for (; number >= 1024 && unit < 3; unit++)
		number /= 1024;
	if (octets < 1024)
		snprintf(out, size, "%lld", (long long)octets);
	else
		snprintf(out, size, "%.1f %s", number, units[unit]);
}

/* Digits behind the point: what is not 0 does not look like it. */
static int digits_of(double number)
{
	return number > 0 && number < 0.1 ? 3 : 1;
}

static void format_array(const char *key, const json_t *array, size_t size, char *out);

/* The name of a number ends with its unit. */
static void format(const char *key, const json_t *value, size_t size, char *out)
{
	json_int_t number = json_integer_value(value);
	*out = '\0';
	if (json_is_string(value))
		escape(json_string_value(value), size, out);
	else if (json_is_boolean(value))
		snprintf(out, size, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_array(value))
		format_array(key, value, size, out);
	else if (json_is_real(value))
		snprintf(out, size, "%.*f%s", digits_of(json_real_value(value)),
			 json_real_value(value), ends_in(key, "_ms") ? " ms" : "");
	else if (!json_is_integer(value))
		return;
	else if (ends_in(key, "_ms"))
		snprintf(out, size, "%lld ms", (long long)number);
	else if (ends_in(key, "_s"))
		format_seconds(number, size, out);
	else if (ends_in(key, "octets"))
		format_octets(number, size, out);
	else
		snprintf(out, size, "%lld", (long long)number);
}

static void format_array(const char *key, const json_t *array, size_t size, char *out)
{
	size_t index, len = 0;
	const json_t *value;
	json_array_foreach(array, index, value)
	{
		char cell[CELL_MAX];
		format(key, value, sizeof(cell), cell);
		len += (size_t)snprintf(out + len, size - len, "%s%s", index > 0 ? ", " : "", cell);
		if (len >= size)
			break;
	}
	if (json_array_size(array) == 0)
		snprintf(out, size, "none");
}

/* The name without its unit, as words. */
static void format_label(const char *key, size_t size, char *out)
{
	escape(key, size, out);
	size_t len = strlen(out);
	if (ends_in(out, "_ms"))
		out[len - 3] = '\0';
	else if (ends_in(out, "_s"))
		out[len - 2] = '\0';
	else if (ends_in(out, "_octets"))
		out[len - 7] = '\0';
	for (char *letter = out; *letter; letter++) {
		if (*letter == '_')
			*letter = ' ';
	}
}

/* ---- tables ----------------------------------------------------------------------------- */

static bool is_table(const json_t *value)
{
	return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

struct column {
	const char *key;
	size_t width;
};

/* Finds the keys of all rows, in their order. */
static size_t find_columns(const json_t *rows, struct column columns[COLUMNS_MAX])
{
	size_t count = 0, index;
	json_t *row;
	json_array_foreach(rows, index, row)
	{
		const char *key;
		json_t *value;
		json_object_foreach(row, key, value)
		{
			char cell[CELL_MAX];
			size_t i = 0;
			while (i < count && strcmp(columns[i].key, key) != 0)
				i++;
			if (i == COLUMNS_MAX)
				continue;
			if (i == count) {
				format_label(key, sizeof(cell), cell);
				columns[count++] = (struct column){key, strlen(cell)};
			}
			format(key, value, sizeof(cell), cell);
			if (strlen(cell) > columns[i].width)
				columns[i].width = strlen(cell);
		}
	}
	return count;
}

/* The last column is not padded: it may be long. */
static void put_cell(const char *text, const char *colour, size_t width, bool is_last, FILE *out)
{
	fprintf(out, "%s%s%s", colour ? colour : "", text, colour ? reset : "");
	if (!is_last)
		fprintf(out, "%*s", (int)(width - strlen(text) + 2), "");
}

static void show_table(const json_t *rows, int indent, FILE *out, bool has_colours)
{
	struct column columns[COLUMNS_MAX];
	size_t count = find_columns(rows, columns), index;
	char cell[CELL_MAX];
	fprintf(out, "%*s", indent, "");
	for (size_t i = 0; i < count; i++) {
		format_label(columns[i].key, sizeof(cell), cell);
		for (char *letter = cell; *letter; letter++)
			*letter = (char)toupper((unsigned char)*letter);
		put_cell(cell, NULL, columns[i].width, i + 1 == count, out);
	}
	const json_t *row;
	json_array_foreach(rows, index, row)
	{
		fprintf(out, "\n%*s", indent, "");
		for (size_t i = 0; i < count; i++) {
			const json_t *value = json_object_get(row, columns[i].key);
			bool is_last = i + 1 == count;
			/* A record's data may be longer than a cell when it is escaped. */
			if (is_last && json_string_length(value) > sizeof(cell) / 5) {
				tarn__print_text(json_string_value(value), out);
				continue;
			}
			format(columns[i].key, value, sizeof(cell), cell);
			put_cell(cell, has_colours ? find_colour(cell) : NULL, columns[i].width,
				 is_last, out);
		}
	}
	fputc('\n', out);
}

/* ---- objects ---------------------------------------------------------------------------- */

static bool is_block(const json_t *value)
{
	return is_table(value) || json_is_object(value);
}

static size_t label_width(const json_t *object)
{
	size_t width = 0;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		char label[CELL_MAX];
		format_label(key, sizeof(label), label);
		if (!is_block(value) && strlen(label) > width)
			width = strlen(label);
	}
	return width;
}

static void show_members(const json_t *object, int indent, FILE *out, bool has_colours)
{
	size_t width = label_width(object);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		char label[CELL_MAX], text[8 * CELL_MAX];
		format_label(key, sizeof(label), label);
		fprintf(out, "%*s%s%s%s", indent, "", has_colours ? bold : "", label,
			has_colours ? reset : "");
		if (is_block(value)) {
			fputc('\n', out);
			if (json_is_object(value))
				show_members(value, indent + 2, out, has_colours);
			else
				show_table(value, indent + 2, out, has_colours);
			continue;
		}
		format(key, value, sizeof(text), text);
		const char *colour = has_colours ? find_colour(text) : NULL;
		fprintf(out, "%*s%s%s%s\n", (int)(width - strlen(label) + 2), "",
			colour ? colour : "", text, colour ? reset : "");
	}
}

void tarn__print(const json_t *object, FILE *out, bool has_colours)
{
	show_members(object, 0, out, has_colours);
}

void tarn__print_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char octet = (unsigned char)*text;
		if ((octet >= ' ' && octet <= '~') || octet == '\n' || octet == '\t')
			fputc(octet, out);
		else
			fprintf(out, "\\x%02x", octet);
	}
}
