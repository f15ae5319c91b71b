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

struct tarn__transactions {
	uint64_t used; /* a bit for each slot */
	struct tarn__transaction *slots[TARN__CHANNEL_TRANSACTIONS];
};

static inline bool tarn__transactions_are_none(const struct tarn__transactions *all)
{
	return all->used == 0;
}

static inline bool tarn__transactions_are_full(const struct tarn__transactions *all)
{
	return all->used == UINT64_MAX;
}

/* They are not full. */
void tarn__transactions_add(struct tarn__transactions *, struct tarn__transaction *);
void tarn__transactions_remove(struct tarn__transactions *, const struct tarn__transaction *);

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
