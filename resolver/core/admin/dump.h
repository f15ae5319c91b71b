/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/admin/dump.h: the answers in the cache as text, for people, and for loading them again.
 *
 *	tarn-dump 1 1767225600
 *	www.example.com. IN A - 287 NOERROR 000081800001000100000000037777770765...
 *	; old.example.com. IN A - stale 12 NOERROR
 *	; down.example.com. IN A - failed: no answer in time
 *	; 1 answers
 *
 * The first line has the version of the format and the time of the dump, in seconds since 1970. Each
 * further line is one answer: name, class, type, the flags ("do", "cd", "do,cd" or "-"), the remaining TTL
 * in seconds, the rcode, and the DNS message that a client without EDNS would get, in base 16 (RFC 4648
 * section 8). A line that cannot be loaded starts with a semicolon. The last line has the number of
 * answers; a dump without it is truncated.
 *
 * A loaded message is judged like the response of an upstream server to the question of that line. Its AD
 * flag is ignored. Where answers are validated, those to clients that do not set CD are not loaded: they
 * may lack their signatures.
 *
 * Thread: as core/admin/inspect.h.
 */
#ifndef TARN_CORE_ADMIN_DUMP_H
#define TARN_CORE_ADMIN_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/saved_answer.h"
#include "dns/text.h"

struct tarn__resolver;

enum {
	/* octets of a line with its NUL, without the newline */
	TARN__DUMP_LINE_MAX = TARN__NAME_TEXT_MAX + 2 * TARN__MESSAGE_MAX + 128,
	TARN__DUMP_HEAD_MAX = 40,
	TARN__DUMP_END_MAX = 40,
};

/* Writes the first line; now_sec is the time since 1970 in seconds. Returns out. */
char *tarn__dump_head(int64_t now_sec, char out[TARN__DUMP_HEAD_MAX]);
/* Reads the first line; *made_sec: the time of the dump. TARN_EINVAL: another format or version. */
int tarn__dump_head_read(const char *line, int64_t *made_sec);

/* Writes the last line; count is the number of answers. Returns out. */
char *tarn__dump_end(size_t count, char out[TARN__DUMP_END_MAX]);

/* Returns true for a last line. Inline, since tarnctl does not link the cache. */
static inline bool tarn__dump_is_end(const char *line)
{
	size_t digits = strncmp(line, "; ", 2) == 0 ? strspn(line + 2, "0123456789") : 0;
	return digits > 0 && strcmp(line + 2 + digits, " answers") == 0;
}

/* Scratch memory of the caller for a step or a load; its content before and after is of no meaning. */
struct tarn__dump_room {
	char line[TARN__DUMP_LINE_MAX];
	uint8_t message[TARN__MESSAGE_MAX];
	struct tarn__saved_room saved;
};

struct tarn__dump {
	/* Takes a line without a newline. */
	void (*put)(void *arg, const char *line, size_t len);
	void *arg;
	struct tarn__dump_room *room;
	uint64_t cursor; /* 0 at first */
	size_t count; /* answers so far */
};

/* Puts the lines of one step. Returns true if there are more. */
bool tarn__dump_step(struct tarn__dump *, struct tarn__resolver *);

enum tarn__loaded {
	TARN__LOAD_STORED,
	TARN__LOAD_KNOWN, /* the cache has an answer that lives at least as long */
	TARN__LOAD_ENDED, /* its TTL has passed */
	TARN__LOAD_FULL, /* the cache has no room for it */
	TARN__LOAD_UNVALIDATED, /* answers to that question are validated, which this one is not */
	TARN__LOAD_COMMENT,
	TARN__LOAD_FAULT,
};

/* Loads a line of a dump of that age. TARN__LOAD_FAULT: *fault is a text that names the error. */
enum tarn__loaded tarn__dump_load(struct tarn__resolver *, struct tarn__dump_room *room,
				  const char *line, uint64_t age_sec, const char **fault);

#endif
