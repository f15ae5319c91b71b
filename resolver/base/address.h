/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/address.h: the octets of IP addresses, and prefixes of them. The text of addresses and networks is
 * tarn.h's.
 *
 * Thread: any.
 */
#ifndef TARN_BASE_ADDRESS_H
#define TARN_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tarn.h"

enum { TARN__IPV4_LEN = 4, TARN__IPV6_LEN = 16 /* octets */ };

/* An address without port and scope, as records have it. */
struct tarn__ip {
	uint8_t len; /* TARN__IPV4_LEN or TARN__IPV6_LEN */
	uint8_t octets[TARN__IPV6_LEN]; /* in network order; the rest is 0 */
};

/*
 * Reads an address of len characters, without brackets, port and scope. Returns false if it is none, and
 * leaves *out.
 */
bool tarn__ip_parse(const char *text, size_t len, struct tarn__ip *out);

static inline bool tarn__ip_is_equal(const struct tarn__ip *a, const struct tarn__ip *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

/*
 * Returns the octets of an address in network order and sets *len: TARN__IPV6_LEN, or TARN__IPV4_LEN for
 * IPv4 and for an IPv4-mapped IPv6 address, whose last four they are (RFC 4291 section 2.5.5.2). Inline since
 * access lists are applied to every query.
 */
static inline const uint8_t *tarn__address_octets(const struct tarn_address *address, size_t *len)
{
	enum { MAPPED_LEN = TARN__IPV6_LEN - TARN__IPV4_LEN };
	static const uint8_t mapped_prefix[MAPPED_LEN] = {[10] = 0xff, [11] = 0xff};
	if (address->sa.sa_family != AF_INET6) {
		*len = TARN__IPV4_LEN;
		return (const uint8_t *)&address->in4.sin_addr;
	}
	const uint8_t *octets = address->in6.sin6_addr.s6_addr;
	if (memcmp(octets, mapped_prefix, MAPPED_LEN) == 0) {
		*len = TARN__IPV4_LEN;
		return octets + MAPPED_LEN;
	}
	*len = TARN__IPV6_LEN;
	return octets;
}

/*
 * Returns a number that identifies a client where clients have equal shares of something: an IPv4 address, or
 * the first 64 bits of an IPv6 address, which is what one subscriber has.
 */
uint64_t tarn__address_client(const struct tarn_address *);

/* Returns true if the first prefix_len bits of octets and prefix are equal. */
static inline bool tarn__prefix_covers(const uint8_t *prefix, unsigned prefix_len,
				       const uint8_t *octets)
{
	unsigned whole = prefix_len / 8;
	for (unsigned i = 0; i < whole; i++) {
		if (octets[i] != prefix[i])
			return false;
	}
	unsigned rest = prefix_len % 8;
	return rest == 0 || (octets[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

#endif
