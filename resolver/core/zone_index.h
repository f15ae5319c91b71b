/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zone_index.h: a map from names of zones to numbers of the caller's, with a search for the longest zone that a
 * name is in. A hash of lower-cased suffixes: the time of a search depends on the name, not on the number of
 * zones.
 *
 * Thread: built by one, then immutable.
 */
#ifndef TARN_CORE_ZONE_INDEX_H
#define TARN_CORE_ZONE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__zone_index;

struct tarn__zone_match {
	uint16_t len; /* octets of its name, at the end of the name looked up */
	uint16_t value;
};

/* NULL: out of memory. */
struct tarn__zone_index *tarn__zone_index_new(void);
void tarn__zone_index_free(struct tarn__zone_index *);

/* name is in wire form, any spelling. Returns 0; TARN_EINVAL if the name is there already; TARN_ENOMEM. */
int tarn__zone_index_add(struct tarn__zone_index *, const uint8_t *name, size_t len,
			 uint16_t value);

/* Returns true if some zone has that number. */
bool tarn__zone_index_have(const struct tarn__zone_index *, uint16_t value);

/* Finds the longest zone that the name is in. Returns false, and leaves *out, if it is in none. */
bool tarn__zone_index_find(const struct tarn__zone_index *, const uint8_t *name, size_t len,
			   struct tarn__zone_match *out);

/*
 * Finds the longest zone that has the name's records of that type: a DS is in the zone above the name, whose
 * servers are the parent's (RFC 4035 section 3.1.4.1). Returns false as above.
 */
bool tarn__zone_index_find_for(const struct tarn__zone_index *, const uint8_t *name, size_t len,
			       uint16_t type, struct tarn__zone_match *out);

#endif
