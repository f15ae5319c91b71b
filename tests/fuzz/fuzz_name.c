/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/fuzz_name.c: a name read from any octets is a name, and its text reads back. */
#include "fuzz.h"

#include <string.h>

#include "dns/name.h"
#include "dns/text.h"

/* The first octet is the offset of the name in the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tarn__reader reader = {.wire = data, .end = len};
	uint8_t name[TARN__NAME_MAX], again[TARN__NAME_MAX];
	char text[TARN__NAME_TEXT_MAX];
	reader.at = tarn__read8(&reader) < len ? data[0] : len;
	size_t name_len = tarn__name_read(&reader, name);
	fuzz_check(reader.at <= len && reader.failed == (name_len == 0));
	if (name_len == 0)
		return 0;
	fuzz_check(tarn__name_span(name, name_len) == name_len);
	fuzz_check(tarn__name_parse(tarn__name_format(name, text), again) == name_len);
	fuzz_check(memcmp(name, again, name_len) == 0);
	tarn__name_fold(again, name, name_len);
	fuzz_check(tarn__name_is_within(name, name_len, again, name_len));
	fuzz_check(tarn__name_hash(name, name_len) == tarn__name_hash(again, name_len));
	return 0;
}
