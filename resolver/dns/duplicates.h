/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/duplicates.h: an RRset is a set (RFC 2181 section 5): a record that stands in it twice counts once.
 *
 * Two records are the same if their RDATA is, octet by octet, with names written out and their letters
 * folded in the types that dns/record.h knows names of (RFC 4034 sections 6.2 and 6.3). The records are
 * sorted by a hash of that, so that the work is n log n however the message is made.
 */
#ifndef TARN_DNS_DUPLICATES_H
#define TARN_DNS_DUPLICATES_H

#include "dns/rrsets.h"

/*
 * Leaves the first of equal records; the others keep their order. The TTL stays the lowest of all. What
 * is malformed is nobody's duplicate.
 */
void tarn__duplicates_drop(struct tarn__rrsets *, struct tarn__rrset *);

#endif
