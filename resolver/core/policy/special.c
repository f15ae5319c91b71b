/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/special.c: the special names, and the stage that answers for them.
 *
 * A name is looked up from its end. The four octets before the root label rule out nearly all names; they
 * may be part of a longer label, so that the whole label is compared next. Reverse zones are written as the
 * prefixes that they stand for: the lists of RFC 6303 result from cutting these at the next label, sixteen
 * zones for 172.16/12 and sixty-four for 100.64/10.
 */
#include "core/policy/special.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/base16.h"
#include "core/policy/name_list.h"
#include "core/policy/policy.h"
#include "core/policy/zone.h"
#include "core/reverse.h"
#include "core/zone_index.h"
#include "dns/name.h"
#include "dns/text.h"

/* ---- the table of names ----------------------------------------------------------------- */

/* A prefix of addresses that have no names in the public DNS. */
struct reverse {
	uint8_t prefix_len; /* bits */
	uint8_t octets[16];
};

/* RFC 6303 sections 4.1 and 4.2, RFC 7793. The first prefix is the loopback, here and below. */
static const struct reverse reverse_ipv4[] = {
	{8, {127}},
	{8, {10}},
	{12, {172, 16}},
	{16, {192, 168}},
	{8, {0}},
	{16, {169, 254}},
	{24, {192, 0, 2}},
	{24, {198, 51, 100}},
	{24, {203, 0, 113}},
	{32, {255, 255, 255, 255}},
	{10, {100, 64}},
};

/* RFC 6303 sections 4.3 to 4.6; of fc00::/7 only the half that is in use (RFC 4193 section 3.2). */
static const struct reverse reverse_ipv6[] = {
	{128, {[15] = 1}},
	{128, {0}},
	{8, {0xfd}},
	{10, {0xfe, 0x80}},
	{32, {0x20, 0x01, 0x0d, 0xb8}},
};

/* How the reverse names of an address family are written. */
struct family {
	const struct reverse *zones;
	size_t zone_count;
	unsigned address_len; /* bits */
	unsigned label_len; /* bits that one label stands for: 8, or 4 */
};

/* Of what most names do not reach: their registers would cost every hit of the cache. */
#define NOT_INLINED __attribute__((noinline)) static
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct family ipv4 = {reverse_ipv4, COUNT_OF(reverse_ipv4), 32, 8};
static const struct family ipv6 = {reverse_ipv6, COUNT_OF(reverse_ipv6), 128, 4};

static bool is_label(const uint8_t *label, const char *expected)
{
	size_t len = (uint8_t)expected[0];
	return label[0] == len && tarn__name_is_equal(label, (const uint8_t *)expected, 1 + len);
}

/* Returns the value of a hexadecimal digit (RFC 3596 section 2.5), or -1. */
static int read_nibble(const uint8_t *label)
{
	return label[0] == 1 ? tarn__base16_digit((char)tarn__fold(label[1])) : -1;
}

/* starts has the offsets of the count labels before in-addr.arpa or ip6.arpa. */
static struct tarn__special find_reverse(const uint8_t *qname, size_t len, const uint8_t *starts,
					 unsigned count, const struct family *family)
{
	uint8_t octets[16] = {0};
	unsigned bits = 0;
	for (unsigned i = count; i > 0 && bits < family->address_len; i--) {
		const uint8_t *label = qname + starts[i - 1];
		int value =
			family->label_len == 8 ? tarn__reverse_octet(label) : read_nibble(label);
		if (value < 0)
			break;
		octets[bits / 8] |= (uint8_t)(value << (8 - family->label_len - bits % 8));
		bits += family->label_len;
	}
	for (size_t i = 0; i < family->zone_count; i++) {
		const struct reverse *zone = &family->zones[i];
		if (bits < zone->prefix_len ||
		    !tarn__prefix_covers(zone->octets, zone->prefix_len, octets))
			continue;
		unsigned labels = (zone->prefix_len + family->label_len - 1) / family->label_len;
		return (struct tarn__special){i == 0 ? TARN__SPECIAL_LOOPBACK : TARN__SPECIAL_EMPTY,
					      len - starts[count - labels]};
	}
	return (struct tarn__special){TARN__SPECIAL_NONE, 0};
}

