/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_pile.h: the names of a list that is being compiled (dns/namelist_compile.h), as hashes, in 256
 * partitions by the upper octet of the hash. Names are piled up in any order, then reduced once: sorted,
 * equal ones made one, removed ones and those that are reached from above left out. Each step works on one
 * partition, which fits in the processor's cache.
 *
 * What is known of a name's ancestors are hashes too. Those of two labels and more lie in the partition of
 * their own hash, with the name that they belong to; the ancestor of one label, one of some thousands, is a
 * number in the name's entry.
 *
 * Thread: one at a time.
 */
#ifndef TARN_DNS_NAMELIST_PILE_H
#define TARN_DNS_NAMELIST_PILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/namelist.h"

enum tarn__pile_effect {
	TARN__PILE_KEEP, /* whatever is above */
	TARN__PILE_DROP_BELOW, /* the entry goes if it has an ancestor of its class that covers */
	TARN__PILE_DROP_ALONE, /* the entry goes if it has none */
};

/* A row of the compiled list, and how its entries are reduced. */
struct tarn__pile_row {
	struct tarn__namelist_row row;
	bool is_removal;
	bool is_kept; /* of names that exist: they stay without a wildcard above */
	/* Not 0: rows of the same class belong together, and differ from others in more than their reach. */
	uint8_t class;
	bool covers; /* it reaches what is below, for its class */
	enum tarn__pile_effect effect;
	bool is_counted; /* as a name of its source */
};

/* What was found of the names of a source. */
struct tarn__pile_counts {
	uint32_t names, duplicates, below;
};

struct tarn__pile;

struct tarn__pile *tarn__pile_new(void); /* NULL: out of memory */
void tarn__pile_free(struct tarn__pile *);

/*
 * Adds a name in a row. hashes are those of its suffixes by their number of labels, the name's own the last;
 * rows those of the compiler, by number. Returns 0, TARN__NAMELIST_NOMEM, TARN__NAMELIST_FULL.
 */
int tarn__pile_add(struct tarn__pile *, const uint64_t *hashes, unsigned labels, uint8_t row,
		   const struct tarn__pile_row rows[]);

/*
 * Reduces the names. other_reach returns the row that is like one of the rows but for its reach, or the same
 * one if there are too many rows. counts are by source. Returns 0 or TARN__NAMELIST_NOMEM.
 */
int tarn__pile_reduce(struct tarn__pile *, const struct tarn__pile_row rows[],
		      uint8_t (*other_reach)(void *data, uint8_t row, enum tarn__namelist_reach),
		      void *data, struct tarn__pile_counts counts[TARN__NAMELIST_SOURCES_MAX]);

/* Walks over the entries of a reduced pile, in the order of hash and row. Starts as zeros. */
struct tarn__pile_cursor {
	unsigned partition;
	const void *chunk;
	uint32_t at;
};

/* Returns false at the end. */
bool tarn__pile_next(const struct tarn__pile *, struct tarn__pile_cursor *, uint64_t *hash,
		     uint8_t *row);

#endif
