/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything tarn was told or found out about how to run. */
#include "config.h"

#include "daemon/settings/settings.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/telemetry/dnstap.h"
#include "daemon/system/file.h"
#include "daemon/telemetry/metrics_http.h"
#include "daemon/settings/options.h"
#include "daemon/system/privileges.h"
#include "daemon/config/resolvconf.h"

enum {
	CACHE_SIZE_DEFAULT = 16 * 1024 * 1024,
	STALE_SEC_DEFAULT = 86400,
	FAILURE_SEC_DEFAULT = 5,
	FAILURE_MAX_SEC_DEFAULT = 60,
	RESOLV_CONF_MAX = 1 << 20, /* thousands of lines: nobody wrote more for the C library */
};

/* Of a struct tarn__forward_settings, or of struct tarn__settings itself. */
static void clear_fields(void *settings, bool is_forward)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *row = &tarn__options[i];
		if (row->type && (row->section == tarn__forward_section) == is_forward)
			row->type->reset(tarn__option_field(row, settings));
	}
}

struct tarn__settings *tarn__settings_new(void)
{
	return calloc(1, sizeof(struct tarn__settings));
}

void tarn__settings_forget_forwards(struct tarn__settings *settings)
{
	for (size_t i = 0; i < settings->forward_count; i++) {
		clear_fields(&settings->forwards[i], true);
		free((char *)settings->forwards[i].zone);
	}
	free(settings->forwards);
	settings->forwards = NULL;
	settings->forward_count = 0;
}

void tarn__settings_free(struct tarn__settings *settings)
{
	if (!settings)
		return;
	tarn__settings_forget_forwards(settings);
	for (size_t i = 0; i < settings->file_count; i++)
		free((char *)settings->files[i]);
	free(settings->files);
	clear_fields(settings, false);
	free(settings);
}

int tarn__settings_to_options(const struct tarn__settings *settings, struct tarn_options *out)
{
	struct tarn_forward *forwards = NULL;
	if (settings->forward_count > 0) {
		forwards = calloc(settings->forward_count, sizeof(*forwards));
		if (!forwards)
			return TARN_ENOMEM;
	}
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		forwards[i] = (struct tarn_forward){
			.zone = forward->zone,
			.upstreams = forward->upstreams.items,
			.upstream_count = forward->upstreams.count,
			.selection = forward->selection,
			.source = forward->source,
			.follow_cnames = forward->follow_cnames,
			.traits = forward->upstreams.traits,
		};
	}
	*out = (struct tarn_options){
		.cache_size = settings->cache_size,
		.stale_sec = settings->stale_sec,
		.failure_sec = settings->failure_sec,
		.failure_max_sec = settings->failure_max_sec,
		.upstreams = settings->upstreams.items,
		.upstream_count = settings->upstreams.count,
		.selection = settings->selection,
		.source = settings->source,
		.forwards = forwards,
		.forward_count = settings->forward_count,
		.allow = settings->allow.items,
		.allow_count = settings->allow.count,
		.pass = settings->pass.items,
		.pass_count = settings->pass.count,
		.trust_ad = settings->trust_ad,
		.rotate_addresses = settings->rotate_addresses,
		.hide_identity = settings->hide_identity,
		.traits = settings->upstreams.traits,
		.avoid_ports = settings->avoid_ports.items,
		.avoid_port_count = settings->avoid_ports.count,
	};
	return 0;
}

/* The CPUs this process may use: a container or taskset may leave it fewer than the machine has. */
static unsigned count_cpus(void)
{
	cpu_set_t set;
	long count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
								  : sysconf(_SC_NPROCESSORS_ONLN);
	if (count < 1)
		return 1;
	return count < TARN__WORKERS_MAX ? (unsigned)count : TARN__WORKERS_MAX;
}

static void add_default_listens(struct tarn__settings *settings)
{
	static const char *const texts[] = {"127.0.0.1", "::1"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tarn_address address;
		if (tarn_address_parse(texts[i], 53, &address) == 0)
			tarn__addresses_add(&settings->listens, &address);
	}
	settings->has_default_listens = true;
}

