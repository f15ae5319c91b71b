/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/duplicates.h: an RRset has each record once (RFC 2181 section 5).
 *
 * Two records of an RRset are equal if their RDATA is equal octet by octet, with the names that dns/type.h
 * marks decompressed and in lower case (RFC 4034 sections 6.2 and 6.3). The records are sorted by a hash
 * of that: the time is n log n for any message.
 */
#ifndef TARN_DNS_DUPLICATES_H
#define TARN_DNS_DUPLICATES_H

#include "dns/rrsets.h"

/*
 * Drops all but the first of equal records; the others keep their order, and the TTL of the RRset does not
 * change. Returns false if the RDATA of a record is malformed (dns/rdata.h).
 */
bool tarn__duplicates_drop(struct tarn__rrsets *, struct tarn__rrset *);

#endif
