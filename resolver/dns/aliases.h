/* SPDX-License-Identifier: BSD-2-Clause */
/* dns/aliases.h: the chain of CNAMEs and DNAMEs in an upstream's message, and the RRsets at its end. */
#ifndef TARN_DNS_ALIASES_H
#define TARN_DNS_ALIASES_H

#include <stdbool.h>

#include "dns/response.h"

enum { TARN__CHAIN_MAX = 32 /* CNAMEs and DNAMEs in one answer */ };

/*
 * Follows the chain from QNAME, in whatever order the message has it, and keeps its links and the RRsets
 * at its end; a CNAME that is not there is made from the DNAME above its owner (RFC 6672 section 3.1).
 * *has_data tells whether RRsets of the type asked for are at the end. Returns false if the chain loops,
 * is longer than TARN__CHAIN_MAX, or is malformed.
 */
bool tarn__aliases_follow(struct tarn__response *, bool *has_data);

/* Reads the target of a CNAME or DNAME. Returns false if it is malformed, or there are several. */
bool tarn__alias_target(const struct tarn__rrsets *, const struct tarn__rrset *,
			struct tarn__name *out);

/*
 * Writes the name with the target of the DNAME in place of its owner, which is above the name (RFC 6672
 * section 2.2). Returns false if the DNAME is malformed or the result is too long.
 */
bool tarn__aliases_substitute(const struct tarn__rrsets *, const struct tarn__rrset *dname,
			      const struct tarn__name *, struct tarn__name *out);

#endif
