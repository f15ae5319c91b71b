/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/match.h: the comparison of a response with the query that was sent (RFC 5452 section 9.1), for the
 * code that receives messages and the code that reads them.
 *
 * Id, QR, opcode and the one question have to agree. Only FORMERR, SERVFAIL, NOTIMP and REFUSED, which a
 * server may send before it has read the question, may come without one, with QDCOUNT 0. All other rcodes,
 * NOERROR and NXDOMAIN among them, concern a question and repeat it.
 */
#ifndef TARN_DNS_MATCH_H
#define TARN_DNS_MATCH_H

#include <stddef.h>
#include <stdint.h>

struct tarn__key;

enum tarn__match {
	TARN__MATCH_NONE, /* no response to the query */
	TARN__MATCH_SPELLING, /* a response; the question differs in case */
	TARN__MATCH_EXACT, /* a response; the question is the same in case, too */
	TARN__MATCH_HEADER, /* a response: an error without a question */
};

/*
 * Compares wire, of any octets, with asked, the query that was sent. What follows the question is not
 * compared. Returns TARN__MATCH_NONE if asked has no question.
 */
enum tarn__match tarn__match(const uint8_t *wire, size_t len, const uint8_t *asked,
			     size_t asked_len);

/* The same with a query of id 0 for the question of a key, which need not be written out. */
enum tarn__match tarn__match_key(const uint8_t *wire, size_t len, const struct tarn__key *);

#endif
