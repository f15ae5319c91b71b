/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/forward_loop.c: the names that must not come back. */
#include "core/forward/forward_loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

static const uint8_t mark[] = "\11tarn-loop"; /* behind the random label; its NUL does not count */
static const uint8_t root_zone[] = "\10internal";

/* What a server is asked for. */
struct loop {
	uint8_t label[TARN__LOOP_LABEL_LEN];
	uint64_t until_ms; /* it is waited for */
	bool is_found;
};

struct tarn__loops {
	pthread_mutex_t lock;
	_Atomic unsigned version; /* of what has been found; the rest is under the lock */
	struct tarn__config *config; /* NULL: nobody has been asked yet */
	struct loop *loops; /* one for each of its servers */
	tarn__loop_function *found;
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
	tarn__config_put(loops->config);
	pthread_mutex_destroy(&loops->lock);
	free(loops->loops);
	free(loops);
}

static void write_label(const uint8_t random[TARN__LOOP_LABEL_LEN / 2],
			uint8_t label[TARN__LOOP_LABEL_LEN])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < TARN__LOOP_LABEL_LEN / 2; i++) {
		*label++ = (uint8_t)digits[random[i] >> 4];
		*label++ = (uint8_t)digits[random[i] & 15];
	}
}

/* Returns the name's octets; 0: the zone's name is too long for it. */
static size_t write_name(const uint8_t label[TARN__LOOP_LABEL_LEN], const struct tarn__group *group,
			 uint8_t qname[TARN__NAME_MAX])
{
	bool is_root = group->zone_len == 1;
	const uint8_t *zone = is_root ? root_zone : group->zone;
	size_t zone_len = is_root ? sizeof root_zone : group->zone_len;
	if (TARN__LOOP_PREFIX_LEN + zone_len > TARN__NAME_MAX)
		return 0;
	qname[0] = TARN__LOOP_LABEL_LEN;
	memcpy(qname + 1, label, TARN__LOOP_LABEL_LEN);
	memcpy(qname + 1 + TARN__LOOP_LABEL_LEN, mark, sizeof mark - 1);
	memcpy(qname + TARN__LOOP_PREFIX_LEN, zone, zone_len);
	return TARN__LOOP_PREFIX_LEN + zone_len;
}

int tarn__loops_begin(struct tarn__loops *loops, struct tarn__config *config,
		      tarn__loop_function *found, void *arg)
{
	struct loop *begun = calloc(config->server_count + 1, sizeof *begun);
	if (!begun)
		return TARN_ENOMEM;
	pthread_mutex_lock(&loops->lock);
	struct tarn__config *old_config = loops->config;
	struct loop *old = loops->loops;
	loops->config = tarn__config_get(config);
	loops->loops = begun;
	loops->found = found;
	loops->arg = arg;
	atomic_fetch_add(&loops->version, 1);
	pthread_mutex_unlock(&loops->lock);
	tarn__config_put(old_config);
	free(old);
	return 0;
}

size_t tarn__loops_expect(struct tarn__loops *loops, const struct tarn__config *config,
			  size_t server_index, const uint8_t random[TARN__LOOP_LABEL_LEN / 2],
			  uint64_t now_ms, uint8_t qname[TARN__NAME_MAX])
{
	size_t len = 0;
	pthread_mutex_lock(&loops->lock);
	struct loop *loop = config == loops->config ? &loops->loops[server_index] : NULL;
	if (loop && !loop->is_found && now_ms >= loop->until_ms) {
		size_t group = tarn__config_server_group(config, server_index);
		write_label(random, loop->label);
		loop->until_ms = now_ms + TARN__LOOP_MS;
		len = write_name(loop->label, &config->groups[group], qname);
	}
	pthread_mutex_unlock(&loops->lock);
	return len;
}

bool tarn__loops_hear(struct tarn__loops *loops, const struct tarn__query *query, uint64_t now_ms)
{
	if (!tarn__loops_may_hear(query) ||
	    !tarn__name_is_equal(query->qname + 1 + TARN__LOOP_LABEL_LEN, mark, sizeof mark - 1))
		return false;
	bool is_ours = false;
	pthread_mutex_lock(&loops->lock);
	size_t count = loops->config ? loops->config->server_count : 0;
	for (size_t i = 0; i < count && !is_ours; i++) {
		struct loop *loop = &loops->loops[i];
		is_ours = now_ms < loop->until_ms &&
			  tarn__name_is_equal(query->qname + 1, loop->label, sizeof loop->label);
		if (!is_ours || loop->is_found)
			continue;
		loop->is_found = true;
		atomic_fetch_add(&loops->version, 1);
		loops->found(loops->arg, loops->config, i);
	}
	pthread_mutex_unlock(&loops->lock);
	return is_ours;
}

bool tarn__loops_have_news(struct tarn__loops *loops, unsigned *seen)
{
	unsigned version = atomic_load_explicit(&loops->version, memory_order_relaxed);
	bool has_news = version != *seen;
	*seen = version;
	return has_news;
}

/* Is a server of that name's group among those found? */
static bool is_loop(const struct tarn__loops *loops, size_t group,
		    const struct tarn__server_config *server)
{
	if (group == TARN__GROUP_NONE)
		return false;
	const struct tarn__config *config = loops->config;
	size_t first = config->groups[group].first;
	for (size_t i = first; i < first + config->groups[group].count; i++) {
		if (loops->loops[i].is_found &&
		    tarn__server_config_is_equal(&config->servers[i], server))
			return true;
	}
	return false;
}

void tarn__loops_mark(struct tarn__loops *loops, const struct tarn__config *config, size_t index,
		      struct tarn__upstream *upstream)
{
	const struct tarn__group *group = &config->groups[index];
	pthread_mutex_lock(&loops->lock);
	size_t asked = TARN__GROUP_NONE;
	if (loops->config)
		asked = tarn__config_group_of(loops->config, group->zone, group->zone_len);
	for (size_t i = 0; i < upstream->count; i++)
		upstream->servers[i].is_loop =
			is_loop(loops, asked, &config->servers[group->first + i]);
	pthread_mutex_unlock(&loops->lock);
}
