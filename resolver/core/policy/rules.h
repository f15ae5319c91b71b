/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/rules.h: which rule decides about a name or an address: rule sets in the order of the
 * configuration, over one compiled list (dns/namelist.h) in which the number of a set is its place in that
 * order.
 *
 * - A set is for some groups of clients only.
 * - The first set with a rule for the name decides.
 * - In a set of kind block, allow comes before block unless that is $important, which @@...$important beats.
 *   Of equal ones the longest name counts.
 * - A set of kind allow: any rule allows.
 * - A set of kind rpz is a zone: the name itself comes before a wildcard, of which the closest one counts, and
 *   a name that exists hides those above it (RFC 4592 section 3.3.1). Of prefixes of addresses the longest
 *   counts.
 *
 * Thread: immutable once made; any.
 */
#ifndef TARN_CORE_POLICY_RULES_H
#define TARN_CORE_POLICY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/namelist.h"
#include "dns/rpz_prefix.h"

enum {
	TARN__RULE_SET_NAME_MAX = 63, /* octets */
	TARN__GROUPS_MAX = 32, /* of clients: a bit each */
};

enum tarn__rule_set_kind { TARN__RULE_SET_BLOCK, TARN__RULE_SET_ALLOW, TARN__RULE_SET_RPZ };

/* What the operator's reason is, as the client is told (RFC 8914 sections 4.16 to 4.18). */
enum tarn__rule_reason {
	TARN__RULE_REASON_BLOCKED,
	TARN__RULE_REASON_CENSORED,
	TARN__RULE_REASON_FILTERED
};

struct tarn__rule_set {
	char name[TARN__RULE_SET_NAME_MAX + 1];
	enum tarn__rule_set_kind kind;
	uint32_t groups; /* that it is for */
	/*
	 * For rules of TARN__NAMELIST_DEFAULT; never that itself. TARN__NAMELIST_DATA: addresses that the
	 * configuration has.
	 */
	enum tarn__namelist_action answer;
	uint32_t ttl_sec;
	bool is_chained; /* targets of CNAMEs are judged too */
	enum tarn__rule_reason reason;
};

struct tarn__rules;

enum tarn__verdict_kind {
	TARN__VERDICT_PASS, /* no rule for the name */
	TARN__VERDICT_ALLOW, /* the set and all behind it let the name pass */
	TARN__VERDICT_ACT, /* action says what is done */
};

struct tarn__verdict {
	enum tarn__verdict_kind kind;
	/* The rest is of TARN__VERDICT_ALLOW and TARN__VERDICT_ACT. */
	uint8_t set;
	uint8_t source; /* of the list */
	uint8_t row;
	enum tarn__rpz_trigger trigger;
	/* Of TARN__RPZ_NAME: the rule's name begins there in the name that was judged. */
	uint8_t suffix_at;
	struct tarn__rpz_prefix prefix; /* of the other triggers */
	enum tarn__namelist_action action; /* never DEFAULT, EXISTS, UNREWRITE; ALLOW: PASSTHRU */
	/* The action was the set's own answer: of TARN__NAMELIST_DATA the records are the configuration's. */
	bool is_default;
	/* A name below is allowed: NODATA instead of NXDOMAIN (RFC 8020 section 2). */
	bool is_allowed_below;
};

/* Frees what a mapping is, when the last reference to the rules goes. NULL: nothing to do. */
typedef void tarn__rules_release(void *octets, size_t len);

/*
 * The octets are a compiled list, which belongs to the rules from then on if the call succeeds; the sets are
 * copied. One reference, the caller's. Returns 0 and sets *out; TARN__NAMELIST_FOREIGN,
 * TARN__NAMELIST_DAMAGED or TARN__NAMELIST_NOMEM; TARN__NAMELIST_FULL if there are more sets than
 * TARN__NAMELIST_SETS_MAX. A list with a set that is not given is TARN__NAMELIST_FOREIGN.
 */
int tarn__rules_new(void *octets, size_t len, tarn__rules_release *, const struct tarn__rule_set *,
		    size_t set_count, struct tarn__rules **out);

/* One reference more, and one less; the last one frees it. NULL is allowed for the latter. */
struct tarn__rules *tarn__rules_get(struct tarn__rules *);
void tarn__rules_put(struct tarn__rules *);

const struct tarn__namelist *tarn__rules_list(const struct tarn__rules *);
size_t tarn__rules_set_count(const struct tarn__rules *);
const struct tarn__rule_set *tarn__rules_set(const struct tarn__rules *, size_t number);

/* Returns true if there is some rule, or a name that exists, for a name in wire form, any case. */
bool tarn__rules_have(const struct tarn__rules *, const uint8_t *name, size_t len);

/* Judges a name in wire form, any case. groups are the client's that are active now. */
void tarn__rules_judge(const struct tarn__rules *, const uint8_t *name, size_t len, uint16_t qtype,
		       uint32_t groups, struct tarn__verdict *out);

/* The same, of these sets only: a bit each. */
void tarn__rules_judge_by(const struct tarn__rules *, uint64_t sets, const uint8_t *name,
			  size_t len, uint16_t qtype, uint32_t groups, struct tarn__verdict *out);

/*
 * Judges an address of a client or of an answer, of len octets in network order, by the prefixes of these
 * sets: a bit each. It is TARN__VERDICT_PASS without any.
 */
void tarn__rules_judge_address(const struct tarn__rules *, uint64_t sets, enum tarn__rpz_trigger,
			       const uint8_t *address, size_t len, uint32_t groups,
			       struct tarn__verdict *out);

/*
 * Returns true if, of two verdicts on addresses of one answer, the first one counts: of the set before, of
 * the longer prefix, of the smaller address.
 */
bool tarn__rules_is_before(const struct tarn__verdict *, const struct tarn__verdict *);

/* Returns the sets for these groups that have prefixes for addresses of so many octets: a bit each. */
uint64_t tarn__rules_prefix_sets(const struct tarn__rules *, enum tarn__rpz_trigger, size_t ip_len,
				 uint32_t groups);

/* Returns true if no prefix of any set, for whatever group, has that address of an answer. */
bool tarn__rules_is_address_clear(const struct tarn__rules *, const uint8_t *address, size_t len);

/* Returns true if no rule of any set, for whatever type and group, is for the name. */
bool tarn__rules_is_clear(const struct tarn__rules *, const uint8_t *name, size_t len);

struct tarn__rule_record {
	uint16_t type;
	uint32_t ttl_sec; /* the rule's own, or that of the set */
	uint16_t rdata_len;
	const uint8_t *rdata;
};

/*
 * Finds the records of a verdict of TARN__NAMELIST_DATA that is not is_default, of all types that the rule
 * has; the owner of each is the name that was judged. name is not looked at for a verdict on an address.
 * *cursor is 0 at first. Returns false if there are no more.
 */
bool tarn__rules_record_next(const struct tarn__rules *, const struct tarn__verdict *,
			     const uint8_t *name, size_t len, uint16_t qtype, uint32_t *cursor,
			     struct tarn__rule_record *out);

#endif
