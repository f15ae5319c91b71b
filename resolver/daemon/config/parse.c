/* SPDX-License-Identifier: BSD-2-Clause */
/* The statements of one configuration file, through libConfuse. */
#include "config.h"

#include "daemon/config/parse.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config/text.h"
#include "daemon/settings/nearest.h"
#include "daemon/settings/sections.h"

enum {
	SECTIONS_MAX =
		24 /* at least the number of sections in tarn__options, and the file itself */
};

enum { ALSO_IN_MAX = sizeof(((struct tarn__option_row *)NULL)->also_in) / sizeof(char *) };

/* libConfuse's form of the table. */
struct grammar {
	struct section {
		const char *name; /* NULL: the file itself */
		cfg_opt_t options[TARN__OPTIONS_MAX];
		size_t count;
	} sections[SECTIONS_MAX];
	size_t count;
};

static struct parse {
	const char *file;
	struct tarn__statements *statements;
	struct tarn__diagnostics *diagnostics;
	bool is_short_of_memory;
	/* The first fault of libConfuse's own. */
	bool is_refused;
	unsigned line;
	char section[32], reason[256];
} * current; /* static, since libConfuse gives its callbacks no argument of the caller */

/*
 * The default of a list, which libConfuse sets when its section begins: "=" replaces it, "+=" keeps
 * it. So a value that is alone in its list follows "=".
 */
static const char beginning[] = "\x01";
static char beginning_list[] = "{\"\x01\"}";

static const char *section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? NULL : cfg->name;
}

static bool is_same_section(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Returns the name of a section of the table as the table has it; NULL: it is not there. */
static const char *known_section(const char *name)
{
	for (size_t i = 0; name && i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!tarn__option_is_in(row, name))
			continue;
		if (is_same_section(row->section, name))
			return row->section;
		for (size_t j = 0; j < ALSO_IN_MAX; j++) {
			if (is_same_section(row->also_in[j], name))
				return row->also_in[j];
		}
	}
	return NULL;
}

static void add_statement(unsigned line, const struct tarn__option_row *row, bool is_first,
			  const char *section, const char *text)
{
	struct tarn__statements *list = current->statements;
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct tarn__statement *items = realloc(list->items, size * sizeof(*items));
		if (!items) {
			current->is_short_of_memory = true;
			return;
		}
		list->items = items;
		list->size = size;
	}
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy) {
		current->is_short_of_memory = true;
		return;
	}
	list->items[list->count++] = (struct tarn__statement){
		.line = line, .row = row, .is_first = is_first, .section = section, .text = copy};
}

/* ---- what libConfuse calls ------------------------------------------------------------------- */

/* The list without a name that every section has: its default comes when the section begins. */
static int on_section(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	(void)option;
	*(const char **)result = value;
	const char *section = known_section(section_of(cfg));
	if (section)
		add_statement((unsigned)cfg->line, NULL, true, section, cfg->title);
	return 0;
}

static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	*(const char **)result = value;
	const char *section = known_section(section_of(cfg));
	const struct tarn__option_row *row = tarn__option_find_word(section, option->name);
	if (row && strcmp(value, beginning) != 0)
		add_statement((unsigned)cfg->line, row, option->nvalues == 1, section, value);
	return 0;
}

/* The statements are kept; libConfuse would compare each new title with all before it. */
static int on_section_end(cfg_t *cfg, cfg_opt_t *option)
{
	(void)cfg;
	cfg_free_value(option);
	return 0;
}

static void on_fault(cfg_t *cfg, const char *format, va_list args)
{
	if (current->is_refused)
		return;
	current->is_refused = true;
	current->line = (unsigned)cfg->line;
	snprintf(current->section, sizeof(current->section), "%s",
		 section_of(cfg) ? section_of(cfg) : "");
	vsnprintf(current->reason, sizeof(current->reason), format, args);
}

/* ---- the grammar ----------------------------------------------------------------------------- */

static struct section *find_section(struct grammar *grammar, const char *name)
{
	for (size_t i = 0; i < grammar->count; i++) {
		if (is_same_section(grammar->sections[i].name, name))
			return &grammar->sections[i];
	}
	if (grammar->count == SECTIONS_MAX)
		return NULL;
	struct section *section = &grammar->sections[grammar->count++];
	section->name = name;
	section->options[section->count++] =
		(cfg_opt_t)CFG_STR_LIST_CB("", beginning_list, CFGF_NONE, on_section);
	return section;
}

static void add_word(struct grammar *grammar, const char *name, const struct tarn__option_row *row)
{
	struct section *section = find_section(grammar, name);
	if (!section)
		return;
	bool is_list = !row->type || row->type->is_list;
	section->options[section->count++] =
		is_list ? (cfg_opt_t)CFG_STR_LIST_CB(row->word, beginning_list, CFGF_NONE, on_value)
			: (cfg_opt_t)CFG_STR_CB(row->word, NULL, CFGF_NODEFAULT, on_value);
}

static void add_row(struct grammar *grammar, const struct tarn__option_row *row)
{
	add_word(grammar, row->section, row);
	for (size_t i = 0; i < ALSO_IN_MAX; i++) {
		if (row->also_in[i])
			add_word(grammar, row->also_in[i], row);
	}
}

