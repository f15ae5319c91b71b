/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon/log/diagnostics.h: everything that is wrong with a configuration, not only the first of it. */
#ifndef TARN_DAEMON_LOG_DIAGNOSTICS_H
#define TARN_DAEMON_LOG_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/log/log.h"

/* More are counted only: nobody reads on, and a file of another kind would fill the log. */
enum { TARN__DIAGNOSTICS_MAX = 50 };

struct tarn__diagnostics { /* zeros: none */
	struct tarn__diagnostic {
		char *text; /* "FILE:LINE: what is wrong", "FILE: ..." or "..." */
		size_t file; /* which of the files that have faults */
		unsigned line; /* 0: of the file as a whole */
	} items[TARN__DIAGNOSTICS_MAX];
	size_t count;
	size_t lost; /* beyond TARN__DIAGNOSTICS_MAX */
};

/* file may be NULL, line 0. */
__attribute__((format(printf, 4, 5))) void tarn__diagnostics_add(struct tarn__diagnostics *,
								 const char *file, unsigned line,
								 const char *format, ...);

/* File by file, line by line. */
void tarn__diagnostics_sort(struct tarn__diagnostics *);

void tarn__diagnostics_log(const struct tarn__diagnostics *, struct tarn__log *);

void tarn__diagnostics_fini(struct tarn__diagnostics *);

#endif
