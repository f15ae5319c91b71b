/* SPDX-License-Identifier: BSD-2-Clause */
/* tls/ticket_keys.c: random keys of session tickets, and their rotation. */
#include "tls/ticket_keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * The newest one and two before it: a ticket lives for two hours, and the one that was sealed just before a
 * rotation is opened until the next two.
 */
enum { KEYS = 3 };

struct tarn__tls_ticket_keys {
	pthread_mutex_t mutex;
	struct tarn__ticket_key keys[KEYS]; /* the newest first */
	size_t count;
};

/* A process without randomness must not hand out tickets that can be opened: it aborts. */
void tarn__ticket_random(void *out, size_t len)
{
	uint8_t *at = out;
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}

struct tarn__tls_ticket_keys *tarn__tls_ticket_keys_new(void)
{
	struct tarn__tls_ticket_keys *keys = calloc(1, sizeof(*keys));
	if (!keys)
		return NULL;
	pthread_mutex_init(&keys->mutex, NULL);
	tarn__tls_ticket_keys_rotate(keys);
	return keys;
}

void tarn__tls_ticket_keys_free(struct tarn__tls_ticket_keys *keys)
{
	if (!keys)
		return;
	pthread_mutex_destroy(&keys->mutex);
	explicit_bzero(keys, sizeof(*keys));
	free(keys);
}

void tarn__tls_ticket_keys_rotate(struct tarn__tls_ticket_keys *keys)
{
	struct tarn__ticket_key key;
	tarn__ticket_random(&key, sizeof(key));
	pthread_mutex_lock(&keys->mutex);
	memmove(keys->keys + 1, keys->keys, (KEYS - 1) * sizeof(key));
	keys->keys[0] = key;
	keys->count += keys->count < KEYS;
	pthread_mutex_unlock(&keys->mutex);
	explicit_bzero(&key, sizeof(key));
}

void tarn__ticket_keys_newest(struct tarn__tls_ticket_keys *keys, struct tarn__ticket_key *out)
{
	pthread_mutex_lock(&keys->mutex);
	*out = keys->keys[0];
	pthread_mutex_unlock(&keys->mutex);
}

bool tarn__ticket_keys_find(struct tarn__tls_ticket_keys *keys,
			    const uint8_t name[TARN__TICKET_NAME_LEN], struct tarn__ticket_key *out)
{
	bool is_found = false;
	pthread_mutex_lock(&keys->mutex);
	for (size_t i = 0; i < keys->count && !is_found; i++) {
		is_found = memcmp(keys->keys[i].name, name, TARN__TICKET_NAME_LEN) == 0;
		if (is_found)
			*out = keys->keys[i];
	}
	pthread_mutex_unlock(&keys->mutex);
	return is_found;
}
