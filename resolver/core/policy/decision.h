/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/decision.h: what a stage of the policy decides on a query, and how it hands over an answer.
 *
 * An answer is a stored form (dns/answer.h). It either belongs to the policy's snapshot, which is immutable,
 * or the stage writes it into room that the caller provides. It may be as long as any stored form.
 *
 * Thread: the caller's.
 */
#ifndef TARN_CORE_POLICY_DECISION_H
#define TARN_CORE_POLICY_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/query.h"

enum tarn__policy_action {
	TARN__POLICY_PASS, /* the next stage is applied; after the last one, the cache is asked */
	TARN__POLICY_ANSWER, /* the reply is made of the stored form */
	TARN__POLICY_REFUSE, /* the reply has RCODE REFUSED and no records */
};

/* A stage that passes a query leaves the decision untouched. */
struct tarn__decision {
	uint8_t *room; /* TARN__STORED_MAX octets; set by the caller */
	unsigned stage; /* index in tarn__stages of the stage that decided; set by the policy */
	struct tarn__options options; /* extended errors only */
	/* Of TARN__POLICY_ANSWER. */
	const uint8_t *stored; /* valid as long as both the policy and the contents of room */
	size_t stored_len;
	bool is_authoritative; /* the reply has AA set */
	/* Of TARN__POLICY_REFUSE: the source address may be forged (RFC 5358). */
	bool is_to_stranger; /* a reply over UDP is not longer than the query */
};

enum {
	TARN__LOCAL_TTL = 10800 /* seconds, of zones that are served locally; RFC 6303 section 3 */
};

/* Each sets all members but room and stage, and returns the action that fits. */
enum tarn__policy_action tarn__decision_refuse(struct tarn__decision *);

/* An answer that belongs to the policy's snapshot, of a zone that is served locally: AA is set. */
enum tarn__policy_action tarn__decision_stored(struct tarn__decision *, const uint8_t *stored,
					       size_t len);

/* The answers of dns/local.h, written into room; AA is set. */
enum tarn__policy_action tarn__decision_record(struct tarn__decision *, const struct tarn__query *,
					       uint16_t type, uint32_t ttl, const void *rdata,
					       size_t rdata_len);
enum tarn__policy_action tarn__decision_negative(struct tarn__decision *,
						 const struct tarn__query *, uint16_t rcode,
						 size_t zone_len);

/* Adds an extended error (RFC 8914). text may be NULL and outlives the decision. */
void tarn__decision_add_error(struct tarn__decision *, uint16_t code, const char *text);

#endif
