/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/rpz_prefix.h: prefixes of addresses that are triggers of response policy zones
 * (draft-vixie-dnsop-dns-rpz-00 section 4.1.1), and the names under which a compiled list (dns/namelist.h)
 * has them.
 *
 * In a zone a prefix is its length and the address backwards: "24.0.2.0.192" is 192.0.2.0/24. IPv6
 * addresses are words in hexadecimal, of which "zz" stands for the longest run of zeros: "32.zz.db8.2001"
 * is 2001:db8::/32.
 *
 * In a compiled list it is "c00002.4/24.rpz-ip": the digits that the length covers, then the family and the
 * length, so that all prefixes of one length lie below one name. That name is in the list too: it tells
 * which lengths have to be looked for.
 *
 * Pure.
 */
#ifndef TARN_DNS_RPZ_PREFIX_H
#define TARN_DNS_RPZ_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "dns/message.h"

/* What a rule is about. */
enum tarn__rpz_trigger {
	TARN__RPZ_NAME, /* of the query, or a target of CNAMEs */
	TARN__RPZ_CLIENT_ADDRESS, /* "rpz-client-ip" */
	TARN__RPZ_ADDRESS, /* "rpz-ip": in the answer */
	TARN__RPZ_TRIGGERS
};

enum {
	TARN__RPZ_PREFIX_TEXT_MAX =
		50, /* octets, with NUL: INET6_ADDRSTRLEN, "/" and three digits */
	TARN__RPZ_PREFIX_NAME_MAX = 64, /* octets of a prefix's name in a compiled list */
};

struct tarn__rpz_prefix {
	uint8_t bits; /* 1 to 32 or 128 */
	struct tarn__ip ip; /* the bits behind are 0 */
};

/* Returns the longest prefix of a family: 32 or 128. len is that of its addresses, in octets. */
static inline unsigned tarn__rpz_prefix_bits(size_t len)
{
	return 8 * (unsigned)len;
}

/*
 * Reads the labels before "rpz-ip", with the root's behind them, any case. Returns false unless they are a
 * prefix as it is to be written, without bits behind it.
 */
bool tarn__rpz_prefix_read(const uint8_t *labels, size_t len, struct tarn__rpz_prefix *out);

/* The prefix of so many bits, at least 1, of an address of len octets. */
void tarn__rpz_prefix_of(const uint8_t *address, size_t len, unsigned bits,
			 struct tarn__rpz_prefix *out);

/* Writes the name that a compiled list has for the prefix, or for all of that length. Returns its octets. */
size_t tarn__rpz_prefix_name(const struct tarn__rpz_prefix *, enum tarn__rpz_trigger,
			     uint8_t out[TARN__RPZ_PREFIX_NAME_MAX]);
size_t tarn__rpz_prefix_length_name(size_t ip_len, unsigned bits, enum tarn__rpz_trigger,
				    uint8_t out[TARN__RPZ_PREFIX_NAME_MAX]);

/* Returns what a name's last label says: TARN__RPZ_NAME unless that is "rpz-ip" or "rpz-client-ip". */
enum tarn__rpz_trigger tarn__rpz_trigger_of(const uint8_t *name, size_t len);

/* Writes "192.0.2.0/24". Returns out. */
char *tarn__rpz_prefix_format(const struct tarn__rpz_prefix *, char out[TARN__RPZ_PREFIX_TEXT_MAX]);

#endif
