/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/tsig_key.c: keys as text. */
#include "dns/tsig_key.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "dns/text.h"

static const char algorithm[] = "hmac-sha256";

/* ---- words ----------------------------------------------------------------------------------- */

/* A word: a string without its quotes, a mark of one character, or what stands between. len 0: the end. */
struct word {
	const char *text;
	size_t len;
};

struct scanner {
	const char *at, *end;
};

static bool begins_with(const struct scanner *scanner, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(scanner->end - scanner->at) >= len && memcmp(scanner->at, text, len) == 0;
}

/* Moves behind the next such text, or to the end. */
static void skip_to(struct scanner *scanner, const char *text)
{
	while (scanner->at < scanner->end && !begins_with(scanner, text))
		scanner->at++;
	if (scanner->at < scanner->end)
		scanner->at += strlen(text);
}

static void skip_blanks(struct scanner *scanner)
{
	while (scanner->at < scanner->end) {
		if (begins_with(scanner, "/*"))
			skip_to(scanner, "*/");
		else if (begins_with(scanner, "//") || *scanner->at == '#')
			skip_to(scanner, "\n");
		else if (memchr(" \t\r\n", *scanner->at, 4))
			scanner->at++;
		else
			break;
	}
}

static bool is_mark(char octet)
{
	return octet == '{' || octet == '}' || octet == ';' || octet == '"';
}

static struct word next_string(struct scanner *scanner)
{
	struct word word = {.text = ++scanner->at};
	while (scanner->at < scanner->end && *scanner->at != '"')
		scanner->at++;
	word.len = (size_t)(scanner->at - word.text);
	if (scanner->at < scanner->end)
		scanner->at++;
	return word;
}

static struct word next_word(struct scanner *scanner)
{
	skip_blanks(scanner);
	struct word word = {.text = scanner->at};
	if (scanner->at == scanner->end)
		return word;
	if (*scanner->at == '"')
		return next_string(scanner);
	do {
		scanner->at++;
	} while (!is_mark(*word.text) && scanner->at < scanner->end && !is_mark(*scanner->at) &&
		 !memchr(" \t\r\n", *scanner->at, 4));
	word.len = (size_t)(scanner->at - word.text);
	return word;
}

static bool is_word(const struct word *word, const char *text)
{
	return word->len == strlen(text) && strncasecmp(word->text, text, word->len) == 0;
}

static bool takes(struct scanner *scanner, const char *text)
{
	struct word word = next_word(scanner);
	return is_word(&word, text);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const char *take_name(const struct word *word, struct tarn__tsig_key *out)
{
	static const uint8_t root[] = {0};
	out->name.len = tarn__name_parse_relative(word->text, word->len, root, sizeof(root),
						  out->name.octets);
	if (out->name.len == 0)
		return "the key's name is not a domain name";
	tarn__name_fold(out->name.octets, out->name.octets, out->name.len);
	return NULL;
}

static const char *take_secret(const struct word *word, struct tarn__tsig_key *out)
{
	struct tarn__base64 base64 = {0};
	out->secret_len = 0;
	if (!tarn__base64_read(&base64, word->text, word->len, out->secret, sizeof(out->secret),
			       &out->secret_len) ||
	    !tarn__base64_is_whole(&base64))
		return "the secret is not base64 of 256 octets at most";
	return out->secret_len > 0 ? NULL : "the secret is empty";
}

static const char *take_algorithm(const struct word *word)
{
	return is_word(word, algorithm) || is_word(word, "hmac-sha256.")
		       ? NULL
		       : "the algorithm is not hmac-sha256";
}

/* ---- the forms ------------------------------------------------------------------------------- */

static const char *take_statement(const struct word *word, struct scanner *scanner,
				  struct tarn__tsig_key *out)
{
	bool is_algorithm = is_word(word, "algorithm");
	if (!is_algorithm && !is_word(word, "secret"))
		return "neither an algorithm nor a secret";
	struct word value = next_word(scanner);
	const char *fault = is_algorithm ? take_algorithm(&value) : take_secret(&value, out);
	if (fault)
		return fault;
	return takes(scanner, ";") ? NULL : "a ';' is missing";
}

/* Behind the word key. */
static const char *parse_section(struct scanner *scanner, struct tarn__tsig_key *out)
{
	struct word name = next_word(scanner);
	const char *fault = take_name(&name, out);
	if (fault)
		return fault;
	if (!takes(scanner, "{"))
		return "a '{' is missing";
	for (;;) {
		struct word word = next_word(scanner);
		if (is_word(&word, "}"))
			break;
		fault = take_statement(&word, scanner, out);
		if (fault)
			return fault;
	}
	if (out->secret_len == 0)
		return "there is no secret";
	struct word rest = next_word(scanner);
	if (is_word(&rest, ";"))
		rest = next_word(scanner);
	return rest.len == 0 ? NULL : "there is more than one key";
}

/* Takes the part of the word before its first colon. */
static struct word cut(struct word *word)
{
	const char *colon = memchr(word->text, ':', word->len);
	size_t len = colon ? (size_t)(colon - word->text) : word->len;
	struct word part = {.text = word->text, .len = len};
	word->text += colon ? len + 1 : len;
	word->len -= colon ? len + 1 : len;
	return part;
}

static const char *parse_line(struct word word, struct scanner *scanner, struct tarn__tsig_key *out)
{
	struct word name = cut(&word);
	if (memchr(word.text, ':', word.len)) {
		const char *fault = take_algorithm(&name);
		if (fault)
			return fault;
		name = cut(&word);
	}
	if (word.len == 0)
		return "neither key \"name\" { } nor name:secret";
	const char *fault = take_name(&name, out);
	if (!fault)
		fault = take_secret(&word, out);
	if (fault)
		return fault;
	return next_word(scanner).len == 0 ? NULL : "there is more than one key";
}

const char *tarn__tsig_key_parse(const char *text, size_t len, struct tarn__tsig_key *out)
{
	struct scanner scanner = {.at = text, .end = text + len};
	*out = (struct tarn__tsig_key){0};
	struct word word = next_word(&scanner);
	if (word.len == 0)
		return "there is no key";
	return is_word(&word, "key") ? parse_section(&scanner, out)
				     : parse_line(word, &scanner, out);
}
