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
	uint8_t label[TARN__FORWARD_LOOP_LABEL_LEN];
	uint64_t until_ms; /* it is waited for */
	bool is_found;
};

struct tarn__forward_loops {
	pthread_mutex_t lock;
	_Atomic unsigned version; /* of what has been found; the rest is under the lock */
	struct tarn__config *config; /* NULL: nobody has been asked yet */
	struct loop *forward_loops; /* one for each of its servers */
	tarn__forward_loop_function *found;
	void *arg;
};

struct tarn__forward_loops *tarn__forward_loops_new(void)
{
	struct tarn__forward_loops *forward_loops = calloc(1, sizeof *forward_loops);
	if (!forward_loops)
		return NULL;
	if (pthread_mutex_init(&forward_loops->lock, NULL) != 0) {
		free(forward_loops);
		return NULL;
	}
	forward_loops->version = 1;
	return forward_loops;
}

void tarn__forward_loops_free(struct tarn__forward_loops *forward_loops)
{
	if (!forward_loops)
		return;
	tarn__config_put(forward_loops->config);
	pthread_mutex_destroy(&forward_loops->lock);
	free(forward_loops->forward_loops);
	free(forward_loops);
}

static void write_label(const uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2],
			uint8_t label[TARN__FORWARD_LOOP_LABEL_LEN])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < TARN__FORWARD_LOOP_LABEL_LEN / 2; i++) {
		*label++ = (uint8_t)digits[random[i] >> 4];
		*label++ = (uint8_t)digits[random[i] & 15];
	}
}

/* Returns the name's octets; 0: the zone's name is too long for it. */
static size_t write_name(const uint8_t label[TARN__FORWARD_LOOP_LABEL_LEN],
			 const struct tarn__group *group, uint8_t qname[TARN__NAME_MAX])
{
	bool is_root = group->zone_len == 1;
	const uint8_t *zone = is_root ? root_zone : group->zone;
	size_t zone_len = is_root ? sizeof root_zone : group->zone_len;
	if (TARN__FORWARD_LOOP_PREFIX_LEN + zone_len > TARN__NAME_MAX)
		return 0;
	qname[0] = TARN__FORWARD_LOOP_LABEL_LEN;
	memcpy(qname + 1, label, TARN__FORWARD_LOOP_LABEL_LEN);
	memcpy(qname + 1 + TARN__FORWARD_LOOP_LABEL_LEN, mark, sizeof mark - 1);
	memcpy(qname + TARN__FORWARD_LOOP_PREFIX_LEN, zone, zone_len);
	return TARN__FORWARD_LOOP_PREFIX_LEN + zone_len;
}

int tarn__forward_loops_begin(struct tarn__forward_loops *forward_loops,
			      struct tarn__config *config, tarn__forward_loop_function *found,
			      void *arg)
{
	struct loop *begun = calloc(config->server_count + 1, sizeof *begun);
	if (!begun)
		return TARN_ENOMEM;
	pthread_mutex_lock(&forward_loops->lock);
	struct tarn__config *old_config = forward_loops->config;
	struct loop *old = forward_loops->forward_loops;
	forward_loops->config = tarn__config_get(config);
	forward_loops->forward_loops = begun;
	forward_loops->found = found;
	forward_loops->arg = arg;
	atomic_fetch_add(&forward_loops->version, 1);
	pthread_mutex_unlock(&forward_loops->lock);
	tarn__config_put(old_config);
	free(old);
	return 0;
}

size_t tarn__forward_loops_expect(struct tarn__forward_loops *forward_loops,
				  const struct tarn__config *config, size_t server_index,
				  const uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2],
				  uint64_t now_ms, uint8_t qname[TARN__NAME_MAX])
{
	size_t len = 0;
	pthread_mutex_lock(&forward_loops->lock);
	struct loop *loop = config == forward_loops->config
				    ? &forward_loops->forward_loops[server_index]
				    : NULL;
	if (loop && !loop->is_found && now_ms >= loop->until_ms) {
		size_t group = tarn__config_server_group(config, server_index);
		write_label(random, loop->label);
		loop->until_ms = now_ms + TARN__FORWARD_LOOP_MS;
		len = write_name(loop->label, &config->groups[group], qname);
	}
	pthread_mutex_unlock(&forward_loops->lock);
	return len;
}

bool tarn__forward_loops_hear(struct tarn__forward_loops *forward_loops,
			      const struct tarn__query *query, uint64_t now_ms)
{
	if (!tarn__forward_loops_may_hear(query) ||
	    !tarn__name_is_equal(query->qname + 1 + TARN__FORWARD_LOOP_LABEL_LEN, mark,
				 sizeof mark - 1))
		return false;
	bool is_ours = false;
	pthread_mutex_lock(&forward_loops->lock);
	size_t count = forward_loops->config ? forward_loops->config->server_count : 0;
	for (size_t i = 0; i < count && !is_ours; i++) {
		struct loop *loop = &forward_loops->forward_loops[i];
		is_ours = now_ms < loop->until_ms &&
			  tarn__name_is_equal(query->qname + 1, loop->label, sizeof loop->label);
		if (!is_ours || loop->is_found)
			continue;
		loop->is_found = true;
		atomic_fetch_add(&forward_loops->version, 1);
		forward_loops->found(forward_loops->arg, forward_loops->config, i);
	}
	pthread_mutex_unlock(&forward_loops->lock);
	return is_ours;
}

bool tarn__forward_loops_have_changed(struct tarn__forward_loops *forward_loops, unsigned *seen)
{
	unsigned version = atomic_load_explicit(&forward_loops->version, memory_order_relaxed);
	bool has_news = version != *seen;
	*seen = version;
	return has_news;
}

/* Is a server of that name's group among those found? */
static bool is_forward_loop(const struct tarn__forward_loops *forward_loops, size_t group,
			    const struct tarn__server_config *server)
{
	if (group == TARN__GROUP_NONE)
		return false;
	const struct tarn__config *config = forward_loops->config;
	size_t first = config->groups[group].first;
	for (size_t i = first; i < first + config->groups[group].count; i++) {
		if (forward_loops->forward_loops[i].is_found &&
		    tarn__server_config_is_equal(&config->servers[i], server))
			return true;
	}
	return false;
}

void tarn__forward_loops_mark(struct tarn__forward_loops *forward_loops,
			      const struct tarn__config *config, size_t index,
			      struct tarn__upstream *upstream)
{
	const struct tarn__group *group = &config->groups[index];
	pthread_mutex_lock(&forward_loops->lock);
	size_t asked = TARN__GROUP_NONE;
	if (forward_loops->config)
		asked = tarn__config_group_of(forward_loops->config, group->zone, group->zone_len);
	for (size_t i = 0; i < upstream->count; i++)
		upstream->servers[i].is_forward_loop =
			is_forward_loop(forward_loops, asked, &config->servers[group->first + i]);
	pthread_mutex_unlock(&forward_loops->lock);
}
