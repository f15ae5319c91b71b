/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings completed with defaults and with what the machine has, and checked. */
#include "config.h"

#include "daemon/config/completion.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/policy/groups.h"
#include "daemon/config/encryption.h"
#include "daemon/config/second_level.h"
#include "daemon/config/servers_check.h"
#include "daemon/config/system_servers.h"
#include "daemon/config/validation.h"
#include "daemon/settings/options.h"
#include "daemon/settings/sections.h"
#include "daemon/system/privileges.h"
#include "daemon/telemetry/dnstap.h"
#include "daemon/telemetry/metrics_http.h"
#include "daemon/transfer/zone_file.h"

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

/*
 * The names of this machine are not those of others, who may ask at any address but loopback ones.
 */
static bool is_for_itself(const struct tarn__settings *settings)
{
	return tarn__addresses_are_loopback(&settings->listens) &&
	       tarn__addresses_are_loopback(&settings->tls_listens) &&
	       tarn__addresses_are_loopback(&settings->https_listens) &&
	       tarn__addresses_are_loopback(&settings->bound);
}

/*
 * Sockets of the service manager stand in for the default addresses. listens have their default
 * before local_hosts, by the order of the table.
 */
static bool has_default(const struct tarn__option_row *row, struct tarn__settings *settings)
{
	const void *field = tarn__option_field(row, settings);
	if (row->scope != TARN__SCOPE_GLOBAL || !row->type)
		return false;
	if (field == &settings->listens)
		return settings->bound.count == 0;
	if (field == &settings->local_hosts)
		return is_for_itself(settings);
	return true;
}

/*
 * What clients of named groups only are denied is what they, or their parents, have chosen (RFC
 * 8914 section 4.18).
 */
static void set_reason(struct tarn__list_settings *list)
{
	const struct tarn__option_row *row = tarn__option_find_word("block", "reason");
	bool is_set = list->set >> tarn__option_bit(row) & 1;
	if (is_set || list->groups.count == 0)
		return;
	for (size_t i = 0; i < list->groups.count; i++) {
		if (strcmp(list->groups.items[i], "default") == 0)
			return;
	}
	list->reason = TARN__RULE_REASON_FILTERED;
}

static void set_section_defaults(struct tarn__settings *settings, enum tarn__scope scope)
{
	for (size_t i = 0; i < tarn__section_count(settings, scope); i++) {
		struct tarn__section_view view = tarn__section_view(settings, scope, i);
		for (size_t j = 0; j < tarn__option_count; j++) {
			if (tarn__option_is_in(&tarn__options[j], view.kind->word))
				tarn__option_set_default(&tarn__options[j], view.base);
		}
	}
}

/* Days without hours are whole days: a group without hours is one always. */
static void set_hours(struct tarn__group_settings *group)
{
	if (group->days != 0 && group->begin == group->end) {
		group->begin = 0;
		group->end = TARN__DAY_MINUTES;
	}
}

/*
 * A zone that comes by transfer is compiled from its file, as any other. tarn__policy_check() has the
 * errors.
 */
static void add_zone_file(const struct tarn__settings *settings, struct tarn__list_settings *list)
{
	char path[PATH_MAX], fault[TARN__FAULT_MAX];
	if (list->primaries.count == 0 || !settings->state ||
	    strcmp(settings->state, "none") == 0 ||
	    !tarn__zone_file_path(settings->state, list->name, path))
		return;
	for (size_t i = 0; i < list->files.count; i++) {
		if (strcmp(list->files.items[i], path) == 0)
			return;
	}
	(void)tarn__names_add(&list->files, path, "files", fault);
}

static void set_policy_defaults(struct tarn__settings *settings)
{
	set_section_defaults(settings, TARN__SCOPE_GROUP);
	set_section_defaults(settings, TARN__SCOPE_LIST);
	for (size_t i = 0; i < settings->group_count; i++)
		set_hours(&settings->groups[i]);
	if (!settings->state)
		settings->state = strdup(TARN_STATE_DIRECTORY);
	for (size_t i = 0; i < settings->list_count; i++) {
		set_reason(&settings->lists[i]);
		add_zone_file(settings, &settings->lists[i]);
	}
}

static void set_defaults(struct tarn__settings *settings)
{
	settings->has_default_listens = settings->listens.count == 0 && settings->bound.count == 0;
	bool has_default_max = settings->resolver.failure_max_sec == 0;
	for (size_t i = 0; i < tarn__option_count; i++) {
		if (has_default(&tarn__options[i], settings))
			tarn__option_set_default(&tarn__options[i], settings);
	}
	set_policy_defaults(settings);
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

/* Refuses the field of an option with the value that it has. */
static void refuse_value(const struct tarn__settings *settings, const void *field,
			 const char *reason, struct tarn__diagnostics *diagnostics)
{
	char *text = tarn__option_text(tarn__option_find(settings, field), settings);
	refuse_field(settings, field, text ? text : "", reason, diagnostics);
	free(text);
}

static void refuse_times(const struct tarn__settings *settings,
			 struct tarn__diagnostics *diagnostics)
{
	const int32_t *most = &settings->resolver.failure_max_sec;
	if (*most >= settings->resolver.failure_sec)
		return;
	refuse_value(settings, most, "shorter than failure-ttl", diagnostics);
}

static void refuse_ttls(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	if (settings->resolver.min_ttl > settings->resolver.max_ttl)
		refuse_value(settings, &settings->resolver.min_ttl, "longer than max-ttl",
			     diagnostics);
}

/*
 * What limits something that is not there was meant to do something; "private = no" says that it is not to.
 */
static void refuse_idle(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	const struct tarn__origin *private =
		tarn__settings_origin(settings, &settings->resolver.filter_private);
	if (settings->private_ok.count > 0 && private->by == TARN__BY_DEFAULT)
		refuse_value(settings, &settings->private_ok, "without private = yes", diagnostics);
	if (settings->filter_clients.count > 0 && settings->filter_types.count == 0)
		refuse_value(settings, &settings->filter_clients, "without types (no = { ... })",
			     diagnostics);
	if (settings->dns64_prefixes.count > 0)
		return;
	if (settings->dns64_excluded.count > 0)
		refuse_value(settings, &settings->dns64_excluded, "without a prefix", diagnostics);
	if (settings->dns64_clients.count > 0)
		refuse_value(settings, &settings->dns64_clients, "without a prefix", diagnostics);
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
	tarn__servers_check(settings, diagnostics);
	refuse_unusable(settings, &settings->user, tarn__privileges_user_fault, diagnostics);
	refuse_unusable(settings, &settings->control_group, tarn__privileges_group_fault,
			diagnostics);
	refuse_unusable(settings, &settings->dnstap, tarn__dnstap_fault, diagnostics);
	refuse_metrics(settings, diagnostics);
	refuse_times(settings, diagnostics);
	refuse_ttls(settings, diagnostics);
	refuse_idle(settings, diagnostics);
	tarn__encryption_check(settings, diagnostics);
	tarn__diagnostics_sort(diagnostics);
}

int tarn__settings_complete(struct tarn__settings *settings, const char *resolv_conf,
			    struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	set_defaults(settings);
	if (settings->upstreams.count == 0)
		tarn__system_servers_take(settings, resolv_conf, log);
	tarn__validation_complete(settings, diagnostics, log);
	tarn__second_level_complete(settings, diagnostics, log);
	check(settings, diagnostics);
	return diagnostics->count > 0 || diagnostics->lost > 0 ? TARN_EINVAL : 0;
}
