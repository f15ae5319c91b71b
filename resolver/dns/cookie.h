/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/cookie.h: DNS cookies (RFC 7873) of the form of RFC 9018: server cookies for clients, which prove
 * their addresses, and client cookies for servers. Pure functions.
 *
 * Secrets roll (RFC 9018 section 5): a cookie is made with a secret that is derived from the master secret
 * and the time in the cookie, another one every TARN__COOKIE_PERIOD_SEC. A cookie of the last secret is as
 * long valid as any other.
 */
#ifndef TARN_DNS_COOKIE_H
#define TARN_DNS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARN__COOKIE_CLIENT_LEN = 8,
	TARN__COOKIE_SERVER_LEN = 16, /* those made here; others have 8 to 32 octets */
	TARN__COOKIE_LEN = TARN__COOKIE_CLIENT_LEN + TARN__COOKIE_SERVER_LEN,
	TARN__COOKIE_MIN = TARN__COOKIE_CLIENT_LEN + 8, /* with a server cookie */
	TARN__COOKIE_MAX = TARN__COOKIE_CLIENT_LEN + 32,
	TARN__COOKIE_SECRET_LEN = 16,
	TARN__COOKIE_PERIOD_SEC = 86400,
};

/* RFC 7873 section 4: a client cookie alone, or with a server cookie. */
static inline bool tarn__cookie_len_is_valid(size_t len)
{
	return len == TARN__COOKIE_CLIENT_LEN ||
	       (len >= TARN__COOKIE_MIN && len <= TARN__COOKIE_MAX);
}

/* A client's COOKIE option. */
enum tarn__cookie_state {
	TARN__COOKIE_FIRST, /* without a server cookie */
	TARN__COOKIE_GOOD, /* valid: the client receives at its address */
	TARN__COOKIE_BAD, /* with a server cookie not made here, too old, or of the future */
};

/*
 * Checks the data of a COOKIE option (8 or 16 to 40 octets) of a client at address (4 or 16 octets);
 * now_sec is seconds since 1970, modulo 2^32. Writes the data of the reply's COOKIE option: the client
 * cookie, and the server cookie if it is valid and at most half an hour old, else a new one (RFC 9018
 * section 4.3).
 */
enum tarn__cookie_state tarn__cookie_answer(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
					    const uint8_t *cookie, size_t cookie_len,
					    const uint8_t *address, size_t address_len,
					    uint32_t now_sec, uint8_t out[TARN__COOKIE_LEN]);

/*
 * Returns the hash at the end of a server cookie (RFC 9018 section 4.4): of the TARN__COOKIE_MIN octets
 * before it in the COOKIE option and the client's address.
 */
uint64_t tarn__cookie_hash(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
			   const uint8_t cookie[TARN__COOKIE_MIN], const uint8_t *address,
			   size_t address_len);

/*
 * Writes the client cookie for a server (RFC 7873 section 4.1, RFC 9018 section 3), made of the secret and
 * the server's address.
 */
void tarn__cookie_for_server(const uint8_t secret[TARN__COOKIE_SECRET_LEN], const uint8_t *address,
			     size_t address_len, uint8_t out[TARN__COOKIE_CLIENT_LEN]);

#endif
