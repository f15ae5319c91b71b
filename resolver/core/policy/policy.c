/* SPDX-License-Identifier: BSD-2-Clause */
/* core/policy/policy.c: questions that are answered, or refused, before the cache is looked at. */
#include "core/policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy/access.h"
#include "core/config.h"
#include "core/policy/special.h"
#include "core/zones.h"
#include "dns/name.h"
#include "dns/text.h"

enum {
	SPECIAL_TTL = 10800, /* seconds; RFC 6303 section 3 */
	ANY_TTL = 3600, /* RFC 8482 leaves it open; long enough to be worth keeping */
	STRING_MAX = 255, /* RFC 1035 section 3.3 */
};

/* RDATA of a TXT record; empty: there is none. */
struct string {
	uint16_t len;
	uint8_t rdata[1 + STRING_MAX];
};

struct name {
	uint16_t len;
	uint8_t octets[TARN__NAME_MAX];
};

struct tarn__policy {
	struct tarn__access *access;
	struct string version, identity;
	const struct tarn__zones *zones; /* NULL: there are none */
	bool has_empty_zones; /* some of them are never forwarded */
	size_t passed_count;
	struct name passed[];
};

static void set_string(struct string *string, const char *text)
{
	if (!text)
		return;
	size_t len = strnlen(text, STRING_MAX);
	string->rdata[0] = (uint8_t)len;
	memcpy(string->rdata + 1, text, len);
	string->len = (uint16_t)(1 + len);
}

struct tarn__policy *tarn__policy_new(const struct tarn__policy_options *options)
{
	struct tarn__policy *policy =
		calloc(1, sizeof *policy + options->passed_count * sizeof policy->passed[0]);
	if (!policy)
		return NULL;
	policy->access = tarn__access_new(options->allowed, options->allowed_count);
	if (!policy->access)
		goto failed;
	set_string(&policy->version, options->version);
	set_string(&policy->identity, options->identity);
	policy->zones = options->zones;
	policy->has_empty_zones =
		options->zones && tarn__zones_have(options->zones, TARN__GROUP_NONE);
	for (; policy->passed_count < options->passed_count; policy->passed_count++) {
		struct name *name = &policy->passed[policy->passed_count];
		name->len = (uint16_t)tarn__name_parse(options->passed[policy->passed_count],
						       name->octets);
		if (name->len == 0) {
			errno = EINVAL;
			goto failed;
		}
	}
	return policy;
failed:;
	int saved = errno;
	tarn__policy_free(policy);
	errno = saved;
	return NULL;
}

void tarn__policy_free(struct tarn__policy *policy)
{
	if (!policy)
		return;
	tarn__access_free(policy->access);
	free(policy);
}

/* ---- the answers ------------------------------------------------------------------------ */

/* Not inlined, so that a question that passes does not pay for what they need. */
#define APART __attribute__((noinline)) static

static enum tarn__ruling refuse(enum tarn__rule rule, struct tarn__policy_answer *out)
{
	out->rule = rule;
	out->rcode = TARN__REFUSED;
	out->options = (struct tarn__options){0};
	return TARN__POLICY_ERROR;
}

static enum tarn__ruling answer_record(const struct tarn__query *query, uint16_t type, uint32_t ttl,
				       const void *rdata, size_t rdata_len,
				       struct tarn__policy_answer *out)
{
	out->stored_len = tarn__local_record(query, type, ttl, rdata, rdata_len, out->stored);
	out->is_authoritative = true;
	out->options = (struct tarn__options){0};
	return TARN__POLICY_STORED;
}

static enum tarn__ruling answer_negative(const struct tarn__query *query, uint16_t rcode,
					 size_t zone_len, struct tarn__policy_answer *out)
{
	out->stored_len = tarn__local_negative(query, rcode, zone_len, SPECIAL_TTL, out->stored);
	out->is_authoritative = true;
	out->options = (struct tarn__options){0};
	return TARN__POLICY_STORED;
}

/* The string that a name of class CH stands for, or NULL. */
static const struct string *find_string(const struct tarn__policy *policy,
					const struct tarn__query *query)
{
	static const struct {
		const char *qname;
		size_t len;
		bool is_identity;
	} names[] = {
		{"\7version\4bind", sizeof("\7version\4bind"), false},
		{"\7version\6server", sizeof("\7version\6server"), false},
		{"\2id\6server", sizeof("\2id\6server"), true},
		{"\10hostname\4bind", sizeof("\10hostname\4bind"), true},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (query->qname_len == names[i].len &&
		    tarn__name_is_equal(query->qname, (const uint8_t *)names[i].qname,
					names[i].len))
			return names[i].is_identity ? &policy->identity : &policy->version;
	}
	return NULL;
}

