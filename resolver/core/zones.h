/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zones.h: a map from names of zones to numbers of the caller's, with a search for the longest zone that a
 * name is in. A hash of lower-cased suffixes: the time of a search depends on the name, not on the number of
 * zones.
 *
 * Thread: built by one, then immutable.
 */
#ifndef TARN_CORE_ZONES_H
#define TARN_CORE_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarn__zones;

struct tarn__zone {
	uint16_t len; /* octets of its name, at the end of the name looked up */
	uint16_t value;
};

/* NULL: out of memory. */
struct tarn__zones *tarn__zones_new(void);
void tarn__zones_free(struct tarn__zones *);

/* name is in wire form, any spelling. Returns 0; TARN_EINVAL if the name is there already; TARN_ENOMEM. */
int tarn__zones_add(struct tarn__zones *, const uint8_t *name, size_t len, uint16_t value);

/* Returns true if some zone has that number. */
bool tarn__zones_have(const struct tarn__zones *, uint16_t value);

/* Finds the longest zone that the name is in. Returns false, and leaves *out, if it is in none. */
bool tarn__zones_find(const struct tarn__zones *, const uint8_t *name, size_t len,
		      struct tarn__zone *out);

/*
 * Finds the longest zone that has the name's records of that type: a DS is in the zone above the name, whose
 * servers are the parent's (RFC 4035 section 3.1.4.1). Returns false as above.
 */
bool tarn__zones_find_for(const struct tarn__zones *, const uint8_t *name, size_t len,
			  uint16_t type, struct tarn__zone *out);

#endif
