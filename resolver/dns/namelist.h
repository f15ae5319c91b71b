/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist.h: looking a name up in a compiled list of names (dns/namelist_compile.h), which is usually a
 * file that is mapped read-only. docs/decisions/lists.md has the reasons.
 *
 * The list holds no names but hashes of 64 bits under a seed of its own: a filter of eight bits a name, in
 * pieces of some 16,000 names, and behind it buckets of one cache line with 32-bit tags, each with an octet,
 * the number of a row that says whose rule it is and what it does. A name that is not listed is taken for one
 * that is with a probability of 1e-11 for each of its suffixes.
 *
 *	struct tarn__namelist list;
 *	int error = tarn__namelist_open(octets, len, &list);
 *	...
 *	struct tarn__namelist_match matches[TARN__NAMELIST_MATCHES_MAX];
 *	unsigned count = tarn__namelist_find(&list, qname, qname_len, matches, TARN__NAMELIST_MATCHES_MAX);
 *
 * Whatever the octets are, nothing outside of them is read.
 *
 * Thread: any; nothing here writes to the list.
 */
#ifndef TARN_DNS_NAMELIST_H
#define TARN_DNS_NAMELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/namelist_rule.h"

enum {
	TARN__NAMELIST_SOURCES_MAX = 64, /* lists that are compiled into one */
	TARN__NAMELIST_SETS_MAX = 64, /* rule sets: a list belongs to one */
	TARN__NAMELIST_ROWS_MAX = 255, /* an octet, less one value for "none" */
	TARN__NAMELIST_NAMES_MAX = 1 << 24, /* rules in all: 120 MB compiled */
	TARN__NAMELIST_EXAMPLES_MAX = 5, /* lines at fault that are kept for a list */
	TARN__NAMELIST_EXAMPLE_LEN = 60, /* octets of them that are kept */
	TARN__NAMELIST_PATH_MAX = 4095, /* octets of a list's path */
	TARN__NAMELIST_MATCHES_MAX = 512, /* more than this a lookup does not need to find */
};

/* Errors of this file and of dns/namelist_compile.h. */
enum {
	TARN__NAMELIST_FOREIGN =
		-1, /* no compiled list, one of another version, or of another machine */
	TARN__NAMELIST_DAMAGED = -2, /* shorter or longer than it says, or octets have changed */
	TARN__NAMELIST_NOMEM = -3,
	TARN__NAMELIST_FULL = -4, /* one of the limits above */
	TARN__NAMELIST_CROWDED = -5, /* hashes lie so that another seed is needed */
	TARN__NAMELIST_UNWRITTEN = -6, /* the caller's write function failed */
};

struct tarn__namelist_row {
	uint8_t set; /* the number of the rule set, in the order of the configuration */
	uint8_t source; /* the number of the list */
	enum tarn__namelist_kind kind;
	enum tarn__namelist_reach reach;
	enum tarn__namelist_action action;
	bool is_important;
	bool is_zone; /* of a response policy zone */
	bool has_more; /* tarn__namelist_more_next() finds the rest */
};

struct tarn__namelist_fault {
	uint32_t line; /* counted from 1 */
	uint8_t len;
	const char *text; /* not ended by NUL; any octets */
};

/* What a list was when it was compiled, and what was found in it. */
struct tarn__namelist_source {
	const char *path; /* not ended by NUL */
	uint16_t path_len;
	uint8_t set;
	enum tarn__namelist_format format; /* never TARN__NAMELIST_AUTO */
	uint64_t size; /* octets */
	int64_t mtime_ns;
	uint32_t lines;
	uint32_t names; /* rules that are in effect */
	uint32_t duplicates; /* lines that say what another one of the list says */
	uint32_t below; /* names that were left out since one above them reaches them */
	uint32_t invalid;
	uint32_t not_dns; /* rules for browsers */
	uint32_t unsupported; /* patterns, regular expressions, modifiers that are not known here */
	unsigned fault_count;
	struct tarn__namelist_fault
		faults[TARN__NAMELIST_EXAMPLES_MAX]; /* the first invalid lines */
};

/* How a name's places are found in a piece of the filter. */
struct tarn__namelist_piece {
	uint32_t span; /* octets of the segments of the first place */
	uint32_t second, third; /* from the first place to the segments of the others */
	uint32_t mask; /* of a place within a segment */
};

/* An opened list. All members are the implementation's but those that have a comment. */
struct tarn__namelist {
	const uint8_t *octets;
	size_t len;
	uint64_t seed;
	uint64_t
		digest; /* of the options that the list was compiled with, as given to the compiler */
	uint32_t name_count; /* different names */
	uint32_t entry_count; /* names in all rows */
	unsigned source_count;
	unsigned row_count;
	struct tarn__namelist_row rows[TARN__NAMELIST_ROWS_MAX]; /* by number */
	unsigned labels_min, labels_max; /* of a name; the root has none */
	uint32_t piece_count, piece_len;
	struct tarn__namelist_piece piece;
	uint32_t bucket_count, bucket_total, walk;
	const uint8_t *filter, *salts, *buckets;
	uint32_t more_count;
	const uint8_t *more_index, *more;
	size_t more_len;
	const uint8_t *sources;
	size_t sources_len;
};

struct tarn__namelist_match {
	uint8_t row;
	uint8_t suffix_at; /* where in the name the suffix begins that is listed */
	bool is_self; /* the suffix is the name itself */
};

/*
 * Checks all of the octets, once, and fills *out, which refers to them: they have to stay as they are.
 * Returns 0, TARN__NAMELIST_FOREIGN or TARN__NAMELIST_DAMAGED.
 */
int tarn__namelist_open(const uint8_t *octets, size_t len, struct tarn__namelist *out);

/*
 * Finds the rules for a name (in wire form, any case): the name itself and all its suffixes, of the shortest
 * suffix first. A row is left out if it does not reach the name: TARN__NAMELIST_SELF if the suffix is not the
 * name itself, TARN__NAMELIST_BELOW if it is. Those of zones are given whatever they reach, since a name that
 * exists hides wildcards above it. Returns the number of matches, at most max.
 */
unsigned tarn__namelist_find(const struct tarn__namelist *, const uint8_t *name, size_t len,
			     struct tarn__namelist_match out[], unsigned max);

/* Finds the rules for the name itself alone, and for no suffix. Returns as above. */
unsigned tarn__namelist_find_self(const struct tarn__namelist *, const uint8_t *name, size_t len,
				  struct tarn__namelist_match out[], unsigned max);

/*
 * Finds what else a rule says: the items of a name, exactly, in a row that has more. *cursor is 0 at first.
 * Returns false if there are no more items. The name is in any case.
 */
bool tarn__namelist_more_next(const struct tarn__namelist *, const uint8_t *name, size_t len,
			      uint8_t row, uint32_t *cursor, struct tarn__namelist_more *out);

/* Describes a list by its number, which is below source_count. */
void tarn__namelist_source(const struct tarn__namelist *, unsigned number,
			   struct tarn__namelist_source *out);

/* Returns the word of the configuration for a format. */
const char *tarn__namelist_format_word(enum tarn__namelist_format);

#endif
