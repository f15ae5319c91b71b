/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/timer.c: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986): a tree in which no child
 * is due before its parent; the root's children are merged in pairs when the root goes.
 */
#include "base/timer.h"

static struct tarn__timer *merge(struct tarn__timer *a, struct tarn__timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->at_ms < a->at_ms) {
		struct tarn__timer *earlier = b;
		b = a;
		a = earlier;
	}
	b->next = a->child;
	if (b->next)
		b->next->previous = b;
	b->previous = a;
	a->child = b;
	return a;
}

/* Two passes over a list of siblings: pairs from the left, then all of those into one. */
static struct tarn__timer *merge_siblings(struct tarn__timer *first)
{
	struct tarn__timer *pairs = NULL;
	while (first) {
		struct tarn__timer *second = first->next;
		struct tarn__timer *rest = second ? second->next : NULL;
		first->next = NULL;
		if (second)
			second->next = NULL;
		struct tarn__timer *pair = merge(first, second);
		pair->next = pairs;
		pairs = pair;
		first = rest;
	}
	struct tarn__timer *root = NULL;
	while (pairs) {
		struct tarn__timer *rest = pairs->next;
		pairs->next = NULL;
		root = merge(root, pairs);
		pairs = rest;
	}
	if (root)
		root->previous = NULL;
	return root;
}

void tarn__timer_start(struct tarn__timers *timers, struct tarn__timer *timer, uint64_t at_ms)
{
	tarn__timer_stop(timers, timer);
	timer->at_ms = at_ms;
	timer->child = timer->next = timer->previous = NULL;
	timer->is_running = true;
	timers->first = merge(timers->first, timer);
}

void tarn__timer_stop(struct tarn__timers *timers, struct tarn__timer *timer)
{
	if (!timer->is_running)
		return;
	timer->is_running = false;
	struct tarn__timer *children = merge_siblings(timer->child);
	if (timers->first == timer) {
		timers->first = children;
		return;
	}
	if (timer->previous->child == timer)
		timer->previous->child = timer->next;
	else
		timer->previous->next = timer->next;
	if (timer->next)
		timer->next->previous = timer->previous;
	timers->first = merge(timers->first, children);
}

uint64_t tarn__timers_next_ms(const struct tarn__timers *timers)
{
	return timers->first ? timers->first->at_ms : UINT64_MAX;
}

size_t tarn__timers_run(struct tarn__timers *timers, uint64_t now_ms, size_t budget)
{
	size_t fired = 0;
	while (fired < budget && timers->first && timers->first->at_ms <= now_ms) {
		struct tarn__timer *timer = timers->first;
		tarn__timer_stop(timers, timer);
		fired++;
		timer->fire(timer);
	}
	return fired;
}
