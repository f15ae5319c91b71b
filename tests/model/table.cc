/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/table.cc: cache/table.h and table.c, with cache/epoch.h and epoch.c, unchanged. Readers search for
 * keys without a lock, as rtcache__shard_peek() in cache/shard.h does. One writer splits a bucket; another, under
 * the same lock, replaces, removes and inserts entries, and reuses their memory as cache/limbo.c does. Faults: a
 * write to memory that a reader may read, a key that is in the table and is not found, a value of another key.
 */
#include "weak.h"

#include "epoch.h"
#include "table.h"

#include "epoch.c"
#include "table.c"

enum {
	HALF = RTCACHE__SEGMENT_BUCKETS,
	/* All in bucket 0 before the split; those with the bit move to bucket HALF, in a segment of its own. */
	STAYS = 2 * HALF,
	MOVES = HALF,
	MOVES_AND_GOES = 3 * HALF,
	STAYS_AND_COMES = 4 * HALF,
	GARBAGE = 0xbad, /* what the memory of a new segment holds before */
	TRIES = 2,
	READERS = 2,
};

struct table_model : rl::test_suite<table_model, READERS + 2> {
	rtcache__epochs epochs;
	rtcache__reader readers[READERS];
	pthread_mutex_t lock;
	rtcache__table table;
	alignas(64) unsigned char base[(1 + MODEL_ENTRIES * MODEL_ENTRY_UNITS) * RTCACHE__UNIT];
	alignas(64) rtcache__segment segments[2];

	rtcache__entry *entry(unsigned number)
	{
		return rtcache__entry_at(base, model_ref(number));
	}

	void write_entry(unsigned number, uint64_t hash, uint64_t version)
	{
		entry(number)->hash = hash;
		entry(number)->value = hash + version;
	}

	void add_shadows()
	{
		mutexes.add(&lock);
		add_atomic(&epochs.now, 0);
		add_atomic(&table.shape, 0);
		for (unsigned i = 0; i < READERS; i++)
			add_atomic(&readers[i].seen, 0);
		for (unsigned i = 0; i < MODEL_ENTRIES; i++) {
			add_atomic(&entry(i)->next, GARBAGE);
			add_variable(&entry(i)->hash, 0);
			add_variable(&entry(i)->value, 0);
		}
	}

	void before()
	{
		begin_shadows();
		table.end = segments + 2;
		add_atomic(rtcache__table_head(&table, 0), 0);
		/* The next to be split, whose first entry is prefetched. */
		add_atomic(rtcache__table_head(&table, 1), 0);
		add_atomic(rtcache__table_head(&table, HALF), GARBAGE);
		add_shadows();
		rtcache__epochs_init(&epochs);
		for (unsigned i = 0; i < READERS; i++)
			rtcache__reader_join(&epochs, &readers[i]);
		rtcache__table_init(&table, base, segments + 2, 2);
		static const uint64_t hashes[] = {MOVES, STAYS, MOVES_AND_GOES};
		for (unsigned i = 0; i < 3; i++) {
			write_entry(i, hashes[i], 1);
			rtcache__table_insert(&table, model_ref(i));
		}
	}

	void after()
	{
		end_shadows();
	}

	/* ---- readers --------------------------------------------------------------------------- */

	/* rtcache__shard_peek(). */
	rtcache__entry *find(uint64_t hash)
	{
		uint64_t shape;
		rtcache__entry *found = rtcache__table_find(&table, hash, nullptr, 0, &shape);
		if (found || rtcache__table_settled(&table, shape))
			return found;
		pthread_mutex_lock(&lock);
		found = rtcache__table_find(&table, hash, nullptr, 0, &shape);
		pthread_mutex_unlock(&lock);
		return found;
	}

	void look(uint64_t hash, bool is_there)
	{
		rtcache__entry *found = find(hash);
		RL_ASSERT(found || !is_there);
		if (!found)
			return;
		uint64_t version = found->value - hash;
		RL_ASSERT(found->hash == hash && (version == 1 || version == 2));
	}

	void look_for_one()
	{
		switch (rl::rand(4)) {
		case 0:
			look(STAYS, true);
			break;
		case 1:
			look(MOVES, true);
			break;
		case 2:
			look(MOVES_AND_GOES, false);
			break;
		default:
			look(STAYS_AND_COMES, false);
		}
	}

	void read(unsigned self)
	{
		rtcache__reader_online(&epochs, &readers[self]);
		look_for_one();
		rtcache__reader_quiet(&epochs, &readers[self]);
		look_for_one();
		look_for_one();
		rtcache__reader_offline(&readers[self]);
	}

	/* ---- writers --------------------------------------------------------------------------- */

	/* Returns the number of the entry of the key. */
	unsigned number_of(uint64_t hash)
	{
		uint64_t shape;
		rtcache__entry *found = rtcache__table_find(&table, hash, nullptr, 0, &shape);
		RL_ASSERT(found);
		return ((unsigned char *)found - base) / RTCACHE__UNIT / MODEL_ENTRY_UNITS;
	}

	/* Waits a limited time until no reader holds a removed entry, and reuses its memory for another. */
	void reuse(unsigned number, uint64_t closed)
	{
		for (unsigned i = 0; i < TRIES; i++) {
			if (!rtcache__epoch_has_passed(&epochs, closed))
				continue;
			write_entry(number, STAYS_AND_COMES, 2);
			rtcache__table_insert(&table, model_ref(number));
			break;
		}
	}

	void grow()
	{
		pthread_mutex_lock(&lock);
		rtcache__table_grow(&table);
		pthread_mutex_unlock(&lock);
	}

	void replace(uint64_t hash)
	{
		pthread_mutex_lock(&lock);
		unsigned old = number_of(hash);
		write_entry(3, hash, 2);
		rtcache__table_replace(&table, model_ref(old), model_ref(3));
		uint64_t closed = rtcache__epoch_close(&epochs);
		reuse(old, closed);
		pthread_mutex_unlock(&lock);
	}

	void remove(uint64_t hash)
	{
		pthread_mutex_lock(&lock);
		unsigned old = number_of(hash);
		rtcache__table_remove(&table, model_ref(old));
		uint64_t closed = rtcache__epoch_close(&epochs);
		reuse(old, closed);
		pthread_mutex_unlock(&lock);
	}

	void write()
	{
		switch (rl::rand(4)) {
		case 0:
			replace(STAYS);
			break;
		case 1:
			replace(MOVES);
			break;
		default:
			remove(MOVES_AND_GOES);
		}
	}

	void thread(unsigned index)
	{
		if (index < READERS)
			read(index);
		else if (index == READERS)
			grow();
		else
			write();
	}
};

int main()
{
	return check_models<table_model>();
}
