/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/answer.h: an upstream's message is read and classified: into a response (dns/response.h), or at once
 * into the stored form (dns/stored.h).
 */
#ifndef TARN_DNS_ANSWER_H
#define TARN_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/response.h"
#include "dns/stored.h"

/*
 * Reads an upstream's message, of any octets, and classifies it. asked is the query that was sent to it
 * (dns/query.h), key the question in that; with exact_case the question has to be repeated in its letters'
 * case (dns/match.h). wire and key have to outlive the response. The time is bounded by len.
 */
void tarn__answer_parse(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
			const struct tarn__key *key, bool exact_case, struct tarn__response *out);

/* The same for a message that was kept: the query had the id 0, and no letters' case that counts. */
void tarn__answer_parse_kept(const uint8_t *wire, size_t len, const struct tarn__key *key,
			     struct tarn__response *out);

/* What a message comes to, without its records. */
struct tarn__answer {
	enum tarn__answer_class answer_class;
	uint16_t rcode; /* this, has_opt and the cookie as in the response */
	bool has_opt;
	bool is_negative; /* as in the response */
	bool is_whole_name; /* NXDOMAIN for QNAME itself: it holds for every type */
	uint8_t cookie_len;
	const uint8_t *cookie;
	uint32_t
		ttl; /* seconds that the stored form may be kept for; 0: it is for those who wait */
	size_t len; /* octets of the stored form */
	/* The target of the last link of a chain without data at its end; 0: there is none. */
	uint16_t end_len;
	uint8_t end[TARN__NAME_MAX];
};

/*
 * Writes the stored form of a good response to out, for clients that set DO or those that do not, and what
 * it comes to. It is BROKEN if that does not fit.
 */
void tarn__answer_write(const struct tarn__response *, bool dnssec_ok,
			uint8_t out[TARN__STORED_MAX], struct tarn__answer *);

/* What a message comes to without a stored form: len and what is known of a good response only are 0. */
void tarn__answer_classify(const struct tarn__response *, struct tarn__answer *);

/*
 * As tarn__answer_parse(), and writes the stored form of a good answer, for key->dnssec_ok, to out. It is
 * BROKEN as well if that does not fit. Only the cookie is a view into the message.
 */
void tarn__answer_read(const uint8_t *wire, size_t len, const uint8_t *asked, size_t asked_len,
		       const struct tarn__key *key, bool exact_case, uint8_t out[TARN__STORED_MAX],
		       struct tarn__answer *answer);

/*
 * Reads a message that was made here (dns/edit.h) as the answer to a client's query, and writes its stored
 * form to out. Returns its octets; 0: it is no good answer.
 */
size_t tarn__answer_store(const struct tarn__query *, const uint8_t *wire, size_t len,
			  uint8_t out[TARN__STORED_MAX]);

#endif
