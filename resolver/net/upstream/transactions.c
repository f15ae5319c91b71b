/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/transactions.c: the messages under way on a channel. */
#include "net/upstream/transactions.h"

#include <string.h>

#include "dns/match.h"
#include "dns/message.h"
#include "dns/name.h"

_Static_assert(TARN__CHANNEL_TRANSACTIONS == 64, "one bit for each");

void tarn__transactions_add(struct tarn__transactions *all, struct tarn__transaction *transaction)
{
	unsigned slot = (unsigned)__builtin_ctzll(~all->used);
	all->used |= UINT64_C(1) << slot;
	all->slots[slot] = transaction;
	transaction->slot = (uint8_t)slot;
}

void tarn__transactions_remove(struct tarn__transactions *all,
			       const struct tarn__transaction *transaction)
{
	all->used &= ~(UINT64_C(1) << transaction->slot);
	all->slots[transaction->slot] = NULL;
}

struct tarn__transaction *tarn__transactions_next(const struct tarn__transactions *all,
						  unsigned *slot)
{
	uint64_t left = *slot < TARN__CHANNEL_TRANSACTIONS ? all->used >> *slot : 0;
	if (left == 0)
		return NULL;
	unsigned found = *slot + (unsigned)__builtin_ctzll(left);
	*slot = found + 1;
	return all->slots[found];
}

struct tarn__transaction *tarn__transactions_answered(const struct tarn__transactions *all,
						      const uint8_t *wire, size_t len)
{
	for (uint64_t left = all->used; left != 0; left &= left - 1) {
		struct tarn__transaction *transaction = all->slots[__builtin_ctzll(left)];
		const struct tarn_exchange *exchange = transaction->exchange;
		if (tarn__match(wire, len, exchange->wire, exchange->len) != TARN__MATCH_NONE)
			return transaction;
	}
	return NULL;
}

/* Length of the question section of a message of core's making: one name, never compressed. */
static size_t question_len(const struct tarn_exchange *exchange)
{
	const uint8_t *name = exchange->wire + TARN__HEADER_LEN;
	return tarn__name_span(name, exchange->len - TARN__HEADER_LEN) + 4;
}

struct tarn__transaction *tarn__transactions_quoted(const struct tarn__transactions *all,
						    const uint8_t *quoted, size_t len)
{
	for (uint64_t left = all->used; left != 0; left &= left - 1) {
		struct tarn__transaction *transaction = all->slots[__builtin_ctzll(left)];
		const struct tarn_exchange *exchange = transaction->exchange;
		size_t common = len < exchange->len ? len : exchange->len;
		if (len >= TARN__HEADER_LEN + question_len(exchange) &&
		    memcmp(quoted, exchange->wire, common) == 0)
			return transaction;
	}
	return NULL;
}
