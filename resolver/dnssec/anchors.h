/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/anchors.h: trust anchors (RFC 4035 section 4.4) and negative trust anchors (RFC 7646), by name: where a chain
 * of trust starts, and below which names there is none.
 *
 * An anchor is a DS or a DNSKEY, written as in a zone file, a record on a line, with or without a TTL; what follows
 * a semicolon is a comment. Several of one name are alternatives: one that fits is enough.
 *
 * Thread: built by one, then immutable; any.
 */
#ifndef TARN_DNSSEC_ANCHORS_H
#define TARN_DNSSEC_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

struct tarn__anchors;

enum { TARN__ANCHORS_FAULT_MAX = 256 /* octets of an error's text, with NUL */ };

/* NULL: out of memory. */
struct tarn__anchors *tarn__anchors_new(void);
void tarn__anchors_free(struct tarn__anchors *);

/*
 * Adds the anchors of a text of any lines. Returns 0; TARN_ENOMEM; TARN_EINVAL: nothing is added, *line is the number of the
 * first line that is no anchor, from 1, and fault one line of text.
 */
int tarn__anchors_add_text(struct tarn__anchors *, const char *text, size_t len, unsigned *line,
			   char fault[TARN__ANCHORS_FAULT_MAX]);

/* Adds a negative anchor. Returns 0, TARN_ENOMEM, or TARN_EINVAL for the root (RFC 7646 section 6). */
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

struct tarn__anchor tarn__anchors_find(const struct tarn__anchors *, const uint8_t *name,
				       size_t len);

/* Returns the DS or DNSKEY at *at, which is anchor.records at first, and advances. Returns false after the last. */
struct tarn__anchor_record {
	uint16_t type; /* DS or DNSKEY */
	const uint8_t *rdata;
	uint16_t rdata_len;
};
bool tarn__anchor_next(const void **at, struct tarn__anchor_record *out);

/* Returns the number of positive anchors; of all names, or of those whose algorithms are supported. */
size_t tarn__anchors_count(const struct tarn__anchors *);

/* Returns true if both have the same anchors of both kinds, in any order. */
bool tarn__anchors_are_equal(const struct tarn__anchors *, const struct tarn__anchors *);

#endif
