/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * docs/man/tarn.conf.5, docs/man/tarn.8, docs/examples/tarn.conf, --help: the defaults, bounds and
 * effects of a reload that they give are those of the table of options. The examples can be read.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/policy/policy.h"
#include "core/resolver.h"
#include "daemon/config/command_line.h"
#include "daemon/config/configuration.h"
#include "http2/http2.h"
#include "support/unit.h"
#include "tls/tls.h"

enum { DOCUMENT_MAX = 64 * 1024, PARAGRAPH_MAX = 4096 };

static struct tarn__settings *settings;
static char document[DOCUMENT_MAX], paragraph[PARAGRAPH_MAX];

static void setup(void)
{
	settings = tarn__settings_new();
	ck_assert_ptr_nonnull(settings);
}

static void teardown(void)
{
	tarn__settings_free(settings);
}

static void read_document(const char *name)
{
	char path[4096];
	const char *source = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/docs/%s", source ? source : ".", name);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "no %s", path);
	size_t len = fread(document, 1, sizeof(document) - 1, file);
	ck_assert_uint_lt(len, sizeof(document) - 1);
	document[len] = '\0';
	fclose(file);
}

/* Copies what is from the line at start up to the next line that begins with end. */
static void take_paragraph(const char *start, const char *end)
{
	const char *stop = strchr(start, '\n');
	while (stop && strncmp(stop + 1, end, strlen(end)) != 0)
		stop = strchr(stop + 1, '\n');
	size_t len = stop ? (size_t)(stop - start) : strlen(start);
	ck_assert_uint_lt(len, sizeof(paragraph));
	memcpy(paragraph, start, len);
	paragraph[len] = '\0';
}

/* Cuts the paragraph where end begins. */
static void cut_at(const char *end)
{
	char *at = strstr(paragraph, end);
	if (at)
		*at = '\0';
}

/* A word has no letter, digit or hyphen at either side. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '-');
		bool ends = !(isalnum((unsigned char)at[len]) || at[len] == '-');
		if (begins && ends)
			return true;
	}
	return false;
}

/* Of the paragraph. */
static bool first_line_has(const char *word)
{
	char line[256];
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(paragraph, "\n"), paragraph);
	return has_word(line, word);
}

static void check_word(const struct tarn__option_row *row, const char *word)
{
	ck_assert_msg(has_word(paragraph, word), "no %s for %s in\n%s", word,
		      row->name ? row->name : row->word, paragraph);
}

/* A struct of the row's scope with nothing set. */
static void *base_of(const struct tarn__option_row *row)
{
	static union {
		struct tarn__forward_settings forward;
		struct tarn__list_settings list;
		struct tarn__group_settings group;
	} section;
	if (row->scope == TARN__SCOPE_GLOBAL)
		return settings;
	memset(&section, 0, sizeof(section));
	return &section;
}

/* The text of number in the unit of the row. */
static char *number_text(const struct tarn__option_row *row, int64_t number)
{
	struct tarn__option_row other = *row;
	void *base = base_of(row);
	other.default_number = number;
	row->type->reset(tarn__option_field(row, base));
	tarn__option_set_default(&other, base);
	char *text = tarn__option_text(row, base);
	row->type->reset(tarn__option_field(row, base));
	return text;
}

static void check_number(const struct tarn__option_row *row, int64_t number)
{
	if (number == 0)
		return;
	char *text = number_text(row, number);
	check_word(row, text);
	free(text);
}

static const char *without_quotes(char *item)
{
	item += strspn(item, " \"");
	item[strcspn(item, "\"")] = '\0';
	return item;
}

/* Each item of the default. */
static void check_default(const struct tarn__option_row *row)
{
	void *base = base_of(row);
	tarn__option_set_default(row, base);
	char *text = tarn__option_text(row, base), *rest = text, *item;
	while ((item = strsep(&rest, ",")))
		check_word(row, without_quotes(item));
	free(text);
}

/* The paragraph has the bounds and the port of the row, and the default if the table has it. */
static void check_figures(const struct tarn__option_row *row)
{
	check_number(row, row->min);
	check_number(row, row->max);
	if (row->default_number || row->default_items)
		check_default(row);
	if (row->port && row->port != TARN__DNS_PORT) {
		char port[8];
		snprintf(port, sizeof(port), "%u", row->port);
		check_word(row, port);
	}
}

