/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz_second_message.c: whatever a machine with the secret publishes, what is read is a message that
 * is written again with the same octets, but for the case of its name; and without the tag nothing is read.
 */
#include "fuzz.h"

#include <string.h>

#include "base/octets.h"
#include "base/siphash.h"
#include "core/second/message.h"
#include "core/second/second_config.h"
#include "dns/name.h"

/* A message without its tag. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { HEAD = TARN__SECOND_MESSAGE_HEAD_LEN, TAG = TARN__SECOND_MESSAGE_TAG_LEN };
	static const struct tarn__second_config config = {.tag_hash_key = "nobody knows it"};
	uint8_t hashed[1 + TARN__SECOND_MESSAGE_MAX + TAG] = {'m'}, *octets = hashed + 1;
	uint8_t again[TARN__SECOND_MESSAGE_MAX];
	struct tarn__second_message message;
	if (len > TARN__SECOND_MESSAGE_MAX)
		return 0;
	memcpy(octets, data, len);
	uint64_t now_ms =
		len < HEAD ? 0 : (uint64_t)tarn__get32(octets + 2) << 32 | tarn__get32(octets + 6);
	uint64_t tag = tarn__siphash(config.tag_hash_key, hashed, 1 + len);
	tarn__put32(octets + len, (uint32_t)(tag >> 32));
	tarn__put32(octets + len + 4, (uint32_t)tag);
	if (!tarn__second_message_read(&config, octets, len + TAG, now_ms, &message))
		return 0;
	fuzz_check(tarn__name_span(message.name, message.name_len) == message.name_len);
	fuzz_check(tarn__second_message_write(&config, &message, again) == len + TAG);
	fuzz_check(memcmp(again, octets, HEAD) == 0);
	fuzz_check(tarn__name_is_equal(again + HEAD, octets + HEAD, len - HEAD));
	octets[len] ^= 1;
	fuzz_check(!tarn__second_message_read(&config, octets, len + TAG, now_ms, &message));
	return 0;
}
