/* SPDX-License-Identifier: BSD-2-Clause */
/* An intrusive, circular, doubly linked list. */

#ifndef RTCACHE_LIST_H
#define RTCACHE_LIST_H

/*
 * The head of a list and the nodes in it have the same type, struct rtcache__list, which rtcache.h
 * defines because requests contain nodes. A head is initialised with rtcache__list_init(). A node
 * of zeros is in no list.
 *
 * Threads: none of its own. The owner of the head serialises access.
 */

#include <stdbool.h>
#include <stddef.h>

#include "rtcache.h"

/* The structure of the type that contains the member at the pointer. */
#define RTCACHE__CONTAINER(pointer, type, member)                                                  \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void rtcache__list_init(struct rtcache__list *list)
{
	list->next = list->previous = list;
}

static inline bool rtcache__list_is_empty(const struct rtcache__list *list)
{
	return list->next == list;
}

/* Returns true if the node is in a list. */
static inline bool rtcache__list_is_linked(const struct rtcache__list *node)
{
	return node->next;
}

/* Inserts a node, which is in no list, after another node or after the head. */
static inline void rtcache__list_insert(struct rtcache__list *place, struct rtcache__list *node)
{
	node->next = place->next;
	node->previous = place;
	place->next->previous = node;
	place->next = node;
}

static inline void rtcache__list_append(struct rtcache__list *list, struct rtcache__list *node)
{
	rtcache__list_insert(list->previous, node);
}

/* Removes a node from the list that it is in. */
static inline void rtcache__list_remove(struct rtcache__list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	node->next = node->previous = NULL;
}

#endif
