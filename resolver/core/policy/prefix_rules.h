/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/policy/prefix_rules.h: finding the prefixes of response policy zones that an address is in, among
 * the names of a compiled list (dns/rpz_prefix.h): a lookup for each length that occurs, the longest first.
 *
 * Thread: immutable once made; any.
 */
#ifndef TARN_CORE_POLICY_PREFIX_RULES_H
#define TARN_CORE_POLICY_PREFIX_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/namelist.h"
#include "dns/rpz_prefix.h"

enum { TARN__PREFIX_LENGTHS_MAX = 128 };

/* Of one trigger and one family. */
struct tarn__prefix_lengths {
	uint64_t sets; /* that have some: a bit each */
	unsigned count;
	uint8_t bits[TARN__PREFIX_LENGTHS_MAX]; /* the longest first */
};

struct tarn__prefix_rules {
	struct tarn__prefix_lengths lengths[TARN__RPZ_TRIGGERS][2]; /* IPv4, IPv6 */
};

/* A rule for an address. */
struct tarn__prefix_match {
	uint8_t row;
	uint8_t bits;
};

/* Finds the lengths that the list has. */
void tarn__prefix_rules_init(struct tarn__prefix_rules *, const struct tarn__namelist *);

/* ip_len is that of the family's addresses, in octets. */
static inline const struct tarn__prefix_lengths *
tarn__prefix_rules_lengths(const struct tarn__prefix_rules *rules, enum tarn__rpz_trigger trigger,
			   size_t ip_len)
{
	return &rules->lengths[trigger][ip_len == TARN__IPV4_LEN ? 0 : 1];
}

/*
 * Finds the rule for an address of len octets: of the first of these sets (a bit each) that has one, that
 * with the longest prefix. Returns false if there is none.
 */
bool tarn__prefix_rules_find(const struct tarn__prefix_rules *, const struct tarn__namelist *,
			     uint64_t sets, enum tarn__rpz_trigger, const uint8_t *address,
			     size_t len, struct tarn__prefix_match *out);

#endif
