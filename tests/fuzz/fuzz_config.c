/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_config.c: any octets are a configuration file, with faults and statements of its
 * lines; each value is one of its type, or has a fault.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config/parse.h"
#include "daemon/config/text.h"
#include "daemon/settings/sections.h"

/* A struct of any scope. */
static union {
	struct tarn__settings settings;
	struct tarn__forward_settings forward;
	struct tarn__list_settings list;
	struct tarn__group_settings group;
} base;

static void check_value(const struct tarn__option_row *row, const char *text)
{
	char fault[TARN__FAULT_MAX] = "";
	void *field = tarn__option_field(row, &base);
	if (row->type->parse(row, field, text, fault) == 0) {
		char *out = tarn__option_text(row, &base);
		fuzz_check(out != NULL);
		free(out);
	} else {
		fuzz_check(*fault);
	}
	row->type->reset(field);
}

static void check_statement(const struct tarn__statement *statement, unsigned lines)
{
	fuzz_check(statement->line >= 1 && statement->line <= lines);
	if (statement->row && statement->row->type)
		check_value(statement->row, statement->text);
	if (!statement->row && tarn__section_kind_find(statement->section))
		(void)tarn__section_kind_find(statement->section)->title_fault(statement->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__diagnostics diagnostics = {0};
	struct tarn__statements statements = {0};
	char *text = malloc(len + 1);
	unsigned lines = 1;
	if (!text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += data[i] == '\n';
	if (tarn__config_text_clean(text, len, "f", &diagnostics)) {
		fuzz_check(diagnostics.count == 0 && strlen(text) == len);
		tarn__config_parse(text, "f", &statements, &diagnostics);
	} else {
		fuzz_check(diagnostics.count > 0);
	}
	for (size_t i = 0; i < statements.count; i++)
		check_statement(&statements.items[i], lines);
	for (size_t i = 0; i < diagnostics.count; i++)
		fuzz_check(diagnostics.items[i].line >= 1 && diagnostics.items[i].line <= lines);
	tarn__statements_fini(&statements);
	tarn__diagnostics_fini(&diagnostics);
	free(text);
	return 0;
}
