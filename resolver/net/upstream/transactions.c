/* SPDX-License-Identifier: BSD-2-Clause */
/* net/upstream/transactions.c: the messages under way on a channel. */
#include "net/upstream/transactions.h"

#include <stdlib.h>
#include <string.h>

#include "dns/match.h"
#include "dns/message.h"
#include "dns/name.h"
#include "tarn.h"

enum { WORD_BITS = 64 };

_Static_assert(TARN__TRANSACTIONS_MAX % WORD_BITS == 0 &&
		       TARN__CHANNEL_TRANSACTIONS % WORD_BITS == 0,
	       "whole words of bits");
_Static_assert(TARN__TRANSACTIONS_MAX <= UINT8_MAX + 1, "a slot is a tag of struct tarn__framing");

int tarn__transactions_init(struct tarn__transactions *all, unsigned capacity)
{
	*all = (struct tarn__transactions){0};
	all->slots = calloc(capacity, sizeof(struct tarn__transaction *) + sizeof(uint16_t));
	if (!all->slots)
		return TARN_ENOMEM;
	all->ids = (uint16_t *)(void *)(all->slots + capacity);
	all->capacity = capacity;
	return 0;
}

void tarn__transactions_fini(struct tarn__transactions *all)
{
	free(all->slots);
	*all = (struct tarn__transactions){0};
}

void tarn__transactions_add(struct tarn__transactions *all, struct tarn__transaction *transaction)
{
	unsigned word = 0;
	while (all->used[word] == UINT64_MAX)
		word++;
	unsigned bit = (unsigned)__builtin_ctzll(~all->used[word]);
	unsigned slot = word * WORD_BITS + bit;
	all->used[word] |= UINT64_C(1) << bit;
	all->slots[slot] = transaction;
	all->ids[slot] = tarn__get16(transaction->exchange->wire);
	all->count++;
	transaction->slot = (uint8_t)slot;
}

void tarn__transactions_remove(struct tarn__transactions *all,
			       const struct tarn__transaction *transaction)
{
	unsigned slot = transaction->slot;
	all->used[slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS);
	all->slots[slot] = NULL;
	all->count--;
}

struct tarn__transaction *tarn__transactions_at(const struct tarn__transactions *all, unsigned slot)
{
	return slot < all->capacity ? all->slots[slot] : NULL;
}

struct tarn__transaction *tarn__transactions_next(const struct tarn__transactions *all,
						  unsigned *slot)
{
	while (*slot < all->capacity) {
		unsigned word = *slot / WORD_BITS;
		uint64_t left = all->used[word] >> *slot % WORD_BITS;
		if (left != 0) {
			unsigned found = *slot + (unsigned)__builtin_ctzll(left);
			*slot = found + 1;
			return all->slots[found];
		}
		*slot = (word + 1) * WORD_BITS;
	}
	return NULL;
}

struct tarn__transaction *tarn__transactions_answered(const struct tarn__transactions *all,
						      const uint8_t *wire, size_t len)
{
	if (len < TARN__HEADER_LEN)
		return NULL;
	uint16_t id = tarn__get16(wire);
	for (unsigned word = 0; word < all->capacity / WORD_BITS; word++) {
		for (uint64_t left = all->used[word]; left != 0; left &= left - 1) {
			unsigned slot = word * WORD_BITS + (unsigned)__builtin_ctzll(left);
			if (all->ids[slot] != id)
				continue;
			const struct tarn_exchange *exchange = all->slots[slot]->exchange;
			if (tarn__match(wire, len, exchange->wire, exchange->len) !=
			    TARN__MATCH_NONE)
				return all->slots[slot];
		}
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
	unsigned slot = 0;
	struct tarn__transaction *transaction;
	while ((transaction = tarn__transactions_next(all, &slot))) {
		const struct tarn_exchange *exchange = transaction->exchange;
		size_t common = len < exchange->len ? len : exchange->len;
		if (len >= TARN__HEADER_LEN + question_len(exchange) &&
		    memcmp(quoted, exchange->wire, common) == 0)
			return transaction;
	}
	return NULL;
}
