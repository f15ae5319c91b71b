/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings of the running program, and their replacement. */
#include "config.h"

#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/config/completion.h"
#include "daemon/config/configuration.h"
#include "daemon/config/second_level.h"
#include "daemon/config/system_servers.h"
#include "daemon/threads/listeners.h"
#include "daemon/system/memory.h"
#include "daemon/config/resolvconf.h"
#include "daemon/system/rlimits.h"
#include "net/shared.h"
#include "base/upstream.h"

/* ---- what changes by itself -------------------------------------------------------------------- */

static void on_resolv_conf(void *data)
{
	struct tarn__reload *reload = data;
	struct tarn__settings *settings = reload->settings;
	bool has_changed = tarn__system_servers_reread(settings, tarn__resolv_conf, reload->log);
	if (!settings->resolver.trust_ad)
		tarn__distrust(reload->tarn);
	if (!has_changed)
		return;
	tarn_set_upstreams_with_traits(reload->tarn, settings->upstreams.items,
				       settings->upstreams.traits, settings->upstreams.count);
	if (reload->discovery)
		tarn__discovery_follow(reload->discovery, settings);
	tarn__find_forward_loops(reload->tarn);
}

static void on_network(void *data)
{
	struct tarn__reload *reload = data;
	tarn__log(reload->log, TARN_LOG_DEBUG, "the network has changed");
	/* The address of a server may be one of tarn's own now. */
	on_resolv_conf(reload);
	tarn_network_changed(reload->tarn);
	tarn__find_forward_loops(reload->tarn);
	for (size_t i = 0; i < reload->part_count; i++) {
		if (reload->parts[i].network_changed)
			reload->parts[i].network_changed(reload->parts[i].data);
	}
}

/*
 * Watches resolv.conf as long as the servers come from it. A change since it was read is noticed, too: it
 * is read again after the first watch.
 */
static void follow(struct tarn__reload *reload)
{
	if (!reload->settings->has_system_upstreams) {
		tarn__file_watch_stop(&reload->file_watch);
		return;
	}
	if (reload->file_watch.loop)
		return;
	tarn__file_watch_start(&reload->file_watch, reload->loop, tarn__resolv_conf, on_resolv_conf,
			       reload, reload->log);
	on_resolv_conf(reload);
}

/* ---- what the log and the service manager hear ------------------------------------------------- */

static void announce_upstreams(const struct tarn__settings *settings, struct tarn__log *log)
{
	char text[TARN__UPSTREAM_TEXT_MAX];
	for (size_t i = 0; i < settings->own_upstreams.count; i++)
		tarn__log(log, TARN_LOG_INFO, "not forwarding to %s of %s: that is tarn itself",
			  tarn_address_format(&settings->own_upstreams.items[i], text),
			  tarn__resolv_conf);
	for (size_t i = 0; i < settings->upstreams.count; i++)
		tarn__log(log, TARN_LOG_INFO, "forwarding to %s%s%s",
			  tarn__upstream_format(&settings->upstreams.items[i],
						&settings->upstreams.traits[i], text),
			  settings->has_system_upstreams ? " of " : "",
			  settings->has_system_upstreams ? tarn__resolv_conf : "");
	if (settings->upstreams.count == 0)
		tarn__log(log, TARN_LOG_WARNING,
			  "no upstream server: every question that needs one will fail (name one "
			  "with --upstream or in %s)",
			  tarn__resolv_conf);
}

static void announce_validation(bool was_on, bool is_on, struct tarn__log *log)
{
	if (is_on && !was_on)
		tarn__log(log, TARN_LOG_INFO, "validating answers (DNSSEC)");
	else if (was_on && !is_on)
		tarn__log(log, TARN_LOG_INFO, "answers are not validated any more (DNSSEC)");
}

static void tell_ready(const struct tarn__reload *reload, const char *note)
{
	char list[256], status[sizeof(list) + 128];
	tarn__addresses_format(&reload->settings->bound, list, sizeof(list));
	snprintf(status, sizeof(status), "answering on %s%s", list, note);
	tarn__systemd_ready(reload->systemd, status);
}

