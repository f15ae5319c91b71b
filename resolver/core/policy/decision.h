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
#include "dns/name.h"
#include "dns/query.h"

struct tarn_io;

enum tarn__policy_action {
	TARN__POLICY_PASS, /* the next stage is applied; after the last one, the cache is asked */
	TARN__POLICY_ANSWER, /* the reply is made of the stored form */
	TARN__POLICY_REFUSE, /* the reply has RCODE REFUSED and no records */
	/*
	 * The stored form is a chain of CNAMEs that begins at QNAME; what it leads to (next) is asked for
	 * as another query of the client.
	 */
	TARN__POLICY_FOLLOW,
	TARN__POLICY_DROP, /* no reply; the program itself gets REFUSED */
	TARN__POLICY_TRUNCATE, /* over UDP, a reply with TC and without records; over TCP, as TARN__POLICY_PASS */
};

enum {
	TARN__LOCAL_TTL = 10800, /* seconds, of zones that are served locally; RFC 6303 section 3 */
	TARN__RULE_TEXT_MAX =
		160, /* octets of a list's name and a rule, with NUL; the rest is cut off */
	TARN__LIST_SLOTS = 65, /* counters of rule sets; 0 is for what no set has decided */
	TARN__POLICY_TTL =
		10, /* seconds, of what a rule denies: when the rule ends, clients ask again soon */
};

/* A stage that passes a query leaves the decision untouched. */
struct tarn__decision {
	const struct tarn_io *io; /* the wall clock; set by the caller; NULL: it is 1970 */
	uint8_t *room; /* TARN__STORED_MAX octets; set by the caller */
	/* The name is the target of a rule's CNAME: no rule is for it. Set by the caller. */
	bool is_rules_target;
	unsigned stage; /* index in tarn__stages of the stage that decided; set by the policy */
	struct tarn__options options; /* extended errors only */
	/* Of TARN__POLICY_ANSWER and TARN__POLICY_FOLLOW. */
	const uint8_t *stored; /* valid as long as both the policy and the contents of room */
	size_t stored_len;
	bool is_authoritative; /* the reply has AA set */
	bool is_block; /* a list has decided: the reply counts as blocked */
	/* Of a block: the counter (core/policy/lists.h), and what is done. */
	uint8_t list_slot; /* 0: by no list */
	uint8_t list_action; /* enum tarn__namelist_action */
	/* Of a decision by a list: for the extended error. */
	char text[TARN__RULE_TEXT_MAX];
	struct tarn__name next; /* of TARN__POLICY_FOLLOW */
	/* Of TARN__POLICY_REFUSE: the source address may be forged (RFC 5358). */
	bool is_to_stranger; /* a reply over UDP is not longer than the query */
};

/* Returns the wall clock, in seconds since 1970. */
uint64_t tarn__decision_now(const struct tarn__decision *);

/* Each sets all members but those that the caller sets and stage, and returns the action that fits. */
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

/*
 * The answer that a message of core's making has for the query, written into room; AA is clear. Returns
 * false, and sets nothing, if it is no answer.
 */
bool tarn__decision_message(struct tarn__decision *, const struct tarn__query *,
			    const uint8_t *message, size_t len);

/* A CNAME of QNAME, written into room, whose target is asked for next; AA is set. ttl is in seconds. */
enum tarn__policy_action tarn__decision_follow(struct tarn__decision *, const struct tarn__query *,
					       uint32_t ttl, const struct tarn__name *target);

/*
 * NXDOMAIN, or NODATA if rcode is NOERROR, that a rule makes of a name that may have records: with an SOA of
 * QNAME and TARN__POLICY_TTL, AA clear, EDE 17 (RFC 8914 section 4.18) with this text.
 */
enum tarn__policy_action tarn__decision_filtered(struct tarn__decision *,
						 const struct tarn__query *, uint16_t rcode,
						 const char *text);

/* Adds an extended error (RFC 8914). text may be NULL and outlives the decision. */
void tarn__decision_add_error(struct tarn__decision *, uint16_t code, const char *text);

#endif
