/* SPDX-License-Identifier: BSD-2-Clause */
/* Collects the errors of a configuration. */
#include "config.h"

#include "daemon/log/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 512 };

/* Returns the number of a file; files are numbered in the order of their first errors. */
static size_t number_of(const struct tarn__diagnostics *diagnostics, const char *file)
{
	size_t highest = 0, len = strlen(file);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct tarn__diagnostic *fault = &diagnostics->items[i];
		if (strncmp(fault->text, file, len) == 0 && fault->text[len] == ':')
			return fault->file;
		if (fault->file > highest)
			highest = fault->file;
	}
	return highest + 1;
}

void tarn__diagnostics_add(struct tarn__diagnostics *diagnostics, const char *file, unsigned line,
			   const char *format, ...)
{
	char text[TEXT_MAX];
	size_t len = 0;
	if (file && line > 0)
		len = (size_t)snprintf(text, sizeof(text), "%s:%u: ", file, line);
	else if (file)
		len = (size_t)snprintf(text, sizeof(text), "%s: ", file);
	if (len < sizeof(text)) {
		va_list args;
		va_start(args, format);
		vsnprintf(text + len, sizeof(text) - len, format, args);
		va_end(args);
	}
	char *copy = diagnostics->count < TARN__DIAGNOSTICS_MAX ? strdup(text) : NULL;
	if (!copy) {
		diagnostics->lost++;
		return;
	}
	size_t number = file ? number_of(diagnostics, file) : 0;
	diagnostics->items[diagnostics->count++] =
		(struct tarn__diagnostic){.text = copy, .file = number, .line = line};
}

static bool is_before(const struct tarn__diagnostic *a, const struct tarn__diagnostic *b)
{
	return a->file != b->file ? a->file < b->file : a->line < b->line;
}

/* Insertion sort: the list is short, and the errors of one line keep their order. */
void tarn__diagnostics_sort(struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 1; i < diagnostics->count; i++) {
		struct tarn__diagnostic fault = diagnostics->items[i];
		size_t place = i;
		for (; place > 0 && is_before(&fault, &diagnostics->items[place - 1]); place--)
			diagnostics->items[place] = diagnostics->items[place - 1];
		diagnostics->items[place] = fault;
	}
}

void tarn__diagnostics_log(const struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		tarn__log(log, TARN_LOG_ERR, "%s", diagnostics->items[i].text);
	if (diagnostics->lost > 0)
		tarn__log(log, TARN_LOG_ERR, "and %zu more errors", diagnostics->lost);
}

void tarn__diagnostics_fini(struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		free(diagnostics->items[i].text);
	diagnostics->count = diagnostics->lost = 0;
}
