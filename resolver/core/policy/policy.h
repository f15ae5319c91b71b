/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/policy.h: what is decided about a question before the cache is looked at, in this order:
 *
 *	1. who asks: core/policy/access.h; else REFUSED, EDE 18 (RFC 5358, RFC 8914 section 4.19)
 *	2. class CH: version.bind, version.server, id.server, hostname.bind TXT; else REFUSED
 *	3. zones that are never forwarded: empty, EDE 15 (RFC 8914 section 4.16)
 *	4. special names: core/policy/special.h, unless a passed name or a zone with servers covers them
 *	   Where a network may have names of its own an extended error says so, EDE 0
 *	   In both a DS belongs to the zone above (RFC 4035 section 3.1.4.1)
 *	5. ANY: one HINFO (RFC 8482 section 4.2)
 *
 * The first that applies answers. The cost of "none of them" is on the way of every hit. RD does not
 * matter: what is answered here needs no recursion.
 *
 * Thread: immutable once made; shared by all workers.
 */
#ifndef TARN_CORE_POLICY_POLICY_H
#define TARN_CORE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/edns.h"
#include "dns/local.h"
#include "dns/query.h"
#include "tarn.h"

struct tarn__policy;
struct tarn__zones;

/* What it is made of; everything but the zones is copied. */
struct tarn__policy_options {
	const struct tarn_network *allowed; /* see tarn__access_new() */
	size_t allowed_count;
	const char *const *passed; /* names as text: at and below go upstream, special or not */
	size_t passed_count;
	const char *version; /* version.bind's, 255 octets of it; NULL: REFUSED */
	const char *identity; /* id.server's, likewise */
	/* As struct tarn__config's; borrowed, not copied. */
	const struct tarn__zones *zones;
};

/* NULL with errno set: ENOMEM; EINVAL where a passed name is no name. */
struct tarn__policy *tarn__policy_new(const struct tarn__policy_options *);
void tarn__policy_free(struct tarn__policy *);

enum tarn__ruling {
	TARN__POLICY_PASS, /* on to the cache */
	TARN__POLICY_STORED, /* answer with the stored form */
	TARN__POLICY_ERROR, /* answer with rcode and options alone */
};

/* Which of the rules above it was. */
enum tarn__rule {
	TARN__RULE_ACCESS,
	TARN__RULE_CHAOS,
	TARN__RULE_ZONE,
	TARN__RULE_SPECIAL,
	TARN__RULE_ANY,
};

struct tarn__policy_answer {
	enum tarn__rule rule;
	uint16_t zone_len; /* TARN__RULE_ZONE's, TARN__RULE_SPECIAL's: octets of its name */
	size_t stored_len;
	uint16_t rcode; /* TARN__POLICY_ERROR's */
	bool is_authoritative; /* the stored form is of a zone of ours: AA */
	struct tarn__options options;
	uint8_t stored[TARN__LOCAL_MAX];
};

/* The first rule alone, where there is no question to judge. */
bool tarn__policy_allows(const struct tarn__policy *, const struct tarn_address *client);

/*
 * The query is a good one (tarn__query_parse()). client is NULL for the program's own questions,
 * which are always allowed. *out is untouched where the question passes.
 */
enum tarn__ruling tarn__policy_apply(const struct tarn__policy *, const struct tarn__query *,
				     const struct tarn_address *client,
				     struct tarn__policy_answer *out);

#endif
