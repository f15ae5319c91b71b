/* SPDX-License-Identifier: BSD-2-Clause */
/* A shard's FIFO queues of entries, linked through the entries. */

#ifndef RTCACHE_QUEUE_H
#define RTCACHE_QUEUE_H

#include <stdint.h>

struct rtcache__queue {
	uint32_t oldest;
	uint32_t newest;
	/* The weight of all that is in it. */
	uint32_t units;
};

void rtcache__queue_push(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			 uint32_t units);
void rtcache__queue_remove(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			   uint32_t units);

/* Puts ref where old_ref was. */
void rtcache__queue_replace(struct rtcache__queue *queue, unsigned char *base, uint32_t old_ref,
			    uint32_t old_units, uint32_t ref, uint32_t units);

#endif
