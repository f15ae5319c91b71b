/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/fuzz_options.c: an OPT is taken if and only if its options fill it. */
#include "fuzz.h"

#include <string.h>

#include "dns/query.h"

static bool fill(const uint8_t *options, size_t len)
{
	if (len < 4)
		return len == 0;
	size_t first = 4 + (size_t)(options[2] * 256 + options[3]);
	return first <= len && fill(options + first, len - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t message[28 + 4096] = "\0\1\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\x04\xd0";
	struct tarn__query query;
	if (len > 4096)
		return 0;
	message[26] = (uint8_t)(len >> 8);
	message[27] = (uint8_t)len;
	memcpy(message + 28, data, len);
	int verdict = tarn__query_parse(message, 28 + len, &query);
	fuzz_check(verdict == (fill(data, len) ? TARN__QUERY_GOOD : TARN__FORMERR));
	fuzz_check(query.has_opt);
	return 0;
}
