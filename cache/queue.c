/* SPDX-License-Identifier: BSD-2-Clause */
/* A doubly linked list with references to blocks in place of pointers. */

#include "queue.h"

#include "entry.h"

/* Return the link that leads to an entry from the older side, and from the newer side. */
static uint32_t *link_newer(struct rtcache__queue *queue, unsigned char *base, uint32_t older)
{
	return older ? &rtcache__entry_at(base, older)->newer : &queue->oldest;
}

static uint32_t *link_older(struct rtcache__queue *queue, unsigned char *base, uint32_t newer)
{
	return newer ? &rtcache__entry_at(base, newer)->older : &queue->newest;
}

void rtcache__queue_push(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			 uint32_t units)
{
	struct rtcache__entry *entry = rtcache__entry_at(base, ref);
	entry->older = queue->newest;
	entry->newer = 0;
	*link_newer(queue, base, entry->older) = ref;
	queue->newest = ref;
	queue->units += units;
}

void rtcache__queue_remove(struct rtcache__queue *queue, unsigned char *base, uint32_t ref,
			   uint32_t units)
{
	const struct rtcache__entry *entry = rtcache__entry_at(base, ref);
	*link_newer(queue, base, entry->older) = entry->newer;
	*link_older(queue, base, entry->newer) = entry->older;
	queue->units -= units;
}

void rtcache__queue_replace(struct rtcache__queue *queue, unsigned char *base, uint32_t old_ref,
			    uint32_t old_units, uint32_t ref, uint32_t units)
{
	const struct rtcache__entry *old = rtcache__entry_at(base, old_ref);
	struct rtcache__entry *entry = rtcache__entry_at(base, ref);
	entry->older = old->older;
	entry->newer = old->newer;
	*link_newer(queue, base, entry->older) = ref;
	*link_older(queue, base, entry->newer) = ref;
	queue->units += units - old_units;
}
