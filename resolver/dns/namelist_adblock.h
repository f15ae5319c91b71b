/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/namelist_adblock.h: rules in the syntax of Adblock Plus and AdGuard, as far as they are for DNS:
 *
 *	||x^ ||x ||*.x^	x and below; below x
 *	|x^ |x| x	x alone
 *	@@...		allows
 *	$important, $badfilter, $dnstype=, $denyallow=, $dnsrewrite=
 *
 * A rule with another modifier is for browsers. Patterns within a name and regular expressions are not
 * supported.
 */
#ifndef TARN_DNS_NAMELIST_ADBLOCK_H
#define TARN_DNS_NAMELIST_ADBLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/namelist_rule.h"
#include "dns/namelist_text.h"

enum tarn__adblock {
	TARN__ADBLOCK_RULE,
	TARN__ADBLOCK_INVALID,
	TARN__ADBLOCK_NOT_DNS,
	TARN__ADBLOCK_UNSUPPORTED,
};

enum { TARN__ADBLOCK_RDATA_MAX = 512 /* octets */ };

/* The rule refers to the other members: it is not to be copied. */
struct tarn__namelist_adblock {
	struct tarn__namelist_rule rule;
	bool is_plain; /* a name without marks */
	struct tarn__namelist_more more;
	uint8_t name[TARN__NAME_MAX];
	uint8_t denied[TARN__NAMELIST_DENIED_MAX];
	uint8_t rdata[TARN__ADBLOCK_RDATA_MAX];
};

/* Reads a rule without blanks around it. *out is set for TARN__ADBLOCK_RULE. */
enum tarn__adblock tarn__namelist_adblock_read(struct tarn__text,
					       struct tarn__namelist_adblock *out);

#endif
