/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/lines.c: lines of a text that comes in parts. */
#include "dns/lines.h"

#include <string.h>

/* len is that of the whole line; at most TARN__LINE_MAX octets of it are there. */
static void give(struct tarn__lines *lines, const char *text, size_t len)
{
	static const char mark[] = {'\xef', '\xbb', '\xbf'};
	struct tarn__line line = {.number = ++lines->count, .text = text, .len = len};
	if (len > TARN__LINE_MAX) {
		line.len = TARN__LINE_MAX;
		line.is_cut = true;
	} else if (len > 0 && text[len - 1] == '\r') {
		line.len--;
	}
	if (line.number == 1 && line.len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0) {
		line.text += sizeof mark;
		line.len -= sizeof mark;
	}
	lines->on_line(lines->arg, &line);
}

static void keep(struct tarn__lines *lines, const char *octets, size_t len)
{
	if (lines->len < TARN__LINE_MAX) {
		size_t room = TARN__LINE_MAX - lines->len;
		memcpy(lines->octets + lines->len, octets, len < room ? len : room);
	}
	lines->len += len;
}

void tarn__lines_feed(struct tarn__lines *lines, const void *octets, size_t len)
{
	const char *at = octets;
	for (;;) {
		const char *end = len > 0 ? memchr(at, '\n', len) : NULL;
		size_t line_len = end ? (size_t)(end - at) : len;
		/* A line that is whole in this part is not copied. */
		bool is_whole = end && lines->len == 0;
		if (!is_whole && line_len > 0)
			keep(lines, at, line_len);
		if (!end)
			return;
		size_t kept_len = lines->len;
		lines->len = 0;
		if (is_whole)
			give(lines, at, line_len);
		else
			give(lines, lines->octets, kept_len);
		at = end + 1;
		len -= line_len + 1;
	}
}

void tarn__lines_end(struct tarn__lines *lines)
{
	size_t len = lines->len;
	lines->len = 0;
	if (len > 0)
		give(lines, lines->octets, len);
}
