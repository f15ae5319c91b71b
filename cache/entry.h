/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of a key and its value in the arena. */

#ifndef RTCACHE_ENTRY_H
#define RTCACHE_ENTRY_H

/*
 * An entry is written once, before it is published, and is constant while readers may see it,
 * except for next, uses and flags, which are atomic. A new value for a key is a new entry. older
 * and newer link it in its queue, and newer in limbo; they are under the lock of the shard.
 *
 * An entry is fresh until end_ms, and stale for the time stale_ms of the cache after that. Then it
 * is dead: it is not returned anymore, and remains until a sweep or an eviction removes it.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "rtcache.h"

/* The limit of the use counter, at which a hit writes nothing. */
#define RTCACHE__USES_MAX 3

enum rtcache__entry_flags {
	RTCACHE__ENTRY_MAIN = 1, /* in the main queue, not in the small one */
	RTCACHE__ENTRY_REFRESHED = 2, /* its background lookup has been considered */
	RTCACHE__ENTRY_FAILURE = 4, /* the value is a struct rtcache__failure */
};

struct rtcache__entry {
	/* The arena's. */
	uint32_t block;
	/* The next entry of the bucket, or 0. */
	_Atomic uint32_t next;
	uint64_t hash;
	uint64_t stored_ms;
	/* The time of expiry; UINT64_MAX: never. */
	uint64_t end_ms;
	uint32_t len;
	uint16_t key_len;
	_Atomic uint8_t uses;
	_Atomic uint8_t flags;
	uint32_t older;
	uint32_t newer;
	/* The key, then the value at the next multiple of 8. */
	unsigned char key[];
};

/* Returns the sum; UINT64_MAX, which is never, if that overflows. */
static inline uint64_t rtcache__add_ms(uint64_t time_ms, uint64_t more_ms)
{
	return more_ms < UINT64_MAX - time_ms ? time_ms + more_ms : UINT64_MAX;
}

static inline struct rtcache__entry *rtcache__entry_at(unsigned char *base, uint32_t ref)
{
	return rtcache__arena_at(base, ref);
}

static inline size_t rtcache__entry_value_offset(size_t key_len)
{
	return (key_len + 7) & ~(size_t)7;
}

static inline unsigned char *rtcache__entry_value(struct rtcache__entry *entry)
{
	return entry->key + rtcache__entry_value_offset(entry->key_len);
}

/* Returns the octets of an entry, its head included. */
static inline size_t rtcache__entry_size(size_t key_len, size_t len)
{
	return sizeof(struct rtcache__entry) + rtcache__entry_value_offset(key_len) + len;
}

static inline uint64_t rtcache__load64(const unsigned char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
	return word;
}

/* Returns true if the entry has this key, which is compared whole. */
static inline bool rtcache__entry_is(const struct rtcache__entry *entry, uint64_t hash,
				     const void *key, size_t key_len)
{
	if (entry->hash != hash || entry->key_len != key_len)
		return false;
	const unsigned char *mine = entry->key;
	const unsigned char *other = key;
	if (key_len < 8 || key_len > 32)
		return key_len == 0 || memcmp(mine, other, key_len) == 0;
	/* Most keys: the first and the last 8 octets, and from 17 on the 8 next to each. */
	uint64_t differ = rtcache__load64(mine) ^ rtcache__load64(other);
	differ |= rtcache__load64(mine + key_len - 8) ^ rtcache__load64(other + key_len - 8);
	if (key_len > 16) {
		differ |= rtcache__load64(mine + 8) ^ rtcache__load64(other + 8);
		differ |= rtcache__load64(mine + key_len - 16) ^
			  rtcache__load64(other + key_len - 16);
	}
	return differ == 0;
}

/* Fills out with the value of an entry that is fresh. */
static inline void rtcache__entry_describe_fresh(struct rtcache__entry *entry, uint64_t now_ms,
						 struct rtcache_value *out)
{
	uint64_t end_ms = entry->end_ms;
	uint64_t stored_ms = entry->stored_ms;
	out->data = rtcache__entry_value(entry);
	out->len = entry->len;
	out->status = RTCACHE_HIT;
	out->error = 0;
	out->age_ms = now_ms > stored_ms ? now_ms - stored_ms : 0;
	out->ttl_ms = end_ms == RTCACHE_NO_TTL ? RTCACHE_NO_TTL : end_ms - now_ms;
	out->stale_ms = 0;
}

/* Fills out with the value of an entry; status is HIT, or STALE after its expiry. */
static inline void rtcache__entry_describe(struct rtcache__entry *entry, uint64_t now_ms,
					   struct rtcache_value *out)
{
	rtcache__entry_describe_fresh(entry, now_ms, out);
	if (now_ms < entry->end_ms)
		return;
	out->status = RTCACHE_STALE;
	out->ttl_ms = 0;
	out->stale_ms = now_ms - entry->end_ms;
}

/* Counts a use. Two at the same time may count as one. */
static inline void rtcache__entry_use(struct rtcache__entry *entry)
{
	uint8_t uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
	if (uses < RTCACHE__USES_MAX)
		atomic_store_explicit(&entry->uses, uses + 1, memory_order_relaxed);
}

static inline bool rtcache__entry_has(const struct rtcache__entry *entry, uint8_t flag)
{
	return atomic_load_explicit(&entry->flags, memory_order_relaxed) & flag;
}

/* Returns the time at which the entry is dead. A remembered failure is never stale. */
static inline uint64_t rtcache__entry_death_ms(const struct rtcache__entry *entry,
					       uint64_t stale_ms)
{
	if (rtcache__entry_has(entry, RTCACHE__ENTRY_FAILURE))
		return entry->end_ms;
	return rtcache__add_ms(entry->end_ms, stale_ms);
}

/* Sets or clears a flag, under the lock of the shard. */
static inline void rtcache__entry_mark(struct rtcache__entry *entry, uint8_t flag, bool on)
{
	unsigned flags = atomic_load_explicit(&entry->flags, memory_order_relaxed);
	flags = on ? flags | flag : flags & ~(unsigned)flag;
	atomic_store_explicit(&entry->flags, (uint8_t)flags, memory_order_relaxed);
}

#endif
