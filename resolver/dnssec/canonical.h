/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dnssec/canonical.h: canonical order and form (RFC 4034 section 6 with RFC 6840 section 5.1): of names,
 * and of an RRset as it is signed.
 */
#ifndef TARN_DNSSEC_CANONICAL_H
#define TARN_DNSSEC_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rrsets.h"

struct tarn__rrsig;

/* Compares two names in canonical order: < 0, 0 or > 0, as memcmp(). In any letter case. */
int tarn__canonical_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* Octets that grow as needed. All zeros is empty; what is freed is empty again. */
struct tarn__signed_data {
	uint8_t *octets;
	size_t len, room;
};

/*
 * Writes what a signature of an RRset signs (RFC 4034 section 3.1.8.1): the RRSIG's RDATA without the
 * signature, then each record, in canonical form and order, equal ones once, with the original TTL; the
 * owner is a wildcard where the RRSIG has fewer labels (RFC 4035 section 5.3.2). Returns false if memory is
 * short or the RDATA of a record is malformed. A made RRset has no such data.
 */
bool tarn__signed_data_write(struct tarn__signed_data *, const struct tarn__rrsets *,
			     const struct tarn__rrset *, const struct tarn__rrsig *);

/* Returns the octets at most that the above writes, without writing them. */
size_t tarn__signed_data_len_max(const struct tarn__rrsets *, const struct tarn__rrset *);

void tarn__signed_data_free(struct tarn__signed_data *);

#endif
