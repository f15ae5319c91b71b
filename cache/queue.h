/* SPDX-License-Identifier: BSD-2-Clause */
/* A FIFO queue of entries, linked through their older and newer. */

#ifndef RTCACHE_QUEUE_H
#define RTCACHE_QUEUE_H

/*
 * base is that of the arena; units is the weight of the entry, from rtcache__arena_units().
 *
 * Threads: the lock of the shard.
 */

#include <stdint.h>

struct rtcache__queue {
	uint32_t oldest;
	uint32_t newest;
	/* The total weight of its entries. */
	uint32_t units;
};

/* Adds an entry at the new end. */
void rtcache__queue_push(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			 uint32_t units);

/* Removes an entry from any place of this queue. */
void rtcache__queue_remove(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			   uint32_t units);

/* Puts ref in the place of old_ref. */
void rtcache__queue_replace(struct rtcache__queue *queue, unsigned char *base, uint32_t old_ref,
			    uint32_t old_units, uint32_t ref, uint32_t units);

#endif
