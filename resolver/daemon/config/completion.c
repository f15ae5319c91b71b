/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings completed with defaults and with what the machine has, and checked. */
#include "config.h"

#include "daemon/config/completion.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config/system_servers.h"
#include "daemon/settings/options.h"
#include "daemon/system/privileges.h"
#include "daemon/telemetry/dnstap.h"
#include "daemon/telemetry/metrics_http.h"

/* ---- what is not set ------------------------------------------------------------------------- */

/*
 * Returns the number of CPUs of this process: with a container or taskset fewer than the machine
 * has; most at most.
 */
static unsigned count_cpus(int64_t most)
{
	cpu_set_t set;
	long count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
								  : sysconf(_SC_NPROCESSORS_ONLN);
	if (count < 1)
		return 1;
	return (unsigned)(count < most ? count : most);
}

/* Sockets of the service manager stand in for the default addresses. */
static void set_defaults(struct tarn__settings *settings)
{
	bool has_sockets = settings->bound.count > 0;
	settings->has_default_listens = settings->listens.count == 0 && !has_sockets;
	bool has_default_max = settings->resolver.failure_max_sec == 0;
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->scope != TARN__SCOPE_GLOBAL)
			continue;
		bool is_listens =
			row->type && tarn__option_field(row, settings) == &settings->listens;
		if (!is_listens || !has_sockets)
			tarn__option_set_default(row, settings);
	}
	if (has_default_max && settings->resolver.failure_max_sec < settings->resolver.failure_sec)
		settings->resolver.failure_max_sec = settings->resolver.failure_sec;
	if (settings->workers == 0)
		settings->workers =
			count_cpus(tarn__option_find(settings, &settings->workers)->max);
}

/* ---- what contradicts ------------------------------------------------------------------------ */

/* Names the option as its origin has it. */
static void refuse(const struct tarn__option_row *row, const struct tarn__origin *origin,
		   const char *value, const char *reason, struct tarn__diagnostics *diagnostics)
{
	if (origin->by == TARN__BY_FILE)
		tarn__diagnostics_add(diagnostics, origin->file, origin->line, "%s %s: %s",
				      row->word, value, reason);
	else
		tarn__diagnostics_add(diagnostics, NULL, 0, "--%s %s: %s", row->name, value,
				      reason);
}

/* Refuses the field of an option of TARN__SCOPE_GLOBAL. */
static void refuse_field(const struct tarn__settings *settings, const void *field,
			 const char *value, const char *reason,
			 struct tarn__diagnostics *diagnostics)
{
	refuse(tarn__option_find(settings, field), tarn__settings_origin(settings, field), value,
	       reason, diagnostics);
}

static void refuse_self(const struct tarn__settings *settings, const struct tarn__origin *origin,
			const struct tarn_address *servers, size_t count,
			struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 0; i < count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		if (tarn__settings_has_self(settings, &servers[i]))
			refuse(tarn__option_find(settings, &settings->upstreams), origin,
			       tarn_address_format(&servers[i], text), "tarn listens there itself",
			       diagnostics);
	}
}

/* *field: a name, or NULL. find_fault returns the reason why it cannot be used, or NULL. */
static void refuse_unusable(const struct tarn__settings *settings, const char *const *field,
			    const char *(*find_fault)(const char *name),
			    struct tarn__diagnostics *diagnostics)
{
	const char *reason = *field ? find_fault(*field) : NULL;
	if (reason)
		refuse_field(settings, field, *field, reason, diagnostics);
}

static void refuse_metrics(const struct tarn__settings *settings,
			   struct tarn__diagnostics *diagnostics)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	const char *reason = tarn__metrics_http_fault();
	if (reason && settings->metrics.count > 0)
		refuse_field(settings, &settings->metrics,
			     tarn_address_format(&settings->metrics.items[0], text), reason,
			     diagnostics);
}

static void refuse_times(const struct tarn__settings *settings,
			 struct tarn__diagnostics *diagnostics)
{
	const int32_t *most = &settings->resolver.failure_max_sec;
	if (*most >= settings->resolver.failure_sec)
		return;
	char *text = tarn__option_text(tarn__option_find(settings, most), settings);
	refuse_field(settings, most, text ? text : "", "shorter than failure-ttl", diagnostics);
	free(text);
}

static void check(const struct tarn__settings *settings, struct tarn__diagnostics *diagnostics)
{
	refuse_self(settings, tarn__settings_origin(settings, &settings->upstreams),
		    settings->upstreams.items, settings->upstreams.count, diagnostics);
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		refuse_self(settings, &forward->origin, forward->upstreams.items,
			    forward->upstreams.count, diagnostics);
	}
	refuse_unusable(settings, &settings->user, tarn__privileges_user_fault, diagnostics);
	refuse_unusable(settings, &settings->control_group, tarn__privileges_group_fault,
			diagnostics);
	refuse_unusable(settings, &settings->dnstap, tarn__dnstap_fault, diagnostics);
	refuse_metrics(settings, diagnostics);
	refuse_times(settings, diagnostics);
	tarn__diagnostics_sort(diagnostics);
}

int tarn__settings_complete(struct tarn__settings *settings, const char *resolv_conf,
			    struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	set_defaults(settings);
	if (settings->upstreams.count == 0)
		tarn__system_servers_take(settings, resolv_conf, log);
	check(settings, diagnostics);
	return diagnostics->count > 0 || diagnostics->lost > 0 ? TARN_EINVAL : 0;
}
