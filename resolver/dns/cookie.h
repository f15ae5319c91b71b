/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/cookie.h: DNS cookies (RFC 7873) as RFC 9018 makes them: ours for clients, whose address they
 * prove, and what we show to servers. Pure functions.
 *
 * Secrets roll by themselves (RFC 9018 section 5): a cookie is made with a secret that is derived
 * from the master secret and the cookie's own time, a new one every TARN__COOKIE_PERIOD_SEC. What
 * was made just before a new one began stays good for as long as any cookie does.
 */
#ifndef TARN_DNS_COOKIE_H
#define TARN_DNS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARN__COOKIE_CLIENT_LEN = 8,
	TARN__COOKIE_SERVER_LEN = 16, /* ours; other servers' have 8 to 32 octets */
	TARN__COOKIE_LEN = TARN__COOKIE_CLIENT_LEN + TARN__COOKIE_SERVER_LEN,
	TARN__COOKIE_MIN = TARN__COOKIE_CLIENT_LEN + 8, /* with a server cookie */
	TARN__COOKIE_MAX = TARN__COOKIE_CLIENT_LEN + 32,
	TARN__COOKIE_SECRET_LEN = 16,
	TARN__COOKIE_PERIOD_SEC = 86400,
};

/* RFC 7873 section 4: a client's cookie alone, or with a server's. */
static inline bool tarn__cookie_len_is_valid(size_t len)
{
	return len == TARN__COOKIE_CLIENT_LEN ||
	       (len >= TARN__COOKIE_MIN && len <= TARN__COOKIE_MAX);
}

/* What a client's COOKIE option says about it. */
enum tarn__cookie_state {
	TARN__COOKIE_FIRST, /* no server cookie yet */
	TARN__COOKIE_GOOD, /* it has shown that it receives at that address */
	TARN__COOKIE_BAD, /* a server cookie that is not ours, or too old, or of the future */
};

/*
 * Judges a COOKIE option's data (8 or 16 to 40 octets) from a client at address (4 or 16 octets) at
 * a time in seconds since 1970, modulo 2^32; and writes what the reply's COOKIE option carries: the
 * client's cookie, and its server cookie where that is good and not older than half an hour, else a
 * fresh one (RFC 9018 section 4.3).
 */
enum tarn__cookie_state tarn__cookie_answer(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
					    const uint8_t *cookie, size_t cookie_len,
					    const uint8_t *address, size_t address_len,
					    uint32_t now_sec, uint8_t out[TARN__COOKIE_LEN]);

/*
 * The hash that ends a server cookie (RFC 9018 section 4.4): of what precedes it in the COOKIE
 * option, TARN__COOKIE_MIN octets, and of the client's address.
 */
uint64_t tarn__cookie_hash(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
			   const uint8_t cookie[TARN__COOKIE_MIN], const uint8_t *address,
			   size_t address_len);

/*
 * Our own client cookie for a server (RFC 7873 section 4.1, RFC 9018 section 3): of the secret and
 * the server's address.
 */
void tarn__cookie_for_server(const uint8_t secret[TARN__COOKIE_SECRET_LEN], const uint8_t *address,
			     size_t address_len, uint8_t out[TARN__COOKIE_CLIENT_LEN]);

#endif
