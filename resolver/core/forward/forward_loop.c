/* SPDX-License-Identifier: BSD-2-Clause */
/* core/forward/forward_loop.c: random names, and servers that send queries for them back. */
#include "core/forward/forward_loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/base16.h"
#include "dns/name.h"

static const uint8_t mark[] = "\11tarn-loop"; /* after the random label; its NUL does not count */
static const uint8_t root_zone[] = "\10internal";

struct tarn__forward_loops {
	pthread_mutex_t lock; /* of the tests of all endpoints, too */
	_Atomic unsigned version; /* of what has been found; the rest is under the lock */
	struct tarn__config *config; /* whose endpoints are tested; NULL: none yet */
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
	free(forward_loops);
}

/* Returns the length of the name in octets; 0: the zone's name is too long for it. */
static size_t write_name(const uint8_t label[TARN__FORWARD_LOOP_LABEL_LEN],
			 const struct tarn__zone_config *config, uint8_t qname[TARN__NAME_MAX])
{
	bool is_root = config->name_len == 1;
	const uint8_t *zone = is_root ? root_zone : config->name;
	size_t zone_len = is_root ? sizeof root_zone : config->name_len;
	if (TARN__FORWARD_LOOP_PREFIX_LEN + zone_len > TARN__NAME_MAX)
		return 0;
	qname[0] = TARN__FORWARD_LOOP_LABEL_LEN;
	memcpy(qname + 1, label, TARN__FORWARD_LOOP_LABEL_LEN);
	memcpy(qname + 1 + TARN__FORWARD_LOOP_LABEL_LEN, mark, sizeof mark - 1);
	memcpy(qname + TARN__FORWARD_LOOP_PREFIX_LEN, zone, zone_len);
	return TARN__FORWARD_LOOP_PREFIX_LEN + zone_len;
}

/* With the lock held. Reports are kept apart by configurations. */
static void clear_tests(const struct tarn__config *config, bool is_other)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		struct tarn__zone_config *zone = config->zones[i];
		for (size_t j = 0; j < zone->endpoint_count; j++) {
			struct tarn__loop_test *test = &zone->endpoints[j]->loop_test;
			*test = (struct tarn__loop_test){.is_reported =
								 test->is_reported && !is_other};
		}
	}
}

void tarn__forward_loops_begin(struct tarn__forward_loops *forward_loops,
			       struct tarn__config *config, tarn__forward_loop_function *found,
			       void *arg)
{
	pthread_mutex_lock(&forward_loops->lock);
	struct tarn__config *old = forward_loops->config;
	struct tarn__config *bare = tarn__config_without_data(config);
	clear_tests(config, !old || config->number != old->number);
	forward_loops->config = bare ? bare : tarn__config_get(config);
	forward_loops->found = found;
	forward_loops->arg = arg;
	atomic_fetch_add(&forward_loops->version, 1);
	pthread_mutex_unlock(&forward_loops->lock);
	tarn__config_put(old);
}

/* With the lock held. */
static bool is_tested(const struct tarn__forward_loops *forward_loops,
		      const struct tarn__config *config)
{
	return forward_loops->config && forward_loops->config->number == config->number;
}

size_t tarn__forward_loops_expect(struct tarn__forward_loops *forward_loops,
				  const struct tarn__config *config,
				  const struct tarn__zone_config *zone,
				  struct tarn__endpoint *endpoint,
				  const uint8_t random[TARN__FORWARD_LOOP_LABEL_LEN / 2],
				  uint64_t now_ms, uint8_t qname[TARN__NAME_MAX])
{
	size_t len = 0;
	struct tarn__loop_test *test = &endpoint->loop_test;
	pthread_mutex_lock(&forward_loops->lock);
	if (is_tested(forward_loops, config) && !test->is_found && now_ms >= test->until_ms) {
		tarn__base16_write(random, TARN__FORWARD_LOOP_LABEL_LEN / 2, (char *)test->label);
		test->until_ms = now_ms + TARN__FORWARD_LOOP_MS;
		len = write_name(test->label, zone, qname);
	}
	pthread_mutex_unlock(&forward_loops->lock);
	return len;
}

/* With the lock held. Returns true if the label is the one that the endpoint is tested with. */
static bool hear_of(struct tarn__forward_loops *forward_loops, const struct tarn__zone_config *zone,
		    struct tarn__endpoint *endpoint, const uint8_t *label, uint64_t now_ms)
{
	struct tarn__loop_test *test = &endpoint->loop_test;
	if (now_ms >= test->until_ms ||
	    !tarn__name_is_equal(label, test->label, sizeof test->label))
		return false;
	if (test->is_found)
		return true;
	test->is_found = true;
	atomic_fetch_add(&forward_loops->version, 1);
	if (!test->is_reported)
		forward_loops->found(forward_loops->arg, forward_loops->config, zone, endpoint);
	test->is_reported = true;
	return true;
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
	const struct tarn__config *config = forward_loops->config;
	for (size_t i = 0; config && i < config->zone_count && !is_ours; i++) {
		const struct tarn__zone_config *zone = config->zones[i];
		for (size_t j = 0; j < zone->endpoint_count && !is_ours; j++)
			is_ours = hear_of(forward_loops, zone, zone->endpoints[j], query->qname + 1,
					  now_ms);
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

/* Returns the zone of that name which is tested; NULL: there is none. */
static const struct tarn__zone_config *find_tested(const struct tarn__config *config,
						   const struct tarn__zone_config *zone)
{
	size_t index =
		config ? tarn__config_zone_of(config, zone->name, zone->name_len) : TARN__ZONE_NONE;
	return index == TARN__ZONE_NONE ? NULL : config->zones[index];
}

/* Returns true if an endpoint of the tested zone that is equal to this one is a loop. */
static bool is_forward_loop(const struct tarn__zone_config *tested,
			    const struct tarn__endpoint *endpoint)
{
	for (size_t i = 0; tested && i < tested->endpoint_count; i++) {
		if (tested->endpoints[i]->loop_test.is_found &&
		    tarn__endpoint_is_equal(tested->endpoints[i], endpoint))
			return true;
	}
	return false;
}

void tarn__forward_loops_mark(struct tarn__forward_loops *forward_loops,
			      const struct tarn__zone_config *zone,
			      struct tarn__server *const *servers)
{
	pthread_mutex_lock(&forward_loops->lock);
	const struct tarn__zone_config *tested = find_tested(forward_loops->config, zone);
	for (size_t i = 0; i < zone->endpoint_count; i++)
		servers[i]->is_forward_loop = is_forward_loop(tested, servers[i]->endpoint);
	pthread_mutex_unlock(&forward_loops->lock);
}
