/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that is wrong with a configuration. */
#include "config.h"

#include "daemon/log/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 512 };

/* Files are numbered in the order of their first faults. */
static size_t number_of(const struct tarn__faults *faults, const char *file)
{
	size_t highest = 0, len = strlen(file);
	for (size_t i = 0; i < faults->count; i++) {
		const struct tarn__fault *fault = &faults->items[i];
		if (strncmp(fault->text, file, len) == 0 && fault->text[len] == ':')
			return fault->file;
		if (fault->file > highest)
			highest = fault->file;
	}
	return highest + 1;
}

void tarn__faults_add(struct tarn__faults *faults, const char *file, unsigned line,
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
	char *copy = faults->count < TARN__FAULTS_MAX ? strdup(text) : NULL;
	if (!copy) {
		faults->lost++;
		return;
	}
	size_t number = file ? number_of(faults, file) : 0;
	faults->items[faults->count++] =
		(struct tarn__fault){.text = copy, .file = number, .line = line};
}

static bool is_before(const struct tarn__fault *a, const struct tarn__fault *b)
{
	return a->file != b->file ? a->file < b->file : a->line < b->line;
}

/* By insertion: there are few, and those of one line keep their order. */
void tarn__faults_sort(struct tarn__faults *faults)
{
	for (size_t i = 1; i < faults->count; i++) {
		struct tarn__fault fault = faults->items[i];
		size_t place = i;
		for (; place > 0 && is_before(&fault, &faults->items[place - 1]); place--)
			faults->items[place] = faults->items[place - 1];
		faults->items[place] = fault;
	}
}

void tarn__faults_log(const struct tarn__faults *faults, struct tarn__log *log)
{
	for (size_t i = 0; i < faults->count; i++)
		tarn__log(log, TARN_LOG_ERR, "%s", faults->items[i].text);
	if (faults->lost > 0)
		tarn__log(log, TARN_LOG_ERR, "and %zu faults more", faults->lost);
}

void tarn__faults_fini(struct tarn__faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->items[i].text);
	faults->count = faults->lost = 0;
}
