/* SPDX-License-Identifier: BSD-2-Clause */
/* What settings need for a second level of the cache. */
#include "config.h"

#include "daemon/config/second_level.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/second/second_config.h"
#include "daemon/config/secret_file.h"
#include "daemon/settings/options.h"
#include "net/second/link.h"

enum { PASSWORD_MAX = 1024 /* octets; Redis and Valkey have no bound of their own */ };

/* ---- statements ---------------------------------------------------------------------------- */

/* Returns the field that says where the store is; NULL: none does. */
static const void *find_place(const struct tarn__settings *settings)
{
	if (settings->second_server.count > 0)
		return &settings->second_server;
	if (settings->second_socket)
		return &settings->second_socket;
	return settings->second_sentinels.count > 0 ? &settings->second_sentinels : NULL;
}

/* Writes "FILE:LINE: " of the field's statement, or nothing, and returns out. */
static const char *format_place(const struct tarn__settings *settings, const void *field,
				char out[], size_t room)
{
	const struct tarn__origin *origin = tarn__settings_origin(settings, field);
	out[0] = '\0';
	if (origin->by == TARN__BY_FILE)
		snprintf(out, room, "%s:%u: ", origin->file, origin->line);
	return out;
}

/* Names the statement of the field. */
static void refuse(const struct tarn__settings *settings, const void *field, const char *reason,
		   struct tarn__diagnostics *diagnostics)
{
	const struct tarn__option_row *row = tarn__option_find(settings, field);
	const struct tarn__origin *origin = tarn__settings_origin(settings, field);
	char *text = tarn__option_text(row, settings);
	tarn__diagnostics_add(diagnostics, origin->file, origin->line, "%s %s: %s", row->word,
			      text ? text : "", reason);
	free(text);
}

static void warn(const struct tarn__settings *settings, const void *field, const char *reason,
		 struct tarn__log *log)
{
	char place[PATH_MAX + 16];
	const struct tarn__option_row *row = tarn__option_find(settings, field);
	char *text = tarn__option_text(row, settings);
	tarn__log(log, TARN_LOG_WARNING, "%s%s %s: %s",
		  format_place(settings, field, place, sizeof(place)), row->word, text ? text : "",
		  reason);
	free(text);
}

/* ---- what is of no use, and what contradicts ------------------------------------------------- */

struct condition {
	bool is_met;
	const void *field; /* that is refused if the condition is met */
	const char *reason;
};

static void refuse_each(const struct tarn__settings *settings, const struct condition *conditions,
			size_t count, struct tarn__diagnostics *diagnostics)
{
	for (size_t i = 0; i < count; i++) {
		if (conditions[i].is_met)
			refuse(settings, conditions[i].field, conditions[i].reason, diagnostics);
	}
}

#define REFUSE_EACH(settings, conditions, diagnostics)                                             \
	refuse_each(settings, conditions, sizeof(conditions) / sizeof((conditions)[0]), diagnostics)

/* Switches that are off, and numbers, may stand without a store: they say what is so anyway. */
static void refuse_idle(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	const char *reason = "without server, socket or sentinel";
	const struct tarn_second_level *second = &settings->resolver.second;
	const struct condition conditions[] = {
		{settings->second_master, &settings->second_master, reason},
		{settings->second_replica.count > 0, &settings->second_replica, reason},
		{settings->second_secret, &settings->second_secret, reason},
		{settings->second_user, &settings->second_user, reason},
		{settings->second_password, &settings->second_password, reason},
		{second->database > 0, &second->database, reason},
		{second->tls, &second->tls, reason},
		{settings->second_ca, &settings->second_ca, reason},
		{settings->second_name, &settings->second_name, reason},
		{second->read_only, &second->read_only, reason},
		{second->keep_stale, &second->keep_stale, reason},
		{second->lease, &second->lease, reason},
	};
	REFUSE_EACH(settings, conditions, diagnostics);
}

static void check_place(const struct tarn__settings *settings,
			struct tarn__diagnostics *diagnostics)
{
	bool has_server = settings->second_server.count > 0;
	size_t sentinels = settings->second_sentinels.count;
	const struct condition conditions[] = {
		{settings->second_socket && has_server, &settings->second_socket,
		 "beside server: one of them"},
		{sentinels > 0 && (has_server || settings->second_socket),
		 &settings->second_sentinels,
		 has_server ? "beside server: one of them" : "beside socket: one of them"},
		{sentinels > TARN_SENTINELS_MAX, &settings->second_sentinels, "more than 8"},
		{sentinels > 0 && !settings->second_master, &settings->second_sentinels,
		 "without the name of the master"},
		{sentinels == 0 && settings->second_master, &settings->second_master,
		 "without sentinel"},
		{settings->second_replica.count > 0 && settings->second_socket,
		 &settings->second_replica, "beside socket"},
	};
	REFUSE_EACH(settings, conditions, diagnostics);
}

_Static_assert(TARN_SENTINELS_MAX == 8, "a text has it");

static void check_rest(const struct tarn__settings *settings, struct tarn__diagnostics *diagnostics)
{
	const struct tarn_second_level *second = &settings->resolver.second;
	const struct condition conditions[] = {
		{!settings->second_secret, find_place(settings),
		 "without a secret (head -c 32 /dev/urandom | base64 makes one)"},
		{settings->second_user && !settings->second_password, &settings->second_user,
		 "without a password"},
		{second->tls && settings->second_socket, &second->tls, "over a Unix socket"},
		{settings->second_ca && !second->tls, &settings->second_ca, "without tls = yes"},
		{settings->second_name && !second->tls, &settings->second_name,
		 "without tls = yes"},
		{second->keep_stale && settings->resolver.stale_sec < 0, &second->keep_stale,
		 "with serve-stale = 0"},
		{second->lease && second->read_only, &second->lease, "with read-only = yes"},
	};
	REFUSE_EACH(settings, conditions, diagnostics);
}

