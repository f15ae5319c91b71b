/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of one configuration file, made ready for libConfuse. */
#include "config.h"

#include "daemon/config/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char tarn__config_nothing[] = "\x02";

/* ---- cleaning -------------------------------------------------------------------------------- */

/*
 * Braces within braces: a list within a section, and more for the diagnostics of braces left open.
 */
enum { DEPTH_MAX = 8 };

struct cleaner {
	char *next;
	unsigned line;
	const char *file;
	struct tarn__diagnostics *diagnostics;
	unsigned open_lines[DEPTH_MAX]; /* of the braces that are open */
	size_t depth;
	bool is_broken;
};

static void refuse(struct cleaner *cleaner, const char *reason)
{
	tarn__diagnostics_add(cleaner->diagnostics, cleaner->file, cleaner->line, "%s", reason);
	cleaner->is_broken = true;
}

/* Replaces everything but the ends of lines. */
static void blank(char *from, const char *end)
{
	for (; from < end; from++) {
		if (*from != '\n')
			*from = ' ';
	}
}

static void skip_remark(struct cleaner *cleaner)
{
	size_t len = strcspn(cleaner->next, "\n");
	blank(cleaner->next, cleaner->next + len);
	cleaner->next += len;
}

static void skip_long_remark(struct cleaner *cleaner)
{
	char *end = strstr(cleaner->next + 2, "*/");
	if (!end)
		refuse(cleaner, "this comment has no end");
	end = end ? end + 2 : strchr(cleaner->next, '\0');
	for (const char *c = cleaner->next; c < end; c++)
		cleaner->line += *c == '\n';
	blank(cleaner->next, end);
	cleaner->next = end;
}

static const char no_variables[] =
	"${...}: nothing is taken from the environment (a plain \"$\" is \"\\$\")";

/* Returns NULL, or the reason why the octet at c is refused between quotes. */
static const char *string_fault(const char *c, char quote)
{
	if (((unsigned char)c[0] < 0x20 && c[0] != '\t') || c[0] == 0x7f)
		return "a control character in a string";
	if (quote == '\'')
		return NULL;
	if (c[0] == '$' && c[1] == '{')
		return no_variables;
	if (c[0] == '\\' && c[1] != '\n' && !strchr("\\\"$", c[1]))
		return "a backslash stands only before \", $ and another one";
	return NULL;
}

/* A backslash and the next octet are one, except at the end of the line. */
static void skip_string(struct cleaner *cleaner)
{
	char quote = *cleaner->next, *c = cleaner->next + 1;
	for (; *c && *c != '\n' && *c != quote; c++) {
		const char *wrong = string_fault(c, quote);
		if (wrong)
			refuse(cleaner, wrong);
		if (*c == '\\' && c[1] && c[1] != '\n')
			c++;
	}
	if (*c != quote)
		refuse(cleaner, "this string has no end on its line");
	cleaner->next = *c == quote ? c + 1 : c;
}

static void open_brace(struct cleaner *cleaner)
{
	if (cleaner->depth < DEPTH_MAX)
		cleaner->open_lines[cleaner->depth] = cleaner->line;
	cleaner->depth++;
	cleaner->next++;
}

static void close_brace(struct cleaner *cleaner)
{
	if (cleaner->depth > 0)
		cleaner->depth--;
	else
		refuse(cleaner, "this } closes nothing");
	cleaner->next++;
}

static void refuse_octet(struct cleaner *cleaner, const char *reason)
{
	unsigned char octet = (unsigned char)*cleaner->next++;
	char text[64];
	if (octet > 0x20 && octet < 0x7f)
		snprintf(text, sizeof(text), "%c: %s", octet, reason);
	else
		snprintf(text, sizeof(text), "octet 0x%02x: %s", octet, reason);
	refuse(cleaner, text);
}

/* The octets at which libConfuse ends a word. */
static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\r\n#\"'={}()+,*", c) != NULL;
}

static void skip_word(struct cleaner *cleaner)
{
	do {
		if (cleaner->next[0] == '$' && cleaner->next[1] == '{')
			refuse(cleaner, no_variables);
		unsigned char octet = (unsigned char)*cleaner->next;
		if (octet < 0x20 || octet == 0x7f)
			refuse_octet(cleaner, "not text");
		else
			cleaner->next++;
	} while (!ends_word(*cleaner->next));
}

