/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/dump.h: the cache's answers as text, to be read by people, and to be loaded again.
 *
 *	tarn-dump 1 1767225600
 *	www.example.com. IN A - 287 NOERROR 000081800001000100000000037777770765...
 *	; old.example.com. IN A - stale 12 NOERROR
 *	; down.example.com. IN A - failed: no answer in time
 *	; 1 answers
 *
 * The head names the version of the form and the time, in seconds since 1970. Then an answer a line:
 * name, class, type, "do", "cd", "do,cd" or "-", the seconds that are left, rcode, and the DNS message
 * that a client without EDNS would get, in base 16. What cannot be loaded follows a semicolon. The last
 * line is the count of the answers; without it the dump is not whole.
 *
 * What is loaded is read as if it came from a server that was asked for it: nothing else is believed,
 * and AD not at all.
 *
 * Thread: as core/admin/inspect.h.
 */
#ifndef TARN_CORE_ADMIN_DUMP_H
#define TARN_CORE_ADMIN_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/text.h"

struct tarn__resolver;

enum {
	/* Of a line with its NUL, but without a newline. */
	TARN__DUMP_LINE_MAX = TARN__NAME_TEXT_MAX + 2 * TARN__MESSAGE_MAX + 128,
	TARN__DUMP_HEAD_MAX = 40,
	TARN__DUMP_END_MAX = 40,
};

/* Writes the head's line; now_sec is the time. Returns out. */
char *tarn__dump_head(int64_t now_sec, char out[TARN__DUMP_HEAD_MAX]);
/* Reads it: when the dump was made. TARN_EINVAL: it is no such line, or of another version. */
int tarn__dump_head_read(const char *line, int64_t *made_sec);

/* The same for the last line, which has how many answers there are. */
char *tarn__dump_end(size_t count, char out[TARN__DUMP_END_MAX]);

/* Here, since tarnctl has no cache to be linked with. */
static inline bool tarn__dump_is_end(const char *line)
{
	size_t digits = strncmp(line, "; ", 2) == 0 ? strspn(line + 2, "0123456789") : 0;
	return digits > 0 && strcmp(line + 2 + digits, " answers") == 0;
}

/* What both ways need while they are gone: the caller's, any octets. */
struct tarn__dump_room {
	char line[TARN__DUMP_LINE_MAX];
	uint8_t message[TARN__MESSAGE_MAX];
	uint8_t stored[TARN__STORED_MAX];
};

struct tarn__dump {
	/* Takes a line without a newline. */
	void (*put)(void *arg, const char *line, size_t len);
	void *arg;
	struct tarn__dump_room *room;
	uint64_t cursor; /* 0 at first */
	size_t count; /* answers so far */
};

/* Puts some lines. Are there more? */
bool tarn__dump_step(struct tarn__dump *, struct tarn__resolver *);

enum tarn__loaded {
	TARN__LOAD_STORED,
	TARN__LOAD_KNOWN, /* the cache has an answer that is as good */
	TARN__LOAD_ENDED, /* it would be past its end by now */
	TARN__LOAD_FULL, /* there is no room for it */
	TARN__LOAD_COMMENT,
	TARN__LOAD_FAULT,
};

/* Loads a line that was written age_sec ago; *fault says in words what is wrong with it. */
enum tarn__loaded tarn__dump_load(struct tarn__resolver *, struct tarn__dump_room *room,
				  const char *line, uint64_t age_sec, const char **fault);

#endif
