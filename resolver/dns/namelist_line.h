/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_line.h: one line of a list of names, in the formats that list makers publish:
 *
 *	hosts     0.0.0.0 a.example b.example  # the names alone
 *	domains   a.example                    # the name alone
 *	wildcard  *.example                    # the name and all below it
 *	adblock   ||example^ @@||example^ |example| example, with modifiers for DNS
 *	dnsmasq   address=/example/ local=/example/ server=/example/
 *	unbound   local-zone: "example" always_null, local-data: "example A 192.0.2.1"
 *
 * A line of another form than the list's is read where it can mean one thing only. Nothing is fatal: what
 * cannot be read is counted.
 *
 * Thread: any.
 */
#ifndef TARN_DNS_NAMELIST_LINE_H
#define TARN_DNS_NAMELIST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/namelist_rule.h"

enum {
	TARN__NAMELIST_LINE_MAX = 4096, /* octets; a longer one is one invalid line */
	TARN__NAMELIST_GUESS_LINES =
		1000, /* lines without comments that a format is guessed from */
};

/* Whether plain names, and those of forms that reach below, do so. */
enum tarn__namelist_subdomains {
	TARN__NAMELIST_AS_FORMAT, /* no for hosts and plain names, yes for the other forms */
	TARN__NAMELIST_WITHOUT,
	TARN__NAMELIST_WITH,
};

struct tarn__namelist_line_options {
	enum tarn__namelist_format format; /* not TARN__NAMELIST_AUTO, not TARN__NAMELIST_RPZ */
	enum tarn__namelist_subdomains subdomains;
};

/* How many rules a line has, and how many things of it were not taken. A comment has none of these. */
struct tarn__namelist_line_counts {
	unsigned rules, invalid, not_dns, unsupported;
};

/* The rule and what it refers to are the reader's: they last for the call. */
typedef void tarn__namelist_emit(void *data, const struct tarn__namelist_rule *);

/* Reads a line, without its LF; CR is a blank. Calls emit for each rule. */
struct tarn__namelist_line_counts
tarn__namelist_line_read(const struct tarn__namelist_line_options *, const char *line, size_t len,
			 tarn__namelist_emit *emit, void *data);

/* The lines of each form that were seen. Starts as zeros. */
struct tarn__namelist_guess {
	unsigned lines;
	unsigned forms[TARN__NAMELIST_FORMATS];
};

/* Looks at another line. Returns true once TARN__NAMELIST_GUESS_LINES have been seen. */
bool tarn__namelist_guess_line(struct tarn__namelist_guess *, const char *line, size_t len);

/* Returns the format that most of the lines have; TARN__NAMELIST_DOMAINS if there are none. */
enum tarn__namelist_format tarn__namelist_guess_format(const struct tarn__namelist_guess *);

/* The same for the start of a text; lines that it does not end are not counted. */
enum tarn__namelist_format tarn__namelist_guess(const char *text, size_t len);

#endif
