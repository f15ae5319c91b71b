/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/upstream/transactions.h: the messages under way on a channel, each in a slot of its own, and to which
 * of them a received message belongs.
 */
#ifndef TARN_NET_UPSTREAM_TRANSACTIONS_H
#define TARN_NET_UPSTREAM_TRANSACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/upstream/channel.h"

enum { TARN__TRANSACTIONS_WORDS = TARN__TRANSACTIONS_MAX / 64 };

struct tarn__transactions {
	unsigned capacity; /* a multiple of 64 */
	unsigned count;
	uint64_t used[TARN__TRANSACTIONS_WORDS]; /* a bit for each slot */
	struct tarn__transaction **slots;
	uint16_t *ids; /* of the messages in the slots; behind slots in one piece of memory */
};

/* capacity is a multiple of 64, TARN__TRANSACTIONS_MAX at most. 0 or TARN_ENOMEM. */
int tarn__transactions_init(struct tarn__transactions *, unsigned capacity);
/* Zeros are allowed. */
void tarn__transactions_fini(struct tarn__transactions *);

static inline bool tarn__transactions_are_none(const struct tarn__transactions *all)
{
	return all->count == 0;
}

static inline bool tarn__transactions_are_full(const struct tarn__transactions *all)
{
	return all->count == all->capacity;
}

/* They are not full. */
void tarn__transactions_add(struct tarn__transactions *, struct tarn__transaction *);
void tarn__transactions_remove(struct tarn__transactions *, const struct tarn__transaction *);

/* Returns the one in the slot; NULL: none. */
struct tarn__transaction *tarn__transactions_at(const struct tarn__transactions *, unsigned slot);

/*
 * Returns the first from *slot on and sets *slot to the one behind it: a walk begins with 0. What is
 * removed meanwhile is left out. NULL: none.
 */
struct tarn__transaction *tarn__transactions_next(const struct tarn__transactions *,
						  unsigned *slot);

/* Returns the one that this message answers: its id and its question are those sent. NULL: none. */
struct tarn__transaction *tarn__transactions_answered(const struct tarn__transactions *,
						      const uint8_t *wire, size_t len);

/*
 * Returns the one whose message begins with these octets, or is their beginning; they hold a whole question
 * at least. NULL: none.
 */
struct tarn__transaction *tarn__transactions_quoted(const struct tarn__transactions *,
						    const uint8_t *quoted, size_t len);

#endif
