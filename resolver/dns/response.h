/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/response.h: an upstream's message, read and classified (dns/answer.h): the RRsets of it that answer
 * the question (RFC 2181 section 5.4.1, RFC 2308), each with its signatures, in the order of a reply:
 *
 *	LINK	the CNAMEs and DNAMEs of the chain from QNAME, in its order
 *	DATA	what was asked for, at the end of the chain
 *	SOA	of a denial
 *	PROOF	NSEC and NSEC3 RRsets
 *
 * All other records are left out. An RRset has one TTL (RFC 2181 section 5.2), each record once (section
 * 5), and RDATA that is well formed (dns/rdata.h). The signatures and proofs are here whether the client
 * has set DO or not. All is a view into the message and the key.
 */
#ifndef TARN_DNS_RESPONSE_H
#define TARN_DNS_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dns/query.h"
#include "dns/rrsets.h"

enum tarn__answer_class {
	TARN__ANSWER_GOOD, /* NOERROR or NXDOMAIN, and an answer to the question */
	TARN__ANSWER_TRUNCATED, /* TC=1: to be asked again over TCP */
	TARN__ANSWER_FAILED, /* another rcode: SERVFAIL, REFUSED, FORMERR, NOTIMP; or a referral */
	TARN__ANSWER_FOREIGN, /* QR, opcode, id or question are not those of a response to the query */
	TARN__ANSWER_MISSPELT, /* the question differs in case, and was to be exact */
	TARN__ANSWER_BROKEN, /* malformed, or a chain that loops or is too long */
};

enum tarn__role { TARN__ROLE_LINK, TARN__ROLE_DATA, TARN__ROLE_SOA, TARN__ROLE_PROOF };

struct tarn__response_rrset {
	uint8_t role; /* enum tarn__role */
	uint8_t rrset; /* its place in rrsets.at */
	uint8_t signatures; /* that of the RRSIGs that cover it, or TARN__NO_RRSET */
};

enum { TARN__NO_RRSET = UINT8_MAX };

struct tarn__response {
	enum tarn__answer_class answer_class;
	uint16_t rcode; /* with the OPT's upper bits; 0 if FOREIGN, MISSPELT or BROKEN */
	bool has_opt; /* this and the cookie: unless FOREIGN or MISSPELT, as far as could be read */
	uint8_t cookie_len;
	const uint8_t *cookie; /* the COOKIE option's data; NULL: none */

	/* Of a GOOD one only. */
	const struct tarn__key *key; /* the question */
	bool has_ad;
	bool is_negative; /* there is no DATA: NXDOMAIN, or NODATA or nothing at the end of the chain */
	uint32_t
		ttl_max; /* seconds that any of it may be stored for: a limit beside the RRsets' TTLs */
	struct tarn__name end; /* QNAME, or the target of the last link */
	unsigned link_count; /* CNAMEs and DNAMEs */
	size_t count;
	struct tarn__response_rrset at[TARN__RRSETS_MAX];
	struct tarn__rrsets rrsets;
};

/* Returns the i-th RRset. */
static inline struct tarn__rrset *tarn__response_rrset(struct tarn__response *response, size_t i)
{
	return &response->rrsets.at[response->at[i].rrset];
}

/* Returns the place in at of the first RRset of a role; -1: there is none. */
int tarn__response_find(const struct tarn__response *, enum tarn__role);

/* ---- for those that read a message into it ---------------------------------------------- */

/* Adds an RRset, unless it is there. */
void tarn__response_keep(struct tarn__response *, struct tarn__rrset *, enum tarn__role);

/*
 * Returns the RRset of a type whose owner is above the end of the chain, or or_at_end that name itself;
 * of several the one nearest to it; NULL: there is none.
 */
struct tarn__rrset *tarn__response_find_above_end(struct tarn__response *, enum tarn__section,
						  uint16_t type, bool or_at_end);

#endif
