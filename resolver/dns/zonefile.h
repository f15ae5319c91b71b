/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/zonefile.h: reading zone files (RFC 1035 section 5): local records, response policy zones. The file
 * comes in pieces of any length, in which any octets may be; records come out one by one.
 *
 *	tarn__zonefile_init(reader, origin, origin_len, ttl, &callbacks, arg);
 *	while (there is more)
 *		tarn__zonefile_feed(reader, octets, len);
 *	tarn__zonefile_end(reader);
 *
 * What is read: $ORIGIN and $TTL (RFC 2308 section 4), class and TTL in either order or not at all, TTLs
 * and timers of an SOA with units ("1h30m"), lines that continue in parentheses, escapes, comments, lines
 * that end with CR LF, a byte order mark before the first one. $INCLUDE and other directives are faults.
 * Without a class it is IN; without a TTL it is that of $TTL or, before one, the last that a record
 * states.
 *
 * Nothing is fatal. An entry that cannot be read is one fault, and reading goes on behind its line or its
 * parentheses. Parentheses are not closed if there is an opening one in a later line, if the entry exceeds
 * TARN__ZONE_TEXT_MAX, or if the file ends. Then the entry ends with the line that opens them, and the
 * lines after it are read by themselves; as long as none of them can be read they are taken for a part of
 * it, and are no faults.
 *
 * What is not known is not guessed: an owner or an origin that could not be read makes faults of the
 * records that depend on it.
 *
 * A reader is some 130 kB and has no pointers but to what it was given: it needs no end.
 *
 * Thread: any, one at a time.
 */
#ifndef TARN_DNS_ZONEFILE_H
#define TARN_DNS_ZONEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/zone_entry.h"

/* Octets of an entry without its comments: a key, a policy or a list of addresses has some thousand. */
enum { TARN__ZONE_TEXT_MAX = 65536 };

struct tarn__zonefile_callbacks {
	/* The record is borrowed for the call. */
	void (*record)(void *arg, const struct tarn__zone_record *);
	/* line: the first one of the entry, from 1. text: graphic ASCII and blanks, borrowed for the call. */
	void (*fault)(void *arg, unsigned line, const char *text);
};

/* All members are private. */
struct tarn__zonefile {
	const struct tarn__zonefile_callbacks *callbacks;
	void *arg;
	struct tarn__zone_entries entries;
	unsigned line, entry_line; /* the one being read, and the first one of the entry */
	bool is_escaped, is_quoted, is_comment; /* where in the line the next octet is */
	bool is_open; /* parentheses are */
	bool is_cut; /* the entry is too long, and the rest of it is dropped */
	bool is_suspect; /* lines may be a part of an entry whose parentheses were not closed */
	const char *fault; /* of the entry's parentheses or length; NULL: none so far */
	size_t resume_at; /* where in text the line after the one that opened them begins; 0: nowhere */
	unsigned resume_line; /* its number */
	size_t len;
	/* Of the entry: its lines, all but the last one with their ends. */
	char text[TARN__ZONE_TEXT_MAX];
};

/*
 * Names are completed with the origin, a name of origin_len octets, which is copied; 0: only a $ORIGIN
 * makes relative names valid. ttl, in seconds, is that of records before a TTL is stated. callbacks are
 * kept.
 */
void tarn__zonefile_init(struct tarn__zonefile *, const uint8_t *origin, size_t origin_len,
			 uint32_t ttl, const struct tarn__zonefile_callbacks *callbacks, void *arg);

/* Reads the next octets of the file. Calls back for each record and fault that ends in them. */
void tarn__zonefile_feed(struct tarn__zonefile *, const void *octets, size_t len);

/* Reads the end of the file, which may be without a line end. The reader may be initialised again. */
void tarn__zonefile_end(struct tarn__zonefile *);

/*
 * Reads text that is one record, with the reader as room for it; blanks may be before it. With the root as
 * the origin all names are absolute. Sets *out, views into the reader until it is used again. Returns
 * false if it is no record, and writes the reason.
 */
bool tarn__zone_record_parse(struct tarn__zonefile *, const char *text, const uint8_t *origin,
			     size_t origin_len, uint32_t ttl, struct tarn__zone_record *out,
			     char fault[TARN__ZONE_FAULT_MAX]);

#endif
