/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/zones.h: zones, each with a number of the caller's, and which of them a name is in: the longest.
 * A hash of lower-cased suffixes: the time it takes depends on the name, not on how many zones there are.
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

/* name is in wire form, any spelling. 0, TARN_EINVAL for one that is there already, TARN_ENOMEM. */
int tarn__zones_add(struct tarn__zones *, const uint8_t *name, size_t len, uint16_t value);

/* Is there one with that number? */
bool tarn__zones_have(const struct tarn__zones *, uint16_t value);

/* The longest zone that the name is in; false: it is in none. *out is untouched then. */
bool tarn__zones_find(const struct tarn__zones *, const uint8_t *name, size_t len,
		      struct tarn__zone *out);

/*
 * The longest zone that has the name's records of that type: a DS is in the zone above the name, whose
 * servers are the parent's (RFC 4035 section 3.1.4.1). false and *out as above.
 */
bool tarn__zones_find_for(const struct tarn__zones *, const uint8_t *name, size_t len,
			  uint16_t type, struct tarn__zone *out);

#endif
