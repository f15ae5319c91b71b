/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_options.c: an OPT is accepted if and only if its options fill it and its first
 * cookie has a valid length; and that cookie is the one that is used.
 */
#include "fuzz.h"

#include <string.h>

#include "dns/query.h"

/* Reads options independently, for comparison. Returns false if they are malformed. */
static bool walk(const uint8_t *options, size_t len, struct tarn__query *out)
{
	if (len < 4)
		return len == 0;
	size_t code = options[0] * 256U + options[1], option_len = options[2] * 256U + options[3];
	if (option_len > len - 4)
		return false;
	if (code == 10 && !out->cookie) {
		if (option_len != 8 && (option_len < 16 || option_len > 40))
			return false;
		out->cookie = options + 4;
		out->cookie_len = (uint8_t)option_len;
	}
	out->wants_keepalive |= code == 11 && option_len == 0;
	return walk(options + 4 + option_len, len - 4 - option_len, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t message[28 + 4096] = "\0\1\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\x04\xd0";
	struct tarn__query query, expected = {0};
	if (len > 4096)
		return 0;
	message[26] = (uint8_t)(len >> 8);
	message[27] = (uint8_t)len;
	memcpy(message + 28, data, len);
	bool is_good = walk(message + 28, len, &expected);
	int parsed = tarn__query_parse(message, 28 + len, &query);
	fuzz_check(parsed == (is_good ? TARN__QUERY_GOOD : TARN__FORMERR) && query.has_opt);
	fuzz_check(query.cookie == expected.cookie && query.cookie_len == expected.cookie_len);
	fuzz_check(query.wants_keepalive == expected.wants_keepalive);
	return 0;
}
