/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/anchors.h: trust anchors (RFC 4035 section 4.4) and negative trust anchors (RFC 7646), by name:
 * where a chain of trust starts, and below which names there is none.
 *
 * An anchor is a DS or a DNSKEY, written as in a zone file, a record on a line, with or without a TTL; what
 * follows a semicolon is a comment. Several of one name are alternatives: one that fits is enough.
 *
 * Thread: built by one, then immutable, and counted; any.
 */
#ifndef TARN_DNSSEC_ANCHORS_H
#define TARN_DNSSEC_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

struct tarn__anchors;

enum {
	TARN__ANCHORS_FAULT_MAX = 256, /* octets of an error's text, with NUL */
	TARN__ANCHORS_MAX = 1024, /* positive ones: the zones of a company have less */
	/* More than there are names of zones with servers of their own (core/config.h). */
	TARN__NEGATIVE_ANCHORS_MAX = 1 << 18,
};

/* One reference, the caller's. NULL: out of memory. */
struct tarn__anchors *tarn__anchors_new(void);
struct tarn__anchors *tarn__anchors_copy(const struct tarn__anchors *);

/* Takes a reference, and drops one; dropping the last one frees them. free accepts NULL. */
struct tarn__anchors *tarn__anchors_get(struct tarn__anchors *);
void tarn__anchors_free(struct tarn__anchors *);

/*
 * Adds the anchors of a text of any lines; one that is there already is not added again. Returns 0;
 * TARN_ENOMEM, and then the anchors are only to be freed; TARN_EINVAL: nothing is added, *line is the
 * number of the first line that is no anchor, from 1, and fault one line of text. A DNSKEY that may not
 * sign its zone's data is no anchor, which is one without the zone flag and a revoked one; nor is a DS
 * whose digest has not the length of its type. There may be TARN__ANCHORS_MAX.
 */
int tarn__anchors_add_text(struct tarn__anchors *, const char *text, size_t len, unsigned *line,
			   char fault[TARN__ANCHORS_FAULT_MAX]);

/*
 * Adds a negative anchor, in any spelling, unless it is there already. Returns 0; TARN_ENOMEM, as above;
 * TARN_EINVAL for the root (RFC 7646 section 6), or if there are TARN__NEGATIVE_ANCHORS_MAX.
 */
int tarn__anchors_add_negative(struct tarn__anchors *, const uint8_t *name, size_t len);

enum tarn__anchor_kind {
	TARN__ANCHOR_NONE, /* no anchor is at or above the name: it is insecure */
	TARN__ANCHOR_NEGATIVE, /* insecure */
	TARN__ANCHOR_POSITIVE,
};

/* The closest anchor at or above a name; at one name a positive one comes before a negative one. */
struct tarn__anchor {
	enum tarn__anchor_kind kind;
	const uint8_t *name; /* a view; in lower case; NULL: none */
	size_t name_len;
	/* Of a positive one: RDATA of DS and DNSKEY, for tarn__anchor_next(). */
	const void *records;
};

/* name is in wire form, in any spelling; len includes the root label. */
struct tarn__anchor tarn__anchors_find(const struct tarn__anchors *, const uint8_t *name,
				       size_t len);

/*
 * Returns the anchor at *at, which is 0 at first, and advances: each name once, in the order in which they
 * were added. Returns false after the last.
 */
bool tarn__anchors_next(const struct tarn__anchors *, size_t *at, struct tarn__anchor *out);

/*
 * Returns the DS or DNSKEY at *at, which is anchor.records at first, and advances. Returns false after the
 * last.
 */
struct tarn__anchor_record {
	uint16_t type; /* DS or DNSKEY */
	const uint8_t *rdata;
	uint16_t rdata_len;
};
bool tarn__anchor_next(const void **at, struct tarn__anchor_record *out);

/*
 * Returns true if it can be used: its algorithm can be verified, and a DS has a digest that is known. Names
 * whose closest anchor has no such record are insecure (RFC 4035 section 5.2). To be used after
 * tarn__signature_load() (crypto/signature.h).
 */
bool tarn__anchor_record_is_supported(const struct tarn__anchor_record *);
bool tarn__anchor_is_supported(const struct tarn__anchor *); /* one of its records is */

/*
 * Returns true if the same chains of trust start there: neither is positive, or names and records are
 * equal.
 */
bool tarn__anchor_is_alike(const struct tarn__anchor *, const struct tarn__anchor *);

/* Returns the number of positive anchors: of records, of all names. */
size_t tarn__anchors_count(const struct tarn__anchors *);

/* Returns true if both have the same anchors of both kinds, in any order. */
bool tarn__anchors_are_equal(const struct tarn__anchors *, const struct tarn__anchors *);

#endif
