/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/match.h: does a message answer the one that was sent, as far as header and question tell? Decided
 * here once for whoever receives messages and whoever reads them (RFC 5452 section 9.1).
 *
 * Id, QR, opcode and the one question have to agree. An error may come without a question, with QDCOUNT
 * 0, if its rcode is one that a server sends without having read the question: FORMERR, SERVFAIL,
 * NOTIMP, REFUSED. All others, NOERROR and NXDOMAIN included, are said of a question and repeat it.
 */
#ifndef TARN_DNS_MATCH_H
#define TARN_DNS_MATCH_H

#include <stddef.h>
#include <stdint.h>

enum tarn__match {
	TARN__MATCH_NONE, /* it answers something else */
	TARN__MATCH_SPELLING, /* the question differs in the case of letters */
	TARN__MATCH_EXACT, /* the question is repeated to the letter */
	TARN__MATCH_HEADER, /* an error without a question */
};

/*
 * wire is what came, any octets; asked is what was sent, a message of tarn__query_write(). Nothing past
 * the question is looked at. What asks no question is answered by nothing.
 */
enum tarn__match tarn__match(const uint8_t *wire, size_t len, const uint8_t *asked,
			     size_t asked_len);

#endif
