/* SPDX-License-Identifier: BSD-2-Clause */
/* net/shared.c: what all workers of a tarn share while they run. */
#include "net/shared.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/text.h"
#include "net/stats_collector.h"

enum { LOG_LINE_MAX = 512 };

void tarn__report(struct tarn *tarn, enum tarn_log_level level, const char *format, ...)
{
	if (!tarn->log)
		return;
	char line[LOG_LINE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	tarn->log(tarn->log_arg, level, line);
}

/* ---- configurations ----------------------------------------------------------------------- */

void tarn__stale_configs_fini(struct tarn__stale_configs *stale_configs)
{
	while (stale_configs->count > 0)
		tarn__config_put(stale_configs->configs[--stale_configs->count]);
	free(stale_configs->configs);
	stale_configs->configs = NULL;
}

/*
 * Returns true if the cache may hold answers that came by this configuration and would not come by the
 * next.
 */
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
	if (!configs)
		return TARN_ENOMEM;
	stale_configs->configs = configs;
	configs[stale_configs->count++] = tarn__config_get(config);
	return 0;
}

int tarn__set_config(struct tarn *tarn, struct tarn__config *config)
{
	if (!config)
		return errno == EINVAL ? TARN_EINVAL : TARN_ENOMEM;
	struct tarn__config *old = tarn->updates.config;
	tarn__config_take_over(config, old);
	if (is_to_keep(tarn, old, config) && keep_stale_config(tarn, old) != 0) {
		tarn__config_put(config);
		return TARN_ENOMEM;
	}
	/* Where no name moves, the cache has it from the one before. */
	tarn->is_taken = tarn->is_taken && !tarn__config_moves_names(old, config);
	tarn->updates.config = config;
	tarn__config_put(old);
	tarn__mailbox_post(&tarn->mailbox);
	return 0;
}

int tarn__distrust(struct tarn *tarn)
{
	int error = 0;
	pthread_mutex_lock(&tarn->mutex);
	if (tarn->updates.config->trust_ad) {
		error = tarn__set_config(tarn,
					 tarn__config_with_trust(tarn->updates.config, false));
		/* Loops that were found are of one configuration. */
		tarn->updates.forward_loops++;
	}
	pthread_mutex_unlock(&tarn->mutex);
	return error;
}

int tarn__set_policy_data(struct tarn *tarn, const struct tarn__policy_data *data)
{
	pthread_mutex_lock(&tarn->mutex);
	int error = tarn__set_config(tarn, tarn__config_with_data(tarn->updates.config, data));
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

/* With the mutex held. Returns true if all workers have the present configuration. */
static bool have_all_applied(const struct tarn *tarn)
{
	const struct tarn__list *members = &tarn->members;
	for (struct tarn__list *node = members->next; node != members; node = node->next) {
		const struct tarn__member *member =
			TARN__CONTAINER(node, struct tarn__member, node);
		if (member->config != tarn->updates.config)
			return false;
	}
	return true;
}

void tarn__applied(struct tarn *tarn, struct tarn__member *member, struct tarn__config *config)
{
	pthread_mutex_lock(&tarn->mutex);
	struct tarn__config *old = member->config;
	member->config = config;
	/* One that has left is not among them, and may be behind. */
	bool is_last = config == tarn->updates.config && have_all_applied(tarn);
	if (is_last && member->stale_configs.count == 0) {
		free(member->stale_configs.configs);
		member->stale_configs = tarn->stale_configs;
		tarn->stale_configs = (struct tarn__stale_configs){0};
	}
	pthread_mutex_unlock(&tarn->mutex);
	tarn__config_put(old);
}

/* ---- other updates ------------------------------------------------------------------------ */

void tarn__find_forward_loops(struct tarn *tarn)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn->updates.forward_loops++;
	tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

bool tarn__takes_forward_loops(struct tarn *tarn, const struct tarn__member *member)
{
	pthread_mutex_lock(&tarn->mutex);
	bool is_first = tarn->members.next == &member->node;
	pthread_mutex_unlock(&tarn->mutex);
	return is_first;
}

void tarn__report_forward_loop(void *arg, const struct tarn__config *config,
			       const struct tarn__zone_config *zone,
			       const struct tarn__endpoint *endpoint)
{
	struct tarn *tarn = arg;
	pthread_mutex_lock(&tarn->mutex);
	bool is_current = config->number == tarn->updates.config->number;
	pthread_mutex_unlock(&tarn->mutex);
	if (!is_current)
		return;
	bool is_root = zone->name_len == 1;
	char name[TARN__NAME_TEXT_MAX], text[TARN_ADDRESS_TEXT_MAX];
	tarn__report(tarn, TARN_LOG_WARNING, "not forwarding %s%sto %s: it forwards to tarn",
		     is_root ? "" : tarn__name_format(zone->name, name), is_root ? "" : " ",
		     tarn_address_format(&endpoint->address, text));
}

void tarn__get_updates(struct tarn *tarn, struct tarn__updates *out)
{
	pthread_mutex_lock(&tarn->mutex);
	*out = tarn->updates;
	out->config = take_config(tarn);
	out->count = tarn__mailbox_count(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}

/* ---- members ------------------------------------------------------------------------------ */

void tarn__join(struct tarn *tarn, struct tarn__member *member)
{
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_append(&tarn->members, &member->node);
	pthread_mutex_unlock(&tarn->mutex);
	tarn__mailbox_subscribe(&tarn->mailbox, &member->subscriber);
}

void tarn__leave(struct tarn *tarn, struct tarn__member *member)
{
	tarn__mailbox_unsubscribe(&tarn->mailbox, &member->subscriber);
	pthread_mutex_lock(&tarn->mutex);
	tarn__list_remove(&member->node);
	/* The others may have waited for it, to clear the cache. */
	if (tarn->stale_configs.count > 0)
		tarn__mailbox_post(&tarn->mailbox);
	pthread_mutex_unlock(&tarn->mutex);
}
