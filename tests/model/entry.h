/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/model/entry.h: a replacement for cache/entry.h, whose entries have more fields. The hash stands for
 * everything that is written once, before the entry is published, and it is the key.
 */
#ifndef RTCACHE_ENTRY_H
#define RTCACHE_ENTRY_H

#include "arena.h"

struct rtcache__entry {
	uint32_t block;
	_Atomic uint32_t next;
	tracked hash;
	tracked value;
};

enum { MODEL_ENTRY_UNITS = sizeof(struct rtcache__entry) / RTCACHE__UNIT, MODEL_ENTRIES = 5 };

/* The units of an entry, counted from 1; 0 is none. */
static inline uint32_t model_ref(unsigned number)
{
	return 1 + number * MODEL_ENTRY_UNITS;
}

static inline struct rtcache__entry *rtcache__entry_at(unsigned char *base, uint32_t ref)
{
	/* Memory that is not prepared for the table holds no such number. */
	RL_ASSERT((ref - 1) % MODEL_ENTRY_UNITS == 0 && ref < model_ref(MODEL_ENTRIES));
	return static_cast<struct rtcache__entry *>(rtcache__arena_at(base, ref));
}

static inline bool rtcache__entry_is(const struct rtcache__entry *entry, uint64_t hash,
				     const void *key, size_t key_len)
{
	(void)key;
	(void)key_len;
	return entry->hash == hash;
}

#endif
