/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/list.h: a circular doubly linked list of nodes that live inside other structures. An empty
 * list's head and a node that is in no list both point to themselves.
 */
#ifndef TARN_BASE_LIST_H
#define TARN_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct tarn__list {
	struct tarn__list *next, *previous;
};

/* The structure of type that holds the member at pointer. */
#define TARN__CONTAINER(pointer, type, member)                                                     \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void tarn__list_init(struct tarn__list *list)
{
	list->next = list->previous = list;
}

static inline bool tarn__list_is_empty(const struct tarn__list *list)
{
	return list->next == list;
}

static inline void tarn__list_append(struct tarn__list *list, struct tarn__list *node)
{
	node->next = list;
	node->previous = list->previous;
	list->previous->next = node;
	list->previous = node;
}

/* Allowed for a node that is in no list. */
static inline void tarn__list_remove(struct tarn__list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	tarn__list_init(node);
}

/* Takes the first node out of the list. NULL: it is empty. */
static inline struct tarn__list *tarn__list_take(struct tarn__list *list)
{
	struct tarn__list *node = list->next;
	if (node == list)
		return NULL;
	tarn__list_remove(node);
	return node;
}

/* Takes the node out of its list, if it is in one, to the end of that one. */
static inline void tarn__list_move(struct tarn__list *node, struct tarn__list *list)
{
	tarn__list_remove(node);
	tarn__list_append(list, node);
}

#endif
