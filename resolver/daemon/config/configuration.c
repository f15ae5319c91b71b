/* SPDX-License-Identifier: BSD-2-Clause */
/* From the command line and the configuration file to settings. */
#include "config.h"

#include "daemon/config/configuration.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "core/reverse.h"
#include "daemon/config/parse.h"
#include "daemon/config/policy_check.h"
#include "daemon/config/text.h"
#include "daemon/settings/sections.h"
#include "daemon/system/file.h"
#include "dns/name.h"
#include "dns/text.h"

enum {
	INCLUDE_DEPTH_MAX = 10,
	PIPE_MS = 30000, /* for the writer of a pipe; ssh takes some seconds */
	TEXT_MAX = 16 << 20, /* octets of a file: ten thousand zones have a megabyte */
};

static const char out_of_memory[] = "out of memory";

struct loader {
	struct tarn__settings *settings;
	struct tarn__diagnostics *diagnostics;
	bool is_reload;
};

/* A file that is being read, and the one that includes it. */
struct file {
	struct loader *loader;
	const struct file *includer;
	unsigned depth;
	const char *name; /* for diagnostics; one of settings->files */
	dev_t device;
	ino_t inode;
	/* The lines where its sections begin, by the first row of each. */
	unsigned section_lines[TARN__OPTIONS_MAX];
	/*
	 * The section with a title that is being read, or was the last; without a base it could not
	 * be added.
	 */
	struct tarn__section_view titled;
	unsigned titled_lines[64]; /* of its first statements, by the bits of their rows */
};

#define FAULT(file, line, ...)                                                                     \
	tarn__diagnostics_add((file)->loader->diagnostics, (file)->name, line, __VA_ARGS__)

static void read_file(struct loader *, const char *path, const struct file *includer,
		      unsigned line);

/* ---- sections -------------------------------------------------------------------------------- */

static void begin_titled(struct file *file, const struct tarn__section_kind *kind,
			 const struct tarn__statement *statement)
{
	struct tarn__settings *settings = file->loader->settings;
	const char *wrong = kind->title_fault(statement->text);
	size_t count = tarn__section_count(settings, kind->scope);
	struct tarn__origin origin = {
		.by = TARN__BY_FILE, .line = statement->line, .file = file->name};
	memset(file->titled_lines, 0, sizeof(file->titled_lines));
	file->titled = (struct tarn__section_view){0};
	if (wrong)
		FAULT(file, statement->line, "%s \"%s\": %s", kind->word, statement->text, wrong);
	if (kind->max > 0 && count == kind->max)
		FAULT(file, statement->line, "%s \"%s\": too many %s (%zu at most)", kind->word,
		      statement->text, kind->noun, kind->max);
	else if (tarn__section_add(settings, kind, statement->text, &origin))
		file->titled = tarn__section_view(settings, kind->scope, count);
	else
		FAULT(file, statement->line, out_of_memory);
}