/* ---- the library ----------------------------------------------------------------------------- */

/* Returns false if it has been refused. */
static bool load(const struct tarn__settings *settings, bool tls, const void *field,
		 struct tarn__diagnostics *diagnostics)
{
	char reason[256];
	const char *fault = tarn__second_load(tls);
	if (!fault)
		return true;
	snprintf(reason, sizeof(reason), "%s%s", fault,
		 tarn__second_is_built() && settings->is_confined
			 ? "; in the sandbox that takes a restart"
			 : "");
	refuse(settings, field, reason, diagnostics);
	return false;
}

/* ---- the files ------------------------------------------------------------------------------- */

/* file: a field of settings; text: what it contains. */
static void read_file(struct tarn__settings *settings, const char *const *file, size_t min,
		      size_t max, char **text, struct tarn__diagnostics *diagnostics,
		      struct tarn__log *log)
{
	char fault[TARN__SECRET_FAULT_MAX], reason[TARN__SECRET_FAULT_MAX + 64];
	bool is_open = false;
	if (!*file)
		return;
	char *read = tarn__secret_file_read(*file, min, max, &is_open, fault);
	int error = errno;
	if (is_open)
		warn(settings, file, "others can read it, or write to it (chmod o=)", log);
	if (read) {
		tarn__secret_free(*text);
		*text = read;
		return;
	}
	bool is_out_of_reach = error == EACCES && settings->is_confined;
	if (*text && error != EINVAL) {
		snprintf(reason, sizeof(reason), "%s: what it contained before stays in force",
			 fault);
		warn(settings, file, reason, log);
		return;
	}
	snprintf(reason, sizeof(reason), "%s%s", fault,
		 is_out_of_reach ? "; in the sandbox that takes a restart" : "");
	refuse(settings, file, reason, diagnostics);
}

/* ---- what is unsafe -------------------------------------------------------------------------- */

/* Returns the first field with an address that is not one of this machine; NULL: there is none. */
static const void *find_remote(const struct tarn__settings *settings)
{
	const struct tarn__addresses *lists[] = {
		&settings->second_server, &settings->second_sentinels, &settings->second_replica};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!tarn__addresses_are_loopback(lists[i]))
			return lists[i];
	}
	return NULL;
}

/* Returns the field of a store that is reached over a network in the clear; NULL: it is not. */
static const void *find_clear(const struct tarn__settings *settings)
{
	return settings->resolver.second.tls ? NULL : find_remote(settings);
}

static void warn_of_clear(const struct tarn__settings *settings, struct tarn__log *log)
{
	const void *clear = find_clear(settings);
	if (clear)
		warn(settings, clear,
		     settings->second_password
			     ? "the password and all answers are in the clear on the way (tls = "
			       "yes)"
			     : "all answers are in the clear on the way (tls = yes)",
		     log);
}

/* ---- completion ------------------------------------------------------------------------------ */

void tarn__second_level_complete(struct tarn__settings *settings,
				 struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	if (!tarn__settings_has_second_level(settings)) {
		refuse_idle(settings, diagnostics);
		return;
	}
	check_place(settings, diagnostics);
	check_rest(settings, diagnostics);
	bool tls = settings->resolver.second.tls;
	if (load(settings, false, find_place(settings), diagnostics) && tls)
		(void)load(settings, true, &settings->resolver.second.tls, diagnostics);
	read_file(settings, &settings->second_secret, TARN_SECRET_MIN, TARN_SECRET_MAX,
		  &settings->second_secret_text, diagnostics, log);
	read_file(settings, &settings->second_password, 1, PASSWORD_MAX,
		  &settings->second_password_text, diagnostics, log);
	warn_of_clear(settings, log);
}

static char *copy_if_same(const char *file, const char *file_in_force, const char *text)
{
	bool is_same = file && file_in_force && strcmp(file, file_in_force) == 0;
	return is_same && text ? strdup(text) : NULL;
}

void tarn__second_level_keep(struct tarn__settings *settings, const struct tarn__settings *in_force)
{
	settings->second_secret_text = copy_if_same(
		settings->second_secret, in_force->second_secret, in_force->second_secret_text);
	settings->second_password_text =
		copy_if_same(settings->second_password, in_force->second_password,
			     in_force->second_password_text);
}

/* ---- remarks --------------------------------------------------------------------------------- */

/* The fleet is a hash that machines with the same secret have in common. */
static void remark_secret(const struct tarn__settings *settings, FILE *out)
{
	struct tarn_options options;
	const char *fault;
	if (!settings->second_secret_text || tarn__settings_to_options(settings, &options) < 0)
		return;
	struct tarn__second_config *config = tarn__second_config_new(&options.second, &fault);
	if (config)
		fprintf(out,
			"\t#   %zu octets; fleet %s: machines that are to share must have the "
			"same\n",
			options.second.secret_len, config->fleet);
	tarn__second_config_put(config);
	free((struct tarn_forward *)options.forwards);
}

void tarn__second_level_remark(const struct tarn__settings *settings, const void *field, FILE *out)
{
	if (field == &settings->second_secret)
		remark_secret(settings, out);
	else if (field == find_clear(settings))
		fputs("\t#   in the clear: who is on the way can read the answers, but make none\n",
		      out);
}
