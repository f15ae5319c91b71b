/* SPDX-License-Identifier: BSD-2-Clause */
/* Posting to an inbox, reading it, and waking its thread. */

#include "inbox.h"

static struct rtcache_request *request_of(struct rtcache__list *node)
{
	return RTCACHE__CONTAINER(node, struct rtcache_request, priv.node);
}

void rtcache__inbox_init(struct rtcache__inbox *inbox, void (*wake)(void *arg), void *wake_arg)
{
	*inbox = (struct rtcache__inbox){
		.wake = wake,
		.wake_arg = wake_arg,
		.owner = pthread_self(),
	};
	rtcache__list_init(&inbox->requests);
	pthread_mutex_init(&inbox->lock, NULL);
	pthread_cond_init(&inbox->wake_returned, NULL);
}

void rtcache__inbox_fini(struct rtcache__inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	while (inbox->is_waking)
		pthread_cond_wait(&inbox->wake_returned, &inbox->lock);
	pthread_mutex_unlock(&inbox->lock);
	pthread_cond_destroy(&inbox->wake_returned);
	pthread_mutex_destroy(&inbox->lock);
}

void rtcache__inbox_own(struct rtcache__inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->owner = pthread_self();
	pthread_mutex_unlock(&inbox->lock);
}

static void request_wake(struct rtcache__inbox *inbox, struct rtcache__wakes *wakes)
{
	if (!inbox->wake || inbox->is_woken || pthread_equal(inbox->owner, pthread_self()))
		return;
	inbox->is_woken = true;
	if (inbox->is_waking) {
		inbox->wake_again = true;
		return;
	}
	inbox->is_waking = true;
	inbox->next_waking = wakes->first;
	wakes->first = inbox;
}

void rtcache__inbox_post(struct rtcache_request *request, enum rtcache__request_state state,
			 struct rtcache__wakes *wakes)
{
	struct rtcache__inbox *inbox = request->priv.inbox;
	pthread_mutex_lock(&inbox->lock);
	request->priv.state = state;
	if (!rtcache__list_is_linked(&request->priv.node)) {
		rtcache__list_append(&inbox->requests, &request->priv.node);
		inbox->count++;
	}
	request_wake(inbox, wakes);
	pthread_mutex_unlock(&inbox->lock);
}

static void remove_request(struct rtcache__inbox *inbox, struct rtcache_request *request)
{
	rtcache__list_remove(&request->priv.node);
	inbox->count--;
}

void rtcache__inbox_unpost(struct rtcache_request *request)
{
	struct rtcache__inbox *inbox = request->priv.inbox;
	pthread_mutex_lock(&inbox->lock);
	if (rtcache__list_is_linked(&request->priv.node))
		remove_request(inbox, request);
	pthread_mutex_unlock(&inbox->lock);
}

size_t rtcache__inbox_open(struct rtcache__inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->owner = pthread_self();
	inbox->is_woken = false;
	size_t count = inbox->count;
	pthread_mutex_unlock(&inbox->lock);
	return count;
}

bool rtcache__inbox_is_empty(struct rtcache__inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	bool is_empty = !inbox->count;
	pthread_mutex_unlock(&inbox->lock);
	return is_empty;
}

struct rtcache_request *rtcache__inbox_fetch(struct rtcache__inbox *inbox,
					     enum rtcache__request_state *state_out)
{
	struct rtcache_request *request = NULL;
	pthread_mutex_lock(&inbox->lock);
	if (inbox->count) {
		request = request_of(inbox->requests.next);
		remove_request(inbox, request);
		*state_out = request->priv.state;
	}
	pthread_mutex_unlock(&inbox->lock);
	return request;
}

bool rtcache__inbox_fetch_ready(struct rtcache_request *request)
{
	struct rtcache__inbox *inbox = request->priv.inbox;
	pthread_mutex_lock(&inbox->lock);
	bool is_ready = request->priv.state == RTCACHE__READY;
	if (is_ready && rtcache__list_is_linked(&request->priv.node))
		remove_request(inbox, request);
	pthread_mutex_unlock(&inbox->lock);
	return is_ready;
}

/* Called with the lock held, which is released around the callback. */
static void call_wake(struct rtcache__inbox *inbox)
{
	do {
		inbox->wake_again = false;
		pthread_mutex_unlock(&inbox->lock);
		inbox->wake(inbox->wake_arg);
		pthread_mutex_lock(&inbox->lock);
	} while (inbox->wake_again);
}

void rtcache__wakes_run(struct rtcache__wakes *wakes)
{
	while (wakes->first) {
		struct rtcache__inbox *inbox = wakes->first;
		wakes->first = inbox->next_waking;
		pthread_mutex_lock(&inbox->lock);
		call_wake(inbox);
		inbox->is_waking = false;
		pthread_cond_broadcast(&inbox->wake_returned);
		pthread_mutex_unlock(&inbox->lock);
	}
}