static void begin_section(struct file *file, const struct tarn__statement *statement)
{
	const struct tarn__section_kind *kind = tarn__section_kind_find(statement->section);
	if (kind) {
		begin_titled(file, kind, statement);
		return;
	}
	size_t row = 0;
	while (!tarn__options[row].section ||
	       strcmp(tarn__options[row].section, statement->section) != 0)
		row++;
	unsigned *line = &file->section_lines[row];
	if (*line > 0)
		FAULT(file, statement->line, "%s: a second section of this name (see line %u)",
		      statement->section, *line);
	else
		*line = statement->line;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A fault of a statement; in a section with a title the text begins with that. */
__attribute__((format(printf, 3, 4))) static void
refuse(struct file *file, const struct tarn__statement *statement, const char *format, ...)
{
	char reason[2 * TARN__FAULT_MAX];
	const struct tarn__section_view *titled = &file->titled;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (statement->row->scope != TARN__SCOPE_GLOBAL && titled->base)
		FAULT(file, statement->line, "%s \"%s\": %s", titled->kind->word, titled->title,
		      reason);
	else
		FAULT(file, statement->line, "%s", reason);
}

/* Returns true if a value, or the beginning of a list, was set before; that is refused. */
static bool is_set_twice(struct file *file, const struct tarn__statement *statement)
{
	const struct tarn__option_row *row = statement->row;
	struct tarn__origin first = {.file = file->name};
	if (row->scope == TARN__SCOPE_GLOBAL)
		first = file->loader->settings->origins[row - tarn__options];
	else if ((first.line = file->titled_lines[tarn__option_bit(row)]) > 0)
		first.by = TARN__BY_FILE;
	if (first.by != TARN__BY_FILE || !statement->is_first)
		return false;
	refuse(file, statement, "%s: set already in %s:%u%s", row->word, first.file, first.line,
	       row->type->is_list ? " (+= adds to it)" : "");
	return true;
}

static bool is_nothing(const struct tarn__statement *statement)
{
	return strcmp(statement->text, tarn__config_nothing) == 0;
}

/* An empty list means the default, but reads as its opposite: no client is allowed. */
static void refuse_nothing(struct file *file, const struct tarn__statement *statement)
{
	const char *if_empty = statement->row->if_empty;
	refuse(file, statement, "%s: empty braces (%s)", statement->row->word,
	       if_empty ? if_empty : "leave it out, or give a value");
}

/* Notes that the row is set, and where. */
static void mark_set(struct file *file, const struct tarn__statement *statement)
{
	const struct tarn__option_row *row = statement->row;
	struct tarn__origin *origin = &file->loader->settings->origins[row - tarn__options];
	unsigned bit = tarn__option_bit(row);
	if (row->scope != TARN__SCOPE_GLOBAL) {
		*file->titled.set |= UINT64_C(1) << bit;
		if (statement->is_first)
			file->titled_lines[bit] = statement->line;
	} else if (origin->by != TARN__BY_FILE) {
		*origin = (struct tarn__origin){
			.by = TARN__BY_FILE, .line = statement->line, .file = file->name};
	}
}

static void take_value(struct file *file, const struct tarn__statement *statement)
{
	const struct tarn__option_row *row = statement->row;
	void *base = row->scope == TARN__SCOPE_GLOBAL ? file->loader->settings : file->titled.base;
	if (!base || is_set_twice(file, statement))
		return;
	mark_set(file, statement);
	if (is_nothing(statement))
		return;
	char reason[TARN__FAULT_MAX];
	/* A key has a thousand characters: the reason is to fit behind it. */
	enum { SHOWN_MAX = 200 };
	bool is_long = strlen(statement->text) > SHOWN_MAX;
	if (row->type->parse(row, tarn__option_field(row, base), statement->text, reason) < 0)
		refuse(file, statement, "%s %.*s%s: %s", row->word, SHOWN_MAX, statement->text,
		       is_long ? "..." : "", reason);
}

/* ---- files ----------------------------------------------------------------------------------- */

/*
 * Returns pattern in the directory of the file that includes it, whose octets are escaped for
 * glob().
 */
static char *path_beside(const char *includer, const char *pattern, bool is_glob)
{
	const char *slash = *pattern == '/' ? NULL : strrchr(includer, '/');
	size_t dir_len = slash ? (size_t)(slash + 1 - includer) : 0;
	char *path = malloc(2 * dir_len + strlen(pattern) + 1), *end = path;
	if (!path)
		return NULL;
	for (size_t i = 0; i < dir_len; i++) {
		if (is_glob && strchr("*?[]\\", includer[i]))
			*end++ = '\\';
		*end++ = includer[i];
	}
	strcpy(end, pattern);
	return path;
}

static const char *keep_name(struct tarn__settings *settings, const char *path)
{
	const char **files =
		realloc(settings->files, (settings->file_count + 1) * sizeof(*settings->files));
	if (!files)
		return NULL;
	settings->files = files;
	const char *name = strdup(path);
	if (name)
		files[settings->file_count++] = name;
	return name;
}

/*
 * Keeps the directory above all files that the pattern matches: the sandbox allows later ones, too.
 */
static void keep_directory(struct tarn__settings *settings, const char *includer,
			   const char *pattern)
{
	char *path = path_beside(includer, pattern, false);
	if (!path)
		return;
	size_t fixed = strlen(path) - strlen(pattern) + strcspn(pattern, "*?[");
	while (fixed > 0 && path[fixed - 1] != '/')
		fixed--;
	path[fixed] = '\0';
	keep_name(settings, fixed > 0 ? path : "./");
	free(path);
}

static int is_worth_a_fault(const char *path, int error)
{
	(void)path;
	return error != ENOENT;
}

static void include_glob(struct file *file, const char *pattern, unsigned line)
{
	glob_t found;
	keep_directory(file->loader->settings, file->name, pattern);
	char *path = path_beside(file->name, pattern, true);
	int error = path ? glob(path, 0, is_worth_a_fault, &found) : GLOB_NOSPACE;
	free(path);
	if (error == GLOB_NOSPACE)
		FAULT(file, line, out_of_memory);
	else if (error == GLOB_ABORTED)
		FAULT(file, line, "include %s: %s", pattern, strerror(errno));
	if (error)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_file(file->loader, found.gl_pathv[i], file, line);
	globfree(&found);
}

static void include(struct file *file, const struct tarn__statement *statement)
{
	if (strpbrk(statement->text, "*?[")) {
		include_glob(file, statement->text, statement->line);
		return;
	}
	char *path = path_beside(file->name, statement->text, false);
	if (path)
		read_file(file->loader, path, file, statement->line);
	else
		FAULT(file, statement->line, out_of_memory);
	free(path);
}

/* A zone may have no servers: it is never forwarded. */
static bool is_zone_without_servers(const struct tarn__option_row *row)
{
	return row->type == &tarn__option_type_servers && row->scope == TARN__SCOPE_ZONE;
}

static void take_statements(struct file *file, const struct tarn__statements *statements)
{
	for (size_t i = 0; i < statements->count; i++) {
		const struct tarn__statement *statement = &statements->items[i];
		if (!statement->row)
			begin_section(file, statement);
		else if (is_nothing(statement) && !is_zone_without_servers(statement->row))
			refuse_nothing(file, statement);
		else if (!statement->row->type)
			include(file, statement);
		else
			take_value(file, statement);
	}
}

/* The fault of an included file is reported at the line that includes it. */
static void refuse_file(const struct loader *loader, const char *path, const struct file *includer,
			unsigned line, const char *reason)
{
	if (includer)
		tarn__diagnostics_add(loader->diagnostics, includer->name, line, "include %s: %s",
				      path, reason);
	else
		tarn__diagnostics_add(loader->diagnostics, path, 0, "%s", reason);
}

/* "tarn -c <(...)" is a pipe, "tarn -c /dev/stdin" may be a terminal. */
static bool may_be_stream(const struct file *file)
{
	return !file->includer && !file->loader->is_reload;
}

_Static_assert(INCLUDE_DEPTH_MAX == 10, "the text below has it");

/*
 * Returns NULL, or the reason why the file cannot be read. A pipe is read once, and may block its
 * reader.
 */
static const char *file_fault(const struct file *file, const struct stat *status)
{
	if (file->loader->is_reload && S_ISFIFO(status->st_mode))
		return "a pipe, which only a start reads";
	const char *kind = tarn__file_fault(status);
	if (kind && !may_be_stream(file))
		return kind;
	if (file->depth > INCLUDE_DEPTH_MAX)
		return "more than ten files deep";
	for (const struct file *i = file->includer; i; i = i->includer) {
		if (i->device == file->device && i->inode == file->inode)
			return "it is part of itself";
	}
	return NULL;
}

static void read_text(struct file *file, char *text, size_t len)
{
	struct tarn__statements statements = {0};
	struct tarn__diagnostics *diagnostics = file->loader->diagnostics;
	if (tarn__config_text_clean(text, len, file->name, diagnostics))
		tarn__config_parse(text, file->name, &statements, diagnostics);
	take_statements(file, &statements);
	tarn__statements_fini(&statements);
}

static void read_file(struct loader *loader, const char *path, const struct file *includer,
		      unsigned line)
{
	struct stat status;
	size_t len;
	char *text = NULL;
	const char *wrong = NULL;
	struct file file = {.loader = loader,
			    .includer = includer,
			    .depth = includer ? includer->depth + 1 : 0,
			    .name = keep_name(loader->settings, path)};
	/* With O_NONBLOCK a pipe can be opened without a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (!file.name) {
		wrong = out_of_memory;
	} else if (fd < 0 || fstat(fd, &status) < 0) {
		wrong = strerror(errno);
	} else {
		file.device = status.st_dev;
		file.inode = status.st_ino;
		wrong = file_fault(&file, &status);
		text = wrong ? NULL : tarn__file_read_fd(fd, TEXT_MAX, PIPE_MS, &len);
		if (!wrong && !text)
			wrong = errno == ETIMEDOUT ? "nothing is written into it" : strerror(errno);
	}
	if (fd >= 0)
		close(fd);
	if (wrong)
		refuse_file(loader, path, includer, line, wrong);
	else
		read_text(&file, text, len);
	free(text);
}

/* ---- the whole ------------------------------------------------------------------------------- */

struct zone {
	uint8_t name[TARN__NAME_MAX];
	size_t len; /* 0: it has been refused */
	size_t count; /* of the zones of its section */
	const struct tarn__forward_settings *forward;
};

static int compare_names(const struct zone *x, const struct zone *y)
{
	int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/*
 * Equal zones: the longest prefix first, which has the zone (core/config.c); then as in the file.
 */
static int compare_zones(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;
	int order = compare_names(x, y);
	if (order == 0)
		order = (x->count > y->count) - (x->count < y->count);
	return order ? order : (x->forward > y->forward) - (x->forward < y->forward);
}

/* Returns the number of zones of the text: a network may have several. */
static size_t count_zones(const char *text)
{
	struct tarn_network network;
	return tarn_network_parse(text, &network) == 0 ? tarn__reverse_count(&network) : 1;
}

static void read_zone(const struct tarn__forward_settings *forward, size_t index, struct zone *zone)
{
	struct tarn_network network;
	zone->forward = forward;
	zone->count = count_zones(forward->resolver.zone);
	if (tarn_network_parse(forward->resolver.zone, &network) == 0)
		zone->len = tarn__reverse_zone(&network, index, zone->name);
	else
		zone->len = tarn__name_parse(forward->resolver.zone, zone->name);
	tarn__name_fold(zone->name, zone->name, zone->len);
}

/*
 * Refuses sections that have no zone of their own, each once: with are_equal those that share a
 * zone with a section of as many zones, as its double; otherwise those whose zones all belong to
 * longer prefixes.
 */
static void refuse_doubles(const struct loader *loader, const struct zone *zones, size_t count,
			   bool are_equal, bool *is_settled)
{
	const struct zone *owner = zones;
	for (const struct zone *zone = zones; zone < zones + count; zone++) {
		if (compare_names(owner, zone) != 0)
			owner = zone;
		const struct tarn__forward_settings *forward = zone->forward;
		bool *is_this_settled = &is_settled[forward - loader->settings->forwards];
		if (*is_this_settled || zone->len == 0 ||
		    (are_equal && owner->count != zone->count))
			continue;
		*is_this_settled = true;
		const struct tarn__origin *origin = &owner->forward->origin;
		tarn__diagnostics_add(loader->diagnostics, forward->origin.file,
				      forward->origin.line, "forward \"%s\": %s (see %s:%u)",
				      forward->resolver.zone,
				      are_equal ? "a second section for this zone"
						: "longer prefixes leave nothing of it",
				      origin->file, origin->line);
	}
}

static void check_zones(const struct loader *loader)
{
	const struct tarn__settings *settings = loader->settings;
	size_t count = 0;
	for (size_t i = 0; i < settings->forward_count; i++)
		count += count_zones(settings->forwards[i].resolver.zone);
	struct zone *zones = calloc(count + 1, sizeof(*zones)), *zone = zones;
	bool *is_settled = calloc(settings->forward_count + 1, sizeof(*is_settled));
	if (!zones || !is_settled) {
		tarn__diagnostics_add(loader->diagnostics, NULL, 0, out_of_memory);
		goto done;
	}
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		for (size_t j = 0; j < count_zones(forward->resolver.zone); j++)
			read_zone(forward, j, zone++);
	}
	qsort(zones, count, sizeof(*zones), compare_zones);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare_names(&zones[i - 1], &zones[i]) != 0)
			is_settled[zones[i].forward - settings->forwards] = true;
	}
	refuse_doubles(loader, zones, count, true, is_settled);
	refuse_doubles(loader, zones, count, false, is_settled);
done:
	free(zones);
	free(is_settled);
}