static bool is_self(const struct tarn__settings *settings, const struct tarn_address *server)
{
	return tarn__addresses_has_self(&settings->listens, server) ||
	       tarn__addresses_has_self(&settings->bound, server);
}

static void take_servers(struct tarn__settings *settings, const struct tarn__addresses *servers)
{
	settings->upstreams.count = settings->own_upstreams.count = 0;
	for (size_t i = 0; i < servers->count; i++) {
		const struct tarn_address *server = &servers->items[i];
		tarn__addresses_add_upstream(is_self(settings, server) ? &settings->own_upstreams
								       : &settings->upstreams,
					     server, &servers->traits[i]);
	}
}

/* It may have become a link to where nothing was read at the start. */
static void warn_of_unreadable(const struct tarn__settings *settings, const char *resolv_conf,
			       const char *fault, struct tarn__log *log)
{
	bool is_out_of_reach = errno == EACCES && settings->is_confined;
	tarn__log(log, TARN_LOG_WARNING, "cannot read %s: %s%s", resolv_conf, fault,
		  is_out_of_reach ? " (the sandbox lets nothing in from elsewhere; a restart does)"
				  : "");
}

static void add_system_upstreams(struct tarn__settings *settings, const char *resolv_conf,
				 struct tarn__log *log)
{
	settings->has_system_upstreams = true;
	size_t len;
	const char *fault;
	char *text = tarn__file_read(resolv_conf, RESOLV_CONF_MAX, &len, &fault);
	if (!text) {
		warn_of_unreadable(settings, resolv_conf, fault, log);
		return;
	}
	struct tarn__resolvconf found = {0};
	tarn__resolvconf_read(text, len, &found, log);
	free(text);
	/* Said of these servers, so that it goes for no others. */
	if (found.trust_ad && !settings->trust_ad)
		settings->trust_ad = settings->has_system_trust = true;
	take_servers(settings, &found.servers);
}

/* The row outside of section forward whose field it is. */
static const struct tarn__option_row *find_row(const struct tarn__settings *settings,
					       const void *field)
{
	size_t offset = (size_t)((const char *)field - (const char *)settings);
	const struct tarn__option_row *row = tarn__options;
	while (!row->type || row->section == tarn__forward_section || row->offset != offset)
		row++;
	return row;
}

const struct tarn__origin *tarn__settings_origin(const struct tarn__settings *settings,
						 const void *field)
{
	return &settings->origins[find_row(settings, field) - tarn__options];
}

/* In the words of whoever said it. */
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

static void refuse_self(const struct tarn__settings *settings, const struct tarn__origin *origin,
			const struct tarn_address *servers, size_t count,
			struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 0; i < count; i++) {
		char text[TARN_ADDRESS_TEXT_MAX];
		if (is_self(settings, &servers[i]))
			refuse(find_row(settings, &settings->upstreams), origin,
			       tarn_address_format(&servers[i], text), "tarn listens there itself",
			       diagnostics);
	}
}

/* field: what was named, or NULL. */
static void refuse_unusable(const struct tarn__settings *settings, const char *const *field,
			    const char *(*find_fault)(const char *name),
			    struct tarn__diagnostics *diagnostics)
{
	const char *wrong = *field ? find_fault(*field) : NULL;
	if (wrong)
		refuse(find_row(settings, field), tarn__settings_origin(settings, field), *field,
		       wrong, diagnostics);
}

static void refuse_metrics(const struct tarn__settings *settings,
			   struct tarn__diagnostics *diagnostics)
{
	char text[TARN_ADDRESS_TEXT_MAX];
	const char *wrong = tarn__metrics_http_fault();
	if (wrong && settings->metrics.count > 0)
		refuse(find_row(settings, &settings->metrics),
		       tarn__settings_origin(settings, &settings->metrics),
		       tarn_address_format(&settings->metrics.items[0], text), wrong, diagnostics);
}

