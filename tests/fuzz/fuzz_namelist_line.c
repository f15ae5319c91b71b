/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_namelist_line.c: any text is a list in each format: its rules are good ones, and the
 * compiled list has each name that it ought to.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/name.h"
#include "dns/namelist.h"
#include "dns/namelist_compile.h"
#include "dns/namelist_line.h"

enum { LEN_MAX = 1 << 14 };

static void check_rule(void *data, const struct tarn__namelist_rule *rule)
{
	unsigned *count = data;
	++*count;
	fuzz_check(tarn__name_span(rule->name, rule->name_len) == rule->name_len);
	fuzz_check(rule->name_len > 2); /* not the root */
	fuzz_check(rule->reach >= TARN__NAMELIST_SELF && rule->reach <= TARN__NAMELIST_BOTH);
	fuzz_check((rule->action == TARN__NAMELIST_DATA) == (rule->more && rule->more->has_record));
}

static void read_lines(const char *text, size_t len,
		       const struct tarn__namelist_line_options *options)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end ? (size_t)(end - text) : len;
		unsigned count = 0;
		struct tarn__namelist_line_counts counts =
			tarn__namelist_line_read(options, text, line_len, check_rule, &count);
		fuzz_check(counts.rules == count);
		fuzz_check(count <= line_len);
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

struct output {
	uint8_t *octets;
	size_t len;
};

static int write_octets(void *data, const void *octets, size_t len)
{
	struct output *output = data;
	uint8_t *more = realloc(output->octets, output->len + len + 1);
	if (!more)
		return -1;
	memcpy(more + output->len, octets, len);
	output->octets = more;
	output->len += len;
	return 0;
}

static struct tarn__namelist list;

static void note_removal(void *data, const struct tarn__namelist_rule *rule)
{
	bool *has_removals = data;
	*has_removals |= rule->is_removal;
}

/* A rule that is in the text is in the list. */
static void find_rule(void *data, const struct tarn__namelist_rule *rule)
{
	struct tarn__namelist_match match;
	uint8_t below[TARN__NAME_MAX + 2] = {1, '_'};
	const uint8_t *name = rule->name;
	size_t len = rule->name_len;
	(void)data;
	if (rule->reach == TARN__NAMELIST_BELOW) {
		memcpy(below + 2, name, len);
		name = below;
		len += 2;
	}
	if (len <= TARN__NAME_MAX)
		fuzz_check(tarn__namelist_find(&list, name, len, &match, 1) == 1);
}

static void for_each_rule(const char *text, size_t len,
			  const struct tarn__namelist_line_options *options,
			  tarn__namelist_emit *emit, void *data)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end ? (size_t)(end - text) : len;
		tarn__namelist_line_read(options, text, line_len, emit, data);
		line_len += end != NULL;
		text += line_len;
		len -= line_len;
	}
}

static void compile(const char *text, size_t len, const struct tarn__namelist_list *source)
{
	struct output output = {0};
	struct tarn__namelist_compiler *compiler = tarn__namelist_compiler_new(len, 0);
	fuzz_check(compiler && tarn__namelist_compiler_begin(compiler, source) == 0);
	for (size_t at = 0; at < len; at += 100)
		fuzz_check(tarn__namelist_compiler_feed(compiler, text + at,
							len - at < 100 ? len - at : 100) == 0);
	fuzz_check(tarn__namelist_compiler_finish(compiler, write_octets, &output) == 0);
	tarn__namelist_compiler_free(compiler);
	fuzz_check(tarn__namelist_open(output.octets, output.len, &list) == 0);

	struct tarn__namelist_source report;
	tarn__namelist_source(&list, 0, &report);
	struct tarn__namelist_line_options options = {report.format, source->subdomains};
	bool has_removals = false;
	for_each_rule(text, len, &options, note_removal, &has_removals);
	if (!has_removals)
		for_each_rule(text, len, &options, find_rule, NULL);
	free(output.octets);
}

/* The first octet says which format, and whether names reach below. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1 || len > LEN_MAX)
		return 0;
	char *text = malloc(len);
	if (!text)
		return 0;
	memcpy(text, data + 1, len - 1);
	struct tarn__namelist_list source = {.path = "x",
					     .format = data[0] % TARN__NAMELIST_RPZ,
					     .subdomains = data[0] / 16 % 3};
	struct tarn__namelist_line_options options = {source.format, source.subdomains};
	if (source.format == TARN__NAMELIST_AUTO)
		options.format = tarn__namelist_guess(text, len - 1);
	read_lines(text, len - 1, &options);
	compile(text, len - 1, &source);
	free(text);
	return 0;
}