/* The first line of the section, or of what is outside of sections. */
static const char *find_section(const char *section)
{
	char title[64];
	snprintf(title, sizeof(title), section ? ".Ss Section %s" : ".Ss Outside of sections",
		 section);
	const char *start = strstr(document, title);
	ck_assert_msg(start != NULL, "no %s", title);
	return start;
}

/* "As in section block." stands for what another section has of the same row. */
static void check_statement(const struct tarn__option_row *row, const char *section)
{
	char title[64], next[64];
	snprintf(title, sizeof(title), "\n.It Ic %s = ", row->word);
	const char *start = strstr(find_section(section), title);
	ck_assert_msg(start != NULL, "no %s in section %s", row->word, section);
	const char *end = strstr(find_section(section) + 1, "\n.S");
	ck_assert_msg(!end || start < end, "no %s in section %s", row->word, section);
	take_paragraph(start + 1, ".It");
	cut_at("\n.El");
	snprintf(next, sizeof(next), "\nAs in section %s", row->section ? row->section : "");
	if (section != row->section && strstr(paragraph, next))
		return;
	check_figures(row);
	bool needs_restart = strstr(paragraph, "A change needs a restart.") != NULL;
	ck_assert_msg(needs_restart == (row->on_reload == TARN__RELOAD_IGNORES),
		      "what a reload does with %s", row->word);
}

START_TEST(tarn_conf_5_has_the_tables_figures)
{
	read_document("man/tarn.conf.5");
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (!row->word || !row->type)
			continue;
		check_statement(row, row->section);
		for (size_t j = 0; j < 2 && row->also_in[j]; j++)
			check_statement(row, row->also_in[j]);
	}
}
END_TEST

START_TEST(tarn_8_has_the_tables_figures)
{
	read_document("man/tarn.8");
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		char name[64];
		if (!row->name || !row->type)
			continue;
		snprintf(name, sizeof(name), "Fl \\-%s", row->name);
		const char *start = strstr(document, "\n.It Fl");
		do {
			ck_assert_msg(start != NULL, "no %s", name);
			take_paragraph(start + 1, ".It Fl");
			start = strstr(start + 1, "\n.It Fl");
		} while (!first_line_has(name));
		check_figures(row);
	}
}
END_TEST

START_TEST(tarn_8_names_what_a_reload_does_not_change)
{
	read_document("man/tarn.8");
	const char *start = strstr(document, "change with a restart only:");
	ck_assert_ptr_nonnull(start);
	take_paragraph(start, ".Ss");
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		char name[64];
		if (!row->name || !row->type)
			continue;
		snprintf(name, sizeof(name), "\\-%s", row->name);
		ck_assert_msg(has_word(paragraph, name) == (row->on_reload == TARN__RELOAD_IGNORES),
			      "%s in\n%s", name, paragraph);
	}
}
END_TEST

START_TEST(tarn_8_has_the_times_that_clients_wait)
{
	char text[64];
	read_document("man/tarn.8");
	take_paragraph(strstr(document, ".Ss Stale answers"), ".Ss Reload");
	snprintf(text, sizeof(text), "within %g seconds", TARN__STALE_AFTER_MS / 1000.0);
	ck_assert_msg(has_word(paragraph, text), "no %s", text);
}
END_TEST

START_TEST(tarn_8_has_the_stages_in_their_order)
{
	read_document("man/tarn.8");
	take_paragraph(strstr(document, ".Ss Order of decisions"), ".Ss Local names");
	const char *at = paragraph;
	for (size_t i = 0; i < TARN__STAGES; i++) {
		char item[64];
		snprintf(item, sizeof(item), ".It Cm %s\n", tarn__stages[i]->name);
		const char *found = strstr(at, item);
		ck_assert_msg(found != NULL, "no %s behind\n%.40s", item, at);
		at = found + strlen(item);
	}
	ck_assert_ptr_null(strstr(at, ".It Cm "));
}
END_TEST

START_TEST(the_example_has_the_tables_defaults)
{
	read_document("examples/tarn.conf");
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		char line[128];
		if (!row->type || row->scope != TARN__SCOPE_GLOBAL || !row->default_number)
			continue;
		char *text = number_text(row, row->default_number);
		snprintf(line, sizeof(line), "\n#%s%s = %s\n", row->section ? "\t" : "", row->word,
			 text);
		ck_assert_msg(strstr(document, line) != NULL, "no%s", line);
		free(text);
	}
}
END_TEST

