/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/value.h: the form in which the second level has an answer, and the epoch. Octets:
 *
 *	0   1  version
 *	1   1  verdict (core/saved_answer.h)
 *	2   8  arrival, in milliseconds since 1970
 *	10  8  end, likewise
 *	18  .  the DNS message, with its question
 *	.   8  tag
 *
 *	0   1  version
 *	1   8  epoch
 *	9   8  tag
 *
 * The tag is a keyed hash of the key's text and of all octets before it: without the secret no value can be
 * made, changed, or moved to another key. It says that a machine with the secret has made the value, and no
 * more: what is in it passes the reader of servers' messages (core/saved_answer.h) as well.
 *
 * Thread: any; nothing is allocated.
 */
#ifndef TARN_CORE_SECOND_VALUE_H
#define TARN_CORE_SECOND_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/saved_answer.h"
#include "core/second/request.h"
#include "dns/message.h"

struct tarn__second_config;

enum {
	TARN__SECOND_VALUE_HEAD = 18, /* octets before the message */
	TARN__SECOND_TAG_LEN = 8,
	TARN__SECOND_EPOCH_LEN = 17,
};

_Static_assert((int)TARN__SECOND_VALUE_HEAD + (int)TARN__MESSAGE_MAX + (int)TARN__SECOND_TAG_LEN <=
		       (int)TARN__SECOND_VALUE_MAX,
	       "every message has room");

/* A value of an answer, without its tag. */
struct tarn__second_value {
	struct tarn__saved_times times;
	uint8_t verdict;
	const uint8_t *message; /* a view */
	size_t message_len;
};

/*
 * Completes a value whose message, of message_len octets, is at out + TARN__SECOND_VALUE_HEAD already.
 * Returns its octets.
 */
size_t tarn__second_value_write(const struct tarn__second_config *, const char *key,
				const struct tarn__saved_times *, uint8_t verdict,
				size_t message_len, uint8_t out[TARN__SECOND_VALUE_MAX]);

/*
 * Reads octets of any kind as the value of that key. Returns false if they were not made with the secret,
 * for this key and in this version.
 */
bool tarn__second_value_read(const struct tarn__second_config *, const char *key,
			     const uint8_t *octets, size_t len, struct tarn__second_value *out);

/* The same for the epoch and its key. */
void tarn__second_epoch_write(const struct tarn__second_config *, const char *key, uint64_t epoch,
			      uint8_t out[TARN__SECOND_EPOCH_LEN]);
bool tarn__second_epoch_read(const struct tarn__second_config *, const char *key,
			     const uint8_t *octets, size_t len, uint64_t *epoch);

#endif
