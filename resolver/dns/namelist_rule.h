/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_rule.h: what a list of names to block or to allow says of a name, before and after it has been
 * compiled (dns/namelist.h). A line of a list (dns/namelist_line.h) and a record of a response policy zone
 * become rules; those that differ in nothing but the name share a row of the compiled list.
 */
#ifndef TARN_DNS_NAMELIST_RULE_H
#define TARN_DNS_NAMELIST_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tarn__namelist_kind { TARN__NAMELIST_BLOCK, TARN__NAMELIST_ALLOW };

/* Bits: the name itself, and all names below it. */
enum tarn__namelist_reach {
	TARN__NAMELIST_SELF = 1,
	TARN__NAMELIST_BELOW = 2,
	TARN__NAMELIST_BOTH = 3,
};

enum tarn__namelist_action {
	TARN__NAMELIST_DEFAULT, /* what the configuration says of the rule set */
	TARN__NAMELIST_NXDOMAIN,
	TARN__NAMELIST_NODATA,
	TARN__NAMELIST_ZERO, /* 0.0.0.0, ::, NODATA for other types */
	TARN__NAMELIST_REFUSED,
	TARN__NAMELIST_DROP,
	TARN__NAMELIST_TCP_ONLY, /* TC over UDP, the real answer over TCP */
	TARN__NAMELIST_PASSTHRU, /* the real answer: nothing behind is looked at */
	TARN__NAMELIST_DATA, /* records of the rule's own */
	/*
	 * A name that is there because of a name below it: of a zone it hides wildcards above (RFC 4592
	 * section 2.2.2); of a list some name below it is allowed, so that NXDOMAIN would be too much.
	 */
	TARN__NAMELIST_EXISTS,
	TARN__NAMELIST_UNREWRITE, /* of an allow rule: it frees from rules that have an action of their own */
	TARN__NAMELIST_ACTIONS
};

enum tarn__namelist_format {
	TARN__NAMELIST_AUTO, /* found by counting lines */
	TARN__NAMELIST_HOSTS,
	TARN__NAMELIST_DOMAINS,
	TARN__NAMELIST_WILDCARD,
	TARN__NAMELIST_ADBLOCK,
	TARN__NAMELIST_DNSMASQ,
	TARN__NAMELIST_UNBOUND,
	TARN__NAMELIST_RPZ, /* a zone: its records are read elsewhere */
	TARN__NAMELIST_FORMATS
};

enum {
	TARN__NAMELIST_TYPES_MAX = 16, /* of one rule; the longest seen in a list has 5 */
	TARN__NAMELIST_DENIED_MAX = 2048, /* octets of the names that one rule does not reach */
	/* A TTL that the rule leaves to the configuration. */
	TARN__NAMELIST_TTL_UNSET = 0x7fffffff
};

/* What few rules have. */
struct tarn__namelist_more {
	/* The types that the rule is for, or all but these; none: all types. */
	bool is_types_negated;
	uint8_t type_count;
	uint16_t types[TARN__NAMELIST_TYPES_MAX];
	/* Names in wire form, one behind the other: the rule does not reach them and what is below. */
	size_t denied_len;
	const uint8_t *denied;
	/* With TARN__NAMELIST_DATA: a record. The names in its RDATA are not compressed. */
	bool has_record;
	uint16_t type;
	uint32_t ttl; /* seconds */
	uint16_t rdata_len;
	const uint8_t *rdata;
};

struct tarn__namelist_rule {
	enum tarn__namelist_kind kind;
	enum tarn__namelist_reach reach;
	enum tarn__namelist_action action;
	bool is_important;
	bool is_removal; /* it removes the rule that is equal but for this, from all lists of its set */
	bool is_prefix; /* of a zone: of addresses; the name is that of dns/rpz_prefix.h */
	uint16_t name_len;
	const uint8_t *name; /* in wire form, any case */
	const struct tarn__namelist_more *more; /* NULL: nothing */
};

#endif
