/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/answer_source.c: servers and their numbers: a list that only grows. */
#include "core/forward/answer_source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dns/stored.h"

enum { ORIGINS_MAX = TARN__ANSWER_SOURCE_MAX };

struct tarn__answer_sources {
	pthread_mutex_t lock; /* for adding */
	/* By number, less one; NULL from the first free place on. Entries are never changed. */
	_Atomic(struct tarn_address *) servers[ORIGINS_MAX];
};

_Static_assert(TARN__ANSWER_SOURCE_UNKNOWN == 0, "the numbers begin behind it");

struct tarn__answer_sources *tarn__answer_sources_new(void)
{
	struct tarn__answer_sources *answer_sources = calloc(1, sizeof *answer_sources);
	if (!answer_sources)
		return NULL;
	if (pthread_mutex_init(&answer_sources->lock, NULL) != 0) {
		free(answer_sources);
		return NULL;
	}
	return answer_sources;
}

void tarn__answer_sources_free(struct tarn__answer_sources *answer_sources)
{
	if (!answer_sources)
		return;
	for (size_t i = 0; i < ORIGINS_MAX; i++)
		free(answer_sources->servers[i]);
	pthread_mutex_destroy(&answer_sources->lock);
	free(answer_sources);
}

const struct tarn_address *
tarn__answer_sources_find(const struct tarn__answer_sources *answer_sources, uint8_t number)
{
	if (number == TARN__ANSWER_SOURCE_UNKNOWN || number > ORIGINS_MAX)
		return NULL;
	return atomic_load_explicit(&answer_sources->servers[number - 1], memory_order_acquire);
}

/* Returns the server's place in the list, or the first free one; ORIGINS_MAX: there is none. */
static size_t find_place(const struct tarn__answer_sources *answer_sources,
			 const struct tarn_address *server)
{
	size_t i = 0;
	for (; i < ORIGINS_MAX; i++) {
		const struct tarn_address *known =
			atomic_load_explicit(&answer_sources->servers[i], memory_order_acquire);
		if (!known || tarn_address_is_equal(known, server))
			break;
	}
	return i;
}

/* With the lock held. Returns true if the server is in that place then. */
static bool add(struct tarn__answer_sources *answer_sources, size_t place,
		const struct tarn_address *server)
{
	if (place == ORIGINS_MAX)
		return false;
	if (answer_sources->servers[place])
		return true;
	struct tarn_address *added = malloc(sizeof *added);
	if (!added)
		return false;
	*added = *server;
	atomic_store_explicit(&answer_sources->servers[place], added, memory_order_release);
	return true;
}

uint8_t tarn__answer_sources_number(struct tarn__answer_sources *answer_sources,
				    const struct tarn_address *server)
{
	pthread_mutex_lock(&answer_sources->lock);
	size_t place = find_place(answer_sources, server);
	bool is_there = add(answer_sources, place, server);
	pthread_mutex_unlock(&answer_sources->lock);
	return is_there ? (uint8_t)(place + 1) : TARN__ANSWER_SOURCE_UNKNOWN;
}
