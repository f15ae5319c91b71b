/* SPDX-License-Identifier: BSD-2-Clause */
/* net/mailbox.c: subscribers that are woken for updates. */
#include "net/mailbox.h"

void tarn__mailbox_init(struct tarn__mailbox *mailbox)
{
	atomic_init(&mailbox->count, 0);
	pthread_mutex_init(&mailbox->mutex, NULL);
	tarn__list_init(&mailbox->subscribers);
}

void tarn__mailbox_fini(struct tarn__mailbox *mailbox)
{
	pthread_mutex_destroy(&mailbox->mutex);
}

void tarn__mailbox_subscribe(struct tarn__mailbox *mailbox, struct tarn__subscriber *subscriber)
{
	pthread_mutex_lock(&mailbox->mutex);
	tarn__list_append(&mailbox->subscribers, &subscriber->node);
	pthread_mutex_unlock(&mailbox->mutex);
}

void tarn__mailbox_unsubscribe(struct tarn__mailbox *mailbox, struct tarn__subscriber *subscriber)
{
	pthread_mutex_lock(&mailbox->mutex);
	tarn__list_remove(&subscriber->node);
	pthread_mutex_unlock(&mailbox->mutex);
}

void tarn__mailbox_wake_others(struct tarn__mailbox *mailbox, const struct tarn__subscriber *self)
{
	pthread_mutex_lock(&mailbox->mutex);
	struct tarn__list *all = &mailbox->subscribers;
	for (struct tarn__list *node = all->next; node != all; node = node->next) {
		struct tarn__subscriber *subscriber =
			TARN__CONTAINER(node, struct tarn__subscriber, node);
		if (subscriber != self)
			subscriber->wake(subscriber);
	}
	pthread_mutex_unlock(&mailbox->mutex);
}

void tarn__mailbox_post(struct tarn__mailbox *mailbox)
{
	atomic_fetch_add(&mailbox->count, 1);
	tarn__mailbox_wake_others(mailbox, NULL);
}
