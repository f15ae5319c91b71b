/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/source.c: servers and their numbers: a list that only grows. */
#include "core/forward/source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dns/answer.h"

enum { ORIGINS_MAX = UINT8_MAX };

struct tarn__origins {
	pthread_mutex_t lock; /* of whoever adds */
	/* By number, less one; NULL from the first that is free. What is there stays. */
	_Atomic(struct tarn_address *) servers[ORIGINS_MAX];
};

_Static_assert(TARN__ORIGIN_UNKNOWN == 0, "the numbers begin behind it");

struct tarn__origins *tarn__origins_new(void)
{
	struct tarn__origins *origins = calloc(1, sizeof *origins);
	if (!origins)
		return NULL;
	if (pthread_mutex_init(&origins->lock, NULL) != 0) {
		free(origins);
		return NULL;
	}
	return origins;
}

void tarn__origins_free(struct tarn__origins *origins)
{
	if (!origins)
		return;
	for (size_t i = 0; i < ORIGINS_MAX; i++)
		free(origins->servers[i]);
	pthread_mutex_destroy(&origins->lock);
	free(origins);
}

const struct tarn_address *tarn__origins_find(const struct tarn__origins *origins, uint8_t number)
{
	if (number == TARN__ORIGIN_UNKNOWN)
		return NULL;
	return atomic_load_explicit(&origins->servers[number - 1], memory_order_acquire);
}

/* The server's place in the list, or the first that is free; ORIGINS_MAX: there is none. */
static size_t find_place(const struct tarn__origins *origins, const struct tarn_address *server)
{
	size_t i = 0;
	for (; i < ORIGINS_MAX; i++) {
		const struct tarn_address *known =
			atomic_load_explicit(&origins->servers[i], memory_order_acquire);
		if (!known || tarn_address_is_equal(known, server))
			break;
	}
	return i;
}

/* With the lock held: is the server in that place now? */
static bool add(struct tarn__origins *origins, size_t place, const struct tarn_address *server)
{
	if (place == ORIGINS_MAX)
		return false;
	if (origins->servers[place])
		return true;
	struct tarn_address *added = malloc(sizeof *added);
	if (!added)
		return false;
	*added = *server;
	atomic_store_explicit(&origins->servers[place], added, memory_order_release);
	return true;
}

uint8_t tarn__origins_number(struct tarn__origins *origins, const struct tarn_address *server)
{
	pthread_mutex_lock(&origins->lock);
	size_t place = find_place(origins, server);
	bool is_there = add(origins, place, server);
	pthread_mutex_unlock(&origins->lock);
	return is_there ? (uint8_t)(place + 1) : TARN__ORIGIN_UNKNOWN;
}
