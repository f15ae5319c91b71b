/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/second/report.h: lines for the log about a part of the second level: once for each change of its state, and for
 * each new reason why it does not work.
 *
 *	the second level at 192.0.2.1:6379: connected
 *	the replica of the second level at 192.0.2.2:6379: Connection refused
 *
 * Thread: the worker's.
 */
#ifndef TARN_NET_SECOND_REPORT_H
#define TARN_NET_SECOND_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/second/connection.h"

enum {
	TARN__SECOND_REASONS_MAX = 8, /* different ones that are reported before it works again */
	/* A path of a Unix socket, a reason, and what is around them; with NUL. */
	TARN__SECOND_LINE_MAX = 108 + TARN__SECOND_FAULT_MAX + 64,
};

struct tarn__second_report {
	const char *what; /* "the second level" */
	bool is_quiet; /* its working is worth a line only after a reason why it did not */
	uint64_t reasons[TARN__SECOND_REASONS_MAX]; /* hashes */
	size_t count;
	bool is_up;
};

/* Write a line, or return false if it has been said. */
bool tarn__second_report_up(struct tarn__second_report *, const struct tarn__second_place *,
			    char line[TARN__SECOND_LINE_MAX]);
bool tarn__second_report_fault(struct tarn__second_report *, const struct tarn__second_place *,
			       bool was_up, const char *reason, char line[TARN__SECOND_LINE_MAX]);

/*
 * What all links of a process have said, each of which meets the same: a line is said again only after one of the other
 * kind, a fault or not, about the same part. Zeros: nothing has been said. The caller has a lock.
 */
enum { TARN__SECOND_LINES_MAX = 16 };
struct tarn__second_lines {
	struct {
		uint64_t line, part; /* hashes; the part is what stands before the first ": " */
		bool is_fault;
	} said[TARN__SECOND_LINES_MAX];
	size_t next; /* is overwritten */
};

/* Returns true if the line is to be said. */
bool tarn__second_lines_say(struct tarn__second_lines *, bool is_fault, const char *line);

#endif