static void check_servers(const struct loader *loader)
{
	const struct tarn__settings *settings = loader->settings;
	size_t count = settings->upstreams.count;
	for (size_t i = 0; i < settings->forward_count; i++) {
		const struct tarn__forward_settings *forward = &settings->forwards[i];
		count += forward->upstreams.count;
		if (count <= TARN__SERVERS_ALL_MAX)
			continue;
		tarn__diagnostics_add(
			loader->diagnostics, forward->origin.file, forward->origin.line,
			"too many upstream servers in all zones together (%d at most)",
			TARN__SERVERS_ALL_MAX);
		break;
	}
}

static bool file_is_missing(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

struct tarn__settings *tarn__configuration_load(const struct tarn__command_line *command,
						bool is_reload,
						struct tarn__diagnostics *diagnostics)
{
	char fault[TARN__FAULT_MAX];
	struct tarn__settings *settings = tarn__settings_new();
	if (!settings) {
		tarn__diagnostics_add(diagnostics, NULL, 0, out_of_memory);
		return NULL;
	}
	struct loader loader = {
		.settings = settings, .diagnostics = diagnostics, .is_reload = is_reload};
	const char *path = tarn__command_line_value(command, "config");
	if (path || !file_is_missing(TARN_CONFIG_FILE)) {
		read_file(&loader, path ? path : TARN_CONFIG_FILE, NULL, 0);
		check_zones(&loader);
		check_servers(&loader);
		tarn__policy_check(settings, diagnostics);
	}
	if (tarn__command_line_apply(command, settings, fault) < 0)
		tarn__diagnostics_add(diagnostics, NULL, 0, "%s", fault);
	if (diagnostics->count == 0 && diagnostics->lost == 0)
		return settings;
	tarn__diagnostics_sort(diagnostics);
	tarn__settings_free(settings);
	return NULL;
}
