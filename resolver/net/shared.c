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

#include "base/ports.h"
#include "core/resolver.h"
#include "dns/text.h"
#include "net/upstream/channel.h"
#include "net/clock.h"
#include "net/random.h"
#include "net/stats_collector.h"
#include "net/worker.h"

enum {
	HOST_NAME_MAX_LEN = 255, /* of a CH TXT's string */
	LOG_LINE_MAX = 512,
};

struct tarn {
	void (*log)(void *arg, enum tarn_log_level level, const char *line);
	void *log_arg;
	struct tarn__shared *shared;
	struct tarn__stats_collector *stats_collector;
	struct tarn__ports
		*usable_ports; /* those that the kernel does not keep for others; NULL: all */
	atomic_uint update_count; /* updates.count, for a look without the mutex */
	pthread_mutex_t mutex; /* guards what follows */
	struct tarn__updates updates;
	bool is_taken; /* some worker has, or had, updates.config, or one with the same zones */
	struct tarn__stale_configs stale_configs;
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

/*
 * Once, and as early as can be: a program may shut itself off from /proc. One list goes for IPv4 and
 * IPv6.
 */
static struct tarn__ports *read_usable_ports(void)
{
	FILE *list = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	if (list == NULL)
		return NULL;
	struct tarn__ports *ports = malloc(sizeof(*ports));
	if (ports != NULL) {
		tarn__ports_fill(ports);
		uint32_t all = tarn__ports_count(ports);
		tarn__ports_avoid_list(ports, list);
		if (tarn__ports_count(ports) == all) {
			free(ports);
			ports = NULL;
		}
	}
	fclose(list);
	return ports;
}

static int reserve_ports(struct tarn *tarn, struct tarn__config *config)
{
	if (tarn->usable_ports == NULL)
		return 0;
	int error = tarn__config_reserve_ports(config, tarn->usable_ports);
	if (error != TARN_EINVAL)
		return error;
	tarn__report(
		tarn, TARN_LOG_WARNING,
		"net.ipv4.ip_local_reserved_ports leaves fewer than %d ports to ask from: they "
		"are used, too",
		TARN__PORTS_LEAST);
	return 0;
}

static struct tarn__config *make_config(struct tarn *tarn, const struct tarn_options *options)
{
	char version[32], host[HOST_NAME_MAX_LEN + 1], fault[TARN__CONFIG_FAULT_MAX];
	snprintf(version, sizeof(version), "tarn %s", tarn_version());
	bool has_host = gethostname(host, sizeof(host)) == 0;
	host[HOST_NAME_MAX_LEN] = '\0';
	struct tarn__config *config =
		tarn__config_new(options, version, has_host ? host : NULL, fault);
	int reason = errno;
	if (config == NULL && reason == EINVAL)
		tarn__report(tarn, TARN_LOG_ERR, "%s", fault);
	if (config != NULL && reserve_ports(tarn, config) != 0) {
		tarn__config_put(config);
		config = NULL;
		reason = ENOMEM;
	}
	errno = reason;
	return config;
}

static uint64_t clock_ms(void *arg)
{
	(void)arg;
	return tarn__clock_ms();
}

static struct tarn__shared *make_shared(const struct tarn_options *options)
{
	struct tarn__shared_options shared = {
		.options = options,
		.now_ms = clock_ms,
	};
	struct tarn__random random = {0};
	tarn__random_fill(&random, shared.cookie_secret, sizeof(shared.cookie_secret));
	return tarn__shared_new(&shared);
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
	tarn->usable_ports = read_usable_ports();
	tarn->updates.config = make_config(tarn, options);
	tarn->stats_collector = tarn__stats_collector_new();
	if (tarn->updates.config != NULL && tarn->stats_collector != NULL)
		tarn->shared = make_shared(options);
	if (tarn->shared != NULL) {
		pthread_mutex_init(&tarn->mutex, NULL);
		tarn__list_init(&tarn->workers);
		return tarn;
	}
	int reason = errno;
	tarn__config_put(tarn->updates.config);
	tarn__stats_collector_free(tarn->stats_collector);
	free(tarn->usable_ports);
	free(tarn);
	errno = reason;
	return NULL;
}

void tarn_free(struct tarn *tarn)
{
	if (tarn == NULL)
		return;
	tarn__shared_free(tarn->shared);
	tarn__stale_configs_fini(&tarn->stale_configs);
	tarn__config_put(tarn->updates.config);
	tarn__stats_collector_free(tarn->stats_collector);
	pthread_mutex_destroy(&tarn->mutex);
	free(tarn->usable_ports);
	free(tarn);
}

struct tarn__shared *tarn__get_shared(struct tarn *tarn)
{
	return tarn->shared;
}

struct tarn__stats_collector *tarn__get_stats_collector(struct tarn *tarn)
{
	return tarn->stats_collector;
}

/* ---- updates ------------------------------------------------------------------------------ */

/* With the mutex held: a worker does not leave before it has been woken. */
static void tell(struct tarn *tarn)
{
	tarn->updates.count++;
	atomic_store(&tarn->update_count, tarn->updates.count);
	struct tarn__list *workers = &tarn->workers;
	for (struct tarn__list *node = workers->next; node != workers; node = node->next)
		tarn__worker_wake(TARN__CONTAINER(node, struct tarn_worker, node));
}

/* ---- configurations ----------------------------------------------------------------------- */

void tarn__stale_configs_fini(struct tarn__stale_configs *stale_configs)
{
	while (stale_configs->count > 0)
		tarn__config_put(stale_configs->configs[--stale_configs->count]);
	free(stale_configs->configs);
	stale_configs->configs = NULL;
}

/* Has the configuration put into the cache what the next one would not, or one before it? */
static bool is_to_keep(const struct tarn *tarn, const struct tarn__config *old,
		       const struct tarn__config *next)
{
	if (!tarn->is_taken || !tarn__config_moves_names(old, next))
		return false;
	for (size_t i = 0; i < tarn->stale_configs.count; i++) {
		if (!tarn__config_moves_names(old, tarn->stale_configs.configs[i]))
			return false;
	}
	return true;
}

static int keep_stale_config(struct tarn *tarn, struct tarn__config *config)
{
	struct tarn__stale_configs *stale_configs = &tarn->stale_configs;
	struct tarn__config **configs =
		realloc(stale_configs->configs, (stale_configs->count + 1) * sizeof(*configs));
	if (configs == NULL)
		return TARN_ENOMEM;
	stale_configs->configs = configs;
	configs[stale_configs->count++] = tarn__config_get(config);
	return 0;
}

/* With the mutex held. Takes the reference, even on failure; NULL with errno is a failure, too. */
static int set_config(struct tarn *tarn, struct tarn__config *config)
{
	if (config == NULL)
		return errno == EINVAL ? TARN_EINVAL : TARN_ENOMEM;
	struct tarn__config *old = tarn->updates.config;
	tarn__config_take_over(config, old);
	if (is_to_keep(tarn, old, config) && keep_stale_config(tarn, old) != 0) {
		tarn__config_put(config);
		return TARN_ENOMEM;
	}
	/* What went where is the same: the cache has it from the one before. */
	tarn->is_taken = tarn->is_taken && !tarn__config_moves_names(old, config);
	tarn->updates.config = config;
	tarn__config_put(old);
	tell(tarn);
	return 0;
}

int tarn_set_upstreams(struct tarn *tarn, const struct tarn_address *upstreams, size_t count)
{
	return tarn_set_upstreams_with_traits(tarn, upstreams, NULL, count);
}

int tarn_set_upstreams_with_traits(struct tarn *tarn, const struct tarn_address *upstreams,
				   const struct tarn_traits *traits, size_t count)
{
	pthread_mutex_lock(&tarn->mutex);
	int error = set_config(
		tarn, tarn__config_with_traits(tarn->updates.config, upstreams, traits, count));
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

int tarn__distrust(struct tarn *tarn)
{
	int error = 0;
	pthread_mutex_lock(&tarn->mutex);
	if (tarn->updates.config->trust_ad) {
		error = set_config(tarn, tarn__config_with_trust(tarn->updates.config, false));
		/* They are of one configuration. */
		tarn->updates.forward_loops++;
	}
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

int tarn_reconfigure(struct tarn *tarn, const struct tarn_options *options)
{
	struct tarn__config *config = make_config(tarn, options);
	if (config == NULL)
		return errno == EINVAL ? TARN_EINVAL : TARN_ENOMEM;
	pthread_mutex_lock(&tarn->mutex);
	int error = set_config(tarn, config);
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

/* With the mutex held: a reference more. */
static struct tarn__config *take_config(struct tarn *tarn)
{
	tarn->is_taken = true;
	return tarn__config_get(tarn->updates.config);
}

struct tarn__config *tarn__get_config(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *config = take_config(tarn);
	pthread_mutex_unlock(&tarn->mutex);
	return config;
}

/* With the mutex held: do all workers have the configuration of now? */
static bool have_all_applied(const struct tarn *tarn)
{
	const struct tarn__list *workers = &tarn->workers;
	for (struct tarn__list *node = workers->next; node != workers; node = node->next) {
		const struct tarn_worker *worker = TARN__CONTAINER(node, struct tarn_worker, node);
		if (worker->config != tarn->updates.config)
			return false;
	}
	return true;
}

void tarn__applied(struct tarn *tarn, struct tarn_worker *worker, struct tarn__config *config)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *old = worker->config;
	worker->config = config;
	/* One that leaves is not among all, and may be behind. */
	bool is_last = config == tarn->updates.config && have_all_applied(tarn);
	if (is_last && worker->stale_configs.count == 0) {
		free(worker->stale_configs.configs);
		worker->stale_configs = tarn->stale_configs;
		tarn->stale_configs = (struct tarn__stale_configs){0};
	}
	pthread_mutex_unlock(&tarn->mutex);
	tarn__config_put(old);
}

/* ---- other updates ------------------------------------------------------------------------ */

void tarn_network_changed(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->updates.networks++;
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__find_forward_loops(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->updates.forward_loops++;
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__takes_forward_loops(struct tarn *tarn, const struct tarn_worker *worker)
{
	pthread_mutex_lock(&tarn->mutex);
	bool is_first = tarn->workers.next == &worker->node;
	pthread_mutex_unlock(&tarn->mutex);
	return is_first;
}

void tarn__report_forward_loop(void *arg, const struct tarn__config *config,
			       const struct tarn__zone_config *zone,
			       const struct tarn__endpoint *endpoint)
{
	struct tarn *tarn = arg;
	pthread_mutex_lock(&tarn->mutex);
	bool is_current = config == tarn->updates.config;
	pthread_mutex_unlock(&tarn->mutex);
	if (!is_current)
		return;
	bool is_root = zone->name_len == 1;
	char name[TARN__NAME_TEXT_MAX], text[TARN_ADDRESS_TEXT_MAX];
	tarn__report(tarn, TARN_LOG_WARNING, "not forwarding %s%sto %s: it forwards to tarn",
		     is_root ? "" : tarn__name_format(zone->name, name), is_root ? "" : " ",
		     tarn_address_format(&endpoint->address, text));
}

bool tarn__has_updates(const struct tarn *tarn, unsigned count)
{
	return atomic_load_explicit(&tarn->update_count, memory_order_acquire) != count;
}

void tarn__get_updates(struct tarn *tarn, struct tarn__updates *out)
{
	pthread_mutex_lock(&tarn->mutex);
	*out = tarn->updates;
	out->config = take_config(tarn);
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
	/* The others may have waited for it, to clear the cache. */
	if (tarn->stale_configs.count > 0)
		tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__call_workers(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tell(tarn);
	pthread_mutex_unlock(&tarn->mutex);
}

void tarn__wake_others(struct tarn *tarn, const struct tarn_worker *self)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__list *workers = &tarn->workers;
	for (struct tarn__list *node = workers->next; node != workers; node = node->next) {
		struct tarn_worker *worker = TARN__CONTAINER(node, struct tarn_worker, node);
		if (worker != self)
			tarn__worker_wake(worker);
	}
	pthread_mutex_unlock(&tarn->mutex);
}
