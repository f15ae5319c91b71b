/* SPDX-License-Identifier: BSD-2-Clause */
/* Drops privileges and enters the sandbox. */
#include "daemon/system/confine.h"

#include <stdlib.h>
#include <string.h>

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

static int enter_sandbox(struct tarn__settings *settings, const char *resolv_conf,
			 struct tarn__log *log)
{
	const char *control = settings->control ? settings->control : TARN_CONTROL_SOCKET;
	const struct tarn__sandbox_file own[] = {
		{.path = resolv_conf},
		{.path = TARN_CONFIG_FILE},
		{.path = path_of(settings->query_log, "stderr"), .is_written = true},
		{.path = path_of(control, "none"), .is_written = true},
	};
	enum { OWN = sizeof(own) / sizeof(own[0]) };
	struct tarn__sandbox_file *files = calloc(OWN + settings->file_count, sizeof(files[0]));
	if (!files) {
		tarn__log(log, TARN_LOG_ERR, "cannot start: %s", tarn_error_text(TARN_ENOMEM));
		return TARN_ENOMEM;
	}
	memcpy(files, own, sizeof(own));
	for (size_t i = 0; i < settings->file_count; i++)
		files[OWN + i].path = settings->files[i];
	int halves = tarn__sandbox_enter(files, OWN + settings->file_count, log);
	free(files);
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