NOT_INLINED struct tarn__special find_in_arpa(const uint8_t *qname, size_t len)
{
	const struct tarn__special none = {TARN__SPECIAL_NONE, 0};
	uint8_t starts[TARN__LABELS_MAX];
	unsigned count = 0;
	for (size_t at = 0; qname[at] != 0; at += 1 + qname[at])
		starts[count++] = (uint8_t)at;
	if (count < 2 || !is_label(qname + starts[count - 1], "\4arpa"))
		return none;

	const uint8_t *label = qname + starts[count - 2];
	size_t zone_len = len - starts[count - 2];
	if (is_label(label, "\7in-addr"))
		return find_reverse(qname, len, starts, count - 2, &ipv4);
	if (is_label(label, "\3ip6"))
		return find_reverse(qname, len, starts, count - 2, &ipv6);
	if (is_label(label, "\4home"))
		return (struct tarn__special){TARN__SPECIAL_EMPTY, zone_len};
	if (is_label(label, "\10resolver"))
		return (struct tarn__special){TARN__SPECIAL_RESOLVER, zone_len};
	return none;
}

/* zone is one label and the root. */
NOT_INLINED struct tarn__special find_top(const uint8_t *qname, size_t len, const char *zone,
					  enum tarn__special_kind kind)
{
	size_t zone_len = 2 + (size_t)zone[0];
	if (!tarn__name_is_within(qname, len, (const uint8_t *)zone, zone_len))
		return (struct tarn__special){TARN__SPECIAL_NONE, 0};
	return (struct tarn__special){kind, zone_len};
}

#define FOUR(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Four octets before the root label, in lower case; the zone; what it is. */
#define TOPS(TOP)                                                                                  \
	TOP(FOUR('h', 'o', 's', 't'), "\11localhost", TARN__SPECIAL_LOCALHOST)                     \
	TOP(FOUR('a', 'l', 'i', 'd'), "\7invalid", TARN__SPECIAL_MISSING)                          \
	TOP(FOUR('t', 'e', 's', 't'), "\4test", TARN__SPECIAL_LOCAL)                               \
	TOP(FOUR('n', 'i', 'o', 'n'), "\5onion", TARN__SPECIAL_MISSING)                            \
	TOP(FOUR('o', 'c', 'a', 'l'), "\5local", TARN__SPECIAL_LOCAL)                              \
	TOP(FOUR(3 | 0x20, 'a', 'l', 't'), "\3alt", TARN__SPECIAL_MISSING)

#define ARPA FOUR('a', 'r', 'p', 'a')

/* Returns 0 for a name that is too short. */
static inline uint32_t tail_of(const uint8_t *qname, size_t len)
{
	enum { TAIL_LEN = 5 }; /* with the root label */
	const uint32_t folding = FOUR(0x20, 0x20, 0x20, 0x20);
	return len < TAIL_LEN ? 0 : tarn__get32(qname + len - TAIL_LEN) | folding;
}

static inline bool is_special_tail(uint32_t tail)
{
	switch (tail) {
#define CASE(tail, zone, kind) case tail:
		TOPS(CASE)
	case ARPA:
		return true;
	}
	return false;
}

struct tarn__special tarn__special_find(const uint8_t *qname, size_t len)
{
	switch (tail_of(qname, len)) {
#define FIND(tail, zone, kind)                                                                     \
	case tail:                                                                                 \
		return find_top(qname, len, zone, kind);
		TOPS(FIND)
	case ARPA:
		return find_in_arpa(qname, len);
	}
	return (struct tarn__special){TARN__SPECIAL_NONE, 0};
}

/* ---- all of them ------------------------------------------------------------------------ */

typedef int each_zone(void *arg, const uint8_t *name, size_t len);

static struct tarn_network network_of(const struct reverse *zone, const struct family *family)
{
	struct tarn_network network = {.prefix_len = zone->prefix_len};
	if (family->address_len == 32) {
		network.address.in4.sin_family = AF_INET;
		memcpy(&network.address.in4.sin_addr, zone->octets, 4);
	} else {
		network.address.in6.sin6_family = AF_INET6;
		memcpy(&network.address.in6.sin6_addr, zone->octets, 16);
	}
	return network;
}

static int walk_reverse(const struct family *family, each_zone *each, void *arg)
{
	int result = 0;
	for (size_t i = 0; i < family->zone_count; i++) {
		struct tarn_network network = network_of(&family->zones[i], family);
		size_t count = tarn__reverse_count(&network);
		for (size_t j = 0; j < count && result == 0; j++) {
			uint8_t name[TARN__NAME_MAX];
			result = each(arg, name, tarn__reverse_zone(&network, j, name));
		}
	}
	return result;
}

int tarn__special_walk(each_zone *each, void *arg)
{
#define ZONE(tail, zone, kind) {(const uint8_t *)(zone), sizeof(zone)},
	static const struct {
		const uint8_t *name;
		size_t len;
	} zones[] = {TOPS(ZONE) ZONE(ARPA, "\4home\4arpa", TARN__SPECIAL_EMPTY)
			     ZONE(ARPA, "\10resolver\4arpa", TARN__SPECIAL_RESOLVER)};
#undef ZONE
	int result = 0;
	for (size_t i = 0; i < COUNT_OF(zones) && result == 0; i++)
		result = each(arg, zones[i].name, zones[i].len);
	if (result == 0)
		result = walk_reverse(&ipv4, each, arg);
	return result == 0 ? walk_reverse(&ipv6, each, arg) : result;
}