static struct grammar *grammar_new(void)
{
	struct grammar *grammar = calloc(1, sizeof(*grammar));
	if (!grammar)
		return NULL;
	struct section *root = find_section(grammar, NULL);
	for (size_t i = 0; i < tarn__option_count; i++) {
		if (tarn__options[i].word)
			add_row(grammar, &tarn__options[i]);
	}
	for (size_t i = 1; i < grammar->count; i++) {
		struct section *section = &grammar->sections[i];
		section->options[section->count] = (cfg_opt_t)CFG_END();
		cfg_flag_t title = tarn__section_kind_find(section->name) ? CFGF_TITLE : CFGF_NONE;
		cfg_opt_t option = CFG_SEC(section->name, section->options, CFGF_MULTI | title);
		option.validcb = on_section_end;
		root->options[root->count++] = option;
	}
	root->options[root->count] = (cfg_opt_t)CFG_END();
	return grammar;
}

/* ---- parsing --------------------------------------------------------------------------------- */

static void offer_sections(struct tarn__nearest *nearest, const struct tarn__option_row *row)
{
	tarn__nearest_offer(nearest, row->section);
	for (size_t i = 0; i < ALSO_IN_MAX; i++) {
		if (row->also_in[i])
			tarn__nearest_offer(nearest, row->also_in[i]);
	}
}

static void offer_words(struct tarn__nearest *nearest, const char *section)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (tarn__option_is_in(row, section))
			tarn__nearest_offer(nearest, row->word);
		if (row->section && !section)
			offer_sections(nearest, row);
	}
}

/* The word, or the name of the option on the command line: cache-size. */
static bool is_called(const struct tarn__option_row *row, const char *word)
{
	return row->word && row->section &&
	       (strcmp(row->word, word) == 0 || (row->name && strcmp(row->name, word) == 0));
}

/* Returns the section of a word that stands outside of it, one of the same scope first, or NULL. */
static const char *section_with(const char *word, const char *section)
{
	const struct tarn__section_kind *kind = section ? tarn__section_kind_find(section) : NULL;
	enum tarn__scope scope = kind ? kind->scope : TARN__SCOPE_GLOBAL;
	const char *found = NULL;
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!is_called(row, word))
			continue;
		if (row->scope == scope)
			return row->section;
		if (!found)
			found = row->section;
	}
	return found;
}

static void refuse_word(const struct parse *parse, const char *word)
{
	const char *section = parse->section[0] ? parse->section : NULL;
	char place[64] = "";
	if (section)
		snprintf(place, sizeof(place), " in section %s", section);
	struct tarn__nearest nearest = {.word = word};
	offer_words(&nearest, section);
	const char *other = section_with(word, section);
	if (nearest.found)
		tarn__diagnostics_add(parse->diagnostics, parse->file, parse->line,
				      "%s: unknown word%s (is %s meant?)", word, place,
				      nearest.found);
	else if (other && !is_same_section(other, section))
		tarn__diagnostics_add(parse->diagnostics, parse->file, parse->line,
				      "%s: unknown word%s (section %s has it)", word, place, other);
	else
		tarn__diagnostics_add(parse->diagnostics, parse->file, parse->line,
				      "%s: unknown word%s (see tarn.conf(5))", word, place);
}

/* The word of libConfuse's "no such option 'WORD'", which ends at its last quote. */
static bool read_unknown_word(const char *reason, char *word, size_t size)
{
	static const char start[] = "no such option '";
	const char *end = strrchr(reason, '\'');
	if (strncmp(reason, start, sizeof(start) - 1) != 0 || end < reason + sizeof(start) - 1)
		return false;
	snprintf(word, size, "%.*s", (int)(end - reason - (long)(sizeof(start) - 1)),
		 reason + sizeof(start) - 1);
	return true;
}

/*
 * libConfuse ends at an unknown word. Returns true if the statement has been blanked, to parse
 * again.
 */
static bool can_go_on(const struct parse *parse, char *text)
{
	char word[sizeof(parse->reason)];
	if (!read_unknown_word(parse->reason, word, sizeof(word))) {
		tarn__diagnostics_add(parse->diagnostics, parse->file, parse->line, "%s",
				      parse->reason);
		return false;
	}
	refuse_word(parse, word);
	return parse->diagnostics->lost == 0 && tarn__config_text_blank(text, parse->line, word);
}

/* Returns false if the rest of text is to be parsed again. */
static bool parse_once(struct parse *parse, struct grammar *grammar, char *text)
{
	parse->is_refused = false;
	tarn__statements_fini(parse->statements);
	cfg_t *cfg = cfg_init(grammar->sections[0].options, CFGF_NONE);
	if (!cfg) {
		parse->is_short_of_memory = true;
		return true;
	}
	cfg_set_error_function(cfg, on_fault);
	/* Some faults of libConfuse, such as an empty word, have no text. */
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		cfg_error(cfg, "not understood");
	cfg_free(cfg);
	return !parse->is_refused || !can_go_on(parse, text);
}

void tarn__config_parse(char *text, const char *file, struct tarn__statements *statements,
			struct tarn__diagnostics *diagnostics)
{
	struct parse parse = {.file = file, .statements = statements, .diagnostics = diagnostics};
	struct grammar *grammar = grammar_new();
	current = &parse;
	while (grammar && !parse_once(&parse, grammar, text))
		;
	current = NULL;
	if (!grammar || parse.is_short_of_memory)
		tarn__diagnostics_add(diagnostics, file, 0, "out of memory");
	free(grammar);
}

void tarn__statements_fini(struct tarn__statements *statements)
{
	for (size_t i = 0; i < statements->count; i++)
		free(statements->items[i].text);
	free(statements->items);
	*statements = (struct tarn__statements){0};
}
