/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_join.c: any two messages are joined to one that can be read, with the records of
 * both.
 */
#include "fuzz.h"

#include "dns/join.h"
#include "dns/name.h"
#include "dns/record.h"

static uint8_t joined[TARN__MESSAGE_MAX];

/* The first two octets are the length of the first message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2 || len < 2 + (size_t)tarn__get16(data))
		return 0;
	const uint8_t *chain = data + 2, *last = chain + tarn__get16(data);
	size_t joined_len = tarn__answers_join(chain, tarn__get16(data), last,
					       (size_t)(data + len - last), joined);
	if (joined_len == 0)
		return 0;
	struct tarn__reader reader = {.wire = joined, .at = TARN__HEADER_LEN, .end = joined_len};
	uint8_t name[TARN__NAME_MAX];
	fuzz_check(tarn__get16(joined + 4) == 1 && tarn__name_read(&reader, name) > 0);
	fuzz_check(tarn__read_octets(&reader, 4) != NULL);
	unsigned count = tarn__get16(joined + 6) + tarn__get16(joined + 8);
	fuzz_check(tarn__get16(joined + 6) == tarn__get16(chain + 6) + tarn__get16(last + 6));
	for (struct tarn__record record; count > 0; count--)
		fuzz_check(tarn__record_read(&reader, &record));
	fuzz_check(reader.at == joined_len && tarn__get16(joined + 10) == 0);
	return 0;
}