/* Loads a configuration of this text. */
static struct tarn__settings *load(const char *text)
{
	char path[] = "/tmp/tarn-documents-XXXXXX", fault[TARN__FAULT_MAX];
	char *argv[] = {"tarn", "-c", path, NULL};
	struct tarn__command_line command;
	struct tarn__diagnostics diagnostics = {0};
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (long)strlen(text));
	close(fd);
	ck_assert_int_eq(tarn__command_line_parse(3, argv, &command, fault), 0);
	struct tarn__settings *loaded = tarn__configuration_load(&command, false, &diagnostics);
	ck_assert_msg(loaded != NULL, "%s", diagnostics.count > 0 ? diagnostics.items[0].text : "");
	tarn__command_line_fini(&command);
	tarn__diagnostics_fini(&diagnostics);
	unlink(path);
	return loaded;
}

/* A line that begins with "#" and no blank is a statement. */
START_TEST(each_statement_of_the_example_is_read)
{
	read_document("examples/tarn.conf");
	for (char *line = document; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ')
			line[0] = ' ';
	}
	struct tarn__settings *loaded = load(document);
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->word && row->type && row->scope == TARN__SCOPE_GLOBAL)
			ck_assert_msg(loaded->origins[i].by == TARN__BY_FILE, "no %s", row->word);
	}
	uint64_t set = 0;
	for (size_t i = 0; i < loaded->list_count; i++)
		set |= loaded->lists[i].set;
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->scope == TARN__SCOPE_LIST)
			ck_assert_msg(set >> tarn__option_bit(row) & 1, "no %s in a list",
				      row->word);
	}
	tarn__settings_free(loaded);
}
END_TEST

START_TEST(the_home_network_is_read)
{
	read_document("examples/home.conf");
	struct tarn__settings *loaded = load(document);
	ck_assert_uint_eq(loaded->list_count, 4);
	ck_assert_uint_eq(loaded->group_count, 1);
	ck_assert_uint_eq(loaded->local_records.count, 3);
	ck_assert(loaded->resolver.filter_private);
	tarn__settings_free(loaded);
}
END_TEST

/* A screen has no room for more. */
START_TEST(the_household_of_the_readme_has_15_lines_and_is_read)
{
	unsigned lines = 0;
	read_document("../README.md");
	const char *start = strstr(document, "\n    listen {");
	ck_assert_ptr_nonnull(start);
	take_paragraph(start + 1, "\n");
	for (const char *c = paragraph; *c; c++)
		lines += *c == '\n';
	ck_assert_uint_le(lines, 15);
	struct tarn__settings *loaded = load(paragraph);
	ck_assert_uint_eq(loaded->list_count, 3);
	ck_assert_uint_eq(loaded->group_count, 1);
	ck_assert_uint_eq(loaded->local_records.count, 2);
	ck_assert(loaded->resolver.filter_private);
	tarn__settings_free(loaded);
}
END_TEST

/* Without the ends of lines and the blanks behind them. */
static void read_help(char *out)
{
	FILE *file = fmemopen(document, sizeof(document), "w");
	ck_assert_ptr_nonnull(file);
	tarn__command_line_help(file);
	fclose(file);
	for (const char *c = document; *c; c++) {
		if (*c == '\n')
			c += strspn(c, "\n ") - 1;
		*out++ = *c == '\n' ? ' ' : *c;
	}
	*out = '\0';
}

START_TEST(help_has_the_tables_defaults)
{
	static char help[DOCUMENT_MAX];
	read_help(help);
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		char text[256];
		if (!row->name || !row->value)
			continue;
		tarn__option_set_default(row, settings);
		char *value = tarn__option_text(row, settings);
		snprintf(text, sizeof(text), "(default: %s)", *value ? value : row->otherwise);
		ck_assert_msg(strstr(help, text) != NULL, "--%s: no %s", row->name, text);
		free(value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("documents");
	TCase *tcase = tcase_create("documents");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, tarn_conf_5_has_the_tables_figures);
	tcase_add_test(tcase, tarn_8_has_the_tables_figures);
	tcase_add_test(tcase, tarn_8_names_what_a_reload_does_not_change);
	tcase_add_test(tcase, tarn_8_has_the_times_that_clients_wait);
	tcase_add_test(tcase, tarn_8_has_the_stages_in_their_order);
	tcase_add_test(tcase, the_example_has_the_tables_defaults);
	if (tarn__tls_is_built() && tarn__http2_is_built())
		tcase_add_test(tcase, each_statement_of_the_example_is_read);
	tcase_add_test(tcase, the_home_network_is_read);
	tcase_add_test(tcase, the_household_of_the_readme_has_15_lines_and_is_read);
	tcase_add_test(tcase, help_has_the_tables_defaults);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
