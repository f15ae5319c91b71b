/* SPDX-License-Identifier: BSD-2-Clause */
/* What settings need to validate answers. */
#include "config.h"

#include "daemon/config/validation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "crypto/signature.h"
#include "daemon/settings/options.h"
#include "daemon/system/file.h"
#include "dns/text.h"
#include "dnssec/anchors.h"

enum { ANCHOR_FILE_MAX = 1 << 20 /* octets: a thousand keys have as many */ };

/* Those of Debian's package dns-root-data: digests of the root's keys, and the keys themselves. */
static const char *const default_files[] = {"/usr/share/dns/root.ds", "/usr/share/dns/root.key"};

enum { DEFAULT_FILES = sizeof(default_files) / sizeof(default_files[0]) };

static const char out_of_memory[] = "out of memory";

/* ---- faults ---------------------------------------------------------------------------------- */

/* At the statement that switches validation on. */
static void refuse(const struct tarn__settings *settings, struct tarn__diagnostics *diagnostics,
		   const char *reason, const char *hint)
{
	const struct tarn__origin *origin =
		tarn__settings_origin(settings, &settings->resolver.dnssec.validate);
	tarn__diagnostics_add(diagnostics, origin->file, origin->line, "validate: %s%s", reason,
			      hint);
}

/* The option of the field has no effect. */
static void refuse_idle(const struct tarn__settings *settings, const void *field,
			struct tarn__diagnostics *diagnostics)
{
	const struct tarn__origin *origin = tarn__settings_origin(settings, field);
	tarn__diagnostics_add(diagnostics, origin->file, origin->line, "%s: without validate = yes",
			      tarn__option_find(settings, field)->word);
}

/* What belongs to validation was meant to switch it on, unless "validate = no" says that it was not. */
static void refuse_all_idle(const struct tarn__settings *settings,
			    struct tarn__diagnostics *diagnostics)
{
	const struct tarn__origin *validate =
		tarn__settings_origin(settings, &settings->resolver.dnssec.validate);
	if (validate->by != TARN__BY_DEFAULT)
		return;
	if (settings->anchor_file)
		refuse_idle(settings, &settings->anchor_file, diagnostics);
	if (settings->anchor_lines.count > 0)
		refuse_idle(settings, &settings->anchor_lines, diagnostics);
	if (settings->insecure.count > 0)
		refuse_idle(settings, &settings->insecure, diagnostics);
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		if (forward->resolver.validate)
			tarn__diagnostics_add(diagnostics, forward->origin.file,
					      forward->origin.line,
					      "forward \"%s\": validate: without validate = yes in "
					      "section dnssec",
					      forward->resolver.zone);
	}
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Sets the path of the file. Returns false if none is named, and none is where it usually is. */
static bool choose_file(struct tarn__settings *settings)
{
	for (size_t i = 0; i < DEFAULT_FILES && !settings->anchor_file; i++) {
		if (access(default_files[i], F_OK) == 0)
			settings->anchor_file = strdup(default_files[i]);
	}
	return settings->anchor_file;
}

/*
 * The packager wrote the file when the signatures of its time were valid: a clock that shows an
 * earlier time has not been set.
 */
static void set_clock_floor(struct tarn__settings *settings)
{
	uint32_t *floor = &settings->resolver.dnssec.clock_floor_sec;
	struct stat status;
	*floor = TARN__RELEASE_SEC;
	if (settings->anchor_text && stat(settings->anchor_file, &status) == 0 &&
	    status.st_mtime > TARN__RELEASE_SEC && status.st_mtime <= UINT32_MAX)
		*floor = (uint32_t)status.st_mtime;
}

/* Adds the anchors of the file. Returns false if it cannot be used. */
static bool read_file(struct tarn__settings *settings, struct tarn__anchors *anchors,
		      struct tarn__diagnostics *diagnostics)
{
	size_t len;
	unsigned line;
	const char *fault;
	char reason[TARN__ANCHORS_FAULT_MAX];
	settings->anchor_text =
		tarn__file_read(settings->anchor_file, ANCHOR_FILE_MAX, &len, &fault);
	if (!settings->anchor_text) {
		bool is_out_of_reach = errno == EACCES && settings->is_confined;
		tarn__diagnostics_add(
			diagnostics, settings->anchor_file, 0, "trust anchors: %s%s", fault,
			is_out_of_reach ? "; in the sandbox that takes a restart" : "");
		return false;
	}
	int error = tarn__anchors_add_text(anchors, settings->anchor_text, len, &line, reason);
	if (error == TARN_EINVAL)
		tarn__diagnostics_add(diagnostics, settings->anchor_file, line, "%s", reason);
	else if (error < 0)
		refuse(settings, diagnostics, out_of_memory, "");
	return error == 0;
}

