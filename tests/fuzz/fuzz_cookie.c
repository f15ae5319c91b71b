/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_cookie.c: for any cookie of a client, the cookie that it is given is valid for its
 * address and time, and for no other.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/cookie.h"
#include "dns/message.h"

/* Four octets of time, four of an address, and the cookie. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t secret[TARN__COOKIE_SECRET_LEN] = "nobody knows it!";
	uint8_t given[TARN__COOKIE_LEN], again[TARN__COOKIE_LEN], other[4];
	if (len < 8 || !tarn__cookie_len_is_valid(len - 8))
		return 0;
	uint32_t now = tarn__get32(data);
	enum tarn__cookie_state state =
		tarn__cookie_answer(secret, data + 8, len - 8, data + 4, 4, now, given);
	fuzz_check((state == TARN__COOKIE_FIRST) == (len == 8 + TARN__COOKIE_CLIENT_LEN));
	fuzz_check(memcmp(given, data + 8, TARN__COOKIE_CLIENT_LEN) == 0);
	fuzz_check(tarn__cookie_answer(secret, given, sizeof(given), data + 4, 4, now, again) ==
		   TARN__COOKIE_GOOD);
	fuzz_check(memcmp(given, again, sizeof(given)) == 0);
	tarn__put32(other, tarn__get32(data + 4) + 1);
	fuzz_check(tarn__cookie_answer(secret, given, sizeof(given), other, 4, now, again) ==
		   TARN__COOKIE_BAD);
	return 0;
}
