/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns/cookie.c: DNS cookies.
 *
 *	0  8  client cookie
 *	8  1  version: 1
 *	9  3  reserved: 0
 *	12 4  the time it was made at, seconds since 1970
 *	16 8  SipHash-2-4 of all of that and the client's address
 *
 * Beside the hash only the length and the time are checked: the hash covers all else.
 */
#include "dns/cookie.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"

enum {
	VERSION_AT = TARN__COOKIE_CLIENT_LEN,
	TIME_AT = 12,
	HASH_AT = TARN__COOKIE_MIN,
	VERSION = 1,
	ADDRESS_MAX = 16,
	/* RFC 9018 section 4.3 */
	PAST_MAX_SEC = 3600,
	FUTURE_MAX_SEC = 300,
	RENEW_SEC = 1800,
};

/* No address has 5 octets: with the master secret no other input equals this one. */
static void derive_secret(const uint8_t master[TARN__COOKIE_SECRET_LEN], uint32_t time_sec,
			  uint8_t out[TARN__COOKIE_SECRET_LEN])
{
	uint8_t input[5];
	tarn__put32(input, time_sec / TARN__COOKIE_PERIOD_SEC);
	for (uint8_t half = 0; half < 2; half++) {
		input[4] = half;
		tarn__put64_low_first(out + 8 * half, tarn__siphash(master, input, sizeof(input)));
	}
}

uint64_t tarn__cookie_hash(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
			   const uint8_t cookie[TARN__COOKIE_MIN], const uint8_t *address,
			   size_t address_len)
{
	uint8_t input[TARN__COOKIE_MIN + ADDRESS_MAX];
	memcpy(input, cookie, TARN__COOKIE_MIN);
	memcpy(input + TARN__COOKIE_MIN, address, address_len);
	return tarn__siphash(secret, input, TARN__COOKIE_MIN + address_len);
}

/* The hash with the secret of the time in the cookie. */
static uint64_t make_hash(const uint8_t master[TARN__COOKIE_SECRET_LEN], const uint8_t *cookie,
			  const uint8_t *address, size_t address_len)
{
	uint8_t secret[TARN__COOKIE_SECRET_LEN];
	derive_secret(master, tarn__get32(cookie + TIME_AT), secret);
	return tarn__cookie_hash(secret, cookie, address, address_len);
}

enum tarn__cookie_state tarn__cookie_answer(const uint8_t secret[TARN__COOKIE_SECRET_LEN],
					    const uint8_t *cookie, size_t cookie_len,
					    const uint8_t *address, size_t address_len,
					    uint32_t now_sec, uint8_t out[TARN__COOKIE_LEN])
{
	enum tarn__cookie_state state = TARN__COOKIE_FIRST;
	if (cookie_len > TARN__COOKIE_CLIENT_LEN)
		state = TARN__COOKIE_BAD;
	if (cookie_len == TARN__COOKIE_LEN) {
		/* RFC 1982: the sign tells past from future, also when the 32 bits overflow. */
		int32_t age = (int32_t)(now_sec - tarn__get32(cookie + TIME_AT));
		if (age >= -FUTURE_MAX_SEC && age <= PAST_MAX_SEC &&
		    tarn__get64_low_first(cookie + HASH_AT) ==
			    make_hash(secret, cookie, address, address_len))
			state = TARN__COOKIE_GOOD;
		if (state == TARN__COOKIE_GOOD && age <= RENEW_SEC) {
			memcpy(out, cookie, TARN__COOKIE_LEN);
			return state;
		}
	}
	memcpy(out, cookie, TARN__COOKIE_CLIENT_LEN);
	tarn__put32(out + VERSION_AT, (uint32_t)VERSION << 24);
	tarn__put32(out + TIME_AT, now_sec);
	tarn__put64_low_first(out + HASH_AT, make_hash(secret, out, address, address_len));
	return state;
}

void tarn__cookie_for_server(const uint8_t secret[TARN__COOKIE_SECRET_LEN], const uint8_t *address,
			     size_t address_len, uint8_t out[TARN__COOKIE_CLIENT_LEN])
{
	tarn__put64_low_first(out, tarn__siphash(secret, address, address_len));
}