/* Returns false if there is a file that cannot be used, or should be one. */
static bool take_file(struct tarn__settings *settings, struct tarn__anchors *anchors,
		      struct tarn__diagnostics *diagnostics)
{
	if (!choose_file(settings)) {
		refuse(settings, diagnostics,
		       "neither /usr/share/dns/root.ds nor root.key is there",
		       " (package dns-root-data); anchors names another file, or none");
		return false;
	}
	return strcmp(settings->anchor_file, "none") == 0 ||
	       read_file(settings, anchors, diagnostics);
}

/* ---- the anchors ----------------------------------------------------------------------------- */

/*
 * Makes resolver.dnssec.anchors, and adds the lines to the anchors, which have those of the file. Too many
 * are refused later. Returns false if memory is short.
 */
static bool collect(struct tarn__settings *settings, struct tarn__anchors *anchors)
{
	const struct tarn__texts *lines = &settings->anchor_lines;
	unsigned line;
	char reason[TARN__ANCHORS_FAULT_MAX];
	struct tarn_dnssec *dnssec = &settings->resolver.dnssec;
	free(settings->anchor_texts);
	settings->anchor_texts = calloc(1 + lines->count, sizeof(settings->anchor_texts[0]));
	if (!settings->anchor_texts)
		return false;
	dnssec->anchors = settings->anchor_texts;
	dnssec->anchor_count = 0;
	if (settings->anchor_text)
		settings->anchor_texts[dnssec->anchor_count++] = settings->anchor_text;
	for (size_t i = 0; i < lines->count; i++) {
		settings->anchor_texts[dnssec->anchor_count++] = lines->items[i];
		if (tarn__anchors_add_text(anchors, lines->items[i], strlen(lines->items[i]), &line,
					   reason) == TARN_ENOMEM)
			return false;
	}
	return true;
}

static void warn_of_unsupported(const struct tarn__anchors *anchors, struct tarn__log *log)
{
	struct tarn__anchor anchor;
	size_t at = 0;
	char name[TARN__NAME_TEXT_MAX];
	while (tarn__anchors_next(anchors, &at, &anchor)) {
		if (!tarn__anchor_is_supported(&anchor))
			tarn__log(log, TARN_LOG_WARNING,
				  "no trust anchor of %s has an algorithm and a digest that are "
				  "supported: its names are insecure",
				  tarn__name_format(anchor.name, name));
	}
}

/* can_verify: the library is loaded. */
static void take_anchors(struct tarn__settings *settings, bool can_verify,
			 struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	struct tarn__anchors *anchors = tarn__anchors_new();
	free(settings->anchor_text);
	settings->anchor_text = NULL;
	if (!anchors)
		refuse(settings, diagnostics, out_of_memory, "");
	if (anchors && take_file(settings, anchors, diagnostics)) {
		if (!collect(settings, anchors))
			refuse(settings, diagnostics, out_of_memory, "");
		else if (tarn__anchors_count(anchors) == 0)
			refuse(settings, diagnostics, "no trust anchor is named", "");
		else if (can_verify)
			warn_of_unsupported(anchors, log);
		set_clock_floor(settings);
	}
	tarn__anchors_free(anchors);
}

void tarn__validation_complete(struct tarn__settings *settings,
			       struct tarn__diagnostics *diagnostics, struct tarn__log *log)
{
	if (!settings->resolver.dnssec.validate) {
		refuse_all_idle(settings, diagnostics);
		return;
	}
	bool is_loading = tarn__signature_is_loading();
	const char *fault = is_loading ? NULL : tarn__signature_load();
	if (fault)
		refuse(settings, diagnostics, fault,
		       settings->is_confined ? "; in the sandbox that takes a restart" : "");
	take_anchors(settings, !is_loading && !fault, diagnostics, log);
}

/* The anchors have been read without fault. */
static void warn_of_all(const struct tarn_dnssec *dnssec, struct tarn__log *log)
{
	struct tarn__anchors *anchors = tarn__anchors_new();
	char reason[TARN__ANCHORS_FAULT_MAX];
	unsigned line;
	for (size_t i = 0; anchors && i < dnssec->anchor_count; i++)
		(void)tarn__anchors_add_text(anchors, dnssec->anchors[i],
					     strlen(dnssec->anchors[i]), &line, reason);
	if (anchors)
		warn_of_unsupported(anchors, log);
	tarn__anchors_free(anchors);
}

int tarn__validation_settle(const struct tarn__settings *settings, struct tarn__log *log)
{
	if (!tarn__signature_is_loading())
		return 0;
	const char *fault = tarn__signature_load();
	if (!fault) {
		warn_of_all(&settings->resolver.dnssec, log);
		return 0;
	}
	tarn__log(log, TARN_LOG_ERR, "cannot start: validation is not possible: %s", fault);
	return TARN_ESYSTEM;
}
