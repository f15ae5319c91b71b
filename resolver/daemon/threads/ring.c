/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each record is preceded by its length. Positions only grow; the place of an octet is its position modulo
 * the size. A record is written before the put position moves past it, and read before the taken position
 * does: the two positions are all that both threads access.
 */
#include "daemon/threads/ring.h"

#include <string.h>

typedef uint16_t record_len;

_Static_assert(TARN__RING_RECORD_MAX <= UINT16_MAX, "a length fits");

static void copy_in(struct tarn__ring *ring, uint64_t position, const void *data, size_t len)
{
	if (len == 0)
		return;
	size_t at = position % TARN__RING_SIZE;
	size_t before_end = TARN__RING_SIZE - at;
	size_t first = len < before_end ? len : before_end;
	memcpy(ring->octets + at, data, first);
	memcpy(ring->octets, (const uint8_t *)data + first, len - first);
}

static void copy_out(const struct tarn__ring *ring, uint64_t position, void *out, size_t len)
{
	size_t at = position % TARN__RING_SIZE;
	size_t before_end = TARN__RING_SIZE - at;
	size_t first = len < before_end ? len : before_end;
	memcpy(out, ring->octets + at, first);
	memcpy((uint8_t *)out + first, ring->octets, len - first);
}

void tarn__ring_put(struct tarn__ring *ring, const void *head, size_t head_len, const void *tail,
		    size_t tail_len)
{
	uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
	size_t len = head_len + tail_len;
	if (len > TARN__RING_RECORD_MAX ||
	    sizeof(record_len) + len > TARN__RING_SIZE - (put - taken)) {
		uint64_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
		atomic_store_explicit(&ring->lost, lost + 1, memory_order_relaxed);
		return;
	}
	record_len prefix = (record_len)len;
	copy_in(ring, put, &prefix, sizeof(prefix));
	put += sizeof(prefix);
	copy_in(ring, put, head, head_len);
	copy_in(ring, put + head_len, tail, tail_len);
	/*
	 * Sequentially consistent with the flag or descriptor by which the caller wakes the taking thread.
	 */
	atomic_store_explicit(&ring->put, put + len, memory_order_seq_cst);
}

size_t tarn__ring_take(struct tarn__ring *ring, uint8_t out[TARN__RING_RECORD_MAX])
{
	uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	if (taken == atomic_load_explicit(&ring->put, memory_order_acquire))
		return 0;
	record_len len;
	copy_out(ring, taken, &len, sizeof(len));
	taken += sizeof(len);
	copy_out(ring, taken, out, len);
	atomic_store_explicit(&ring->taken, taken + len, memory_order_release);
	return len;
}

bool tarn__ring_is_empty(const struct tarn__ring *ring)
{
	return atomic_load_explicit(&ring->taken, memory_order_relaxed) ==
	       atomic_load_explicit(&ring->put, memory_order_seq_cst);
}

uint64_t tarn__ring_lost(const struct tarn__ring *ring)
{
	return atomic_load_explicit(&ring->lost, memory_order_relaxed);
}
