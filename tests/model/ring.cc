/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/ring.cc: resolver/daemon/threads/ring.h and ring.c as they are, but for a ring of 16 octets; and from query_log.c
 * how the taking thread goes to sleep (sleep_until_woken) and the putting one wakes it. Faults: an octet read while
 * it is written, records out of order, a thread that sleeps while there is something to be taken.
 */
#include "weak.h"

#include "ring.h"

/* memcpy() between a ring, octet by octet, and what is one thread's own. */
static void tracked_copy(void *to, const void *from, size_t len)
{
	uint8_t *out = static_cast<uint8_t *>(to);
	const uint8_t *in = static_cast<const uint8_t *>(from);
	for (size_t i = 0; i < len; i++) {
		uint8_t octet =
			variables.find(in + i) ? variables.get(in + i)(RL_INFO).load() : in[i];
		if (variables.find(out + i))
			variables.get(out + i)(RL_INFO).store(octet);
		else
			out[i] = octet;
	}
}

#define memcpy tracked_copy
#include "ring.c"
#undef memcpy

struct ring_model;

struct tarn__query_log {
	tarn__ring ring;
	bool is_asleep;
	rl::semaphore<ring_model> wake; /* the eventfd: it is readable, or not */
};

static bool is_empty(const tarn__query_log *query_log)
{
	return tarn__ring_is_empty(&query_log->ring);
}

static void wake(tarn__query_log *query_log)
{
	unsigned before;
	query_log->wake.post(1, before, RL_INFO);
}

static void wait(tarn__query_log *query_log, bool is_full, int timeout_ms)
{
	RL_ASSERT(!is_full && timeout_ms == -1);
	query_log->wake.wait(false, false, RL_INFO);
}

#include "query-log-sleep.c"

static void wake_sleeper(tarn__query_log *query_log)
{
#include "query-log-wake.c"
}

struct ring_model : rl::test_suite<ring_model, 2> {
	tarn__query_log query_log;
	uint8_t next; /* that is to be taken */

	static const uint8_t RECORDS = 3;

	void before()
	{
		begin_shadows();
		/* So that records lie across the end. */
		add_atomic(&query_log.ring.put, TARN__RING_SIZE - 2);
		add_atomic(&query_log.ring.taken, TARN__RING_SIZE - 2);
		add_atomic(&query_log.ring.lost, 0);
		add_atomic(&query_log.is_asleep, false);
		for (unsigned i = 0; i < TARN__RING_SIZE; i++)
			add_variable(&query_log.ring.octets[i], 0);
		query_log.wake.init(false, 0, 1, RL_INFO);
		next = 0;
	}

	void after()
	{
		query_log.wake.deinit(RL_INFO);
		end_shadows();
	}

	/* A record is its number, and once more in its other part. */
	bool take()
	{
		uint8_t out[TARN__RING_RECORD_MAX];
		size_t len = tarn__ring_take(&query_log.ring, out);
		if (len == 0)
			return false;
		RL_ASSERT(len == 2 && out[0] == out[1] && out[0] >= next && out[0] < RECORDS);
		next = out[0] + 1;
		return true;
	}

	void put(uint8_t number)
	{
		tarn__ring_put(&query_log.ring, &number, 1, &number, 1);
		wake_sleeper(&query_log);
	}

	/* There is room for three records, and not for four. */
	void thread(unsigned index)
	{
		if (index == 0) {
			for (uint8_t i = 0; i < RECORDS; i++)
				put(i);
			return;
		}
		while (next < RECORDS) {
			while (take())
				;
			if (next < RECORDS)
				sleep_until_woken(&query_log);
		}
	}
};

/* More than there is room for; nobody sleeps. */
struct full_ring_model : rl::test_suite<full_ring_model, 2> {
	tarn__ring ring;
	uint8_t next;

	void before()
	{
		begin_shadows();
		add_atomic(&ring.put, 0);
		add_atomic(&ring.taken, 0);
		add_atomic(&ring.lost, 0);
		for (unsigned i = 0; i < TARN__RING_SIZE; i++)
			add_variable(&ring.octets[i], 0);
		next = 0;
	}

	void after()
	{
		end_shadows();
	}

	void thread(unsigned index)
	{
		uint8_t out[TARN__RING_RECORD_MAX];
		for (uint8_t i = 0; i < 8; i++) {
			if (index == 0) {
				uint8_t record[] = {i, i, i, i};
				tarn__ring_put(&ring, record, sizeof(record), nullptr, 0);
				continue;
			}
			size_t len = tarn__ring_take(&ring, out);
			if (len == 0)
				continue;
			RL_ASSERT(len == 4 && out[0] >= next && out[3] == out[0]);
			next = out[0] + 1;
		}
	}
};

int main()
{
	return check_models<ring_model, full_ring_model>();
}
