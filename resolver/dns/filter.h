/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/filter.h: records and parameters taken out of a message: addresses that are not global (DNS
 * rebinding), and the hints of HTTPS and SVCB records (RFC 9460 section 7.3). Pure functions.
 */
#ifndef TARN_DNS_FILTER_H
#define TARN_DNS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/record.h"

/*
 * Return true for addresses that are not global: those of private, shared, link-local and loopback networks,
 * "this" network and the unspecified address; for IPv6 those of ULA, link-local and site-local ones as
 * well, and IPv4-mapped or within 64:ff9b::/96 any of the former. Documentation networks are none of them.
 */
bool tarn__address_is_private4(const uint8_t ipv4[4]);
bool tarn__address_is_private6(const uint8_t ipv6[16]);

/* What is taken out. */
struct tarn__filter {
	/* Returns true if an address (4 or 16 octets) of that owner is taken out. NULL: none is. */
	bool (*is_bad_address)(void *arg, const struct tarn__record *, const uint8_t *address,
			       size_t len);
	void *arg;
	bool has_no_ipv4hint, has_no_ipv6hint; /* all hints of that family are taken out */
	/* With any of these, HTTPS and SVCB records that are malformed are taken out. */
};

/* What has been taken out. */
struct tarn__filtered {
	unsigned addresses; /* A and AAAA records */
	unsigned addresses_left;
	unsigned hints; /* addresses of ipv4hint and ipv6hint */
	/* HTTPS and SVCB records that are malformed, or whose "mandatory" would have been broken. */
	unsigned records;
	unsigned records_left;
};

/*
 * Returns what the filter would take out of the answer section of a message, as far as that can be read. An
 * A or AAAA record of another length has no address.
 */
struct tarn__filtered tarn__filter_count(const struct tarn__filter *, const uint8_t *wire,
					 size_t len);

/*
 * Writes the message without what the filter takes out, and without AD. Signatures that cover a changed
 * RRset stay behind: they are left out (RRSIG of types A, AAAA, HTTPS and SVCB). Returns the octets
 * written; 0: the message is malformed, or does not fit.
 */
size_t tarn__filter_apply(const struct tarn__filter *, const uint8_t *wire, size_t len,
			  uint8_t out[TARN__MESSAGE_MAX], struct tarn__filtered *);

#endif
