/* SPDX-License-Identifier: BSD-2-Clause */
/* net/shared.c: struct tarn, what all workers share. */
#include "net/shared.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/policy.h"
#include "core/resolver.h"
#include "net/channel.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/worker.h"

enum {
	CACHE_SIZE = 16 << 20,
	HOST_NAME_MAX_LEN = 255, /* of a CH TXT's string */
	LOG_LINE_MAX = 256,
};

struct tarn {
	void (*log)(void *arg, enum tarn_log_level level, const char *line);
	void *log_arg;
	struct tarn__shared *shared;
	atomic_uint news_count; /* news.count, for a look without the mutex */
	pthread_mutex_t mutex; /* guards what follows */
	struct tarn__news news;
	unsigned loops_list; /* news.lists when loops were looked for last */
	uint64_t reported_loops; /* a bit for each server of the news */
	struct tarn__list workers;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_error;
static const char *library_version;

static void init_library(void)
{
	library_error = tarn__channel_library_init(&library_version);
}

void tarn__report(struct tarn *tarn, enum tarn_log_level level, const char *format, ...)
{
	if (tarn->log == NULL)
		return;
	char line[LOG_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	tarn->log(tarn->log_arg, level, line);
}

static struct tarn__policy *make_policy(const struct tarn_options *options)
{
	char version[32], host[HOST_NAME_MAX_LEN + 1];
	snprintf(version, sizeof(version), "tarn %s", tarn_version());
	bool has_host = gethostname(host, sizeof(host)) == 0;
	host[HOST_NAME_MAX_LEN] = '\0';
	return tarn__policy_new(&(struct tarn__policy_options){
		.allowed = options->allow,
		.allowed_count = options->allow_count,
		.passed = options->pass,
		.passed_count = options->pass_count,
		.version = options->hide_identity ? NULL : version,
		.identity = options->hide_identity || !has_host ? NULL : host,
	});
}

static uint64_t clock_ms(void *arg)
{
	(void)arg;
	return tarn__clock_ms();
}

static struct tarn__shared *make_shared(const struct tarn_options *options)
{
	struct tarn__config config = {
		.cache_size = options->cache_size > 0 ? options->cache_size : CACHE_SIZE,
		.servers = (struct tarn_address *)options->upstreams,
		.server_count = options->upstream_count,
		.upstream_policy = options->policy,
		.trust_ad = options->trust_ad,
		.policy = make_policy(options),
		.now_ms = clock_ms,
	};
	if (config.policy == NULL)
		return NULL;
	struct tarn__random random = {0};
	tarn__random_fill(&random, config.cookie_secret, sizeof(config.cookie_secret));
	return tarn__shared_new(&config);
}

static void put_servers(struct tarn *tarn, const struct tarn_address *servers, size_t count)
{
	tarn->news.server_count = count;
	if (count > 0)
		memcpy(tarn->news.servers, servers, count * sizeof(*servers));
}

struct tarn *tarn_new(const struct tarn_options *options)
{
	struct tarn *tarn = calloc(1, sizeof(*tarn));
	if (tarn == NULL)
		return NULL;
	tarn->log = options->log;
	tarn->log_arg = options->log_arg;
	pthread_once(&library_once, init_library);
	if (library_error != 0) {
		tarn__report(tarn, TARN_LOG_ERR,
			     "c-ares %s is not supported: 1.18 to 1.21, or 1.34", library_version);
		free(tarn);
		errno = ENOTSUP;
		return NULL;
	}
	tarn__report(tarn, TARN_LOG_DEBUG, "tarn %s with c-ares %s", tarn_version(),
		     library_version);
	const char *fault = tarn__channel_library_fault();
	if (fault != NULL)
		tarn__report(tarn, TARN_LOG_WARNING, "c-ares %s: %s; 1.34.9 does not",
			     library_version, fault);
	tarn->shared = make_shared(options);
	if (tarn->shared != NULL) {
		pthread_mutex_init(&tarn->mutex, NULL);
		tarn__list_init(&tarn->workers);
		put_servers(tarn, options->upstreams, options->upstream_count);
		return tarn;
	}
	int reason = errno;
	free(tarn);
	errno = reason;
	return NULL;
}

void tarn_free(struct tarn *tarn)
{
	if (tarn == NULL)
		return;
	tarn__shared_free(tarn->shared);
	pthread_mutex_destroy(&tarn->mutex);
	free(tarn);
}

struct tarn__shared *tarn__get_shared(struct tarn *tarn)
{
	return tarn->shared;
}

void tarn__distrust(struct tarn *tarn)
{
	tarn__shared_distrust(tarn->shared);
}

/* ---- news --------------------------------------------------------------------------------- */

/* With the mutex held: a worker does not leave before it has been woken. */
static void tell(struct tarn *tarn)
{
	tarn->news.count++;
	atomic_store(&tarn->news_count, tarn->news.count);
	struct tarn__list *workers = &tarn->workers;
	for (struct tarn__list *node = workers->next; node != workers; node = node->next)
		tarn__worker_wake(TARN__CONTAINER(node, struct tarn_worker, node));
}

int tarn_set_upstreams(struct tarn *tarn, const struct tarn_address *upstreams, size_t count)
{
	if (count > TARN__SERVERS_MAX)
		return TARN_EINVAL;
	pthread_mutex_lock(&tarn->mutex);
	tarn->news.lists++;
	put_servers(tarn, upstreams, count);
	tarn->reported_loops = 0;
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
	return 0;
}

void tarn_network_changed(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->news.networks++;
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__find_loops(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->news.loops++;
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__takes_loops(struct tarn *tarn, const struct tarn_worker *worker, unsigned lists)
{
	pthread_mutex_lock(&tarn->mutex);
	bool is_first = tarn->workers.next == &worker->node;
	if (is_first)
		tarn->loops_list = lists;
	pthread_mutex_unlock(&tarn->mutex);
	return is_first;
}

/* Once for each, though it is found at every change of the network. */
void tarn__report_loop(void *arg, size_t index)
{
	struct tarn *tarn = arg;
	struct tarn_address server = {0};
	pthread_mutex_lock(&tarn->mutex);
	uint64_t bit = UINT64_C(1) << index % TARN__SERVERS_MAX;
	bool is_new = tarn->loops_list == tarn->news.lists && index < tarn->news.server_count &&
		      !(tarn->reported_loops & bit);
	if (is_new) {
		tarn->reported_loops |= bit;
		server = tarn->news.servers[index];
	}
	pthread_mutex_unlock(&tarn->mutex);
	char text[TARN_ADDRESS_TEXT_MAX];
	if (is_new)
		tarn__report(tarn, TARN_LOG_WARNING, "not forwarding to %s: it leads back to tarn",
			     tarn_address_format(&server, text));
}

_Static_assert(TARN__SERVERS_MAX <= 64, "a bit for each");

bool tarn__has_news(const struct tarn *tarn, unsigned count)
{
	return atomic_load_explicit(&tarn->news_count, memory_order_acquire) != count;
}

void tarn__get_news(struct tarn *tarn, struct tarn__news *out)
{
	pthread_mutex_lock(&tarn->mutex);
	*out = tarn->news;
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__join(struct tarn *tarn, struct tarn_worker *worker)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_append(&tarn->workers, &worker->node);
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__leave(struct tarn *tarn, struct tarn_worker *worker)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_remove(&worker->node);
	pthread_mutex_unlock(&tarn->mutex);
}
