/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/epoch.cc: cache/epoch.h and epoch.c, unchanged. Two readers follow a link to a block; a writer makes
 * the block unreachable, closes the epoch, and when that has passed writes to the block and links it again. Fault:
 * a write that is not ordered after the last read of a reader, or before its next one.
 */
#include "weak.h"

#include "epoch.h"

#include "epoch.c"

enum { READERS = 2, BLOCKS = 2, TURNS = 2, TRIES = 3 };

struct epoch_model : rl::test_suite<epoch_model, READERS + 1> {
	rtcache__epochs epochs;
	rtcache__reader readers[READERS + 1];
	uint32_t link; /* as a link of the table: stored with release, loaded with acquire */
	tracked blocks[BLOCKS];

	void before()
	{
		begin_shadows();
		add_atomic(&epochs.now, 0);
		add_atomic(&link, 1);
		for (unsigned i = 0; i <= READERS; i++)
			add_atomic(&readers[i].seen, 0);
		for (unsigned i = 0; i < BLOCKS; i++)
			add_variable(&blocks[i], i + 1);
		rtcache__epochs_init(&epochs);
		for (unsigned i = 0; i <= READERS; i++)
			rtcache__reader_join(&epochs, &readers[i]);
	}

	void after()
	{
		end_shadows();
	}

	void look()
	{
		uint32_t ref = atomic_load_explicit(&link, memory_order_acquire);
		if (ref)
			RL_ASSERT(blocks[ref - 1] == ref);
	}

	void read(unsigned self)
	{
		for (unsigned turn = 0; turn < TURNS; turn++) {
			rtcache__reader_online(&epochs, &readers[self]);
			look();
			rtcache__reader_quiet(&epochs, &readers[self]);
			look();
			if (rl::rand(2)) {
				rtcache__reader_quiet(&epochs, &readers[self]);
				look();
			}
			rtcache__reader_offline(&readers[self]);
		}
	}

	/* Unlinks the block, and reuses it when no reader can hold it. */
	void turn_over(unsigned old, bool is_reader)
	{
		rtcache__reader *self = &readers[READERS];
		/* This store publishes nothing, and needs no order, although those of the table release. */
		atomic_store_explicit(&link, old == 1 ? 2 : 1, memory_order_relaxed);
		uint64_t number = rtcache__epoch_close(&epochs);
		for (unsigned i = 0; i < TRIES; i++) {
			if (is_reader)
				rtcache__reader_quiet(&epochs, self);
			if (!rtcache__epoch_has_passed(&epochs, number))
				continue;
			blocks[old - 1] = 0;
			blocks[old - 1] = old;
			atomic_store_explicit(&link, old, memory_order_release);
			break;
		}
	}

	/* The writer may be a reader too, which holds nothing at that time. */
	void write()
	{
		bool is_reader = rl::rand(2);
		if (is_reader)
			rtcache__reader_online(&epochs, &readers[READERS]);
		turn_over(1, is_reader);
		if (is_reader)
			rtcache__reader_offline(&readers[READERS]);
	}

	void thread(unsigned index)
	{
		if (index < READERS)
			read(index);
		else
			write();
	}
};

int main()
{
	return check_models<epoch_model>();
}