/* The first span is to be none that the last one forbids. */
static void refuse_spans(const struct tarn__settings *settings,
			 struct tarn__diagnostics *diagnostics)
{
	const int32_t *field = &settings->failure_max_sec;
	if (*field >= settings->failure_sec)
		return;
	char text[16];
	snprintf(text, sizeof(text), "%ds", (int)*field);
	refuse(find_row(settings, field), tarn__settings_origin(settings, field), text,
	       "shorter than failure-ttl", diagnostics);
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
	refuse_spans(settings, diagnostics);
	tarn__diagnostics_sort(diagnostics);
}

int tarn__settings_complete(struct tarn__settings *settings, const char *resolv_conf,
			    struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	if (settings->listens.count == 0 && settings->bound.count == 0)
		add_default_listens(settings);
	if (settings->upstreams.count == 0)
		add_system_upstreams(settings, resolv_conf, log);
	if (settings->workers == 0) {
		settings->workers = count_cpus();
		settings->has_default_workers = true;
	}
	if (settings->cache_size == 0)
		settings->cache_size = CACHE_SIZE_DEFAULT;
	if (settings->stale_sec == 0)
		settings->stale_sec = STALE_SEC_DEFAULT;
	if (settings->failure_sec == 0)
		settings->failure_sec = FAILURE_SEC_DEFAULT;
	if (settings->failure_max_sec == 0)
		settings->failure_max_sec = settings->failure_sec > FAILURE_MAX_SEC_DEFAULT
						    ? settings->failure_sec
						    : FAILURE_MAX_SEC_DEFAULT;
	if (settings->log_level == 0)
		settings->log_level = TARN_LOG_INFO;
	check(settings, diagnostics);
	return diagnostics->count > 0 || diagnostics->lost > 0 ? TARN_EINVAL : 0;
}

static void log_change(const struct tarn__settings *settings, const char *resolv_conf,
		       struct tarn__log *log)
{
	char list[TARN__LOG_LINE_MAX / 2];
	tarn__addresses_format(&settings->upstreams, list, sizeof(list));
	if (settings->upstreams.count > 0)
		tarn__log(log, TARN_LOG_INFO, "%s has changed: forwarding to %s", resolv_conf,
			  list);
	else
		tarn__log(log, TARN_LOG_WARNING,
			  "%s has changed: no upstream server, every question that needs one will "
			  "fail",
			  resolv_conf);
}

static void reread_trust(struct tarn__settings *settings, const struct tarn__resolvconf *found,
			 const char *resolv_conf, struct tarn__log *log)
{
	if (found->trust_ad && !settings->trust_ad && !settings->has_late_trust) {
		tarn__log(log, TARN_LOG_WARNING,
			  "trust-ad is new in %s: it takes effect with a reload", resolv_conf);
		settings->has_late_trust = true;
	}
	/* A file without servers is on its way to be another one. */
	if (settings->has_system_trust && !found->trust_ad && found->servers.count > 0) {
		tarn__log(log, TARN_LOG_WARNING, "trust-ad has gone from %s: no answer has AD now",
			  resolv_conf);
		settings->trust_ad = settings->has_system_trust = false;
	}
}

bool tarn__settings_reread(struct tarn__settings *settings, const char *resolv_conf,
			   struct tarn__log *log)
{
	if (!settings->has_system_upstreams)
		return false;
	struct tarn__resolvconf found = {0};
	size_t len;
	const char *fault;
	char *text = tarn__file_read(resolv_conf, RESOLV_CONF_MAX, &len, &fault);
	if (text) {
		tarn__resolvconf_read(text, len, &found, NULL);
		free(text);
	} else if (errno != ENOENT) {
		warn_of_unreadable(settings, resolv_conf, fault, log);
		return false;
	}
	reread_trust(settings, &found, resolv_conf, log);
	struct tarn__addresses before = settings->upstreams;
	take_servers(settings, &found.servers);
	if (tarn__addresses_is_equal(&before, &settings->upstreams))
		return false;
	log_change(settings, resolv_conf, log);
	return true;
}

enum tarn_log_level tarn__settings_log_level(const struct tarn__settings *settings)
{
	return settings->verbosity > 0 ? TARN_LOG_DEBUG : settings->log_level;
}