static void warn_of_fixed(const struct tarn__reload *reload)
{
	for (size_t i = 0; i < tarn__option_count; i++) {
		const struct tarn__option_row *option = &tarn__options[i];
		if (option->on_reload == TARN__RELOAD_IGNORES &&
		    !tarn__option_is_same(option, reload->first, reload->settings))
			tarn__log(reload->log, TARN_LOG_WARNING,
				  "%s: the change takes effect when tarn is restarted",
				  option->name ? option->name : option->word);
	}
}

/* ---- a reload ---------------------------------------------------------------------------------- */

static struct tarn__settings *read_settings(struct tarn__reload *reload,
					    struct tarn__diagnostics *diagnostics)
{
	struct tarn__settings *settings =
		tarn__configuration_load(reload->command, true, diagnostics);
	if (!settings)
		return NULL;
	settings->is_confined = reload->settings->is_confined;
	tarn__systemd_addresses(reload->systemd, &settings->bound);
	tarn__second_level_keep(settings, reload->settings);
	if (tarn__settings_complete(settings, tarn__resolv_conf, diagnostics, reload->log) == 0)
		return settings;
	tarn__settings_free(settings);
	return NULL;
}

/* The parts from first on, and before end, return to the settings in force. */
static void undo_parts(struct tarn__reload *reload, size_t first, size_t end)
{
	while (end-- > first)
		(void)reload->parts[end].set(reload->parts[end].data, reload->settings);
}

/* Applies the settings to those parts; after an error those before it return to the settings in force. */
static int set_parts(struct tarn__reload *reload, size_t first, size_t end,
		     const struct tarn__settings *settings)
{
	for (size_t i = first; i < end; i++) {
		int error = reload->parts[i].set(reload->parts[i].data, settings);
		if (error == 0)
			continue;
		undo_parts(reload, first, i);
		return error;
	}
	return 0;
}

static void settle_parts(struct tarn__reload *reload)
{
	for (size_t i = 0; i < reload->part_count; i++) {
		if (reload->parts[i].settle)
			reload->parts[i].settle(reload->parts[i].data);
	}
}

static int reconfigure(struct tarn__reload *reload, const struct tarn__settings *settings)
{
	struct tarn_options options;
	int error = tarn__settings_to_options(settings, &options);
	if (error < 0)
		return error;
	if (reload->bootstrap)
		error = tarn__bootstrap_fill(reload->bootstrap, &options);
	if (error == 0)
		error = tarn_reconfigure(reload->tarn, &options);
	free((struct tarn_forward *)options.forwards);
	return error;
}

/* Nothing can fail from here on. */
static void take_over(struct tarn__reload *reload, struct tarn__settings *settings, size_t places)
{
	struct tarn__settings *old = reload->settings;
	reload->settings = settings;
	tarn__settings_forget_forwards(settings);
	settle_parts(reload);
	tarn__workers_set_places(reload->workers, places);
	tarn__listeners_close(reload->workers, &old->bound, &settings->bound);
	tarn__log_set_level(reload->log, tarn__settings_log_level(settings));
	follow(reload);
	tarn__find_forward_loops(reload->tarn);
	if (!tarn__servers_is_equal(&old->upstreams, &settings->upstreams))
		announce_upstreams(settings, reload->log);
	announce_validation(old->resolver.dnssec.validate, settings->resolver.dnssec.validate,
			    reload->log);
	tarn__listeners_announce(&old->bound, &settings->bound, reload->log);
	warn_of_fixed(reload);
	if (old != reload->first)
		tarn__settings_free(old);
}

