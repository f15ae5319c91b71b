/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/stage.h: the policy is a list of stages, which are applied to a query in order; the first one
 * that decides ends it. Each stage has a header and a source file of its own:
 *
 *	access   the client is in none of the networks that may ask: REFUSED, EDE 18 (RFC 5358, RFC 8914
 *	         section 4.19)
 *	chaos    class CH: version.bind, version.server, id.server, hostname.bind TXT; else REFUSED
 *	zone     zones of the configuration that are never forwarded: empty, EDE 15 (RFC 8914 section 4.16)
 *	local    names of local data (core/policy/local_data.h)
 *	overrides  names that the administrator has blocked or unblocked for a time
 *	clients  addresses of clients that response policy zones have
 *	lists    names of rule sets: block lists, allow lists and response policy zones
 *	dns64    ipv4only.arpa (RFC 8880), and PTR within the prefixes (RFC 6147 section 5.3.1), which may be
 *	         within a reverse zone of the next stage (RFC 4193)
 *	special  special-use names and reverse zones (RFC 6761, RFC 6303), unless a passed name or a zone with
 *	         servers covers them; EDE 0 where a network may have names of its own
 *	any      type ANY: one HINFO record (RFC 8482 section 4.2)
 *	type_filter  types that are not served: NODATA, EDE 17 (RFC 8914 section 4.18)
 *	dotless  A and AAAA of names of one label: NXDOMAIN, by option
 *
 * A stage NAME consists of
 *
 *	tarn__stage_NAME        struct tarn__stage: the properties that every stage has
 *	tarn__stage_NAME_apply  enum tarn__policy_action (policy, query, client, decision), inline: every hit
 *	                        of the cache passes all stages, so the test that nearly all queries fail is
 *	                        in the header, and what follows it is called
 *	a row                   of TARN__STAGE_LIST, from which the counter (struct tarn__stats) and the
 *	                        label of the metric are derived
 *	members                 of struct tarn__policy, if it needs any
 *
 * The query is a good one (tarn__query_parse()). client is NULL for a query of the program itself. RD does
 * not matter: nothing that is answered here needs recursion.
 *
 * Thread: a policy is immutable once made, and shared by all workers.
 */
#ifndef TARN_CORE_POLICY_STAGE_H
#define TARN_CORE_POLICY_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/policy/decision.h"
#include "dns/query.h"
#include "dns/text.h"
#include "tarn.h"

/*
 * In the order in which they are applied. A stage is applied ALWAYS, or if something is CONFIGURED for any
 * of those (has_configured_stages), so that all of these together cost a policy without them one test.
 */
#define TARN__STAGE_LIST(STAGE)                                                                    \
	STAGE(ACCESS, access, ALWAYS)                                                              \
	STAGE(CHAOS, chaos, ALWAYS)                                                                \
	STAGE(ZONE, zone, ALWAYS)                                                                  \
	STAGE(LOCAL, local, CONFIGURED)                                                            \
	STAGE(OVERRIDES, overrides, CONFIGURED)                                                    \
	STAGE(CLIENTS, clients, CONFIGURED)                                                        \
	STAGE(LISTS, lists, CONFIGURED)                                                            \
	STAGE(DNS64, dns64, CONFIGURED)                                                            \
	STAGE(SPECIAL, special, ALWAYS)                                                            \
	STAGE(ANY, any, ALWAYS)                                                                    \
	STAGE(TYPE_FILTER, type_filter, CONFIGURED)                                                \
	STAGE(DOTLESS, dotless, CONFIGURED)

/* The stages for answers: core/policy/answer.h. */
#define TARN__ANSWER_STAGE_LIST(STAGE)                                                             \
	STAGE(ANSWER_CHAIN, answer_chain, CONFIGURED)                                              \
	STAGE(ANSWER_ADDRESS, answer_address, CONFIGURED)                                          \
	STAGE(ANSWER_FILTER, answer_filter, CONFIGURED)

#define TARN__STAGE_INDEX(constant, name, when) TARN__STAGE_##constant,
enum {
	TARN__STAGE_LIST(TARN__STAGE_INDEX) TARN__QUERY_STAGES,
	TARN__STAGE_BEFORE_ANSWERS = TARN__QUERY_STAGES - 1,
	TARN__ANSWER_STAGE_LIST(TARN__STAGE_INDEX) TARN__STAGES,
};
#undef TARN__STAGE_INDEX

struct tarn__chaos;
struct tarn__lists;
struct tarn__local_data;
struct tarn__name_list;
struct tarn__network_list;
struct tarn__answer_filter;
struct tarn__dns64;
struct tarn__overrides;
struct tarn__policy_options;
struct tarn__type_filter;
struct tarn__zone_index;

/*
 * Names and rules that change while the configuration stays: those of files that are read again, and of the
 * administrator's commands. NULL: there are none.
 */
struct tarn__policy_data {
	struct tarn__local_data *local;
	struct tarn__lists *lists;
	struct tarn__overrides *overrides;
};

/* What the stages look at. */
struct tarn__policy {
	atomic_uint references;
	struct tarn__policy *base; /* the owner of all but the data; NULL: this one */
	/* Answers that bear this number have been looked at (dns/stored.h); 0: none has to be. */
	uint16_t generation;
	bool has_configured_stages; /* some stage of those that are CONFIGURED has something to do */
	bool takes_answers; /* answers have to be looked at, or synthesised */
	struct tarn__policy_data data; /* a reference to each */
	/* Of data.lists: struct tarn__lists_addresses of core/policy/lists.h. */
	bool has_client_rules, has_address_rules, rules_wait;
	struct tarn__network_list *access; /* that may ask */
	struct tarn__chaos *chaos;
	const struct tarn__zone_index *zones; /* borrowed; NULL: there are none */
	bool has_empty_zones; /* some of the zones are never forwarded */
	struct tarn__name_list *passed;
	struct tarn__type_filter *type_filter; /* NULL: all types are served */
	struct tarn__answer_filter *answer_filter; /* NULL: answers stay as they are */
	struct tarn__dns64 *dns64; /* NULL: it is off */
	bool is_local_only; /* names of one label do not go upstream */
};

enum { TARN__EXPLANATION_MAX = TARN__NAME_TEXT_MAX + 128 /* octets, with NUL */ };

/* What an explanation is of. */
struct tarn__asked {
	const struct tarn__query *query;
	const struct tarn_address *client; /* NULL: the program itself */
	enum tarn__policy_action action; /* that was taken */
	uint64_t now_s; /* the wall clock, in seconds since 1970 */
	/* Set by tarn__policy_explain(); of TARN__POLICY_PASS it says nothing. */
	const struct tarn__decision *decision;
};

struct tarn__stage {
	const char *name; /* one word in lower case */
	/*
	 * Make and free the stage's members of a policy, which are zero before; NULL: it has none.
	 * fini accepts what a failed init has left. init returns 0, TARN_ENOMEM or TARN_EINVAL.
	 */
	int (*init)(struct tarn__policy *, const struct tarn__policy_options *);
	void (*fini)(struct tarn__policy *);
	/*
	 * Writes a sentence: why the stage took the action; for TARN__POLICY_PASS, why it does not apply
	 * to a query that is of its kind. Returns false if there is nothing to explain.
	 */
	bool (*explain)(const struct tarn__policy *, const struct tarn__asked *,
			char out[TARN__EXPLANATION_MAX]);
};

#endif
