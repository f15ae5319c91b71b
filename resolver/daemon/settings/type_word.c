/* SPDX-License-Identifier: BSD-2-Clause */
/* Words: yes and no, and the names of enumerators. */
#include <string.h>
#include <strings.h>

#include "daemon/log/log.h"
#include "daemon/settings/option_types.h"
#include "daemon/settings/options.h"

/* ---- yes and no ------------------------------------------------------------------------------ */

/* Returns 1 for yes, 0 for no, -1 for any other text. */
static int read_answer(const char *text)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};
	for (int i = 0; i < 6; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return i % 2;
	}
	return -1;
}

/* yes_is: what "yes" makes of the field. An option without a value makes it true. */
static int parse_answer(bool *field, bool yes_is, const char *text, char fault[TARN__FAULT_MAX])
{
	int answer = text ? read_answer(text) : yes_is;
	if (answer < 0)
		return tarn__option_refuse(fault, "neither yes nor no");
	*field = answer == yes_is;
	return 0;
}

static int parse_yes(const struct tarn__option_row *row, void *field, const char *text,
		     char fault[TARN__FAULT_MAX])
{
	(void)row;
	return parse_answer(field, true, text, fault);
}

static int parse_no(const struct tarn__option_row *row, void *field, const char *text,
		    char fault[TARN__FAULT_MAX])
{
	(void)row;
	return parse_answer(field, false, text, fault);
}

static void reset_bool(void *field)
{
	*(bool *)field = false;
}

static void format_yes(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "yes" : "no", out);
}

static void format_no(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "no" : "yes", out);
}

const struct tarn__option_type tarn__option_type_yes = {
	.parse = parse_yes,
	.reset = reset_bool,
	.format = format_yes,
};

const struct tarn__option_type tarn__option_type_no = {
	.parse = parse_no,
	.reset = reset_bool,
	.format = format_no,
};

/* ---- the clock ------------------------------------------------------------------------------- */

static int parse_clock(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	bool is_lenient = strcmp(text, "lenient") == 0;
	if (!is_lenient && strcmp(text, "strict") != 0)
		return tarn__option_refuse(fault, "neither strict nor lenient");
	*(bool *)field = is_lenient;
	return 0;
}

static void format_clock(const void *field, FILE *out)
{
	fputs(*(const bool *)field ? "lenient" : "strict", out);
}

const struct tarn__option_type tarn__option_type_clock = {
	.parse = parse_clock,
	.reset = reset_bool,
	.format = format_clock,
};

/* ---- the selection of servers ---------------------------------------------------------------- */

static const char *const selections[] = {
	[TARN_SELECTION_FASTEST] = "fastest",	      [TARN_SELECTION_SEQUENTIAL] = "sequential",
	[TARN_SELECTION_ROUND_ROBIN] = "round-robin", [TARN_SELECTION_PARALLEL] = "parallel",
	[TARN_SELECTION_STRICT] = "strict",
};

const char *tarn__selection_name(enum tarn_selection selection)
{
	return selections[selection];
}

static int parse_selection(const struct tarn__option_row *row, void *field, const char *text,
			   char fault[TARN__FAULT_MAX])
{
	(void)row;
	for (size_t i = 0; i < sizeof(selections) / sizeof(selections[0]); i++) {
		if (strcmp(text, selections[i]) == 0) {
			*(enum tarn_selection *)field = (enum tarn_selection)i;
			return 0;
		}
	}
	return tarn__option_refuse(
		fault, "not a selection (fastest, sequential, strict, round-robin, parallel)");
}

static void reset_selection(void *field)
{
	*(enum tarn_selection *)field = TARN_SELECTION_FASTEST;
}

static void format_selection(const void *field, FILE *out)
{
	fputs(selections[*(const enum tarn_selection *)field], out);
}

const struct tarn__option_type tarn__option_type_selection = {
	.parse = parse_selection,
	.reset = reset_selection,
	.format = format_selection,
};

/* ---- the log level --------------------------------------------------------------------------- */

static int parse_level(const struct tarn__option_row *row, void *field, const char *text,
		       char fault[TARN__FAULT_MAX])
{
	(void)row;
	if (tarn__log_level_parse(text, field))
		return 0;
	return tarn__option_refuse(fault, "not a level (err, warning, info, debug)");
}

static void reset_level(void *field)
{
	memset(field, 0, sizeof(enum tarn_log_level));
}

static void set_default_level(const struct tarn__option_row *row, void *field)
{
	if (*(enum tarn_log_level *)field == 0)
		*(enum tarn_log_level *)field = (enum tarn_log_level)row->default_number;
}

static void format_level(const void *field, FILE *out)
{
	enum tarn_log_level level = *(const enum tarn_log_level *)field;
	if (level != 0)
		fputs(tarn__log_level_name(level), out);
}

const struct tarn__option_type tarn__option_type_level = {
	.parse = parse_level,
	.reset = reset_level,
	.set_default = set_default_level,
	.format = format_level,
};
