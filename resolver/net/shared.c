/* SPDX-License-Identifier: BSD-2-Clause */
/* net/shared.c: struct tarn, what all workers share. */
#include "net/shared.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/policy.h"
#include "core/resolver.h"
#include "net/channel.h"
#include "net/clock.h"
#include "net/random.h"

enum {
	CACHE_SIZE = 16 << 20,
	HOST_NAME_MAX_LEN = 255, /* of a CH TXT's string */
	LOG_LINE_MAX = 256,
};

struct tarn {
	void (*log)(void *arg, enum tarn_log_level level, const char *line);
	void *log_arg;
	struct tarn__shared *shared;
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
	tarn->shared = make_shared(options);
	if (tarn->shared != NULL)
		return tarn;
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
	free(tarn);
}

struct tarn__shared *tarn__get_shared(struct tarn *tarn)
{
	return tarn->shared;
}
