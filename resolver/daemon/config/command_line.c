/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's command line and its --help, by the table of options. */
#include "config.h"

#include "daemon/config/command_line.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings/nearest.h"

/* ---- arguments ------------------------------------------------------------------------------- */

/* getopt_long() returns the index of a row plus this for a name, and a letter as it is. */
enum { FIRST_ROW = 256 };

/* The table as getopt_long() takes it. */
struct grammar {
	struct option names[TARN__OPTIONS_MAX + 1];
	char letters[2 * TARN__OPTIONS_MAX + 2];
};

static const struct tarn__option_row *find_row(int value)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->name &&
		    (value == FIRST_ROW + (int)i || (row->letter && value == row->letter)))
			return row;
	}
	return NULL;
}

static void explain_unknown(const char *argument, char fault[TARN__FAULT_MAX])
{
	char word[64]; /* "--upstraem" of "--upstraem=192.0.2.1" */
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(argument, "="), argument);
	struct tarn__nearest nearest = {.word = word + strspn(word, "-")};
	for (size_t i = 0; i < tarn__option_count; i++) {
		if (tarn__options[i].name)
			tarn__nearest_offer(&nearest, tarn__options[i].name);
	}
	if (nearest.found)
		snprintf(fault, TARN__FAULT_MAX, "%s: unknown option (is --%s meant?)", word,
			 nearest.found);
	else
		snprintf(fault, TARN__FAULT_MAX, "%s: unknown option (see tarn --help)", argument);
}

/*
 * value: what getopt_long() returned, ':' for a missing value, '?' for any other fault of argument.
 */
static void explain_refusal(int value, const char *argument, char fault[TARN__FAULT_MAX])
{
	const struct tarn__option_row *row = optopt ? find_row(optopt) : NULL;
	if (value == ':' && row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: needs a value (%s)", row->name, row->value);
	else if (row)
		snprintf(fault, TARN__FAULT_MAX, "--%s: takes no value", row->name);
	else if (optopt)
		snprintf(fault, TARN__FAULT_MAX, "-%c: unknown option (see tarn --help)", optopt);
	else
		explain_unknown(argument, fault);
}

static void fill_grammar(struct grammar *grammar)
{
	struct option *name = grammar->names;
	char *letter = grammar->letters;
	*letter++ = ':'; /* in front: a missing value is told apart from other faults */
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!row->name)
			continue;
		*name++ = (struct option){.name = row->name,
					  .has_arg = row->value ? required_argument : no_argument,
					  .val = FIRST_ROW + (int)i};
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->value)
			*letter++ = ':';
	}
}

static int read_arguments(int argc, char **argv, struct tarn__command_line *command,
			  char fault[TARN__FAULT_MAX])
{
	struct grammar grammar = {0};
	int value;
	fill_grammar(&grammar);
	optind = 0; /* glibc and musl: reset */
	opterr = 0;
	while ((value = getopt_long(argc, argv, grammar.letters, grammar.names, NULL)) != -1) {
		const struct tarn__option_row *row = find_row(value);
		if (!row) {
			explain_refusal(value, argv[optind > 0 ? optind - 1 : 0], fault);
			return TARN_EINVAL;
		}
		command->items[command->count++] =
			(struct tarn__argument){.option = row, .value = optarg};
		/* Of several the last in the order of enum tarn__action is taken. */
		if (row->action > command->action)
			command->action = row->action;
	}
	if (optind < argc)
		return tarn__option_refuse(fault, "%s: not an option (see tarn --help)",
					   argv[optind]);
	return 0;
}

/* An argument has at most as many options as letters: "-vvv". */
static size_t count_options_at_most(int argc, char **argv)
{
	size_t count = 0;
	for (int i = 1; i < argc; i++)
		count += strlen(argv[i]);
	return count;
}

int tarn__command_line_parse(int argc, char **argv, struct tarn__command_line *out,
			     char fault[TARN__FAULT_MAX])
{
	int error = TARN_ENOMEM;
	struct tarn__command_line command = {
		.items = calloc(count_options_at_most(argc, argv) + 1, sizeof(*command.items))};
	struct tarn__settings *settings = tarn__settings_new();
	(void)tarn__option_no_memory(fault);
	if (!command.items || !settings)
		goto done;
	error = read_arguments(argc, argv, &command, fault);
	if (error == 0)
		error = tarn__command_line_apply(&command, settings, fault);
	if (error == 0)
		*out = command;
done:
	tarn__settings_free(settings);
	if (error < 0)
		tarn__command_line_fini(&command);
	return error;
}

void tarn__command_line_fini(struct tarn__command_line *command)
{
	free(command->items);
	command->items = NULL;
	command->count = 0;
}

