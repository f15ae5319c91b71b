/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/dns64.h: AAAA records made of A records (RFC 6147), with IPv4 addresses within IPv6 prefixes (RFC 6052).
 * Pure functions.
 */
#ifndef TARN_DNS_DNS64_H
#define TARN_DNS_DNS64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

enum {
	TARN__DNS64_TTL = 600, /* seconds, where there is no SOA (RFC 6147 section 5.1.7) */
};

struct tarn__dns64_prefix {
	uint8_t octets[16];
	uint8_t len; /* bits: 32, 40, 48, 56, 64 or 96 */
};

/*
 * Returns true if the prefix is one that RFC 6052 section 2.2 allows: of these lengths, bits 64 to 71 are zero,
 * and so are those behind it.
 */
bool tarn__dns64_is_valid(const struct tarn__dns64_prefix *);

/* Puts an IPv4 address into the prefix (RFC 6052 section 2.2). */
void tarn__dns64_embed(const struct tarn__dns64_prefix *, const uint8_t ipv4[4], uint8_t out[16]);

/* Takes the IPv4 address out of an address. Returns false if the address is not within the prefix. */
bool tarn__dns64_extract(const struct tarn__dns64_prefix *, const uint8_t ipv6[16], uint8_t out[4]);

/*
 * Returns true if an address has the Well-Known Prefix 64:ff9b::/96, which is not for IPv4 addresses that
 * are not global (RFC 6052 section 3.1).
 */
bool tarn__dns64_is_well_known(const struct tarn__dns64_prefix *);

/*
 * Makes the answer to a query for AAAA of the answer to that for A, which is any message: its CNAMEs and
 * DNAMEs, and for each A record one AAAA record for each prefix, in their order, with the lower of the A
 * record's TTL and ttl_max, in seconds (RFC 6147 section 5.1.7). Addresses that are not global are left out of
 * the Well-Known Prefix. AD is not set. Returns the octets written; 0: there is no AAAA record to write, the
 * message is malformed, or the answer does not fit.
 */
size_t tarn__dns64_synthesise(const uint8_t *wire, size_t len, const struct tarn__dns64_prefix *,
			      size_t prefix_count, uint32_t ttl_max,
			      uint8_t out[TARN__MESSAGE_MAX]);

/* Reads an address out of a name below ip6.arpa with 32 nibbles. qname is in wire form, any spelling. */
bool tarn__dns64_read_reverse(const uint8_t *qname, size_t len, uint8_t out[16]);

/* Writes the name of an IPv4 address below in-addr.arpa. Returns its octets. */
size_t tarn__dns64_write_reverse(const uint8_t ipv4[4], uint8_t out[TARN__NAME_MAX]);

#endif
