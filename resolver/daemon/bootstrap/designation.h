/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon/bootstrap/designation.h: the encrypted service that a server in the clear designates, from its SVCB
 * records at _dns.resolver.arpa (RFC 9462, RFC 9461). Pure functions.
 *
 * Only services at the server's own address are taken: their certificate is for that address (RFC 9462 section 4.2).
 * Of a record without address hints it is assumed to be that one. AliasMode and other addresses are not followed.
 */
#ifndef TARN_DAEMON_BOOTSTRAP_DESIGNATION_H
#define TARN_DAEMON_BOOTSTRAP_DESIGNATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/upstream.h"
#include "tarn.h"

enum {
	/* Bounds of TTLs, as those of addresses, and seconds after which "none" is asked again. */
	TARN__DESIGNATION_TTL_MIN = 60,
	TARN__DESIGNATION_TTL_MAX = 86400,
	TARN__DESIGNATION_NONE_SEC = 3600,
};

enum tarn__designation_result {
	TARN__DESIGNATION_FAILED, /* no answer, SERVFAIL and the like */
	TARN__DESIGNATION_NONE, /* none that can be used */
	TARN__DESIGNATION_FOUND,
};

struct tarn__designation {
	enum tarn_transport transport; /* TARN_TLS or TARN_HTTPS */
	uint16_t port;
	char path[TARN__PATH_MAX + 1]; /* of TARN_HTTPS */
};

/*
 * Reads a response, of the server with that address; wire NULL: there is none. The record with the lowest
 * priority that can be used counts; in it TLS before HTTPS, which costs more. *ttl is in seconds. Both outputs
 * are set for TARN__DESIGNATION_FOUND alone.
 */
enum tarn__designation_result tarn__designation_read(const uint8_t *wire, size_t len,
						     const struct tarn__ip *server, bool has_https,
						     struct tarn__designation *out, uint32_t *ttl);

#endif