/* RFC 4892, and what BIND made of it before. */
APART enum tarn__ruling answer_chaos(const struct tarn__policy *policy,
				     const struct tarn__query *query,
				     struct tarn__policy_answer *out)
{
	bool is_text = query->qtype == TARN__TYPE_TXT || query->qtype == TARN__TYPE_ANY;
	const struct string *string = is_text ? find_string(policy, query) : NULL;
	if (!string || string->len == 0)
		return refuse(TARN__RULE_CHAOS, out);
	out->rule = TARN__RULE_CHAOS;
	return answer_record(query, TARN__TYPE_TXT, 0, string->rdata, string->len, out);
}

/*
 * Is it a zone whose delegation the zone above has, or denies? Its DS is the parent's (RFC 4035 section
 * 3.1.4.1; RFC 8375 section 4 says so of home.arpa): a validator needs the proof that there is none. The
 * others are no zones in the DNS, and nothing is asked of them (RFC 7686 section 2).
 */
static bool is_zone(enum tarn__special_kind kind)
{
	return kind == TARN__SPECIAL_EMPTY || kind == TARN__SPECIAL_LOOPBACK ||
	       kind == TARN__SPECIAL_RESOLVER;
}

/*
 * Is it the name that 127.0.0.1 or ::1 has in reverse? It is in a zone of theirs, and that of ::1 is the
 * name itself. Of the other addresses in 127.0.0.0/8 none has a name. *exists: there is such a name.
 */
static bool is_loopback(const struct tarn__query *query, bool is_apex, bool *exists)
{
	static const uint8_t ipv4[] = "\0011\0010\0010\003127\7in-addr\4arpa";
	bool is_ipv4 = tarn__name_is_within(ipv4, sizeof ipv4, query->qname, query->qname_len);
	*exists = is_ipv4 || is_apex;
	return is_ipv4 ? query->qname_len == sizeof ipv4 : is_apex;
}

/* Is it the name of a zone of the configuration? Then it exists, whatever zone is above it. */
static bool has_zone_at(const struct tarn__policy *policy, const struct tarn__query *query)
{
	struct tarn__zone zone;
	return policy->zones &&
	       tarn__zones_find(policy->zones, query->qname, query->qname_len, &zone) &&
	       zone.len == query->qname_len;
}

APART enum tarn__ruling answer_special(const struct tarn__policy *policy,
				       const struct tarn__query *query,
				       struct tarn__special special,
				       struct tarn__policy_answer *out)
{
	static const uint8_t loopback_ipv4[4] = {127, 0, 0, 1};
	static const uint8_t loopback_ipv6[16] = {[15] = 1};
	static const uint8_t localhost[] = "\11localhost";

	bool is_apex = query->qname_len == special.zone_len;
	if (is_apex && query->qtype == TARN__TYPE_DS && is_zone(special.kind))
		return TARN__POLICY_PASS;
	out->rule = TARN__RULE_SPECIAL;
	out->zone_len = (uint16_t)special.zone_len;
	bool has_zone = has_zone_at(policy, query);
	bool exists = is_apex || has_zone;
	switch (special.kind) {
	case TARN__SPECIAL_LOCALHOST:
		/* ANY: one RRset of those that there are (RFC 8482 section 4.1). */
		if (query->qtype == TARN__TYPE_A || query->qtype == TARN__TYPE_ANY)
			return answer_record(query, TARN__TYPE_A, SPECIAL_TTL, loopback_ipv4,
					     sizeof loopback_ipv4, out);
		if (query->qtype == TARN__TYPE_AAAA)
			return answer_record(query, TARN__TYPE_AAAA, SPECIAL_TTL, loopback_ipv6,
					     sizeof loopback_ipv6, out);
		exists = true;
		break;
	case TARN__SPECIAL_LOOPBACK:
		if (is_loopback(query, is_apex, &exists) &&
		    (query->qtype == TARN__TYPE_PTR || query->qtype == TARN__TYPE_ANY))
			return answer_record(query, TARN__TYPE_PTR, SPECIAL_TTL, localhost,
					     sizeof localhost, out);
		exists |= has_zone;
		break;
	case TARN__SPECIAL_RESOLVER:
		exists = true;
		break;
	case TARN__SPECIAL_MISSING:
	case TARN__SPECIAL_LOCAL:
		exists = has_zone;
		break;
	case TARN__SPECIAL_EMPTY:
	case TARN__SPECIAL_NONE:
		break;
	}
	enum tarn__ruling ruling = answer_negative(query, exists ? TARN__NOERROR : TARN__NXDOMAIN,
						   special.zone_len, out);
	if (tarn__special_may_be_own(special.kind))
		out->options.ede[out->options.ede_count++] =
			(struct tarn__ede){TARN__EDE_OTHER, "not forwarded unless --pass names it"};
	return ruling;
}