/* ---- exceptions ------------------------------------------------------------------------- */

static int init(struct tarn__policy *policy, const struct tarn__policy_options *options)
{
	return tarn__name_list_new(options->public->pass, options->public->pass_count,
				   &policy->passed);
}

static void fini(struct tarn__policy *policy)
{
	tarn__name_list_free(policy->passed);
}

/*
 * The DS of a zone with servers belongs to the special zone above it; the DS of a special zone belongs to
 * the zone above that.
 */
static bool is_in_zone_with_servers(const struct tarn__policy *policy,
				    const struct tarn__query *query, struct tarn__special special)
{
	struct tarn__zone_match zone;
	uint16_t type = query->qname_len == special.zone_len ? TARN__TYPE_SOA : query->qtype;
	return policy->zones && tarn__zone_index_find_for(policy->zones, query->qname,
							  query->qname_len, type, &zone);
}

/*
 * Returns true for the DS of a zone whose parent zone has, or denies, its delegation (RFC 4035 section
 * 3.1.4.1; RFC 8375 section 4 requires it for home.arpa): a validator needs the proof that there is none.
 * The other special zones are not part of the DNS, and nothing is asked for them (RFC 7686 section 2).
 */
static bool is_parents(const struct tarn__query *query, struct tarn__special special)
{
	return query->qtype == TARN__TYPE_DS && query->qname_len == special.zone_len &&
	       (special.kind == TARN__SPECIAL_EMPTY || special.kind == TARN__SPECIAL_LOOPBACK ||
		special.kind == TARN__SPECIAL_RESOLVER);
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Returns true if a network may have names of its own in such a zone, and servers for them. */
static bool may_be_own(enum tarn__special_kind kind)
{
	return kind == TARN__SPECIAL_LOCAL || kind == TARN__SPECIAL_EMPTY;
}

static const uint8_t loopback_ipv4[] = "\0011\0010\0010\003127\7in-addr\4arpa";

static bool is_apex(const struct tarn__query *query, struct tarn__special special)
{
	return query->qname_len == special.zone_len;
}

/* Returns true for the reverse name of 127.0.0.1 or ::1; that of ::1 is the apex of a zone. */
static bool is_loopback(const struct tarn__query *query, struct tarn__special special)
{
	if (tarn__name_is_within(loopback_ipv4, sizeof loopback_ipv4, query->qname,
				 query->qname_len))
		return query->qname_len == sizeof loopback_ipv4;
	return is_apex(query, special);
}

/* Names between an apex and a name that exists exist as well (RFC 8020 section 2). */
static bool exists(const struct tarn__policy *policy, const struct tarn__query *query,
		   struct tarn__special special)
{
	switch (special.kind) {
	case TARN__SPECIAL_LOCALHOST:
	case TARN__SPECIAL_RESOLVER:
		return true;
	case TARN__SPECIAL_LOOPBACK:
		if (is_apex(query, special) ||
		    tarn__name_is_within(loopback_ipv4, sizeof loopback_ipv4, query->qname,
					 query->qname_len))
			return true;
		break;
	case TARN__SPECIAL_EMPTY:
		if (is_apex(query, special))
			return true;
		break;
	case TARN__SPECIAL_MISSING:
	case TARN__SPECIAL_LOCAL:
	case TARN__SPECIAL_NONE:
		break;
	}
	return tarn__stage_zone_has_name(policy, query);
}

static enum tarn__policy_action answer_record(const struct tarn__query *query, uint16_t type,
					      const void *rdata, size_t rdata_len,
					      struct tarn__decision *decision)
{
	return tarn__decision_record(decision, query, type, TARN__LOCAL_TTL, rdata, rdata_len);
}

/* Answers with the records of a special name, if it has any. ANY gets one RRset (RFC 8482 section 4.1). */
static enum tarn__policy_action answer_data(const struct tarn__query *query,
					    struct tarn__special special,
					    struct tarn__decision *decision)
{
	static const uint8_t a[4] = {127, 0, 0, 1}, aaaa[16] = {[15] = 1};
	static const uint8_t localhost[] = "\11localhost";
	bool is_any = query->qtype == TARN__TYPE_ANY;
	if (special.kind == TARN__SPECIAL_LOCALHOST) {
		if (query->qtype == TARN__TYPE_A || is_any)
			return answer_record(query, TARN__TYPE_A, a, sizeof a, decision);
		if (query->qtype == TARN__TYPE_AAAA)
			return answer_record(query, TARN__TYPE_AAAA, aaaa, sizeof aaaa, decision);
	}
	if (special.kind == TARN__SPECIAL_LOOPBACK && is_loopback(query, special) &&
	    (query->qtype == TARN__TYPE_PTR || is_any))
		return answer_record(query, TARN__TYPE_PTR, localhost, sizeof localhost, decision);
	return TARN__POLICY_PASS;
}

static enum tarn__policy_action answer_negative(const struct tarn__policy *policy,
						const struct tarn__query *query,
						struct tarn__special special,
						struct tarn__decision *decision)
{
	uint16_t rcode = exists(policy, query, special) ? TARN__NOERROR : TARN__NXDOMAIN;
	enum tarn__policy_action action =
		tarn__decision_negative(decision, query, rcode, special.zone_len);
	if (may_be_own(special.kind))
		tarn__decision_add_error(decision, TARN__EDE_OTHER,
					 "not forwarded unless --pass names it");
	return action;
}

/* ---- the stage -------------------------------------------------------------------------- */

static bool is_passed(const struct tarn__policy *policy, const uint8_t *name, size_t len)
{
	return tarn__name_list_cover(policy->passed, name, len);
}

/*
 * Another resolver's records at resolver.arpa would lead clients past this one (RFC 9462 section 6.4): only an
 * exception for that very name, or for one below it, goes as far. Local data comes before this stage.
 */
static bool is_excepted(const struct tarn__policy *policy, const struct tarn__query *query,
			struct tarn__special special)
{
	static const uint8_t arpa[] = "\4arpa";
	if (special.kind == TARN__SPECIAL_RESOLVER)
		return is_passed(policy, query->qname, query->qname_len) &&
		       !is_passed(policy, arpa, sizeof arpa);
	return is_in_zone_with_servers(policy, query, special) ||
	       is_passed(policy, query->qname, query->qname_len);
}

NOT_INLINED enum tarn__policy_action decide(const struct tarn__policy *policy,
					    const struct tarn__query *query,
					    struct tarn__special special,
					    struct tarn__decision *decision)
{
	if (is_excepted(policy, query, special) || is_parents(query, special))
		return TARN__POLICY_PASS;
	enum tarn__policy_action action = answer_data(query, special, decision);
	if (action != TARN__POLICY_PASS)
		return action;
	return answer_negative(policy, query, special, decision);
}

NOT_INLINED enum tarn__policy_action find_and_decide(const struct tarn__policy *policy,
						     const struct tarn__query *query,
						     struct tarn__decision *decision)
{
	struct tarn__special special = tarn__special_find(query->qname, query->qname_len);
	if (special.kind == TARN__SPECIAL_NONE)
		return TARN__POLICY_PASS;
	return decide(policy, query, special, decision);
}

enum tarn__policy_action tarn__stage_special_decide(const struct tarn__policy *policy,
						    const struct tarn__query *query,
						    struct tarn__decision *decision)
{
	if (!is_special_tail(tail_of(query->qname, query->qname_len)))
		return TARN__POLICY_PASS;
	return find_and_decide(policy, query, decision);
}

static const char *phrase(enum tarn__special_kind kind, enum tarn__policy_action action)
{
	if (action == TARN__POLICY_PASS)
		return "is special, but an exception has been made";
	if (may_be_own(kind))
		return "is a special name and is not forwarded unless pass or forward names it"
		       " (RFC 6761, 6303)";
	return "is a special name and never leaves (RFC 6761, 6303)";
}

static bool explain(const struct tarn__policy *policy, const struct tarn__asked *asked,
		    char out[TARN__EXPLANATION_MAX])
{
	(void)policy;
	struct tarn__special special =
		tarn__special_find(asked->query->qname, asked->query->qname_len);
	if (special.kind == TARN__SPECIAL_NONE)
		return false;
	char zone[TARN__NAME_TEXT_MAX];
	tarn__name_format(asked->query->qname + asked->query->qname_len - special.zone_len, zone);
	if (asked->action == TARN__POLICY_PASS && asked->query->qtype == TARN__TYPE_DS &&
	    is_apex(asked->query, special))
		snprintf(out, TARN__EXPLANATION_MAX,
			 "none: a DS is for the servers of the zone above (RFC 4035)");
	else
		snprintf(out, TARN__EXPLANATION_MAX, "%s %s", zone,
			 phrase(special.kind, asked->action));
	return true;
}

const struct tarn__stage tarn__stage_special = {
	.name = "special", .init = init, .fini = fini, .explain = explain};
