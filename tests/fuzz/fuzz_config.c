/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_config.c: any octets are a configuration file, with faults and statements of its
 * lines.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config/parse.h"
#include "daemon/config/text.h"

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
		fuzz_check(statements.items[i].line >= 1 && statements.items[i].line <= lines);
	for (size_t i = 0; i < diagnostics.count; i++)
		fuzz_check(diagnostics.items[i].line >= 1 && diagnostics.items[i].line <= lines);
	tarn__statements_fini(&statements);
	tarn__diagnostics_fini(&diagnostics);
	free(text);
	return 0;
}
