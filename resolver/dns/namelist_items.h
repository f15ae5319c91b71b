/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_items.h: what few rules have (struct tarn__namelist_more), in the form of section "more" of a
 * compiled list, while the list is compiled.
 */
#ifndef TARN_DNS_NAMELIST_ITEMS_H
#define TARN_DNS_NAMELIST_ITEMS_H

#include <stdint.h>

#include "dns/namelist_form.h"
#include "dns/namelist_octets.h"
#include "dns/namelist_pile.h"
#include "dns/namelist_rule.h"

/* Starts as zeros. */
struct tarn__namelist_items {
	struct tarn__octets more; /* section "more" */
	struct tarn__octets items; /* where they begin, and digests */
};

void tarn__namelist_items_fini(struct tarn__namelist_items *);

/* Adds what a rule of the row has more. Returns 0, TARN__NAMELIST_NOMEM, TARN__NAMELIST_FULL. */
int tarn__namelist_items_add(struct tarn__namelist_items *, const struct tarn__namelist_rule *,
			     uint64_t hash, uint8_t number, const struct tarn__namelist_row *row);

/*
 * Makes the index: leaves out removals, and what they remove, which says the same in another list of the set.
 * Nothing may be added afterwards. Returns 0 and sets *count, or TARN__NAMELIST_NOMEM.
 */
int tarn__namelist_items_reduce(struct tarn__namelist_items *, const struct tarn__pile_row rows[],
				uint32_t *count);

/* The index that has been made. */
const struct tarn__namelist_index *tarn__namelist_items_index(const struct tarn__namelist_items *);

#endif