int tarn__command_line_apply(const struct tarn__command_line *command,
			     struct tarn__settings *settings, char fault[TARN__FAULT_MAX])
{
	for (size_t i = 0; i < command->count; i++) {
		const struct tarn__option_row *row = command->items[i].option;
		const char *value = command->items[i].value;
		if (!row->type)
			continue;
		void *field = tarn__option_field(row, settings);
		struct tarn__origin *origin = &settings->origins[row - tarn__options];
		if (row->type->is_list && origin->by != TARN__BY_COMMAND_LINE)
			row->type->reset(field);
		char reason[TARN__FAULT_MAX];
		int error = row->type->parse(row, field, value, reason);
		if (error < 0) {
			(void)tarn__option_refuse(fault, "--%s %s: %s", row->name, value, reason);
			return error;
		}
		*origin = (struct tarn__origin){.by = TARN__BY_COMMAND_LINE};
	}
	return 0;
}

const char *tarn__command_line_value(const struct tarn__command_line *command, const char *name)
{
	for (size_t i = command->count; i > 0; i--) {
		const struct tarn__argument *argument = &command->items[i - 1];
		if (strcmp(argument->option->name, name) == 0)
			return argument->value;
	}
	return NULL;
}

/* ---- help ------------------------------------------------------------------------------------ */

enum {
	HELP_INDENT = 27, /* columns of the options, before their texts */
	HELP_COLUMNS = 79,
	HELP_TEXT_MAX = 512,
};

/* What applies if the option is not set; an option without a value is off. */
static void print_default(const struct tarn__option_row *row, struct tarn__settings *settings,
			  FILE *out)
{
	if (!row->type || !row->value)
		return;
	tarn__option_set_default(row, settings);
	char *text = tarn__option_text(row, settings);
	if (text && *text)
		fprintf(out, " (default: %s)", text);
	else if (row->otherwise)
		fprintf(out, " (default: %s)", row->otherwise);
	free(text);
}

/* The help of a row with its default, in one line. */
static void print_description(const struct tarn__option_row *row, struct tarn__settings *settings,
			      char out[HELP_TEXT_MAX])
{
	FILE *file = fmemopen(out, HELP_TEXT_MAX, "w");
	*out = '\0';
	if (!file)
		return;
	fputs(row->help, file);
	if (row->port && row->port != TARN__DNS_PORT)
		fprintf(file, "; without a port it is %u", row->port);
	print_default(row, settings, file);
	fclose(file);
}

/* The octets of a line that the text begins with: the words that fit, or one that is longer. */
static size_t line_len(const char *text)
{
	size_t len = HELP_COLUMNS - HELP_INDENT;
	if (strlen(text) <= len)
		return strlen(text);
	while (len > 0 && text[len] != ' ')
		len--;
	return len > 0 ? len : strcspn(text, " ");
}

/*
 * Prints a text in lines of HELP_COLUMNS; the first begins at HELP_INDENT, where the others are
 * indented to.
 */
static void print_wrapped(const char *text, FILE *out)
{
	for (int indent = 0; *text; indent = HELP_INDENT) {
		size_t len = line_len(text);
		fprintf(out, "%*s%.*s\n", indent, "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void print_option(const struct tarn__option_row *row, struct tarn__settings *settings,
			 FILE *out)
{
	char description[HELP_TEXT_MAX];
	int len = row->letter ? fprintf(out, "  -%c, ", row->letter) : fprintf(out, "      ");
	len += fprintf(out, "--%s%s%s", row->name, row->value ? " " : "",
		       row->value ? row->value : "");
	if (len >= HELP_INDENT) {
		putc('\n', out);
		len = 0;
	}
	fprintf(out, "%*s", HELP_INDENT - len, "");
	print_description(row, settings, description);
	print_wrapped(description, out);
}

void tarn__command_line_help(FILE *out)
{
	struct tarn__settings *settings = tarn__settings_new();
	fputs("usage: tarn [OPTION]...\n"
	      "A caching DNS resolver that forwards to upstream servers.\n\n",
	      out);
	for (size_t i = 0; settings && i < tarn__option_count; i++) {
		if (tarn__options[i].name)
			print_option(&tarn__options[i], settings, out);
	}
	fputs("\nADDR is 192.0.2.1, 192.0.2.1:5300, 2001:db8::1 or [2001:db8::1]:5300; without a\n"
	      "port it is 53. An option of the command line replaces that of the file. Without\n"
	      "--config the file is, if it exists,\n"
	      "  " TARN_CONFIG_FILE "\n"
	      "See tarn(8) and tarn.conf(5).\n",
	      out);
	tarn__settings_free(settings);
}
