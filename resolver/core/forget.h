/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/forget.h: removal of names from the cache: of one type at once, of all else in a walk over the cache,
 * step by step.
 *
 * Thread: the client's, which is awake (rtcache_client_unpark()).
 */
#ifndef TARN_CORE_FORGET_H
#define TARN_CORE_FORGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/query.h"

struct rtcache_client;

struct tarn__forgotten {
	size_t answers; /* positive and negative ones removed */
	size_t failures; /* remembered ones removed */
};

/* Queries that differ in DO or CD have separate cache entries. */
enum { TARN__VARIANT_DO = 1, TARN__VARIANT_CD = 2, TARN__VARIANTS = 4 };

/* Writes the key of a question of class IN. Returns its octets. */
size_t tarn__variant_key(const uint8_t *qname, size_t qname_len, uint16_t qtype, unsigned variant,
			 uint8_t key[TARN__KEY_MAX]);

/*
 * Removes the answers and the remembered failures of one type of a name, and NXDOMAIN of the name. A lookup
 * under way still stores its answer.
 */
struct tarn__forgotten tarn__forget(struct rtcache_client *, const uint8_t *qname, size_t qname_len,
				    uint16_t qtype);

/* Removes entries that match, from the whole cache, in steps. */
enum tarn__sweep_kind {
	TARN__SWEEP_NAME, /* entries of the name, of all types */
	TARN__SWEEP_TREE, /* entries of the name and all names below it */
	TARN__SWEEP_NEGATIVE, /* NXDOMAIN and NODATA, of all names */
};

struct tarn__sweep {
	enum tarn__sweep_kind kind;
	size_t name_len;
	uint8_t name[TARN__NAME_MAX];
	struct tarn__forgotten forgotten; /* so far */
	uint64_t cursor; /* 0 at first */
	struct rtcache_client *client;
};

/* Takes one step, over some count entries. Returns true if there are more. */
bool tarn__sweep_step(struct tarn__sweep *, struct rtcache_client *, size_t count);

/* ---- sweeps that wait --------------------------------------------------------------------- */

enum { TARN__SWEEPS_MAX = 16 };

/* Sweeps in the order of their beginning; all zero: there are none. */
struct tarn__sweeps {
	size_t count;
	struct tarn__sweep items[TARN__SWEEPS_MAX]; /* the first one is under way */
};

/*
 * Adds a sweep, unless it is the last one and has not begun. If there is no room, one sweep of everything takes
 * the place of all.
 */
void tarn__sweeps_add(struct tarn__sweeps *, enum tarn__sweep_kind, const uint8_t *name,
		      size_t name_len);

/* Takes one step of the first one, over some count entries. Returns true if there are more. */
bool tarn__sweeps_step(struct tarn__sweeps *, struct rtcache_client *, size_t count);

#endif
