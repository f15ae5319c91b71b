/* SPDX-License-Identifier: BSD-2-Clause */
/* Drops privileges and enters the sandbox. */
#include "daemon/system/confine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/settings/path.h"
#include "daemon/system/sandbox.h"

static bool has_interface(const struct tarn__settings *settings)
{
	bool has = settings->resolver.source.interface;
	for (size_t i = 0; i < settings->forward_count; i++)
		has |= settings->forwards[i].resolver.source.interface != NULL;
	return has;
}

/* Returns the path in a setting, NULL if the setting is a word instead. */
static const char *path_of(const char *setting, const char *word)
{
	return setting && strcmp(setting, word) != 0 ? setting : NULL;
}

/* Files of a sandbox, as they are added. */
struct files {
	struct tarn__sandbox_file *items;
	size_t count;
};

static void add_file(struct files *files, const char *path, bool is_written)
{
	files->items[files->count++] =
		(struct tarn__sandbox_file){.path = path, .is_written = is_written};
}

static void add_names(struct files *files, const struct tarn__names *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		add_file(files, paths->items[i], false);
}

enum { OWN_FILES = 13 };

static void add_own_files(struct files *files, const struct tarn__settings *settings,
			  const char *resolv_conf, const char *state, const char *cache_folder)
{
	const char *control = settings->control ? settings->control : TARN_CONTROL_SOCKET;
	add_file(files, resolv_conf, false);
	add_file(files, TARN_CONFIG_FILE, false);
	if (settings->resolver.dnssec.validate)
		add_file(files, path_of(settings->anchor_file, "none"), false);
	add_file(files, settings->resolver.tls.ca, false);
	add_file(files, settings->second_secret, false);
	add_file(files, settings->second_password, false);
	add_file(files, settings->second_ca, false);
	add_file(files, path_of(settings->query_log, "stderr"), true);
	add_file(files, path_of(control, "none"), true);
	add_file(files, state, false);
	add_file(files, state, true);
	add_file(files, cache_folder, false);
	add_file(files, cache_folder, true);
}

static size_t count_files(const struct tarn__settings *settings)
{
	size_t count = OWN_FILES + settings->file_count + settings->local_hosts.count +
		       settings->local_leases.count + settings->certificates.count +
		       settings->keys.count;
	for (size_t i = 0; i < settings->list_count; i++)
		count += settings->lists[i].files.count + 1;
	return count;
}

/* Writes the folder of compiled lists, with '/' at its end. Returns NULL if there is none. */
static const char *state_folder(const struct tarn__settings *settings, char out[PATH_MAX])
{
	const char *state = settings->list_count > 0 ? path_of(settings->state, "none") : NULL;
	return state && snprintf(out, PATH_MAX, "%s/", state) < PATH_MAX ? out : NULL;
}

/*
 * Writes the folder of the cache's file: what is in the place of that file, and may be a link, is not followed.
 * Returns NULL if there is none.
 */
static const char *cache_folder(const struct tarn__settings *settings, char out[PATH_MAX])
{
	const char *file = path_of(settings->cache_file, "none");
	if (!file || snprintf(out, PATH_MAX, "%s", file) >= PATH_MAX)
		return NULL;
	tarn__path_cut(out);
	return out;
}

static int enter_sandbox(struct tarn__settings *settings, const char *resolv_conf,
			 struct tarn__log *log)
{
	char state[PATH_MAX], cache[PATH_MAX];
	struct files files = {.items = calloc(count_files(settings), sizeof(files.items[0]))};
	if (!files.items) {
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", tarn_error_text(TARN_ENOMEM));
		return TARN_ENOMEM;
	}
	add_own_files(&files, settings, resolv_conf, state_folder(settings, state),
		      cache_folder(settings, cache));
	for (size_t i = 0; i < settings->file_count; i++)
		add_file(&files, settings->files[i], false);
	add_names(&files, &settings->local_hosts);
	add_names(&files, &settings->local_leases);
	add_names(&files, &settings->certificates);
	add_names(&files, &settings->keys);
	for (size_t i = 0; i < settings->list_count; i++) {
		add_names(&files, &settings->lists[i].files);
		add_file(&files, settings->lists[i].key, false);
	}
	int halves = tarn__sandbox_enter(files.items, files.count, log);
	free(files.items);
	settings->is_confined = halves & TARN__SANDBOX_FILES;
	tarn__log(log, TARN_LOG_DEBUG, "in the sandbox: files%s, system calls%s",
		  halves & TARN__SANDBOX_FILES ? "" : " no",
		  halves & TARN__SANDBOX_CALLS ? "" : " no");
	return 0;
}

int tarn__confine(struct tarn__settings *settings, const struct tarn__identity *identity,
		  const char *resolv_conf, struct tarn__log *log)
{
	int error = tarn__privileges_drop(identity, has_interface(settings), log);
	if (error < 0 || settings->no_sandbox)
		return error;
	return enter_sandbox(settings, resolv_conf, log);
}