static void clean_next(struct cleaner *cleaner)
{
	char *next = cleaner->next;
	switch (*next) {
	case '\n':
		cleaner->line++;
		cleaner->next++;
		break;
	case '\r':
		*next = ' ';
		cleaner->next++;
		break;
	case ' ':
	case '\t':
	case '=':
	case ',':
	case '(':
	case ')':
		cleaner->next++;
		break;
	case '#':
		skip_remark(cleaner);
		break;
	case '"':
	case '\'':
		skip_string(cleaner);
		break;
	case '{':
		open_brace(cleaner);
		break;
	case '}':
		close_brace(cleaner);
		break;
	case '*':
		refuse_octet(cleaner, "only between quotes");
		break;
	case '+':
		if (next[1] == '=')
			cleaner->next += 2;
		else
			refuse_octet(cleaner, "only between quotes, or as +=");
		break;
	case '/':
		if (next[1] == '/')
			skip_remark(cleaner);
		else if (next[1] == '*')
			skip_long_remark(cleaner);
		else
			skip_word(cleaner);
		break;
	default:
		skip_word(cleaner);
	}
}

/* Returns the end of the token at text: a string, a word, "+=" or a single octet. */
static char *token_end(char *text)
{
	if (*text == '"' || *text == '\'') {
		char *c = text + 1;
		for (; *c && *c != *text; c++) {
			if (*c == '\\' && c[1])
				c++;
		}
		return *c ? c + 1 : c;
	}
	if (text[0] == '+' && text[1] == '=')
		return text + 2;
	char *end = text;
	while (!ends_word(*end))
		end++;
	return end > text || !*end ? end : end + 1;
}

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t\n");
}

/* "{ }" after an equals sign. */
static void mark_empty_lists(char *text)
{
	char *brace = NULL; /* the token before, if it opens a list */
	bool is_value = false;
	for (char *token = skip_blanks(text); *token; token = skip_blanks(token_end(token))) {
		if (brace && *token == '}') {
			*brace = *tarn__config_nothing;
			*token = ' ';
		}
		brace = is_value && *token == '{' ? token : NULL;
		is_value = *token == '=' || *token == '+';
	}
}

bool tarn__config_text_clean(char *text, size_t len, const char *file,
			     struct tarn__diagnostics *diagnostics)
{
	struct cleaner cleaner = {
		.next = text, .line = 1, .file = file, .diagnostics = diagnostics};
	while (cleaner.next < text + len) {
		if (*cleaner.next == '\0')
			refuse_octet(&cleaner, "not text");
		else
			clean_next(&cleaner);
	}
	if (cleaner.is_broken)
		return false;
	if (cleaner.depth > DEPTH_MAX)
		tarn__diagnostics_add(diagnostics, file, cleaner.line, "too many { are open");
	else if (cleaner.depth > 0)
		tarn__diagnostics_add(diagnostics, file, cleaner.open_lines[cleaner.depth - 1],
				      "this { is never closed");
	else
		mark_empty_lists(text);
	return cleaner.depth == 0;
}

/* ---- leaving out ----------------------------------------------------------------------------- */

/* Returns the end of the braces at text. */
static char *closing_end(char *text)
{
	size_t depth = 0;
	do {
		depth += *text == '{';
		depth -= *text == '}';
		text = skip_blanks(token_end(text));
	} while (*text && depth > 0);
	return text;
}

/*
 * Returns the end of what follows the word of a statement: "= value", "= { ... }", "{ ... }",
 * "title { ... }".
 */
static char *statement_end(char *text)
{
	char *next = skip_blanks(text);
	if (*next == '=' || *next == '+') {
		next = skip_blanks(token_end(next));
		return *next == '{' ? closing_end(next) : *next == '}' ? next : token_end(next);
	}
	if (*next == '{')
		return closing_end(next);
	if (*next && !strchr("}=+,()", *next)) {
		char *brace = skip_blanks(token_end(next));
		if (*brace == '{')
			return closing_end(brace);
	}
	return text;
}

/* Returns true if the token is the word, with quotes or without. */
static bool is_word(const char *token, const char *end, const char *word)
{
	size_t len = strlen(word), quotes = *token == '"' || *token == '\'';
	return (size_t)(end - token) == len + 2 * quotes && memcmp(token + quotes, word, len) == 0;
}

bool tarn__config_text_blank(char *text, unsigned line, const char *word)
{
	for (; line > 1; line--) {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	bool is_value = false;
	while (*(text += strspn(text, " \t")) && *text != '\n') {
		char *end = token_end(text);
		if (!is_value && is_word(text, end, word)) {
			blank(text, statement_end(end));
			return true;
		}
		is_value = strchr("=+,", *text) != NULL;
		text = end;
	}
	return false;
}