/* What follows the early parts. After an error nothing of it has changed. */
static int open_and_set(struct tarn__reload *reload, struct tarn__settings *settings,
			struct tarn__addresses *opened, struct tarn__diagnostics *diagnostics)
{
	size_t first = reload->early_count, end = reload->part_count;
	int error = tarn__listeners_open(reload->workers, reload->systemd, settings, opened,
					 diagnostics, reload->log);
	if (error < 0)
		return error;
	error = set_parts(reload, first, end, settings);
	if (error == 0) {
		error = reconfigure(reload, settings);
		if (error == 0)
			return 0;
		tarn__diagnostics_add(diagnostics, NULL, 0, "%s", tarn_error_text(error));
		undo_parts(reload, first, end);
	}
	tarn__listeners_close(reload->workers, opened, NULL);
	return error;
}

static int change(struct tarn__reload *reload, struct tarn__diagnostics *diagnostics)
{
	struct tarn__settings *settings = read_settings(reload, diagnostics);
	if (!settings)
		return TARN_EINVAL;
	size_t places = tarn__rlimits_fit(settings, reload->first->workers, reload->log);
	struct tarn__addresses opened = {0};
	int error = set_parts(reload, 0, reload->early_count, settings);
	if (error == 0) {
		error = open_and_set(reload, settings, &opened, diagnostics);
		if (error < 0)
			undo_parts(reload, 0, reload->early_count);
	}
	if (error == 0) {
		take_over(reload, settings, places);
		return 0;
	}
	tarn__settings_free(settings);
	return error;
}

int tarn__reload_run(struct tarn__reload *reload, struct tarn__diagnostics *diagnostics)
{
	tarn__systemd_reloading(reload->systemd, "reading the configuration");
	int error = change(reload, diagnostics);
	tarn__diagnostics_log(diagnostics, reload->log);
	if (error < 0 && diagnostics->count == 0)
		tarn__diagnostics_add(diagnostics, NULL, 0, "the log has the errors");
	if (error == 0)
		tarn__log(reload->log, TARN_LOG_INFO, "the configuration has been reloaded");
	else
		tarn__log(reload->log, TARN_LOG_ERR,
			  "the configuration is not reloaded: the former one stays in force");
	/* The old settings, the new ones and what they were read from existed at the same time. */
	tarn__memory_trim();
	tell_ready(reload, error < 0 ? "; the last reload was refused, see the log" : "");
	return error;
}

/* ---- from start to end ------------------------------------------------------------------------- */

int tarn__reload_open(struct tarn__reload *reload)
{
	struct tarn__diagnostics diagnostics = {0};
	struct tarn__addresses opened;
	int error = set_parts(reload, 0, reload->early_count, reload->settings);
	if (error == 0)
		error = tarn__listeners_take(reload->workers, reload->systemd, reload->log);
	if (error == 0)
		error = tarn__listeners_open(reload->workers, reload->systemd, reload->settings,
					     &opened, &diagnostics, reload->log);
	if (error == 0)
		error = set_parts(reload, reload->early_count, reload->part_count,
				  reload->settings);
	if (error == 0)
		settle_parts(reload);
	tarn__diagnostics_log(&diagnostics, reload->log);
	tarn__diagnostics_fini(&diagnostics);
	return error;
}

static bool are_turning(void *workers)
{
	return tarn__workers_are_turning(workers);
}

void tarn__reload_start(struct tarn__reload *reload)
{
	struct tarn__addresses given = {0};
	tarn__systemd_addresses(reload->systemd, &given);
	announce_upstreams(reload->settings, reload->log);
	announce_validation(false, reload->settings->resolver.dnssec.validate, reload->log);
	tarn__listeners_announce(&given, &reload->settings->bound, reload->log);
	tarn__netlink_start(&reload->netlink, reload->loop, on_network, reload, reload->log);
	tarn__find_forward_loops(reload->tarn);
	follow(reload);
	tarn__systemd_watch(reload->systemd, reload->loop, are_turning, reload->workers);
	tell_ready(reload, "");
}

void tarn__reload_stop(struct tarn__reload *reload)
{
	tarn__file_watch_stop(&reload->file_watch);
	tarn__netlink_stop(&reload->netlink);
	if (reload->settings != reload->first)
		tarn__settings_free(reload->settings);
	reload->settings = NULL;
}
