/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/lines.h: lines of a text that comes in parts of any size. The same text gives the same lines however it
 * is cut. A line ends with LF or CR LF, the last one with the end of the text; a byte order mark before the
 * first line is dropped. Pure; nothing is allocated.
 */
#ifndef TARN_DNS_LINES_H
#define TARN_DNS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARN__LINE_MAX = 4096 /* octets without the LF; of a longer line the rest is dropped */ };

struct tarn__line {
	uint32_t number; /* from 1 on */
	const char *text; /* without its end; may have NULs */
	size_t len;
	bool is_cut; /* it was longer */
};

struct tarn__lines {
	/* Set by the caller; all else is 0 in the beginning. */
	void (*on_line)(void *arg, const struct tarn__line *);
	void *arg;
	uint32_t count; /* lines that have ended */
	size_t len; /* octets of the line that has not ended; those above TARN__LINE_MAX are not kept */
	char octets[TARN__LINE_MAX];
};

/* Takes the next part and calls on_line for each line that ends in it. */
void tarn__lines_feed(struct tarn__lines *, const void *octets, size_t len);

/* The text has ended: calls on_line for a last line without LF. The next part begins another line. */
void tarn__lines_end(struct tarn__lines *);

#endif
