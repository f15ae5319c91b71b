/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/upstream.h: the text form of an upstream server, which tarn_upstream_parse() reads: a scheme for its
 * transport, its address, who it is, and words for what its queries lack. No other file knows the schemes.
 *
 * Thread: any.
 */
#ifndef TARN_BASE_UPSTREAM_H
#define TARN_BASE_UPSTREAM_H

#include "base/traits.h"
#include "tarn.h"

enum {
	TARN__HOST_NAME_MAX = 253, /* octets, without NUL (RFC 1035 section 2.3.4, as text) */
	TARN__PATH_MAX = 255, /* octets of a URL's path, without NUL: more than any service has */
	TARN__UPSTREAM_ADDRESSES_MAX = 8, /* of one server */
	/* Octets of a pin as text: "?pin=sha256:" and base64 with its padding. */
	TARN__PIN_TEXT_MAX = 12 + 44,
	/* Octets of the longest text, with NUL. */
	TARN__UPSTREAM_TEXT_MAX = TARN_ADDRESS_TEXT_MAX + 64 + 2 * TARN__HOST_NAME_MAX +
				  TARN__PATH_MAX + TARN__PINS_MAX * TARN__PIN_TEXT_MAX,
};

/*
 * Writes a server with that one address into out and returns out; in the clear without a scheme for TARN_UDP.
 * traits NULL: zeros.
 */
char *tarn__upstream_format(const struct tarn_address *, const struct tarn_traits *,
			    char out[TARN__UPSTREAM_TEXT_MAX]);

#endif