/* A zone that is never forwarded, and the reason why there is nothing in it. */
APART enum tarn__ruling answer_zone(const struct tarn__policy *policy,
				    const struct tarn__query *query, size_t zone_len,
				    struct tarn__policy_answer *out)
{
	bool exists = query->qname_len == zone_len || has_zone_at(policy, query);
	out->rule = TARN__RULE_ZONE;
	out->zone_len = (uint16_t)zone_len;
	enum tarn__ruling ruling =
		answer_negative(query, exists ? TARN__NOERROR : TARN__NXDOMAIN, zone_len, out);
	out->options.ede[out->options.ede_count++] =
		(struct tarn__ede){TARN__EDE_BLOCKED, "this zone is not forwarded"};
	return ruling;
}

/* 0: it is in none, or in a zone with servers. */
APART size_t find_empty_zone(const struct tarn__policy *policy, const struct tarn__query *query)
{
	struct tarn__zone zone;
	if (!tarn__zones_find_for(policy->zones, query->qname, query->qname_len, query->qtype,
				  &zone))
		return 0;
	return zone.value == TARN__GROUP_NONE ? zone.len : 0;
}

/*
 * Goes upstream though its use is special. The DS of a zone with servers is the special zone's above it,
 * and stays here; of a special zone itself it is for whoever is above that.
 */
APART bool is_passed(const struct tarn__policy *policy, const struct tarn__query *query,
		     struct tarn__special special)
{
	struct tarn__zone zone;
	uint16_t type = query->qname_len == special.zone_len ? TARN__TYPE_SOA : query->qtype;
	if (policy->zones &&
	    tarn__zones_find_for(policy->zones, query->qname, query->qname_len, type, &zone))
		return true;
	for (size_t i = 0; i < policy->passed_count; i++) {
		if (tarn__name_is_within(query->qname, query->qname_len, policy->passed[i].octets,
					 policy->passed[i].len))
			return true;
	}
	return false;
}

APART enum tarn__ruling answer_any(const struct tarn__query *query, struct tarn__policy_answer *out)
{
	static const uint8_t rdata[] = "\7RFC8482"; /* and an empty string */
	out->rule = TARN__RULE_ANY;
	answer_record(query, TARN__TYPE_HINFO, ANY_TTL, rdata, sizeof rdata, out);
	out->is_authoritative = false;
	return TARN__POLICY_STORED;
}

APART enum tarn__ruling refuse_stranger(struct tarn__policy_answer *out)
{
	refuse(TARN__RULE_ACCESS, out);
	out->options.ede[out->options.ede_count++] = (struct tarn__ede){TARN__EDE_PROHIBITED, NULL};
	return TARN__POLICY_ERROR;
}

bool tarn__policy_allows(const struct tarn__policy *policy, const struct tarn_address *client)
{
	return tarn__access_allows(policy->access, client);
}

enum tarn__ruling tarn__policy_apply(const struct tarn__policy *policy,
				     const struct tarn__query *query,
				     const struct tarn_address *client,
				     struct tarn__policy_answer *out)
{
	if (client && !tarn__policy_allows(policy, client))
		return refuse_stranger(out);
	if (query->qclass == TARN__CLASS_CH)
		return answer_chaos(policy, query, out);
	if (policy->has_empty_zones) {
		size_t zone_len = find_empty_zone(policy, query);
		if (zone_len > 0)
			return answer_zone(policy, query, zone_len, out);
	}
	struct tarn__special special = tarn__special_find(query->qname, query->qname_len);
	if (special.kind != TARN__SPECIAL_NONE && !is_passed(policy, query, special))
		return answer_special(policy, query, special, out);
	if (query->qtype == TARN__TYPE_ANY)
		return answer_any(query, out);
	return TARN__POLICY_PASS;
}
