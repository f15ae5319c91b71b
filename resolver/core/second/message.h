/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/second/message.h: what a machine tells all others that share a second level, through the channel of the
 * configuration: that a name is to be forgotten. Octets, with numbers in network order:
 *
 *	0   1  version
 *	1   1  kind (enum tarn__second_message_kind)
 *	2   8  when it was made: milliseconds since 1970
 *	10  8  the epoch from now on; 0: it has not changed
 *	18  2  type; 0 unless the kind is TARN__SECOND_FORGET_TYPE
 *	20     the name in wire form, in lower case
 *	...  8  tag: SipHash-2-4 of a domain octet and all before it
 *
 * The tag is made with the secret, so that those who can publish in the store and do not have it can at most
 * repeat a message, for TARN__SECOND_MESSAGE_AGE_MS.
 *
 * Pure functions; any thread.
 */
#ifndef TARN_CORE_SECOND_MESSAGE_H
#define TARN_CORE_SECOND_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"

struct tarn__second_config;

enum tarn__second_message_kind {
	TARN__SECOND_FORGET_NAME = 1, /* the name, with all its types */
	TARN__SECOND_FORGET_TYPE, /* one type of it */
	TARN__SECOND_FORGET_TREE, /* the name and all names below it */
};

struct tarn__second_message {
	enum tarn__second_message_kind kind;
	uint64_t wall_ms; /* when it was made: since 1970 */
	uint64_t epoch; /* 0: it has not changed */
	uint16_t type; /* of TARN__SECOND_FORGET_TYPE */
	size_t name_len;
	uint8_t name[TARN__NAME_MAX]; /* in wire form */
};

enum {
	TARN__SECOND_MESSAGE_HEAD_LEN = 20,
	TARN__SECOND_MESSAGE_TAG_LEN = 8,
	TARN__SECOND_MESSAGE_MAX =
		TARN__SECOND_MESSAGE_HEAD_LEN + TARN__NAME_MAX + TARN__SECOND_MESSAGE_TAG_LEN,
	/* A message is obeyed for so long, and if the clock of its machine is ahead by at most that. */
	TARN__SECOND_MESSAGE_AGE_MS = 60000,
};

/* Returns the octets written. */
size_t tarn__second_message_write(const struct tarn__second_config *,
				  const struct tarn__second_message *,
				  uint8_t out[TARN__SECOND_MESSAGE_MAX]);

/*
 * Reads a message of any octets. Returns false if it was not made with the secret, is of another form, or was
 * made longer ago than TARN__SECOND_MESSAGE_AGE_MS, or in the future by more than that; *out is untouched then.
 */
bool tarn__second_message_read(const struct tarn__second_config *, const uint8_t *octets,
			       size_t len, uint64_t now_wall_ms, struct tarn__second_message *out);

#endif
