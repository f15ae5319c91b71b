/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/log/diagnostics.h: the list of all errors of a configuration. */
#ifndef TARN_DAEMON_LOG_DIAGNOSTICS_H
#define TARN_DAEMON_LOG_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/log.h"

/* Further errors are only counted: a file of another format would fill the log. */
enum { TARN__DIAGNOSTICS_MAX = 50 };

struct tarn__diagnostics { /* all zeros: an empty list */
	struct tarn__diagnostic {
		char *text; /* "FILE:LINE: error", "FILE: error" or "error" */
		size_t file; /* the number of the file among those with errors */
		unsigned line; /* 0: the error concerns the whole file */
	} items[TARN__DIAGNOSTICS_MAX];
	size_t count;
	size_t lost; /* errors beyond TARN__DIAGNOSTICS_MAX */
};

/* Adds an error. file may be NULL, and line 0. */
__attribute__((format(printf, 4, 5))) void tarn__diagnostics_add(struct tarn__diagnostics *,
								 const char *file, unsigned line,
								 const char *format, ...);

/* Sorts by file, then by line. */
void tarn__diagnostics_sort(struct tarn__diagnostics *);

void tarn__diagnostics_log(const struct tarn__diagnostics *, struct tarn__log *);

void tarn__diagnostics_fini(struct tarn__diagnostics *);

#endif
