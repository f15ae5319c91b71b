/* SPDX-License-Identifier: BSD-2-Clause */
/* core/loop.c: the names that must not come back. */
#include "core/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

static const uint8_t zone[] = "\11tarn-loop\10internal";

/* A server, and the name that it is asked for. */
struct loop {
	struct tarn_address address;
	uint8_t qname[TARN__LOOP_NAME_LEN];
	bool is_found;
};

struct tarn__loops {
	pthread_mutex_t lock;
	_Atomic unsigned version; /* of what has been found; the rest is under the lock */
	size_t count;
	struct loop loops[TARN__SERVERS_MAX];
	uint64_t until_ms;
	void (*found)(void *arg, size_t index);
	void *arg;
};

struct tarn__loops *tarn__loops_new(void)
{
	struct tarn__loops *loops = calloc(1, sizeof *loops);
	if (!loops)
		return NULL;
	if (pthread_mutex_init(&loops->lock, NULL) != 0) {
		free(loops);
		return NULL;
	}
	loops->version = 1;
	return loops;
}

void tarn__loops_free(struct tarn__loops *loops)
{
	if (!loops)
		return;
	pthread_mutex_destroy(&loops->lock);
	free(loops);
}

void tarn__loops_name(const uint8_t random[TARN__LOOP_LABEL_LEN / 2],
		      uint8_t qname[TARN__LOOP_NAME_LEN])
{
	static const char digits[] = "0123456789abcdef";
	*qname++ = TARN__LOOP_LABEL_LEN;
	for (size_t i = 0; i < TARN__LOOP_LABEL_LEN / 2; i++) {
		*qname++ = (uint8_t)digits[random[i] >> 4];
		*qname++ = (uint8_t)digits[random[i] & 15];
	}
	memcpy(qname, zone, sizeof zone);
}

void tarn__loops_expect(struct tarn__loops *loops, const struct tarn__upstream *upstream,
			const uint8_t (*qnames)[TARN__LOOP_NAME_LEN], uint64_t now_ms,
			void (*found)(void *arg, size_t index), void *arg)
{
	pthread_mutex_lock(&loops->lock);
	loops->count = upstream->count;
	for (size_t i = 0; i < upstream->count; i++) {
		struct loop *loop = &loops->loops[i];
		*loop = (struct loop){.address = upstream->servers[i].address};
		memcpy(loop->qname, qnames[i], sizeof loop->qname);
	}
	loops->until_ms = now_ms + TARN__LOOP_MS;
	loops->found = found;
	loops->arg = arg;
	atomic_fetch_add(&loops->version, 1);
	pthread_mutex_unlock(&loops->lock);
}

bool tarn__loops_hear(struct tarn__loops *loops, const struct tarn__query *query, uint64_t now_ms)
{
	size_t zone_at = TARN__LOOP_NAME_LEN - sizeof zone;
	if (!tarn__loops_may_hear(query) ||
	    !tarn__name_is_equal(query->qname + zone_at, zone, sizeof zone))
		return false;
	bool is_ours = false;
	pthread_mutex_lock(&loops->lock);
	for (size_t i = 0; i < loops->count && now_ms < loops->until_ms && !is_ours; i++) {
		struct loop *loop = &loops->loops[i];
		is_ours = tarn__name_is_equal(query->qname, loop->qname, sizeof loop->qname);
		if (!is_ours || loop->is_found)
			continue;
		loop->is_found = true;
		atomic_fetch_add(&loops->version, 1);
		loops->found(loops->arg, i);
	}
	pthread_mutex_unlock(&loops->lock);
	return is_ours;
}

static bool is_loop(const struct tarn__loops *loops, const struct tarn_address *address)
{
	for (size_t i = 0; i < loops->count; i++) {
		if (loops->loops[i].is_found &&
		    tarn_address_is_equal(&loops->loops[i].address, address))
			return true;
	}
	return false;
}

void tarn__loops_sync(struct tarn__loops *loops, unsigned *seen, struct tarn__upstream *upstream)
{
	if (atomic_load_explicit(&loops->version, memory_order_relaxed) == *seen)
		return;
	pthread_mutex_lock(&loops->lock);
	*seen = loops->version;
	for (size_t i = 0; i < upstream->count; i++) {
		struct tarn__server *server = &upstream->servers[i];
		server->is_loop = is_loop(loops, &server->address);
	}
	pthread_mutex_unlock(&loops->lock);
}
